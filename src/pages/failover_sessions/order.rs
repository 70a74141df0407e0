//! The order of sessions by a column or a field. Pure.

use super::model::Column;
use std::cmp::Ordering;
use vendors::veeam::{Field, Outcome, Session, State};

/// Compares two sessions by the value behind a column, not by its text on the screen.
#[must_use]
pub fn by_column(a: &Session, b: &Session, by: Column) -> Ordering {
    let result = |session: &Session| match &session.result {
        None => 0,
        Some(Outcome::None) => 1,
        Some(Outcome::Success) => 2,
        Some(Outcome::Warning) => 3,
        Some(Outcome::Failed) => 4,
        Some(Outcome::Other(_)) => 5,
    };
    let state = |session: &Session| match &session.state {
        None => 0,
        Some(State::Starting) => 1,
        Some(State::Stopping) => 2,
        Some(State::Working) => 3,
        Some(State::Stopped) => 4,
        Some(State::Other(_)) => 5,
    };
    let duration = |session: &Session| Some(session.end_time? - session.creation_time?);
    fn server(session: &Session) -> Option<&str> {
        session.server.as_ref()?.name.as_deref()
    }
    match by {
        Column::Result => result(a).cmp(&result(b)),
        Column::Plan => by_text(a.name.as_deref(), b.name.as_deref()),
        Column::State => state(a).cmp(&state(b)),
        Column::Started => a.creation_time.cmp(&b.creation_time),
        Column::Ended => a.end_time.cmp(&b.end_time),
        Column::Duration => duration(a).cmp(&duration(b)),
        Column::Progress => a
            .progress
            .unwrap_or(-1.0)
            .total_cmp(&b.progress.unwrap_or(-1.0)),
        Column::Tasks => a.tasks.len().cmp(&b.tasks.len()),
        Column::Server => by_text(server(a), server(b)),
        Column::Type => a.job_type.cmp(&b.job_type),
        Column::Id => a.uid.cmp(&b.uid),
        Column::Connection => Ordering::Equal,
    }
}

/// Compares texts without regard to case, as the services do. Texts that differ only in case are compared by bytes.
fn by_text(a: Option<&str>, b: Option<&str>) -> Ordering {
    fn lower(text: &str) -> impl Iterator<Item = u8> {
        text.bytes().map(|byte| byte.to_ascii_lowercase())
    }
    match (a, b) {
        (Some(one), Some(other)) => lower(one).cmp(lower(other)).then_with(|| one.cmp(other)),
        _ => a.cmp(&b),
    }
}

/// Compares two sessions by a field, as a service sorts them.
#[must_use]
pub fn by_field(a: &Session, b: &Session, field: Field) -> Ordering {
    fn server(session: &Session) -> Option<&str> {
        session.server.as_ref()?.uid.as_deref()
    }
    match field {
        Field::FailureMessage => {
            by_text(a.failure_message.as_deref(), b.failure_message.as_deref())
        }
        Field::BackupServerUid => server(a).cmp(&server(b)),
        _ => {
            let mut columns = Column::ALL.into_iter();
            let column = columns.find(|column| column.field() == Some(field));
            column.map_or(Ordering::Equal, |column| by_column(a, b, column))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::by_field;
    use std::cmp::Ordering::{Equal, Greater, Less};
    use vendors::veeam::{Field, Server, Session};

    #[test]
    fn texts_are_compared_without_regard_to_case() {
        let of = |text: Option<&str>| {
            let text = text.map(str::to_owned);
            Session {
                name: text.clone(),
                failure_message: text.clone(),
                server: Some(Server {
                    name: text,
                    ..Server::default()
                }),
                ..Session::default()
            }
        };
        for (one, other, order) in [
            (Some("alpha"), Some("Beta"), Less),
            (Some("Zeta"), Some("beta"), Greater),
            (Some("plan 1"), Some("Plan 2"), Less),
            (Some("Plan"), Some("plan"), Less),
            (Some("plan"), Some("plan"), Equal),
            (None, Some("A"), Less),
        ] {
            for field in [Field::Name, Field::BackupServerName, Field::FailureMessage] {
                assert_eq!(
                    by_field(&of(one), &of(other), field),
                    order,
                    "{field:?}: {one:?}"
                );
            }
        }
    }
}

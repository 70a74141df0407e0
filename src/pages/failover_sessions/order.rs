//! Which of two sessions comes first. Pure.

use super::model::Column;
use std::cmp::Ordering;
use vendors::veeam::{Field, Outcome, Session, State};

/// Columns that are compared as they are, and not by what the screen says of them.
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
    let server = |session: &Session| {
        session
            .server
            .as_ref()
            .and_then(|server| server.name.clone())
    };
    match by {
        Column::Result => result(a).cmp(&result(b)),
        Column::Plan => a.name.cmp(&b.name),
        Column::State => state(a).cmp(&state(b)),
        Column::Started => a.creation_time.cmp(&b.creation_time),
        Column::Ended => a.end_time.cmp(&b.end_time),
        Column::Duration => duration(a).cmp(&duration(b)),
        Column::Progress => a
            .progress
            .unwrap_or(-1.0)
            .total_cmp(&b.progress.unwrap_or(-1.0)),
        Column::Tasks => a.tasks.len().cmp(&b.tasks.len()),
        Column::Server => server(a).cmp(&server(b)),
        Column::Type => a.job_type.cmp(&b.job_type),
        Column::Id => a.uid.cmp(&b.uid),
        Column::Connection => Ordering::Equal,
    }
}

/// Fields that a service sorts by.
#[must_use]
pub fn by_field(a: &Session, b: &Session, field: Field) -> Ordering {
    fn server(session: &Session) -> Option<&str> {
        session.server.as_ref()?.uid.as_deref()
    }
    match field {
        Field::FailureMessage => a.failure_message.cmp(&b.failure_message),
        Field::BackupServerUid => server(a).cmp(&server(b)),
        _ => {
            let mut columns = Column::ALL.into_iter();
            let column = columns.find(|column| column.field() == Some(field));
            column.map_or(Ordering::Equal, |column| by_column(a, b, column))
        }
    }
}

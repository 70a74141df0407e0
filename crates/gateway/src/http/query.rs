//! Reads the parameters of a query string, for the routes that take some.

use crate::app::Gateway;
use crate::problem::{Kind, Problem};
use axum::extract::Query;
use axum::http::Uri;
use chrono::{DateTime, Utc};
use vendors::SystemKind;

/// The parameters of an address, decoded, in their order.
///
/// # Errors
/// The query cannot be read.
pub(super) fn parameters(uri: &Uri) -> Result<Vec<(String, String)>, Problem> {
    Query::try_from_uri(uri)
        .map(|Query(parameters)| parameters)
        .map_err(|_| bad("the query cannot be read".to_owned()))
}

/// The problem for a parameter that has no such value.
pub(super) fn invalid(name: &str, wanted: &str) -> Problem {
    bad(format!("the parameter `{name}` has to be {wanted}"))
}

/// The problem for a parameter that a route does not take.
pub(super) fn unknown(name: &str) -> Problem {
    bad(format!("there is no parameter `{name}`"))
}

fn bad(detail: String) -> Problem {
    Problem::new(Kind::BadRequest, detail)
}

/// A parameter that is a time: in UTC where it names no zone, and the beginning of its day where it is a date.
///
/// # Errors
/// It is neither.
pub(super) fn time(name: &str, value: &str) -> Result<DateTime<Utc>, Problem> {
    let mut endings = ["", "Z", ":00Z", "T00:00:00Z"].into_iter();
    let time = endings.find_map(|ending| format!("{value}{ending}").parse().ok());
    time.ok_or_else(|| {
        invalid(
            name,
            "a time such as 2026-01-15T14:30:00Z, or a date such as 2026-01-15",
        )
    })
}

/// The connections of some systems, which are named as in addresses, with commas between them. `None` where one of these
/// names is not known.
pub(super) fn connections(gateway: &Gateway, systems: &str) -> Option<Vec<String>> {
    let kind = |key| SystemKind::ALL.into_iter().find(|kind| kind.key() == key);
    let kinds: Option<Vec<SystemKind>> = systems.split(',').map(kind).collect();
    let kinds = kinds?;
    let upstreams = gateway.upstreams.iter();
    let of = upstreams.filter(|upstream| kinds.contains(&upstream.public.system.kind()));
    Some(of.map(|upstream| upstream.public.id.clone()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_may_leave_out_its_zone_its_seconds_and_its_hour() {
        for (text, expected) in [
            ("2026-01-15T14:30:05+02:00", "2026-01-15T12:30:05Z"),
            ("2026-01-15T14:30:05Z", "2026-01-15T14:30:05Z"),
            ("2026-01-15T14:30:05", "2026-01-15T14:30:05Z"),
            ("2026-01-15T14:30", "2026-01-15T14:30:00Z"),
            ("2026-01-15", "2026-01-15T00:00:00Z"),
        ] {
            let expected: DateTime<Utc> = expected.parse().unwrap();
            assert_eq!(time("from", text).unwrap(), expected, "{text}");
        }
    }
}

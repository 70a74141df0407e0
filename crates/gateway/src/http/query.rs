//! Reads the parameters of a query string.

use crate::app::Gateway;
use crate::problem::{Kind, Problem};
use axum::extract::Query;
use axum::http::Uri;
use chrono::{DateTime, Utc};
use vendors::SystemKind;

/// The decoded parameters of a query, in their order.
///
/// # Errors
/// The query cannot be read.
pub(super) fn parameters(uri: &Uri) -> Result<Vec<(String, String)>, Problem> {
    Query::try_from_uri(uri)
        .map(|Query(parameters)| parameters)
        .map_err(|_| bad("the query has to be name=value pairs, percent-encoded".to_owned()))
}

/// The maximum length of a quoted name or value, in characters.
const MAX_QUOTED: usize = 60;

/// The problem for a parameter with an invalid value.
pub(super) fn invalid(name: &str, wanted: &str, value: &str) -> Problem {
    let value: String = value.chars().take(MAX_QUOTED).collect();
    bad(format!(
        "the parameter `{name}` has to be {wanted}, not {value:?}"
    ))
}

/// The problem for a parameter whose value is not a list of known words.
pub(super) fn invalid_list(name: &str, words: &[&str], value: &str) -> Problem {
    let wanted = format!("one or more of {}, separated by commas", words.join(", "));
    invalid(name, &wanted, value)
}

/// The problem for an unknown parameter of a route with these.
pub(super) fn unknown(name: &str, known: &[&str]) -> Problem {
    let name: String = name.chars().take(MAX_QUOTED).collect();
    bad(format!(
        "there is no parameter `{}`: this route has {}",
        name.escape_debug(),
        known.join(", ")
    ))
}

fn bad(detail: String) -> Problem {
    Problem::new(Kind::BadRequest, detail)
}

/// Parses a time. Without a zone it is in UTC; a date is the start of its day.
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
            value,
        )
    })
}

/// The ids of the connections of some systems, given as the comma-separated list of the parameter `system`.
///
/// # Errors
/// One of the systems is unknown.
pub(super) fn connections(gateway: &Gateway, systems: &str) -> Result<Vec<String>, Problem> {
    let kind = |key| SystemKind::ALL.into_iter().find(|kind| kind.key() == key);
    let kinds: Option<Vec<SystemKind>> = systems.split(',').map(kind).collect();
    let kinds = kinds
        .ok_or_else(|| invalid_list("system", &SystemKind::ALL.map(SystemKind::key), systems))?;
    let upstreams = gateway.upstreams.iter();
    let found = upstreams.filter(|upstream| kinds.contains(&upstream.public.system.kind()));
    Ok(found.map(|upstream| upstream.public.id.clone()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_may_omit_its_zone_seconds_and_hour() {
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

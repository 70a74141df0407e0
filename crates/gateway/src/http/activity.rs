//! `GET /api/activity`: changes by people and events that the gateway observed, newest first.

use super::compression::json;
use super::middleware::Authorized;
use super::query::{connections, invalid, invalid_list, parameters, time, unknown};
use crate::app::Gateway;
use crate::problem::{Kind, Problem};
use crate::store::{ActivityCursor, ActivityQuery};
use axum::extract::State;
use axum::http::{HeaderMap, Uri, header};
use axum::response::Response;
use health::Severity;
use protocol::{ACTIVITY_FILTERS, Activity, ActivityKind};
use std::sync::Arc;

/// The maximum of `limit`, the number of entries in one response, and its default.
const MAX_LIMIT: usize = 500;
const DEFAULT_LIMIT: usize = 50;

/// `GET /api/activity`.
///
/// # Errors
/// A parameter is unknown or invalid, or the store cannot be read.
pub(super) async fn read(
    State(gateway): State<Arc<Gateway>>,
    authorized: Authorized,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let query = query(parameters(&uri)?, authorized.is_admin(), |system| {
        connections(&gateway, system)
    })?;
    let limit = query.limit;
    // One extra entry shows whether there are older ones.
    let wanted = ActivityQuery {
        limit: limit + 1,
        ..query
    };
    let mut entries = gateway.shared.store.activity(wanted).await?;
    let more = entries.len() > limit;
    entries.truncate(limit);
    let last = entries.last().filter(|_| more);
    let answer = Activity {
        now: gateway.shared.watchers.inventory().clock().now(),
        older: last.map(|entry| ActivityCursor::of(entry).to_string()),
        entries,
        complete_since: gateway.shared.store.complete_since().await?,
    };
    let encoded = json(&answer, headers.get(header::ACCEPT_ENCODING)).await?;
    Ok(encoded.answer(&gateway, &authorized))
}

/// The values of the comma-separated list of a parameter, without duplicates.
fn list(name: &str, value: &str, known: &[&str]) -> Result<Vec<String>, Problem> {
    let mut list: Vec<String> = Vec::new();
    for one in value.split(',') {
        if !known.contains(&one) {
            return Err(invalid_list(name, known, value));
        }
        if !list.iter().any(|known| known == one) {
            list.push(one.to_owned());
        }
    }
    Ok(list)
}

/// Reads the parameters. An empty one counts as missing, because a form sends all of its fields.
fn query(
    parameters: Vec<(String, String)>,
    with_access: bool,
    connections: impl Fn(&str) -> Result<Vec<String>, Problem>,
) -> Result<ActivityQuery, Problem> {
    let mut query = ActivityQuery {
        with_access,
        limit: DEFAULT_LIMIT,
        ..ActivityQuery::default()
    };
    let (mut of_system, mut connection) = (None, None);
    for (name, value) in parameters {
        if value.is_empty() {
            continue;
        }
        let invalid = |wanted: &str| invalid(&name, wanted, &value);
        let time = || time(&name, &value);
        match name.as_str() {
            "system" => of_system = Some(connections(&value)?),
            "connection" => connection = Some(value),
            "resource" => query.resource = Some(value),
            "kind" => {
                let known: Vec<_> = ActivityKind::all().map(ActivityKind::key).collect();
                query.kinds = list(&name, &value, &known)?;
            }
            "severity" => {
                query.severities = list(&name, &value, &Severity::ALL.map(Severity::key))?;
            }
            "person" => query.person = Some(value),
            "from" => query.from = Some(time()?),
            "to" => query.to = Some(time()?),
            "before" => {
                let cursor = ActivityCursor::parse(&value);
                query.before =
                    Some(cursor.ok_or_else(|| invalid("the `older` of an earlier response"))?);
            }
            "limit" => {
                let limit = value
                    .parse()
                    .ok()
                    .filter(|limit| (1..=MAX_LIMIT).contains(limit));
                query.limit =
                    limit.ok_or_else(|| invalid(&format!("a number from 1 to {MAX_LIMIT}")))?;
            }
            _ => {
                return Err(unknown(
                    &name,
                    &[&ACTIVITY_FILTERS[..], &["limit", "before"]].concat(),
                ));
            }
        }
    }
    if let (Some(from), Some(to)) = (query.from, query.to)
        && from >= to
    {
        let detail = "`from` has to be before `to`";
        return Err(Problem::new(Kind::BadRequest, detail));
    }
    query.connections = match (of_system, connection) {
        (None, None) => None,
        (Some(ids), None) => Some(ids),
        (None, Some(one)) => Some(vec![one]),
        (Some(ids), Some(one)) => Some(ids.into_iter().filter(|id| *id == one).collect()),
    };
    Ok(query)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, Utc};

    fn read(text: &str) -> Result<ActivityQuery, String> {
        let connections = |system: &str| match system {
            "uplynk" => Ok(vec!["live".to_owned()]),
            other => Err(invalid_list("system", &["uplynk"], other)),
        };
        let uri = format!("/api/activity?{text}").parse().unwrap();
        query(parameters(&uri).unwrap(), false, connections).map_err(|problem| problem.detail)
    }

    #[test]
    fn parameters_are_read_and_invalid_ones_are_named() {
        let query = read("system=uplynk&resource=a%2Fb&kind=failover,run,failover&severity=critical,warning&from=2026-01-15&to=2026-01-15T14:00&person=&before=5.7&limit=9").unwrap();
        assert_eq!(query.connections, Some(vec!["live".to_owned()]));
        assert_eq!(query.resource.as_deref(), Some("a/b"));
        assert_eq!((query.person, query.limit), (None, 9));
        assert_eq!(query.kinds, ["failover", "run"]);
        assert_eq!(query.severities, ["critical", "warning"]);
        let at = |text: &str| text.parse::<DateTime<Utc>>().ok();
        assert_eq!(query.from, at("2026-01-15T00:00:00Z"));
        assert_eq!(query.to, at("2026-01-15T14:00:00Z"));
        assert_eq!(query.before, ActivityCursor::parse("5.7"));
        for (text, named) in [
            (
                "system=vmware",
                "`system` has to be one or more of uplynk, separated by commas, not \"vmware\"",
            ),
            (
                "kind=lunch",
                "`kind` has to be one or more of change, handling, ",
            ),
            ("kind=run,lunch", "separated by commas, not \"run,lunch\""),
            (
                "severity=bad",
                "`severity` has to be one or more of critical, warning, moving, unknown, normal, off, ",
            ),
            ("severity=critical,", "not \"critical,\""),
            (
                "from=2026-02-30",
                "a date such as 2026-01-15, not \"2026-02-30\"",
            ),
            ("from=yesterday", "`from` has to be a time such as "),
            ("to=1", "`to` has to be a time such as "),
            (
                "from=2026-01-16&to=2026-01-15",
                "`from` has to be before `to`",
            ),
            (
                "before=x",
                "`before` has to be the `older` of an earlier response, not \"x\"",
            ),
            (
                "limit=0",
                "`limit` has to be a number from 1 to 500, not \"0\"",
            ),
            ("limit=501", "not \"501\""),
            (
                "colour=red",
                "no parameter `colour`: this route has system, connection, ",
            ),
        ] {
            let why = read(text).unwrap_err();
            assert!(why.contains(named), "{text}: {why}");
        }
        for parameter in ACTIVITY_FILTERS.into_iter().chain(["limit", "before"]) {
            let known = read(&format!("{parameter}=2026-01-15"));
            assert!(
                !known.is_err_and(|why| why.contains("no parameter")),
                "{parameter}"
            );
        }
    }

    #[test]
    fn a_connection_of_another_system_matches_nothing() {
        let query = read("system=uplynk&connection=plant-a").unwrap();
        assert_eq!(query.connections, Some(Vec::new()));
    }
}

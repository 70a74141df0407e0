//! `GET /api/activity`: what people did and what the gateway saw, newest first.

use super::compression::json;
use super::middleware::Authorized;
use crate::app::Gateway;
use crate::identity::Role;
use crate::problem::{Kind, Problem};
use crate::store::{ActivityCursor, ActivityQuery};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::Response;
use chrono::{DateTime, Utc};
use health::Severity;
use protocol::{Activity, ActivityKind};
use std::sync::Arc;
use vendors::SystemKind;

/// How many entries one answer holds at most, and how many unless the request says.
const MOST: usize = 500;
const USUALLY: usize = 50;

/// `GET /api/activity`.
///
/// # Errors
/// A parameter is not one of those that there are, or the store cannot be read.
pub(super) async fn read(
    State(gateway): State<Arc<Gateway>>,
    authorized: Authorized,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let Query(parameters) = Query::try_from_uri(&uri)
        .map_err(|_| Problem::new(Kind::BadRequest, "the query cannot be read"))?;
    let query = query(
        parameters,
        authorized.actor.role == Role::Admin.word(),
        |system| connections(&gateway, system),
    )?;
    let limit = query.limit;
    // One more tells whether there are older ones.
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

/// A parameter that is a time: in UTC where it names no zone, and the beginning of its day where it is a date.
pub(super) fn moment(name: &str, value: &str) -> Result<DateTime<Utc>, Problem> {
    let mut whole = ["", "Z", ":00Z", "T00:00:00Z"].into_iter();
    let time = whole.find_map(|rest| format!("{value}{rest}").parse().ok());
    time.ok_or_else(|| {
        let detail = format!(
            "the parameter `{name}` has to be a time such as 2026-01-15T14:30:00Z, or a date such as 2026-01-15"
        );
        Problem::new(Kind::BadRequest, detail)
    })
}

/// The connections of some systems, by their words in addresses, with commas between them.
pub(super) fn connections(gateway: &Gateway, systems: &str) -> Option<Vec<String>> {
    let kind = |key| SystemKind::ALL.into_iter().find(|kind| kind.key() == key);
    let kinds: Option<Vec<SystemKind>> = systems.split(',').map(kind).collect();
    let kinds = kinds?;
    let upstreams = gateway.upstreams.iter();
    let of = upstreams.filter(|upstream| kinds.contains(&upstream.public.system.kind()));
    Some(of.map(|upstream| upstream.public.id.clone()).collect())
}

/// The values of a list with commas between them, each once; `None` where one is not known.
fn list(value: &str, known: &[&str]) -> Option<Vec<String>> {
    let mut list: Vec<String> = Vec::new();
    for one in value.split(',') {
        if !known.contains(&one) {
            return None;
        }
        if !list.iter().any(|known| known == one) {
            list.push(one.to_owned());
        }
    }
    Some(list)
}

/// Reads the parameters. An empty one counts as absent, because a form sends all of its fields.
fn query(
    parameters: Vec<(String, String)>,
    with_access: bool,
    connections: impl Fn(&str) -> Option<Vec<String>>,
) -> Result<ActivityQuery, Problem> {
    let mut query = ActivityQuery {
        with_access,
        limit: USUALLY,
        ..ActivityQuery::default()
    };
    let (mut of_system, mut connection) = (None, None);
    for (name, value) in parameters {
        if value.is_empty() {
            continue;
        }
        let wrong = |wanted: &str| {
            Problem::new(
                Kind::BadRequest,
                format!("the parameter `{name}` has to be {wanted}"),
            )
        };
        let moment = || moment(&name, &value);
        match name.as_str() {
            "system" => {
                let of = connections(&value).ok_or_else(|| wrong("of aveva, uplynk, veeam"))?;
                of_system = Some(of);
            }
            "connection" => connection = Some(value),
            "resource" => query.resource = Some(value),
            "kind" => {
                let known: Vec<_> = ActivityKind::all().map(ActivityKind::key).collect();
                let kinds = list(&value, &known);
                query.kinds = kinds.ok_or_else(|| wrong(&format!("of {}", known.join(", "))))?;
            }
            "severity" => {
                let known = Severity::ALL.map(Severity::key);
                let severities = list(&value, &known);
                query.severities =
                    severities.ok_or_else(|| wrong(&format!("of {}", known.join(", "))))?;
            }
            "person" => query.person = Some(value),
            "from" => query.from = Some(moment()?),
            "to" => query.to = Some(moment()?),
            "before" => {
                let place = ActivityCursor::parse(&value);
                query.before = Some(place.ok_or_else(|| wrong("what an answer had as `older`"))?);
            }
            "limit" => {
                let limit = value
                    .parse()
                    .ok()
                    .filter(|limit| (1..=MOST).contains(limit));
                query.limit = limit.ok_or_else(|| wrong(&format!("a number from 1 to {MOST}")))?;
            }
            _ => {
                let detail = format!("there is no parameter `{name}`");
                return Err(Problem::new(Kind::BadRequest, detail));
            }
        }
    }
    query.connections = match (of_system, connection) {
        (None, None) => None,
        (Some(of), None) => Some(of),
        (None, Some(one)) => Some(vec![one]),
        (Some(of), Some(one)) => Some(of.into_iter().filter(|id| *id == one).collect()),
    };
    Ok(query)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ActivityQuery, String> {
        let of = |system: &str| (system == "uplynk").then(|| vec!["live".to_owned()]);
        let uri = format!("/api/activity?{text}").parse().unwrap();
        let Query(parameters) = Query::try_from_uri(&uri).unwrap();
        query(parameters, false, of).map_err(|problem| problem.detail)
    }

    #[test]
    fn parameters_are_read_and_wrong_ones_named() {
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
            ("system=vmware", "`system`"),
            ("kind=lunch", "`kind`"),
            ("kind=run,lunch", "`kind`"),
            ("severity=bad", "`severity`"),
            ("severity=critical,", "`severity`"),
            ("from=2026-02-30", "`from`"),
            ("from=yesterday", "`from`"),
            ("to=1", "`to`"),
            ("before=x", "`before`"),
            ("limit=0", "`limit`"),
            ("limit=501", "`limit`"),
            ("colour=red", "`colour`"),
        ] {
            let why = read(text).unwrap_err();
            assert!(why.contains(named), "{text}: {why}");
        }
    }

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
            assert_eq!(moment("from", text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn a_connection_of_another_system_leaves_nothing() {
        let query = read("system=uplynk&connection=plant-a").unwrap();
        assert_eq!(query.connections, Some(Vec::new()));
    }
}

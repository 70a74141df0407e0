//! Queries of the activity.

use super::activity::{self, search_form};
use super::database::{Fault, Sql, Value};
use chrono::{DateTime, Utc};
use protocol::ActivityEntry;

/// The filters of a query. A field that is `None` filters nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ActivityQuery {
    /// Only these connections.
    pub(crate) connections: Option<Vec<String>>,
    /// Only the resource with this id, or those with this name.
    pub(crate) resource: Option<String>,
    /// Only these kinds; empty for all.
    pub(crate) kinds: Vec<String>,
    /// Only these severities; empty for all.
    pub(crate) severities: Vec<String>,
    /// Only the user with this name, ignoring case.
    pub(crate) person: Option<String>,
    /// Only at or after this time.
    pub(crate) from: Option<DateTime<Utc>>,
    /// Only before this time.
    pub(crate) to: Option<DateTime<Utc>>,
    /// Only entries older than this one.
    pub(crate) before: Option<ActivityCursor>,
    /// Whether to include sign-ins, refusals and the addresses of people.
    pub(crate) with_access: bool,
    /// Only the oldest entry of each connection, resource and kind.
    pub(crate) first_of_each: bool,
    /// The most entries to return.
    pub(crate) limit: usize,
}

/// The position of an entry in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ActivityCursor {
    at: i64,
    number: i64,
}

impl ActivityCursor {
    pub(crate) fn of(entry: &ActivityEntry) -> Self {
        Self {
            at: entry.at.timestamp_millis(),
            number: entry.number,
        }
    }

    /// Parses the text of [`ActivityCursor::to_string`].
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (at, number) = text.split_once('.')?;
        Some(Self {
            at: at.parse().ok()?,
            number: number.parse().ok()?,
        })
    }
}

impl std::fmt::Display for ActivityCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.at, self.number)
    }
}

/// Each value by itself; one empty filter if there is none.
fn each(allowed: &[String]) -> Vec<&[String]> {
    match allowed {
        [] => vec![allowed],
        several => several.chunks(1).collect(),
    }
}

/// The statement for a query, and its parameters. Each connection, kind and severity becomes a part of its own, which
/// an index answers in order, however many entries there are. Only if that makes too many parts for one statement, the
/// values are combined.
///
/// `resources` are the ids that [`ActivityQuery::resource`] means; empty for all.
pub(super) fn statement(query: &ActivityQuery, resources: &[String]) -> (String, Vec<Value>) {
    let all: &[String] = &[];
    let connections = query.connections.as_deref();
    let mut of_connections: Vec<&[String]> =
        connections.map_or_else(|| vec![all], |some| some.chunks(1).collect());
    let mut of_kinds = each(&query.kinds);
    let mut of_severities = each(&query.severities);
    let mut of_resources = each(resources);
    let lengths = [&of_connections, &of_kinds, &of_severities, &of_resources].map(Vec::len);
    if lengths.iter().product::<usize>() > MAX_PARTS {
        of_connections = vec![connections.unwrap_or(all)];
        of_kinds = vec![&query.kinds];
        of_severities = vec![&query.severities];
        of_resources = vec![resources];
    }
    let person = query.person.as_deref().map(search_form);
    let (mut parts, mut values) = (Vec::new(), Vec::new());
    for connections in &of_connections {
        for kinds in &of_kinds {
            for severities in &of_severities {
                for resources in &of_resources {
                    let person = person.as_slice();
                    let of = [connections, kinds, severities, resources, person];
                    parts.push(part(query, of, &mut values));
                }
            }
        }
    }
    if let [part] = parts.as_slice() {
        return (part.clone(), values);
    }
    if parts.is_empty() {
        let nothing = "SELECT number, entry, at FROM activity WHERE 1 = 0".to_owned();
        return (nothing, values);
    }
    let parts = parts.join(") AS part UNION ALL SELECT * FROM (");
    values.push(limit(query));
    let whole = format!("SELECT * FROM (SELECT * FROM ({parts}) AS part) AS parts {NEWEST_FIRST}");
    (whole, values)
}

/// The most parts of a statement.
const MAX_PARTS: usize = 200;

const NEWEST_FIRST: &str = "ORDER BY at DESC, number DESC LIMIT ?";

fn limit(query: &ActivityQuery) -> Value {
    i64::try_from(query.limit).unwrap_or(i64::MAX).into()
}

/// The statement for these connections, kinds, severities, resources and this person; an empty list filters nothing.
fn part(
    query: &ActivityQuery,
    [connections, kinds, severities, resources, person]: [&[String]; 5],
    values: &mut Vec<Value>,
) -> String {
    let mut conditions: Vec<String> = Vec::new();
    for (column, allowed) in [
        ("connection", connections),
        ("kind", kinds),
        ("severity", severities),
        ("resource", resources),
        ("person", person),
    ] {
        match allowed {
            [] => {}
            [_] => conditions.push(format!("{column} = ?")),
            several => {
                let places = vec!["?"; several.len()].join(", ");
                conditions.push(format!("{column} IN ({places})"));
            }
        }
        values.extend(allowed.iter().cloned().map(Value::Text));
    }
    if let Some(from) = query.from {
        conditions.push("at >= ?".to_owned());
        values.push(from.timestamp_millis().into());
    }
    if let Some(to) = query.to {
        conditions.push("at < ?".to_owned());
        values.push(to.timestamp_millis().into());
    }
    if let Some(ActivityCursor { at, number }) = query.before {
        conditions.push("(at, number) < (?, ?)".to_owned());
        values.extend([at.into(), number.into()]);
    }
    if !query.with_access {
        conditions.push("kind <> 'access'".to_owned());
    }
    let filter = if conditions.is_empty() {
        String::new()
    } else {
        format!("WHERE {}", conditions.join(" AND "))
    };
    values.push(limit(query));
    let filter = if query.first_of_each {
        format!(
            "WHERE number IN (SELECT number FROM (
                 SELECT number, row_number() OVER (PARTITION BY connection, resource, kind ORDER BY at, number) AS place
                 FROM activity {filter}) AS ordered WHERE place = 1)"
        )
    } else {
        filter
    };
    format!("SELECT number, entry, at FROM activity {filter} {NEWEST_FIRST}")
}

/// The newest matching entries, newest first.
pub(super) fn read(sql: &mut dyn Sql, query: &ActivityQuery) -> Result<Vec<ActivityEntry>, Fault> {
    let resources = match &query.resource {
        Some(text) => activity::resource_ids(sql, text)?,
        None => Vec::new(),
    };
    let (statement, values) = statement(query, &resources);
    let mut entries = Vec::new();
    for row in sql.rows(&statement, &values)? {
        let entry: ActivityEntry = serde_json::from_str(row.text(1)?)
            .map_err(|error| format!("holds an entry that cannot be read: {error}"))?;
        entries.push(ActivityEntry {
            number: row.number(0)?,
            from: if query.with_access {
                entry.from
            } else {
                String::new()
            },
            ..entry
        });
    }
    Ok(entries)
}

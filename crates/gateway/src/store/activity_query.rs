//! What is asked of the activity, and how it is read.

use super::activity::{self, searched};
use super::database::{Fault, Sql, Value};
use chrono::{DateTime, Utc};
use protocol::ActivityEntry;

/// What is asked of the list. A field that is `None` leaves everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ActivityQuery {
    /// Of one of these connections.
    pub(crate) connections: Option<Vec<String>>,
    /// Of the resource with this id, or of those with this name.
    pub(crate) resource: Option<String>,
    /// Of one of these kinds; of all where there is none.
    pub(crate) kinds: Vec<String>,
    /// Of one of these severities; of all where there is none.
    pub(crate) severities: Vec<String>,
    /// Of the user with this name, in capitals or not.
    pub(crate) person: Option<String>,
    /// Not before this moment.
    pub(crate) from: Option<DateTime<Utc>>,
    /// Before this moment.
    pub(crate) to: Option<DateTime<Utc>>,
    /// Older than this entry.
    pub(crate) before: Option<ActivityCursor>,
    /// Whether sign-ins and refusals are among them, and addresses of people.
    pub(crate) with_access: bool,
    /// Of each resource, or of none, and of each kind the oldest entry alone.
    pub(crate) first_of_each: bool,
    /// How many at most.
    pub(crate) limit: usize,
}

/// Where an entry stands in the list.
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

    /// Reads what [`ActivityCursor::to_string`] wrote.
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

/// Each of what is wanted by itself; all where nothing is said.
fn each(wanted: &[String]) -> Vec<&[String]> {
    match wanted {
        [] => vec![wanted],
        several => several.chunks(1).collect(),
    }
}

/// The statement for a query, and its parameters. Each of several connections, kinds and severities is asked for by itself:
/// so every part is found in an index, in its order, however many entries there are. Only where that makes too many parts
/// for one statement they are asked for together.
/// `resources` are the ids that [`ActivityQuery::resource`] means; all where there is none.
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
    let person = query.person.as_deref().map(searched);
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

/// How many parts a statement has at most.
const MAX_PARTS: usize = 200;

const NEWEST_FIRST: &str = "ORDER BY at DESC, number DESC LIMIT ?";

fn limit(query: &ActivityQuery) -> Value {
    i64::try_from(query.limit).unwrap_or(i64::MAX).into()
}

/// What a query leaves of some connections, kinds, severities, resources and a person; an empty list is all of them.
fn part(
    query: &ActivityQuery,
    [connections, kinds, severities, resources, person]: [&[String]; 5],
    values: &mut Vec<Value>,
) -> String {
    let mut conditions: Vec<String> = Vec::new();
    for (column, wanted) in [
        ("connection", connections),
        ("kind", kinds),
        ("severity", severities),
        ("resource", resources),
        ("person", person),
    ] {
        match wanted {
            [] => {}
            [_] => conditions.push(format!("{column} = ?")),
            several => {
                let places = vec!["?"; several.len()].join(", ");
                conditions.push(format!("{column} IN ({places})"));
            }
        }
        values.extend(wanted.iter().cloned().map(Value::Text));
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

/// The newest entries that a query leaves, newest first.
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

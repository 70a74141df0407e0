//! The list of what happened: a row for each event that the gateway saw and for each change or sign-in of the audit.
//! It is made for reading, by any filter and newest first. The audit stays the record of what people did: a row here
//! is changed when a change's outcome is known, and goes when it has grown old.

use super::{Entry, NewRow, RowKind};
use chrono::{DateTime, Utc};
use health::Severity;
use health::events::Event;
use health::inventory::ResourceKey;
use protocol::{ActivityEntry, ActivityKind};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params, params_from_iter};

/// How a row of the audit is shown in the list, beside what it records.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Shown {
    /// Whether it is about alarms, and neither a change at a vendor nor access to the gateway.
    pub(crate) is_handling: bool,
    /// What, in a few words; empty for the audit's own.
    pub(crate) what: String,
    /// The vendor's resource that it concerns.
    pub(crate) resource: Option<ResourceKey>,
    /// What was asked for: known fields as JSON.
    pub(crate) after: Option<String>,
}

/// What is asked of the list. A field that is `None` leaves everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ActivityQuery {
    /// Of one of these connections.
    pub(crate) connections: Option<Vec<String>>,
    /// Of the resource with this id.
    pub(crate) resource: Option<String>,
    /// Of one of these kinds; of all where there is none.
    pub(crate) kinds: Vec<String>,
    pub(crate) severity: Option<String>,
    /// Of the user with this name.
    pub(crate) person: Option<String>,
    /// Not before this moment.
    pub(crate) from: Option<DateTime<Utc>>,
    /// Before this moment.
    pub(crate) to: Option<DateTime<Utc>>,
    /// Older than the entry at this place.
    pub(crate) before: Option<Place>,
    /// Whether sign-ins and refusals are among them, and addresses of people.
    pub(crate) with_access: bool,
    /// How many at most.
    pub(crate) limit: usize,
}

/// Where an entry stands in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    at: i64,
    number: i64,
}

impl Place {
    pub(crate) fn of(entry: &ActivityEntry) -> Self {
        Self {
            at: entry.at.timestamp_millis(),
            number: entry.number,
        }
    }

    /// Reads what [`Place::to_string`] wrote.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (at, number) = text.split_once('.')?;
        Some(Self {
            at: at.parse().ok()?,
            number: number.parse().ok()?,
        })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.at, self.number)
    }
}

/// Adds what the gateway saw.
pub(super) fn add_event(transaction: &Transaction<'_>, event: Event) -> rusqlite::Result<()> {
    let connection = event.resource.as_ref().map(|key| key.connection.clone());
    let entry = ActivityEntry {
        number: 0,
        at: event.at,
        kind: ActivityKind::Seen(event.kind),
        severity: event.severity,
        what: event.what,
        connection: connection.unwrap_or_default(),
        resource: event.resource,
        name: event.name,
        who: String::new(),
        from: String::new(),
        outcome: String::new(),
        why: String::new(),
        before: event.before,
        after: event.after,
        request: String::new(),
        operation_id: None,
    };
    insert(transaction, &entry, None)
}

/// Adds a row of the audit, or completes the one of its intent.
pub(super) fn add_row(
    transaction: &Transaction<'_>,
    number: i64,
    row: &NewRow,
    at: DateTime<Utc>,
) -> rusqlite::Result<()> {
    match (row.kind, row.of) {
        (RowKind::Outcome, Some(intent)) => complete(transaction, intent, &row.entry),
        _ => insert(transaction, &of_row(row, at), Some(number)),
    }
}

fn of_row(row: &NewRow, at: DateTime<Utc>) -> ActivityEntry {
    let Entry {
        request,
        who,
        from,
        connection,
        what,
        sent,
        before,
        resource,
        outcome,
        why,
        operation_id,
        shown,
        ..
    } = row.entry.clone();
    let is_change = !connection.is_empty();
    let (kind, what) = match (is_change, shown.what.is_empty()) {
        _ if shown.is_handling => (ActivityKind::Handling, shown.what),
        (true, _) => (ActivityKind::Change, shown.what),
        (false, false) => (ActivityKind::Access, shown.what),
        (false, true) if sent.is_empty() => (ActivityKind::Access, what),
        (false, true) => (ActivityKind::Access, format!("{what}: {sent}")),
    };
    let outcome = if row.kind == RowKind::Intent {
        "under way".to_owned()
    } else {
        outcome
    };
    ActivityEntry {
        number: 0,
        at,
        kind,
        severity: severity(&outcome),
        what,
        resource: shown.resource,
        name: resource,
        connection,
        // Without a sign-in there is nobody to name.
        who: if who == "-" { String::new() } else { who },
        from,
        outcome,
        why,
        before,
        after: shown.after,
        request,
        operation_id,
    }
}

/// How bad it is that something ended so.
fn severity(outcome: &str) -> Severity {
    match outcome {
        "done" | "" => Severity::Normal,
        "under way" => Severity::Moving,
        _ => Severity::Warning,
    }
}

fn insert(
    transaction: &Transaction<'_>,
    entry: &ActivityEntry,
    audit: Option<i64>,
) -> rusqlite::Result<()> {
    let resource = entry.resource.as_ref().map_or("", |key| key.id.as_str());
    transaction
        .execute(
            "INSERT INTO activity (at, kind, severity, connection, resource, person, audit, entry)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                entry.at.timestamp_millis(),
                entry.kind.key(),
                entry.severity.key(),
                entry.connection,
                resource,
                entry.who,
                audit,
                json(entry)?,
            ],
        )
        .map(drop)
}

/// A change has ended.
fn complete(transaction: &Transaction<'_>, intent: i64, ended: &Entry) -> rusqlite::Result<()> {
    let text: Option<String> = transaction
        .query_row(
            "SELECT entry FROM activity WHERE audit = ?",
            [intent],
            |row| row.get(0),
        )
        .optional()?;
    // It may have grown old.
    let Some(mut entry) = text.and_then(|text| serde_json::from_str::<ActivityEntry>(&text).ok())
    else {
        return Ok(());
    };
    entry.outcome.clone_from(&ended.outcome);
    entry.operation_id.clone_from(&ended.operation_id);
    entry.severity = severity(&ended.outcome);
    transaction
        .execute(
            "UPDATE activity SET severity = ?, entry = ? WHERE audit = ?",
            params![entry.severity.key(), json(&entry)?, intent],
        )
        .map(drop)
}

fn json(entry: &ActivityEntry) -> rusqlite::Result<String> {
    serde_json::to_string(entry)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// The statement for a query, and its parameters. Each of several connections and kinds is asked for by itself: so
/// every part is found in an index, in its order, however many entries there are. Only where that makes too many parts
/// for one statement they are asked for together.
pub(super) fn statement(query: &ActivityQuery) -> (String, Vec<Value>) {
    let all: &[String] = &[];
    let connections = query.connections.as_deref();
    let mut of_connections: Vec<&[String]> =
        connections.map_or_else(|| vec![all], |some| some.chunks(1).collect());
    let mut of_kinds: Vec<&[String]> = match query.kinds.as_slice() {
        [] => vec![all],
        kinds => kinds.chunks(1).collect(),
    };
    if of_connections.len() * of_kinds.len() > MOST_PARTS {
        of_connections = vec![connections.unwrap_or(all)];
        of_kinds = vec![&query.kinds];
    }
    let (mut parts, mut values) = (Vec::new(), Vec::new());
    for connections in &of_connections {
        for kinds in &of_kinds {
            parts.push(part(query, connections, kinds, &mut values));
        }
    }
    if let [part] = parts.as_slice() {
        return (part.clone(), values);
    }
    if parts.is_empty() {
        let nothing = "SELECT number, entry, at FROM activity WHERE 0".to_owned();
        return (nothing, values);
    }
    let parts = parts.join(") UNION ALL SELECT * FROM (");
    values.push(limit(query));
    let whole = format!("SELECT * FROM (SELECT * FROM ({parts})) {NEWEST_FIRST}");
    (whole, values)
}

/// How many parts a statement has at most.
const MOST_PARTS: usize = 200;

const NEWEST_FIRST: &str = "ORDER BY at DESC, number DESC LIMIT ?";

fn limit(query: &ActivityQuery) -> Value {
    i64::try_from(query.limit).unwrap_or(i64::MAX).into()
}

/// What a query leaves of some connections and kinds; an empty list is all of them.
fn part(
    query: &ActivityQuery,
    connections: &[String],
    kinds: &[String],
    values: &mut Vec<Value>,
) -> String {
    let mut conditions: Vec<String> = Vec::new();
    for (column, wanted) in [
        ("connection", connections),
        ("kind", kinds),
        ("resource", query.resource.as_slice()),
        ("severity", query.severity.as_slice()),
        ("person", query.person.as_slice()),
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
    if let Some(Place { at, number }) = query.before {
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
    format!("SELECT number, entry, at FROM activity {filter} {NEWEST_FIRST}")
}

/// The newest entries that a query leaves, newest first.
pub(super) fn read(
    connection: &Connection,
    query: &ActivityQuery,
) -> rusqlite::Result<Vec<ActivityEntry>> {
    let (statement, values) = statement(query);
    let mut statement = connection.prepare(&statement)?;
    let rows = statement.query_map(params_from_iter(values), |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
    })?;
    let mut entries = Vec::new();
    for row in rows {
        let (number, text) = row?;
        let entry: ActivityEntry = serde_json::from_str(&text).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, error.into())
        })?;
        entries.push(ActivityEntry {
            number,
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

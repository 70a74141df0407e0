//! The list of what happened: a row for each event that the gateway saw and for each change or sign-in of the audit.
//! It is made for reading, by any filter and newest first. The audit stays the record of what people did: a row here
//! is changed when a change's outcome is known, and goes when it has grown old.

use super::database::{Fault, Sql, Value};
use super::{Entry, NewRow, RowKind};
use chrono::{DateTime, Utc};
use health::Severity;
use health::events::{Event, EventKind};
use health::inventory::ResourceKey;
use protocol::{ActivityEntry, ActivityKind};
use std::collections::HashSet;

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

/// Adds what the gateway saw.
pub(super) fn add_event(sql: &mut dyn Sql, event: &Event) -> Result<(), Fault> {
    let event = event.clone();
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
    insert(sql, &entry, None)
}

/// Two gateways see the same at moments so far apart at most, where it is not their vendor that says when it was.
const MAX_APART_MS: i64 = 30_000;

/// Those of some events that no entry after this number tells of. Each entry tells of one event: the same may have happened
/// several times within a moment.
pub(super) fn unrecorded<'e>(
    sql: &mut dyn Sql,
    events: impl IntoIterator<Item = &'e Event>,
    after: i64,
) -> Result<Vec<&'e Event>, Fault> {
    let (mut unrecorded, mut known) = (Vec::new(), HashSet::new());
    for event in events {
        let entries = entries_of(sql, event, after)?;
        if !entries.into_iter().any(|number| known.insert(number)) {
            unrecorded.push(event);
        }
    }
    Ok(unrecorded)
}

/// The numbers of the entries after this one that may tell of an event, as this gateway or another one has seen it.
fn entries_of(sql: &mut dyn Sql, event: &Event, after: i64) -> Result<Vec<i64>, Fault> {
    let at = event.at.timestamp_millis();
    let kind = ActivityKind::Seen(event.kind);
    let key = event.resource.as_ref();
    let near = sql.rows(
        "SELECT number, entry FROM activity
         WHERE connection = ? AND kind = ? AND at BETWEEN ? AND ? AND resource = ? AND number > ? ORDER BY at",
        &[
            key.map_or("", |key| key.connection.as_str()).into(),
            kind.key().into(),
            (at - MAX_APART_MS).into(),
            (at + MAX_APART_MS).into(),
            key.map_or("", |key| key.id.as_str()).into(),
            after.into(),
        ],
    )?;
    // Since when nobody saw what happened each gateway says by its own last reading.
    let is_own = matches!(event.kind, EventKind::Alarm | EventKind::Resource);
    let is_same = |text: &str| {
        serde_json::from_str(text).is_ok_and(|known: ActivityEntry| {
            (known.severity, &known.after) == (event.severity, &event.after)
                && (is_own || known.before == event.before)
                && without_duration(&known.what) == without_duration(&event.what)
        })
    };
    let mut numbers = Vec::new();
    for row in &near {
        if is_same(row.text(1)?) {
            numbers.push(row.number(0)?);
        }
    }
    Ok(numbers)
}

/// The number of the newest entry.
pub(super) fn newest(sql: &mut dyn Sql) -> Result<i64, Fault> {
    let newest = sql.rows("SELECT coalesce(max(number), 0) FROM activity", &[])?;
    newest.first().map_or(Ok(0), |row| row.number(0))
}

/// What an event says, but for how long something lasted: gateways see its beginning and its end at different moments.
fn without_duration(what: &str) -> &str {
    let after = |beginning: &str, end: &str| {
        let lasted = what.strip_prefix(beginning);
        lasted.and_then(|lasted| lasted.split_once(end))
    };
    after("Alarm ended after ", ": ")
        .or_else(|| after("It could not be read for ", ". "))
        .map_or(what, |(_, sentence)| sentence)
}

/// Adds a row of the audit, or completes the one of its intent.
pub(super) fn add_row(
    sql: &mut dyn Sql,
    number: i64,
    row: &NewRow,
    at: DateTime<Utc>,
) -> Result<(), Fault> {
    match (row.kind, row.of) {
        (RowKind::Outcome, Some(intent)) => complete(sql, intent, &row.entry),
        _ => insert(sql, &of_row(row, at), Some(number)),
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

fn insert(sql: &mut dyn Sql, entry: &ActivityEntry, audit: Option<i64>) -> Result<(), Fault> {
    let resource = entry.resource.as_ref().map_or("", |key| key.id.as_str());
    let mut columns = "at, kind, severity, connection, resource, person, audit, entry".to_owned();
    let mut values = vec![
        entry.at.timestamp_millis().into(),
        entry.kind.key().into(),
        entry.severity.key().into(),
        entry.connection.as_str().into(),
        resource.into(),
        searched(&entry.who).into(),
        audit.into(),
        json(entry)?,
    ];
    // How many entries are kept is told by their numbers. Anybody can cause those about access: they count by themselves,
    // below 0, where they take no number from what the gateway sees.
    if let (ActivityKind::Access, Some(audit)) = (entry.kind, audit) {
        columns.push_str(", number");
        values.push((-audit).into());
    }
    let places = vec!["?"; values.len()].join(", ");
    sql.execute(
        &format!("INSERT INTO activity ({columns}) VALUES ({places})"),
        &values,
    )?;
    if resource.is_empty() || entry.name.is_empty() {
        return Ok(());
    }
    sql.execute(
        "INSERT INTO resource_name (name, resource, at) VALUES (?, ?, ?)
         ON CONFLICT (name, resource) DO UPDATE SET at = excluded.at",
        &[
            searched(&entry.name).into(),
            resource.into(),
            entry.at.timestamp_millis().into(),
        ],
    )
    .map(drop)
}

/// A name as it is searched for: whoever types it need not mind capitals.
pub(super) fn searched(name: &str) -> String {
    name.trim().to_lowercase()
}

/// The ids of the resources of which somebody may speak by this text: their id or their name, which several may share.
pub(super) fn resource_ids(sql: &mut dyn Sql, text: &str) -> Result<Vec<String>, Fault> {
    let named = sql.rows(
        "SELECT resource FROM resource_name WHERE name = ? ORDER BY at DESC LIMIT ?",
        &[searched(text).into(), MAX_RESOURCES_OF_A_NAME.into()],
    )?;
    let named = named.iter().map(|row| row.text(0).map(str::to_owned));
    let mut ids = named.collect::<Result<Vec<_>, Fault>>()?;
    if !ids.iter().any(|id| id == text) {
        ids.push(text.to_owned());
    }
    Ok(ids)
}

/// How many resources of one name are looked for: the latest, as each run of a failover plan has an id of its own.
const MAX_RESOURCES_OF_A_NAME: i64 = 10_000;

/// A change has ended.
fn complete(sql: &mut dyn Sql, intent: i64, ended: &Entry) -> Result<(), Fault> {
    let found = sql.rows(
        "SELECT entry FROM activity WHERE audit = ?",
        &[intent.into()],
    )?;
    let text = found.first().map(|row| row.text(0)).transpose()?;
    // It may have grown old.
    let Some(mut entry) = text.and_then(|text| serde_json::from_str::<ActivityEntry>(text).ok())
    else {
        return Ok(());
    };
    entry.outcome.clone_from(&ended.outcome);
    entry.operation_id.clone_from(&ended.operation_id);
    entry.severity = severity(&ended.outcome);
    sql.execute(
        "UPDATE activity SET severity = ?, entry = ? WHERE audit = ?",
        &[entry.severity.key().into(), json(&entry)?, intent.into()],
    )
    .map(drop)
}

fn json(entry: &ActivityEntry) -> Result<Value, Fault> {
    let text = serde_json::to_string(entry);
    text.map(Value::Text)
        .map_err(|error| format!("cannot be used: {error}"))
}

//! The activity: a row for each event that the gateway observed and for each change or sign-in in the audit. It is made
//! for reading, newest first and with any filter. The audit remains the record of what people did: a row here is
//! updated with the outcome of its change, and deleted when it is old.

use super::database::{Fault, Sql, Value};
use super::{Entry, NewRow, RowKind};
use chrono::{DateTime, Utc};
use health::Severity;
use health::events::{Event, EventKind};
use health::inventory::ResourceKey;
use protocol::{ActivityEntry, ActivityKind};
use std::collections::{HashMap, VecDeque};

/// How the activity shows an audit row, in addition to its fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Shown {
    /// Whether it concerns the handling of alarms, and not a change at a vendor or access to the gateway.
    pub(crate) is_handling: bool,
    /// A short description; empty to use the audit's.
    pub(crate) what: String,
    /// The vendor's resource.
    pub(crate) resource: Option<ResourceKey>,
    /// The requested state: known fields as JSON.
    pub(crate) after: Option<String>,
}

/// Adds an observed event.
pub(super) fn add_event(sql: &mut dyn Sql, event: &Event) -> Result<(), Fault> {
    let event = event.clone();
    let connection = event.resource.as_ref().map(|key| key.connection.clone());
    let entry = ActivityEntry {
        number: 0,
        at: event.at,
        kind: ActivityKind::Event(event.kind),
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

/// The largest difference between the times at which two gateways observe the same event, unless the vendor gives the
/// time.
const MAX_APART_MS: i64 = 30_000;

/// The events without an entry after this number, by this gateway or another one. Each entry matches one event only,
/// because the same may happen several times within a moment.
pub(super) fn unrecorded(
    sql: &mut dyn Sql,
    events: &VecDeque<Event>,
    after: i64,
) -> Result<VecDeque<Event>, Fault> {
    let times = events.iter().map(|event| event.at.timestamp_millis());
    let (first, last) = (times.clone().min(), times.max());
    let near = sql.rows(
        "SELECT entry FROM activity WHERE number > ? AND at BETWEEN ? AND ? ORDER BY at",
        &[
            after.into(),
            first.map(|at| at - MAX_APART_MS).into(),
            last.map(|at| at + MAX_APART_MS).into(),
        ],
    )?;
    let mut recorded: HashMap<_, Vec<ActivityEntry>> = HashMap::new();
    for row in &near {
        if let Ok(entry) = serde_json::from_str::<ActivityEntry>(row.text(0)?) {
            let key = (entry.kind.key(), entry.resource.clone());
            recorded.entry(key).or_default().push(entry);
        }
    }
    let mut entry_of = |event: &Event| {
        let kind = ActivityKind::Event(event.kind);
        let entries = recorded.get_mut(&(kind.key(), event.resource.clone()))?;
        let place = entries.iter().position(|entry| is_of(entry, event))?;
        Some(entries.remove(place))
    };
    let unrecorded = events.iter().filter(|event| entry_of(event).is_none());
    Ok(unrecorded.cloned().collect())
}

/// Whether an entry with the kind and the resource of an event may be about it, as observed by this gateway or another
/// one.
fn is_of(entry: &ActivityEntry, event: &Event) -> bool {
    // The start of an unobserved time is not compared: each gateway takes it from its own last reading.
    let is_own = matches!(event.kind, EventKind::Alarm | EventKind::Resource);
    let apart = entry.at.signed_duration_since(event.at);
    apart.num_milliseconds().abs() <= MAX_APART_MS
        && (entry.severity, &entry.after) == (event.severity, &event.after)
        && (is_own || entry.before == event.before)
        && without_duration(&entry.what) == without_duration(&event.what)
}

/// The number of the newest entry.
pub(super) fn newest(sql: &mut dyn Sql) -> Result<i64, Fault> {
    let newest = sql.rows("SELECT coalesce(max(number), 0) FROM activity", &[])?;
    newest.first().map_or(Ok(0), |row| row.number(0))
}

/// The text of an event without the duration, which differs between gateways.
fn without_duration(what: &str) -> &str {
    let after = |beginning: &str, end: &str| {
        let lasted = what.strip_prefix(beginning);
        lasted.and_then(|lasted| lasted.split_once(end))
    };
    after("Alarm ended after ", ": ")
        .or_else(|| after("It could not be read for ", ". "))
        .map_or(what, |(_, sentence)| sentence)
}

/// Adds an audit row, or completes the row of its intent.
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
        // Without a sign-in there is no name.
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

/// The severity of an outcome.
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
        search_form(&entry.who).into(),
        audit.into(),
        json(entry)?,
    ];
    // The limit on entries counts by number. Anybody can cause entries about access, so these count separately, below
    // 0, and take no numbers from observed events.
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
            search_form(&entry.name).into(),
            resource.into(),
            entry.at.timestamp_millis().into(),
        ],
    )
    .map(drop)
}

/// The search form of a name, which ignores case.
pub(super) fn search_form(name: &str) -> String {
    name.trim().to_lowercase()
}

/// The ids of the resources that a text may mean: by id or by name, which several may share.
pub(super) fn resource_ids(sql: &mut dyn Sql, text: &str) -> Result<Vec<String>, Fault> {
    let named = sql.rows(
        "SELECT resource FROM resource_name WHERE name = ? ORDER BY at DESC LIMIT ?",
        &[search_form(text).into(), MAX_RESOURCES_OF_A_NAME.into()],
    )?;
    let named = named.iter().map(|row| row.text(0).map(str::to_owned));
    let mut ids = named.collect::<Result<Vec<_>, Fault>>()?;
    if !ids.iter().any(|id| id == text) {
        ids.push(text.to_owned());
    }
    Ok(ids)
}

/// The most resources of one name that are searched: the latest, because each run of a failover plan has an id of its
/// own.
const MAX_RESOURCES_OF_A_NAME: i64 = 10_000;

/// Adds the outcome of a change to the entry of its intent.
fn complete(sql: &mut dyn Sql, intent: i64, ended: &Entry) -> Result<(), Fault> {
    let found = sql.rows(
        "SELECT entry FROM activity WHERE audit = ?",
        &[intent.into()],
    )?;
    let text = found.first().map(|row| row.text(0)).transpose()?;
    // The entry may have been deleted because of its age.
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

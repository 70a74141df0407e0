//! The data of a resource's timeline, as it refreshes.

use super::Live;
use super::activity::poll_on_activity;
use crate::api::Failure;
use crate::api::activity::{Activity, ActivityEntry, ActivityKind, read};
use chrono::{SecondsFormat, TimeDelta};
use health::events::{self, EventKind, Gaps, LeaderChange, RecordedEvent, UnknownInterval};
use health::inventory::{Kind, ResourceKey};
use vendors::operation::percent_encoded;
use web_sys::AbortController;

/// The maximum number of entries of each kind. Older ones are treated as unknown.
const MAX_ENTRIES: usize = 500;

/// The recorded history of a resource's leader.
#[derive(Debug, Clone, PartialEq)]
pub struct LeaderHistory {
    /// In chronological order.
    pub changes: Vec<LeaderChange>,
    /// The intervals in which the leader is unknown.
    pub unknown: Gaps,
}

/// Polls the history of a resource's leader for a period that ends now.
#[must_use]
pub fn leader_history(resource: ResourceKey, span: TimeDelta) -> Live<LeaderHistory> {
    poll_on_activity(move |abort| {
        let resource = resource.clone();
        async move { fetch(&resource, span, &abort).await }
    })
}

async fn fetch(
    resource: &ResourceKey,
    span: TimeDelta,
    abort: &AbortController,
) -> Result<LeaderHistory, Failure> {
    let connection = percent_encoded(&resource.connection);
    let id = percent_encoded(&resource.id);
    let watching = read(&format!("kind=watching&limit={MAX_ENTRIES}"), Some(abort)).await?;
    let from = watching.now.checked_sub_signed(span).unwrap_or_default();
    let from = from.to_rfc3339_opts(SecondsFormat::Millis, true);
    let of = format!(
        "connection={connection}&resource={id}&kind=failover,resource&from={from}&limit={MAX_ENTRIES}"
    );
    let events = read(&of, Some(abort)).await?;
    // The alarms of the connection itself, including those before the shown period, which may still last in it.
    let of =
        format!("connection={connection}&resource={connection}&kind=alarm&limit={MAX_ENTRIES}");
    let silences = read(&of, Some(abort)).await?;
    Ok(history(resource.kind, &watching, events, &silences))
}

/// Combines the answers for a resource: when it was watched, its leaders, and when its connection was silent.
fn history(
    kind: Kind,
    watching: &Activity,
    events: Activity,
    silences: &Activity,
) -> LeaderHistory {
    let mut unknown = events::unwatched(watching.entries.iter().map(recorded));
    unknown.extend(events::silences(silences.entries.iter().map(recorded)));
    // The time before the oldest entry, if older ones exist or may have been deleted.
    for answer in [watching, &events, silences] {
        let oldest = answer.entries.last().filter(|_| answer.older.is_some());
        let known = oldest.map(|oldest| oldest.at).max(answer.complete_since);
        unknown.extend(known.map(UnknownInterval::before));
    }
    let is_listing = |entry: &ActivityEntry| entry.kind == ActivityKind::Event(EventKind::Resource);
    let listed = events.entries.iter().filter(|entry| is_listing(entry));
    unknown.extend(events::absences(listed.map(recorded)));
    let mut changes = Vec::new();
    for entry in events.entries.into_iter().rev() {
        if !is_listing(&entry) {
            changes.push(LeaderChange::new(kind, entry.at, entry.before, entry.after));
        }
    }
    LeaderHistory {
        changes,
        unknown: Gaps::of(unknown),
    }
}

/// An entry as an event that may start or end an interval with unknown leader.
fn recorded(entry: &ActivityEntry) -> RecordedEvent<'_> {
    RecordedEvent {
        resource: entry.resource.as_ref(),
        at: entry.at,
        number: entry.number,
        severity: entry.severity,
        unseen_since: entry.before.as_deref().and_then(crate::json::moment),
        is_compared: entry.after.as_deref() == Some(events::LEADERS_COMPARED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use health::Severity;

    /// Entries at these seconds, newest first.
    fn answer(entries: Vec<(i64, &str, Kind, Severity)>) -> Activity {
        let entry = |(second, kind, of, severity): (i64, &str, Kind, Severity)| {
            let key = ResourceKey {
                kind: of,
                connection: "live".to_owned(),
                id: "live".to_owned(),
            };
            serde_json::from_value(serde_json::json!({
                "number": second, "at": second * 1_000, "kind": kind, "severity": severity, "what": "",
                "resource": key,
            }))
            .expect("an entry")
        };
        Activity {
            now: DateTime::UNIX_EPOCH,
            entries: entries.into_iter().map(entry).collect(),
            older: None,
            complete_since: None,
        }
    }

    fn at(second: i64) -> DateTime<chrono::Utc> {
        DateTime::from_timestamp(second, 0).expect("in range")
    }

    #[test]
    fn an_alarm_of_a_group_with_its_connections_id_is_not_a_silent_connection() {
        let (group, connection) = (Kind::SlicerGroup, Kind::Connection);
        let silences = answer(vec![
            (40, "alarm", group, Severity::Critical),
            (30, "alarm", connection, Severity::Normal),
            (20, "alarm", connection, Severity::Critical),
        ]);
        let seen = history(group, &answer(vec![]), answer(vec![]), &silences);
        let silence = UnknownInterval {
            from: at(20),
            to: at(30),
            is_compared: true,
        };
        assert_eq!(seen.unknown, Gaps::of(vec![silence]));
    }

    #[test]
    fn an_unknown_interval_starts_at_the_time_in_the_entry() {
        let since = |second: i64, mut of: Activity| {
            let time = at(second).to_rfc3339_opts(SecondsFormat::Millis, true);
            of.entries[0].before = Some(time);
            of
        };
        let silent = answer(vec![(20, "alarm", Kind::Connection, Severity::Critical)]);
        let read_again = answer(vec![(9, "resource", Kind::SlicerGroup, Severity::Normal)]);
        let seen = history(
            Kind::SlicerGroup,
            &answer(vec![]),
            since(6, read_again),
            &since(15, silent),
        );
        let unseen = |from, to| UnknownInterval {
            from,
            to,
            is_compared: true,
        };
        let expected = [unseen(at(6), at(9)), UnknownInterval::since(at(15))];
        assert_eq!(seen.unknown, Gaps::of(expected.to_vec()));
    }

    #[test]
    fn times_before_the_oldest_entry_or_a_deletion_are_unknown() {
        let deleted = Activity {
            complete_since: Some(at(10)),
            ..answer(vec![])
        };
        let of = |silences| {
            let seen = history(Kind::SlicerGroup, &answer(vec![]), answer(vec![]), silences);
            seen.unknown
        };
        assert_eq!(
            of(&deleted),
            Gaps::of(vec![UnknownInterval::before(at(10))])
        );
        let older = Activity {
            older: Some("x".to_owned()),
            entries: answer(vec![(20, "alarm", Kind::Connection, Severity::Normal)]).entries,
            ..deleted
        };
        assert_eq!(of(&older), Gaps::of(vec![UnknownInterval::before(at(20))]));
    }
}

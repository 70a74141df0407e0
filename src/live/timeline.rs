//! What the timeline of a resource is drawn from, as it refreshes.

use super::Live;
use super::activity::when_something_happens;
use crate::api::Failure;
use crate::api::activity::{Activity, ActivityEntry, ActivityKind, read};
use chrono::{SecondsFormat, TimeDelta};
use health::events::{self, EventKind, Gaps, LeaderChange, RecordedEvent, UnknownInterval};
use health::inventory::{Kind, ResourceKey};
use vendors::operation::percent_encoded;
use web_sys::AbortController;

/// How many entries of each kind are asked for; of more the oldest are not known.
const MOST: usize = 500;

/// What was seen of who leads.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// In the order of time.
    pub changes: Vec<LeaderChange>,
    /// When nobody could see it.
    pub unknown: Gaps,
}

/// Follows what was seen of a resource in a time that ends now.
#[must_use]
pub fn seen(resource: ResourceKey, span: TimeDelta) -> Live<Seen> {
    when_something_happens(move |abort| {
        let resource = resource.clone();
        async move { fetch(&resource, span, &abort).await }
    })
}

async fn fetch(
    resource: &ResourceKey,
    span: TimeDelta,
    abort: &AbortController,
) -> Result<Seen, Failure> {
    let connection = percent_encoded(&resource.connection);
    let id = percent_encoded(&resource.id);
    let watching = read(&format!("kind=watching&limit={MOST}"), Some(abort)).await?;
    let from = watching.now.checked_sub_signed(span).unwrap_or_default();
    let from = from.to_rfc3339_opts(SecondsFormat::Millis, true);
    let of = format!(
        "connection={connection}&resource={id}&kind=failover,resource&from={from}&limit={MOST}"
    );
    let events = read(&of, Some(abort)).await?;
    // Of the connection itself: when it fell silent and came back, also before the time that is shown.
    let of = format!("connection={connection}&resource={connection}&kind=alarm&limit={MOST}");
    let silences = read(&of, Some(abort)).await?;
    Ok(told(resource.kind, &watching, events, &silences))
}

/// What the answers tell of a resource of this kind: when it was watched, who led it, when its connection did not answer.
fn told(kind: Kind, watching: &Activity, events: Activity, silences: &Activity) -> Seen {
    let starts = watching.entries.iter().map(recorded);
    let mut unknown = events::unwatched(starts.map(|start| (start.at, start.unseen_since)));
    unknown.extend(events::silences(silences.entries.iter().map(recorded)));
    // What lies before the oldest of more than were asked for, or may have been deleted.
    for answer in [watching, &events, silences] {
        let oldest = answer.entries.last().filter(|_| answer.older.is_some());
        let known = oldest.map(|oldest| oldest.at).max(answer.complete_since);
        unknown.extend(known.map(UnknownInterval::before));
    }
    let is_listing = |entry: &ActivityEntry| entry.kind == ActivityKind::Seen(EventKind::Resource);
    let listed = events.entries.iter().filter(|entry| is_listing(entry));
    unknown.extend(events::absences(listed.map(recorded)));
    let mut changes = Vec::new();
    for entry in events.entries.into_iter().rev() {
        if !is_listing(&entry) {
            changes.push(LeaderChange::new(kind, entry.at, entry.before, entry.after));
        }
    }
    Seen {
        changes,
        unknown: Gaps::of(unknown),
    }
}

/// What an entry tells of when something could not be seen.
fn recorded(entry: &ActivityEntry) -> RecordedEvent<'_> {
    RecordedEvent {
        resource: entry.resource.as_ref(),
        at: entry.at,
        number: entry.number,
        severity: entry.severity,
        unseen_since: entry.before.as_deref().and_then(crate::json::moment),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use health::Severity;

    /// Newest first, by the numbers of their seconds.
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
    fn an_alarm_of_a_group_with_the_id_of_its_connection_is_no_silence_of_that() {
        let (group, connection) = (Kind::SlicerGroup, Kind::Connection);
        let silences = answer(vec![
            (40, "alarm", group, Severity::Critical),
            (30, "alarm", connection, Severity::Normal),
            (20, "alarm", connection, Severity::Critical),
        ]);
        let seen = told(group, &answer(vec![]), answer(vec![]), &silences);
        let silence = UnknownInterval {
            from: at(20),
            to: at(30),
            is_compared: true,
        };
        assert_eq!(seen.unknown, Gaps::of(vec![silence]));
    }

    #[test]
    fn a_time_that_was_not_seen_begins_where_the_entry_says() {
        let since = |second: i64, mut of: Activity| {
            let time = at(second).to_rfc3339_opts(SecondsFormat::Millis, true);
            of.entries[0].before = Some(time);
            of
        };
        let silent = answer(vec![(20, "alarm", Kind::Connection, Severity::Critical)]);
        let read_again = answer(vec![(9, "resource", Kind::SlicerGroup, Severity::Normal)]);
        let seen = told(
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
    fn what_was_not_asked_for_or_may_have_been_deleted_is_not_known() {
        let deleted = Activity {
            complete_since: Some(at(10)),
            ..answer(vec![])
        };
        let of = |silences| {
            let seen = told(Kind::SlicerGroup, &answer(vec![]), answer(vec![]), silences);
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

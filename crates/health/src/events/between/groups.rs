//! Derives events from two readings of an AVEVA group.

use super::{Events, grade};
use crate::events::EventKind;
use crate::inventory::GroupFacts;
use crate::severity::Severity::{Normal, Warning};
use std::collections::{BTreeSet, HashSet};
use vendors::aveva::TimeSpan;

/// Adds the events of an AVEVA group.
pub(super) fn of_group(events: &mut Events<'_>, before: &GroupFacts, after: &GroupFacts) {
    let named = |id: &Option<String>| id.clone().filter(|id| !id.is_empty());
    let (old, new) = (named(&before.primary), named(&after.primary));
    if old != new {
        let what = match (&old, &new) {
            (Some(old), Some(new)) => format!("The primary changed from {old} to {new}."),
            (Some(old), None) => {
                format!("Session {old} is no longer primary. No session is primary.")
            }
            (None, Some(new)) => {
                format!("Session {new} became primary. Before, no session was primary.")
            }
            (None, None) => String::new(),
        };
        events.failover(what, old, new.clone(), None);
    }
    let (old, chosen) = (named(&before.pending), named(&after.pending));
    match (old, chosen) {
        (old, Some(chosen)) if old.as_ref() != Some(&chosen) => {
            let what = format!("Session {chosen} was chosen as primary and has to confirm.");
            events.add(EventKind::Pending, what);
        }
        (Some(old), None) if new.as_ref() != Some(&old) => {
            let what = format!("Session {old} was chosen as primary and did not become it.");
            events.add(EventKind::Pending, what);
        }
        _ => {}
    }
    events.members(
        "Session",
        before.sessions.iter().map(String::as_str),
        after.sessions.iter().map(String::as_str),
    );
    of_heartbeats(events, before, after);
    let (old, new) = (set(&before.overridden), set(&after.overridden));
    for id in after
        .overridden
        .iter()
        .filter(|id| !old.contains(id.as_str()))
    {
        let what = format!("A role override makes {id} primary.");
        events.add(EventKind::Override, what);
    }
    for id in before
        .overridden
        .iter()
        .filter(|id| !new.contains(id.as_str()))
    {
        let what = format!("The role override of {id} ended.");
        events.add(EventKind::Override, what);
    }
    let words = |timeout: &Option<TimeSpan>| timeout.as_ref().map(ToString::to_string);
    let (old, new) = (
        words(&before.failover_timeout),
        words(&after.failover_timeout),
    );
    if old != new {
        let what = "The failover timeout changed.".to_owned();
        events.changed(EventKind::Setting, what, old, new);
    }
}

fn set(ids: &[String]) -> HashSet<&str> {
    ids.iter().map(String::as_str).collect()
}

/// Adds events for heartbeats that became late or stale, or are on time again, of sessions in both readings.
fn of_heartbeats(events: &mut Events<'_>, before: &GroupFacts, after: &GroupFacts) {
    // Without a FailoverTimeout, heartbeats cannot be late.
    let has_timeout = |facts: &GroupFacts| facts.failover_timeout.is_some_and(|it| it.ticks > 0);
    if !has_timeout(before) || !has_timeout(after) {
        return;
    }
    let (late, stale) = (set(&before.late), set(&before.stale));
    let (now_late, now_stale) = (set(&after.late), set(&after.stale));
    let behind = [&late, &stale, &now_late, &now_stale];
    let behind: BTreeSet<&str> = behind.into_iter().flatten().copied().collect();
    if behind.is_empty() {
        return;
    }
    let (known, present) = (set(&before.sessions), set(&after.sessions));
    let stayed = |id: &&str| known.contains(id) && present.contains(id);
    let ahead = set(&after.ahead);
    for id in behind.into_iter().filter(stayed) {
        let old = (late.contains(id), stale.contains(id));
        let new = (now_late.contains(id), now_stale.contains(id));
        let (change, severity) = match (old, new) {
            _ if old == new => continue,
            // An improvement: late is the step between silent and on time.
            ((_, true), (true, _)) => ("posts heartbeats again, late", None),
            (_, (_, true)) => (
                "is silent: no heartbeat within the failover timeout",
                Some(Warning),
            ),
            (_, (true, _)) => ("is late: its heartbeat is overdue", Some(Warning)),
            _ if ahead.contains(id) => ("posts heartbeats with a time in the future", None),
            _ => ("posts heartbeats on time again", Some(Normal)),
        };
        let event = events.add(EventKind::Heartbeat, format!("Session {id} {change}."));
        grade(event, severity);
    }
}

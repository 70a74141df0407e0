//! Derives events from two readings of a resource.

mod groups;
mod slicers;

use super::{Event, EventKind};
use crate::alarms::{Alarm, Changes};
use crate::inventory::{Facts, Judged, Kind, Moment, Observed, Reading, Resource, SessionFacts};
use crate::severity::Severity;
use crate::vendor_clock::by_own_clock;
use crate::words::span;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use groups::of_group;
use slicers::{of_on_air, of_slicer_group};
use std::collections::HashSet;

/// The events between two readings of a resource, in no particular order.
#[must_use]
pub fn between(before: &Judged, after: &Judged, at: &Moment) -> Vec<Event> {
    let (read_before, before) = (before.observed_at, &before.resource);
    let now = &after.resource;
    let seen_at = after.observed_at.unwrap_or(at.now);
    let mut events = Events::of(now, seen_at);
    // A resource that has never been read cannot be compared.
    if before.observed == Observed::Never || now.observed == Observed::Never {
        return Vec::new();
    }
    match (&before.facts, &now.facts) {
        (Facts::FailoverGroup(before), Facts::FailoverGroup(after))
            if before.members.is_some() && after.members.is_some() =>
        {
            of_group(&mut events, before, after);
        }
        (Facts::SlicerGroup(before), Facts::SlicerGroup(after)) => {
            of_on_air(&mut events, before, after, read_before, at);
            of_slicer_group(&mut events, before, after);
        }
        (Facts::FailoverSession(before), Facts::FailoverSession(after))
            if !is_over(before) && is_over(after) =>
        {
            events.run_ended(after, at);
        }
        _ => {}
    }
    events.list
}

/// The event of a group that is readable again after failing for so long that it became stale, while its connection
/// did not. `last` is the connection's last complete reading before that; `reading` is its reading now. If the
/// connection fell silent as well, its alarm covers that time.
#[must_use]
pub fn read_again(
    before: &Judged,
    after: &Judged,
    last: DateTime<Utc>,
    reading: &Reading,
) -> Option<Event> {
    let read_at = match after.resource.observed {
        Observed::WithConnection => after.observed_at?,
        Observed::At(at) => at,
        Observed::Never => return None,
    };
    let Observed::At(read_before) = before.resource.observed else {
        return None;
    };
    let was_believed = reading.freshness_of(&before.resource, last).is_believable();
    // A group that is merely read late after its connection's silence had no failure of its own.
    let had_failed = before.resource.failure.is_some();
    if was_believed || !had_failed || read_before >= read_at {
        return None;
    }
    let lasted = span(read_at.signed_duration_since(read_before));
    let mut events = Events::of(&after.resource, read_at);
    let what =
        format!("It could not be read for {lasted}. Changes in that time were not observed.");
    events.changed(
        EventKind::Resource,
        what,
        Some(timestamp(read_before)),
        None,
    );
    events.list.pop()
}

/// The events of a resource that is listed for the first time, by a connection that was read before. Its age does not
/// matter, because a server may list a run late.
#[must_use]
pub fn appeared(judged: &Judged, at: &Moment) -> Vec<Event> {
    let resource = &judged.resource;
    let mut events = Events::of(resource, judged.observed_at.unwrap_or(at.now));
    match &resource.facts {
        Facts::FailoverSession(facts) => {
            events.run_started(facts, at);
            if is_over(facts) {
                events.run_ended(facts, at);
            }
        }
        _ => {
            let event = events.add(EventKind::Resource, "It appeared.".to_owned());
            // Unknown is the severity of a resource that is no longer listed; this keeps the two apart.
            if event.severity == Severity::Unknown {
                event.severity = Severity::Normal;
            }
        }
    }
    events.list
}

/// The event of a resource that is no longer listed. Failover sessions leave the list as they age, which is no event.
#[must_use]
pub fn gone(resource: &Resource, now: DateTime<Utc>) -> Option<Event> {
    if resource.key.kind == Kind::FailoverSession {
        return None;
    }
    let mut events = Events::of(resource, now);
    let event = events.add(EventKind::Resource, "It is no longer listed.".to_owned());
    event.severity = Severity::Unknown;
    events.list.pop()
}

/// Sorts the worst alarm last: lists show the newest event first, so the worst of one moment comes first.
fn worst_last(alarms: &[Alarm]) -> Vec<&Alarm> {
    let mut alarms: Vec<&Alarm> = alarms.iter().collect();
    alarms.sort_by(|one, other| other.worst_first(one));
    alarms
}

/// The events of alarms that began, worsened or ended. `is_first` tells whether the alarm comes from the first reading
/// of its resource, so that the problem may be older.
#[must_use]
pub fn of_alarms(
    changes: &Changes,
    is_first: impl Fn(&Alarm) -> bool,
    now: DateTime<Utc>,
) -> Vec<Event> {
    let event = |alarm: &Alarm, severity, what| {
        let is_silence = alarm.resource.kind == Kind::Connection && severity != Severity::Normal;
        Event {
            at: now,
            kind: EventKind::Alarm,
            severity,
            resource: Some(alarm.resource.clone()),
            name: alarm.name.clone(),
            what,
            // The last successful reading, since when nothing was observed.
            before: is_silence.then(|| timestamp(alarm.since.at())),
            after: None,
        }
    };
    let began = worst_last(&changes.began).into_iter().map(|alarm| {
        let what = if is_first(alarm) {
            format!("Alarm when watching began: {}", alarm.sentence)
        } else {
            format!("Alarm: {}", alarm.sentence)
        };
        event(alarm, alarm.severity, what)
    });
    let worsened = changes.worsened.iter().map(|alarm| {
        let what = format!("Alarm, now {}: {}", alarm.severity.key(), alarm.sentence);
        event(alarm, alarm.severity, what)
    });
    let ended = worst_last(&changes.ended).into_iter().map(|alarm| {
        let lasted = now.signed_duration_since(alarm.since.at());
        let lasted = span(lasted.max(TimeDelta::zero()));
        let what = format!("Alarm ended after {lasted}: {}", alarm.sentence);
        event(alarm, Severity::Normal, what)
    });
    let unwatched = worst_last(&changes.unwatched).into_iter().map(|alarm| {
        let what = format!("Alarm no longer watched: {}", alarm.sentence);
        Event {
            before: None,
            ..event(alarm, Severity::Off, what)
        }
    });
    began
        .chain(worsened)
        .chain(ended)
        .chain(unwatched)
        .collect()
}

/// Collects the events of one resource.
struct Events<'a> {
    of: &'a Resource,
    at: DateTime<Utc>,
    list: Vec<Event>,
}

impl<'a> Events<'a> {
    fn of(resource: &'a Resource, at: DateTime<Utc>) -> Self {
        Self {
            of: resource,
            at,
            list: Vec::new(),
        }
    }

    fn add(&mut self, kind: EventKind, what: String) -> &mut Event {
        let index = self.list.len();
        self.list.push(Event {
            at: self.at,
            kind,
            severity: self.of.verdict.severity,
            resource: Some(self.of.key.clone()),
            name: self.of.name.clone(),
            what,
            before: None,
            after: None,
        });
        &mut self.list[index]
    }

    fn changed(
        &mut self,
        kind: EventKind,
        what: String,
        before: Option<String>,
        after: Option<String>,
    ) -> &mut Event {
        let event = self.add(kind, what);
        (event.before, event.after) = (before, after);
        event
    }

    /// Adds a change of leader. `what` is the sentence, `at` the time that the vendor reports.
    fn failover(
        &mut self,
        what: String,
        before: Option<String>,
        after: Option<String>,
        at: Option<DateTime<Utc>>,
    ) {
        let event = self.changed(EventKind::Failover, what, before, after);
        grade(event, Some(Severity::Warning));
        event.at = at.unwrap_or(event.at);
    }

    /// Adds an event for each member that appeared or left; `noun` names the kind of member.
    fn members<'i>(
        &mut self,
        noun: &str,
        before: impl Iterator<Item = &'i str>,
        after: impl Iterator<Item = &'i str>,
    ) {
        let (before, after): (HashSet<&str>, HashSet<&str>) = (before.collect(), after.collect());
        let mut moves: Vec<(&str, &str)> = after
            .difference(&before)
            .map(|id| (*id, "appeared"))
            .chain(before.difference(&after).map(|id| (*id, "left")))
            .collect();
        moves.sort_unstable();
        for (id, how) in moves {
            self.add(EventKind::Member, format!("{noun} {id} {how}."));
        }
    }

    fn run_started(&mut self, facts: &SessionFacts, at: &Moment) {
        let event = self.add(EventKind::Run, "The failover started.".to_owned());
        event.at = started(facts, at).unwrap_or(event.at);
        event.severity = Severity::Moving;
    }

    fn run_ended(&mut self, facts: &SessionFacts, at: &Moment) {
        let result = facts.result.as_deref().unwrap_or("no result");
        let event = self.add(EventKind::Run, format!("The failover ended: {result}."));
        let ended = facts
            .ended
            .map(|ended| by_own_clock(ended, at.vendor_ahead).min(at.now));
        // `None` comes before every time.
        event.at = ended.max(ended.and(started(facts, at))).unwrap_or(event.at);
        // The verdict may depend on other runs; the severity of the end follows from its own result.
        event.severity = match facts.result.as_deref() {
            Some("Failed") => Severity::Critical,
            Some("Warning") => Severity::Warning,
            Some("Success") => Severity::Normal,
            _ => Severity::Unknown,
        };
    }
}

/// Sets the severity of an event that concerns one member: a recovery is normal, however bad the resource still is, and
/// a fault is at least a warning, however well the resource is. Without a severity, that of the resource stays.
fn grade(event: &mut Event, severity: Option<Severity>) {
    event.severity = match severity {
        Some(Severity::Normal) => Severity::Normal,
        Some(least) => event.severity.min(least),
        None => return,
    };
}

/// The start of a run by the gateway's clock, but never in the future.
fn started(facts: &SessionFacts, at: &Moment) -> Option<DateTime<Utc>> {
    let started = facts.started?;
    Some(by_own_clock(started, at.vendor_ahead).min(at.now))
}

/// A time in the format of the fields `before` and `after`.
fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Whether a session has ended. Its state decides: a running session may have an end time and a stopped one none.
fn is_over(facts: &SessionFacts) -> bool {
    match facts.state.as_deref() {
        Some("Stopped") => true,
        Some("Starting" | "Working" | "Stopping") => false,
        _ => facts.ended.is_some(),
    }
}

/// The end of a plan's run by the vendor's clock; `None` if it has not ended or the vendor reports no time.
#[must_use]
pub fn ended_at(resource: &Resource) -> Option<DateTime<Utc>> {
    match &resource.facts {
        Facts::FailoverSession(facts) if is_over(facts) => facts.ended,
        _ => None,
    }
}

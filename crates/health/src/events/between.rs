//! Compares two readings.

mod groups;
mod slicers;

use super::{Event, EventKind};
use crate::alarms::{Alarm, Changes};
use crate::inventory::{Facts, Judged, Kind, Moment, Observed, Reading, Resource, SessionFacts};
use crate::severity::Severity;
use crate::words::span;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use groups::of_group;
use slicers::{of_on_air, of_slicer_group};
use std::collections::HashSet;

/// What happened between two readings of a resource, in no particular order.
#[must_use]
pub fn between(before: &Judged, after: &Judged, at: &Moment) -> Vec<Event> {
    let (read_before, before) = (before.observed_at, &before.resource);
    let now = &after.resource;
    let seen_at = after.observed_at.unwrap_or(at.now);
    let mut events = Events::of(now, seen_at);
    // Nothing can be told from what was never read.
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

/// That a group was read again, and could not be before for so long that it was not believed, while its connection was:
/// `last` is when that was last read as a whole before, and `reading` is how it is read now. Whose connection fell silent
/// as well, the alarm of that tells.
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
    // What comes late at the end of a connection's silence had no failure of its own.
    let had_failed = before.resource.failure.is_some();
    if was_believed || !had_failed || read_before >= read_at {
        return None;
    }
    let lasted = span(read_at.signed_duration_since(read_before));
    let mut events = Events::of(&after.resource, read_at);
    let what = format!("It could not be read for {lasted}. What happened meanwhile was not seen.");
    events.changed(EventKind::Resource, what, Some(written(read_before)), None);
    events.list.pop()
}

/// A resource that none of the connections which may list it listed before, and that this one, which was read before,
/// lists now. How long it has been there does not matter: a server may list a run late.
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
            // Unknown is what is no longer listed: by that the two are told apart.
            if event.severity == Severity::Unknown {
                event.severity = Severity::Normal;
            }
        }
    }
    events.list
}

/// A resource that is no longer listed. Sessions grow old and leave the list; that is no event.
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

/// The newest stand above: so the worst of one moment do.
fn worst_last(alarms: &[Alarm]) -> Vec<&Alarm> {
    let mut alarms: Vec<&Alarm> = alarms.iter().collect();
    alarms.sort_by(|one, other| other.worst_first(one));
    alarms
}

/// The alarms that began, got worse and ended. `is_first` says of which the resource was read for the first time: what is
/// wrong with it then may have been so before.
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
            // It was noticed some time after the last answer: nobody saw what has happened since then.
            before: is_silence.then(|| written(alarm.since.at())),
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
        let place = self.list.len();
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
        &mut self.list[place]
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

    /// Another one leads. `what` is the sentence, `at` when that was, where the vendor says it.
    fn failover(
        &mut self,
        what: String,
        before: Option<String>,
        after: Option<String>,
        at: Option<DateTime<Utc>>,
    ) {
        let event = self.changed(EventKind::Failover, what, before, after);
        at_least_warning(event);
        event.at = at.unwrap_or(event.at);
    }

    /// Who came and who left; `noun` is what they are.
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
        let ended = facts.ended.map(|ended| by_gateway(ended, at).min(at.now));
        // `None` comes before every time.
        event.at = ended.max(ended.and(started(facts, at))).unwrap_or(event.at);
        // How the run is judged among others says nothing of how it ended.
        event.severity = match facts.result.as_deref() {
            Some("Failed") => Severity::Critical,
            Some("Warning") => Severity::Warning,
            Some("Success") => Severity::Normal,
            _ => Severity::Unknown,
        };
    }
}

/// However well the resource is after it.
fn at_least_warning(event: &mut Event) {
    event.severity = event.severity.min(Severity::Warning);
}

/// When a run started, by the gateway's clock: no later than now, whatever the vendor says.
fn started(facts: &SessionFacts, at: &Moment) -> Option<DateTime<Utc>> {
    let started = facts.started?;
    Some(by_gateway(started, at).min(at.now))
}

/// A time as events carry it beside their own.
fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A time of the vendor's clock by the gateway's.
fn by_gateway(vendor: DateTime<Utc>, at: &Moment) -> DateTime<Utc> {
    let gateway = vendor.checked_sub_signed(at.vendor_ahead);
    gateway.unwrap_or(vendor)
}

/// Whether a session has ended. It may have an end time while its state says that it runs, and none once it has stopped.
fn is_over(facts: &SessionFacts) -> bool {
    match facts.state.as_deref() {
        Some("Stopped") => true,
        Some("Starting" | "Working" | "Stopping") => false,
        _ => facts.ended.is_some(),
    }
}

/// When a run of a plan ended, by the vendor's clock; `None` where it has not, or where the vendor does not say when.
#[must_use]
pub fn ended_at(resource: &Resource) -> Option<DateTime<Utc>> {
    match &resource.facts {
        Facts::FailoverSession(facts) if is_over(facts) => facts.ended,
        _ => None,
    }
}

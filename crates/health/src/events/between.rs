//! Compares two readings.

use super::{Event, EventKind};
use crate::alarms::{Alarm, Changes};
use crate::inventory::{
    Facts, GroupFacts, Judged, Kind, Moment, Observed, Reading, Resource, SessionFacts,
    SlicerFacts, SlicerGroupFacts, SlicerPart,
};
use crate::severity::Severity;
use crate::slicers::{mode_word, on_air_word};
use crate::sort;
use crate::words::span;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use std::collections::{BTreeSet, HashSet};
use vendors::aveva::TimeSpan;
use vendors::uplynk::OnAir;

/// What happened between two readings of a resource, in no particular order.
#[must_use]
pub fn between(before: &Judged, after: &Judged, at: &Moment) -> Vec<Event> {
    let (read_before, before) = (before.observed_at, &before.resource);
    let now = &after.resource;
    let seen_at = after.observed_at.unwrap_or(at.now);
    let mut events = Events {
        of: now,
        at: seen_at,
        list: Vec::new(),
    };
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
    let mut events = Events {
        of: &after.resource,
        at: read_at,
        list: Vec::new(),
    };
    let what = format!("It could not be read for {lasted}. What happened meanwhile was not seen.");
    events.changed(EventKind::Resource, what, Some(written(read_before)), None);
    events.list.pop()
}

/// A resource that none of the connections which may list it listed before, and that this one, which was read before,
/// lists now. How long it has been there does not matter: a server may list a run late.
#[must_use]
pub fn appeared(judged: &Judged, at: &Moment) -> Vec<Event> {
    let resource = &judged.resource;
    let mut events = Events {
        of: resource,
        at: judged.observed_at.unwrap_or(at.now),
        list: Vec::new(),
    };
    match &resource.facts {
        Facts::FailoverSession(facts) => {
            events.run_started(facts, at);
            if is_over(facts) {
                events.run_ended(facts, at);
            }
        }
        _ => {
            events.add(EventKind::Resource, "It appeared.".to_owned());
            // Unknown is what is no longer listed: by that the two are told apart.
            let unknown = |event: &&mut Event| event.severity == Severity::Unknown;
            if let Some(event) = events.list.last_mut().filter(unknown) {
                event.severity = Severity::Normal;
            }
        }
    }
    events.list
}

/// A resource that is no longer listed. Sessions grow old and leave the list; that is no event.
#[must_use]
pub fn gone(resource: &Resource, now: DateTime<Utc>) -> Option<Event> {
    let mut events = Events {
        of: resource,
        at: now,
        list: Vec::new(),
    };
    if resource.key.kind != Kind::FailoverSession {
        events.add(EventKind::Resource, "It is no longer listed.".to_owned());
    }
    let mut event = events.list.pop()?;
    event.severity = Severity::Unknown;
    Some(event)
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
    // The newest stand above: so the worst of one moment do.
    let mut began: Vec<&Alarm> = changes.began.iter().collect();
    began.sort_by(|one, other| other.worst_first(one));
    let began = began.into_iter().map(|alarm| {
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
    let mut ended: Vec<&Alarm> = changes.ended.iter().collect();
    ended.sort_by(|one, other| other.worst_first(one));
    let ended = ended.into_iter().map(|alarm| {
        let lasted = now.signed_duration_since(alarm.since.at());
        let lasted = span(lasted.max(TimeDelta::zero()));
        let what = format!("Alarm ended after {lasted}: {}", alarm.sentence);
        event(alarm, Severity::Normal, what)
    });
    let mut unwatched: Vec<&Alarm> = changes.unwatched.iter().collect();
    unwatched.sort_by(|one, other| other.worst_first(one));
    let unwatched = unwatched.into_iter().map(|alarm| {
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

impl Events<'_> {
    fn add(&mut self, kind: EventKind, what: String) {
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
    }

    fn changed(
        &mut self,
        kind: EventKind,
        what: String,
        before: Option<String>,
        after: Option<String>,
    ) {
        self.add(kind, what);
        if let Some(event) = self.list.last_mut() {
            (event.before, event.after) = (before, after);
        }
    }

    /// Another one leads. `what` is the sentence, `at` when that was, where the vendor says it.
    fn failover(
        &mut self,
        what: String,
        before: Option<String>,
        after: Option<String>,
        at: Option<DateTime<Utc>>,
    ) {
        self.changed(EventKind::Failover, what, before, after);
        self.at_least_warning();
        if let Some(event) = self.list.last_mut() {
            event.at = at.unwrap_or(event.at);
        }
    }

    /// What was added last is at least a warning, however well the resource is after it.
    fn at_least_warning(&mut self) {
        if let Some(event) = self.list.last_mut() {
            event.severity = event.severity.min(Severity::Warning);
        }
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
        self.add(EventKind::Run, "The failover started.".to_owned());
        if let Some(event) = self.list.last_mut() {
            event.at = started(facts, at).unwrap_or(event.at);
            event.severity = Severity::Moving;
        }
    }

    fn run_ended(&mut self, facts: &SessionFacts, at: &Moment) {
        let result = facts.result.as_deref().unwrap_or("no result");
        self.add(EventKind::Run, format!("The failover ended: {result}."));
        if let Some(event) = self.list.last_mut() {
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

fn of_group(events: &mut Events<'_>, before: &GroupFacts, after: &GroupFacts) {
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
        (old, Some(chosen)) if old.as_ref() != Some(&chosen) => events.add(
            EventKind::Pending,
            format!("Session {chosen} was chosen as primary and has to confirm."),
        ),
        (Some(old), None) if new.as_ref() != Some(&old) => events.add(
            EventKind::Pending,
            format!("Session {old} was chosen as primary and did not become it."),
        ),
        _ => {}
    }
    let ids = |facts: &'_ GroupFacts| facts.sessions.clone();
    let (old, new) = (ids(before), ids(after));
    events.members(
        "Session",
        old.iter().map(String::as_str),
        new.iter().map(String::as_str),
    );
    of_heartbeats(events, before, after);
    let (old, new) = (set(&before.overridden), set(&after.overridden));
    for id in &after.overridden {
        if !old.contains(id.as_str()) {
            events.add(
                EventKind::Override,
                format!("A role override makes {id} primary."),
            );
        }
    }
    for id in &before.overridden {
        if !new.contains(id.as_str()) {
            events.add(
                EventKind::Override,
                format!("The role override of {id} ended."),
            );
        }
    }
    let words = |timeout: &Option<TimeSpan>| timeout.as_ref().map(ToString::to_string);
    let (old, new) = (
        words(&before.failover_timeout),
        words(&after.failover_timeout),
    );
    if old != new {
        let what = "The FailoverTimeout changed.".to_owned();
        events.changed(EventKind::Setting, what, old, new);
    }
}

fn set(ids: &[String]) -> HashSet<&str> {
    ids.iter().map(String::as_str).collect()
}

/// Whose heartbeat fell behind and whose is on time again; who appeared or left is told as such.
fn of_heartbeats(events: &mut Events<'_>, before: &GroupFacts, after: &GroupFacts) {
    // Without a FailoverTimeout it is not known whether a heartbeat is on time.
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
        let (how, is_worse) = match (old, new) {
            _ if old == new => continue,
            // On its way back to being on time, with nothing lost.
            ((_, true), (true, _)) => ("posts heartbeats again, late", false),
            (_, (_, true)) => ("is stale: no heartbeat within the FailoverTimeout", true),
            (_, (true, _)) => ("is late: its heartbeat is overdue", true),
            _ if ahead.contains(id) => ("posts heartbeats with a time in the future", false),
            _ => ("posts heartbeats on time", false),
        };
        events.add(EventKind::Heartbeat, format!("Session {id} {how}."));
        if is_worse {
            events.at_least_warning();
        }
    }
}

/// What is on air changed, or changed and changed back: that shows in the vendor's time of the last failover alone.
fn of_on_air(
    events: &mut Events<'_>,
    before: &SlicerGroupFacts,
    after: &SlicerGroupFacts,
    read_before: Option<DateTime<Utc>>,
    at: &Moment,
) {
    let word = |on_air: &Option<OnAir>| on_air.as_ref().map(|it| on_air_word(it).to_owned());
    let (old, new) = (word(&before.on_air), word(&after.on_air));
    let told = after.last_failover.map(|told| by_gateway(told, at));
    let is_later = match (before.last_failover, after.last_failover) {
        (Some(before), Some(after)) => before < after,
        // Where there was none before, or none was reported: of an old one nothing new is told.
        _ => told.is_some_and(|told| read_before.is_some_and(|read| read <= told)),
    };
    let what = match (&before.on_air, &after.on_air) {
        (Some(was), Some(is)) if was != is => {
            let (was, is) = (on_air_word(was), on_air_word(is));
            format!("On air changed from {was} to {is}.")
        }
        (Some(_), Some(is)) if is_later => {
            let is = on_air_word(is);
            format!("It failed over and back: {is} is on air again.")
        }
        // Something is on air all the same: that is no failover, and says when it was not known what.
        (Some(was), None) => {
            let was = on_air_word(was);
            let what = format!("What is on air is no longer reported. It was {was}.");
            return events.changed(EventKind::Failover, what, old, new);
        }
        (None, Some(is)) => {
            let what = format!("What is on air is reported: {}.", on_air_word(is));
            return events.changed(EventKind::Failover, what, old, new);
        }
        _ => return,
    };
    // The vendor's word for when, if it is about this one and not an earlier failover.
    let told = told.filter(|_| before.last_failover != after.last_failover);
    events.failover(what, old, new, told.filter(|told| *told <= at.now));
}

fn of_slicer_group(events: &mut Events<'_>, before: &SlicerGroupFacts, after: &SlicerGroupFacts) {
    of_settings(events, before, after);
    // What is not reported has not left.
    if before.backups.is_none() || after.backups.is_none() {
        return;
    }
    events.members(
        "Slicer",
        before.slicers.iter().map(|slicer| slicer.id.as_str()),
        after.slicers.iter().map(|slicer| slicer.id.as_str()),
    );
    // Both sorted, so that a large group is not compared each with all.
    let (known, listed) = (by_id(&before.slicers), by_id(&after.slicers));
    let order = |of: &[SlicerFacts], among: &[&SlicerFacts]| {
        let stayed = |slicer: &&SlicerFacts| find(among, &slicer.id).is_some();
        let ids = of.iter().filter(stayed).map(|slicer| slicer.id.clone());
        ids.collect::<Vec<_>>()
    };
    // Who came or left has not changed the order of the others.
    let (old, new) = (
        order(&before.slicers, &listed),
        order(&after.slicers, &known),
    );
    if old != new {
        let what = "The order of the slicers changed.".to_owned();
        let (old, new) = (old.join(", "), new.join(", "));
        events.changed(EventKind::Order, what, Some(old), Some(new));
    }
    for slicer in &after.slicers {
        let Some(old) = find(&known, &slicer.id) else {
            continue;
        };
        if let Some(how) = part_changed(old.part, slicer.part) {
            let what = format!("Slicer {} {how}.", slicer.id);
            events.add(EventKind::Eligibility, what);
            if slicer.part == SlicerPart::Unhealthy {
                events.at_least_warning();
            }
        }
    }
}

/// The slicers, sorted by their ids.
fn by_id(slicers: &[SlicerFacts]) -> Vec<&SlicerFacts> {
    let mut sorted: Vec<&SlicerFacts> = slicers.iter().collect();
    sort(&mut sorted, |one, other| one.id.cmp(&other.id));
    sorted
}

fn find<'a>(sorted: &[&'a SlicerFacts], id: &str) -> Option<&'a SlicerFacts> {
    let place = sorted.binary_search_by(|slicer| slicer.id.as_str().cmp(id));
    place.ok().and_then(|place| sorted.get(place).copied())
}

fn of_settings(events: &mut Events<'_>, before: &SlicerGroupFacts, after: &SlicerGroupFacts) {
    if before.mode != after.mode {
        let words = |of: &SlicerGroupFacts| of.mode.as_ref().map(|mode| mode_word(Some(mode)));
        let what = "The failover mode changed.".to_owned();
        events.changed(EventKind::Setting, what, words(before), words(after));
    }
    if before.auto_failback != after.auto_failback {
        let words = |of: &SlicerGroupFacts| {
            let word = |on| if on { "on" } else { "off" };
            of.auto_failback.map(|on| word(on).to_owned())
        };
        let what = "Auto failback changed.".to_owned();
        events.changed(EventKind::Setting, what, words(before), words(after));
    }
}

/// What is worth telling of a slicer whose part changed. Who went on air or off it is told as a failover.
fn part_changed(before: SlicerPart, after: SlicerPart) -> Option<&'static str> {
    use SlicerPart::{OnAir, OutOfFailover, Ready, Unhealthy};
    match (before, after) {
        (OnAir | Ready | OutOfFailover, Unhealthy) => Some("became unhealthy"),
        (Unhealthy, Ready) => Some("is healthy again"),
        (OnAir | Ready | Unhealthy, OutOfFailover) => Some("is no longer eligible for failover"),
        (OutOfFailover, Ready) => Some("is eligible for failover again"),
        _ => None,
    }
}

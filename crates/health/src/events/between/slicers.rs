//! Derives events from two readings of an Uplynk group.

use super::{Events, grade};
use crate::events::EventKind;
use crate::inventory::{Moment, SlicerFacts, SlicerGroupFacts, SlicerPart};
use crate::severity::Severity::{self, Normal, Warning};
use crate::slicers::{mode_word, on_air_word};
use crate::sort;
use crate::vendor_clock::by_own_clock;
use chrono::{DateTime, Utc};
use vendors::uplynk::OnAir;

/// Adds failovers. One that failed back between the readings shows only in the vendor's time of the last failover.
pub(super) fn of_on_air(
    events: &mut Events<'_>,
    before: &SlicerGroupFacts,
    after: &SlicerGroupFacts,
    read_before: Option<DateTime<Utc>>,
    at: &Moment,
) {
    let word = |on_air: &Option<OnAir>| on_air.as_ref().map(|it| on_air_word(it).to_owned());
    let (old, new) = (word(&before.on_air), word(&after.on_air));
    let reported = after.last_failover;
    let reported = reported.map(|reported| by_own_clock(reported, at.vendor_ahead));
    let is_later = match (before.last_failover, after.last_failover) {
        (Some(before), Some(after)) => before < after,
        // Without an earlier time to compare with, only a failover after the earlier reading is new.
        _ => reported.is_some_and(|reported| read_before.is_some_and(|read| read <= reported)),
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
        // Not a failover: the event records from when on it was not known what is on air.
        (Some(was), None) => {
            let was = on_air_word(was);
            let what = format!("What is on air is no longer reported; it was {was}.");
            events.changed(EventKind::Failover, what, old, new);
            return;
        }
        (None, Some(is)) => {
            let what = format!("What is on air is reported: {}.", on_air_word(is));
            events.changed(EventKind::Failover, what, old, new);
            return;
        }
        _ => return,
    };
    // Use the vendor's time only if it belongs to this failover and not to an earlier one.
    let reported = reported.filter(|_| before.last_failover != after.last_failover);
    events.failover(
        what,
        old,
        new,
        reported.filter(|reported| *reported <= at.now),
    );
}

/// Adds the other events of an Uplynk group.
pub(super) fn of_slicer_group(
    events: &mut Events<'_>,
    before: &SlicerGroupFacts,
    after: &SlicerGroupFacts,
) {
    of_settings(events, before, after);
    // An unreported list does not mean that the slicers have left.
    if before.backups.is_none() || after.backups.is_none() {
        return;
    }
    events.members(
        "Slicer",
        before.slicers.iter().map(|slicer| slicer.id.as_str()),
        after.slicers.iter().map(|slicer| slicer.id.as_str()),
    );
    // Sorted, so that the comparison of large groups is not quadratic.
    let (known, listed) = (by_id(&before.slicers), by_id(&after.slicers));
    let order = |of: &[SlicerFacts], among: &[&SlicerFacts]| {
        let stayed = |slicer: &&SlicerFacts| find(among, &slicer.id).is_some();
        let ids = of.iter().filter(stayed).map(|slicer| slicer.id.clone());
        ids.collect::<Vec<_>>()
    };
    // Compare only slicers of both readings: one that appeared or left does not change the order of the others.
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
        let (was, is) = (before.compared(old), after.compared(slicer));
        if let Some((how, severity)) = part_changed(was, is) {
            let what = format!("Slicer {} {how}.", slicer.id);
            let event = events.add(EventKind::Eligibility, what);
            grade(event, severity);
        }
    }
}

impl SlicerGroupFacts {
    /// The part of a slicer for a comparison: going on or off air does not change whether it is eligible.
    fn compared(&self, slicer: &SlicerFacts) -> SlicerPart {
        match slicer.part {
            SlicerPart::OnAir if self.on_air_not_eligible => SlicerPart::OutOfFailover,
            part => part,
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
    let index = sorted.binary_search_by(|slicer| slicer.id.as_str().cmp(id));
    index.ok().and_then(|index| sorted.get(index).copied())
}

fn of_settings(events: &mut Events<'_>, before: &SlicerGroupFacts, after: &SlicerGroupFacts) {
    if before.mode != after.mode {
        let words = |of: &SlicerGroupFacts| of.mode.as_ref().map(mode_word);
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

/// The change of a slicer's part in words and its severity for [`grade`], if it is an event. Going on or off air is a
/// failover instead.
fn part_changed(before: SlicerPart, after: SlicerPart) -> Option<(&'static str, Option<Severity>)> {
    use SlicerPart::{OnAir, OutOfFailover, Ready, Unhealthy, Unknown};
    Some(match (before, after) {
        // The time of the change is not known.
        (Unknown, Unhealthy) => ("is unhealthy", Some(Warning)),
        (Unknown, OutOfFailover) => ("is not eligible for failover", None),
        (OnAir | Ready | OutOfFailover, Unhealthy) => ("became unhealthy", Some(Warning)),
        (Unhealthy, Ready) => ("is healthy again", Some(Normal)),
        (OnAir | Ready | Unhealthy, OutOfFailover) => ("is no longer eligible for failover", None),
        (OutOfFailover, OnAir | Ready) => ("is eligible for failover again", Some(Normal)),
        _ => return None,
    })
}

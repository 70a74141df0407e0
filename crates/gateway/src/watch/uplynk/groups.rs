//! The groups of an account as last read, and the group to read separately next: groups that the list contains without
//! their slicers, or omits although it reports more. They are read in rounds, once per round, between the lists.

use super::super::limit::MAX_WATCHED;
use chrono::{DateTime, Utc};
use health::inventory::WatchedSlicerGroup;
use health::schedule::Millis;
use std::collections::HashMap;
use std::mem;
use std::time::Duration;
use vendors::UnreadableField;
use vendors::uplynk::FailoverGroup;

/// How often channels that the list omits are read: they do not affect the judgement.
const CHANNEL_READ_INTERVAL_MS: Millis = 600_000.0;

/// The part of a group that the list omits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    Nothing,
    Channels,
    Slicers,
}

#[derive(Debug)]
struct Group {
    watched: WatchedSlicerGroup,
    missing: Missing,
    /// When it was last requested separately, by the schedule's time, which cannot be set back.
    requested_at: Option<Millis>,
    /// Whether it has changed since.
    is_urgent: bool,
}

/// Every group.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// The listed groups, then those that the list omits.
    all: Vec<Group>,
    /// When the last list was read.
    listed_at: Millis,
    /// When the round in progress began.
    round: Option<Millis>,
    /// The duration of the last round.
    last_round: Millis,
}

impl Groups {
    /// Groups that are known already, for example from another gateway.
    pub(super) fn known(ids: Vec<String>) -> Self {
        Self {
            all: ids.into_iter().map(Group::placeholder).collect(),
            ..Self::default()
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &WatchedSlicerGroup> {
        self.all.iter().map(|group| &group.watched)
    }

    pub(super) fn get(&self, id: &str) -> Option<&WatchedSlicerGroup> {
        self.all().find(|watched| watched.group.id == id)
    }

    /// Stores a list that was read at this time. Groups that a complete list omits are deleted; groups that an
    /// incomplete one omits stay, and are read separately.
    pub(super) fn list(
        &mut self,
        listed: Vec<FailoverGroup>,
        is_complete: bool,
        at: DateTime<Utc>,
        now: Millis,
    ) {
        let before = mem::take(&mut self.all).into_iter();
        let mut before: HashMap<String, Group> = before
            .map(|group| (group.watched.group.id.clone(), group))
            .collect();
        self.all.reserve(listed.len());
        for group in listed {
            let known = before.remove(&group.id);
            self.all.push(Group::listed(group, known, at));
        }
        if !is_complete {
            let room = MAX_WATCHED.saturating_sub(self.all.len());
            self.all
                .extend(before.into_values().take(room).map(|mut group| {
                    group.watched.is_listed = false;
                    group.missing = Missing::Slicers;
                    group
                }));
        }
        self.listed_at = now;
        self.end_round(now);
        if self.round.is_none() {
            self.round = Some(now);
            self.end_round(now);
        }
    }

    /// Handles a change of a group.
    pub(super) fn changed(&mut self, id: &str) {
        let mut all = self.all.iter_mut();
        if let Some(group) = all.find(|group| group.watched.group.id == id) {
            group.is_urgent = group.missing != Missing::Nothing;
        }
    }

    /// Ends the round, because the service accepts no more requests and the groups become stale.
    pub(super) fn interrupt(&mut self) {
        self.round = None;
    }

    /// The next group to read separately, and whether it has changed. It counts as requested.
    pub(super) fn next(&mut self, now: Millis) -> Option<(String, bool)> {
        let (round, listed_at) = (self.round, self.listed_at);
        let due = self.all.iter_mut();
        let due = due.filter(|group| group.is_urgent || group.is_due(round, listed_at));
        let place = |group: &Group| {
            (
                !group.is_urgent,
                group.requested_at.unwrap_or(Millis::NEG_INFINITY),
            )
        };
        let next = due.min_by(|one, other| {
            let ((late, requested), (later, requested_later)) = (place(one), place(other));
            late.cmp(&later).then(requested.total_cmp(&requested_later))
        })?;
        next.requested_at = Some(now);
        let was_urgent = mem::take(&mut next.is_urgent);
        Some((next.watched.group.id.clone(), was_urgent))
    }

    /// Stores a separate read of a group.
    pub(super) fn take(&mut self, id: &str, read: FailoverGroup, at: DateTime<Utc>) {
        if let Some(watched) = self.find(id) {
            watched.group = FailoverGroup {
                id: id.to_owned(),
                ..read
            };
            watched.read_at = Some(at);
            watched.failure = None;
        }
    }

    /// Stores why a separate read of a group failed. Its last reading stays.
    pub(super) fn failed(&mut self, id: &str, why: String) {
        let mut all = self.all.iter_mut();
        let group = all.find(|group| group.watched.group.id == id);
        if let Some(group) = group.filter(|group| group.missing == Missing::Slicers) {
            group.watched.failure = Some(why);
        }
    }

    /// Handles that the service does not know a group. Returns whether the list omitted it too, so that it is deleted.
    pub(super) fn confirm_deleted(&mut self, id: &str) -> bool {
        let is_deleted = self.get(id).is_some_and(|watched| !watched.is_listed);
        if is_deleted {
            self.all.retain(|group| group.watched.group.id != id);
        }
        is_deleted
    }

    /// The duration of a round, as far as it is known.
    pub(super) fn round(&mut self, now: Millis) -> Duration {
        self.end_round(now);
        let lasts = self.round.map_or(0.0, |began| now - began);
        Duration::try_from_secs_f64(self.last_round.max(lasts) / 1_000.0).unwrap_or_default()
    }

    /// Ends the round once every group without slicers was read.
    fn end_round(&mut self, now: Millis) {
        let mut slicers = self
            .all
            .iter()
            .filter(|one| one.missing == Missing::Slicers);
        if let Some(began) = self.round
            && !slicers.any(|group| group.is_due(self.round, self.listed_at))
        {
            self.last_round = now - began;
            self.round = None;
        }
    }

    fn find(&mut self, id: &str) -> Option<&mut WatchedSlicerGroup> {
        let mut all = self.all.iter_mut().map(|group| &mut group.watched);
        all.find(|watched| watched.group.id == id)
    }
}

impl Group {
    /// A group of a list that was read at this time, completed with earlier data.
    fn listed(listed: FailoverGroup, known: Option<Self>, at: DateTime<Utc>) -> Self {
        let missing = match (&listed.slicers, &listed.channels) {
            (None, _) => Missing::Slicers,
            (_, None) => Missing::Channels,
            _ => Missing::Nothing,
        };
        let mut group = known.unwrap_or_else(|| Self::placeholder(listed.id.clone()));
        let before = mem::take(&mut group.watched.group);
        let has_changed = differs(before.active.as_ref(), listed.active.as_ref())
            || differs(before.failover_time.as_ref(), listed.failover_time.as_ref());
        group.is_urgent = match missing {
            Missing::Nothing => false,
            Missing::Channels => group.is_urgent,
            Missing::Slicers => group.is_urgent || has_changed,
        };
        group.missing = missing;
        group.watched.is_listed = true;
        group.watched.group = merged(listed, before);
        if missing != Missing::Slicers {
            group.watched.read_at = Some(at);
            group.watched.failure = None;
        }
        group
    }

    /// A group of which only the id is known.
    fn placeholder(id: String) -> Self {
        Self {
            watched: WatchedSlicerGroup {
                group: FailoverGroup {
                    id,
                    ..FailoverGroup::default()
                },
                read_at: None,
                failure: None,
                is_listed: false,
            },
            missing: Missing::Slicers,
            requested_at: None,
            is_urgent: false,
        }
    }

    /// Whether it is due to be read separately.
    fn is_due(&self, round: Option<Millis>, listed_at: Millis) -> bool {
        let since = match self.missing {
            Missing::Nothing => return false,
            Missing::Channels => Some(listed_at - CHANNEL_READ_INTERVAL_MS),
            Missing::Slicers => round,
        };
        self.requested_at
            .is_none_or(|at| since.is_some_and(|since| at < since))
    }
}

fn differs<T: PartialEq>(before: Option<&T>, now: Option<&T>) -> bool {
    before.is_some() && now.is_some() && before != now
}

/// A listed group, completed with earlier data where the list omits it.
fn merged(listed: FailoverGroup, before: FailoverGroup) -> FailoverGroup {
    let has_slicers = listed.slicers.is_some();
    let takes_slicers = !has_slicers && before.slicers.is_some();
    let takes_channels = listed.channels.is_none() && before.channels.is_some();
    let is_taken = |field: &UnreadableField| {
        takes_slicers && field.name.starts_with("slicers")
            || takes_channels && field.name.starts_with("channels")
    };
    let mut unreadable = listed.unreadable;
    unreadable.retain(|field| !is_taken(field));
    unreadable.extend(before.unreadable.into_iter().filter(is_taken));
    let listed = FailoverGroup {
        channels: listed.channels.or(before.channels),
        unreadable,
        ..listed
    };
    if has_slicers {
        return listed;
    }
    FailoverGroup {
        owner: listed.owner.or(before.owner),
        name: listed.name.or(before.name),
        hot_warm: listed.hot_warm.or(before.hot_warm),
        mode: listed.mode.or(before.mode),
        auto_failback: listed.auto_failback.or(before.auto_failback),
        failover_time: listed.failover_time.or(before.failover_time),
        active: listed.active.or(before.active),
        slicers: before.slicers,
        ..listed
    }
}

#[cfg(test)]
mod tests;

//! The groups of an account as they were last read, and which of them is to be read by itself next: those that the
//! list holds without their slicers, or does not name though it says that there are more. They are read in rounds, each
//! group once a round, in between the lists.

use super::super::limit::MAX_WATCHED;
use chrono::{DateTime, Utc};
use health::inventory::WatchedSlicerGroup;
use health::schedule::Millis;
use std::collections::HashMap;
use std::mem;
use std::time::Duration;
use vendors::UnreadableField;
use vendors::uplynk::FailoverGroup;

/// Channels that the list omits are read this often: no judgement needs them.
const CHANNEL_READ_INTERVAL_MS: Millis = 600_000.0;

/// What the list does not tell of a group.
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
    /// When it was last asked for by itself, by the schedule's time, which nobody sets back.
    asked_at: Option<Millis>,
    /// Something of it has changed since.
    is_urgent: bool,
}

/// Every group.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// As listed, then those that the list does not name.
    all: Vec<Group>,
    /// When the last list was read.
    listed_at: Millis,
    /// When the round under way began.
    round: Option<Millis>,
    /// How long the last round took.
    took: Millis,
}

impl Groups {
    /// Groups that were watched before, for example by another gateway.
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

    /// Takes over a list that was read then. What it does not name is gone where it is complete; else it stays as it
    /// was, and is read by itself.
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

    /// A group was changed by somebody.
    pub(super) fn changed(&mut self, id: &str) {
        let mut all = self.all.iter_mut();
        if let Some(group) = all.find(|group| group.watched.group.id == id) {
            group.is_urgent = group.missing != Missing::Nothing;
        }
    }

    /// The round ends here: the service takes no more requests, and what is held grows old.
    pub(super) fn interrupt(&mut self) {
        self.round = None;
    }

    /// The group to read by itself next, and whether it has changed. It counts as asked for.
    pub(super) fn next(&mut self, now: Millis) -> Option<(String, bool)> {
        let (round, listed_at) = (self.round, self.listed_at);
        let due = self.all.iter_mut();
        let due = due.filter(|group| group.is_urgent || group.is_due(round, listed_at));
        let place = |group: &Group| {
            (
                !group.is_urgent,
                group.asked_at.unwrap_or(Millis::NEG_INFINITY),
            )
        };
        let next = due.min_by(|one, other| {
            let ((late, asked), (later, asked_later)) = (place(one), place(other));
            late.cmp(&later).then(asked.total_cmp(&asked_later))
        })?;
        next.asked_at = Some(now);
        let was_urgent = mem::take(&mut next.is_urgent);
        Some((next.watched.group.id.clone(), was_urgent))
    }

    /// Takes over what was read of a group by itself then.
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

    /// A group could not be read by itself, for this reason. What is held of it stays.
    pub(super) fn failed(&mut self, id: &str, why: String) {
        let mut all = self.all.iter_mut();
        let group = all.find(|group| group.watched.group.id == id);
        if let Some(group) = group.filter(|group| group.missing == Missing::Slicers) {
            group.watched.failure = Some(why);
        }
    }

    /// The service does not know a group. Returns whether that confirms what the list says, and it is held no longer.
    pub(super) fn gone(&mut self, id: &str) -> bool {
        let is_gone = self.get(id).is_some_and(|watched| !watched.is_listed);
        if is_gone {
            self.all.retain(|group| group.watched.group.id != id);
        }
        is_gone
    }

    /// How long a round takes, as far as that is known now.
    pub(super) fn round(&mut self, now: Millis) -> Duration {
        self.end_round(now);
        let lasts = self.round.map_or(0.0, |began| now - began);
        Duration::try_from_secs_f64(self.took.max(lasts) / 1_000.0).unwrap_or_default()
    }

    /// A round is over once it has come to every group without its slicers.
    fn end_round(&mut self, now: Millis) {
        let mut slicers = self
            .all
            .iter()
            .filter(|one| one.missing == Missing::Slicers);
        if let Some(began) = self.round
            && !slicers.any(|group| group.is_due(self.round, self.listed_at))
        {
            self.took = now - began;
            self.round = None;
        }
    }

    fn find(&mut self, id: &str) -> Option<&mut WatchedSlicerGroup> {
        let mut all = self.all.iter_mut().map(|group| &mut group.watched);
        all.find(|watched| watched.group.id == id)
    }
}

impl Group {
    /// As a list that was read then tells it, with what was known before of what the list omits.
    fn listed(listed: FailoverGroup, known: Option<Self>, at: DateTime<Utc>) -> Self {
        let missing = match (&listed.slicers, &listed.channels) {
            (None, _) => Missing::Slicers,
            (_, None) => Missing::Channels,
            _ => Missing::Nothing,
        };
        let mut group = known.unwrap_or_else(|| Self::placeholder(listed.id.clone()));
        let before = mem::take(&mut group.watched.group);
        let has_changed = is_other(before.active.as_ref(), listed.active.as_ref())
            || is_other(before.failover_time.as_ref(), listed.failover_time.as_ref());
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

    /// Nothing is known of it but that there was one.
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
            asked_at: None,
            is_urgent: false,
        }
    }

    /// Whether it is to be read by itself.
    fn is_due(&self, round: Option<Millis>, listed_at: Millis) -> bool {
        let since = match self.missing {
            Missing::Nothing => return false,
            Missing::Channels => Some(listed_at - CHANNEL_READ_INTERVAL_MS),
            Missing::Slicers => round,
        };
        self.asked_at
            .is_none_or(|at| since.is_some_and(|since| at < since))
    }
}

fn is_other<T: PartialEq>(before: Option<&T>, now: Option<&T>) -> bool {
    before.is_some() && now.is_some() && before != now
}

/// A group as listed, with what the list omits as it was before.
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
    let whole = FailoverGroup {
        channels: listed.channels.or(before.channels),
        unreadable,
        ..listed
    };
    if has_slicers {
        return whole;
    }
    FailoverGroup {
        owner: whole.owner.or(before.owner),
        name: whole.name.or(before.name),
        hot_warm: whole.hot_warm.or(before.hot_warm),
        mode: whole.mode.or(before.mode),
        auto_failback: whole.auto_failback.or(before.auto_failback),
        failover_time: whole.failover_time.or(before.failover_time),
        active: whole.active.or(before.active),
        slicers: before.slicers,
        ..whole
    }
}

#[cfg(test)]
mod tests;

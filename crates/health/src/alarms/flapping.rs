//! A resource that changes too often to be followed: its changes are one alarm.

use chrono::{DateTime, TimeDelta, Utc};
use std::collections::VecDeque;

/// How many observations are remembered: with 21, there are 20 places at which a change can be.
pub(super) const OBSERVATIONS: usize = 21;

/// How many changes within [`SHORT`] are flapping.
const AT_ONCE: usize = 3;

/// The span in which changes are counted one by one.
const SHORT: TimeDelta = TimeDelta::minutes(1);

/// Of 20 possible changes so many are flapping, however slow.
const MANY: usize = 10;

/// Of 20 possible changes fewer than this are calm again.
const FEW: usize = 5;

/// What a thing was, as often as it was looked at lately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct History<S> {
    /// When it was looked at, and whether that was a change; the oldest first.
    seen: VecDeque<(DateTime<Utc>, bool)>,
    /// The last [`AT_ONCE`] changes, the oldest first: of a thing that is looked at every 2 s, `seen`
    /// does not go back as far as [`SHORT`].
    latest: VecDeque<DateTime<Utc>>,
    state: Option<S>,
    flapping: Option<Flapping>,
}

/// How a thing flaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flapping {
    /// How many changes there have been since then.
    pub changes: usize,
    /// When the first of them was.
    pub since: DateTime<Utc>,
}

impl<S> Default for History<S> {
    fn default() -> Self {
        Self {
            seen: VecDeque::new(),
            latest: VecDeque::new(),
            state: None,
            flapping: None,
        }
    }
}

impl<S: PartialEq> History<S> {
    /// Remembers what the thing was then. One that is not later than the last one says nothing new.
    pub(super) fn observe(&mut self, state: S, at: DateTime<Utc>) {
        if self.seen.back().is_some_and(|(last, _)| *last >= at) {
            return;
        }
        let changed = self.state.as_ref().is_some_and(|held| *held != state);
        self.state = Some(state);
        self.remember(changed, at);
        self.flapping = match self.flapping {
            Some(flapping) => self.goes_on(flapping, changed, at),
            None => self.begins(at),
        };
    }

    /// It was looked at, and is nothing that counts as a state. A thing that flaps calms down by that as by any other
    /// look without a change; of one that does not, nothing is remembered.
    pub(super) fn unchanged(&mut self, at: DateTime<Utc>) {
        let Some(flapping) = self.flapping else {
            return;
        };
        if self.seen.back().is_none_or(|(last, _)| *last < at) {
            self.remember(false, at);
            self.flapping = self.goes_on(flapping, false, at);
        }
    }

    /// The clock was set back.
    pub(super) fn set_back(&mut self, by: TimeDelta) {
        let since = self.flapping.iter_mut().map(|one| &mut one.since);
        let seen = self.seen.iter_mut().map(|(at, _)| at);
        for time in seen.chain(&mut self.latest).chain(since) {
            *time = time.checked_sub_signed(by).unwrap_or_default();
        }
    }

    /// Goes on flapping as it did before a restart: it calms down after a minute without a change.
    pub(super) fn go_on_flapping(&mut self, flapping: Flapping, at: DateTime<Utc>) {
        self.flapping = Some(flapping);
        self.latest.push_back(at);
    }

    fn remember(&mut self, changed: bool, at: DateTime<Utc>) {
        self.seen.push_back((at, changed));
        if self.seen.len() > OBSERVATIONS {
            self.seen.pop_front();
        }
        // Of the oldest one it is not known any more what it was a change from.
        if let Some(first) = self.seen.front_mut() {
            first.1 = false;
        }
        if changed {
            self.latest.push_back(at);
        }
        if self.latest.len() > AT_ONCE {
            self.latest.pop_front();
        }
    }

    fn begins(&self, now: DateTime<Utc>) -> Option<Flapping> {
        let seen = self.changes().count();
        let at_once = self.latest.len() == AT_ONCE && is_recent(self.latest.front(), now);
        let slow = self.seen.len() == OBSERVATIONS && seen >= MANY;
        // The longer memory of the two tells the beginning.
        let first = self.changes().next().filter(|_| seen >= AT_ONCE);
        let since = first.or(self.latest.front().copied())?;
        (at_once || slow).then_some(Flapping {
            changes: seen.max(self.latest.len()),
            since,
        })
    }

    fn goes_on(&self, flapping: Flapping, changed: bool, now: DateTime<Utc>) -> Option<Flapping> {
        let calm = !is_recent(self.latest.back(), now) && self.changes().count() < FEW;
        (!calm).then(|| Flapping {
            changes: flapping.changes.saturating_add(usize::from(changed)),
            ..flapping
        })
    }

    fn changes(&self) -> impl Iterator<Item = DateTime<Utc>> + '_ {
        let changes = self.seen.iter().filter(|(_, changed)| *changed);
        changes.map(|(at, _)| *at)
    }

    /// Whether the thing flaps: three changes within a minute, or half of the last 20 possible ones. It
    /// is calm again once a minute has brought no change and under a quarter of the last 20 were one.
    #[must_use]
    pub(super) fn flapping(&self) -> Option<Flapping> {
        self.flapping
    }
}

fn is_recent(change: Option<&DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    change.is_some_and(|at| now.signed_duration_since(*at) <= SHORT)
}

#[cfg(test)]
mod tests;

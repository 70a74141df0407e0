//! Detects flapping: a resource that changes so often that its changes become one alarm.

use chrono::{DateTime, TimeDelta, Utc};
use std::collections::VecDeque;

/// Number of observations kept. Between 21 observations there are 20 possible changes.
pub(super) const OBSERVATIONS: usize = 21;

/// Number of changes within [`BURST_SPAN`] that count as flapping.
const BURST_CHANGES: usize = 3;

/// The time in which [`BURST_CHANGES`] changes count as flapping, and after which a resource without a change is calm.
const BURST_SPAN: TimeDelta = TimeDelta::minutes(1);

/// Number of the last 20 possible changes that count as flapping, however slow they are.
const SLOW_CHANGES: usize = 10;

/// Flapping ends only with fewer than this many of the last 20 possible changes.
const CALM_CHANGES: usize = 5;

/// The latest observations of one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct History<S> {
    /// Time of each observation and whether it was a change, oldest first.
    observations: VecDeque<(DateTime<Utc>, bool)>,
    /// Times of the last [`BURST_CHANGES`] changes, oldest first. With an observation every 2 s, `observations` does
    /// not reach back as far as [`BURST_SPAN`].
    latest_changes: VecDeque<DateTime<Utc>>,
    state: Option<S>,
    flapping: Option<Flapping>,
}

/// A state that flaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flapping {
    /// Number of changes so far.
    pub changes: usize,
    /// Time of the first of these changes.
    pub since: DateTime<Utc>,
}

impl<S> Default for History<S> {
    fn default() -> Self {
        Self {
            observations: VecDeque::new(),
            latest_changes: VecDeque::new(),
            state: None,
            flapping: None,
        }
    }
}

impl<S: PartialEq> History<S> {
    /// Records an observation. One that is not newer than the last is ignored.
    pub(super) fn observe(&mut self, state: S, at: DateTime<Utc>) {
        if self
            .observations
            .back()
            .is_some_and(|(last, _)| *last >= at)
        {
            return;
        }
        let changed = self.state.as_ref().is_some_and(|held| *held != state);
        self.state = Some(state);
        self.remember(changed, at);
        self.flapping = match self.flapping {
            Some(flapping) => self.continued(flapping, changed, at),
            None => self.detected(at),
        };
    }

    /// Records an observation in which there is no state to compare. While flapping it counts as an observation
    /// without a change; otherwise it is ignored.
    pub(super) fn unchanged(&mut self, at: DateTime<Utc>) {
        let Some(flapping) = self.flapping else {
            return;
        };
        if self.observations.back().is_none_or(|(last, _)| *last < at) {
            self.remember(false, at);
            self.flapping = self.continued(flapping, false, at);
        }
    }

    /// Moves all times back, after the clock was set back.
    pub(super) fn set_back(&mut self, by: TimeDelta) {
        let since = self.flapping.iter_mut().map(|one| &mut one.since);
        let observed = self.observations.iter_mut().map(|(at, _)| at);
        for time in observed.chain(&mut self.latest_changes).chain(since) {
            *time = time.checked_sub_signed(by).unwrap_or_default();
        }
    }

    /// Continues flapping from before a restart, which ends after a minute without a change.
    pub(super) fn resume_flapping(&mut self, flapping: Flapping, at: DateTime<Utc>) {
        self.flapping = Some(flapping);
        self.latest_changes.push_back(at);
    }

    fn remember(&mut self, changed: bool, at: DateTime<Utc>) {
        self.observations.push_back((at, changed));
        if self.observations.len() > OBSERVATIONS {
            self.observations.pop_front();
        }
        // The state before the oldest observation is no longer known, so it cannot count as a change.
        if let Some(first) = self.observations.front_mut() {
            first.1 = false;
        }
        if changed {
            self.latest_changes.push_back(at);
        }
        if self.latest_changes.len() > BURST_CHANGES {
            self.latest_changes.pop_front();
        }
    }

    fn detected(&self, now: DateTime<Utc>) -> Option<Flapping> {
        let changes = self.changes().count();
        let burst = self.latest_changes.len() == BURST_CHANGES
            && is_recent(self.latest_changes.front(), now);
        let slow = self.observations.len() == OBSERVATIONS && changes >= SLOW_CHANGES;
        // Take the beginning from whichever of the two lists reaches further back.
        let first = self.changes().next().filter(|_| changes >= BURST_CHANGES);
        let since = first.or(self.latest_changes.front().copied())?;
        (burst || slow).then_some(Flapping {
            changes: changes.max(self.latest_changes.len()),
            since,
        })
    }

    fn continued(&self, flapping: Flapping, changed: bool, now: DateTime<Utc>) -> Option<Flapping> {
        let calm =
            !is_recent(self.latest_changes.back(), now) && self.changes().count() < CALM_CHANGES;
        (!calm).then(|| Flapping {
            changes: flapping.changes.saturating_add(usize::from(changed)),
            ..flapping
        })
    }

    fn changes(&self) -> impl Iterator<Item = DateTime<Utc>> + '_ {
        let changes = self.observations.iter().filter(|(_, changed)| *changed);
        changes.map(|(at, _)| *at)
    }

    /// The current flapping. It begins with three changes within a minute, or once half of the last 20 observations
    /// are changes. It ends after a minute without a change, once fewer than a quarter of the last 20 are changes.
    #[must_use]
    pub(super) fn flapping(&self) -> Option<Flapping> {
        self.flapping
    }
}

fn is_recent(change: Option<&DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    change.is_some_and(|at| now.signed_duration_since(*at) <= BURST_SPAN)
}

#[cfg(test)]
mod tests;

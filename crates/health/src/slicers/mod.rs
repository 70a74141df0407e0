//! Uplynk: which slicer should be on air, which could take over, and what is wrong with a group.

mod alarms;
mod deeds;
mod judge;
mod order_effect;
mod words;

#[cfg(test)]
mod deeds_tests;
#[cfg(test)]
mod judge_tests;
#[cfg(test)]
mod tests;

pub use deeds::Deed;
pub use judge::judge_slicers;
pub use order_effect::order_effect;
pub use words::{hot_warm_words, state_word};

use chrono::{DateTime, TimeDelta, Utc};
use vendors::uplynk::{Blacklist, FailoverGroup, Mode, OnAir, Slicer, SlicerState};

/// The health of a slicer, by its blacklist: what it is doing is not its health.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SlicerHealth {
    /// Not blacklisted.
    Healthy,
    /// Not eligible until then.
    Unhealthy {
        /// The end of the blacklisting.
        until: DateTime<Utc>,
    },
    /// The blacklisting has run out and the re-check is due: not healthy yet.
    RecheckDue {
        /// Since when.
        since: DateTime<Utc>,
    },
    /// The service did not say.
    Unknown,
}

/// The health of a slicer.
#[must_use]
pub fn slicer_health(slicer: &Slicer, now: DateTime<Utc>) -> SlicerHealth {
    match slicer.blacklist {
        Some(Blacklist::Healthy) => SlicerHealth::Healthy,
        Some(Blacklist::Until(until)) if until > now => SlicerHealth::Unhealthy { until },
        Some(Blacklist::Until(since)) => SlicerHealth::RecheckDue { since },
        None => SlicerHealth::Unknown,
    }
}

/// Whether a picture whose address has not changed for so long over several readings is no longer one
/// of what the slicer is doing.
#[must_use]
pub fn is_stale_picture(unchanged: TimeDelta) -> bool {
    unchanged >= TimeDelta::seconds(30)
}

/// The slicers by their order; as listed where the order is equal or missing.
#[must_use]
pub fn ordered(group: &FailoverGroup) -> Vec<&Slicer> {
    let mut slicers: Vec<&Slicer> = group.slicers.iter().flatten().collect();
    slicers.sort_by_key(|slicer| slicer.order.unwrap_or(i64::MAX));
    slicers
}

/// Whether a slicer could go on air: healthy, in failover, and not inactive.
#[must_use]
pub fn is_ready(slicer: &Slicer, now: DateTime<Utc>) -> bool {
    slicer_health(slicer, now) == SlicerHealth::Healthy
        && slicer.enabled != Some(false)
        && slicer.state != Some(SlicerState::Inactive)
}

/// The slicer that the order wants on air now: the first that is ready. `None` in flat mode, where any
/// will do, in a mode that the contract does not know, and when no slicer is ready.
#[must_use]
pub fn intended(group: &FailoverGroup, now: DateTime<Utc>) -> Option<&Slicer> {
    intended_of(group, &ordered(group), now)
}

/// The same, had the group's slicers this order.
fn intended_of<'s>(
    group: &FailoverGroup,
    order: &[&'s Slicer],
    now: DateTime<Utc>,
) -> Option<&'s Slicer> {
    let mut order = order.iter().copied();
    (group.mode == Some(Mode::Prioritized))
        .then(|| order.find(|slicer| is_ready(slicer, now)))
        .flatten()
}

/// The slicer that is on air, if it is one of the group's.
#[must_use]
pub fn on_air(group: &FailoverGroup) -> Option<&Slicer> {
    let Some(OnAir::Slicer(id)) = &group.active else {
        return None;
    };
    group
        .slicers
        .iter()
        .flatten()
        .find(|slicer| slicer.id == *id)
}

/// Backups that are ready and hot: they encode and store already, so that a failover to one has no gap
/// (`hot_warm`: 0 all hot, 1 one hot, N the primary and N−1 backups). Which backups are the hot ones is
/// not published: they are taken to be the first of the order.
#[must_use]
pub fn hot_backups(group: &FailoverGroup, now: DateTime<Utc>) -> usize {
    let hot = match group.hot_warm {
        Some(0) | None => usize::MAX,
        Some(hot) => usize::try_from(hot).unwrap_or(usize::MAX),
    };
    let active = on_air(group).map(|slicer| slicer.id.as_str());
    ordered(group)
        .into_iter()
        .filter(|slicer| Some(slicer.id.as_str()) != active)
        .take(hot.saturating_sub(1))
        .filter(|slicer| is_ready(slicer, now))
        .count()
}

/// Backups that could take over at once, and all backups that take part in failover.
#[must_use]
pub fn backups(group: &FailoverGroup, now: DateTime<Utc>) -> (usize, usize) {
    let active = on_air(group).map(|slicer| slicer.id.as_str());
    let others = || {
        group
            .slicers
            .iter()
            .flatten()
            .filter(|slicer| Some(slicer.id.as_str()) != active)
    };
    let all = others()
        .filter(|slicer| slicer.enabled != Some(false))
        .count();
    (others().filter(|slicer| is_ready(slicer, now)).count(), all)
}

//! Uplynk: the intended slicer, the backups and the verdict on a group.

mod actions;
mod assumed;
mod judge;
mod order_effect;
mod verdicts;
mod words;

#[cfg(test)]
mod tests;

pub use actions::{Action, Alternatives};
pub use judge::judge_slicers;
pub use order_effect::order_effect;
pub use words::{
    SLATE, channel_label, channel_label_of, hot_warm_words, mode_word, on_air_word, state_word,
};

use crate::sort;
use chrono::{DateTime, TimeDelta, Utc};
use vendors::uplynk::{Blacklist, FailoverGroup, Mode, OnAir, Slicer, SlicerState};

/// The health of a slicer, from its blacklisting. Its state is a separate property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SlicerHealth {
    /// Not blacklisted.
    Healthy,
    /// Blacklisted until a time in the future.
    Unhealthy {
        /// The end of the blacklisting.
        until: DateTime<Utc>,
    },
    /// The blacklisting has expired and the re-check is due; not healthy yet.
    RecheckDue {
        /// The end of the blacklisting.
        since: DateTime<Utc>,
    },
    /// Not reported.
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

/// Whether a thumbnail is stale, given the time for which its address has not changed.
#[must_use]
pub fn is_stale_thumbnail(unchanged: TimeDelta) -> bool {
    unchanged >= TimeDelta::seconds(30)
}

/// The slicers sorted by position; equal and missing positions keep the order of the list.
#[must_use]
pub fn ordered(group: &FailoverGroup) -> Vec<&Slicer> {
    let mut slicers: Vec<&Slicer> = group.slicers.iter().flatten().collect();
    let position = |slicer: &Slicer| slicer.order.unwrap_or(i64::MAX);
    sort(&mut slicers, |a, b| position(a).cmp(&position(b)));
    slicers
}

/// Whether a slicer can go on air: it is healthy, eligible and not inactive. Unknown values count against it.
#[must_use]
pub fn is_ready(slicer: &Slicer, now: DateTime<Utc>) -> bool {
    slicer_health(slicer, now) == SlicerHealth::Healthy
        && slicer.enabled == Some(true)
        && slicer.state.is_some()
        && slicer.state != Some(SlicerState::Inactive)
}

/// The slicer that should be on air by its position: the first ready one, or the one on air unless it is known not to
/// be ready. `None` in flat or unknown mode, if there is no such slicer, or if an unreported position may come first.
#[must_use]
pub fn intended(group: &FailoverGroup, now: DateTime<Utc>) -> Option<&Slicer> {
    let candidates = candidates(group, ordered(group), now);
    let first = *candidates.first()?;
    let is_open = candidates.len() > 1 && candidates.iter().any(|one| one.order.is_none());
    (first.order == Some(1) || !is_open).then_some(first)
}

/// The slicers of `order` that may go on air by the mode and their health.
fn candidates<'s>(
    group: &FailoverGroup,
    mut order: Vec<&'s Slicer>,
    now: DateTime<Utc>,
) -> Vec<&'s Slicer> {
    let active = on_air(group).map(|slicer| slicer.id.as_str());
    let may_be_ready = |slicer: &Slicer| {
        !matches!(slicer.blacklist, Some(Blacklist::Until(_)))
            && slicer.enabled != Some(false)
            && slicer.state != Some(SlicerState::Inactive)
    };
    let prioritized = group.mode == Some(Mode::Prioritized);
    order.retain(|slicer| {
        let stays = Some(slicer.id.as_str()) == active && may_be_ready(slicer);
        prioritized && (is_ready(slicer, now) || stays)
    });
    order
}

/// The number of channels that use the group; `None` if they are not reported or one is unreadable.
#[must_use]
pub fn channel_count(group: &FailoverGroup) -> Option<usize> {
    let mut unreadable = group.unreadable.iter();
    let is_complete = !unreadable.any(|field| field.name.starts_with("channels"));
    group
        .channels
        .as_ref()
        .map(Vec::len)
        .filter(|_| is_complete)
}

/// The slicer on air, if it belongs to the group.
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

/// The number of ready hot backups. They already encode and store, so a failover to them has no gap (`hot_warm`: 0
/// means all hot, 1 only the primary, N the primary and N−1 backups). The vendor does not document which backups are
/// hot; this assumes the first ones by position.
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

/// The number of backups that can take over immediately, and of all backups that take part in failover.
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

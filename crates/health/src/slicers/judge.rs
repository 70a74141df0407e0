//! Selects the verdict on a slicer group: its most severe problem. The module `verdicts` has the texts.

use super::assumed;
use super::verdicts::Verdicts;
use super::{SlicerHealth, intended, is_ready, on_air, ordered, slicer_health};
use crate::doubt::between;
use crate::verdict::Verdict;
use chrono::{DateTime, Utc};
use vendors::uplynk::{FailoverGroup, Mode, OnAir, Slicer, SlicerState};

/// Judges a slicer group. In flat mode no slicer is preferred.
#[must_use]
pub fn judge_slicers(group: &FailoverGroup, now: DateTime<Utc>) -> Verdict {
    let Some(why) = assumed::doubt(group) else {
        return judge(group, now);
    };
    let worst = judge(&assumed::worst(group), now);
    let best = judge(&assumed::best(group), now);
    between(worst, best, Verdicts::new(group, now).name(), &why)
}

fn judge(group: &FailoverGroup, now: DateTime<Utc>) -> Verdict {
    let verdicts = Verdicts::new(group, now);
    if group.active == Some(OnAir::Slate) {
        return verdicts.on_slate(group.slicers.as_deref());
    }
    if group.slicers.is_none() {
        return verdicts.slicers_unknown();
    }
    match &group.active {
        None | Some(OnAir::Slate) => verdicts.on_air_unknown(),
        Some(OnAir::Slicer(id)) => match on_air(group) {
            None => verdicts.unlisted_on_air(id),
            Some(active) => with_active(&verdicts, group, active, now),
        },
    }
}

fn with_active(
    verdicts: &Verdicts<'_>,
    group: &FailoverGroup,
    active: &Slicer,
    now: DateTime<Utc>,
) -> Verdict {
    if is_failing(active, now) {
        return verdicts.on_air_unhealthy(active);
    }
    let wanted = intended(group, now).filter(|intended| intended.id != active.id);
    if let Some(wanted) = wanted {
        return verdicts.on_backup(active, wanted);
    }
    if let Some(skipped) = skipped(group, active, now) {
        return verdicts.on_backup_of_failing(active, skipped);
    }
    match super::backups(group, now) {
        (0, all) => verdicts.no_backup(active, all),
        (ready, _) if group.hot_warm > Some(1) && super::hot_backups(group, now) == 0 => {
            verdicts.only_warm(active, ready)
        }
        _ => verdicts.normal(active),
    }
}

/// Whether a slicer is unhealthy, due for its re-check, or inactive.
fn is_failing(slicer: &Slicer, now: DateTime<Utc>) -> bool {
    let inactive = slicer.state == Some(SlicerState::Inactive);
    match slicer_health(slicer, now) {
        SlicerHealth::Unhealthy { .. } | SlicerHealth::RecheckDue { .. } => true,
        SlicerHealth::Healthy | SlicerHealth::Unknown => inactive,
    }
}

/// The first slicer that comes before the active one and is not ready.
fn skipped<'a>(
    group: &'a FailoverGroup,
    active: &Slicer,
    now: DateTime<Utc>,
) -> Option<&'a Slicer> {
    if group.mode != Some(Mode::Prioritized) {
        return None;
    }
    ordered(group)
        .into_iter()
        .take_while(|slicer| slicer.id != active.id)
        .find(|slicer| slicer.enabled != Some(false) && !is_ready(slicer, now))
}

#[cfg(test)]
mod tests;

//! Selects the verdict on a slicer group: the most severe problem. `verdicts` has the texts.

use super::assumed;
use super::verdicts::Verdicts;
use super::{SlicerHealth, intended, is_ready, on_air, ordered, slicer_health};
use crate::doubt::between;
use crate::verdict::Verdict;
use chrono::{DateTime, Utc};
use vendors::uplynk::{FailoverGroup, Mode, OnAir, Slicer, SlicerState};

/// Judges a slicer group. In flat mode, no slicer is preferred.
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
    let say = Verdicts::new(group, now);
    if group.active == Some(OnAir::Slate) {
        return say.on_slate(group.slicers.as_deref());
    }
    if group.slicers.is_none() {
        return say.slicers_unknown();
    }
    match &group.active {
        None | Some(OnAir::Slate) => say.on_air_unknown(),
        Some(OnAir::Slicer(id)) => match on_air(group) {
            None => say.stranger_on_air(id),
            Some(active) => with_active(&say, group, active, now),
        },
    }
}

fn with_active(
    say: &Verdicts<'_>,
    group: &FailoverGroup,
    active: &Slicer,
    now: DateTime<Utc>,
) -> Verdict {
    if is_sick(active, now) {
        return say.on_air_unhealthy(active);
    }
    let wanted = intended(group, now).filter(|intended| intended.id != active.id);
    if let Some(wanted) = wanted {
        return say.on_backup(active, wanted);
    }
    if let Some(skipped) = skipped(group, active, now) {
        return say.on_backup_of_sick(active, skipped);
    }
    match super::backups(group, now) {
        (0, all) => say.no_backup(active, all),
        (ready, _) if group.hot_warm > Some(1) && super::hot_backups(group, now) == 0 => {
            say.only_warm(active, ready)
        }
        _ => say.normal(active),
    }
}

/// Whether a slicer is unhealthy, due for its re-check, or inactive.
fn is_sick(slicer: &Slicer, now: DateTime<Utc>) -> bool {
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

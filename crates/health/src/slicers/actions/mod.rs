//! The actions on a slicer group: their availability, their effect and the required confirmation.

mod alternatives;
mod effects;

use super::order_effect::slate_stays;
use super::{backups, channel_count, channel_label_of, intended, is_ready, on_air};
use crate::effect::{Confirm, Effect};
use crate::freshness::Freshness;
use crate::severity::Severity::{self, Normal, Warning};
pub use alternatives::Alternatives;
use chrono::{DateTime, Utc};
use effects::{activate, plain_effect, set_auto_failback, set_eligible, set_mode, set_slate};
use vendors::uplynk::{FailoverGroup, Mode, OnAir, Slicer};

/// An action on a slicer group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Sets the failover mode.
    SetMode(Mode),
    /// Sets auto failback.
    SetAutoFailback(bool),
    /// Makes a slicer eligible for failover, or not eligible.
    SetEligible(String, bool),
    /// Puts a slicer on air.
    Activate(String),
    /// Puts the slate on air, or takes it off.
    SetSlate(bool),
    /// Adds a channel.
    AddChannel,
    /// Removes the channel with this id.
    RemoveChannel(String),
    /// Adds an allowed owner.
    AddOwner,
    /// Removes this allowed owner.
    RemoveOwner(String),
    /// Overwrites the order that another user has saved.
    Overwrite {
        /// The new order.
        order: Vec<String>,
        /// The other user's order, as shown to this user.
        theirs: Vec<String>,
    },
}

fn slicer<'g>(group: &'g FailoverGroup, id: &str) -> Option<&'g Slicer> {
    group
        .slicers
        .iter()
        .flatten()
        .find(|slicer| slicer.id == id)
}

fn is_active(group: &FailoverGroup, id: &str) -> bool {
    matches!(&group.active, Some(OnAir::Slicer(active)) if active == id)
}

/// The group's channels, in words; `None` if no channel uses it.
fn channels(group: &FailoverGroup) -> Option<String> {
    Some(match channel_count(group) {
        Some(0) => return None,
        Some(1) => "its channel".to_owned(),
        Some(count) => format!("all {count} channels"),
        None => "its channels".to_owned(),
    })
}

/// A note about the effect of a change on air: a warning if it is or may be a switch.
fn switch(
    group: &FailoverGroup,
    new: &FailoverGroup,
    now: DateTime<Utc>,
) -> Option<(Severity, String)> {
    let (ready, others) = (backups(group, now).0, backups(new, now).0);
    if group.active == Some(OnAir::Slate) {
        let ready = ready.min(others);
        let severity = if ready == 0 { Warning } else { Normal };
        return Some((severity, slate_stays(ready).to_owned()));
    }
    if new.auto_failback == Some(false) || new.mode == Some(Mode::Flat) {
        return None;
    }
    let unknown = match intended(new, now) {
        Some(wanted) if is_active(new, &wanted.id) => return None,
        Some(wanted) if new.auto_failback.is_some() => {
            let id = &wanted.id;
            let note = format!("This is a switch on air: {id} goes on air as soon as it is done.");
            return Some((Warning, note));
        }
        None if others == 0 => return None,
        Some(_) => "It is not known whether auto failback is on",
        None if new.mode == Some(Mode::Prioritized) => "Not every position is reported",
        None => "The failover mode is not known",
    };
    Some((Warning, format!("{unknown}: this may be a switch on air.")))
}

impl Action {
    /// Whether the group's state allows the action.
    ///
    /// # Errors
    /// The reason in one sentence, for the disabled control.
    pub fn can(&self, group: &FailoverGroup) -> Result<(), String> {
        let flat = group.mode == Some(Mode::Flat);
        match self {
            Self::SetAutoFailback(_) if flat => Err("Auto failback applies only in prioritized mode.".to_owned()),
            Self::SetMode(mode) if group.mode.as_ref() == Some(mode) => Err("It is already in this mode.".to_owned()),
            Self::Activate(id) if slicer(group, id).is_none() => Err(format!("{id} is no longer in the group.")),
            Self::Activate(id) if is_active(group, id) => Err(format!("{id} is already on air.")),
            Self::Activate(_) if group.auto_failback == Some(true) && flat => {
                Err("Auto failback is stored as on, and while it is, Uplynk rejects activating a slicer in flat mode too.".to_owned())
            }
            Self::Activate(_) if group.auto_failback == Some(true) => {
                Err("While auto failback is on, Uplynk rejects activating a slicer: it would be switched back immediately.".to_owned())
            }
            Self::SetEligible(id, _) if slicer(group, id).is_none() => Err(format!("{id} is no longer in the group.")),
            Self::SetSlate(true) if group.active == Some(OnAir::Slate) => Err("The slate is already on air.".to_owned()),
            Self::SetSlate(false) if group.active != Some(OnAir::Slate) => Err("The slate is not on air.".to_owned()),
            Self::Overwrite { .. } if flat => Err("The group is in flat mode now: there is no order to save.".to_owned()),
            _ => Ok(()),
        }
    }

    /// The effect of the action.
    #[must_use]
    pub fn effect(&self, group: &FailoverGroup, now: DateTime<Utc>) -> Effect {
        match self {
            Self::SetMode(mode) => set_mode(group, mode, now),
            Self::SetAutoFailback(on) => set_auto_failback(group, *on, now),
            Self::SetEligible(id, eligible) => set_eligible(group, id, *eligible, now),
            Self::Activate(id) => activate(group, id, now),
            Self::SetSlate(on) => set_slate(group, *on, now),
            Self::AddChannel => plain_effect("The channel shows whatever this group has on air."),
            Self::RemoveChannel(id) => {
                let name = channel_label_of(group, id);
                Effect {
                    sentence: format!("{name} no longer shows what this group has on air."),
                    notes: vec![(
                        Warning,
                        "Viewers of this channel lose this group's video at once.".to_owned(),
                    )],
                }
            }
            Self::AddOwner => plain_effect(
                "This owner will be able to see the group and change everything on this page.",
            ),
            Self::RemoveOwner(id) => plain_effect(&format!(
                "{id} will no longer be able to see or change the group."
            )),
            Self::Overwrite { order, .. } => super::order_effect(group, order, now),
        }
    }

    /// The required confirmation; stale data always requires typing.
    #[must_use]
    pub fn confirm(&self, group: &FailoverGroup, now: DateTime<Utc>, shown: Freshness) -> Confirm {
        if !shown.is_believable() {
            return Confirm::Typed("the shown data is stale".to_owned());
        }
        match self {
            Self::SetSlate(true) => Confirm::Typed(channels(group).map_or_else(
                || "no slicer stays on air".to_owned(),
                |channels| format!("the slate replaces {channels}"),
            )),
            Self::RemoveChannel(_) => {
                Confirm::Typed("viewers lose this channel's video".to_owned())
            }
            Self::Overwrite { .. } => Confirm::Typed("another user's order is lost".to_owned()),
            Self::Activate(id) if !slicer(group, id).is_some_and(|one| is_ready(one, now)) => {
                Confirm::Typed(format!("{id} is not ready"))
            }
            _ => Confirm::Click,
        }
    }

    /// Whether the action needs no confirmation dialog: only a change of a backup's known eligibility that causes no
    /// switch and leaves another backup ready.
    #[must_use]
    pub fn needs_no_dialog(
        &self,
        group: &FailoverGroup,
        now: DateTime<Utc>,
        shown: Freshness,
    ) -> bool {
        let Self::SetEligible(id, eligible) = self else {
            return false;
        };
        let active = on_air(group).is_some_and(|slicer| slicer.id == *id);
        let (ready, _) = backups(group, now);
        let slicer = slicer(group, id);
        let known = slicer.is_some_and(|slicer| slicer.enabled.is_some());
        let ready_itself = slicer.is_some_and(|slicer| is_ready(slicer, now));
        let note = switch(group, &with_eligible(group, id, *eligible), now);
        let last = !eligible && ready_itself && ready <= 1;
        let switches = note.is_some_and(|(severity, _)| severity == Warning);
        shown.is_believable() && known && !(active || last || switches)
    }
}

/// The group with the eligibility of this slicer changed.
fn with_eligible(group: &FailoverGroup, id: &str, eligible: bool) -> FailoverGroup {
    let mut new = group.clone();
    for slicer in new
        .slicers
        .iter_mut()
        .flatten()
        .filter(|slicer| slicer.id == id)
    {
        slicer.enabled = Some(eligible);
    }
    new
}

#[cfg(test)]
mod tests;

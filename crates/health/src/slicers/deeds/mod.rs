//! What can be done with a slicer group: whether it can be done now, what it will do, and how much
//! confirmation it wants.

mod effects;

use super::{intended, is_ready, on_air};
use crate::effect::{Confirm, Effect};
use crate::freshness::Freshness;
use crate::severity::Severity::Warning;
use chrono::{DateTime, Utc};
use effects::{activate, channel_name, set_auto_failback, set_eligible, set_mode, set_slate, told};
use vendors::uplynk::{FailoverGroup, Mode, OnAir, Slicer};

/// Something to do with a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Sets the failover mode.
    SetMode(Mode),
    /// Sets auto failback.
    SetAutoFailback(bool),
    /// Takes a slicer into failover, or out of it.
    SetEligible(String, bool),
    /// Puts a slicer on air.
    Activate(String),
    /// Puts the slate on air, or takes it off.
    SetSlate(bool),
    /// Feeds one more channel.
    AddChannel,
    /// Feeds this channel (its id) no longer.
    RemoveChannel(String),
    /// Lets one more owner use the group.
    AddOwner,
    /// Lets this owner use it no longer.
    RemoveOwner(String),
    /// Writes this order over the one that somebody else has saved.
    Overwrite(Vec<String>),
}

fn slicer<'g>(group: &'g FailoverGroup, id: &str) -> Option<&'g Slicer> {
    group
        .slicers
        .iter()
        .flatten()
        .find(|slicer| slicer.id == id)
}

fn channels(group: &FailoverGroup) -> String {
    match group.channels.as_ref().map(Vec::len) {
        Some(1) => "its channel".to_owned(),
        Some(count) => format!("all {count} channels"),
        None => "its channels".to_owned(),
    }
}

/// What goes on air by itself in a group as it would be; nothing where that is left to chance.
fn goes_on_air(new: &FailoverGroup, now: DateTime<Utc>) -> Option<String> {
    let wanted = intended(new, now)?.id.clone();
    (Some(&wanted) != on_air(new).map(|slicer| &slicer.id)).then_some(wanted)
}

impl Deed {
    /// Whether the group's state allows it.
    ///
    /// # Errors
    /// Why not, in a sentence for the disabled control or in the place of it.
    pub fn can(&self, group: &FailoverGroup) -> Result<(), String> {
        let flat = group.mode == Some(Mode::Flat);
        match self {
            Self::SetAutoFailback(_) if flat => Err("Auto failback counts in prioritized mode only.".to_owned()),
            Self::SetMode(mode) if group.mode.as_ref() == Some(mode) => Err("It is in this mode already.".to_owned()),
            Self::Activate(id) if slicer(group, id).is_none() => Err(format!("{id} is no longer in the group.")),
            Self::Activate(id) if group.active == Some(OnAir::Slicer(id.clone())) => Err(format!("{id} is on air already.")),
            Self::Activate(_) if group.auto_failback == Some(true) => {
                Err("While auto failback is on, Uplynk refuses to activate a slicer: it would be put back at once.".to_owned())
            }
            Self::SetEligible(id, _) if slicer(group, id).is_none() => Err(format!("{id} is no longer in the group.")),
            Self::SetSlate(true) if group.active == Some(OnAir::Slate) => Err("The slate is on air already.".to_owned()),
            Self::SetSlate(false) if group.active != Some(OnAir::Slate) => Err("The slate is not on air.".to_owned()),
            Self::Overwrite(_) if flat => Err("The group is in flat mode now: there is no order to save.".to_owned()),
            _ => Ok(()),
        }
    }

    /// What it will do.
    #[must_use]
    pub fn effect(&self, group: &FailoverGroup, now: DateTime<Utc>) -> Effect {
        match self {
            Self::SetMode(mode) => set_mode(group, mode, now),
            Self::SetAutoFailback(on) => set_auto_failback(group, *on, now),
            Self::SetEligible(id, eligible) => set_eligible(group, id, *eligible, now),
            Self::Activate(id) => activate(group, id, now),
            Self::SetSlate(on) => set_slate(group, *on, now),
            Self::AddChannel => told("The channel shows whatever this group has on air."),
            Self::RemoveChannel(id) => {
                let name = channel_name(group, id);
                Effect {
                    sentence: format!("{name} no longer shows what this group has on air."),
                    notes: vec![(
                        Warning,
                        "Viewers of this channel lose this group's video at once.".to_owned(),
                    )],
                }
            }
            Self::AddOwner => {
                told("This account will see the group and may change all that is on this page.")
            }
            Self::RemoveOwner(id) => {
                told(&format!("{id} will no longer see the group nor change it."))
            }
            Self::Overwrite(order) => super::order_effect(group, order, now),
        }
    }

    /// How it is confirmed; what is old is not acted on by one click.
    #[must_use]
    pub fn confirm(&self, group: &FailoverGroup, now: DateTime<Utc>, shown: Freshness) -> Confirm {
        if !shown.is_believable() {
            return Confirm::Typed("what is shown is not fresh".to_owned());
        }
        match self {
            Self::SetSlate(true) => {
                Confirm::Typed(format!("the slate replaces {}", channels(group)))
            }
            Self::RemoveChannel(_) => {
                Confirm::Typed("viewers lose this channel's video".to_owned())
            }
            Self::Overwrite(_) => Confirm::Typed("somebody else's order is lost".to_owned()),
            Self::Activate(id) if !slicer(group, id).is_some_and(|one| is_ready(one, now)) => {
                Confirm::Typed(format!("{id} is not ready"))
            }
            _ => Confirm::Click,
        }
    }

    /// Whether it is so harmless that no dialog asks first: only a backup that is taken in, or left out
    /// while others are ready.
    #[must_use]
    pub fn is_quiet(&self, group: &FailoverGroup, now: DateTime<Utc>, shown: Freshness) -> bool {
        let Self::SetEligible(id, eligible) = self else {
            return false;
        };
        let active = on_air(group).is_some_and(|slicer| slicer.id == *id);
        let (ready, _) = super::backups(group, now);
        let counts = slicer(group, id).is_some_and(|slicer| is_ready(slicer, now));
        let changes = goes_on_air(&with_eligible(group, id, *eligible), now).is_some();
        let last = !eligible && counts && ready <= 1;
        let switches = changes && group.auto_failback == Some(true);
        shown.is_believable() && !(active || last || switches)
    }
}

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

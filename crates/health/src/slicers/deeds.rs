//! What can be done with a slicer group: whether it can be done now, what it will do, and how much
//! confirmation it wants.

use super::{SlicerHealth, intended, is_ready, on_air, ordered, slicer_health};
use crate::effect::{Confirm, Effect};
use crate::freshness::Freshness;
use crate::severity::Severity::{self, Normal, Warning};
use chrono::{DateTime, Utc};
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

fn switch(wanted: &str) -> (Severity, String) {
    (
        Warning,
        format!("This is a switch on air: {wanted} goes on air as soon as it is done."),
    )
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

fn told(sentence: &str) -> Effect {
    Effect {
        sentence: sentence.to_owned(),
        notes: Vec::new(),
    }
}

fn channel_name(group: &FailoverGroup, id: &str) -> String {
    let mut all = group.channels.iter().flatten();
    let found = all.find(|channel| channel.id == id);
    found
        .and_then(|channel| channel.desc.clone())
        .unwrap_or_else(|| id.to_owned())
}

fn set_mode(group: &FailoverGroup, mode: &Mode, now: DateTime<Utc>) -> Effect {
    match mode {
        Mode::Prioritized => {
            let mut new = FailoverGroup {
                mode: Some(Mode::Prioritized),
                ..group.clone()
            };
            for (slicer, place) in new.slicers.iter_mut().flatten().zip(1..) {
                slicer.order = Some(place);
            }
            let listed: Vec<&str> = ordered(&new).iter().map(|one| one.id.as_str()).collect();
            let mut notes = vec![(
                Warning,
                format!(
                    "Uplynk resets every position to the order in which it lists the slicers: {}.",
                    listed.join(", ")
                ),
            )];
            if group.auto_failback == Some(true)
                && let Some(wanted) = goes_on_air(&new, now)
            {
                notes.push(switch(&wanted));
            }
            notes.push((
                Normal,
                "Read the order again before trusting it: it is shown here as soon as it is read."
                    .to_owned(),
            ));
            Effect {
                sentence: "The healthy, eligible slicer with the lowest position goes on air."
                    .to_owned(),
                notes,
            }
        }
        Mode::Flat => Effect {
            sentence: "At the next failover a healthy slicer chosen at random goes on air."
                .to_owned(),
            notes: vec![(
                Warning,
                "Every position is lost: going back to prioritized starts from Uplynk's own list."
                    .to_owned(),
            )],
        },
        Mode::Other(word) => told(&format!("The failover mode becomes {word}.")),
    }
}

fn set_auto_failback(group: &FailoverGroup, on: bool, now: DateTime<Utc>) -> Effect {
    if !on {
        return told(
            "What is on air stays until it fails. After a failover it stays on the backup until somebody activates another.",
        );
    }
    let wanted = goes_on_air(group, now);
    Effect {
        sentence: "A slicer with a lower position returns on air as soon as it is healthy; no slicer can be activated by hand.".to_owned(),
        notes: wanted.iter().map(|wanted| switch(wanted)).collect(),
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

fn set_eligible(group: &FailoverGroup, id: &str, eligible: bool, now: DateTime<Utc>) -> Effect {
    let new = with_eligible(group, id, eligible);
    let wanted = goes_on_air(&new, now).filter(|_| group.auto_failback == Some(true));
    let mut notes: Vec<_> = wanted.iter().map(|wanted| switch(wanted)).collect();
    if eligible {
        notes.push((
            Normal,
            "It can take a minute or two until it is available.".to_owned(),
        ));
        return Effect {
            sentence: format!("{id} takes part in failover."),
            notes,
        };
    }
    if on_air(group).is_some_and(|slicer| slicer.id == id) {
        notes.push((
            Warning,
            format!("{id} is on air. Once it is off, it cannot come back by itself."),
        ));
    }
    if super::backups(&new, now).0 == 0 {
        notes.push((
            Warning,
            "No backup is ready then: at the next failure the slate goes on air.".to_owned(),
        ));
    }
    Effect {
        sentence: format!("{id} goes on slicing, but is not chosen at a failover."),
        notes,
    }
}

fn activate(group: &FailoverGroup, id: &str, now: DateTime<Utc>) -> Effect {
    let from = match &group.active {
        Some(OnAir::Slicer(active)) => format!("{active} goes off air. "),
        Some(OnAir::Slate) => "The slate goes off air. ".to_owned(),
        None => String::new(),
    };
    let mut notes = vec![(
        Warning,
        format!("This is a switch on air, on {}.", channels(group)),
    )];
    if let Some(slicer) = slicer(group, id).filter(|slicer| !is_ready(slicer, now)) {
        let why = match slicer_health(slicer, now) {
            SlicerHealth::Unhealthy { .. } => "is unhealthy",
            SlicerHealth::RecheckDue { .. } => "waits for its re-check",
            SlicerHealth::Unknown => "does not say how healthy it is",
            SlicerHealth::Healthy if slicer.enabled == Some(false) => "is left out of failover",
            SlicerHealth::Healthy => "is inactive",
        };
        notes.push((Warning, format!("{id} {why}.")));
    }
    Effect {
        sentence: format!("{from}{id} goes on air and stays until it fails."),
        notes,
    }
}

fn set_slate(group: &FailoverGroup, on: bool, now: DateTime<Utc>) -> Effect {
    if on {
        return Effect {
            sentence: format!("The slate replaces the video of {} until somebody leaves it.", channels(group)),
            notes: vec![(Warning, "Every viewer sees the slate. Slicers go on slicing, but no failover brings one on air.".to_owned())],
        };
    }
    let next = intended(group, now).map_or_else(
        || "A slicer that is healthy goes on air again.".to_owned(),
        |slicer| format!("{} goes on air, if it is still ready.", slicer.id),
    );
    let none = ordered(group)
        .into_iter()
        .all(|slicer| !is_ready(slicer, now));
    let notes = none.then(|| {
        (
            Warning,
            "No slicer is ready: the slate may stay.".to_owned(),
        )
    });
    Effect {
        sentence: next,
        notes: notes.into_iter().collect(),
    }
}

//! Describes the effect of each action before it is executed.

use super::{channels, slicer, switch, with_eligible};
use crate::effect::Effect;
use crate::severity::Severity::{Normal, Warning};
use crate::slicers::{SlicerHealth, backups, intended, is_ready, on_air, ordered, slicer_health};
use chrono::{DateTime, Utc};
use vendors::uplynk::{FailoverGroup, Mode, OnAir, Slicer, SlicerState};

pub(super) fn plain_effect(sentence: &str) -> Effect {
    Effect {
        sentence: sentence.to_owned(),
        notes: Vec::new(),
    }
}

pub(super) fn set_mode(group: &FailoverGroup, mode: &Mode, now: DateTime<Utc>) -> Effect {
    match mode {
        Mode::Prioritized => {
            let mut new = FailoverGroup {
                mode: Some(Mode::Prioritized),
                ..group.clone()
            };
            for (slicer, position) in new.slicers.iter_mut().flatten().zip(1..) {
                slicer.order = Some(position);
            }
            let listed: Vec<&str> = ordered(&new).iter().map(|one| one.id.as_str()).collect();
            let mut notes = vec![(
                Warning,
                format!(
                    "Uplynk resets every position to the order in which it lists the slicers: {}.",
                    listed.join(", ")
                ),
            )];
            notes.extend(switch(group, &new, now));
            notes.push((
                Normal,
                "Check the order again afterwards: it is shown here as soon as it has been read."
                    .to_owned(),
            ));
            let stays = group.auto_failback == Some(false) || group.active == Some(OnAir::Slate);
            let subject = if stays {
                "At the next failover the"
            } else {
                "The"
            };
            Effect {
                sentence: format!(
                    "{subject} first healthy, eligible slicer in the order goes on air."
                ),
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
        Mode::Other(word) => plain_effect(&format!("The failover mode becomes {word}.")),
    }
}

pub(super) fn set_auto_failback(group: &FailoverGroup, on: bool, now: DateTime<Utc>) -> Effect {
    if !on {
        return plain_effect(
            "What is on air stays until it fails. After a failover the backup stays on air until another slicer is activated.",
        );
    }
    let new = FailoverGroup {
        auto_failback: Some(true),
        ..group.clone()
    };
    Effect {
        sentence: "The group returns to the first healthy, eligible slicer in the order; no slicer can be activated manually.".to_owned(),
        notes: switch(group, &new, now).into_iter().collect(),
    }
}

pub(super) fn set_eligible(
    group: &FailoverGroup,
    id: &str,
    eligible: bool,
    now: DateTime<Utc>,
) -> Effect {
    let mut new = with_eligible(group, id, eligible);
    let mut notes = Vec::from_iter(switch(group, &new, now));
    if eligible {
        notes.push((
            Normal,
            "It can take a minute or two until it is available.".to_owned(),
        ));
        return Effect {
            sentence: format!("{id} becomes eligible for failover."),
            notes,
        };
    }
    if on_air(group).is_some_and(|slicer| slicer.id == id) {
        notes.push((
            Warning,
            format!("{id} is on air. Once off air, it does not return automatically."),
        ));
    }
    // The slicer that goes on air is no longer a backup.
    if group.auto_failback == Some(true)
        && let Some(wanted) = intended(&new, now).map(|slicer| slicer.id.clone())
    {
        new.active = Some(OnAir::Slicer(wanted));
    }
    if group.active != Some(OnAir::Slate) && backups(&new, now).0 == 0 {
        notes.push((
            Warning,
            "No backup is ready then: at the next failure the slate goes on air.".to_owned(),
        ));
    }
    Effect {
        sentence: format!("{id} continues slicing, but is not selected at a failover."),
        notes,
    }
}

/// The reason why a slicer cannot go on air, as a predicate; `None` if it is ready.
pub(super) fn not_ready_reason(slicer: &Slicer, now: DateTime<Utc>) -> Option<&'static str> {
    (!is_ready(slicer, now)).then(|| match slicer_health(slicer, now) {
        SlicerHealth::Unhealthy { .. } => "is unhealthy",
        SlicerHealth::RecheckDue { .. } => "is waiting for its re-check",
        SlicerHealth::Unknown => "is not known to be healthy",
        SlicerHealth::Healthy => match (slicer.enabled, &slicer.state) {
            (Some(false), _) => "is not eligible for failover",
            (_, Some(SlicerState::Inactive)) => "is inactive",
            (None, _) => "is not known to be eligible for failover",
            (Some(true), _) => "is in a state that is not known",
        },
    })
}

pub(super) fn activate(group: &FailoverGroup, id: &str, now: DateTime<Utc>) -> Effect {
    let from = match &group.active {
        Some(OnAir::Slicer(active)) => format!("{active} goes off air. "),
        Some(OnAir::Slate) => "The slate goes off air. ".to_owned(),
        None => String::new(),
    };
    let switch = channels(group).map_or_else(
        || "This is a switch on air. No channel uses this group.".to_owned(),
        |channels| format!("This is a switch on air, on {channels}."),
    );
    let mut notes = vec![(Warning, switch)];
    if let Some(why) = slicer(group, id).and_then(|slicer| not_ready_reason(slicer, now)) {
        notes.push((Warning, format!("{id} {why}.")));
    }
    let stays = match group.auto_failback {
        Some(false) => " and stays until it fails",
        _ => "",
    };
    Effect {
        sentence: format!("{from}{id} goes on air{stays}."),
        notes,
    }
}

pub(super) fn set_slate(group: &FailoverGroup, on: bool, now: DateTime<Utc>) -> Effect {
    if on {
        let stays = "Slicers continue slicing, but no failover puts one on air.";
        let (sentence, note) = match channels(group) {
            Some(channels) => (
                format!("The slate replaces the video of {channels} until it is taken off air."),
                format!("Every viewer sees the slate. {stays}"),
            ),
            None => (
                "The slate is on air until it is taken off. No channel uses this group.".to_owned(),
                stays.to_owned(),
            ),
        };
        return Effect {
            sentence,
            notes: vec![(Warning, note)],
        };
    }
    // The contract does not specify which slicer it is.
    let which = intended(group, now).map_or_else(String::new, |slicer| {
        let id = &slicer.id;
        format!(": by priority {id}, or the one that was on air before")
    });
    let next = format!("The service puts a healthy, eligible slicer on air{which}.");
    let none_ready = ordered(group)
        .into_iter()
        .all(|slicer| !is_ready(slicer, now));
    let notes = none_ready.then(|| {
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

//! Alternatives to an activation that auto failback prevents.

use super::effects::not_ready_reason;
use super::{Action, is_active, slicer};
use crate::slicers::ordered;
use chrono::{DateTime, Utc};
use vendors::uplynk::{FailoverGroup, Mode, OnAir};

/// The alternatives to an activation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternatives {
    /// The explanation, in sentences.
    pub sentence: String,
    /// The actions, the most useful one first.
    pub actions: Vec<Action>,
    /// Whether moving the slicer to the first position puts it on air.
    pub moves: bool,
}

impl Action {
    /// The alternatives if auto failback prevents the activation of a slicer. In flat mode auto failback cannot be
    /// changed, so the mode comes first. Neither a position nor a setting takes the slate off air.
    #[must_use]
    pub fn alternatives(&self, group: &FailoverGroup, now: DateTime<Utc>) -> Option<Alternatives> {
        let Self::Activate(id) = self else {
            return None;
        };
        let slicer = slicer(group, id).filter(|_| !is_active(group, id))?;
        if group.auto_failback != Some(true) {
            return None;
        }
        let setting = match group.mode {
            Some(Mode::Flat) => Self::SetMode(Mode::Prioritized),
            _ => Self::SetAutoFailback(false),
        };
        if group.active == Some(OnAir::Slate) {
            let sentence = "The slate is on air, and no position ends it. Leave the slate: the service then puts a healthy, eligible slicer on air.";
            let not_ready = not_ready_reason(slicer, now).map(|why| format!(" {id} {why}."));
            return Some(Alternatives {
                sentence: sentence.to_owned() + &not_ready.unwrap_or_default(),
                actions: vec![Self::SetSlate(false), setting],
                moves: false,
            });
        }
        let flat = group.mode == Some(Mode::Flat);
        let is_first = ordered(group).first().is_some_and(|first| first.id == *id);
        let sentence = match not_ready_reason(slicer, now) {
            _ if flat => "Auto failback can be turned off in prioritized mode only.".to_owned(),
            Some(why) if is_first => format!(
                "{id} is at position 1 already, but {why}: it goes on air as soon as it is ready. To activate it before, turn off auto failback."
            ),
            None if is_first => format!(
                "{id} is at position 1 already, so that auto failback puts it on air. To activate it yourself, turn off auto failback."
            ),
            Some(why) => format!(
                "Turn off auto failback, or move {id} to position 1. It {why}: from position 1 it goes on air as soon as it is ready."
            ),
            None => format!("Turn off auto failback, or move {id} to position 1."),
        };
        Some(Alternatives {
            sentence,
            actions: vec![setting],
            moves: !flat && !is_first,
        })
    }
}

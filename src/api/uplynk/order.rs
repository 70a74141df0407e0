//! Saving an order, and setting an eligibility. Both send one request with every slicer of the group, at positions that
//! start at 1. The service answers 204 even if it ignored slicers, so the console reads the group afterwards and
//! compares it. The gateway carries the request out only if the group still has the entity tag of the last read.

use super::positions::{difference, eligibility, positions, still_applies, why_prevented};
use super::settings::{listed, on_air, on_air_and_settings};
use super::{Writer, ids};
use crate::api::failure::Failure;
use crate::api::outcome::Outcome;
use crate::api::transport::send_for_tag;
use chrono::{DateTime, Utc};
use health::slicers::{Action, order_effect, ordered};
use std::cell::Cell;
use vendors::uplynk::{self, FailoverGroup, Mode, SlicerPlace};

/// A step of saving an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaveStep {
    /// Reading the current group, to compare it with what the user saw.
    Reading,
    /// Sending the order, and reading the group afterwards.
    Sending,
}

impl SaveStep {
    /// The progress message.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::Reading => "Reading the current order…",
            Self::Sending => "Saving…",
        }
    }
}

/// The outcome of saving an order.
#[derive(Debug, Clone)]
pub enum SaveOutcome {
    /// The order was sent, and is in effect.
    Saved {
        /// A sentence about the change, and what is on air.
        message: String,
        /// The group as it was read afterwards.
        held: Box<FailoverGroup>,
    },
    /// The order was refused, or was sent but may not be in effect.
    Completed(Outcome),
    /// Nothing was written: the current group could not be read.
    Unread(Failure),
    /// Nothing was written: the group has changed since the draft was started. This is the current group.
    Conflict(Box<FailoverGroup>),
}

impl From<SaveOutcome> for Outcome {
    fn from(outcome: SaveOutcome) -> Self {
        match outcome {
            SaveOutcome::Saved { message, .. } => Self::Done {
                message,
                undoable: true,
            },
            SaveOutcome::Completed(outcome) => outcome,
            SaveOutcome::Unread(failure) => Self::refused(failure),
            SaveOutcome::Conflict(now) => Self::Changed {
                message: state(&now),
            },
        }
    }
}

impl Writer {
    /// Saves an order, if the group still has the order `base` and the settings that the user saw, and if the new order
    /// would still have the same effect at the vendor's time `at`. Reports each step.
    pub async fn save_order(
        &self,
        seen: &FailoverGroup,
        base: &[String],
        order: &[String],
        at: DateTime<Utc>,
        step: &dyn Fn(SaveStep),
    ) -> SaveOutcome {
        step(SaveStep::Reading);
        let (now, tag) = match self.tagged(&seen.id).await {
            Ok(read) => read,
            Err(failure) => return SaveOutcome::Unread(failure),
        };
        if ids(&now) != base || now.mode != seen.mode {
            return SaveOutcome::Conflict(Box::new(now));
        }
        if let Some(message) = why_prevented(&now, tag.is_some(), None) {
            return SaveOutcome::Completed(Outcome::Prevented { message });
        }
        // With a different eligibility or auto failback, another slicer than announced may go on air.
        let effect = |group| order_effect(group, order, at);
        if now.auto_failback != seen.auto_failback || effect(&now) != effect(seen) {
            return SaveOutcome::Conflict(Box::new(now));
        }
        step(SaveStep::Sending);
        let wanted = positions(&now, order);
        let words = |held: &FailoverGroup| {
            let in_effect = || format!("The saved order is in effect. {}", on_air(held));
            difference(&now, held, &wanted).unwrap_or_else(in_effect)
        };
        match self.send_positions(&now, tag, &wanted, &words).await {
            (Outcome::Refused { failure, .. }, _) if is_conflict(&failure) => {
                step(SaveStep::Reading);
                match self.read(&seen.id).await {
                    Ok(now) => SaveOutcome::Conflict(Box::new(now)),
                    Err(failure) => SaveOutcome::Unread(failure),
                }
            }
            (Outcome::Done { .. }, Some(held)) => SaveOutcome::Saved {
                message: format!("Order saved and verified. {}", on_air(&held)),
                held: Box::new(held),
            },
            (outcome, _) => SaveOutcome::Completed(outcome),
        }
    }

    /// Sets a slicer's eligibility, if everything that decides what goes on air is still what the user saw. Everything
    /// else keeps its current value. `quiet_at` is the vendor's time if the change was harmless and needed no
    /// confirmation: then it is also sent if it is still harmless. Also returns the group as it was read afterwards, if
    /// the change is in effect.
    pub async fn set_eligible(
        &self,
        seen: &FailoverGroup,
        slicer: &str,
        eligible: bool,
        quiet_at: Option<DateTime<Utc>>,
    ) -> (Outcome, Option<FailoverGroup>) {
        let (now, tag) = match self.tagged(&seen.id).await {
            Ok(read) => read,
            Err(failure) => return (Outcome::refused(failure), None),
        };
        let changed = |message| (Outcome::Changed { message }, None);
        let mut wanted = positions(&now, &ids(&now));
        let Some(place) = wanted.iter_mut().find(|place| place.slicer_id == slicer) else {
            return changed(format!("{slicer} is no longer in the group."));
        };
        place.enabled = eligible;
        let action = Action::SetEligible(slicer.to_owned(), eligible);
        if !still_applies(seen, &now, &action, quiet_at) {
            return changed(state(&now));
        }
        if let Some(message) = why_prevented(&now, tag.is_some(), Some(slicer)) {
            return (Outcome::Prevented { message }, None);
        }
        let words = |held: &FailoverGroup| {
            let mut slicers = held.slicers.iter().flatten();
            let found = slicers.find(|one| one.id == slicer);
            let is_set = found.and_then(|one| one.enabled);
            let words = eligibility(is_set);
            match difference(&now, held, &wanted) {
                _ if is_set != Some(eligible) => {
                    format!("It is not in effect: {slicer} is still {words}.")
                }
                Some(difference) => format!("{slicer} is now {words}. {difference}"),
                None => format!("{slicer} is now {words}."),
            }
        };
        let (outcome, held) = self.send_positions(&now, tag, &wanted, &words).await;
        (with_conflict(outcome), held)
    }

    /// The current group, with the gateway's entity tag if the gateway can read the complete order.
    pub(super) async fn tagged(
        &self,
        id: &str,
    ) -> Result<(FailoverGroup, Option<String>), Failure> {
        let requested_at = js_sys::Date::now();
        let read = send_for_tag(&self.connection, &uplynk::groups().get(id)).await?;
        self.show(&read.0, requested_at);
        Ok(read)
    }

    /// Sends positions once. Also returns the group as it was read afterwards, if the positions are in effect.
    async fn send_positions(
        &self,
        now: &FailoverGroup,
        tag: Option<String>,
        positions: &[SlicerPlace],
        words: &dyn Fn(&FailoverGroup) -> String,
    ) -> (Outcome, Option<FailoverGroup>) {
        let afterwards = Cell::new(None);
        let check = async {
            let held = self.read(&now.id).await?;
            let is_in_effect = difference(now, &held, positions).is_none();
            let words = words(&held);
            afterwards.set(is_in_effect.then_some(held));
            Ok((is_in_effect, words))
        };
        let call = uplynk::groups().order(&now.id, positions);
        let outcome = self.change(&call, tag.as_deref(), true, Box::pin(check));
        (outcome.await, afterwards.take())
    }
}

/// Everything that decides what goes on air, in words.
#[must_use]
pub fn state(group: &FailoverGroup) -> String {
    let order = listed(ordered(group));
    let what = match group.mode {
        // Flat mode has no order.
        Some(Mode::Flat) => "Its slicers are",
        _ => "The order is now",
    };
    format!("{what} {order} {}", on_air_and_settings(group))
}

/// Turns a conflict with somebody else's change between the read and the write into [`Outcome::Changed`].
pub(super) fn with_conflict(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Refused { failure, .. } if is_conflict(&failure) => Outcome::Changed {
            message: "Someone else changed the group at the same time.".to_owned(),
        },
        outcome => outcome,
    }
}

/// Whether somebody else changed the group between the read and the write.
fn is_conflict(failure: &Failure) -> bool {
    matches!(failure, Failure::Vendor(error) if error.status == 412)
}

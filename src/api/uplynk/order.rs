//! Saving an order and an eligibility: both are one request with every slicer of the group. The service
//! ignores slicers that are not of the group and answers 204 all the same: so every slicer is sent,
//! with positions from 1, and what it then holds is compared. The gateway carries the request out only
//! if the group still has the entity tag of what was read just before.

use super::positions::{difference, eligibility, is_still_meant, positions, prevented};
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
    /// What is there is read, to be compared with what was seen.
    Reading,
    /// The order is sent, and what the service then holds is read.
    Sending,
    /// It was saved; the page waits until it shows that.
    Showing,
}

impl SaveStep {
    /// What is being done.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Reading => "Reading the order that is there now…",
            Self::Sending => "Saving…",
            Self::Showing => "Saved. Reading the group…",
        }
    }
}

/// The outcome of saving an order.
#[derive(Debug, Clone)]
pub enum SaveOutcome {
    /// It was sent, and found in effect.
    Saved {
        /// What was done, and what is on air.
        message: String,
        /// What was read afterwards.
        held: Box<FailoverGroup>,
    },
    /// It was sent and is not known to be in effect, or it was refused.
    Completed(Outcome),
    /// Nothing was written: what is there could not be read.
    Unread(Failure),
    /// Nothing was written: the group has changed since the draft was started, to this.
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
    /// Saves an order, if the group still has the order `base`, and the settings that were seen, and the order would still
    /// do the same at `at`, the vendor's time. Tells each step.
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
        if let Some(message) = prevented(&now, tag.is_some(), None) {
            return SaveOutcome::Completed(Outcome::Prevented { message });
        }
        // With another eligibility, or auto failback, it may put something else on air than was said.
        let effect = |group| order_effect(group, order, at);
        if now.auto_failback != seen.auto_failback || effect(&now) != effect(seen) {
            return SaveOutcome::Conflict(Box::new(now));
        }
        step(SaveStep::Sending);
        let wanted = positions(&now, order);
        let words = |held: &FailoverGroup| {
            let in_effect = || format!("The saved order is in effect. {}", on_air(held));
            difference(held, &wanted).unwrap_or_else(in_effect)
        };
        match self.send_positions(&now, tag, &wanted, &words).await {
            (Outcome::Refused { failure, .. }, _) if is_overtaken(&failure) => {
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

    /// Sets a slicer's eligibility, if what decides what goes on air is still what the user saw; everything else stays
    /// as it is at that moment. `quiet_at`: the vendor's time, where the user was not asked, because the change was
    /// harmless; then it may also be sent where it still is. Returns what was read afterwards, too, where it is in effect.
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
        if !is_still_meant(seen, &now, &action, quiet_at) {
            return changed(state(&now));
        }
        if let Some(message) = prevented(&now, tag.is_some(), Some(slicer)) {
            return (Outcome::Prevented { message }, None);
        }
        let words = |held: &FailoverGroup| {
            let mut slicers = held.slicers.iter().flatten();
            let found = slicers.find(|one| one.id == slicer);
            let is_set = found.and_then(|one| one.enabled);
            let words = eligibility(is_set);
            match difference(held, &wanted) {
                _ if is_set != Some(eligible) => {
                    format!("It is not in effect: {slicer} is still {words}.")
                }
                Some(difference) => format!("{slicer} is now {words}. {difference}"),
                None => format!("{slicer} is now {words}."),
            }
        };
        let (outcome, held) = self.send_positions(&now, tag, &wanted, &words).await;
        (overtaken(outcome), held)
    }

    /// The current group, with the entity tag that the gateway gives it, if it can read its whole order.
    pub(super) async fn tagged(
        &self,
        id: &str,
    ) -> Result<(FailoverGroup, Option<String>), Failure> {
        send_for_tag(&self.connection, &uplynk::groups().get(id)).await
    }

    /// Sends positions once. Returns what was read afterwards, too, where it holds them.
    async fn send_positions(
        &self,
        now: &FailoverGroup,
        tag: Option<String>,
        positions: &[SlicerPlace],
        words: &dyn Fn(&FailoverGroup) -> String,
    ) -> (Outcome, Option<FailoverGroup>) {
        let left = Cell::new(None);
        let check = async {
            let held = self.read(&now.id).await?;
            let (is_there, words) = (difference(&held, positions).is_none(), words(&held));
            left.set(is_there.then_some(held));
            Ok((is_there, words))
        };
        let call = uplynk::groups().order(&now.id, positions);
        let outcome = self.change(&call, tag.as_deref(), true, Box::pin(check));
        (outcome.await, left.take())
    }
}

/// What decides what goes on air, in words.
#[must_use]
pub fn state(group: &FailoverGroup) -> String {
    let order = listed(ordered(group));
    let what = match group.mode {
        // There is none.
        Some(Mode::Flat) => "Its slicers are",
        _ => "The order is now",
    };
    format!("{what} {order} {}", on_air_and_settings(group))
}

/// The outcome of a change that was not made where somebody else came between the read and the write.
pub(super) fn overtaken(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Refused { failure, .. } if is_overtaken(&failure) => Outcome::Changed {
            message: "Someone else changed the group at the same time.".to_owned(),
        },
        outcome => outcome,
    }
}

/// Somebody changed the group between the read and the write.
fn is_overtaken(failure: &Failure) -> bool {
    matches!(failure, Failure::Vendor(error) if error.status == 412)
}

//! Saving an order and an eligibility: both are one request with every slicer of the group. The service
//! ignores slicers that are not of the group and answers 204 all the same: so every slicer is sent,
//! with positions from 1, and what it then holds is compared. The gateway carries the request out only
//! if the group still has the entity tag of what was read just before.

use super::positions::{difference, eligibility, is_still_meant, positions, prevented};
use super::settings::{listed, on_air, on_air_and_settings};
use super::{Writer, ids};
use crate::api::failure::Failure;
use crate::api::outcome::{Outcome, execute};
use crate::api::transport::{send_for_tag, send_if_match};
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
    /// The change was sent or refused.
    Completed(Outcome),
    /// Nothing was written: what is there could not be read.
    Unread(Failure),
    /// Nothing was written: the group has changed since the draft was started, to this.
    Conflict(Box<FailoverGroup>),
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
        step: impl Fn(SaveStep),
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
        let verified = Cell::new(None);
        let outcome = self.send_positions(&now, tag, &wanted, |held| {
            let difference = difference(held, &wanted);
            let on_air = on_air(held);
            verified.set(difference.is_none().then(|| on_air.clone()));
            difference.unwrap_or_else(|| format!("The saved order is in effect. {on_air}"))
        });
        let outcome = outcome.await;
        match outcome {
            Outcome::Refused { failure, .. } if is_overtaken(&failure) => {
                step(SaveStep::Reading);
                match self.read(&seen.id).await {
                    Ok(now) => SaveOutcome::Conflict(Box::new(now)),
                    Err(failure) => SaveOutcome::Unread(failure),
                }
            }
            outcome => SaveOutcome::Completed(match (outcome, verified.take()) {
                (Outcome::Done { undoable, .. }, Some(on_air)) => Outcome::Done {
                    message: format!("Order saved and verified. {on_air}"),
                    undoable,
                },
                (outcome, _) => outcome.verified(false),
            }),
        }
    }

    /// Sets a slicer's eligibility, if what decides what goes on air is still what the user saw; everything else stays
    /// as it is at that moment. `quiet_at`: the vendor's time, where the user was not asked, because the change was
    /// harmless; then it may also be sent where it still is.
    pub async fn set_eligible(
        &self,
        seen: &FailoverGroup,
        slicer: &str,
        eligible: bool,
        quiet_at: Option<DateTime<Utc>>,
    ) -> Outcome {
        let (now, tag) = match self.tagged(&seen.id).await {
            Ok(read) => read,
            Err(failure) => return Outcome::refused(failure),
        };
        let mut wanted = positions(&now, &ids(&now));
        let Some(place) = wanted.iter_mut().find(|place| place.slicer_id == slicer) else {
            return Outcome::Changed {
                message: format!("{slicer} is no longer in the group."),
            };
        };
        place.enabled = eligible;
        let action = Action::SetEligible(slicer.to_owned(), eligible);
        if !is_still_meant(seen, &now, &action, quiet_at) {
            return Outcome::Changed {
                message: state(&now),
            };
        }
        if let Some(message) = prevented(&now, tag.is_some(), Some(slicer)) {
            return Outcome::Prevented { message };
        }
        let verified = Cell::new(false);
        let outcome = self.send_positions(&now, tag, &wanted, |held| {
            let mut slicers = held.slicers.iter().flatten();
            let found = slicers.find(|one| one.id == slicer);
            let is_set = found.and_then(|one| one.enabled);
            let words = eligibility(is_set);
            let difference = difference(held, &wanted);
            verified.set(difference.is_none());
            match difference {
                _ if is_set != Some(eligible) => {
                    format!("It is not in effect: {slicer} is still {words}.")
                }
                Some(difference) => format!("{slicer} is now {words}. {difference}"),
                None => format!("{slicer} is now {words}."),
            }
        });
        overtaken(outcome.await).verified(verified.get())
    }

    /// The current group, with the entity tag that the gateway gives it, if it can read its whole order.
    pub(super) async fn tagged(
        &self,
        id: &str,
    ) -> Result<(FailoverGroup, Option<String>), Failure> {
        send_for_tag(&self.connection, &uplynk::groups().get(id)).await
    }

    async fn send_positions(
        &self,
        now: &FailoverGroup,
        tag: Option<String>,
        positions: &[SlicerPlace],
        held: impl Fn(&FailoverGroup) -> String,
    ) -> Outcome {
        let title = &self.title;
        let id = &now.id;
        let change = uplynk::groups().order(id, positions);
        let check = async || Ok(held(&self.read(id).await?));
        let done = |(): &()| (format!("{title} accepted the change."), true);
        let sent = send_if_match(&self.connection, &change, tag.as_deref());
        execute(sent, done, check).await
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

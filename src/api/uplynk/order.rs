//! Saving an order and an eligibility: both are one request with every slicer of the group. The service
//! ignores slicers that are not of the group and answers 204 all the same: so every slicer is sent,
//! with positions from 1, and what it then holds is compared. The gateway carries the request out only
//! if the group still has the entity tag of what was read just before.

use super::{Writer, ids};
use crate::api::failure::Failure;
use crate::api::outcome::{Outcome, execute};
use crate::api::transport::{send_for_tag, send_if_match};
use health::slicers::ordered;
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
    /// Nothing was written: the group has changed since the draft was started, to this.
    Conflict(Box<FailoverGroup>),
}

impl Writer {
    /// Saves an order, if the group still has the order `base` and the mode that were seen. Tells each step.
    pub async fn save_order(
        &self,
        seen: &FailoverGroup,
        base: &[String],
        order: &[String],
        step: impl Fn(SaveStep),
    ) -> SaveOutcome {
        step(SaveStep::Reading);
        let (now, tag) = match self.tagged(&seen.id).await {
            Ok(read) => read,
            Err(failure) => return SaveOutcome::Completed(Outcome::refused(failure)),
        };
        if ids(&now) != base || now.mode != seen.mode {
            return SaveOutcome::Conflict(Box::new(now));
        }
        step(SaveStep::Sending);
        let wanted = positions(&now, order);
        let verified = Cell::new(false);
        let outcome = self.send_positions(&now, tag, &wanted, |held| {
            let held = ids(held);
            if held == order {
                verified.set(true);
                "The saved order is in effect.".to_owned()
            } else {
                format!("The group now has a different order: {}.", held.join(", "))
            }
        });
        match outcome.await {
            Outcome::Refused { failure, .. } if is_overtaken(&failure) => {
                step(SaveStep::Reading);
                match self.read(&seen.id).await {
                    Ok(now) => SaveOutcome::Conflict(Box::new(now)),
                    Err(failure) => SaveOutcome::Completed(Outcome::refused(failure)),
                }
            }
            Outcome::Done { undoable, .. } if verified.get() => {
                let message = "Order saved and verified.".to_owned();
                SaveOutcome::Completed(Outcome::Done { message, undoable })
            }
            outcome => SaveOutcome::Completed(outcome),
        }
    }

    /// Sets a slicer's eligibility; everything else stays as it is at that moment.
    pub async fn set_eligible(&self, group: &str, slicer: &str, eligible: bool) -> Outcome {
        let (now, tag) = match self.tagged(group).await {
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
        let word = |eligible| if eligible { "eligible" } else { "not eligible" };
        let outcome = self.send_positions(&now, tag, &wanted, |held| {
            let mut slicers = held.slicers.iter().flatten();
            let found = slicers.find(|one| one.id == slicer);
            match found.and_then(|one| one.enabled) {
                Some(held) => format!("{slicer} is now {}.", word(held)),
                None => format!("The service does not report whether {slicer} is eligible."),
            }
        });
        match outcome.await {
            Outcome::Refused { failure, .. } if is_overtaken(&failure) => Outcome::Changed {
                message: "Someone else changed the group at the same time.".to_owned(),
            },
            outcome => outcome,
        }
    }

    async fn tagged(&self, id: &str) -> Result<(FailoverGroup, Option<String>), Failure> {
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

/// Every slicer of the group in this order, with its eligibility as it is.
fn positions(group: &FailoverGroup, order: &[String]) -> Vec<SlicerPlace> {
    let slicers = ordered(group);
    let known = order
        .iter()
        .filter_map(|id| slicers.iter().find(|slicer| slicer.id == *id));
    known
        .zip(1..)
        .map(|(slicer, order)| SlicerPlace {
            slicer_id: slicer.id.clone(),
            enabled: slicer.enabled.unwrap_or(true),
            // Every position is 1 in flat mode.
            order: if group.mode == Some(Mode::Flat) {
                1
            } else {
                order
            },
        })
        .collect()
}

/// Somebody changed the group between the read and the write.
fn is_overtaken(failure: &Failure) -> bool {
    matches!(failure, Failure::Vendor(error) if error.status == 412)
}

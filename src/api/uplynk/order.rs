//! Saving an order and an eligibility: both are one request with every slicer of the group. The service
//! ignores slicers that are not of the group and answers 204 all the same: so every slicer is sent,
//! with positions from 1, and what it then holds is compared. The gateway carries the request out only
//! if the group still has the entity tag of what was read just before.

use super::{Writer, ids};
use crate::api::failure::Failure;
use crate::api::outcome::{Outcome, execute};
use crate::api::transport::{send_for_tag, send_if_match};
use health::slicers::ordered;
use vendors::uplynk::{self, FailoverGroup, Mode, SlicerPlace};

/// What came of saving an order.
#[derive(Debug, Clone)]
pub enum SaveOutcome {
    /// It was sent, or refused.
    Completed(Outcome),
    /// Nothing was written: the group is not what the draft was begun with, but this.
    Conflict(Box<FailoverGroup>),
}

impl Writer {
    /// Saves an order, if the group still has the order `base` and the mode that were seen.
    pub async fn save_order(
        &self,
        seen: &FailoverGroup,
        base: &[String],
        order: &[String],
    ) -> SaveOutcome {
        let (now, tag) = match self.tagged(&seen.id).await {
            Ok(read) => read,
            Err(failure) => return SaveOutcome::Completed(Outcome::refused(failure)),
        };
        if ids(&now) != base || now.mode != seen.mode {
            return SaveOutcome::Conflict(Box::new(now));
        }
        let wanted = places(&now, order);
        let outcome = self.place(&now, tag, &wanted, |held| {
            let held = ids(held);
            if held == order {
                "It holds the order as you saved it.".to_owned()
            } else {
                format!("It holds another order: {}.", held.join(", "))
            }
        });
        match outcome.await {
            Outcome::Refused { failure, .. } if is_overtaken(&failure) => {
                match self.read(&seen.id).await {
                    Ok(now) => SaveOutcome::Conflict(Box::new(now)),
                    Err(failure) => SaveOutcome::Completed(Outcome::refused(failure)),
                }
            }
            outcome => SaveOutcome::Completed(outcome),
        }
    }

    /// Takes a slicer into failover, or out of it; everything else stays as it is at that moment.
    pub async fn set_eligible(&self, group: &str, slicer: &str, eligible: bool) -> Outcome {
        let (now, tag) = match self.tagged(group).await {
            Ok(read) => read,
            Err(failure) => return Outcome::refused(failure),
        };
        let mut wanted = places(&now, &ids(&now));
        let Some(place) = wanted.iter_mut().find(|place| place.slicer_id == slicer) else {
            return Outcome::Changed {
                message: format!("{slicer} is no longer in the group."),
            };
        };
        place.enabled = eligible;
        let word = |eligible| if eligible { "eligible" } else { "left out" };
        let outcome = self.place(&now, tag, &wanted, |held| {
            let mut slicers = held.slicers.iter().flatten();
            let found = slicers.find(|one| one.id == slicer);
            match found.and_then(|one| one.enabled) {
                Some(held) => format!("{slicer} is {} now.", word(held)),
                None => format!("It does not say whether {slicer} is eligible."),
            }
        });
        match outcome.await {
            Outcome::Refused { failure, .. } if is_overtaken(&failure) => Outcome::Changed {
                message: "Somebody else changed the group at the same moment.".to_owned(),
            },
            outcome => outcome,
        }
    }

    async fn tagged(&self, id: &str) -> Result<(FailoverGroup, Option<String>), Failure> {
        send_for_tag(&self.connection, &uplynk::groups().get(id)).await
    }

    async fn place(
        &self,
        now: &FailoverGroup,
        tag: Option<String>,
        places: &[SlicerPlace],
        held: impl Fn(&FailoverGroup) -> String,
    ) -> Outcome {
        let title = &self.title;
        let id = &now.id;
        let change = uplynk::groups().order(id, places);
        let check = async || Ok(held(&self.read(id).await?));
        let done = |(): &()| (format!("{title} took it."), true);
        let sent = send_if_match(&self.connection, &change, tag.as_deref());
        execute(sent, done, check).await
    }
}

/// Every slicer of the group in this order, with its eligibility as it is.
fn places(group: &FailoverGroup, order: &[String]) -> Vec<SlicerPlace> {
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

/// Somebody changed the group between the reading and the writing.
fn is_overtaken(failure: &Failure) -> bool {
    matches!(failure, Failure::Vendor(error) if error.status == 412)
}

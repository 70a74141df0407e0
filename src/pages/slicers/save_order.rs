//! Saving the draft of an order, and showing the outcome.

use super::action_context::{ActionContext, with_undo};
use crate::api::uplynk::{SaveOutcome, SaveStep, ids, state};
use crate::api::{Failure, Outcome};
use crate::ui::notice::Undo;
use crate::ui::reorder::Draft;
use health::slicers::order_effect;
use health::sort;
use leptos::prelude::*;

/// Why the last attempt to save failed.
#[derive(Clone, PartialEq)]
pub(super) enum Problem {
    /// The group had changed, so nothing was sent.
    Changed(String),
    /// The vendor refused the order, which is kept here; the page shows the current order.
    Refused(Failure, Vec<String>),
    /// The order was not sent, or is not confirmed to be in effect; the draft is kept.
    Unconfirmed(Outcome),
}

/// An order that was saved but is not yet shown as saved.
pub(super) struct Saved {
    order: Vec<String>,
    message: String,
    undo: Undo,
    /// Number of requests started by then; their responses may be older than the save.
    pub(super) requests: u32,
}

impl Saved {
    /// Shows this order on the page, with a notice.
    fn show_as(self, context: ActionContext, order: Vec<String>) {
        let _ = context.draft.try_set(Draft::new(order));
        let _ = context.saving.try_set(None);
        context.notices().show(self.message, Some(self.undo));
    }
}

/// Shows the saved order, if there is one. Also works after the page was closed.
pub(super) fn show_saved(context: ActionContext, saved: StoredValue<Option<Saved>, LocalStorage>) {
    let Some(saved) = saved.try_update_value(Option::take).flatten() else {
        return;
    };
    let read = untrack(|| context.live.value_untracked()).map(|group| ids(&group));
    let held = read.filter(|held| {
        let sorted = |ids: &[String]| {
            let mut ids = ids.to_vec();
            sort(&mut ids, Ord::cmp);
            ids
        };
        context.live.status.failure().is_none() && sorted(held) == sorted(&saved.order)
    });
    let order = held.unwrap_or_else(|| saved.order.clone());
    saved.show_as(context, order);
}

/// Saves the draft once and shows the outcome.
pub(super) async fn save_order(
    context: ActionContext,
    problem: RwSignal<Option<Problem>>,
    saved: StoredValue<Option<Saved>, LocalStorage>,
) {
    let (live, draft, saving) = (context.live, context.draft, context.saving);
    let (Some(seen), Some(writer)) = (live.value_untracked(), context.writer()) else {
        return;
    };
    // The base of the draft is what the user saw.
    let (order, base) =
        draft.with_untracked(|draft| (draft.order().to_vec(), draft.base().to_vec()));
    let step = |step| {
        let _ = saving.try_set(Some(step));
    };
    let at = untrack(|| context.now());
    let outcome = writer.save_order(&seen, &base, &order, at, &step).await;
    let requests = live.status.requests();
    match outcome {
        SaveOutcome::Saved { message, held } => {
            let message = with_undo(message, &order_effect(&held, &base, at));
            let wanted = order.clone();
            let undo = context.undo(move || {
                let (writer, held) = (writer.clone(), held.clone());
                let (base, order) = (base.clone(), order.clone());
                // The undo compares the group with what was read after the save, which may have changed what is on air.
                async move {
                    let sent = writer.save_order(&held, &order, &base, at, &|_| ());
                    sent.await.into()
                }
            });
            let done = Saved {
                order: wanted,
                message,
                undo,
                requests,
            };
            let rejected = saved.try_set_value(Some(done)).flatten();
            context.saved();
            match rejected {
                // The bar no longer exists, because the page was closed or the group was not found in the meantime.
                Some(done) => {
                    let order = done.order.clone();
                    done.show_as(context, order);
                }
                None => step(SaveStep::Showing),
            }
            return context.changed();
        }
        // The bar no longer exists, so the outcome is shown as a notice on the current page.
        outcome if problem.is_disposed() => context.notices().show_outcome(outcome.into()),
        SaveOutcome::Conflict(now) => {
            context.follow(&now);
            let _ = problem.try_set(Some(Problem::Changed(state(&now))));
        }
        // Uplynk refuses this order, so the page returns to the current one.
        SaveOutcome::Completed(Outcome::Refused {
            failure: failure @ Failure::Vendor(_),
            ..
        }) => {
            let _ = draft.try_update(|draft| *draft = Draft::new(base));
            let _ = problem.try_set(Some(Problem::Refused(failure, order)));
        }
        outcome => {
            let _ = problem.try_set(Some(Problem::Unconfirmed(outcome.into())));
        }
    }
    // In a conflict the draft has already followed the group as read while saving; `live` may hold an older reading.
    let shown = problem.try_get_untracked().flatten();
    if !matches!(shown, Some(Problem::Changed(_))) {
        context.follow_read();
    }
    let _ = saving.try_set(None);
    context.changed();
}

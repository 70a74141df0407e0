//! Saving the draft of an order, and showing the outcome.

use super::action_context::{ActionContext, with_undo};
use crate::api::uplynk::{SaveOutcome, ids, state};
use crate::api::{Failure, Outcome};
use crate::ui::reorder::Draft;
use health::slicers::order_effect;
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

/// Saves the draft once and shows the outcome.
pub(super) async fn save_order(context: ActionContext, problem: RwSignal<Option<Problem>>) {
    let (live, draft, saving) = (context.live, context.draft, context.saving);
    let (Some(seen), Some(writer)) = (live.value_untracked(), context.writer()) else {
        return;
    };
    // The base of the draft is what the user saw.
    let (order, base, moved) = draft.with_untracked(|draft| {
        let moved = draft.last_moved().map(str::to_owned);
        (draft.order().to_vec(), draft.base().to_vec(), moved)
    });
    let step = |step| {
        let _ = saving.try_set(Some(step));
    };
    let at = untrack(|| context.now());
    let outcome = writer.save_order(&seen, &base, &order, at, &step).await;
    match outcome {
        SaveOutcome::Saved { message, held } => {
            let message = with_undo(message, &order_effect(&held, &base, at));
            let shown = Draft::new(ids(&held));
            let undo = context.undo(moved, move || {
                let (writer, held) = (writer.clone(), held.clone());
                let (base, order) = (base.clone(), order.clone());
                // The undo compares the group with what was read after the save, which may have changed what is on air.
                async move {
                    let sent = writer.save_order(&held, &order, &base, at, &|_| ());
                    sent.await.into()
                }
            });
            // The page already shows the group as it was read after saving.
            let _ = draft.try_set(shown);
            let _ = saving.try_set(None);
            context.saved();
            context.notices().show(message, Some(undo));
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

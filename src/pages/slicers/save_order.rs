//! Saving the draft of an order, and saying what came of it.

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
    /// The group had been changed; nothing was sent.
    Changed(String),
    /// It was refused, and the screen shows the current order; the wanted order.
    Refused(Failure, Vec<String>),
    /// It was not sent, or is not known to be in effect: the draft stays.
    Open(Outcome),
}

/// An order that was saved and is not shown as such yet.
pub(super) struct Saved {
    order: Vec<String>,
    message: String,
    undo: Undo,
    /// How many requests had begun by then: what they bring may be older.
    pub(super) requests: u32,
}

impl Saved {
    /// The page shows this order from now on.
    fn shown_as(self, context: ActionContext, order: Vec<String>) {
        let _ = context.draft.try_set(Draft::new(order));
        let _ = context.saving.try_set(None);
        context.notices().show(self.message, Some(self.undo));
    }
}

/// Shows that an order was saved, if there is one that was; also after the page was left.
pub(super) fn show(context: ActionContext, saved: StoredValue<Option<Saved>, LocalStorage>) {
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
    saved.shown_as(context, order);
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
                // Compared with what was read after the save, which may have switched what is on air.
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
            let left = saved.try_set_value(Some(done)).flatten();
            context.saved();
            match left {
                // The page was left, or said meanwhile that there is no such group: its bar is gone, and shows nothing.
                Some(left) => {
                    let order = left.order.clone();
                    left.shown_as(context, order);
                }
                None => step(SaveStep::Showing),
            }
            return context.changed();
        }
        // The page was left, or shows something else: it is told wherever the person is now.
        outcome if problem.is_disposed() => context.notices().show_outcome(outcome.into()),
        SaveOutcome::Conflict(now) => {
            context.follow(&now);
            let _ = problem.try_set(Some(Problem::Changed(state(&now))));
        }
        // Uplynk does not take this order: the screen returns to the current one.
        SaveOutcome::Completed(Outcome::Refused {
            failure: failure @ Failure::Vendor(_),
            ..
        }) => {
            let _ = draft.try_update(|draft| *draft = Draft::new(base));
            let _ = problem.try_set(Some(Problem::Refused(failure, order)));
        }
        outcome => {
            let _ = problem.try_set(Some(Problem::Open(outcome.into())));
        }
    }
    // By another reading than the one that found the conflict.
    let shown = problem.try_get_untracked().flatten();
    if !matches!(shown, Some(Problem::Changed(_))) {
        context.follow_read();
    }
    let _ = saving.try_set(None);
    context.changed();
}

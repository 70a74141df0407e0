//! Sends a confirmed action to Uplynk, once, and returns its undo.

use super::action_context::{ActionContext, with_undo};
use super::conflict::overwrite_action;
use crate::api::Outcome;
use crate::api::uplynk::{SaveOutcome, Writer};
use crate::ui::notice::Undo;
use crate::ui::reorder::Draft;
use health::slicers::Action;
use leptos::prelude::*;
use vendors::uplynk::{Configuration, FailoverGroup};

/// Sends the action and returns its outcome and undo.
pub(super) async fn run(
    context: ActionContext,
    writer: Writer,
    seen: FailoverGroup,
    action: RwSignal<Action>,
    typed: String,
) -> (Outcome, Option<Undo>) {
    let group = seen.id.clone();
    // The notice of the previous change and its Undo no longer apply to the current state.
    context.notices().dismiss_completed();
    match action.get_untracked() {
        Action::SetMode(mode) => {
            let change = Configuration {
                mode: Some(mode),
                auto_failback: None,
            };
            (writer.configure(&seen, &change).await.0, None)
        }
        Action::SetAutoFailback(on) => {
            let set = |on| Configuration {
                mode: None,
                auto_failback: Some(on),
            };
            let now = untrack(|| context.now());
            match writer.configure(&seen, &set(on)).await {
                (Outcome::Done { message, undoable }, Some(held)) => {
                    let effect = Action::SetAutoFailback(!on).effect(&held, now);
                    let message = with_undo(message, &effect);
                    // The undo compares the group with what was read after the change.
                    let undo = context.undo(None, move || {
                        let (writer, held) = (writer.clone(), held.clone());
                        async move { writer.configure(&held, &set(!on)).await.0 }
                    });
                    (Outcome::Done { message, undoable }, Some(undo))
                }
                (outcome, _) => (outcome, None),
            }
        }
        Action::SetEligible(id, on) => {
            let now = untrack(|| context.now());
            let (outcome, held) = writer.set_eligible(&seen, &id, on, None).await;
            // Without a known previous value there is nothing to restore, so no undo.
            let mut slicers = seen.slicers.iter().flatten();
            let was_other = slicers.any(|one| one.id == id && one.enabled == Some(!on));
            match (outcome, held.filter(|_| was_other)) {
                (Outcome::Done { message, undoable }, Some(held)) => {
                    let (effect, undo) = context.undo_eligible(&writer, held, &id, on, now);
                    let message = with_undo(message, &effect);
                    (Outcome::Done { message, undoable }, Some(undo))
                }
                (outcome, _) => (outcome, None),
            }
        }
        Action::Activate(id) => {
            let now = untrack(|| context.now());
            (writer.activate(&seen, &id, now).await, None)
        }
        Action::SetSlate(on) => (writer.set_slate(&seen, on).await, None),
        Action::AddChannel => (writer.channels(&seen, &[&typed], &[]).await, None),
        Action::RemoveChannel(id) => {
            let outcome = writer.channels(&seen, &[], &[&id]).await;
            let undo = context.undo(None, move || {
                let (writer, seen, id) = (writer.clone(), seen.clone(), id.clone());
                async move { writer.channels(&seen, &[&id], &[]).await }
            });
            (outcome, Some(undo))
        }
        Action::AddOwner => (writer.set_owners(&group, &[&typed], &[]).await, None),
        Action::RemoveOwner(id) => {
            let outcome = writer.set_owners(&group, &[], &[&id]).await;
            let undo = context.undo(None, move || {
                let (writer, group, id) = (writer.clone(), group.clone(), id.clone());
                async move { writer.set_owners(&group, &[&id], &[]).await }
            });
            (outcome, Some(undo))
        }
        Action::Overwrite { order, theirs } => {
            // While a step is set, rows cannot be moved, even if the dialog is closed: the draft will be replaced.
            let step = |step| {
                let _ = context.saving.try_set(Some(step));
            };
            let at = untrack(|| context.now());
            let saved = writer.save_order(&seen, &theirs, &order, at, &step).await;
            match &saved {
                SaveOutcome::Saved { .. } => {
                    let _ = context.draft.try_set(Draft::new(order));
                    context.saved();
                }
                SaveOutcome::Completed(_) => context.follow_read(),
                SaveOutcome::Unread(_) => {}
                SaveOutcome::Conflict(now) => {
                    context.follow(now);
                    // The dialog now shows, and the next attempt compares with, the new order on the server.
                    if let Some(shown) = context.draft.try_with_untracked(overwrite_action) {
                        let _ = action.try_set(shown);
                    }
                }
            }
            let _ = context.saving.try_set(None);
            (saved.into(), None)
        }
    }
}

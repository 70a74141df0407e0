//! Sends a confirmed action to Uplynk once and returns its undo.

use super::action_context::ActionContext;
use crate::api::Outcome;
use crate::api::uplynk::{SaveOutcome, Writer, ids};
use crate::ui::notice::Undo;
use crate::ui::reorder::Draft;
use health::slicers::Action;
use leptos::prelude::*;
use vendors::uplynk::{Configuration, FailoverGroup};

/// Sends it once.
pub(super) async fn run(
    context: ActionContext,
    writer: Writer,
    seen: FailoverGroup,
    action: Action,
    typed: String,
) -> (Outcome, Option<Undo>) {
    let group = seen.id.clone();
    // What was said of the change before, and its Undo, belong to another state.
    context.notices().dismiss_undoable();
    match action {
        Action::SetMode(mode) => {
            let change = Configuration {
                mode: Some(mode),
                auto_failback: None,
            };
            (writer.configure(&seen, &change).await, None)
        }
        Action::SetAutoFailback(on) => {
            let set = |on| Configuration {
                mode: None,
                auto_failback: Some(on),
            };
            let outcome = writer.configure(&seen, &set(on)).await;
            let after = FailoverGroup {
                auto_failback: Some(on),
                ..seen
            };
            let undo = context.undo(move || {
                let (writer, after) = (writer.clone(), after.clone());
                async move { writer.configure(&after, &set(!on)).await }
            });
            (outcome, Some(undo))
        }
        Action::SetEligible(id, on) => {
            let now = untrack(|| context.now());
            let outcome = writer.set_eligible(&seen, &id, on, None).await;
            let undo = context.undo_eligible(&writer, &seen, &id, on, now);
            (outcome, Some(undo))
        }
        Action::Activate(id) => {
            let now = untrack(|| context.now());
            (writer.activate(&seen, &id, now).await, None)
        }
        Action::SetSlate(on) => (writer.set_slate(&seen, on).await, None),
        Action::AddChannel => (writer.channels(&seen, &[&typed], &[]).await, None),
        Action::RemoveChannel(id) => {
            let outcome = writer.channels(&seen, &[], &[&id]).await;
            let undo = context.undo(move || {
                let (writer, seen, id) = (writer.clone(), seen.clone(), id.clone());
                async move { writer.channels(&seen, &[&id], &[]).await }
            });
            (outcome, Some(undo))
        }
        Action::AddOwner => (writer.set_owners(&group, &[&typed], &[]).await, None),
        Action::RemoveOwner(id) => {
            let outcome = writer.set_owners(&group, &[], &[&id]).await;
            let undo = context.undo(move || {
                let (writer, group, id) = (writer.clone(), group.clone(), id.clone());
                async move { writer.set_owners(&group, &[&id], &[]).await }
            });
            (outcome, Some(undo))
        }
        Action::Overwrite(order) => {
            let theirs = context
                .draft
                .with_untracked(|draft| draft.theirs().map(<[String]>::to_vec));
            let base = theirs.unwrap_or_else(|| ids(&seen));
            // Also where the dialog is closed meanwhile, no row is moved that would go with the draft.
            let step = |step| {
                let _ = context.saving.try_set(Some(step));
            };
            let outcome = match writer.save_order(&seen, &base, &order, step).await {
                SaveOutcome::Completed(outcome @ Outcome::Done { .. }) => {
                    let _ = context.draft.try_set(Draft::new(order));
                    context.saved();
                    outcome
                }
                SaveOutcome::Completed(outcome) => {
                    context.follow_read();
                    outcome
                }
                SaveOutcome::Conflict(now) => {
                    let _ = context.draft.try_update(|draft| draft.follow(&ids(&now)));
                    let message = format!("The order is now {}.", ids(&now).join(", "));
                    Outcome::Changed { message }
                }
            };
            let _ = context.saving.try_set(None);
            (outcome, None)
        }
    }
}

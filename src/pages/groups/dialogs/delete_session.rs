//! Deleting a session.

use super::{closing, confirm, effect_on, is_listed, running, system};
use crate::pages::groups::action_context::ActionContext;
use crate::ui::ActionDialog;
use health::groups::Action;
use leptos::prelude::*;

/// The dialog.
#[component]
pub fn DeleteSession(
    /// The page's actions.
    context: ActionContext,
    /// The session's id.
    id: String,
) -> impl IntoView {
    let (changed, on_close) = closing(context);
    let effect = effect_on(context, id.clone(), |scene, session| {
        scene.delete_session(session)
    });
    let ready = is_listed(context, id.clone());
    let of = id.clone();
    let run = running(context, move |writer, group| {
        let id = of.clone();
        let seen = context.seen(&id);
        async move {
            (
                Some(writer.delete_session(&group, &id, seen.as_ref()).await),
                None,
            )
        }
    });
    view! {
        <ActionDialog title=format!("Delete session {id}?") action="Delete session" system=system(context) effect
            confirm=confirm(context, Action::DeleteSession, Some(id.clone())) id ready run changed on_close />
    }
}

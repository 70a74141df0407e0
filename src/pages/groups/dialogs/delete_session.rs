//! Deleting a session.

use super::{closing, confirm, effect, running, system};
use crate::pages::groups::acts::Acts;
use crate::ui::Deed;
use health::groups::Action;
use leptos::prelude::*;

/// The dialog.
#[component]
pub fn DeleteSession(
    /// What can be done.
    acts: Acts,
    /// The session's id.
    id: String,
) -> impl IntoView {
    let (changed, on_close) = closing(acts);
    let effect = effect(acts, Some(id.clone()), |scene, session| {
        session
            .map(|session| scene.delete_session(session))
            .unwrap_or_default()
    });
    let of = id.clone();
    let run = running(acts, move |writer, group| {
        let id = of.clone();
        let seen = acts.session(&id);
        async move {
            (
                Some(writer.delete_session(&group, &id, seen.as_ref()).await),
                None,
            )
        }
    });
    view! {
        <Deed title=format!("Delete session {id}?") action="Delete session" system=system(acts) effect
            confirm=confirm(acts, Action::DeleteSession, Some(id.clone())) id run changed on_close />
    }
}

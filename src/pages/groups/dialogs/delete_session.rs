//! Deleting a session.

use super::{Question, ask, effect_on, is_listed, running};
use crate::pages::groups::action_context::ActionContext;
use health::groups::Action;
use leptos::prelude::*;

/// The dialog.
pub(super) fn delete_session(context: ActionContext, id: String) -> AnyView {
    let of = id.clone();
    let question = Question {
        title: format!("Delete session {id}?"),
        action: Action::DeleteSession,
        effect: effect_on(context, id.clone(), |scene, session| {
            scene.delete_session(session)
        }),
        ready: is_listed(context, id.clone()),
        id: Some(id),
        run: running(context, move |writer, group| {
            let (id, seen) = (of.clone(), context.seen(&of));
            async move {
                let sent = writer.delete_session(&group, &id, seen.as_ref());
                (Some(sent.await), None)
            }
        }),
    };
    ask(context, question, ().into_any())
}

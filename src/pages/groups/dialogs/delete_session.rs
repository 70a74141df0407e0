//! The dialog that deletes a session.

use super::{DialogContents, action_dialog, effect_on, is_listed, run_change};
use crate::pages::groups::action_context::ActionContext;
use health::groups::Action;
use leptos::prelude::*;

/// The dialog that deletes a session.
pub(super) fn delete_session(context: ActionContext, id: String) -> AnyView {
    let session_id = id.clone();
    let contents = DialogContents {
        title: format!("Delete session {id}?"),
        action: Action::DeleteSession,
        effect: effect_on(context, id.clone(), |group, session| {
            group.delete_session(session)
        }),
        ready: is_listed(context, id.clone()),
        id: Some(id),
        run: run_change(context, move |writer, group| {
            let (id, seen) = (session_id.clone(), context.seen(&session_id));
            async move {
                let sent = writer.delete_session(&group, &id, seen.as_ref());
                (Some(sent.await), None)
            }
        }),
    };
    action_dialog(context, contents, ().into_any())
}

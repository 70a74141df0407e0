//! The dialog that adds or puts a session.

use super::{DialogContents, action_dialog, effect, is_listed, run_change};
use crate::pages::groups::action_context::ActionContext;
use crate::pages::groups::group_form::{identifier, typed};
use crate::ui::Field;
use health::effect::Effect;
use health::groups::{Action, GroupContext};
use health::severity::Severity;
use leptos::prelude::*;
use vendors::aveva::{ClientSession, Role};

/// The dialog that adds or puts a session; without an id, a new one.
pub(super) fn session_form(context: ActionContext, action: Action, id: Option<String>) -> AnyView {
    let put = action == Action::PutSession;
    let known = id.is_some();
    let existing = id.as_deref().and_then(|id| context.session(id));
    let session_id = RwSignal::new(id.clone().unwrap_or_default());
    let name_of =
        |session: Option<ClientSession>| session.and_then(|one| one.name).unwrap_or_default();
    let existing_name = name_of(existing);
    let name = RwSignal::new(existing_name.clone());
    // The name that the user saw, so that a name set by someone else is not overwritten unseen.
    let name_before = RwSignal::new(existing_name);
    let id_error = Signal::derive(move || identifier(&session_id.read()).err());
    let listed = id.clone().map(|id| is_listed(context, id));
    let ready = Signal::derive(move || {
        id_error.get().is_none() && listed.is_none_or(|listed| listed.get())
    });
    let fixed_id = id.clone();
    let effect = effect(context, id.clone(), move |group, session| {
        match (session, &fixed_id) {
            (Some(session), Some(id)) => {
                let primary = (session.role == Some(Role::Primary)).then(|| {
                    let words = format!("{id} is Primary: a heartbeat that its adapter posts at the same moment may be replaced by the one before it.");
                    (Severity::Warning, words)
                });
                Effect {
                    sentence: format!(
                        "{id} is replaced by these values. Its heartbeat is read and sent again."
                    ),
                    notes: primary.into_iter().collect(),
                }
            }
            (None, Some(id)) => GroupContext::missing_session(id),
            (_, None) => group.add_session(&typed(&session_id.read()).unwrap_or_default()),
        }
    });
    // Not trimmed: an existing id may begin or end with a space.
    let known_id = id.clone();
    let run = run_change(context, move |writer, group| {
        let session = ClientSession {
            id: known_id
                .clone()
                .or_else(|| typed(&session_id.read_untracked())),
            name: typed(&name.read_untracked()),
            ..ClientSession::default()
        };
        let seen = session
            .id
            .as_deref()
            .filter(|_| known)
            .and_then(|id| context.session(id))
            .map(|seen| ClientSession {
                name: Some(name_before.get_untracked()),
                ..seen
            });
        async move {
            let id = session.id.clone().unwrap_or_default();
            let outcome = if put {
                let sent = writer.put_session(&group, session, seen.as_ref()).await;
                let (outcome, renamed) = sent.unzip();
                // The dialog may have been closed in the meantime.
                if let Some(renamed) = renamed.flatten()
                    && let Some(before) = name_before.try_get_untracked()
                {
                    let new = name_of(Some(renamed));
                    if name.get_untracked() == before {
                        name.set(new.clone());
                    }
                    name_before.set(new);
                }
                outcome
            } else {
                Some(writer.add_session(&group, session).await)
            };
            let undo = context.undo(move || {
                let (writer, group, id) = (writer.clone(), group.clone(), id.clone());
                async move { Some(writer.delete_session(&group, &id, None).await) }
            });
            (outcome, Some(undo))
        }
    });
    let title = match (&id, put) {
        (Some(id), _) => format!("Put session {id}"),
        (None, true) => "Put session".to_owned(),
        (None, false) => "Add session".to_owned(),
    };
    let contents = DialogContents {
        title,
        action,
        id,
        effect,
        ready,
        run,
    };
    let fields = view! {
        <Field label="Id" name="session-id" value=session_id error=id_error required=true fixed=known
            hint="Adapters use ids such as HOST-01.OpcUa." />
        <Field label="Name" name="session-name" value=name />
    };
    action_dialog(context, contents, fields.into_any())
}

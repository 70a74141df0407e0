//! The dialogs of a group's page, one at a time, and their common parts.

mod delete_group;
mod delete_session;
mod override_role;
mod post_heartbeat;
mod session_form;

pub use override_role::clear_override;

use super::action_context::{ActionContext, Open};
use super::group_form::GroupForm;
use crate::api::aveva::Writer;
use crate::api::{Failure, Outcome};
use crate::live::use_clock;
use crate::pages::detail_page::not_found_note;
use crate::ui::ActionDialog;
use crate::ui::action_dialog::Running;
use crate::ui::notice::Undo;
use delete_group::delete_group;
use delete_session::delete_session;
use health::effect::{Confirm, Effect};
use health::groups::{Action, GroupContext};
use leptos::prelude::*;
use override_role::override_role;
use post_heartbeat::post_heartbeat;
use session_form::session_form;
use vendors::aveva::ClientSession;

/// The open dialog, drawn by a chunk of its own.
pub fn dialog(context: ActionContext, open: Open, on_close: Callback<()>) -> AnyView {
    match open {
        Open::Duplicate => {
            let changed = Callback::new(move |()| context.changed());
            let group = context.live.value_untracked();
            let like = group.map(|group| group.configuration.clone());
            let writers = vec![context.writer()];
            view! { <GroupForm writers like changed on_close /> }.into_any()
        }
        Open::DeleteGroup => delete_group(context),
        Open::AddSession => session_form(context, Action::AddSession, None),
        Open::PutSession(id) => session_form(context, Action::PutSession, id),
        Open::DeleteSession(id) => delete_session(context, id),
        Open::PostHeartbeat(id) => post_heartbeat(context, id),
        Open::OverrideRole(id) => override_role(context, id),
    }
}

/// Wraps a change in the form that `ActionDialog` runs.
pub(super) fn run_change<F>(
    context: ActionContext,
    change: impl Fn(Writer, String) -> F + 'static,
) -> Box<dyn Fn() -> Running>
where
    F: Future<Output = (Option<Outcome>, Option<Undo>)> + 'static,
{
    Box::new(move || {
        // The notice of the previous change and its Undo no longer apply to the current state.
        context.notices.dismiss_completed();
        let change = change(context.writer(), context.group());
        Box::pin(async move {
            let (outcome, undo) = change.await;
            let nothing =
                || Outcome::refused(Failure::no_gateway("not supported by this connection"));
            (outcome.unwrap_or_else(nothing), undo)
        })
    })
}

/// The contents of the dialog of an action.
pub(super) struct DialogContents {
    pub(super) title: String,
    pub(super) action: Action,
    /// The session's id; `None` if the action is about the group or a new session.
    pub(super) id: Option<String>,
    pub(super) effect: Signal<Effect>,
    /// Whether the fields are valid and the session exists.
    pub(super) ready: Signal<bool>,
    pub(super) run: Box<dyn Fn() -> Running>,
}

/// The dialog of an action, with its fields.
pub(super) fn action_dialog(
    context: ActionContext,
    contents: DialogContents,
    fields: AnyView,
) -> AnyView {
    let (action, id) = (contents.action, contents.id);
    let clock = use_clock();
    let typed = id.clone().unwrap_or_else(|| context.group());
    let confirm = Memo::new(move |_| {
        let shown = context.live.status.freshness(clock);
        let confirm = |group: GroupContext<'_>, session: Option<&ClientSession>| {
            group.confirm(action, session, shown)
        };
        let confirm = context.with_group(id.as_deref(), confirm);
        confirm.unwrap_or(Confirm::Click)
    });
    let changed = Callback::new(move |()| context.changed());
    let on_close = Callback::new(move |()| context.open.set(None));
    view! {
        <ActionDialog title=contents.title action=action.name() system=context.writer().title effect=contents.effect confirm id=typed
            ready=contents.ready run=contents.run notices=context.notices changed on_close>
            {fields}
        </ActionDialog>
    }
    .into_any()
}

/// The effect that an action would have now.
pub(super) fn effect(
    context: ActionContext,
    id: Option<String>,
    of: impl Fn(GroupContext<'_>, Option<&ClientSession>) -> Effect + Send + Sync + 'static,
) -> Signal<Effect> {
    Memo::new(move |_| {
        let effect: Option<Effect> = context.with_group(id.as_deref(), &of);
        let mut effect = effect.unwrap_or_default();
        effect.notes.extend(not_found_note(context.live.status));
        effect
    })
    .into()
}

/// The effect that an action on a session would have now; if the group does not list the session, a text that says so.
pub(super) fn effect_on(
    context: ActionContext,
    id: String,
    of: impl Fn(GroupContext<'_>, &ClientSession) -> Effect + Send + Sync + 'static,
) -> Signal<Effect> {
    let named = id.clone();
    effect(context, Some(id), move |group, session| {
        session.map_or_else(
            || GroupContext::missing_session(&named),
            |session| of(group, session),
        )
    })
}

/// Whether the group currently lists a session. An action on an unlisted session cannot be sent.
pub(super) fn is_listed(context: ActionContext, id: String) -> Signal<bool> {
    Memo::new(move |_| {
        let listed = context.with_group(Some(&id), |_, session| session.is_some());
        listed.unwrap_or_default()
    })
    .into()
}

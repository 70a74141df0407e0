//! The dialogs of a group's page, one at a time, and what they have in common.

pub mod delete_group;
pub mod delete_session;
pub mod override_role;
pub mod post_heartbeat;
pub mod session_form;

pub use override_role::clear_override;

use super::action_context::{ActionContext, Open};
use super::group_form::GroupForm;
use crate::api::aveva::Writer;
use crate::api::{Failure, Outcome};
use crate::live::use_clock;
use crate::pages::detail_page::gone_note;
use crate::ui::action_dialog::Running;
use crate::ui::notice::Undo;
use delete_group::DeleteGroup;
use delete_session::DeleteSession;
use health::effect::{Confirm, Effect};
use health::groups::{Action, GroupContext};
use leptos::prelude::*;
use override_role::OverrideRole;
use post_heartbeat::PostHeartbeat;
use session_form::SessionForm;
use vendors::aveva::ClientSession;

/// A dialog, in a chunk of its own.
pub fn dialog(context: ActionContext, open: Open, on_close: Callback<()>) -> AnyView {
    match open {
        Open::Duplicate => {
            let changed = Callback::new(move |()| context.changed());
            let group = context.live.value_untracked();
            let like = group.map(|group| group.configuration.clone());
            let writers = context.writer().into_iter().collect();
            view! { <GroupForm writers like changed on_close /> }.into_any()
        }
        Open::DeleteGroup => view! { <DeleteGroup context /> }.into_any(),
        Open::AddSession => {
            view! { <SessionForm context action=Action::AddSession id=None /> }.into_any()
        }
        Open::PutSession(id) => {
            view! { <SessionForm context action=Action::PutSession id /> }.into_any()
        }
        Open::DeleteSession(id) => view! { <DeleteSession context id /> }.into_any(),
        Open::PostHeartbeat(id) => view! { <PostHeartbeat context id /> }.into_any(),
        Open::OverrideRole(id) => view! { <OverrideRole context id /> }.into_any(),
    }
}

/// Puts a change into the shape that a dialog sends.
pub(super) fn running<F>(
    context: ActionContext,
    change: impl Fn(Writer, String) -> F + 'static,
) -> Box<dyn Fn() -> Running>
where
    F: Future<Output = (Option<Outcome>, Option<Undo>)> + 'static,
{
    Box::new(move || {
        // What was said of the change before, and its Undo, belong to another state.
        context.notices.dismiss_undoable();
        let change = context
            .writer()
            .map(|writer| change(writer, context.group()));
        Box::pin(async move {
            let nothing =
                || Outcome::refused(Failure::no_gateway("not supported by this connection"));
            match change {
                Some(change) => {
                    let (outcome, undo) = change.await;
                    (outcome.unwrap_or_else(nothing), undo)
                }
                None => (nothing(), None),
            }
        })
    })
}

pub(super) fn closing(context: ActionContext) -> (Callback<()>, Callback<()>) {
    (
        Callback::new(move |()| context.changed()),
        Callback::new(move |()| context.open.set(None)),
    )
}

pub(super) fn system(context: ActionContext) -> String {
    context
        .writer()
        .map(|writer| writer.title)
        .unwrap_or_default()
}

/// How an action on a session, or on the group, is to be confirmed at this moment.
pub(super) fn confirm(
    context: ActionContext,
    action: Action,
    id: Option<String>,
) -> Signal<Confirm> {
    let clock = use_clock();
    Memo::new(move |_| {
        let shown = context.live.status.freshness(clock);
        let look = |scene: GroupContext<'_>, session: Option<&ClientSession>| {
            scene.confirm(action, session, shown)
        };
        context
            .with_group(id.as_deref(), look)
            .unwrap_or(Confirm::Click)
    })
    .into()
}

/// What an action will do at this moment.
pub(super) fn effect(
    context: ActionContext,
    id: Option<String>,
    of: impl Fn(GroupContext<'_>, Option<&ClientSession>) -> Effect + Send + Sync + 'static,
) -> Signal<Effect> {
    Memo::new(move |_| {
        let effect: Option<Effect> = context.with_group(id.as_deref(), &of);
        let mut effect = effect.unwrap_or_default();
        effect.notes.extend(gone_note(context.live.status));
        effect
    })
    .into()
}

/// What an action on a session will do at this moment, or that the group does not list it now.
pub(super) fn effect_on(
    context: ActionContext,
    id: String,
    of: impl Fn(GroupContext<'_>, &ClientSession) -> Effect + Send + Sync + 'static,
) -> Signal<Effect> {
    let named = id.clone();
    effect(context, Some(id), move |scene, session| {
        session.map_or_else(
            || GroupContext::without(&named),
            |session| of(scene, session),
        )
    })
}

/// Whether the group lists a session at this moment. An action on one that it does not list waits.
pub(super) fn is_listed(context: ActionContext, id: String) -> Signal<bool> {
    Memo::new(move |_| {
        let listed = context.with_group(Some(&id), |_, session| session.is_some());
        listed.unwrap_or_default()
    })
    .into()
}

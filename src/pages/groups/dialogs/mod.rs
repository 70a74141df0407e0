//! The dialogs of a group's page, one at a time, and what they have in common.

pub mod delete_group;
pub mod delete_session;
pub mod override_role;
pub mod post_heartbeat;
pub mod session_form;

pub use override_role::clear_override;

use super::acts::{Acts, Open};
use super::group_form::GroupForm;
use crate::backend::aveva::Writer;
use crate::backend::{Failure, Report};
use crate::live::use_clock;
use crate::ui::deed::Running;
use crate::ui::notice::Undo;
use delete_group::DeleteGroup;
use delete_session::DeleteSession;
use health::effect::{Confirm, Effect};
use health::groups::{Action, Scene};
use leptos::prelude::*;
use override_role::OverrideRole;
use post_heartbeat::PostHeartbeat;
use session_form::SessionForm;
use vendors::aveva::ClientSession;

/// The dialog that is open.
#[component]
pub fn Dialogs(
    /// What can be done.
    acts: Acts,
) -> impl IntoView {
    move || {
        let open = acts.open.get()?;
        Some(match open {
            Open::Duplicate => view! { <Duplicate acts /> }.into_any(),
            Open::DeleteGroup => view! { <DeleteGroup acts /> }.into_any(),
            Open::AddSession => {
                view! { <SessionForm acts action=Action::AddSession id=None /> }.into_any()
            }
            Open::PutSession(id) => {
                view! { <SessionForm acts action=Action::PutSession id /> }.into_any()
            }
            Open::DeleteSession(id) => view! { <DeleteSession acts id /> }.into_any(),
            Open::PostHeartbeat(id) => view! { <PostHeartbeat acts id /> }.into_any(),
            Open::OverrideRole(id) => view! { <OverrideRole acts id /> }.into_any(),
        })
    }
}

/// Puts a change into the shape that a dialog sends.
pub(super) fn running<F>(
    acts: Acts,
    change: impl Fn(Writer, String) -> F + 'static,
) -> Box<dyn Fn() -> Running>
where
    F: Future<Output = (Option<Report>, Option<Undo>)> + 'static,
{
    Box::new(move || {
        let change = acts.writer().map(|writer| change(writer, acts.group()));
        Box::pin(async move {
            let nothing = || Report::refused(Failure::no_gateway("this connection cannot do it"));
            match change {
                Some(change) => {
                    let (report, undo) = change.await;
                    (report.unwrap_or_else(nothing), undo)
                }
                None => (nothing(), None),
            }
        })
    })
}

pub(super) fn closing(acts: Acts) -> (Callback<()>, Callback<()>) {
    (
        Callback::new(move |()| acts.changed()),
        Callback::new(move |()| acts.open.set(None)),
    )
}

pub(super) fn system(acts: Acts) -> String {
    acts.writer().map(|writer| writer.title).unwrap_or_default()
}

/// How an action on a session, or on the group, is to be confirmed at this moment.
pub(super) fn confirm(acts: Acts, action: Action, id: Option<String>) -> Signal<Confirm> {
    let clock = use_clock();
    Memo::new(move |_| {
        let shown = acts.live.status.freshness(clock);
        let look = |scene: Scene<'_>, session: Option<&ClientSession>| {
            scene.confirm(action, session, shown)
        };
        acts.look(id.as_deref(), look).unwrap_or(Confirm::Click)
    })
    .into()
}

/// What an action will do at this moment.
pub(super) fn effect(
    acts: Acts,
    id: Option<String>,
    of: impl Fn(Scene<'_>, Option<&ClientSession>) -> Effect + Send + Sync + 'static,
) -> Signal<Effect> {
    Memo::new(move |_| acts.look(id.as_deref(), &of).unwrap_or_default()).into()
}

#[component]
fn Duplicate(acts: Acts) -> impl IntoView {
    let (changed, on_close) = closing(acts);
    let like = acts
        .live
        .value_untracked()
        .map(|group| group.configuration.clone());
    let writers = acts.writer().into_iter().collect();
    view! { <GroupForm writers like changed on_close /> }
}

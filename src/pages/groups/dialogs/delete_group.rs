//! The dialog that deletes a group.

use super::{DialogContents, action_dialog, effect, run_change};
use crate::api::Outcome;
use crate::api::aveva::MAX_LISTED;
use crate::nav::use_nav;
use crate::pages::groups::action_context::ActionContext;
use crate::route::Route;
use health::groups::{Action, GroupContext};
use leptos::prelude::*;

/// The ids of the sessions; live sessions, which block the deletion, come first.
fn ids(group: &GroupContext<'_>) -> Vec<String> {
    let sessions = group.live_first().into_iter();
    sessions.filter_map(|one| one.id.clone()).collect()
}

/// The dialog that deletes a group. It links to each session that blocks the deletion.
pub(super) fn delete_group(context: ActionContext) -> AnyView {
    let nav = use_nav();
    let title = context.writer().title;
    let page = nav.route().get_untracked();
    let effect = effect(context, None, move |group, _| group.delete_group(&title));
    let run = run_change(context, move |writer, group| {
        // Cloned before sending, because the dialog and its state may be gone by the time of the response.
        let page = page.clone();
        let seen = context.with_group(None, |group, _| (group.group.clone(), ids(&group)));
        let (seen, sessions) = seen.unwrap_or_default();
        async move {
            let outcome = writer.delete_group(&group, &seen, &sessions).await;
            // A user who has left the page in the meantime is not moved.
            if matches!(outcome, Outcome::Done { .. }) && nav.is_at(&page) {
                nav.go(&Route::Groups.href());
            }
            (Some(outcome), None)
        }
    });
    let name = context
        .live
        .value_untracked()
        .map_or_else(|| context.group(), |group| group.name());
    // Following a link closes the dialog.
    let first = Memo::new(move |_| {
        let ids = context.with_group(None, |group, _| ids(&group));
        let mut ids = ids.unwrap_or_default();
        ids.truncate(MAX_LISTED);
        ids
    });
    let sessions = move || {
        let links = first.get().into_iter().map(|id| {
            let href = nav.with_params(&[("session", Some(&id))]);
            view! { <li><a href=href on:click=move |_| context.open.set(None)>{id}</a></li> }
        });
        links.collect::<Vec<_>>()
    };
    let more = move || {
        let all = context.live.value()?.detail.sessions.len();
        let more = all.checked_sub(MAX_LISTED).filter(|more| *more > 0)?;
        Some(view! { <li>{format!("and {more} more")}</li> })
    };
    let contents = DialogContents {
        title: format!("Delete group {name}?"),
        action: Action::DeleteGroup,
        id: None,
        effect,
        ready: Signal::stored(true),
        run,
    };
    let sessions =
        view! { <ul class="tags row" aria-label="Sessions of the group">{sessions}{more}</ul> };
    action_dialog(context, contents, sessions.into_any())
}

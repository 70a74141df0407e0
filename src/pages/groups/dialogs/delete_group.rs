//! Deleting a group.

use super::{Question, ask, effect, running};
use crate::api::Outcome;
use crate::api::aveva::LISTED;
use crate::nav::use_nav;
use crate::pages::groups::action_context::ActionContext;
use crate::route::Route;
use health::groups::{Action, GroupContext};
use leptos::prelude::*;

/// The ids of the sessions, those first that block the deletion.
fn ids(scene: &GroupContext<'_>) -> Vec<String> {
    let sessions = scene.live_first().into_iter();
    sessions.filter_map(|one| one.id.clone()).collect()
}

/// The dialog. It lists the sessions that block the deletion, each with a link.
pub(super) fn delete_group(context: ActionContext) -> AnyView {
    let nav = use_nav();
    let title = context.writer().title;
    let page = nav.route().get_untracked();
    let effect = effect(context, None, move |scene, _| scene.delete_group(&title));
    let run = running(context, move |writer, group| {
        // By the time of the answer the dialog may have been closed, and what it holds be gone.
        let page = page.clone();
        let seen = context.with_group(None, |scene, _| (scene.group.clone(), ids(&scene)));
        let (seen, sessions) = seen.unwrap_or_default();
        async move {
            let outcome = writer.delete_group(&group, &seen, &sessions).await;
            // Whoever has left meanwhile stays where they are.
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
    // A link to each session that blocks it; following it closes the dialog.
    let first = Memo::new(move |_| {
        let ids = context.with_group(None, |scene, _| ids(&scene));
        let mut ids = ids.unwrap_or_default();
        ids.truncate(LISTED);
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
        let more = all.checked_sub(LISTED).filter(|more| *more > 0)?;
        Some(view! { <li>{format!("and {more} more")}</li> })
    };
    let question = Question {
        title: format!("Delete group {name}?"),
        action: Action::DeleteGroup,
        id: None,
        effect,
        ready: Signal::stored(true),
        run,
    };
    let sessions =
        view! { <ul class="tags row" aria-label="Sessions of the group">{sessions}{more}</ul> };
    ask(context, question, sessions.into_any())
}

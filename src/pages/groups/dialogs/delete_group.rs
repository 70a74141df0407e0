//! Deleting a group.

use super::{closing, confirm, effect, running, system};
use crate::backend::Report;
use crate::nav::use_nav;
use crate::pages::groups::acts::Acts;
use crate::route::Route;
use crate::ui::Deed;
use health::groups::Action;
use leptos::prelude::*;

/// The dialog; it names the sessions that stand in the way, each with its address.
#[component]
pub fn DeleteGroup(
    /// What can be done.
    acts: Acts,
) -> impl IntoView {
    let (changed, on_close) = closing(acts);
    let nav = use_nav();
    let title = system(acts);
    let effect = effect(acts, None, move |scene, _| scene.delete_group(&title));
    let run = running(acts, move |writer, group| async move {
        let report = writer.delete_group(&group).await;
        if matches!(report, Report::Done { .. }) {
            nav.go(&Route::Groups.href());
        }
        (Some(report), None)
    });
    let name = acts
        .live
        .value_untracked()
        .map_or_else(|| acts.group(), |group| group.name());
    // A way to each of those that stand in the way; the dialog makes room for it.
    let sessions = move || {
        let ids = acts.live.value().and_then(|group| {
            let detail = group.detail.clone()?;
            let ids = detail.sessions.iter().filter_map(|one| one.id.clone());
            Some(ids.collect::<Vec<_>>())
        });
        let links = ids.unwrap_or_default().into_iter().map(|id| {
            let href = nav.with_params(&[("session", Some(&id))]);
            view! { <li><a href=href on:click=move |_| acts.open.set(None)>{id}</a></li> }
        });
        links.collect::<Vec<_>>()
    };
    view! {
        <Deed title=format!("Delete group {name}?") action="Delete group" system=system(acts) effect
            confirm=confirm(acts, Action::DeleteGroup, None) id=acts.group() run changed on_close>
            <ul class="tags row" aria-label="Sessions of the group">{sessions}</ul>
        </Deed>
    }
}

//! The page of one group: its facts, who takes over next, its sessions.

use super::action_context::ActionContext;
use super::dialogs::Dialogs;
use super::facts::Facts;
use super::session_panel::SessionPanel;
use super::sessions::Sessions;
use super::takeover::{Next, Takeover};
use crate::live::{Feed, use_sources};
use crate::pages::{DetailPage, NotFound};
use crate::route::Route;
use leptos::prelude::*;

/// The page `/groups/{connection}/{group}`.
#[component]
pub fn GroupPage(
    /// The connection.
    connection: String,
    /// The group's id.
    group: String,
) -> impl IntoView {
    let sources = use_sources();
    let source = sources.find(&connection);
    let Some((source, Feed::Aveva(_, sweep))) = source.map(|source| (source, source.feed)) else {
        return view! { <NotFound what=format!("There is no AVEVA connection “{connection}”.") /> }
            .into_any();
    };
    let title = source.connection.title.clone();
    let live = sweep.one(group.clone());
    let context = ActionContext::new(source, sweep, live, &group);
    let missing = format!("{title} has no group “{group}”. It may have been deleted.");
    let heading = Signal::derive(move || {
        live.value()
            .map_or_else(|| group.clone(), |group| group.name())
    });
    let system = title.clone();
    view! {
        <DetailPage live system heading parent=("Groups", Route::Groups) missing>
            <Facts context connection=title.clone() />
            <div class="cols side">
                <Takeover live />
                <Next live />
            </div>
            <Sessions context />
            <SessionPanel context />
            <Dialogs context />
        </DetailPage>
    }
    .into_any()
}

//! The page of one group: its facts, the takeover countdown, the next candidates, and its sessions.

use super::action_context::{ActionContext, writer};
use super::candidates::Next;
use super::facts::Facts;
use super::session_panel::OpenSession;
use super::sessions::Sessions;
use super::takeover::Takeover;
use crate::live::{aveva, use_clock, use_watched};
use crate::pages::activity::history;
use crate::pages::chunks::{Chunk, Dialog, use_chunks};
use crate::pages::{DetailPage, NotFound};
use crate::route::Route;
use health::inventory::{Kind, ResourceKey};
use health::verdict::Verdict;
use leptos::prelude::*;

/// The page `/groups/{connection}/{group}`.
#[component]
pub fn GroupPage(
    /// The connection.
    connection: String,
    /// The group's id.
    group: String,
) -> impl IntoView {
    let snapshot = use_watched().snapshot_untracked();
    let known = snapshot
        .connection(&connection)
        .map(|state| &state.connection);
    let Some(writer) = known.and_then(writer) else {
        return view! { <NotFound what=format!("There is no AVEVA connection “{connection}”.") /> }
            .into_any();
    };
    let title = writer.title.clone();
    let live = aveva::group(connection.clone(), writer.base.clone(), group.clone());
    let context = ActionContext::new(writer, live, &group);
    let resource = ResourceKey {
        kind: Kind::FailoverGroup,
        connection,
        id: group.clone(),
    };
    let clock = use_clock();
    let key = StoredValue::new(resource.clone());
    let election = aveva::election(live, clock);
    let verdict = Memo::new(move |_| {
        let verdict = live.value()?.verdict(live.status, clock);
        Some(match &verdict.lingering {
            Some((_, fault)) if key.with_value(|key| gateway_has_verdict(key, &fault.word)) => {
                Verdict::clone(fault)
            }
            _ => verdict,
        })
    });
    let missing = format!("{title} has no group “{group}”. It may have been deleted.");
    let heading = Signal::derive(move || {
        live.value()
            .map_or_else(|| group.clone(), |group| group.name())
    });
    let chunks = use_chunks();
    let on_close = Callback::new(move |()| context.open.set(None));
    let dialog = move || {
        let open = context.open.get()?;
        let dialog = Dialog::Group { context, open };
        Some(chunks.dialog(Chunk::GroupDialogs, dialog, on_close))
    };
    let system = title.clone();
    view! {
        <DetailPage live system heading parent=("Groups", Route::Groups) missing resource history>
            <Facts context connection=title.clone() election verdict />
            <div class="cols side">
                <Takeover context election verdict resource=key />
                <Next context election />
            </div>
            <Sessions context election />
            {history(key.get_value())}
            <OpenSession context />
        </DetailPage>
        {dialog}
    }
    .into_any()
}

/// Whether the gateway's verdict on a resource has this word. Only the gateway knows how long a fault has lasted.
fn gateway_has_verdict(resource: &ResourceKey, word: &str) -> bool {
    let snapshot = use_watched().snapshot();
    let known = snapshot.find(resource);
    known.is_some_and(|known| known.verdict.word == word)
}

//! The table "Walls", and the confirmation before a wall is revoked.

use crate::api::Outcome;
use crate::api::outcome::settled;
use crate::api::walls::{self, Wall, Walls as List};
use crate::json;
use crate::live::{Live, keyed, use_watched};
use crate::nav::use_nav;
use crate::pages::resource_list::PAGE_SIZE;
use crate::prefs::use_prefs;
use crate::ui::action_dialog::Running;
use crate::ui::table::filters::{Pager, page_of};
use crate::ui::{ActionDialog, hand_over, times};
use chrono::{DateTime, Utc};
use health::effect::{Confirm, Effect};
use leptos::prelude::*;

/// The table "Walls".
#[component]
pub fn WallList(
    /// The walls.
    state: Live<List>,
) -> impl IntoView {
    let (nav, revoking) = (use_nav(), RwSignal::new(None::<Wall>));
    let ids = Memo::new(move |_| {
        let list = state.value();
        let walls = list.iter().flat_map(|list| &list.walls);
        walls.map(|wall| wall.id.clone()).collect::<Vec<_>>()
    });
    let count = Memo::new(move |_| ids.read().len());
    let page = Memo::new(move |_| page_of(nav.param("page").as_deref(), count.get(), PAGE_SIZE));
    let of_page = move || {
        hand_over("#walls");
        let ids = ids.read();
        let start = (page.get() - 1) * PAGE_SIZE;
        let of_page = ids.iter().skip(start).take(PAGE_SIZE);
        of_page.cloned().collect::<Vec<_>>()
    };
    let none = move || {
        let none = state.value().is_some() && ids.read().is_empty();
        none.then(|| view! { <p class="blank">"No screen is paired. Open /wall on it: it shows a code."</p> })
    };
    let dialog = move || {
        let wall = revoking.get()?;
        Some(view! { <Revoke wall state close=Callback::new(move |()| revoking.set(None)) /> })
    };
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label="Walls, scrollable" hidden=move || ids.read().is_empty()>
            <table>
                <caption class="vh">"Walls"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Paired"</th>
                        <th scope="col">"Last seen"</th>
                        <th scope="col" class="desk">"Address"</th>
                        <th scope="col"><span class="vh">"Actions"</span></th>
                    </tr>
                </thead>
                <tbody>
                    {keyed(of_page, Clone::clone, move |id| view! { <Row state id revoking /> })}
                </tbody>
            </table>
        </div>
        <p class="bar" hidden=move || { count.get() <= PAGE_SIZE }><Pager page all=count.into() page_size=PAGE_SIZE /></p>
        {none}
        {dialog}
    }
}

#[component]
fn Row(state: Live<List>, id: String, revoking: RwSignal<Option<Wall>>) -> impl IntoView {
    let (watched, prefs) = (use_watched(), use_prefs());
    let wall = Memo::new(move |_| {
        let list = state.value();
        let mut walls = list.iter().flat_map(|list| &list.walls);
        walls.find(|wall| wall.id == id).cloned()
    });
    let read = move |of: fn(&Wall) -> Option<String>| wall.read().as_ref().and_then(of);
    let name = move || read(|wall| Some(wall.name.clone()));
    let moment = move |at: DateTime<Utc>| {
        let now = watched.now();
        let zone = prefs.zone.get();
        format!("{} {}", times::moment(at, now, zone), zone.word())
    };
    let paired = move || json::moment(wall.read().as_ref()?.paired_at.as_deref()?).map(moment);
    let last_seen = Memo::new(move |_| json::moment(wall.read().as_ref()?.last_seen.as_deref()?));
    let ago = move || match last_seen.get() {
        Some(at) => times::ago(at, watched.now()),
        None => "not yet".to_owned(),
    };
    let label = move || name().map(|name| format!("Revoke {name}"));
    view! {
        <tr>
            <th scope="row"><b>{name}</b></th>
            <td>{paired}<span class="sub">{move || read(|wall| Some(format!("by {}", wall.paired_by)))}</span></td>
            <td>{ago}<span class="sub">{move || last_seen.get().map(moment)}</span></td>
            <td class="desk">{move || read(|wall| wall.address.clone()).unwrap_or_else(|| "–".to_owned())}</td>
            <td><button type="button" class="btn" aria-label=label on:click=move |_| revoking.set(wall.get_untracked())>"Revoke"</button></td>
        </tr>
    }
}

#[component]
fn Revoke(wall: Wall, state: Live<List>, close: Callback<()>) -> impl IntoView {
    let Wall { id, name, .. } = wall;
    let effect = Effect {
        sentence: "The screen is signed out at its next request and shows a new code. This cannot be undone: the screen has to be paired again."
            .to_owned(),
        notes: Vec::new(),
    };
    let (wall_id, wall_name) = (id.clone(), name.clone());
    let run: Box<dyn Fn() -> Running> = Box::new(move || {
        let (id, name) = (wall_id.clone(), wall_name.clone());
        Box::pin(async move { (revoke(&id, &name).await, None) })
    });
    let changed = Callback::new(move |()| state.status.refresh());
    let effect = Signal::derive(move || effect.clone());
    view! {
        <ActionDialog title=format!("Revoke {name}?") action="Revoke wall" system="the gateway" effect confirm=Confirm::Click id run changed on_close=close />
    }
}

/// Revokes a wall once; if no response arrives, reads the list to find the outcome.
async fn revoke(id: &str, name: &str) -> Outcome {
    let answer = walls::revoke(id).await;
    let afterwards = async || match walls::list().await {
        Ok(list) if list.walls.iter().any(|wall| wall.id == id) => {
            format!("Read afterwards: {name} is still paired.")
        }
        Ok(_) => format!("Read afterwards: {name} is no longer paired."),
        Err(again) => format!("The list of walls could not be read: {}.", again.line()),
    };
    settled(answer, format!("The wall {name} is revoked."), afterwards).await
}

//! The section "Maintenance" of the page `/connections`: maintenance in progress and planned maintenance.

use super::{Dialogs, MaintenanceAction, end_verb};
use crate::api::session::Session;
use crate::live::{Watched, keyed, use_watched};
use crate::pages::moments::use_moments;
use crate::provided::provided;
use crate::ui::hand_over;
use health::alarms::{Maintenance, Scope};
use leptos::prelude::*;
use std::sync::Arc;

/// The display name of a scope, tracked.
fn scope_name(watched: Watched, scope: &Scope) -> String {
    let snapshot = watched.snapshot();
    match scope {
        Scope::System(kind) => format!("All {} systems", kind.vendor()),
        Scope::Connection(id) => snapshot.title(id),
        Scope::Resource(key) => {
            let resource = snapshot.find(key);
            let name = resource.map_or(&key.id, |resource| &resource.name);
            format!("{name} ({})", snapshot.title(&key.connection))
        }
    }
}

/// The section "Maintenance".
#[component]
pub fn MaintenanceList() -> impl IntoView {
    let (watched, moment) = (use_watched(), use_moments());
    let may_change = provided::<Arc<Session>>().may_change();
    let action = RwSignal::new(None);
    let list = Memo::new(move |_| watched.snapshot().maintenance.to_vec());
    let row = move |one: Maintenance| {
        let words = scope_name(watched, &one.scope);
        let (from, until) = (one.from, one.until);
        let scope = one.scope.clone();
        let (reason, by) = (one.reason.clone(), format!("by {}", one.by));
        let has_begun = Memo::new(move |_| from <= watched.now());
        let state = move || {
            if has_begun.get() {
                "in progress"
            } else {
                "planned"
            }
        };
        let label = move || format!("{} maintenance of {words}", end_verb(has_begun.get()));
        let word = move || end_verb(has_begun.get());
        let end = may_change.then(|| {
            view! { <button type="button" class="btn" aria-label=label on:click=move |_| action.set(Some(MaintenanceAction::End(Box::new(one.clone()))))>{word}</button> }
        });
        view! {
            <tr>
                <th scope="row"><b>{move || scope_name(watched, &scope)}</b><span class="sub">{state}</span></th>
                <td>{move || moment(from)}</td>
                <td>{move || moment(until)}</td>
                <td>{reason}<span class="sub">{by}</span></td>
                <td>{end}</td>
            </tr>
        }
    };
    let each = move || {
        hand_over("#maintenance");
        list.get()
    };
    let announce = may_change.then(|| {
        view! { <button type="button" class="btn end" on:click=move |_| action.set(Some(MaintenanceAction::Announce))>"Announce maintenance"</button> }
    });
    view! {
        <section class="panel" aria-labelledby="maintenance">
            <header><h2 id="maintenance" tabindex="-1">"Maintenance"</h2><p>"Periods with expected alarms; no notifications are sent"</p>{announce}</header>
            <div class="scroll" tabindex="0" role="region" aria-label="Maintenance, scrollable" hidden=move || list.read().is_empty()>
                <table>
                    <caption class="vh">"Maintenance"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Applies to"</th>
                            <th scope="col">"From"</th>
                            <th scope="col">"Until"</th>
                            <th scope="col">"Reason"</th>
                            <th scope="col"><span class="vh">"Actions"</span></th>
                        </tr>
                    </thead>
                    <tbody>{keyed(each, |one| one.id.clone(), row)}</tbody>
                </table>
            </div>
            {move || list.read().is_empty().then(|| view! { <p class="blank">"No maintenance in progress or planned."</p> })}
        </section>
        <Dialogs action scope=None name=String::new() />
    }
}

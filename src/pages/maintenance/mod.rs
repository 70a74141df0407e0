//! Maintenance: a time in which alarms are to be expected, so that nobody is notified of them. Announced for everything of a
//! vendor, for a connection or for one resource; told on the pages of what it concerns, and listed on `/connections`.

pub mod announce;
pub mod list;

pub use list::MaintenanceList;

use crate::api::handling;
use crate::api::session::Session;
use crate::live::{Watched, keyed, use_watched};
use crate::pages::alarms::said_about;
use crate::pages::chunks::{Chunk, Dialog, use_chunks};
use crate::pages::moments::use_moments;
use crate::provided::provided;
use crate::ui::action_dialog::Running;
use crate::ui::{ActionDialog, Icon, hand_over};
use announce::Announce;
use health::alarms::{Maintenance, Scope};
use health::effect::{Confirm, Effect};
use health::inventory::ResourceKey;
use leptos::prelude::*;
use std::sync::Arc;
use vendors::SystemKind;

/// Which dialog is open.
#[derive(Clone, PartialEq)]
pub enum MaintenanceAction {
    /// To announce maintenance.
    Announce,
    /// To end one.
    End(Box<Maintenance>),
}

/// Which system a connection is, tracked.
fn system_of(watched: Watched, connection: &str) -> Option<SystemKind> {
    let state = watched.connection(connection)?;
    Some(state.connection.system.kind())
}

/// On the page of a resource: who takes care of its alarm, and the maintenance that it is in or that is planned for it.
#[component]
pub fn HandlingNotes(
    /// The resource.
    resource: ResourceKey,
    /// The dialog that is open.
    action: RwSignal<Option<MaintenanceAction>>,
) -> impl IntoView {
    let (watched, moment) = (use_watched(), use_moments());
    let may_change = provided::<Arc<Session>>().may_change();
    let key = resource.clone();
    let said = Memo::new(move |_| {
        let snapshot = watched.snapshot();
        let mut alarms = snapshot.alarms.iter();
        let alarm = alarms.find(|alarm| alarm.resource.is_same(&key));
        alarm.map_or_else(Vec::new, |alarm| said_about(alarm, moment))
    });
    let said = move || {
        let line = |words| view! { <p class="panel note" data-s="off"><Icon name="done" /><span>{words}</span></p> };
        said.get().into_iter().map(line).collect_view()
    };
    // What concerns it. An unknown connection is of no system.
    let concerning = Memo::new(move |_| {
        let snapshot = watched.snapshot();
        let known = snapshot.find(&resource).map_or(&resource, |held| &held.key);
        let concerns = |one: &&Maintenance| {
            one.scope
                .contains(known, |connection| system_of(watched, connection))
        };
        snapshot
            .maintenance
            .iter()
            .filter(concerns)
            .cloned()
            .collect::<Vec<_>>()
    });
    let note = move |one: Maintenance| {
        let told = one.clone();
        // As a memo: a second that passes writes nothing, and the button stays.
        let words = Memo::new(move |_| {
            let when = if told.is_active(watched.now()) {
                format!("In maintenance until {}", moment(told.until))
            } else {
                let (from, until) = (moment(told.from), moment(told.until));
                format!("Maintenance is planned from {from} to {until}")
            };
            format!("{when}, by {}: {}", told.by, told.reason)
        });
        let end = may_change.then(|| {
            view! { <button type="button" class="btn" on:click=move |_| action.set(Some(MaintenanceAction::End(Box::new(one.clone()))))>"End maintenance"</button> }
        });
        view! { <p class="panel note" data-s="off"><Icon name="off" /><span>{words}</span>{end}</p> }
    };
    let each = move || {
        hand_over("#main");
        concerning.get()
    };
    view! {
        {said}
        {keyed(each, |one| one.id.clone(), note)}
    }
}

/// On the page of a resource: announces maintenance of it.
#[component]
pub fn AnnounceMaintenance(
    /// The dialog that is open.
    action: RwSignal<Option<MaintenanceAction>>,
) -> impl IntoView {
    let may_change = provided::<Arc<Session>>().may_change();
    may_change.then(|| view! {
        <p class="row"><button type="button" class="btn" on:click=move |_| action.set(Some(MaintenanceAction::Announce))>"Announce maintenance"</button></p>
    })
}

/// The dialog that is open.
#[component]
pub fn Dialogs(
    /// Which one.
    action: RwSignal<Option<MaintenanceAction>>,
    /// What maintenance is announced for; chosen in the dialog where there is none.
    #[prop(optional_no_strip)]
    scope: Option<Scope>,
    /// What that is called.
    #[prop(into)]
    name: Signal<String>,
) -> impl IntoView {
    let on_close = Callback::new(move |()| action.set(None));
    let chunks = use_chunks();
    move || {
        let dialog = Dialog::Maintenance {
            action: action.get()?,
            scope: scope.clone(),
            name: name.get_untracked(),
        };
        Some(chunks.dialog(Chunk::AlarmDialogs, dialog, on_close))
    }
}

/// A dialog, in a chunk of its own.
pub fn dialog(
    action: MaintenanceAction,
    scope: Option<Scope>,
    name: String,
    on_close: Callback<()>,
) -> AnyView {
    match action {
        MaintenanceAction::Announce => view! { <Announce scope name on_close /> }.into_any(),
        MaintenanceAction::End(one) => view! { <End one=*one on_close /> }.into_any(),
    }
}

#[component]
fn End(one: Maintenance, on_close: Callback<()>) -> impl IntoView {
    let watched = use_watched();
    let effect = Effect {
        sentence: if one.is_active(watched.now_untracked()) {
            "It ends now, and its alarms are active again.".to_owned()
        } else {
            "It is cancelled.".to_owned()
        },
        notes: Vec::new(),
    };
    let id = one.id.clone();
    let run: Box<dyn Fn() -> Running> = Box::new(move || {
        let id = id.clone();
        Box::pin(async move { (handling::end(&id).await, None) })
    });
    view! {
        <ActionDialog title=format!("End the maintenance “{}”?", one.reason) action="End maintenance" system="the gateway"
            effect=Signal::derive(move || effect.clone()) confirm=Signal::derive(|| Confirm::Click) id="" run
            changed=Callback::new(move |()| watched.ask_now()) on_close
        />
    }
}

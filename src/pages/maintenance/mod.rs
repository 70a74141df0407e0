//! Maintenance: a period with expected alarms, for which no notifications are sent. Announced for all systems of a
//! vendor, for a connection or for one resource; shown on the pages of affected resources and listed on `/connections`.

pub mod announce;
pub mod list;

pub use list::MaintenanceList;

use crate::api::handling;
use crate::api::session::Session;
use crate::live::{Watched, keyed, use_watched};
use crate::pages::alarms::acknowledge::ended_note;
use crate::pages::alarms::note_lines;
use crate::pages::chunks::{Chunk, Dialog, use_chunks};
use crate::pages::moments::use_moments;
use crate::provided::provided;
use crate::ui::action_dialog::Running;
use crate::ui::{ActionDialog, Icon, hand_over, keep_focus_in_sight};
use announce::Announce;
use health::alarms::{Maintenance, Scope};
use health::effect::{Confirm, Effect};
use health::inventory::ResourceKey;
use leptos::prelude::*;
use std::sync::Arc;
use vendors::SystemKind;

/// The action of a dialog about maintenance.
#[derive(Clone, PartialEq)]
pub enum MaintenanceAction {
    /// Announces maintenance.
    Announce,
    /// Ends or cancels maintenance.
    End(Box<Maintenance>),
}

/// The kind of system of a connection, tracked.
fn system_of(watched: Watched, connection: &str) -> Option<SystemKind> {
    let state = watched.connection(connection)?;
    Some(state.connection.system.kind())
}

/// On the page of a resource: its flapping, the acknowledgement and notes of its alarm, and its current and planned
/// maintenance.
#[component]
pub fn HandlingNotes(
    /// The resource.
    resource: ResourceKey,
    /// The action of the open dialog.
    action: RwSignal<Option<MaintenanceAction>>,
) -> impl IntoView {
    let (watched, moment) = (use_watched(), use_moments());
    let may_change = provided::<Arc<Session>>().may_change();
    let key = resource.clone();
    let alarm_notes = Memo::new(move |_| {
        let snapshot = watched.snapshot();
        let mut alarms = snapshot.alarms.iter();
        let alarm = alarms.find(|alarm| alarm.resource.is_same(&key));
        alarm.map_or_else(Vec::new, |alarm| note_lines(alarm, moment))
    });
    let key = resource.clone();
    // The page's own verdict is only about the state of this moment.
    let flapping = Memo::new(move |_| {
        let snapshot = watched.snapshot();
        let mut alarms = snapshot.alarms.iter();
        let alarm = alarms.find(|alarm| alarm.resource.is_same(&key))?;
        let words = || format!("{} {}", alarm.sentence, alarm.advice);
        alarm.flapping.is_some().then(words)
    });
    let flapping = move || {
        keep_focus_in_sight();
        flapping.get().map(|words| view! { <p class="panel note" data-s="warning"><Icon name="warning" /><span>{words}</span></p> })
    };
    let alarm_notes = move || {
        keep_focus_in_sight();
        let line = |words| view! { <p class="panel note" data-s="off"><Icon name="done" /><span>{words}</span></p> };
        alarm_notes.get().into_iter().map(line).collect_view()
    };
    let affecting = Memo::new(move |_| {
        let snapshot = watched.snapshot();
        let known = snapshot.find(&resource).map_or(&resource, |held| &held.key);
        let affects = |one: &&Maintenance| {
            one.scope
                .contains(known, |connection| system_of(watched, connection))
        };
        snapshot
            .maintenance
            .iter()
            .filter(affects)
            .cloned()
            .collect::<Vec<_>>()
    });
    let note = move |one: Maintenance| {
        let shown = one.clone();
        // A memo, so that a clock tick alone redraws nothing.
        let words = Memo::new(move |_| {
            let when = if shown.is_active(watched.now()) {
                format!("In maintenance until {}", moment(shown.until))
            } else {
                let (from, until) = (moment(shown.from), moment(shown.until));
                format!("Maintenance is planned from {from} to {until}")
            };
            format!("{when}, by {}: {}", shown.by, shown.reason)
        });
        let end = may_change.then(|| {
            let (from, end) = (one.from, move |_| {
                action.set(Some(MaintenanceAction::End(Box::new(one.clone()))));
            });
            // A memo, so that a clock tick alone redraws nothing.
            let verb = Memo::new(move |_| end_verb(from <= watched.now()));
            view! { <button type="button" class="btn" on:click=end>{verb}" maintenance"</button> }
        });
        view! { <p class="panel note" data-s="off"><Icon name="off" /><span>{words}</span>{end}</p> }
    };
    let each = move || {
        hand_over("#main");
        keep_focus_in_sight();
        affecting.get()
    };
    view! {
        {flapping}
        {alarm_notes}
        {keyed(each, |one| one.id.clone(), note)}
    }
}

/// On the page of a resource: the button that announces maintenance of it.
#[component]
pub fn AnnounceMaintenance(
    /// The action of the open dialog.
    action: RwSignal<Option<MaintenanceAction>>,
) -> impl IntoView {
    let may_change = provided::<Arc<Session>>().may_change();
    may_change.then(|| view! {
        <p class="row"><button type="button" class="btn" on:click=move |_| action.set(Some(MaintenanceAction::Announce))>"Announce maintenance"</button></p>
    })
}

/// The open dialog.
#[component]
pub fn Dialogs(
    /// The action of the open dialog.
    action: RwSignal<Option<MaintenanceAction>>,
    /// The scope of new maintenance; `None` to choose it in the dialog.
    #[prop(optional_no_strip)]
    scope: Option<Scope>,
    /// The display name of the scope.
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

/// The dialog of an action, drawn by a chunk of its own.
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

/// The verb for ending maintenance, or calling it off before it has begun. A dialog's button "Cancel" changes nothing.
fn end_verb(has_begun: bool) -> &'static str {
    if has_begun { "End" } else { "Call off" }
}

#[component]
fn End(one: Maintenance, on_close: Callback<()>) -> impl IntoView {
    let watched = use_watched();
    let (id, from) = (one.id, one.from);
    // It may begin or end while the dialog is open.
    let has_begun = Memo::new(move |_| from <= watched.now());
    let own_id = id.clone();
    let is_listed = Memo::new(move |_| {
        let snapshot = watched.snapshot();
        snapshot.maintenance.iter().any(|one| one.id == own_id)
    });
    let title = Signal::derive(move || {
        let verb = end_verb(has_begun.get());
        format!("{verb} the maintenance “{}”?", one.reason)
    });
    let effect = Signal::derive(move || {
        let sentence = if has_begun.get() {
            "The maintenance ends now, and its alarms become active again."
        } else {
            "The planned maintenance does not take place."
        };
        Effect {
            sentence: sentence.to_owned(),
            notes: Vec::new(),
        }
    });
    let run: Box<dyn Fn() -> Running> = Box::new(move || {
        let done = if has_begun.get_untracked() {
            "The maintenance has ended."
        } else {
            "The maintenance is called off."
        };
        let id = id.clone();
        Box::pin(async move { (handling::end(&id, done).await, None) })
    });
    let action = Signal::derive(move || format!("{} maintenance", end_verb(has_begun.get())));
    view! {
        <ActionDialog title action system="the gateway" effect confirm=Confirm::Click id="" run
            changed=Callback::new(move |()| watched.poll_now()) on_close
        >
            {ended_note(is_listed.into(), "The maintenance is not in the list at the moment: it may have ended.")}
        </ActionDialog>
    }
}

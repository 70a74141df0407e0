//! The dialog that announces maintenance.

use crate::api::{Outcome, handling};
use crate::live::{Watched, use_watched};
use crate::pages::alarms::acknowledge::too_long;
use crate::pages::alarms::duration_choice::{DurationChoice, end};
use crate::prefs::use_prefs;
use crate::ui::action_dialog::Running;
use crate::ui::time_zone::{local_text, moment_or_next, parse_local};
use crate::ui::{ActionDialog, Field, error_line, times};
use chrono::{DateTime, Utc};
use health::alarms::Scope;
use health::effect::{Confirm, Effect};
use leptos::prelude::*;
use protocol::NewMaintenance;
use vendors::SystemKind;

/// The scopes to choose from: each connection, and each kind of connected system.
fn choices(watched: Watched) -> Vec<(Scope, String)> {
    let snapshot = watched.snapshot_untracked();
    let connections = snapshot.connections.iter().map(|state| &state.connection);
    let is_used = |kind: &SystemKind| connections.clone().any(|one| one.system.kind() == *kind);
    let systems = SystemKind::ALL.into_iter().filter(is_used);
    let systems = systems.map(|kind| {
        (
            Scope::System(kind),
            format!("All {} systems", kind.vendor()),
        )
    });
    let each = connections.clone();
    let each = each.map(|one| (Scope::Connection(one.id.clone()), one.title.clone()));
    each.chain(systems).collect()
}

/// The dialog that announces maintenance.
#[component]
pub fn Announce(
    /// The scope; `None` to choose it here.
    scope: Option<Scope>,
    /// The display name of the scope.
    name: String,
    /// Called after the dialog has closed.
    on_close: Callback<()>,
) -> impl IntoView {
    let (watched, prefs) = (use_watched(), use_prefs());
    let choices = match scope {
        Some(scope) => vec![(scope, name.clone())],
        None => choices(watched),
    };
    let (chosen, reason) = (RwSignal::new(0_usize), RwSignal::new(String::new()));
    let (minutes, from) = (
        RwSignal::new(Some(60)),
        RwSignal::new(None::<DateTime<Utc>>),
    );
    let effect = Effect {
        sentence: "Until the maintenance ends, alarms within its scope are folded, marked as in maintenance, and cause no sound, notification or alert. Events are still recorded.".to_owned(),
        notes: Vec::new(),
    };
    let options: Vec<_> = choices
        .iter()
        .enumerate()
        .map(|(number, (_, words))| view! { <option value=number.to_string()>{words.clone()}</option> })
        .collect();
    let is_chosen_here = choices.len() > 1;
    let choose = move |event| chosen.set(event_target_value(&event).parse().unwrap_or_default());
    let select = is_chosen_here.then(|| view! {
        <div class="entry">
            <label for="scope">"Applies to"</label>
            <div class="field"><select id="scope" name="scope" on:change=choose>{options}</select></div>
        </div>
    });
    let choices = StoredValue::new(choices);
    let is_incomplete = RwSignal::new(false);
    // Also runs on focusout: a field that is incomplete, or whose last part was cleared, fires no change event.
    let begin = move |event: &leptos::ev::Event| {
        let field = event_target::<web_sys::Element>(event);
        let incomplete = field.matches(":invalid") == Ok(true);
        is_incomplete.set(incomplete);
        // An incomplete field has no value, which would mean that maintenance starts now.
        if incomplete {
            return;
        }
        let zone = prefs.zone.get_untracked();
        let time = parse_local(&event_target_value(event));
        from.set(time.map(|time| moment_or_next(time, &|at| times::offset(zone, at))));
    };
    let begins = move || {
        let zone = prefs.zone.get();
        let at = from.get()?;
        Some(local_text(at, &|at| times::offset(zone, at)))
    };
    let run: Box<dyn Fn() -> Running> = Box::new(move || {
        let begins = from.get_untracked().unwrap_or(watched.now_untracked());
        let scope = choices.with_value(|choices| {
            let one = choices.get(chosen.get_untracked());
            one.map(|(scope, _)| scope.clone())
        });
        let wanted = scope
            .zip(end(begins, minutes.get_untracked()))
            .map(|(scope, until)| NewMaintenance {
                scope,
                from: from.get_untracked(),
                until,
                reason: reason.get_untracked(),
            });
        Box::pin(async move {
            match wanted {
                Some(wanted) => (handling::announce(&wanted).await, None),
                // The dialog cannot be submitted without both.
                None => (
                    Outcome::Changed {
                        message: "No scope is selected.".to_owned(),
                    },
                    None,
                ),
            }
        })
    });
    let error = too_long(reason);
    let ready = Signal::derive(move || {
        let is_written = !reason.read().trim().is_empty() && error.get().is_none();
        is_written && minutes.get().is_some() && !is_incomplete.get()
    });
    let hint = "What is being done";
    let rest = move || {
        is_incomplete
            .get()
            .then(|| error_line("Complete the date and time, or clear it.".to_owned()))
    };
    let invalid = move || is_incomplete.get().then_some("true");
    let title = if is_chosen_here {
        "Announce maintenance".to_owned()
    } else {
        format!("Announce maintenance of {name}")
    };
    view! {
        <ActionDialog title action="Announce" system="the gateway"
            effect=Signal::derive(move || effect.clone()) confirm=Confirm::Click id="" ready run
            changed=Callback::new(move |()| watched.poll_now()) on_close
        >
            {select}
            <Field label="Reason" name="reason" value=reason error hint required=true />
            <div class="entry">
                <label for="begins">"Begins"<span class="dim">{move || format!(", {}; if empty, starts now", prefs.zone.get().word())}</span></label>
                <div class="field"><input id="begins" name="begins" type="datetime-local" aria-invalid=invalid aria-describedby="begins-says" prop:value=move || begins().unwrap_or_default() on:change=move |event| begin(&event) on:focusout=move |event| begin(&event) /></div>
                <div id="begins-says" class="says">{rest}</div>
            </div>
            <DurationChoice label="Lasts" name="lasts" minutes />
        </ActionDialog>
    }
}

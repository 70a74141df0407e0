//! The dialogs that acknowledge an alarm, withdraw an acknowledgement, and add a note.

use super::connection;
use super::duration_choice::{DurationChoice, end};
use crate::api::{Outcome, handling};
use crate::live::{Watched, use_watched};
use crate::ui::action_dialog::Running;
use crate::ui::{ActionDialog, Field, icon};
use health::alarms::Alarm;
use health::effect::{Confirm, Effect};
use leptos::prelude::*;
use protocol::{NewAcknowledgement, NewNote, SeenAlarm};
use std::sync::Arc;

/// The connection's title, as a prefix of the alarm's sentence: two connections may have alarms with the same sentence.
fn connection_prefix(watched: Watched, alarm: &Alarm) -> String {
    let connection = untrack(|| connection(watched, alarm));
    if connection.is_empty() {
        connection
    } else {
        format!("{connection}: ")
    }
}

/// The gateway's limit for a reason or a note, in characters.
const MAX_LENGTH: usize = 500;

/// The error message for a reason or a note that is too long.
#[must_use]
pub fn too_long(text: RwSignal<String>) -> Signal<Option<String>> {
    Signal::derive(move || {
        let length = text.read().trim().chars().count();
        (length > MAX_LENGTH).then(|| format!("{length} characters, more than {MAX_LENGTH}."))
    })
}

/// The warning that what a dialog is about is no longer listed. Its container always exists, because a screen reader
/// announces changes inside it.
pub fn ended_note(is_listed: Signal<bool>, words: &'static str) -> AnyView {
    let note = move || {
        (!is_listed.get()).then(|| view! { <ul class="checks"><li data-s="warning">{icon("warning")}<p>{words}</p></li></ul> }.into_any())
    };
    view! { <div role="status">{note}</div> }.into_any()
}

fn seen(alarm: &Alarm) -> SeenAlarm {
    SeenAlarm {
        severity: alarm.severity,
        word: alarm.word.to_string(),
        acknowledged_at: alarm.acknowledged.as_ref().map(|given| given.at),
    }
}

/// The outcome with the alarm's name in its message, because a notice is shown apart from the alarm.
fn with_alarm_name(outcome: Outcome, alarm: &Alarm) -> Outcome {
    match outcome {
        Outcome::Done { message, undoable } => Outcome::Done {
            message: format!("{}: {message}", alarm.name),
            undoable,
        },
        outcome => outcome,
    }
}

/// The alarm in its current or last known state, and whether it is still in the list: it may get worse, be acknowledged
/// or end while the dialog is open.
type Current = Memo<(Arc<Alarm>, bool)>;

fn current(watched: Watched, first: &Arc<Alarm>) -> Current {
    let first = Arc::clone(first);
    Memo::new(move |before: Option<&(Arc<Alarm>, bool)>| {
        let snapshot = watched.snapshot();
        let mut alarms = snapshot.alarms.iter();
        let found = alarms.find(|one| one.id == first.id);
        let last = before.map_or(&first, |(last, _)| last);
        (Arc::clone(found.unwrap_or(last)), found.is_some())
    })
}

/// The warning that the alarm is no longer in the list.
fn alarm_ended(current: Current) -> AnyView {
    let words = "The alarm is not in the list at the moment: it may have ended. What is shown here is its last known \
                 state.";
    ended_note(Signal::derive(move || current.read().1), words)
}

/// The effect of a dialog: the alarm's sentence, followed by what the action does.
fn effect(watched: Watched, current: Current, action: fn(&Alarm) -> String) -> Signal<Effect> {
    Signal::derive(move || {
        let (alarm, _) = &*current.read();
        Effect {
            sentence: format!(
                "{}{} {}",
                connection_prefix(watched, alarm),
                alarm.sentence,
                action(alarm)
            ),
            notes: Vec::new(),
        }
    })
}

/// The dialog that acknowledges an alarm.
#[component]
pub fn Acknowledge(
    /// The alarm as it was when the dialog was opened.
    alarm: Arc<Alarm>,
    /// Called after the change was made or may have been made.
    changed: Callback<()>,
    /// Called after the dialog has closed.
    on_close: Callback<()>,
) -> impl IntoView {
    let watched = use_watched();
    let (reason, minutes) = (RwSignal::new(String::new()), RwSignal::new(None));
    let current = current(watched, &alarm);
    let effect = effect(watched, current, |_| {
        "All users see that you are handling it. The alarm stays in the list, folded, and sends no notifications until it ends or gets worse.".to_owned()
    });
    let title = Signal::derive(move || {
        let (alarm, _) = &*current.read();
        format!("Acknowledge {}: {}?", alarm.name, alarm.word)
    });
    // The state that the user decided on: the alarm as the dialog was opened or, after the gateway has rejected that as
    // outdated, the alarm as it is shown now.
    let opened = StoredValue::new(Some(seen(&alarm)));
    let run: Box<dyn Fn() -> Running> = Box::new(move || {
        let alarm = Arc::clone(&alarm);
        let now_seen = || seen(&current.read_untracked().0);
        let wanted = NewAcknowledgement {
            reason: reason.get_untracked(),
            until: end(watched.now_untracked(), minutes.get_untracked()),
            seen: Some(opened.get_value().unwrap_or_else(now_seen)),
        };
        Box::pin(async move {
            let outcome = handling::acknowledge(&alarm.id, &wanted).await;
            if matches!(outcome, Outcome::Changed { .. }) {
                opened.try_set_value(None);
            }
            (with_alarm_name(outcome, &alarm), None)
        })
    });
    let error = too_long(reason);
    let ready = Signal::derive(move || !reason.read().trim().is_empty() && error.get().is_none());
    let hint = "What is being done, or why it can wait";
    view! {
        <ActionDialog title action="Acknowledge" system="the gateway"
            effect confirm=Confirm::Click id="" ready run
            changed on_close
        >
            {alarm_ended(current)}
            <Field label="Reason" name="reason" value=reason error hint required=true />
            <DurationChoice label="Until" name="until" minutes open="the alarm ends" />
        </ActionDialog>
    }
}

/// The dialog that withdraws the acknowledgement of an alarm.
#[component]
pub fn Withdraw(
    /// The alarm as it was when the dialog was opened.
    alarm: Arc<Alarm>,
    /// Called after the change was made or may have been made.
    changed: Callback<()>,
    /// Called after the dialog has closed.
    on_close: Callback<()>,
) -> impl IntoView {
    let watched = use_watched();
    let current = current(watched, &alarm);
    let effect = effect(watched, current, |alarm| {
        let given = alarm.acknowledged.as_ref();
        let given = given.map(|given| {
            format!(
                "{} acknowledged it: {}. ",
                given.by,
                given.reason.trim_end_matches('.')
            )
        });
        given.unwrap_or_default() + "The alarm becomes active again on every screen."
    });
    let title = format!("Withdraw the acknowledgement of {}?", alarm.name);
    // As in `Acknowledge`.
    let opened = StoredValue::new(Some(seen(&alarm)));
    let run: Box<dyn Fn() -> Running> = Box::new(move || {
        let alarm = Arc::clone(&alarm);
        let now_seen = || seen(&current.read_untracked().0);
        let seen = opened.get_value().unwrap_or_else(now_seen);
        Box::pin(async move {
            let outcome = handling::withdraw(&alarm.id, seen.acknowledged_at).await;
            if matches!(outcome, Outcome::Changed { .. }) {
                opened.try_set_value(None);
            }
            (with_alarm_name(outcome, &alarm), None)
        })
    });
    view! {
        <ActionDialog title action="Withdraw acknowledgement" system="the gateway"
            effect confirm=Confirm::Click id="" run
            changed on_close
        >
            {alarm_ended(current)}
        </ActionDialog>
    }
}

/// The dialog that adds a note to an alarm.
#[component]
pub fn WriteNote(
    /// The alarm as it was when the dialog was opened.
    alarm: Arc<Alarm>,
    /// Called after the change was made or may have been made.
    changed: Callback<()>,
    /// Called after the dialog has closed.
    on_close: Callback<()>,
) -> impl IntoView {
    let (watched, text) = (use_watched(), RwSignal::new(String::new()));
    let current = current(watched, &alarm);
    let effect = effect(watched, current, |_| {
        "The note is shown with the alarm until the alarm ends, and stays in the activity."
            .to_owned()
    });
    let title = Signal::derive(move || {
        let (alarm, _) = &*current.read();
        format!("Note on {}: {}", alarm.name, alarm.word)
    });
    let run: Box<dyn Fn() -> Running> = Box::new(move || {
        let alarm = Arc::clone(&alarm);
        let wanted = NewNote {
            text: text.get_untracked(),
        };
        Box::pin(async move {
            let outcome = handling::note(&alarm.id, &wanted).await;
            (with_alarm_name(outcome, &alarm), None)
        })
    });
    let error = too_long(text);
    let ready = Signal::derive(move || !text.read().trim().is_empty() && error.get().is_none());
    let hint = "What you found, or what you are waiting for";
    view! {
        <ActionDialog title action="Add note" system="the gateway"
            effect confirm=Confirm::Click id="" ready run
            changed on_close
        >
            {alarm_ended(current)}
            <Field label="Note" name="note" value=text error hint required=true />
        </ActionDialog>
    }
}

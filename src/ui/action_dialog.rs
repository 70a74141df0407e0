//! The dialog of an action: shows its effect, asks for confirmation, sends it once, and shows the outcome.

use super::dialog::Dialog;
use super::failure_card::{FailureCard, details_card};
use super::icon::icon;
use super::notice::{Notices, Undo, use_notices};
use crate::api::{Compared, Outcome};
use crate::live::clock;
use crate::on_change::on_change;
use health::effect::{Confirm, Effect};
use leptos::html;
use leptos::prelude::*;
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// The outcome of a running action, and how to undo it.
pub type Running = Pin<Box<dyn Future<Output = (Outcome, Option<Undo>)>>>;

thread_local! {
    /// The system that returned 429 last, when, and its `Retry-After`. Every dialog about this system waits.
    static RATE_LIMITED: RefCell<Option<(String, f64, Duration)>> = const { RefCell::new(None) };
}

/// How long a system still asks to wait.
fn wait_of(system: &str) -> Option<Duration> {
    let limited = RATE_LIMITED.with_borrow(Clone::clone);
    let (_, at, wait) = limited.filter(|(limited, ..)| limited == system)?;
    // Negative after the clock was set back.
    let waited = Duration::try_from_secs_f64((clock::now() - at) / 1_000.0).ok()?;
    wait.checked_sub(waited)
}

/// The state of the dialog.
#[derive(Clone, PartialEq)]
enum Phase {
    Asking,
    Sending,
    Done,
    Failed(Outcome),
}

/// The dialog of an action.
#[component]
pub fn ActionDialog(
    /// The title, such as "Delete group Kiln 2?".
    #[prop(into)]
    title: Signal<String>,
    /// The text of its button.
    #[prop(into)]
    action: Signal<String>,
    /// The title of the system that is changed.
    #[prop(into)]
    system: Signal<String>,
    /// The effect of the action.
    #[prop(into)]
    effect: Signal<Effect>,
    /// The required confirmation: a click, or typing the id, with the reason.
    #[prop(into)]
    confirm: Signal<Confirm>,
    /// The id to type.
    #[prop(into)]
    id: String,
    /// Whether the fields are valid.
    #[prop(optional, into)]
    ready: Option<Signal<bool>>,
    /// Sends the action.
    run: Box<dyn Fn() -> Running>,
    /// Shows the outcome.
    #[prop(optional)]
    notices: Option<Notices>,
    /// Called when the data on the screen may be out of date: after every outcome but a refusal.
    changed: Callback<()>,
    /// Called after the dialog was closed.
    on_close: Callback<()>,
    /// The fields of the dialog.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let notices = notices.unwrap_or_else(use_notices);
    let sending = Sending {
        phase: RwSignal::new(Phase::Asking),
        rate_limited: RwSignal::new(false),
        system,
        close: Trigger::new(),
        outcome: NodeRef::new(),
        notices,
        number: notices.next_number(),
        changed,
    };
    let (phase, rate_limited, close) = (sending.phase, sending.rate_limited, sending.close);
    on_change(move || {
        system.track();
        sending.wait();
    });
    on_cleanup(move || {
        if phase.try_get_untracked() == Some(Phase::Sending) {
            let title = title.try_get_untracked().unwrap_or_default();
            let what = title.trim_end_matches('?');
            let message = format!("{what}: still being sent. The outcome follows.");
            notices.show_sending(sending.number, message);
        }
    });
    let typed = RwSignal::new(String::new());
    let (id, run) = (StoredValue::new(id), StoredValue::new_local(run));
    let is_confirmed = Memo::new(move |_| {
        let is_typed = match confirm.get() {
            Confirm::Click => true,
            Confirm::Typed(_) => id.with_value(|id| is_same(&typed.read(), id)),
        };
        is_typed && ready.is_none_or(|ready| ready.get())
    });
    let is_held = Memo::new(move |_| {
        rate_limited.get() || matches!(*phase.read(), Phase::Sending | Phase::Done)
    });
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if is_confirmed.get_untracked() && !is_held.get_untracked() {
            phase.set(Phase::Sending);
            let running = run.with_value(|run| run());
            leptos::task::spawn_local(sending.send(running));
        }
    };
    let notes = move || {
        let notes = effect.get().notes.into_iter();
        notes
            .map(|(severity, words)| {
                view! { <li data-s=severity.key()>{icon(severity.key())}<p>{words}</p></li> }
            })
            .collect::<Vec<_>>()
    };
    let to_type = move || match confirm.get() {
        Confirm::Click => None,
        Confirm::Typed(why) => Some(view! {
            <div class="entry">
                <label for="confirm">"Type "<code>{id.get_value()}</code>" to confirm"<span class="dim">": "{why}</span></label>
                <div class="field"><input id="confirm" type="text" autocomplete="off" spellcheck="false" prop:value=move || typed.get()
                    on:input=move |event| typed.set(event_target_value(&event)) /></div>
            </div>
        }),
    };
    let card = move || match phase.get() {
        Phase::Failed(outcome) => outcome_card(outcome, system.get_untracked()),
        _ => ().into_any(),
    };
    let button = move || match (&*phase.read(), rate_limited.get()) {
        (Phase::Sending | Phase::Done, _) => "Sending…".to_owned(),
        (_, true) => "Rate limited, waiting…".to_owned(),
        _ => action.get(),
    };
    let dismiss = move || match &*phase.read() {
        Phase::Sending | Phase::Done | Phase::Failed(Outcome::Unknown { .. }) => "Close",
        _ => "Cancel",
    };
    view! {
        <Dialog title on_close close>
            <form on:submit=send novalidate>
                <p class="dim">{move || effect.read().sentence.clone()}</p>
                <ul class="checks">{notes}</ul>
                {children.map(|children| children())}
                {to_type}
                <div role="status" node_ref=sending.outcome>{card}</div>
                <footer class="row">
                    <button type="button" class="btn" on:click=move |_| close.notify()>{dismiss}</button>
                    // Not `disabled` while the action is sent, because that would remove the focus.
                    <button type="submit" class="btn main" disabled=move || !is_confirmed.get() aria-disabled=move || is_held.get().then_some("true")>{button}</button>
                </footer>
            </form>
        </Dialog>
    }
}

/// The state of the dialog and the page that sending an action changes.
#[derive(Clone, Copy)]
struct Sending {
    phase: RwSignal<Phase>,
    rate_limited: RwSignal<bool>,
    system: Signal<String>,
    close: Trigger,
    /// The element that shows the outcome.
    outcome: NodeRef<html::Div>,
    notices: Notices,
    /// The number of the notice that the action is still being sent.
    number: u32,
    changed: Callback<()>,
}

impl Sending {
    /// Holds the button back as long as the system asks to wait.
    fn wait(self) {
        let system = self.system.try_get_untracked();
        let wait = system.and_then(|system| wait_of(&system));
        let _ = self.rate_limited.try_set(wait.is_some());
        if let Some(wait) = wait {
            set_timeout(move || self.wait(), wait);
        }
    }

    /// Waits for the outcome and shows it: in the dialog, or as a notice if the dialog was closed meanwhile.
    async fn send(self, running: Running) {
        let (outcome, undo) = running.await;
        if !matches!(outcome, Outcome::Refused { .. }) {
            // Even if nothing was sent, because then the screen does not show the current state.
            self.changed.try_run(());
        }
        let is_open = !self.phase.is_disposed();
        match outcome {
            Outcome::Done { message, undoable } => {
                self.notices.show(message, undo.filter(|_| undoable));
                if is_open {
                    self.phase.set(Phase::Done);
                    self.close.notify();
                }
            }
            outcome if is_open => self.fail(outcome),
            outcome => self.notices.show_outcome(outcome),
        }
        self.notices.drop(self.number);
    }

    fn fail(self, outcome: Outcome) {
        if let Outcome::Refused { failure, .. } = &outcome
            && failure.status() == 429
            && let Some(wait) = failure.retry_after()
        {
            let system = self.system.try_get_untracked().unwrap_or_default();
            RATE_LIMITED.set(Some((system, clock::now(), wait)));
            self.wait();
        }
        let _ = self.phase.try_set(Phase::Failed(outcome));
        // The dialog may be higher than the screen.
        request_animation_frame(move || {
            if let Some(card) = self.outcome.try_get_untracked().flatten() {
                card.scroll_into_view();
            }
        });
    }
}

/// Whether the typed text matches. Leading, trailing and double spaces, which are invisible, are ignored unless the
/// text consists of spaces only.
fn is_same(typed: &str, wanted: &str) -> bool {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let visible = words(wanted);
    typed == wanted || (!visible.is_empty() && words(typed) == visible)
}

/// The outcome as a card.
fn outcome_card(outcome: Outcome, system: String) -> AnyView {
    match outcome {
        Outcome::Done { message, .. } => view! { <p>{message}</p> }.into_any(),
        Outcome::Changed { message } => view! {
            <section class="panel failure" aria-label="Changed meanwhile">
                <h3>{icon("warning")}"Changed since you opened this dialog"</h3>
                <p>{message}" Nothing was sent. This dialog now shows the current state. To proceed, confirm again."</p>
            </section>
        }
        .into_any(),
        Outcome::Prevented { message } => not_done("Nothing was sent", message),
        Outcome::Unverified { message } => {
            not_done("The change was not found in effect", message)
        },
        Outcome::Refused {
            failure,
            message,
            compared,
        } => {
            let table = (!compared.is_empty()).then(|| comparison(compared, &system));
            let message = message.map(|message| view! { <p>{message}</p> });
            view! { <FailureCard failure system once=true level="3" />{message}{table} }.into_any()
        }
        Outcome::Unknown { failure, message } => view! {
            <section class="panel failure" aria-label="Outcome unknown" data-s="unknown">
                <h3>{icon("unknown")}"Outcome unknown"</h3>
                <p>{format!("{system} did not confirm the result. {}.", failure.line())}</p>
                <p>{message}</p>
            </section>
            {details_card(failure, system, "4")}
        }
        .into_any(),
    }
}

/// The server's values beside those that were sent.
fn comparison(compared: Vec<Compared>, system: &str) -> AnyView {
    let rows: Vec<_> = compared
        .into_iter()
        .map(|one| {
            let differs = one.theirs != one.yours;
            let mark = differs.then(|| view! { <b>" differs"</b> });
            view! { <tr data-differs=differs.then_some("")><th scope="row">{one.property}{mark}</th><td>{one.theirs}</td><td>{one.yours}</td></tr> }
        })
        .collect();
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label="Comparison, scrollable">
            <table class="compare">
                <caption class="vh">"The server's configuration and yours"</caption>
                <thead><tr><th scope="col">"Property"</th><th scope="col">{format!("On {system}")}</th><th scope="col">"Yours"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// The card of a change that is not in effect although nobody refused it.
fn not_done(title: &'static str, message: String) -> AnyView {
    view! {
        <section class="panel failure" aria-label=title>
            <h3>{icon("warning")}{title}</h3>
            <p>{message}</p>
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::is_same;

    #[test]
    fn typed_text_matches_except_for_invisible_spaces() {
        for (typed, wanted, same) in [
            ("News", "News", true),
            (" News ", "News", true),
            ("News", "News ", true),
            ("News East", "News  East", true),
            ("news", "News", false),
            ("", "News", false),
            ("", "  ", false),
            (" ", "  ", false),
            ("  ", "  ", true),
        ] {
            assert_eq!(is_same(typed, wanted), same, "{typed:?} {wanted:?}");
        }
    }
}

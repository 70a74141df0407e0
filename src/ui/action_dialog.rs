//! The dialog of an action: its effect, the confirmation, sending it once, and the outcome.

use super::dialog::Dialog;
use super::failure_card::{FailureCard, details_card};
use super::icon::Icon;
use super::notice::{Undo, use_notices};
use super::status_mark::glyph;
use crate::api::Outcome;
use health::effect::{Confirm, Effect};
use leptos::html;
use leptos::prelude::*;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// An action being sent: its outcome, and what undoes it.
pub type Running = Pin<Box<dyn Future<Output = (Outcome, Option<Undo>)>>>;

/// The state of the dialog.
#[derive(Clone, PartialEq)]
enum Phase {
    Asking,
    Sending,
    Failed(Outcome),
}

/// The dialog.
#[component]
pub fn ActionDialog(
    /// "Delete group Kiln 2?".
    #[prop(into)]
    title: Signal<String>,
    /// What its button says.
    action: &'static str,
    /// Whose system it is.
    #[prop(into)]
    system: Signal<String>,
    /// What it will do.
    #[prop(into)]
    effect: Signal<Effect>,
    /// What has to be typed and why, or one click for [`Confirm::Click`].
    #[prop(into)]
    confirm: Signal<Confirm>,
    /// The id to type.
    #[prop(into)]
    id: String,
    /// Whether the fields are right.
    #[prop(optional, into)]
    ready: Option<Signal<bool>>,
    /// Sends it.
    run: Box<dyn Fn() -> Running>,
    /// After a change that was, or may have been, done: what is shown is old.
    changed: Callback<()>,
    /// After it was closed.
    on_close: Callback<()>,
    /// Its fields.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let notices = use_notices();
    let phase = RwSignal::new(Phase::Asking);
    let typed = RwSignal::new(String::new());
    let close = Trigger::new();
    let run = StoredValue::new_local(run);
    let wanted = StoredValue::new(id);
    let confirmed = move || match confirm.get() {
        Confirm::Click => true,
        Confirm::Typed(_) => wanted.with_value(|wanted| is_same(&typed.read(), wanted)),
    };
    let ready = move || ready.is_none_or(|ready| ready.get());
    let rate_limited = RwSignal::new(false);
    let outcome_area = NodeRef::<html::Div>::new();
    let is_confirmed = Memo::new(move |_| confirmed() && ready());
    let is_held = Memo::new(move |_| rate_limited.get() || *phase.read() == Phase::Sending);
    // Respects the vendor's Retry-After.
    let hold_off = move |wait: Option<Duration>| {
        if let Some(wait) = wait {
            let _ = rate_limited.try_set(true);
            let free = move || {
                let _ = rate_limited.try_set(false);
            };
            set_timeout(free, wait);
        }
    };
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if !is_confirmed.get_untracked() || is_held.get_untracked() {
            return;
        }
        phase.set(Phase::Sending);
        let running = run.with_value(|run| run());
        leptos::task::spawn_local(async move {
            let (outcome, undo) = running.await;
            if !matches!(outcome, Outcome::Refused { .. }) {
                // Also if nothing was sent: then the screen does not show the current state.
                changed.try_run(());
            }
            // If the dialog was closed meanwhile, the outcome is shown as a notice.
            let open = phase.try_get_untracked().is_some();
            match outcome {
                Outcome::Done { message, undoable } => {
                    notices.show(message, undo.filter(|_| undoable));
                    if open {
                        close.notify();
                    }
                }
                outcome if open => {
                    if let Outcome::Refused { failure, .. } = &outcome {
                        hold_off(failure.retry_after());
                    }
                    let _ = phase.try_set(Phase::Failed(outcome));
                    // The dialog may be longer than the screen.
                    request_animation_frame(move || {
                        if let Some(card) = outcome_area.try_get_untracked().flatten() {
                            card.scroll_into_view();
                        }
                    });
                }
                outcome => notices.show_outcome(outcome),
            }
        });
    };
    let notes = move || {
        let notes = effect.get().notes.into_iter();
        notes
            .map(|(severity, words)| {
                view! { <li data-s=severity.key()><Icon name=glyph(severity) /><p>{words}</p></li> }
            })
            .collect::<Vec<_>>()
    };
    let to_type = move || match confirm.get() {
        Confirm::Click => None,
        Confirm::Typed(why) => Some(view! {
            <div class="entry">
                <label for="confirm">"Type "<code>{wanted.get_value()}</code>" to confirm"<span class="dim">": "{why}</span></label>
                <div class="field"><input id="confirm" type="text" autocomplete="off" spellcheck="false" prop:value=move || typed.get()
                    on:input=move |event| typed.set(event_target_value(&event)) /></div>
            </div>
        }),
    };
    let card = move || match phase.get() {
        Phase::Failed(outcome) => {
            view! { <OutcomeCard outcome system=system.get_untracked() /> }.into_any()
        }
        _ => ().into_any(),
    };
    let button = move || match (&*phase.read(), rate_limited.get()) {
        (Phase::Sending, _) => "Sending…",
        (_, true) => "Rate limited, waiting…",
        _ => action,
    };
    view! {
        <Dialog title on_close close>
            <form on:submit=send novalidate>
                <p class="dim">{move || effect.read().sentence.clone()}</p>
                <ul class="checks">{notes}</ul>
                {children.map(|children| children())}
                {to_type}
                <div role="status" node_ref=outcome_area>{card}</div>
                <footer class="row">
                    <button type="button" class="btn" on:click=move |_| close.notify()>
                        {move || if matches!(*phase.read(), Phase::Failed(Outcome::Unknown { .. })) { "Close" } else { "Cancel" }}
                    </button>
                    // While it is sent not `disabled`, which would take the focus from it.
                    <button type="submit" class="btn main" disabled=move || !is_confirmed.get() aria-disabled=move || is_held.get().then_some("true")>{button}</button>
                </footer>
            </form>
        </Dialog>
    }
}

/// Whether what was typed is what is wanted. Spaces at the ends and double ones are not to be seen, unless there is
/// nothing else.
fn is_same(typed: &str, wanted: &str) -> bool {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let seen = words(wanted);
    typed == wanted || (!seen.is_empty() && words(typed) == seen)
}

/// The outcome, unless it was simply done.
#[component]
fn OutcomeCard(outcome: Outcome, system: String) -> impl IntoView {
    match outcome {
        Outcome::Done { message, .. } => view! { <p>{message}</p> }.into_any(),
        Outcome::Changed { message } => view! {
            <section class="panel failure" aria-label="Changed meanwhile">
                <h3><Icon name="warning" />"Changed since you opened this dialog"</h3>
                <p>{message}" Nothing was sent. This dialog now shows the current state. To proceed, confirm again."</p>
            </section>
        }
        .into_any(),
        Outcome::Prevented { message } => not_done("Nothing was sent", message),
        Outcome::Unverified { message } => not_done("The change is not in effect", message),
        Outcome::Refused {
            failure,
            message,
            compared,
        } => {
            let rows: Vec<_> = compared
                .into_iter()
                .map(|one| {
                    let differs = one.theirs != one.yours;
                    let mark = differs.then(|| view! { <b>" differs"</b> });
                    view! { <tr data-differs=differs.then_some("")><th scope="row">{one.property}{mark}</th><td>{one.theirs}</td><td>{one.yours}</td></tr> }
                })
                .collect();
            let table = (!rows.is_empty()).then(|| view! {
                <div class="scroll" tabindex="0" role="region" aria-label="Comparison, scrollable">
                    <table class="compare">
                        <caption class="vh">"The server's configuration and yours"</caption>
                        <thead><tr><th scope="col">"Property"</th><th scope="col">{format!("On {system}")}</th><th scope="col">"Yours"</th></tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            });
            view! { <FailureCard failure system once=true level="3" />{message.map(|message| view! { <p>{message}</p> })}{table} }.into_any()
        }
        Outcome::Unknown { failure, message } => view! {
            <section class="panel failure" aria-label="Outcome unknown" data-s="unknown">
                <h3><Icon name="unknown" />"Outcome unknown"</h3>
                <p>{format!("{system} did not confirm the result: {}.", failure.line())}</p>
                <p>{message}</p>
            </section>
            {details_card(failure, system, "4")}
        }
        .into_any(),
    }
}

/// A change that was not made, though nobody refused it.
fn not_done(title: &'static str, message: String) -> AnyView {
    view! {
        <section class="panel failure" aria-label=title>
            <h3><Icon name="warning" />{title}</h3>
            <p>{message}</p>
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::is_same;

    #[test]
    fn what_is_typed_is_what_is_seen() {
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

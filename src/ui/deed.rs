//! The dialog of an action: what it will do, how it is confirmed, sending it once, and what came of it.

use super::dialog::Dialog;
use super::failure_card::FailureCard;
use super::icon::Icon;
use super::notice::{Undo, use_notices};
use super::status_mark::glyph;
use crate::backend::Report;
use health::effect::{Confirm, Effect};
use leptos::html;
use leptos::prelude::*;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// An action that has been sent: what came of it, and what takes it back.
pub type Running = Pin<Box<dyn Future<Output = (Report, Option<Undo>)>>>;

/// Where the action stands.
#[derive(Clone, PartialEq)]
enum Phase {
    Asking,
    Sending,
    Failed(Report),
}

/// The dialog.
#[component]
pub fn Deed(
    /// "Delete group Kiln 2?".
    #[prop(into)]
    title: String,
    /// What its button says.
    action: &'static str,
    /// Whose system it is.
    #[prop(into)]
    system: String,
    /// What it will do.
    #[prop(into)]
    effect: Signal<Effect>,
    /// What has to be typed, and why; one click where it is [`Confirm::Click`].
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
    let system = StoredValue::new(system);
    let confirmed = move || match confirm.get() {
        Confirm::Click => true,
        Confirm::Typed(_) => wanted.with_value(|wanted| typed.read().trim() == wanted),
    };
    let ready = move || ready.is_none_or(|ready| ready.get());
    let held = RwSignal::new(false);
    let outcome = NodeRef::<html::Div>::new();
    let may_send = Memo::new(move |_| {
        confirmed() && ready() && !held.get() && *phase.read() != Phase::Sending
    });
    // A vendor that asked to wait is not asked again before.
    let hold_off = move |wait: Option<Duration>| {
        if let Some(wait) = wait {
            let _ = held.try_set(true);
            let free = move || {
                let _ = held.try_set(false);
            };
            set_timeout(free, wait);
        }
    };
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if !may_send.get_untracked() {
            return;
        }
        phase.set(Phase::Sending);
        let running = run.with_value(|run| run());
        leptos::task::spawn_local(async move {
            let (report, undo) = running.await;
            if !matches!(report, Report::Refused { .. }) {
                // Also where nothing was sent: then what is shown is not what is there.
                changed.try_run(());
            }
            // The dialog may have been closed meanwhile: then what came of it is said where notices are.
            let open = phase.try_get_untracked().is_some();
            match report {
                Report::Done { said, undoable } => {
                    notices.say(said, undo.filter(|_| undoable));
                    if open {
                        close.notify();
                    }
                }
                report if open => {
                    if let Report::Refused { failure, .. } = &report {
                        hold_off(failure.retry_after());
                    }
                    let _ = phase.try_set(Phase::Failed(report));
                    // The dialog may be longer than the screen.
                    request_animation_frame(move || {
                        if let Some(told) = outcome.try_get_untracked().flatten() {
                            told.scroll_into_view();
                        }
                    });
                }
                report => notices.report(report),
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
    let told = move || match phase.get() {
        Phase::Failed(report) => view! { <Told report system=system.get_value() /> }.into_any(),
        _ => ().into_any(),
    };
    let words = move || match (&*phase.read(), held.get()) {
        (Phase::Sending, _) => "Sending…",
        (_, true) => "Asked to wait…",
        _ => action,
    };
    view! {
        <Dialog title on_close close>
            <form on:submit=send novalidate>
                <p class="dim">{move || effect.read().sentence.clone()}</p>
                <ul class="checks">{notes}</ul>
                {children.map(|children| children())}
                {to_type}
                <div role="status" node_ref=outcome>{told}</div>
                <footer class="row">
                    <button type="button" class="btn" on:click=move |_| close.notify()>
                        {move || if matches!(*phase.read(), Phase::Failed(Report::Unknown { .. })) { "Close" } else { "Cancel" }}
                    </button>
                    <button type="submit" class="btn main" disabled=move || !may_send.get()>{words}</button>
                </footer>
            </form>
        </Dialog>
    }
}

/// What came of it, where it was not simply done.
#[component]
fn Told(report: Report, system: String) -> impl IntoView {
    match report {
        Report::Done { said, .. } => view! { <p>{said}</p> }.into_any(),
        Report::Changed { said } => view! {
            <section class="panel failure" aria-label="Changed meanwhile">
                <h3><Icon name="warning" />"Changed since you looked"</h3>
                <p>{said}" Nothing was sent. What stands here is as it is now: if it is still what you want, press once more."</p>
            </section>
        }
        .into_any(),
        Report::Refused {
            failure,
            said,
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
            view! { <FailureCard failure system />{said.map(|said| view! { <p>{said}</p> })}{table} }.into_any()
        }
        Report::Unknown { failure, said } => view! {
            <section class="panel failure" aria-label="Outcome unknown" data-s="unknown">
                <h3><Icon name="unknown" />"Outcome unknown"</h3>
                <p>{format!("{system} did not say what came of it: {}.", failure.line())}</p>
                <p><b>"Read afterwards: "</b>{said}</p>
            </section>
        }
        .into_any(),
    }
}

//! The bar under a changed order: the changes, their effect, Save and Discard, and the result of saving.

use super::action_context::{ActionContext, with_undo};
use super::conflict::Conflict;
use super::slicer_row::focus_on;
use crate::api::uplynk::{SaveOutcome, SaveStep, ids, state};
use crate::api::{Failure, Outcome};
use crate::on_change::{on_change, on_change_since};
use crate::ui::failure_card::details_card;
use crate::ui::notice::Undo;
use crate::ui::reorder::Draft;
use crate::ui::status_mark::glyph;
use crate::ui::{FailureCard, Icon};
use health::effect;
use health::slicers::order_effect;
use health::sort;
use leptos::prelude::*;

/// What screen readers say while an order is saved.
const SAVING: &str = "Saving the order…";

/// Why the last attempt to save failed.
#[derive(Clone, PartialEq)]
enum Problem {
    /// The group had been changed; nothing was sent.
    Changed(String),
    /// It was refused, and the screen shows the current order; the wanted order.
    Refused(Failure, Vec<String>),
    /// It was not sent, or is not known to be in effect: the draft stays.
    Open(Outcome),
}

/// An order that was saved and is not shown as such yet.
struct Saved {
    order: Vec<String>,
    message: String,
    undo: Undo,
    /// How many requests had begun by then: what they bring may be older.
    requests: u32,
}

/// The bar; hidden while there is neither a change nor a failed attempt.
#[component]
pub fn SaveBar(
    /// The page's actions.
    context: ActionContext,
    /// The announcement for screen readers.
    message: RwSignal<String>,
) -> impl IntoView {
    let ActionContext {
        live,
        draft,
        saving,
        flat,
        ..
    } = context;
    let problem: RwSignal<Option<Problem>> = RwSignal::new(None);
    let saved: StoredValue<Option<Saved>, LocalStorage> = StoredValue::new_local(None);
    let changed = Memo::new(move |_| draft.read().is_changed());
    // The moved row is drawn first, in a frame of its own.
    let drawn = RwSignal::new(false);
    on_change(move || {
        let changed = changed.get();
        if changed {
            // An Undo of the save before would be a change by somebody else to this draft.
            context.notices().dismiss_undoable();
        }
        request_animation_frame(move || {
            let _ = drawn.try_set(changed);
        });
    });
    let shown = Memo::new(move |_| changed.get() && drawn.get());
    // A settled conflict is no longer shown.
    on_change(move || {
        if !changed.get() {
            problem.maybe_update(|problem| {
                let settled = matches!(problem, Some(Problem::Changed(_)));
                if settled {
                    *problem = None;
                }
                settled
            });
        }
    });
    let effect = Memo::new(move |_| {
        let group = live.value().filter(|_| shown.get());
        group.map_or_else(effect::Effect::default, |group| {
            order_effect(&group, draft.read().order(), context.now())
        })
    });
    // What is shown and what is said of it change together: once the group was read again, or cannot be.
    on_change(move || {
        let failed = live.status.failure().is_some();
        let _ = live.value();
        let answered = |saved: &Saved| live.status.has_answered_after(saved.requests);
        let waited =
            saved.with_value(|saved| saved.as_ref().is_none_or(|saved| answered(saved) || failed));
        if *saving.read() != Some(SaveStep::Showing) {
            return;
        }
        if waited {
            show(context, saved);
        }
    });
    on_cleanup(move || show(context, saved));
    let discard = move |_| {
        problem.set(None);
        draft.update(Draft::yield_to_theirs);
        message.set("Changes discarded".to_owned());
    };
    let changes = move || {
        let changes = draft.read().changes();
        let count = changes.len();
        let words = if count == 1 {
            "1 change".to_owned()
        } else {
            format!("{count} changes")
        };
        let items: Vec<_> = changes
            .into_iter()
            .map(|(id, from, to)| view! { <li>{format!("{id} {from} → {to}")}</li> })
            .collect();
        view! { <b>{words}</b><ul aria-label="Changes">{items}</ul> }
    };
    let notes = move || {
        let notes = effect.get().notes.into_iter();
        notes
            .map(|(severity, words)| view! { <p class="st" data-s=severity.key()><Icon name=glyph(severity) />{words}</p> })
            .collect::<Vec<_>>()
    };
    let conflict = Memo::new(move |_| draft.read().theirs().is_some());
    let flat_now = move || {
        flat.get().then(|| view! {
            <p class="st" data-s="warning"><Icon name="warning" />"The group is now in flat mode, so positions do not apply and there is no order to save. Your draft is kept until you discard it or the group is prioritized again."</p>
        })
    };
    let blocked = Memo::new(move |_| saving.read().is_some() || conflict.get() || flat.get());
    let save = move |_| {
        if !blocked.get_untracked() {
            problem.set(None);
            // What was said of the save before, and its Undo, belong to another order.
            context.notices().dismiss_undoable();
            leptos::task::spawn_local(send(context, problem, saved));
        }
    };
    // A save may take long; its steps, which the button shows, are not read out one by one.
    let is_saving = Memo::new(move |_| saving.read().is_some());
    on_change(move || {
        if is_saving.get() {
            message.set(SAVING.to_owned());
        } else if *message.read_untracked() == SAVING {
            message.set(String::new());
        }
    });
    let is_inside = StoredValue::new(false);
    let left = move |event: leptos::ev::FocusEvent| {
        // Without a next element it is the button that went away, or nothing was pressed.
        if event.related_target().is_some() {
            is_inside.set_value(false);
        }
    };
    let last: StoredValue<Option<String>> = StoredValue::new(None);
    on_change(move || {
        if let Some(id) = draft.read().last_moved() {
            last.set_value(Some(id.to_owned()));
        }
    });
    // A button that goes away gives the focus to what was acted on: the row that was moved last.
    on_change_since(move |before: Option<()>| {
        // Read and not only tracked: an unread memo does not update.
        let _ = (shown.get(), conflict.get(), problem.read().is_some());
        if before.is_some() && is_inside.get_value() {
            request_animation_frame(move || {
                let order = draft.try_with_untracked(|draft| draft.order().to_vec());
                let id = last.try_get_value().flatten();
                let place =
                    order.and_then(|order| order.iter().position(|one| Some(one) == id.as_ref()));
                let is_lost = document().active_element() == document().body().map(Into::into);
                if let Some(place) = place.filter(|_| is_lost) {
                    focus_on(place + 1);
                }
            });
        }
    });
    view! {
        <Show when=move || shown.get() || problem.read().is_some()>
            <section class="save" aria-label="Unsaved order" on:focusin=move |_| is_inside.set_value(true) on:focusout=left>
                <Show when=move || shown.get()>
                    <div class="changes row">{changes}</div>
                    <p><b>"Effect: "</b>{move || effect.read().sentence.clone()}</p>
                    {notes}
                    {flat_now}
                    <Show when=move || conflict.get()><Conflict context /></Show>
                </Show>
                <div role="status"><SaveResult context problem /></div>
                <Show when=move || shown.get()>
                    <p class="row">
                        <button type="button" class="btn" disabled=move || saving.read().is_some() on:click=discard>"Discard changes"</button>
                        // Not `disabled`, which would take the focus from it.
                        <button type="button" class="btn main" aria-disabled=move || blocked.get().then_some("true") on:click=save>
                            {move || saving.get().map_or("Save order", SaveStep::words)}
                        </button>
                    </p>
                </Show>
            </section>
        </Show>
    }
}

/// Shows that an order was saved, if there is one that was; also after the page was left.
fn show(context: ActionContext, saved: StoredValue<Option<Saved>, LocalStorage>) {
    let Some(Saved {
        order,
        message,
        undo,
        ..
    }) = saved.try_update_value(Option::take).flatten()
    else {
        return;
    };
    let read = untrack(|| context.live.value_untracked()).map(|group| ids(&group));
    let held = read.filter(|held| {
        let sorted = |ids: &[String]| {
            let mut ids = ids.to_vec();
            sort(&mut ids, Ord::cmp);
            ids
        };
        context.live.status.failure().is_none() && sorted(held) == sorted(&order)
    });
    let _ = context.draft.try_set(Draft::new(held.unwrap_or(order)));
    let _ = context.saving.try_set(None);
    context.notices().show(message, Some(undo));
}

/// Saves the draft once and shows the outcome.
async fn send(
    context: ActionContext,
    problem: RwSignal<Option<Problem>>,
    saved: StoredValue<Option<Saved>, LocalStorage>,
) {
    let ActionContext {
        live,
        draft,
        saving,
        ..
    } = context;
    let (Some(seen), Some(writer)) = (live.value_untracked(), context.writer()) else {
        return;
    };
    // The base of the draft is what the user saw.
    let (order, base) =
        draft.with_untracked(|draft| (draft.order().to_vec(), draft.base().to_vec()));
    let step = |step| {
        let _ = saving.try_set(Some(step));
    };
    let at = untrack(|| context.now());
    let outcome = writer.save_order(&seen, &base, &order, at, step).await;
    let requests = live.status.requests();
    match outcome {
        SaveOutcome::Saved { message, held } => {
            let wanted = order.clone();
            let message = with_undo(message, &order_effect(&held, &base, at));
            let undo = context.undo(move || {
                let (writer, held) = (writer.clone(), held.clone());
                let (base, order) = (base.clone(), order.clone());
                // Compared with what was read after the save, which may have switched what is on air.
                async move {
                    writer
                        .save_order(&held, &order, &base, at, |_| ())
                        .await
                        .into()
                }
            });
            let done = Saved {
                order: wanted,
                message,
                undo,
                requests,
            };
            let left = saved.try_set_value(Some(done)).flatten();
            context.saved();
            if let Some(Saved {
                order,
                message,
                undo,
                ..
            }) = left
            {
                // The page was left, or said meanwhile that there is no such group: its bar is gone, and shows nothing.
                let _ = draft.try_set(Draft::new(order));
                let _ = saving.try_set(None);
                context.notices().show(message, Some(undo));
            } else {
                step(SaveStep::Showing);
            }
            context.changed();
            return;
        }
        // The page was left, or shows something else: it is told wherever the person is now.
        outcome if problem.is_disposed() => context.notices().show_outcome(outcome.into()),
        SaveOutcome::Conflict(now) => {
            context.follow(&now);
            let _ = problem.try_set(Some(Problem::Changed(state(&now))));
        }
        // Uplynk does not take this order: the screen returns to the current one.
        SaveOutcome::Completed(Outcome::Refused {
            failure: failure @ Failure::Vendor(_),
            ..
        }) => {
            let _ = draft.try_update(|draft| *draft = Draft::new(base));
            let _ = problem.try_set(Some(Problem::Refused(failure, order)));
        }
        outcome => {
            let _ = problem.try_set(Some(Problem::Open(outcome.into())));
        }
    }
    // By another reading than the one that found the conflict.
    let shown = problem.try_get_untracked().flatten();
    if !matches!(shown, Some(Problem::Changed(_))) {
        context.follow_read();
    }
    let _ = saving.try_set(None);
    context.changed();
}

/// The result of the last attempt, unless it was simply done.
#[component]
fn SaveResult(context: ActionContext, problem: RwSignal<Option<Problem>>) -> impl IntoView {
    let dismiss = move |_| problem.set(None);
    move || {
        Some(match problem.get()? {
            Problem::Changed(message) => {
                view! { <p><b>"Nothing was sent because the group has changed. "</b>{message}</p> }
                    .into_any()
            }
            Problem::Open(Outcome::Refused { failure, .. }) => view! {
                <FailureCard failure system=context.system() once=true level="3" />
                <p>"Nothing was saved. Your changes are kept."</p>
                <button type="button" class="btn" on:click=dismiss>"Dismiss"</button>
            }
            .into_any(),
            Problem::Open(outcome) => {
                let (title, message, failure) = match outcome {
                    Outcome::Unknown { failure, message } => (
                        "Outcome unknown: ",
                        format!("{}. {message}", failure.line()),
                        Some(failure),
                    ),
                    Outcome::Unverified { message } => ("Not verified: ", message, None),
                    Outcome::Prevented { message } => ("Nothing was sent: ", message, None),
                    _ => return None,
                };
                let card = failure.map(|failure| details_card(failure, context.system(), "3"));
                view! {
                    <p><b>{title}</b>{message}</p>
                    {card}
                    <button type="button" class="btn" on:click=dismiss>"Dismiss"</button>
                }
                .into_any()
            }
            Problem::Refused(failure, order) => {
                let again = move |_| {
                    problem.set(None);
                    context.draft.update(|draft| draft.arrange(&order));
                };
                view! {
                    <FailureCard failure system=context.system() once=true level="3" />
                    <p>"Nothing was saved. The current order is shown."</p>
                    <p class="row">
                        <button type="button" class="btn" on:click=dismiss>"Dismiss"</button>
                        <button type="button" class="btn" disabled=move || !context.movable.get() on:click=again>"Reapply my moves"</button>
                    </p>
                }
                .into_any()
            }
        })
    }
}

//! The bar under a changed order: the changes, their effect, Save and Discard, and the result of saving.

use super::action_context::ActionContext;
use super::conflict::Conflict;
use crate::api::Outcome;
use crate::api::uplynk::{SaveOutcome, ids};
use crate::ui::reorder::Draft;
use crate::ui::status_mark::glyph;
use crate::ui::{FailureCard, Icon};
use health::effect;
use health::slicers::order_effect;
use leptos::prelude::*;
use vendors::uplynk::Mode;

/// Why the last attempt to save failed.
#[derive(Clone, PartialEq)]
enum Problem {
    /// The group had been changed; nothing was sent.
    Changed(String),
    /// It was refused, and the screen shows the current order; the wanted order.
    Refused(Outcome, Vec<String>),
    /// The outcome is unknown.
    Unknown(Outcome),
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
        ..
    } = context;
    let problem: RwSignal<Option<Problem>> = RwSignal::new(None);
    let changed = Memo::new(move |_| draft.read().is_changed());
    // The moved row is drawn first, in a frame of its own.
    let drawn = RwSignal::new(false);
    Effect::new(move |_| {
        let changed = changed.get();
        request_animation_frame(move || {
            let _ = drawn.try_set(changed);
        });
    });
    let shown = Memo::new(move |_| changed.get() && drawn.get());
    // A settled conflict is no longer shown.
    Effect::new(move |_| {
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
    let flat = Memo::new(move |_| {
        live.value()
            .is_some_and(|group| group.mode == Some(Mode::Flat))
    });
    let effect = Memo::new(move |_| {
        let group = live.value().filter(|_| shown.get());
        group.map_or_else(effect::Effect::default, |group| {
            order_effect(&group, draft.read().order(), context.now())
        })
    });
    let save = move |_| {
        if !saving.get_untracked() {
            problem.set(None);
            leptos::task::spawn_local(send(context, problem));
        }
    };
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
    let blocked = Memo::new(move |_| saving.get() || conflict.get() || flat.get());
    view! {
        <Show when=move || shown.get() || problem.read().is_some()>
            <section class="save" aria-label="Unsaved order">
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
                        <button type="button" class="btn" disabled=move || saving.get() on:click=discard>"Discard changes"</button>
                        <button type="button" class="btn main" disabled=move || blocked.get() on:click=save>
                            {move || if saving.get() { "Saving…" } else { "Save order" }}
                        </button>
                    </p>
                </Show>
            </section>
        </Show>
    }
}

/// Saves the draft once and shows the outcome.
async fn send(context: ActionContext, problem: RwSignal<Option<Problem>>) {
    let ActionContext {
        live,
        draft,
        saving,
        ..
    } = context;
    let (Some(seen), Some(writer)) = (live.value_untracked(), context.writer()) else {
        return;
    };
    saving.set(true);
    // The base of the draft is what the user saw.
    let (order, base) =
        draft.with_untracked(|draft| (draft.order().to_vec(), draft.base().to_vec()));
    let saved = writer.save_order(&seen, &base, &order).await;
    let _ = saving.try_set(false);
    context.changed();
    match saved {
        SaveOutcome::Completed(Outcome::Done { message, .. }) => {
            let _ = draft.try_set(Draft::new(order.clone()));
            let undo = context.undo(move || {
                let (writer, seen) = (writer.clone(), seen.clone());
                let (base, order) = (base.clone(), order.clone());
                async move {
                    match writer.save_order(&seen, &order, &base).await {
                        SaveOutcome::Completed(outcome) => outcome,
                        SaveOutcome::Conflict(now) => Outcome::Changed {
                            message: format!("the order is now {}.", ids(&now).join(", ")),
                        },
                    }
                }
            });
            context.notices().show(message, Some(undo));
        }
        SaveOutcome::Conflict(now) => {
            let flat = now.mode == Some(Mode::Flat);
            let message = if flat {
                "The group is now in flat mode.".to_owned()
            } else {
                format!("The order is now {}.", ids(&now).join(", "))
            };
            if !flat {
                let _ = draft.try_update(|draft| draft.follow(&ids(&now)));
            }
            let _ = problem.try_set(Some(Problem::Changed(message)));
        }
        SaveOutcome::Completed(outcome @ Outcome::Unknown { .. }) => {
            let _ = problem.try_set(Some(Problem::Unknown(outcome)));
        }
        // The screen returns to the current order.
        SaveOutcome::Completed(outcome) => {
            let _ = draft.try_update(|draft| *draft = Draft::new(base));
            let _ = problem.try_set(Some(Problem::Refused(outcome, order)));
        }
    }
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
            Problem::Unknown(Outcome::Unknown { failure, message }) => view! {
                <p><b>"Outcome unknown: "</b>{failure.line()}". "{message}</p>
                <button type="button" class="btn" on:click=dismiss>"Dismiss"</button>
            }
            .into_any(),
            Problem::Refused(Outcome::Refused { failure, .. }, order) => {
                let again = move |_| {
                    problem.set(None);
                    for (id, to) in order.iter().zip(1..) {
                        context.draft.update(|draft| {
                            draft.move_to(id, to);
                        });
                    }
                };
                view! {
                    <FailureCard failure system=context.system() />
                    <p>"Nothing was saved. The current order is shown."</p>
                    <p class="row">
                        <button type="button" class="btn" on:click=dismiss>"Dismiss"</button>
                        <button type="button" class="btn" on:click=again>"Reapply my moves"</button>
                    </p>
                }
                .into_any()
            }
            Problem::Unknown(_) | Problem::Refused(..) => return None,
        })
    }
}

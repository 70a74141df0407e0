//! The bar under a changed order: what would change, what that does, save or discard, and what came
//! of saving.

use super::acts::Acts;
use super::conflict::Conflict;
use crate::backend::Report;
use crate::backend::uplynk::{Saved, ids};
use crate::ui::reorder::Draft;
use crate::ui::status_mark::glyph;
use crate::ui::{FailureCard, Icon};
use health::effect;
use health::slicers::order_effect;
use leptos::prelude::*;
use vendors::uplynk::Mode;

/// What came of the last attempt.
#[derive(Clone, PartialEq)]
enum Told {
    /// The group had been changed; nothing was sent.
    Changed(String),
    /// It was refused, and the screen shows what is there; the order that was wanted.
    Refused(Report, Vec<String>),
    /// Nobody knows.
    Unknown(Report),
}

/// The bar; nothing while nothing is changed and nothing is to be told.
#[component]
pub fn SaveBar(
    /// What can be done.
    acts: Acts,
    /// Where it is said what has happened to the order.
    said: RwSignal<String>,
) -> impl IntoView {
    let Acts {
        live,
        draft,
        saving,
        ..
    } = acts;
    let told: RwSignal<Option<Told>> = RwSignal::new(None);
    let changed = Memo::new(move |_| draft.read().is_changed());
    // What was moved is drawn first, and in a frame of its own.
    let drawn = RwSignal::new(false);
    Effect::new(move |_| {
        let changed = changed.get();
        request_animation_frame(move || {
            let _ = drawn.try_set(changed);
        });
    });
    let shown = Memo::new(move |_| changed.get() && drawn.get());
    // A conflict that is settled has nothing left to tell.
    Effect::new(move |_| {
        if !changed.get() {
            told.maybe_update(|told| {
                let settled = matches!(told, Some(Told::Changed(_)));
                if settled {
                    *told = None;
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
            order_effect(&group, draft.read().order(), acts.now())
        })
    });
    let save = move |_| {
        if !saving.get_untracked() {
            told.set(None);
            leptos::task::spawn_local(send(acts, told));
        }
    };
    let discard = move |_| {
        told.set(None);
        draft.update(Draft::yield_to_theirs);
        said.set("Changes discarded".to_owned());
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
            <p class="st" data-s="warning"><Icon name="warning" />"The group is in flat mode now: positions do not count, and there is no order to save. Your draft stays here until you discard it or the group is prioritized again."</p>
        })
    };
    let blocked = Memo::new(move |_| saving.get() || conflict.get() || flat.get());
    view! {
        <Show when=move || shown.get() || told.read().is_some()>
            <section class="save" aria-label="Unsaved order">
                <Show when=move || shown.get()>
                    <div class="changes row">{changes}</div>
                    <p><b>"Effect: "</b>{move || effect.read().sentence.clone()}</p>
                    {notes}
                    {flat_now}
                    <Show when=move || conflict.get()><Conflict acts /></Show>
                </Show>
                <div role="status"><Outcome acts told /></div>
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

/// Saves the draft once, and tells what came of it.
async fn send(acts: Acts, told: RwSignal<Option<Told>>) {
    let Acts {
        live,
        draft,
        saving,
        ..
    } = acts;
    let (Some(seen), Some(writer)) = (live.value_untracked(), acts.writer()) else {
        return;
    };
    saving.set(true);
    // What was there when the draft was begun is what the person saw.
    let (order, base) =
        draft.with_untracked(|draft| (draft.order().to_vec(), draft.base().to_vec()));
    let saved = writer.save_order(&seen, &base, &order).await;
    let _ = saving.try_set(false);
    acts.changed();
    match saved {
        Saved::Told(Report::Done { said, .. }) => {
            let _ = draft.try_set(Draft::new(order.clone()));
            let undo = acts.undo(move || {
                let (writer, seen) = (writer.clone(), seen.clone());
                let (base, order) = (base.clone(), order.clone());
                async move {
                    match writer.save_order(&seen, &order, &base).await {
                        Saved::Told(report) => report,
                        Saved::Conflict(now) => Report::Changed {
                            said: format!("the order is {} now.", ids(&now).join(", ")),
                        },
                    }
                }
            });
            acts.notices().say(said, Some(undo));
        }
        Saved::Conflict(now) => {
            let flat = now.mode == Some(Mode::Flat);
            let said = if flat {
                "The group is in flat mode now.".to_owned()
            } else {
                format!("The order is {} now.", ids(&now).join(", "))
            };
            if !flat {
                let _ = draft.try_update(|draft| draft.follow(&ids(&now)));
            }
            let _ = told.try_set(Some(Told::Changed(said)));
        }
        Saved::Told(report @ Report::Unknown { .. }) => {
            let _ = told.try_set(Some(Told::Unknown(report)));
        }
        // The screen goes back to what is there.
        Saved::Told(report) => {
            let _ = draft.try_update(|draft| *draft = Draft::new(base));
            let _ = told.try_set(Some(Told::Refused(report, order)));
        }
    }
}

/// What came of the last attempt, where it was not simply done.
#[component]
fn Outcome(acts: Acts, told: RwSignal<Option<Told>>) -> impl IntoView {
    let dismiss = move |_| told.set(None);
    move || {
        Some(match told.get()? {
            Told::Changed(said) => {
                view! { <p><b>"Nothing was sent, because the group was changed meanwhile. "</b>{said}</p> }.into_any()
            }
            Told::Unknown(Report::Unknown { failure, said }) => view! {
                <p><b>"Outcome unknown: "</b>{failure.line()}". "{said}</p>
                <button type="button" class="btn" on:click=dismiss>"Dismiss"</button>
            }
            .into_any(),
            Told::Refused(Report::Refused { failure, .. }, order) => {
                let again = move |_| {
                    told.set(None);
                    for (id, to) in order.iter().zip(1..) {
                        acts.draft.update(|draft| {
                            draft.move_to(id, to);
                        });
                    }
                };
                view! {
                    <FailureCard failure system=acts.system() />
                    <p>"The order is shown as it is: nothing was saved."</p>
                    <p class="row">
                        <button type="button" class="btn" on:click=dismiss>"Dismiss"</button>
                        <button type="button" class="btn" on:click=again>"Make my moves again"</button>
                    </p>
                }
                .into_any()
            }
            Told::Unknown(_) | Told::Refused(..) => return None,
        })
    }
}

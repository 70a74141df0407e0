//! The bar under a changed order: the changes, their effect, Save and Discard, and the result of saving.

use super::action_context::ActionContext;
use super::conflict::{CONFLICT, Conflict, resolution_buttons};
use super::save_order::{Problem, save_order};
use super::slicer_row::focus_on;
use crate::api::Outcome;
use crate::api::uplynk::SaveStep;
use crate::on_change::{on_change, on_change_since};
use crate::ui::failure_card::details_card;
use crate::ui::reorder::Draft;
use crate::ui::{FailureCard, icon, is_focus_lost};
use health::effect::Effect;
use health::slicers::order_effect;
use leptos::prelude::*;

/// The announcement to screen readers while an order is saved.
const SAVING: &str = "Saving the order…";

/// The bar; hidden while there is neither a change nor a failed attempt.
#[component]
pub fn SaveBar(
    /// The page's actions.
    context: ActionContext,
) -> impl IntoView {
    let ActionContext { draft, saving, .. } = context;
    let problem: RwSignal<Option<Problem>> = RwSignal::new(None);
    let shown = drawn_change(context);
    // A resolved conflict is no longer shown.
    on_change(move || {
        let is_resolved = !draft.read().is_changed();
        if is_resolved && matches!(*problem.read_untracked(), Some(Problem::Changed(_))) {
            problem.set(None);
        }
    });
    let conflict = Memo::new(move |_| draft.read().theirs().is_some());
    announce(context, conflict);
    let is_open = Memo::new(move |_| shown.get() || problem.read().is_some());
    let is_inside = StoredValue::new(false);
    // Read, not only tracked: a memo that is never read does not run.
    keep_focus(draft, is_inside, move || {
        let _ = (shown.get(), conflict.get(), problem.read().is_some());
    });
    let on_focusout = move |event: leptos::ev::FocusEvent| {
        // Without a related target, the focused button was removed or the user clicked outside of any control.
        if event.related_target().is_some() {
            is_inside.set_value(false);
        }
    };
    let blocked =
        Memo::new(move |_| saving.read().is_some() || conflict.get() || context.flat.get());
    let save = move |_| {
        if !blocked.get_untracked() {
            problem.set(None);
            // The notice of the previous save and its Undo no longer apply to this order.
            context.notices().dismiss_completed();
            leptos::task::spawn_local(save_order(context, problem));
        }
    };
    let discard = move |_| {
        problem.set(None);
        draft.update(Draft::yield_to_theirs);
        context.message.set("Changes discarded".to_owned());
    };
    let changes = move || {
        shown
            .get()
            .then(|| view! { <Changes context conflict /> }.into_any())
    };
    // In a conflict, the button "Use theirs" discards the changes.
    let discard_or_resolve = move || {
        if conflict.get() {
            return resolution_buttons(context);
        }
        view! { <button type="button" class="btn" disabled=move || saving.read().is_some() on:click=discard>"Discard changes"</button> }.into_any()
    };
    let buttons = move || {
        shown.get().then(|| view! {
            <p class="row">
                {discard_or_resolve}
                // Not `disabled`, which would remove the focus.
                <button type="button" class="btn main" aria-disabled=move || blocked.get().then_some("true") on:click=save>
                    {move || saving.get().map_or("Save order", SaveStep::message)}
                </button>
            </p>
        }.into_any())
    };
    move || {
        is_open.get().then(|| view! {
            <section class="save" aria-label="Unsaved order" on:focusin=move |_| is_inside.set_value(true) on:focusout=on_focusout>
                {changes}
                <div role="status"><SaveResult context problem /></div>
                {buttons}
            </section>
        }.into_any())
    }
}

/// Whether the draft changes something; one frame late, so that the moved row is drawn in a frame of its own.
fn drawn_change(context: ActionContext) -> Memo<bool> {
    let changed = Memo::new(move |_| context.draft.read().is_changed());
    let drawn = RwSignal::new(false);
    on_change(move || {
        let changed = changed.get();
        if changed {
            // The Undo of the previous save would conflict with this draft.
            context.notices().dismiss_completed();
        }
        request_animation_frame(move || {
            let _ = drawn.try_set(changed);
        });
    });
    Memo::new(move |_| changed.get() && drawn.get())
}

/// Announces to screen readers that an order is being saved, and that the draft is in conflict. Each is announced once;
/// only the button shows the steps of saving.
fn announce(context: ActionContext, conflict: Memo<bool>) {
    let message = context.message;
    let words = Memo::new(move |_| match *context.saving.read() {
        Some(_) => SAVING,
        None if conflict.get() => CONFLICT,
        None => "",
    });
    on_change_since(move |before: Option<&'static str>| {
        let words = words.get();
        let is_over = words.is_empty() && before == Some(&**message.read_untracked());
        if is_over || !words.is_empty() {
            message.set(words.to_owned());
        }
        words
    });
}

/// When a focused button of the bar is removed, moves the focus to the row that was moved last. `track` tracks whatever
/// adds or removes buttons.
fn keep_focus(draft: RwSignal<Draft>, is_inside: StoredValue<bool>, track: impl Fn() + 'static) {
    // Stored here, because saving and discarding clear the draft's moves.
    let last: StoredValue<Option<String>> = StoredValue::new(None);
    on_change(move || {
        if let Some(id) = draft.read().last_moved() {
            last.set_value(Some(id.to_owned()));
        }
    });
    on_change_since(move |before: Option<()>| {
        track();
        if before.is_none() || !is_inside.get_value() {
            return;
        }
        request_animation_frame(move || {
            let id = last.try_get_value().flatten();
            let position = draft
                .try_with_untracked(|draft| draft.position(&id?))
                .flatten();
            if let Some(position) = position.filter(|_| is_focus_lost()) {
                focus_on(position, None);
            }
        });
    });
}

/// The changes of the draft and their effect.
#[component]
fn Changes(context: ActionContext, conflict: Memo<bool>) -> impl IntoView {
    let draft = context.draft;
    let effect = Memo::new(move |_| {
        let group = context.live.value();
        group.map_or_else(Effect::default, |group| {
            order_effect(&group, draft.read().order(), context.now())
        })
    });
    let changes = move || {
        let changes = draft.read().changes();
        let words = match changes.len() {
            1 => "1 change".to_owned(),
            count => format!("{count} changes"),
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
            .map(|(severity, words)| view! { <p class="st" data-s=severity.key()>{icon(severity.key())}{words}</p> })
            .collect::<Vec<_>>()
    };
    let flat = move || {
        context.flat.get().then(|| view! {
            <p class="st" data-s="warning">{icon("warning")}"The group is now in flat mode, so positions do not apply and there is no order to save. Your draft is kept until you discard it or the group is prioritized again."</p>
        })
    };
    view! {
        <div class="changes row">{changes}</div>
        <p><b>"Effect: "</b>{move || effect.read().sentence.clone()}</p>
        {notes}
        {flat}
        {move || conflict.get().then(|| view! { <Conflict context /> })}
    }
}

/// The result of the last attempt to save, if it did not succeed.
#[component]
fn SaveResult(context: ActionContext, problem: RwSignal<Option<Problem>>) -> impl IntoView {
    let dismiss = move |_| problem.set(None);
    let dismiss =
        move || view! { <button type="button" class="btn" on:click=dismiss>"Dismiss"</button> };
    let card = move |failure| view! { <FailureCard failure system=context.system() once=true level="3" /> };
    move || {
        Some(match problem.get()? {
            Problem::Changed(message) => {
                view! { <p><b>"Nothing was sent because the group has changed. "</b>{message}</p> }
                    .into_any()
            }
            Problem::Unconfirmed(Outcome::Refused { failure, .. }) => view! {
                {card(failure)}
                <p>"Nothing was saved. Your changes are kept."</p>
                {dismiss()}
            }
            .into_any(),
            Problem::Unconfirmed(outcome) => {
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
                let details = failure.map(|failure| details_card(failure, context.system(), "3"));
                view! { <p><b>{title}</b>{message}</p>{details}{dismiss()} }.into_any()
            }
            Problem::Refused(failure, order) => {
                let reapply = move |_| {
                    problem.set(None);
                    context.draft.update(|draft| draft.arrange(&order));
                };
                view! {
                    {card(failure)}
                    <p>"Nothing was saved. The current order is shown."</p>
                    <p class="row">
                        {dismiss()}
                        <button type="button" class="btn" disabled=move || !context.movable.get() on:click=reapply>"Reapply my moves"</button>
                    </p>
                }
                .into_any()
            }
        })
    }
}

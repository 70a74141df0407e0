//! The bar under a changed order: what would change, what that does, save or discard.

use crate::backend::Report;
use crate::backend::uplynk::Writer;
use crate::live::{Live, Status, use_clock};
use crate::ui::notice::{Undo, use_notices};
use crate::ui::reorder::Draft;
use crate::ui::status_mark::glyph;
use crate::ui::{FailureCard, Icon};
use health::effect::Effect;
use health::slicers::order_effect;
use leptos::prelude::*;
use std::rc::Rc;
use vendors::uplynk::FailoverGroup;

/// The bar; nothing while nothing is changed.
#[component]
pub fn SaveBar(
    /// What is shown, as it refreshes.
    live: Live<FailoverGroup>,
    /// The draft.
    draft: RwSignal<Draft>,
    /// How changes are sent.
    writer: Writer,
    /// What is old after a change.
    source: Status,
) -> impl IntoView {
    let (clock, notices) = (use_clock(), use_notices());
    let title = StoredValue::new(writer.title.clone());
    let writer = StoredValue::new(writer);
    let saving = RwSignal::new(false);
    let told: RwSignal<Option<Report>> = RwSignal::new(None);
    let changed = Memo::new(move |_| draft.read().is_changed());
    let effect = Memo::new(move |_| {
        let now = live.status.vendor_time(clock);
        let group = live.value();
        group.map_or_else(Effect::default, |group| {
            order_effect(&group, draft.read().order(), now)
        })
    });
    let refresh = move || {
        live.status.refresh();
        source.refresh();
    };
    let save = move |_| {
        let (Some(seen), false) = (live.value_untracked(), saving.get_untracked()) else {
            return;
        };
        saving.set(true);
        told.set(None);
        // What was there when the draft was begun is what the person saw.
        let (order, base) =
            draft.with_untracked(|draft| (draft.order().to_vec(), draft.base().to_vec()));
        let writer = writer.get_value();
        leptos::task::spawn_local(async move {
            let report = writer.save_order(&seen, &base, &order).await;
            let _ = saving.try_set(false);
            refresh();
            match report {
                Report::Done { said, .. } => {
                    let _ = draft.try_set(Draft::new(order.clone()));
                    let undo: Undo = Rc::new(move || {
                        let (writer, seen) = (writer.clone(), seen.clone());
                        let (base, order) = (base.clone(), order.clone());
                        leptos::task::spawn_local(async move {
                            notices.report(writer.save_order(&seen, &order, &base).await);
                            refresh();
                        });
                    });
                    notices.say(said, Some(undo));
                }
                report => {
                    let _ = told.try_set(Some(report));
                }
            }
        });
    };
    let discard = move |_| {
        told.set(None);
        draft.update(|draft| {
            let base = draft.theirs().unwrap_or(draft.base()).to_vec();
            *draft = Draft::new(base);
        });
    };
    let changes = move || {
        let changes = draft.read().changes().into_iter();
        changes
            .map(|(id, from, to)| view! { <li>{format!("{id} {from} → {to}")}</li> })
            .collect::<Vec<_>>()
    };
    let notes = move || {
        let notes = effect.get().notes.into_iter();
        notes
            .map(|(severity, words)| view! { <p class="st" data-s=severity.key()><Icon name=glyph(severity) />{words}</p> })
            .collect::<Vec<_>>()
    };
    let theirs = move || {
        let draft = draft.read();
        let theirs = draft.theirs()?.join(", ");
        Some(view! {
            <p class="st" data-s="warning"><Icon name="warning" />{format!("Somebody else has changed the order: it is {theirs} now. Discard yours to see it, then move again.")}</p>
        })
    };
    let outcome = move || {
        told.get().map(|report| match report {
            Report::Done { said, .. } => view! { <p>{said}</p> }.into_any(),
            Report::Changed { said } => view! { <p><b>"Nothing was sent, because the order was changed meanwhile. "</b>{said}</p> }.into_any(),
            Report::Refused { failure, .. } => view! { <FailureCard failure system=title.get_value() /> }.into_any(),
            Report::Unknown { failure, said } => view! { <p><b>"Outcome unknown: "</b>{failure.line()}". "{said}</p> }.into_any(),
        })
    };
    let blocked = Memo::new(move |_| saving.get() || draft.read().theirs().is_some());
    view! {
        <Show when=move || changed.get()>
            <section class="save" aria-label="Unsaved order">
                <ul aria-label="Changes">{changes}</ul>
                <p>{move || effect.read().sentence.clone()}</p>
                {notes}
                {theirs}
                <div role="status">{outcome}</div>
                <p class="row">
                    <button type="button" class="btn" disabled=move || saving.get() on:click=discard>"Discard changes"</button>
                    <button type="button" class="btn main" disabled=move || blocked.get() on:click=save>
                        {move || if saving.get() { "Saving…" } else { "Save order" }}
                    </button>
                </p>
            </section>
        </Show>
    }
}

//! The dialog shown instead of an activation that Uplynk would refuse.

use super::action_context::{ActionContext, Open};
use crate::ui::dialog::Dialog;
use crate::ui::hand_over;
use chrono::{DateTime, Utc};
use health::slicers::{Action, Alternatives};
use leptos::prelude::*;
use vendors::uplynk::FailoverGroup;

/// Why a slicer cannot be activated now, and what to do instead. If it can be activated by now, that action.
fn reason(group: &FailoverGroup, slicer: &str, now: DateTime<Utc>) -> (String, Alternatives) {
    let action = Action::Activate(slicer.to_owned());
    let other = |actions| Alternatives {
        sentence: String::new(),
        actions,
        moves: false,
    };
    match action.can(group) {
        Ok(()) => (
            format!("{slicer} can be activated now."),
            other(vec![action]),
        ),
        Err(why) => {
            let found = action.alternatives(group, now);
            (why, found.unwrap_or_else(|| other(Vec::new())))
        }
    }
}

/// The dialog that explains why a slicer cannot be activated now, and offers alternatives.
#[component]
pub fn ActivationAlternatives(
    /// The page's actions.
    context: ActionContext,
    /// The slicer's id.
    slicer: String,
) -> impl IntoView {
    let close = Trigger::new();
    let next: StoredValue<Option<Open>> = StoredValue::new(None);
    let on_close = Callback::new(move |()| context.open.set(next.try_get_value().flatten()));
    let title = format!("Activate {slicer}?");
    let id = slicer.clone();
    // Updated, because the group may change while the dialog is open.
    let found = Memo::new(move |_| {
        let group = context.live.value()?;
        Some(reason(&group, &id, context.now()))
    });
    let why = move || found.get().map(|(why, _)| why);
    let sentence = move || {
        let (_, Alternatives { sentence, .. }) = found.get()?;
        (!sentence.is_empty()).then(|| view! { <p>{sentence}</p> })
    };
    // A memo, so that a changed sentence does not redraw the buttons and lose the focus.
    let offers = Memo::new(move |_| {
        let (_, other) = found.get()?;
        Some((other.actions, other.moves))
    });
    let buttons = move || {
        let (actions, moves) = offers.get()?;
        hand_over("dialog[open] footer .btn");
        let buttons = actions.into_iter().map(|action| {
            let words = match action {
                Action::Activate(_) => "Activate…",
                Action::SetSlate(_) => "Leave slate…",
                Action::SetMode(_) => "Switch to prioritized mode…",
                _ => "Turn auto failback off…",
            };
            let begin = move |_| {
                next.set_value(Some(Open::Action(action.clone())));
                close.notify();
            };
            view! { <button type="button" class="btn" on:click=begin>{words}</button> }
        });
        let buttons = buttons.collect::<Vec<_>>();
        let slicer = slicer.clone();
        let move_label = format!("Move {slicer} to position 1");
        let id = slicer.clone();
        let up = move |_| {
            close.notify();
            context.move_unless_dragged(&id, 1);
        };
        let why_not = move || {
            let is_first = context.draft.read().order().first() == Some(&slicer);
            let saves = is_first.then_some("It is at position 1 of your draft: save the order.");
            context.why_immovable().or(saves)
        };
        let is_blocked = why_not.clone();
        let up = moves.then(|| view! {
            <button type="button" class="btn main" disabled=move || is_blocked().is_some() title=why_not on:click=up>{move_label}</button>
        });
        Some(view! { {buttons}{up} })
    };
    view! {
        <Dialog title on_close close>
            <p>{why}</p>
            {sentence}
            <footer class="row">
                <button type="button" class="btn" on:click=move |_| close.notify()>"Cancel"</button>
                {buttons}
            </footer>
        </Dialog>
    }
}

#[cfg(test)]
mod tests {
    use super::reason;
    use chrono::DateTime;
    use health::slicers::Action;
    use vendors::uplynk::{FailoverGroup, Mode, OnAir, Slicer};

    #[test]
    fn the_alternatives_follow_the_current_state_of_the_group() {
        let slicer = |id: &str, order| Slicer {
            id: id.to_owned(),
            order: Some(order),
            ..Slicer::default()
        };
        let group = |auto_failback, active: &str| FailoverGroup {
            mode: Some(Mode::Prioritized),
            auto_failback: Some(auto_failback),
            active: Some(OnAir::Slicer(active.to_owned())),
            slicers: Some(vec![slicer("a", 1), slicer("b", 2)]),
            ..FailoverGroup::default()
        };
        let activate = |id: &str| Action::Activate(id.to_owned());
        for (group, id, words, actions, moves) in [
            (
                group(true, "a"),
                "b",
                "While auto failback is on",
                vec![Action::SetAutoFailback(false)],
                true,
            ),
            (
                group(false, "a"),
                "b",
                "b can be activated now.",
                vec![activate("b")],
                false,
            ),
            (group(true, "b"), "b", "b is already on air.", vec![], false),
            (
                group(false, "a"),
                "c",
                "c is no longer in the group.",
                vec![],
                false,
            ),
        ] {
            let (why, other) = reason(&group, id, DateTime::UNIX_EPOCH);
            assert!(why.starts_with(words), "{why}");
            assert_eq!((other.actions, other.moves), (actions, moves), "{why}");
        }
    }
}

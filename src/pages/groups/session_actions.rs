//! The action buttons of one session of a group.

use super::action_context::{ActionContext, Open};
use super::dialogs::clear_override;
use crate::api::Outcome;
use crate::ui::icon;
use crate::ui::table::intent::Intent;
use health::groups::Action;
use leptos::prelude::*;

/// The action buttons of a session: icons in a table row, text in the panel.
#[component]
pub fn SessionActions(
    /// The page's actions.
    context: ActionContext,
    /// The session's id.
    #[prop(into)]
    id: Signal<String>,
    /// Whether its role is overridden.
    pinned: Signal<bool>,
    /// Whether the buttons show text instead of icons.
    words: bool,
) -> impl IntoView {
    // One button for both states of the override, so that it keeps the focus when the state changes.
    let button = move |action: Signal<Action>, icon_name: &'static str, click: Callback<String>| {
        context.offers(action.get_untracked()).then(|| {
            let name = move || format!("{} {}", action.get().name(), id.read());
            let intent = Intent::default();
            let press = move |_| match intent.reject_if_changed(untrack(name)) {
                Some(message) => context.notices.show_outcome(Outcome::Changed { message }),
                None => click.run(id.get_untracked()),
            };
            let point = move |_| intent.point(untrack(name));
            // A closing dialog returns the focus before the row shows the effect of the action, if there is one.
            let focused = move |_| {
                if context.open.read_untracked().is_none() || !context.row_lock.has_just_acted() {
                    intent.focus(untrack(name));
                }
            };
            // Not `disabled`, which would remove the focus.
            let busy = move || {
                let clears = action.get() == Action::ClearOverride;
                (clears && context.is_sending(&id.read())).then_some("true")
            };
            let (class, content) = if words {
                ("btn", (move || action.get().name()).into_any())
            } else {
                ("icon", icon(icon_name))
            };
            // A touch leaves the button before its click event fires, so only a mouse clears the intent.
            let leave = move |event: leptos::ev::PointerEvent| {
                if event.pointer_type() == "mouse" {
                    intent.leave();
                }
            };
            let title = move || (!words).then(|| action.get().name());
            view! {
                <button type="button" class=class aria-label=name aria-busy=busy title=title on:click=press
                    on:pointerenter=point on:pointerleave=leave on:focus=focused on:blur=move |_| intent.leave()>
                    {content}
                </button>
            }
        })
    };
    let fixed = |action: Action| Signal::stored(action);
    let opens = move |dialog: fn(String) -> Open| {
        Callback::new(move |id| context.open.set(Some(dialog(id))))
    };
    let override_action = Signal::derive(move || {
        if pinned.get() {
            Action::ClearOverride
        } else {
            Action::OverrideRole
        }
    });
    let change_override = Callback::new(move |id| {
        if pinned.get_untracked() {
            clear_override(context, id);
        } else {
            context.open.set(Some(Open::OverrideRole(id)));
        }
    });
    view! {
        <div class="row acts" class:bar=words>
            {button(fixed(Action::PostHeartbeat), "beat", opens(Open::PostHeartbeat))}
            {button(override_action, "pin", change_override)}
            {words.then(|| button(fixed(Action::PutSession), "plus", opens(|id| Open::PutSession(Some(id)))))}
            {button(fixed(Action::DeleteSession), "bin", opens(Open::DeleteSession))}
        </div>
    }
}

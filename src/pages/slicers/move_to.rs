//! The dialog that moves a slicer to a typed position in the draft.

use super::action_context::{ActionContext, not_in_group};
use crate::ui::Field;
use crate::ui::dialog::Dialog;
use leptos::prelude::*;

/// The dialog that moves a slicer.
#[component]
pub fn MoveTo(
    /// The page's actions.
    context: ActionContext,
    /// The slicer.
    slicer: String,
) -> impl IntoView {
    let title = format!("Move {slicer} to position");
    let id = StoredValue::new(slicer);
    // Updated, because a refresh may move or remove the slicer while the dialog is open.
    let at = move || {
        let draft = context.draft.read();
        (id.with_value(|id| draft.position(id)), draft.order().len())
    };
    let typed = RwSignal::new(String::new());
    let close = Trigger::new();
    let target = Memo::new(move |_| target(at(), &typed.read()));
    let wrong = Signal::derive(move || {
        if target.get().is_some() {
            return None;
        }
        Some(match at() {
            (Some(_), of) => format!("Enter a position from 1 to {of}."),
            (None, _) => id.with_value(|id| not_in_group(id)),
        })
    });
    let hint = Signal::derive(move || match at() {
        (Some(at), of) => format!("Currently at position {at} of {of}."),
        (None, _) => id.with_value(|id| not_in_group(id)),
    });
    let on_close = Callback::new(move |()| context.open.set(None));
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(to) = target.get_untracked() {
            close.notify();
            context.move_unless_dragged(&id.get_value(), to);
        }
    };
    view! {
        <Dialog title on_close close>
            <form on:submit=submit novalidate>
                <Field label="Position" name="position" value=typed error=wrong hint />
                <footer class="row">
                    <button type="button" class="btn" on:click=move |_| close.notify()>"Cancel"</button>
                    <button type="submit" class="btn main" disabled=move || target.get().is_none()>"Move"</button>
                </footer>
            </form>
        </Dialog>
    }
}

/// Parses a position from 1 to `of`, for a slicer at position `at`. `None` if the position is invalid, or if the slicer
/// has none.
fn target((at, of): (Option<usize>, usize), typed: &str) -> Option<usize> {
    let to = typed.trim().parse::<usize>().ok();
    to.filter(|to| at.is_some() && (1..=of).contains(to))
}

#[cfg(test)]
mod tests {
    use super::target;

    #[test]
    fn a_position_is_valid_only_within_the_current_draft() {
        for (at, typed, to) in [
            ((Some(1), 3), "3", Some(3)),
            ((Some(1), 3), " 2 ", Some(2)),
            ((Some(1), 2), "3", None),
            ((Some(1), 3), "0", None),
            ((Some(1), 3), "first", None),
            ((None, 3), "2", None),
        ] {
            assert_eq!(target(at, typed), to, "{at:?} {typed:?}");
        }
    }
}

//! The dialogs of a slicer group's actions: effect and confirmation.

use super::action_context::{ActionContext, Open};
use super::activation_alternatives::ActivationAlternatives;
use super::model::name;
use super::move_to::MoveTo;
use super::send::run;
use crate::api::{Failure, Outcome};
use crate::pages::chunks::{Chunk, Dialog, use_chunks};
use crate::pages::detail_page::not_found_note;
use crate::ui::action_dialog::Running;
use crate::ui::{ActionDialog, Field};
use health::effect::{Confirm, Effect};
use health::slicers::{Action, channel_label_of, mode_word};
use leptos::prelude::*;
use vendors::uplynk::FailoverGroup;

/// The open dialog.
#[component]
pub fn Dialogs(
    /// The page's actions.
    context: ActionContext,
) -> impl IntoView {
    let chunks = use_chunks();
    let on_close = Callback::new(move |()| context.open.set(None));
    move || {
        Some(match context.open.get()? {
            Open::MoveTo(slicer) => view! { <MoveTo context slicer /> }.into_any(),
            Open::Action(action) => {
                let dialog = Dialog::Slicers { context, action };
                chunks.dialog(Chunk::SlicerDialogs, dialog, on_close)
            }
        })
    }
}

/// The dialog of an action, drawn by a chunk of its own.
pub fn dialog(context: ActionContext, action: Action, on_close: Callback<()>) -> AnyView {
    let is_refused = context
        .live
        .value_untracked()
        .is_some_and(|group| action.can(&group).is_err());
    match action {
        Action::Activate(slicer) if is_refused => {
            view! { <ActivationAlternatives context slicer /> }.into_any()
        }
        action => view! { <Ask context action on_close /> }.into_any(),
    }
}

/// The title, the button's label, and the text to type for confirmation.
fn words(action: &Action, group: &FailoverGroup) -> (String, &'static str, String) {
    let of = name(group);
    let (title, button, typed) = match action {
        Action::SetMode(mode) => {
            let mode = mode_word(mode).to_ascii_lowercase();
            let title = format!("Switch {of} to {mode} mode?");
            (title, "Switch mode", None)
        }
        Action::SetAutoFailback(true) => {
            (format!("Turn auto failback on for {of}?"), "Turn on", None)
        }
        Action::SetAutoFailback(false) => {
            let title = format!("Turn auto failback off for {of}?");
            (title, "Turn off", None)
        }
        Action::SetEligible(id, true) => {
            let title = format!("Make {id} eligible for failover?");
            (title, "Make eligible", Some(&**id))
        }
        Action::SetEligible(id, false) => {
            let title = format!("Make {id} not eligible for failover?");
            (title, "Make not eligible", Some(&**id))
        }
        Action::Activate(id) => (format!("Activate {id}?"), "Activate", Some(&**id)),
        Action::SetSlate(true) => (format!("Switch {of} to slate?"), "Switch to slate", None),
        Action::SetSlate(false) => (format!("Leave slate on {of}?"), "Leave slate", None),
        Action::AddChannel => (format!("Add a channel to {of}?"), "Add channel", None),
        Action::RemoveChannel(id) => {
            let channel = channel_label_of(group, id);
            let title = format!("Remove {channel} from {of}?");
            (title, "Remove channel", Some(channel))
        }
        Action::AddOwner => {
            let title = format!("Add an allowed owner to {of}?");
            (title, "Add owner", None)
        }
        Action::RemoveOwner(id) => {
            let title = format!("Remove owner {id} from {of}?");
            (title, "Remove owner", Some(&**id))
        }
        Action::Overwrite { .. } => {
            let title = format!("Overwrite the order of {of}?");
            (title, "Overwrite", None)
        }
    };
    let typed = typed.map(str::to_owned);
    (title, button, typed.unwrap_or(of))
}

#[component]
fn Ask(context: ActionContext, action: Action, on_close: Callback<()>) -> impl IntoView {
    let group = context.live.value_untracked().unwrap_or_default();
    let (title, button, id) = words(&action, &group);
    let needs_id = matches!(action, Action::AddChannel | Action::AddOwner);
    let label = if action == Action::AddChannel {
        "Channel id"
    } else {
        "Owner id"
    };
    // Replaced if the order to overwrite changes again.
    let action = RwSignal::new(action);
    // Updated, because the group may change while the dialog is open.
    let refused = Memo::new(move |_| action.read().can(&*context.live.value()?).err());
    let effect = Memo::new(move |_| {
        let group = context.live.value();
        let mut effect = match (refused.get(), group) {
            (Some(why), _) => Effect {
                sentence: why,
                notes: Vec::new(),
            },
            (None, Some(group)) => action.read().effect(&group, context.now()),
            (None, None) => Effect::default(),
        };
        effect.notes.extend(not_found_note(context.live.status));
        effect
    });
    let confirm = Memo::new(move |_| {
        let group = context.live.value();
        group.map_or(Confirm::Click, |group| {
            let (action, shown) = (action.read(), context.shown());
            action.confirm(&group, context.now(), shown)
        })
    });
    let typed = RwSignal::new(String::new());
    let wrong = Memo::new(move |_| id_error(&typed.read()));
    let run: Box<dyn Fn() -> Running> = Box::new(move || {
        let seen = context.live.value_untracked();
        let id = typed.get_untracked().trim().to_owned();
        Box::pin(async move {
            match (context.writer(), seen) {
                (Some(writer), Some(seen)) => {
                    let done = run(context, writer, (*seen).clone(), action, id).await;
                    // A dialog that was closed while sending does not call `changed`.
                    if typed.is_disposed() {
                        context.changed();
                    }
                    done
                }
                _ => (
                    Outcome::refused(Failure::no_gateway("the group is not loaded")),
                    None,
                ),
            }
        })
    });
    let ready =
        Memo::new(move |_| refused.read().is_none() && (!needs_id || wrong.read().is_none()));
    view! {
        <ActionDialog title action=button system=context.system() effect confirm id ready run
            notices=context.notices() changed=Callback::new(move |()| context.changed()) on_close>
            {needs_id.then(|| view! { <Field label name="id" value=typed error=wrong hint=Signal::stored("As shown in Uplynk: 32 hexadecimal digits.".to_owned()) required=true /> })}
        </ActionDialog>
    }
}

/// The error message for an invalid id of a channel or an owner.
fn id_error(typed: &str) -> Option<String> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Some("An id is required.".to_owned());
    }
    let odd = typed.chars().find(|char| !char.is_ascii_hexdigit());
    match odd {
        Some(odd) => Some(format!("“{odd}” is not a hexadecimal digit.")),
        None if typed.len() != 32 => Some(format!(
            "An id has 32 hexadecimal digits, not {}.",
            typed.len()
        )),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::id_error;

    #[test]
    fn an_id_is_32_hexadecimal_digits() {
        for (typed, wrong) in [
            ("", Some("required")),
            ("  ", Some("required")),
            ("xyz", Some("“x”")),
            ("abc", Some("not 3")),
            ("9852b8649852b8649852b8649852b864", None),
            (" 9852B8649852b8649852b8649852b864 ", None),
        ] {
            match (id_error(typed), wrong) {
                (None, None) => {}
                (Some(message), Some(word)) => {
                    assert!(message.contains(word), "{typed}: {message}");
                }
                (message, _) => panic!("{typed}: {message:?}"),
            }
        }
    }
}

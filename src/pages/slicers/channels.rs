//! The channels that use the group.

use super::action_context::ActionContext;
use super::model::empty_list_message;
use crate::live::keyed;
use crate::ui::icon;
use health::slicers::{Action, channel_label};
use leptos::prelude::*;

/// The list of channels, with buttons to add and remove them.
#[component]
pub fn Channels(
    /// The page's actions.
    context: ActionContext,
) -> impl IntoView {
    let channels = Memo::new(move |_| {
        let group = context.live.value();
        let channels = group?.channels.clone()?;
        let named = channels.into_iter().map(|channel| {
            let name = channel_label(&channel).to_owned();
            (channel.id, name)
        });
        Some(named.collect::<Vec<_>>())
    });
    let each = move || channels.get().unwrap_or_default();
    let draw = move |(id, name): (String, String)| {
        let label = format!("Remove channel {name}");
        let remove = remove_button(context, label, Action::RemoveChannel(id));
        view! { <li>{name}{remove}</li> }
    };
    let list = keyed(each, |(id, name)| format!("{id} {name}"), draw);
    let none = move || {
        let group = context.live.value()?;
        let words = [
            "No channel uses this group.",
            "Uplynk does not report which channels use this group.",
            "The channels that use this group cannot be read.",
        ];
        let words = empty_list_message(&group, "channels", group.channels.is_some(), words);
        let is_empty = channels.read().as_ref().is_none_or(Vec::is_empty);
        is_empty.then(|| view! { <p class="dim">{words}</p> })
    };
    view! {
        <ul class="tags row" aria-label="Channels">{list}</ul>
        {none}
        {add_button(context, "Add channel", Action::AddChannel)}
    }
}

/// The button that opens the dialog to remove a list entry; `None` for users who may not make changes.
pub(super) fn remove_button(
    context: ActionContext,
    label: String,
    action: Action,
) -> Option<AnyView> {
    let open_dialog = move |_| context.open_action(action.clone());
    context.may_change.then(|| {
        view! { <button type="button" class="icon" aria-label=label on:click=open_dialog>{icon("close")}</button> }
            .into_any()
    })
}

/// The button that opens the dialog to add a list entry; `None` for users who may not make changes.
pub(super) fn add_button(
    context: ActionContext,
    words: &'static str,
    action: Action,
) -> Option<AnyView> {
    let open_dialog = move |_| context.open_action(action.clone());
    context.may_change.then(|| {
        view! { <p class="row"><button type="button" class="btn" on:click=open_dialog>{icon("plus")}{words}</button></p> }
            .into_any()
    })
}

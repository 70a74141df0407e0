//! The channels that show what the group has on air.

use super::action_context::ActionContext;
use super::model::nothing_listed;
use crate::live::keyed;
use crate::ui::icon;
use health::slicers::{Action, channel_label};
use leptos::prelude::*;

/// The list, with what adds to it and takes from it.
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
            "Which channels use this group cannot be read.",
        ];
        let words = nothing_listed(&group, "channels", group.channels.is_some(), words);
        let is_empty = channels.read().as_ref().is_none_or(Vec::is_empty);
        is_empty.then(|| view! { <p class="dim">{words}</p> })
    };
    view! {
        <ul class="tags row" aria-label="Channels">{list}</ul>
        {none}
        {add_button(context, "Add channel", Action::AddChannel)}
    }
}

/// The button that asks to take an entry from a list; none for who may not.
pub(super) fn remove_button(
    context: ActionContext,
    label: String,
    action: Action,
) -> Option<AnyView> {
    let ask = move |_| context.ask(action.clone());
    context.may.then(|| {
        view! { <button type="button" class="icon" aria-label=label on:click=ask>{icon("close")}</button> }
            .into_any()
    })
}

/// The button that asks to add an entry to a list; none for who may not.
pub(super) fn add_button(
    context: ActionContext,
    words: &'static str,
    action: Action,
) -> Option<AnyView> {
    let ask = move |_| context.ask(action.clone());
    context.may.then(|| {
        view! { <p class="row"><button type="button" class="btn" on:click=ask>{icon("plus")}{words}</button></p> }
            .into_any()
    })
}

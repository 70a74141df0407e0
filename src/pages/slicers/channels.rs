//! The channels that show what the group has on air.

use super::action_context::ActionContext;
use crate::ui::Icon;
use health::slicers::{Action, channel_count, channel_label};
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
        let remove = context.may.then(|| {
            let ask = move |_| context.ask(Action::RemoveChannel(id.clone()));
            let label = format!("Remove channel {name}");
            view! { <button type="button" class="icon" aria-label=label on:click=ask><Icon name="close" /></button> }
        });
        view! { <li>{name.clone()}{remove}</li> }
    };
    let none = move || {
        let group = context.live.value();
        let words = match group.and_then(|group| channel_count(&group)) {
            Some(_) => "No channel uses this group.",
            None => "Uplynk does not report which channels use this group.",
        };
        let is_empty = channels.read().as_ref().is_none_or(Vec::is_empty);
        is_empty.then(|| view! { <p class="dim">{words}</p> })
    };
    let add = context.may.then(|| {
        view! { <p class="row"><button type="button" class="btn" on:click=move |_| context.ask(Action::AddChannel)><Icon name="plus" />"Add channel"</button></p> }
    });
    view! {
        <ul class="tags row" aria-label="Channels"><For each key=Clone::clone children=draw /></ul>
        {none}
        {add}
    }
}

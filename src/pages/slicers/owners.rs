//! Which other owners may use the group. Requested only when the panel is opened, because the vendor
//! limits requests.

use super::action_context::ActionContext;
use crate::api::Failure;
use crate::ui::{FailureCard, Icon};
use health::slicers::Action;
use leptos::prelude::*;

/// The panel, closed until it is asked for.
#[component]
pub fn Owners(
    /// The page's actions.
    context: ActionContext,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let owners: RwSignal<Option<Result<Vec<String>, Failure>>> = RwSignal::new(None);
    let read = move || {
        let group = context.live.value_untracked().map(|group| group.id.clone());
        let (Some(writer), Some(group)) = (context.writer(), group) else {
            return;
        };
        leptos::task::spawn_local(async move {
            let _ = owners.try_set(Some(writer.owners(&group).await));
        });
    };
    // A dialog may have changed them.
    Effect::new(move |_| {
        let closed = context.open.read().is_none();
        if open.get() && closed {
            read();
        }
    });
    let toggle = move |_| open.update(|open| *open = !*open);
    let shown = move || {
        match owners.get()? {
        Err(failure) => {
            let retry = Callback::new(move |()| read());
            Some(view! { <FailureCard failure system=context.system() retry /> }.into_any())
        }
        Ok(list) if list.is_empty() => Some(view! { <p class="dim">"No other owner is allowed."</p> }.into_any()),
        Ok(list) => Some(
            view! { <ul class="tags row" aria-label="Allowed owners">{list.into_iter().map(|id| item(context, id)).collect::<Vec<_>>()}</ul> }.into_any(),
        ),
    }
    };
    let add = context.may.then(|| {
        view! { <p class="row"><button type="button" class="btn" on:click=move |_| context.ask(Action::AddOwner)><Icon name="plus" />"Add owner"</button></p> }
    });
    view! {
        <section class="panel" aria-labelledby="owners">
            <header><h2 id="owners">"Allowed owners"</h2>
                <button type="button" class="btn end" aria-expanded=move || if open.get() { "true" } else { "false" } on:click=toggle>
                    {move || if open.get() { "Hide" } else { "Show" }}
                </button>
            </header>
            <div class="pad" hidden=move || !open.get()>
                {move || (open.get() && owners.read().is_none()).then(|| view! { <p class="dim" role="status">"Loading…"</p> })}
                {shown}
                {add}
            </div>
        </section>
    }
}

fn item(context: ActionContext, id: String) -> impl IntoView {
    let remove = context.may.then(|| {
        let (of, label) = (id.clone(), format!("Remove owner {id}"));
        let ask = move |_| context.ask(Action::RemoveOwner(of.clone()));
        view! { <button type="button" class="icon" aria-label=label on:click=ask><Icon name="close" /></button> }
    });
    view! { <li><code>{id}</code>{remove}</li> }
}

//! The section "Walls": pairing a screen by the code that it shows, and the list of walls. Only for
//! admins; the gateway refuses the data to others.

use super::wall_list::WallList;
use crate::api::Arrived;
use crate::api::walls::{self, Walls as List};
use crate::live::Live;
use crate::pages::last_known::{gateway_problems, loading};
use crate::ui::notice::use_notices;
use crate::ui::{Field, Icon, error_status};
use leptos::prelude::*;
use std::time::Duration;

/// The polling interval.
const INTERVAL: Duration = Duration::from_secs(10);

/// The section "Walls".
#[component]
pub fn Walls() -> impl IntoView {
    let state = Live::every(INTERVAL, |_| async {
        Ok(Arrived::now(walls::list().await?))
    });
    let forgotten = move || {
        let list = state.value();
        let in_memory = list.is_some_and(|list| list.kept == "memory");
        in_memory.then(|| {
            view! {
                <p class="bar"><Icon name="warning" /><span>"The gateway keeps walls in memory only: after a restart each has to be paired again. A "<code>"[session]"</code>" key and a "<code>"[store]"</code>" that is not in memory keep them."</span></p>
            }
        })
    };
    view! {
        <section class="panel walls" aria-labelledby="walls">
            <header><h2 id="walls" tabindex="-1">"Walls"</h2><p>"Screens that show the status wall and nothing else"</p></header>
            <PairForm state />
            {loading(state.status)}
            {gateway_problems(state.status)}
            <WallList state />
            {forgotten}
        </section>
    }
}

#[component]
fn PairForm(state: Live<List>) -> impl IntoView {
    let notices = use_notices();
    let (code, name) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (busy, wrong) = (RwSignal::new(false), RwSignal::new(None::<String>));
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        wrong.set(None);
        let sent = [code, name].map(|field| field.get_untracked());
        leptos::task::spawn_local(async move {
            let answer = walls::pair(&sent[0], &sent[1]).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(wall) => {
                    // Fields that were edited in the meantime are for the next wall.
                    for (field, sent) in [code, name].into_iter().zip(sent) {
                        if field.try_get_untracked() == Some(sent) {
                            field.set(String::new());
                        }
                    }
                    let message = format!(
                        "The wall {} is paired. Its screen updates within a few seconds.",
                        wall.name
                    );
                    notices.show(message, None);
                }
                Err(failure) => {
                    let _ = wrong.try_set(Some(format!("{}.", failure.line())));
                }
            }
            // Refresh after a failure, too: the pairing may have succeeded although its response was lost.
            state.status.refresh();
        });
    };
    let hint = "As shown on the screen at /wall";
    let name_hint = "The location of the screen";
    let button = move || {
        if busy.get() {
            "Pairing…"
        } else {
            "Pair wall"
        }
    };
    view! {
        <form class="pair pad" on:submit=submit>
            <Field label="Code" name="wall-code" value=code hint required=true />
            <Field label="Name" name="wall-name" value=name hint=name_hint required=true />
            <button type="submit" class="btn main" aria-disabled=move || busy.get().then_some("true")>{button}</button>
            {error_status(wrong)}
        </form>
    }
}

//! The section "Walls": pairing a screen by the code that it shows, and which walls there are. Only for
//! admins; the gateway refuses it to others.

use super::wall_list::WallList;
use crate::api::Failure;
use crate::api::walls::{self, Walls as List};
use crate::live::{use_clock, use_poll_settings};
use crate::ui::notice::use_notices;
use crate::ui::{FailureCard, Field, Icon};
use leptos::prelude::*;

/// How often the list is read, in milliseconds.
const OFTEN: f64 = 10_000.0;

/// The walls, as they were last read.
#[derive(Clone, Copy)]
pub struct WallsState {
    /// The last list.
    pub list: RwSignal<Option<List>>,
    failure: RwSignal<Option<Failure>>,
    read_at: StoredValue<f64>,
}

impl WallsState {
    /// Reads the list now.
    pub fn read(self) {
        let _ = self.read_at.try_set_value(crate::live::clock::now());
        leptos::task::spawn_local(async move {
            let answer = walls::list().await;
            let _ = self.failure.try_set(answer.as_ref().err().cloned());
            if let Ok(list) = answer {
                let _ = self.list.try_set(Some(list));
            }
        });
    }
}

/// The section.
#[component]
pub fn Walls() -> impl IntoView {
    let (clock, poll_settings) = (use_clock(), use_poll_settings());
    let state = WallsState {
        list: RwSignal::new(None),
        failure: RwSignal::new(None),
        read_at: StoredValue::new(0.0),
    };
    Effect::new(move |_| {
        let due = (clock.millis() - state.read_at.get_value()).abs() >= OFTEN;
        if due && !poll_settings.hidden.get() && !poll_settings.paused.get() {
            state.read();
        }
    });
    Effect::new(move |before: Option<u32>| {
        let requests = poll_settings.refresh_requests.get();
        if before.is_some() {
            state.read();
        }
        requests
    });
    let retry = Callback::new(move |()| state.read());
    let failure = move || {
        let failure = state.failure.get()?;
        Some(view! { <FailureCard failure system="the gateway" retry /> })
    };
    let forgotten = move || {
        let list = state.list.read();
        let in_memory = list.as_ref().is_some_and(|list| list.kept == "memory");
        in_memory.then(|| {
            view! {
                <p class="bar"><Icon name="warning" /><span>"The gateway keeps walls in memory only: after a restart each has to be paired again. The entry "<code>"[walls] file"</code>" in its configuration keeps them."</span></p>
            }
        })
    };
    view! {
        <section class="panel walls" aria-labelledby="walls">
            <header><h2 id="walls">"Walls"</h2><p>"Screens that show the status wall and nothing else"</p></header>
            <PairForm state />
            {failure}
            <WallList state />
            {forgotten}
        </section>
    }
}

#[component]
fn PairForm(state: WallsState) -> impl IntoView {
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
        leptos::task::spawn_local(async move {
            let answer = walls::pair(&code.get_untracked(), &name.get_untracked()).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(wall) => {
                    let _ = code.try_set(String::new());
                    let _ = name.try_set(String::new());
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
            // Also after a failure: the response to a completed pairing may have been lost.
            state.read();
        });
    };
    let hint = Signal::derive(|| "As shown on the screen at /wall".to_owned());
    let place = Signal::derive(|| "Where the screen hangs".to_owned());
    let message = move || {
        wrong.get().map(|why| {
            view! { <span class="wrong"><Icon name="warning" />{why}</span> }
        })
    };
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
            <Field label="Name" name="wall-name" value=name hint=place required=true />
            <button type="submit" class="btn main" aria-disabled=move || busy.get().then_some("true")>{button}</button>
            <p role="status">{message}</p>
        </form>
    }
}

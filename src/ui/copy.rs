//! A button that copies an id to the clipboard and confirms it.

use super::icon::Icon;
use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen_futures::JsFuture;

/// A button that copies `text`.
#[component]
pub fn Copy(
    /// The text to copy.
    #[prop(into)]
    text: Signal<String>,
    /// The accessible name of the button, such as "Copy group id".
    #[prop(into)]
    name: String,
) -> impl IntoView {
    let message = RwSignal::new("");
    let copy = move |_| {
        let text = text.get_untracked();
        leptos::task::spawn_local(async move {
            // Only a secure context has a clipboard.
            let done = window().is_secure_context() && {
                let clipboard = window().navigator().clipboard();
                JsFuture::from(clipboard.write_text(&text)).await.is_ok()
            };
            let _ = message.try_set(if done {
                "Copied"
            } else {
                "The browser did not allow copying"
            });
            let clear = move || {
                let _ = message.try_set("");
            };
            set_timeout(clear, Duration::from_secs(3));
        });
    };
    let icon = Signal::derive(move || {
        if message.get() == "Copied" {
            "done"
        } else {
            "copy"
        }
    });
    view! {
        <button type="button" class="icon" aria-label=name on:click=copy>
            <Icon name=icon />
        </button>
        <small role="status">{message}</small>
    }
}

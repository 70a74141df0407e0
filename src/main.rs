//! Starts the console in the page.

use failover_console::app::App;
use leptos::mount::mount_to;
use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

fn main() {
    std::panic::set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        failover_console::panic_banner::show();
    }));
    failover_console::route::set_base(base());
    let Some(root): Option<HtmlElement> = document()
        .get_element_by_id("console")
        .and_then(|e| e.dyn_into().ok())
    else {
        return;
    };
    mount_to(root, App).forget();
}

/// The base path of the console, which the gateway writes into the page.
fn base() -> String {
    let meta = document().query_selector("meta[name=failover-base]");
    meta.ok()
        .flatten()
        .and_then(|meta| meta.get_attribute("content"))
        .unwrap_or_default()
}

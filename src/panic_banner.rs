//! What a person sees when the console itself breaks: never a screen that merely stopped moving.

use leptos::prelude::document;

/// Covers the page with the news that nothing on it can be believed any more.
pub fn show() {
    let document = document();
    let (Ok(banner), Some(body)) = (document.create_element("div"), document.body()) else {
        return;
    };
    let _ = banner.set_attribute("role", "alert");
    banner.set_class_name("broken");
    banner.set_text_content(Some(
        "The console has stopped working. The data on this screen is out of date. Reload the page.",
    ));
    let _ = body.append_child(&banner);
}

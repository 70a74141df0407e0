//! The banner shown when the console itself crashes, so that a frozen screen is never mistaken for a live
//! one.

use leptos::prelude::document;

/// Covers the page with a banner: its content can no longer be trusted.
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

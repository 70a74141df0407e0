//! Desktop notifications: short texts shown outside of the browser, if permitted. Text only, never markup.

use js_sys::Reflect;
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Notification, NotificationOptions, NotificationPermission};

/// The browser's permission for notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Not supported, or not on this page.
    Impossible,
    /// Not asked yet.
    Unasked,
    /// Granted.
    Granted,
    /// Denied.
    Denied,
}

/// The current permission.
#[must_use]
pub fn permission() -> Permission {
    let there = Reflect::has(&window(), &JsValue::from_str("Notification")) == Ok(true);
    if !there || !window().is_secure_context() {
        return Permission::Impossible;
    }
    match Notification::permission() {
        NotificationPermission::Granted => Permission::Granted,
        NotificationPermission::Denied => Permission::Denied,
        _ => Permission::Unasked,
    }
}

/// Asks, if not asked yet. The browser requires a user gesture.
pub async fn ask() -> Permission {
    if permission() == Permission::Unasked
        && let Ok(pending) = Notification::request_permission()
    {
        // The answer is read from the permission afterwards.
        let _ = JsFuture::from(pending).await;
    }
    permission()
}

/// Shows a text, replacing one with the same `about`, and draws attention anew. Does nothing without permission.
pub fn show(title: &str, body: &str, about: &str) {
    if permission() != Permission::Granted {
        return;
    }
    let options = NotificationOptions::new();
    options.set_body(body);
    options.set_tag(about);
    // Otherwise a browser replaces an older text in silence.
    options.set_renotify(true);
    // A browser that has notifications but not like this throws; the wall shows the alarm in any case.
    let _ = Notification::new_with_options(title, &options);
}

//! Desktop notifications: short texts that the system shows outside the browser, if permitted. Text only, never markup.

use js_sys::Reflect;
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Notification, NotificationOptions, NotificationPermission};

/// The browser's permission for notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Not supported, or not on this page.
    Unsupported,
    /// Not requested yet.
    NotRequested,
    /// Granted.
    Granted,
    /// Denied.
    Denied,
}

/// The current permission.
#[must_use]
pub fn permission() -> Permission {
    let exists = Reflect::has(&window(), &JsValue::from_str("Notification")) == Ok(true);
    if !exists || !window().is_secure_context() {
        return Permission::Unsupported;
    }
    match Notification::permission() {
        NotificationPermission::Granted => Permission::Granted,
        NotificationPermission::Denied => Permission::Denied,
        _ => Permission::NotRequested,
    }
}

/// Requests the permission, if not requested yet. The browser requires a user gesture.
pub async fn request_permission() -> Permission {
    if permission() == Permission::NotRequested
        && let Ok(pending) = Notification::request_permission()
    {
        // The answer is read from the permission afterwards.
        let _ = JsFuture::from(pending).await;
    }
    permission()
}

/// Shows a text, and replaces one with the same `about` with a new alert. Does nothing without permission.
pub fn show(title: &str, body: &str, about: &str) {
    if permission() != Permission::Granted {
        return;
    }
    let options = NotificationOptions::new();
    options.set_body(body);
    options.set_tag(about);
    // Otherwise the browser replaces an older text silently.
    options.set_renotify(true);
    // Some browsers support notifications only from a service worker and throw here. The wall shows the alarm anyway.
    let _ = Notification::new_with_options(title, &options);
}

//! Desktop notifications: short texts that the computer shows outside of the browser, where somebody let
//! it. Text only, never markup.

use js_sys::Reflect;
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Notification, NotificationOptions, NotificationPermission};

/// What the browser says to notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// It has none, or shows none on pages like this one.
    Impossible,
    /// Nobody was asked yet.
    Unasked,
    /// Somebody said yes.
    Granted,
    /// Somebody said no.
    Denied,
}

/// What the browser says now.
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

/// Asks, where nobody was asked yet. The browser wants a hand behind it.
pub async fn ask() -> Permission {
    if permission() == Permission::Unasked
        && let Ok(pending) = Notification::request_permission()
    {
        // What was answered is what is there afterwards.
        let _ = JsFuture::from(pending).await;
    }
    permission()
}

/// Shows a text, in place of the one with the same `about`. Nothing where it is not allowed.
pub fn show(title: &str, body: &str, about: &str) {
    if permission() != Permission::Granted {
        return;
    }
    let options = NotificationOptions::new();
    options.set_body(body);
    options.set_tag(about);
    // A browser that has notifications but not like this throws; the wall shows the alarm in any case.
    let _ = Notification::new_with_options(title, &options);
}

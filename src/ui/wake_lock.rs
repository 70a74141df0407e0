//! Keeps the screen on (Screen Wake Lock). The browser releases the lock whenever the page is hidden, so it is
//! requested again. Uses reflection, because not every browser has this interface, and only on secure pages.

use js_sys::{Function, Promise, Reflect};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// A lock that keeps the screen on.
#[derive(Clone, Copy)]
pub struct WakeLock {
    lock: StoredValue<Option<JsValue>, LocalStorage>,
    held: RwSignal<bool>,
    requesting: StoredValue<bool>,
}

impl WakeLock {
    /// Whether the screen is kept on, as far as known.
    #[must_use]
    pub fn is_held(self) -> bool {
        self.held.get()
    }

    /// Whether the browser can keep the screen on.
    #[must_use]
    pub fn is_possible() -> bool {
        browser_wake_lock().is_some()
    }

    /// Keeps the screen on, unless it already is. Only a visible page can request this.
    pub fn keep(self) {
        let released = |lock: &JsValue| {
            Reflect::get(lock, &"released".into()).is_ok_and(|released| released.is_truthy())
        };
        let holds = self
            .lock
            .try_with_value(|lock| lock.as_ref().is_some_and(|lock| !released(lock)));
        let _ = self.held.try_maybe_update(|held| {
            let changed = Some(*held) != holds;
            *held = holds == Some(true);
            (changed, ())
        });
        let requesting = self.requesting.try_get_value().unwrap_or(true);
        if holds != Some(false) || requesting || document().hidden() {
            return;
        }
        let Some(pending) = request() else { return };
        let _ = self.requesting.try_set_value(true);
        leptos::task::spawn_local(async move {
            let granted = JsFuture::from(pending).await;
            let _ = self.requesting.try_set_value(false);
            let Ok(lock) = granted else {
                return;
            };
            let kept = self
                .lock
                .try_update_value(|kept| *kept = Some(lock.clone()));
            if kept.is_none() {
                release(&lock);
            }
            let _ = self.held.try_set(true);
        });
    }

    /// Releases the lock, so that the screen can turn off.
    pub fn release(self) {
        if let Some(lock) = self.lock.try_update_value(Option::take).flatten() {
            release(&lock);
        }
        let _ = self.held.try_set(false);
    }
}

impl Default for WakeLock {
    /// Without a lock yet. A later one is released when the current owner is cleaned up.
    fn default() -> Self {
        let wake_lock = Self {
            lock: StoredValue::new_local(None),
            held: RwSignal::new(false),
            requesting: StoredValue::new(false),
        };
        on_cleanup(move || wake_lock.release());
        wake_lock
    }
}

fn browser_wake_lock() -> Option<JsValue> {
    let lock = Reflect::get(&window().navigator(), &"wakeLock".into()).ok()?;
    (!lock.is_undefined() && !lock.is_null()).then_some(lock)
}

fn call(on: &JsValue, name: &str, argument: &JsValue) -> Option<JsValue> {
    let method: Function = Reflect::get(on, &name.into()).ok()?.dyn_into().ok()?;
    method.call1(on, argument).ok()
}

fn request() -> Option<Promise> {
    call(&browser_wake_lock()?, "request", &"screen".into())?
        .dyn_into()
        .ok()
}

fn release(lock: &JsValue) {
    let _ = call(lock, "release", &JsValue::UNDEFINED);
}

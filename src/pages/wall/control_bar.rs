//! The control bar, which is visible while somebody uses the mouse, the touch screen or the keyboard. Its settings are
//! in the URL, so that they survive a reload.

use super::notify::Notify;
use super::rotation::HoldReason;
use super::setup::SetUp;
use super::sounds::Sounds;
use super::state::Wall;
use crate::live::{clock, use_clock};
use crate::nav::use_nav;
use crate::prefs::use_prefs;
use crate::route::Route;
use crate::ui::Icon;
use crate::ui::wake_lock::WakeLock;
use leptos::prelude::*;

/// How long the bar stays visible after the last input, in milliseconds.
const HIDE_DELAY: f64 = 4_000.0;

/// Whether there has been input recently.
#[must_use]
pub fn in_use() -> Memo<bool> {
    let clock = use_clock();
    let last = RwSignal::new(f64::MIN);
    // Pointer events arrive about a hundred times a second; four updates a second are enough.
    let touched = move || {
        let now = clock::now();
        if last
            .try_get_untracked()
            .is_some_and(|last| (now - last).abs() > 250.0)
        {
            let _ = last.try_set(now);
        }
    };
    let moved = window_event_listener(leptos::ev::pointermove, move |_| touched());
    let pressed = window_event_listener(leptos::ev::pointerdown, move |_| touched());
    let typed = window_event_listener(leptos::ev::keydown, move |_| touched());
    on_cleanup(move || {
        moved.remove();
        pressed.remove();
        typed.remove();
    });
    // A range, so that the bar also hides after the clock is set back.
    Memo::new(move |_| (0.0..HIDE_DELAY).contains(&(clock.millis() - last.get())))
}

/// The control bar.
#[component]
pub fn ControlBar(
    /// The wall.
    wall: Wall,
    /// The alarm sounds.
    sounds: Sounds,
    /// The desktop notifications.
    notify: Notify,
    /// The lock that keeps the screen on.
    wake_lock: WakeLock,
    /// Whether there has been input recently.
    in_use: Memo<bool>,
    /// Whether the panel "Screen settings" is open.
    set_up: RwSignal<bool>,
) -> impl IntoView {
    let (nav, prefs) = (use_nav(), use_prefs());
    let is_full = RwSignal::new(document().fullscreen_element().is_some());
    let changed = window_event_listener_untyped("fullscreenchange", move |_| {
        is_full.set(document().fullscreen_element().is_some());
    });
    on_cleanup(move || changed.remove());
    let full = move |_| {
        if is_full.get_untracked() {
            document().exit_fullscreen();
        } else if let Some(root) = document().document_element() {
            let _ = root.request_fullscreen();
        }
    };
    let theme = move || wall.params.read().theme.unwrap_or(prefs.theme.get());
    let next_theme = move |_| {
        let next = untrack(theme).next();
        nav.replace(&nav.with_params(&[("theme", Some(next.word()))]));
    };
    let paused = move || wall.rotation.read().is_paused();
    let pause = move |_| {
        let now = clock::now();
        wall.rotation
            .update(|rotation| *rotation = rotation.pause(now, !rotation.is_paused()));
    };
    let pages = move || wall.layout.read().pages.len();
    let turn = move |_| {
        let (pages, rotate) = (pages(), wall.params.read().rotate);
        wall.rotation
            .update(|rotation| *rotation = rotation.turn(clock::now(), pages, rotate));
    };
    let pressed = |is: bool| if is { "true" } else { "false" };
    let is_hidden = move || !in_use.get() && !set_up.get();
    let pause_title = move || match wall.rotation.read().held {
        Some(HoldReason::Critical) => {
            "Only critical pages are shown. Pause on this one for at most ten minutes"
        }
        _ => "Pause rotation for at most ten minutes",
    };
    view! {
        <div class="bar" data-away=move || is_hidden().then_some("away")>
            <div role="toolbar" aria-label="Wall controls">
                <button type="button" class="btn" aria-pressed=move || pressed(is_full.get()) on:click=full>"Full screen"</button>
                <button type="button" class="btn" aria-pressed=move || pressed(!sounds.is_muted())
                    on:click=move |_| sounds.mute(!sounds.is_muted())>"Sound"</button>
                <button type="button" class="btn" aria-pressed=move || pressed(notify.is_on()) disabled=move || notify.unavailable_reason().is_some()
                    title=move || notify.unavailable_reason().unwrap_or("Show a desktop notification for each new critical alarm while this page is not hidden") on:click=move |_| notify.toggle()>"Notify"</button>
                <button type="button" class="btn" aria-expanded=move || pressed(set_up.get())
                    on:click=move |_| set_up.update(|open| *open = !*open)>"Screen settings"</button>
                <button type="button" class="btn" title=move || format!("Colour theme: {}", theme().word()) on:click=next_theme>
                    <Icon name="theme" />"Colour theme"
                </button>
                <button type="button" class="btn" aria-pressed=move || pressed(paused()) title=pause_title on:click=pause>
                    <Icon name="pause" />"Pause rotation"
                </button>
                <button type="button" class="btn" disabled=move || pages() < 2 on:click=turn>"Next page"</button>
                <a class="btn" href=Route::Overview.href()>"Leave the wall"</a>
            </div>
            <Show when=move || set_up.get()><SetUp wall wake_lock set_up /></Show>
        </div>
    }
}

//! The panel "Screen settings" of the wall: viewing distance, screen size, and the resulting text size.

use super::sizing::{MIN_ARC_MINUTES, PREFERRED_ARC_MINUTES};
use super::state::Wall;
use crate::nav::use_nav;
use crate::ui::wake_lock::WakeLock;
use health::words::decimal;
use leptos::prelude::*;

/// The panel "Screen settings".
#[component]
pub fn SetUp(
    /// The wall.
    wall: Wall,
    /// The lock that keeps the screen on.
    wake_lock: WakeLock,
    /// Whether the panel is open.
    set_up: RwSignal<bool>,
) -> impl IntoView {
    let lines = move || {
        let (view, layout) = (wall.viewing.read(), wall.layout.read());
        let at = |minutes: f64| {
            format!(
                "{}′ at {} m: capitals {} mm high, text of {} px.",
                decimal(minutes, 1),
                decimal(view.distance, 3),
                decimal(view.capital(minutes), 1),
                decimal(view.text(minutes), 1)
            )
        };
        let minutes = MIN_ARC_MINUTES * layout.text / view.text(MIN_ARC_MINUTES);
        let tiles = wall.tiles.read().len();
        let awake = match () {
            () if !wall.params.read().awake => "The screen may turn off.",
            () if !WakeLock::is_possible() => "This browser cannot keep the screen on.",
            () if wake_lock.is_held() => "The screen is kept on. Set awake=no to let it turn off.",
            () => "The browser refused to keep the screen on (battery saver or frame permission).",
        };
        let fits = if layout.too_small {
            "The content does not fit at that size: the text is legible only"
        } else {
            "It is legible"
        };
        [
            format!(
                "{} × {} px on {} inches, filled by this window: {} px per millimetre.",
                decimal(view.width, 1),
                decimal(view.height, 1),
                decimal(view.diagonal, 1),
                decimal(view.density(), 2)
            ),
            format!("Minimum: {}", at(MIN_ARC_MINUTES)),
            format!("Preferred: {}", at(PREFERRED_ARC_MINUTES)),
            format!(
                "Shown: text of {} px, which is {}′. {fits} from {} m.",
                decimal(layout.text, 1),
                decimal(minutes, 1),
                decimal(view.legible_from(layout.text), 1)
            ),
            format!(
                "{tiles} tiles on {} pages of {} by {} em.",
                layout.pages.len(),
                decimal(layout.width, 1),
                decimal(layout.area, 1)
            ),
            awake.to_owned(),
        ]
        .into_iter()
        .map(|line| view! { <li>{line}</li> })
        .collect::<Vec<_>>()
    };
    let distance = Signal::derive(move || wall.params.read().distance);
    let diagonal = Signal::derive(move || wall.params.read().diagonal);
    let rotate = Signal::derive(move || f64::from(wall.params.read().rotate));
    view! {
        <section class="set-up" aria-label="Screen settings">
            <p class="row">
                <Number name="distance" label="Viewing distance in metres" value=distance step="0.1" />
                <Number name="diagonal" label="Screen diagonal in inches" value=diagonal step="1" />
                <Number name="rotate" label="Seconds per page" value=rotate step="1" />
                <button type="button" class="btn end" on:click=move |_| set_up.set(false)>"Close"</button>
            </p>
            <ul>{lines}</ul>
        </section>
    }
}

#[component]
fn Number(
    name: &'static str,
    label: &'static str,
    value: Signal<f64>,
    step: &'static str,
) -> impl IntoView {
    let nav = use_nav();
    let change = move |event| {
        let value = event_target_value(&event);
        nav.replace(&nav.with_params(&[(name, Some(value.trim()))]));
    };
    view! {
        <label>{label}<input type="number" name=name min="0" step=step prop:value=move || decimal(value.get(), 6) on:change=change /></label>
    }
}

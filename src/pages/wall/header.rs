//! The header of the wall: the time, the totals by state, the page number, and whether alarms can be heard.

use super::layout::{Head, head};
use super::model;
use super::rotation::NotShown;
use super::sounds::Sounds;
use super::state::{Count, Wall};
use crate::live::{use_clock, use_watched};
use crate::ui::Icon;
use crate::ui::announcements::use_announced;
use crate::ui::times::written;
use health::severity::Severity;
use health::words::decimal;
use leptos::prelude::*;

/// The head of the wall.
#[component]
pub fn Header(
    /// The wall.
    wall: Wall,
    /// What sounds.
    sounds: Sounds,
    /// Whether the vendors' systems are simulated.
    demo: bool,
) -> impl IntoView {
    let watched = use_watched();
    let local = move || {
        let local = wall.local.read();
        local.as_ref()?.at(watched.now_millis())
    };
    let place = move || wall.local.read().as_ref().map(|local| local.name.clone());
    let totals: Vec<_> = (0..7).map(|at| view! { <Total wall at /> }).collect();
    let below = move || match head(wall.layout.read().width) {
        Head::Whole => "whole",
        Head::Notes => "notes",
        Head::All => "all",
    };
    let height = move || format!("{}em", decimal(wall.layout.read().header, 4));
    view! {
        <header style:height=height data-head=below>
            <div class="when">
                <p><time id="wall-clock">{move || written(watched.now().naive_utc(), "%H:%M:%S")}</time>" UTC"</p>
                <p class="there">
                    <span>{move || written(watched.now_by_day().naive_utc(), "%a %-d %b")}{demo.then(|| view! { " "<b>"DEMO"</b> })}</span>
                    <span hidden=move || wall.local.read().is_none()><time>{local}</time>" "{place}</span>
                </p>
                <Failovers />
                <p class="notes"><PageNote wall /><SoundNote sounds /></p>
            </div>
            <ul class="totals" aria-label="Totals">{totals}</ul>
        </header>
    }
}

/// Failovers that were just seen, in the place of the date and the notes: no tile moves for them. They are announced
/// elsewhere, and once.
#[component]
fn Failovers() -> impl IntoView {
    let announced = use_announced();
    let words = Memo::new(move |_| announced.failovers());
    view! {
        <p class="strip" hidden=move || words.read().is_empty()><Icon name="warning" /><span>{words}</span></p>
    }
}

/// How many are in one of the states.
#[component]
fn Total(wall: Wall, at: usize) -> impl IntoView {
    let count = Memo::new(move |_| wall.counts.read().get(at).copied());
    let is = |read: fn(Count) -> &'static str| move || count.get().map_or("", read);
    let glyph = Signal::derive(is(|count| count.glyph));
    let words = move || {
        count
            .get()
            .map(|count| format!("{} {}", count.number, count.word))
    };
    let hidden = move || !count.get().is_some_and(|count| count.is_shown());
    view! { <li hidden=hidden data-s=is(|count| count.key)><Icon name=glyph />{words}</li> }
}

/// The page number and its remaining time.
#[component]
fn PageNote(wall: Wall) -> impl IntoView {
    let clock = use_clock();
    let pages = Memo::new(move |_| wall.layout.read().pages.len());
    let words = Memo::new(move |_| {
        let (tiles, layout) = (wall.tiles.read(), wall.layout.read());
        let critical = layout.pages_of(model::critical(&tiles));
        let shown = layout.pages.get(critical);
        let others = tiles.get(shown.map_or(tiles.len(), |page| page.first)..);
        let others = others.unwrap_or_default();
        let of = |severity| {
            let are = others.iter().filter(|tile| tile.severity == severity);
            are.count()
        };
        let not_shown = NotShown {
            critical: of(Severity::Critical),
            warnings: of(Severity::Warning),
            all: others.len(),
        };
        let rotation = wall.rotation.read();
        rotation.words(pages.get(), critical, not_shown)
    });
    let part = move || {
        if pages.get() < 2 {
            return String::new();
        }
        let rotation = wall.rotation.read();
        let part = rotation.progress(clock.millis(), wall.params.read().rotate);
        decimal(part, 3)
    };
    view! { <span class="page" hidden=move || pages.get() < 2 style:--part=part>{words}</span> }
}

/// A note if alarms cannot be heard.
#[component]
fn SoundNote(sounds: Sounds) -> impl IntoView {
    let words = move || sounds.word();
    let more = move || sounds.is_blocked().then_some(" by the browser");
    let muted = Signal::derive(|| "muted");
    view! { <span class="quiet" hidden=move || words().is_none()><Icon name=muted /><span>{words}<span class="vh">{more}</span></span></span> }
}

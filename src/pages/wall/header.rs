//! The header of the wall: the clocks, the totals by state, the page number, and a note if sound is off.

use super::layout::{BelowClock, below_clock};
use super::model;
use super::rotation::NotShown;
use super::sounds::Sounds;
use super::state::{Count, Wall};
use crate::live::{use_clock, use_watched};
use crate::ui::Icon;
use crate::ui::announcements::use_announced;
use crate::ui::times::format_time;
use health::severity::Severity;
use health::words::decimal;
use leptos::prelude::*;

/// The header of the wall.
#[component]
pub fn Header(
    /// The wall.
    wall: Wall,
    /// The alarm sounds.
    sounds: Sounds,
    /// Whether the vendors' systems are simulated.
    demo: bool,
) -> impl IntoView {
    let watched = use_watched();
    let second_time = move || {
        let clock = wall.second_clock.read();
        clock.as_ref()?.at(watched.now_millis())
    };
    let second_name = move || {
        let clock = wall.second_clock.read();
        clock.as_ref().map(|clock| clock.name.clone())
    };
    let totals: Vec<_> = (0..8).map(|at| view! { <Total wall at /> }).collect();
    let below = move || match below_clock(wall.layout.read().width) {
        BelowClock::Nothing => "whole",
        BelowClock::Notes => "notes",
        BelowClock::All => "all",
    };
    let height = move || format!("{}em", decimal(wall.layout.read().header, 4));
    view! {
        <header style:height=height data-head=below>
            <div class="when">
                <p><time id="wall-clock">{move || format_time(watched.now().naive_utc(), "%H:%M:%S")}</time>" UTC"</p>
                <p class="there">
                    <span>{move || format_time(watched.now_by_day().naive_utc(), "%a %-d %b")}{demo.then(|| view! { " "<b>"DEMO"</b> })}</span>
                    <span hidden=move || wall.second_clock.read().is_none()><time>{second_time}</time>" "{second_name}</span>
                </p>
                <Failovers />
                <p class="notes"><PageNote wall /><SoundNote sounds /></p>
            </div>
            <ul class="totals" aria-label="Totals">{totals}</ul>
        </header>
    }
}

/// Recent failovers, shown in place of the date and the notes so that no tile moves. `Announcements` announces them.
#[component]
fn Failovers() -> impl IntoView {
    let announced = use_announced();
    let words = Memo::new(move |_| announced.failovers());
    view! {
        <p class="strip" hidden=move || words.read().is_empty()><Icon name="warning" /><span>{words}</span></p>
    }
}

/// The number of resources in one state.
#[component]
fn Total(wall: Wall, at: usize) -> impl IntoView {
    let count = Memo::new(move |_| wall.counts.read().get(at).copied());
    let field = |read: fn(Count) -> &'static str| move || count.get().map_or("", read);
    let glyph = Signal::derive(field(|count| count.glyph));
    let words = move || {
        count
            .get()
            .map(|count| format!("{} {}", count.number, count.word))
    };
    let hidden = move || !count.get().is_some_and(|count| count.is_shown());
    view! { <li hidden=hidden data-s=field(|count| count.key)><Icon name=glyph />{words}</li> }
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
        let count = |severity| {
            let matching = others.iter().filter(|tile| tile.severity == severity);
            matching.count()
        };
        let not_shown = NotShown {
            critical: count(Severity::Critical),
            warnings: count(Severity::Warning),
            all: others.len(),
        };
        let rotation = wall.rotation.read();
        rotation.label(pages.get(), critical, not_shown)
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
    let words = move || sounds.silence_reason();
    let more = move || sounds.is_blocked().then_some(" by the browser");
    let muted = Signal::derive(|| "muted");
    view! { <span class="quiet" hidden=move || words().is_none()><Icon name=muted /><span>{words}<span class="vh">{more}</span></span></span> }
}

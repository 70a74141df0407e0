//! The wall's signals: the URL parameters, the tiles, their layout, and the page that is shown. They are computed when
//! their inputs change; only time-dependent ones are updated once a second.

use super::alarm_sound::Tone;
use super::alarm_watch;
use super::layout::{Content, Layout, Page, TilePlacement, layout, measure, measure_bold};
use super::model::{self, Tile};
use super::params::{self, Params};
use super::rotation::Rotation;
use super::second_clock::SecondClock;
use super::sizing::ViewingConditions;
use super::tiles;
use crate::live::{Watched, use_clock, use_watched};
use crate::nav::use_nav;
use crate::on_change::on_change;
use crate::ui::freshness;
use crate::ui::lost_text::{LOST_TEXT, use_lost_text};
use health::freshness::Freshness;
use health::schedule::Millis;
use health::severity::Severity;
use leptos::prelude::*;
use std::cell::Cell;
use std::collections::HashMap;

/// A tile and its placement.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// The tile.
    pub tile: Tile,
    /// The placement.
    pub place: TilePlacement,
}

/// The number of resources in one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// The word after the number.
    pub word: &'static str,
    /// The key of its style.
    pub key: &'static str,
    /// The glyph.
    pub glyph: &'static str,
    /// The number.
    pub number: usize,
}

/// The state of the wall.
#[derive(Clone, Copy)]
pub struct Wall {
    /// The URL parameters.
    pub params: Memo<Params>,
    /// The warning above the tiles about problems of this screen.
    pub strip: Memo<Option<String>>,
    /// The window's size and the viewing distance.
    pub viewing: Memo<ViewingConditions>,
    /// Every tile, worst first.
    pub tiles: Memo<Vec<Tile>>,
    /// The number of resources in each state.
    pub counts: Memo<Vec<Count>>,
    /// The layout.
    pub layout: Memo<Layout>,
    /// The page that is shown.
    pub rotation: RwSignal<Rotation>,
    /// The tiles of the page that is shown.
    pub shown: Memo<Vec<Shown>>,
    /// New critical alarms, and the time at which they were raised.
    pub fresh: RwSignal<HashMap<String, Millis>>,
    /// The tone to play, with a number, because the same tone may play again.
    pub tone: RwSignal<Option<(u32, Tone)>>,
    /// The second clock.
    pub second_clock: Memo<Option<SecondClock>>,
}

thread_local! {
    /// The rotation of the previous wall view.
    static ROTATION: Cell<Option<Rotation>> = const { Cell::new(None) };
}

/// The rotation to start with. If the wall is redrawn because texts were lost, it continues the previous one.
fn first_rotation() -> Rotation {
    let before = ROTATION.take();
    let before = before.filter(|_| untrack(|| use_lost_text().is_recent()));
    before.unwrap_or_else(|| Rotation::start(crate::live::clock::now()))
}

/// Creates the wall's state.
#[must_use]
pub fn wall() -> Wall {
    let (nav, clock) = (use_nav(), use_clock());
    let watched = use_watched();
    let connections = watched.connections();
    let read = Memo::new(move |_| {
        let connections = connections.read();
        let connections = connections.iter();
        let ids: Vec<String> = connections
            .map(|connection| connection.id.clone())
            .collect();
        params::read(|name| nav.param(name), &ids, SecondClock::is_zone)
    });
    let params = Memo::new(move |_| read.read().0.clone());
    let strip = strip(watched, Memo::new(move |_| read.read().1.clone()));
    let window = window_size();
    let viewing = Memo::new(move |_| {
        let ((width, height), params) = (window.get(), params.read());
        ViewingConditions {
            width,
            height,
            distance: params.distance,
            diagonal: params.diagonal,
        }
    });
    let tiles = Memo::new(move |_| tiles::tiles(watched, &params.read()));
    let counts = Memo::new(move |_| counts(&tiles.read()));
    let sources = Memo::new(move |_| source_widths(watched, &params.read()));
    let content = Memo::new(move |_| Content {
        tiles: tiles.read().iter().map(Tile::required_width).collect(),
        critical: model::critical(&tiles.read()),
        totals: total_widths(&counts.read()),
        notes: vec![measure(NOTES[0]), GLYPH + measure(NOTES[1])],
        sources: sources.get(),
        strip: strip.read().as_deref().map(measure),
    });
    let layout = Memo::new(move |_| layout(&viewing.read(), &content.read()));
    let rotation = RwSignal::new(first_rotation());
    on_cleanup(move || ROTATION.set(rotation.try_get_untracked()));
    // A memo, because the rotation of a held page changes every second.
    let page = Memo::new(move |_| rotation.read().page);
    let shown = Memo::new(move |_| placed(&tiles.read(), layout.read().pages.get(page.get())));
    let second_clock = Memo::new(move |_| SecondClock::new(&params.read().clock_zone));
    let wall = Wall {
        params,
        strip,
        viewing,
        tiles,
        counts,
        layout,
        rotation,
        shown,
        fresh: RwSignal::new(HashMap::new()),
        tone: RwSignal::new(None),
        second_clock,
    };
    on_change(move || wall.turn_page(clock.millis()));
    alarm_watch::follow(wall, watched, clock);
    wall
}

impl Wall {
    /// Turns the page when it is time.
    fn turn_page(self, now: Millis) {
        let (layout, params) = (self.layout.read(), self.params.read());
        let critical = layout.pages_of(model::critical(&self.tiles.read()));
        let pages = layout.pages.len();
        self.rotation.maybe_update(|rotation| {
            let next = rotation.step(now, pages, params.rotate, critical);
            let changed = next != *rotation;
            *rotation = next;
            changed
        });
    }
}

/// The tiles of a page with their placements.
fn placed(tiles: &[Tile], page: Option<&Page>) -> Vec<Shown> {
    let Some(page) = page else {
        return Vec::new();
    };
    let of_page = tiles.iter().skip(page.first).zip(&page.places);
    let shown = of_page.map(|(tile, place)| Shown {
        tile: tile.clone(),
        place: *place,
    });
    shown.collect()
}

/// The warning above the tiles: first a wrong clock of this computer, then errors in the URL parameters. While other
/// software replaces texts, nothing on the screen is reliable, so only that is shown.
fn strip(watched: Watched, mistakes: Memo<Vec<String>>) -> Memo<Option<String>> {
    let lost_text = use_lost_text();
    Memo::new(move |_| {
        if lost_text.is_recent() {
            return Some(LOST_TEXT.to_owned());
        }
        strip_words(watched.computer_clock(), &mistakes.read())
    })
}

/// The error of this computer's clock, and the first error in the address.
fn strip_words(clock: Option<String>, mistakes: &[String]) -> Option<String> {
    let clock = clock.map(|words| format!("{words}. This page runs on the gateway's clock."));
    let more = match mistakes.len() {
        0 | 1 => None,
        number => Some(format!("And {} more.", number - 1)),
    };
    let sentences = clock.into_iter().chain(mistakes.first().cloned());
    let sentences: Vec<String> = sentences.chain(more).collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// The window's size, now and whenever it changes.
fn window_size() -> RwSignal<(f64, f64)> {
    let read = || {
        let pixels = |side: Result<wasm_bindgen::JsValue, _>| side.ok().and_then(|v| v.as_f64());
        (
            pixels(window().inner_width()).unwrap_or(1920.0),
            pixels(window().inner_height()).unwrap_or(1080.0),
        )
    };
    let size = RwSignal::new(read());
    let resized = window_event_listener(leptos::ev::resize, move |_| size.set(read()));
    on_cleanup(move || resized.remove());
    size
}

fn counts(tiles: &[Tile]) -> Vec<Count> {
    let (totals, without_data) = (model::totals(tiles), model::without_data(tiles));
    let count = |severity: Severity, word, number| Count {
        word,
        key: severity.key(),
        glyph: severity.key(),
        number,
    };
    let stale = |freshness: Freshness, number| Count {
        word: freshness.word(),
        key: Severity::Unknown.key(),
        glyph: freshness::key(freshness),
        number,
    };
    vec![
        count(Severity::Critical, "critical", totals.critical),
        count(Severity::Warning, "warning", totals.warning),
        count(Severity::Moving, "in transition", totals.moving),
        count(Severity::Unknown, "unknown", totals.unknown),
        stale(Freshness::NoData, without_data),
        stale(Freshness::Stale, totals.stale - without_data),
        count(Severity::Normal, "normal", totals.normal),
        count(Severity::Off, "off", totals.off),
    ]
}

impl Count {
    /// Whether the count is shown. The number of normal resources always is.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.number > 0 || self.key == Severity::Normal.key()
    }
}

/// The width of a glyph and the space after it.
const GLYPH: f64 = 1.5;

/// The longest notes: the page, and the reason why there is no sound.
const NOTES: [&str; 2] = [
    "Critical 10 of 10 · 99 warnings not shown",
    "Sound is blocked",
];

fn total_widths(counts: &[Count]) -> Vec<f64> {
    let shown = counts.iter().filter(|count| count.is_shown());
    shown
        .map(|count| {
            // At least two digits, so that a second digit moves nothing.
            GLYPH + measure_bold(&format!("{} {}", count.number.max(10), count.word))
        })
        .collect()
}

/// The widths of the sources, at any age.
fn source_widths(watched: Watched, params: &Params) -> Vec<f64> {
    tiles::shown(watched, params)
        .iter()
        .map(|state| {
            let believable = watched.freshness(&state.connection.id).is_believable();
            let title = &state.connection.title;
            GLYPH
                + match state.observed_at {
                    Some(_) if believable => measure(title) + measure(" aging 59 s"),
                    Some(_) => measure_bold(title) + measure_bold(" NO DATA 59 min"),
                    None => measure_bold(title) + measure_bold(" NO DATA"),
                }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::strip_words;

    #[test]
    fn a_wrong_clock_and_errors_in_the_address_are_both_shown() {
        let mistakes = ["rotate=1: no.".to_owned(), "only=bogus: no.".to_owned()];
        let clock = || Some("This computer's clock is 7 min ahead".to_owned());
        let clock_words =
            "This computer's clock is 7 min ahead. This page runs on the gateway's clock.";
        for (clock, mistakes, expected) in [
            (None, &mistakes[..0], None),
            (None, &mistakes[..1], Some("rotate=1: no.".to_owned())),
            (clock(), &mistakes[..0], Some(clock_words.to_owned())),
            (
                clock(),
                &mistakes[..],
                Some(format!("{clock_words} rotate=1: no. And 1 more.")),
            ),
        ] {
            assert_eq!(strip_words(clock, mistakes), expected);
        }
    }
}

//! The wall's signals: what the address asks for, the tiles, where they stand, and the page that is
//! shown. One look a second moves all of it.

use super::gather;
use super::layout::{Content, Layout, Page, Place, layout, measure, measure_bold};
use super::model::{self, Millis, Tile};
use super::news::{News, Priority};
use super::params::{self, Params};
use super::place::Local;
use super::ringer::{Ringer, Tone};
use super::rotation::Rotation;
use super::sizing::Viewing;
use crate::live::{Clock, Sources, use_clock, use_sources};
use crate::nav::use_nav;
use health::severity::Severity;
use leptos::prelude::*;
use std::collections::{HashMap, HashSet};

/// For how long a new critical alarm flashes its symbol, in milliseconds.
const FLASHES: Millis = 30_000.0;

/// A tile and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// The tile.
    pub tile: Tile,
    /// Where.
    pub place: Place,
}

/// How many are in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// The word, as it stands after the number.
    pub word: &'static str,
    /// The key of its look.
    pub key: &'static str,
    /// The glyph.
    pub glyph: &'static str,
    /// How many.
    pub number: usize,
}

/// The wall at this moment.
#[derive(Clone, Copy)]
pub struct Wall {
    /// What the address asks for.
    pub params: Memo<Params>,
    /// What is wrong with the address.
    pub mistakes: Memo<Vec<String>>,
    /// The window's size and where people stand.
    pub viewing: Memo<Viewing>,
    /// Every tile, worst first.
    pub tiles: Memo<Vec<Tile>>,
    /// How many are in which state.
    pub counts: Memo<Vec<Count>>,
    /// Where everything stands.
    pub layout: Memo<Layout>,
    /// Which page is shown.
    pub rotation: RwSignal<Rotation>,
    /// The tiles of the page that is shown.
    pub shown: Memo<Vec<Shown>>,
    /// New critical alarms, and since when.
    pub fresh: RwSignal<HashMap<String, Millis>>,
    /// What is to sound now; counted, because the same may sound again.
    pub tone: RwSignal<Option<(u32, Tone)>>,
    /// The second clock.
    pub local: Memo<Option<Local>>,
}

/// Begins the wall.
#[must_use]
pub fn wall() -> Wall {
    let (nav, clock) = (use_nav(), use_clock());
    let sources = use_sources();
    let ids: Vec<String> = sources
        .iter()
        .map(|source| source.connection.id.clone())
        .collect();
    let read = Memo::new(move |_| params::read(|name| nav.param(name), &ids, Local::is_zone));
    let params = Memo::new(move |_| read.read().0.clone());
    let mistakes = Memo::new(move |_| read.read().1.clone());
    let window = window_size();
    let viewing = Memo::new(move |_| {
        let ((width, height), params) = (window.get(), params.read());
        Viewing {
            width,
            height,
            distance: params.distance,
            diagonal: params.diagonal,
        }
    });
    let tiles = {
        let sources = sources.clone();
        Memo::new(move |_| gather::tiles(&sources, &params.read(), clock))
    };
    let counts = Memo::new(move |_| counts(&tiles.read()));
    let content = {
        let sources = sources.clone();
        Memo::new(move |_| {
            let mistakes = mistakes.read();
            Content {
                tiles: tiles.read().iter().map(Tile::need).collect(),
                totals: of_totals(&counts.read()),
                notes: NOTES.map(|words| GLYPH + measure(words)).to_vec(),
                sources: widths(&sources, &params.read()),
                strip: mistakes.first().map(|first| measure(first) + 8.0),
            }
        })
    };
    let layout = Memo::new(move |_| layout(&viewing.read(), &content.read()));
    let rotation = RwSignal::new(Rotation::default());
    let shown = Memo::new(move |_| {
        let (layout, tiles, page) = (layout.read(), tiles.read(), rotation.read().page);
        let Some(page) = layout.pages.get(page) else {
            return Vec::new();
        };
        let of_page = tiles.iter().skip(page.first).zip(&page.places);
        let shown = of_page.map(|(tile, place)| Shown {
            tile: tile.clone(),
            place: *place,
        });
        shown.collect()
    });
    let local = Memo::new(move |_| Local::new(&params.read().place));
    let wall = Wall {
        params,
        mistakes,
        viewing,
        tiles,
        counts,
        layout,
        rotation,
        shown,
        fresh: RwSignal::new(HashMap::new()),
        tone: RwSignal::new(None),
        local,
    };
    wall.look_every_second(sources, clock);
    wall
}

impl Wall {
    /// Turns the page, and finds out what is new.
    fn look_every_second(self, sources: Sources, clock: Clock) {
        let news = StoredValue::new(News::default());
        let ringer = StoredValue::new(Ringer::default());
        Effect::new(move |_| {
            let now = clock.millis();
            let (tiles, params) = (self.tiles.read(), self.params.read());
            self.turn(now, &tiles);
            let heard: HashSet<String> = gather::shown(&sources, &params)
                .filter(|source| source.feed.status().freshness(clock).is_believable())
                .map(|source| source.connection.id.clone())
                .collect();
            let told = news.try_update_value(|news| news.look(&tiles, &heard));
            let Some(told) = told else { return };
            let tone = ringer.try_update_value(|ringer| {
                news.with_value(|news| ringer.hear(now, &told, |thing| news.standing(thing)))
            });
            if let Some(tone) = tone.flatten() {
                let next = |last: &Option<(u32, Tone)>| last.map_or(0, |(n, _)| n.wrapping_add(1));
                self.tone.update(|last| *last = Some((next(last), tone)));
            }
            let critical = told.raised.into_iter();
            let critical: Vec<_> = critical
                .filter(|(_, priority)| *priority == Priority::Critical)
                .collect();
            self.fresh.maybe_update(|fresh| {
                let before = fresh.len();
                fresh.retain(|_, since| (0.0..FLASHES).contains(&(now - *since)));
                let changed = before != fresh.len() || !critical.is_empty();
                fresh.extend(critical.into_iter().map(|(key, _)| (key, now)));
                changed
            });
        });
    }

    fn turn(self, now: Millis, tiles: &[Tile]) {
        let (layout, params) = (self.layout.read(), self.params.read());
        let critical = model::critical(tiles);
        let holds = |page: &&Page| page.first < critical && !page.places.is_empty();
        let critical = layout.pages.iter().take_while(holds).count();
        let pages = layout.pages.len();
        self.rotation.maybe_update(|rotation| {
            let next = rotation.step(now, pages, params.rotate, critical);
            let changed = next != *rotation;
            *rotation = next;
            changed
        });
    }
}

/// The window's size, now and whenever it changes.
fn window_size() -> RwSignal<(f64, f64)> {
    let read = || {
        let of = |side: Result<wasm_bindgen::JsValue, _>| side.ok().and_then(|v| v.as_f64());
        (
            of(window().inner_width()).unwrap_or(1920.0),
            of(window().inner_height()).unwrap_or(1080.0),
        )
    };
    let size = RwSignal::new(read());
    let resized = window_event_listener(leptos::ev::resize, move |_| size.set(read()));
    on_cleanup(move || resized.remove());
    size
}

fn counts(tiles: &[Tile]) -> Vec<Count> {
    let (totals, stale) = model::totals(tiles);
    let of = |severity: Severity, word| Count {
        word,
        key: severity.key(),
        glyph: severity.key(),
        number: totals.of(severity),
    };
    vec![
        of(Severity::Critical, "critical"),
        of(Severity::Warning, "warning"),
        of(Severity::Moving, "moving"),
        of(Severity::Unknown, "unknown"),
        Count {
            word: "STALE",
            key: "unknown",
            glyph: "stale",
            number: stale,
        },
        of(Severity::Normal, "normal"),
        of(Severity::Off, "off"),
    ]
}

impl Count {
    /// Whether it is told: how many are normal always is.
    #[must_use]
    pub fn is_told(&self) -> bool {
        self.number > 0 || self.key == Severity::Normal.key()
    }
}

/// A glyph, and the space after it.
const GLYPH: f64 = 1.5;

/// The longest notes: which page, and why nothing is heard.
const NOTES: [&str; 2] = ["Page 10 of 10, critical only", "Sound is blocked"];

fn of_totals(counts: &[Count]) -> Vec<f64> {
    let told = counts.iter().filter(|count| count.is_told());
    told.map(|count| {
        // Two digits at least: one more must not move everything.
        GLYPH + measure_bold(&format!("{} {}", count.number.max(10), count.word))
    })
    .collect()
}

/// The widths of the sources, at any age.
fn widths(sources: &Sources, params: &Params) -> Vec<f64> {
    gather::shown(sources, params)
        .map(|source| {
            let state = match source.feed.status().is_heard() {
                true => " live 59 s",
                false => " NO DATA",
            };
            GLYPH + measure_bold(&source.connection.title) + measure_bold(state)
        })
        .collect()
}

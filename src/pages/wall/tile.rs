//! One tile on the screen. A fixed slot in the page: its content changes, but the slot is never removed.

use super::state::{Shown, Wall};
use crate::live::use_clock;
use crate::ui::{Icon, freshness};
use health::severity::Severity;
use leptos::prelude::*;

/// From this width on there is room to say how old what is known is, in em.
const WIDE: f64 = 21.0;

/// The list "Tiles".
#[component]
pub fn Tiles(
    /// The wall.
    wall: Wall,
) -> impl IntoView {
    let spots = spots(wall.shown);
    let each = move || spots.read().iter().copied().enumerate().collect::<Vec<_>>();
    let area = move || format!("{:.4}em", wall.layout.read().area);
    view! {
        <ol class="tiles" aria-label="Tiles" style:height=area>
            <For each key=|(at, _)| *at children=move |(_, spot)| view! { <Tile spot wall /> } />
        </ol>
    }
}

/// As many slots as a page ever had, each with its current tile. Unused slots are hidden, not removed,
/// because a wall runs for months.
fn spots(shown: Memo<Vec<Shown>>) -> RwSignal<Vec<RwSignal<Option<Shown>>>> {
    let spots: RwSignal<Vec<RwSignal<Option<Shown>>>> = RwSignal::new(Vec::new());
    let owner = Owner::current();
    Effect::new(move |_| {
        let shown = shown.read();
        let held = spots.read_untracked().len();
        if shown.len() > held {
            let make = || (held..shown.len()).map(|_| RwSignal::new(None)).collect();
            let new: Vec<_> = owner.as_ref().map_or_else(make, |owner| owner.with(make));
            spots.update(|spots| spots.extend(new));
        }
        for (at, spot) in spots.read_untracked().iter().enumerate() {
            let new = shown.get(at);
            spot.maybe_update(|held| {
                let changed = held.as_ref() != new;
                if changed {
                    *held = new.cloned();
                }
                changed
            });
        }
    });
    spots
}

#[component]
fn Tile(spot: RwSignal<Option<Shown>>, wall: Wall) -> impl IntoView {
    let clock = use_clock();
    let of = move |read: &dyn Fn(&Shown) -> String| spot.read().as_ref().map(read);
    let em = move |read: fn(&Shown) -> f64| {
        move || {
            spot.read()
                .as_ref()
                .map(|shown| format!("{:.4}em", read(shown)))
        }
    };
    // Values that depend on the clock are compared as text: most change once a minute.
    let label = Memo::new(move |_| of(&|shown| shown.tile.label(clock.millis())));
    let state = Memo::new(move |_| of(&|shown| shown.tile.state(clock.millis())));
    let age = Memo::new(move |_| of(&|shown| shown.tile.age(clock.millis())));
    let note = Memo::new(move |_| of(&|shown| shown.tile.note(clock.millis())));
    let name = Memo::new(move |_| of(&|shown| shown.tile.name.clone()));
    let sentence = Memo::new(move |_| of(&|shown| shown.tile.sentence.clone()));
    let glyph = Signal::derive(move || {
        spot.read().as_ref().map_or("normal", |shown| {
            let tile = &shown.tile;
            if tile.is_stale() && !tile.is_kept() {
                freshness::glyph(tile.fresh)
            } else if tile.word == "Success" {
                "done"
            } else {
                tile.severity.key()
            }
        })
    });
    let key = move || {
        spot.read()
            .as_ref()
            .map_or(Severity::Normal, |shown| shown.tile.severity)
            .key()
    };
    let stale = move || {
        spot.read()
            .as_ref()
            .filter(|shown| shown.tile.is_stale())
            // A silent connection and an alarm that was last known keep their colour.
            .map(|shown| {
                let tile = &shown.tile;
                if tile.is_source || tile.is_kept() {
                    "kept"
                } else {
                    "stale"
                }
            })
    };
    let handled = move || {
        let shown = spot.read();
        let tile = shown.as_ref().map(|shown| &shown.tile);
        tile.is_some_and(super::model::Tile::is_handled)
            .then_some("")
    };
    let large = move || {
        spot.read().as_ref().map(|shown| match shown.place.lines {
            Some(_) if shown.tile.is_long(shown.place.w) => "large long",
            Some(_) if shown.place.w >= WIDE => "large wide",
            Some(_) => "large",
            None => "small",
        })
    };
    let new = move || {
        let is_new = spot
            .read()
            .as_ref()
            .is_some_and(|shown| wall.fresh.read().contains_key(&shown.tile.key));
        is_new.then_some("new")
    };
    let lines = move || {
        let lines = spot.read().as_ref().and_then(|shown| shown.place.lines);
        lines.unwrap_or_default().to_string()
    };
    view! {
        <li
            hidden=move || spot.read().is_none()
            aria-label=label
            data-s=key
            data-fresh=stale
            data-size=large
            data-handled=handled
            data-new=new
            style:left=em(|shown| shown.place.x)
            style:top=em(|shown| shown.place.y)
            style:width=em(|shown| shown.place.w)
            style:height=em(|shown| shown.place.h)
            style:--lines=lines
        >
            <Icon name=glyph />
            <b class="name" dir="auto">{name}</b>
            <span class="state">{state}</span>
            <span class="note">{note}</span>
            <span class="age">{age}</span>
            <span class="what" hidden=move || lines() == "0">{sentence}</span>
        </li>
    }
}

//! One tile on the screen. A fixed slot in the page: its content changes, but the slot is never removed.

use super::layout::NameSize;
use super::model::{self, Ages};
use super::state::{Shown, Wall};
use crate::live::{Watched, keyed, use_watched};
use crate::on_change::on_change;
use crate::ui::{Icon, freshness};
use chrono::{DateTime, Utc};
use health::words::decimal;
use leptos::prelude::*;
use std::ops::Range;

/// A slot: the tile in it, and the ages that it shows. These are apart because they change more often.
#[derive(Clone, Copy)]
struct TileSlot {
    shown: RwSignal<Option<Shown>>,
    ages: RwSignal<Ages>,
}

/// The list "Tiles".
#[component]
pub fn Tiles(
    /// The wall.
    wall: Wall,
) -> impl IntoView {
    let slots = slots(wall.shown);
    keep_ages(wall.shown, slots, use_watched());
    let each = move || slots.read().iter().copied().enumerate().collect::<Vec<_>>();
    let area = move || format!("{}em", decimal(wall.layout.read().area, 4));
    view! {
        <ol class="tiles" aria-label="Tiles" style:height=area>
            {keyed(each, |(at, _)| *at, move |(_, tile_slot)| view! { <Tile tile_slot wall /> })}
        </ol>
    }
}

/// As many slots as a page ever had, each with its current tile. Unused slots are hidden, not removed,
/// because a wall runs for months.
fn slots(shown: Memo<Vec<Shown>>) -> RwSignal<Vec<TileSlot>> {
    let slots: RwSignal<Vec<TileSlot>> = RwSignal::new(Vec::new());
    let owner = Owner::current();
    on_change(move || {
        let shown = shown.read();
        let held = slots.read_untracked().len();
        if shown.len() > held {
            let slot = |_| TileSlot {
                shown: RwSignal::new(None),
                ages: RwSignal::new(Ages::default()),
            };
            let make = || (held..shown.len()).map(slot).collect();
            let new: Vec<_> = owner.as_ref().map_or_else(make, |owner| owner.with(make));
            slots.update(|slots| slots.extend(new));
        }
        for (at, slot) in slots.read_untracked().iter().enumerate() {
            let new = shown.get(at);
            slot.shown.maybe_update(|held| {
                let changed = held.as_ref() != new;
                if changed {
                    *held = new.cloned();
                }
                changed
            });
        }
    });
    slots
}

/// Writes the ages that have changed: of all tiles when something was read or is shown anew, and otherwise at the next
/// moment at which one of them is called another.
fn keep_ages(shown: Memo<Vec<Shown>>, slots: RwSignal<Vec<TileSlot>>, watched: Watched) {
    let holds: StoredValue<Range<DateTime<Utc>>> = StoredValue::new(Range::default());
    let write = move |now: DateTime<Utc>| {
        let (snapshot, mut until) = (watched.snapshot_untracked(), DateTime::<Utc>::MAX_UTC);
        let shown = shown.read_untracked();
        for (slot, Shown { tile, .. }) in slots.read_untracked().iter().zip(&*shown) {
            let connection = snapshot.connection(&tile.source);
            let read = connection.and_then(|state| state.observed_at);
            let (ages, lasts) = tile.ages(now, read);
            until = now
                .checked_add_signed(lasts)
                .map_or(until, |end| until.min(end));
            if slot.ages.get_untracked() != ages {
                slot.ages.set(ages);
            }
        }
        holds.set_value(now..until);
    };
    on_change(move || {
        shown.track();
        slots.track();
        let _ = watched.snapshot();
        write(watched.now_untracked());
    });
    on_change(move || {
        let now = watched.now();
        if !holds.with_value(|holds| holds.contains(&now)) {
            write(now);
        }
    });
}

#[component]
fn Tile(tile_slot: TileSlot, wall: Wall) -> impl IntoView {
    let TileSlot { shown: slot, ages } = tile_slot;
    let text = move |read: fn(&Shown) -> String| move || slot.read().as_ref().map(read);
    let word =
        move |read: fn(&Shown) -> Option<&'static str>| move || slot.read().as_ref().and_then(read);
    let em = move |read: fn(&Shown) -> f64| {
        move || {
            let shown = slot.read();
            let shown = shown.as_ref()?;
            Some(format!("{}em", decimal(read(shown), 4)))
        }
    };
    let aged = move |read: fn(&model::Tile, Ages) -> String| {
        move || {
            let ages = ages.get();
            slot.read().as_ref().map(|shown| read(&shown.tile, ages))
        }
    };
    let lines = move || {
        let lines = slot.read().as_ref().and_then(|shown| shown.place.lines);
        lines.unwrap_or_default()
    };
    view! {
        <li
            hidden=move || slot.read().is_none()
            aria-label=aged(model::Tile::label)
            // What tells tiles of one name apart. A tile is named by its group and its state alone.
            aria-description=move || text(connection)().filter(|title| !title.is_empty())
            data-s=word(|shown| Some(shown.tile.severity.key()))
            data-fresh=word(staleness)
            data-size=word(size)
            data-handled=word(|shown| shown.tile.is_handled().then_some(""))
            data-new=move || {
                let is_new = |shown: &Shown| wall.fresh.read().contains_key(&shown.tile.key);
                slot.read().as_ref().is_some_and(is_new).then_some("new")
            }
            style:left=em(|shown| shown.place.x)
            style:top=em(|shown| shown.place.y)
            style:width=em(|shown| shown.place.w)
            style:height=em(|shown| shown.place.h)
            style:--lines=move || lines().to_string()
        >
            <Icon name=Signal::derive(move || word(glyph)().unwrap_or("normal")) />
            <b class="name" dir="auto">{text(|shown| shown.tile.name.clone())}</b>
            <span class="of" dir="auto">{text(connection)}</span>
            <span class="state">{aged(model::Tile::state)}</span>
            <span class="note">{aged(model::Tile::note)}</span>
            <span class="age">{aged(age)}</span>
            <span class="what" hidden=move || lines() == 0>{text(|shown| shown.tile.sentence.clone())}</span>
        </li>
    }
}

fn connection(shown: &Shown) -> String {
    shown.tile.connection.clone()
}

fn age(tile: &model::Tile, ages: Ages) -> String {
    let age = tile.age(ages);
    age.map(|age| age.to_string()).unwrap_or_default()
}

fn glyph(Shown { tile, .. }: &Shown) -> Option<&'static str> {
    Some(if tile.is_stale() && !tile.is_kept() {
        freshness::key(tile.fresh)
    } else if tile.word == "Success" {
        "done"
    } else {
        tile.severity.key()
    })
}

/// A silent connection and an alarm that was last known keep their colour.
fn staleness(Shown { tile, .. }: &Shown) -> Option<&'static str> {
    let keeps_colour = tile.is_source || tile.is_kept();
    tile.is_stale()
        .then_some(if keeps_colour { "kept" } else { "stale" })
}

fn size(Shown { tile, place }: &Shown) -> Option<&'static str> {
    Some(match place.name {
        _ if tile.is_source => "strip",
        _ if !tile.is_large() => "small",
        NameSize::Worst => "large worst",
        NameSize::Plain => "large long",
        NameSize::Larger if tile.has_room_for_note(place.w) => "large wide",
        NameSize::Larger => "large",
    })
}

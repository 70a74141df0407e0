//! The tiles on the screen. Each is a slot in a fixed pool: its content changes, but the slot is never removed.

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

/// A slot with its tile and the displayed ages, which are separate because they change more often.
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
    update_ages(wall.shown, slots, use_watched());
    let each = move || slots.read().iter().copied().enumerate().collect::<Vec<_>>();
    let area = move || format!("{}em", decimal(wall.layout.read().area, 4));
    view! {
        <ol class="tiles" aria-label="Tiles" style:height=area>
            {keyed(each, |(at, _)| *at, move |(_, tile_slot)| view! { <Tile tile_slot wall /> })}
        </ol>
    }
}

/// The slots with their current tiles. Their number only grows: unused slots are hidden and not removed, because a wall
/// runs for months.
fn slots(shown: Memo<Vec<Shown>>) -> RwSignal<Vec<TileSlot>> {
    let slots: RwSignal<Vec<TileSlot>> = RwSignal::new(Vec::new());
    let owner = Owner::current();
    on_change(move || {
        let shown = shown.read();
        let existing = slots.read_untracked().len();
        if shown.len() > existing {
            let slot = |_| TileSlot {
                shown: RwSignal::new(None),
                ages: RwSignal::new(Ages::default()),
            };
            let make = || (existing..shown.len()).map(slot).collect();
            let new: Vec<_> = owner.as_ref().map_or_else(make, |owner| owner.with(make));
            slots.update(|slots| slots.extend(new));
        }
        for (at, slot) in slots.read_untracked().iter().enumerate() {
            let new = shown.get(at);
            slot.shown.maybe_update(|old| {
                let changed = old.as_ref() != new;
                if changed {
                    *old = new.cloned();
                }
                changed
            });
        }
    });
    slots
}

/// Updates the displayed ages whenever data is read or the tiles change, and otherwise when the first of the ages is no
/// longer valid.
fn update_ages(shown: Memo<Vec<Shown>>, slots: RwSignal<Vec<TileSlot>>, watched: Watched) {
    let valid: StoredValue<Range<DateTime<Utc>>> = StoredValue::new(Range::default());
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
        valid.set_value(now..until);
    };
    on_change(move || {
        shown.track();
        slots.track();
        let _ = watched.snapshot();
        write(watched.now_untracked());
    });
    on_change(move || {
        let now = watched.now();
        if !valid.with_value(|valid| valid.contains(&now)) {
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
            // Distinguishes tiles with the same name. The accessible name has only the group and its state.
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
    Some(if tile.is_stale() && !tile.is_last_known() {
        freshness::key(tile.fresh)
    } else if tile.word == "Success" {
        "done"
    } else {
        tile.severity.key()
    })
}

/// The style of a stale tile: a silent connection and a last known alarm keep their colour.
fn staleness(Shown { tile, .. }: &Shown) -> Option<&'static str> {
    let keeps_colour = tile.is_source || tile.is_last_known();
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

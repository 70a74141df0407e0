//! The freshness of each connection in the top bar, with details on demand. The bar has one line of places of equal
//! width, so that nothing moves while ages change: the worst connections are first, and a button opens the rest.

use crate::live::{keyed, sort, use_watched};
use crate::pages::chunks::{Chunk, Piece, use_chunks};
use crate::ui::{Icon, freshness, size};
use health::freshness::Freshness;
use health::vendor_clock;
use leptos::html;
use leptos::prelude::*;
use vendors::Connection;

/// The id of the list, which the button opens completely.
const LIST: &str = "sources";

/// The widths of a place with the gap after it, of that gap, and of the button for the rest with the gap before it, in
/// rem. They match shell.css.
const PLACE: f64 = 8.875;
const GAP: f64 = 0.25;
const MORE: f64 = 2.75;

/// The number of sources, at least one, that have a place in a bar of this width, in rem.
fn places(width: f64, sources: usize) -> usize {
    let fit = |width: f64| (1..=sources).take_while(|n| reach(*n) <= width).count();
    match fit(width) {
        all if all == sources => all,
        _ => fit(width - MORE).max(1),
    }
}

/// The end of the last of these places, in rem, without the gap after it.
#[expect(clippy::cast_precision_loss, reason = "a number of connections")]
fn reach(places: usize) -> f64 {
    places as f64 * PLACE - GAP
}

/// The rank of a freshness, urgent first. Live and aging are equal: a healthy source alternates between them, and must
/// keep its place.
fn urgency(freshness: Freshness) -> u8 {
    match freshness {
        Freshness::NoData => 0,
        Freshness::Stale => 1,
        Freshness::Aging | Freshness::Live => 2,
    }
}

/// The order of the bar: worst first, otherwise as configured.
fn ranked(mut sources: Vec<(String, Freshness)>) -> Vec<(String, Freshness)> {
    sort(&mut sources, |(_, a), (_, b)| urgency(*a).cmp(&urgency(*b)));
    sources
}

/// A text shortened for a place: only the larger unit of its age, such as the minutes of "12 min 5 s ago".
fn short(words: &str) -> &str {
    // Splitting at a character saves 3 kB of code for string search.
    let Some((state, age)) = words.split_once(',') else {
        return words;
    };
    let age = age.get(1..).unwrap_or_default();
    if !age.starts_with(|first: char| first.is_ascii_digit()) {
        return state;
    }
    let end = age
        .match_indices(' ')
        .nth(1)
        .map_or(age.len(), |(at, _)| at);
    words.get(..state.len() + 2 + end).unwrap_or(words)
}

/// The order of the sources, and how many of them have a place.
#[derive(Clone, Copy)]
struct Bar {
    ranked: Memo<Vec<(String, Freshness)>>,
    places: Memo<usize>,
    is_open: RwSignal<bool>,
}

/// The list "Sources" of the top bar.
#[component]
pub fn SourceList() -> impl IntoView {
    let watched = use_watched();
    let connections = watched.connections();
    let bar = NodeRef::<html::Div>::new();
    let width = size::width(bar);
    let all = Memo::new(move |_| {
        let connections = connections.get().into_iter();
        let fresh = connections.map(|one| {
            let freshness = watched.freshness(&one.id);
            (one.id, freshness)
        });
        ranked(fresh.collect())
    });
    let places = Memo::new(move |_| places(width.get(), all.read().len()));
    let is_open = RwSignal::new(false);
    let hidden = move || all.read().len() - places.get();
    // The worst freshness of the rest, for the button.
    let key = move || {
        let all = all.read();
        all.get(places.get())
            .map(|(_, freshness)| freshness::key(*freshness))
    };
    // Before the list opens or closes, because items behind the button must not keep the focus in a closed list.
    let will_toggle = move |event: web_sys::ToggleEvent| is_open.set(event.new_state() == "open");
    let bar_of = Bar {
        ranked: all,
        places,
        is_open,
    };
    view! {
        <div class="sources" node_ref=bar>
            <ul class="fresh" id=LIST popover="auto" aria-label="Sources" on:beforetoggle=will_toggle>
                {keyed(
                    move || connections.get(),
                    |connection| format!("{}\n{}", connection.id, connection.title),
                    move |connection| view! { <Item connection bar=bar_of /> },
                )}
            </ul>
            <button type="button" class="btn" popovertarget=LIST hidden=move || hidden() == 0 data-f=key style:--place=move || places.get().to_string()
                aria-label=move || format!("{} more source{}", hidden(), if hidden() == 1 { "" } else { "s" }) title="All sources">
                {move || format!("+{}", hidden())}
            </button>
        </div>
    }
}

#[component]
fn Item(connection: Connection, bar: Bar) -> impl IntoView {
    let watched = use_watched();
    let id = StoredValue::new(connection.id.clone());
    let place = Memo::new(move |_| {
        let ranked = bar.ranked.read();
        let place = id.with_value(|id| ranked.iter().position(|(other, _)| other == id));
        place.unwrap_or_default()
    });
    let is_hidden = move || place.get() >= bar.places.get();
    // An item behind the button is not focusable until the list is open.
    let tabindex = move || (is_hidden() && !bar.is_open.get()).then_some("-1");
    let title = StoredValue::new(connection.title.clone());
    let fresh = Memo::new(move |_| id.with_value(|id| watched.freshness(id)));
    let words = Memo::new(move |_| {
        let state = watched.connection(&id.get_value());
        let at = state.and_then(|state| state.observed_at);
        freshness::words(fresh.get(), at.map(|at| watched.since(at)))
    });
    let label = move || format!("{}: {}", title.get_value(), words.read());
    let key = Signal::derive(move || freshness::key(fresh.get()));
    let skewed = Memo::new(move |_| {
        let ahead = watched.snapshot().vendor_ahead(&id.get_value());
        vendor_clock::significant_difference(ahead).is_some()
    });
    let short = move || short(&words.read()).to_owned();
    let name = move || {
        let skewed = if skewed.get() {
            ", its clock differs"
        } else {
            ""
        };
        format!("{}{skewed}", label())
    };
    let panel = format!("source-{}", connection.id);
    // Hidden details are not updated each second.
    let shows_facts = RwSignal::new(false);
    let will_toggle =
        move |event: web_sys::ToggleEvent| shows_facts.set(event.new_state() == "open");
    let chunks = use_chunks();
    let [shown, full, named] = [(); 3].map(|()| connection.title.clone());
    let facts = move || {
        let piece = || Piece::Source(connection.clone());
        shows_facts
            .get()
            .then(|| chunks.show(Chunk::Connections, piece()))
    };
    view! {
        <li aria-label=label style:--place=move || place.get().to_string() data-rest=move || is_hidden().then_some("")>
            <button type="button" popovertarget=panel.clone() data-f=key tabindex=tabindex aria-label=name title=full>
                <Icon name=key />
                <span aria-hidden="true"><b dir="auto">{shown}</b><i>": "</i><span>{short}</span></span>
                {move || skewed.get().then(|| view! { <Icon name="aging" /> }.into_any())}
            </button>
            <div popover="auto" id=panel class="pop" role="group" aria-label=named on:beforetoggle=will_toggle>{facts}</div>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::{MORE, places, ranked, reach, short};
    use crate::ui::freshness;
    use chrono::TimeDelta;
    use health::freshness::Freshness;

    #[test]
    fn sources_that_fit_have_a_place_and_the_button_has_room() {
        for (width, sources, expected) in [
            (reach(5), 5, 5),
            (reach(5) - 0.1, 5, 4),
            (reach(4) + MORE - 0.1, 5, 3),
            (reach(2), 2, 2),
            (reach(1), 5, 1),
            (0.0, 5, 1),
            (-1.0, 1, 1),
            (reach(3), 0, 0),
            (f64::MAX, 1_000, 1_000),
        ] {
            assert_eq!(places(width, sources), expected, "{sources} in {width}");
        }
    }

    #[test]
    fn a_place_shows_the_state_and_the_larger_unit_of_its_age() {
        for (freshness, seconds, expected) in [
            (Freshness::Live, Some(2), "live, 2 s"),
            (Freshness::NoData, Some(725), "NO DATA, 12 min"),
            (Freshness::NoData, Some(86_340), "NO DATA, 23 h"),
            (Freshness::NoData, Some(26_000_000), "NO DATA, 300 d"),
            (Freshness::Stale, Some(-61), "STALE"),
            (Freshness::NoData, None, "NO DATA"),
        ] {
            let words = freshness::words(freshness, seconds.map(TimeDelta::seconds));
            assert_eq!(short(&words), expected);
        }
    }

    #[test]
    fn the_worst_sources_are_first_and_equal_ones_keep_their_order() {
        let of = |list: &[(&str, Freshness)]| {
            let list = list.iter().map(|(id, fresh)| ((*id).to_owned(), *fresh));
            let ranked = ranked(list.collect());
            ranked.into_iter().map(|(id, _)| id).collect::<String>()
        };
        let (live, aging) = (Freshness::Live, Freshness::Aging);
        let (stale, none) = (Freshness::Stale, Freshness::NoData);
        assert_eq!(of(&[("a", live), ("b", aging), ("c", live)]), "abc");
        assert_eq!(
            of(&[("a", live), ("b", stale), ("c", none), ("d", stale)]),
            "cbda"
        );
        assert_eq!(of(&[]), "");
    }
}

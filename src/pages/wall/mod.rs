//! The page `/wall`: an unattended screen that is read from a distance. It is read-only: nothing in this folder can
//! change anything.

pub mod alarm_diff;
pub mod alarm_sound;
pub mod alarm_watch;
pub mod banner;
pub mod burn_in;
pub mod control_bar;
pub mod header;
pub mod kiosk;
pub mod layout;
pub mod model;
pub mod notify;
pub mod params;
pub mod rotation;
pub mod second_clock;
pub mod setup;
pub mod sizing;
pub mod sounds;
pub mod sources;
pub mod state;
pub mod tile;
pub mod tiles;

use crate::live::{use_poll_settings, use_watched};
use crate::prefs::use_prefs;
use crate::ui::{Announcements, Heading, Icon};
use banner::Banner;
use control_bar::ControlBar;
use header::Header;
use health::words::decimal;
use leptos::prelude::*;
use sources::WallSources;
use state::Wall;
use tile::Tiles;

/// The page `/wall`.
#[component]
pub fn StatusWall(
    /// Whether the vendors' systems are simulated.
    demo: bool,
) -> impl IntoView {
    let wall = state::wall();
    let sounds = sounds::sounds(wall);
    let notify = notify::notify(wall);
    let watched = use_watched();
    let lost = Memo::new(move |_| watched.is_gateway_lost());
    let in_use = control_bar::in_use();
    let set_up = RwSignal::new(false);
    let offset = kiosk::offset_transform();
    let wake_lock = kiosk::keep_awake(wall);
    kiosk::reload_for_new_builds();
    // The wall always polls, because nobody is there to resume polling.
    use_poll_settings().paused.set(false);
    let prefs = use_prefs();
    let theme = move || {
        let theme = wall.params.read().theme.unwrap_or(prefs.theme.get());
        theme.word()
    };
    let text = move || format!("{}px", decimal(wall.layout.read().text, 4));
    let has_controls = move || in_use.get() || set_up.get();
    view! {
        <Heading text="Status wall" />
        <main id="main" class="wall" tabindex="-1" data-theme=theme data-hands=move || has_controls().then_some("there")
            data-lost=move || lost.get().then_some("lost") style:font-size=text>
            <h1 class="vh">"Status wall"</h1>
            <div class="all" style:transform=offset>
                <Header wall sounds demo />
                <Strip wall />
                <div class="area">
                    <Tiles wall />
                    <EmptyNote wall />
                </div>
                <WallSources wall />
            </div>
            <Banner lost />
            <Announcements on_wall=true />
            <ControlBar wall sounds notify wake_lock in_use set_up />
        </main>
    }
}

/// The warning above the tiles.
#[component]
fn Strip(wall: Wall) -> impl IntoView {
    let words = wall.strip;
    let lines = move || wall.layout.read().strip.to_string();
    view! {
        <p class="strip" role="status" hidden=move || words.read().is_none() style:--lines=lines>
            <Icon name="warning" /><span>{words}</span>
        </p>
    }
}

/// The text in place of tiles if there are none.
#[component]
fn EmptyNote(wall: Wall) -> impl IntoView {
    let watched = use_watched();
    let words = Memo::new(move |_| {
        if !wall.tiles.read().is_empty() {
            return None;
        }
        let params = wall.params.read();
        let shown = tiles::shown(watched, &params);
        let silent = shown.iter().filter(|state| state.observed_at.is_none());
        let silent: Vec<_> = silent.map(|state| state.connection.title.clone()).collect();
        Some(if silent.is_empty() {
            "Nothing to show: these systems have no groups and no recent sessions.".to_owned()
        } else {
            format!("Waiting for {}.", silent.join(", "))
        })
    });
    view! { <p class="nothing" hidden=move || words.read().is_none()>{words}</p> }
}

//! New critical alarms as notifications of the computer, for a wall behind other windows: where somebody
//! wants them and the browser lets them.

use super::state::Wall;
use crate::prefs::use_prefs;
use crate::ui::desktop::{self, Leave};
use leptos::prelude::*;
use std::collections::HashSet;

/// Whether alarms are notified.
#[derive(Clone, Copy)]
pub struct Notify {
    wanted: RwSignal<bool>,
    leave: RwSignal<Leave>,
}

/// Begins to follow the alarms.
#[must_use]
pub fn notify(wall: Wall) -> Notify {
    let notify = Notify {
        wanted: use_prefs().notify,
        leave: RwSignal::new(desktop::leave()),
    };
    Effect::new(move |before: Option<HashSet<String>>| {
        let fresh: HashSet<String> = wall.fresh.read().keys().cloned().collect();
        let known = before.unwrap_or_default();
        if notify.is_on_untracked() {
            let tiles = wall.tiles.read_untracked();
            let new = tiles
                .iter()
                .filter(|tile| fresh.contains(&tile.key) && !known.contains(&tile.key));
            for tile in new {
                let body = format!("{}. {}", tile.word, tile.sentence);
                desktop::show(&tile.name, body.trim_end_matches([' ', '.']), &tile.key);
            }
        }
        fresh
    });
    notify
}

impl Notify {
    /// Whether new critical alarms are notified.
    #[must_use]
    pub fn is_on(self) -> bool {
        self.wanted.get() && self.leave.get() == Leave::Granted
    }

    fn is_on_untracked(self) -> bool {
        untrack(|| self.is_on())
    }

    /// Why none are, where somebody cannot change that here.
    #[must_use]
    pub fn hindrance(self) -> Option<&'static str> {
        match self.leave.get() {
            Leave::Impossible => Some("This browser shows no notifications of this page"),
            Leave::Denied => Some("The browser blocks notifications of this page"),
            Leave::Unasked | Leave::Granted => None,
        }
    }

    /// On, after asking the browser, or off.
    pub fn turn(self) {
        if self.is_on_untracked() {
            self.wanted.set(false);
            return;
        }
        leptos::task::spawn_local(async move {
            let leave = desktop::ask().await;
            let _ = self.leave.try_set(leave);
            let _ = self.wanted.try_set(leave == Leave::Granted);
        });
    }
}

//! New critical alarms as desktop notifications, for a wall behind other windows.

use super::state::Wall;
use crate::on_change::on_change;
use crate::prefs::use_prefs;
use crate::ui::desktop_notification::{self, Permission};
use leptos::prelude::*;
use std::collections::HashSet;

/// Whether alarms are notified.
#[derive(Clone, Copy)]
pub struct Notify {
    wanted: RwSignal<bool>,
    permission: RwSignal<Permission>,
}

/// Begins to follow the alarms.
#[must_use]
pub fn notify(wall: Wall) -> Notify {
    let notify = Notify {
        wanted: use_prefs().notify,
        permission: RwSignal::new(desktop_notification::permission()),
    };
    // Those that were new before the wall was drawn anew are no news.
    let mut known: HashSet<String> = wall.fresh.read_untracked().keys().cloned().collect();
    on_change(move || {
        let fresh: HashSet<String> = wall.fresh.read().keys().cloned().collect();
        if notify.is_on_untracked() {
            let tiles = wall.tiles.read_untracked();
            let new = tiles
                .iter()
                .filter(|tile| fresh.contains(&tile.key) && !known.contains(&tile.key));
            for tile in new {
                let body = format!("{}: {}", tile.word, tile.sentence);
                // Of a silent connection only the sentence is known, of others perhaps only the word.
                let body = body.trim_matches([' ', ':']);
                let title = format!("{}, {}", tile.name, tile.connection);
                desktop_notification::show(title.trim_end_matches([' ', ',']), body, &tile.key);
            }
        }
        known = fresh;
    });
    notify
}

impl Notify {
    /// Whether new critical alarms are notified.
    #[must_use]
    pub fn is_on(self) -> bool {
        self.wanted.get() && self.permission.get() == Permission::Granted
    }

    fn is_on_untracked(self) -> bool {
        untrack(|| self.is_on())
    }

    /// Why none are, where somebody cannot change that here.
    #[must_use]
    pub fn hindrance(self) -> Option<&'static str> {
        match self.permission.get() {
            Permission::Impossible => Some("This browser cannot show notifications for this page"),
            Permission::Denied => Some("The browser blocks notifications for this page"),
            Permission::Unasked | Permission::Granted => None,
        }
    }

    /// On, after asking the browser, or off.
    pub fn turn(self) {
        if self.is_on_untracked() {
            self.wanted.set(false);
            return;
        }
        leptos::task::spawn_local(async move {
            let permission = desktop_notification::ask().await;
            let _ = self.permission.try_set(permission);
            let _ = self.wanted.try_set(permission == Permission::Granted);
        });
    }
}

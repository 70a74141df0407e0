//! New critical alarms as desktop notifications, for a wall behind other windows.

use super::state::Wall;
use crate::on_change::on_change;
use crate::prefs::use_prefs;
use crate::ui::desktop_notification::{self, Permission};
use leptos::prelude::*;
use std::collections::HashSet;

/// Whether desktop notifications are shown.
#[derive(Clone, Copy)]
pub struct Notify {
    is_enabled: RwSignal<bool>,
    permission: RwSignal<Permission>,
}

/// Starts to show notifications for new critical alarms.
#[must_use]
pub fn notify(wall: Wall) -> Notify {
    let notify = Notify {
        is_enabled: use_prefs().notify,
        permission: RwSignal::new(desktop_notification::permission()),
    };
    // Alarms that were already new before a redraw of the wall are not notified again.
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
                // A silent connection has only a sentence, and other tiles may have only a word.
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
    /// Whether notifications are enabled and permitted.
    #[must_use]
    pub fn is_on(self) -> bool {
        self.is_enabled.get() && self.permission.get() == Permission::Granted
    }

    fn is_on_untracked(self) -> bool {
        untrack(|| self.is_on())
    }

    /// Why notifications cannot be enabled here.
    #[must_use]
    pub fn unavailable_reason(self) -> Option<&'static str> {
        match self.permission.get() {
            Permission::Unsupported => Some("This browser cannot show notifications for this page"),
            Permission::Denied => Some("The browser blocks notifications for this page"),
            Permission::NotRequested | Permission::Granted => None,
        }
    }

    /// Disables notifications, or enables them after requesting the browser's permission.
    pub fn toggle(self) {
        if self.is_on_untracked() {
            self.is_enabled.set(false);
            return;
        }
        leptos::task::spawn_local(async move {
            let permission = desktop_notification::request_permission().await;
            let _ = self.permission.try_set(permission);
            let _ = self.is_enabled.try_set(permission == Permission::Granted);
        });
    }
}

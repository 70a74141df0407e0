//! What a watcher is told while it runs.

use std::collections::BTreeSet;
use std::mem;
use std::sync::{Mutex, PoisonError};
use tokio::sync::{Notify, watch};

/// What is wanted of a watcher. Wishes of the same kind are one.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    /// Somebody wants everything to be read now.
    pub(super) refresh: bool,
    /// Something was changed, and it is not known what: everything is to be read.
    pub(super) changed: bool,
    /// These groups were changed.
    pub(super) changed_groups: BTreeSet<String>,
    /// The setting was changed.
    pub(super) setting: bool,
}

impl Wishes {
    fn is_empty(&self) -> bool {
        !self.refresh && !self.changed && self.changed_groups.is_empty() && !self.setting
    }
}

/// How many complete readings have begun and ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Readings {
    pub(super) begun: u64,
    pub(super) ended: u64,
}

/// What others and a watcher tell each other.
#[derive(Debug)]
pub(super) struct Inbox {
    wishes: Mutex<Wishes>,
    bell: Notify,
    pub(super) readings: watch::Sender<Readings>,
}

/// With more changed groups than this everything is read.
const MANY: usize = 1_000;

impl Inbox {
    pub(super) fn new() -> Self {
        Self {
            wishes: Mutex::default(),
            bell: Notify::new(),
            readings: watch::Sender::default(),
        }
    }

    /// Asks for a reading of everything, and returns how many readings will have ended when it has.
    pub(super) fn refresh(&self) -> u64 {
        let ended = self.readings.borrow().begun + 1;
        self.tell(|wishes| wishes.refresh = true);
        ended
    }

    /// Tells that a group was changed, or that anything may have been.
    pub(super) fn changed(&self, group: Option<String>) {
        self.tell(|wishes| match group {
            Some(group) if wishes.changed_groups.len() < MANY => {
                wishes.changed_groups.insert(group);
            }
            _ => wishes.changed = true,
        });
    }

    /// Tells what somebody wants at another gateway.
    pub(super) fn want(&self, wanted: Wishes) {
        let many = wanted.changed_groups.len() > MANY;
        self.tell(|wishes| {
            wishes.refresh |= wanted.refresh;
            wishes.changed |= wanted.changed || many;
            wishes.changed_groups.extend(wanted.changed_groups);
        });
    }

    /// Another gateway has read everything.
    pub(super) fn was_read(&self) {
        self.readings.send_modify(|readings| {
            readings.begun += 1;
            readings.ended = readings.begun;
        });
    }

    /// Tells that the setting was changed.
    pub(super) fn set(&self) {
        self.tell(|wishes| wishes.setting = true);
    }

    fn tell(&self, what: impl FnOnce(&mut Wishes)) {
        what(&mut self.wishes.lock().unwrap_or_else(PoisonError::into_inner));
        self.bell.notify_one();
    }

    /// Waits until something is wanted.
    pub(super) async fn next(&self) -> Wishes {
        loop {
            let wishes =
                mem::take(&mut *self.wishes.lock().unwrap_or_else(PoisonError::into_inner));
            if !wishes.is_empty() {
                return wishes;
            }
            self.bell.notified().await;
        }
    }
}

//! What a watcher is told while it runs.

use crate::lock::lock;
use std::collections::BTreeSet;
use std::mem;
use std::sync::Mutex;
use tokio::sync::{Notify, watch};

/// What is requested of a watcher. Requests of the same kind are one.
#[derive(Debug, Default)]
pub(super) struct WatchRequests {
    /// Everything is to be read now.
    pub(super) refresh: bool,
    /// Something was changed, and it is not known what: everything is to be read.
    pub(super) changed: bool,
    /// These groups were changed.
    pub(super) changed_groups: BTreeSet<String>,
    /// The setting was changed.
    pub(super) setting: bool,
    /// By the new setting the system is reached differently: what was asked by the former one, for example with other
    /// credentials, is no answer to it, and is given up.
    pub(super) reached_differently: bool,
}

impl WatchRequests {
    fn change(&mut self, group: Option<String>) {
        match group {
            Some(group) if self.changed_groups.len() < MAX_CHANGED_GROUPS => {
                self.changed_groups.insert(group);
            }
            _ => self.changed = true,
        }
    }

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

/// What others and a watcher request each other.
#[derive(Debug)]
pub(super) struct Inbox {
    requests: Mutex<WatchRequests>,
    added: Notify,
    pub(super) readings: watch::Sender<Readings>,
}

/// With more changed groups than this everything is read.
const MAX_CHANGED_GROUPS: usize = 1_000;

impl Inbox {
    pub(super) fn new() -> Self {
        Self {
            requests: Mutex::default(),
            added: Notify::new(),
            readings: watch::Sender::default(),
        }
    }

    /// Asks for a reading of everything, and returns how many readings will have ended when it has.
    pub(super) fn refresh(&self) -> u64 {
        let ended = self.readings.borrow().begun + 1;
        self.request(|requests| requests.refresh = true);
        ended
    }

    /// Tells that a group was changed, or that anything may have been.
    pub(super) fn changed(&self, group: Option<String>) {
        self.request(|requests| requests.change(group));
    }

    /// Adds what was requested at another gateway.
    pub(super) fn add(&self, more: WatchRequests) {
        self.request(|requests| {
            requests.refresh |= more.refresh;
            requests.changed |= more.changed;
            let groups = more.changed_groups.into_iter();
            groups.for_each(|group| requests.change(Some(group)));
        });
    }

    /// Notes that another gateway has read everything.
    pub(super) fn mark_read_by_other_gateway(&self) {
        self.readings.send_modify(|readings| {
            readings.begun += 1;
            readings.ended = readings.begun;
        });
    }

    /// Tells that the setting was changed, and whether the system is reached differently by it.
    pub(super) fn setting_changed(&self, reached_differently: bool) {
        self.request(|requests| {
            requests.setting = true;
            requests.reached_differently |= reached_differently;
        });
    }

    fn request(&self, what: impl FnOnce(&mut WatchRequests)) {
        what(&mut lock(&self.requests));
        self.added.notify_one();
    }

    /// Waits until something is requested.
    pub(super) async fn next(&self) -> WatchRequests {
        loop {
            let requests = mem::take(&mut *lock(&self.requests));
            if !requests.is_empty() {
                return requests;
            }
            self.added.notified().await;
        }
    }
}

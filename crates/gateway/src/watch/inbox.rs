//! The requests to a running watcher.

use crate::lock::lock;
use std::collections::BTreeSet;
use std::mem;
use std::sync::Mutex;
use tokio::sync::{Notify, watch};

/// Requests to a watcher. Requests of the same kind are merged.
#[derive(Debug, Default)]
pub(super) struct WatchRequests {
    /// Read everything now.
    pub(super) refresh: bool,
    /// Read everything, because something unknown was changed.
    pub(super) changed: bool,
    /// Read these groups, because they were changed.
    pub(super) changed_groups: BTreeSet<String>,
    /// The settings were changed.
    pub(super) setting: bool,
    /// The new settings use another route to the system: reads in progress, for example with old credentials, are
    /// cancelled.
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

/// Number of complete readings that were started and ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Readings {
    pub(super) begun: u64,
    pub(super) ended: u64,
}

/// The requests to a watcher, and its progress.
#[derive(Debug)]
pub(super) struct Inbox {
    requests: Mutex<WatchRequests>,
    added: Notify,
    pub(super) readings: watch::Sender<Readings>,
}

/// Beyond this number of changed groups, everything is read.
const MAX_CHANGED_GROUPS: usize = 1_000;

impl Inbox {
    pub(super) fn new() -> Self {
        Self {
            requests: Mutex::default(),
            added: Notify::new(),
            readings: watch::Sender::default(),
        }
    }

    /// Requests a reading of everything, and returns the number of ended readings to wait for.
    pub(super) fn refresh(&self) -> u64 {
        let ended = self.readings.borrow().begun + 1;
        self.request(|requests| requests.refresh = true);
        ended
    }

    /// Reports a change of a group, or of something unknown.
    pub(super) fn changed(&self, group: Option<String>) {
        self.request(|requests| requests.change(group));
    }

    /// Adds requests from another gateway.
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

    /// Reports new settings, and whether they use another route to the system.
    pub(super) fn setting_changed(&self, reached_differently: bool) {
        self.request(|requests| {
            requests.setting = true;
            requests.reached_differently |= reached_differently;
        });
    }

    fn request(&self, change: impl FnOnce(&mut WatchRequests)) {
        change(&mut lock(&self.requests));
        self.added.notify_one();
    }

    /// Waits for requests.
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

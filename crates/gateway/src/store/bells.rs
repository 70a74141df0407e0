//! What a database tells a gateway without being asked: that something is another now, and what others want of it.

use std::mem;
use std::sync::{Mutex, PoisonError};
use tokio::sync::Notify;

/// Something that is kept or recorded is another now.
pub(super) const CHANGED: &str = "failover_console";

/// A gateway has read a connection, or leaves it to others. The payload is that gateway.
pub(super) const SHARED: &str = "failover_console_shared";

/// Something is wanted of the gateway that watches a connection. The payload says what.
pub(super) const WANTED: &str = "failover_console_wanted";

/// So many wishes wait at most. Connections are read again soon anyway.
const MOST: usize = 1_000;

/// Rings for those who wait in this gateway.
#[derive(Debug)]
pub(super) struct Bells {
    /// The name of this gateway, which ignores what it sent itself.
    me: String,
    pub(super) changed: Notify,
    pub(super) shared: Notify,
    wanted: Notify,
    wishes: Mutex<Vec<String>>,
}

impl Bells {
    pub(super) fn new(me: String) -> Self {
        Self {
            me,
            changed: Notify::new(),
            shared: Notify::new(),
            wanted: Notify::new(),
            wishes: Mutex::default(),
        }
    }

    /// The database has told something.
    pub(super) fn ring(&self, channel: &str, payload: &str) {
        match channel {
            CHANGED => self.changed.notify_one(),
            SHARED if payload != self.me => self.shared.notify_one(),
            WANTED => {
                let mut wishes = self.wishes.lock().unwrap_or_else(PoisonError::into_inner);
                if wishes.len() < MOST {
                    wishes.push(payload.to_owned());
                }
                self.wanted.notify_one();
            }
            _ => {}
        }
    }

    /// Messages may have been missed: what they told of is looked up. Wishes cannot be, but every connection is read again
    /// soon anyway.
    pub(super) fn ring_all(&self) {
        self.changed.notify_one();
        self.shared.notify_one();
    }

    /// Waits until something is wanted of a gateway that watches.
    pub(super) async fn wishes(&self) -> Vec<String> {
        self.wanted.notified().await;
        mem::take(&mut *self.wishes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

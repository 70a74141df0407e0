//! What a database tells a gateway without being asked: that something is another now, and what others request of it.

use crate::lock::lock;
use std::mem;
use std::sync::Mutex;
use tokio::sync::Notify;

/// Something that is kept or recorded is another now.
pub(super) const CHANGED: &str = "failover_console";

/// A gateway has read a connection, or leaves it to others. The payload is that gateway.
pub(super) const SHARED: &str = "failover_console_shared";

/// Something is requested of the gateway that watches a connection. The payload says what.
pub(super) const WATCH_REQUESTED: &str = "failover_console_wanted";

/// The most requests that wait. Connections are read again soon anyway.
const MAX_WAITING_REQUESTS: usize = 1_000;

/// Passes what the database notifies on to those who wait for it in this gateway.
#[derive(Debug)]
pub(super) struct Notifications {
    /// The name of this gateway, which ignores what it sent itself.
    me: String,
    pub(super) changed: Notify,
    pub(super) shared: Notify,
    watch_requested: Notify,
    watch_requests: Mutex<Vec<String>>,
}

impl Notifications {
    pub(super) fn new(me: String) -> Self {
        Self {
            me,
            changed: Notify::new(),
            shared: Notify::new(),
            watch_requested: Notify::new(),
            watch_requests: Mutex::default(),
        }
    }

    /// The database has notified this gateway of something.
    pub(super) fn notify(&self, channel: &str, payload: &str) {
        match channel {
            CHANGED => self.changed.notify_one(),
            SHARED if payload != self.me => self.shared.notify_one(),
            WATCH_REQUESTED => {
                let mut watch_requests = lock(&self.watch_requests);
                if watch_requests.len() < MAX_WAITING_REQUESTS {
                    watch_requests.push(payload.to_owned());
                }
                self.watch_requested.notify_one();
            }
            _ => {}
        }
    }

    /// Messages may have been missed: what they told of is looked up. Requests cannot be, but every connection is read again
    /// soon anyway.
    pub(super) fn notify_all(&self) {
        self.changed.notify_one();
        self.shared.notify_one();
    }

    /// Waits until something is requested of a gateway that watches.
    pub(super) async fn watch_requests(&self) -> Vec<String> {
        self.watch_requested.notified().await;
        mem::take(&mut *lock(&self.watch_requests))
    }
}

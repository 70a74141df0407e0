//! The notifications of a database: changes by other gateways, and their requests to this one.

use crate::lock::lock;
use std::mem;
use std::sync::Mutex;
use tokio::sync::Notify;

/// The channel for changes of the saved state or the records.
pub(super) const CHANGED: &str = "failover_console";

/// The channel for a gateway that has read a connection or leaves it to others. The payload is that gateway's id.
pub(super) const SHARED: &str = "failover_console_shared";

/// The channel for requests to the gateway that watches a connection. The payload is the request.
pub(super) const WATCH_REQUESTED: &str = "failover_console_wanted";

/// The most requests that wait. Dropping some is harmless, because connections are soon read again.
const MAX_WAITING_REQUESTS: usize = 1_000;

/// Passes the database's notifications on to the waiting tasks of this gateway.
#[derive(Debug)]
pub(super) struct Notifications {
    /// The id of this gateway, which ignores its own notifications.
    gateway_id: String,
    pub(super) changed: Notify,
    pub(super) shared: Notify,
    watch_requested: Notify,
    watch_requests: Mutex<Vec<String>>,
}

impl Notifications {
    pub(super) fn new(gateway_id: String) -> Self {
        Self {
            gateway_id,
            changed: Notify::new(),
            shared: Notify::new(),
            watch_requested: Notify::new(),
            watch_requests: Mutex::default(),
        }
    }

    /// Handles a notification of the database.
    pub(super) fn notify(&self, channel: &str, payload: &str) {
        match channel {
            CHANGED => self.changed.notify_one(),
            SHARED if payload != self.gateway_id => self.shared.notify_one(),
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

    /// Acts as if every channel had notified, because notifications may have been missed. Missed requests are lost, but
    /// every connection is soon read again.
    pub(super) fn notify_all(&self) {
        self.changed.notify_one();
        self.shared.notify_one();
    }

    /// Waits for requests to a gateway that watches.
    pub(super) async fn watch_requests(&self) -> Vec<String> {
        self.watch_requested.notified().await;
        mem::take(&mut *lock(&self.watch_requests))
    }
}

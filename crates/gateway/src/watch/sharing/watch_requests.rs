//! Requests for a connection at one gateway, which are forwarded to the gateway that watches it.

use super::super::inbox::{Inbox, WatchRequests};
use super::super::watchers::Running;
use super::with;
use crate::store::Store;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, Weak};

/// The longest forwarded request, in bytes: PostgreSQL accepts fewer than 8,000.
const MAX_REQUEST_BYTES: usize = 7_500;

/// Requests to the gateway that watches a connection.
#[derive(Debug, Serialize, Deserialize)]
struct ForwardedRequests {
    key: String,
    refresh: bool,
    changed: bool,
    groups: BTreeSet<String>,
    /// Whether to publish the complete state of the connection.
    #[serde(default, rename = "whole")]
    complete: bool,
}

/// A request to publish the complete state of a connection.
pub(super) fn for_complete_state(key: &str) -> String {
    let requests = ForwardedRequests {
        key: key.to_owned(),
        refresh: false,
        changed: false,
        groups: BTreeSet::new(),
        complete: true,
    };
    serde_json::to_string(&requests).unwrap_or_default()
}

/// Forwards the requests for a connection to the gateway that watches it.
pub(in super::super) async fn forward(inbox: Arc<Inbox>, store: Arc<Store>, key: String) {
    loop {
        let requests = inbox.next().await;
        let mut forwarded = ForwardedRequests {
            key: key.clone(),
            refresh: requests.refresh,
            changed: requests.changed,
            groups: requests.changed_groups,
            complete: false,
        };
        let text =
            |requests: &ForwardedRequests| serde_json::to_string(requests).unwrap_or_default();
        if text(&forwarded).len() > MAX_REQUEST_BYTES {
            forwarded.changed = true;
            forwarded.groups.clear();
        }
        if forwarded.refresh || forwarded.changed || !forwarded.groups.is_empty() {
            store.send_watch_requests(text(&forwarded)).await;
        }
    }
}

/// Handles forwarded requests, if this gateway watches the connection. Returns its key if the complete state is
/// requested.
pub(super) fn receive(running: &Weak<Mutex<Running>>, text: &str) -> Option<String> {
    let forwarded = serde_json::from_str::<ForwardedRequests>(text).ok()?;
    let requests = WatchRequests {
        refresh: forwarded.refresh,
        changed: forwarded.changed,
        changed_groups: forwarded.groups,
        ..WatchRequests::default()
    };
    with(running, |all| {
        if let Some(inbox) = all.watched_inbox(&forwarded.key) {
            inbox.add(requests);
        }
    });
    forwarded.complete.then_some(forwarded.key)
}

//! What is requested of a connection at one gateway, forwarded to the gateway that watches it.

use super::super::inbox::{Inbox, WatchRequests};
use super::super::watchers::Running;
use super::with;
use crate::store::Store;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, Weak};

/// The longest forwarded request, in bytes: PostgreSQL passes on less than 8,000.
const MAX_REQUEST_BYTES: usize = 7_500;

/// Requests to the gateway that watches a connection.
#[derive(Debug, Serialize, Deserialize)]
struct ForwardedRequests {
    key: String,
    refresh: bool,
    changed: bool,
    groups: BTreeSet<String>,
    /// All that is known of the connection is to be published.
    #[serde(default)]
    whole: bool,
}

/// Asks the gateway that watches a connection to publish all that it knows of it.
pub(super) fn for_whole(key: &str) -> String {
    let requests = ForwardedRequests {
        key: key.to_owned(),
        refresh: false,
        changed: false,
        groups: BTreeSet::new(),
        whole: true,
    };
    serde_json::to_string(&requests).unwrap_or_default()
}

/// Forwards what is requested of a connection to the gateway that watches it.
pub(in super::super) async fn forward(inbox: Arc<Inbox>, store: Arc<Store>, key: String) {
    loop {
        let requests = inbox.next().await;
        let mut forwarded = ForwardedRequests {
            key: key.clone(),
            refresh: requests.refresh,
            changed: requests.changed,
            groups: requests.changed_groups,
            whole: false,
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

/// Another gateway has sent requests to the one that watches a connection. Returns the connection's key, if all of it is to
/// be published.
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
    forwarded.whole.then_some(forwarded.key)
}

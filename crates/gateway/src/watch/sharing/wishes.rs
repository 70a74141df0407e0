//! What is wanted of a connection at one gateway, passed on to the one that watches it.

use super::super::inbox::{Inbox, Wishes};
use super::super::watchers::Running;
use super::with;
use crate::store::Store;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, Weak};

/// The longest wish, in bytes: PostgreSQL passes on less than 8,000.
const LONGEST_WISH: usize = 7_500;

/// What is wanted of the gateway that watches a connection.
#[derive(Debug, Serialize, Deserialize)]
struct Wish {
    key: String,
    refresh: bool,
    changed: bool,
    groups: BTreeSet<String>,
}

/// Passes on what is wanted of a connection to the gateway that watches it.
pub(in super::super) async fn pass_on(inbox: Arc<Inbox>, store: Arc<Store>, key: String) {
    loop {
        let wishes = inbox.next().await;
        let mut wish = Wish {
            key: key.clone(),
            refresh: wishes.refresh,
            changed: wishes.changed,
            groups: wishes.changed_groups,
        };
        let text = |wish: &Wish| serde_json::to_string(wish).unwrap_or_default();
        if text(&wish).len() > LONGEST_WISH {
            wish.changed = true;
            wish.groups.clear();
        }
        if wish.refresh || wish.changed || !wish.groups.is_empty() {
            store.want(text(&wish)).await;
        }
    }
}

/// Somebody wants something of a gateway that watches.
pub(super) fn hear(running: &Weak<Mutex<Running>>, wish: &str) {
    let Ok(wish) = serde_json::from_str::<Wish>(wish) else {
        return;
    };
    let wishes = Wishes {
        refresh: wish.refresh,
        changed: wish.changed,
        changed_groups: wish.groups,
        setting: false,
    };
    with(running, |all| {
        if let Some(inbox) = all.watched_inbox(&wish.key) {
            inbox.want(wishes);
        }
    });
}

//! Gateways at one database share the connections: each connection is read by one gateway ([`fair`]), which publishes
//! its readings to the others ([`publication`]). These apply them like their own, so that judgement, alarms and metrics
//! are the same everywhere. A connection with different settings elsewhere is another connection.
//!
//! Ages count from the reading, after comparing the clocks of both gateways with the database's. Without publications,
//! the state becomes stale by itself. A gateway that cannot reach the database watches everything itself.

mod fair;
mod participant;
mod publication;
mod watch_requests;

pub(super) use publication::{Publication, SharedResource};
pub(super) use watch_requests::forward;

use super::inventory::Inventory;
use super::watchers::Running;
use crate::lock::lock;
use participant::Participant;
use publication::FORMAT;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// How often a gateway renews its leases and polls for readings, in addition to notifications.
const LEASE_RENEWAL_INTERVAL: Duration = Duration::from_secs(2);

/// Publications and notifications within this time are handled together.
const PUBLISH_DEBOUNCE: Duration = Duration::from_millis(50);

/// The pause after the database could not be reached.
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// After this time without the database, a gateway watches everything itself: the others take over its connections at
/// about the same time.
const STANDALONE_AFTER: Duration = Duration::from_secs(8);

/// The key by which all gateways identify a connection: the same id with another system is another key.
pub(super) fn key(id: &str, fingerprint: &str) -> String {
    format!("{FORMAT} {fingerprint} {id}")
}

/// A configured connection.
#[derive(Debug, Clone)]
pub(super) struct Configured {
    pub(super) id: String,
    pub(super) key: String,
    pub(super) is_watched: bool,
}

/// Shares the watching with other gateways while there are watchers.
pub(super) async fn share(running: Weak<Mutex<Running>>, inventory: Arc<Inventory>) {
    let store = inventory.store().clone();
    let Some(gateway_id) = store.watcher_id() else {
        return;
    };
    let mut sharing = Participant::new(
        gateway_id,
        running.clone(),
        inventory.clone(),
        store.clone(),
    );
    let (mut renewed, mut is_shared) = (Instant::now(), true);
    // Not from the start of this task: a task that fails and restarts repeatedly does not share anything.
    let shared_at = with(&running, |all| {
        *all.shared_at.get_or_insert_with(Instant::now)
    });
    let mut last_contact = shared_at.unwrap_or_else(Instant::now);
    let mut step = Step::Renew;
    loop {
        let began = Instant::now();
        let mut taken = Box::pin(sharing.step(step));
        let outcome = loop {
            tokio::select! {
                // In this order, because a step may fail before its first await.
                biased;
                () = sleep_until(last_contact + STANDALONE_AFTER), if !with(&running, |all| all.alone).unwrap_or(true) => {
                    watch_alone(&running);
                }
                outcome = &mut taken => break outcome,
            }
        };
        drop(taken);
        let mut next = renewed + LEASE_RENEWAL_INTERVAL;
        match (outcome, step) {
            (Ok(()), Step::Publish) => {}
            (Ok(()), _) => {
                (last_contact, is_shared) = (Instant::now(), true);
                with(&running, |all| all.shared_at = Some(last_contact));
                if step == Step::Renew {
                    renewed = began;
                    next = began + LEASE_RENEWAL_INTERVAL;
                }
                not_alone(&running);
            }
            (Err(fault), _) => {
                if std::mem::take(&mut is_shared) {
                    tracing::warn!("the watching cannot be shared: the store {fault}");
                }
                next = Instant::now() + RETRY_DELAY;
            }
        }
        step = loop {
            tokio::select! {
                () = sleep_until(next) => break Step::Renew,
                () = store.shared() => {
                    sleep(PUBLISH_DEBOUNCE).await;
                    break Step::Read;
                }
                () = inventory.published(), if is_shared && sharing.has_others() => {
                    sleep(PUBLISH_DEBOUNCE).await;
                    break Step::Publish;
                }
                requests = store.watch_requests() => {
                    let keys = requests.iter().filter_map(|text| watch_requests::receive(&running, text));
                    keys.for_each(|key| sharing.publish_all(&key));
                }
            }
        };
        if running.strong_count() == 0 {
            return;
        }
    }
}

/// The next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Renews the leases, and reads the shared state.
    Renew,
    /// Reads the shared state, because another gateway has published something.
    Read,
    /// Publishes readings of this gateway.
    Publish,
}

/// Accesses the running tasks, if they still exist.
fn with<T>(running: &Weak<Mutex<Running>>, access: impl FnOnce(&mut Running) -> T) -> Option<T> {
    let running = running.upgrade()?;
    let mut running = lock(&running);
    Some(access(&mut running))
}

fn not_alone(running: &Weak<Mutex<Running>>) {
    with(running, |all| {
        if std::mem::take(&mut all.alone) {
            tracing::warn!("the gateways at the store share the watching again");
        }
    });
}

fn watch_alone(running: &Weak<Mutex<Running>>) {
    with(running, |all| {
        all.alone = true;
        tracing::warn!(
            "the watching cannot be shared: this gateway watches every connection itself until it can"
        );
        all.watch_all();
    });
}

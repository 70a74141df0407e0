//! Gateways at one database share out the connections: each is read by one of them ([`fair`]), which tells the others
//! what it has read ([`publication`]). They take it over as if they had read it themselves, so that judgement, alarms and
//! metrics are the same everywhere. A connection that is configured differently elsewhere is another one.
//!
//! Ages count from when the watching gateway read, with both clocks compared with the database's. Where nothing comes any
//! more, what is known grows stale by itself. A gateway that cannot reach the database watches everything itself.

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

/// How often a gateway says that it lives, and looks for what others have read also if nobody tells of it.
const LEASE_RENEWAL_INTERVAL: Duration = Duration::from_secs(2);

/// What comes within this time is told, and taken over, together.
const PUBLISH_DEBOUNCE: Duration = Duration::from_millis(50);

/// After the database could not be asked, how long until it is tried again.
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// A gateway that has heard nothing of the database for so long watches everything itself: the others take its
/// connections over at about the same time.
const STANDALONE_AFTER: Duration = Duration::from_secs(8);

/// By what all gateways know a connection: those with the same id and another system know another one.
pub(super) fn key(id: &str, fingerprint: &str) -> String {
    format!("{FORMAT} {fingerprint} {id}")
}

/// A connection that is configured here.
#[derive(Debug, Clone)]
pub(super) struct Configured {
    pub(super) id: String,
    pub(super) key: String,
    /// Whether it is watched here.
    pub(super) is_watched: bool,
}

/// Shares the watching with other gateways for as long as there are watchers.
pub(super) async fn share(running: Weak<Mutex<Running>>, inventory: Arc<Inventory>) {
    let store = inventory.store().clone();
    let Some(gateway_id) = store.id_among_watchers() else {
        return;
    };
    let mut sharing = Participant::new(
        gateway_id,
        running.clone(),
        inventory.clone(),
        store.clone(),
    );
    let (mut renewed, mut is_well) = (Instant::now(), true);
    // Not from the beginning of this task: one that fails again and again, and begins anew, shares nothing either.
    let shared_at = with(&running, |all| {
        *all.shared_at.get_or_insert_with(Instant::now)
    });
    let mut heard = shared_at.unwrap_or_else(Instant::now);
    let mut step = Step::Renew;
    loop {
        let began = Instant::now();
        let mut taken = Box::pin(sharing.step(step));
        let outcome = loop {
            tokio::select! {
                // In this order: a step may fail before it waits for anything.
                biased;
                () = sleep_until(heard + STANDALONE_AFTER), if !with(&running, |all| all.alone).unwrap_or(true) => {
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
                (heard, is_well) = (Instant::now(), true);
                with(&running, |all| all.shared_at = Some(heard));
                if step == Step::Renew {
                    renewed = began;
                    next = began + LEASE_RENEWAL_INTERVAL;
                }
                not_alone(&running);
            }
            (Err(fault), _) => {
                if std::mem::take(&mut is_well) {
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
                () = inventory.published(), if is_well && sharing.has_others() => {
                    sleep(PUBLISH_DEBOUNCE).await;
                    break Step::Publish;
                }
                requests = store.watch_requests() => {
                    let keys = requests.iter().filter_map(|text| watch_requests::receive(&running, text));
                    keys.for_each(|key| sharing.publish_whole(&key));
                }
            }
        };
        if running.strong_count() == 0 {
            return;
        }
    }
}

/// What is done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Says that this gateway lives, and reads what is shared.
    Renew,
    /// Reads what is shared, because another gateway has published something.
    Read,
    /// Publishes what was read here.
    Publish,
}

/// Does something with what runs, if it does still.
fn with<T>(running: &Weak<Mutex<Running>>, what: impl FnOnce(&mut Running) -> T) -> Option<T> {
    let running = running.upgrade()?;
    let mut running = lock(&running);
    Some(what(&mut running))
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

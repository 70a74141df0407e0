//! The registry of walls in the store, which several gateways may share. What was last read is in memory, so that a
//! request of a known wall waits for nobody; what is not known there is looked up, and changes are made to what the store
//! holds at that moment.

use super::registry::{TABLES, WITH_SIGHTINGS, Wall, WallRegistry};
use crate::lock::lock;
use crate::problem::Problem;
use crate::store::{Fresh, Store, Table};
use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex};

/// How often what is not known is looked up within a second, of all together.
const MAX_LOOKUPS_PER_SECOND: usize = 10;

/// How long one that was looked up in vain is not looked up again, in seconds.
const FAILED_LOOKUP_SECONDS: u64 = 5;

/// The registry in a store.
#[derive(Debug)]
pub(super) struct InStore {
    pub(super) store: Arc<Store>,
    known: Mutex<CachedRegistry>,
    /// The walls of a file that are still to be taken over.
    in_file: Mutex<Vec<Wall>>,
    /// What was looked up lately, and when.
    lookups: Mutex<HashMap<String, u64>>,
}

/// What the store held, and when it was read.
#[derive(Debug, Default)]
struct CachedRegistry {
    /// `None` before the first time.
    turn: Option<u64>,
    registry: Arc<WallRegistry>,
}

impl InStore {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self {
            store,
            known: Mutex::default(),
            in_file: Mutex::default(),
            lookups: Mutex::default(),
        }
    }

    /// The walls of this file are taken over before anything else is read anew or changed.
    pub(super) fn take_over(&self, walls: Vec<Wall>) {
        *lock(&self.in_file) = walls;
    }

    /// What is known of the registry.
    pub(super) fn read(&self) -> Arc<WallRegistry> {
        if let Some(news) = self.store.news(&TABLES) {
            return self.learn(news);
        }
        lock(&self.known).registry.clone()
    }

    /// Takes over what was read, unless something was read or changed since.
    fn learn(&self, Fresh { turn, mut saved }: Fresh) -> Arc<WallRegistry> {
        self.know(turn, WallRegistry::of_saved(&mut saved))
    }

    fn know(&self, turn: u64, registry: WallRegistry) -> Arc<WallRegistry> {
        let mut known = lock(&self.known);
        if known.turn.is_none_or(|before| before < turn) {
            *known = CachedRegistry {
                turn: Some(turn),
                registry: Arc::new(registry),
            };
        }
        known.registry.clone()
    }

    /// What the store holds now.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) async fn fresh(&self) -> Result<Arc<WallRegistry>, Problem> {
        if !lock(&self.in_file).is_empty() {
            self.change(|_| Ok(())).await?;
        }
        Ok(self.learn(self.store.fresh(&WITH_SIGHTINGS).await?))
    }

    /// Changes the registry. Nothing changes when `act` fails.
    ///
    /// # Errors
    /// Those of `act`, or the store cannot be read or written.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut WallRegistry) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let in_file = lock(&self.in_file).clone();
        let change = self.store.change(&WITH_SIGHTINGS, move |mut saved| {
            let before = WallRegistry::of_saved(&mut saved);
            let mut registry = before.clone();
            let mut changes = registry.take_over(&in_file, &saved.take(Table::WallsTakenOver));
            let taken_over = changes.len();
            let done = act(&mut registry)?;
            changes.extend(registry.changes_since(&before));
            Ok(((registry, taken_over, done), changes))
        });
        let ((registry, taken_over, done), turn) = change.await?;
        mem::take(&mut *lock(&self.in_file));
        if taken_over > 0 {
            tracing::info!(
                "{taken_over} walls were taken over from the file of walls into the store; the file stays as it is, \
                 and is of no more use"
            );
        }
        self.know(turn, registry);
        Ok(done)
    }

    /// Whether something that is not known may be looked up: a client with the cookie of a wall that was revoked may ask
    /// as often as they like.
    pub(super) fn may_look_up(&self, what: &str, now: u64) -> bool {
        let mut lookups = lock(&self.lookups);
        lookups.retain(|_, at| now < *at + FAILED_LOOKUP_SECONDS);
        let lately = lookups.values().filter(|at| **at == now).count();
        let may = lately < MAX_LOOKUPS_PER_SECOND && !lookups.contains_key(what);
        if may {
            lookups.insert(what.to_owned(), now);
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::StoreLocation;
    use crate::pairing::registry::{CodeState, PairingRequest};
    use crate::pairing::{RegistryLocation, Walls};
    use crate::problem::Kind;
    use crate::store::{Entry, SavedState};
    use std::net::IpAddr;
    use std::sync::mpsc::channel;

    fn in_store() -> InStore {
        InStore::new(Arc::new(Store::open(&StoreLocation::Memory).unwrap()))
    }

    #[tokio::test]
    async fn what_was_read_before_a_change_and_arrives_after_it_is_discarded() {
        let store = in_store();
        let old = store.store.fresh(&WITH_SIGHTINGS).await.unwrap();
        let pair = store.change(|registry| {
            let network = IpAddr::from([192, 0, 2, 1]);
            let made = registry.new_code("secret".to_owned(), network, 0)?;
            let CodeState::Waiting { code, .. } = made else {
                panic!("{made:?}");
            };
            let request = PairingRequest {
                code,
                name: "Hall".to_owned(),
                by: "ann".to_owned(),
                id: "w".to_owned(),
            };
            registry.pair(request, 1)
        });
        pair.await.unwrap();
        assert!(store.learn(old).wall("w").is_some());
        let none = Fresh {
            turn: u64::MAX,
            saved: SavedState::default(),
        };
        assert!(store.learn(none).wall("w").is_none(), "none is left");
    }

    #[tokio::test]
    async fn many_screens_that_ask_for_codes_at_once_leave_room_for_a_change() {
        let in_store = in_store();
        let store = in_store.store.clone();
        let walls = Walls::new(RegistryLocation::Store(in_store));
        let ((begins, begun), (go_on, goes_on)) = (channel(), channel::<()>());
        let works = tokio::spawn({
            let store = store.clone();
            async move {
                let work = move |_| {
                    let _ = begins.send(());
                    let _ = goes_on.recv();
                    Ok(((), Vec::new()))
                };
                store.change(&TABLES, work).await
            }
        });
        while begun.try_recv().is_err() {
            tokio::task::yield_now().await;
        }
        let screens: Vec<_> = (0..2_000_u32)
            .map(|number| {
                let walls = walls.clone();
                let network = IpAddr::from((0x0a00_0000 + (number << 8)).to_be_bytes());
                tokio::spawn(async move { walls.new_code(number.to_string(), network, 0).await })
            })
            .collect();
        while !screens.iter().next_back().unwrap().is_finished() {
            tokio::task::yield_now().await;
        }
        let mut change = std::pin::pin!(store.intent(Entry::default()));
        tokio::select! {
            biased;
            refused = &mut change => panic!("{refused:?} while the writer is at work"),
            () = tokio::task::yield_now() => {}
        }
        let mut refused = 0;
        for screen in screens {
            screen.abort();
            if let Ok(made) = screen.await {
                assert_eq!(made.unwrap_err().kind, Kind::Overloaded);
                refused += 1;
            }
        }
        assert!(refused > 1_000, "{refused}");
        drop(go_on);
        works.await.unwrap().unwrap();
        assert_eq!(change.await.unwrap(), 1);
    }

    #[test]
    fn what_is_not_known_is_looked_up_seldom() {
        let store = in_store();
        assert!(store.may_look_up("a", 100));
        assert!(!store.may_look_up("a", 104), "a moment ago in vain");
        assert!(store.may_look_up("a", 105));
        let many = (0..1_000).filter(|id| store.may_look_up(&id.to_string(), 105));
        assert_eq!(many.count(), MAX_LOOKUPS_PER_SECOND - 1);
        assert!(store.may_look_up("b", 106));
    }
}

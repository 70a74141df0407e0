//! The registry of walls in the store, which several gateways may share. A copy is cached in memory, so that requests
//! of known walls need no store access. Unknown walls and codes are looked up in the store, and changes are applied to
//! its current content.

use super::registry::{TABLES, WITH_SIGHTINGS, Wall, WallRegistry};
use crate::lock::lock;
use crate::problem::Problem;
use crate::store::{Store, Table, TableSnapshot};
use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex};

/// The maximum number of lookups of unknown walls and codes per second.
const MAX_LOOKUPS_PER_SECOND: usize = 10;

/// The time before a failed lookup is repeated, in seconds.
const FAILED_LOOKUP_SECONDS: u64 = 5;

/// The registry in a store.
#[derive(Debug)]
pub(super) struct InStore {
    pub(super) store: Arc<Store>,
    cached: Mutex<CachedRegistry>,
    /// The walls of a file that are still to be imported.
    to_import: Mutex<Vec<Wall>>,
    /// The recent lookups, and their times.
    lookups: Mutex<HashMap<String, u64>>,
}

/// The last known content of the store.
#[derive(Debug, Default)]
struct CachedRegistry {
    /// The sequence number of the reading or change. `None` before the first one.
    sequence: Option<u64>,
    registry: Arc<WallRegistry>,
}

impl InStore {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self {
            store,
            cached: Mutex::default(),
            to_import: Mutex::default(),
            lookups: Mutex::default(),
        }
    }

    /// Sets the walls of a file. They are imported before the next reading or change of the store.
    pub(super) fn import(&self, walls: Vec<Wall>) {
        *lock(&self.to_import) = walls;
    }

    /// The cached registry.
    pub(super) fn read(&self) -> Arc<WallRegistry> {
        if let Some(update) = self.store.take_update(&TABLES) {
            return self.update(update);
        }
        lock(&self.cached).registry.clone()
    }

    /// Caches a snapshot, unless a newer one is cached.
    fn update(&self, mut snapshot: TableSnapshot) -> Arc<WallRegistry> {
        let registry = WallRegistry::of_saved(&mut snapshot.saved);
        self.cache(snapshot.sequence, registry)
    }

    fn cache(&self, sequence: u64, registry: WallRegistry) -> Arc<WallRegistry> {
        let mut cached = lock(&self.cached);
        if cached.sequence.is_none_or(|before| before < sequence) {
            *cached = CachedRegistry {
                sequence: Some(sequence),
                registry: Arc::new(registry),
            };
        }
        cached.registry.clone()
    }

    /// Reads the current content of the store.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) async fn read_latest(&self) -> Result<Arc<WallRegistry>, Problem> {
        if !lock(&self.to_import).is_empty() {
            self.change(|_| Ok(())).await?;
        }
        Ok(self.update(self.store.read_tables(&WITH_SIGHTINGS).await?))
    }

    /// Changes the registry. Changes nothing if `act` fails.
    ///
    /// # Errors
    /// Those of `act`, or the store cannot be read or written.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut WallRegistry) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let to_import = lock(&self.to_import).clone();
        let change = self.store.change(&WITH_SIGHTINGS, move |mut saved| {
            let before = WallRegistry::of_saved(&mut saved);
            let mut registry = before.clone();
            let mut changes = registry.import(&to_import, &saved.take(Table::WallsTakenOver));
            let imported = changes.len();
            let done = act(&mut registry)?;
            changes.extend(registry.changes_since(&before));
            Ok(((registry, imported, done), changes))
        });
        let ((registry, imported, done), sequence) = change.await?;
        mem::take(&mut *lock(&self.to_import));
        if imported > 0 {
            tracing::info!(
                "{imported} walls were imported from the file of walls into the store; the file is unchanged and no \
                 longer used"
            );
        }
        self.cache(sequence, registry);
        Ok(done)
    }

    /// Whether an unknown wall or code may be looked up now. The limit protects the store from clients that keep
    /// sending the cookie of a revoked wall.
    pub(super) fn may_look_up(&self, what: &str, now: u64) -> bool {
        let mut lookups = lock(&self.lookups);
        lookups.retain(|_, at| now < *at + FAILED_LOOKUP_SECONDS);
        let recent = lookups.values().filter(|at| **at == now).count();
        let may = recent < MAX_LOOKUPS_PER_SECOND && !lookups.contains_key(what);
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
    async fn a_snapshot_from_before_a_change_does_not_replace_it() {
        let store = in_store();
        let old = store.store.read_tables(&WITH_SIGHTINGS).await.unwrap();
        let pair = store.change(|registry| {
            let network = IpAddr::from([192, 0, 2, 1]);
            let state = registry.new_code("secret".to_owned(), network, 0)?;
            let CodeState::Waiting { code, .. } = state else {
                panic!("{state:?}");
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
        assert!(store.update(old).wall("w").is_some());
        let none = TableSnapshot {
            sequence: u64::MAX,
            saved: SavedState::default(),
        };
        assert!(store.update(none).wall("w").is_none(), "a newer one does");
    }

    #[tokio::test]
    async fn many_requests_for_codes_leave_room_for_a_change() {
        let in_store = in_store();
        let store = in_store.store.clone();
        let walls = Walls::new(RegistryLocation::Store(in_store));
        let ((started, starts), (release, released)) = (channel(), channel::<()>());
        let writer = tokio::spawn({
            let store = store.clone();
            async move {
                let work = move |_| {
                    let _ = started.send(());
                    let _ = released.recv();
                    Ok(((), Vec::new()))
                };
                store.change(&TABLES, work).await
            }
        });
        while starts.try_recv().is_err() {
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
            refused = &mut change => panic!("{refused:?} while the writer is busy"),
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
        drop(release);
        writer.await.unwrap().unwrap();
        assert_eq!(change.await.unwrap(), 1);
    }

    #[test]
    fn lookups_of_unknown_walls_are_limited() {
        let store = in_store();
        assert!(store.may_look_up("a", 100));
        assert!(!store.may_look_up("a", 104), "failed a moment ago");
        assert!(store.may_look_up("a", 105));
        let many = (0..1_000).filter(|id| store.may_look_up(&id.to_string(), 105));
        assert_eq!(many.count(), MAX_LOOKUPS_PER_SECOND - 1);
        assert!(store.may_look_up("b", 106));
    }
}

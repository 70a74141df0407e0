//! The paired walls, and the codes with which screens are paired. A wall has access only while it is in the registry.
//! A file of walls that cannot be read counts as empty.

mod code;
mod file;
mod in_store;
mod last_seen;
mod registries;
mod registry;
mod ticket;

pub(crate) use registries::{OpenedRegistry, Registries};
pub(crate) use registry::{CodeState, PairingRequest, Wall};
pub(crate) use ticket::{WallTicket, code_cookie, code_secret};

use crate::crypto::{Cookie, Seal};
use crate::lock::lock;
use crate::problem::{Kind, Problem};
use crate::shared_file;
use crate::store::{StateChange, Table};
use file::WallsFile;
use in_store::InStore;
use last_seen::LastSeen;
use registry::{WallRegistry, sighting};
use std::collections::HashSet;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long to wait before a file that could not be written is written again.
const RETRY_INTERVAL: Duration = Duration::from_secs(60);

/// Checks that a file, if it exists, is a registry of walls.
///
/// # Errors
/// The fault of the file.
pub(crate) fn check(file: &Path) -> Result<(), String> {
    shared_file::check::<WallRegistry>(file)
}

/// The walls of one registry, in memory, in a file or in the store. Several gateways may share a file or store.
#[derive(Debug)]
pub(crate) struct Walls {
    location: RegistryLocation,
    last_seen: LastSeen,
    /// The ids of the walls that were revoked by this gateway. The registry may still contain some of them if it cannot
    /// be written.
    revoked: Mutex<HashSet<String>>,
}

/// The location of a registry.
#[derive(Debug)]
enum RegistryLocation {
    File(WallsFile),
    Store(InStore),
}

impl Walls {
    fn new(location: RegistryLocation) -> Arc<Self> {
        Arc::new(Self {
            location,
            last_seen: LastSeen::default(),
            revoked: Mutex::default(),
        })
    }

    /// The kind of storage in which paired walls survive a restart. `None` if they do not.
    pub(crate) fn storage(&self) -> Option<&'static str> {
        match &self.location {
            RegistryLocation::File(file) => file.is_persistent().then_some("file"),
            RegistryLocation::Store(_) => Some("store"),
        }
    }

    /// The cached registry. `None` if it cannot be read.
    fn read(&self) -> Option<Arc<WallRegistry>> {
        match &self.location {
            RegistryLocation::File(file) => file.read(),
            RegistryLocation::Store(store) => Some(store.read()),
        }
    }

    /// Reads the current registry, including changes by other gateways.
    async fn read_latest(&self) -> Result<Arc<WallRegistry>, Problem> {
        match &self.location {
            RegistryLocation::File(file) => file.read().ok_or_else(unreadable),
            RegistryLocation::Store(store) => store.read_latest().await,
        }
    }

    /// The name of a paired wall.
    pub(crate) fn find(&self, id: &str) -> Option<String> {
        if lock(&self.revoked).contains(id) {
            return None;
        }
        let registry = self.read()?;
        registry.wall(id).map(|wall| wall.name.clone())
    }

    /// The name of a wall that is not cached, because another gateway may have paired it a moment ago.
    pub(crate) async fn look_up(&self, id: &str, now: u64) -> Option<String> {
        if self.may_look_up(id, now) {
            // A failure is logged, and the wall sends its request again.
            let _ = self.read_latest().await;
        }
        self.find(id)
    }

    /// Whether an unknown wall or code may be looked up in a store.
    fn may_look_up(&self, what: &str, now: u64) -> bool {
        matches!(&self.location, RegistryLocation::Store(store) if store.may_look_up(what, now))
    }

    /// Records that a wall made a request. Saved at most once a minute.
    pub(crate) fn note_last_seen(self: &Arc<Self>, id: &str, from: IpAddr, now: u64) {
        if !self.last_seen.note(id, from, now) {
            return;
        }
        let must_write = match &self.location {
            RegistryLocation::File(file) => file.is_persistent(),
            RegistryLocation::Store(store) => {
                let seen = self.last_seen.recent(now).into_iter();
                let seen = seen.map(|(id, from, at)| sighting(&id, from, at));
                store.store.save_later(seen.collect());
                let revoked = lock(&self.revoked);
                let registry = store.read();
                revoked.iter().any(|id| registry.wall(id).is_some())
            }
        };
        if must_write {
            let walls = self.clone();
            // A failure is logged, and retried in a minute.
            drop(tokio::spawn(async move { walls.change(|_| Ok(())).await }));
        }
    }

    fn apply<T>(
        &self,
        registry: &mut WallRegistry,
        act: impl FnOnce(&mut WallRegistry) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        self.last_seen.write_into(registry);
        let done = act(registry)?;
        registry.drop_walls(&lock(&self.revoked));
        Ok(done)
    }

    /// Changes the registry. A file is changed on a thread for blocking work, because files may be slow.
    async fn change<T: Send + 'static>(
        self: &Arc<Self>,
        act: impl FnOnce(&mut WallRegistry) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let walls = self.clone();
        match &self.location {
            RegistryLocation::Store(store) => {
                store
                    .change(move |registry| walls.apply(registry, act))
                    .await
            }
            RegistryLocation::File(_) => {
                let change = move || match &walls.location {
                    RegistryLocation::File(file) => {
                        file.change(|registry| walls.apply(registry, act))
                    }
                    RegistryLocation::Store(_) => Err(unreadable()),
                };
                let changed = tokio::task::spawn_blocking(change).await;
                changed.unwrap_or_else(|_| {
                    Err(Problem::new(
                        Kind::Internal,
                        "the change ended unexpectedly",
                    ))
                })
            }
        }
    }

    /// The state of the code of the screen with this secret. Another gateway may have created the code a moment ago.
    ///
    /// # Errors
    /// The registry cannot be read.
    pub(crate) async fn code_state(&self, secret: &str, now: u64) -> Result<CodeState, Problem> {
        let registry = self.read().ok_or_else(unreadable)?;
        let mut state = registry.code_state(secret, now);
        if state == CodeState::Over && self.may_look_up(secret, now) {
            state = self.read_latest().await?.code_state(secret, now);
        }
        Ok(match state {
            CodeState::Paired { id, .. } if lock(&self.revoked).contains(&id) => CodeState::Over,
            state => state,
        })
    }

    /// Claims the session of the wall that was paired with this screen's code. A code gives one session, so that a
    /// copy of the screen's cookie is useless.
    ///
    /// # Errors
    /// The registry cannot be read or written.
    pub(crate) async fn claim(
        self: &Arc<Self>,
        secret: String,
        now: u64,
    ) -> Result<CodeState, Problem> {
        self.change(move |registry| Ok(registry.claim(&secret, now)))
            .await
    }

    /// Creates a code for the screen with this secret.
    ///
    /// # Errors
    /// Too many codes exist or are requested at once, or the registry cannot be read or written.
    pub(crate) async fn new_code(
        self: &Arc<Self>,
        secret: String,
        network: IpAddr,
        now: u64,
    ) -> Result<CodeState, Problem> {
        if let RegistryLocation::Store(store) = &self.location {
            // Anybody may request a code. Clients with too many requests are rejected before they reach the store, and
            // many simultaneous clients leave room in its queue for the records of changes.
            if !store.store.has_room() {
                let detail =
                    "too many screens are requesting a code at this moment; try again in a moment";
                return Err(Problem::new(Kind::Overloaded, detail));
            }
            WallRegistry::clone(&store.read()).new_code(secret.clone(), network, now)?;
        }
        self.change(move |registry| registry.new_code(secret, network, now))
            .await
    }

    /// Pairs a screen.
    ///
    /// # Errors
    /// The code or the name is invalid, or the registry cannot be read or written.
    pub(crate) async fn pair(
        self: &Arc<Self>,
        request: PairingRequest,
        now: u64,
    ) -> Result<Wall, Problem> {
        self.change(move |registry| registry.pair(request, now))
            .await
    }

    /// Removes a wall. Its session ends at once, even if the registry cannot be read or written.
    ///
    /// # Errors
    /// There is no such wall, or the registry cannot be read or written: the wall is then removed as soon as it can be.
    /// After a restart before that, it is valid again.
    pub(crate) async fn revoke(self: &Arc<Self>, id: String) -> Result<Wall, Problem> {
        let registry = self.read();
        let listed = registry
            .as_ref()
            .and_then(|registry| registry.wall(&id).cloned());
        // An unknown id is remembered only if the registry cannot be read.
        if registry.is_none() || listed.is_some() {
            lock(&self.revoked).insert(id.clone());
        }
        let removed = id.clone();
        let revoked = self.change(move |registry| registry.revoke(&id)).await;
        let has_failed = |problem: &Problem| problem.kind != Kind::NotFound;
        if revoked.as_ref().is_err_and(has_failed) {
            match &self.location {
                RegistryLocation::Store(store) => {
                    let tables = [Table::Walls, Table::WallSightings];
                    let delete = tables.map(|table| StateChange::delete(table, removed.as_str()));
                    store.store.save_later(delete.into());
                    lock(&self.revoked).insert(removed);
                }
                RegistryLocation::File(_) => {
                    let walls = self.clone();
                    drop(tokio::spawn(async move { walls.retry().await }));
                }
            }
        }
        revoked.or_else(|problem| match (problem.kind, listed) {
            // Another change has already removed the revoked wall.
            (Kind::NotFound, Some(wall)) => Ok(wall),
            (Kind::NotFound, None) => Err(problem),
            _ => Err(Problem::new(
                Kind::NotSaved,
                "the wall is signed out now, but the register of walls cannot be written: the gateway tries \
                 again, and a restart before that would sign the wall in again; the gateway's log says why",
            )),
        })
    }

    /// Removes revoked walls from the file once it can be written. Each failure is logged.
    async fn retry(self: Arc<Self>) {
        loop {
            tokio::time::sleep(RETRY_INTERVAL).await;
            if self.change(|_| Ok(())).await.is_ok() {
                return;
            }
        }
    }

    /// Every wall, with the time at which any gateway last saw it.
    ///
    /// # Errors
    /// The registry cannot be read.
    pub(crate) async fn list(&self) -> Result<Vec<Wall>, Problem> {
        let registry = self.read_latest().await?;
        let mut registry = WallRegistry::clone(&registry);
        self.last_seen.write_into(&mut registry);
        registry.drop_walls(&lock(&self.revoked));
        Ok(registry.walls)
    }
}

fn unreadable() -> Problem {
    shared_file::unavailable::<WallRegistry>()
}

/// The parts of the gateway's authentication that pairing uses.
pub(crate) struct PairingState<'a> {
    pub(crate) walls: &'a Arc<Walls>,
    pub(crate) seal: &'a Seal,
    pub(crate) cookie: &'a Cookie,
    /// Seconds since 1970.
    pub(crate) now: u64,
}

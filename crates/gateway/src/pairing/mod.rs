//! Paired walls: which there are, and the codes with which screens are paired. A wall may read only while it
//! is in the registry, and a file of walls that cannot be read counts as empty.

mod code;
mod file;
mod in_store;
mod last_seen;
mod registries;
mod registry;
mod ticket;

pub(crate) use registries::{OpenedRegistry, Registries};
pub(crate) use registry::{CodeState, PairingRequest, Wall};
pub(crate) use ticket::{Ticket, code_cookie, code_secret};

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

/// Checks that a file, if it exists, is a registry of walls.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check(file: &Path) -> Result<(), String> {
    shared_file::check::<WallRegistry>(file)
}

/// The walls of one registry, in memory, in a file or in the store. Gateways may share both of the latter.
#[derive(Debug)]
pub(crate) struct Walls {
    location: RegistryLocation,
    last_seen: LastSeen,
    /// The ids of the walls that were revoked here, also those that a registry which cannot be written still lists.
    revoked: Mutex<HashSet<String>>,
}

/// Where a registry is.
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

    /// Where paired walls survive a restart. `None` where they do not.
    pub(crate) fn kept(&self) -> Option<&'static str> {
        match &self.location {
            RegistryLocation::File(file) => file.is_persistent().then_some("file"),
            RegistryLocation::Store(_) => Some("store"),
        }
    }

    /// What is known of the registry. `None` when it cannot be read.
    fn read(&self) -> Option<Arc<WallRegistry>> {
        match &self.location {
            RegistryLocation::File(file) => file.read(),
            RegistryLocation::Store(store) => Some(store.read()),
        }
    }

    /// What the registry holds at this moment, whichever gateway has changed it.
    async fn fresh(&self) -> Result<Arc<WallRegistry>, Problem> {
        match &self.location {
            RegistryLocation::File(file) => file.read().ok_or_else(unreadable),
            RegistryLocation::Store(store) => store.fresh().await,
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

    /// The name of a wall that is not known here: another gateway may have paired it a moment ago.
    pub(crate) async fn look_up(&self, id: &str, now: u64) -> Option<String> {
        if self.looks_up(id, now) {
            // The log says why it cannot be read, and the wall asks again.
            let _ = self.fresh().await;
        }
        self.find(id)
    }

    /// Whether something that is not known is looked up in a store.
    fn looks_up(&self, what: &str, now: u64) -> bool {
        matches!(&self.location, RegistryLocation::Store(store) if store.may_look_up(what, now))
    }

    /// Notes that a wall made a request. It is saved once a minute at most.
    pub(crate) fn note_last_seen(self: &Arc<Self>, id: &str, from: IpAddr, now: u64) {
        if !self.last_seen.note(id, from, now) {
            return;
        }
        let is_behind = match &self.location {
            RegistryLocation::File(file) => file.is_persistent(),
            RegistryLocation::Store(store) => {
                let seen = self.last_seen.lately(now).into_iter();
                let seen = seen.map(|(id, from, at)| sighting(&id, from, at));
                store.store.save_later(seen.collect());
                let revoked = lock(&self.revoked);
                let registry = store.read();
                revoked.iter().any(|id| registry.wall(id).is_some())
            }
        };
        if is_behind {
            let walls = self.clone();
            // A failure is logged, and the next attempt is a minute away.
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

    /// Changes the registry, a file on a thread for blocking work, because files may be slow.
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
                changed
                    .unwrap_or_else(|_| Err(Problem::new(Kind::Internal, "the change broke off")))
            }
        }
    }

    /// The state of the code of the screen with this secret, which another gateway may have made a moment ago.
    ///
    /// # Errors
    /// The registry cannot be read.
    pub(crate) async fn code_state(&self, secret: &str, now: u64) -> Result<CodeState, Problem> {
        let registry = self.read().ok_or_else(unreadable)?;
        let mut state = registry.code_state(secret, now);
        if state == CodeState::Over && self.looks_up(secret, now) {
            state = self.fresh().await?.code_state(secret, now);
        }
        Ok(match state {
            CodeState::Paired { id, .. } if lock(&self.revoked).contains(&id) => CodeState::Over,
            state => state,
        })
    }

    /// Takes the session of the wall that was paired with the code of this screen. A code gives one session,
    /// once; a copy of the screen's cookie gets nothing.
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

    /// Makes a code for the screen with this secret.
    ///
    /// # Errors
    /// Too many codes exist or are asked for at once, or the registry cannot be read or written.
    pub(crate) async fn new_code(
        self: &Arc<Self>,
        secret: String,
        network: IpAddr,
        now: u64,
    ) -> Result<CodeState, Problem> {
        if let RegistryLocation::Store(store) = &self.location {
            // Anybody may ask. A client that asks too often does not reach the store, where changes are recorded, and
            // many clients at once leave room for these.
            if !store.store.has_room() {
                let detail = "too many screens ask for a code at once; try again in a moment";
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
    /// The code or the name is not valid, or the registry cannot be read or written.
    pub(crate) async fn pair(
        self: &Arc<Self>,
        request: PairingRequest,
        now: u64,
    ) -> Result<Wall, Problem> {
        self.change(move |registry| registry.pair(request, now))
            .await
    }

    /// Removes a wall. Its session ends at once, also while the registry cannot be read or written.
    ///
    /// # Errors
    /// There is no such wall, or the registry cannot be read or written: then the wall is removed from a store once
    /// that can be written, and from a file with its next change. A restart before that would bring it back.
    pub(crate) async fn revoke(self: &Arc<Self>, id: String) -> Result<Wall, Problem> {
        let registry = self.read();
        let listed = registry
            .as_ref()
            .and_then(|registry| registry.wall(&id).cloned());
        // An id that nobody has is not remembered, unless that cannot be known.
        if registry.is_none() || listed.is_some() {
            lock(&self.revoked).insert(id.clone());
        }
        let gone = id.clone();
        let revoked = self.change(move |registry| registry.revoke(&id)).await;
        if let RegistryLocation::Store(store) = &self.location
            && revoked
                .as_ref()
                .is_err_and(|problem| problem.kind == Kind::Internal)
        {
            let tables = [Table::Walls, Table::WallSightings];
            let delete = tables.map(|table| StateChange::delete(table, gone.as_str()));
            store.store.save_later(delete.into());
            lock(&self.revoked).insert(gone);
        }
        revoked.or_else(|problem| match (problem.kind, listed) {
            // Another change has removed it meanwhile, because it is revoked.
            (Kind::NotFound, Some(wall)) => Ok(wall),
            (Kind::Internal, _) => Err( Problem::new(
                Kind::NotSaved,
                "the wall is signed out now, but the register of walls cannot be written: the gateway tries \
                 again, and a restart before that would sign the wall in again; the gateway's log says why",
            )),
            _ => Err(problem),
        })
    }

    /// Every wall, with when any gateway last saw it.
    ///
    /// # Errors
    /// The registry cannot be read.
    pub(crate) async fn list(&self) -> Result<Vec<Wall>, Problem> {
        let registry = self.fresh().await?;
        let mut registry = WallRegistry::clone(&registry);
        self.last_seen.write_into(&mut registry);
        registry.drop_walls(&lock(&self.revoked));
        Ok(registry.walls)
    }
}

fn unreadable() -> Problem {
    let detail = "the register of walls cannot be read; the gateway's log says why";
    Problem::new(Kind::Internal, detail)
}

/// What pairing needs of the way in which this gateway authenticates visitors.
pub(crate) struct PairingState<'a> {
    pub(crate) walls: &'a Arc<Walls>,
    pub(crate) seal: &'a Seal,
    pub(crate) cookie: &'a Cookie,
    /// Seconds since 1970.
    pub(crate) now: u64,
}

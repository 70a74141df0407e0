//! Paired walls: which there are, and the codes with which screens are paired. A wall may read only while it
//! is in the registry, and a registry that cannot be read counts as empty.

mod code;
mod last_seen;
mod registry;
mod store;
mod ticket;

pub(crate) use registry::{CodeState, PairingRequest, Wall};
pub(crate) use ticket::{Ticket, code_cookie, code_secret};

use crate::crypto::{Cookie, Seal};
use crate::problem::{Kind, Problem};
use crate::shared_file;
use last_seen::LastSeen;
use registry::WallRegistry;
use std::collections::HashSet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::Store;

/// Checks that a file, if it exists, is a registry of walls.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check(file: &Path) -> Result<(), String> {
    shared_file::check::<WallRegistry>(file)
}

/// The walls of one registry, in memory or in a file that gateways may share.
#[derive(Debug)]
pub(crate) struct Walls {
    store: Store,
    last_seen: LastSeen,
    /// The ids of the walls that were revoked here, also those that a broken file still lists.
    revoked: Mutex<HashSet<String>>,
}

impl Walls {
    fn new(store: Store) -> Arc<Self> {
        Arc::new(Self {
            store,
            last_seen: LastSeen::default(),
            revoked: Mutex::default(),
        })
    }

    /// Whether paired walls survive a restart.
    pub(crate) fn is_persistent(&self) -> bool {
        self.store.is_persistent()
    }

    /// The name of a paired wall.
    pub(crate) fn find(&self, id: &str) -> Option<String> {
        if self.revoked().contains(id) {
            return None;
        }
        let registry = self.store.read()?;
        registry.wall(id).map(|wall| wall.name.clone())
    }

    /// Notes that a wall made a request. The file is updated once a minute at most.
    pub(crate) fn note_last_seen(self: &Arc<Self>, id: &str, from: IpAddr, now: u64) {
        let due = self.last_seen.note(id, from, now);
        if due && self.is_persistent() {
            let walls = self.clone();
            drop(tokio::task::spawn_blocking(move || {
                // The store logs a failure, and the next attempt is a minute away.
                let _ = walls.change_now(|_| Ok(()));
            }));
        }
    }

    fn change_now<T>(
        &self,
        act: impl FnOnce(&mut WallRegistry) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        self.store.change(|registry| {
            self.last_seen.write_into(registry);
            let done = act(registry)?;
            registry.drop_walls(&self.revoked());
            Ok(done)
        })
    }

    fn revoked(&self) -> MutexGuard<'_, HashSet<String>> {
        self.revoked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the registry on a thread for blocking work, because files may be slow.
    async fn change<T: Send + 'static>(
        self: &Arc<Self>,
        act: impl FnOnce(&mut WallRegistry) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let walls = self.clone();
        let changed = tokio::task::spawn_blocking(move || walls.change_now(act)).await;
        changed.unwrap_or_else(|_| Err(Problem::new(Kind::Internal, "the change broke off")))
    }

    /// The state of the code of the screen with this secret.
    ///
    /// # Errors
    /// The registry cannot be read.
    pub(crate) fn code_state(&self, secret: &str, now: u64) -> Result<CodeState, Problem> {
        let registry = self.store.read().ok_or_else(unreadable)?;
        Ok(match registry.code_state(secret, now) {
            CodeState::Paired { id, .. } if self.revoked().contains(&id) => CodeState::Over,
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
    /// Too many codes exist, or the registry cannot be read or written.
    pub(crate) async fn new_code(
        self: &Arc<Self>,
        secret: String,
        network: IpAddr,
        now: u64,
    ) -> Result<CodeState, Problem> {
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
    /// There is no such wall, or the registry cannot be read or written: then the next change of the registry
    /// removes the wall from it, and a restart before that would bring it back.
    pub(crate) async fn revoke(self: &Arc<Self>, id: String) -> Result<Wall, Problem> {
        let registry = self.store.read();
        let listed = registry
            .as_ref()
            .and_then(|registry| registry.wall(&id).cloned());
        // An id that nobody has is not remembered, unless that cannot be known.
        if registry.is_none() || listed.is_some() {
            self.revoked().insert(id.clone());
        }
        let revoked = self.change(move |registry| registry.revoke(&id)).await;
        revoked.or_else(|problem| match (problem.kind, listed) {
            // Another change has removed it meanwhile, because it is revoked.
            (Kind::NotFound, Some(wall)) => Ok(wall),
            (Kind::Internal, _) => Err( Problem::new(
                Kind::NotSaved,
                "the wall is signed out now, but the register of walls cannot be written: the gateway tries again \
                 with the next change, and a restart before that would sign the wall in again; the gateway's log \
                 says why",
            )),
            _ => Err(problem),
        })
    }

    /// Every wall, with when any gateway last saw it.
    ///
    /// # Errors
    /// The registry cannot be read.
    pub(crate) fn list(&self) -> Result<Vec<Wall>, Problem> {
        let registry = self.store.read().ok_or_else(unreadable)?;
        let mut registry = WallRegistry::clone(&*registry);
        self.last_seen.write_into(&mut registry);
        registry.drop_walls(&self.revoked());
        Ok(registry.walls)
    }
}

fn unreadable() -> Problem {
    let detail = "the register of walls cannot be read; the gateway's log says why";
    Problem::new(Kind::Internal, detail)
}

/// The registries of one process. They survive a change of the configuration.
#[derive(Debug)]
pub(crate) struct Registries {
    in_memory: Arc<Walls>,
    in_file: Mutex<Option<(PathBuf, Arc<Walls>)>>,
}

impl Default for Registries {
    fn default() -> Self {
        Self {
            in_memory: Walls::new(Store::in_memory()),
            in_file: Mutex::default(),
        }
    }
}

impl Registries {
    /// The registry in this file, or the one in memory.
    ///
    /// # Errors
    /// Why the file cannot be used.
    pub(crate) fn at(&self, file: Option<&Path>) -> Result<Arc<Walls>, String> {
        let Some(file) = file else {
            return Ok(self.in_memory.clone());
        };
        let mut in_file = self.in_file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, walls)) = &*in_file
            && known == file
        {
            // The file may have been damaged since.
            check(file)?;
            return Ok(walls.clone());
        }
        let walls = Walls::new(Store::in_file(file)?);
        *in_file = Some((file.to_owned(), walls.clone()));
        Ok(walls)
    }
}

/// What pairing needs of the way in which this gateway authenticates visitors.
pub(crate) struct PairingState<'a> {
    pub(crate) walls: &'a Arc<Walls>,
    pub(crate) seal: &'a Seal,
    pub(crate) cookie: &'a Cookie,
    /// Seconds since 1970.
    pub(crate) now: u64,
}

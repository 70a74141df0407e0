//! The state of authentication that is not configuration.

use super::ended_sessions::{EndedSessions, OpenedFile};
use super::hashing::Hashing;
use super::throttle::Throttle;
use super::used_ids::UsedIds;
use crate::crypto::Seal;
use crate::pairing;
use crate::store::Store;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The state of authentication that survives a configuration reload.
#[derive(Debug)]
pub(crate) struct Memory {
    /// Attempts to sign in with a password or at a provider.
    pub(super) throttle: Throttle,
    pub(super) hashing: Arc<Hashing>,
    /// Attempts to enter a wall's code.
    pub(super) codes: Throttle,
    pub(super) walls: pairing::Registries,
    pub(super) ended: EndedSessions,
    /// The ids of completed sign-ins at a provider and of used unlock codes.
    pub(super) used_ids: UsedIds,
    /// The seal of a gateway without a configured key. Its sessions end with the process.
    pub(super) ephemeral_seal: Arc<Seal>,
    /// Whether users had to sign in at any time since the start.
    had_sign_in: AtomicBool,
}

impl Memory {
    /// An empty memory.
    ///
    /// # Errors
    /// The operating system provides no random numbers.
    pub(crate) fn new() -> Result<Self, String> {
        Ok(Self {
            throttle: Throttle::default(),
            hashing: Arc::default(),
            codes: Throttle::default(),
            walls: pairing::Registries::default(),
            ended: EndedSessions::default(),
            used_ids: UsedIds::default(),
            ephemeral_seal: Arc::new(Seal::ephemeral()?),
            had_sign_in: AtomicBool::new(false),
        })
    }

    /// Saves walls and ended sessions in a store, for restarts and for other gateways.
    pub(crate) fn with_store(self, store: Arc<Store>) -> Self {
        Self {
            walls: pairing::Registries::in_store(store.clone()),
            ended: EndedSessions::in_store(store),
            ..self
        }
    }

    /// Whether users had to sign in at any time since the start.
    pub(crate) fn had_sign_in(&self) -> bool {
        self.had_sign_in.load(Ordering::Relaxed)
    }
}

/// The changes that a configuration makes to the memory, applied after all its checks have passed.
#[derive(Debug)]
pub(crate) struct MemoryChanges {
    pub(super) memory: Arc<Memory>,
    pub(super) ended: OpenedFile,
    pub(super) walls: pairing::OpenedRegistry,
}

impl MemoryChanges {
    pub(crate) fn apply(self) {
        self.memory.ended.use_file(self.ended);
        self.memory.walls.keep(self.walls);
        self.memory.had_sign_in.store(true, Ordering::Relaxed);
    }
}

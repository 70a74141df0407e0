//! What connections share: those of one account the queue of its signed requests, those of one service the
//! locks of its groups.

use super::group_locks::GroupLocks;
use crate::clock::Clock;
use crate::credentials::Turns;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// The queues and locks of all connections.
pub(crate) struct Accounts {
    clock: Clock,
    turns: HashMap<(String, String), Arc<Turns>>,
    locks: HashMap<String, Arc<GroupLocks>>,
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts").finish_non_exhaustive()
    }
}

impl Accounts {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            turns: HashMap::new(),
            locks: HashMap::new(),
        }
    }

    /// The queue of an account's signed requests.
    pub(super) fn turns(&mut self, base: &str, owner: &str) -> Arc<Turns> {
        let key = (base.to_owned(), owner.to_owned());
        self.turns
            .entry(key)
            .or_insert_with(|| Arc::new(Turns::new(self.clock.clone())))
            .clone()
    }

    /// The locks of a service's groups.
    pub(super) fn locks(&mut self, base: &str) -> Arc<GroupLocks> {
        self.locks.entry(base.to_owned()).or_default().clone()
    }
}

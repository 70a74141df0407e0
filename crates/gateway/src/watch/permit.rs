//! The permission to publish readings of a connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Allows one watcher to publish. An aborted task runs on until its next await, so the inventory checks the permit
/// under its lock: after `revoke`, nothing more is published.
#[derive(Debug, Clone, Default)]
pub(crate) struct Permit(Arc<AtomicBool>);

impl Permit {
    /// Revokes the permit and all its copies.
    pub(super) fn revoke(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(crate) fn is_revoked(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

//! Who may publish what was read of a connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Lets one watcher publish. An aborted task runs on until its next await, so the inventory checks the permit under its
/// lock: after `revoke` nothing more is published.
#[derive(Debug, Clone, Default)]
pub(crate) struct Permit(Arc<AtomicBool>);

impl Permit {
    /// Takes the permit from all who have it.
    pub(super) fn revoke(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it was revoked.
    pub(crate) fn is_revoked(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

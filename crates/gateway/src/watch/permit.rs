//! Who may tell the inventory what was read of a connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Lets one watcher tell what it has read, until another takes its place. A task that is ended goes on until it waits for
/// something: what it would tell after its end is of a system that is watched no longer, or older than what another gateway
/// has read. The inventory looks at the permit while nobody else can change it, so that whoever takes it back first and
/// then changes the inventory is overtaken by nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Permit(Arc<AtomicBool>);

impl Permit {
    /// Takes it back, from all who have it.
    pub(super) fn take_back(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it was taken back.
    pub(crate) fn is_taken_back(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

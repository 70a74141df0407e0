//! The time of day, as a value that tests can replace.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Returns the time since 1970.
pub(crate) type Clock = Arc<dyn Fn() -> Duration + Send + Sync>;

/// The computer's clock.
pub(crate) fn wall_clock() -> Clock {
    Arc::new(|| {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
    })
}

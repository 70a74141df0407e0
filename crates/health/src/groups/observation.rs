//! The times of reading and of judging.

use chrono::{DateTime, Utc};

/// The times of an observation. Ages are relative to `now`. Whether a heartbeat is missing is decided for
/// the time of reading, because a heartbeat that became due later may have arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observation {
    /// The vendor's time now.
    pub now: DateTime<Utc>,
    /// The vendor's time when the sessions were read.
    pub observed_at: DateTime<Utc>,
}

impl From<DateTime<Utc>> for Observation {
    /// Read at this moment.
    fn from(now: DateTime<Utc>) -> Self {
        Self {
            now,
            observed_at: now,
        }
    }
}

//! The time of a reading and the time of its judgement.

use chrono::{DateTime, Utc};

/// The times of an observation. Ages are relative to `now`. Missing heartbeats are judged for the time of the reading,
/// because a heartbeat that became due later may have arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observation {
    /// The current time of the vendor's clock.
    pub now: DateTime<Utc>,
    /// The time of the reading by the vendor's clock.
    pub observed_at: DateTime<Utc>,
}

impl From<DateTime<Utc>> for Observation {
    /// A reading at this moment.
    fn from(now: DateTime<Utc>) -> Self {
        Self {
            now,
            observed_at: now,
        }
    }
}

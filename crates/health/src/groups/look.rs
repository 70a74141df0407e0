//! When sessions were read, and when they are judged.

use chrono::{DateTime, Utc};

/// A look at sessions that were read a moment ago. Ages run on with `now`; but whether a heartbeat is
/// missing can only be said for the moment of reading: one that was due since may well have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// The vendor's time now.
    pub now: DateTime<Utc>,
    /// The vendor's time when the sessions were read.
    pub read: DateTime<Utc>,
}

impl From<DateTime<Utc>> for Look {
    /// Read at this very moment.
    fn from(now: DateTime<Utc>) -> Self {
        Self { now, read: now }
    }
}

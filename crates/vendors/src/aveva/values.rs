//! The value formats of the AVEVA contract.

/// .NET's constant time-span, in ticks of 100 ns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeSpan {
    /// Ticks of 100 ns.
    pub ticks: i64,
}

impl TimeSpan {
    /// A whole number of seconds.
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Self {
        Self { ticks: seconds.saturating_mul(10_000_000) }
    }

    /// As a chrono duration (to the nanosecond, exact).
    #[must_use]
    pub fn delta(self) -> chrono::TimeDelta {
        let nanos = i32::try_from(self.ticks.rem_euclid(10_000_000) * 100).unwrap_or_default();
        chrono::TimeDelta::seconds(self.ticks.div_euclid(10_000_000)) + chrono::TimeDelta::nanoseconds(i64::from(nanos))
    }
}

/// `ClientRole`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Role {
    /// 0: stands by.
    Secondary,
    /// 1: collects and sends.
    Primary,
    /// 2: chosen, and has to post one more heartbeat.
    PendingPrimary,
    /// A value that the contract does not know, as it came.
    Other(String),
}

//! What Uplynk answers with. Every field may be missing or null: then it is `None`.

use chrono::{DateTime, Utc};

/// `FailoverGroup`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FailoverGroup {
    /// 32 hexadecimal digits.
    pub id: String,
    /// The owner's id.
    pub owner: Option<String>,
    /// For people.
    pub name: Option<String>,
    /// How many slicers encode and store: 0 all of them, 1 one, N one and N−1 backups.
    pub hot_warm: Option<i64>,
    /// How the next slicer is chosen.
    pub mode: Option<Mode>,
    /// Whether a higher-priority slicer takes over again once healthy; counts in prioritized mode only.
    pub auto_failback: Option<bool>,
    /// When the last failover was; `None` for never.
    pub failover_time: Option<DateTime<Utc>>,
    /// What is on air.
    pub active: Option<OnAir>,
    /// The live channels that this group feeds; `None` when the list call left them out.
    pub channels: Option<Vec<Channel>>,
    /// The slicers as listed; `None` when the list call left them out.
    pub slicers: Option<Vec<Slicer>>,
}

/// `mode`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Mode {
    /// The healthy, eligible slicer with the lowest order.
    Prioritized,
    /// A random healthy one.
    Flat,
    /// A mode that the contract does not know, as it came.
    Other(String),
}

/// `active_slicer_id`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum OnAir {
    /// This slicer feeds the channels.
    Slicer(String),
    /// `no_slicer`: the channels show the missing-content slate.
    Slate,
}

/// One live channel of a group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Channel {
    /// 32 hexadecimal digits.
    pub id: String,
    /// Its name.
    pub desc: Option<String>,
}

/// One live slicer of a group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Slicer {
    /// A human name, case-sensitive.
    pub id: String,
    /// Health: 0 is healthy; otherwise the slicer is not eligible until then, and a past time means
    /// that a re-check is due, not that it is healthy.
    pub blacklist: Option<Blacklist>,
    /// From 1; every slicer has 1 in flat mode.
    pub order: Option<i64>,
    /// What it is doing; not its health.
    pub state: Option<SlicerState>,
    /// Where a picture of its output is; as it came.
    pub thumb_url: Option<String>,
    /// Its host.
    pub hostname: Option<String>,
    /// Whether it takes part in failover; it goes on slicing either way.
    pub enabled: Option<bool>,
}

/// `blacklist_until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blacklist {
    /// 0.
    Healthy,
    /// Unhealthy, and not eligible until then.
    Until(DateTime<Utc>),
}

/// `status.state`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SlicerState {
    /// −1.
    Inactive,
    /// 0.
    Slicing,
    /// 1.
    AdBreak,
    /// 2.
    ReplacingContent,
    /// 3.
    Blackout,
    /// A number that the contract does not know.
    Other(i64),
}

//! Uplynk's data types. Every field may be missing or null; it is then `None`.

use crate::from_json;
use crate::unreadable::{LeftOut, UnreadableField};
use chrono::{DateTime, Utc};
use serde::Serialize;

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
    /// How the next slicer is selected.
    pub mode: Option<Mode>,
    /// Whether a higher-priority slicer takes over again once healthy; counts in prioritized mode only.
    pub auto_failback: Option<bool>,
    /// When the last failover was; `None` where none is reported, which 0 is too.
    pub failover_time: Option<DateTime<Utc>>,
    /// What is on air.
    pub active: Option<OnAir>,
    /// The live channels of this group; `None` when the list call omits them.
    pub channels: Option<Vec<Channel>>,
    /// The slicers as listed; `None` when the list call omits them.
    pub slicers: Option<Vec<Slicer>>,
    /// What of it could not be read.
    pub unreadable: Vec<UnreadableField>,
}

/// `mode`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The healthy, eligible slicer with the lowest order.
    Prioritized,
    /// A random healthy one.
    Flat,
    /// A mode that is not in the contract, unmodified.
    Other(String),
}

from_json! { enum Mode { Prioritized = "prioritized", Flat = "flat", Other(_) = "other" } }

/// `active_slicer_id`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OnAir {
    /// This slicer feeds the channels.
    Slicer(String),
    /// `no_slicer`: the channels show the missing-content slate.
    Slate,
}

from_json! { enum OnAir { Slicer(_) = "slicer", Slate = "slate" } }

/// One live channel of a group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Channel {
    /// 32 hexadecimal digits.
    pub id: String,
    /// Its name.
    pub desc: Option<String>,
    /// What of it could not be read.
    pub unreadable: Vec<UnreadableField>,
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
    /// Its activity; not its health.
    pub state: Option<SlicerState>,
    /// The URL of an image of its output, unmodified.
    pub thumb_url: Option<String>,
    /// Its host.
    pub hostname: Option<String>,
    /// Whether it takes part in failover; it continues to slice either way.
    pub enabled: Option<bool>,
    /// What of it could not be read.
    pub unreadable: Vec<UnreadableField>,
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
    /// A number that is not in the contract.
    Other(i64),
}

/// The value of `active_slicer_id` while the slate is on air.
pub const NO_SLICER: &str = "no_slicer";

impl From<i64> for SlicerState {
    fn from(number: i64) -> Self {
        match number {
            -1 => Self::Inactive,
            0 => Self::Slicing,
            1 => Self::AdBreak,
            2 => Self::ReplacingContent,
            3 => Self::Blackout,
            other => Self::Other(other),
        }
    }
}

/// A Collection: a list that may be incomplete.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Collection<T> {
    /// The received items.
    pub items: Vec<T>,
    /// `total_items`, a number or a text; `None` when it is neither.
    pub total: Option<u64>,
    /// What else it held.
    pub left_out: LeftOut,
}

impl<T> Collection<T> {
    /// How many items there are beside those that were read: unreadable, or not sent.
    #[must_use]
    pub fn missing(&self) -> usize {
        let known = self.items.len() + self.left_out.repeated;
        let total = self.total.and_then(|total| usize::try_from(total).ok());
        let missing = total.unwrap_or_default().saturating_sub(known);
        missing.max(self.left_out.unreadable)
    }
}

/// Changes of a group's configuration; `None` leaves a value unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Configuration {
    /// How the next slicer is selected. Switching to prioritized resets every order.
    pub mode: Option<Mode>,
    /// Whether a higher-priority slicer takes over again once healthy.
    pub auto_failback: Option<bool>,
}

/// A slicer's position in the failover order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlicerPlace {
    /// The slicer.
    pub slicer_id: String,
    /// Whether it takes part in failover.
    pub enabled: bool,
    /// From 1, dense.
    pub order: u32,
}

impl Slicer {
    /// The URL of the image of the output, if it may be shown: only http or https, and https on an https
    /// page; not in an ad break, with replaced content or in a blackout, because the image is then not what
    /// viewers see. Of a state that is not known nothing is said.
    #[must_use]
    pub fn thumbnail_url(&self, https_page: bool) -> Option<String> {
        if matches!(
            self.state,
            Some(SlicerState::AdBreak | SlicerState::ReplacingContent | SlicerState::Blackout)
        ) {
            return None;
        }
        let url = self.thumb_url.as_deref()?.trim();
        let scheme = |name: &str| {
            url.get(..name.len())
                .filter(|start| start.eq_ignore_ascii_case(name))
        };
        if scheme("https://").is_some() {
            return Some(url.to_owned());
        }
        scheme("http://")?;
        Some(if https_page {
            format!("https://{}", &url["http://".len()..])
        } else {
            url.to_owned()
        })
    }
}

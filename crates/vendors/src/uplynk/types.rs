//! Uplynk's data types. A field that is missing or null is `None`.

use crate::from_json;
use crate::unreadable::{LeftOut, UnreadableField};
use chrono::{DateTime, Utc};
use serde::Serialize;

/// `FailoverGroup`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FailoverGroup {
    /// The id: 32 hexadecimal digits.
    pub id: String,
    /// The owner's id.
    pub owner: Option<String>,
    /// The display name.
    pub name: Option<String>,
    /// The number of slicers that encode and store: 0 means all, 1 one, N one and N−1 backups.
    pub hot_warm: Option<i64>,
    /// The failover mode, which decides how the next slicer is selected.
    pub mode: Option<Mode>,
    /// Whether a slicer of higher priority takes over again once it is healthy; applies only in prioritized mode.
    pub auto_failback: Option<bool>,
    /// Time of the last failover; `None` if none is reported or the value is 0.
    pub failover_time: Option<DateTime<Utc>>,
    /// The slicer on air, or the slate.
    pub active: Option<OnAir>,
    /// The live channels of the group; `None` if the list of groups omits them.
    pub channels: Option<Vec<Channel>>,
    /// The slicers as listed; `None` if the list of groups omits them.
    pub slicers: Option<Vec<Slicer>>,
    /// The unreadable fields.
    pub unreadable: Vec<UnreadableField>,
}

/// `mode`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The healthy, eligible slicer with the lowest order goes on air.
    Prioritized,
    /// A random healthy slicer goes on air.
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
    /// The id: 32 hexadecimal digits.
    pub id: String,
    /// The name.
    pub desc: Option<String>,
    /// The unreadable fields.
    pub unreadable: Vec<UnreadableField>,
}

/// One live slicer of a group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Slicer {
    /// The id: a readable name, case-sensitive.
    pub id: String,
    /// The health. A slicer is not eligible until the time; a past time means that a re-check is due, not healthy.
    pub blacklist: Option<Blacklist>,
    /// The position, from 1. In flat mode every slicer has 1.
    pub order: Option<i64>,
    /// The activity, which is not the health.
    pub state: Option<SlicerState>,
    /// The URL of a thumbnail of its output, unmodified.
    pub thumb_url: Option<String>,
    /// The name of its host.
    pub hostname: Option<String>,
    /// Whether it is eligible for failover; it continues slicing either way.
    pub enabled: Option<bool>,
    /// The unreadable fields.
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
    /// The items of the response.
    pub items: Vec<T>,
    /// `total_items`, a number or a text; `None` for anything else.
    pub total: Option<u64>,
    /// The number of unreadable and repeated items.
    pub left_out: LeftOut,
}

impl<T> Collection<T> {
    /// The number of items that are missing: unreadable, or not sent.
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
    /// The failover mode. Switching to prioritized resets every order.
    pub mode: Option<Mode>,
    /// Whether a slicer of higher priority takes over again once it is healthy.
    pub auto_failback: Option<bool>,
}

/// The eligibility and position of a slicer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlicerPlace {
    /// The slicer's id.
    pub slicer_id: String,
    /// Whether it is eligible for failover.
    pub enabled: bool,
    /// The position: from 1, without gaps.
    pub order: u32,
}

impl Slicer {
    /// The URL of the thumbnail, if it may be shown: only http or https, and only https on an https page. Not in an ad
    /// break, with replaced content or in a blackout, because viewers see something else then.
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

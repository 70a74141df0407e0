//! `[activity]`: how much of the activity is kept.

use super::section::Section;
use protocol::ActivityKind;
use std::ops::Range;

/// The limits of the days that entries are kept: up to ten years.
const DAYS: Range<u64> = 1..3_661;

/// The limits of the number of entries.
const ENTRIES: Range<u64> = 1_000..100_000_001;

/// How much of the activity is kept. The audit is kept forever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Retention {
    pub(crate) days: u64,
    pub(crate) entries: u64,
    /// The number of days for kinds that differ from `days`.
    pub(crate) by_kind: Vec<(ActivityKind, u64)>,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            days: 400,
            entries: 10_000_000,
            by_kind: Vec::new(),
        }
    }
}

pub(super) fn read(top: &Section<'_>) -> Retention {
    let mut retention = Retention::default();
    let Some(section) = top.table("activity") else {
        return retention;
    };
    if let Some(days) = section.number("keep_days", DAYS) {
        retention.days = days;
    }
    if let Some(entries) = section.number("keep_entries", ENTRIES) {
        retention.entries = entries;
    }
    if let Some(of) = section.table("keep_days_of") {
        let days = ActivityKind::all().map(|kind| (kind, of.number(kind.key(), DAYS)));
        let given = days.filter_map(|(kind, days)| Some((kind, days?)));
        retention.by_kind = given.collect();
        of.finish();
    }
    section.finish();
    retention
}

//! A slicer group and a slicer as rows show them. Pure.

use crate::ui::table::sorting::SortOrder;
use crate::ui::times;
use chrono::{DateTime, FixedOffset, Utc};
use health::severity::Severity;
use health::slicers::{SlicerHealth, backups, ordered, slicer_health, state_word};
use health::verdict::Verdict;
use std::cmp::Ordering;
use vendors::uplynk::{FailoverGroup, Mode, OnAir, Slicer};

/// The columns that can be sorted by.
pub const KEYS: &[&str] = &["state", "group", "connection", "failover"];

/// Worst first.
pub const WORST_FIRST: SortOrder = SortOrder {
    key: "state",
    descending: false,
};

/// Where a row's group is and how it is to be read.
pub struct RowContext<'a> {
    /// The connection's title.
    pub connection: &'a str,
    /// Where the group's page is.
    pub href: String,
    /// Whether the source is stale.
    pub stale: bool,
    /// The vendor's time.
    pub now: DateTime<Utc>,
    /// The zone on the screen.
    pub zone: FixedOffset,
}

/// One row of the table "Slicer failover groups".
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// How bad; unknown when the source is stale.
    pub severity: Severity,
    /// The state in words.
    pub word: String,
    /// What the state was when the source was last heard.
    pub was: Option<&'static str>,
    /// The group's name.
    pub name: String,
    /// How many channels it feeds.
    pub channels: String,
    /// Where the group's page is.
    pub href: String,
    /// The connection's title.
    pub connection: String,
    /// What is on air, and what it is doing.
    pub on_air: (String, String),
    /// The mode in words.
    pub mode: String,
    /// Auto failback in words.
    pub auto_failback: &'static str,
    /// The slicers in order.
    pub chain: Vec<Link>,
    /// Backups that could take over at once, of all.
    pub backups: String,
    /// When the last failover was.
    pub failover: Option<DateTime<Utc>>,
    /// The same in words, and how long ago.
    pub failover_words: (String, String),
    /// Whether the source is stale.
    pub stale: bool,
    /// What a search looks in.
    pub haystack: String,
}

/// One slicer in a row's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its id.
    pub id: String,
    /// `onair`, `warning`, `off` or none.
    pub mark: Option<&'static str>,
    /// The mark in words.
    pub words: &'static str,
}

/// A group's name, or its id.
#[must_use]
pub fn name(group: &FailoverGroup) -> String {
    group
        .name
        .clone()
        .filter(|name| !name.trim().is_empty())
        .unwrap_or_else(|| group.id.clone())
}

/// Whether this slicer is on air.
#[must_use]
pub fn is_on_air(group: &FailoverGroup, slicer: &Slicer) -> bool {
    matches!(&group.active, Some(OnAir::Slicer(id)) if *id == slicer.id)
}

/// A mode in words.
#[must_use]
pub fn mode_word(mode: Option<&Mode>) -> String {
    match mode {
        Some(Mode::Prioritized) => "Prioritized".to_owned(),
        Some(Mode::Flat) => "Flat".to_owned(),
        Some(Mode::Other(word)) => word.clone(),
        None => "–".to_owned(),
    }
}

/// Auto failback in words; it counts in prioritized mode only.
#[must_use]
pub fn failback_word(group: &FailoverGroup) -> &'static str {
    match (group.auto_failback, &group.mode) {
        (None, _) => "–",
        (Some(_), Some(Mode::Flat)) => "not in flat mode",
        (Some(true), _) => "On",
        (Some(false), _) => "Off",
    }
}

fn link(group: &FailoverGroup, slicer: &Slicer, now: DateTime<Utc>) -> Link {
    let (mark, words) = if is_on_air(group, slicer) {
        (Some("onair"), "on air")
    } else if slicer.enabled == Some(false) {
        (Some("off"), "out of failover")
    } else if matches!(slicer_health(slicer, now), SlicerHealth::Healthy) {
        (None, "")
    } else {
        (Some("warning"), "unhealthy")
    };
    Link {
        id: slicer.id.clone(),
        mark,
        words,
    }
}

/// A group as a row.
#[must_use]
pub fn row(group: &FailoverGroup, verdict: &Verdict, context: RowContext<'_>) -> Row {
    let slicers = ordered(group);
    let active = slicers.iter().find(|slicer| is_on_air(group, slicer));
    let on_air = match &group.active {
        Some(OnAir::Slate) => ("Slate".to_owned(), "no slicer is on air".to_owned()),
        Some(OnAir::Slicer(id)) => (
            id.clone(),
            active
                .and_then(|s| s.state.as_ref())
                .map(state_word)
                .unwrap_or_default(),
        ),
        None => ("–".to_owned(), String::new()),
    };
    let channels = group.channels.as_deref().unwrap_or_default();
    let (ready, all) = backups(group, context.now);
    let names = slicers.iter().map(|slicer| slicer.id.as_str());
    let names = names.chain(
        channels
            .iter()
            .filter_map(|channel| channel.desc.as_deref()),
    );
    let group_name = name(group);
    let haystack = names
        .chain([group_name.as_str(), group.id.as_str(), context.connection])
        .collect::<Vec<_>>()
        .join("\n");
    Row {
        severity: if context.stale {
            Severity::Unknown
        } else {
            verdict.severity
        },
        word: if context.stale {
            "Unknown".to_owned()
        } else {
            verdict.word.to_owned()
        },
        was: context.stale.then_some(verdict.word),
        name: group_name,
        channels: match channels.len() {
            1 => "1 channel".to_owned(),
            number => format!("{number} channels"),
        },
        href: context.href,
        connection: context.connection.to_owned(),
        on_air,
        mode: mode_word(group.mode.as_ref()),
        auto_failback: failback_word(group),
        chain: slicers
            .iter()
            .map(|slicer| link(group, slicer, context.now))
            .collect(),
        backups: format!("{ready} of {all}"),
        failover: group.failover_time,
        failover_words: match group.failover_time {
            Some(at) => (
                times::moment(at, context.now, context.zone),
                times::ago(at, context.now),
            ),
            None => ("–".to_owned(), "never".to_owned()),
        },
        stale: context.stale,
        haystack: haystack.to_lowercase(),
    }
}

/// Puts rows in order; equal ones by name.
pub fn sort(rows: &mut [Row], order: SortOrder) {
    rows.sort_by(|a, b| {
        let by = match order.key {
            "group" => Ordering::Equal,
            "connection" => a.connection.cmp(&b.connection),
            "failover" => a.failover.cmp(&b.failover),
            _ => a.severity.cmp(&b.severity),
        };
        let by = by.then_with(|| a.name.to_lowercase().cmp(&b.name.to_lowercase()));
        if order.descending { by.reverse() } else { by }
    });
}

#[cfg(test)]
mod tests {
    use super::{RowContext, row};
    use chrono::{DateTime, FixedOffset, Utc};
    use health::severity::Severity;
    use vendors::uplynk::{Blacklist, FailoverGroup, Mode, OnAir, Slicer, SlicerState};

    fn slicer(id: &str, order: i64) -> Slicer {
        Slicer {
            id: id.into(),
            blacklist: Some(Blacklist::Healthy),
            order: Some(order),
            state: Some(SlicerState::Slicing),
            enabled: Some(true),
            ..Slicer::default()
        }
    }

    fn group() -> FailoverGroup {
        FailoverGroup {
            id: "9852b8646dea4cd0a48f5e0ffaa4f8b3".into(),
            name: Some("My Failover Group".into()),
            mode: Some(Mode::Prioritized),
            auto_failback: Some(true),
            active: Some(OnAir::Slicer("news01".into())),
            channels: Some(Vec::new()),
            slicers: Some(vec![slicer("news02", 2), slicer("news01", 1)]),
            ..FailoverGroup::default()
        }
    }

    fn shown(group: &FailoverGroup, stale: bool) -> super::Row {
        let now: DateTime<Utc> = "2026-11-21T14:32:08Z".parse().expect("a time");
        let zone = FixedOffset::east_opt(0).expect("in range");
        row(
            group,
            &health::slicers::judge_slicers(group, now),
            RowContext {
                connection: "Live",
                href: String::new(),
                stale,
                now,
                zone,
            },
        )
    }

    #[test]
    fn the_chain_stands_in_order_and_says_who_is_on_air() {
        let chain = shown(&group(), false).chain;
        let words: Vec<_> = chain
            .iter()
            .map(|link| (link.id.as_str(), link.words))
            .collect();
        assert_eq!(words, [("news01", "on air"), ("news02", "")]);
    }

    #[test]
    fn slate_is_said_in_words() {
        let slate = FailoverGroup {
            active: Some(OnAir::Slate),
            ..group()
        };
        assert_eq!(shown(&slate, false).on_air.0, "Slate");
    }

    #[test]
    fn auto_failback_is_not_claimed_in_flat_mode() {
        let flat = FailoverGroup {
            mode: Some(Mode::Flat),
            ..group()
        };
        assert_eq!(shown(&flat, false).auto_failback, "not in flat mode");
    }

    #[test]
    fn a_stale_row_is_unknown() {
        let row = shown(&group(), true);
        assert_eq!(
            (row.severity, row.word.as_str()),
            (Severity::Unknown, "Unknown")
        );
    }
}

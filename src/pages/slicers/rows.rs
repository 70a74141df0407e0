//! A slicer as an item of the list "Slicer order" shows it, and the list under a draft. Pure.

use super::model::is_on_air;
use crate::ui::reorder::Draft;
use crate::ui::times;
use chrono::{DateTime, FixedOffset, Utc};
use health::severity::Severity;
use health::slicers::{SlicerHealth, ordered, slicer_health, state_word};
use std::collections::HashMap;
use vendors::uplynk::{FailoverGroup, Mode, Slicer};

/// One slicer in the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// Its position, in words.
    pub position: String,
    /// Its host.
    pub hostname: String,
    /// Whether it is on air.
    pub on_air: bool,
    /// What it is doing, in words.
    pub state: String,
    /// How bad its health is.
    pub severity: Severity,
    /// Its health in words.
    pub health: &'static str,
    /// Until when it is skipped, or since when its re-check is due.
    pub until: Option<String>,
    /// Whether it takes part in failover; `None` where the service does not say.
    pub eligible: Option<bool>,
    /// Where its vendor says that its picture is.
    pub picture: Option<String>,
    /// Its place in the list, from 1.
    pub at: usize,
    /// Of how many.
    pub of: usize,
    /// Where it stood, where a draft moves it.
    pub was: Option<usize>,
}

impl Row {
    /// Its eligibility in words.
    #[must_use]
    pub fn eligibility(&self) -> &'static str {
        match self.eligible {
            Some(true) => "Eligible",
            Some(false) => "Left out",
            None => "–",
        }
    }

    /// What the item is called.
    #[must_use]
    pub fn name(&self) -> String {
        let on_air = if self.on_air { ", on air" } else { "" };
        let Self {
            id,
            position,
            state,
            health,
            ..
        } = self;
        format!(
            "{id}, position {position}{on_air}, {state}, {health}, {}",
            self.eligibility()
        )
    }
}

fn row(group: &FailoverGroup, slicer: &Slicer, now: DateTime<Utc>, zone: FixedOffset) -> Row {
    let (severity, health, until) = match slicer_health(slicer, now) {
        SlicerHealth::Healthy => (Severity::Normal, "Healthy", None),
        SlicerHealth::Unhealthy { until } => (
            Severity::Warning,
            "Unhealthy",
            Some(format!("skipped until {}", times::moment(until, now, zone))),
        ),
        SlicerHealth::RecheckDue { since } => (
            Severity::Warning,
            "Re-check due",
            Some(format!("since {}", times::moment(since, now, zone))),
        ),
        SlicerHealth::Unknown => (Severity::Unknown, "Unknown", None),
    };
    let flat = group.mode == Some(Mode::Flat);
    Row {
        id: slicer.id.clone(),
        position: match slicer.order {
            Some(order) if !flat => order.to_string(),
            _ => "–".to_owned(),
        },
        hostname: slicer.hostname.clone().unwrap_or_default(),
        on_air: is_on_air(group, slicer),
        state: slicer
            .state
            .as_ref()
            .map_or_else(|| "–".to_owned(), state_word),
        severity,
        health,
        until,
        eligible: slicer.enabled,
        picture: slicer.picture(true),
        at: 0,
        of: 0,
        was: None,
    }
}

/// The list under a draft. While a row is held, `before` keeps who is in the list as it was: who has
/// gone stays, marked, and who has come waits until the row is let go.
#[must_use]
pub fn rows(
    group: &FailoverGroup,
    draft: &Draft,
    before: Option<&[Row]>,
    now: DateTime<Utc>,
    zone: FixedOffset,
) -> Vec<Row> {
    let place: HashMap<&str, usize> = draft.order().iter().map(String::as_str).zip(0..).collect();
    let base: HashMap<&str, usize> = draft.base().iter().map(String::as_str).zip(1..).collect();
    let mut slicers = ordered(group);
    slicers.sort_by_key(|slicer| place.get(slicer.id.as_str()).copied().unwrap_or(usize::MAX));
    let mut rows: Vec<Row> = match before {
        None => slicers
            .iter()
            .map(|slicer| row(group, slicer, now, zone))
            .collect(),
        Some(before) => {
            let known: HashMap<&str, &Slicer> = slicers
                .iter()
                .map(|slicer| (slicer.id.as_str(), *slicer))
                .collect();
            before
                .iter()
                .map(|held| match known.get(held.id.as_str()) {
                    Some(slicer) => row(group, slicer, now, zone),
                    None => Row {
                        severity: Severity::Unknown,
                        health: "No longer in the group",
                        until: None,
                        on_air: false,
                        ..held.clone()
                    },
                })
                .collect()
        }
    };
    let of = rows.len();
    let changed = draft.is_changed();
    for (row, at) in rows.iter_mut().zip(1..) {
        row.at = at;
        row.of = of;
        if changed {
            row.position = at.to_string();
            let was = base.get(row.id.as_str()).copied();
            row.was = was.filter(|was| *was != at);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::rows;
    use crate::ui::reorder::Draft;
    use chrono::{DateTime, FixedOffset, Utc};
    use vendors::uplynk::{FailoverGroup, Mode, Slicer};

    fn group(order: &str) -> FailoverGroup {
        let slicers = order.split(' ').zip(1..).map(|(id, place)| Slicer {
            id: id.to_owned(),
            order: Some(place),
            ..Slicer::default()
        });
        FailoverGroup {
            mode: Some(Mode::Prioritized),
            slicers: Some(slicers.collect()),
            ..FailoverGroup::default()
        }
    }

    fn words(rows: &[super::Row]) -> String {
        let word = |row: &super::Row| match row.was {
            Some(was) => format!("{}{}<{was}", row.id, row.position),
            None => format!("{}{}", row.id, row.position),
        };
        rows.iter().map(word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_draft_moves_rows_and_a_held_row_keeps_the_list_as_it_was() {
        let now: DateTime<Utc> = "2026-11-21T14:32:08Z".parse().expect("a time");
        let utc = FixedOffset::east_opt(0).expect("in range");
        let see = |group: &FailoverGroup, draft: &Draft, before: Option<&[super::Row]>| {
            rows(group, draft, before, now, utc)
        };
        let mut draft = Draft::new(["a", "b", "c"].map(str::to_owned).to_vec());
        let plain = see(&group("a b c"), &draft, None);
        assert_eq!(words(&plain), "a1 b2 c3");
        draft.move_to("c", 1);
        let moved = see(&group("a b c"), &draft, None);
        assert_eq!(words(&moved), "c1<3 a2<1 b3<2");
        let held = see(&group("b x c"), &draft, Some(&moved));
        assert_eq!(words(&held), "c1<3 a2<1 b3<2");
        assert_eq!(held[1].health, "No longer in the group");
    }
}

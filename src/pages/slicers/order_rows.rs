//! A slicer as an item of the list "Slicer order" shows it, and the list under a draft. Pure.

use super::model::is_on_air;
use super::thumbnail_ages::{ThumbnailAge, thumbnail_age_of};
use crate::pages::unreadable::or_unreadable;
use crate::prefs::Zone;
use crate::ui::reorder::Draft;
use crate::ui::times;
use chrono::{DateTime, Utc};
use health::severity::Severity;
use health::slicers::{SlicerHealth, order_effect, ordered, slicer_health, state_word};
use health::sort;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;
use vendors::UnreadableField;
use vendors::uplynk::{FailoverGroup, Mode, Slicer};

/// One slicer as the service tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Its id.
    pub id: String,
    /// Its position, where positions count.
    pub reported_position: Option<i64>,
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
    /// Whether the service says that in a way that cannot be read.
    pub eligible_unreadable: bool,
    /// Where its vendor says that its thumbnail is.
    pub thumbnail_url: Option<String>,
    /// That this thumbnail has been the same for too long.
    pub stale_thumbnail: Option<String>,
}

/// One slicer in the list. Its facts are shared: a draft moves many, and changes none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    facts: Arc<Facts>,
    /// Its position in a draft, where that is another one: most rows stay what they are.
    drafted: Option<i64>,
    /// Its place in the list, from 1.
    pub at: usize,
    /// Of how many.
    pub of: usize,
    /// Where it stood, where a draft moves it.
    pub was: Option<usize>,
}

impl Deref for Row {
    type Target = Facts;

    fn deref(&self) -> &Facts {
        &self.facts
    }
}

impl Row {
    /// Its position, in words.
    #[must_use]
    pub fn position(&self) -> String {
        let position = self.drafted.or(self.reported_position);
        position.map_or_else(|| "–".to_owned(), |position| position.to_string())
    }

    /// Its eligibility in words.
    #[must_use]
    pub fn eligibility(&self) -> &'static str {
        match self.eligible {
            Some(true) => "Eligible",
            Some(false) => "Not eligible",
            None if self.eligible_unreadable => "unreadable",
            None => "–",
        }
    }

    /// That its thumbnail has been the same for too long, unless there is no preview of it.
    #[must_use]
    pub fn stale_thumbnail(&self, no_preview: bool) -> Option<&str> {
        self.stale_thumbnail.as_deref().filter(|_| !no_preview)
    }

    /// What the item is called.
    #[must_use]
    pub fn name(&self, no_preview: bool) -> String {
        let thumbnail = self.stale_thumbnail(no_preview);
        let thumbnail = thumbnail.map(|words| format!(", {words}"));
        let thumbnail = thumbnail.unwrap_or_default();
        let on_air = if self.on_air { ", on air" } else { "" };
        let Facts {
            id, state, health, ..
        } = &**self;
        format!(
            "{id}, position {}{on_air}, {state}, {health}{thumbnail}, {}",
            self.position(),
            self.eligibility()
        )
    }
}

fn facts(group: &FailoverGroup, slicer: &Slicer, now: DateTime<Utc>, zone: Zone) -> Facts {
    let unreadable = |name| UnreadableField::find(&slicer.unreadable, name).is_some();
    let state = match &slicer.state {
        Some(state) => state_word(state),
        None if unreadable("status.state") || unreadable("status") => "unreadable".to_owned(),
        None => "–".to_owned(),
    };
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
        SlicerHealth::Unknown if unreadable("blacklist_until") => {
            (Severity::Unknown, "unreadable", None)
        }
        SlicerHealth::Unknown => (Severity::Unknown, "Unknown", None),
    };
    let flat = group.mode == Some(Mode::Flat);
    Facts {
        id: slicer.id.clone(),
        reported_position: slicer.order.filter(|_| !flat),
        hostname: or_unreadable(
            &slicer.unreadable,
            "hostname",
            slicer.hostname.clone().unwrap_or_default(),
        ),
        on_air: is_on_air(group, slicer),
        state,
        severity,
        health,
        until,
        eligible: slicer.enabled,
        eligible_unreadable: unreadable("enabled"),
        thumbnail_url: slicer.thumbnail_url(true),
        stale_thumbnail: None,
    }
}

/// Every slicer of a group as the service tells it, in its order, with what is known of their thumbnails.
#[must_use]
pub fn reported(
    group: &FailoverGroup,
    thumbnail_ages: &[ThumbnailAge],
    now: DateTime<Utc>,
    zone: Zone,
) -> Vec<Arc<Facts>> {
    let is_stale = |thumbnail: &&ThumbnailAge| thumbnail.stale().is_some();
    let stale: Vec<ThumbnailAge> = thumbnail_ages.iter().filter(is_stale).cloned().collect();
    ordered(group)
        .into_iter()
        .map(|slicer| {
            Arc::new(Facts {
                stale_thumbnail: thumbnail_age_of(&stale, &slicer.id).and_then(ThumbnailAge::stale),
                ..facts(group, slicer, now, zone)
            })
        })
        .collect()
}

/// The list under a draft. While a row is dragged, `before` keeps the list's members: removed slicers stay,
/// marked, and new ones wait until the row is dropped.
#[must_use]
pub fn rows(reported: &[Arc<Facts>], draft: &Draft, before: Option<&[Row]>) -> Vec<Row> {
    let place: HashMap<&str, usize> = draft.order().iter().map(String::as_str).zip(0..).collect();
    let base: HashMap<&str, usize> = draft.base().iter().map(String::as_str).zip(1..).collect();
    let facts: Vec<Arc<Facts>> = match before {
        None => {
            let mut facts = reported.to_vec();
            let place = |one: &Facts| place.get(one.id.as_str()).copied().unwrap_or(usize::MAX);
            sort(&mut facts, |a, b| place(a).cmp(&place(b)));
            facts
        }
        Some(before) => {
            let known: HashMap<&str, &Arc<Facts>> =
                reported.iter().map(|one| (one.id.as_str(), one)).collect();
            before
                .iter()
                .map(|held| match known.get(held.id.as_str()) {
                    Some(one) => Arc::clone(one),
                    None => Arc::new(Facts {
                        severity: Severity::Unknown,
                        health: "No longer in the group",
                        until: None,
                        on_air: false,
                        stale_thumbnail: None,
                        ..(*held.facts).clone()
                    }),
                })
                .collect()
        }
    };
    let of = facts.len();
    let changed = draft.is_changed();
    // Also where the service has taken the order and is not yet read again: numbers follow the rows.
    let numbered = changed || !reported.iter().map(|one| &one.id).eq(draft.order());
    let row = |(facts, at): (Arc<Facts>, usize)| {
        let was = base.get(facts.id.as_str()).copied();
        Row {
            drafted: i64::try_from(at)
                .ok()
                .filter(|at| numbered && facts.reported_position != Some(*at)),
            at,
            of,
            was: was.filter(|was| changed && *was != at),
            facts,
        }
    };
    facts.into_iter().zip(1..).map(row).collect()
}

/// What dropping the row at this index at this position, from 1, would do.
#[must_use]
pub fn drop_preview(
    group: &FailoverGroup,
    draft: &Draft,
    row: usize,
    to: usize,
    now: DateTime<Utc>,
) -> String {
    if to == row + 1 {
        return format!("Position {to}, where it was");
    }
    let mut order = draft.order().to_vec();
    if row >= order.len() || to > order.len() {
        return String::new();
    }
    let id = order.remove(row);
    order.insert(to.saturating_sub(1), id);
    let effect = order_effect(group, &order, now).sentence;
    format!("Position {to}, was {}. {effect}", row + 1)
}

#[cfg(test)]
mod tests {
    use super::{drop_preview, reported, rows};
    use crate::prefs::Zone;
    use crate::ui::reorder::Draft;
    use chrono::{DateTime, Utc};
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
            Some(was) => format!("{}{}<{was}", row.id, row.position()),
            None => format!("{}{}", row.id, row.position()),
        };
        rows.iter().map(word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_draft_moves_rows_and_a_held_row_keeps_the_list_as_it_was() {
        let now: DateTime<Utc> = "2026-11-21T14:32:08Z".parse().expect("a time");
        let see = |group: &FailoverGroup, draft: &Draft, before: Option<&[super::Row]>| {
            rows(&reported(group, &[], now, Zone::Utc), draft, before)
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

    #[test]
    fn before_a_row_is_dropped_it_says_what_that_would_do() {
        let now: DateTime<Utc> = "2026-11-21T14:32:08Z".parse().expect("a time");
        let by_hand = FailoverGroup {
            auto_failback: Some(false),
            ..group("a b c")
        };
        let draft = Draft::new(["a", "b", "c"].map(str::to_owned).to_vec());
        for (row, to, words) in [
            (
                2,
                1,
                "Position 1, was 3. What is on air does not change: auto failback is off.",
            ),
            (1, 2, "Position 2, where it was"),
            (3, 1, ""),
            (0, 4, ""),
        ] {
            assert_eq!(drop_preview(&by_hand, &draft, row, to, now), words);
        }
    }
}

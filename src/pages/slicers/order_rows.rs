//! The data of an item in the list "Slicer order", and the list under a draft. Pure.

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

/// One slicer as the service reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The slicer's id.
    pub id: String,
    /// The reported position; `None` in flat mode.
    pub reported_position: Option<i64>,
    /// The host name.
    pub hostname: String,
    /// Whether it is on air.
    pub on_air: bool,
    /// The state as text.
    pub state: String,
    /// The severity of its health.
    pub severity: Severity,
    /// Its health as text.
    pub health: &'static str,
    /// The time until which it is skipped, or since which its re-check is due.
    pub until: Option<String>,
    /// Whether it is eligible for failover; `None` if the service does not report it.
    pub eligible: Option<bool>,
    /// Whether the eligibility is unreadable.
    pub eligible_unreadable: bool,
    /// The vendor's URL of the thumbnail.
    pub thumbnail_url: Option<String>,
    /// The warning that this thumbnail has not changed for too long.
    pub stale_thumbnail: Option<String>,
}

/// One slicer in the list. Its facts are shared, because a draft moves many slicers without changing their facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    facts: Arc<Facts>,
    /// The position in a draft, if it differs from the reported one.
    drafted: Option<i64>,
    /// The place in the list, from 1.
    pub at: usize,
    /// The number of rows in the list.
    pub of: usize,
    /// The previous place, if a draft moves the slicer.
    pub was: Option<usize>,
}

impl Deref for Row {
    type Target = Facts;

    fn deref(&self) -> &Facts {
        &self.facts
    }
}

impl Row {
    /// The position as text.
    #[must_use]
    pub fn position(&self) -> String {
        let position = self.drafted.or(self.reported_position);
        position.map_or_else(|| "–".to_owned(), |position| position.to_string())
    }

    /// The eligibility as text.
    #[must_use]
    pub fn eligibility(&self) -> &'static str {
        match self.eligible {
            Some(true) => "Eligible",
            Some(false) => "Not eligible",
            None if self.eligible_unreadable => "unreadable",
            None => "–",
        }
    }

    /// The warning that its thumbnail has not changed for too long; `None` without a preview.
    #[must_use]
    pub fn stale_thumbnail(&self, no_preview: bool) -> Option<&str> {
        self.stale_thumbnail.as_deref().filter(|_| !no_preview)
    }

    /// The accessible name of the item.
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

/// The slicers of a group as the service reports them, in order, with the ages of their thumbnails.
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

/// The list under a draft. While a row is dragged, `before` fixes the members of the list: removed slicers stay and are
/// marked, and new ones are added only after the row is dropped.
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
    // Rows are also renumbered while a saved order has not been read again.
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

/// The effect of dropping the row with this index at a position, from 1.
#[must_use]
pub fn drop_preview(
    group: &FailoverGroup,
    draft: &Draft,
    row: usize,
    to: usize,
    now: DateTime<Utc>,
) -> String {
    if to == row + 1 {
        return format!("Position {to}, unchanged");
    }
    let mut order = draft.order().to_vec();
    if row >= order.len() || to > order.len() {
        return String::new();
    }
    let id = order.remove(row);
    let base = draft.base().iter().position(|one| *one == id);
    order.insert(to.saturating_sub(1), id);
    let effect = order_effect(group, &order, now).sentence;
    // As in the row itself, whatever the draft has changed before.
    match base.map_or(row + 1, |at| at + 1) {
        was if was == to => format!("Position {to}, as saved. {effect}"),
        was => format!("Position {to}, was {was}. {effect}"),
    }
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
    fn a_draft_moves_rows_and_dragging_keeps_the_list_unchanged() {
        let now: DateTime<Utc> = "2026-11-21T14:32:08Z".parse().expect("a time");
        let shown = |group: &FailoverGroup, draft: &Draft, before: Option<&[super::Row]>| {
            rows(&reported(group, &[], now, Zone::Utc), draft, before)
        };
        let mut draft = Draft::new(["a", "b", "c"].map(str::to_owned).to_vec());
        let plain = shown(&group("a b c"), &draft, None);
        assert_eq!(words(&plain), "a1 b2 c3");
        draft.move_to("c", 1);
        let moved = shown(&group("a b c"), &draft, None);
        assert_eq!(words(&moved), "c1<3 a2<1 b3<2");
        let held = shown(&group("b x c"), &draft, Some(&moved));
        assert_eq!(words(&held), "c1<3 a2<1 b3<2");
        assert_eq!(held[1].health, "No longer in the group");
    }

    #[test]
    fn dragging_a_row_previews_the_effect_of_dropping_it() {
        let now: DateTime<Utc> = "2026-11-21T14:32:08Z".parse().expect("a time");
        let by_hand = FailoverGroup {
            auto_failback: Some(false),
            ..group("a b c")
        };
        let mut draft = Draft::new(["a", "b", "c"].map(str::to_owned).to_vec());
        let stays = "What is on air does not change: auto failback is off.";
        for (row, to, words) in [
            (2, 1, format!("Position 1, was 3. {stays}")),
            (1, 2, "Position 2, unchanged".to_owned()),
            (3, 1, String::new()),
            (0, 4, String::new()),
        ] {
            assert_eq!(drop_preview(&by_hand, &draft, row, to, now), words);
        }
        draft.move_to("c", 1);
        for (to, words) in [(2, "was 3"), (3, "as saved")] {
            let words = format!("Position {to}, {words}. {stays}");
            assert_eq!(drop_preview(&by_hand, &draft, 0, to, now), words);
        }
    }
}

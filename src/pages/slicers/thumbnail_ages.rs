//! The time since each slicer's thumbnail URL last changed: a thumbnail that does not change while the slicer is
//! slicing is out of date.

use crate::live::Live;
use chrono::{DateTime, TimeDelta, Utc};
use health::slicers::is_stale_thumbnail;
use health::words;
use leptos::prelude::*;
use vendors::uplynk::FailoverGroup;

/// The age of one slicer's thumbnail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThumbnailAge {
    /// The slicer's id.
    id: String,
    /// The vendor's URL of the thumbnail.
    url: String,
    /// When this URL was first observed, by the vendor's clock.
    since: DateTime<Utc>,
    /// The previous reading then, if it had another URL: the thumbnail is not older. The age of the first observed
    /// thumbnail is unknown.
    not_before: Option<DateTime<Utc>>,
    /// The time without a change, if that is too long.
    unchanged: Option<TimeDelta>,
}

impl ThumbnailAge {
    /// The maximum age, if it is known.
    #[must_use]
    pub fn max_age(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        Some((now - self.not_before?).max(TimeDelta::zero()))
    }

    /// The warning that the thumbnail has not changed for too long.
    #[must_use]
    pub fn stale(&self) -> Option<String> {
        let unchanged = words::span(self.unchanged?);
        Some(format!("thumbnail unchanged for {unchanged}"))
    }
}

/// The age of a slicer's thumbnail, if it has one.
#[must_use]
pub fn thumbnail_age_of<'p>(
    thumbnail_ages: &'p [ThumbnailAge],
    slicer: &str,
) -> Option<&'p ThumbnailAge> {
    thumbnail_ages
        .iter()
        .find(|thumbnail| thumbnail.id == slicer)
}

/// The thumbnail ages of a group, updated as it refreshes.
#[must_use]
pub fn follow(live: Live<FailoverGroup>) -> Memo<Vec<ThumbnailAge>> {
    let last_read = StoredValue::new(DateTime::UNIX_EPOCH);
    Memo::new(move |before: Option<&Vec<ThumbnailAge>>| {
        let before = before.map_or(&[][..], Vec::as_slice);
        match (live.value(), live.status.read_at()) {
            (Some(group), Some(read)) => {
                let ages = thumbnail_ages(&group, read, before, last_read.get_value());
                last_read.set_value(read);
                ages
            }
            _ => Vec::new(),
        }
    })
}

/// The thumbnail ages of a group read at this time (by the vendor's clock), following those of the previous reading.
fn thumbnail_ages(
    group: &FailoverGroup,
    read: DateTime<Utc>,
    before: &[ThumbnailAge],
    last_read: DateTime<Utc>,
) -> Vec<ThumbnailAge> {
    let slicers = group.slicers.iter().flatten();
    let shown = slicers.filter_map(|slicer| Some((slicer.id.clone(), slicer.thumbnail_url(true)?)));
    let thumbnail = |((id, url), at): ((String, String), usize)| {
        // Most slicers have the same index as before.
        let held = before.get(at).filter(|held| held.id == id);
        let held = held.or_else(|| thumbnail_age_of(before, &id));
        let same = held.filter(|held| held.url == url);
        let (since, not_before) = match same {
            Some(held) => (held.since, held.not_before),
            None => (read, held.map(|_| last_read)),
        };
        let unchanged = Some(read - since).filter(|unchanged| is_stale_thumbnail(*unchanged));
        ThumbnailAge {
            id,
            url,
            since,
            not_before,
            unchanged,
        }
    };
    shown.zip(0..).map(thumbnail).collect()
}

#[cfg(test)]
mod tests {
    use super::{ThumbnailAge, thumbnail_age_of, thumbnail_ages};
    use chrono::{DateTime, TimeDelta, Utc};
    use vendors::uplynk::{FailoverGroup, Slicer, SlicerState};

    fn group(slicers: &[(&str, SlicerState, u32)]) -> FailoverGroup {
        let slicers = slicers.iter().map(|(id, state, number)| Slicer {
            id: (*id).to_owned(),
            state: Some(state.clone()),
            thumb_url: Some(format!("https://pictures.example/{id}/{number}.png")),
            ..Slicer::default()
        });
        FailoverGroup {
            slicers: Some(slicers.collect()),
            ..FailoverGroup::default()
        }
    }

    #[test]
    fn a_thumbnail_that_does_not_change_while_slicing_is_stale_for_its_slicer() {
        use SlicerState::{AdBreak, Slicing};
        let start: DateTime<Utc> = "2026-11-21T14:32:08Z".parse().expect("a time");
        let mut held: Vec<ThumbnailAge> = Vec::new();
        for (seconds, slicers, stale) in [
            (0, vec![("a", Slicing, 1), ("b", Slicing, 1)], ""),
            (29, vec![("a", Slicing, 2), ("b", Slicing, 1)], ""),
            (
                30,
                vec![("b", Slicing, 1), ("a", Slicing, 3)],
                "b: thumbnail unchanged for 30 s",
            ),
            (
                90,
                vec![("a", Slicing, 3), ("b", Slicing, 1)],
                "a: thumbnail unchanged for 1 min, b: thumbnail unchanged for 1 min 30 s",
            ),
            (95, vec![("a", Slicing, 4), ("b", AdBreak, 1)], ""),
            (100, vec![("a", Slicing, 5), ("b", Slicing, 1)], ""),
            (
                130,
                vec![("a", Slicing, 6), ("b", Slicing, 1)],
                "b: thumbnail unchanged for 30 s",
            ),
            (135, vec![("a", Slicing, 7), ("b", Slicing, 2)], ""),
        ] {
            let read = start + TimeDelta::seconds(seconds);
            held = thumbnail_ages(&group(&slicers), read, &held, read);
            let warnings = ["a", "b"].iter().filter_map(|id| {
                let stale = thumbnail_age_of(&held, id)?.stale()?;
                Some(format!("{id}: {stale}"))
            });
            let warnings: Vec<_> = warnings.collect();
            assert_eq!(warnings.join(", "), stale, "{seconds}");
        }
    }

    #[test]
    fn a_thumbnail_is_not_older_than_the_last_reading_of_another() {
        let start: DateTime<Utc> = "2026-11-21T14:32:08Z".parse().expect("a time");
        let at = |seconds| start + TimeDelta::seconds(seconds);
        let (mut held, mut last_read): (Vec<ThumbnailAge>, _) = (Vec::new(), start);
        for (seconds, number, age) in [
            (0, 1, None),
            (5, 1, None),
            (10, 2, Some(7)),
            (15, 2, Some(12)),
            // The page was hidden for an hour.
            (3_615, 3, Some(3_602)),
            (3_620, 4, Some(7)),
        ] {
            let group = group(&[("a", SlicerState::Slicing, number)]);
            held = thumbnail_ages(&group, at(seconds), &held, last_read);
            last_read = at(seconds);
            let thumbnail = thumbnail_age_of(&held, "a").expect("a thumbnail");
            assert_eq!(
                thumbnail.max_age(at(seconds + 2)),
                age.map(TimeDelta::seconds),
                "{seconds}"
            );
        }
    }
}

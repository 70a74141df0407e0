//! Since when each slicer's thumbnail has had the same address: one that stands still while the slicer is slicing shows what
//! was, not what is.

use crate::live::Live;
use chrono::{DateTime, TimeDelta, Utc};
use health::slicers::is_stale_thumbnail;
use health::words;
use leptos::prelude::*;
use vendors::uplynk::FailoverGroup;

/// Since when the thumbnail of one slicer has been the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThumbnailAge {
    /// The slicer.
    id: String,
    /// Where its vendor says that it is.
    address: String,
    /// Since when it has been seen, by the vendor's clock.
    since: DateTime<Utc>,
    /// Whether it took the place of another one then: the first one that is seen may be of any age.
    is_new: bool,
    /// For how long, once that is too long.
    unchanged: Option<TimeDelta>,
}

impl ThumbnailAge {
    /// How old it is, where that is known.
    #[must_use]
    pub fn age(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        self.is_new
            .then(|| (now - self.since).max(TimeDelta::zero()))
    }

    /// That it has been the same for too long.
    #[must_use]
    pub fn stale(&self) -> Option<String> {
        let unchanged = words::span(self.unchanged?);
        Some(format!("same picture for {unchanged}"))
    }
}

/// The thumbnail of a slicer, if it has one.
#[must_use]
pub fn thumbnail_age_of<'p>(
    thumbnail_ages: &'p [ThumbnailAge],
    slicer: &str,
) -> Option<&'p ThumbnailAge> {
    thumbnail_ages
        .iter()
        .find(|thumbnail| thumbnail.id == slicer)
}

/// The thumbnails of a group as it refreshes.
#[must_use]
pub fn follow(live: Live<FailoverGroup>) -> Memo<Vec<ThumbnailAge>> {
    Memo::new(move |before: Option<&Vec<ThumbnailAge>>| {
        let before = before.map_or(&[][..], Vec::as_slice);
        match (live.value(), live.status.read_at()) {
            (Some(group), Some(read)) => thumbnail_ages(&group, read, before),
            _ => Vec::new(),
        }
    })
}

/// The thumbnails of a group that was read at this time by the vendor's clock, after those of the reading before.
fn thumbnail_ages(
    group: &FailoverGroup,
    read: DateTime<Utc>,
    before: &[ThumbnailAge],
) -> Vec<ThumbnailAge> {
    let slicers = group.slicers.iter().flatten();
    let shown = slicers.filter_map(|slicer| Some((slicer.id.clone(), slicer.thumbnail_url(true)?)));
    let thumbnail = |((id, address), at): ((String, String), usize)| {
        // Most stand where they stood.
        let held = before.get(at).filter(|held| held.id == id);
        let held = held.or_else(|| thumbnail_age_of(before, &id));
        let same = held.filter(|held| held.address == address);
        let (since, is_new) = same.map_or((read, held.is_some()), |held| (held.since, held.is_new));
        let unchanged = Some(read - since).filter(|unchanged| is_stale_thumbnail(*unchanged));
        ThumbnailAge {
            id,
            address,
            since,
            is_new,
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
    fn a_picture_that_stands_still_while_slicing_is_stale_whichever_slicer_it_is_of() {
        use SlicerState::{AdBreak, Slicing};
        let start: DateTime<Utc> = "2026-11-21T14:32:08Z".parse().expect("a time");
        let mut held: Vec<ThumbnailAge> = Vec::new();
        for (seconds, slicers, stale) in [
            (0, vec![("a", Slicing, 1), ("b", Slicing, 1)], ""),
            (29, vec![("a", Slicing, 2), ("b", Slicing, 1)], ""),
            (
                30,
                vec![("b", Slicing, 1), ("a", Slicing, 3)],
                "b: same picture for 30 s",
            ),
            (
                90,
                vec![("a", Slicing, 3), ("b", Slicing, 1)],
                "a: same picture for 1 min, b: same picture for 1 min 30 s",
            ),
            (95, vec![("a", Slicing, 4), ("b", AdBreak, 1)], ""),
            (100, vec![("a", Slicing, 5), ("b", Slicing, 1)], ""),
            (
                130,
                vec![("a", Slicing, 6), ("b", Slicing, 1)],
                "b: same picture for 30 s",
            ),
            (135, vec![("a", Slicing, 7), ("b", Slicing, 2)], ""),
        ] {
            held = thumbnail_ages(&group(&slicers), start + TimeDelta::seconds(seconds), &held);
            let said = ["a", "b"].iter().filter_map(|id| {
                let stale = thumbnail_age_of(&held, id)?.stale()?;
                Some(format!("{id}: {stale}"))
            });
            assert_eq!(said.collect::<Vec<_>>().join(", "), stale, "{seconds}");
        }
    }

    #[test]
    fn the_first_picture_that_is_seen_has_no_age() {
        let start: DateTime<Utc> = "2026-11-21T14:32:08Z".parse().expect("a time");
        let at = |seconds| start + TimeDelta::seconds(seconds);
        let mut held: Vec<ThumbnailAge> = Vec::new();
        for (seconds, number, age) in [
            (0, 1, None),
            (5, 1, None),
            (10, 2, Some(2)),
            (15, 2, Some(7)),
        ] {
            let group = group(&[("a", SlicerState::Slicing, number)]);
            held = thumbnail_ages(&group, at(seconds), &held);
            let told = thumbnail_age_of(&held, "a").expect("a picture");
            assert_eq!(
                told.age(at(seconds + 2)),
                age.map(TimeDelta::seconds),
                "{seconds}"
            );
        }
    }
}

//! The positions and eligibilities that a change sends, what is compared before it, and what after it. Pure.

use super::ids;
use chrono::{DateTime, Utc};
use health::freshness::Freshness;
use health::slicers::{Action, ordered};
use health::sort;
use vendors::uplynk::{FailoverGroup, Mode, Slicer, SlicerPlace};

/// Every slicer of the group in this order, with its eligibility as it is.
pub(super) fn positions(group: &FailoverGroup, order: &[String]) -> Vec<SlicerPlace> {
    let slicers = ordered(group);
    let known = order
        .iter()
        .filter_map(|id| slicers.iter().find(|slicer| slicer.id == *id));
    known
        .zip(1..)
        .map(|(slicer, order)| SlicerPlace {
            slicer_id: slicer.id.clone(),
            // Where it is not known, `prevented` keeps it from being sent.
            enabled: slicer.enabled.unwrap_or(true),
            order,
        })
        .collect()
}

/// Why positions cannot be sent, which say of every slicer whether it is eligible. `tagged`: the gateway could read
/// the whole order. `sets`: the slicer whose eligibility is what is changed.
pub(super) fn prevented(group: &FailoverGroup, tagged: bool, sets: Option<&str>) -> Option<String> {
    let slicers = ordered(group).into_iter();
    let unknown = slicers.filter(|slicer| slicer.enabled.is_none());
    let unknown: Vec<&str> = unknown.map(|slicer| slicer.id.as_str()).collect();
    if unknown.iter().any(|id| Some(*id) != sets) {
        let place = if tagged && unknown.len() == 1 {
            "here or in Uplynk"
        } else {
            "in Uplynk"
        };
        return Some(format!(
            "Uplynk does not report the eligibility of {}, and this change would have to set it. Set it first, {place}.",
            unknown.join(", ")
        ));
    }
    let unread = "The order of this group cannot be read completely, so this change could lose part of it. Check the group in Uplynk.";
    (!tagged).then(|| unread.to_owned())
}

/// Whether an eligibility may be changed in `now` as it was wanted in `seen`: what decides what goes on air is the
/// same. Where the change needed no question at that time, other eligibilities may differ if it still needs none.
pub(super) fn is_still_meant(
    seen: &FailoverGroup,
    now: &FailoverGroup,
    action: &Action,
    quiet_at: Option<DateTime<Utc>>,
) -> bool {
    // Not in the order in which they are listed: that has no meaning in flat mode.
    let is_same = |as_seen: fn(&Slicer, &Slicer) -> bool| {
        let mut all = seen.slicers.iter().flatten();
        let now = now.slicers.as_deref().unwrap_or_default();
        all.all(|one| {
            let mut now = now.iter();
            now.any(|other| one.id == other.id && as_seen(one, other))
        })
    };
    let count = |group: &FailoverGroup| group.slicers.as_ref().map(Vec::len);
    seen.mode == now.mode
        && seen.auto_failback == now.auto_failback
        && seen.active == now.active
        && count(seen) == count(now)
        && is_same(|one, other| one.order == other.order)
        && (is_same(|one, other| one.enabled == other.enabled)
            || quiet_at.is_some_and(|at| action.is_quiet(now, at, Freshness::Live)))
}

/// What a group holds instead of the positions that were sent; `None` where it holds them. In flat mode every position
/// is 1, whatever was sent, and the order in which the slicers are listed has no meaning.
pub(super) fn difference(held: &FailoverGroup, sent: &[SlicerPlace]) -> Option<String> {
    let mut slicers = ordered(held);
    let mut sent: Vec<&SlicerPlace> = sent.iter().collect();
    if held.mode == Some(Mode::Flat) {
        sort(&mut slicers, |one, other| one.id.cmp(&other.id));
        sort(&mut sent, |one, other| one.slicer_id.cmp(&other.slicer_id));
    }
    let are_sent = slicers.iter().map(|slicer| &slicer.id);
    if !are_sent.eq(sent.iter().map(|place| &place.slicer_id)) {
        let held = ids(held).join(", ");
        return Some(format!("The group now has a different order: {held}."));
    }
    let pairs = slicers.iter().zip(&sent);
    let others = pairs.filter(|(slicer, place)| slicer.enabled != Some(place.enabled));
    let others: Vec<String> = others
        .map(|(slicer, _)| format!("{} is {}", slicer.id, eligibility(slicer.enabled)))
        .collect();
    if !others.is_empty() {
        let others = others.join(", ");
        return Some(format!("The order is in effect, but {others}."));
    }
    if held.mode == Some(Mode::Flat) {
        return None;
    }
    let mut pairs = slicers.iter().zip(sent);
    let is_other = pairs.any(|(slicer, place)| slicer.order != Some(i64::from(place.order)));
    is_other.then(|| "The slicers are listed in this order, but have other positions.".to_owned())
}

/// Whether a slicer takes part in failover, in words.
pub(super) fn eligibility(enabled: Option<bool>) -> &'static str {
    match enabled {
        Some(true) => "eligible",
        Some(false) => "not eligible",
        None => "of unknown eligibility",
    }
}

#[cfg(test)]
mod tests {
    use super::{difference, is_still_meant, positions, prevented};
    use health::slicers::Action;
    use vendors::uplynk::{Blacklist, FailoverGroup, Mode, OnAir, Slicer, SlicerState};

    /// Of "a b- c?": eligible, left out, and not reported; the first is on air.
    fn group(slicers: &str) -> FailoverGroup {
        let slicers = slicers.split(' ').zip(1..).map(|(text, order)| Slicer {
            id: text.trim_end_matches(['-', '?']).to_owned(),
            order: Some(order),
            blacklist: Some(Blacklist::Healthy),
            state: Some(SlicerState::Slicing),
            enabled: (!text.ends_with('?')).then(|| !text.ends_with('-')),
            ..Slicer::default()
        });
        let slicers: Vec<Slicer> = slicers.collect();
        FailoverGroup {
            mode: Some(Mode::Prioritized),
            auto_failback: Some(true),
            active: Some(OnAir::Slicer(slicers[0].id.clone())),
            slicers: Some(slicers),
            ..FailoverGroup::default()
        }
    }

    #[test]
    fn an_eligibility_that_is_not_reported_is_never_sent_as_a_guess() {
        for (slicers, tagged, sets, words) in [
            ("a b c-", true, None, None),
            (
                "a b c?",
                true,
                None,
                Some(
                    "of c, and this change would have to set it. Set it first, here or in Uplynk.",
                ),
            ),
            ("a b c?", true, Some("b"), Some("of c,")),
            ("a b c?", true, Some("c"), None),
            (
                "a b? c?",
                true,
                Some("c"),
                Some("of b, c, and this change would have to set it. Set it first, in Uplynk."),
            ),
            // A value that is there and cannot be read: the gateway gives no tag.
            ("a b c?", false, None, Some("Set it first, in Uplynk.")),
            (
                "a b c?",
                false,
                Some("c"),
                Some("cannot be read completely"),
            ),
            ("a b c", false, None, Some("cannot be read completely")),
        ] {
            let why = prevented(&group(slicers), tagged, sets);
            match (&why, words) {
                (None, None) => {}
                (Some(why), Some(words)) if why.contains(words) => {}
                _ => panic!("{slicers} {tagged} {sets:?}: {why:?}"),
            }
        }
    }

    #[test]
    fn an_eligibility_is_changed_only_where_what_decides_is_as_it_was_seen() {
        let out = |id: &str| Action::SetEligible(id.into(), false);
        let meant = |now: &FailoverGroup, action: &Action, is_quiet: bool| {
            let at = is_quiet.then(Default::default);
            is_still_meant(&group("a b c d"), now, action, at)
        };
        let other = |change: fn(&mut FailoverGroup)| {
            let mut group = group("a b c d");
            change(&mut group);
            group
        };
        assert!(meant(&group("a b c d"), &out("b"), false));
        let relisted = other(|group| group.slicers.iter_mut().for_each(|all| all.reverse()));
        assert!(meant(&relisted, &out("b"), false));
        for now in [
            other(|group| group.active = Some(OnAir::Slicer("b".into()))),
            other(|group| group.active = Some(OnAir::Slate)),
            other(|group| group.mode = Some(Mode::Flat)),
            other(|group| group.auto_failback = Some(false)),
            group("a c b d"),
            group("a b c"),
            group("a b c d e"),
        ] {
            assert!(!meant(&now, &out("b"), true), "{now:?}");
        }
        // Another eligibility, such as one that was changed a moment before on the same page.
        assert!(meant(&group("a b c- d"), &out("b"), true));
        assert!(
            !meant(&group("a b c- d"), &out("b"), false),
            "a dialog said what it does"
        );
        assert!(
            !meant(&group("a b c- d-"), &out("b"), true),
            "by now it is the last backup"
        );
    }

    #[test]
    fn what_the_service_holds_instead_is_told() {
        let order = ["b", "a", "c"].map(str::to_owned);
        let sent = positions(&group("a b c-"), &order);
        assert_eq!(difference(&group("b a c-"), &sent), None);
        for (held, words) in [
            ("a b c-", "a different order: a, b, c."),
            ("b a", "a different order: b, a."),
            ("b a c", "in effect, but c is eligible."),
            (
                "b? a- c-",
                "in effect, but b is of unknown eligibility, a is not eligible.",
            ),
        ] {
            let found = difference(&group(held), &sent).unwrap_or_default();
            assert!(found.contains(words), "{held}: {found}");
        }
        let mut held = group("b a c-");
        for slicer in held.slicers.iter_mut().flatten() {
            slicer.order = Some(1);
        }
        assert!(
            difference(&held, &sent).is_some(),
            "all have the same position"
        );
        held.mode = Some(Mode::Flat);
        held.slicers.iter_mut().for_each(|all| all.reverse());
        assert_eq!(difference(&held, &sent), None, "as it is in flat mode");
        let sent = positions(&held, &order);
        let sent: Vec<u32> = sent.iter().map(|place| place.order).collect();
        assert_eq!(sent, [1, 2, 3], "the contract wants them dense");
    }
}

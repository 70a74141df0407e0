//! The positions and eligibilities that a change sends, and the comparisons before and after it. Pure.

use super::ids;
use chrono::{DateTime, Utc};
use health::freshness::Freshness;
use health::slicers::{Action, ordered};
use health::sort;
use vendors::uplynk::{FailoverGroup, Mode, Slicer, SlicerPlace};

/// Every slicer of the group in this order, with its current eligibility.
pub(super) fn positions(group: &FailoverGroup, order: &[String]) -> Vec<SlicerPlace> {
    let slicers = ordered(group);
    let known = order
        .iter()
        .filter_map(|id| slicers.iter().find(|slicer| slicer.id == *id));
    known
        .zip(1..)
        .map(|(slicer, order)| SlicerPlace {
            slicer_id: slicer.id.clone(),
            // `why_prevented` rejects a change with an unknown eligibility.
            enabled: slicer.enabled.unwrap_or(true),
            order,
        })
        .collect()
}

/// Why positions, which include the eligibility of every slicer, cannot be sent; `None` if they can. `tagged`: the
/// gateway could read the complete order. `sets`: the slicer whose eligibility the change sets.
pub(super) fn why_prevented(
    group: &FailoverGroup,
    tagged: bool,
    sets: Option<&str>,
) -> Option<String> {
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

/// Whether a change of an eligibility that the user wanted for `seen` still applies to `now`: everything that decides
/// what goes on air is the same. If the change needed no confirmation, other eligibilities may differ as long as it
/// still needs none.
pub(super) fn still_applies(
    seen: &FailoverGroup,
    now: &FailoverGroup,
    action: &Action,
    quiet_at: Option<DateTime<Utc>>,
) -> bool {
    // Compared by id, because the order of the list has no meaning in flat mode.
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
            || quiet_at.is_some_and(|at| action.needs_no_dialog(now, at, Freshness::Live)))
}

/// How a group differs from the positions that were sent to change `before`; `None` if it does not. In flat mode every
/// position is 1, whatever was sent, and the order of the list has no meaning.
pub(super) fn difference(
    before: &FailoverGroup,
    held: &FailoverGroup,
    sent: &[SlicerPlace],
) -> Option<String> {
    let mut slicers = ordered(held);
    let mut sent: Vec<&SlicerPlace> = sent.iter().collect();
    if held.mode == Some(Mode::Flat) {
        sort(&mut slicers, |one, other| one.id.cmp(&other.id));
        sort(&mut sent, |one, other| one.slicer_id.cmp(&other.slicer_id));
    }
    let are_sent = slicers.iter().map(|slicer| &slicer.id);
    if !are_sent.eq(sent.iter().map(|place| &place.slicer_id)) {
        let held = ids(held);
        let what = if held == ids(before) {
            "The order is unchanged"
        } else {
            "The group now has a different order"
        };
        return Some(format!("{what}: {}.", held.join(", ")));
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

/// An eligibility in words.
pub(super) fn eligibility(enabled: Option<bool>) -> &'static str {
    match enabled {
        Some(true) => "eligible",
        Some(false) => "not eligible",
        None => "of unknown eligibility",
    }
}

#[cfg(test)]
mod tests {
    use super::{difference, positions, still_applies, why_prevented};
    use health::slicers::Action;
    use vendors::uplynk::{Blacklist, FailoverGroup, Mode, OnAir, Slicer, SlicerState};

    /// A group from a text such as "a b- c?" (eligible, not eligible, not reported). The first slicer is on air.
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
    fn an_unreported_eligibility_is_never_guessed() {
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
            // The value exists but is unreadable: the gateway sends no entity tag.
            ("a b c?", false, None, Some("Set it first, in Uplynk.")),
            (
                "a b c?",
                false,
                Some("c"),
                Some("cannot be read completely"),
            ),
            ("a b c", false, None, Some("cannot be read completely")),
        ] {
            let why = why_prevented(&group(slicers), tagged, sets);
            match (&why, words) {
                (None, None) => {}
                (Some(why), Some(words)) if why.contains(words) => {}
                _ => panic!("{slicers} {tagged} {sets:?}: {why:?}"),
            }
        }
    }

    #[test]
    fn an_eligibility_is_changed_only_if_the_deciding_state_is_as_the_user_saw_it() {
        let out = |id: &str| Action::SetEligible(id.into(), false);
        let meant = |now: &FailoverGroup, action: &Action, is_quiet: bool| {
            let at = is_quiet.then(Default::default);
            still_applies(&group("a b c d"), now, action, at)
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
        // Another eligibility differs, for example because the same page has just changed it.
        assert!(meant(&group("a b c- d"), &out("b"), true));
        assert!(
            !meant(&group("a b c- d"), &out("b"), false),
            "a dialog has described the effect"
        );
        assert!(
            !meant(&group("a b c- d-"), &out("b"), true),
            "by now it is the last backup"
        );
    }

    #[test]
    fn a_difference_between_sent_and_held_positions_is_described() {
        let order = ["b", "a", "c"].map(str::to_owned);
        let before = group("a b c-");
        let sent = positions(&before, &order);
        assert_eq!(difference(&before, &group("b a c-"), &sent), None);
        for (held, words) in [
            ("a b c-", "The order is unchanged: a, b, c."),
            ("c a b-", "a different order: c, a, b."),
            ("b a", "a different order: b, a."),
            ("b a c", "in effect, but c is eligible."),
            (
                "b? a- c-",
                "in effect, but b is of unknown eligibility, a is not eligible.",
            ),
        ] {
            let found = difference(&before, &group(held), &sent).unwrap_or_default();
            assert!(found.contains(words), "{held}: {found}");
        }
        let mut held = group("b a c-");
        for slicer in held.slicers.iter_mut().flatten() {
            slicer.order = Some(1);
        }
        assert!(
            difference(&before, &held, &sent).is_some(),
            "all have the same position"
        );
        held.mode = Some(Mode::Flat);
        held.slicers.iter_mut().for_each(|all| all.reverse());
        assert_eq!(
            difference(&before, &held, &sent),
            None,
            "as it is in flat mode"
        );
        let sent = positions(&held, &order);
        let sent: Vec<u32> = sent.iter().map(|place| place.order).collect();
        assert_eq!(sent, [1, 2, 3], "the contract wants them dense");
    }
}

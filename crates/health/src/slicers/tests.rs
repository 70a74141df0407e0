//! Health, order, intended slicer and backups; also the fixtures of this module.

use super::{SlicerHealth, backups, intended, is_ready, on_air, ordered, slicer_health};
use chrono::{DateTime, TimeDelta, Utc};
use vendors::uplynk::{Blacklist, FailoverGroup, Mode, OnAir, Slicer, SlicerState};

/// 2026-11-21T14:32:08Z.
pub(super) const NOW: DateTime<Utc> = DateTime::from_timestamp(1_795_271_528, 0).expect("in range");

pub(super) fn slicer(id: &str, order: i64) -> Slicer {
    Slicer {
        id: id.into(),
        blacklist: Some(Blacklist::Healthy),
        order: Some(order),
        state: Some(SlicerState::Slicing),
        enabled: Some(true),
        ..Slicer::default()
    }
}

/// A slicer that stays blacklisted for this many seconds.
pub(super) fn for_seconds(seconds: i64, slicer: Slicer) -> Slicer {
    let until = NOW + TimeDelta::seconds(seconds);
    Slicer {
        blacklist: Some(Blacklist::Until(until)),
        ..slicer
    }
}

/// A prioritized group with auto failback; `no_slicer` is the slate.
pub(super) fn group(active: &str, slicers: Vec<Slicer>) -> FailoverGroup {
    let active = match active {
        "no_slicer" => OnAir::Slate,
        id => OnAir::Slicer(id.into()),
    };
    FailoverGroup {
        id: "9852".into(),
        name: Some("News East".into()),
        mode: Some(Mode::Prioritized),
        auto_failback: Some(true),
        active: Some(active),
        slicers: Some(slicers),
        ..FailoverGroup::default()
    }
}

#[test]
fn a_slicer_with_an_expired_blacklisting_is_not_healthy() {
    let at = |seconds| NOW + TimeDelta::seconds(seconds);
    for (seconds, expected) in [
        (1, SlicerHealth::Unhealthy { until: at(1) }),
        (0, SlicerHealth::RecheckDue { since: NOW }),
        (-1, SlicerHealth::RecheckDue { since: at(-1) }),
    ] {
        let slicer = for_seconds(seconds, slicer("a", 1));
        assert_eq!(slicer_health(&slicer, NOW), expected);
        assert!(!is_ready(&slicer, NOW));
    }
    assert_eq!(slicer_health(&slicer("a", 1), NOW), SlicerHealth::Healthy);
    assert_eq!(
        slicer_health(&Slicer::default(), NOW),
        SlicerHealth::Unknown
    );
}

#[test]
fn slicers_are_sorted_by_position_and_otherwise_as_listed() {
    let bare = |id: &str| Slicer {
        order: None,
        ..slicer(id, 0)
    };
    let slicers = vec![
        bare("x"),
        slicer("c", 2),
        slicer("b", 1),
        slicer("a", 1),
        bare("w"),
    ];
    let group = group("a", slicers);
    let ids: Vec<&str> = ordered(&group)
        .into_iter()
        .map(|slicer| slicer.id.as_str())
        .collect();
    assert_eq!(ids, ["b", "a", "c", "x", "w"]);
    assert!(ordered(&FailoverGroup::default()).is_empty());
}

#[test]
fn the_intended_slicer_is_the_first_ready_one() {
    let (a, b) = (slicer("a", 2), slicer("b", 3));
    let sick = for_seconds(9, slicer("s", 1));
    let off = Slicer {
        enabled: Some(false),
        ..slicer("o", 1)
    };
    let inactive = Slicer {
        state: Some(SlicerState::Inactive),
        ..slicer("i", 1)
    };
    for (slicers, expected) in [
        (vec![b.clone(), a.clone()], Some("a")),
        (vec![sick.clone(), b.clone(), a.clone()], Some("a")),
        (vec![off.clone(), a.clone()], Some("a")),
        (vec![inactive.clone(), a.clone()], Some("a")),
        (vec![sick, off, inactive], None),
        (vec![], None),
    ] {
        let group = group("b", slicers);
        assert_eq!(
            intended(&group, NOW).map(|slicer| slicer.id.as_str()),
            expected
        );
        let flat = FailoverGroup {
            mode: Some(Mode::Flat),
            ..group
        };
        assert_eq!(intended(&flat, NOW), None);
    }
    // An unreported position is not taken from the list.
    let bare = |id: &str| Slicer {
        order: None,
        ..slicer(id, 0)
    };
    for (slicers, expected) in [
        (vec![bare("a"), bare("b")], None),
        (vec![bare("a"), b.clone()], None),
        (vec![bare("a"), slicer("c", 1)], Some("c")),
        (vec![bare("a"), for_seconds(9, b)], Some("a")),
    ] {
        let group = group("b", slicers);
        let wanted = intended(&group, NOW).map(|slicer| slicer.id.as_str());
        assert_eq!(wanted, expected);
    }
}

#[test]
fn backups_are_counted_among_those_in_failover() {
    let excluded = Slicer {
        enabled: Some(false),
        ..slicer("d", 4)
    };
    let four = vec![
        slicer("a", 1),
        for_seconds(9, slicer("b", 2)),
        slicer("c", 3),
        excluded,
    ];
    for (active, expected) in [
        ("a", (1, 2)),
        ("c", (1, 2)),
        ("d", (2, 3)),
        ("no_slicer", (2, 3)),
        ("z", (2, 3)),
    ] {
        assert_eq!(
            backups(&group(active, four.clone()), NOW),
            expected,
            "{active}"
        );
    }
    assert_eq!(backups(&FailoverGroup::default(), NOW), (0, 0));
}

#[test]
fn ids_are_case_sensitive() {
    assert!(on_air(&group("News01", vec![slicer("news01", 1)])).is_none());
    assert!(on_air(&group("news01", vec![slicer("news01", 1)])).is_some());
}

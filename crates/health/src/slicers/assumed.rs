//! A slicer group with the worst or the best values that its unreadable or unreported fields could have.

use super::ordered;
use crate::doubt::{any, first};
use vendors::uplynk::{Blacklist, FailoverGroup, Mode, OnAir, Slicer, SlicerState};

/// The fields of a group that decide its state.
const GROUP_FIELDS: [&str; 4] = ["active_slicer_id", "slicers", "mode", "hot_warm"];

/// The fields of a slicer that decide the state of its group.
const SLICER_FIELDS: [&str; 5] = [
    "blacklist_until",
    "status",
    "status.state",
    "enabled",
    "order",
];

/// Names the first unreadable or unreported field that may decide the state.
pub(super) fn doubt(group: &FailoverGroup) -> Option<String> {
    let prioritized = group.mode == Some(Mode::Prioritized);
    let of_slicer = |slicer: &Slicer| {
        let id = slicer.id.as_str();
        let unreported = [
            ("health", slicer.blacklist.is_none()),
            ("state", slicer.state.is_none()),
            ("eligibility", slicer.enabled.is_none()),
            ("position", prioritized && slicer.order.is_none()),
        ];
        let mut unreported = unreported.into_iter().filter(|(_, is_missing)| *is_missing);
        first(&slicer.unreadable, &SLICER_FIELDS, Some(id)).or_else(|| {
            let (property, _) = unreported.next()?;
            Some(format!("the {property} of {id} is not reported"))
        })
    };
    first(&group.unreadable, &GROUP_FIELDS, None)
        .or_else(|| group.slicers.iter().flatten().find_map(of_slicer))
        .or_else(|| {
            let hidden = hidden(group).next()?;
            first(&group.unreadable, &[hidden], None)
        })
}

/// The names of the listed slicers that could not be read.
fn hidden(group: &FailoverGroup) -> impl Iterator<Item = &str> {
    let names = group.unreadable.iter().map(|field| field.name.as_str());
    names.filter(|name| name.starts_with("slicers[") && name.ends_with(']'))
}

/// Changes each slicer and fills in unknown positions: `on_air` for the slicer on air, `another` for the others.
fn assumed(
    group: &FailoverGroup,
    (on_air, another): (i64, i64),
    change: fn(&mut Slicer),
) -> FailoverGroup {
    let active = super::on_air(group).map(|slicer| slicer.id.as_str());
    let mut group = group.clone();
    for slicer in group.slicers.iter_mut().flatten() {
        let is_active = Some(slicer.id.as_str()) == active;
        slicer.order = slicer
            .order
            .or(Some(if is_active { on_air } else { another }));
        change(slicer);
    }
    group
}

/// The worst case: uncertain slicers are not ready, others come before the one on air, and unreadable ones are missing.
pub(super) fn worst(group: &FailoverGroup) -> FailoverGroup {
    // Positions count from 1.
    let mut group = assumed(group, (i64::MAX, 1), |slicer| {
        if slicer.blacklist.is_none() {
            slicer.state = None;
        }
        slicer.state.get_or_insert(SlicerState::Inactive);
        slicer.enabled.get_or_insert(false);
    });
    if any(&group.unreadable, &["hot_warm"]) {
        group.hot_warm = Some(2);
    }
    group
}

/// The best case: uncertain slicers are ready, the one on air comes first, and unreadable ones are ready.
pub(super) fn best(group: &FailoverGroup) -> FailoverGroup {
    let more = hidden(group).count();
    let mut group = assumed(group, (i64::MIN, i64::MAX), |slicer| {
        slicer.blacklist.get_or_insert(Blacklist::Healthy);
        slicer.state.get_or_insert(SlicerState::Slicing);
        slicer.enabled.get_or_insert(true);
    });
    let unreadable = |name| any(&group.unreadable, &[name]);
    let (mode, active) = (unreadable("mode"), unreadable("active_slicer_id"));
    if unreadable("slicers") {
        group.slicers = Some(Vec::new());
    }
    if mode {
        group.mode = Some(Mode::Prioritized);
    }
    if active {
        group.active = ordered(&group)
            .first()
            .map(|slicer| OnAir::Slicer(slicer.id.clone()));
    }
    let on_air = match &group.active {
        Some(OnAir::Slicer(id)) if super::on_air(&group).is_none() => Some(id.clone()),
        _ => None,
    };
    let further = |id: String| Slicer {
        id,
        blacklist: Some(Blacklist::Healthy),
        state: Some(SlicerState::Slicing),
        enabled: Some(true),
        ..Slicer::default()
    };
    let ids = on_air
        .into_iter()
        .chain((0..more).map(|index| format!("slicer {index}")));
    let further: Vec<Slicer> = ids.take(more).map(further).collect();
    if let Some(slicers) = &mut group.slicers {
        slicers.extend(further);
    }
    group
}

#[cfg(test)]
mod tests {
    use crate::inventory::{SlicerPart, part};
    use crate::severity::Severity;
    use crate::slicers::tests::{NOW, for_seconds, group, slicer};
    use crate::slicers::{is_ready, judge_slicers};
    use vendors::UnreadableField;
    use vendors::uplynk::{FailoverGroup, Mode, Slicer};

    fn field(name: &str) -> UnreadableField {
        UnreadableField {
            name: name.to_owned(),
            raw: "Stopped".to_owned(),
        }
    }

    /// Makes a field of the slicer unreadable, and so absent.
    fn broken(name: &str, slicer: Slicer) -> Slicer {
        let mut slicer = Slicer {
            unreadable: vec![field(name)],
            ..slicer
        };
        match name {
            "blacklist_until" => slicer.blacklist = None,
            "enabled" => slicer.enabled = None,
            "order" => slicer.order = None,
            "status" | "status.state" => slicer.state = None,
            _ => {}
        }
        slicer
    }

    #[test]
    fn a_relevant_unreadable_field_makes_the_state_unknown_and_is_named() {
        for name in ["blacklist_until", "status", "status.state", "enabled"] {
            let active = broken(name, slicer("a", 1));
            assert!(!is_ready(&active, NOW), "{name}");
            let verdict = judge_slicers(&group("a", vec![active, slicer("b", 2)]), NOW);
            assert_eq!(verdict.severity, Severity::Unknown, "{name}");
            let named = format!("the field {name} of a is unreadable (“Stopped”)");
            assert!(verdict.sentence.contains(&named), "{verdict:?}");
        }
        for name in ["blacklist_until", "status.state", "enabled"] {
            let only = group("a", vec![slicer("a", 1), broken(name, slicer("b", 2))]);
            let verdict = judge_slicers(&only, NOW);
            assert_eq!(
                verdict.severity,
                Severity::Unknown,
                "whether there is a backup: {name}"
            );
            let first = group(
                "b",
                vec![broken(name, slicer("a", 1)), slicer("b", 2), slicer("c", 3)],
            );
            assert_ne!(
                judge_slicers(&first, NOW).severity,
                Severity::Normal,
                "whether a should be on air: {name}"
            );
        }
    }

    #[test]
    fn an_unreported_property_of_a_backup_makes_the_state_unknown() {
        let without = |change: fn(&mut Slicer)| {
            let mut slicer = slicer("b", 2);
            change(&mut slicer);
            slicer
        };
        for (what, backup) in [
            ("health", without(|one| one.blacklist = None)),
            ("state", without(|one| one.state = None)),
            ("eligibility", without(|one| one.enabled = None)),
        ] {
            assert!(!is_ready(&backup, NOW), "{what}");
            let verdict = judge_slicers(&group("a", vec![slicer("a", 1), backup]), NOW);
            assert_eq!(verdict.severity, Severity::Unknown, "{what}");
            let named = format!("the {what} of b is not reported");
            assert!(verdict.sentence.contains(&named), "{verdict:?}");
        }
    }

    #[test]
    fn a_slicer_with_an_unreported_property_has_an_unknown_part() {
        let changes: [fn(&mut Slicer); 3] = [
            |one| one.blacklist = None,
            |one| one.state = None,
            |one| one.enabled = None,
        ];
        for change in changes {
            let mut backup = slicer("b", 2);
            change(&mut backup);
            let group = group("a", vec![slicer("a", 1), backup.clone()]);
            assert_eq!(part(&group, &backup, NOW), SlicerPart::Unknown);
        }
    }

    /// A slicer whose position is not reported.
    fn without_position(id: &str) -> Slicer {
        Slicer {
            order: None,
            ..slicer(id, 0)
        }
    }

    #[test]
    fn an_unreported_position_is_not_taken_from_the_list() {
        let of = |active, slicers: &[Slicer]| judge_slicers(&group(active, slicers.into()), NOW);
        let (a, b) = (without_position("a"), without_position("b"));
        for (active, slicers) in [
            ("b", [a.clone(), b.clone()]),
            ("a", [a.clone(), b.clone()]),
            ("b", [a.clone(), slicer("b", 2)]),
            ("a", [slicer("b", 2), a.clone()]),
        ] {
            let verdict = of(active, &slicers);
            assert_eq!(verdict.severity, Severity::Unknown, "{active} {slicers:?}");
            let named = "News East: the position of a is not reported, so its state is not known.";
            assert_eq!(verdict.sentence, named);
        }
        // Position 1 is certain to come first, and the position of a single slicer does not matter.
        assert_eq!(of("a", &[slicer("a", 1), b]).severity, Severity::Normal);
        assert_eq!(of("a", std::slice::from_ref(&a)).word, "No backup");
        let flat = FailoverGroup {
            mode: Some(Mode::Flat),
            ..group("b", vec![a.clone(), without_position("b")])
        };
        assert_eq!(judge_slicers(&flat, NOW).severity, Severity::Normal);
        // A certain problem is reported.
        let sick = |slicer| for_seconds(60, slicer);
        let verdict = of("a", &[sick(a), without_position("b")]);
        assert_eq!(verdict.word, "On air unhealthy");
        let verdict = of(
            "b",
            &[sick(slicer("a", 1)), slicer("b", 2), without_position("c")],
        );
        assert_eq!(verdict.word, "On backup");
    }

    #[test]
    fn irrelevant_unreadable_fields_change_nothing() {
        let three = |name, id: &str| {
            let slicers = [slicer("a", 1), slicer("b", 2), slicer("c", 3)];
            let slicers = slicers.map(|one| if one.id == id { broken(name, one) } else { one });
            judge_slicers(&group("a", slicers.into()), NOW).severity
        };
        for (name, id) in [
            ("hostname", "a"),
            ("status.thumb_url", "a"),
            ("status.state", "b"),
            ("blacklist_until", "c"),
            ("enabled", "b"),
        ] {
            assert_eq!(three(name, id), Severity::Normal, "{name} of {id}");
        }
        let slate = group("no_slicer", vec![broken("status.state", slicer("a", 1))]);
        let verdict = judge_slicers(&slate, NOW);
        assert_eq!(
            (verdict.severity, verdict.word.as_ref()),
            (Severity::Critical, "On slate")
        );
    }

    #[test]
    fn a_group_with_relevant_unreadable_fields_is_never_normal() {
        let all = || vec![slicer("a", 1), slicer("b", 2)];
        let of = |name: &str, change: fn(&mut FailoverGroup)| {
            let mut group = group("b", all());
            group.unreadable = vec![field(name)];
            change(&mut group);
            judge_slicers(&group, NOW)
        };
        for (name, change) in [
            (
                "active_slicer_id",
                (|group| group.active = None) as fn(&mut FailoverGroup),
            ),
            ("slicers", |group| group.slicers = None),
            ("mode", |group| group.mode = None),
        ] {
            let verdict = of(name, change);
            assert_eq!(verdict.severity, Severity::Unknown, "{name}");
            assert!(verdict.sentence.contains(name), "{verdict:?}");
        }
        let alone = |unreadable: &str| {
            let mut group = group("a", vec![slicer("a", 1)]);
            group.unreadable = vec![field(unreadable)];
            judge_slicers(&group, NOW)
        };
        let hidden = alone("slicers[1]");
        assert_eq!(
            hidden.severity,
            Severity::Unknown,
            "it may be the backup: {hidden:?}"
        );
        assert_eq!(alone("slicers[1], repeated").word, "No backup");
        assert_eq!(alone("owner").word, "No backup");
    }
}

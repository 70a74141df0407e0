//! Availability, effect and confirmation of each action.

use super::Action;
use crate::effect::{Confirm, Effect};
use crate::freshness::Freshness;
use crate::slicers::tests::{NOW, for_seconds, group, slicer};
use vendors::UnreadableField;
use vendors::uplynk::{Channel, FailoverGroup, Mode, Slicer};

fn three() -> FailoverGroup {
    let channel = |id: &str| Channel {
        id: id.into(),
        desc: Some(format!("Channel {id}")),
        ..Channel::default()
    };
    FailoverGroup {
        channels: Some(vec![channel("c1"), channel("c2")]),
        ..group("a", vec![slicer("a", 1), slicer("b", 2), slicer("c", 3)])
    }
}

fn manual() -> FailoverGroup {
    FailoverGroup {
        auto_failback: Some(false),
        ..three()
    }
}

fn flat() -> FailoverGroup {
    FailoverGroup {
        mode: Some(Mode::Flat),
        ..three()
    }
}

fn on_slate() -> FailoverGroup {
    group("no_slicer", vec![slicer("a", 1)])
}

fn overwrite() -> Action {
    Action::Overwrite {
        order: Vec::new(),
        theirs: Vec::new(),
    }
}

#[test]
fn unavailable_actions_have_a_reason() {
    let eligible = |id: &str| Action::SetEligible(id.into(), false);
    let activate = |id: &str| Action::Activate(id.into());
    for (action, group, why) in [
        (Action::SetAutoFailback(false), three(), None),
        (
            Action::SetAutoFailback(true),
            flat(),
            Some("only in prioritized mode"),
        ),
        (Action::SetMode(Mode::Flat), three(), None),
        (Action::SetMode(Mode::Flat), flat(), Some("already")),
        (activate("b"), three(), Some("auto failback is on")),
        (activate("b"), flat(), Some("in flat mode too")),
        (activate("b"), manual(), None),
        (activate("a"), manual(), Some("already on air")),
        (activate("x"), manual(), Some("no longer")),
        (eligible("b"), three(), None),
        (eligible("x"), three(), Some("no longer")),
        (Action::SetSlate(true), three(), None),
        (Action::SetSlate(false), three(), Some("not on air")),
        (Action::SetSlate(true), on_slate(), Some("already")),
        (Action::SetSlate(false), on_slate(), None),
        (overwrite(), three(), None),
        (overwrite(), flat(), Some("flat mode")),
        (Action::RemoveChannel("c1".into()), three(), None),
    ] {
        match (action.can(&group), why) {
            (Ok(()), None) => {}
            (Err(reason), Some(why)) => assert!(reason.contains(why), "{action:?}: {reason}"),
            (can, _) => panic!("{action:?}: {can:?}"),
        }
    }
}

#[test]
fn alternatives_to_an_activation_are_available_actions() {
    let flat_by_hand = FailoverGroup {
        auto_failback: Some(false),
        ..flat()
    };
    let first_of = |a: Slicer| group("b", vec![a, slicer("b", 2)]);
    let out = |slicer: Slicer| Slicer {
        enabled: Some(false),
        ..slicer
    };
    let on_slate = |b: Slicer| group("no_slicer", vec![slicer("a", 1), b]);
    let flat_slate = FailoverGroup {
        mode: Some(Mode::Flat),
        ..on_slate(slicer("b", 2))
    };
    let (off, leave) = (
        || Action::SetAutoFailback(false),
        || Action::SetSlate(false),
    );
    let prioritized = || Action::SetMode(Mode::Prioritized);
    for (group, id, actions, moves, words) in [
        (three(), "b", vec![off()], true, "or move b to position 1."),
        (
            group("a", vec![slicer("a", 1), for_seconds(60, slicer("b", 2))]),
            "b",
            vec![off()],
            true,
            "It is unhealthy: from position 1",
        ),
        (
            first_of(for_seconds(60, slicer("a", 1))),
            "a",
            vec![off()],
            false,
            "a is at position 1 already, but is unhealthy",
        ),
        (
            first_of(out(slicer("a", 1))),
            "a",
            vec![off()],
            false,
            "but is not eligible for failover",
        ),
        (
            first_of(slicer("a", 1)),
            "a",
            vec![off()],
            false,
            "so that auto failback puts it on air",
        ),
        (
            flat(),
            "b",
            vec![prioritized()],
            false,
            "in prioritized mode only",
        ),
        (
            on_slate(slicer("b", 2)),
            "b",
            vec![leave(), off()],
            false,
            "Leave the slate",
        ),
        (
            on_slate(for_seconds(60, slicer("b", 2))),
            "b",
            vec![leave(), off()],
            false,
            "b is unhealthy.",
        ),
        (
            flat_slate,
            "a",
            vec![leave(), prioritized()],
            false,
            "Leave the slate",
        ),
    ] {
        let found = Action::Activate(id.into()).alternatives(&group, NOW);
        let found = found.expect("something to do instead");
        assert_eq!((&found.actions, found.moves), (&actions, moves), "{id}");
        assert!(found.sentence.contains(words), "{}", found.sentence);
        assert!(actions.iter().all(|one| one.can(&group).is_ok()), "{id}");
    }
    for (group, id) in [
        (manual(), "b"),
        (flat_by_hand, "b"),
        (three(), "a"),
        (three(), "x"),
    ] {
        let found = Action::Activate(id.into()).alternatives(&group, NOW);
        assert_eq!(found, None, "{id}");
    }
}

#[test]
fn a_possible_switch_on_air_is_a_warning_and_needs_a_dialog() {
    let waiting = |auto_failback, mode| FailoverGroup {
        auto_failback,
        mode,
        ..group(
            "b",
            vec![
                Slicer {
                    enabled: Some(false),
                    ..slicer("a", 1)
                },
                slicer("b", 2),
                slicer("c", 3),
            ],
        )
    };
    let weighted = || Some(Mode::Other("weighted".to_owned()));
    let prioritized = || Some(Mode::Prioritized);
    for (auto_failback, mode, warning) in [
        (
            None,
            prioritized(),
            "It is not known whether auto failback is on: this may be a switch on air.",
        ),
        (
            Some(true),
            None,
            "The failover mode is not known: this may be a switch on air.",
        ),
        (
            Some(true),
            weighted(),
            "The failover mode is not known: this may be a switch on air.",
        ),
        (
            None,
            weighted(),
            "The failover mode is not known: this may be a switch on air.",
        ),
        (
            Some(true),
            prioritized(),
            "This is a switch on air: a goes on air as soon as it is done.",
        ),
        (Some(false), prioritized(), ""),
        (Some(false), weighted(), ""),
        (None, Some(Mode::Flat), ""),
    ] {
        let group = waiting(auto_failback, mode);
        let include = Action::SetEligible("a".into(), true);
        assert_eq!(
            include.effect(&group, NOW).warnings(),
            warning,
            "{auto_failback:?} {:?}",
            group.mode
        );
        let needs_no_dialog = include.needs_no_dialog(&group, NOW, Freshness::Live);
        assert_eq!(needs_no_dialog, warning.is_empty(), "{warning}");
    }
    // The slicer on air comes first anyway.
    let exclude = Action::SetEligible("c".into(), false);
    let first = FailoverGroup {
        auto_failback: None,
        ..three()
    };
    assert_eq!(exclude.effect(&first, NOW).warnings(), "");
}

#[test]
fn the_effect_states_what_happens_on_air() {
    let sick = |mut group: FailoverGroup| {
        if let Some(slicers) = &mut group.slicers {
            slicers[1] = for_seconds(60, slicers[1].clone());
        }
        group
    };
    let waiting = group("b", vec![slicer("a", 1), slicer("b", 2)]);
    let alone = group(
        "a",
        vec![
            slicer("a", 1),
            Slicer {
                enabled: Some(false),
                ..slicer("b", 2)
            },
        ],
    );
    let eligible = |id: &str, on| Action::SetEligible(id.into(), on);
    for (action, group, words) in [
        (
            Action::SetMode(Mode::Prioritized),
            FailoverGroup {
                mode: Some(Mode::Flat),
                ..three()
            },
            "lists the slicers: a, b, c",
        ),
        (
            Action::SetMode(Mode::Prioritized),
            FailoverGroup {
                mode: Some(Mode::Flat),
                ..waiting.clone()
            },
            "a goes on air",
        ),
        (
            Action::SetMode(Mode::Flat),
            three(),
            "Every position is lost",
        ),
        (
            Action::SetAutoFailback(true),
            FailoverGroup {
                auto_failback: Some(false),
                ..waiting
            },
            "a goes on air as soon as",
        ),
        (
            Action::SetAutoFailback(false),
            three(),
            "stays until it fails",
        ),
        (eligible("a", false), three(), "b goes on air as soon as"),
        (
            eligible("a", false),
            manual(),
            "does not return automatically",
        ),
        (eligible("a", false), alone.clone(), "No backup is ready"),
        (eligible("b", true), alone, "minute or two"),
        (
            Action::Activate("b".into()),
            manual(),
            "a goes off air. b goes on air and stays until it fails.",
        ),
        (
            Action::Activate("b".into()),
            FailoverGroup {
                auto_failback: None,
                ..three()
            },
            "a goes off air. b goes on air.",
        ),
        (Action::Activate("b".into()), manual(), "on all 2 channels"),
        (
            Action::Activate("b".into()),
            sick(manual()),
            "b is unhealthy",
        ),
        (
            Action::SetSlate(true),
            three(),
            "replaces the video of all 2 channels",
        ),
        (
            Action::SetSlate(false),
            on_slate(),
            "The service puts a healthy, eligible slicer on air: by priority a, or the one that was on air before.",
        ),
        (
            Action::RemoveChannel("c2".into()),
            three(),
            "Channel c2 no longer",
        ),
    ] {
        let effect = action.effect(&group, NOW);
        let notes = effect.notes.iter().map(|(_, words)| words.as_str());
        let all = notes.fold(effect.sentence.clone(), |all, words| {
            format!("{all} {words}")
        });
        assert!(all.contains(words), "{action:?}: {all}");
    }
}

/// The sentence and the notes of an effect.
fn effect_of(action: &Action, group: &FailoverGroup) -> (String, Vec<String>) {
    let Effect { sentence, notes } = action.effect(group, NOW);
    assert!(
        notes.is_sorted_by_key(|(severity, _)| *severity),
        "{notes:?}"
    );
    (sentence, notes.into_iter().map(|(_, note)| note).collect())
}

#[test]
fn a_group_without_channels_names_no_number_of_channels() {
    let with = |channels, unreadable: &[&str]| FailoverGroup {
        channels,
        unreadable: unreadable
            .iter()
            .map(|name| UnreadableField {
                name: (*name).to_owned(),
                raw: String::new(),
            })
            .collect(),
        ..manual()
    };
    let none = "No channel uses this group.";
    for (group, words, reason) in [
        (with(Some(Vec::new()), &[]), none, "no slicer stays on air"),
        (
            with(Some(Vec::new()), &["channels[0]"]),
            "its channels",
            "the slate replaces its channels",
        ),
        (
            with(None, &[]),
            "its channels",
            "the slate replaces its channels",
        ),
        (
            manual(),
            "all 2 channels",
            "the slate replaces all 2 channels",
        ),
    ] {
        for action in [Action::Activate("b".into()), Action::SetSlate(true)] {
            let (sentence, notes) = effect_of(&action, &group);
            let all = format!("{sentence} {}", notes.join(" "));
            assert!(all.contains(words), "{all}");
            assert!(!all.contains("all 0"), "{all}");
        }
        let (_, notes) = effect_of(&Action::SetSlate(true), &group);
        let has_viewers = notes.join(" ").contains("Every viewer");
        assert_eq!(has_viewers, words != none, "{notes:?}");
        let confirm = Action::SetSlate(true).confirm(&group, NOW, Freshness::Live);
        assert_eq!(confirm, Confirm::Typed(reason.to_owned()));
    }
}

#[test]
fn a_channel_without_a_name_is_named_by_its_id() {
    let blank = Channel {
        id: "c3".into(),
        desc: Some(" ".into()),
        ..Channel::default()
    };
    let group = FailoverGroup {
        channels: Some(vec![blank]),
        ..three()
    };
    let (sentence, _) = effect_of(&Action::RemoveChannel("c3".into()), &group);
    assert_eq!(sentence, "c3 no longer shows what this group has on air.");
}

#[test]
fn no_change_puts_a_slicer_on_air_while_the_slate_is_on() {
    let eligible = |id: &str, on| Action::SetEligible(id.into(), on);
    let stays = "The slate stays on air.";
    let at_least = "The slate stays on air at least until a slicer is ready.";
    let two = |b: Slicer| group("no_slicer", vec![slicer("a", 1), b]);
    let out = || Slicer {
        enabled: Some(false),
        ..slicer("b", 2)
    };
    let flat = FailoverGroup {
        mode: Some(Mode::Flat),
        ..two(slicer("b", 2))
    };
    let none = group("no_slicer", vec![for_seconds(60, slicer("a", 1)), out()]);
    for (action, group, note) in [
        (Action::SetAutoFailback(true), two(slicer("b", 2)), stays),
        (Action::SetMode(Mode::Prioritized), flat, stays),
        (eligible("b", false), two(slicer("b", 2)), stays),
        (eligible("b", true), two(out()), stays),
        (eligible("a", false), two(out()), at_least),
        // A slate that is on air because no slicer was ready may end.
        (eligible("b", true), none.clone(), at_least),
        (Action::SetAutoFailback(true), none.clone(), at_least),
    ] {
        let (sentence, notes) = effect_of(&action, &group);
        assert!(notes.contains(&note.to_owned()), "{action:?}: {notes:?}");
        let all = format!("{sentence} {}", notes.join(" "));
        assert!(!all.contains("switch on air"), "{action:?}: {all}");
        assert!(!all.contains("the slate goes on air"), "{action:?}: {all}");
    }
    let needs_no_dialog = |id: &str, on, group: &FailoverGroup| {
        Action::SetEligible(id.into(), on).needs_no_dialog(group, NOW, Freshness::Live)
    };
    assert!(needs_no_dialog("b", true, &two(out())));
    assert!(!needs_no_dialog("b", true, &none), "it may go on air");
}

#[test]
fn prioritized_mode_switches_only_with_auto_failback() {
    let flat = |auto_failback| FailoverGroup {
        mode: Some(Mode::Flat),
        auto_failback: Some(auto_failback),
        ..group("b", vec![slicer("a", 1), slicer("b", 1)])
    };
    let prioritized = Action::SetMode(Mode::Prioritized);
    let switch = "This is a switch on air: a goes on air as soon as it is done.".to_owned();
    let (sentence, notes) = effect_of(&prioritized, &flat(true));
    assert_eq!(
        sentence,
        "The first healthy, eligible slicer in the order goes on air."
    );
    assert!(notes.contains(&switch), "{notes:?}");
    let (sentence, notes) = effect_of(&prioritized, &flat(false));
    assert_eq!(
        sentence,
        "At the next failover the first healthy, eligible slicer in the order goes on air."
    );
    assert!(!notes.contains(&switch), "{notes:?}");
}

#[test]
fn a_slicer_that_goes_on_air_is_no_longer_a_backup() {
    let none = "No backup is ready then: at the next failure the slate goes on air.".to_owned();
    let two = || group("a", vec![slicer("a", 1), slicer("b", 2)]);
    let exclude = Action::SetEligible("a".into(), false);
    assert!(effect_of(&exclude, &two()).1.contains(&none));
    assert!(!effect_of(&exclude, &three()).1.contains(&none));
    // Without auto failback a stays on air, and b is its backup.
    let manual = FailoverGroup {
        auto_failback: Some(false),
        ..two()
    };
    assert!(!effect_of(&exclude, &manual).1.contains(&none));
}

#[test]
fn without_positions_no_slicer_is_announced_for_air() {
    let bare = |id: &str| Slicer {
        order: None,
        ..slicer(id, 0)
    };
    let two = |active| FailoverGroup {
        auto_failback: Some(false),
        ..group(active, vec![bare("news01"), bare("news02")])
    };
    let (_, notes) = effect_of(&Action::SetAutoFailback(true), &two("news02"));
    assert_eq!(
        notes,
        ["Not every position is reported: this may be a switch on air."]
    );
    let (sentence, _) = effect_of(&Action::SetSlate(false), &two("no_slicer"));
    assert_eq!(
        sentence,
        "The service puts a healthy, eligible slicer on air."
    );
    let three = group("c", vec![bare("a"), bare("b"), bare("c")]);
    let include = Action::SetEligible("b".into(), true);
    assert!(!include.needs_no_dialog(&three, NOW, Freshness::Live));
}

#[test]
fn visible_actions_and_stale_data_require_typing() {
    let typed = |action: Action, group: &FailoverGroup, shown| {
        matches!(action.confirm(group, NOW, shown), Confirm::Typed(_))
    };
    let live = Freshness::Live;
    assert!(typed(Action::SetSlate(true), &three(), live));
    assert!(!typed(Action::SetSlate(false), &on_slate(), live));
    assert!(typed(Action::RemoveChannel("c1".into()), &three(), live));
    assert!(!typed(Action::Activate("b".into()), &manual(), live));
    let sick = group("a", vec![slicer("a", 1), for_seconds(60, slicer("b", 2))]);
    assert!(typed(Action::Activate("b".into()), &sick, live));
    assert!(!typed(Action::SetAutoFailback(false), &three(), live));
    assert!(typed(
        Action::SetAutoFailback(false),
        &three(),
        Freshness::Stale
    ));
}

#[test]
fn only_a_replaceable_backup_changes_without_a_dialog() {
    let needs_no_dialog = |id: &str, on, group: &FailoverGroup| {
        Action::SetEligible(id.into(), on).needs_no_dialog(group, NOW, Freshness::Live)
    };
    assert!(needs_no_dialog("c", false, &three()));
    assert!(!needs_no_dialog("a", false, &three()), "it is on air");
    let two = group("a", vec![slicer("a", 1), slicer("b", 2)]);
    assert!(!needs_no_dialog("b", false, &two), "it is the last backup");
    let out = group(
        "b",
        vec![
            Slicer {
                enabled: Some(false),
                ..slicer("a", 1)
            },
            slicer("b", 2),
        ],
    );
    assert!(!needs_no_dialog("a", true, &out), "it would go on air");
    assert!(!Action::SetEligible("c".into(), false).needs_no_dialog(
        &three(),
        NOW,
        Freshness::Stale
    ));
    assert!(!Action::SetSlate(true).needs_no_dialog(&three(), NOW, Freshness::Live));
}

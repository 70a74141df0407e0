//! The rules of a slicer group's verdict.

use super::{intended, judge_slicers};
use crate::severity::Severity::{self, Critical, Normal, Unknown, Warning};
use crate::slicers::tests::{NOW, for_seconds, group, slicer};
use crate::verdict::Verdict;
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use std::borrow::Cow;
use vendors::uplynk::{Blacklist, FailoverGroup, Mode, OnAir, Slicer, SlicerState};

/// Also asserts that every problem has advice.
fn judged(group: &FailoverGroup) -> Verdict {
    let verdict = judge_slicers(group, NOW);
    assert!(verdict.names_resource("News East"), "{verdict:?}");
    verdict
}

fn word(group: &FailoverGroup) -> (Severity, &'static str) {
    let verdict = judged(group);
    let Cow::Borrowed(word) = verdict.word else {
        panic!("a word of its own: {verdict:?}");
    };
    (verdict.severity, word)
}

fn sick(slicer: Slicer) -> Slicer {
    for_seconds(90, slicer)
}

fn off(slicer: Slicer) -> Slicer {
    Slicer {
        enabled: Some(false),
        ..slicer
    }
}

fn doing(state: SlicerState, slicer: Slicer) -> Slicer {
    Slicer {
        state: Some(state),
        ..slicer
    }
}

#[test]
fn each_problem_has_a_verdict() {
    let (a, b, c) = (slicer("a", 1), slicer("b", 2), slicer("c", 3));
    let mute = Slicer {
        blacklist: None,
        ..b.clone()
    };
    for (active, slicers, expected) in [
        ("a", vec![a.clone(), b.clone()], (Normal, "Normal")),
        (
            "no_slicer",
            vec![a.clone(), b.clone()],
            (Critical, "On slate"),
        ),
        (
            "no_slicer",
            vec![sick(a.clone()), sick(b.clone())],
            (Critical, "On slate"),
        ),
        ("no_slicer", vec![], (Critical, "On slate")),
        (
            "a",
            vec![sick(a.clone()), b.clone()],
            (Critical, "On air unhealthy"),
        ),
        (
            "a",
            vec![for_seconds(1, a.clone()), b.clone()],
            (Critical, "On air unhealthy"),
        ),
        (
            "a",
            vec![for_seconds(0, a.clone()), b.clone()],
            (Critical, "On air unhealthy"),
        ),
        (
            "a",
            vec![for_seconds(-1, a.clone()), b.clone()],
            (Critical, "On air unhealthy"),
        ),
        ("b", vec![a.clone(), b.clone()], (Warning, "On backup")),
        (
            "b",
            vec![sick(a.clone()), b.clone(), c.clone()],
            (Warning, "On backup"),
        ),
        (
            "c",
            vec![sick(a.clone()), b.clone(), c.clone()],
            (Warning, "On backup"),
        ),
        (
            "b",
            vec![off(a.clone()), b.clone(), c.clone()],
            (Normal, "Normal"),
        ),
        ("b", vec![off(a.clone()), b.clone()], (Warning, "No backup")),
        (
            "a",
            vec![a.clone(), sick(b.clone())],
            (Warning, "No backup"),
        ),
        // A slicer of unknown health may be a backup.
        ("a", vec![a.clone(), mute.clone()], (Unknown, "Unknown")),
        ("b", vec![mute.clone(), a.clone()], (Unknown, "Unknown")),
        ("a", vec![a.clone(), off(mute)], (Warning, "No backup")),
        (
            "a",
            vec![a.clone(), sick(b.clone()), c.clone()],
            (Normal, "Normal"),
        ),
        ("a", vec![a.clone(), off(b.clone())], (Warning, "No backup")),
        ("a", vec![a.clone()], (Warning, "No backup")),
        ("z", vec![a.clone(), b.clone()], (Unknown, "Unknown")),
        ("A", vec![a.clone(), b.clone()], (Unknown, "Unknown")),
    ] {
        assert_eq!(
            word(&group(active, slicers.clone())),
            expected,
            "{active} {slicers:?}"
        );
    }
}

#[test]
fn of_the_states_only_inactive_counts_as_unhealthy() {
    use SlicerState::{AdBreak, Blackout, Inactive, Other, ReplacingContent, Slicing};
    for (state, expected) in [
        (Slicing, (Normal, "Normal")),
        (AdBreak, (Normal, "Normal")),
        (ReplacingContent, (Normal, "Normal")),
        (Blackout, (Normal, "Normal")),
        (Other(7), (Normal, "Normal")),
        (Inactive, (Critical, "On air unhealthy")),
    ] {
        let active = doing(state.clone(), slicer("a", 1));
        assert_eq!(
            word(&group("a", vec![active, slicer("b", 2)])),
            expected,
            "{state:?}"
        );
        let backup = doing(state.clone(), slicer("b", 2));
        let word = word(&group("a", vec![slicer("a", 1), backup])).1;
        assert_eq!(word == "No backup", state == Inactive, "{state:?}");
    }
}

#[test]
fn flat_and_unknown_modes_have_no_intended_slicer() {
    for mode in [Some(Mode::Flat), Some(Mode::Other("lottery".into())), None] {
        for first in [slicer("a", 1), sick(slicer("a", 1))] {
            let flat = FailoverGroup {
                mode: mode.clone(),
                ..group("b", vec![first, slicer("b", 1), slicer("c", 1)])
            };
            assert_eq!(word(&flat), (Normal, "Normal"), "{mode:?}");
        }
        let alone = FailoverGroup {
            mode: mode.clone(),
            ..group("b", vec![sick(slicer("a", 1)), slicer("b", 1)])
        };
        assert_eq!(word(&alone), (Warning, "No backup"));
    }
}

#[test]
fn unreported_fields_make_the_state_unknown() {
    let bare = FailoverGroup {
        slicers: None,
        ..group("a", Vec::new())
    };
    assert_eq!(word(&bare), (Unknown, "Unknown"));
    let mute = FailoverGroup {
        active: None,
        ..group("a", vec![slicer("a", 1)])
    };
    assert_eq!(word(&mute), (Unknown, "Unknown"));
    let silent = |slicer| Slicer {
        blacklist: None,
        state: None,
        ..slicer
    };
    let (a, b) = (slicer("a", 1), slicer("b", 2));
    for slicers in [
        vec![silent(a.clone()), b.clone()],
        vec![silent(a.clone()), silent(b.clone())],
    ] {
        let group = group("a", slicers);
        let verdict = judged(&group);
        assert_eq!(verdict.severity, Unknown);
        assert_eq!(
            verdict.sentence,
            "News East: the health of a is not reported, so its state is not known."
        );
        // No other slicer is reported as intended, either.
        let wanted = intended(&group, NOW).map(|slicer| slicer.id.as_str());
        assert_eq!(wanted, Some("a"));
    }
    // A certain problem is reported.
    let verdict = judged(&group("b", vec![silent(a), b]));
    assert_eq!(
        (verdict.severity, verdict.word.as_ref()),
        (Warning, "On backup")
    );
}

#[test]
fn sentences_state_the_reason_and_advice_the_action() {
    let at = NOW - TimeDelta::minutes(23);
    let failed_over = |active: &str, slicers| FailoverGroup {
        failover_time: Some(at),
        ..group(active, slicers)
    };
    let (a, b, c) = (slicer("a", 1), slicer("b", 2), slicer("c", 3));
    let inactive = Slicer {
        state: Some(SlicerState::Inactive),
        ..b.clone()
    };
    for (group, sentence, advice, since) in [
        (
            failed_over("b", vec![sick(a.clone()), b.clone(), c.clone()]),
            "News East runs on its backup: b is on air, because a is unhealthy.",
            "Check the input of a. It is checked again in 1 min 30 s. 1 backup is ready.",
            Some(at),
        ),
        (
            failed_over("b", vec![for_seconds(-5, a.clone()), b.clone()]),
            "News East runs on its backup: b is on air, because a is unhealthy, and its re-check is due.",
            "Check the input of a. No backup is ready.",
            Some(at),
        ),
        (
            FailoverGroup {
                auto_failback: Some(false),
                ..failed_over("b", vec![a.clone(), b.clone()])
            },
            "News East runs on its backup: b is on air, a should be.",
            "Auto failback is off: b stays until someone activates a.",
            Some(at),
        ),
        (
            failed_over("no_slicer", vec![sick(a.clone()), b.clone()]),
            "News East is on slate: no slicer feeds its channels.",
            "b is ready: leave the slate to put a slicer on air.",
            Some(at),
        ),
        (
            failed_over("no_slicer", vec![sick(a.clone())]),
            "News East is on slate: none of its slicers is ready.",
            "Restore the feed of one of its slicers, or make a healthy one eligible.",
            Some(at),
        ),
        (
            FailoverGroup {
                slicers: None,
                ..failed_over("no_slicer", Vec::new())
            },
            "News East is on slate: no slicer feeds its channels.",
            "Open the group to load its slicers.",
            Some(at),
        ),
        (
            failed_over("a", vec![sick(a.clone()), b.clone(), c.clone()]),
            "News East: a is on air and is unhealthy.",
            "Check the input of a. It is checked again in 1 min 30 s. 2 backups are ready.",
            None,
        ),
        (
            failed_over("a", vec![a.clone(), sick(b.clone())]),
            "News East has no backup: no other slicer is ready.",
            "If a fails, the channels go to slate.",
            None,
        ),
        // Healthy and eligible, as the page shows, and yet no backup.
        (
            failed_over("a", vec![a.clone(), inactive]),
            "News East has no backup: no other slicer is ready.",
            "If a fails, the channels go to slate.",
            None,
        ),
    ] {
        let verdict = judged(&group);
        assert_eq!(verdict.sentence, sentence);
        assert_eq!(verdict.advice.as_deref(), Some(advice));
        assert_eq!(verdict.since, since, "{sentence}");
    }
}

#[test]
fn a_group_with_only_warm_backups_ready_is_a_warning() {
    let (a, b, c, d) = (
        slicer("a", 1),
        slicer("b", 2),
        slicer("c", 3),
        slicer("d", 4),
    );
    for (hot_warm, slicers, expected) in [
        (Some(2), vec![a.clone(), b.clone(), c.clone()], Normal),
        (
            Some(2),
            vec![a.clone(), sick(b.clone()), c.clone()],
            Warning,
        ),
        (Some(2), vec![a.clone(), off(b.clone()), c.clone()], Warning),
        (
            Some(3),
            vec![a.clone(), sick(b.clone()), c.clone(), d.clone()],
            Normal,
        ),
        (
            Some(3),
            vec![a.clone(), sick(b.clone()), sick(c.clone()), d.clone()],
            Warning,
        ),
        (Some(1), vec![a.clone(), sick(b.clone()), c.clone()], Normal),
        (Some(0), vec![a.clone(), sick(b.clone()), c.clone()], Normal),
        (None, vec![a.clone(), sick(b.clone()), c.clone()], Normal),
    ] {
        let group = FailoverGroup {
            hot_warm,
            ..group("a", slicers)
        };
        let verdict = judged(&group);
        assert_eq!(
            verdict.severity, expected,
            "{hot_warm:?}: {}",
            verdict.sentence
        );
        if expected == Warning {
            assert_eq!(verdict.word, "Backups warm");
        }
    }
}

#[test]
fn flat_mode_states_that_any_slicer_may_be_on_air() {
    let slicers = vec![slicer("a", 1), slicer("b", 1)];
    let verdict = judged(&FailoverGroup {
        mode: Some(Mode::Flat),
        ..group("b", slicers)
    });
    assert_eq!(
        verdict.sentence,
        "News East: b is on air. Flat mode: any healthy slicer may be. 1 backup is ready."
    );
}

#[test]
fn warm_backups_are_called_warm() {
    let two = vec![slicer("a", 1), slicer("b", 2)];
    for (hot_warm, sentence) in [
        (None, "News East: a is on air. 1 backup is ready."),
        (Some(0), "News East: a is on air. 1 backup is ready."),
        (
            Some(1),
            "News East: a is on air. 1 backup is ready, warm: a failover has a gap.",
        ),
        (Some(2), "News East: a is on air. 1 backup is ready."),
    ] {
        let group = FailoverGroup {
            hot_warm,
            ..group("a", two.clone())
        };
        assert_eq!(judged(&group).sentence, sentence);
    }
}

#[test]
fn a_group_without_a_name_is_named_by_its_id() {
    let nameless = FailoverGroup {
        name: Some("  ".into()),
        ..group("a", Vec::new())
    };
    assert!(judge_slicers(&nameless, NOW).sentence.starts_with("9852: "));
}

prop_compose! {
    fn any_slicer()(
        id in "[ab]?",
        until in prop::option::of(prop::option::of(any::<i64>())),
        order in prop::option::of(any::<i64>()),
        state in prop::option::of(-2_i64..6),
        enabled in prop::option::of(any::<bool>()),
    ) -> Slicer {
        let blacklist = until.map(|at| match at.and_then(DateTime::<Utc>::from_timestamp_millis) {
            Some(at) => Blacklist::Until(at),
            None => Blacklist::Healthy,
        });
        let state = state.map(SlicerState::from);
        Slicer { id, blacklist, order, state, enabled, ..Slicer::default() }
    }
}

proptest! {
    #[test]
    fn any_group_at_any_time_has_a_verdict(
        slicers in prop::option::of(prop::collection::vec(any_slicer(), 0..12)),
        active in prop::option::of("[ab]?"),
        hot_warm in prop::option::of(any::<i64>()),
        flat in any::<bool>(),
        now in prop_oneof![Just(DateTime::<Utc>::MIN_UTC), Just(DateTime::<Utc>::MAX_UTC), Just(NOW)],
    ) {
        let mode = Some(if flat { Mode::Flat } else { Mode::Prioritized });
        let active = active.map(|id| if id.is_empty() { OnAir::Slate } else { OnAir::Slicer(id) });
        let group = FailoverGroup { slicers, active, hot_warm, mode, ..FailoverGroup::default() };
        let verdict = judge_slicers(&group, now);
        prop_assert!(verdict.is_complete(), "{verdict:?}");
        prop_assert!(hot_warm.is_none_or(|it| !crate::slicers::hot_warm_words(it).is_empty()));
    }
}

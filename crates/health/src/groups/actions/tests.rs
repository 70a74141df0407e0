//! The effects and confirmations of actions.

use crate::effect::Confirm;
use crate::freshness::Freshness::{self, Aging, Live, NoData, Stale};
use crate::groups::fixtures::{NOW, aged, group, judge_complete, pin, scored};
use crate::groups::{Action, GroupContext};
use crate::severity::Severity::{self, Critical, Normal, Warning};
use chrono::TimeDelta;
use vendors::aveva::{
    ApiVersion, Base, ClientSession, GroupConfiguration, GroupStatus, Heartbeat, Role, TimeSpan,
};

fn with<T>(sessions: &[ClientSession], check: impl FnOnce(GroupContext<'_>) -> T) -> T {
    with_status(&GroupStatus::default(), sessions, check)
}

fn with_status<T>(
    status: &GroupStatus,
    sessions: &[ClientSession],
    check: impl FnOnce(GroupContext<'_>) -> T,
) -> T {
    let group: GroupConfiguration = group();
    check(GroupContext {
        group: &group,
        status,
        sessions,
        observation: NOW.into(),
    })
}

fn severities(notes: &[(Severity, String)]) -> Vec<Severity> {
    notes.iter().map(|(severity, _)| *severity).collect()
}

#[test]
fn actions_that_an_api_version_lacks_are_unsupported() {
    for (version, missing) in [
        (ApiVersion::V1, vec![Action::PutSession]),
        (
            ApiVersion::V1Preview,
            vec![Action::OverrideRole, Action::ClearOverride],
        ),
    ] {
        let base = Base {
            sessions_version: version,
            ..Base::default()
        };
        let lacks = Action::ALL
            .into_iter()
            .filter(|a| a.unsupported_reason(&base).is_some());
        assert_eq!(lacks.collect::<Vec<_>>(), missing, "{version:?}");
    }
}

#[test]
fn deleting_a_group_warns_that_live_sessions_prevent_it() {
    for (sessions, notes, expected_note) in [
        (vec![], vec![Warning], "if an adapter still runs"),
        (
            vec![aged("a", Role::Primary, 61)],
            vec![Warning],
            "if an adapter still runs",
        ),
        (
            vec![aged("a", Role::Primary, 60)],
            vec![Critical, Warning],
            "1 session is active",
        ),
        (
            vec![aged("a", Role::Primary, 6), aged("b", Role::Secondary, 6)],
            vec![Critical, Warning],
            "2 sessions are active",
        ),
    ] {
        let effect = with(&sessions, |context| context.delete_group("Plant A"));
        assert_eq!(severities(&effect.notes), notes, "{sessions:?}");
        let first = effect.notes.first().map_or("", |(_, words)| words);
        assert!(first.contains(expected_note), "{first}");
    }
}

#[test]
fn deleting_a_primary_names_its_successor_and_the_reason() {
    let a = aged("a", Role::Primary, 6);
    let sessions = [
        a.clone(),
        scored("b", Role::Secondary, 70.0),
        scored("c", Role::Secondary, 98.0),
    ];
    let effect = with(&sessions, |context| context.delete_session(&sessions[0]));
    assert_eq!(
        effect.sentence,
        "a is Primary and leaves the group. c becomes Primary within 30 s: highest score among live sessions, 98."
    );
    // Cold standbys with equal scores: the choice is not documented.
    let sessions = [
        a.clone(),
        scored("b", Role::Secondary, 1.0),
        scored("c", Role::Secondary, 1.0),
        scored("d", Role::Secondary, 0.0),
    ];
    let effect = with(&sessions, |context| context.delete_session(&sessions[0]));
    assert_eq!(
        effect.sentence,
        "a is Primary and leaves the group. One of 2 live sessions with the same score, 1, becomes Primary within 30 s."
    );
    // The same candidate wins with and without overrides.
    for [first, second] in [["b", "c"], ["c", "b"]] {
        let even = [
            scored(first, Role::Secondary, 50.0),
            scored(second, Role::Secondary, 50.0),
            pin(scored("z", Role::Secondary, 10.0), None),
        ];
        let best = with(&even, |context| context.leader()?.id.clone());
        assert_eq!(best.as_deref(), Some("b"));
        let free = [even[0].clone(), even[1].clone()];
        let effect = with(&free, |context| {
            context.post_heartbeat(&scored("z", Role::Secondary, 50.0), Some(50.0), None)
        });
        let words = &effect.notes[0].1;
        assert!(words.starts_with("With the same score as b"), "{words}");
        let effect = with(&even, |context| context.clear_override(&even[2]));
        assert_eq!(
            effect.sentence,
            "The election decides again. One of 2 live sessions with the same score, 50, becomes Primary within 30 s."
        );
    }
    let alone = [a];
    let effect = with(&alone, |context| context.delete_session(&alone[0]));
    assert_eq!(severities(&effect.notes), [Critical, Warning]);
    let silent = [aged("a", Role::Secondary, 300)];
    let effect = with(&silent, |context| context.delete_session(&silent[0]));
    assert_eq!(severities(&effect.notes), [Warning]);
    assert!(effect.notes[0].1.contains("if an adapter still runs"));
    assert!(effect.sentence.contains("does not change"));
}

#[test]
fn an_override_warns_of_late_silent_or_missing_heartbeats() {
    for (age, expected) in [
        (6, vec![]),
        (32, vec![]),
        (33, vec![Warning]),
        (60, vec![Warning]),
        (61, vec![Critical]),
    ] {
        let sessions = [aged("b", Role::Secondary, age)];
        let hour = Some(TimeDelta::hours(1));
        let effect = with(&sessions, |context| {
            context.override_role(&sessions[0], hour)
        });
        assert_eq!(severities(&effect.notes), expected, "{age} s");
        assert!(effect.sentence.contains("for 1 h"), "{}", effect.sentence);
    }
    let never = [ClientSession {
        heartbeat: None,
        ..aged("b", Role::Secondary, 6)
    }];
    let effect = with(&never, |context| context.override_role(&never[0], None));
    assert_eq!(severities(&effect.notes), [Critical, Normal]);
    assert!(effect.sentence.contains("until it is cleared"));
}

#[test]
fn a_second_override_names_the_pinned_session() {
    let sessions = [
        aged("a", Role::Secondary, 6),
        pin(aged("b", Role::Primary, 6), None),
    ];
    let effect = with(&sessions, |context| {
        context.override_role(&sessions[0], Some(TimeDelta::hours(1)))
    });
    let unknown = "a may become or stay Primary for 1 h, regardless of its score.";
    assert_eq!(effect.sentence, unknown);
    assert!(effect.notes[0].1.starts_with("b is already pinned"));
}

#[test]
fn an_override_that_replaces_another_one_says_so() {
    let hours = |hours| Some(TimeDelta::hours(hours));
    let (another, cleared) = ("for another 2 h", "until it is cleared");
    for (held, period, lasts, sooner) in [
        (hours(2), hours(1), another, true),
        (hours(2), hours(2), another, false),
        (hours(2), None, another, false),
        (None, hours(1), cleared, true),
        (None, None, cleared, false),
        // The duration is not known yet.
        (hours(2), hours(0), another, false),
    ] {
        let end = held.map(|held| NOW + held);
        let sessions = [pin(aged("a", Role::Primary, 6), end)];
        let effect = with(&sessions, |context| {
            context.override_role(&sessions[0], period)
        });
        let sooner = if sooner { " and ends sooner" } else { "" };
        let words =
            format!("a is already overridden {lasts}: this override replaces that one{sooner}.");
        assert_eq!(effect.notes[0], (Warning, words));
    }
    let over = [pin(aged("a", Role::Primary, 6), Some(NOW))];
    let effect = with(&over, |context| context.override_role(&over[0], hours(1)));
    assert_eq!(effect.notes, []);
}

#[test]
fn clearing_an_override_names_the_elected_session() {
    let b = scored("b", Role::Secondary, 50.0);
    let led = [pin(scored("a", Role::Primary, 90.0), None), b.clone()];
    let silent = [pin(aged("a", Role::Primary, 300), None), b.clone()];
    let lower = [pin(scored("a", Role::Primary, 10.0), None), b.clone()];
    let even = [b.clone(), pin(scored("a", Role::Primary, 50.0), None)];
    let even = [even[1].clone(), even[0].clone()];
    let no_score = |session: ClientSession| ClientSession {
        heartbeat: session.heartbeat.map(|heartbeat| Heartbeat {
            score: None,
            ..heartbeat
        }),
        ..session
    };
    let mute = [
        no_score(pin(aged("a", Role::Primary, 6), None)),
        no_score(aged("b", Role::Secondary, 6)),
    ];
    let nan = [pin(scored("a", Role::Primary, f64::NAN), None), b.clone()];
    let alone = [mute[0].clone()];
    let both = [
        pin(scored("a", Role::Primary, 90.0), None),
        pin(scored("c", Role::Secondary, 10.0), None),
        b,
    ];
    let nobody = [pin(aged("a", Role::Primary, 300), None)];
    for (sessions, words) in [
        (
            &led[..],
            "The election decides again. a stays Primary: highest score among live sessions, 90.",
        ),
        (
            &silent[..],
            "The election decides again. b becomes Primary within 30 s: highest score among live sessions, 50.",
        ),
        (
            &lower[..],
            "The election decides again. b becomes Primary within 30 s: highest score among live sessions, 50.",
        ),
        (
            &even[..],
            "The election decides again. a stays Primary: highest score among live sessions, 50.",
        ),
        (
            &mute[..],
            "The election decides again. One of 2 live sessions becomes Primary; none of them reports a score.",
        ),
        (
            &nan[..],
            "The election decides again. b becomes Primary within 30 s: highest score among live sessions, 50.",
        ),
        (
            &alone[..],
            "The election decides again. a stays Primary: the only live session.",
        ),
        (
            &nobody[..],
            "The election decides again, and no session is live.",
        ),
        (
            &both[..],
            "a is no longer pinned. c becomes Primary: a role override pins it.",
        ),
    ] {
        let effect = with(sessions, |context| context.clear_override(&sessions[0]));
        assert_eq!(effect.sentence, words);
        assert_eq!(effect.notes, []);
    }
    let quiet = [both[0].clone(), pin(aged("c", Role::Secondary, 300), None)];
    let effect = with(&quiet, |context| context.clear_override(&quiet[0]));
    assert_eq!(severities(&effect.notes), [Critical]);
    assert!(effect.notes[0].1.starts_with("c is silent"));
}

#[test]
fn live_first_returns_live_sessions_first() {
    let ages = [("a", 300), ("b", 6), ("c", 300), ("d", 5)];
    let sessions = ages.map(|(id, age)| aged(id, Role::Secondary, age));
    let ids = with(&sessions, |context| {
        let sessions = context.live_first().into_iter();
        sessions
            .filter_map(|one| one.id.clone())
            .collect::<String>()
    });
    assert_eq!(ids, "bdac");
}

#[test]
fn posting_a_heartbeat_always_warns() {
    for (role, age, notes) in [
        (Role::Secondary, 6, vec![Warning]),
        (Role::Secondary, 300, vec![Warning]),
        (Role::PendingPrimary, 6, vec![Critical, Warning]),
        (Role::Primary, 6, vec![Warning]),
        (Role::Primary, 32, vec![Warning]),
        // It would delay the takeover.
        (Role::Primary, 33, vec![Critical, Warning]),
        (Role::Primary, 300, vec![Critical, Warning]),
    ] {
        let sessions = [aged("a", role, age)];
        let effect = with(&sessions, |context| {
            context.post_heartbeat(&sessions[0], None, None)
        });
        assert_eq!(severities(&effect.notes), notes, "{age} s");
    }
}

#[test]
fn a_heartbeat_with_a_time_states_how_long_the_session_is_live() {
    let sessions = [aged("a", Role::Primary, 6), aged("b", Role::Secondary, 6)];
    let of = |ahead| {
        let at = Some(NOW + TimeDelta::seconds(ahead));
        with(&sessions, |context| {
            context.post_heartbeat(&sessions[0], None, at).notes
        })
    };
    let lives = |span: &str| {
        format!(
            "For testing: the service considers a live for {span}, whether or not its adapter is running."
        )
    };
    for ahead in [-60, 0, 2] {
        assert_eq!(of(ahead), [(Warning, lives("1 min"))], "{ahead} s");
    }
    let future = "The heartbeat time is 2 h in the future: if a fails, no session takes over until then, and for the failover timeout after that.";
    assert_eq!(
        of(7_200),
        [(Critical, future.to_owned()), (Warning, lives("2 h 1 min"))]
    );
    let old = "The heartbeat time is older than the failover timeout: the service considers the session silent.";
    assert_eq!(of(-61), [(Warning, old.to_owned())]);
}

const OVERDUE: &str = "a is live and has posted a heartbeat since the takeover was due 4 min ago, but has not taken over";

/// No dialog promises what the verdict on the same group denies.
#[test]
fn a_takeover_that_is_overdue_is_promised_by_neither_the_dialog_nor_the_verdict() {
    let (a, c) = (
        scored("a", Role::Secondary, 90.0),
        scored("c", Role::Secondary, 50.0),
    );
    let pending = scored("c", Role::PendingPrimary, 50.0);
    let unknown = scored("c", Role::Other("Observer".to_owned()), 50.0);
    let promise = "c becomes PendingPrimary and then Primary";
    for (silence, others, posted, words, advised) in [
        (300, [a.clone(), c.clone()], 100.0, Some(OVERDUE), true),
        (300, [a.clone(), c.clone()], 60.0, None, true),
        (61, [a.clone(), c], 100.0, Some(promise), false),
        // A handover has begun.
        (
            300,
            [a.clone(), pending],
            100.0,
            Some("this heartbeat makes it Primary"),
            false,
        ),
        (
            6,
            [a, unknown],
            100.0,
            Some("c has the role “Observer”: whether it takes over is not known."),
            false,
        ),
    ] {
        let [a, c] = others;
        let sessions = [aged("p", Role::Primary, silence), a, c];
        let effect = with(&sessions, |context| {
            context.post_heartbeat(&sessions[2], Some(posted), None)
        });
        let mut notes = effect.notes.iter();
        let found = notes.find(|(_, note)| words.is_some_and(|words| note.contains(words)));
        assert_eq!(
            found.is_some(),
            words.is_some(),
            "{words:?}: {:?}",
            effect.notes
        );
        let promises = effect
            .notes
            .iter()
            .any(|(_, note)| note.contains("and then Primary"));
        assert_eq!(promises, words == Some(promise));
        let verdict = judge_complete(&group(), None, &sessions, NOW);
        let advice = verdict.advice.unwrap_or_default();
        assert_eq!(advice.starts_with(OVERDUE), advised, "{advice}");
    }
}

#[test]
fn posting_a_heartbeat_states_whether_its_score_wins() {
    let pinned = pin(scored("p", Role::Primary, 10.0), None);
    let primary = |score| scored("p", Role::Primary, score);
    for (other, posted, words) in [
        (
            primary(97.0),
            Some(100.0),
            Some("a becomes PendingPrimary and then Primary"),
        ),
        (
            primary(97.0),
            Some(97.0),
            Some("With the same score as p it may take over"),
        ),
        (primary(97.0), Some(96.0), None),
        (primary(97.0), None, None),
        (
            aged("p", Role::Primary, 61),
            Some(1.0),
            Some("No other session is live: a becomes Primary"),
        ),
        // As in the verdict on the group: a has posted a heartbeat since, and the primary stays.
        (aged("p", Role::Primary, 300), Some(1.0), Some(OVERDUE)),
        (pinned, Some(100.0), None),
    ] {
        let sessions = [scored("a", Role::Secondary, 1.0), other];
        let effect = with(&sessions, |context| {
            context.post_heartbeat(&sessions[0], posted, None)
        });
        let note = effect.notes.first().map(|(_, words)| words.as_str());
        let note = note.filter(|_| effect.notes.len() > 1);
        match words {
            Some(words) => assert!(note.is_some_and(|note| note.contains(words)), "{note:?}"),
            None => assert_eq!(note, None, "{posted:?}"),
        }
    }
}

#[test]
fn deleting_a_session_states_the_effect_on_its_group() {
    let (a, b) = (
        scored("a", Role::Primary, 90.0),
        scored("b", Role::Secondary, 50.0),
    );
    let pending = scored("p", Role::PendingPrimary, 95.0);
    let silent = aged("a", Role::Primary, 300);
    let pinned = pin(b.clone(), None);
    let gone = pin(aged("b", Role::Secondary, 300), None);
    let without_heartbeat = ClientSession {
        heartbeat: None,
        ..pending.clone()
    };
    for (sessions, sentence, notes) in [
        (
            vec![pending.clone(), a.clone(), b.clone()],
            "p is about to become Primary and leaves the group. a stays Primary: highest score among live sessions, 90.",
            vec![Warning],
        ),
        (
            vec![pending.clone(), silent.clone(), b.clone()],
            "p is about to become Primary and leaves the group. b becomes Primary within 30 s: highest score among live sessions, 50.",
            vec![Warning],
        ),
        (
            vec![pending, silent.clone()],
            "p is about to become Primary and leaves the group.",
            vec![Critical, Warning],
        ),
        (
            vec![without_heartbeat, silent.clone()],
            "p is about to become Primary and leaves the group.",
            vec![Critical, Warning],
        ),
        (
            vec![b.clone(), silent],
            "b leaves the group. The Primary does not change.",
            vec![Critical, Warning],
        ),
        // No standby is left, as the verdict then says.
        (
            vec![b.clone(), a.clone()],
            "b leaves the group. The Primary does not change.",
            vec![Warning, Warning],
        ),
        (
            vec![b, a.clone(), scored("c", Role::Secondary, 20.0)],
            "b leaves the group. The Primary does not change.",
            vec![Warning],
        ),
        (
            vec![a.clone(), pinned],
            "a is Primary and leaves the group. b becomes Primary: a role override pins it.",
            vec![Warning],
        ),
        (
            vec![a, gone, scored("c", Role::Secondary, 20.0)],
            "a is Primary and leaves the group. b becomes Primary: a role override pins it.",
            vec![Critical, Warning],
        ),
    ] {
        let effect = with(&sessions, |context| context.delete_session(&sessions[0]));
        assert_eq!(effect.sentence, sentence);
        assert_eq!(severities(&effect.notes), notes, "{sentence}");
    }
}

#[test]
fn a_possible_primary_without_that_role_is_deleted_like_a_primary() {
    let b = || aged("b", Role::Secondary, 6);
    let without = |role| ClientSession {
        role,
        ..aged("a", Role::Secondary, 6)
    };
    let named = |primary: &str, pending: &str| GroupStatus {
        primary: Some(primary.to_owned()),
        pending_primary: Some(pending.to_owned()),
        ..GroupStatus::default()
    };
    let follows =
        "leaves the group. b becomes Primary within 30 s: highest score among live sessions, 88.";
    let stays = "a leaves the group. The Primary does not change.";
    let unknown = Some(Role::Other("3".into()));
    for (status, sessions, sentence, typed) in [
        (
            named("", ""),
            [without(None), b()],
            format!("a may be Primary and {follows}"),
            Some("it may be Primary"),
        ),
        (
            named("", ""),
            [without(unknown.clone()), b()],
            format!("a may be Primary and {follows}"),
            Some("it may be Primary"),
        ),
        (
            named("a", ""),
            [without(unknown.clone()), b()],
            format!("a is Primary and {follows}"),
            Some("it is Primary"),
        ),
        (
            named("a", ""),
            [without(Some(Role::Secondary)), b()],
            format!("a is Primary and {follows}"),
            Some("it is Primary"),
        ),
        (
            named("", "a"),
            [without(Some(Role::Secondary)), b()],
            format!("a is about to become Primary and {follows}"),
            Some("it is about to become Primary"),
        ),
        // The sessions' own roles take precedence.
        (
            named("a", ""),
            [without(Some(Role::Secondary)), aged("b", Role::Primary, 6)],
            stays.to_owned(),
            None,
        ),
        (
            named("", ""),
            [without(unknown), aged("b", Role::Primary, 6)],
            stays.to_owned(),
            None,
        ),
    ] {
        with_status(&status, &sessions, |context| {
            assert_eq!(context.delete_session(&sessions[0]).sentence, sentence);
            let confirm = context.confirm(Action::DeleteSession, Some(&sessions[0]), Live);
            let expected = typed.map_or(Confirm::Click, |why| Confirm::Typed(why.to_owned()));
            assert_eq!(confirm, expected, "{sentence}");
        });
    }
}

#[test]
fn a_primary_by_the_status_is_primary_for_all_actions() {
    let status = GroupStatus {
        primary: Some("a".to_owned()),
        ..GroupStatus::default()
    };
    let sessions = [
        aged("a", Role::Secondary, 33),
        aged("b", Role::Secondary, 6),
    ];
    with_status(&status, &sessions, |context| {
        let sentence = context.override_role(&sessions[0], None).sentence;
        assert!(sentence.starts_with("a is already Primary"), "{sentence}");
        let notes = context.post_heartbeat(&sessions[0], None, None).notes;
        assert_eq!(severities(&notes), [Critical, Warning]);
    });
}

#[test]
fn without_a_timeout_the_takeover_has_no_time() {
    for timeout in [None, Some(TimeSpan::from_seconds(0))] {
        let group = GroupConfiguration {
            failover_timeout: timeout,
            ..group()
        };
        let sessions = [
            aged("a", Role::Primary, 6),
            scored("b", Role::Secondary, 50.0),
        ];
        let context = GroupContext {
            group: &group,
            status: &GroupStatus::default(),
            sessions: &sessions,
            observation: NOW.into(),
        };
        assert_eq!(
            context.delete_session(&sessions[0]).sentence,
            "a is Primary and leaves the group. b becomes Primary at its next heartbeat: highest score among live sessions, 50."
        );
    }
}

#[test]
fn overriding_a_primary_states_that_it_already_is() {
    for (role, expected) in [
        (
            Role::Secondary,
            "a becomes Primary immediately and stays Primary for 1 h, regardless of its score.",
        ),
        (
            Role::Primary,
            "a is already Primary and stays Primary for 1 h, regardless of its score.",
        ),
    ] {
        let sessions = [aged("a", role, 6)];
        let hour = Some(TimeDelta::hours(1));
        let effect = with(&sessions, |context| {
            context.override_role(&sessions[0], hour)
        });
        assert_eq!(effect.sentence, expected);
    }
}

#[test]
fn a_first_session_becomes_primary() {
    assert!(
        with(&[], |context| context.add_session("new"))
            .sentence
            .contains("becomes Primary")
    );
    let one = [aged("a", Role::Primary, 6)];
    assert!(
        with(&one, |context| context.add_session("new"))
            .sentence
            .contains("is on standby")
    );
    let effect = with(&one, |context| context.add_session("a"));
    assert_eq!(
        effect.notes[0].1,
        "a already exists and is Primary. To change it, choose it in the table."
    );
    let silent = [aged("a", Role::Primary, 61)];
    assert!(
        with(&silent, |context| context.add_session("new"))
            .sentence
            .contains("becomes Primary with its first heartbeat")
    );
    // The pinned session is Primary even if it is silent.
    for (age, notes) in [(6, vec![Normal]), (61, vec![Critical, Normal])] {
        let pinned = [pin(aged("a", Role::Primary, age), None)];
        let effect = with(&pinned, |context| context.add_session("new"));
        assert_eq!(
            effect.sentence,
            "It is on standby: a role override pins a as Primary."
        );
        assert_eq!(severities(&effect.notes), notes);
    }
}

#[test]
fn risky_actions_require_a_typed_confirmation() {
    let sessions = [
        aged("primary", Role::Primary, 6),
        aged("live", Role::Secondary, 6),
        aged("silent", Role::Secondary, 300),
        aged("pending", Role::PendingPrimary, 6),
    ];
    let alone = [
        aged("alone", Role::Secondary, 6),
        aged("gone", Role::Secondary, 300),
    ];
    let typed = |sessions: &[ClientSession], action, at: Option<usize>, shown: Freshness| {
        let session = at.map(|at| &sessions[at]);
        with(sessions, |context| {
            context.confirm(action, session, shown) != Confirm::Click
        })
    };
    for (action, at, shown, expected) in [
        (Action::DeleteSession, Some(0), Live, true),
        (Action::DeleteSession, Some(1), Live, false),
        (Action::DeleteSession, Some(1), Aging, false),
        (Action::DeleteSession, Some(1), Stale, true),
        (Action::DeleteSession, Some(1), NoData, true),
        (Action::DeleteSession, Some(2), Live, false),
        (Action::OverrideRole, Some(0), Live, true),
        (Action::OverrideRole, Some(1), Live, false),
        (Action::OverrideRole, Some(2), Live, true),
        (Action::OverrideRole, Some(1), Stale, true),
        (Action::DeleteSession, Some(3), Live, true),
        (Action::PutSession, Some(0), Live, true),
        (Action::PutSession, None, Live, false),
        (Action::DeleteGroup, None, Live, true),
        (Action::ClearOverride, Some(0), Stale, false),
        (Action::PostHeartbeat, Some(0), Live, false),
        (Action::AddSession, None, Stale, false),
        (Action::CreateGroup, None, Stale, false),
    ] {
        assert_eq!(
            typed(&sessions, action, at, shown),
            expected,
            "{action:?} {at:?} {shown:?}"
        );
    }
    assert!(typed(&alone, Action::DeleteSession, Some(0), Live));
    assert!(!typed(&alone, Action::DeleteSession, Some(1), Live));
}

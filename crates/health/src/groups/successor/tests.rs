//! The order of election.

use crate::groups::fixtures::{NOW, aged, group, judge_complete, pin, scored, silent_for};
use crate::groups::{Candidate, GroupContext, Succession, is_cold_standby};
use chrono::TimeDelta;
use vendors::aveva::{
    ClientSession, GroupConfiguration, GroupStatus, Heartbeat,
    Role::{Other, Primary, Secondary},
};

fn successor(group: &GroupConfiguration, sessions: &[ClientSession]) -> Vec<Candidate> {
    let succession = Succession::of(group, sessions, NOW);
    succession.candidates(group, sessions, NOW).collect()
}

fn order(sessions: &[ClientSession]) -> Vec<(String, bool)> {
    let next = successor(&group(), sessions);
    next.into_iter().map(|c| (c.session, c.eligible)).collect()
}

#[test]
fn the_highest_live_score_is_next_and_silent_sessions_are_not_eligible() {
    let mut silent = scored("lab", Secondary, 99.0);
    silent.heartbeat = silent_for("lab", TimeDelta::days(3)).heartbeat;
    let never = ClientSession {
        id: Some("new".into()),
        ..ClientSession::default()
    };
    let cold = scored("b", Secondary, 1.0);
    let sessions = [
        never,
        cold,
        silent,
        scored("c", Secondary, 33.34),
        scored("a", Secondary, 97.0),
    ];
    let next = successor(&group(), &sessions);
    let candidates: Vec<_> = next
        .iter()
        .map(|c| (c.session.as_str(), c.eligible, c.reason.as_str()))
        .collect();
    assert_eq!(
        candidates,
        [
            ("a", true, "Highest live score, 97. Last heartbeat 6 s ago."),
            ("c", true, "Score 33.3. Last heartbeat 6 s ago."),
            (
                "b",
                true,
                "Cold standby: score 1, needs time to warm up. Last heartbeat 6 s ago."
            ),
            (
                "lab",
                false,
                "Not eligible: silent for 3 d. Its score of 88 does not count."
            ),
            (
                "new",
                false,
                "Not eligible: it has not posted a heartbeat yet."
            ),
        ]
    );
}

#[test]
fn a_session_that_missed_its_takeover_names_it_as_reason() {
    let missed = "Highest live score, 88. Last heartbeat 5 s ago. The takeover was due 20 s ago and has not happened.";
    let reasons = |primary: i64, best: i64| {
        let sessions = [
            aged("a", Primary, primary),
            aged("b", Secondary, best),
            scored("c", Secondary, 50.0),
        ];
        let next = successor(&group(), &sessions).into_iter();
        next.map(|one| (one.session, one.reason))
            .collect::<Vec<_>>()
    };
    let next = reasons(80, 5);
    assert_eq!(next[0], ("b".to_owned(), missed.to_owned()));
    assert_eq!(
        next[1],
        (
            "c".to_owned(),
            "Score 50. Last heartbeat 6 s ago.".to_owned()
        )
    );
    // In the last case the clock is ahead.
    for (primary, best) in [(80, 25), (59, 5), (13, -94)] {
        let next = reasons(primary, best);
        assert!(
            next.iter().all(|(_, reason)| !reason.contains("due")),
            "{next:?}"
        );
    }
}

#[test]
fn a_session_is_eligible_until_it_is_stale() {
    for (seconds, eligible) in [(59, true), (60, true), (61, false)] {
        assert_eq!(
            order(&[aged("a", Secondary, seconds)]),
            [("a".to_owned(), eligible)],
            "{seconds} s"
        );
    }
}

#[test]
fn while_an_override_pins_a_session_no_other_is_eligible() {
    let pinned = pin(scored("p", Secondary, 10.0), None);
    let next = successor(&group(), &[scored("a", Secondary, 97.0), pinned]);
    assert_eq!((next[0].session.as_str(), next[0].eligible), ("p", true));
    assert_eq!(
        next[0].reason,
        "Pinned as Primary by a role override. Last heartbeat 6 s ago."
    );
    assert!(!next[1].eligible);
    assert_eq!(
        next[1].reason,
        "Not eligible: a role override pins p as Primary."
    );
}

#[test]
fn a_silent_pinned_session_leaves_no_session_eligible() {
    let sessions = [
        scored("a", Secondary, 97.0),
        pin(aged("p", Primary, 90), None),
    ];
    assert_eq!(
        order(&sessions),
        [("a".to_owned(), false), ("p".to_owned(), false)]
    );
}

#[test]
fn an_override_applies_until_it_expires() {
    for (seconds, eligible) in [(1, false), (0, true), (-1, true)] {
        let end = NOW + TimeDelta::seconds(seconds);
        let pinned = pin(aged("p", Primary, 90), Some(end));
        assert_eq!(
            order(&[scored("a", Secondary, 97.0), pinned])[0],
            ("a".to_owned(), eligible),
            "{seconds} s"
        );
    }
}

#[test]
fn a_session_with_an_unknown_role_is_not_known_to_be_eligible() {
    let observer = || scored("obs", Other("Observer".into()), 99.0);
    let mute = ClientSession {
        role: None,
        ..scored("mute", Secondary, 98.0)
    };
    let sessions = [mute.clone(), observer(), scored("b", Secondary, 5.0)];
    let next = successor(&group(), &sessions);
    let candidates: Vec<_> = next
        .iter()
        .map(|c| (c.session.as_str(), c.eligible, c.reason.as_str()))
        .collect();
    let of_role = "Not known to be eligible: it has the role “Observer”.";
    assert_eq!(
        candidates,
        [
            ("b", true, "Highest live score, 5. Last heartbeat 6 s ago."),
            ("obs", false, of_role),
            ("mute", false, "Not known to be eligible: it has no role."),
        ]
    );
    // An override makes it Primary whatever its role.
    assert_eq!(order(&[pin(observer(), None)]), [("obs".to_owned(), true)]);
    let late = [aged("a", Primary, 40), observer()];
    let advice = judge_complete(&group(), None, &late, NOW).advice;
    let no_successor =
        "No other live session is known to be able to take over: check the adapter of a now.";
    assert_eq!(advice.as_deref(), Some(no_successor));
    let context = GroupContext {
        group: &group(),
        status: &GroupStatus::default(),
        sessions: &late,
        observation: NOW.into(),
    };
    let effect = context.delete_session(&late[0]);
    assert_eq!(effect.sentence, "a is Primary and leaves the group.");
    assert!(
        effect.notes[0].1.starts_with("No other live session"),
        "{effect:?}"
    );
}

#[test]
fn equal_scores_are_sorted_by_id_and_nan_sorts_last() {
    let names = |sessions: &[ClientSession]| {
        order(sessions)
            .into_iter()
            .map(|(id, _)| id)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names(&[scored("b", Secondary, 50.0), scored("a", Secondary, 50.0)]),
        ["a", "b"]
    );
    // The Primary stays.
    assert_eq!(
        names(&[
            scored("b", Secondary, 50.0),
            scored("a", Secondary, 50.0),
            scored("p", Primary, 50.0)
        ]),
        ["p", "a", "b"]
    );
    assert_eq!(
        names(&[
            scored("nan", Secondary, f64::NAN),
            scored("z", Secondary, 0.0)
        ]),
        ["z", "nan"]
    );
    let heartbeat = Some(Heartbeat {
        heartbeat_time: Some(NOW),
        ..Heartbeat::default()
    });
    let mute = ClientSession {
        id: Some("mute".into()),
        heartbeat,
        ..ClientSession::default()
    };
    assert_eq!(names(&[mute, scored("z", Secondary, 0.0)]), ["z", "mute"]);
}

#[test]
fn a_score_of_at_most_one_is_a_cold_standby_only_on_a_secondary() {
    for (role, score, cold) in [
        (Secondary, 0.0, true),
        (Secondary, 1.0, true),
        (Secondary, 1.1, false),
        (Secondary, -0.1, false),
        (Primary, 1.0, false),
    ] {
        assert_eq!(is_cold_standby(&scored("a", role, score)), cold);
    }
    assert!(!is_cold_standby(&ClientSession::default()));
}

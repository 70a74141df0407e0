//! The rules of a group's verdict.

use crate::groups::fixtures::{NOW, aged, group, judge_complete, pin, scored};
use crate::groups::{Members, Observation, members, role_word};
use crate::severity::Severity::{self, Critical, Moving, Normal, Unknown, Warning};
use crate::verdict::Verdict;
use chrono::TimeDelta;
use std::borrow::Cow;
use vendors::aveva::{
    ClientSession, GroupConfiguration, GroupStatus,
    Role::{self, Other, PendingPrimary, Primary, Secondary},
    RoleOverride,
};

/// Also asserts that every problem has advice.
fn judged(status: Option<&GroupStatus>, sessions: &[ClientSession]) -> Verdict {
    let verdict = judge_complete(&group(), status, sessions, NOW);
    assert!(verdict.names_resource("Kiln 2"), "{verdict:?}");
    verdict
}

fn word(sessions: &[ClientSession]) -> (Severity, &'static str) {
    let verdict = judged(None, sessions);
    let Cow::Borrowed(word) = verdict.word else {
        panic!("a word of its own: {verdict:?}");
    };
    (verdict.severity, word)
}

fn status(primary: &str, pending: &str) -> GroupStatus {
    let id = |id: &str| (id != "-").then(|| id.to_owned());
    GroupStatus {
        primary: id(primary),
        pending_primary: id(pending),
        ..GroupStatus::default()
    }
}

fn never(id: &str, role: Role) -> ClientSession {
    ClientSession {
        id: Some(id.into()),
        role: Some(role),
        ..ClientSession::default()
    }
}

#[test]
fn a_primary_is_judged_by_its_heartbeat() {
    for (seconds, expected) in [
        (0, (Normal, "Normal")),
        (30, (Normal, "Normal")),
        (32, (Normal, "Normal")),
        (33, (Warning, "Heartbeat late")),
        (60, (Warning, "Heartbeat late")),
        (61, (Critical, "Primary silent")),
        (-2, (Normal, "Normal")),
        (-3, (Warning, "Clock ahead")),
        (-40, (Warning, "Clock ahead")),
    ] {
        assert_eq!(
            word(&[aged("a", Primary, seconds), aged("b", Secondary, 5)]),
            expected,
            "{seconds} s"
        );
    }
    assert_eq!(
        word(&[never("a", Primary), aged("b", Secondary, 5)]),
        (Critical, "Primary silent")
    );
}

#[test]
fn each_combination_of_roles_has_a_verdict() {
    for (sessions, expected) in [
        (vec![], (Unknown, "No sessions")),
        (
            vec![aged("a", Secondary, 5), aged("b", Secondary, 5)],
            (Critical, "No primary"),
        ),
        (
            vec![aged("a", Primary, 5), aged("b", Primary, 5)],
            (Critical, "Two primaries"),
        ),
        (
            vec![aged("a", Primary, 5), aged("b", Primary, 90)],
            (Critical, "Two primaries"),
        ),
        (
            vec![
                aged("a", Other("Observer".into()), 5),
                aged("b", Secondary, 5),
            ],
            (Unknown, "Unknown"),
        ),
        (
            vec![
                aged("a", Primary, 5),
                aged("b", Other("Observer".into()), 5),
            ],
            (Warning, "No standby"),
        ),
        (
            vec![
                aged("a", Primary, 5),
                ClientSession {
                    role: None,
                    ..aged("b", Secondary, 5)
                },
            ],
            (Warning, "No standby"),
        ),
        (
            vec![
                aged("a", Primary, 5),
                aged("b", Other("Observer".into()), 5),
                aged("c", Secondary, 5),
            ],
            (Normal, "Normal"),
        ),
        (vec![aged("a", Primary, 5)], (Warning, "No standby")),
        (
            vec![aged("a", Primary, 5), aged("b", Secondary, 60)],
            (Normal, "Normal"),
        ),
        (
            vec![aged("a", Primary, 5), aged("b", Secondary, 61)],
            (Warning, "No standby"),
        ),
        (
            vec![aged("a", Primary, 5), never("b", Secondary)],
            (Warning, "No standby"),
        ),
        (
            vec![aged("a", Primary, 5), scored("b", Secondary, 1.0)],
            (Normal, "Normal"),
        ),
    ] {
        assert_eq!(word(&sessions), expected, "{sessions:?}");
    }
}

#[test]
fn a_handover_is_in_transition_until_it_is_stuck() {
    let pending = |seconds| aged("b", PendingPrimary, seconds);
    for (sessions, expected) in [
        (
            vec![pending(3), aged("a", Secondary, 5)],
            (Moving, "Handing over"),
        ),
        (
            vec![pending(60), aged("a", Secondary, 5)],
            (Moving, "Handing over"),
        ),
        (
            vec![pending(61), aged("a", Secondary, 5)],
            (Critical, "Handover stuck"),
        ),
        (
            vec![never("b", PendingPrimary)],
            (Critical, "Handover stuck"),
        ),
        (
            vec![pending(3), aged("a", Primary, 5)],
            (Moving, "Handing over"),
        ),
        (
            vec![pending(3), aged("a", Primary, 61)],
            (Moving, "Handing over"),
        ),
        (
            vec![pending(3), aged("a", Primary, 120)],
            (Moving, "Handing over"),
        ),
        (
            vec![pending(3), aged("a", Primary, 121)],
            (Critical, "Handover stuck"),
        ),
        (
            vec![pending(61), aged("a", Primary, 5)],
            (Warning, "Handover stuck"),
        ),
        (
            vec![pending(61), aged("a", Primary, 61)],
            (Critical, "Handover stuck"),
        ),
    ] {
        assert_eq!(word(&sessions), expected, "{sessions:?}");
    }
    let verdict = judged(None, &[pending(3), aged("a", Primary, 70)]);
    assert_eq!(
        verdict.sentence,
        "Kiln 2 is handing over to b, last heartbeat 3 s ago."
    );
}

#[test]
fn an_override_that_pins_a_silent_session_ranks_highest() {
    let end = |seconds| Some(NOW + TimeDelta::seconds(seconds));
    for (sessions, expected) in [
        (
            vec![pin(aged("a", Primary, 60), None), aged("b", Secondary, 5)],
            (Warning, "Heartbeat late"),
        ),
        (
            vec![pin(aged("a", Primary, 61), None), aged("b", Secondary, 5)],
            (Critical, "Override silent"),
        ),
        (
            vec![pin(never("a", Primary), None), aged("b", Secondary, 5)],
            (Critical, "Override silent"),
        ),
        (
            vec![pin(aged("a", Secondary, 61), None), aged("b", Secondary, 5)],
            (Critical, "Override silent"),
        ),
        // The override is not in effect yet: another session still collects.
        (
            vec![pin(aged("a", Secondary, 61), None), aged("b", Primary, 5)],
            (Warning, "Override silent"),
        ),
        (
            vec![
                pin(aged("a", Secondary, 90), None),
                aged("b", Primary, 40),
                aged("c", Secondary, 5),
            ],
            (Warning, "Override silent"),
        ),
        (
            vec![
                pin(aged("a", Secondary, 90), end(0)),
                aged("b", Primary, 5),
                aged("c", Secondary, 5),
            ],
            (Normal, "Normal"),
        ),
        (
            vec![pin(aged("a", Primary, 61), end(1)), aged("b", Secondary, 5)],
            (Critical, "Override silent"),
        ),
        (
            vec![pin(aged("a", Primary, 61), end(0)), aged("b", Secondary, 5)],
            (Critical, "Primary silent"),
        ),
        (
            vec![pin(aged("a", Primary, 5), None), aged("b", Secondary, 5)],
            (Normal, "Normal"),
        ),
    ] {
        assert_eq!(word(&sessions), expected, "{sessions:?}");
        let first = judged(None, &sessions).rank == Verdict::FIRST;
        let highest = (Critical, "Override silent");
        assert_eq!(first, expected == highest, "{sessions:?}");
    }
    let verdict = judged(
        None,
        &[
            pin(aged("a", Primary, 372), end(300)),
            aged("b", Secondary, 5),
        ],
    );
    assert_eq!(
        verdict.sentence,
        "Kiln 2 has no working primary: an override pins a, and it has gone silent."
    );
    let advice = "Clear the override, which expires in 5 min. b is live with score 88 and takes over at its next heartbeat.";
    assert_eq!(verdict.advice.as_deref(), Some(advice));
    assert_eq!(verdict.since, Some(NOW - TimeDelta::seconds(372)));
    let waiting = judged(
        None,
        &[
            pin(aged("a", Secondary, 90), end(300)),
            aged("b", Primary, 5),
            aged("c", Secondary, 5),
        ],
    );
    assert_eq!(
        waiting.sentence,
        "Kiln 2: an override pins a, which has gone silent, while b is primary."
    );
    let advice = "Clear the override, which expires in 5 min: while it is active, no other session can take over from b.";
    assert_eq!(waiting.advice.as_deref(), Some(advice));
    assert_eq!(waiting.since, Some(NOW - TimeDelta::seconds(90)));
}

#[test]
fn time_alone_does_not_make_a_handover_stuck() {
    // At the time of the reading the primary had been silent for 70 s, with a timeout of 60 s.
    let sessions = [aged("a", Primary, 121), aged("b", PendingPrimary, 54)];
    for (read_ago, expected) in [
        (0, (Critical, "Handover stuck")),
        (51, (Moving, "Handing over")),
    ] {
        let observation = Observation {
            now: NOW,
            observed_at: NOW - TimeDelta::seconds(read_ago),
        };
        let verdict = judge_complete(&group(), None, &sessions, observation);
        assert_eq!((verdict.severity, verdict.word.as_ref()), expected);
    }
}

#[test]
fn a_group_whose_standbys_clocks_are_all_far_ahead_is_a_warning() {
    let day = -86_400;
    for (standbys, expected) in [
        (vec![aged("b", Secondary, day)], (Warning, "Clock ahead")),
        (
            vec![aged("b", Secondary, day), aged("c", Secondary, -95)],
            (Warning, "Clock ahead"),
        ),
        (
            vec![aged("b", Secondary, day), aged("c", Secondary, 61)],
            (Warning, "Clock ahead"),
        ),
        (
            vec![aged("b", Secondary, day), aged("c", Secondary, 5)],
            (Normal, "Normal"),
        ),
        // Within the FailoverTimeout it becomes clear whether it is live.
        (vec![aged("b", Secondary, -60)], (Normal, "Normal")),
    ] {
        let mut sessions = vec![aged("a", Primary, 5)];
        sessions.extend(standbys);
        assert_eq!(word(&sessions), expected, "{sessions:?}");
    }
    let verdict = judged(None, &[aged("a", Primary, 5), aged("b", Secondary, day)]);
    assert_eq!(
        verdict.sentence,
        "Kiln 2: the clock of b is 1 d ahead, so a failure would be detected late."
    );
}

#[test]
fn a_clock_ahead_does_not_hide_a_missing_standby() {
    let ahead = || aged("a", Primary, -3);
    for (others, word, advice) in [
        (
            vec![],
            "No standby",
            "It is the only session of the group: start a second adapter. Also set the clock of the host of a, which is 3 s ahead.",
        ),
        (
            vec![aged("b", Secondary, 61)],
            "No standby",
            "Check the adapters of the other sessions. Also set the clock of the host of a, which is 3 s ahead.",
        ),
        (
            vec![aged("b", Other("Observer".into()), 5)],
            "No standby",
            "This console does not know this role: check in the service whether the session can take over. Also set the clock of the host of a, which is 3 s ahead.",
        ),
        (
            vec![aged("b", Secondary, 5)],
            "Clock ahead",
            "Set the clock of the host of a.",
        ),
    ] {
        let sessions: Vec<_> = std::iter::once(ahead()).chain(others).collect();
        let verdict = judged(None, &sessions);
        let actual = (verdict.word.as_ref(), verdict.advice.as_deref());
        assert_eq!(actual, (word, Some(advice)), "{sessions:?}");
    }
}

#[test]
fn a_stuck_handover_does_not_begin_with_the_pending_sessions_heartbeat() {
    let stuck = |sessions: &[ClientSession]| {
        let verdict = judged(None, sessions);
        let wrong = verdict.lingering.clone().map(|(_, wrong)| *wrong);
        let wrong = wrong.unwrap_or(verdict);
        assert_eq!(wrong.word, "Handover stuck");
        wrong.since
    };
    let ago = |seconds| Some(NOW - TimeDelta::seconds(seconds));
    for posted in [3, 20] {
        let pending = || aged("b", PendingPrimary, posted);
        // With a silent old primary, it began when the takeover was due.
        let silent = aged("a", Primary, 130);
        assert_eq!(stuck(&[silent, pending()]), ago(70), "{posted} s");
        // With a live or without an old primary, only the alarm history knows the beginning.
        assert_eq!(stuck(&[aged("a", Primary, 5), pending()]), None);
        assert_eq!(stuck(&[pending()]), None);
    }
    let silent = || aged("b", PendingPrimary, 90);
    assert_eq!(stuck(&[silent(), aged("a", Primary, 5)]), ago(90));
    assert_eq!(stuck(&[silent(), aged("a", Primary, 130)]), ago(90));
    assert_eq!(stuck(&[silent(), aged("a", Primary, 200)]), ago(140));
}

#[test]
fn several_silent_primaries_are_judged_like_one() {
    let (a, b) = (aged("a", Primary, 3_700), aged("b", Primary, 3_600));
    let c = || aged("c", Secondary, 3_550);
    let mut live = c();
    live.heartbeat = aged("c", Secondary, 5).heartbeat;
    let verdict = judged(None, &[a.clone(), b.clone(), live]);
    assert_eq!(
        (verdict.severity, verdict.word.as_ref()),
        (Critical, "Primary silent")
    );
    assert_eq!(
        verdict.sentence,
        "Kiln 2: its primary b has been silent for 1 h."
    );
    let advice = verdict.advice.unwrap_or_default();
    assert!(advice.starts_with("c is live and has posted"), "{advice}");
    assert_eq!(verdict.since, Some(NOW - TimeDelta::seconds(3_600)));
    let nobody = judged(None, &[a.clone(), b.clone(), c()]).advice;
    assert!(nobody.is_some_and(|advice| advice.starts_with("No other session is live")));
    let chosen = [
        aged("a", Primary, 90),
        aged("b", Primary, 70),
        aged("c", PendingPrimary, 5),
    ];
    assert_eq!(word(&chosen), (Moving, "Handing over"));
}

#[test]
fn the_status_counts_only_if_no_session_has_a_role() {
    let both = [aged("a", Secondary, 5), aged("b", Secondary, 5)];
    let claimed = [aged("a", Primary, 5), aged("b", Secondary, 5)];
    let chosen = [aged("a", Secondary, 5), aged("b", PendingPrimary, 5)];
    for (sessions, status, expected) in [
        (&both, status("a", "-"), (Normal, "Normal")),
        (&both, status("-", "b"), (Moving, "Handing over")),
        (&both, status("a", "b"), (Moving, "Handing over")),
        (&both, status("a", "a"), (Normal, "Normal")),
        (&both, status("-", "-"), (Critical, "No primary")),
        (&both, status("", ""), (Critical, "No primary")),
        (&both, status("gone", "-"), (Warning, "Primary missing")),
        (&claimed, status("b", "-"), (Normal, "Normal")),
        (&claimed, status("-", "b"), (Normal, "Normal")),
        (&chosen, status("a", "-"), (Moving, "Handing over")),
    ] {
        let verdict = judged(Some(&status), sessions);
        assert_eq!(
            (verdict.severity, verdict.word.as_ref()),
            expected,
            "{status:?} {sessions:?}"
        );
    }
}

#[test]
fn advice_names_the_successor_and_the_silence_begins_with_the_heartbeat() {
    let verdict = judged(None, &[aged("a", Primary, 61), aged("b", Secondary, 5)]);
    assert_eq!(
        verdict.advice.as_deref(),
        Some("b is live with score 88 and takes over at its next heartbeat.")
    );
    assert_eq!(verdict.since, Some(NOW - TimeDelta::seconds(61)));
    let alone = judged(None, &[aged("a", Primary, 61)]);
    assert!(
        alone
            .advice
            .is_some_and(|advice| advice.starts_with("No other session is live"))
    );
}

#[test]
fn a_successor_that_missed_its_takeover_is_not_announced() {
    // The takeover was due 20 s ago. A heartbeat within the tolerance may have been too early for it.
    for (posted, waits) in [(25, true), (20, true), (18, true), (17, false), (5, false)] {
        let sessions = [aged("a", Primary, 80), aged("b", Secondary, posted)];
        let advice = judged(None, &sessions).advice.unwrap_or_default();
        let forecast = "b is live with score 88 and takes over at its next heartbeat.";
        assert_eq!(advice == forecast, waits, "{posted} s: {advice}");
    }
    let silent = |role_override| {
        let primary = ClientSession {
            role_override,
            ..aged("a", Primary, 1_560)
        };
        let verdict = judged(None, &[primary, aged("b", Secondary, 5)]);
        (verdict.word, verdict.advice.unwrap_or_default())
    };
    assert_eq!(
        silent(None),
        (
            "Primary silent".into(),
            "b is live and has posted a heartbeat since the takeover was due 25 min ago, but has not taken over: check in the service for a role override of a, because not every version of its API shows one.".to_owned()
        )
    );
    let (_, advice) = silent(Some(RoleOverride::Off));
    assert!(
        advice.ends_with("but has not taken over: check the group in the service."),
        "{advice}"
    );
    // Without the override, the successor takes over with its next heartbeat.
    let pinned = pin(aged("a", Primary, 1_560), None);
    let advice = judged(None, &[pinned, aged("b", Secondary, 5)])
        .advice
        .unwrap_or_default();
    assert!(
        advice.ends_with("takes over at its next heartbeat."),
        "{advice}"
    );
}

#[test]
fn a_late_heartbeat_counts_down_to_the_takeover() {
    let verdict = judged(None, &[aged("a", Primary, 42), aged("b", Secondary, 5)]);
    assert_eq!(
        verdict.sentence,
        "Kiln 2 loses its primary in 18 s unless a reports again."
    );
    assert_eq!(verdict.since, Some(NOW - TimeDelta::seconds(12)));
    // The takeover is due, and nothing has been read since.
    for (unread, due) in [(18, "now"), (78, "1 min ago")] {
        let observation = Observation {
            now: NOW + TimeDelta::seconds(unread),
            observed_at: NOW,
        };
        let sessions = [aged("a", Primary, 42), aged("b", Secondary, 5)];
        let sentence = judge_complete(&group(), None, &sessions, observation).sentence;
        let expected = format!(
            "Kiln 2: the takeover of a was due {due}, and its outcome has not been read yet."
        );
        assert_eq!(sentence, expected);
    }
    let pinned = judged(
        None,
        &[pin(aged("a", Primary, 42), None), aged("b", Secondary, 5)],
    );
    assert!(
        pinned
            .advice
            .is_some_and(|advice| advice.contains("no session can take over while"))
    );
}

#[test]
fn a_group_without_a_name_is_named_by_its_id() {
    for (name, id, expected) in [
        (Some("Kiln 2"), Some("kiln2"), "Kiln 2 has no sessions"),
        (Some(" "), Some("kiln2"), "kiln2 has no sessions"),
        (None, None, "A group without an id has no sessions"),
    ] {
        let group = GroupConfiguration {
            name: name.map(Into::into),
            id: id.map(Into::into),
            ..group()
        };
        let sentence = judge_complete(&group, None, &[], NOW).sentence;
        assert!(sentence.starts_with(expected), "{sentence}");
    }
}

#[test]
fn members_are_counted_by_role_and_silent_ones_as_stale() {
    let sessions = [
        aged("a", Primary, 60),
        aged("b", PendingPrimary, 5),
        aged("c", Secondary, 5),
        aged("d", Secondary, 61),
        never("e", Primary),
        aged("f", Other("Observer".into()), 5),
    ];
    let expected = Members {
        primary: 1,
        pending: 1,
        standby: 1,
        stale: 2,
        unknown: 1,
    };
    assert_eq!(members(&group(), &sessions, NOW), expected);
}

#[test]
fn roles_have_display_names() {
    for (role, word) in [
        (Primary, "Primary"),
        (PendingPrimary, "Pending"),
        (Secondary, "Secondary"),
        (Other("7".into()), "7"),
    ] {
        assert_eq!(role_word(&role), word);
    }
}

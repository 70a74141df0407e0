//! The rules of a session's verdict, as tables.

use super::{Successes, duration, is_recent, judge_session, judge_session_among, tasks_done};
use crate::severity::Severity;
use crate::verdict::Verdict;
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use vendors::UnreadableField;
use vendors::veeam::{Outcome, Server, Session, State, Task};

/// 2026-11-21T14:32:08Z.
const NOW: DateTime<Utc> = DateTime::from_timestamp(1_795_271_528, 0).expect("in range");

/// A session that started this many seconds ago and, if stopped, took three minutes.
fn session(state: State, result: Outcome, seconds: i64) -> Session {
    let started = NOW - TimeDelta::seconds(seconds);
    Session {
        name: Some("Web Shop DR".into()),
        creation_time: Some(started),
        end_time: (state == State::Stopped).then(|| started + TimeDelta::minutes(3)),
        state: Some(state),
        result: Some(result),
        ..Session::default()
    }
}

const DAY: i64 = 86_400;

#[test]
fn each_state_and_result_has_a_verdict() {
    use Outcome::{Failed, None, Other, Success, Warning};
    use State::{Starting, Stopped, Stopping, Working};
    for (state, result, expected) in [
        (Stopped, Success, (Severity::Normal, "Success")),
        (Stopped, Warning, (Severity::Warning, "Warning")),
        (Stopped, Failed, (Severity::Critical, "Failed")),
        (Stopping, Failed, (Severity::Critical, "Failed")),
        (Working, Warning, (Severity::Warning, "Warning")),
        (Working, Success, (Severity::Moving, "Running")),
        (Starting, None, (Severity::Moving, "Running")),
        (Working, None, (Severity::Moving, "Running")),
        (Stopping, None, (Severity::Moving, "Running")),
        (Stopped, None, (Severity::Unknown, "Unknown")),
        (
            Stopped,
            Other("Postponed".into()),
            (Severity::Unknown, "Unknown"),
        ),
        (
            Working,
            Other("Postponed".into()),
            (Severity::Unknown, "Unknown"),
        ),
        (
            State::Other("Paused".into()),
            None,
            (Severity::Unknown, "Unknown"),
        ),
        (
            State::Other("Paused".into()),
            Success,
            (Severity::Normal, "Success"),
        ),
        (
            State::Other("Paused".into()),
            Failed,
            (Severity::Critical, "Failed"),
        ),
    ] {
        let verdict = judge_session(&session(state.clone(), result.clone(), 3_600), Some(NOW));
        assert_eq!(
            (verdict.severity, verdict.word.as_ref()),
            expected,
            "{state:?} {result:?}"
        );
        assert!(
            verdict.sentence.starts_with("Web Shop DR"),
            "{}",
            verdict.sentence
        );
        assert!(verdict.since.is_some());
        assert!(verdict.is_complete(), "{verdict:?}");
        let rank = if state == Stopped {
            Verdict::HISTORY
        } else {
            Verdict::RULE
        };
        assert_eq!(verdict.rank, rank, "{state:?} {result:?}");
    }
}

#[test]
fn a_missing_state_or_result_is_unknown() {
    let bare = Session {
        name: Some("Web Shop DR".into()),
        ..Session::default()
    };
    for (session, sentence) in [
        (bare.clone(), "Web Shop DR has no state."),
        (
            Session {
                state: Some(State::Stopped),
                ..bare.clone()
            },
            "Web Shop DR ended, and the server reports no result.",
        ),
        (
            Session {
                state: Some(State::Other("Paused".into())),
                ..bare.clone()
            },
            "Web Shop DR is in the state “Paused”, which this console does not know.",
        ),
        (
            Session {
                result: Some(Outcome::Other("Postponed".into())),
                ..bare
            },
            "Web Shop DR has the result “Postponed”, which this console does not know.",
        ),
    ] {
        let verdict = judge_session(&session, Some(NOW));
        assert_eq!(
            (verdict.severity, verdict.sentence.as_str()),
            (Severity::Unknown, sentence)
        );
    }
    let working = Session {
        state: Some(State::Working),
        ..Session::default()
    };
    assert_eq!(
        judge_session(&working, Some(NOW)).sentence,
        "A failover plan is running."
    );
    let nameless = Session {
        uid: Some("1229".into()),
        ..working
    };
    assert_eq!(
        judge_session(&nameless, Some(NOW)).sentence,
        "1229 is running."
    );
}

#[test]
fn a_warning_distinguishes_running_from_ended_sessions() {
    for (state, sentence) in [
        (State::Stopped, "Web Shop DR ended with warnings."),
        (State::Working, "Web Shop DR runs with warnings."),
    ] {
        let warned = session(state, Outcome::Warning, 60);
        assert_eq!(judge_session(&warned, Some(NOW)).sentence, sentence);
    }
}

#[test]
fn a_run_of_more_than_a_day_is_running_long() {
    for (seconds, expected) in [
        (DAY - 1, (Severity::Moving, "Running")),
        (DAY, (Severity::Moving, "Running")),
        (DAY + 1, (Severity::Warning, "Running long")),
    ] {
        let verdict = judge_session(&session(State::Working, Outcome::None, seconds), Some(NOW));
        assert_eq!(
            (verdict.severity, verdict.word.as_ref()),
            expected,
            "{seconds} s"
        );
        assert_eq!(verdict.since, Some(NOW - TimeDelta::seconds(seconds)));
    }
}

#[test]
fn without_a_current_time_a_running_session_has_no_duration() {
    let old = session(State::Working, Outcome::None, 365 * DAY);
    let verdict = judge_session(&old, None);
    assert_eq!(
        (verdict.severity, &*verdict.word, &*verdict.sentence),
        (Severity::Moving, "Running", "Web Shop DR is running.")
    );
    assert_eq!(duration(&old, None), None);
    let ended = session(State::Stopped, Outcome::Success, 365 * DAY);
    assert_eq!(duration(&ended, None), duration(&ended, Some(NOW)));
}

#[test]
fn the_sentence_contains_the_vendors_reason() {
    for (message, server, sentence) in [
        (None, None, "Web Shop DR failed."),
        (Some("  "), None, "Web Shop DR failed."),
        (Some(" . "), None, "Web Shop DR failed."),
        (
            Some("No snapshot."),
            None,
            "Web Shop DR failed: No snapshot.",
        ),
        (
            Some("No snapshot"),
            Some("vbr-north-02"),
            "Web Shop DR failed on vbr-north-02: No snapshot.",
        ),
    ] {
        let failed = Session {
            failure_message: message.map(Into::into),
            server: server.map(|name: &str| Server {
                name: Some(name.into()),
                ..Server::default()
            }),
            ..session(State::Stopped, Outcome::Failed, 3_600)
        };
        let verdict = judge_session(&failed, Some(NOW));
        assert_eq!(verdict.sentence, sentence);
        assert_eq!(verdict.since, failed.end_time);
    }
}

#[test]
fn a_duration_is_never_negative_and_grows_only_while_running() {
    let ended = session(State::Stopped, Outcome::Failed, 7_200);
    let backwards = Session {
        end_time: Some(NOW - TimeDelta::days(3)),
        ..ended.clone()
    };
    let without_end = Session {
        end_time: None,
        ..ended.clone()
    };
    for (session, expected) in [
        (session(State::Working, Outcome::None, 7_200), Some(7_200)),
        (session(State::Starting, Outcome::None, 0), Some(0)),
        (session(State::Working, Outcome::None, -7_200), Some(0)),
        (ended, Some(180)),
        (backwards, Some(0)),
        (without_end, None),
        (Session::default(), None),
    ] {
        assert_eq!(
            duration(&session, Some(NOW)),
            expected.map(TimeDelta::seconds),
            "{session:?}"
        );
    }
}

const A_DAY: TimeDelta = TimeDelta::hours(24);

#[test]
fn running_sessions_and_those_ended_within_a_day_are_recent() {
    let ended = |seconds| session(State::Stopped, Outcome::Failed, seconds + 180);
    for (session, recent) in [
        (session(State::Working, Outcome::None, 30 * DAY), true),
        (ended(DAY - 1), true),
        (ended(DAY), true),
        (ended(DAY + 1), false),
        (
            Session {
                end_time: None,
                ..ended(DAY - 200)
            },
            true,
        ),
        (
            Session {
                end_time: None,
                ..ended(DAY)
            },
            false,
        ),
        (Session::default(), false),
        // Without a known state and an end time, it may still be running.
        (
            Session {
                end_time: None,
                ..session(State::Other("Paused".into()), Outcome::None, 30 * DAY)
            },
            true,
        ),
        (
            Session {
                end_time: None,
                state: None,
                ..ended(30 * DAY)
            },
            true,
        ),
        (
            Session {
                state: None,
                ..ended(30 * DAY)
            },
            false,
        ),
    ] {
        assert_eq!(is_recent(&session, NOW, A_DAY), recent, "{session:?}");
    }
}

#[test]
fn the_recent_period_is_configurable() {
    let ended = session(State::Stopped, Outcome::Failed, 2 * DAY);
    for (hours, recent) in [(1, false), (24, false), (72, true)] {
        let hours = TimeDelta::hours(hours);
        assert_eq!(is_recent(&ended, NOW, hours), recent, "{hours}");
    }
}

#[test]
fn stopped_tasks_are_done_whatever_their_progress() {
    let task = |state| Task {
        state,
        progress: Some(0.0),
        ..Task::default()
    };
    let states = [
        Some(State::Stopped),
        Some(State::Working),
        Some(State::Other("Paused".into())),
        None,
    ];
    let tasks = states.map(task).to_vec();
    assert_eq!(
        tasks_done(&Session {
            tasks,
            ..Session::default()
        }),
        (1, 4)
    );
    assert_eq!(tasks_done(&Session::default()), (0, 0));
}

fn time() -> impl Strategy<Value = Option<DateTime<Utc>>> {
    prop_oneof![
        Just(None),
        Just(Some(DateTime::<Utc>::MIN_UTC)),
        Just(Some(DateTime::<Utc>::MAX_UTC)),
        any::<i64>().prop_map(DateTime::from_timestamp_millis),
    ]
}

proptest! {
    #[test]
    fn any_session_at_any_time_has_a_verdict(
        creation_time in time(),
        end_time in time(),
        now in time(),
        runs in any::<bool>(),
        result in prop::sample::select(vec![Outcome::None, Outcome::Success, Outcome::Warning, Outcome::Failed]),
    ) {
        let state = Some(if runs { State::Working } else { State::Stopped });
        let session = Session { creation_time, end_time, state, result: Some(result), ..Session::default() };
        let now = now.unwrap_or_default();
        let verdict = judge_session(&session, Some(now));
        prop_assert!(verdict.is_complete(), "{verdict:?}");
        prop_assert!(duration(&session, Some(now)).is_none_or(|time| time >= TimeDelta::zero()));
        let _ = is_recent(&session, now, A_DAY);
    }
}

#[test]
fn a_relevant_unreadable_field_makes_the_state_unknown_and_is_named() {
    let broken = |name: &str, session: Session| {
        let mut session = session;
        session.unreadable = vec![UnreadableField {
            name: name.to_owned(),
            raw: "[1]".to_owned(),
        }];
        match name {
            "State" => session.state = None,
            "Result" => session.result = None,
            "CreationTimeUTC" => session.creation_time = None,
            "EndTimeUTC" => session.end_time = None,
            _ => {}
        }
        session
    };
    let ended = |result| session(State::Stopped, result, 600);
    let runs = || session(State::Working, Outcome::None, 600);
    for (name, session, expected) in [
        ("State", ended(Outcome::Success), Severity::Unknown),
        ("State", ended(Outcome::Failed), Severity::Critical),
        ("State", runs(), Severity::Unknown),
        ("Result", ended(Outcome::Success), Severity::Unknown),
        ("Result", runs(), Severity::Unknown),
        ("CreationTimeUTC", runs(), Severity::Unknown),
        ("CreationTimeUTC", ended(Outcome::Success), Severity::Normal),
        ("EndTimeUTC", ended(Outcome::Success), Severity::Normal),
        ("Progress", runs(), Severity::Moving),
        ("FailureMessage", ended(Outcome::Failed), Severity::Critical),
    ] {
        let verdict = judge_session(&broken(name, session.clone()), Some(NOW));
        assert_eq!(
            verdict.severity, expected,
            "{name} of {session:?}: {verdict:?}"
        );
        if expected == Severity::Unknown {
            let named = format!("the field {name} is unreadable (“[1]”)");
            assert!(verdict.sentence.contains(&named), "{verdict:?}");
        }
    }
    let timeless = broken(
        "EndTimeUTC",
        session(State::Stopped, Outcome::Failed, 3 * DAY),
    );
    assert!(
        is_recent(&timeless, NOW, A_DAY),
        "it may have ended just now"
    );
}

#[test]
fn a_failure_is_resolved_once_its_plan_has_succeeded_since() {
    let on = |name: &str, session: Session| Session {
        server: Some(Server {
            name: Some(name.to_owned()),
            ..Server::default()
        }),
        ..session
    };
    let of = |plan: Option<&str>, session: Session| Session {
        job_uid: plan.map(str::to_owned),
        ..session
    };
    let ran = |state, result, seconds| on("vbr-1", of(Some("a"), session(state, result, seconds)));
    let failed = ran(State::Stopped, Outcome::Failed, 3_600);
    let success = |seconds| ran(State::Stopped, Outcome::Success, seconds);
    let named = |name: &str, session: Session| Session {
        name: Some(name.to_owned()),
        ..session
    };
    let unreadable = |name: &str| Session {
        unreadable: vec![UnreadableField {
            name: name.to_owned(),
            raw: "?".to_owned(),
        }],
        ..success(600)
    };
    for (other, resolved) in [
        (success(600), true),
        // Starts exactly when the failed run ends.
        (success(3_600 - 180), true),
        (success(3_600 - 181), true),
        (success(3_600 - 179), false),
        (success(7_200), false),
        // The plan was renamed meanwhile.
        (named("Mail", success(600)), true),
        (of(Some("b"), success(600)), false),
        (of(None, success(600)), false),
        (on("vbr-2", success(600)), false),
        (ran(State::Working, Outcome::Success, 600), false),
        (ran(State::Stopped, Outcome::Warning, 600), false),
        (ran(State::Stopped, Outcome::Failed, 600), false),
        (
            Session {
                creation_time: None,
                ..success(600)
            },
            false,
        ),
        (unreadable("Result"), false),
    ] {
        let verdict = judge_session_among(
            &failed,
            &Successes::of(&[failed.clone(), other.clone()]),
            NOW,
        );
        let expected = if resolved {
            (Severity::Normal, "Failed, succeeded since")
        } else {
            (Severity::Critical, "Failed")
        };
        assert_eq!((verdict.severity, &*verdict.word), expected, "{other:?}");
        assert!(
            verdict.sentence.contains("failed"),
            "the failure is still named"
        );
    }
    // A failure of a running session is not resolved.
    let running = ran(State::Working, Outcome::Failed, 3_600);
    assert_eq!(
        judge_session_among(&running, &Successes::of(&[success(600)]), NOW).severity,
        Severity::Critical
    );
}

#[test]
fn a_success_identified_only_by_name_leaves_a_warning() {
    let ran = |name: Option<&str>, result, seconds| Session {
        name: name.map(str::to_owned),
        ..session(State::Stopped, result, seconds)
    };
    let plan = Some("Failover Plan");
    let success = ran(plan, Outcome::Success, 600);
    let unreadable = |name: &str| Session {
        unreadable: vec![UnreadableField {
            name: name.to_owned(),
            raw: "?".to_owned(),
        }],
        ..success.clone()
    };
    let known = Session {
        job_uid: Some("a".to_owned()),
        ..success.clone()
    };
    for (session, other, expected) in [
        (
            ran(plan, Outcome::Failed, 3_600),
            success.clone(),
            Severity::Warning,
        ),
        (
            ran(plan, Outcome::Warning, 3_600),
            success.clone(),
            Severity::Warning,
        ),
        (
            ran(Some("Mail"), Outcome::Failed, 3_600),
            success.clone(),
            Severity::Critical,
        ),
        (
            ran(plan, Outcome::Failed, 3_600),
            unreadable("Name"),
            Severity::Critical,
        ),
        (
            ran(plan, Outcome::Failed, 3_600),
            unreadable("JobUid"),
            Severity::Critical,
        ),
        (ran(plan, Outcome::Failed, 3_600), known, Severity::Critical),
        // Without a name, the plan is unknown.
        (
            ran(None, Outcome::Failed, 3_600),
            ran(None, Outcome::Success, 600),
            Severity::Critical,
        ),
    ] {
        let verdict = judge_session_among(
            &session,
            &Successes::of(&[session.clone(), other.clone()]),
            NOW,
        );
        assert_eq!(verdict.severity, expected, "{session:?} {other:?}");
        assert!(verdict.is_complete(), "{verdict:?}");
        let names_success = verdict
            .sentence
            .ends_with("A run of the same name has succeeded since.");
        assert_eq!(names_success, expected == Severity::Warning, "{verdict:?}");
        let is_named = verdict.word.ends_with(", same name succeeded since");
        assert_eq!(is_named, names_success, "{verdict:?}");
    }
}

/// A quadratic comparison would take minutes.
#[test]
fn many_sessions_are_judged_quickly() {
    let runs = |result: fn() -> Outcome, seconds| {
        (0..100_000).map(move |plan| Session {
            job_uid: Some(format!("plan {plan}")),
            ..session(State::Stopped, result(), seconds)
        })
    };
    let failed: Vec<Session> = runs(|| Outcome::Failed, 3_600).collect();
    let odd = |(index, _): &(usize, Session)| index % 2 == 1;
    let success = runs(|| Outcome::Success, 600).enumerate().filter(odd);
    let mut all = failed.clone();
    all.extend(success.map(|(_, session)| session));
    let successes = Successes::of(&all);
    let critical = failed.iter().filter(|session| {
        judge_session_among(session, &successes, NOW).severity == Severity::Critical
    });
    assert_eq!(critical.count(), 50_000);
}

//! Veeam: how a run of a failover plan went, or goes.

use crate::severity::Severity::{Critical, Moving, Normal, Unknown, Warning};
use crate::verdict::Verdict;
use crate::words::span;
use chrono::{DateTime, TimeDelta, Utc};
use vendors::veeam::{Outcome, Session, State, Task};

/// A run that takes longer than this is worth a look.
const LONG: TimeDelta = TimeDelta::hours(24);

/// What ended longer ago than this is history, not news.
const RECENT: TimeDelta = TimeDelta::hours(24);

/// Whether a state or result says that it still runs. Progress says nothing: it may be 0 at the end.
fn is_running(state: Option<&State>) -> bool {
    matches!(
        state,
        Some(State::Starting | State::Working | State::Stopping)
    )
}

/// How long a session took, or runs until now; never negative, `None` when it is not known.
#[must_use]
pub fn duration(session: &Session, now: DateTime<Utc>) -> Option<TimeDelta> {
    let started = session.creation_time?;
    let until = match session.end_time {
        Some(ended) => ended,
        None if is_running(session.state.as_ref()) => now,
        None => return None,
    };
    Some(until.signed_duration_since(started).max(TimeDelta::zero()))
}

/// Tasks that have ended, of all.
#[must_use]
pub fn tasks_done(session: &Session) -> (usize, usize) {
    let done = |task: &&Task| task.state == Some(State::Stopped);
    (
        session.tasks.iter().filter(done).count(),
        session.tasks.len(),
    )
}

/// Whether a session runs, or ended in the last 24 hours.
#[must_use]
pub fn is_recent(session: &Session, now: DateTime<Utc>) -> bool {
    let last = session.end_time.or(session.creation_time);
    is_running(session.state.as_ref())
        || last.is_some_and(|last| now.signed_duration_since(last) <= RECENT)
}

/// Judges a session.
#[must_use]
pub fn judge_session(session: &Session, now: DateTime<Utc>) -> Verdict {
    let plan = session
        .name
        .as_deref()
        .filter(|name| !name.is_empty())
        .unwrap_or("A failover plan");
    let on = session
        .server
        .as_ref()
        .and_then(|server| server.name.as_deref());
    let on = on.map(|server| format!(" on {server}")).unwrap_or_default();
    let because = session
        .failure_message
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty());
    let because = because
        .map(|text| format!(": {}", text.trim_end_matches('.')))
        .unwrap_or_default();
    let verdict = match (&session.state, &session.result) {
        (state, None | Some(Outcome::None)) if is_running(state.as_ref()) => {
            return running(session, plan, &on, now);
        }
        (_, Some(Outcome::Failed)) => {
            Verdict::new(Critical, "Failed", format!("{plan} failed{on}{because}.")).advise(
                "Open the session for its machines, mend them, then run the plan again in Veeam.",
            )
        }
        (_, Some(Outcome::Warning)) => Verdict::new(
            Warning,
            "Warning",
            format!("{plan} ended with warnings{on}{because}."),
        )
        .advise("Open the session to see which machine it was."),
        (_, Some(Outcome::Success)) => {
            Verdict::new(Normal, "Success", format!("{plan} succeeded{on}."))
        }
        (_, Some(Outcome::Other(word))) => Verdict::new(
            Unknown,
            "Unknown",
            format!("{plan} ended{on} with the result “{word}”, which this console does not know."),
        ),
        (Some(State::Other(word)), _) => Verdict::new(
            Unknown,
            "Unknown",
            format!("{plan} is{on} in the state “{word}”, which this console does not know."),
        ),
        _ => Verdict::new(
            Unknown,
            "Unknown",
            format!("{plan} ended{on}, and the server does not say how."),
        ),
    };
    verdict.since(session.end_time.or(session.creation_time))
}

fn running(session: &Session, plan: &str, on: &str, now: DateTime<Utc>) -> Verdict {
    let verdict = match duration(session, now) {
        Some(time) if time > LONG => Verdict::new(
            Warning,
            "Running long",
            format!("{plan} has been running{on} for {}.", span(time)),
        )
        .advise("Check in Veeam whether it still makes progress."),
        Some(time) => Verdict::new(
            Moving,
            "Running",
            format!("{plan} has been running{on} for {}.", span(time)),
        ),
        None => Verdict::new(Moving, "Running", format!("{plan} is running{on}.")),
    };
    verdict.since(session.creation_time)
}

#[cfg(test)]
mod tests {
    use super::{duration, is_recent, judge_session, tasks_done};
    use crate::severity::Severity;
    use chrono::{DateTime, TimeDelta, Utc};
    use vendors::veeam::{Outcome, Session, State, Task};

    const NOW: DateTime<Utc> = DateTime::from_timestamp(1_795_271_528, 0).expect("in range");

    fn session(state: State, result: Outcome, hours: i64) -> Session {
        Session {
            name: Some("Web Shop DR".into()),
            creation_time: Some(NOW - TimeDelta::hours(hours)),
            end_time: (state == State::Stopped)
                .then(|| NOW - TimeDelta::hours(hours) + TimeDelta::minutes(3)),
            state: Some(state),
            result: Some(result),
            ..Session::default()
        }
    }

    #[test]
    fn each_state_and_result_has_its_word() {
        use Outcome::{Failed, None, Other, Success, Warning};
        use State::{Starting, Stopped, Stopping, Working};
        for (state, result, expected) in [
            (Stopped, Success, (Severity::Normal, "Success")),
            (Stopped, Warning, (Severity::Warning, "Warning")),
            (Stopped, Failed, (Severity::Critical, "Failed")),
            (Stopping, Failed, (Severity::Critical, "Failed")),
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
                State::Other("Paused".into()),
                None,
                (Severity::Unknown, "Unknown"),
            ),
        ] {
            let verdict = judge_session(&session(state.clone(), result.clone(), 1), NOW);
            assert_eq!(
                (verdict.severity, verdict.word),
                expected,
                "{state:?} {result:?}"
            );
            assert!(
                verdict.sentence.starts_with("Web Shop DR"),
                "{}",
                verdict.sentence
            );
        }
    }

    #[test]
    fn a_run_of_more_than_a_day_is_long() {
        assert_eq!(
            judge_session(&session(State::Working, Outcome::None, 24), NOW).word,
            "Running"
        );
        assert_eq!(
            judge_session(&session(State::Working, Outcome::None, 25), NOW).word,
            "Running long"
        );
    }

    #[test]
    fn the_vendors_reason_is_kept() {
        let failed = Session {
            failure_message: Some("No snapshot.".into()),
            ..session(State::Stopped, Outcome::Failed, 1)
        };
        assert_eq!(
            judge_session(&failed, NOW).sentence,
            "Web Shop DR failed: No snapshot."
        );
    }

    #[test]
    fn a_duration_is_never_negative_and_runs_only_while_the_session_does() {
        assert_eq!(
            duration(&session(State::Working, Outcome::None, 2), NOW),
            Some(TimeDelta::hours(2))
        );
        assert_eq!(
            duration(&session(State::Working, Outcome::None, -2), NOW),
            Some(TimeDelta::zero())
        );
        assert_eq!(
            duration(&session(State::Stopped, Outcome::Failed, 2), NOW),
            Some(TimeDelta::minutes(3))
        );
        let unknown = Session {
            end_time: None,
            ..session(State::Stopped, Outcome::Failed, 2)
        };
        assert_eq!(duration(&unknown, NOW), None);
        assert_eq!(duration(&Session::default(), NOW), None);
    }

    #[test]
    fn what_runs_is_recent_and_what_ended_is_for_a_day() {
        assert!(is_recent(&session(State::Working, Outcome::None, 900), NOW));
        assert!(is_recent(
            &session(State::Stopped, Outcome::Failed, 24),
            NOW
        ));
        assert!(!is_recent(
            &session(State::Stopped, Outcome::Failed, 25),
            NOW
        ));
        assert!(!is_recent(&Session::default(), NOW));
    }

    #[test]
    fn done_tasks_are_those_that_stopped() {
        let task = |state| Task {
            state: Some(state),
            ..Task::default()
        };
        let tasks = vec![task(State::Stopped), task(State::Working), Task::default()];
        assert_eq!(
            tasks_done(&Session {
                tasks,
                ..Session::default()
            }),
            (1, 3)
        );
    }
}

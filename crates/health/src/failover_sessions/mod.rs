//! Verdicts on Veeam failover sessions, the runs of failover plans.

use crate::doubt;
use crate::severity::Severity::{Critical, Moving, Normal, Unknown, Warning};
use crate::verdict::Verdict;
use crate::words::span;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use vendors::veeam::{Outcome, Session, State, Task};

/// A run that takes longer than this is a warning.
pub(crate) const LONG: TimeDelta = TimeDelta::hours(24);

/// Whether the state means that the session is running. Progress is not used, because it may be 0 at the end.
#[must_use]
pub fn is_running(state: Option<&State>) -> bool {
    matches!(
        state,
        Some(State::Starting | State::Working | State::Stopping)
    )
}

/// The duration of a session, or its running time so far; never negative, `None` if unknown. Without `now`, as for a
/// saved response of unknown age, a running session has no duration.
#[must_use]
pub fn duration(session: &Session, now: Option<DateTime<Utc>>) -> Option<TimeDelta> {
    let started = session.creation_time?;
    let until = match session.end_time {
        Some(ended) => ended,
        None if is_running(session.state.as_ref()) => now?,
        None => return None,
    };
    Some(until.signed_duration_since(started).max(TimeDelta::zero()))
}

/// The number of finished tasks, and of all tasks.
#[must_use]
pub fn tasks_done(session: &Session) -> (usize, usize) {
    let done = |task: &&Task| task.state == Some(State::Stopped);
    (
        session.tasks.iter().filter(done).count(),
        session.tasks.len(),
    )
}

/// Whether a session is running or ended within `recent`, or might have: its times or state are unreadable, or its
/// state is unknown and it has no end time.
#[must_use]
pub fn is_recent(session: &Session, now: DateTime<Utc>, recent: TimeDelta) -> bool {
    let last = session.end_time.or(session.creation_time);
    let may_run = matches!(session.state, None | Some(State::Other(_)))
        && session.end_time.is_none()
        && session.creation_time.is_some();
    is_running(session.state.as_ref())
        || may_run
        || doubt::any(
            &session.unreadable,
            &["CreationTimeUTC", "EndTimeUTC", "State"],
        )
        || last.is_some_and(|last| now.signed_duration_since(last) <= recent)
}

/// Judges a session. Its state decides whether it is running; a failure or a warning is reported even while it runs.
/// Without `now`, the running time is ignored.
#[must_use]
pub fn judge_session(session: &Session, now: Option<DateTime<Utc>>) -> Verdict {
    let deciding = ["State", "Result", "CreationTimeUTC"];
    let Some(why) = doubt::first(&session.unreadable, &deciding, None) else {
        return judge(session, now);
    };
    let unreadable = |name: &str| doubt::any(&session.unreadable, &[name]);
    let assumed = |state: State, result: Outcome, started: Option<DateTime<Utc>>| {
        let mut session = session.clone();
        if unreadable("State") {
            session.state = Some(state);
        }
        if unreadable("Result") {
            session.result = Some(result);
        }
        if unreadable("CreationTimeUTC") {
            session.creation_time = started;
        }
        judge(&session, now)
    };
    let long_ago = now.and_then(|now| now.checked_sub_signed(LONG + TimeDelta::seconds(1)));
    let worst = assumed(State::Working, Outcome::Failed, long_ago);
    let best = assumed(State::Stopped, Outcome::Success, now);
    doubt::between(worst, best, plan_name(session), &why)
}

/// Identifies a plan on a server, by its id (`true`) or only by its name (`false`).
type Plan<'a> = (bool, &'a str, Option<&'a str>);

/// The start of each plan's newest successful run, so that judging many sessions is not quadratic.
#[derive(Debug)]
pub struct Successes<'a>(BTreeMap<Plan<'a>, DateTime<Utc>>);

impl<'a> Successes<'a> {
    /// The successes among all sessions of a server. A session with unreadable fields does not count.
    #[must_use]
    pub fn of(all: impl IntoIterator<Item = &'a Session>) -> Self {
        let deciding = ["State", "Result", "CreationTimeUTC"];
        let mut newest = BTreeMap::new();
        for session in all {
            let succeeded = session.state == Some(State::Stopped)
                && session.result == Some(Outcome::Success)
                && !doubt::any(&session.unreadable, &deciding);
            let run = plan_key(session).zip(session.creation_time);
            if let Some((plan, began)) = run.filter(|_| succeeded) {
                let latest = newest.entry(plan).or_insert(began);
                *latest = began.max(*latest);
            }
        }
        Self(newest)
    }
}

/// Judges a session among the others of its server: a failure or warning is resolved once the plan has succeeded
/// since. If only the name identifies the plan, which need not be unique, a warning remains.
#[must_use]
pub fn judge_session_among(
    session: &Session,
    successes: &Successes<'_>,
    now: DateTime<Utc>,
) -> Verdict {
    let verdict = judge_session(session, Some(now));
    if verdict.rank != Verdict::HISTORY || !matches!(verdict.severity, Critical | Warning) {
        return verdict;
    }
    let ended = session.end_time.or(session.creation_time);
    let plan = plan_key(session).filter(|plan| {
        let success = successes.0.get(plan);
        success.is_some_and(|began| ended.is_some_and(|ended| *began >= ended))
    });
    let sentence = verdict.sentence.trim_end_matches('.');
    match plan {
        Some((true, ..)) => Verdict {
            severity: Normal,
            word: format!("{}, succeeded since", verdict.word).into(),
            sentence: format!("{sentence}. It has succeeded since."),
            advice: None,
            ..verdict
        },
        Some((false, ..)) => Verdict {
            severity: Warning,
            word: format!("{}, same name succeeded since", verdict.word).into(),
            sentence: format!("{sentence}. A run of the same name has succeeded since."),
            advice: Some("Check in Veeam whether it was the same plan.".into()),
            ..verdict
        },
        None => verdict,
    }
}

/// The plan of which a session is a run; `None` if neither its id nor its name is known.
fn plan_key(session: &Session) -> Option<Plan<'_>> {
    let server = session
        .server
        .as_ref()
        .and_then(|server| server.name.as_deref());
    if let Some(id) = session.job_uid.as_deref() {
        return Some((true, id, server));
    }
    let name = session.name.as_deref().filter(|name| !name.is_empty())?;
    let is_readable = !doubt::any(&session.unreadable, &["Name", "JobUid"]);
    is_readable.then_some((false, name, server))
}

fn plan_name(session: &Session) -> &str {
    let plan = session.name.as_deref().filter(|name| !name.is_empty());
    let plan = plan.or(session.uid.as_deref());
    plan.unwrap_or("A failover plan")
}

fn judge(session: &Session, now: Option<DateTime<Utc>>) -> Verdict {
    let plan = plan_name(session);
    let on = session.server.as_ref().and_then(|s| s.name.as_deref());
    let on = on.map(|server| format!(" on {server}"));
    let on = on.unwrap_or_default();
    let verdict = match (&session.state, &session.result) {
        (_, Some(Outcome::Failed)) => failed(session, plan, &on),
        (_, Some(Outcome::Warning)) => {
            let runs = is_running(session.state.as_ref());
            let has = if runs { "runs" } else { "ended" };
            let sentence = format!("{plan} {has} with warnings{on}{}.", reason(session));
            Verdict::new(Warning, "Warning", sentence)
                .advise("Open the session to see which machine it was.")
        }
        (state, None | Some(Outcome::None | Outcome::Success)) if is_running(state.as_ref()) => {
            return running(session, plan, &on, now);
        }
        (_, Some(Outcome::Success)) => {
            Verdict::new(Normal, "Success", format!("{plan} succeeded{on}."))
        }
        (_, Some(Outcome::Other(word))) => {
            unknown(format!("{plan} has{on} the result “{word}”"), UNSUPPORTED)
        }
        (Some(State::Other(word)), _) => {
            unknown(format!("{plan} is{on} in the state “{word}”"), UNSUPPORTED)
        }
        (None, _) => unknown(format!("{plan} has{on} no state"), ""),
        (Some(_), _) => unknown(
            format!("{plan} ended{on}"),
            ", and the server reports no result",
        ),
    };
    let verdict = verdict.since(session.end_time.or(session.creation_time));
    // A session in an unknown state may not have ended.
    if session.state == Some(State::Stopped) {
        verdict.rank(Verdict::HISTORY)
    } else {
        verdict
    }
}

const UNSUPPORTED: &str = ", which this console does not know";

fn unknown(what: String, why: &str) -> Verdict {
    Verdict::new(Unknown, "Unknown", format!("{what}{why}.")).advise("Check the session in Veeam.")
}

/// The vendor's reason after a colon; empty if there is none, even after a failure.
fn reason(session: &Session) -> String {
    let message = session.failure_message.as_deref().map(str::trim);
    let message = message.map(|text| text.trim_end_matches('.'));
    let message = message.filter(|text| !text.is_empty());
    message.map(|text| format!(": {text}")).unwrap_or_default()
}

fn failed(session: &Session, plan: &str, on: &str) -> Verdict {
    let sentence = format!("{plan} failed{on}{}.", reason(session));
    Verdict::new(Critical, "Failed", sentence)
        .advise("Check the session's machines, fix them, then run the plan again in Veeam.")
}

fn running(session: &Session, plan: &str, on: &str, now: Option<DateTime<Utc>>) -> Verdict {
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
mod tests;

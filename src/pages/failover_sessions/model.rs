//! A cloud failover session as a row shows it. Pure.

use crate::ui::times;
use chrono::{DateTime, FixedOffset, Utc};
use health::failover_sessions::{duration, judge_session, tasks_done};
use health::severity::Severity;
use health::words;
use vendors::veeam::{Outcome, Session, State};

/// One row of the table "Cloud failover sessions".
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// How it went, for the glyph.
    pub severity: Severity,
    /// Another glyph than the severity's own.
    pub glyph: Option<&'static str>,
    /// How it went in words.
    pub result: String,
    /// The plan.
    pub plan: String,
    /// The failure message, or that there is none.
    pub message: Option<String>,
    /// Where the session's page is.
    pub href: String,
    /// The state in words.
    pub state: String,
    /// When it started, and how long ago.
    pub started: (String, String),
    /// How long it took, or runs.
    pub duration: String,
    /// Machines done, of all.
    pub tasks: Option<(usize, usize)>,
    /// The vendor's own figure.
    pub progress: Option<String>,
    /// The backup server.
    pub server: String,
}

/// The plan's name.
#[must_use]
pub fn name(session: &Session) -> String {
    session
        .name
        .clone()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "(no name)".to_owned())
}

/// A state in words.
#[must_use]
pub fn state_word(state: Option<&State>) -> String {
    match state {
        Some(State::Starting) => "Starting".to_owned(),
        Some(State::Stopping) => "Stopping".to_owned(),
        Some(State::Working) => "Working".to_owned(),
        Some(State::Stopped) => "Stopped".to_owned(),
        Some(State::Other(word)) => word.clone(),
        None => "–".to_owned(),
    }
}

/// A result in words.
#[must_use]
pub fn result_word(result: Option<&Outcome>) -> String {
    match result {
        Some(Outcome::None) => "None".to_owned(),
        Some(Outcome::Success) => "Success".to_owned(),
        Some(Outcome::Warning) => "Warning".to_owned(),
        Some(Outcome::Failed) => "Failed".to_owned(),
        Some(Outcome::Other(word)) => word.clone(),
        None => "–".to_owned(),
    }
}

/// A tick for what went well: normal is grey, but done is not the same as idle.
#[must_use]
pub fn glyph(result: Option<&Outcome>, severity: Severity) -> Option<&'static str> {
    (result == Some(&Outcome::Success) && severity == Severity::Normal).then_some("done")
}

/// Progress in words: the vendor's own figure, which is no proof that it is done.
#[must_use]
pub fn progress(progress: Option<f64>) -> Option<String> {
    progress.map(|progress| format!("{progress} %"))
}

/// A session as a row.
#[must_use]
pub fn row(session: &Session, href: String, now: DateTime<Utc>, zone: FixedOffset) -> Row {
    let verdict = judge_session(session, now);
    let (done, all) = tasks_done(session);
    let failed = session.result == Some(Outcome::Failed);
    let message = session
        .failure_message
        .clone()
        .filter(|text| !text.trim().is_empty());
    Row {
        severity: verdict.severity,
        glyph: glyph(session.result.as_ref(), verdict.severity),
        result: match &session.result {
            Some(Outcome::Other(word)) => word.clone(),
            _ => verdict.word.to_owned(),
        },
        plan: name(session),
        message: message.or_else(|| failed.then(|| "no message given".to_owned())),
        href,
        state: state_word(session.state.as_ref()),
        started: match session.creation_time {
            Some(at) => (times::moment(at, now, zone), times::ago(at, now)),
            None => ("–".to_owned(), String::new()),
        },
        duration: duration(session, now).map_or_else(|| "–".to_owned(), words::span),
        tasks: (all > 0).then_some((done, all)),
        progress: progress(session.progress),
        server: session
            .server
            .as_ref()
            .and_then(|server| server.name.clone())
            .unwrap_or_else(|| "–".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::row;
    use chrono::{DateTime, FixedOffset, Utc};
    use health::severity::Severity;
    use vendors::veeam::{Outcome, Session, State};

    fn shown(session: &Session) -> super::Row {
        let now: DateTime<Utc> = "2026-11-21T14:32:08Z".parse().expect("a time");
        row(
            session,
            String::new(),
            now,
            FixedOffset::east_opt(0).expect("in range"),
        )
    }

    fn ended(result: Outcome) -> Session {
        Session {
            creation_time: "2026-11-21T13:58:11Z".parse().ok(),
            end_time: "2026-11-21T14:01:51Z".parse().ok(),
            state: Some(State::Stopped),
            result: Some(result),
            progress: Some(0.0),
            ..Session::default()
        }
    }

    #[test]
    fn a_failure_without_a_message_says_so() {
        assert_eq!(
            shown(&ended(Outcome::Failed)).message.as_deref(),
            Some("no message given")
        );
        assert_eq!(shown(&ended(Outcome::Success)).message, None);
    }

    #[test]
    fn success_is_a_tick_and_grey_whatever_the_progress_says() {
        let row = shown(&ended(Outcome::Success));
        assert_eq!(
            (row.severity, row.glyph, row.progress.as_deref()),
            (Severity::Normal, Some("done"), Some("0 %"))
        );
    }

    #[test]
    fn an_unknown_result_is_shown_as_it_is() {
        assert_eq!(
            shown(&ended(Outcome::Other("Postponed".into()))).result,
            "Postponed"
        );
    }

    #[test]
    fn a_running_session_counts_up() {
        let running = Session {
            end_time: None,
            state: Some(State::Working),
            result: Some(Outcome::None),
            ..ended(Outcome::None)
        };
        assert_eq!(shown(&running).duration, "33 min 57 s");
    }
}

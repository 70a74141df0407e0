//! The texts of a cloud failover session in a table row. Pure.

use crate::pages::unreadable::or_unreadable;
use crate::prefs::Zone;
use crate::ui::{number, times};
use chrono::{DateTime, Utc};
use health::failover_sessions::{duration, is_running, judge_session, tasks_done};
use health::severity::Severity;
use health::verdict::Verdict;
use health::words;
use vendors::UnreadableField;
use vendors::veeam::{Field, Outcome, Session, State};

/// One row of the table "Cloud failover sessions".
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The severity of the result, which determines the glyph.
    pub severity: Severity,
    /// A glyph that replaces the severity's own.
    pub glyph: Option<&'static str>,
    /// The result in words.
    pub result: String,
    /// What the plan's later runs add to the result, such as "succeeded since".
    pub since: String,
    /// The plan's name.
    pub plan: String,
    /// The failure message, or a note that there is none.
    pub message: Option<String>,
    /// The session's GUID.
    pub uid: String,
    /// The links to the session.
    pub link: SessionLink,
    /// The state in words.
    pub state: String,
    /// The start time, and its age.
    pub started: (String, String),
    /// The duration, so far if it is running.
    pub duration: String,
    /// The number of machines that are done.
    pub tasks: String,
    /// The progress that the server reports.
    pub progress: Option<String>,
    /// The value of the progress bar in percent, while the session is running.
    pub bar: Option<String>,
    /// The backup server.
    pub server: String,
    /// The end time.
    pub ended: String,
    /// The type of the plan.
    pub kind: String,
}

/// The links to a session. All are empty for an imported session, which has no page and whose time is unknown.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SessionLink {
    /// The address of the session's page.
    pub href: String,
    /// The value of `?session=` for the session.
    pub details: String,
    /// The titles of the session's connections, if several are queried.
    pub connection: String,
    /// Whether the data of its connection is stale.
    pub is_stale: bool,
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

/// A number of sessions in words.
#[must_use]
pub fn count_of_sessions(count: usize) -> String {
    match count {
        1 => "1 session".to_owned(),
        count => format!("{count} sessions"),
    }
}

/// A text, or a dash for `None`.
#[must_use]
pub fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "–".to_owned())
}

/// The vendor's word for a state.
#[must_use]
pub fn state(state: Option<&State>) -> String {
    state.map_or("–", State::word).to_owned()
}

/// What the gateway's verdict adds to the word for the session alone: the gateway also considers the plan's other runs.
#[must_use]
pub fn verdict_addition<'a>(verdict: &'a Verdict, word: &str) -> Option<&'a str> {
    verdict.word.strip_prefix(word)?.strip_prefix(", ")
}

/// A tick for success: normal is grey, but a successful run must not look like an idle resource.
#[must_use]
pub fn glyph(result: Option<&Outcome>, severity: Severity) -> Option<&'static str> {
    (result == Some(&Outcome::Success) && severity == Severity::Normal).then_some("done")
}

/// The progress that the server reports. 100 % does not mean that the session is done.
#[must_use]
pub fn progress(progress: Option<f64>) -> Option<String> {
    progress.map(|progress| format!("{} %", number(progress)))
}

/// The value of the progress bar in percent. A running session never has a full bar, even if the server reports 100 %.
fn bar(session: &Session) -> Option<String> {
    let progress = session
        .progress
        .filter(|progress| (0.0..100.0).contains(progress));
    let is_running = is_running(session.state.as_ref());
    progress.filter(|_| is_running).map(number)
}

/// The number of machines that are done. While the plan runs, the server lists only machines that have begun, so the
/// total is unknown.
fn tasks(session: &Session) -> String {
    match tasks_done(session) {
        (_, 0) => "–".to_owned(),
        (done, begun) if is_running(session.state.as_ref()) => format!("{done} of {begun} begun"),
        (done, all) => format!("{done} of {all}"),
    }
}

/// The text in place of a missing end time: "not yet" for a running session, else "not given".
#[must_use]
pub fn no_end(session: &Session) -> &'static str {
    if is_running(session.state.as_ref()) {
        "not yet"
    } else {
        "not given"
    }
}

/// The failure message, or a note that it is missing or unreadable.
#[must_use]
pub fn message(
    text: Option<&str>,
    result: Option<&Outcome>,
    unreadable: &[UnreadableField],
) -> Option<String> {
    let text = text.filter(|text| !text.trim().is_empty());
    let is_unreadable = UnreadableField::find(unreadable, "FailureMessage").is_some();
    let none = match result {
        _ if is_unreadable => Some("message unreadable"),
        Some(Outcome::Failed) => Some("no message given"),
        _ => None,
    };
    text.or(none).map(ToOwned::to_owned)
}

/// A session as a row.
#[must_use]
pub fn row(session: &Session, link: SessionLink, now: DateTime<Utc>, zone: Zone) -> Row {
    let running_until = (!link.href.is_empty()).then_some(now);
    let verdict = judge_session(session, running_until);
    let marked = |name, words| or_unreadable(&session.unreadable, name, words);
    Row {
        severity: verdict.severity,
        glyph: glyph(session.result.as_ref(), verdict.severity),
        result: match &session.result {
            Some(Outcome::Other(word)) => word.clone(),
            _ => verdict.word.into_owned(),
        },
        since: String::new(),
        plan: name(session),
        message: message(
            session.failure_message.as_deref(),
            session.result.as_ref(),
            &session.unreadable,
        ),
        link,
        state: marked("State", state(session.state.as_ref())),
        started: match session.creation_time {
            Some(at) => (times::moment(at, now, zone), times::ago(at, now)),
            None => (marked("CreationTimeUTC", "–".to_owned()), String::new()),
        },
        duration: or_dash(duration(session, running_until).map(words::span)),
        tasks: tasks(session),
        bar: bar(session),
        progress: progress(session.progress).or_else(|| {
            UnreadableField::find(&session.unreadable, "Progress").map(|_| "unreadable".to_owned())
        }),
        server: or_dash(session.server.as_ref().and_then(|one| one.name.clone())),
        uid: session.uid.clone().unwrap_or_default(),
        ended: match session.end_time {
            Some(at) => times::moment(at, now, zone),
            None => marked("EndTimeUTC", no_end(session).to_owned()),
        },
        kind: or_dash(session.job_type.clone()),
    }
}

/// A column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// The result.
    Result,
    /// The plan, with the failure message below.
    Plan,
    /// The state.
    State,
    /// The start time.
    Started,
    /// The end time.
    Ended,
    /// The duration.
    Duration,
    /// The progress that the server reports.
    Progress,
    /// The number of machines that are done.
    Tasks,
    /// The backup server.
    Server,
    /// The type of the plan.
    Type,
    /// The GUID.
    Id,
    /// The connections, if several are queried.
    Connection,
}

impl Column {
    /// Every column that can be chosen, in display order.
    pub const ALL: [Self; 11] = [
        Self::Result,
        Self::Plan,
        Self::State,
        Self::Started,
        Self::Ended,
        Self::Duration,
        Self::Progress,
        Self::Tasks,
        Self::Server,
        Self::Type,
        Self::Id,
    ];

    /// The column's header.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Result => "Result",
            Self::Plan => "Plan",
            Self::State => "State",
            Self::Started => "Started",
            Self::Ended => "Ended",
            Self::Duration => "Duration",
            Self::Progress => "Progress",
            Self::Tasks => "Tasks",
            Self::Server => "Server",
            Self::Type => "Type",
            Self::Id => "Session id",
            Self::Connection => "Connection",
        }
    }

    /// The field by which the service sorts this column; `None` if it cannot.
    #[must_use]
    pub fn field(self) -> Option<Field> {
        Some(match self {
            Self::Result => Field::Result,
            Self::Plan => Field::Name,
            Self::State => Field::State,
            Self::Started => Field::CreationTime,
            Self::Ended => Field::EndTime,
            Self::Server => Field::BackupServerName,
            Self::Type => Field::Type,
            Self::Id => Field::Uid,
            Self::Duration | Self::Progress | Self::Tasks | Self::Connection => return None,
        })
    }

    /// Whether the column is shown by default.
    #[must_use]
    pub fn is_default(self) -> bool {
        !matches!(self, Self::Ended | Self::Tasks | Self::Type | Self::Id)
    }

    /// The chosen columns, or the default ones. The plan is always included, because it names the row.
    #[must_use]
    pub fn chosen(choice: Option<&[String]>) -> Vec<Self> {
        let is_chosen = |column: &Self| match choice {
            None => column.is_default(),
            Some(names) => *column == Self::Plan || names.iter().any(|name| name == column.name()),
        };
        Self::ALL.into_iter().filter(is_chosen).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Column, SessionLink, row, verdict_addition};
    use crate::prefs::Zone;
    use chrono::{DateTime, Utc};
    use health::severity::Severity;
    use health::verdict::Verdict;
    use vendors::UnreadableField;
    use vendors::veeam::{Outcome, Session, State, Task};

    fn shown(session: &Session) -> super::Row {
        let now: DateTime<Utc> = "2026-11-21T14:32:08Z".parse().expect("a time");
        let link = SessionLink {
            href: "/failover-sessions/em/1".to_owned(),
            ..SessionLink::default()
        };
        row(session, link, now, Zone::Utc)
    }

    fn running() -> Session {
        Session {
            end_time: None,
            state: Some(State::Working),
            ..ended(Outcome::None)
        }
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
    fn a_missing_or_unreadable_failure_message_is_noted() {
        assert_eq!(
            shown(&ended(Outcome::Failed)).message.as_deref(),
            Some("no message given")
        );
        assert_eq!(shown(&ended(Outcome::Success)).message, None);
        let unreadable = Session {
            unreadable: vec![UnreadableField {
                name: "FailureMessage".to_owned(),
                raw: "Text: ?".to_owned(),
            }],
            ..ended(Outcome::Failed)
        };
        assert_eq!(
            shown(&unreadable).message.as_deref(),
            Some("message unreadable")
        );
    }

    #[test]
    fn only_a_running_session_has_not_ended_yet() {
        for (state, words) in [
            (Some(State::Working), "not yet"),
            (Some(State::Stopping), "not yet"),
            (Some(State::Stopped), "not given"),
            (Some(State::Other("Paused".into())), "not given"),
            (None, "not given"),
        ] {
            let session = Session {
                end_time: None,
                state: state.clone(),
                ..ended(Outcome::Failed)
            };
            assert_eq!(shown(&session).ended, words, "{state:?}");
        }
    }

    #[test]
    fn success_is_a_grey_tick_whatever_the_progress_is() {
        let row = shown(&ended(Outcome::Success));
        assert_eq!(
            (row.severity, row.glyph, row.progress.as_deref()),
            (Severity::Normal, Some("done"), Some("0 %"))
        );
    }

    #[test]
    fn a_running_session_shows_the_servers_progress_and_never_a_full_bar() {
        for (progress, state, words, bar) in [
            (Some(53.0), State::Working, Some("53 %"), Some("53")),
            (Some(0.0), State::Starting, Some("0 %"), Some("0")),
            (Some(100.0), State::Stopping, Some("100 %"), None),
            (Some(-1.0), State::Working, Some("-1 %"), None),
            (None, State::Working, None, None),
            (Some(53.0), State::Stopped, Some("53 %"), None),
        ] {
            let session = Session {
                progress,
                state: Some(state),
                ..running()
            };
            let row = shown(&session);
            assert_eq!((row.progress.as_deref(), row.bar.as_deref()), (words, bar));
        }
    }

    #[test]
    fn a_running_session_counts_only_machines_that_have_begun() {
        let machines = |count: usize| {
            let task = Task {
                state: Some(State::Stopped),
                ..Task::default()
            };
            vec![task; count]
        };
        for (session, count, words) in [
            (running(), 0, "–"),
            (running(), 4, "4 of 4 begun"),
            (ended(Outcome::Success), 5, "5 of 5"),
        ] {
            let session = Session {
                tasks: machines(count),
                ..session
            };
            assert_eq!(shown(&session).tasks, words);
        }
    }

    #[test]
    fn an_unknown_result_is_shown_verbatim() {
        assert_eq!(
            shown(&ended(Outcome::Other("Postponed".into()))).result,
            "Postponed"
        );
    }

    #[test]
    fn columns_have_a_default_and_the_plan_is_always_shown() {
        let names = |choice: Option<&[String]>| {
            let chosen = Column::chosen(choice).into_iter();
            chosen.map(Column::name).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            names(None),
            "Result Plan State Started Duration Progress Server"
        );
        let choice = ["Tasks".to_owned(), "nonsense".to_owned()];
        assert_eq!(names(Some(&choice)), "Plan Tasks");
    }

    #[test]
    fn a_running_session_has_a_duration_until_now() {
        assert_eq!(shown(&running()).duration, "33 min 57 s");
    }

    #[test]
    fn an_imported_running_session_has_no_duration() {
        let later = "2027-11-21T14:32:08Z".parse().expect("a time");
        let imported = |session: &Session| row(session, SessionLink::default(), later, Zone::Utc);
        let row = imported(&running());
        assert_eq!(
            (row.result.as_str(), row.duration.as_str()),
            ("Running", "–")
        );
        assert_eq!(imported(&ended(Outcome::Success)).duration, "3 min 40 s");
    }

    #[test]
    fn the_addition_of_a_verdict_is_found_by_the_sessions_own_word() {
        for (verdict, word, expected) in [
            ("Failed, succeeded since", "Failed", Some("succeeded since")),
            ("Failed", "Failed", None),
            ("Running long", "Running", None),
            ("Failed, succeeded since", "Warning", None),
        ] {
            let verdict = Verdict::new(Severity::Normal, verdict, String::new());
            assert_eq!(verdict_addition(&verdict, word), expected, "{verdict:?}");
        }
    }
}

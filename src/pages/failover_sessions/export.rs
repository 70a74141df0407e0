//! Sessions as a file: CSV for spreadsheets (RFC 4180), JSON for scripts. Pure: `export_view` reads the pages and
//! starts the download.

use super::model::count_of_sessions;
use crate::ui;
use crate::ui::csv::{cell, file, row};
use crate::ui::time_zone::{ZoneAt, local};
use chrono::{DateTime, SecondsFormat, Utc};
use health::failover_sessions::{duration, tasks_done};
use health::words::left_out;
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::collections::HashMap;
use std::iter;
use vendors::veeam::{Field, Filter, Joined, Outcome, Page, Paging, Query, Session, State};

/// The header row in CSV and the keys of each object in JSON. If several connections were queried, [`CONNECTION`]
/// follows.
pub const COLUMNS: [&str; 14] = [
    "UID",
    "Plan",
    "Type",
    "State",
    "Result",
    "Started",
    "Ended",
    "Duration in seconds",
    "Progress",
    "Server",
    "Server UID",
    "Tasks done",
    "Tasks",
    "Failure message",
];

/// The column with the titles of a session's connections.
const CONNECTION: &str = "Connection";

/// The connections that returned a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The titles of the connections; empty if only one was queried.
    pub titles: String,
    /// The current time of the system, for the duration of running sessions.
    pub now: DateTime<Utc>,
}

impl Source {
    fn connection(&self) -> Option<&str> {
        Some(self.titles.as_str()).filter(|titles| !titles.is_empty())
    }
}

/// The columns and values of a session, with times in a zone. Imported sessions have no source.
struct Line(Vec<(&'static str, Value)>);

impl Line {
    fn new(session: &Session, source: Option<&Source>, zone: ZoneAt) -> Self {
        let time = |at: Option<DateTime<Utc>>| {
            at.map(|at| local(at, zone).to_rfc3339_opts(SecondsFormat::AutoSi, true))
        };
        let (done, tasks) = tasks_done(session);
        let server = session.server.as_ref();
        let lasted = duration(session, source.map(|source| source.now));
        let values: [Value; COLUMNS.len()] = [
            session.uid.as_deref().into(),
            session.name.as_deref().into(),
            session.job_type.as_deref().into(),
            session.state.as_ref().map(State::word).into(),
            session.result.as_ref().map(Outcome::word).into(),
            time(session.creation_time).into(),
            time(session.end_time).into(),
            lasted.map(|span| span.num_seconds()).into(),
            session.progress.into(),
            server.and_then(|server| server.name.as_deref()).into(),
            server.and_then(|server| server.uid.as_deref()).into(),
            done.into(),
            tasks.into(),
            session.failure_message.as_deref().into(),
        ];
        let connection = source.and_then(Source::connection);
        let connection = connection.map(|titles| (CONNECTION, titles.into()));
        Self(COLUMNS.into_iter().zip(values).chain(connection).collect())
    }

    fn cells(&self) -> Vec<String> {
        let cell = |(_, value): &(_, Value)| match value {
            Value::String(text) => cell(text),
            value => value.as_f64().map(ui::number).unwrap_or_default(),
        };
        self.0.iter().map(cell).collect()
    }
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(column, value)| (column, value)))
    }
}

fn lines(sessions: &[Session], sources: &[Source], zone: ZoneAt) -> Vec<Line> {
    let sources = sources.iter().map(Some).chain(iter::repeat(None));
    let pairs = sessions.iter().zip(sources);
    pairs
        .map(|(session, source)| Line::new(session, source, zone))
        .collect()
}

/// A complete CSV file, with times in a zone including its offset.
#[must_use]
pub fn csv(sessions: &[Session], sources: &[Source], zone: ZoneAt) -> String {
    let connection = sources.iter().find_map(Source::connection);
    let connection = connection.map(|_| CONNECTION);
    let header = row(&COLUMNS.into_iter().chain(connection).collect::<Vec<_>>());
    let lines = lines(sessions, sources, zone);
    let rows: String = lines.iter().map(|line| row(&line.cells())).collect();
    file(&header, &rows)
}

/// A complete JSON file: a list of flat objects with the keys [`COLUMNS`], times in UTC, and null for missing values.
#[must_use]
pub fn json(sessions: &[Session], sources: &[Source]) -> String {
    let lines = lines(sessions, sources, &|_| chrono::Offset::fix(&Utc));
    // Strings, numbers and null always serialize.
    serde_json::to_string_pretty(&lines).unwrap_or_default()
}

/// The pages of a query, read one after the other while the list may change.
#[derive(Default)]
pub struct Pages {
    joined: Joined,
    last: Option<u32>,
    note: &'static str,
    /// Whether more than one page was read.
    several: bool,
}

/// Whether the filter or the order depends on fields that change while a session runs, so that sessions can move in the
/// list. A session that moves from an unread page to one already read is missed, and nothing indicates it.
fn may_move(query: &Query) -> bool {
    let moves = |field: Field| {
        use Field::{EndTime, FailureMessage, Result, State};
        matches!(field, State | Result | EndTime | FailureMessage)
    };
    let conditions = query.filter.as_ref().map(Filter::conditions);
    let mut conditions = conditions.into_iter().flatten();
    moves(query.sort.field) || conditions.any(|condition| moves(condition.field))
}

impl Pages {
    /// Adds a page that was requested with `size` rows. Returns the number of the last page known so far if another
    /// page follows.
    pub fn add(&mut self, number: u32, size: u32, page: Page) -> Option<u32> {
        let paging = page.paging.as_ref();
        let last = paging.and_then(Paging::last);
        let next = paging.filter(|paging| paging.has_next(number));
        let next = next.map(|_| last.unwrap_or(0).max(number.saturating_add(1)));
        let expected = self.joined.sessions() + page.sessions.len();
        let is_open_ended = page.is_open_ended(size);
        self.several |= number > 1;
        let is_changed = number > 1 && last != self.last;
        self.last = last;
        self.joined.add(page);
        // A repeated session was moved to this page by a newer one.
        if is_changed || self.joined.sessions() < expected {
            self.note = " The list changed while it was read.";
        } else if is_open_ended {
            self.note = " The server does not say whether there are more.";
        }
        next
    }

    /// All pages as one, and notes for the user; empty for none.
    #[must_use]
    pub fn finish(self, query: &Query) -> (Page, [&'static str; 2]) {
        let missing = if self.several && may_move(query) {
            " Sessions that changed while it was read may be missing."
        } else {
            ""
        };
        let page = self.joined.page().unwrap_or_default();
        (page, [self.note, missing])
    }
}

/// The sessions of several connections, one connection after the other. A session that several of them returned occurs
/// once, because its GUID is unique.
#[derive(Default)]
pub struct CombinedSessions {
    /// The sessions.
    pub page: Page,
    /// The source of each session.
    pub sources: Vec<Source>,
    /// The index of each session by its GUID.
    indices: HashMap<String, usize>,
}

impl CombinedSessions {
    /// Adds the sessions of a connection.
    pub fn add(&mut self, page: Page, source: &Source) {
        self.page.left_out += page.left_out;
        for session in page.sessions {
            let uid = session.uid.as_deref();
            let index = uid.and_then(|uid| self.indices.get(uid));
            if let Some(known) = index.and_then(|index| self.sources.get_mut(*index)) {
                let another = format!(", {}", source.titles);
                // One connection may list a session twice.
                if known.titles != source.titles && !known.titles.ends_with(&another) {
                    known.titles.push_str(&another);
                }
                continue;
            }
            if let Some(uid) = uid {
                self.indices.insert(uid.to_owned(), self.sources.len());
            }
            self.sources.push(source.clone());
            self.page.sessions.push(session);
        }
    }
}

/// The message after an export: the number of sessions, and which are missing.
#[must_use]
pub fn export_summary(page: &Page, note: &str) -> String {
    let count = count_of_sessions(page.sessions.len());
    let left_out = left_out(page.left_out).map(|words| format!(" {words}"));
    let left_out = left_out.unwrap_or_default();
    format!("{count} exported.{left_out}{note}")
}

#[cfg(test)]
mod tests;

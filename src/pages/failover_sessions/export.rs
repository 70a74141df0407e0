//! Sessions as a file: CSV for spreadsheets (RFC 4180), JSON for scripts. Pure; it neither downloads
//! nor asks for further pages.

use super::model::count_of_sessions;
use crate::ui;
use crate::ui::csv::{cell, row, whole};
use crate::ui::time_zone::{ZoneAt, local};
use chrono::{DateTime, SecondsFormat, Utc};
use health::failover_sessions::{duration, tasks_done};
use health::words::left_out;
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::collections::HashMap;
use std::iter;
use vendors::veeam::{Field, Filter, Joined, Outcome, Page, Paging, Query, Session, State};

/// The header row, and the keys of each object in JSON; where several connections were asked, one more has their titles.
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

/// The column of the titles.
const CONNECTION: &str = "Connection";

/// Where a session comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The titles of its connections; empty where one alone was asked.
    pub titles: String,
    /// The time of the system that has it, until which a running session has lasted.
    pub now: DateTime<Utc>,
}

impl Source {
    fn connection(&self) -> Option<&str> {
        Some(self.titles.as_str()).filter(|titles| !titles.is_empty())
    }
}

/// A session as its columns and their values, times in a zone. Of what was imported there is no source.
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
    let both = sessions.iter().zip(sources);
    both.map(|(session, source)| Line::new(session, source, zone))
        .collect()
}

/// A whole CSV file, times in a zone with its offset.
#[must_use]
pub fn csv(sessions: &[Session], sources: &[Source], zone: ZoneAt) -> String {
    let connection = sources.iter().find_map(Source::connection);
    let connection = connection.map(|_| CONNECTION);
    let header = row(&COLUMNS.into_iter().chain(connection).collect::<Vec<_>>());
    let lines = lines(sessions, sources, zone);
    let rows: String = lines.iter().map(|line| row(&line.cells())).collect();
    whole(&header, &rows)
}

/// A whole JSON file: a list of flat objects with the keys [`COLUMNS`], times in UTC, null for what is
/// not there.
#[must_use]
pub fn json(sessions: &[Session], sources: &[Source]) -> String {
    let lines = lines(sessions, sources, &|_| chrono::Offset::fix(&Utc));
    // Texts, numbers and null can always be written.
    serde_json::to_string_pretty(&lines).unwrap_or_default()
}

/// The pages of a query, read one after the other while sessions come and go.
#[derive(Default)]
pub struct Pages {
    joined: Joined,
    last: Option<u32>,
    note: &'static str,
    /// Whether there was more than one.
    several: bool,
}

/// Whether a session may leave its place in the list while that is read, because the filter or the order names what
/// changes as it runs. One that moves from a page not read yet to one that was is in none of them, and nothing tells.
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
    /// Adds a page of so many rows. Gives the number of the last page, as far as the server says, while another one
    /// follows.
    pub fn add(&mut self, number: u32, size: u32, page: Page) -> Option<u32> {
        let paging = page.paging.as_ref();
        let last = paging.and_then(Paging::last);
        let next = paging.filter(|paging| paging.has_next(number));
        let next = next.map(|_| last.unwrap_or(0).max(number.saturating_add(1)));
        let expected = self.joined.sessions() + page.sessions.len();
        let is_open_ended = page.is_open_ended(size);
        self.several |= number > 1;
        let is_other = number > 1 && last != self.last;
        self.last = last;
        self.joined.add(page);
        // What began meanwhile has moved others on to this page.
        if is_other || self.joined.sessions() < expected {
            self.note = " The list changed while it was read.";
        } else if is_open_ended {
            self.note = " The server does not say whether there are more.";
        }
        next
    }

    /// All of them as one, and what is to be known of that; empty for nothing.
    #[must_use]
    pub fn whole(self, query: &Query) -> (Page, [&'static str; 2]) {
        let missing = if self.several && may_move(query) {
            " Sessions that changed while it was read may be missing."
        } else {
            ""
        };
        let page = self.joined.page().unwrap_or_default();
        (page, [self.note, missing])
    }
}

/// The sessions of several connections, one connection after the other. One that several of them have is there once: its
/// GUID is unique.
#[derive(Default)]
pub struct Together {
    /// The sessions.
    pub page: Page,
    /// Where each of them comes from.
    pub sources: Vec<Source>,
    places: HashMap<String, usize>,
}

impl Together {
    /// Adds what a connection has.
    pub fn add(&mut self, page: Page, source: &Source) {
        self.page.left_out += page.left_out;
        for session in page.sessions {
            let uid = session.uid.as_deref();
            let place = uid.and_then(|uid| self.places.get(uid));
            if let Some(known) = place.and_then(|place| self.sources.get_mut(*place)) {
                let another = format!(", {}", source.titles);
                // A list may hold a session twice.
                if known.titles != source.titles && !known.titles.ends_with(&another) {
                    known.titles.push_str(&another);
                }
                continue;
            }
            if let Some(uid) = uid {
                self.places.insert(uid.to_owned(), self.sources.len());
            }
            self.sources.push(source.clone());
            self.page.sessions.push(session);
        }
    }
}

/// What was exported, and what of it is not in the file.
#[must_use]
pub fn exported(page: &Page, note: &str) -> String {
    let count = count_of_sessions(page.sessions.len());
    let left_out = left_out(page.left_out).map(|words| format!(" {words}"));
    let left_out = left_out.unwrap_or_default();
    format!("{count} exported.{left_out}{note}")
}

#[cfg(test)]
mod tests;

//! Sessions as a file: CSV for spreadsheets (RFC 4180), JSON for scripts. Pure; it neither downloads
//! nor asks for further pages.

use crate::ui;
use crate::ui::csv::{cell, row, whole};
use crate::ui::time_zone::{ZoneAt, local};
use chrono::{DateTime, SecondsFormat, Utc};
use health::failover_sessions::{duration, tasks_done};
use health::words::left_out;
use serde::Serialize;
use std::collections::HashMap;
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

/// A session in the order of [`COLUMNS`].
#[derive(Serialize)]
struct Line<'a> {
    #[serde(rename = "UID")]
    uid: Option<&'a str>,
    #[serde(rename = "Plan")]
    plan: Option<&'a str>,
    #[serde(rename = "Type")]
    job_type: Option<&'a str>,
    #[serde(rename = "State")]
    state: Option<&'a str>,
    #[serde(rename = "Result")]
    result: Option<&'a str>,
    #[serde(rename = "Started")]
    started: Option<String>,
    #[serde(rename = "Ended")]
    ended: Option<String>,
    #[serde(rename = "Duration in seconds")]
    duration: Option<i64>,
    #[serde(rename = "Progress")]
    progress: Option<f64>,
    #[serde(rename = "Server")]
    server: Option<&'a str>,
    #[serde(rename = "Server UID")]
    server_uid: Option<&'a str>,
    #[serde(rename = "Tasks done")]
    done: usize,
    #[serde(rename = "Tasks")]
    tasks: usize,
    #[serde(rename = "Failure message")]
    message: Option<&'a str>,
    #[serde(rename = "Connection", skip_serializing_if = "Option::is_none")]
    connection: Option<&'a str>,
}

impl<'a> Line<'a> {
    fn of(
        session: &'a Session,
        connection: Option<&'a str>,
        zone: ZoneAt,
        now: Option<DateTime<Utc>>,
    ) -> Self {
        let time = |at: Option<DateTime<Utc>>| {
            at.map(|at| local(at, zone).to_rfc3339_opts(SecondsFormat::AutoSi, true))
        };
        let (done, tasks) = tasks_done(session);
        let server = session.server.as_ref();
        Self {
            uid: session.uid.as_deref(),
            plan: session.name.as_deref(),
            job_type: session.job_type.as_deref(),
            state: session.state.as_ref().map(State::word),
            result: session.result.as_ref().map(Outcome::word),
            started: time(session.creation_time),
            ended: time(session.end_time),
            duration: duration(session, now).map(|span| span.num_seconds()),
            progress: session.progress,
            server: server.and_then(|server| server.name.as_deref()),
            server_uid: server.and_then(|server| server.uid.as_deref()),
            done,
            tasks,
            message: session.failure_message.as_deref(),
            connection,
        }
    }

    fn cells(&self) -> Vec<String> {
        let text = |text: Option<&str>| cell(text.unwrap_or_default());
        let number = |number: Option<String>| number.unwrap_or_default();
        let mut cells = vec![
            text(self.uid),
            text(self.plan),
            text(self.job_type),
            text(self.state),
            text(self.result),
            text(self.started.as_deref()),
            text(self.ended.as_deref()),
            number(self.duration.map(|seconds| seconds.to_string())),
            number(self.progress.map(ui::number)),
            text(self.server),
            text(self.server_uid),
            self.done.to_string(),
            self.tasks.to_string(),
            text(self.message),
        ];
        cells.extend(self.connection.map(cell));
        cells
    }
}

/// The header row with its line end.
#[must_use]
pub fn csv_header(several: bool) -> String {
    let connection = several.then_some("Connection");
    row(&COLUMNS.into_iter().chain(connection).collect::<Vec<_>>())
}

/// A row for each session, with the line ends, times in a zone with its offset. A running session has
/// lasted until now. Where several connections were asked, `titles` has that of each session.
#[must_use]
pub fn csv_rows(
    sessions: &[Session],
    titles: &[String],
    zone: ZoneAt,
    now: DateTime<Utc>,
) -> String {
    lines(sessions, titles, zone, Some(now))
        .map(|line| row(&line.cells()))
        .collect()
}

fn lines<'a>(
    sessions: &'a [Session],
    titles: &'a [String],
    zone: ZoneAt<'a>,
    now: Option<DateTime<Utc>>,
) -> impl Iterator<Item = Line<'a>> {
    let titles = titles.iter().map(|title| Some(title.as_str()));
    let titles = titles.chain(std::iter::repeat(None));
    let both = sessions.iter().zip(titles);
    both.map(move |(session, title)| Line::of(session, title, zone, now))
}

/// A whole CSV file.
#[must_use]
pub fn csv(sessions: &[Session], titles: &[String], zone: ZoneAt, now: DateTime<Utc>) -> String {
    let header = csv_header(!titles.is_empty());
    whole(&header, &csv_rows(sessions, titles, zone, now))
}

/// A whole JSON file: a list of flat objects with the keys [`COLUMNS`], times in UTC, null for what is
/// not there. Of what was imported there is no `now`, and what runs has no duration.
///
/// # Errors
/// Those of the writer. Texts, numbers and null can all be written, so that none is known.
pub fn json(
    sessions: &[Session],
    titles: &[String],
    now: Option<DateTime<Utc>>,
) -> Result<String, serde_json::Error> {
    let utc: ZoneAt = &|_| chrono::Offset::fix(&Utc);
    serde_json::to_string_pretty(&lines(sessions, titles, utc, now).collect::<Vec<_>>())
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
    /// The titles of the connections that have each session.
    pub titles: Vec<String>,
    places: HashMap<String, usize>,
}

impl Together {
    /// Adds what a connection has.
    pub fn add(&mut self, page: Page, title: &str) {
        self.page.left_out += page.left_out;
        for session in page.sessions {
            let uid = session.uid.as_deref();
            let place = uid.and_then(|uid| self.places.get(uid));
            if let Some(titles) = place.and_then(|place| self.titles.get_mut(*place)) {
                *titles = format!("{titles}, {title}");
                continue;
            }
            if let Some(uid) = uid {
                self.places.insert(uid.to_owned(), self.titles.len());
            }
            self.titles.push(title.to_owned());
            self.page.sessions.push(session);
        }
    }
}

/// What was exported, and what of it is not in the file.
#[must_use]
pub fn exported(page: &Page, note: &str) -> String {
    let count = page.sessions.len();
    let noun = if count == 1 { "session" } else { "sessions" };
    let left_out = left_out(page.left_out).map(|words| format!(" {words}"));
    let left_out = left_out.unwrap_or_default();
    format!("{count} {noun} exported.{left_out}{note}")
}

#[cfg(test)]
mod tests;

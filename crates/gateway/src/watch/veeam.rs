//! Reads Veeam's cloud failover sessions that are running or ended recently.

use super::complete_reading::Reading;
use super::failure;
use super::limit;
use super::source::{Received, Source};
use crate::lock::lock;
use crate::vendor_client::When;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use health::inventory::{Contents, WatchedSession};
use health::transition;
use protocol::ReadFailure;
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use vendors::call::Unreadable;
use vendors::veeam::{self, Field, Filter, MediaType, Op, Page, Query, Session};
use vendors::{Call, LeftOut};

/// The number of readings without a query after the service has rejected one: roles rarely change.
const READINGS_WITHOUT_QUERY: u32 = 100;

/// The most sessions that are read one by one because the collection omits them.
const MAX_SINGLE_READS: usize = 100;

/// The limitation for a role without permission to query.
const ONLY_RECENT: &str = "The account may not query: only sessions that began in the last 30 days are watched, \
                           and those that were watched before.";

/// State that one reading leaves to the next.
#[derive(Debug, Clone)]
pub(super) struct Memory(Arc<Mutex<Remembered>>);

#[derive(Debug)]
struct Remembered {
    /// Number of further readings without a query.
    without_query: u32,
    /// The running and recent sessions.
    watched: Vec<KnownSession>,
}

/// A session's UID, and the session as last read with the time of that; `None` if it was not read since the start.
type KnownSession = (String, Option<(Session, DateTime<Utc>)>);

impl Memory {
    /// Continues with sessions that were watched before, for example by this gateway before a restart.
    pub(super) fn of(watched: Vec<String>) -> Self {
        Self(Arc::new(Mutex::new(Remembered {
            without_query: 0,
            watched: watched.into_iter().map(|uid| (uid, None)).collect(),
        })))
    }

    /// Whether this reading uses a query.
    fn may_query(&self) -> bool {
        let left = &mut lock(&self.0).without_query;
        let may = *left == 0;
        *left = left.saturating_sub(1);
        may
    }

    /// The watched sessions that are not among these; first those that were not read singly last time.
    fn missing(&self, sessions: &[Session]) -> Vec<KnownSession> {
        let known: HashSet<_> = sessions.iter().filter_map(|one| one.uid.as_ref()).collect();
        let remembered = lock(&self.0);
        let watched = remembered.watched.iter();
        let missing = watched.filter(|(uid, _)| !known.contains(uid));
        missing.cloned().collect()
    }
}

/// The most pages that are read.
const MAX_PAGES: u32 = 20;

/// The query for running sessions and those that began or ended recently, newest first. It is rounded to hours and
/// covers one hour more than is shown, so that it stays the same for a while.
fn recent_query(now: DateTime<Utc>, recent: TimeDelta, page: u32) -> Query {
    let margin = TimeDelta::hours(1);
    let since = (now - recent - margin).timestamp();
    let since = DateTime::from_timestamp(since - since.rem_euclid(3_600), 0).unwrap_or_default();
    let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
    let lately = |field| Filter::condition(field, Op::GreaterOrEqual, since.clone());
    let conditions = vec![
        Filter::condition(Field::State, Op::NotEqual, "Stopped"),
        lately(Field::EndTime),
        lately(Field::CreationTime),
    ];
    Query {
        filter: Some(Filter::Any(conditions)),
        page,
        ..Query::default()
    }
}

/// Reads running and recent sessions by a query or, for a role without permission to query, those that every role may
/// see.
pub(super) async fn read(
    source: Source,
    when: When,
    wire: MediaType,
    recent: TimeDelta,
    memory: Memory,
) -> Result<Reading, ReadFailure> {
    let may_query = memory.may_query();
    let read_by_query = if may_query {
        match read_by_query(&source, when, wire, recent, &memory).await {
            Err(ReadFailure::Vendor(error)) if error.status == 403 => None,
            other => Some(other?),
        }
    } else {
        None
    };
    let found = match read_by_query {
        Some(found) => found,
        None => {
            let found = read_collection(&source, when, wire, &memory).await?;
            if may_query {
                lock(&memory.0).without_query = READINGS_WITHOUT_QUERY;
            }
            found
        }
    };
    Ok(found.remembered(&source, recent, &memory))
}

/// The result of a reading.
struct FoundSessions {
    sessions: Vec<WatchedSession>,
    observed_at: DateTime<Utc>,
    left_out: LeftOut,
    limit: Option<String>,
    /// The missing sessions whose turn it is next time.
    postponed: HashSet<String>,
}

impl FoundSessions {
    /// Reads watched sessions that are missing from the list one by one.
    async fn read_missing(
        &mut self,
        mut missing: Vec<KnownSession>,
        source: &Source,
        when: When,
        wire: MediaType,
    ) -> Result<(), ReadFailure> {
        let postponed = missing.split_off(missing.len().min(MAX_SINGLE_READS));
        let (mut failed, mut last_line) = (0, String::new());
        for (uid, last) in missing {
            match source.read(&veeam::session(&uid, wire), when).await {
                Ok(one) => self.sessions.push(one.value.into()),
                Err(why) if failure::ends_a_reading(&why) => return Err(why),
                // The service answers for the others: this session does not hide them.
                Err(why) if failure::is_of_connection(&why) => {
                    failed += 1;
                    last_line = failure::line(&why);
                    self.keep(uid, last, &last_line);
                }
                // It was deleted, or this role may not see it.
                Err(_) => {}
            }
        }
        if failed > 0 {
            let last_line = last_line.trim_end_matches('.');
            self.note(&format!("{failed} could not be read again: {last_line}"));
        }
        if !postponed.is_empty() {
            let line = format!("at most {MAX_SINGLE_READS} are read at a time");
            self.note(&format!("{} were not read again: {line}", postponed.len()));
            self.postponed = postponed.iter().map(|(uid, _)| uid.clone()).collect();
            for (uid, last) in postponed {
                self.keep(uid, last, &line);
            }
        }
        Ok(())
    }

    /// Keeps a session that was not read again, with its last reading if there is one.
    fn keep(&mut self, uid: String, last: Option<(Session, DateTime<Utc>)>, why: &str) {
        let (session, at) = match last {
            Some((session, at)) => (session, Some(at)),
            None => {
                let unread = Session {
                    uid: Some(uid),
                    ..Session::default()
                };
                (unread, None)
            }
        };
        self.sessions.push(WatchedSession {
            session,
            earlier: Some((at, why.to_owned())),
        });
    }

    /// Adds to the note about the limits of this reading.
    fn note(&mut self, words: &str) {
        let limit = self.limit.take().unwrap_or_default();
        self.limit = Some(format!("{limit} Of these, {words}."));
    }

    fn remembered(self, source: &Source, recent: TimeDelta, memory: &Memory) -> Reading {
        let (now, sessions) = (source.vendor_now(), self.sessions);
        let watched = sessions.iter();
        let watched = watched.filter(|one| one.is_recent(now, recent));
        let watched = watched.filter_map(|WatchedSession { session, earlier }| {
            let at = earlier
                .as_ref()
                .map_or(Some(self.observed_at), |(at, _)| *at);
            Some((session.uid.clone()?, at.map(|at| (session.clone(), at))))
        });
        let mut watched: Vec<KnownSession> = watched.collect();
        watched.sort_by_key(|(uid, _)| !self.postponed.contains(uid));
        lock(&memory.0).watched = watched;
        Reading {
            observed_at: self.observed_at,
            in_transition: sessions
                .iter()
                .any(|one| transition::session(&one.session, now)),
            contents: Contents::Veeam(sessions),
            limit: limit::limitation_note(self.limit, self.left_out),
        }
    }
}

/// Reads a page with its sessions: references alone do not contain their states.
async fn page(
    source: &Source,
    call: &Call<Page>,
    when: When,
) -> Result<Received<Page>, ReadFailure> {
    let received = source.read(call, when).await?;
    match received.value.references.len() {
        count if count > 0 && received.value.sessions.is_empty() => {
            Err(ReadFailure::Unreadable(Unreadable {
                status: 200,
                problem: format!(
                    "expected sessions, found {count} references without their states"
                ),
                excerpt: String::new(),
            }))
        }
        _ => Ok(received),
    }
}

async fn read_by_query(
    source: &Source,
    when: When,
    wire: MediaType,
    recent: TimeDelta,
    memory: &Memory,
) -> Result<FoundSessions, ReadFailure> {
    let mut now = source.vendor_now();
    let first_query = recent_query(now, recent, 1);
    let mut first = page(source, &veeam::query(&first_query, wire), when).await?;
    // The first answer gives the vendor's time. In another hour, the query has to be repeated.
    let known = source.vendor_now();
    let query = recent_query(known, recent, 1);
    if query != first_query {
        now = known;
        first = page(source, &veeam::query(&query, wire), when).await?;
    }
    let recent_query = |number| recent_query(now, recent, number);
    let size = query.page_size;
    let is_open_ended = first.value.is_open_ended(size);
    let has_next = |page: &Page, number| {
        let paging = page.paging.as_ref();
        paging.is_some_and(|paging| paging.has_next(number))
    };
    let (mut number, mut is_more) = (1, has_next(&first.value, 1));
    let mut observed_at = first.observed_at;
    let Page {
        mut sessions,
        mut left_out,
        ..
    } = first.value;
    let mut is_cut = false;
    while is_more && number < MAX_PAGES {
        number += 1;
        let next = match page(source, &veeam::query(&recent_query(number), wire), when).await {
            // The end of a session between two requests may remove the last page.
            Err(ReadFailure::Vendor(error)) if matches!(error.status, 400 | 404) => {
                is_cut = true;
                break;
            }
            other => other?,
        };
        is_more = has_next(&next.value, number);
        observed_at = observed_at.min(next.observed_at);
        left_out += next.value.left_out;
        // The start of a session in the meantime moves others to the next page.
        let known: HashSet<_> = sessions.iter().map(|one| one.uid.clone()).collect();
        let new = next.value.sessions.into_iter();
        sessions.extend(new.filter(|one| one.uid.is_none() || !known.contains(&one.uid)));
    }
    let watched = format!("the newest {} are watched.", sessions.len());
    let limit = if is_cut {
        Some(format!(
            "The server reports more pages of cloud failover sessions than it returns: {watched}"
        ))
    } else if is_more {
        Some(format!(
            "More cloud failover sessions ran or ended lately than the gateway reads: {watched}"
        ))
    } else {
        is_open_ended.then(|| {
            format!("The server does not say whether more cloud failover sessions ran or ended lately: {watched}")
        })
    };
    let missing = memory.missing(&sessions);
    let mut found = FoundSessions {
        sessions: sessions.into_iter().map(From::from).collect(),
        observed_at,
        left_out,
        limit,
        postponed: HashSet::new(),
    };
    if (is_cut || is_more) && !missing.is_empty() {
        // A session that is not listed has not necessarily ended.
        let limit = found.limit.get_or_insert_default();
        limit.push_str(" Those that were watched before are read one by one.");
        found.read_missing(missing, source, when, wire).await?;
    }
    Ok(found)
}

/// Reads the sessions that every role may see, which are those of the last 30 days. Older watched sessions are read one
/// by one, so that they do not seem to have ended because another request is used.
async fn read_collection(
    source: &Source,
    when: When,
    wire: MediaType,
    memory: &Memory,
) -> Result<FoundSessions, ReadFailure> {
    let all = page(source, &veeam::recent(wire), when).await?;
    let missing = memory.missing(&all.value.sessions);
    let mut found = FoundSessions {
        sessions: all.value.sessions.into_iter().map(From::from).collect(),
        observed_at: all.observed_at,
        left_out: all.value.left_out,
        limit: Some(ONLY_RECENT.to_owned()),
        postponed: HashSet::new(),
    };
    found.read_missing(missing, source, when, wire).await?;
    Ok(found)
}

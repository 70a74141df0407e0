//! What the connections that are asked answer: the page that is shown, and which connections have each session.

use super::export::Source;
use super::merge::{Answer, Merged, merged, needed};
use super::model::{Row, SessionLink, added, row};
use crate::live::veeam::Ask;
use crate::live::{Clock, InventorySnapshot, Live};
use crate::prefs::Zone;
use crate::route::Route;
use chrono::TimeDelta;
use health::severity::Severity;
use leptos::prelude::*;
use std::ops::Range;
use std::sync::Arc;
use vendors::veeam::{MediaType, Page, Paging, Query, Sort};

/// One connection that is asked.
#[derive(Clone)]
pub struct QueriedConnection {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The media type to ask for.
    pub wire: MediaType,
    /// What would be asked now: this page of this connection alone.
    pub ask: Ask,
    /// What it answers; of several connections, all sessions that the page may need.
    pub live: Live<Page>,
}

/// What was found.
#[derive(Clone, Copy)]
pub struct Found {
    /// The connections that are asked.
    pub asked: StoredValue<Vec<QueriedConnection>>,
    shown: Memo<Option<Merged>>,
    /// Which of them have answered, but too long ago to be believed.
    stale: Memo<Vec<bool>>,
    /// The page, from 1.
    pub number: u32,
    /// Rows a page.
    pub size: u32,
    /// Whether it is the list of the last 30 days, which has one page.
    pub recent: bool,
    /// Whether every page is exported, which outlives the page that is shown.
    pub every: RwSignal<bool>,
}

impl Found {
    /// What these connections answer to a query; where they are several, each is asked for as many as [`needed`].
    #[must_use]
    pub fn new(
        asked: Vec<QueriedConnection>,
        query: &Query,
        recent: bool,
        every: RwSignal<bool>,
        clock: Clock,
    ) -> Self {
        let (number, size) = (query.page, query.page_size);
        // The list of the last 30 days is the newest first, whatever the query asks for.
        let sort = if recent { Sort::default() } else { query.sort };
        let asked = StoredValue::new(asked);
        let stale = Memo::new(move |_| {
            let is_stale = |one: &QueriedConnection| {
                one.live.value().is_some() && !one.live.status.freshness(clock).is_believable()
            };
            asked.with_value(|asked| asked.iter().map(is_stale).collect::<Vec<_>>())
        });
        let answer = move |(one, is_stale): (&QueriedConnection, &bool)| {
            let page = one.live.value()?;
            let has_next = |paging: &Paging| paging.has_next(1);
            let has_more = !recent
                && (page.is_open_ended(needed(number, size))
                    || page.paging.as_ref().is_some_and(has_next));
            Some(Answer {
                page,
                has_more,
                is_stale: *is_stale,
            })
        };
        let shown = Memo::new(move |_| {
            asked.with_value(|asked| {
                if let [one] = &asked[..] {
                    let page = one.live.value()?;
                    return Some(Merged {
                        page,
                        ..Merged::default()
                    });
                }
                let stale = stale.read();
                let answers: Vec<_> = asked.iter().zip(&*stale).map(answer).collect();
                let whole = if recent { u32::MAX } else { size };
                let any = answers.iter().any(Option::is_some);
                any.then(|| merged(&answers, sort, number, whole))
            })
        });
        Self {
            asked,
            shown,
            stale,
            number,
            size,
            recent,
            every,
        }
    }

    /// Whether several connections are asked.
    #[must_use]
    pub fn is_of_several(self) -> bool {
        self.asked.with_value(|asked| asked.len() > 1)
    }

    /// Whether a connection has not answered yet, tracked.
    #[must_use]
    pub fn is_partial(self) -> bool {
        let is_missing = |one: &QueriedConnection| one.live.value().is_none();
        self.asked.with_value(|asked| asked.iter().any(is_missing))
    }

    /// The page that is shown, tracked.
    #[must_use]
    pub fn page(self) -> Option<Arc<Page>> {
        self.shown
            .read()
            .as_ref()
            .map(|shown| Arc::clone(&shown.page))
    }

    /// Where each session of the page comes from, for a file; tracked.
    #[must_use]
    pub fn sources(self) -> Vec<Source> {
        let Merged { page, sources, .. } = self.shown.get().unwrap_or_default();
        let source = |at: usize| {
            let sources = sources.get(at).map(Vec::as_slice).unwrap_or_default();
            let first = sources.first().copied().unwrap_or_default();
            let now = |asked: &Vec<QueriedConnection>| {
                asked.get(first).map(|one| one.live.status.vendor_now())
            };
            Some(Source {
                titles: self.titles_of(sources),
                now: self.asked.with_value(now)?,
            })
        };
        (0..page.sessions.len()).filter_map(source).collect()
    }

    fn titles_of(self, sources: &[usize]) -> String {
        self.asked.with_value(|asked| {
            // In the order of the configuration, whichever is shown.
            let titles = asked
                .iter()
                .enumerate()
                .filter(|(at, _)| sources.contains(at));
            let titles: Vec<_> = titles.map(|(_, one)| one.title.as_str()).collect();
            titles.join(", ")
        })
    }

    /// How old the oldest answer is of those that are too old to be believed, tracked.
    #[must_use]
    pub fn oldest(self, clock: Clock) -> Option<TimeDelta> {
        let stale = self.stale.read();
        self.asked.with_value(|asked| {
            let stale = asked.iter().zip(&*stale).filter(|(_, is_stale)| **is_stale);
            stale
                .filter_map(|(one, _)| one.live.status.age(clock))
                .max()
        })
    }

    /// The rows of these places, tracked.
    #[must_use]
    pub fn rows(
        self,
        seen: Range<usize>,
        snapshot: &InventorySnapshot,
        clock: Clock,
        zone: Zone,
    ) -> Vec<Row> {
        let Merged { page, sources, .. } = self.shown.get().unwrap_or_default();
        let stale = self.stale.read();
        self.asked.with_value(|asked| {
            let times = asked.iter().map(|one| one.live.status.vendor_time(clock));
            let times: Vec<_> = times.collect();
            let sessions = page.sessions.iter().enumerate();
            let sessions = sessions.take(seen.end).skip(seen.start);
            let rows = sessions.filter_map(|(at, session)| {
                let sources = sources.get(at);
                let source = sources.and_then(|sources| sources.first());
                let source = source.copied().unwrap_or_default();
                let (one, now) = asked.get(source).zip(times.get(source))?;
                let uid = session.uid.clone().unwrap_or_default();
                let details = match sources {
                    Some(_) => format!("{}/{uid}", one.id),
                    None => uid.clone(),
                };
                let connection = one.id.clone();
                let link = SessionLink {
                    href: Route::FailoverSession { connection, uid }.href(),
                    details,
                    connection: sources
                        .map(|sources| self.titles_of(sources))
                        .unwrap_or_default(),
                    is_stale: sources.is_some() && stale.get(source) == Some(&true),
                };
                let mut row = row(session, link, *now, zone);
                // Only what went wrong is over once the plan has succeeded since.
                let is_bad = matches!(row.severity, Severity::Critical | Severity::Warning);
                let held = is_bad.then(|| snapshot.session(&row.uid)).flatten();
                let since = held.and_then(|held| added(&held.verdict, &row.result));
                row.since = since.unwrap_or_default().to_owned();
                Some(row)
            });
            rows.collect()
        })
    }

    /// The title of the connection that gave fewer sessions than the page needs of it, tracked.
    #[must_use]
    pub fn short(self) -> Option<String> {
        let at = self.shown.read().as_ref()?.short?;
        self.asked
            .with_value(|asked| asked.get(at).map(|one| one.title.clone()))
    }

    /// Of which connection `?session=` names which session.
    #[must_use]
    pub fn detailed(self, details: &str) -> Option<(QueriedConnection, String)> {
        self.asked.with_value(|asked| {
            // The address may be of a list of several, and one of these be asked alone now.
            let (one, uid) = match (details.split_once('/'), &asked[..]) {
                (Some((id, uid)), _) => (asked.iter().find(|one| one.id == id)?, uid),
                (None, [one]) => (one, details),
                (None, _) => return None,
            };
            Some((one.clone(), uid.to_owned()))
        })
    }
}

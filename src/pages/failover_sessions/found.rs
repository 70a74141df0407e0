//! The answers of the queried connections: the page that is shown, and the connections that have each session.

use super::export::Source;
use super::merge::{Answer, Merged, merge_answers, sessions_needed};
use super::model::{Row, SessionLink, row, verdict_addition};
use crate::live::veeam::CurrentQuery;
use crate::live::{Clock, InventorySnapshot, Live};
use crate::prefs::Zone;
use crate::route::Route;
use chrono::TimeDelta;
use health::severity::Severity;
use leptos::prelude::*;
use std::ops::Range;
use std::sync::Arc;
use vendors::veeam::{MediaType, Page, Paging, Query, Sort};

/// A connection that is queried.
#[derive(Clone)]
pub struct QueriedConnection {
    /// The connection's id.
    pub id: String,
    /// The connection's title.
    pub title: String,
    /// The media type to request.
    pub wire: MediaType,
    /// The query for this page of this connection alone, at the current time.
    pub query: CurrentQuery,
    /// The answer; with several connections, all sessions that the page may need.
    pub live: Live<Page>,
}

/// The sessions that a query found.
#[derive(Clone, Copy)]
pub struct FoundSessions {
    /// The connections that are queried.
    pub connections: StoredValue<Vec<QueriedConnection>>,
    shown: Memo<Option<Merged>>,
    /// For each connection, whether its answer is stale.
    stale: Memo<Vec<bool>>,
    /// The page number, from 1.
    pub number: u32,
    /// The number of rows per page.
    pub size: u32,
    /// Whether this is the list of the last 30 days, which has one page.
    pub recent: bool,
    /// Whether an export includes every page. This choice persists across pages.
    pub every: RwSignal<bool>,
}

impl FoundSessions {
    /// The answers of these connections. Several connections are each queried for [`sessions_needed`] sessions.
    #[must_use]
    pub fn new(
        connections: Vec<QueriedConnection>,
        query: &Query,
        recent: bool,
        every: RwSignal<bool>,
        clock: Clock,
    ) -> Self {
        let (number, size) = (query.page, query.page_size);
        // The list of the last 30 days is always newest first.
        let sort = if recent { Sort::default() } else { query.sort };
        let connections = StoredValue::new(connections);
        let stale = Memo::new(move |_| {
            let is_stale = |queried: &QueriedConnection| {
                queried.live.value().is_some()
                    && !queried.live.status.freshness(clock).is_believable()
            };
            connections.with_value(|all| all.iter().map(is_stale).collect::<Vec<_>>())
        });
        let answer = move |(queried, is_stale): (&QueriedConnection, &bool)| {
            let page = queried.live.value()?;
            let has_next = |paging: &Paging| paging.has_next(1);
            let has_more = !recent
                && (page.is_open_ended(sessions_needed(number, size))
                    || page.paging.as_ref().is_some_and(has_next));
            Some(Answer {
                page,
                has_more,
                is_stale: *is_stale,
                requested_at: queried.live.status.requested_at(),
            })
        };
        let shown = Memo::new(move |_| {
            connections.with_value(|all| {
                if let [queried] = &all[..] {
                    let page = queried.live.value()?;
                    return Some(Merged {
                        page,
                        ..Merged::default()
                    });
                }
                let stale = stale.read();
                let answers: Vec<_> = all.iter().zip(&*stale).map(answer).collect();
                let page_size = if recent { u32::MAX } else { size };
                let any = answers.iter().any(Option::is_some);
                any.then(|| merge_answers(&answers, sort, number, page_size))
            })
        });
        Self {
            connections,
            shown,
            stale,
            number,
            size,
            recent,
            every,
        }
    }

    /// Whether several connections are queried.
    #[must_use]
    pub fn is_of_several(self) -> bool {
        self.connections.with_value(|all| all.len() > 1)
    }

    /// Whether a connection has not answered yet. Tracked.
    #[must_use]
    pub fn is_partial(self) -> bool {
        let is_missing = |queried: &QueriedConnection| queried.live.value().is_none();
        self.connections
            .with_value(|all| all.iter().any(is_missing))
    }

    /// The page that is shown. Tracked.
    #[must_use]
    pub fn page(self) -> Option<Arc<Page>> {
        self.shown
            .read()
            .as_ref()
            .map(|shown| Arc::clone(&shown.page))
    }

    /// The source of each session of the page, for an export. Tracked.
    #[must_use]
    pub fn sources(self) -> Vec<Source> {
        let Merged { page, sources, .. } = self.shown.get().unwrap_or_default();
        let source = |at: usize| {
            let sources = sources.get(at).map(Vec::as_slice).unwrap_or_default();
            let first = sources.first().copied().unwrap_or_default();
            let now = |all: &Vec<QueriedConnection>| {
                all.get(first)
                    .map(|queried| queried.live.status.vendor_now())
            };
            Some(Source {
                titles: self.titles_of(sources),
                now: self.connections.with_value(now)?,
            })
        };
        (0..page.sessions.len()).filter_map(source).collect()
    }

    fn titles_of(self, sources: &[usize]) -> String {
        self.connections.with_value(|all| {
            // In the order of the configuration.
            let titles = all
                .iter()
                .enumerate()
                .filter(|(at, _)| sources.contains(at));
            let titles: Vec<_> = titles.map(|(_, queried)| queried.title.as_str()).collect();
            titles.join(", ")
        })
    }

    /// The age of the oldest stale answer. Tracked.
    #[must_use]
    pub fn oldest(self, clock: Clock) -> Option<TimeDelta> {
        let stale = self.stale.read();
        self.connections.with_value(|all| {
            let stale = all.iter().zip(&*stale).filter(|(_, is_stale)| **is_stale);
            stale
                .filter_map(|(queried, _)| queried.live.status.age(clock))
                .max()
        })
    }

    /// The rows in this range of the page. Tracked.
    #[must_use]
    pub fn rows(
        self,
        range: Range<usize>,
        snapshot: &InventorySnapshot,
        clock: Clock,
        zone: Zone,
    ) -> Vec<Row> {
        let Merged { page, sources, .. } = self.shown.get().unwrap_or_default();
        let stale = self.stale.read();
        self.connections.with_value(|all| {
            let times = all
                .iter()
                .map(|queried| queried.live.status.vendor_time(clock));
            let times: Vec<_> = times.collect();
            let sessions = page.sessions.iter().enumerate();
            let sessions = sessions.take(range.end).skip(range.start);
            let rows = sessions.filter_map(|(at, session)| {
                let sources = sources.get(at);
                let source = sources.and_then(|sources| sources.first());
                let source = source.copied().unwrap_or_default();
                let (queried, now) = all.get(source).zip(times.get(source))?;
                let uid = session.uid.clone().unwrap_or_default();
                let details = match sources {
                    Some(_) => format!("{}/{uid}", queried.id),
                    None => uid.clone(),
                };
                let connection = queried.id.clone();
                let link = SessionLink {
                    href: Route::FailoverSession { connection, uid }.href(),
                    details,
                    connection: sources
                        .map(|sources| self.titles_of(sources))
                        .unwrap_or_default(),
                    is_stale: sources.is_some() && stale.get(source) == Some(&true),
                };
                let mut row = row(session, link, *now, zone);
                // Only for failures and warnings does it matter whether the plan succeeded later.
                let is_bad = matches!(row.severity, Severity::Critical | Severity::Warning);
                let watched = is_bad.then(|| snapshot.session(&row.uid)).flatten();
                let since =
                    watched.and_then(|watched| verdict_addition(&watched.verdict, &row.result));
                row.since = since.unwrap_or_default().to_owned();
                Some(row)
            });
            rows.collect()
        })
    }

    /// The title of the connection that returned fewer sessions than the page needs. Tracked.
    #[must_use]
    pub fn incomplete(self) -> Option<String> {
        let at = self.shown.read().as_ref()?.incomplete?;
        self.connections
            .with_value(|all| all.get(at).map(|queried| queried.title.clone()))
    }

    /// The connection and the GUID of the session that `?session=` names.
    #[must_use]
    pub fn resolve_details(self, details: &str) -> Option<(QueriedConnection, String)> {
        self.connections.with_value(|all| {
            // An address with a connection, from a list of several, also works if only one is queried now.
            let (queried, uid) = match (details.split_once('/'), &all[..]) {
                (Some((id, uid)), _) => (all.iter().find(|queried| queried.id == id)?, uid),
                (None, [queried]) => (queried, details),
                (None, _) => return None,
            };
            Some((queried.clone(), uid.to_owned()))
        })
    }
}

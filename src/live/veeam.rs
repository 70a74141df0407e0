//! Veeam sessions: the newest of a connection, the results of a query with its prefetched next page, a single session.

use super::{Live, clock};
use crate::api::{Arrived, Purpose, VendorDate, send, send_page};
use crate::on_change::on_change;
use chrono::{DateTime, Utc};
use health::{sort, transition};
use leptos::prelude::*;
use std::cell::RefCell;
use std::sync::Arc;
use vendors::Call;
use vendors::veeam::{self, MediaType, Page, Query, Session};

/// The maximum age of a prefetched page that replaces a request, in milliseconds.
const MAX_PREFETCHED_AGE: f64 = 10_000.0;

/// A prefetched page.
struct PrefetchedPage {
    key: String,
    page: Arrived<Page>,
    at: f64,
}

thread_local! {
    static PREFETCHED: RefCell<Option<PrefetchedPage>> = const { RefCell::new(None) };
}

fn key(connection: &str, call: &Call<Page>) -> String {
    format!(
        "{connection} {} {}",
        call.request.accept,
        call.request.target()
    )
}

/// Takes the prefetched page, with its current age.
fn prefetched(key: &str) -> Option<Arrived<Page>> {
    let prefetched = PREFETCHED.with_borrow_mut(|held| held.take_if(|held| held.key == key))?;
    let waited = clock::now() - prefetched.at;
    let later = |dated: VendorDate| VendorDate {
        age: dated.age + waited,
        ..dated
    };
    // Not negative, as after the clock was set back.
    let is_recent = (0.0..MAX_PREFETCHED_AGE).contains(&waited);
    is_recent.then_some(Arrived {
        age: prefetched.page.age + waited,
        date: prefetched.page.date.map(later),
        ..prefetched.page
    })
}

/// Returns the query for this moment, because a range such as the last hour moves with time.
pub type CurrentQuery = Arc<dyn Fn() -> Query + Send + Sync>;

/// Prefetches the page after the shown one, once the shown one is loaded and has a next page.
pub fn prefetch(connection: String, query: Query, wire: MediaType, shown: Live<Page>) {
    let done = StoredValue::new(false);
    on_change(move || {
        let next = query.page.saturating_add(1);
        let has_next = shown.value().is_some_and(|page| {
            let paging = page.paging.as_ref();
            paging.is_some_and(|paging| paging.has_next(query.page))
        });
        if !has_next || done.get_value() {
            return;
        }
        done.set_value(true);
        let call = veeam::query(
            &Query {
                page: next,
                ..query.clone()
            },
            wire,
        );
        let (connection, key) = (connection.clone(), key(&connection, &call));
        leptos::task::spawn_local(async move {
            if let Ok(page) = send_page(&connection, &call, Purpose::Read).await {
                let at = clock::now();
                PREFETCHED.with_borrow_mut(|held| *held = Some(PrefetchedPage { key, page, at }));
            }
        });
    });
}

/// Polls the results of a query until the current owner is cleaned up.
#[must_use]
pub fn query(connection: String, current: CurrentQuery, wire: MediaType) -> Live<Page> {
    let fetch = move |abort| {
        let (connection, call) = (connection.clone(), veeam::query(&current(), wire));
        let ready = prefetched(&key(&connection, &call));
        async move {
            match ready {
                Some(page) => Ok(page),
                None => send_page(&connection, &call, Purpose::Poll(&abort)).await,
            }
        }
    };
    Live::new(fetch, any_moves)
}

/// The sessions of the last 30 days, for roles that may not query. Sorted here, as the service guarantees no order.
#[must_use]
pub fn recent(connection: String, wire: MediaType) -> Live<Page> {
    let call = veeam::recent(wire);
    let fetch = move |abort| {
        let (connection, call) = (connection.clone(), call.clone());
        async move {
            let mut page = send_page(&connection, &call, Purpose::Poll(&abort)).await?;
            let newest = |a: &Session, b: &Session| b.creation_time.cmp(&a.creation_time);
            sort(&mut page.value.sessions, newest);
            Ok(page)
        }
    };
    Live::new(fetch, any_moves)
}

fn any_moves(page: &Page, now: DateTime<Utc>) -> bool {
    let mut sessions = page.sessions.iter();
    sessions.any(|session| transition::session(session, now))
}

/// Polls a session until the current owner is cleaned up.
#[must_use]
pub fn session(connection: String, uid: &str, wire: MediaType) -> Live<Session> {
    let call = veeam::session(uid, wire);
    let fetch = move |abort| {
        let (connection, call) = (connection.clone(), call.clone());
        async move { send(&connection, &call, Purpose::Poll(&abort)).await }
    };
    Live::new(fetch, transition::session)
}

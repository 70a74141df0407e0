//! Veeam's sessions: the newest of a connection, the answer to a query, one by itself.

use super::Live;
use crate::backend::send;
use chrono::{DateTime, Utc};
use health::transition;
use vendors::Call;
use vendors::veeam::{self, Page, Query, Session, Wire};

/// The newest sessions of a connection.
pub(super) fn newest(connection: String, wire: Wire) -> Live<Page> {
    query(connection, &Query::default(), wire)
}

/// The answer to a query, for as long as the current owner lives.
#[must_use]
pub fn query(connection: String, query: &Query, wire: Wire) -> Live<Page> {
    let moving = |page: &Page, now: DateTime<Utc>| {
        let mut sessions = page.sessions.iter();
        sessions.any(|session| transition::session(session, now))
    };
    polled(connection, veeam::query(query, wire), moving)
}

/// One session, for as long as the current owner lives.
#[must_use]
pub fn session(connection: String, uid: &str, wire: Wire) -> Live<Session> {
    polled(connection, veeam::session(uid, wire), transition::session)
}

fn polled<T: PartialEq + Send + Sync + 'static>(
    connection: String,
    call: Call<T>,
    moving: impl Fn(&T, DateTime<Utc>) -> bool + 'static,
) -> Live<T> {
    let fetch = move |abort| {
        let (connection, call) = (connection.clone(), call.clone());
        async move { send(&connection, &call, Some(&abort)).await }
    };
    Live::new(fetch, moving)
}

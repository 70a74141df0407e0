//! The operations as calls.

use super::operations::{GET_SESSION, LOG_OFF, LOG_ON, QUERY, RECENT};
use super::query::Query;
use super::refused::refused;
use super::types::{LogOn, Page, Session, Wire};
use super::{decode, node::Node};
use crate::call::{Answer, Call, Request};
use crate::json::without_bom;

fn asking(mut request: Request, query: String, wire: Wire) -> Request {
    request.query = query;
    request.accept = wire.media_type();
    request
}

/// Logs on. Whoever sends it adds `Authorization: Basic`; a wrong password is a 401.
#[must_use]
pub fn log_on() -> Call<LogOn> {
    let request = Request::new(&LOG_ON, LOG_ON.path.to_owned());
    let read = |answer: &Answer| {
        let header = answer
            .header("x-restsvcsessionid")
            .filter(|id| !id.is_empty())
            .map(ToOwned::to_owned);
        let session_id = header.ok_or("the answer has no header X-RestSvcSessionId")?;
        let body = Node::parse(&answer.body).ok();
        Ok(LogOn {
            session_id,
            logon_id: body.and_then(|body| body.text_of("SessionId")),
        })
    };
    Call::new(
        asking(request, "v=latest".to_owned(), Wire::Json),
        read,
        refused,
    )
}

/// Logs off; the id is the one of the log-on's body.
#[must_use]
pub fn log_off(logon_id: &str) -> Call<()> {
    Call::new(
        Request::new(&LOG_OFF, LOG_OFF.path_for("", &[logon_id])),
        |_| Ok(()),
        refused,
    )
}

/// Asks for a page of sessions.
#[must_use]
pub fn query(query: &Query, wire: Wire) -> Call<Page> {
    let request = Request::new(&QUERY, QUERY.path.to_owned());
    Call::new(
        asking(request, query.to_text(), wire),
        decode::page,
        refused,
    )
}

/// One session, by its GUID.
#[must_use]
pub fn session(uid: &str, wire: Wire) -> Call<Session> {
    let request = Request::new(&GET_SESSION, GET_SESSION.path_for("", &[uid]));
    Call::new(
        asking(request, "format=Entity".to_owned(), wire),
        decode::one,
        refused,
    )
}

/// One session as it comes, for people who have to see the vendor's own words.
#[must_use]
pub fn raw_session(uid: &str, wire: Wire) -> Call<String> {
    let call = session(uid, wire);
    let read =
        |answer: &Answer| Ok(String::from_utf8_lossy(without_bom(&answer.body)).into_owned());
    Call::new(call.request, read, refused)
}

/// The sessions of the last 30 days, for roles that may not query.
#[must_use]
pub fn recent(wire: Wire) -> Call<Page> {
    let request = Request::new(&RECENT, RECENT.path.to_owned());
    Call::new(
        asking(request, "format=Entity".to_owned(), wire),
        decode::page,
        refused,
    )
}

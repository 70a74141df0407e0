//! The operations on sessions as calls.

use super::error_body::vendor_error;
use super::operations::{GET_SESSION, LOG_OFF, LOG_ON, QUERY, RECENT};
use super::query::Query;
use super::types::{LogOn, MediaType, Page, Session};
use super::{decode, node::Node};
use crate::call::{Answer, Call, Request};
use crate::json::without_bom;

fn with_query(mut request: Request, query: String, media_type: MediaType) -> Request {
    request.query = query;
    request.accept = media_type.as_str();
    request
}

/// Logs on. The sender adds `Authorization: Basic`; a wrong password is a 401.
#[must_use]
pub fn log_on() -> Call<LogOn> {
    let request = Request::new(&LOG_ON, LOG_ON.path.to_owned());
    let read = |answer: &Answer| {
        let header = answer
            .header("x-restsvcsessionid")
            .filter(|id| !id.is_empty())
            .map(ToOwned::to_owned);
        let session_id = header.ok_or("the response has no header X-RestSvcSessionId")?;
        let body = Node::parse(&answer.body).ok();
        Ok(LogOn {
            session_id,
            logon_id: body.and_then(|body| body.text_of("SessionId")),
        })
    };
    Call::new(
        with_query(request, "v=latest".to_owned(), MediaType::Json),
        read,
        vendor_error,
    )
}

/// Logs off. The id is the one in the body of the log-on response.
#[must_use]
pub fn log_off(logon_id: &str) -> Call<()> {
    Call::new(
        Request::new(&LOG_OFF, LOG_OFF.path_for("", &[logon_id])),
        |_| Ok(()),
        vendor_error,
    )
}

/// Queries a page of sessions.
#[must_use]
pub fn query(query: &Query, media_type: MediaType) -> Call<Page> {
    let request = Request::new(&QUERY, QUERY.path.to_owned());
    Call::new(
        with_query(request, query.to_text(), media_type),
        decode::page,
        vendor_error,
    )
}

/// One session, by its GUID.
#[must_use]
pub fn session(uid: &str, media_type: MediaType) -> Call<Session> {
    let request = Request::new(&GET_SESSION, GET_SESSION.path_for("", &[uid]));
    Call::new(
        with_query(request, "format=Entity".to_owned(), media_type),
        decode::one,
        vendor_error,
    )
}

/// One session as raw text, to display the vendor's own response.
#[must_use]
pub fn raw_session(uid: &str, media_type: MediaType) -> Call<String> {
    let call = session(uid, media_type);
    let read =
        |answer: &Answer| Ok(String::from_utf8_lossy(without_bom(&answer.body)).into_owned());
    Call::new(call.request, read, vendor_error)
}

/// The sessions of the last 30 days, for roles without query permission.
#[must_use]
pub fn recent(media_type: MediaType) -> Call<Page> {
    let request = Request::new(&RECENT, RECENT.path.to_owned());
    Call::new(
        with_query(request, "format=Entity".to_owned(), media_type),
        decode::page,
        vendor_error,
    )
}

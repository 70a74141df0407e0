//! Sends requests to the gateway with timeouts and aborts, returning failures as values. Only this file uses gloo-net.

use super::failure::{Failure, Problem};
use super::{poll_gate, session};
use crate::json;
use crate::json::FromJson;
use crate::route::address;
use chrono::{DateTime, Utc};
use gloo_net::http::{Method, RequestBuilder, Response};
use js_sys::{Promise, Reflect};
use leptos::prelude::{set_timeout_with_handle, window};
use protocol::VIA;
use std::time::Duration;
use vendors::call::Request;
use vendors::operation::segment;
use vendors::{Answer, Call};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortController;

/// The timeout of a request, in seconds. A change that waits in the gateway's queue may take longer, and then has an
/// unknown outcome. For reads of vendors there is [`session::read_timeout`].
pub(super) const TIMEOUT: u32 = 20;

/// The maximum age of an early answer that replaces a request, in milliseconds.
const MAX_EARLY_AGE: f64 = 10_000.0;

/// A value and the times of its response.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrived<T> {
    /// The value.
    pub value: T,
    /// The vendor's clock when it answered, if sent.
    pub date: Option<VendorDate>,
    /// The age of the answer when the console needed it, in milliseconds: its `Age`, and the wait of an early answer.
    pub age: f64,
}

/// The vendor's clock in an answer (`Date`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VendorDate {
    /// The time of the clock.
    pub at: DateTime<Utc>,
    /// The age of this answer when the console needed it, in milliseconds. Answers that were read with it may be older.
    pub age: f64,
    /// The duration of an early request, in milliseconds, which adds to the uncertainty of the time.
    pub round_trip: f64,
}

impl<T> Arrived<T> {
    /// A value of the gateway itself, without a vendor's clock.
    #[must_use]
    pub fn now(value: T) -> Self {
        Self {
            value,
            date: None,
            age: 0.0,
        }
    }
}

/// An answer of the gateway, with its times in milliseconds since 1970 by the browser's clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Timed<T> {
    /// The value.
    pub value: T,
    /// The time of the request.
    pub requested_at: f64,
    /// The time of the answer.
    pub received_at: f64,
}

/// Parses a response body.
pub type Read<T> = fn(&[u8]) -> Result<T, json::FirstError>;

/// The purpose of a request.
#[derive(Clone, Copy)]
pub enum Purpose<'a> {
    /// A refresh of data on the screen. It may share an answer with other viewers, waits while a row is dragged,
    /// and is aborted when its page is left.
    Poll(&'a AbortController),
    /// A read of data to show next or to export. It may share an answer with other viewers.
    Read,
    /// A change, or a read before or after a change. It shares no answer, which may be older than the change.
    Change,
}

/// Sends a call to a connection's vendor through the gateway.
///
/// # Errors
/// One of the four kinds of [`Failure`]. An abort is [`Failure::Unreachable`], which nobody reads.
pub async fn send<T>(
    connection: &str,
    call: &Call<T>,
    purpose: Purpose<'_>,
) -> Result<Arrived<T>, Failure> {
    let (arrived, _) = relay(connection, call, None, purpose).await?;
    Ok(arrived)
}

/// Reads an item before a change, with the entity tag that the gateway sends.
///
/// # Errors
/// As [`send`].
pub async fn send_for_tag<T>(
    connection: &str,
    call: &Call<T>,
) -> Result<(T, Option<String>), Failure> {
    let (arrived, tag) = relay(connection, call, None, Purpose::Change).await?;
    Ok((arrived.value, tag))
}

/// Sends a change that is carried out only if the item still has this entity tag.
///
/// # Errors
/// As [`send`]; 412 if the entity tag differs.
pub async fn send_if_match<T>(
    connection: &str,
    call: &Call<T>,
    tag: Option<&str>,
) -> Result<Arrived<T>, Failure> {
    let (arrived, _) = relay(connection, call, tag, Purpose::Change).await?;
    Ok(arrived)
}

async fn relay<T>(
    connection: &str,
    call: &Call<T>,
    tag: Option<&str>,
    purpose: Purpose<'_>,
) -> Result<(Arrived<T>, Option<String>), Failure> {
    let raw = answer_of(connection, &call.request, tag, purpose).await?;
    let tag = raw.answer.header("etag").map(ToOwned::to_owned);
    Ok((arrived(call.read(&raw.answer)?, &raw), tag))
}

/// A vendor's answer that is not parsed yet.
pub(super) struct RawAnswer {
    pub(super) answer: Answer,
    /// For an early answer, the time from its request until the console needed it, in milliseconds; otherwise 0.
    waited: f64,
    /// For an early answer, the duration of its request, in milliseconds; otherwise 0.
    round_trip: f64,
}

impl RawAnswer {
    fn now(answer: Answer) -> Self {
        Self {
            answer,
            waited: 0.0,
            round_trip: 0.0,
        }
    }

    /// The vendor's answer that `index.html` requested while the console was loading. It is used once, if it is younger
    /// than [`MAX_EARLY_AGE`], nobody has signed in since, and the computer's clock was not set back.
    async fn early(path: &str) -> Option<Self> {
        let needed_at = js_sys::Date::now();
        let (answer, requested_at, received_at) = early_answer(path).await?;
        let is_recent = needed_at >= requested_at && needed_at - received_at < MAX_EARLY_AGE;
        (session::sign_ins() == 0 && is_recent).then_some(Self {
            answer,
            waited: needed_at - requested_at,
            round_trip: received_at - requested_at,
        })
    }
}

/// The vendor's answer to a request.
pub(super) async fn answer_of(
    connection: &str,
    request: &Request,
    tag: Option<&str>,
    purpose: Purpose<'_>,
) -> Result<RawAnswer, Failure> {
    let path = format!("/relay/{}{}", segment(connection), request.target());
    let mut builder = RequestBuilder::new(&address(&path))
        .method(method(request.method()))
        .header("accept", request.accept);
    if request.body.is_some() {
        builder = builder.header("content-type", "application/json");
    }
    if let Some(tag) = tag {
        builder = builder.header("if-match", tag);
    }
    if let Purpose::Poll(_) = purpose {
        poll_gate::wait().await;
    }
    let sign_ins = session::sign_ins();
    let body = request.body.as_deref();
    let timeout = match request.method() {
        vendors::Method::Get => session::read_timeout(),
        _ => TIMEOUT,
    };
    let raw = match purpose {
        Purpose::Poll(abort) => {
            let raw = match RawAnswer::early(&path).await {
                Some(raw) => raw,
                None => RawAnswer::now(exchange(builder, body, Some(abort), timeout).await?),
            };
            poll_gate::wait().await;
            raw
        }
        Purpose::Read => RawAnswer::now(exchange(builder, body, None, timeout).await?),
        Purpose::Change => {
            let builder = builder.header("cache-control", "no-cache");
            RawAnswer::now(exchange(builder, body, None, timeout).await?)
        }
    };
    // A proxy may add its own `Via` to every answer.
    let is_of_vendor = |via: &str| via.contains(VIA);
    if !raw.answer.header("via").is_some_and(is_of_vendor) {
        return Err(Failure::from_problem(problem(&raw.answer, sign_ins)));
    }
    Ok(raw)
}

/// A value with the times of its answer.
pub(super) fn arrived<T>(value: T, raw: &RawAnswer) -> Arrived<T> {
    let date = raw.answer.header("date");
    let cached_for = raw
        .answer
        .header("age")
        // Integer seconds (RFC 9111, section 5.1). Parsing fractions would add more code than some pages have.
        .and_then(|age| age.parse::<u32>().ok())
        .map_or(0.0, f64::from);
    let age = cached_for * 1000.0 + raw.waited;
    let round_trip = raw.round_trip;
    Arrived {
        value,
        date: date
            .and_then(vendors::http_date::parse)
            .map(|at| VendorDate {
                at,
                age,
                round_trip,
            }),
        age,
    }
}

/// Reads one of the gateway's own routes.
///
/// # Errors
/// [`Failure::Unreachable`], [`Failure::Refused`], or [`Failure::Unreadable`] if the answer cannot be parsed.
pub async fn get<T: FromJson>(path: &str) -> Result<T, Failure> {
    send_own(
        path,
        RequestBuilder::new(&address(path)),
        None,
        None,
        json::read,
    )
    .await
}

/// Reads one of the gateway's own routes that `index.html` requests while the console is loading. That answer is used
/// once. Without an answer, or after a server error, this function sends a new request.
///
/// # Errors
/// As [`get`].
pub async fn first<T>(path: &str, read: Read<T>) -> Result<Timed<T>, Failure> {
    let early = early_answer(path).await;
    if let Some((answer, requested_at, received_at)) =
        early.filter(|(answer, ..)| answer.status < 500)
    {
        let value = decode(path, &answer, 0, read)?;
        return Ok(Timed {
            value,
            requested_at,
            received_at,
        });
    }
    timed(path, RequestBuilder::new(&address(path)), None, read).await
}

async fn timed<T>(
    path: &str,
    builder: RequestBuilder,
    abort: Option<&AbortController>,
    read: Read<T>,
) -> Result<Timed<T>, Failure> {
    let requested_at = js_sys::Date::now();
    let value = send_own(path, builder, None, abort, read).await?;
    Ok(Timed {
        value,
        requested_at,
        received_at: js_sys::Date::now(),
    })
}

/// The answer that `index.html` stored in `firstAnswers` for this path, with the times of its request and its arrival.
async fn early_answer(path: &str) -> Option<(Answer, f64, f64)> {
    let member = |of: &JsValue, name: &str| Reflect::get(of, &name.into()).ok();
    let answers = member(&window(), "firstAnswers")?;
    let promise: Promise = member(&answers, path)?.dyn_into().ok()?;
    Reflect::set(&answers, &path.into(), &JsValue::UNDEFINED).ok()?;
    let arrived = JsFuture::from(promise).await.ok()?;
    let time = |name| member(&arrived, name)?.as_f64();
    let (requested_at, received_at) = (time("requestedAt")?, time("receivedAt")?);
    let response: web_sys::Response = member(&arrived, "response")?.dyn_into().ok()?;
    let answer = read(Response::from(response)).await.ok()?;
    Some((answer, requested_at, received_at))
}

/// Reads one of the gateway's own routes to refresh data on the screen: it waits while a row is dragged, and
/// can be aborted. With `reread` the gateway reads the vendors again before it answers.
///
/// # Errors
/// As [`get`].
pub async fn poll<T>(
    path: &str,
    reread: bool,
    abort: Option<&AbortController>,
    read: Read<T>,
) -> Result<Timed<T>, Failure> {
    let mut builder = RequestBuilder::new(&address(path));
    if reread {
        builder = builder.header("cache-control", "no-cache");
    }
    poll_gate::wait().await;
    // The waits are not part of the times.
    let answer = timed(path, builder, abort, read).await;
    poll_gate::wait().await;
    answer
}

/// Sends JSON to one of the gateway's own routes.
///
/// # Errors
/// As [`get`].
pub async fn post<T: FromJson>(path: &str, body: &str) -> Result<T, Failure> {
    let builder = RequestBuilder::new(&address(path))
        .method(Method::POST)
        .header("content-type", "application/json");
    send_own(path, builder, Some(body), None, json::read).await
}

/// Sends DELETE to one of the gateway's own routes.
///
/// # Errors
/// As [`get`].
pub async fn delete(path: &str) -> Result<(), Failure> {
    let builder = RequestBuilder::new(&address(path)).method(Method::DELETE);
    let sign_ins = session::sign_ins();
    let answer = exchange(builder, None, None, TIMEOUT).await?;
    check_deleted(path, &answer, sign_ins)
}

/// Checks that the gateway has carried out a DELETE. A proxy whose sign-in has expired may answer with 200 and a page.
fn check_deleted(path: &str, answer: &Answer, sign_ins: u32) -> Result<(), Failure> {
    if answer.status == 204 {
        return Ok(());
    }
    let unexpected = |_: &[u8]| Err("expected status 204".to_owned().into());
    decode(path, answer, sign_ins, unexpected)
}

async fn send_own<T>(
    path: &str,
    builder: RequestBuilder,
    body: Option<&str>,
    abort: Option<&AbortController>,
    read: Read<T>,
) -> Result<T, Failure> {
    let sign_ins = session::sign_ins();
    let builder = builder.header("accept", "application/json");
    let answer = exchange(builder, body, abort, TIMEOUT).await?;
    decode(path, &answer, sign_ins, read)
}

fn decode<T>(path: &str, answer: &Answer, sign_ins: u32, read: Read<T>) -> Result<T, Failure> {
    if !answer.is_success() {
        return Err(Failure::from_problem(problem(answer, sign_ins)));
    }
    read(&answer.body).map_err(|error| {
        Failure::Unreadable(vendors::call::Unreadable {
            status: answer.status,
            problem: format!("{path}: {error}"),
            excerpt: String::from_utf8_lossy(&answer.body)
                .chars()
                .take(300)
                .collect(),
        })
    })
}

async fn exchange(
    builder: RequestBuilder,
    body: Option<&str>,
    abort: Option<&AbortController>,
    timeout: u32,
) -> Result<Answer, Failure> {
    // Each browser has its own error text, so it is replaced.
    let broken = |_: gloo_net::Error| Failure::no_gateway("no connection");
    let controller = match abort {
        Some(controller) => controller.clone(),
        None => AbortController::new()
            .map_err(|_| Failure::no_gateway("this browser cannot abort requests"))?,
    };
    let signal = controller.signal();
    let limit = Duration::from_secs(timeout.into());
    let timer = set_timeout_with_handle(move || controller.abort(), limit).ok();
    let builder = builder.abort_signal(Some(&signal));
    let request = match body {
        Some(body) => builder.body(body),
        None => builder.build(),
    }
    .map_err(broken)?;
    let result = async { read(request.send().await?).await }.await;
    if let Some(timer) = timer {
        timer.clear();
    }
    result.map_err(|error| {
        // Aborted by this timer or by that of another request of the same page. After leaving it, nobody reads this.
        if signal.aborted() {
            Failure::no_gateway(&format!("no answer within {timeout} s"))
        } else {
            broken(error)
        }
    })
}

async fn read(response: Response) -> Result<Answer, gloo_net::Error> {
    Ok(Answer {
        status: response.status(),
        headers: response.headers().entries().collect(),
        body: response.binary().await?,
    })
}

/// The problem in an error response. `sign_ins` is the value of [`session::sign_ins`] when the request was sent.
fn problem(answer: &Answer, sign_ins: u32) -> Problem {
    // The gateway's own problems always have a kind; other JSON, for example from a proxy, parses as an empty problem.
    let own = json::read(&answer.body).ok();
    let own = own.filter(|problem: &Problem| !problem.kind.is_empty());
    let mut problem = own.unwrap_or_else(|| Problem {
        title: "A proxy in front of the gateway answered".to_owned(),
        detail: format!(
            "HTTP status {} without the gateway's own error format",
            answer.status
        ),
        ..Problem::default()
    });
    problem.status = answer.status;
    problem.request_id = answer.header("x-request-id").map(ToOwned::to_owned);
    problem.retry_after = answer.retry_after();
    session::check_for_end(&problem, sign_ins);
    problem
}

fn method(method: vendors::Method) -> Method {
    match method {
        vendors::Method::Get => Method::GET,
        vendors::Method::Post => Method::POST,
        vendors::Method::Put => Method::PUT,
        vendors::Method::Patch => Method::PATCH,
        vendors::Method::Delete => Method::DELETE,
    }
}

#[cfg(test)]
mod tests {
    use super::check_deleted;
    use crate::api::Failure;
    use vendors::Answer;

    #[test]
    fn only_the_gateway_confirms_a_deletion() {
        let deleted = |status, body: &str| {
            let answer = Answer {
                status,
                headers: Vec::new(),
                body: body.into(),
            };
            check_deleted("/api/walls/a", &answer, 0)
        };
        assert_eq!(deleted(204, ""), Ok(()));
        for (status, body) in [(200, "<!doctype html><title>Sign in</title>"), (202, "")] {
            let failure = deleted(status, body).unwrap_err();
            assert!(matches!(failure, Failure::Unreadable(_)), "{failure:?}");
        }
        let failure = deleted(404, "").unwrap_err();
        assert!(matches!(failure, Failure::Refused(_)), "{failure:?}");
    }
}

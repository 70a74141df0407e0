//! The only use of gloo-net: sends a call to the gateway, times out, aborts, and returns every failure as a
//! value. The only file that names gloo-net.

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

/// How long to wait for an answer. The gateway gives up on a vendor before; a change that waits there for others may take
/// longer, and is then told as one of which the outcome is not known yet.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long ago an answer that was asked for early may have come, in milliseconds, to stand in for a new one.
const EARLY: f64 = 10_000.0;

/// A value and the times of its response.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrived<T> {
    /// What was read.
    pub value: T,
    /// The vendor's clock when it answered, if sent.
    pub date: Option<VendorDate>,
    /// How old the answer already was when it was wanted, in milliseconds: by its `Age`, and because it was asked for
    /// so long before.
    pub age: f64,
}

/// The vendor's clock in an answer (`Date`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VendorDate {
    /// What it said.
    pub at: DateTime<Utc>,
    /// How old this answer already was when it was wanted, in milliseconds: others that were read with it may be older.
    pub age: f64,
    /// How long the answer was on its way before it was wanted, in milliseconds: so much more than by its age is not
    /// known of when the clock said so.
    pub on_way: f64,
}

impl<T> Arrived<T> {
    /// A value of the gateway itself, which is as old as its answer.
    #[must_use]
    pub fn now(value: T) -> Self {
        Self {
            value,
            date: None,
            age: 0.0,
        }
    }
}

/// A value of the gateway's own, and when it was on its way: milliseconds since 1970 by the browser's clock.
#[derive(Debug, Clone, PartialEq)]
pub struct First<T> {
    /// What was read.
    pub value: T,
    /// When it was asked for.
    pub requested_at: f64,
    /// When the answer began to come.
    pub came: f64,
}

/// Reads a body.
pub type Read<T> = fn(&[u8]) -> Result<T, json::FirstError>;

/// What a request is for.
#[derive(Clone, Copy)]
pub enum Purpose<'a> {
    /// A refresh of what is shown. It may share an answer with other viewers, waits while a row is dragged,
    /// and is aborted when its page is left.
    Poll(&'a AbortController),
    /// A read of what is shown next or exported. It may share an answer with other viewers.
    Read,
    /// A change, or a read before or after one: an answer shared with other viewers may be older than the
    /// change.
    Change,
}

/// Sends a call to a connection's vendor through the gateway.
///
/// # Errors
/// One of the four kinds of [`Failure`]; an abort is [`Failure::Unreachable`] and its reader is gone.
pub async fn send<T>(
    connection: &str,
    call: &Call<T>,
    purpose: Purpose<'_>,
) -> Result<Arrived<T>, Failure> {
    let (arrived, _) = relay(connection, call, None, purpose).await?;
    Ok(arrived)
}

/// Reads what is to be changed, with the entity tag that the gateway gives it.
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

/// Sends a change that is made only if what it changes still has this entity tag.
///
/// # Errors
/// As [`send`]; 412 where it has another.
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

/// A vendor's answer, unread.
pub(super) struct RawAnswer {
    pub(super) answer: Answer,
    /// How long before it was wanted it was asked for, and how long it then was on its way, in milliseconds; nothing
    /// for an answer that was asked for when it was wanted.
    waited: f64,
    on_way: f64,
}

impl RawAnswer {
    fn now(answer: Answer) -> Self {
        Self {
            answer,
            waited: 0.0,
            on_way: 0.0,
        }
    }

    /// The vendor's answer that `index.html` asked for while the console was being loaded. It is used once, and only if
    /// it is not older than [`EARLY`], no sign-in followed it, and the computer's clock was not set back after it.
    async fn early(path: &str) -> Option<Self> {
        let wanted = js_sys::Date::now();
        let (answer, requested_at, came) = early_answer(path).await?;
        let is_recent = wanted >= requested_at && wanted - came < EARLY;
        (session::sign_ins() == 0 && is_recent).then_some(Self {
            answer,
            waited: wanted - requested_at,
            on_way: came - requested_at,
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
    let raw = match purpose {
        Purpose::Poll(abort) => {
            let raw = match RawAnswer::early(&path).await {
                Some(raw) => raw,
                None => RawAnswer::now(exchange(builder, body, Some(abort)).await?),
            };
            poll_gate::wait().await;
            raw
        }
        Purpose::Read => RawAnswer::now(exchange(builder, body, None).await?),
        Purpose::Change => {
            let builder = builder.header("cache-control", "no-cache");
            RawAnswer::now(exchange(builder, body, None).await?)
        }
    };
    // A proxy in between may add a `Via` of its own to every answer.
    let is_of_vendor = |via: &str| via.contains(VIA);
    if !raw.answer.header("via").is_some_and(is_of_vendor) {
        return Err(Failure::from_problem(problem(&raw.answer, sign_ins)));
    }
    Ok(raw)
}

/// A value with the times of its answer.
pub(super) fn arrived<T>(value: T, raw: &RawAnswer) -> Arrived<T> {
    let date = raw.answer.header("date");
    let kept = raw
        .answer
        .header("age")
        // Whole seconds (RFC 9111, section 5.1). The tables for reading others weigh more than some pages' own code.
        .and_then(|age| age.parse::<u32>().ok())
        .map_or(0.0, f64::from);
    let age = kept * 1000.0 + raw.waited;
    let on_way = raw.on_way;
    Arrived {
        value,
        date: date
            .and_then(vendors::http_date::parse)
            .map(|at| VendorDate { at, age, on_way }),
        age,
    }
}

/// Reads one of the gateway's own routes.
///
/// # Errors
/// [`Failure::Unreachable`] or [`Failure::Refused`], and [`Failure::Unreadable`] when the answer is not
/// what this version of the console expects.
pub async fn get<T: FromJson>(path: &str) -> Result<T, Failure> {
    own(
        path,
        RequestBuilder::new(&address(path)),
        None,
        None,
        json::read,
    )
    .await
}

/// Reads one of the gateway's own routes that `index.html` asks for while the console is being loaded. Its answer
/// is used once. Without one, and after one that says that the gateway could not be reached, the gateway is asked now.
///
/// # Errors
/// As [`get`].
pub async fn first<T>(path: &str, read: Read<T>) -> Result<First<T>, Failure> {
    let early = early_answer(path).await;
    if let Some((answer, requested_at, came)) = early.filter(|(answer, ..)| answer.status < 500) {
        let value = decode(path, &answer, 0, read)?;
        return Ok(First {
            value,
            requested_at,
            came,
        });
    }
    let requested_at = js_sys::Date::now();
    let value = own(path, RequestBuilder::new(&address(path)), None, None, read).await?;
    let came = js_sys::Date::now();
    Ok(First {
        value,
        requested_at,
        came,
    })
}

/// What `index.html` left at this path of `firstAnswers`.
async fn early_answer(path: &str) -> Option<(Answer, f64, f64)> {
    let member = |of: &JsValue, name: &str| Reflect::get(of, &name.into()).ok();
    let answers = member(&window(), "firstAnswers")?;
    let promise: Promise = member(&answers, path)?.dyn_into().ok()?;
    Reflect::set(&answers, &path.into(), &JsValue::UNDEFINED).ok()?;
    let arrived = JsFuture::from(promise).await.ok()?;
    let time = |name| member(&arrived, name)?.as_f64();
    let (requested_at, came) = (time("asked")?, time("came")?);
    let response: web_sys::Response = member(&arrived, "response")?.dyn_into().ok()?;
    let answer = read(Response::from(response)).await.ok()?;
    Some((answer, requested_at, came))
}

/// Reads one of the gateway's own routes as a refresh of what is shown: it waits while a row is dragged, and
/// can be aborted. `reread` asks the gateway to read the vendors anew before it answers.
///
/// # Errors
/// As [`get`].
pub async fn poll<T>(
    path: &str,
    reread: bool,
    abort: Option<&AbortController>,
    read: Read<T>,
) -> Result<T, Failure> {
    let mut builder = RequestBuilder::new(&address(path));
    if reread {
        builder = builder.header("cache-control", "no-cache");
    }
    poll_gate::wait().await;
    let answer = own(path, builder, None, abort, read).await;
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
    own(path, builder, Some(body), None, json::read).await
}

/// Sends DELETE to one of the gateway's own routes.
///
/// # Errors
/// As [`get`], but for the answer's content, of which there is none.
pub async fn delete(path: &str) -> Result<(), Failure> {
    let builder = RequestBuilder::new(&address(path)).method(Method::DELETE);
    let sign_ins = session::sign_ins();
    let answer = exchange(builder, None, None).await?;
    if answer.is_success() {
        Ok(())
    } else {
        Err(Failure::from_problem(problem(&answer, sign_ins)))
    }
}

async fn own<T>(
    path: &str,
    builder: RequestBuilder,
    body: Option<&str>,
    abort: Option<&AbortController>,
    read: Read<T>,
) -> Result<T, Failure> {
    let sign_ins = session::sign_ins();
    let answer = exchange(builder.header("accept", "application/json"), body, abort).await?;
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
) -> Result<Answer, Failure> {
    // In the browser's own words it would be another sentence in each.
    let broken = |_: gloo_net::Error| Failure::no_gateway("no connection");
    let controller = match abort {
        Some(controller) => controller.clone(),
        None => AbortController::new()
            .map_err(|_| Failure::no_gateway("this browser cannot abort requests"))?,
    };
    let signal = controller.signal();
    let timer = set_timeout_with_handle(move || controller.abort(), PATIENCE).ok();
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
        // By this timer or by that of another request of the same page: who has left the page reads nothing of it.
        if signal.aborted() {
            Failure::no_gateway("no answer within 20 s")
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

/// `sign_ins`: as [`session::sign_ins`] said before the question.
fn problem(answer: &Answer, sign_ins: u32) -> Problem {
    // The gateway's own problems always have a kind; other JSON, as of a proxy, reads as an empty problem.
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

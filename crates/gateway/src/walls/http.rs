//! `/api/pairing`, by which a screen asks to become a wall, and `/api/walls`, where admins let it.

use super::book::{Answer, Pair};
use super::{Means, Ticket, change, ticket};
use crate::access::{Visitor, of_network, seal};
use crate::app::Gateway;
use crate::audit::{self, Who};
use crate::body;
use crate::problem::{Kind, Problem};
use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, SecondsFormat};
use serde::{Deserialize, Serialize};

/// The largest body, in bytes.
const LIMIT: usize = 4 * 1024;

const NO_STORE: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

/// `GET` and `POST /api/pairing`.
#[derive(Debug, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
enum Said {
    /// Somebody has to enter the code.
    Waiting {
        code: String,
        /// How long it may be entered.
        seconds_left: u64,
    },
    /// Somebody is signed in at this browser: as a rule the wall that it has become.
    Paired { name: String },
    /// No code is waited for: ask for a new one.
    Over,
}

fn means(gateway: &Gateway) -> Result<Means<'_>, Problem> {
    gateway.access.walls().ok_or_else(|| {
        let detail = "nobody has to sign in to this gateway: /wall needs no pairing";
        Problem::new(Kind::BadRequest, detail)
    })
}

fn unreadable() -> Problem {
    let detail = "the register of walls cannot be read; the gateway's log says why";
    Problem::new(Kind::Internal, detail)
}

/// A random number, in hexadecimal.
fn number() -> Result<String, Problem> {
    let bytes = seal::random::<16>().map_err(|why| Problem::new(Kind::Internal, why))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Asks for a code. A browser that waits already gets the one that it has.
///
/// # Errors
/// Too many were asked for, or there is no sign-in.
pub(crate) async fn ask(
    gateway: &Gateway,
    who: &Who,
    visitor: Option<&Visitor>,
    request: Request,
) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    body::json(request, LIMIT).await?;
    let means = means(gateway)?;
    if let Some(visitor) = visitor {
        return Ok(said(&paired(&visitor.name)));
    }
    let now = means.now;
    if let Some(asked) = ticket::question(&means, &headers) {
        let book = means.walls.store.read().ok_or_else(unreadable)?;
        if let Answer::Waiting { code, left } = book.answer(&asked, now) {
            return Ok(said(&waiting(code, left)));
        }
    }
    let (number, network) = (number()?, of_network(who.from));
    let asked = number.clone();
    let answer = change(means.walls, move |book| book.ask(asked, network, now)).await?;
    let Answer::Waiting { code, left } = answer else {
        return Err(Problem::new(Kind::Internal, "no code could be made"));
    };
    let mut response = said(&waiting(code, left));
    let cookie = ticket::question_cookie(&means, &headers, Some(&number));
    set(&mut response, cookie);
    Ok(response)
}

/// What has become of the code; once it was entered, with the wall's session.
///
/// # Errors
/// The register cannot be read, or there is no sign-in.
pub(crate) fn state(
    gateway: &Gateway,
    who: &Who,
    visitor: Option<&Visitor>,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let means = means(gateway)?;
    if let Some(visitor) = visitor {
        return Ok(said(&paired(&visitor.name)));
    }
    let Some(asked) = ticket::question(&means, headers) else {
        return Ok(said(&Said::Over));
    };
    let book = means.walls.store.read().ok_or_else(unreadable)?;
    Ok(match book.answer(&asked, means.now) {
        Answer::Waiting { code, left } => said(&waiting(code, left)),
        Answer::Over => said(&Said::Over),
        Answer::Paired { id, name } => {
            audit::wall_signs_in(who, &name);
            let mut response = said(&paired(&name));
            let session = Ticket::new(id, means.now).cookie(&means, headers);
            set(&mut response, session);
            set(
                &mut response,
                ticket::question_cookie(&means, headers, None),
            );
            response
        }
    })
}

fn waiting(code: String, seconds_left: u64) -> Said {
    Said::Waiting { code, seconds_left }
}

fn paired(name: &str) -> Said {
    let name = name.to_owned();
    Said::Paired { name }
}

fn said(said: &Said) -> Response {
    (NO_STORE, Json(said)).into_response()
}

fn set(response: &mut Response, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// `GET /api/walls`.
#[derive(Debug, Serialize)]
struct List {
    walls: Vec<Listed>,
    /// Where they are kept: in a `file`; in `memory`, until the gateway stops; `nowhere`, where nobody
    /// signs in.
    kept: &'static str,
}

#[derive(Debug, Serialize)]
struct Listed {
    id: String,
    name: String,
    paired_by: String,
    paired_at: Option<String>,
    last_seen: Option<String>,
    address: Option<String>,
}

impl From<super::Wall> for Listed {
    fn from(wall: super::Wall) -> Self {
        Self {
            id: wall.id,
            name: wall.name,
            paired_by: wall.paired_by,
            paired_at: instant(wall.paired_at),
            last_seen: wall.seen_at.and_then(instant),
            address: wall.address.map(|address| address.to_string()),
        }
    }
}

/// As RFC 3339 writes it.
fn instant(seconds: u64) -> Option<String> {
    let at = DateTime::from_timestamp(i64::try_from(seconds).ok()?, 0)?;
    Some(at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// Every wall.
///
/// # Errors
/// The register cannot be read.
pub(crate) fn list(gateway: &Gateway) -> Result<Response, Problem> {
    let list = match gateway.access.walls() {
        None => List {
            walls: Vec::new(),
            kept: "nowhere",
        },
        Some(means) => {
            let walls = means.walls.list().ok_or_else(unreadable)?;
            List {
                walls: walls.into_iter().map(Listed::from).collect(),
                kept: if means.walls.store.is_kept() {
                    "file"
                } else {
                    "memory"
                },
            }
        }
    };
    Ok((NO_STORE, Json(list)).into_response())
}

#[derive(Deserialize)]
struct Asked {
    code: String,
    name: String,
}

/// Pairs the screen that shows a code: `{"code": …, "name": …}`.
///
/// # Errors
/// What is wrong with the code or the name, or too many were wrong.
pub(crate) async fn pair(
    gateway: &Gateway,
    who: &Who,
    request: Request,
) -> Result<Response, Problem> {
    let bytes = body::json(request, LIMIT).await?.unwrap_or_default();
    let means = means(gateway)?;
    let asked: Asked = serde_json::from_slice(&bytes).map_err(|_| {
        let detail = "the body has to be an object with the texts `code` and `name`";
        Problem::new(Kind::BadRequest, detail)
    })?;
    let name = asked.name.clone();
    let paired = tried(gateway, &means, who, asked).await;
    let why = paired.as_ref().err().map(|problem| problem.kind);
    audit::wall(who, "pair wall", &name, why);
    let wall = Listed::from(paired?);
    Ok((StatusCode::CREATED, NO_STORE, Json(wall)).into_response())
}

async fn tried(
    gateway: &Gateway,
    means: &Means<'_>,
    who: &Who,
    asked: Asked,
) -> Result<super::Wall, Problem> {
    let tries = gateway.access.code_tries().ok_or_else(unreadable)?;
    tries.begin(who.from, &who.name).map_err(|seconds| Problem {
        retry_after: Some(seconds),
        ..Problem::new(
            Kind::TooManyTries,
            format!(
                "too many wrong codes were entered from this address or by this user; the next one makes sense in \
                 {} min",
                seconds.div_ceil(60)
            ),
        )
    })?;
    let pair = Pair {
        code: asked.code,
        name: asked.name,
        by: who.name.clone(),
        id: number()?,
    };
    let now = means.now;
    let paired = change(means.walls, move |book| book.pair(pair, now)).await;
    match &paired {
        Ok(_) => tries.succeeded(who.from, &who.name),
        Err(problem) if problem.kind != Kind::WrongCode => tries.forgive(who.from, &who.name),
        Err(_) => {}
    }
    paired
}

/// Takes a wall away: its next request is nobody's.
///
/// # Errors
/// There is no such wall, or the register cannot be written.
pub(crate) async fn revoke(gateway: &Gateway, who: &Who, path: &str) -> Result<Response, Problem> {
    let means = means(gateway)?;
    let id = path.rsplit('/').next().unwrap_or_default().to_owned();
    let gone = id.clone();
    let revoked = change(means.walls, move |book| book.revoke(&id)).await;
    let why = revoked.as_ref().err().map(|problem| problem.kind);
    let name = revoked
        .as_ref()
        .map_or("(unknown)", |wall| wall.name.as_str());
    audit::wall(who, "revoke wall", name, why);
    revoked?;
    gateway.shared.metrics.gone(&gone);
    Ok((StatusCode::NO_CONTENT, NO_STORE).into_response())
}

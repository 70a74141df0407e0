//! `/api/pairing`: a screen gets a code and, after an admin has entered it, its session as a wall.

use super::handling::random_id;
use super::middleware::Authorized;
use super::{NO_STORE, body};
use crate::app::Gateway;
use crate::network::network_of;
use crate::pairing::{CodeState, PairingState, WallTicket, code_cookie, code_secret};
use crate::problem::{Kind, Problem};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use protocol::Pairing;
use std::sync::Arc;

/// The maximum size of a body, in bytes.
const LIMIT: usize = 4 * 1024;

/// The state of pairing.
///
/// # Errors
/// No sign-in is configured.
pub(super) fn pairing_state(gateway: &Gateway) -> Result<PairingState<'_>, Problem> {
    gateway.access.pairing().ok_or_else(|| {
        let detail = "nobody has to sign in to this gateway: /wall needs no pairing";
        Problem::new(Kind::BadRequest, detail)
    })
}

/// `POST /api/pairing`: creates a code. A browser that has a valid code gets the same one again.
///
/// # Errors
/// Too many codes exist, or no sign-in is configured.
pub(super) async fn new_code(
    State(gateway): State<Arc<Gateway>>,
    authorized: Authorized,
    request: Request,
) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    body::json(request, LIMIT).await?;
    let state = pairing_state(&gateway)?;
    if let Some(visitor) = &authorized.visitor {
        return Ok(answer(&paired(&visitor.name)));
    }
    let now = state.now;
    if let Some(secret) = code_secret(&state, &headers)
        && let CodeState::Waiting { code, left } = state.walls.code_state(&secret, now).await?
    {
        return Ok(answer(&waiting(code, left)));
    }
    let secret = random_id()?;
    let network = network_of(authorized.actor.from);
    let made = state.walls.new_code(secret.clone(), network, now).await?;
    let CodeState::Waiting { code, left } = made else {
        return Err(Problem::new(Kind::Internal, "no code could be created"));
    };
    let mut response = answer(&waiting(code, left));
    append_cookie(&mut response, code_cookie(&state, &headers, Some(&secret)));
    Ok(response)
}

/// `GET /api/pairing`: the state of the code. After the code was entered, the response sets the wall's session.
///
/// # Errors
/// The registry cannot be read, or no sign-in is configured.
pub(super) async fn read(
    State(gateway): State<Arc<Gateway>>,
    authorized: Authorized,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let state = pairing_state(&gateway)?;
    if let Some(visitor) = &authorized.visitor {
        return Ok(answer(&paired(&visitor.name)));
    }
    let Some(secret) = code_secret(&state, &headers) else {
        return Ok(answer(&Pairing::Over));
    };
    Ok(match state.walls.code_state(&secret, state.now).await? {
        CodeState::Waiting { code, left } => answer(&waiting(code, left)),
        CodeState::Over => answer(&Pairing::Over),
        CodeState::Paired { .. } => {
            let claim = claim(gateway.clone(), authorized, headers, secret);
            gateway.shared.changes.complete(claim).await??
        }
    })
}

/// Gives the screen with this secret the session of its wall.
async fn claim(
    gateway: Arc<Gateway>,
    authorized: Authorized,
    headers: HeaderMap,
    secret: String,
) -> Result<Response, Problem> {
    let state = pairing_state(&gateway)?;
    let CodeState::Paired { id, name } = state.walls.claim(secret, state.now).await? else {
        // Another request has claimed the session.
        return Ok(answer(&Pairing::Over));
    };
    gateway.audit(&authorized.actor).wall_signs_in(&name);
    let mut response = answer(&paired(&name));
    let session = WallTicket::new(id, state.now).cookie(&state, &headers);
    append_cookie(&mut response, session);
    append_cookie(&mut response, code_cookie(&state, &headers, None));
    Ok(response)
}

fn waiting(code: String, seconds_left: u64) -> Pairing {
    // A code is valid for minutes.
    let seconds_left = u32::try_from(seconds_left).unwrap_or(u32::MAX);
    Pairing::Waiting { code, seconds_left }
}

fn paired(name: &str) -> Pairing {
    let name = name.to_owned();
    Pairing::Paired { name }
}

fn answer(answer: &Pairing) -> Response {
    (NO_STORE, Json(answer)).into_response()
}

fn append_cookie(response: &mut Response, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

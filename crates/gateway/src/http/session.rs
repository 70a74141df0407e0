//! `/api/session`: the current session, signing in and signing out.

use super::middleware::Authorized;
use super::{NO_STORE, body};
use crate::app::Gateway;
use crate::audit::Actor;
use crate::auth::{SessionHolder, Visitor};
use crate::crypto::password_hash;
use crate::identity::Role;
use crate::problem::{Kind, Problem};
use crate::relay;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use protocol::{Credentials, Session};
use secrecy::SecretString;
use std::sync::Arc;

/// The maximum length of a user name, in bytes.
const MAX_NAME_LENGTH: usize = 256;

/// The maximum size of the body of a sign-in, in bytes.
const LIMIT: usize = 8 * 1024;

/// `GET /api/session`.
///
/// # Errors
/// There is no session.
pub(super) async fn read(
    State(gateway): State<Arc<Gateway>>,
    authorized: Authorized,
) -> Result<Response, Problem> {
    match &authorized.visitor {
        Some(visitor) => Ok(session(&gateway, visitor)),
        None => Err(Problem::new(Kind::SignIn, "not signed in")),
    }
}

fn session(gateway: &Gateway, visitor: &Visitor) -> Response {
    let demo = gateway.access.is_demo();
    let timeouts = gateway.upstreams.iter().map(|upstream| upstream.timeout);
    let read = relay::longest_read(timeouts.max().unwrap_or_default());
    let session = Session {
        user: visitor.name.clone(),
        role: visitor.role.name().to_owned(),
        demo,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        can_sign_out: gateway.access.has_sign_in(),
        store_in_memory: visitor.role == Role::Admin
            && !demo
            && !gateway.shared.store.is_persistent(),
        read_seconds: u32::try_from(read.as_secs()).unwrap_or(u32::MAX),
    };
    (NO_STORE, Json(session)).into_response()
}

/// `POST /api/session`: signs in with `{"user": …, "password": …}`.
///
/// # Errors
/// The request is invalid, or the sign-in is refused.
pub(super) async fn sign_in(
    State(gateway): State<Arc<Gateway>>,
    authorized: Authorized,
    request: Request,
) -> Result<Response, Problem> {
    let actor = &authorized.actor;
    let headers = request.headers().clone();
    let sent = body::json(request, LIMIT).await?;
    let request: Credentials = body::object(sent, "the texts `user` and `password`")?;
    let too_long =
        request.password.len() > password_hash::MAX_LENGTH || request.user.len() > MAX_NAME_LENGTH;
    if too_long {
        return Err(Problem::new(
            Kind::BadRequest,
            format!(
                "a user name has at most {MAX_NAME_LENGTH} bytes, and a password at most {}",
                password_hash::MAX_LENGTH
            ),
        ));
    }
    let password = SecretString::from(request.password);
    let name = gateway.access.loggable(&request.user);
    let mut aborted = AbortedSignIn {
        gateway: &gateway,
        actor,
        name,
        is_decided: false,
    };
    let entered = gateway
        .access
        .sign_in_with_password(&headers, actor.from, &request.user, &password)
        .await;
    aborted.is_decided = true;
    let refused = entered.as_ref().err().map(|problem| problem.kind);
    gateway.audit(actor).sign_in(name, refused);
    let (visitor, cookies) = entered?;
    // The new session replaces the one that the request came with.
    let by = Actor {
        name: visitor.log_name(),
        role: visitor.role.name(),
        ..actor.clone()
    };
    end(&gateway, authorized.clone(), Some(by)).await?;
    let mut response = session(&gateway, &visitor);
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Records a sign-in whose client disconnected before the outcome was known. It counts as an attempt.
struct AbortedSignIn<'a> {
    gateway: &'a Gateway,
    actor: &'a Actor,
    name: &'a str,
    is_decided: bool,
}

impl Drop for AbortedSignIn<'_> {
    fn drop(&mut self) {
        if !self.is_decided {
            self.gateway.audit(self.actor).sign_in_aborted(self.name);
        }
    }
}

/// `DELETE /api/session`: signs out. Succeeds without a session too.
///
/// # Errors
/// The task that ends the session failed.
pub(super) async fn sign_out(
    State(gateway): State<Arc<Gateway>>,
    authorized: Authorized,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let cookie = gateway.access.without_session(&headers);
    end(&gateway, authorized, None).await?;
    let mut response = (StatusCode::NO_CONTENT, NO_STORE).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Ends the session of a request, if any, even if the client disconnects. `replaced_by` is the user whose sign-in
/// replaces it; `None` for a sign-out.
async fn end(
    gateway: &Arc<Gateway>,
    authorized: Authorized,
    replaced_by: Option<Actor>,
) -> Result<(), Problem> {
    let changes = &gateway.shared.changes;
    let gateway = gateway.clone();
    let change = async move {
        let Some(visitor) = &authorized.visitor else {
            return;
        };
        // A failure is logged: the session may be valid again after a restart.
        let ended = gateway.access.end(visitor).await;
        match &replaced_by {
            None => gateway.audit(&authorized.actor).sign_out(ended.is_ok()),
            Some(by) => {
                let SessionHolder { name, role } = visitor.holder();
                let unsaved = ended.err().map(|problem| problem.kind);
                gateway.audit(by).replaced(&name, &role, unsaved);
            }
        }
        if let Some(session) = visitor.session() {
            gateway.shared.metrics.session_ended(session);
        }
    };
    changes.complete(change).await
}

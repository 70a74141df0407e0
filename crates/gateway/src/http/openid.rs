//! `/api/sign-in` and `/api/openid/…`: the sign-in methods, and the redirects to a provider and back. A failed
//! sign-in leads to the sign-in page with a code for the reason.

use super::NO_STORE;
use super::middleware::Authorized;
use super::origin_check::is_from_another_site;
use super::query::parameters;
use super::redirect::redirect;
use crate::app::Gateway;
use crate::audit::Actor;
use crate::auth::{Refusal, SessionHolder};
use crate::problem::{Kind, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse as _, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;
use std::sync::Arc;

/// The path to which the provider sends browsers back.
pub(super) const CALLBACK: &str = "/api/openid/callback";

/// `GET /api/sign-in`.
pub(super) async fn methods(State(gateway): State<Arc<Gateway>>) -> Response {
    (NO_STORE, Json(gateway.access.sign_in_methods())).into_response()
}

/// `GET /api/openid/start?to=…`: sends the browser to the provider. A browser that follows a link from another site
/// does not send the session's cookie, so that session could not be ended: it is sent to the sign-in page first.
///
/// # Errors
/// There is no provider.
pub(super) async fn start(
    State(gateway): State<Arc<Gateway>>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let query = query(&uri);
    if is_from_another_site(&headers) {
        return Ok(sign_in_page(
            &gateway,
            None,
            &gateway.access.destination(&query)?,
        ));
    }
    let back = callback_url(&gateway, &headers)?;
    let redirected = gateway
        .access
        .begin_at_provider(&headers, &back, &query)
        .await?;
    Ok(match redirected.provider {
        Ok((address, cookie)) => {
            let mut response = redirect(address.as_str());
            response.headers_mut().insert(header::SET_COOKIE, cookie);
            response
        }
        Err(refusal) => sign_in_page(&gateway, Some(refusal), &redirected.to),
    })
}

/// `GET /api/openid/callback`: the browser returns from the provider. It comes from another site, so neither this
/// request nor the one after the redirect carries the session. The redirect leads to a page, which needs no session,
/// and the requests of that page come from the console's own site again.
///
/// # Errors
/// There is no provider.
pub(super) async fn callback(
    State(gateway): State<Arc<Gateway>>,
    authorized: Authorized,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let changes = gateway.shared.changes.clone();
    let change = complete(gateway, authorized, headers, uri);
    changes.complete(change).await?
}

async fn complete(
    gateway: Arc<Gateway>,
    authorized: Authorized,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let back = callback_url(&gateway, &headers)?;
    let completed = gateway
        .access
        .complete_at_provider(&headers, &back, &query(&uri), authorized.actor.from)
        .await?;
    let (outcome, why) = match &completed.session {
        Ok(_) => ("done", "-"),
        Err(refusal) => (refusal.outcome(), refusal.code()),
    };
    if completed.was_begun {
        gateway
            .audit(&authorized.actor)
            .provider_sign_in(&completed.name, outcome, why);
    }
    if let Some((SessionHolder { name, role }, unsaved)) = &completed.replaced {
        let by = Actor {
            name: completed.name.clone(),
            ..authorized.actor.clone()
        };
        gateway.audit(&by).replaced(name, role, *unsaved);
    }
    let mut response = match completed.session {
        Ok(cookie) => {
            let mut response = redirect(&completed.to);
            response.headers_mut().append(header::SET_COOKIE, cookie);
            response
        }
        Err(refusal) => sign_in_page(&gateway, Some(refusal), &completed.to),
    };
    if let Some(cookie) = completed.clear_attempt {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// The address to which the provider sends browsers back: at the public origin, or at the local name in `Host`, which
/// `origin_check` has accepted.
fn callback_url(gateway: &Gateway, headers: &HeaderMap) -> Result<Url, Problem> {
    let origin = match &gateway.public_origin {
        Some(origin) => origin.clone(),
        None => {
            let scheme = if gateway.tls { "https" } else { "http" };
            let host = headers
                .get(header::HOST)
                .and_then(|host| host.to_str().ok());
            format!("{scheme}://{}", host.unwrap_or("localhost"))
        }
    };
    Url::parse(&format!("{origin}{}{CALLBACK}", gateway.base_path)).map_err(|_| {
        Problem::new(
            Kind::BadRequest,
            "the `Host` name cannot be used as a return address",
        )
    })
}

/// The parameters. An unreadable query has none, and is then rejected because they are missing.
fn query(uri: &Uri) -> Vec<(String, String)> {
    parameters(uri).unwrap_or_default()
}

/// Redirects to the sign-in page, which shows the reason and then leads to `to`.
fn sign_in_page(gateway: &Gateway, refusal: Option<Refusal>, to: &str) -> Response {
    let base = &gateway.base_path;
    let failed = refusal.map(|refusal| format!("failed={}", refusal.code()));
    let to = (to != format!("{base}/"))
        .then(|| format!("to={}", utf8_percent_encode(to, NON_ALPHANUMERIC)));
    let query: Vec<String> = failed.into_iter().chain(to).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    redirect(&format!("{base}/sign-in{mark}{}", query.join("&")))
}

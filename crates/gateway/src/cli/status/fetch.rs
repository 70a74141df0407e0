//! Fetches `GET /api/inventory` from a running gateway.

use super::settings::Settings;
use crate::config::Outbound;
use crate::problem::Kind;
use crate::vendor_http::{Answer, Trust, VendorHttp, client};
use axum::http::{HeaderValue, StatusCode, header};
use protocol::{Inventory, Problem};
use reqwest::{Method, Request};
use std::time::Duration;

/// The maximum size of an inventory, in bytes: more than a gateway can hold.
const LIMIT: usize = 256 * 1024 * 1024;

/// Fetches the complete inventory.
///
/// # Errors
/// The reason why it cannot be fetched, as a sentence.
pub(super) async fn inventory(settings: Settings, timeout: Duration) -> Result<Inventory, String> {
    let Settings {
        route,
        name,
        authorization,
        ca,
    } = settings;
    let trust = ca
        .as_ref()
        .map_or(Trust::Also(None), |(pem, _)| Trust::Only(pem));
    let client = client(timeout, &Outbound::default(), trust).map_err(|why| {
        ca.as_ref()
            .map_or(why.clone(), |(_, file)| format!("{file} {why}"))
    })?;
    let http = VendorHttp {
        client,
        name: name.clone(),
        limit: LIMIT,
    };
    let has_token = authorization.is_some();
    let mut request = Request::new(Method::GET, route);
    let headers = request.headers_mut();
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(value) = authorization {
        headers.insert(header::AUTHORIZATION, value);
    }
    // The client's own timeout does not cover everything, such as a hanging DNS resolver.
    let answer = tokio::time::timeout(timeout, http.send(request))
        .await
        .map_err(|_| format!("{name} did not answer in time"))?
        .map_err(|problem| match problem.kind {
            Kind::Redirect => format!("{name} redirects to another address: use that address"),
            // In the configuration the option is a key.
            _ => problem.detail.replace("with ca_file", "with --ca-file"),
        })?;
    read(&answer, &name, has_token)
}

fn read(answer: &Answer, name: &str, has_token: bool) -> Result<Inventory, String> {
    match answer.status {
        StatusCode::OK => {}
        StatusCode::UNAUTHORIZED if has_token => {
            return Err(format!("{name} does not accept this token"));
        }
        StatusCode::UNAUTHORIZED => {
            return Err(format!(
                "{name} requires a token: set FAILOVER_CONSOLE_TOKEN or --token-file to its metrics token"
            ));
        }
        status => {
            let problem: Option<Problem> = serde_json::from_slice(&answer.body).ok();
            let detail = problem.map(|problem| problem.line());
            let detail = detail.filter(|line| !line.is_empty());
            let detail = detail.map_or(String::new(), |line| format!(": {line}"));
            return Err(format!("{name} returned {status}{detail}"));
        }
    }
    serde_json::from_slice(&answer.body)
        .ok()
        .filter(|inventory: &Inventory| inventory.whole && inventory.connections.is_some())
        .ok_or_else(|| {
            format!(
                "{name} returned an unreadable response: is it a Failover Console of this version?"
            )
        })
}

//! `GET /api/inventory?after=REVISION`: everything that is watched, or what of it changed since a revision.
//! `Cache-Control: no-cache` of a person lets the vendors be read now, `connection=ID` only one of them.

use super::compression::{Encoded, best_encoding, json};
use super::middleware::Authorized;
use super::origin_check::demands_present_state;
use super::query::parameters;
use crate::app::{Gateway, InventoryAnswer, InventoryKey};
use crate::identity::Role;
use crate::problem::Problem;
use crate::watch::{Audience, Position};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::Response;
use chrono::TimeDelta;
use std::sync::Arc;

/// For how long an answer is shared. It holds the time of the gateway's clock, which must not be much older.
const SHARED: TimeDelta = TimeDelta::milliseconds(500);

/// A longer `Accept-Encoding` is no browser's.
const LONGEST_ACCEPT_ENCODING: usize = 200;

/// Answers with the inventory.
///
/// # Errors
/// The query cannot be read, or the answer cannot be written.
pub(super) async fn read(
    State(gateway): State<Arc<Gateway>>,
    authorized: Authorized,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let parameters = parameters(&uri)?;
    let parameter = |wanted: &str| {
        let mut parameters = parameters.iter();
        parameters.find_map(|(name, value)| (name == wanted).then_some(value.as_str()))
    };
    let audience = match authorized.visitor.as_ref().map(|visitor| visitor.role) {
        Some(Role::Admin | Role::Viewer) => Audience::People,
        // `None` is a program with the metrics token. It counts, for which what walls get is enough.
        Some(Role::Wall) | None => Audience::Wall,
    };
    let demanded = demands_present_state(&headers);
    let watchers = &gateway.shared.watchers;
    if demanded && audience == Audience::People {
        let connection = parameter("connection");
        if authorized.is_admin()
            && let Some(id) = connection
            && let Some(upstream) = gateway.upstream(id)
            && upstream.try_log_on_now()
        {
            gateway.audit(&authorized.actor).log_on_forced(id);
        }
        watchers.refresh(connection).await;
    }
    let inventory = watchers.inventory();
    let position = inventory.position(parameter("after"));
    let accepted = headers
        .get(header::ACCEPT_ENCODING)
        .filter(|value| value.len() <= LONGEST_ACCEPT_ENCODING)
        .and_then(best_encoding);
    let now = inventory.clock().now();
    let key = InventoryKey {
        position: position.clone(),
        audience,
        accepted: accepted.clone(),
    };
    let answer = gateway.shared.inventory_answers.get(
        key,
        |key| key.position.is_as_new_as(&position),
        |answer| match answer {
            Ok(answer) => now.signed_duration_since(answer.now).abs() <= SHARED,
            Err(_) => false,
        },
        || encode(&gateway, &position, audience, accepted.as_ref()),
    );
    let InventoryAnswer { encoding, body, .. } = answer.await?;
    Ok(Encoded { encoding, body }.answer(&gateway, &authorized))
}

/// Makes the answer, once for all who ask for the same at the same time.
async fn encode(
    gateway: &Gateway,
    position: &Position,
    audience: Audience,
    accepted: Option<&HeaderValue>,
) -> Result<InventoryAnswer, Problem> {
    let answer = protocol::Inventory {
        build: gateway.assets.build().to_owned(),
        activity: gateway.shared.store.activity_changes(),
        alerts_fail: audience == Audience::People && gateway.shared.alerts.is_any_failing(),
        ..gateway
            .shared
            .watchers
            .inventory()
            .answer(position, audience)
    };
    let Encoded { encoding, body } = json(&answer, accepted).await?;
    Ok(InventoryAnswer {
        now: answer.now,
        encoding,
        body,
    })
}

//! `GET /api/inventory?after=REVISION`: the complete inventory, or its changes since a revision. If a person sends
//! `Cache-Control: no-cache`, the vendors are read first; with `connection=ID`, only that one.

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

/// How long a response is shared. It contains the gateway's time, which must not be much older.
const MAX_SHARED_AGE: TimeDelta = TimeDelta::milliseconds(500);

/// The maximum length of `Accept-Encoding`. Browsers send a shorter one.
const MAX_ACCEPT_ENCODING: usize = 200;

/// Returns the inventory.
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
        // `None` is a program with the metrics token. The resources that walls get are enough for it.
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
        .filter(|value| value.len() <= MAX_ACCEPT_ENCODING)
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
            Ok(answer) => now.signed_duration_since(answer.now).abs() <= MAX_SHARED_AGE,
            Err(_) => false,
        },
        || encode(&gateway, &position, audience, accepted.as_ref()),
    );
    let InventoryAnswer { encoding, body, .. } = answer.await?;
    Ok(Encoded { encoding, body }.answer(&gateway, &authorized))
}

/// Creates a response, which identical requests at the same time share.
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

//! `/api/maintenance`: periods in which alarms of a scope send no alerts. As for single alarms, an action takes effect
//! only after its record is durable.

use super::NO_STORE;
use super::handling::{
    PathId, checked_end, checked_text, random_id, read_body, record_and_apply, to_json,
};
use super::middleware::Authorized;
use crate::app::Gateway;
use crate::audit::AlarmAction;
use crate::problem::{Kind, Problem};
use crate::store::{StateChange, Table};
use crate::watch::Inventory;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use health::alarms::{Maintenance, Scope};
use health::inventory::ResourceKey;
use protocol::{MaintenanceList, NewMaintenance};
use std::sync::Arc;

/// The maximum number of planned and current maintenance periods.
const MAX_MAINTENANCE: usize = 1_000;

/// `GET /api/maintenance`.
pub(super) async fn list(State(gateway): State<Arc<Gateway>>) -> Response {
    let inventory = gateway.shared.watchers.inventory();
    let list = MaintenanceList {
        now: inventory.clock().now(),
        maintenance: inventory.maintenance(),
    };
    (NO_STORE, Json(list)).into_response()
}

/// `POST /api/maintenance`.
///
/// # Errors
/// The body is invalid, the maximum number is reached, or it cannot be recorded.
pub(super) async fn announce(
    State(gateway): State<Arc<Gateway>>,
    authorized: Authorized,
    request: Request,
) -> Result<Response, Problem> {
    let actor = &authorized.actor;
    let wanted: NewMaintenance = read_body(
        request,
        "`scope` (`system`, `connection` or `resource`), `until` (in milliseconds since 1970), `reason` (a text) and, \
         if it does not begin now, `from` (in milliseconds since 1970)",
    )
    .await?;
    let inventory = gateway.shared.watchers.inventory();
    let now = inventory.clock().now();
    let from = wanted.from.unwrap_or(now).max(now);
    if inventory.maintenance().len() >= MAX_MAINTENANCE {
        let detail = format!(
            "there are already {MAX_MAINTENANCE} periods of current and planned maintenance, the maximum: end some first"
        );
        return Err(Problem::new(Kind::Overloaded, detail));
    }
    let target = target(inventory, &wanted.scope)?;
    let maintenance = Maintenance {
        id: random_id()?,
        from,
        until: checked_end(wanted.until, from, now)?,
        reason: checked_text("reason", &wanted.reason)?,
        by: actor.name.clone(),
        scope: match (wanted.scope, &target.resource) {
            (Scope::Resource(_), Some(known)) => Scope::Resource(known.clone()),
            (scope, _) => scope,
        },
    };
    let action = AlarmAction {
        what: "announce maintenance",
        shown: format!(
            "Announce maintenance of {}: {}",
            target.name, maintenance.reason
        ),
        name: target.name,
        resource: target.resource,
        before: None,
        after: Some(to_json(&maintenance)),
    };
    let change = StateChange::put(Table::Maintenance, &maintenance.id, &maintenance);
    let to_keep = maintenance.clone();
    let effect = move |inventory: &Inventory| inventory.announce(to_keep);
    record_and_apply(&gateway, &authorized, action, change, effect).await?;
    Ok((StatusCode::CREATED, NO_STORE, Json(maintenance)).into_response())
}

/// `DELETE /api/maintenance/{id}`: ends the maintenance now, or cancels it.
///
/// # Errors
/// There is no such maintenance, or it cannot be recorded.
pub(super) async fn end(
    State(gateway): State<Arc<Gateway>>,
    authorized: Authorized,
    PathId(id): PathId,
) -> Result<Response, Problem> {
    let inventory = gateway.shared.watchers.inventory();
    let mut known = inventory.maintenance().into_iter();
    let maintenance = known.find(|one| one.id == id).ok_or_else(|| {
        Problem::new(
            Kind::NotFound,
            "there is no such maintenance, or it is over already",
        )
    })?;
    // Its target may no longer exist.
    let target = target(inventory, &maintenance.scope).unwrap_or_default();
    let has_begun = maintenance.from <= inventory.clock().now();
    let verb = if has_begun { "End" } else { "Call off" };
    let action = AlarmAction {
        what: "end maintenance",
        shown: format!("{verb} maintenance of {}", target.name),
        name: target.name,
        resource: target.resource,
        before: Some(to_json(&maintenance)),
        after: None,
    };
    let change = StateChange::delete(Table::Maintenance, &id);
    let effect = move |inventory: &Inventory| inventory.end_maintenance(&id);
    record_and_apply(&gateway, &authorized, action, change, effect).await?;
    Ok((StatusCode::NO_CONTENT, NO_STORE).into_response())
}

/// The target of maintenance, as the audit names it.
#[derive(Debug)]
struct MaintenanceTarget {
    name: String,
    resource: Option<ResourceKey>,
}

impl Default for MaintenanceTarget {
    fn default() -> Self {
        Self {
            name: "something that no longer exists".to_owned(),
            resource: None,
        }
    }
}

fn target(inventory: &Inventory, scope: &Scope) -> Result<MaintenanceTarget, Problem> {
    let unknown = |what: &str, id: &str| {
        let detail = format!("no {what} has the id {id:?}");
        Problem::new(Kind::BadRequest, detail)
    };
    match scope {
        Scope::System(kind) => Ok(MaintenanceTarget {
            name: format!("all {} systems", kind.vendor()),
            resource: None,
        }),
        Scope::Connection(id) => {
            let known = inventory.identity(&ResourceKey::of_connection(id));
            let (key, name) = known.ok_or_else(|| unknown("connection", id))?;
            Ok(MaintenanceTarget {
                name,
                resource: Some(key),
            })
        }
        Scope::Resource(key) => {
            let known = inventory.identity(key);
            let (key, name) = known.ok_or_else(|| unknown("resource", &key.id))?;
            Ok(MaintenanceTarget {
                name,
                resource: Some(key),
            })
        }
    }
}

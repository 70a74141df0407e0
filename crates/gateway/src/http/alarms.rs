//! `/api/alarms/{id}`: acknowledgements of and notes on a single alarm.

use super::NO_STORE;
use super::handling::{
    PathId, checked_end, checked_text, random_id, read_body, record_and_apply, to_json,
};
use super::middleware::Authorized;
use crate::app::Gateway;
use crate::audit::AlarmAction;
use crate::problem::{Kind, Problem};
use crate::store::{StateChange, Table, WRITER_TIMEOUT, without_effect};
use crate::watch::Inventory;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use health::alarms::{Acknowledgement, Alarm, Note};
use protocol::{NewAcknowledgement, NewNote, SeenAlarm};
use serde::Deserialize;
use std::sync::Arc;
use tokio::sync::OwnedMutexGuard;
use tokio::time::timeout;

/// The maximum number of notes per alarm. All of them are sent to every console.
const MAX_NOTES: usize = 50;

/// `POST /api/alarms/{id}/acknowledgement`. Replaces an existing acknowledgement.
///
/// # Errors
/// No such alarm is open, it has changed since the person saw it, the body is invalid, or it cannot be recorded.
pub(super) async fn acknowledge(
    State(gateway): State<Arc<Gateway>>,
    authorized: Authorized,
    PathId(id): PathId,
    request: Request,
) -> Result<Response, Problem> {
    let wanted: NewAcknowledgement = read_body(
        request,
        "`reason` (a text) and, if wanted, `until` (in milliseconds since 1970) and `seen` (the alarm as it was seen)",
    )
    .await?;
    let inventory = gateway.shared.watchers.inventory();
    let turn = take_turn(&gateway).await?;
    let (id, alarm) = shared_alarm(inventory, &id).await?;
    if let Some(seen) = &wanted.seen {
        check_unchanged(seen, &alarm)?;
    }
    let now = inventory.clock().now();
    let acknowledgement = Acknowledgement {
        by: authorized.actor.name.clone(),
        reason: checked_text("reason", &wanted.reason)?,
        at: now,
        until: wanted
            .until
            .map(|until| checked_end(until, now, now))
            .transpose()?,
        severity: alarm.severity,
        word: alarm.word,
    };
    let action = AlarmAction {
        what: "acknowledge alarm",
        shown: format!("Acknowledge alarm: {}", acknowledgement.reason),
        name: alarm.name,
        resource: Some(alarm.resource),
        before: alarm.acknowledged.as_ref().map(to_json),
        after: Some(to_json(&acknowledgement)),
    };
    let change = StateChange::put(Table::Acknowledgements, &id, &acknowledgement);
    let to_keep = acknowledgement.clone();
    let effect = move |inventory: &Inventory| {
        let _turn = turn;
        inventory.acknowledge(&id, to_keep)
    };
    if !record_and_apply(&gateway, &authorized, action, change, effect).await? {
        return Err(no_such_alarm());
    }
    Ok((StatusCode::CREATED, NO_STORE, Json(acknowledgement)).into_response())
}

/// Waits until nobody else acknowledges an alarm or withdraws an acknowledgement.
async fn take_turn(gateway: &Gateway) -> Result<OwnedMutexGuard<()>, Problem> {
    let turn = gateway.shared.acknowledging.clone().lock_owned();
    timeout(WRITER_TIMEOUT, turn)
        .await
        .map_err(|_| without_effect())
}

/// An open alarm with its current acknowledgement and notes, and its id for all gateways.
async fn shared_alarm(inventory: &Inventory, id: &str) -> Result<(String, Alarm), Problem> {
    let alarm = inventory.alarm(id).ok_or_else(no_such_alarm)?;
    let id = inventory
        .shared_id(&alarm.id)
        .await
        .ok_or_else(not_recorded_yet)?;
    let alarm = inventory.alarm(&id).ok_or_else(no_such_alarm)?;
    Ok((id, alarm))
}

/// Rejects the request if the alarm has become worse or was acknowledged since the person saw it.
fn check_unchanged(seen: &SeenAlarm, alarm: &Alarm) -> Result<(), Problem> {
    if alarm.is_worse_than(seen.severity, &seen.word) {
        let (word, sentence) = (alarm.severity.key(), &alarm.sentence);
        let detail = format!("the alarm has become {word}: {sentence}");
        return Err(Problem::new(Kind::Changed, detail));
    }
    let at = |at: DateTime<Utc>| at.timestamp_millis();
    match &alarm.acknowledged {
        Some(acknowledgement) if seen.acknowledged_at.map(at) != Some(at(acknowledgement.at)) => {
            Err(acknowledged_meanwhile(acknowledgement))
        }
        _ => Ok(()),
    }
}

/// The problem for an alarm that was acknowledged since the person saw it.
fn acknowledged_meanwhile(other: &Acknowledgement) -> Problem {
    let detail = format!("{} has acknowledged the alarm: {}", other.by, other.reason);
    Problem::new(Kind::Changed, detail)
}

/// The query of the request that withdraws an acknowledgement.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeenAcknowledgement {
    /// The time of the acknowledgement that the person saw, in milliseconds since 1970.
    acknowledged_at: Option<i64>,
}

/// `DELETE /api/alarms/{id}/acknowledgement`. With `?acknowledged_at=`, only the acknowledgement of that time.
///
/// # Errors
/// No such alarm is open, it is not acknowledged, its acknowledgement is another one, or it cannot be recorded.
pub(super) async fn withdraw(
    State(gateway): State<Arc<Gateway>>,
    authorized: Authorized,
    PathId(id): PathId,
    seen: Result<Query<SeenAcknowledgement>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(seen) = seen.map_err(|_| {
        let detail = "the only parameter is `acknowledged_at`, and it has to be the time of the acknowledgement, in \
                      milliseconds since 1970; without it, any acknowledgement is withdrawn";
        Problem::new(Kind::BadRequest, detail)
    })?;
    let inventory = gateway.shared.watchers.inventory();
    let turn = take_turn(&gateway).await?;
    let (id, alarm) = shared_alarm(inventory, &id).await?;
    let acknowledgement = alarm.acknowledged.as_ref().ok_or_else(|| {
        Problem::new(
            Kind::NotFound,
            "this alarm has no acknowledgement: it may have been withdrawn or have expired",
        )
    })?;
    if seen
        .acknowledged_at
        .is_some_and(|at| at != acknowledgement.at.timestamp_millis())
    {
        return Err(acknowledged_meanwhile(acknowledgement));
    }
    let action = AlarmAction {
        what: "withdraw acknowledgement",
        shown: "Withdraw acknowledgement".to_owned(),
        name: alarm.name,
        resource: Some(alarm.resource),
        before: Some(to_json(acknowledgement)),
        after: None,
    };
    let change = StateChange::delete(Table::Acknowledgements, &id);
    let effect = move |inventory: &Inventory| {
        let _turn = turn;
        inventory.withdraw(&id);
    };
    record_and_apply(&gateway, &authorized, action, change, effect).await?;
    Ok((StatusCode::NO_CONTENT, NO_STORE).into_response())
}

/// `POST /api/alarms/{id}/notes`.
///
/// # Errors
/// No such alarm is open, it has the maximum number of notes, the body is invalid, or it cannot be recorded.
pub(super) async fn note(
    State(gateway): State<Arc<Gateway>>,
    authorized: Authorized,
    PathId(id): PathId,
    request: Request,
) -> Result<Response, Problem> {
    let wanted: NewNote = read_body(request, "`text` (a text)").await?;
    let inventory = gateway.shared.watchers.inventory();
    let (id, alarm) = shared_alarm(inventory, &id).await?;
    if alarm.notes.len() >= MAX_NOTES {
        let detail = format!("this alarm already has {MAX_NOTES} notes, the maximum");
        return Err(Problem::new(Kind::Overloaded, detail));
    }
    let note = Note {
        by: authorized.actor.name.clone(),
        text: checked_text("note", &wanted.text)?,
        at: inventory.clock().now(),
        alarm: id,
    };
    let action = AlarmAction {
        what: "note on alarm",
        shown: format!("Add note to alarm: {}", note.text),
        name: alarm.name,
        resource: Some(alarm.resource),
        before: None,
        after: Some(to_json(&note)),
    };
    let id = random_id()?;
    let change = StateChange::put(Table::Notes, &id, &note);
    let to_keep = note.clone();
    let effect = move |inventory: &Inventory| inventory.note(&id, to_keep);
    record_and_apply(&gateway, &authorized, action, change, effect).await?;
    Ok((StatusCode::CREATED, NO_STORE, Json(note)).into_response())
}

/// The problem for an alarm that only this gateway knows so far, while another gateway records alarms.
fn not_recorded_yet() -> Problem {
    Problem::new(
        Kind::Overloaded,
        "this alarm has only just begun, and the gateway that records it has not seen it yet; try again in a moment",
    )
}

fn no_such_alarm() -> Problem {
    Problem::new(
        Kind::NotFound,
        "no such alarm is open: it may have ended; the list of alarms shows those that are",
    )
}

//! `/api/alarms/{id}` and `/api/alert-targets`: what people do about alarms, and whether messages about alarms arrived.
//! Nothing that somebody does takes effect before its record is durable, and what is recorded takes effect even if that
//! person goes away meanwhile.

use super::body;
use super::middleware::Authorized;
use super::pairing::NO_STORE;
use crate::app::Gateway;
use crate::audit::Handled;
use crate::crypto::random_hex;
use crate::identity::{is_bidi_control, is_invisible};
use crate::problem::{Kind, Problem};
use crate::store::{StateChange, Table};
use crate::watch::Inventory;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Path, Query, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, TimeDelta, Utc};
use health::alarms::{Acknowledgement, Alarm, Note};
use protocol::{NewAcknowledgement, NewNote, SeenAlarm};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The largest body, in bytes.
const LIMIT: usize = 16 * 1024;

/// The longest reason or note, in characters.
const LONGEST_TEXT: usize = 500;

/// What ends later than this after it begins is a slip of the keyboard.
const LONGEST: TimeDelta = TimeDelta::days(366);

/// How many notes an alarm may have: the whole of them is sent to every console.
const MOST_NOTES: usize = 50;

/// The `{id}` of a path.
pub(super) struct Id(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let id = Path::from_request_parts(parts, state).await;
        id.map(|Path(id)| Self(id)).map_err(|_| {
            // Each of these routes has one parameter, so nothing else can be wrong.
            Problem::new(Kind::NotFound, "the id in the path is not valid UTF-8")
        })
    }
}

/// `POST /api/alarms/{id}/acknowledgement`. One that there is already is replaced.
///
/// # Errors
/// No such alarm is open, the body is not valid, or it cannot be recorded.
pub(super) async fn acknowledge(
    State(gateway): State<Arc<Gateway>>,
    authorized: Authorized,
    Id(id): Id,
    request: Request,
) -> Result<Response, Problem> {
    let actor = &authorized.actor;
    let wanted: NewAcknowledgement = read(
        request,
        "`reason`, a text, `until`, a time in milliseconds since 1970 or left out, and `seen`, an object or left out",
    )
    .await?;
    let inventory = gateway.shared.watchers.inventory();
    let turn = gateway.shared.acknowledging.clone().lock_owned().await;
    let (id, alarm) = shared_alarm(inventory, &id).await?;
    wanted.seen.map_or(Ok(()), |seen| compare(&seen, &alarm))?;
    let now = inventory.clock().now();
    let given = Acknowledgement {
        by: actor.name.clone(),
        reason: said("reason", &wanted.reason)?,
        at: now,
        until: wanted.until.map(|until| end(until, now, now)).transpose()?,
        severity: alarm.severity,
        word: alarm.word,
    };
    let handled = Handled {
        what: "acknowledge alarm",
        shown: format!("Acknowledged the alarm: {}", given.reason),
        name: alarm.name,
        resource: Some(alarm.resource),
        before: alarm.acknowledged.as_ref().map(json),
        after: Some(json(&given)),
    };
    let change = StateChange::put(Table::Acknowledgements, &id, &given);
    let to_keep = given.clone();
    let effect = move |inventory: &Inventory| {
        let _turn = turn;
        inventory.acknowledge(&id, to_keep)
    };
    if !handle(&gateway, &authorized, handled, change, effect).await? {
        return Err(no_such_alarm());
    }
    Ok((StatusCode::CREATED, NO_STORE, Json(given)).into_response())
}

/// An open alarm with what others have done about it until now, and the id by which all gateways know it.
async fn shared_alarm(inventory: &Inventory, id: &str) -> Result<(String, Alarm), Problem> {
    let alarm = inventory.alarm(id).ok_or_else(no_such_alarm)?;
    let id = inventory.shared_id(&alarm.id).await.ok_or_else(too_new)?;
    let alarm = inventory.alarm(&id).ok_or_else(no_such_alarm)?;
    Ok((id, alarm))
}

/// Whether an alarm is still what the person saw who decided to take care of it.
fn compare(seen: &SeenAlarm, alarm: &Alarm) -> Result<(), Problem> {
    if alarm.is_worse_than(seen.severity, &seen.word) {
        let (word, sentence) = (alarm.severity.key(), &alarm.sentence);
        let detail = format!("the alarm has become {word}: {sentence}");
        return Err(Problem::new(Kind::Changed, detail));
    }
    let at = |at: DateTime<Utc>| at.timestamp_millis();
    match &alarm.acknowledged {
        Some(given) if seen.acknowledged_at.map(at) != Some(at(given.at)) => {
            Err(acknowledged_anew(given))
        }
        _ => Ok(()),
    }
}

/// Somebody has acknowledged the alarm since the person looked.
fn acknowledged_anew(given: &Acknowledgement) -> Problem {
    let detail = format!("{} has acknowledged the alarm: {}", given.by, given.reason);
    Problem::new(Kind::Changed, detail)
}

/// The query of a withdrawal.
#[derive(Deserialize)]
pub(super) struct SeenAcknowledgement {
    /// When the acknowledgement was given that the person saw, in milliseconds since 1970.
    acknowledged_at: Option<i64>,
}

/// `DELETE /api/alarms/{id}/acknowledgement`, with `?acknowledged_at=` only of the one that was given then.
///
/// # Errors
/// No such alarm is open, it is not acknowledged, or not by that one, or it cannot be recorded.
pub(super) async fn withdraw(
    State(gateway): State<Arc<Gateway>>,
    authorized: Authorized,
    Id(id): Id,
    seen: Result<Query<SeenAcknowledgement>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(seen) = seen.map_err(|_| {
        let detail = "`acknowledged_at` has to be a time in milliseconds since 1970, or left out";
        Problem::new(Kind::BadRequest, detail)
    })?;
    let inventory = gateway.shared.watchers.inventory();
    let turn = gateway.shared.acknowledging.clone().lock_owned().await;
    let (id, alarm) = shared_alarm(inventory, &id).await?;
    let given = alarm.acknowledged.as_ref().ok_or_else(|| {
        Problem::new(
            Kind::NotFound,
            "this alarm is not acknowledged, or no longer",
        )
    })?;
    if seen
        .acknowledged_at
        .is_some_and(|at| at != given.at.timestamp_millis())
    {
        return Err(acknowledged_anew(given));
    }
    let handled = Handled {
        what: "withdraw acknowledgement",
        shown: "Withdrew the acknowledgement of the alarm.".to_owned(),
        name: alarm.name,
        resource: Some(alarm.resource),
        before: Some(json(given)),
        after: None,
    };
    let change = StateChange::delete(Table::Acknowledgements, &id);
    let effect = move |inventory: &Inventory| {
        let _turn = turn;
        inventory.withdraw(&id);
    };
    handle(&gateway, &authorized, handled, change, effect).await?;
    Ok((StatusCode::NO_CONTENT, NO_STORE).into_response())
}

/// `POST /api/alarms/{id}/notes`.
///
/// # Errors
/// No such alarm is open, there is too much about it already, the body is not valid, or it cannot be recorded.
pub(super) async fn note(
    State(gateway): State<Arc<Gateway>>,
    authorized: Authorized,
    Id(id): Id,
    request: Request,
) -> Result<Response, Problem> {
    let actor = &authorized.actor;
    let wanted: NewNote = read(request, "`text`, a text").await?;
    let inventory = gateway.shared.watchers.inventory();
    let (id, alarm) = shared_alarm(inventory, &id).await?;
    if alarm.notes.len() >= MOST_NOTES {
        let detail = format!("there are {MOST_NOTES} notes about this alarm already");
        return Err(Problem::new(Kind::Overloaded, detail));
    }
    let note = Note {
        by: actor.name.clone(),
        text: said("note", &wanted.text)?,
        at: inventory.clock().now(),
        alarm: id,
    };
    let handled = Handled {
        what: "note on alarm",
        shown: format!("Noted on the alarm: {}", note.text),
        name: alarm.name,
        resource: Some(alarm.resource),
        before: None,
        after: Some(json(&note)),
    };
    let id = random_hex().map_err(|why| Problem::new(Kind::Internal, why))?;
    let change = StateChange::put(Table::Notes, &id, &note);
    let to_keep = note.clone();
    let effect = move |inventory: &Inventory| inventory.note(&id, to_keep);
    handle(&gateway, &authorized, handled, change, effect).await?;
    Ok((StatusCode::CREATED, NO_STORE, Json(note)).into_response())
}

/// `GET /api/alert-targets`: where messages about alarms go, and whether they arrived.
pub(super) async fn alert_targets(State(gateway): State<Arc<Gateway>>) -> Response {
    (NO_STORE, Json(gateway.shared.alerts.targets())).into_response()
}

/// Records what somebody does, then lets it take effect: both, or neither.
pub(super) async fn handle<T: Send + 'static>(
    gateway: &Arc<Gateway>,
    authorized: &Authorized,
    handled: Handled,
    change: StateChange,
    effect: impl FnOnce(&Inventory) -> T + Send + 'static,
) -> Result<T, Problem> {
    let changes = &gateway.shared.changes;
    let (gateway, authorized) = (gateway.clone(), authorized.clone());
    let change = async move {
        let audit = gateway.audit(&authorized.actor);
        audit.handling(handled, change).await?;
        Ok(effect(gateway.shared.watchers.inventory()))
    };
    changes.complete(change).await?
}

pub(super) fn json(thing: &impl Serialize) -> String {
    serde_json::to_string(thing).unwrap_or_default()
}

/// Of several gateways another one records what is seen.
fn too_new() -> Problem {
    Problem::new(
        Kind::Overloaded,
        "this alarm has only just begun, and the gateway that records it has not seen it yet; try again in a moment",
    )
}

fn no_such_alarm() -> Problem {
    Problem::new(Kind::NotFound, "no such alarm is open: it may have ended")
}

pub(super) async fn read<T: DeserializeOwned>(
    request: Request,
    fields: &str,
) -> Result<T, Problem> {
    let bytes = body::json(request, LIMIT).await?.unwrap_or_default();
    serde_json::from_slice(&bytes).map_err(|_| {
        let detail = format!("the body has to be an object with {fields}");
        Problem::new(Kind::BadRequest, detail)
    })
}

/// A person's words as they are kept: one line, neither empty nor a novel. `noun` is what they are.
pub(super) fn said(noun: &str, text: &str) -> Result<String, Problem> {
    let wrong = |detail: String| Err(Problem::new(Kind::BadRequest, detail));
    let text = text.trim();
    if text.is_empty() {
        return wrong(format!("the {noun} is empty: say it in a few words"));
    }
    if text.chars().count() > LONGEST_TEXT {
        return wrong(format!(
            "the {noun} is longer than {LONGEST_TEXT} characters"
        ));
    }
    let is_hidden = |c: char| c.is_control() || is_bidi_control(c) || is_invisible(c);
    if text.chars().any(is_hidden) {
        return wrong(format!(
            "the {noun} holds control characters, or others that cannot be seen"
        ));
    }
    Ok(text.to_owned())
}

/// An end that lies ahead, and not too far.
pub(super) fn end(
    until: DateTime<Utc>,
    from: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, Problem> {
    let wrong = |detail: &str| Err(Problem::new(Kind::BadRequest, detail));
    if until <= now {
        return wrong("the end has passed already");
    }
    if until <= from {
        return wrong("the end is not after the beginning");
    }
    if until.signed_duration_since(from) > LONGEST || from.signed_duration_since(now) > LONGEST {
        return wrong("that is more than a year");
    }
    Ok(until)
}

//! What the routes share by which people handle alarms. Nothing that somebody does takes effect before its record is
//! durable, and what is recorded takes effect even if that person goes away meanwhile.

use super::body;
use super::middleware::Authorized;
use crate::app::Gateway;
use crate::audit::Handled;
use crate::identity::{is_bidi_control, is_invisible};
use crate::problem::{Kind, Problem};
use crate::store::StateChange;
use crate::watch::Inventory;
use axum::extract::{FromRequestParts, Path, Request};
use axum::http::request::Parts;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// The largest body, in bytes.
const LIMIT: usize = 16 * 1024;

/// The longest reason or note, in characters.
const LONGEST_TEXT: usize = 500;

/// The longest time from now to a beginning, and from there to an end: what is longer is a slip of the keyboard.
const LONGEST_TIME: TimeDelta = TimeDelta::days(366);

/// The `{id}` of a path.
pub(super) struct PathId(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let id = Path::from_request_parts(parts, state).await;
        id.map(|Path(id)| Self(id)).map_err(|_| {
            // Each of these routes has one parameter, so nothing else can be wrong.
            Problem::new(Kind::NotFound, "the id in the path is not valid UTF-8")
        })
    }
}

/// The body of a request, which has to be an object with these fields.
///
/// # Errors
/// The body is not valid.
pub(super) async fn read_body<T: DeserializeOwned>(
    request: Request,
    fields: &str,
) -> Result<T, Problem> {
    body::object(body::json(request, LIMIT).await?, fields)
}

/// A reason or a note as it is kept: one line, neither empty nor too long. `noun` names it in the error.
///
/// # Errors
/// It is not such a text.
pub(super) fn checked_text(noun: &str, text: &str) -> Result<String, Problem> {
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

/// The end `until` of something that begins at `from`.
///
/// # Errors
/// It does not lie ahead, or too far.
pub(super) fn checked_end(
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
    if until.signed_duration_since(from) > LONGEST_TIME
        || from.signed_duration_since(now) > LONGEST_TIME
    {
        return wrong("that is more than a year");
    }
    Ok(until)
}

/// Records what somebody does, then lets it take effect: both, or neither.
///
/// # Errors
/// It could not be recorded, and has no effect.
pub(super) async fn record_and_apply<T: Send + 'static>(
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

/// As the audit keeps it.
pub(super) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

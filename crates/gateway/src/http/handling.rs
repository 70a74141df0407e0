//! Shared code of the routes for alarms and maintenance. An action takes effect only after its record is durable, and
//! a recorded action takes effect even if the client disconnects or the store takes too long to reply.

use super::body;
use super::middleware::Authorized;
use crate::app::Gateway;
use crate::audit::AlarmAction;
use crate::crypto::random_hex;
use crate::hidden_characters::is_hidden;
use crate::problem::{Kind, Problem};
use crate::store::{StateChange, WRITER_TIMEOUT, unconfirmed};
use crate::watch::Inventory;
use axum::extract::{FromRequestParts, Path, Request};
use axum::http::request::Parts;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tokio::time::timeout;

/// The maximum size of a body, in bytes.
const LIMIT: usize = 16 * 1024;

/// The maximum length of a reason or note, in characters.
const MAX_TEXT_LENGTH: usize = 500;

/// The maximum time from now to the start, and from the start to the end. Longer times are typing errors.
const MAX_TIME: TimeDelta = TimeDelta::days(366);

/// The `{id}` of a path.
pub(super) struct PathId(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let id = Path::from_request_parts(parts, state).await;
        id.map(|Path(id)| Self(id)).map_err(|_| {
            // These routes have a single parameter, so nothing else can be wrong.
            Problem::new(Kind::NotFound, "the id in the path is not valid UTF-8")
        })
    }
}

/// Reads the body of a request, which has to be an object with these fields.
///
/// # Errors
/// The body is not valid.
pub(super) async fn read_body<T: DeserializeOwned>(
    request: Request,
    fields: &str,
) -> Result<T, Problem> {
    body::object(body::json(request, LIMIT).await?, fields)
}

/// A random id that cannot be guessed.
///
/// # Errors
/// The operating system provides no random numbers.
pub(super) fn random_id() -> Result<String, Problem> {
    random_hex().map_err(|why| Problem::new(Kind::Internal, why))
}

/// Trims and checks a reason or note: one line, neither empty nor too long. `noun` names it in the error.
///
/// # Errors
/// The text is empty, too long, or contains control characters or characters that cannot be seen.
pub(super) fn checked_text(noun: &str, text: &str) -> Result<String, Problem> {
    let wrong = |detail: String| Err(Problem::new(Kind::BadRequest, detail));
    let text = text.trim();
    if text.is_empty() {
        return wrong(format!("the {noun} is empty: write a few words"));
    }
    if text.chars().count() > MAX_TEXT_LENGTH {
        return wrong(format!(
            "the {noun} is longer than {MAX_TEXT_LENGTH} characters: shorten it"
        ));
    }
    if text.chars().any(is_hidden) {
        return wrong(format!(
            "the {noun} contains line breaks or other control characters, or characters that cannot be seen: write one line"
        ));
    }
    Ok(text.to_owned())
}

/// Checks the end `until` of an acknowledgement or maintenance that starts at `from`.
///
/// # Errors
/// The end has passed, is before the start, or one of them is too far away.
pub(super) fn checked_end(
    until: DateTime<Utc>,
    from: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, Problem> {
    let wrong = |detail: &str| Err(Problem::new(Kind::BadRequest, detail));
    if until <= now {
        return wrong("the end has passed already: it has to be in the future");
    }
    if until <= from {
        return wrong("the end is not after the beginning");
    }
    if until.signed_duration_since(from) > MAX_TIME || from.signed_duration_since(now) > MAX_TIME {
        return wrong(if from <= now {
            "the end may be at most 366 days from now"
        } else {
            "the beginning may be at most 366 days from now, and the end at most 366 days after it"
        });
    }
    Ok(until)
}

/// Records an action, then applies it: both, or neither.
///
/// # Errors
/// The action could not be recorded and has no effect, or is not recorded yet and may still take effect.
pub(super) async fn record_and_apply<T: Send + 'static>(
    gateway: &Arc<Gateway>,
    authorized: &Authorized,
    action: AlarmAction,
    change: StateChange,
    effect: impl FnOnce(&Inventory) -> T + Send + 'static,
) -> Result<T, Problem> {
    let changes = &gateway.shared.changes;
    let (gateway, authorized) = (gateway.clone(), authorized.clone());
    let change = async move {
        let audit = gateway.audit(&authorized.actor);
        audit.alarm_action(action, change).await?;
        Ok(effect(gateway.shared.watchers.inventory()))
    };
    let completed = timeout(WRITER_TIMEOUT, changes.complete(change)).await;
    completed.map_err(|_| unconfirmed())??
}

/// The value as text for the audit.
pub(super) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

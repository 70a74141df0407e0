//! The activity: actions of people, and changes that the gateway observed.

use super::failure::Failure;
use super::transport::poll;
use crate::json;
use web_sys::AbortController;

pub use protocol::{ACTIVITY_FILTERS, Activity, ActivityEntry, ActivityKind};

/// Requests the newest entries that match a URL-encoded query.
///
/// # Errors
/// As [`super::transport::get`].
pub async fn read(query: &str, abort: Option<&AbortController>) -> Result<Activity, Failure> {
    let answer = poll(&format!("/api/activity?{query}"), false, abort, json::read).await?;
    Ok(answer.value)
}

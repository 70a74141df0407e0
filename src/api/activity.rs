//! What people did and what the gateway saw change.

use super::failure::Failure;
use super::transport::poll;
use crate::json;
use web_sys::AbortController;

pub use protocol::{Activity, ActivityEntry, ActivityKind};

/// Asks for the newest entries that a query leaves; the query as it stands in an address.
///
/// # Errors
/// As [`super::transport::get`].
pub async fn read(query: &str, abort: Option<&AbortController>) -> Result<Activity, Failure> {
    poll(&format!("/api/activity?{query}"), false, abort, json::read).await
}

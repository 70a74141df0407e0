//! The inventory that the gateway watches: everything, or the changes since a revision.

use super::failure::Failure;
use super::transport::{self, Timed, poll};
use crate::json;
use protocol::{Build, Inventory};
use vendors::operation::segment;
use web_sys::AbortController;

/// The connections that the gateway reads again before it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refresh {
    /// Every connection.
    Everything,
    /// The connection of this id.
    Connection(String),
}

/// Returns the complete inventory, which `index.html` requested before the console ran.
///
/// # Errors
/// As [`super::transport::first`].
pub async fn first() -> Result<Timed<Inventory>, Failure> {
    transport::first("/api/inventory", read).await
}

/// Requests the build of the console that the gateway serves. This works even if its other answers are unreadable.
///
/// # Errors
/// As [`super::transport::get`].
pub async fn build() -> Result<String, Failure> {
    let Build { build } = transport::get("/api/build").await?;
    Ok(build)
}

/// Reads the resources one by one, so that thousands of them are not held as untyped JSON at the same time.
fn read(text: &[u8]) -> Result<Inventory, json::FirstError> {
    let (inventory, resources) = json::read_with_list::<Inventory, _>(text, "resources")?;
    Ok(Inventory {
        resources,
        ..inventory
    })
}

/// Requests the changes after a revision, or everything if there is none.
///
/// # Errors
/// As [`super::transport::get`].
pub async fn fetch(
    after: Option<&str>,
    refresh: Option<&Refresh>,
    abort: Option<&AbortController>,
) -> Result<Timed<Inventory>, Failure> {
    let after = after.map(|revision| format!("after={}", segment(revision)));
    let only = match refresh {
        Some(Refresh::Connection(id)) => Some(format!("connection={}", segment(id))),
        Some(Refresh::Everything) | None => None,
    };
    let query: Vec<String> = [after, only].into_iter().flatten().collect();
    let path = if query.is_empty() {
        "/api/inventory".to_owned()
    } else {
        format!("/api/inventory?{}", query.join("&"))
    };
    poll(&path, refresh.is_some(), abort, read).await
}

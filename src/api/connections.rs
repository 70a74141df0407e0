//! Which vendor systems the gateway can reach.

use super::failure::Failure;
use super::transport::get;
use serde::Deserialize;
use vendors::Connection;

#[derive(Deserialize)]
struct Body {
    connections: Vec<Connection>,
}

/// Asks the gateway.
///
/// # Errors
/// As [`super::transport::get`].
pub async fn connections() -> Result<Vec<Connection>, Failure> {
    Ok(get::<Body>("/api/connections").await?.connections)
}

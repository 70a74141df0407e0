//! The build of the console that the gateway serves.

use super::failure::Failure;
use super::transport::get;
use serde::Deserialize;

#[derive(Deserialize)]
struct Body {
    build: String,
}

/// Asks the gateway.
///
/// # Errors
/// As [`super::transport::get`].
pub async fn build() -> Result<String, Failure> {
    Ok(get::<Body>("/api/build").await?.build)
}

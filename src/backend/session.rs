//! Who is signed in and what they may do, as the gateway says.

use super::failure::Failure;
use super::transport::get;
use serde::Deserialize;

/// `GET /api/session`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Session {
    /// The user's name.
    pub user: String,
    /// `admin`, `viewer` or `wall`.
    pub role: String,
    /// Whether the vendors are simulated: then every page says DEMO.
    #[serde(default)]
    pub demo: bool,
    /// The gateway's version.
    #[serde(default)]
    pub version: String,
}

impl Session {
    /// Whether the controls that change something are shown. The gateway decides all the same.
    #[must_use]
    pub fn may_change(&self) -> bool {
        self.role == "admin"
    }
}

/// Asks the gateway.
///
/// # Errors
/// As [`super::transport::get`].
pub async fn session() -> Result<Session, Failure> {
    get("/api/session").await
}

//! The session of a signed-in user, and the ways to sign in.

use serde::{Deserialize, Serialize};
use vendors::from_json;

/// `GET /api/session`: the signed-in user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Session {
    /// The user's name.
    pub user: String,
    /// `admin`, `viewer` or `wall`.
    pub role: String,
    /// Whether the vendors are simulated, so that every page shows DEMO.
    pub demo: bool,
    /// The gateway's version.
    pub version: String,
    /// Whether the user can sign out.
    pub can_sign_out: bool,
    /// Whether audit and activity are lost when the gateway stops (store in memory). Only for admins, not in a demo.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub store_in_memory: bool,
    /// How long a read of a vendor through the relay may take, in seconds: at the connection with the longest timeout.
    pub read_seconds: u32,
}

from_json! { struct Session {
    user, role, demo or default, version or default, can_sign_out or default, store_in_memory or default,
    read_seconds or default,
} }

impl Session {
    /// Whether this role may make changes. The gateway enforces it.
    #[must_use]
    pub fn may_change(&self) -> bool {
        self.role == "admin"
    }

    /// Whether this is a paired screen, which shows only the status wall.
    #[must_use]
    pub fn is_wall(&self) -> bool {
        self.role == "wall"
    }
}

/// `POST /api/session`: signs in with a password.
#[derive(Clone, Serialize, Deserialize)]
pub struct Credentials {
    /// The user's name.
    pub user: String,
    /// The user's password.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    /// Omits the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

/// `GET /api/sign-in`: the ways to sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignInMethods {
    /// Whether passwords are accepted.
    pub password: bool,
    /// The name of the OpenID Connect provider, if there is one.
    pub provider: Option<String>,
    /// The claim that contains the roles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles_claim: Option<String>,
}

from_json! { struct SignInMethods { password, provider, roles_claim } }

impl Default for SignInMethods {
    /// Passwords only, for when the gateway has not answered.
    fn default() -> Self {
        Self {
            password: true,
            provider: None,
            roles_claim: None,
        }
    }
}

//! Who is signed in, and how one signs in.

use serde::{Deserialize, Serialize};
use vendors::from_json;

/// `GET /api/session`: who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Session {
    /// The user's name.
    pub user: String,
    /// `admin`, `viewer` or `wall`.
    pub role: String,
    /// Whether the vendors are simulated: then every page says DEMO.
    pub demo: bool,
    /// The gateway's version.
    pub version: String,
    /// Whether there is something to sign out of.
    pub can_sign_out: bool,
    /// Whether audit and activity end with the gateway, because its store is in memory. Only admins are told, and
    /// nobody of a demonstration.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub store_in_memory: bool,
}

from_json! { struct Session {
    user, role, demo or default, version or default, can_sign_out or default, store_in_memory or default,
} }

impl Session {
    /// Whether this role may change anything. The gateway decides all the same.
    #[must_use]
    pub fn may_change(&self) -> bool {
        self.role == "admin"
    }

    /// Whether this is a screen on a wall, which shows the status wall and nothing else.
    #[must_use]
    pub fn is_wall(&self) -> bool {
        self.role == "wall"
    }
}

/// `POST /api/session`: a name and a password.
#[derive(Clone, Serialize, Deserialize)]
pub struct Credentials {
    /// The user's name.
    pub user: String,
    /// A secret.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    /// Without the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

/// `GET /api/sign-in`: how one can sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignInMethods {
    /// With a name and a password.
    pub password: bool,
    /// At an OpenID Connect provider of this name.
    pub provider: Option<String>,
    /// The claim in which the provider is expected to send roles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles_claim: Option<String>,
}

from_json! { struct SignInMethods { password, provider, roles_claim } }

impl Default for SignInMethods {
    /// What is offered where nothing else is known.
    fn default() -> Self {
        Self {
            password: true,
            provider: None,
            roles_claim: None,
        }
    }
}

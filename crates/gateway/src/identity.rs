//! Roles, users and session limits, used by the rest of the gateway. A leaf: it uses no other module.

use std::fmt;
use std::time::Duration;

/// The permissions of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    /// Read and change everything.
    Admin,
    /// Read.
    Viewer,
    /// Read, from a screen on a wall.
    Wall,
}

impl Role {
    /// The role's name in the configuration and in responses.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Viewer => "viewer",
            Self::Wall => "wall",
        }
    }
}

/// A user of the configuration file.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct User {
    /// The name to sign in with.
    pub(crate) name: String,
    pub(crate) role: Role,
    /// The password's Argon2id hash in PHC form.
    pub(crate) password_hash: String,
}

impl fmt::Debug for User {
    /// Omits the hash, because a hash can be attacked offline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("name", &self.name)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// The key by which names are compared. Ignores case and surrounding spaces, because phones capitalise the first letter
/// and append a space.
pub(crate) fn name_key(name: &str) -> String {
    name.trim().to_lowercase()
}

/// The limits after which a session expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// The time without a request. An open page refreshes and so makes requests.
    pub(crate) idle: Duration,
    /// The time since the sign-in. A wall's session has no such limit.
    pub(crate) absolute: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(3600),
            absolute: Duration::from_secs(12 * 3600),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_case_and_surrounding_spaces() {
        for (one, other, same) in [
            ("ops", "ops", true),
            ("ops", "Ops", true),
            ("ops", " OPS ", true),
            ("ops", "ops\u{a0}", true),
            ("Müller", "MÜLLER", true),
            ("CORP\\nina", "corp\\Nina", true),
            ("ops", "o ps", false),
            ("ops", "op", false),
            ("Müller", "Muller", false),
        ] {
            assert_eq!(name_key(one) == name_key(other), same, "{one} {other}");
        }
    }
}

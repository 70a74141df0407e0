//! The content of a session's cookie: the user, and the times of the session's beginning and last use. Gateways that
//! share a key can read each other's cookies, so that sessions need not be stored.

use super::GATEWAY_CLOCK_TOLERANCE;
use super::ended_sessions::EndedSession;
use crate::crypto::short_hex;
use crate::identity::{Limits, Role, User, name_key};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The length of a digest in a session, in bytes.
const DIGEST_BYTES: usize = 8;

/// How long a wall may be idle. A screen that was off during holidays stays signed in.
const WALL_IDLE_LIMIT: Duration = Duration::from_secs(30 * 24 * 3600);

/// A session. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ticket {
    /// The user's name. The role is not stored, because each request reads it from the configuration.
    #[serde(rename = "u")]
    pub(crate) user: String,
    /// The session's random id.
    #[serde(rename = "n")]
    pub(crate) number: String,
    /// A fingerprint of the password's hash, so that a new password ends the sessions of the old one.
    #[serde(rename = "p")]
    password: String,
    /// The provider's statement about the user, if the session began there.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub(crate) provided: Option<Provided>,
    #[serde(rename = "i")]
    began: u64,
    #[serde(rename = "s")]
    last_seen: u64,
}

/// A provider's statement about a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Provided {
    /// The provider's permanent and unique id of the user.
    #[serde(rename = "b")]
    pub(crate) subject: String,
    /// Whether the user is an admin. Otherwise a viewer.
    #[serde(rename = "a")]
    pub(crate) admin: bool,
}

impl Ticket {
    pub(crate) fn new(user: &User, number: String, now: Duration) -> Self {
        Self {
            user: user.name.clone(),
            number,
            password: fingerprint(user),
            provided: None,
            began: now.as_secs(),
            last_seen: now.as_secs(),
        }
    }

    /// The remaining lifetime; `None` if the session has expired or belongs to another user. Times slightly in the
    /// future are accepted, because the clocks of gateways may differ.
    pub(crate) fn remaining(&self, user: &User, limits: Limits, now: Duration) -> Option<Duration> {
        let now = now.as_secs();
        let is_same_user = user.name == self.user && fingerprint(user) == self.password;
        if !is_same_user
            || self.last_seen < self.began
            || self.last_seen > now + GATEWAY_CLOCK_TOLERANCE
        {
            return None;
        }
        let idle = match user.role {
            Role::Wall => WALL_IDLE_LIMIT,
            Role::Admin | Role::Viewer => limits.idle,
        };
        let by_idle = (self.last_seen + idle.as_secs()).checked_sub(now)?;
        let by_age = match user.role {
            Role::Wall => by_idle,
            Role::Admin | Role::Viewer => {
                (self.began + limits.absolute.as_secs()).checked_sub(now)?
            }
        };
        let remaining = by_idle.min(by_age);
        (remaining > 0).then(|| Duration::from_secs(remaining))
    }

    /// The entry for the list of ended sessions.
    pub(crate) fn ended(&self) -> EndedSession {
        let holder = match &self.provided {
            None => format!("user {}", name_key(&self.user)),
            Some(provided) => format!("subject {}", provided.subject),
        };
        EndedSession {
            holder: short_hex(&holder, DIGEST_BYTES),
            number: self.number.clone(),
            began: self.began,
        }
    }

    /// The session with a new time of last use; `None` while the old time is recent enough.
    pub(crate) fn renewed(&self, limits: Limits, now: Duration) -> Option<Self> {
        let interval = limits.idle.as_secs().div_ceil(10).min(60);
        (self.last_seen + interval <= now.as_secs()).then(|| Self {
            last_seen: now.as_secs(),
            ..self.clone()
        })
    }
}

/// A short digest that changes with the password's hash. The hash itself never leaves the gateway.
fn fingerprint(user: &User) -> String {
    short_hex(&user.password_hash, DIGEST_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        idle: Duration::from_secs(600),
        absolute: Duration::from_secs(3600),
    };

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(1_000_000 + seconds)
    }

    fn user(role: Role) -> User {
        User {
            name: "ops".to_owned(),
            role,
            password_hash: "$argon2id$one".to_owned(),
        }
    }

    fn left(ticket: &Ticket, user: &User, now: u64) -> Option<u64> {
        ticket
            .remaining(user, LIMITS, at(now))
            .map(|remaining| remaining.as_secs())
    }

    #[test]
    fn a_session_ends_when_idle_and_after_its_absolute_limit() {
        let user = user(Role::Viewer);
        let mut ticket = Ticket::new(&user, "n".to_owned(), at(0));
        assert_eq!(left(&ticket, &user, 0), Some(600));
        assert_eq!(left(&ticket, &user, 599), Some(1));
        assert_eq!(left(&ticket, &user, 600), None, "idle");
        for now in (60..3600).step_by(60) {
            ticket = ticket.renewed(LIMITS, at(now)).unwrap();
            assert_eq!(left(&ticket, &user, now), Some(600.min(3600 - now)));
        }
        assert_eq!(left(&ticket, &user, 3600), None, "used all the time");
    }

    #[test]
    fn a_session_is_renewed_at_most_once_a_minute() {
        let ticket = Ticket::new(&user(Role::Admin), "n".to_owned(), at(0));
        assert_eq!(ticket.renewed(LIMITS, at(59)), None);
        let renewed = ticket.renewed(LIMITS, at(60)).unwrap();
        assert_eq!(
            (renewed.number.as_str(), renewed.began),
            ("n", ticket.began)
        );
        assert_eq!(renewed.renewed(LIMITS, at(61)), None);
    }

    #[test]
    fn a_session_is_valid_for_one_user_and_password_and_not_in_the_future() {
        let user = user(Role::Admin);
        let ticket = Ticket::new(&user, "n".to_owned(), at(0));
        let other = User {
            name: "other".to_owned(),
            ..user.clone()
        };
        let changed = User {
            password_hash: "$argon2id$two".to_owned(),
            ..user.clone()
        };
        assert_eq!(left(&ticket, &other, 1), None);
        assert_eq!(left(&ticket, &changed, 1), None);
        let ahead = Ticket::new(&user, "n".to_owned(), at(100));
        assert!(left(&ahead, &user, 0).is_some(), "another gateway's clock");
        let future = Ticket::new(&user, "n".to_owned(), at(200));
        assert_eq!(left(&future, &user, 0), None);
    }

    #[test]
    fn a_wall_stays_signed_in_while_it_is_used() {
        let wall = user(Role::Wall);
        let mut ticket = Ticket::new(&wall, "n".to_owned(), at(0));
        let day = 24 * 3600;
        for now in (0..400 * day).step_by(29 * 24 * 3600).skip(1) {
            assert!(left(&ticket, &wall, now).is_some(), "day {}", now / day);
            ticket = ticket.renewed(LIMITS, at(now)).unwrap();
        }
        let silent = ticket.last_seen - 1_000_000 + 30 * day;
        assert_eq!(left(&ticket, &wall, silent), None);
    }
}

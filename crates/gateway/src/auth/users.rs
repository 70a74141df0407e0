//! The users of a gateway: identifies the user of a request by its cookie, signs in with a password, and begins
//! sessions.

use super::ended_sessions::EndedSession;
use super::openid::OpenId;
use super::passwords::Passwords;
use super::throttle::CountedAttempt;
use super::ticket::{Provided, Ticket};
use super::{Memory, Visitor};
use crate::clock::UnixClock;
use crate::crypto::{Cookie, CookiePurpose, Seal, random_hex};
use crate::identity::{Limits, User, name_key};
use crate::pairing::{self, PairingState, Walls};
use crate::problem::{Kind, Problem};
use axum::http::{HeaderMap, HeaderValue};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// The state that identifies users and paired walls.
pub(super) struct Users {
    pub(super) users: Vec<User>,
    pub(super) passwords: Passwords,
    pub(super) openid: Option<OpenId>,
    pub(super) limits: Limits,
    pub(super) seal: Arc<Seal>,
    pub(super) cookie: Cookie,
    pub(super) walls: Arc<Walls>,
    pub(super) memory: Arc<Memory>,
    pub(super) clock: UnixClock,
}

impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Users")
            .field("users", &self.users)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// The session that a browser has before it gets another one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum PreviousSession {
    /// The session of a user.
    #[serde(rename = "u")]
    User(EndedSession),
    /// The session of the wall with this id.
    #[serde(rename = "w")]
    Wall(String),
}

impl PreviousSession {
    pub(super) fn of(visitor: &Visitor) -> Option<Self> {
        let of_user = visitor.ticket.as_ref().map(Ticket::ended).map(Self::User);
        of_user.or_else(|| visitor.wall().map(ToOwned::to_owned).map(Self::Wall))
    }
}

impl Users {
    /// Whether a session is still open.
    pub(super) fn is_open(&self, previous: &PreviousSession) -> bool {
        match previous {
            PreviousSession::User(session) => !self.memory.ended.holds(session),
            PreviousSession::Wall(id) => self.walls.find(id).is_some(),
        }
    }

    /// Ends a session at once.
    ///
    /// # Errors
    /// The end could not be saved: after a restart the session would be open again.
    pub(super) async fn end(&self, previous: &PreviousSession) -> Result<(), Problem> {
        match previous {
            PreviousSession::User(session) => {
                let now = (self.clock)().as_secs();
                self.memory.ended.add(session, now).await
            }
            // The wall may have been revoked meanwhile.
            PreviousSession::Wall(id) => match self.walls.revoke(id.clone()).await {
                Err(problem) if problem.kind != Kind::NotFound => Err(problem),
                _ => Ok(()),
            },
        }
    }

    pub(super) fn user(&self, name: &str) -> Option<&User> {
        let key = name_key(name);
        self.users.iter().find(|user| name_key(&user.name) == key)
    }

    pub(super) fn pairing(&self) -> PairingState<'_> {
        PairingState {
            walls: &self.walls,
            seal: &self.seal,
            cookie: &self.cookie,
            now: (self.clock)().as_secs(),
        }
    }

    /// The user of a session: a configured user, or a user of the provider.
    pub(super) fn holder(&self, ticket: &Ticket) -> Option<Cow<'_, User>> {
        match &ticket.provided {
            None => self.user(&ticket.user).map(Cow::Borrowed),
            Some(provided) => {
                let openid = self.openid.as_ref()?;
                Some(Cow::Owned(openid.user(&ticket.user, provided)))
            }
        }
    }

    /// The visitor who sent these headers, if this gateway already knows the session.
    pub(super) fn visitor(&self, headers: &HeaderMap) -> Option<Visitor> {
        let plain = self.session(headers)?;
        if let Some(ticket) = pairing::WallTicket::read(&plain, (self.clock)().as_secs()) {
            let name = self.walls.find(&ticket.wall)?;
            return Some(Visitor::of_wall(name, ticket));
        }
        let ticket: Ticket = serde_json::from_slice(&plain).ok()?;
        let user = self.holder(&ticket)?;
        ticket.remaining(&user, self.limits, (self.clock)())?;
        if self.memory.ended.holds(&ticket.ended()) {
            return None;
        }
        Some(Visitor::of_user(&user, ticket))
    }

    /// The wall that sent these headers, if another gateway paired it recently.
    pub(super) async fn wall_of_other_gateway(&self, headers: &HeaderMap) -> Option<Visitor> {
        let now = (self.clock)().as_secs();
        let ticket = pairing::WallTicket::read(&self.session(headers)?, now)?;
        let name = self.walls.look_up(&ticket.wall, now).await?;
        Some(Visitor::of_wall(name, ticket))
    }

    /// The content of the session's cookie.
    fn session(&self, headers: &HeaderMap) -> Option<Vec<u8>> {
        let sealed = self.cookie.find(CookiePurpose::Session, headers)?;
        self.seal.open(sealed)
    }

    pub(super) fn cookie_of(&self, headers: &HeaderMap, ticket: &Ticket) -> Option<HeaderValue> {
        let user = self.holder(ticket)?;
        let remaining = ticket.remaining(&user, self.limits, (self.clock)())?;
        let sealed = self.seal.close(&serde_json::to_vec(ticket).ok()?)?;
        self.cookie
            .set(CookiePurpose::Session, headers, &sealed, remaining)
    }

    pub(super) async fn sign_in_with_password(
        &self,
        headers: &HeaderMap,
        from: IpAddr,
        name: &str,
        password: &SecretString,
    ) -> Result<(Visitor, Vec<HeaderValue>), Problem> {
        if self.users.is_empty() {
            // Not counted, because there is no password to guess.
            return Err(Problem::new(
                Kind::BadRequest,
                "no user of this gateway has a password: sign in at the provider",
            ));
        }
        let throttle = &self.memory.throttle;
        let name = &name_key(name);
        let known = self.known_browser(headers, name);
        let _permit = throttle
            .admit(name, known.is_some())
            .map_err(|seconds| too_many("too many sign-ins with this name", seconds))?;
        let attempt = match known {
            Some(browser) => CountedAttempt::of_known_browser(browser),
            None => CountedAttempt::new(from, name),
        };
        throttle.begin(&attempt).map_err(|seconds| {
            let what = "too many failed sign-ins from this address or with this name";
            too_many(what, seconds)
        })?;
        let matches = self
            .passwords
            .check(name, password)
            .await
            .inspect_err(|_| throttle.forgive(&attempt))?;
        let Some(user) = self.user(name).filter(|_| matches) else {
            return Err(Problem::new(
                Kind::WrongPassword,
                "the user name or the password is wrong",
            ));
        };
        throttle.succeeded(&attempt);
        throttle.signed_in(name);
        let (visitor, cookie) = self
            .begin_session(headers, user, None)
            .ok_or_else(|| Problem::new(Kind::Internal, "the session could not be created"))?;
        let mut cookies = vec![cookie];
        cookies.extend(self.browser_cookie(headers, name));
        Ok((visitor, cookies))
    }

    /// Begins a session; `None` only if the operating system provides no random numbers.
    pub(super) fn begin_session(
        &self,
        headers: &HeaderMap,
        user: &User,
        provided: Option<Provided>,
    ) -> Option<(Visitor, HeaderValue)> {
        let mut ticket = Ticket::new(user, random_hex().ok()?, (self.clock)());
        ticket.provided = provided;
        let cookie = self.cookie_of(headers, &ticket)?;
        Some((Visitor::of_user(user, ticket), cookie))
    }
}

/// The refusal of a sign-in that may be retried after some seconds.
fn too_many(what: &str, seconds: u32) -> Problem {
    let wait = match seconds {
        0..60 => format!("{seconds} s"),
        _ => format!("{} min", seconds.div_ceil(60)),
    };
    Problem {
        retry_after: Some(seconds),
        ..Problem::new(Kind::TooManyTries, format!("{what}; try again in {wait}"))
    }
}

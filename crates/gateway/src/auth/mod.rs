//! Authentication: users sign in with a password or at a provider and get a sealed session cookie; paired walls have
//! session cookies too. Sessions are not stored, so that gateways with the same key accept each other's. The
//! permissions of a role are decided in `http`, route by route.

mod ended_sessions;
mod hashing;
mod known_browser;
mod memory;
mod openid;
mod passwords;
mod throttle;
mod ticket;
mod used_ids;
mod users;
mod visitor;

pub(crate) use ended_sessions::check as check_ended_file;
pub(crate) use known_browser::{UNLOCK_LIFETIME, unlock_code};
pub(crate) use memory::Memory;
pub(crate) use memory::MemoryChanges;
pub(crate) use openid::{Refusal, check as check_provider};
pub(crate) use throttle::{CountedAttempt, Throttle};
pub(crate) use visitor::{SessionHolder, Visitor};

use crate::clock::wall_clock;
use crate::config;
use crate::crypto::{Cookie, CookiePurpose, Seal};
use crate::identity::{Limits, Role, User};
use crate::pairing::PairingState;
use crate::problem::{Kind, Problem};
use axum::http::{HeaderMap, HeaderValue};
use openid::OpenId;
use passwords::Passwords;
use protocol::SignInMethods;
use secrecy::SecretString;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use users::{PreviousSession, Users};

/// The maximum difference between the clocks of two gateways, in seconds.
const GATEWAY_CLOCK_TOLERANCE: u64 = 120;

/// The authentication of a gateway's visitors.
#[derive(Debug)]
pub(crate) struct Access(Mode);

#[derive(Debug)]
enum Mode {
    /// No sign-in: every visitor is an admin with this name.
    Open { name: &'static str, demo: bool },
    /// Users sign in.
    Users(Box<Users>),
}

/// The configuration of the sign-in.
#[derive(Debug)]
pub(crate) struct SignIn {
    /// The configured users, who have passwords.
    pub(crate) users: Vec<User>,
    /// The provider at which other users sign in.
    pub(crate) openid: Option<config::OpenId>,
    pub(crate) limits: Limits,
    /// The key that gateways share. Without it, each gateway generates its own.
    pub(crate) key: Option<SecretString>,
    /// Whether browsers use https, to the gateway or to a proxy in front of it.
    pub(crate) encrypted: bool,
    /// The suffix that separates this console's cookies from others on the same host; by default the port in `Host`.
    pub(crate) cookie_suffix: Option<String>,
    /// The path prefix of the console in browsers: empty, or for example `/failover`.
    pub(crate) base_path: String,
    /// The file of the paired walls if the store does not keep them; otherwise the store imports its content once.
    pub(crate) walls: Option<PathBuf>,
    /// The file of the ended sessions if the store does not keep them.
    pub(crate) ended: Option<config::EndedFile>,
}

impl Access {
    /// Access to the demo: every visitor is an admin of simulated systems.
    pub(crate) fn demo() -> Self {
        let (name, demo) = ("demo", true);
        Self(Mode::Open { name, demo })
    }

    /// Access without sign-in: everybody at this computer is an admin.
    pub(crate) fn local() -> Self {
        let (name, demo) = ("local", false);
        Self(Mode::Open { name, demo })
    }

    /// Access for users who sign in. Applies the changes of the memory at once.
    ///
    /// # Errors
    /// The errors of [`Access::prepare`].
    #[cfg(test)]
    pub(crate) fn sign_in(settings: SignIn, memory: Arc<Memory>) -> Result<Self, String> {
        let (access, changes) = Self::prepare(settings, memory)?;
        changes.apply();
        Ok(access)
    }

    /// Access for users who sign in. May be used only after the changes of the memory are applied.
    ///
    /// # Errors
    /// A password hash is invalid, the client for the provider cannot be built, the operating system provides no random
    /// numbers, or the file of walls or of ended sessions cannot be used.
    pub(crate) fn prepare(
        settings: SignIn,
        memory: Arc<Memory>,
    ) -> Result<(Self, MemoryChanges), String> {
        let seal = match &settings.key {
            Some(key) => Arc::new(Seal::shared(key)),
            None => memory.ephemeral_seal.clone(),
        };
        let has_key = settings.key.is_some();
        let changes = MemoryChanges {
            ended: memory.ended.open(settings.ended.as_ref())?,
            walls: memory.walls.open(settings.walls.as_deref(), has_key)?,
            memory: memory.clone(),
        };
        let access = Self(Mode::Users(Box::new(Users {
            passwords: Passwords::new(&settings.users, memory.hashing.clone())?,
            users: settings.users,
            openid: settings
                .openid
                .map(|openid| OpenId::new(openid, settings.base_path, &seal))
                .transpose()?,
            limits: settings.limits,
            seal,
            cookie: Cookie::new(settings.encrypted, settings.cookie_suffix),
            walls: changes.walls.walls.clone(),
            memory,
            clock: wall_clock(),
        })));
        Ok((access, changes))
    }

    /// Replaces the clock.
    #[cfg(test)]
    pub(crate) fn at(self, clock: crate::clock::UnixClock) -> Self {
        match self.0 {
            Mode::Users(users) => Self(Mode::Users(Box::new(Users { clock, ..*users }))),
            open @ Mode::Open { .. } => Self(open),
        }
    }

    /// Whether any password is being hashed.
    #[cfg(test)]
    pub(crate) fn is_hashing(&self) -> bool {
        self.users()
            .is_some_and(|users| users.memory.hashing.is_busy())
    }

    /// Waits until no password is being hashed.
    #[cfg(test)]
    pub(crate) async fn hashing_ended(&self) {
        if let Some(users) = self.users() {
            users.memory.hashing.ended().await;
        }
    }

    fn users(&self) -> Option<&Users> {
        match &self.0 {
            Mode::Open { .. } => None,
            Mode::Users(users) => Some(users),
        }
    }

    /// Whether the systems are simulated.
    pub(crate) fn is_demo(&self) -> bool {
        matches!(self.0, Mode::Open { demo: true, .. })
    }

    /// Whether everybody at this computer is an admin of real systems.
    pub(crate) fn is_local(&self) -> bool {
        matches!(self.0, Mode::Open { demo: false, .. })
    }

    /// Whether users sign in and out.
    pub(crate) fn has_sign_in(&self) -> bool {
        self.users().is_some()
    }

    /// The available methods to sign in.
    pub(crate) fn sign_in_methods(&self) -> SignInMethods {
        let users = self.users();
        let openid = users.and_then(|users| users.openid.as_ref());
        SignInMethods {
            password: users.is_some_and(|users| !users.users.is_empty()),
            provider: openid.map(|openid| openid.title().to_owned()),
            roles_claim: openid.map(|openid| openid.roles_claim().to_owned()),
        }
    }

    /// The visitor who sent these headers; `None` without a valid session.
    pub(crate) async fn visitor(&self, headers: &HeaderMap) -> Option<Visitor> {
        match &self.0 {
            Mode::Open { name, .. } => Some(Visitor {
                name: (*name).to_owned(),
                role: Role::Admin,
                ticket: None,
                wall: None,
            }),
            Mode::Users(users) => match users.visitor(headers) {
                None => users.wall_of_other_gateway(headers).await,
                known => known,
            },
        }
    }

    /// The cookie that extends a session in use; `None` while the current one is recent enough.
    pub(crate) fn renewal(&self, headers: &HeaderMap, visitor: &Visitor) -> Option<HeaderValue> {
        let users = self.users()?;
        if let Some(wall) = &visitor.wall {
            return wall.renewal(&users.pairing(), headers);
        }
        let renewed = visitor
            .ticket
            .as_ref()?
            .renewed(users.limits, (users.clock)())?;
        users.cookie_of(headers, &renewed)
    }

    /// Records the time and the address of a wall's latest request.
    pub(crate) fn note_last_seen(&self, visitor: &Visitor, from: IpAddr) {
        if let (Some(users), Some(wall)) = (self.users(), visitor.wall()) {
            let now = (users.clock)().as_secs();
            users.walls.note_last_seen(wall, from, now);
        }
    }

    /// The state of pairing; `None` if no sign-in is configured.
    pub(crate) fn pairing(&self) -> Option<PairingState<'_>> {
        self.users().map(Users::pairing)
    }

    /// The throttle of attempts to enter a wall's code; `None` if no sign-in is configured.
    pub(crate) fn code_attempts(&self) -> Option<&Throttle> {
        self.users().map(|users| &users.memory.codes)
    }

    /// Signs in with a password. Returns the visitor, and the cookies of the session and of the browser.
    ///
    /// # Errors
    /// The name or the password is wrong (never revealed which one), there were too many attempts, or no sign-in is
    /// configured.
    pub(crate) async fn sign_in_with_password(
        &self,
        headers: &HeaderMap,
        from: IpAddr,
        name: &str,
        password: &SecretString,
    ) -> Result<(Visitor, Vec<HeaderValue>), Problem> {
        match self.users() {
            None => Err(Problem::new(
                Kind::BadRequest,
                "this gateway requires no sign-in",
            )),
            Some(users) => {
                users
                    .sign_in_with_password(headers, from, name, password)
                    .await
            }
        }
    }

    /// Ends the session of a user or of a wall. The wall must be paired again.
    ///
    /// # Errors
    /// The end could not be saved: after a restart, a copy of the session's cookie would be valid again.
    pub(crate) async fn end(&self, visitor: &Visitor) -> Result<(), Problem> {
        match (self.users(), PreviousSession::of(visitor)) {
            (Some(users), Some(previous)) => users.end(&previous).await,
            _ => Ok(()),
        }
    }

    /// The cookie that deletes the browser's session.
    pub(crate) fn without_session(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let cookie = &self.users()?.cookie;
        cookie.set(CookiePurpose::Session, headers, "", Duration::ZERO)
    }

    /// The user's configured name. Any other text is not logged, because it may be a password in the wrong field.
    pub(crate) fn loggable(&self, name: &str) -> &str {
        self.users()
            .and_then(|users| users.user(name))
            .map_or("(unknown)", |user| &user.name)
    }
}

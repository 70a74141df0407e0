//! Who is asking. People sign in with a name and a password, or at a provider, and get a sealed cookie;
//! nothing of it is kept on disk, so that gateways with the same key know each other's sessions. What a role
//! may do is decided in `routes`.

mod cookie;
mod ended;
mod openid;
pub(crate) mod password;
pub(crate) mod seal;
mod session;
mod throttle;
mod ticket;
mod users;

pub(crate) use cookie::{Cookie, For};
pub(crate) use openid::{Refusal, begin, finish, ways};
pub(crate) use session::{read, sign_in, sign_out};
pub(crate) use throttle::{Throttle, of_network};
pub use ticket::Limits;

use crate::config::{self, Role, User};
use crate::credentials::wall_clock;
use crate::problem::{Kind, Problem};
use crate::walls::{self, Means};
use axum::http::{HeaderMap, HeaderValue};
use ended::Ended;
use openid::OpenId;
use password::Passwords;
use seal::Seal;
use secrecy::SecretString;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use ticket::Ticket;
use users::Users;

/// Somebody who may be here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Visitor {
    pub(crate) name: String,
    pub(crate) role: Role,
    /// None where nobody signs in.
    ticket: Option<Ticket>,
    /// A paired wall's.
    wall: Option<walls::Ticket>,
}

impl Visitor {
    /// Which sign-in it is, where people sign in.
    pub(crate) fn session(&self) -> Option<&str> {
        let of_person = self.ticket.as_ref().map(|ticket| ticket.number.as_str());
        of_person.or_else(|| self.wall())
    }

    /// Which wall it is, if it was paired.
    pub(crate) fn wall(&self) -> Option<&str> {
        self.wall.as_ref().map(|ticket| ticket.wall.as_str())
    }

    /// What they are called in a log: a name that a provider gives may be somebody else's too, so its own
    /// name for them stands behind.
    pub(crate) fn in_log(&self) -> String {
        match self
            .ticket
            .as_ref()
            .and_then(|ticket| ticket.provided.as_ref())
        {
            Some(provided) => format!("{} <{}>", self.name, provided.subject),
            None => self.name.clone(),
        }
    }
}

/// How a gateway knows who is asking.
#[derive(Debug)]
pub struct Access(Way);

#[derive(Debug)]
enum Way {
    /// Nobody signs in: everybody is this admin.
    Open { name: &'static str, demo: bool },
    /// People sign in.
    Users(Box<Users>),
}

/// What outlives a change of the configuration.
#[derive(Debug)]
pub struct Memory {
    throttle: Throttle,
    /// Wrong codes of walls.
    codes: Throttle,
    walls: walls::Registers,
    ended: Ended,
    /// The beginnings of sign-ins at a provider that came back from there.
    returned: Ended,
    /// For a gateway that is given no key: sessions end with the process.
    own: Arc<Seal>,
}

impl Memory {
    /// Without any memory yet.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn new() -> Result<Self, String> {
        Ok(Self {
            throttle: Throttle::default(),
            codes: Throttle::default(),
            walls: walls::Registers::default(),
            ended: Ended::default(),
            returned: Ended::default(),
            own: Arc::new(Seal::of_its_own()?),
        })
    }
}

/// How people sign in, as configured.
#[derive(Debug)]
pub struct SignIn {
    /// Who may with a password.
    pub users: Vec<User>,
    /// Where others sign in.
    pub openid: Option<config::OpenId>,
    /// When a session ends by itself.
    pub limits: Limits,
    /// The key that gateways share; without one each has its own.
    pub key: Option<SecretString>,
    /// Whether browsers come over https, here or at a proxy in front.
    pub encrypted: bool,
    /// The file of the paired walls; without one they are forgotten when the process ends.
    pub walls: Option<PathBuf>,
}

impl Access {
    /// The demo's: everybody is an admin of a simulated world.
    #[must_use]
    pub fn demo() -> Self {
        let (name, demo) = ("demo", true);
        Self(Way::Open { name, demo })
    }

    /// Without a sign-in: whoever sits at this computer.
    #[must_use]
    pub fn local() -> Self {
        let (name, demo) = ("local", false);
        Self(Way::Open { name, demo })
    }

    /// Only people who sign in.
    ///
    /// # Errors
    /// A hash that is none, no client for the provider, no random numbers, or a file of walls that cannot be
    /// used.
    pub fn sign_in(with: SignIn, memory: Arc<Memory>) -> Result<Self, String> {
        let seal = match &with.key {
            Some(key) => Arc::new(Seal::shared(key)),
            None => memory.own.clone(),
        };
        Ok(Self(Way::Users(Box::new(Users {
            passwords: Passwords::new(&with.users)?,
            users: with.users,
            openid: with
                .openid
                .map(|openid| OpenId::new(openid, &seal))
                .transpose()?,
            limits: with.limits,
            seal,
            cookie: if with.encrypted {
                Cookie::Encrypted
            } else {
                Cookie::Local
            },
            walls: memory.walls.at(with.walls.as_deref())?,
            memory,
            clock: wall_clock(),
        }))))
    }

    /// The same with another clock.
    #[cfg(test)]
    pub(crate) fn at(self, clock: crate::credentials::Clock) -> Self {
        match self.0 {
            Way::Users(users) => Self(Way::Users(Box::new(Users { clock, ..*users }))),
            open @ Way::Open { .. } => Self(open),
        }
    }

    /// Whether the systems are simulated.
    pub(crate) fn is_demo(&self) -> bool {
        matches!(self.0, Way::Open { demo: true, .. })
    }

    /// Whether people sign in and out.
    pub(crate) fn has_sign_in(&self) -> bool {
        matches!(self.0, Way::Users(_))
    }

    /// Who is asking, if anybody who may be here.
    pub(crate) fn visitor(&self, headers: &HeaderMap) -> Option<Visitor> {
        match &self.0 {
            Way::Open { name, .. } => Some(Visitor {
                name: (*name).to_owned(),
                role: Role::Admin,
                ticket: None,
                wall: None,
            }),
            Way::Users(users) => users.visitor(headers),
        }
    }

    /// The cookie to send along so that the session does not end while it is used.
    pub(crate) fn renewal(&self, headers: &HeaderMap, visitor: &Visitor) -> Option<HeaderValue> {
        let Way::Users(users) = &self.0 else {
            return None;
        };
        if let Some(wall) = &visitor.wall {
            return wall.renewal(&users.means(), headers);
        }
        let renewed = visitor
            .ticket
            .as_ref()?
            .renewed(users.limits, (users.clock)())?;
        users.cookie_of(headers, &renewed)
    }

    /// A visitor asked for something and may have it.
    pub(crate) fn saw(&self, visitor: &Visitor, from: IpAddr) {
        if let (Way::Users(users), Some(wall)) = (&self.0, visitor.wall()) {
            users.walls.saw(wall, from, (users.clock)().as_secs());
        }
    }

    /// What walls are paired with, where people sign in.
    pub(crate) fn walls(&self) -> Option<Means<'_>> {
        match &self.0 {
            Way::Open { .. } => None,
            Way::Users(users) => Some(users.means()),
        }
    }

    /// How often somebody entered a wrong code, where people sign in.
    pub(crate) fn code_tries(&self) -> Option<&Throttle> {
        match &self.0 {
            Way::Open { .. } => None,
            Way::Users(users) => Some(&users.memory.codes),
        }
    }

    /// Signs in: the visitor and the cookie.
    ///
    /// # Errors
    /// Wrong name or password (never which), too many tries, or nobody signs in here.
    pub(crate) async fn enter(
        &self,
        headers: &HeaderMap,
        from: IpAddr,
        name: &str,
        password: &SecretString,
    ) -> Result<(Visitor, HeaderValue), Problem> {
        match &self.0 {
            Way::Open { .. } => Err(Problem::new(
                Kind::BadRequest,
                "nobody has to sign in to this gateway",
            )),
            Way::Users(users) => users.enter(headers, from, name, password).await,
        }
    }

    /// Ends a session here; the cookie takes the browser's away.
    pub(crate) fn leave(
        &self,
        headers: &HeaderMap,
        visitor: Option<&Visitor>,
    ) -> Option<HeaderValue> {
        let Way::Users(users) = &self.0 else {
            return None;
        };
        if let Some(ticket) = visitor.and_then(|visitor| visitor.ticket.as_ref()) {
            users.memory.ended.add(&ticket.number, (users.clock)());
        }
        users.cookie.set(For::Session, headers, "", Duration::ZERO)
    }

    /// A name that may be written into a log.
    pub(crate) fn loggable<'n>(&self, name: &'n str) -> &'n str {
        match &self.0 {
            Way::Users(users) if users.knows(name) => name,
            _ => "(unknown)",
        }
    }
}

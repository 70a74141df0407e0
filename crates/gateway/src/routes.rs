//! Every route, and who may use it. A request's path is read once, here: what is judged is what is
//! answered. Whatever is not listed, or listed without a rule, is nobody's.

use crate::access::Visitor;
use crate::app::Gateway;
use crate::config::Role;
use crate::problem::{Kind, Problem};
use crate::relay::{self, Target};
use axum::http::Method;
use vendors::{Operation, System};

/// Who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Also who is not signed in.
    Anyone,
    /// These.
    Roles(&'static [Role]),
}

const ADMINS: Rule = Rule::Roles(&[Role::Admin]);
const PEOPLE: Rule = Rule::Roles(&[Role::Admin, Role::Viewer]);
const EVERYBODY: Rule = Rule::Roles(&[Role::Admin, Role::Viewer, Role::Wall]);
const NOBODY: Rule = Rule::Roles(&[]);

impl Rule {
    pub(crate) fn allows(self, role: Role) -> bool {
        match self {
            Self::Anyone => true,
            Self::Roles(roles) => roles.contains(&role),
        }
    }
}

/// What the gateway answers by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Own {
    ReadSession,
    SignIn,
    SignOut,
    WaysToSignIn,
    BeginAtProvider,
    BackFromProvider,
    Connections,
    Build,
    AskPairing,
    ReadPairing,
    Walls,
    PairWall,
    RevokeWall,
    Metrics,
    Healthy,
    Ready,
}

/// The own routes. HEAD goes wherever GET goes. `{id}` is one segment, whatever it holds.
pub(crate) const OWN: [(Method, &str, Own, Rule); 16] = [
    (Method::GET, "/api/session", Own::ReadSession, EVERYBODY),
    (Method::POST, "/api/session", Own::SignIn, Rule::Anyone),
    (Method::DELETE, "/api/session", Own::SignOut, Rule::Anyone),
    (Method::GET, "/api/sign-in", Own::WaysToSignIn, Rule::Anyone),
    (
        Method::GET,
        "/api/openid/start",
        Own::BeginAtProvider,
        Rule::Anyone,
    ),
    (
        Method::GET,
        "/api/openid/callback",
        Own::BackFromProvider,
        Rule::Anyone,
    ),
    (Method::GET, "/api/connections", Own::Connections, EVERYBODY),
    (Method::GET, "/api/build", Own::Build, EVERYBODY),
    (Method::POST, "/api/pairing", Own::AskPairing, Rule::Anyone),
    (Method::GET, "/api/pairing", Own::ReadPairing, Rule::Anyone),
    (Method::GET, "/api/walls", Own::Walls, ADMINS),
    (Method::POST, "/api/walls", Own::PairWall, ADMINS),
    (Method::DELETE, "/api/walls/{id}", Own::RevokeWall, ADMINS),
    // A scraper with the configured token comes in too: see `edge`.
    (Method::GET, "/metrics", Own::Metrics, PEOPLE),
    (Method::GET, "/healthz", Own::Healthy, Rule::Anyone),
    (Method::GET, "/readyz", Own::Ready, Rule::Anyone),
];

/// What a request asks for.
#[derive(Debug)]
pub(crate) enum Place {
    Own(Own, Rule),
    Relay(Box<Target>),
    Thumbnail,
    /// The console's files and pages: the same for everybody, and the sign-in is one of them.
    Console,
}

impl Place {
    /// As it is counted.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Own(..) => "own",
            Self::Relay(_) => "relay",
            Self::Thumbnail => "thumbnail",
            Self::Console => "console",
        }
    }

    pub(crate) fn rule(&self) -> Rule {
        match self {
            Self::Own(_, rule) => *rule,
            Self::Relay(target) => of_operation(target.system(), target.operation),
            Self::Thumbnail => EVERYBODY,
            Self::Console => Rule::Anyone,
        }
    }
}

/// Who may use an operation of the vendors' contracts.
pub(crate) fn of_operation(system: &System, operation: &Operation) -> Rule {
    match (system, operation.name) {
        (
            System::Aveva(_),
            "list groups" | "get group" | "group status" | "list sessions" | "get session",
        )
        | (System::Uplynk, "list groups" | "get group")
        | (System::Veeam { .. }, "query sessions" | "get session" | "list recent sessions") => {
            EVERYBODY
        }
        (System::Uplynk, "list allowed owners") => PEOPLE,
        (
            System::Aveva(_),
            "create group" | "delete group" | "create session" | "put session" | "delete session"
            | "heartbeat" | "role override",
        )
        | (
            System::Uplynk,
            "configure group"
            | "order slicers"
            | "activate slicer"
            | "set slate"
            | "change channels"
            | "change allowed owners",
        ) => ADMINS,
        _ => NOBODY,
    }
}

/// What a method and a path, as it stands in the request line, ask for.
///
/// # Errors
/// Why there is nothing.
pub(crate) fn find(gateway: &Gateway, method: &Method, path: &str) -> Result<Place, Problem> {
    let first = path.trim_start_matches('/').split('/').next();
    match first.unwrap_or_default() {
        "relay" => relay::find(gateway, method, path).map(|target| Place::Relay(Box::new(target))),
        "thumbnails" => Ok(Place::Thumbnail),
        "api" | "metrics" | "healthz" | "readyz" => own(method, path),
        _ => Ok(Place::Console),
    }
}

fn own(method: &Method, path: &str) -> Result<Place, Problem> {
    let asked = if *method == Method::HEAD {
        &Method::GET
    } else {
        method
    };
    let here = || OWN.iter().filter(|(_, known, _, _)| fits(known, path));
    if let Some((_, _, own, rule)) = here().find(|(known, _, _, _)| known == asked) {
        return Ok(Place::Own(*own, *rule));
    }
    let mut allowed: Vec<&str> = here().map(|(method, _, _, _)| method.as_str()).collect();
    if allowed.is_empty() {
        return Err(Problem::new(
            Kind::NotFound,
            "the gateway has no such route",
        ));
    }
    if allowed.contains(&"GET") {
        allowed.push("HEAD");
    }
    let detail = format!("this path takes {}, not {method}", allowed.join(" or "));
    Err(Problem {
        allow: Some(allowed.join(", ")),
        ..Problem::new(Kind::MethodNotAllowed, detail)
    })
}

/// Whether a path is a route's.
fn fits(known: &str, path: &str) -> bool {
    match known.strip_suffix("{id}") {
        Some(before) => path
            .strip_prefix(before)
            .is_some_and(|id| !id.is_empty() && !id.contains('/')),
        None => known == path,
    }
}

/// Whether the visitor may have this, and what it is then. A `scraper` may read the metrics, as whoever
/// it is.
///
/// # Errors
/// Nobody is signed in; who is may not; or there is nothing, which only who is signed in learns.
pub(crate) fn judge(
    visitor: Option<&Visitor>,
    scraper: bool,
    method: &Method,
    found: Result<Place, Problem>,
) -> Result<Place, Problem> {
    let rule = found.as_ref().map(Place::rule);
    let scrapes = scraper && matches!(found, Ok(Place::Own(Own::Metrics, _)));
    if rule == Ok(Rule::Anyone) || scrapes {
        return found;
    }
    let Some(visitor) = visitor else {
        return Err(Problem::new(
            Kind::SignIn,
            "nobody is signed in, or the session has ended",
        ));
    };
    let forbidden = || {
        let what = if reads(method) { "see" } else { "change" };
        Problem::new(
            Kind::Forbidden,
            format!("a {} may not {what} this", visitor.role.word()),
        )
    };
    // Whatever a path may mean to whom: who may not write sends no write.
    if visitor.role != Role::Admin && !reads(method) {
        return Err(forbidden());
    }
    let place = found?;
    if place.rule().allows(visitor.role) {
        Ok(place)
    } else {
        Err(forbidden())
    }
}

pub(crate) fn reads(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

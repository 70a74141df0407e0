//! Every route and its rule. The path of a request is read once, here, so that the request is answered exactly
//! as it was authorized. A path that is not listed, or listed without a rule, is denied.

use crate::app::Gateway;
use crate::auth::Visitor;
use crate::identity::Role;
use crate::problem::{Kind, Problem};
use crate::relay::{self, Target};
use axum::http::Method;
use vendors::{Operation, System};

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Everybody, also without a session.
    Anyone,
    /// Visitors with one of these roles.
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

/// The gateway's own routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Own {
    ReadSession,
    SignIn,
    SignOut,
    SignInMethods,
    StartAtProvider,
    ReturnFromProvider,
    Connections,
    Inventory,
    Build,
    NewPairingCode,
    ReadPairing,
    Walls,
    PairWall,
    RevokeWall,
    Metrics,
    Healthy,
    Ready,
}

/// The gateway's own routes. HEAD is routed like GET. `{id}` matches one segment.
pub(crate) const OWN: [(Method, &str, Own, Rule); 17] = [
    (Method::GET, "/api/session", Own::ReadSession, EVERYBODY),
    (Method::POST, "/api/session", Own::SignIn, Rule::Anyone),
    (Method::DELETE, "/api/session", Own::SignOut, Rule::Anyone),
    (
        Method::GET,
        "/api/sign-in",
        Own::SignInMethods,
        Rule::Anyone,
    ),
    (
        Method::GET,
        "/api/openid/start",
        Own::StartAtProvider,
        Rule::Anyone,
    ),
    (
        Method::GET,
        "/api/openid/callback",
        Own::ReturnFromProvider,
        Rule::Anyone,
    ),
    (Method::GET, "/api/connections", Own::Connections, EVERYBODY),
    // Also readable with the configured token, as are the metrics: see `middleware`.
    (Method::GET, "/api/inventory", Own::Inventory, EVERYBODY),
    (Method::GET, "/api/build", Own::Build, EVERYBODY),
    (
        Method::POST,
        "/api/pairing",
        Own::NewPairingCode,
        Rule::Anyone,
    ),
    (Method::GET, "/api/pairing", Own::ReadPairing, Rule::Anyone),
    (Method::GET, "/api/walls", Own::Walls, ADMINS),
    (Method::POST, "/api/walls", Own::PairWall, ADMINS),
    (Method::DELETE, "/api/walls/{id}", Own::RevokeWall, ADMINS),
    (Method::GET, "/metrics", Own::Metrics, PEOPLE),
    (Method::GET, "/healthz", Own::Healthy, Rule::Anyone),
    (Method::GET, "/readyz", Own::Ready, Rule::Anyone),
];

/// What a request addresses.
#[derive(Debug)]
pub(crate) enum Destination {
    Own(Own, Rule),
    Relay(Box<Target>),
    Thumbnail,
    /// The console's files and pages. They are public, and the sign-in page is one of them.
    Console,
}

impl Destination {
    /// The label in the metrics.
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

/// Finds the destination of a method and a path, as it is in the request line.
///
/// # Errors
/// There is none.
pub(crate) fn find(gateway: &Gateway, method: &Method, path: &str) -> Result<Destination, Problem> {
    let first = path.trim_start_matches('/').split('/').next();
    match first.unwrap_or_default() {
        "relay" => relay::find(&gateway.upstreams, method, path)
            .map(|target| Destination::Relay(Box::new(target))),
        "thumbnails" => Ok(Destination::Thumbnail),
        "api" | "metrics" | "healthz" | "readyz" => own(method, path),
        _ => Ok(Destination::Console),
    }
}

fn own(method: &Method, path: &str) -> Result<Destination, Problem> {
    let effective = if *method == Method::HEAD {
        &Method::GET
    } else {
        method
    };
    let here = || OWN.iter().filter(|(_, known, _, _)| fits(known, path));
    if let Some((_, _, own, rule)) = here().find(|(known, _, _, _)| known == effective) {
        return Ok(Destination::Own(*own, *rule));
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

/// Whether a path matches a route.
fn fits(known: &str, path: &str) -> bool {
    match known.strip_suffix("{id}") {
        Some(before) => path
            .strip_prefix(before)
            .is_some_and(|id| !id.is_empty() && !id.contains('/')),
        None => known == path,
    }
}

/// Authorizes a request. A `scraper` may read the metrics and the inventory without a session.
///
/// # Errors
/// There is no session, the role is not sufficient, or there is no such destination, which only visitors with
/// a session are told.
pub(crate) fn authorize(
    visitor: Option<&Visitor>,
    scraper: bool,
    method: &Method,
    found: Result<Destination, Problem>,
) -> Result<Destination, Problem> {
    let rule = found.as_ref().map(Destination::rule);
    let scrapes = scraper
        && matches!(
            found,
            Ok(Destination::Own(Own::Metrics | Own::Inventory, _))
        );
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
    // Independent of the path: only admins may send anything but reads.
    if visitor.role != Role::Admin && !reads(method) {
        return Err(forbidden());
    }
    let destination = found?;
    if destination.rule().allows(visitor.role) {
        Ok(destination)
    } else {
        Err(forbidden())
    }
}

pub(crate) fn reads(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

//! Authorizes each request by its route, before the handler runs. Requests that no rule allows are denied.

use crate::app::Gateway;
use crate::auth::Visitor;
use crate::identity::Role;
use crate::problem::{Kind, Problem};
use crate::relay::{self, Target};
use axum::http::Method;
use vendors::{Operation, System};

/// The visitors who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Everybody, also without a session.
    Anyone,
    /// Visitors with one of these roles.
    Roles(&'static [Role]),
    /// Visitors with one of these roles, and callers with the configured bearer token.
    RolesOrToken(&'static [Role]),
    /// The rule of [`of_operation`] for the vendor operation that the path names.
    Operation,
}

pub(super) const ADMINS: Rule = Rule::Roles(&[Role::Admin]);
pub(super) const PEOPLE: Rule = Rule::Roles(&[Role::Admin, Role::Viewer]);
pub(super) const EVERYBODY_OR_TOKEN: Rule =
    Rule::RolesOrToken(&[Role::Admin, Role::Viewer, Role::Wall]);
pub(super) const PEOPLE_OR_TOKEN: Rule = Rule::RolesOrToken(&[Role::Admin, Role::Viewer]);
pub(super) const EVERYBODY: Rule = Rule::Roles(&[Role::Admin, Role::Viewer, Role::Wall]);
const NOBODY: Rule = Rule::Roles(&[]);

impl Rule {
    pub(crate) fn allows(self, role: Role) -> bool {
        match self {
            Self::Anyone => true,
            Self::Roles(roles) | Self::RolesOrToken(roles) => roles.contains(&role),
            Self::Operation => false,
        }
    }
}

/// The rule for an operation of the vendors' contracts.
pub(crate) fn of_operation(system: &System, operation: &Operation) -> Rule {
    match (system, operation.name) {
        (
            System::Aveva(_),
            "list groups" | "get group" | "group status" | "list sessions" | "get session",
        )
        | (System::Uplynk, "list groups" | "get group" | "list allowed owners")
        | (System::Veeam { .. }, "query sessions" | "get session" | "list recent sessions") => {
            PEOPLE
        }
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

/// The routes of one path.
#[derive(Debug)]
pub(super) enum Resource {
    /// The routes of one listed path. A route without a method takes every method.
    Listed {
        path: &'static str,
        routes: Vec<(Option<Method>, Rule)>,
    },
    /// All other paths: files and pages of the console, unless the first segment is that of a listed path.
    Unlisted { reserved: Vec<&'static str> },
}

/// The route of one request.
#[derive(Debug)]
pub(super) struct Addressed {
    pub(super) rule: Rule,
    /// The kind of route in the metrics.
    pub(super) kind: &'static str,
    /// The operation to relay, for [`Rule::Operation`].
    pub(super) target: Option<Target>,
}

impl Resource {
    /// Whether this is a health probe.
    pub(super) fn is_probe(&self) -> bool {
        matches!(
            self,
            Self::Listed {
                path: "/healthz" | "/readyz",
                ..
            }
        )
    }

    /// Whether this is a file or page of the console.
    pub(super) fn is_console(&self) -> bool {
        matches!(self, Self::Unlisted { .. })
    }

    /// Finds the route of a request.
    ///
    /// # Errors
    /// There is no route with this path and method.
    pub(super) fn find(
        &self,
        gateway: &Gateway,
        method: &Method,
        path: &str,
    ) -> Result<Addressed, Problem> {
        let (listed, routes) = match self {
            Self::Listed { path, routes } => (path, routes),
            Self::Unlisted { reserved } if reserved.contains(&first_segment(path)) => {
                return Err(Problem::new(
                    Kind::NotFound,
                    "the gateway has no such route",
                ));
            }
            Self::Unlisted { .. } => {
                return Ok(Addressed {
                    rule: Rule::Anyone,
                    kind: "console",
                    target: None,
                });
            }
        };
        // HEAD is routed like GET.
        let effective = if *method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let found = routes.iter().find(|(known, _)| match known {
            Some(known) => known == effective,
            None => true,
        });
        let Some((_, rule)) = found else {
            return Err(method_not_allowed(routes, method));
        };
        let target = match rule {
            Rule::Operation => Some(relay::find(&gateway.upstreams, method, path)?),
            Rule::Anyone | Rule::Roles(_) | Rule::RolesOrToken(_) => None,
        };
        let rule = match &target {
            Some(target) => of_operation(target.system(), target.operation),
            None => *rule,
        };
        let kind = match first_segment(listed) {
            "relay" => "relay",
            "thumbnails" => "thumbnail",
            _ => "own",
        };
        Ok(Addressed { rule, kind, target })
    }
}

/// The first segment of a path. Leading empty segments are skipped, so that no spelling of a reserved path
/// counts as a page of the console.
pub(super) fn first_segment(path: &str) -> &str {
    let path = path.trim_start_matches('/');
    path.split('/').next().unwrap_or_default()
}

fn method_not_allowed(routes: &[(Option<Method>, Rule)], method: &Method) -> Problem {
    let mut allowed: Vec<&str> = routes
        .iter()
        .filter_map(|(method, _)| method.as_ref().map(Method::as_str))
        .collect();
    if allowed.contains(&"GET") {
        allowed.push("HEAD");
    }
    let detail = format!("this path takes {}, not {method}", allowed.join(" or "));
    Problem {
        allow: Some(allowed.join(", ")),
        ..Problem::new(Kind::MethodNotAllowed, detail)
    }
}

/// Authorizes a request. `token`: whether the bearer token of the request, if any, is the configured one.
///
/// # Errors
/// There is no session, the role is not sufficient, or there is no such route, which is reported only to visitors
/// with a session.
pub(super) fn authorize(
    visitor: Option<&Visitor>,
    token: Option<bool>,
    method: &Method,
    found: Result<Addressed, Problem>,
) -> Result<Addressed, Problem> {
    match found.as_ref().map(|addressed| addressed.rule) {
        Ok(Rule::Anyone) => return found,
        Ok(Rule::RolesOrToken(_)) if token == Some(true) => return found,
        _ => {}
    }
    let Some(visitor) = visitor else {
        let detail = match token {
            None => "not signed in, or the session has ended",
            Some(true) => {
                "the metrics token is accepted for GET /api/inventory and GET /metrics only: sign in for anything else"
            }
            Some(false) => {
                "the token in the header `Authorization` is not the metrics token of this gateway's configuration \
                 (metrics_token_file or metrics_token_env): send that one, or sign in, because there is no session or it \
                 has ended"
            }
        };
        return Err(Problem::new(Kind::SignIn, detail));
    };
    let reads = matches!(*method, Method::GET | Method::HEAD);
    let forbidden = || {
        let what = if reads { "see" } else { "change" };
        Problem::new(
            Kind::Forbidden,
            format!("a {} may not {what} this", visitor.role.name()),
        )
    };
    // For every path: only admins may send anything but reads.
    if visitor.role != Role::Admin && !reads {
        return Err(forbidden());
    }
    let addressed = found?;
    if addressed.rule.allows(visitor.role) {
        Ok(addressed)
    } else {
        Err(forbidden())
    }
}

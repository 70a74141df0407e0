//! Authorization: every role at every route with every method, generated from the list of routes, so that a route
//! without a rule fails a test.

use super::access::{sign_in, with_users};
use super::vendor::{Vendor, json};
use super::*;
use crate::http::authorization::{Rule, of_operation};
use crate::http::router::{Route, routes};
use crate::identity::Role;
use vendors::{Method, Operation};

const ROLES: [(&str, Role); 3] = [
    ("ann", Role::Admin),
    ("vic", Role::Viewer),
    ("hall", Role::Wall),
];

const METHODS: [&str; 8] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE",
];

fn systems() -> Vec<(&'static str, System)> {
    let system = |json: &str| serde_json::from_str(json).unwrap();
    vec![
        ("plant-a", aveva()),
        (
            "plant-b",
            system(r#"{"system":"aveva","sessions_version":"v1-preview"}"#),
        ),
        ("live", System::Uplynk),
        ("em", system(r#"{"system":"veeam"}"#)),
    ]
}

/// Every operation of every system's contract.
pub(super) fn operations(system: &System) -> Vec<&'static Operation> {
    match system {
        System::Aveva(base) => {
            use vendors::aveva::operations::{OF_GROUPS, OF_SESSIONS};
            let all = OF_GROUPS.into_iter().chain(OF_SESSIONS);
            all.filter(|operation| base.has(operation)).collect()
        }
        System::Uplynk => vendors::uplynk::operations::ALL.to_vec(),
        System::Veeam { .. } => vendors::veeam::operations::ALL.to_vec(),
    }
}

/// A path for the operation.
fn path(connection: &str, system: &System, operation: &Operation) -> String {
    let bases = [
        "/api/v1/clientfailover",
        "/api/v1-preview/clientfailover",
        "/api/v4",
        "/api",
        "",
    ];
    let found = bases.into_iter().find_map(|base| {
        let path = operation.path_for(base, &["x", "y"]);
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        (system.operation(operation.method, &segments) == Some(operation)).then_some(path)
    });
    let path = found.unwrap_or_else(|| panic!("{operation:?} is under none of {bases:?}"));
    format!("/relay/{connection}{path}")
}

pub(super) async fn everything(base: &str) -> Arc<Gateway> {
    let connections = systems().into_iter().map(|(id, system)| {
        let credentials = match system {
            System::Uplynk => config::Credentials::IntegrationKey {
                owner: "o".to_owned(),
                api_key: SECRET.into(),
            },
            _ => basic(),
        };
        let mut connection = connection(id, system, base, credentials);
        connection.timeout = Duration::from_secs(60);
        connection
    });
    Arc::new(with_users(connections.collect(), None, false))
}

/// The cookie of each role, and an empty one for a visitor without a session.
async fn visitors(gateway: &Arc<Gateway>) -> Vec<(Option<Role>, String)> {
    let mut visitors = vec![(None, String::new())];
    for (name, role) in ROLES {
        visitors.push((Some(role), sign_in(gateway, name).await));
    }
    visitors.push((Some(Role::Wall), walls::paired(gateway, "Hall").await));
    visitors
}

pub(super) async fn vendor() -> Vendor {
    Vendor::new(|request, _| {
        let mut response = json(200, "[]");
        if request.line.contains("/sessionMngr/") {
            response
                .headers_mut()
                .insert("x-restsvcsessionid", "s".parse().unwrap());
        }
        response
    })
    .await
}

/// The requests that reached the vendor, without the gateway's own log-on.
pub(super) fn reached(vendor: &Vendor) -> Vec<String> {
    let mut lines = vendor.lines();
    lines.retain(|line| !line.contains("/sessionMngr/"));
    lines
}

#[test]
fn every_operation_has_a_rule_that_depends_on_whether_it_writes() {
    for (_, system) in systems() {
        for operation in operations(&system) {
            let rule = of_operation(&system, operation);
            let may = ROLES.map(|(_, role)| rule.allows(role));
            let [admin, viewer, wall] = may;
            assert!(admin, "{operation:?} has no rule in authorization.rs");
            assert!(rule != Rule::Anyone, "{operation:?}");
            assert_eq!(viewer, !operation.writes(), "{operation:?}");
            assert!(viewer || !wall, "{operation:?}");
        }
    }
    let unknown = Operation {
        name: "unknown",
        method: Method::Get,
        path: "/x",
        query: &[],
    };
    for (_, system) in systems() {
        let rule = of_operation(&system, &unknown);
        assert!(ROLES.iter().all(|(_, role)| !rule.allows(*role)));
    }
}

#[test]
fn a_wall_may_use_no_operation_of_a_vendor() {
    for (_, system) in systems() {
        for operation in operations(&system) {
            let rule = of_operation(&system, operation);
            assert!(!rule.allows(Role::Wall), "{operation:?}");
        }
    }
}

/// The expectations are repeated here and not taken from the rules, except for reads of the vendors' operations, which
/// the previous tests check.
#[tokio::test(start_paused = true)]
async fn every_role_at_every_route_with_every_method() {
    let vendor = vendor().await;
    let gateway = everything(&vendor.base).await;
    let mut cells = 0;
    for (role, cookie) in visitors(&gateway).await {
        for (id, system) in systems() {
            for operation in operations(&system) {
                let path = path(id, &system, operation);
                let here: Vec<&Operation> = operations(&system)
                    .into_iter()
                    .filter(|other| other.path == operation.path)
                    .collect();
                for method in METHODS {
                    let requested = here.iter().find(|other| other.method.as_str() == method);
                    let before = reached(&vendor).len();
                    let tag = ("if-match", "\"x\"");
                    let answer = ask(
                        &gateway,
                        &format!("{method} {path}"),
                        &[("cookie", &cookie), tag],
                        "",
                    )
                    .await;
                    let status = answer.status().as_u16();
                    let reads = ["GET", "HEAD"].contains(&method);
                    let sees = requested.zip(role).is_none_or(|(requested, role)| {
                        of_operation(&system, requested).allows(role)
                    });
                    let (expected, arrives) = match role {
                        None => (401, false),
                        Some(Role::Viewer | Role::Wall) if !reads => (403, false),
                        Some(_) if requested.is_none() => (405, false),
                        Some(_) if !sees => (403, false),
                        Some(_) => (200, true),
                    };
                    let cell = format!("{role:?} {method} {path}");
                    if arrives {
                        // Other failures, for example an order that cannot be checked, are irrelevant here.
                        assert!(![401, 403, 404, 405].contains(&status), "{cell}: {status}");
                    } else {
                        assert_eq!(status, expected, "{cell}");
                        assert_eq!(reached(&vendor).len(), before, "{cell}");
                    }
                    cells += 1;
                }
            }
        }
        own_routes(&gateway, role, &cookie).await;
    }
    assert!(cells > 1_200, "{cells}");
}

/// The gateway's own routes that require no session.
const OPEN: [&str; 12] = [
    "POST /api/session",
    "DELETE /api/session",
    "GET /api/sign-in",
    "GET /api/unlock",
    "POST /api/unlock",
    "GET /api/openid/start",
    "GET /api/openid/callback",
    "POST /api/csp-report",
    "POST /api/pairing",
    "GET /api/pairing",
    "GET /healthz",
    "GET /readyz",
];

/// Checks the gateway's own routes, and paths without a route.
async fn own_routes(gateway: &Arc<Gateway>, role: Option<Role>, cookie: &str) {
    let own: Vec<Route> = routes()
        .into_iter()
        .filter(|route| route.method.is_some())
        .collect();
    for Route { path: route, .. } in &own {
        let path = &route.replace("{id}", "x");
        for method in METHODS {
            let effective = if method == "HEAD" { "GET" } else { method };
            let is_route = own.iter().any(|known| {
                known.path == *route && known.method.as_ref().unwrap().as_str() == effective
            });
            let line = format!("{effective} {route}");
            if line == "DELETE /api/session" {
                continue;
            }
            let headers = [("cookie", cookie)];
            let answer = ask(gateway, &format!("{method} {path}"), &headers, "").await;
            let status = answer.status().as_u16();
            if status == 401 {
                assert_eq!(header(&answer, "allow"), "", "methods revealed: {line}");
            }
            let cell = format!("{role:?} {method} {path}: {status}");
            match (role, is_route, line.as_str()) {
                _ if OPEN.contains(&line.as_str()) => {
                    assert!(![401, 403, 404, 405].contains(&status), "{cell}");
                }
                (None, ..) => assert_eq!(status, 401, "{cell}"),
                (Some(Role::Viewer | Role::Wall), false, _) if effective != "GET" => {
                    assert_eq!(status, 403, "{cell}");
                }
                (Some(_), false, _) => assert_eq!(status, 405, "{cell}"),
                (
                    Some(Role::Wall),
                    _,
                    "GET /metrics"
                    | "GET /api/activity"
                    | "GET /api/report"
                    | "GET /api/maintenance",
                )
                | (
                    Some(Role::Viewer | Role::Wall),
                    _,
                    "GET /api/walls"
                    | "GET /api/alert-targets"
                    | "POST /api/walls"
                    | "DELETE /api/walls/{id}"
                    | "POST /api/alarms/{id}/acknowledgement"
                    | "POST /api/alarms/{id}/notes"
                    | "DELETE /api/alarms/{id}/acknowledgement"
                    | "POST /api/maintenance"
                    | "DELETE /api/maintenance/{id}",
                ) => assert_eq!(status, 403, "{cell}"),
                // The body is empty, and nothing has this id.
                (
                    _,
                    _,
                    "POST /api/walls"
                    | "POST /api/alarms/{id}/acknowledgement"
                    | "POST /api/alarms/{id}/notes"
                    | "POST /api/maintenance",
                ) => assert_eq!(status, 400, "{cell}"),
                (
                    _,
                    _,
                    "DELETE /api/walls/{id}"
                    | "DELETE /api/alarms/{id}/acknowledgement"
                    | "DELETE /api/maintenance/{id}"
                    | "GET /thumbnails/{connection}/{group}/{slicer}",
                ) => assert_eq!(status, 404, "{cell}"),
                (Some(_), true, _) => assert_eq!(status, 200, "{cell}"),
            }
        }
    }
    for path in [
        "/api/new",
        "/api/walls/",
        "/api/walls/x/y",
        "/api//walls",
        "/metrics/x",
        "/relay/new",
        "/relay/live/api/v4/new",
    ] {
        let answer = ask(gateway, &format!("GET {path}"), &[("cookie", cookie)], "").await;
        let expected = if role.is_some() { 404 } else { 401 };
        assert_eq!(answer.status(), expected, "{role:?} {path}");
    }
}

#[tokio::test]
async fn a_rejection_names_the_role() {
    let gateway = everything("http://127.0.0.1:1").await;
    let cookie = sign_in(&gateway, "vic").await;
    let answer = ask(
        &gateway,
        &format!("POST {GROUPS}"),
        &[("cookie", &cookie)],
        "{}",
    )
    .await;
    assert_eq!(
        problem(answer).await,
        (
            "forbidden".to_owned(),
            403,
            "a viewer may not change this".to_owned()
        )
    );
    let cookie = sign_in(&gateway, "hall").await;
    let path = "/relay/live/api/v4/failover-groups/x/allowed-owners";
    let answer = ask(&gateway, &format!("GET {path}"), &[("cookie", &cookie)], "").await;
    assert_eq!(problem(answer).await.2, "a wall may not see this");
}

#[tokio::test]
async fn only_an_admin_can_retry_a_rejected_log_on_at_once() {
    let vendor = Vendor::new(|_, _| json(401, "")).await;
    let gateway = everything(&vendor.base).await;
    let ann = sign_in(&gateway, "ann").await;
    let query = "GET /relay/em/api/query?type=CloudFailoverSession&format=Entities";
    let read = async || {
        ask(&gateway, query, &[("cookie", &ann)], "").await;
        vendor.lines().len()
    };
    let mut sent = read().await;
    assert_eq!(sent, 1);
    advance_time(30).await;
    for (role, cookie) in visitors(&gateway).await {
        let demanded = [("cookie", cookie.as_str()), ("cache-control", "no-cache")];
        // Neither of the other connections has the same account.
        for connection in ["em", "live", "no-such"] {
            let line = format!("GET /api/inventory?connection={connection}");
            ask(&gateway, &line, &demanded, "").await;
            sent += usize::from(role == Some(Role::Admin) && connection == "em");
            assert_eq!(read().await, sent, "{role:?} {connection}");
        }
    }
}

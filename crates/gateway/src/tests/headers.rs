//! The complete headers of every kind of response, so that a missing or an additional header fails a test.

use super::access::{PASSWORD, sign_in, with_users};
use super::vendor::{Vendor, json};
use super::walls::paired;
use super::*;
use crate::http::router::routes;
use std::sync::atomic::{AtomicU64, Ordering};

const EVERY: &str = "\
cross-origin-opener-policy: same-origin
cross-origin-resource-policy: same-origin
permissions-policy: camera=(), geolocation=(), microphone=(), payment=(), usb=()
x-content-type-options: nosniff
x-frame-options: DENY
x-request-id: …";

const DATA: &str = "\
cache-control: no-store
content-security-policy: default-src 'none'; frame-ancestors 'none'; sandbox
referrer-policy: no-referrer";

const FORM: &str = "\
cache-control: no-store
content-security-policy: default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'
referrer-policy: same-origin";

const PAGE: &str = "content-security-policy: default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
                    style-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; \
                    form-action 'self'; report-uri /api/csp-report; frame-ancestors 'none'\n\
                    referrer-policy: no-referrer";

/// All headers, sorted, without the values that vary.
fn headers(answer: &Response<Body>) -> Vec<String> {
    let mut lines: Vec<String> = answer
        .headers()
        .iter()
        .map(|(name, value)| {
            let value = value.to_str().unwrap();
            let value = match name.as_str() {
                "x-request-id" | "etag" | "date" => "…",
                "set-cookie" => value.split_once(';').unwrap().1,
                _ => value,
            };
            format!("{name}: {value}")
        })
        .filter(|line| !line.starts_with("content-length"))
        .collect();
    lines.sort();
    lines
}

fn expected(parts: &[&str]) -> Vec<String> {
    let mut lines: Vec<String> = parts
        .iter()
        .flat_map(|part| part.lines())
        .map(str::to_owned)
        .collect();
    lines.sort();
    lines
}

const JSON: &str = "content-type: application/json";
const PROBLEM: &str = "content-type: application/problem+json";
const RELAYED: &str = "age: 0\ncontent-type: application/json\ndate: …\nvia: 1.1 failover-console";

#[tokio::test]
async fn every_answer_has_exactly_these_headers() {
    let vendor = Vendor::new(|_, _| json(200, "[]")).await;
    let plant = connection("plant-a", aveva(), &vendor.base, basic());
    let gateway = Arc::new(with_users(vec![plant], None, false));
    let cookie = sign_in(&gateway, "ann").await;
    let body = serde_json::json!({"user": "ann", "password": PASSWORD}).to_string();
    let groups = format!("GET {GROUPS}");
    let order = format!("POST {GROUPS}");
    let page = "cache-control: no-cache\ncontent-type: text/html; charset=utf-8\netag: …\nvary: accept-encoding";
    let text = "content-type: text/plain; charset=utf-8";
    let prometheus = "content-type: text/plain; version=0.0.4; charset=utf-8";
    let set = "set-cookie:  Path=/; Max-Age=3600; HttpOnly; SameSite=Strict";
    let known = "set-cookie:  Path=/; Max-Age=15552000; HttpOnly; SameSite=Strict";
    let cleared = "set-cookie:  Path=/; Max-Age=0; HttpOnly; SameSite=Strict";
    let pairing_cookie = "set-cookie:  Path=/; Max-Age=1200; HttpOnly; SameSite=Strict";
    let asks = "www-authenticate: Session";
    let rows: Vec<(&str, bool, &str, u16, Vec<&str>)> = vec![
        ("GET /", false, "", 200, vec![page, PAGE]),
        ("GET /groups/x", false, "", 200, vec![page, PAGE]),
        ("GET /x.js", false, "", 404, vec![PROBLEM, DATA]),
        (
            "POST /",
            false,
            "",
            405,
            vec![PROBLEM, DATA, "allow: GET, HEAD"],
        ),
        ("GET /healthz", false, "", 200, vec![text, DATA]),
        ("GET /readyz", false, "", 200, vec![text, DATA]),
        ("GET /metrics", true, "", 200, vec![prometheus, DATA]),
        ("GET /metrics", false, "", 401, vec![PROBLEM, DATA, asks]),
        ("GET /api/session", true, "", 200, vec![JSON, DATA]),
        (
            "GET /api/session",
            false,
            "",
            401,
            vec![PROBLEM, DATA, asks],
        ),
        (
            "POST /api/session",
            false,
            &body,
            200,
            vec![JSON, DATA, set, known],
        ),
        ("POST /api/session", false, "{}", 400, vec![PROBLEM, DATA]),
        ("DELETE /api/session", false, "", 204, vec![DATA, cleared]),
        (
            "PUT /api/session",
            true,
            "",
            405,
            vec![PROBLEM, DATA, "allow: GET, POST, DELETE, HEAD"],
        ),
        (
            "GET /api/unlock",
            false,
            "",
            200,
            vec!["content-type: text/html; charset=utf-8", FORM],
        ),
        ("POST /api/unlock", false, "", 400, vec![PROBLEM, DATA]),
        ("GET /api/sign-in", false, "", 200, vec![JSON, DATA]),
        ("GET /api/openid/start", false, "", 400, vec![PROBLEM, DATA]),
        (
            "GET /api/openid/callback",
            false,
            "",
            400,
            vec![PROBLEM, DATA],
        ),
        ("GET /api/connections", true, "", 200, vec![JSON, DATA]),
        (
            "GET /api/inventory",
            true,
            "",
            200,
            vec![JSON, DATA, "vary: accept-encoding"],
        ),
        (
            "GET /api/activity",
            true,
            "",
            200,
            vec![JSON, DATA, "vary: accept-encoding"],
        ),
        (
            "GET /api/report",
            true,
            "",
            200,
            vec![JSON, DATA, "vary: accept-encoding"],
        ),
        (
            "POST /api/alarms/{id}/acknowledgement",
            true,
            "{}",
            400,
            vec![PROBLEM, DATA],
        ),
        (
            "POST /api/alarms/{id}/notes",
            true,
            "{}",
            400,
            vec![PROBLEM, DATA],
        ),
        (
            "DELETE /api/alarms/{id}/acknowledgement",
            true,
            "",
            404,
            vec![PROBLEM, DATA],
        ),
        ("GET /api/alert-targets", true, "", 200, vec![JSON, DATA]),
        ("GET /api/maintenance", true, "", 200, vec![JSON, DATA]),
        (
            "POST /api/maintenance",
            true,
            "{}",
            400,
            vec![PROBLEM, DATA],
        ),
        (
            "DELETE /api/maintenance/{id}",
            true,
            "",
            404,
            vec![PROBLEM, DATA],
        ),
        ("GET /api/build", true, "", 200, vec![JSON, DATA]),
        (
            "POST /api/csp-report",
            false,
            "{}",
            415,
            vec![PROBLEM, DATA],
        ),
        (
            "POST /api/pairing",
            false,
            "",
            200,
            vec![JSON, DATA, pairing_cookie],
        ),
        ("GET /api/pairing", false, "", 200, vec![JSON, DATA]),
        ("GET /api/walls", true, "", 200, vec![JSON, DATA]),
        ("POST /api/walls", true, "{}", 400, vec![PROBLEM, DATA]),
        ("DELETE /api/walls/{id}", true, "", 404, vec![PROBLEM, DATA]),
        (&groups, true, "", 200, vec![RELAYED, DATA]),
        (&order, true, "{}", 200, vec![RELAYED, DATA]),
        (&groups, false, "", 401, vec![PROBLEM, DATA, asks]),
        ("GET /relay/x", true, "", 404, vec![PROBLEM, DATA]),
        (
            "GET /thumbnails/{connection}/{group}/{slicer}",
            true,
            "",
            404,
            vec![PROBLEM, DATA],
        ),
    ];
    for (line, signed_in, body, status, parts) in &rows {
        let cookie = [("cookie", cookie.as_str())];
        let with: &[(&str, &str)] = if *signed_in { &cookie } else { &[] };
        let answer = ask(&gateway, line, with, body).await;
        assert_eq!(answer.status(), *status, "{line}");
        let all_parts = [parts.as_slice(), &[EVERY]].concat();
        assert_eq!(headers(&answer), expected(&all_parts), "{line}");
    }
    for route in routes() {
        let Some(method) = route.method else {
            continue;
        };
        let line = format!("{method} {}", route.path);
        assert!(rows.iter().any(|row| row.0 == line), "{line} has no row");
    }
}

/// A shared cache may return such a response, including its cookies, to other users.
#[tokio::test]
async fn files_and_pages_renew_no_session() {
    let now = Arc::new(AtomicU64::new(1_000_000));
    let clock = {
        let now = now.clone();
        Arc::new(move || Duration::from_secs(now.load(Ordering::Relaxed)))
    };
    let mut gateway = with_users(Vec::new(), None, true);
    gateway.access = gateway.access.at(clock);
    gateway.assets = Assets::from_files([
        ("index.html".to_owned(), b"<h1>console</h1>".to_vec()),
        ("console-0123456789abcdef.js".to_owned(), b"1".to_vec()),
    ]);
    let gateway = Arc::new(gateway);
    let of_user = sign_in(&gateway, "ann").await;
    let of_wall = paired(&gateway, "Hall").await;
    // A wall's session is renewed once an hour, and a user's once a minute.
    for (cookie, seconds) in [(of_user, 61), (of_wall, 3601)] {
        now.fetch_add(seconds, Ordering::Relaxed);
        let with = [("cookie", cookie.as_str())];
        for (line, cache) in [
            (
                "GET /console-0123456789abcdef.js",
                "public, max-age=31536000, immutable",
            ),
            (
                "HEAD /console-0123456789abcdef.js",
                "public, max-age=31536000, immutable",
            ),
            ("GET /", "no-cache"),
            ("GET /groups/x", "no-cache"),
            ("GET /missing.js", "no-store"),
        ] {
            let answer = ask(&gateway, line, &with, "").await;
            assert_eq!(header(&answer, "cache-control"), cache, "{line}");
            assert_eq!(header(&answer, "set-cookie"), "", "{line}");
        }
        let answer = ask(&gateway, "GET /api/session", &with, "").await;
        assert_eq!(header(&answer, "cache-control"), "no-store");
        let set = header(&answer, "set-cookie");
        assert!(set.starts_with("__Host-failover-console="), "{set}");
    }
}

#[tokio::test]
async fn behind_https_browsers_get_strict_transport_security() {
    let gateway = Arc::new(with_users(Vec::new(), None, true));
    for path in ["/", "/api/session", "/healthz", "/x.js"] {
        let answer = get(&gateway, path).await;
        assert_eq!(
            header(&answer, "strict-transport-security"),
            "max-age=31536000",
            "{path}"
        );
    }
}

//! A console whose public address has a path.

use super::access::{PASSWORD, cookie, with_users};
use super::*;

const PUBLIC: &str = "https://portal.example";

fn below() -> Arc<Gateway> {
    let page = "<html><head><script src=\"/console-1.js\"></script></head></html>";
    let file = |name: &str, content: &str| (name.to_owned(), content.as_bytes().to_vec());
    let assets = Assets::from_files([file("index.html", page), file("console-1.js", "js")]);
    let gateway = with_users(Vec::new(), None, true);
    Arc::new(Gateway {
        public_origin: Some(PUBLIC.to_owned()),
        base_path: "/tools/failover".to_owned(),
        assets: assets
            .below("/tools/failover")
            .framed_by(&["https://other.example".to_owned()]),
        ..gateway
    })
}

#[tokio::test]
async fn pages_files_and_routes_are_below_the_path_and_also_at_the_root_for_probes() {
    let gateway = below();
    let host = [("host", "portal.example")];
    for (path, status, part) in [
        ("/tools/failover", 200, "\"/tools/failover/console-1.js\""),
        ("/tools/failover/", 200, "\"/tools/failover/console-1.js\""),
        (
            "/tools/failover/groups/plant-a/a%2Fb",
            200,
            "content=\"/tools/failover\"",
        ),
        ("/tools/failover/console-1.js", 200, "js"),
        ("/tools/failover/missing.js", 404, ""),
        ("/tools/failover/healthz", 200, "ok"),
        ("/tools/failover/api/session", 401, "/problems/sign-in"),
        ("/tools/failover/api/nothing", 401, ""),
        ("/healthz", 200, "ok"),
        ("/readyz", 200, "ok"),
        ("/api/session", 401, "/problems/sign-in"),
        ("/console-1.js", 200, "js"),
    ] {
        let answer = ask(&gateway, &format!("GET {path}"), &host, "").await;
        assert_eq!(answer.status().as_u16(), status, "{path}");
        assert!(!header(&answer, "x-request-id").is_empty());
        let text = text(answer).await;
        assert!(text.contains(part), "{path}: {text}");
    }
    for (path, framed) in [
        ("/tools/failover/wall", true),
        ("/tools/failover/groups", false),
        ("/tools/failover/tools/failover/wall", false),
    ] {
        let answer = ask(&gateway, &format!("GET {path}"), &host, "").await;
        let policy = header(&answer, "content-security-policy");
        assert_eq!(
            policy.contains("frame-ancestors https://other.example"),
            framed,
            "{path}: {policy}"
        );
    }
}

#[tokio::test]
async fn a_user_signs_in_below_the_path() {
    let gateway = below();
    let headers = [("host", "portal.example"), ("origin", PUBLIC)];
    let body = serde_json::json!({"user": "ann", "password": PASSWORD}).to_string();
    let answer = ask(
        &gateway,
        "POST /tools/failover/api/session",
        &headers,
        &body,
    )
    .await;
    assert_eq!(answer.status(), 200);
    let session = cookie(&answer);
    let headers = [("host", "portal.example"), ("cookie", &session)];
    let answer = ask(&gateway, "GET /tools/failover/api/session", &headers, "").await;
    assert_eq!(answer.status(), 200);
}

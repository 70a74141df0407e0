//! Observability: the audit, request ids, metrics, health and readiness.

use super::access::{PASSWORD, sign_in, with_users};
use super::secrets::Log;
use super::vendor::{Vendor, json};
use super::*;
use std::sync::atomic::Ordering;

fn gateway_with_users(base: &str) -> Gateway {
    let plant = connection("plant-a", aveva(), base, basic());
    with_users(vec![plant], None, false)
}

fn request_id(answer: &Response<Body>) -> String {
    header(answer, "x-request-id").to_owned()
}

#[tokio::test]
async fn a_change_is_audited_with_its_outcome() {
    let log = Log::begin();
    let vendor = Vendor::new(|_, before| {
        let mut response = json([201, 409, 500][before % 3], r#"{"secret":"body"}"#);
        let id = ["op-7", "op-7", "System.Exception: at x"][before % 3];
        response
            .headers_mut()
            .insert("operation-id", id.parse().unwrap());
        response
    })
    .await;
    let gateway = Arc::new(gateway_with_users(&vendor.base));
    let cookie = sign_in(&gateway, "ann").await;
    let headers = [("cookie", cookie.as_str()), ("x-forwarded-for", "6.6.6.6")];
    let line = format!("POST {GROUPS}");
    for (outcome, id) in [
        ("outcome=\"done\" status=201", "op-7"),
        ("outcome=\"refused by the vendor\" status=409", "op-7"),
        ("outcome=\"unknown\" status=500", "-"),
    ] {
        let answer = ask(
            &gateway,
            &line,
            &headers,
            r#"{"Id":"x","AdditionalData":{"key":"audit-canary"}}"#,
        )
        .await;
        assert_eq!(
            log.audit(&request_id(&answer)),
            [format!(
                "who=\"ann\" role=\"admin\" from=127.0.0.1 what=\"create group\" connection=\"plant-a\" \
                 path=\"/api/v1/clientfailover/groups\" {outcome} operation_id=\"{id}\" \
                 before=\"-\" after=\"{{\\\"Id\\\":\\\"x\\\"}}\""
            )]
        );
    }
    let broken = ask(
        &gateway,
        &line,
        &[headers[0], ("content-type", "text/plain")],
        "{}",
    )
    .await;
    let audit_lines = log.audit(&request_id(&broken));
    assert!(
        audit_lines.len() == 1 && audit_lines[0].contains("outcome=\"not sent\" status=415"),
        "{audit_lines:?}"
    );
    let read = ask(&gateway, &format!("GET {GROUPS}"), &headers, "").await;
    assert_eq!(log.audit(&request_id(&read)), [""; 0], "not audited");
    assert!(!log.text().contains(r#"{"secret":"body"}"#));
    assert!(!log.text().contains("audit-canary"));
}

#[tokio::test]
async fn a_change_of_an_order_is_audited_with_the_previous_order() {
    const GROUP: &str = "/relay/live/api/v4/failover-groups/abc";
    let log = Log::begin();
    let vendor = Vendor::new(|request, _| {
        if request.line.starts_with("GET ") {
            let slicer = |id: &str, order: u8| {
                format!(r#"{{"id":"{id}","order":{order},"enabled":true,"thumb":"audit-canary"}}"#)
            };
            let slicers = format!("{},{}", slicer("b", 2), slicer("a", 1));
            return json(200, &format!(r#"{{"id":"abc","slicers":[{slicers}]}}"#));
        }
        json(204, "")
    })
    .await;
    let live = connection("live", System::Uplynk, &vendor.base, basic());
    let gateway = Arc::new(with_users(vec![live], None, false));
    let cookie = sign_in(&gateway, "ann").await;
    let group = ask(
        &gateway,
        &format!("GET {GROUP}"),
        &[("cookie", &cookie)],
        "",
    )
    .await;
    let tag = header(&group, "etag").to_owned();
    let body = r#"{"slicers":[{"slicer_id":"b","enabled":true,"order":1},{"slicer_id":"a","enabled":false,"order":2}]}"#;
    let before = r#"before="{\"slicers\":[{\"enabled\":true,\"order\":1,\"slicer_id\":\"a\"},{\"enabled\":true,\"order\":2,\"slicer_id\":\"b\"}]}""#;
    let after = r#"after="{\"slicers\":[{\"enabled\":true,\"order\":1,\"slicer_id\":\"b\"},{\"enabled\":false,\"order\":2,\"slicer_id\":\"a\"}]}""#;
    for (tag, outcome) in [
        (tag.as_str(), "outcome=\"done\" status=204"),
        ("\"another\"", "outcome=\"not sent\" status=412"),
    ] {
        let headers = [("cookie", cookie.as_str()), ("if-match", tag)];
        let answer = ask(&gateway, &format!("PUT {GROUP}/slicers"), &headers, body).await;
        let audit_lines = log.audit(&request_id(&answer)).concat();
        for part in [before, after, outcome] {
            assert!(audit_lines.contains(part), "{part}\n{audit_lines}");
        }
        assert!(!audit_lines.contains("audit-canary"));
    }
}

#[tokio::test]
async fn a_change_is_audited_even_if_the_browser_disconnects() {
    let log = Log::begin();
    let (arrived, arrival) = tokio::sync::oneshot::channel();
    let arrived = Arc::new(std::sync::Mutex::new(Some(arrived)));
    let vendor = Vendor::new(move |_, _| {
        if let Some(arrived) = arrived.lock().unwrap().take() {
            arrived.send(()).unwrap();
        }
        json(200, "{}")
    })
    .await;
    let gateway = Arc::new(gateway_with_users(&vendor.base));
    let cookie = sign_in(&gateway, "ann").await;
    let path = format!("{GROUPS}/left-{}", std::process::id());
    let going = {
        let (gateway, line) = (gateway.clone(), format!("DELETE {path}"));
        tokio::spawn(async move { ask(&gateway, &line, &[("cookie", &cookie)], "").await })
    };
    arrival.await.unwrap();
    going.abort();
    let is_audited = || {
        log.text().contains(&path["/relay/plant-a".len()..]) && log.text().contains("delete group")
    };
    for _ in 0..10_000 {
        if is_audited() {
            return;
        }
        tokio::task::yield_now().await;
    }
    assert!(is_audited());
}

#[tokio::test]
async fn sign_ins_and_rejected_requests_are_audited_without_secrets() {
    let log = Log::begin();
    let gateway = Arc::new(gateway_with_users("http://127.0.0.1:1"));
    let body = |user: &str, password: &str| {
        serde_json::json!({"user": user, "password": password}).to_string()
    };
    let line = "POST /api/session";
    let good = ask(&gateway, line, &[], &body("ann", PASSWORD)).await;
    assert_eq!(
        log.audit(&request_id(&good)),
        ["who=\"ann\" from=127.0.0.1 what=\"sign in\" outcome=\"done\" why=\"-\""]
    );
    let wrong = ask(&gateway, line, &[], &body("ann", "wrong-canary-1")).await;
    assert_eq!(
        log.audit(&request_id(&wrong)),
        ["who=\"ann\" from=127.0.0.1 what=\"sign in\" outcome=\"refused\" why=\"wrong-password\""]
    );
    // A password in the wrong field is not logged.
    let slip = ask(&gateway, line, &[], &body("wrong-canary-2", "x")).await;
    assert_eq!(
        log.audit(&request_id(&slip)),
        [
            "who=\"(unknown)\" from=127.0.0.1 what=\"sign in\" outcome=\"refused\" why=\"wrong-password\""
        ]
    );
    let viewer = sign_in(&gateway, "vic").await;
    let line = format!("DELETE {GROUPS}/a\"b%0Aaudit:x");
    let line = line.replace('"', "%22");
    let refused = ask(&gateway, &line, &[("cookie", &viewer)], "").await;
    assert_eq!(
        log.audit(&request_id(&refused)),
        [format!(
            "who=\"vic\" role=\"viewer\" from=127.0.0.1 what=\"DELETE\" path=\"{}\" outcome=\"refused\" \
             why=\"forbidden\"",
            line.split_once(' ').unwrap().1
        )]
    );
    let anonymous = get(&gateway, GROUPS).await;
    assert!(log.audit(&request_id(&anonymous))[0].contains("who=\"-\" role=\"-\""));
    let foreign = ask(&gateway, &line, &[("origin", "http://evil.example")], "").await;
    assert!(log.audit(&request_id(&foreign))[0].contains("why=\"cross-site\""));
    assert!(!log.text().contains("wrong-canary") && !log.text().contains(PASSWORD));
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_audit_contains_the_clients_address() {
    let log = Log::begin();
    let mut gateway = gateway_with_users("http://127.0.0.1:1");
    gateway.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let gateway = Arc::new(gateway);
    let headers = [("x-forwarded-for", "6.6.6.6, 203.0.113.9")];
    let answer = ask(&gateway, &format!("GET {GROUPS}"), &headers, "").await;
    let audit_lines = log.audit(&request_id(&answer));
    assert!(
        audit_lines[0].contains("from=203.0.113.9"),
        "{audit_lines:?}"
    );
}

#[tokio::test]
async fn metrics_require_a_user_or_the_metrics_token() {
    let vendor = Vendor::new(|_, _| json(200, "[]")).await;
    let mut gateway = gateway_with_users(&vendor.base);
    gateway.metrics_token = Some("scraper-token".into());
    let gateway = Arc::new(gateway);
    let (viewer, wall) = (
        sign_in(&gateway, "vic").await,
        sign_in(&gateway, "hall").await,
    );
    for (header, expected) in [
        (("cookie", viewer.as_str()), 200),
        (("cookie", wall.as_str()), 403),
        (("authorization", "Bearer scraper-token"), 200),
        (("authorization", "Bearer scraper-token2"), 401),
        (("authorization", "Bearer "), 401),
        (("authorization", "Basic scraper-token"), 401),
        (("x", "y"), 401),
    ] {
        let answer = ask(&gateway, "GET /metrics", &[header], "").await;
        assert_eq!(answer.status(), expected, "{header:?}");
        if expected == 401 {
            let detail = problem(answer).await.2;
            let is_bearer = header.1.starts_with("Bearer ");
            assert_eq!(
                detail.contains("not the metrics token"),
                is_bearer,
                "{detail}"
            );
        }
    }
    let token = [("authorization", "Bearer scraper-token")];
    let elsewhere = ask(&gateway, "GET /api/connections", &token, "").await;
    let (_, status, detail) = problem(elsewhere).await;
    assert_eq!(status, 401, "the token reads nothing else");
    assert!(detail.contains("GET /metrics only"), "{detail}");
    ask(
        &gateway,
        &format!("GET {GROUPS}"),
        &[("cookie", &viewer)],
        "",
    )
    .await;
    let answer = ask(&gateway, "GET /metrics", &token, "").await;
    assert_eq!(
        header(&answer, "content-type"),
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let page = text(answer).await;
    for line in [
        r#"requests_total{route="relay",method="GET",status="2xx"} 1"#,
        r#"sign_ins_total{outcome="done"} 2"#,
        r#"sessions{role="viewer"} 1"#,
        r#"refusals_total{why="forbidden"} 1"#,
        r#"reads_total{connection="plant-a",answer="asked"} 1"#,
        r#"upstream_calls_total{connection="plant-a",outcome="2xx"} 1"#,
        r#"upstream_seconds_count{connection="plant-a"} 1"#,
    ] {
        let line = format!("failover_console_{line}\n");
        assert!(page.contains(&line), "{line}{page}");
    }
    // Every line is a comment, or a name with labels followed by a number.
    for line in page.lines().filter(|line| !line.starts_with("# ")) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(name.starts_with("failover_console_"), "{line}");
        assert!(value.parse::<f64>().is_ok(), "{line}");
    }
}

#[tokio::test]
async fn a_gateway_that_stops_or_has_no_console_is_alive_but_not_ready() {
    let gateway = to_aveva("http://127.0.0.1:1");
    assert_eq!(get(&gateway, "/readyz").await.status(), 200);
    gateway.shared.stopping.store(true, Ordering::Relaxed);
    let (kind, status, detail) = problem(get(&gateway, "/readyz").await).await;
    assert_eq!((kind.as_str(), status), ("not-ready", 503));
    assert_eq!(detail, "the gateway is stopping");
    assert_eq!(get(&gateway, "/healthz").await.status(), 200);
    let empty = Assets::from_files([]);
    let unbuilt = Arc::new(Gateway::new(Vec::new(), Access::local(), None, empty).unwrap());
    assert_eq!(get(&unbuilt, "/readyz").await.status(), 503);
}

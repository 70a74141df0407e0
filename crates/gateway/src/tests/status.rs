//! `failover-console status` and a gateway that watches, over a real socket.

use super::access::{sign_in, with_users};
use super::metrics::{NORMAL, service, watched};
use super::vendor::Vendor;
use super::*;
use crate::cli::status::tests::run_line;
use tokio::net::TcpListener;

/// A slicer group with its slate on air.
const ON_SLATE: &str = r#"{"id":"9","name":"news","active_slicer_id":"no_slicer","slicers":[
    {"id":"a","enabled":true,"order":1}]}"#;

async fn serve(gateway: Arc<Gateway>) -> (String, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move { axum::serve(listener, app(gateway)).await.unwrap() });
    (url, serving)
}

#[tokio::test]
async fn status_reads_a_gateway_with_the_metrics_token() {
    let vendor = Vendor::new(|request, _| service(request, 200, ON_SLATE)).await;
    let live = connection("live", System::Uplynk, &vendor.base, basic());
    let mut gateway = with_users(vec![live], None, false);
    gateway.metrics_token = Some("scraper-token".into());
    let gateway = Arc::new(gateway);
    watched(&gateway).await;
    let (url, serving) = serve(gateway.clone()).await;
    let of_connection = ["--url", &url, "--connection", "live"];
    let (page, status) = run_line(&of_connection, Some("scraper-token")).await;
    assert_eq!(status, 2, "{page}");
    assert!(
        page.starts_with("CRITICAL: 1 critical, 0 warning, 0 unknown of 1 resource and 1 connection; Plant A live "),
        "{page}"
    );
    assert!(page.contains("\nCRITICAL news (Plant A): "), "{page}");
    let (page, status) = run_line(&["--url", &url, "--json"], Some("scraper-token")).await;
    let json: serde_json::Value = serde_json::from_str(&page).unwrap();
    assert_eq!((status, &json["exit_status"]), (2, &serde_json::json!(2)));
    assert_eq!(json["alarms"][0]["name"], "news");
    assert_eq!(json["connections"][0]["freshness"], "live");
    for (line, token, expected) in [
        (
            &["--url", url.as_str()][..],
            None,
            "requires a token: set FAILOVER_CONSOLE_TOKEN",
        ),
        (
            &["--url", &url],
            Some("scraper-token2"),
            "does not accept this token",
        ),
        (
            &["--url", &url, "--connection", "em"],
            Some("scraper-token"),
            "no connection has the id em; there are: live",
        ),
    ] {
        let (page, status) = run_line(line, token).await;
        assert_eq!(status, 3, "{page}");
        assert!(page.contains(expected), "{page}");
    }
    serving.abort();
    let _ = serving.await;
    let (page, status) = run_line(&["--url", &url], Some("scraper-token")).await;
    assert_eq!(status, 3);
    // The connection is reset if a process that another test is starting still holds the listening socket.
    let reasons = ["it refused the connection", "it reset the connection"];
    assert!(reasons.iter().any(|reason| page.contains(reason)), "{page}");
}

#[tokio::test]
async fn status_needs_no_token_if_the_gateway_has_no_sign_in() {
    let vendor = Vendor::new(|request, _| service(request, 200, NORMAL)).await;
    let gateway = gateway(vec![connection(
        "live",
        System::Uplynk,
        &vendor.base,
        basic(),
    )]);
    let (url, serving) = serve(gateway.clone()).await;
    gateway.watch();
    gateway.shared.watchers.stop();
    let (page, status) = run_line(&["--url", &url], None).await;
    assert_eq!(status, 3, "{page}");
    assert!(page.contains("; Plant A NO DATA never read | "), "{page}");
    watched(&gateway).await;
    let (page, status) = run_line(&["--url", &url], None).await;
    assert_eq!(status, 0, "{page}");
    assert!(
        page.starts_with(
            "OK: 0 critical, 0 warning, 0 unknown of 1 resource and 1 connection; Plant A live "
        ),
        "{page}"
    );
    serving.abort();
}

#[tokio::test]
async fn the_metrics_token_reads_the_inventory_and_changes_nothing() {
    let vendor = Vendor::new(|request, _| service(request, 200, ON_SLATE)).await;
    let live = connection("live", System::Uplynk, &vendor.base, basic());
    let mut gateway = with_users(vec![live], None, false);
    gateway.metrics_token = Some("scraper-token".into());
    let gateway = Arc::new(gateway);
    let viewer = sign_in(&gateway, "vic").await;
    let wall = sign_in(&gateway, "hall").await;
    let token = ("authorization", "Bearer scraper-token");
    for (line, header, expected) in [
        ("GET /api/inventory", token, 200),
        ("HEAD /api/inventory", token, 200),
        (
            "GET /api/inventory",
            ("authorization", "Bearer scraper"),
            401,
        ),
        ("GET /api/inventory", ("x", "y"), 401),
        ("GET /api/inventory", ("cookie", viewer.as_str()), 200),
        ("GET /api/inventory", ("cookie", wall.as_str()), 200),
        ("GET /api/connections", token, 401),
        ("GET /api/walls", token, 401),
        ("GET /relay/live/api/v4/failover-groups", token, 401),
        ("POST /api/inventory", token, 401),
        ("DELETE /api/walls/1", token, 401),
    ] {
        let answer = ask(&gateway, line, &[header], "").await;
        assert_eq!(answer.status(), expected, "{line} {header:?}");
    }
    assert!(vendor.lines().is_empty(), "{:?}", vendor.lines());
}

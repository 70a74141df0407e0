use super::*;
use std::collections::BTreeSet;

#[tokio::test]
async fn session_and_connections_are_listed() {
    let gateway = to_aveva("http://127.0.0.1:1");
    let session = get(&gateway, "/api/session").await;
    assert_eq!(header(&session, "cache-control"), "no-store");
    assert_eq!(
        text(session).await,
        format!(
            r#"{{"user":"local","role":"admin","demo":false,"version":"{}","can_sign_out":false,"store_in_memory":true,"read_seconds":15}}"#,
            env!("CARGO_PKG_VERSION")
        )
    );
    let connections: serde_json::Value =
        serde_json::from_str(&text(get(&gateway, "/api/connections").await).await).unwrap();
    assert_eq!(
        connections,
        serde_json::json!({"connections": [{"id": "plant-a", "title": "Plant A", "system": "aveva",
        "groups_version": "v1", "sessions_version": "v1", "reads": [
            "/api/v1/clientfailover/groups/RESOURCE-ID",
            "/api/v1/clientfailover/groups/RESOURCE-ID/status",
            "/api/v1/clientfailover/groups/RESOURCE-ID/clientsessions",
        ]}]})
    );
    assert_eq!(text(get(&gateway, "/healthz").await).await, "ok\n");
    assert_eq!(get(&gateway, "/readyz").await.status(), 200);
}

#[tokio::test]
async fn the_build_identifies_the_console() {
    let gateway = to_aveva("http://127.0.0.1:1");
    let response = get(&gateway, "/api/build").await;
    assert_eq!(header(&response, "cache-control"), "no-store");
    let body: serde_json::Value = serde_json::from_str(&text(response).await).unwrap();
    let build = body["build"].as_str().unwrap();
    assert_eq!(build.len(), 32, "{build}");
    let again = text(get(&gateway, "/api/build").await).await;
    assert!(again.contains(build), "{again}");
    let console = |page: &str| {
        Assets::from_files([("index.html".to_owned(), page.as_bytes().to_vec())])
            .build()
            .to_owned()
    };
    assert_eq!(console("<h1>console</h1>"), build);
    assert_ne!(console("<h1>another</h1>"), build);
    assert_eq!(Assets::from_files([]).build(), "none");
}

#[test]
fn the_first_segments_of_all_routes_are_known_to_the_configuration() {
    let routes = crate::http::router::routes();
    let first = |path: &'static str| path.split('/').nth(1).unwrap();
    let found: BTreeSet<&str> = routes.iter().map(|route| first(route.path)).collect();
    assert_eq!(found, BTreeSet::from(config::ROUTES));
}

#[tokio::test]
async fn unknown_routes_are_problems_and_other_paths_are_pages() {
    let gateway = to_aveva("http://127.0.0.1:1");
    for path in [
        "/api",
        "/api/",
        "/api/nothing",
        "/api/session/x",
        "/relay",
        "/relay/",
        "/metrics/",
        "/x.js",
    ] {
        assert_eq!(
            problem(get(&gateway, path).await).await.0,
            "not-found",
            "{path}"
        );
    }
    for path in ["/", "/groups", "/relays", "/apis"] {
        let page = get(&gateway, path).await;
        assert_eq!(header(&page, "x-frame-options"), "DENY");
        assert_eq!(header(&page, "x-content-type-options"), "nosniff");
        assert!(!header(&page, "x-request-id").is_empty());
        assert_eq!(text(page).await, "<h1>console</h1>", "{path}");
    }
}

#[tokio::test]
async fn a_wrong_method_is_answered_with_allow() {
    let gateway = to_aveva("http://127.0.0.1:1");
    let response = ask(&gateway, "POST /api/connections", &[], "{}").await;
    assert_eq!(header(&response, "allow"), "GET, HEAD");
    assert_eq!(problem(response).await.0, "method-not-allowed");
}

#[tokio::test]
async fn a_request_id_of_the_client_is_ignored() {
    let gateway = to_aveva("http://127.0.0.1:1");
    let response = ask(&gateway, "GET /healthz", &[("x-request-id", "mine")], "").await;
    assert_ne!(header(&response, "x-request-id"), "mine");
}

#[tokio::test]
async fn foreign_hosts_and_origins_are_rejected_first() {
    let gateway = to_aveva("http://127.0.0.1:1");
    let rebound = Request::builder()
        .uri("/")
        .header("host", "evil.example")
        .body(Body::empty())
        .unwrap();
    let response = app(gateway.clone()).oneshot(rebound).await.unwrap();
    let (kind, status, detail) = problem(response).await;
    assert_eq!((kind.as_str(), status), ("cross-site", 403));
    assert!(detail.contains("Host \"evil.example\""), "{detail}");
    let proxied = [("x-forwarded-for", "192.0.2.1")];
    for (path, status) in [("/", 403), ("/api/session", 403), ("/healthz", 200)] {
        let response = ask(&gateway, &format!("GET {path}"), &proxied, "").await;
        assert_eq!(response.status(), status, "{path}");
    }
    let foreign = [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ];
    let response = ask(&gateway, &format!("POST {GROUPS}"), &foreign, "{}").await;
    assert_eq!(problem(response).await.0, "cross-site");
}

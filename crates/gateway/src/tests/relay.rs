//! The requests and responses that the relay passes on.

use super::access::{sign_in, with_users};
use super::vendor::{Vendor, json};
use super::*;
use std::net::TcpListener;

async fn vendor() -> Vendor {
    Vendor::new(|_, _| json(200, "[]")).await
}

#[tokio::test]
async fn only_the_contracts_paths_reach_the_vendor() {
    let vendor = vendor().await;
    let gateway = to_aveva(&vendor.base);
    for (path, kind) in [
        ("/relay/plant-a", "not-found"),
        ("/relay/plant-a/", "not-found"),
        ("/relay/plant-b/api/v1/clientfailover/groups", "not-found"),
        ("/relay/PLANT-A/api/v1/clientfailover/groups", "not-found"),
        ("/relay/plant%2Da/api/v1/clientfailover/groups", "not-found"),
        ("/relay//plant-a/api/v1/clientfailover/groups", "not-found"),
        ("/relay/plant-a//api/v1/clientfailover/groups", "not-found"),
        ("/relay/plant-a/api/v1/clientfailover//groups", "not-found"),
        ("/relay/plant-a/api/v1/clientfailover/groups/", "not-found"),
        ("/relay/plant-a/api/v1/clientfailover/Groups", "not-found"),
        ("/relay/plant-a/api/v2/clientfailover/groups", "not-found"),
        (
            "/relay/plant-a/api/v1-preview/clientfailover/groups",
            "not-found",
        ),
        (
            "/relay/plant-a/api/v1/clientfailover/groups/..",
            "not-found",
        ),
        (
            "/relay/plant-a/api/v1/clientfailover/groups/%2e%2e",
            "not-found",
        ),
        (
            "/relay/plant-a/api/v1/clientfailover/groups/%2E./status",
            "not-found",
        ),
        (
            "/relay/plant-a/api/v1/clientfailover/groups/x%2F..%2F..%2Fadmin",
            "not-found",
        ),
        (
            "/relay/plant-a/../plant-a/api/v1/clientfailover/groups",
            "not-found",
        ),
        ("/relay/plant-a/api/v1/clientfailover%2Fgroups", "not-found"),
        (
            "/relay/plant-a/api/v1/clientfailover%252Fgroups",
            "not-found",
        ),
        (
            "/relay/plant-a/api/v1/clientfailover/groups%00",
            "bad-request",
        ),
        (
            "/relay/plant-a/api/v1/clientfailover/groups/%C0%AE%C0%AE",
            "bad-request",
        ),
        (
            "/relay/plant-a/api/v1/clientfailover/groups/%ZZ",
            "bad-request",
        ),
        (
            "/relay/plant-a/api/v1/clientfailover/groups/%",
            "bad-request",
        ),
        (
            "/relay/plant-a/api/v1/clientfailover/groups?filter=x",
            "bad-request",
        ),
        (
            "/relay/plant-a/api/v1/clientfailover/groups?skip=1&skip=2",
            "bad-request",
        ),
        ("/relay/plant-a/http:%2F%2Fevil.example", "not-found"),
        ("/relay/plant-a/identity/connect/token", "not-found"),
    ] {
        assert_eq!(problem(get(&gateway, path).await).await.0, kind, "{path}");
    }
    assert_eq!(vendor.lines(), [""; 0]);
}

#[tokio::test]
async fn ids_arrive_in_one_form_for_every_encoding() {
    let vendor = vendor().await;
    let gateway = to_aveva(&vendor.base);
    for (sent, arrives) in [
        ("plain", "plain"),
        ("HOST-01.OpcUa", "HOST-01.OpcUa"),
        ("%61b", "ab"),
        ("a%2Fb", "a%2Fb"),
        ("a%252Fb", "a%252Fb"),
        ("a%20b%23%3F%22", "a%20b%23%3F%22"),
        ("a'b;c,d", "a%27b%3Bc%2Cd"),
        ("%C3%9C..x%5Cy", "%C3%9C..x%5Cy"),
    ] {
        let response = get(&gateway, &format!("{GROUPS}/{sent}/status")).await;
        assert_eq!(response.status(), 200, "{sent}");
        let line = vendor.lines().pop().unwrap();
        assert_eq!(
            line,
            format!("GET /api/v1/clientfailover/groups/{arrives}/status"),
            "{sent}"
        );
    }
    get(&gateway, &format!("{GROUPS}?skip=1&count=2")).await;
    assert_eq!(
        vendor.lines().pop().unwrap(),
        "GET /api/v1/clientfailover/groups?skip=1&count=2"
    );
}

#[tokio::test]
async fn a_base_address_may_have_a_path_of_its_own() {
    let vendor = vendor().await;
    get(&to_aveva(&format!("{}/plant/", vendor.base)), GROUPS).await;
    assert_eq!(vendor.lines(), ["GET /plant/api/v1/clientfailover/groups"]);
}

#[tokio::test]
async fn other_methods_are_rejected_with_the_contracts_methods_in_allow() {
    let vendor = vendor().await;
    let gateway = to_aveva(&vendor.base);
    for (line, allow) in [
        (format!("HEAD {GROUPS}"), "GET, POST"),
        (format!("PATCH {GROUPS}"), "GET, POST"),
        (format!("OPTIONS {GROUPS}/x"), "GET, DELETE"),
        (format!("PUT {GROUPS}/x"), "GET, DELETE"),
        (format!("TRACE {GROUPS}/x/status"), "GET"),
        (format!("get {GROUPS}/x/status"), "GET"),
        // PUT of sessions exists only in v1-preview, and v1 is configured.
        (format!("PUT {GROUPS}/x/clientsessions/y"), "GET, DELETE"),
    ] {
        let response = ask(&gateway, &line, &[], "").await;
        assert_eq!(
            (response.status().as_u16(), header(&response, "allow")),
            (405, allow),
            "{line}"
        );
    }
    assert_eq!(vendor.lines(), [""; 0]);
}

#[tokio::test]
async fn only_needed_request_headers_reach_the_vendor() {
    let vendor = vendor().await;
    let plant = connection("plant-a", aveva(), &vendor.base, basic());
    let gateway = Arc::new(with_users(vec![plant], None, false));
    let session = sign_in(&gateway, "ann").await;
    let headers = [
        ("accept", "text/html"),
        ("accept-language", "de"),
        ("authorization", "Basic bWluZTptaW5l"),
        ("cookie", session.as_str()),
        ("forwarded", "for=1.2.3.4"),
        ("user-agent", "browser"),
        ("x-forwarded-for", "1.2.3.4"),
        ("x-restsvcsessionid", "mine"),
        ("origin", "http://localhost:8080"),
        ("referer", "http://localhost:8080/groups"),
        ("content-type", "application/json; charset=utf-8"),
    ];
    let response = ask(
        &gateway,
        &format!("POST {GROUPS}"),
        &headers,
        r#"{"Id":"x"}"#,
    )
    .await;
    assert_eq!(response.status(), 200);
    let request = &vendor.requests()[0];
    let mut names: Vec<&str> = request
        .headers
        .keys()
        .map(axum::http::HeaderName::as_str)
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "accept",
            "accept-encoding",
            "authorization",
            "content-length",
            "content-type",
            "host",
            "user-agent"
        ]
    );
    assert_eq!(
        (request.header("accept"), request.header("content-type")),
        ("application/json", "application/json")
    );
    assert!(
        request
            .header("user-agent")
            .starts_with("failover-console/")
    );
    assert_ne!(request.header("authorization"), "Basic bWluZTptaW5l");
    assert_eq!(request.body, r#"{"Id":"x"}"#);
}

#[tokio::test]
async fn only_needed_response_headers_reach_the_browser() {
    let vendor = Vendor::new(|_, _| {
        let mut response = json(403, r#"{"Error":"no"}"#);
        for (name, value) in [
            ("date", "Tue, 15 Nov 1994 08:12:31 GMT"),
            ("age", "7"),
            ("total-count", "12"),
            ("operation-id", "op"),
            ("retry-after", "3"),
            ("etag", "\"e\""),
            ("set-cookie", "a=b"),
            ("www-authenticate", "Basic realm=x"),
            ("server", "vendor"),
            ("location", "/elsewhere"),
            ("access-control-allow-origin", "*"),
            ("content-security-policy", "default-src *"),
            ("x-frame-options", "ALLOWALL"),
            ("refresh", "0; url=https://evil.example"),
        ] {
            response.headers_mut().insert(name, value.parse().unwrap());
        }
        response
    })
    .await;
    let response = get(&to_aveva(&vendor.base), GROUPS).await;
    assert_eq!(response.status(), 403, "the vendor's own status");
    let mut names: Vec<&str> = response
        .headers()
        .keys()
        .map(axum::http::HeaderName::as_str)
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "age",
            "cache-control",
            "content-length",
            "content-security-policy",
            "content-type",
            "cross-origin-opener-policy",
            "cross-origin-resource-policy",
            "date",
            "etag",
            "operation-id",
            "permissions-policy",
            "referrer-policy",
            "retry-after",
            "total-count",
            "via",
            "x-content-type-options",
            "x-frame-options",
            "x-request-id",
        ]
    );
    assert_eq!(header(&response, "date"), "Tue, 15 Nov 1994 08:12:31 GMT");
    assert_eq!(header(&response, "age"), "7");
    assert_eq!(header(&response, "via"), "1.1 failover-console");
    assert_eq!(
        header(&response, "content-security-policy"),
        "default-src 'none'; frame-ancestors 'none'; sandbox"
    );
    assert_eq!(header(&response, "cache-control"), "no-store");
    assert_eq!(text(response).await, r#"{"Error":"no"}"#);
}

#[tokio::test]
async fn malformed_bodies_are_passed_on_unchanged() {
    for body in ["", "<html>proxy</html>", "{\"Id\":", "\u{feff}[]"] {
        let vendor = Vendor::new(move |_, _| {
            let mut response = json(200, body);
            response.headers_mut().remove("content-type");
            response
        })
        .await;
        let response = get(&to_aveva(&vendor.base), GROUPS).await;
        assert_eq!(
            (header(&response, "via"), response.status().as_u16()),
            ("1.1 failover-console", 200)
        );
        assert_eq!(text(response).await, body);
    }
}

#[tokio::test]
async fn a_compressed_response_is_decompressed() {
    let vendor = Vendor::new(|request, _| {
        assert_eq!(request.header("accept-encoding"), "gzip");
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut gzip, b"[1,2,3]").unwrap();
        Response::builder()
            .header("content-encoding", "gzip")
            .body(Body::from(gzip.finish().unwrap()))
            .unwrap()
    })
    .await;
    let response = get(&to_aveva(&vendor.base), GROUPS).await;
    assert_eq!(header(&response, "content-encoding"), "");
    assert_eq!(text(response).await, "[1,2,3]");
}

#[tokio::test]
async fn an_unreachable_vendor_is_explained() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    for (base, expected) in [
        (
            format!("http://{closed}"),
            "could not reach Plant A: it refused the connection",
        ),
        (
            "http://no-such-host.invalid".to_owned(),
            "could not reach Plant A: its name is not known (DNS)",
        ),
        (
            Vendor::raw(b"").await,
            "the connection to Plant A broke off before its answer was complete",
        ),
        (
            Vendor::raw(b"SSH-2.0-x\r\n").await,
            "the connection to Plant A broke off before its answer was complete",
        ),
        (
            Vendor::raw(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n[").await,
            "the connection to Plant A broke off before its answer was complete",
        ),
        (
            Vendor::raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                .await
                .replace("http:", "https:"),
            "could not reach Plant A: the TLS handshake failed",
        ),
    ] {
        let (kind, status, detail) = problem(get(&to_aveva(&base), GROUPS).await).await;
        assert_eq!((kind.as_str(), status), ("unreachable", 502), "{base}");
        assert!(detail.starts_with(expected), "{base}: {detail}");
    }
}

#[tokio::test]
async fn a_silent_vendor_times_out() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let silent = config::Connection {
        timeout: Duration::from_millis(50),
        ..connection("plant-a", aveva(), &base, basic())
    };
    let (kind, status, detail) = problem(get(&gateway(vec![silent]), GROUPS).await).await;
    assert_eq!(
        (kind.as_str(), status, detail.as_str()),
        ("timeout", 504, "Plant A did not answer in time")
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let vendor = Vendor::new(|_, _| {
        Response::builder()
            .status(302)
            .header("location", "/secret-place")
            .body(Body::empty())
            .unwrap()
    })
    .await;
    let (kind, status, detail) = problem(get(&to_aveva(&vendor.base), GROUPS).await).await;
    assert_eq!((kind.as_str(), status), ("redirect", 502));
    assert!(!detail.contains("secret-place"));
    assert_eq!(vendor.lines().len(), 1);
}

#[tokio::test]
async fn a_response_larger_than_the_limit_is_rejected() {
    let size = crate::vendor_http::ANSWER_LIMIT + 1;
    let vendor = Vendor::new(move |_, _| Response::new(Body::from(vec![b' '; size]))).await;
    let (kind, status, detail) = problem(get(&to_aveva(&vendor.base), GROUPS).await).await;
    assert_eq!((kind.as_str(), status), ("too-large", 502));
    assert_eq!(detail, "the answer of Plant A is larger than 50 MiB");
}

#[tokio::test]
async fn a_body_has_to_be_json_and_of_moderate_size() {
    let vendor = vendor().await;
    let gateway = to_aveva(&vendor.base);
    let line = format!("POST {GROUPS}");
    let form = [("content-type", "text/plain")];
    assert_eq!(
        problem(ask(&gateway, &line, &form, "{}").await).await.0,
        "unsupported-media-type"
    );
    let large = " ".repeat(crate::relay::REQUEST_LIMIT + 1);
    let (kind, status, _) = problem(ask(&gateway, &line, &[], &large).await).await;
    assert_eq!((kind.as_str(), status), ("too-large", 413));
    let twice = r#"{"id":"x","name":"a","name":"b"}"#;
    let (kind, status, detail) = problem(ask(&gateway, &line, &[], twice).await).await;
    assert_eq!((kind.as_str(), status), ("bad-request", 400));
    assert!(
        detail.contains(r#"the key "name" is given twice"#),
        "{detail}"
    );
    let one_to_aveva = r#"{"Id":"x","id":"y"}"#;
    let (kind, status, detail) = problem(ask(&gateway, &line, &[], one_to_aveva).await).await;
    assert_eq!((kind.as_str(), status), ("bad-request", 400));
    assert!(detail.contains("differ only in case"), "{detail}");
    assert_eq!(vendor.lines(), [""; 0]);
    assert_eq!(
        ask(&gateway, &format!("DELETE {GROUPS}/x"), &[], "")
            .await
            .status(),
        200
    );
    assert_eq!(vendor.requests()[0].header("content-length"), "0");
}

#[tokio::test]
async fn concurrent_identical_reads_share_one_request() {
    let vendor = vendor().await;
    let gateway = to_aveva(&vendor.base);
    let (first, second) = tokio::join!(get(&gateway, GROUPS), get(&gateway, GROUPS));
    assert_eq!(
        (first.status().as_u16(), second.status().as_u16()),
        (200, 200)
    );
    assert_eq!(vendor.lines().len(), 1);
    get(&gateway, GROUPS).await;
    assert_eq!(vendor.lines().len(), 2, "a later read is a new request");
}

#[tokio::test]
async fn after_a_fresh_read_no_older_response_is_shared() {
    let vendor = Vendor::new(|_, _| json(200, "[]")).await;
    let gateway = gateway(vec![config::Connection {
        share: Duration::from_secs(60),
        ..connection("plant-a", aveva(), &vendor.base, basic())
    }]);
    let read = async |path: &str, headers: &[(&str, &str)]| {
        ask(&gateway, &format!("GET {GROUPS}{path}"), headers, "").await;
        vendor.lines().len()
    };
    assert_eq!(read("", &[]).await, 1);
    assert_eq!(read("", &[]).await, 1, "the response is shared");
    let demanded = [("cache-control", "no-cache")];
    assert_eq!(read("/one", &demanded).await, 2);
    assert_eq!(read("/one", &[]).await, 2, "so is the fresh response");
    assert_eq!(read("", &[]).await, 3, "the list may have changed since");
}

#[tokio::test]
async fn slow_readers_are_rejected_in_all_their_sessions_except_for_fresh_reads() {
    let large = format!(r#""{}""#, "x".repeat(40 << 20));
    let vendor =
        Vendor::new(move |_, number| json(200, if number == 0 { large.as_str() } else { "[]" }))
            .await;
    let plant = connection("plant-a", aveva(), &vendor.base, basic());
    let gateway = Arc::new(with_users(vec![plant], None, false));
    let sessions = [
        sign_in(&gateway, "ann").await,
        sign_in(&gateway, "ann").await,
        sign_in(&gateway, "vic").await,
    ];
    let [first, second, other] = &sessions;
    let read = async |cookie: &str, demanded: &str| {
        let headers = [("cookie", cookie), ("cache-control", demanded)];
        ask(&gateway, &format!("GET {GROUPS}"), &headers, "").await
    };
    let _held = read(first, "").await;
    for cookie in [first, second] {
        let (kind, status, _) = problem(read(cookie, "").await).await;
        assert_eq!((kind.as_str(), status), ("overloaded", 503));
        assert_eq!(read(cookie, "no-cache").await.status(), 200, "fresh read");
    }
    assert_eq!(read(other, "").await.status(), 200);
    assert_eq!(vendor.lines().len(), 4, "rejected reads are not sent");
}

#[tokio::test]
async fn a_page_of_another_site_cannot_request_a_fresh_read() {
    let vendor = Vendor::new(|_, _| json(200, "[]")).await;
    let gateway = gateway(vec![config::Connection {
        share: Duration::from_secs(60),
        ..connection("plant-a", aveva(), &vendor.base, basic())
    }]);
    let mut lines = 1;
    get(&gateway, GROUPS).await;
    for (site, demands) in [
        (Some("cross-site"), false),
        (Some("same-site"), false),
        (Some("unknown"), false),
        (Some("same-origin"), true),
        (Some("none"), true),
        (None, true),
    ] {
        let site = site.map(|site| ("sec-fetch-site", site));
        let demanded = Some(("cache-control", "no-cache"));
        let headers: Vec<_> = [demanded, site].into_iter().flatten().collect();
        let answer = ask(&gateway, &format!("GET {GROUPS}"), &headers, "").await;
        assert_eq!(answer.status(), 200, "{site:?}");
        lines += usize::from(demands);
        assert_eq!(vendor.lines().len(), lines, "{site:?}");
    }
}

//! Thumbnails, with a vendor that lists their addresses and serves most of them itself.

use super::vendor::{ReceivedRequest, Vendor, json};
use super::*;
use serde_json::{Value, json as value};
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nand so on";
const LIST: &str = "/api/v4/failover-groups";
const ROUTE: &str = "/thumbnails/live/abc";

fn to_live(base: &str) -> Arc<Gateway> {
    gateway(vec![
        connection("live", System::Uplynk, base, basic()),
        connection("plant-a", aveva(), base, basic()),
    ])
}

/// The group `abc` with these slicers and the addresses of their thumbnails. `{}` is replaced by the vendor's address.
fn group(request: &ReceivedRequest, slicers: &[(&str, Value)]) -> Value {
    let slicers: Vec<Value> = slicers
        .iter()
        .map(|(id, address)| {
            let address = match address {
                Value::String(text) => text.replace("{}", request.header("host")).into(),
                other => other.clone(),
            };
            value!({ "id": id, "order": 1, "status": { "state": 0, "thumb_url": address } })
        })
        .collect();
    value!({ "id": "abc", "mode": "flat", "slicers": slicers })
}

fn list(groups: &[Value]) -> Response<Body> {
    json(
        200,
        &value!({ "items": groups, "total_items": groups.len() }).to_string(),
    )
}

fn picture(content_type: &str, bytes: &[u8]) -> Response<Body> {
    Response::builder()
        .header("content-type", content_type)
        .header("set-cookie", "a=b")
        .header("cache-control", "max-age=600")
        .body(Body::from(bytes.to_vec()))
        .unwrap()
}

/// A vendor whose slicers have the names of their thumbnails.
async fn vendor(names: &'static [&'static str]) -> Vendor {
    Vendor::new(move |request, _| {
        let path = request.line.split_once(' ').unwrap().1;
        match path {
            LIST => {
                let slicers: Vec<(&str, Value)> = names
                    .iter()
                    .map(|name| (*name, format!("http://{{}}/{name}").into()))
                    .collect();
                list(&[group(request, &slicers)])
            }
            "/svg" => picture(
                "image/svg+xml",
                b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            ),
            "/svg-as-png" => picture("image/png", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
            "/png-as-page" => picture("text/html", PNG),
            "/page" => picture("text/html", b"<script>alert(1)</script>"),
            "/large" => picture("image/png", &[PNG, &[0; 2 * 1024 * 1024]].concat()),
            "/largest" => picture(
                "image/png",
                &[PNG, &vec![0; 2 * 1024 * 1024 - PNG.len()]].concat(),
            ),
            "/moved" => Response::builder()
                .status(302)
                .header("location", "/png")
                .body(Body::empty())
                .unwrap(),
            "/missing" => json(404, "{}"),
            "/broken" => json(500, "{}"),
            "/gif" => picture("image/gif", b"GIF89a..."),
            "/jpeg" => picture("image/jpeg; charset=binary", b"\xff\xd8\xff\xe0..."),
            "/webp" => picture("image/webp", b"RIFF....WEBPVP8 "),
            _ => picture("image/png", PNG),
        }
    })
    .await
}

async fn bytes(response: Response<Body>) -> Vec<u8> {
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await;
    body.unwrap().to_vec()
}

#[tokio::test]
async fn a_thumbnail_has_its_image_type() {
    let vendor = vendor(&["png"]).await;
    let response = get(&to_live(&vendor.base), &format!("{ROUTE}/png")).await;
    assert_eq!(response.status(), 200);
    let mut headers: Vec<(&str, &str)> = response
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
        .filter(|(name, _)| *name != "x-request-id")
        .collect();
    headers.sort_unstable();
    assert_eq!(
        headers,
        [
            ("cache-control", "no-store"),
            ("content-length", "17"),
            (
                "content-security-policy",
                "default-src 'none'; frame-ancestors 'none'; sandbox"
            ),
            ("content-type", "image/png"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            (
                "permissions-policy",
                "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
            ),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
        ]
    );
    assert_eq!(bytes(response).await, PNG);
}

#[tokio::test]
async fn a_large_thumbnail_counts_towards_the_limit_for_slow_clients() {
    let vendor = vendor(&["png", "largest"]).await;
    let gateway = to_live(&vendor.base);
    for (name, expected) in [("png", 0), ("largest", 1)] {
        let waiting = fill_in_flight(&gateway);
        let response = get(&gateway, &format!("{ROUTE}/{name}")).await;
        assert_eq!(response.status(), 200, "{name}");
        assert_eq!(count_aborted(waiting).await, expected, "{name}");
    }
}

#[tokio::test]
async fn the_thumbnails_server_receives_nothing_about_the_browser() {
    let vendor = vendor(&["png"]).await;
    let gateway = to_live(&vendor.base);
    let headers = [
        ("authorization", "Basic bWluZTptaW5l"),
        ("cookie", "a=b"),
        ("referer", "http://localhost:8080/slicers"),
        ("range", "bytes=0-1"),
        ("accept", "text/html"),
        ("if-none-match", "\"x\""),
    ];
    let line = format!("GET {ROUTE}/png?v=7&url=http://evil.example");
    assert_eq!(ask(&gateway, &line, &headers, "").await.status(), 200);
    let request = vendor.requests().pop().unwrap();
    assert_eq!(request.line, "GET /png");
    let mut names: Vec<&str> = request
        .headers
        .keys()
        .map(axum::http::HeaderName::as_str)
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "host", "user-agent"]);
    assert_eq!(
        request.header("accept"),
        "image/jpeg, image/png, image/webp, image/gif"
    );
}

#[tokio::test]
async fn accepted_image_types_are_passed_on() {
    let names = &["png", "gif", "jpeg", "webp", "largest"];
    let vendor = vendor(names).await;
    let gateway = to_live(&vendor.base);
    for (name, expected) in names.iter().zip(["png", "gif", "jpeg", "webp", "png"]) {
        let response = get(&gateway, &format!("{ROUTE}/{name}")).await;
        assert_eq!(response.status(), 200, "{name}");
        assert_eq!(
            header(&response, "content-type"),
            format!("image/{expected}")
        );
    }
}

#[tokio::test]
async fn content_other_than_images_is_not_passed_on() {
    let vendor = vendor(&[
        "svg",
        "svg-as-png",
        "png-as-page",
        "page",
        "large",
        "moved",
        "missing",
        "broken",
        "png",
    ])
    .await;
    let gateway = to_live(&vendor.base);
    for (name, expected, expected_detail) in [
        ("svg", ("thumbnail", 502), "no JPEG, PNG, WebP or GIF"),
        (
            "svg-as-png",
            ("thumbnail", 502),
            "no JPEG, PNG, WebP or GIF",
        ),
        (
            "png-as-page",
            ("thumbnail", 502),
            "no JPEG, PNG, WebP or GIF",
        ),
        ("page", ("thumbnail", 502), "no JPEG, PNG, WebP or GIF"),
        ("large", ("too-large", 502), "larger than 2 MiB"),
        ("moved", ("thumbnail", 502), "does not follow"),
        ("missing", ("not-found", 404), "no thumbnail"),
        ("broken", ("thumbnail", 502), "returned 500"),
    ] {
        let response = get(&gateway, &format!("{ROUTE}/{name}")).await;
        let (kind, status, detail) = problem(response).await;
        assert_eq!((kind.as_str(), status), expected, "{name}");
        assert!(detail.contains(expected_detail), "{name}: {detail}");
    }
    assert!(
        !vendor.lines().contains(&"GET /png".to_owned()),
        "redirect followed"
    );
}

#[tokio::test]
async fn only_slicers_that_the_vendor_listed_have_thumbnails() {
    let vendor = Vendor::new(|request, _| {
        let slicers = [
            ("none", Value::Null),
            ("empty", " ".into()),
            ("a/b", "http://{}/png".into()),
        ];
        if request.line.ends_with(LIST) {
            list(&[group(request, &slicers)])
        } else {
            picture("image/png", PNG)
        }
    })
    .await;
    let gateway = to_live(&vendor.base);
    for path in [
        "/thumbnails",
        "/thumbnails/",
        "/thumbnails/live",
        "/thumbnails/live/abc",
        "/thumbnails/live/abc/",
        "/thumbnails/live//none",
        "/thumbnails/live/abc/a/b",
        "/thumbnails/live/abc/a%2Fb/x",
        "/thumbnails/live/abc/..",
        "/thumbnails/live/abc/%2e%2e%2fa",
        "/thumbnails/LIVE/abc/a%2Fb",
        "/thumbnails/plant-a/abc/a%2Fb",
        "/thumbnails/live/abc/other",
        "/thumbnails/live/abc/none",
        "/thumbnails/live/abc/empty",
        "/thumbnails/live/ABC/a%2Fb",
        "/thumbnails/live/abc/http:%2F%2Fevil.example",
        "//thumbnails/live/abc/a%2Fb",
    ] {
        let (kind, status, _) = problem(get(&gateway, path).await).await;
        assert_eq!((kind.as_str(), status), ("not-found", 404), "{path}");
    }
    let (kind, status, _) = problem(get(&gateway, "/thumbnails/live/abc/%zz").await).await;
    assert_eq!((kind.as_str(), status), ("bad-request", 400));
    assert_eq!(get(&gateway, &format!("{ROUTE}/a%2Fb")).await.status(), 200);
    let pictures = vendor
        .lines()
        .iter()
        .filter(|line| line.ends_with("/png"))
        .count();
    assert_eq!((pictures, vendor.lines().len()), (1, 2));
}

#[tokio::test]
async fn private_addresses_are_not_requested() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let vendor = Vendor::new(move |request, _| {
        let port = request.header("host").split_once(':').unwrap().1.to_owned();
        let slicers = [
            // Loopback under names other than the connection's.
            ("name", format!("http://localhost:{port}/png").into()),
            ("sub", format!("http://x.localhost:{port}/png").into()),
            ("two", format!("http://127.0.0.2:{port}/png").into()),
            (
                "mapped",
                format!("http://[::ffff:127.0.0.1]:{port}/png").into(),
            ),
            (
                "user",
                format!("http://ops:hunter2@127.0.0.1:{port}/png").into(),
            ),
            ("metadata", "http://169.254.169.254/latest/meta-data".into()),
            ("file", "file:///etc/passwd".into()),
            ("script", "javascript:alert(1)".into()),
            ("unknown", "https://no-such-host.invalid/a.jpg".into()),
            ("closed", format!("http://{closed}/a.jpg").into()),
        ];
        if request.line.ends_with(LIST) {
            list(&[group(request, &slicers)])
        } else {
            picture("image/png", PNG)
        }
    })
    .await;
    let gateway = to_live(&vendor.base);
    for (slicer, expected, expected_detail) in [
        ("name", "unreachable", "does not connect to"),
        ("two", "thumbnail", "does not connect to"),
        ("mapped", "thumbnail", "does not connect to"),
        ("metadata", "thumbnail", "does not connect to"),
        ("user", "thumbnail", "user name or a password"),
        ("file", "thumbnail", "neither http nor https"),
        ("script", "thumbnail", "neither http nor https"),
        ("unknown", "unreachable", "not known (DNS)"),
        ("closed", "unreachable", "refused the connection"),
        // Some systems do not resolve this name, others resolve it to loopback.
        ("sub", "unreachable", "could not reach"),
    ] {
        let response = get(&gateway, &format!("{ROUTE}/{slicer}")).await;
        let (kind, status, detail) = problem(response).await;
        assert_eq!(
            (kind.as_str(), status),
            (expected, 502),
            "{slicer}: {detail}"
        );
        assert!(detail.contains(expected_detail), "{slicer}: {detail}");
        assert!(
            !detail.contains("hunter2") && !detail.contains("://"),
            "{detail}"
        );
    }
    assert_eq!(vendor.lines(), [format!("GET {LIST}")]);
}

#[tokio::test]
async fn addresses_come_from_the_latest_response_or_from_a_new_read() {
    let vendor = Vendor::new(|request, before| {
        let slicers = [("a", format!("http://{{}}/png?{before}").into())];
        if request.line.contains(LIST) {
            let group = group(request, &slicers);
            if request.line.ends_with("/abc") {
                json(200, &group.to_string())
            } else {
                list(&[group])
            }
        } else {
            picture("image/png", PNG)
        }
    })
    .await;
    let gateway = to_live(&vendor.base);
    get(&gateway, &format!("{ROUTE}/a")).await;
    get(&gateway, &format!("{ROUTE}/other")).await;
    get(&gateway, "/thumbnails/live/other/a").await;
    // A relayed read of the group replaces its address.
    get(&gateway, &format!("/relay/live{LIST}/abc")).await;
    get(&gateway, &format!("{ROUTE}/a")).await;
    assert_eq!(
        vendor.lines(),
        [
            format!("GET {LIST}"),
            "GET /png?0".to_owned(),
            format!("GET {LIST}/abc"),
            "GET /png?2".to_owned(),
        ]
    );
}

#[tokio::test]
async fn a_list_without_slicers_is_completed_by_reading_the_group() {
    let vendor = Vendor::new(|request, _| {
        if request.line.ends_with(LIST) {
            list(&[value!({ "id": "abc" })])
        } else if request.line.ends_with("/abc") {
            json(
                200,
                &group(request, &[("a", "http://{}/png".into())]).to_string(),
            )
        } else {
            picture("image/png", PNG)
        }
    })
    .await;
    let gateway = to_live(&vendor.base);
    for _ in 0..2 {
        assert_eq!(get(&gateway, &format!("{ROUTE}/a")).await.status(), 200);
    }
    assert_eq!(
        vendor.lines(),
        [
            format!("GET {LIST}"),
            format!("GET {LIST}/abc"),
            "GET /png".to_owned()
        ]
    );
}

#[tokio::test]
async fn an_unreadable_list_of_groups_is_reported() {
    for (status, body, expected_detail) in [
        (503, "{}", "returned 503"),
        (200, "<html>", "returned an answer"),
        (200, r#"{"items":[{"id":"abc"}]}"#, "returned an answer"),
    ] {
        let vendor = Vendor::new(move |_, _| json(status, body)).await;
        let response = get(&to_live(&vendor.base), &format!("{ROUTE}/a")).await;
        let (kind, code, detail) = problem(response).await;
        assert_eq!((kind.as_str(), code), ("unreadable", 502), "{detail}");
        assert!(detail.contains(expected_detail), "{detail}");
    }
    let gateway = to_live(&Vendor::raw(b"").await);
    let (kind, status, _) = problem(get(&gateway, &format!("{ROUTE}/a")).await).await;
    assert_eq!((kind.as_str(), status), ("unreachable", 502));
}

#[tokio::test]
async fn concurrent_requests_for_a_thumbnail_share_one_fetch() {
    let vendor = vendor(&["png", "gif"]).await;
    let gateway = to_live(&vendor.base);
    let url = format!("{ROUTE}/png");
    let (first, second) = tokio::join!(get(&gateway, &url), get(&gateway, &url));
    assert_eq!(
        (first.status().as_u16(), second.status().as_u16()),
        (200, 200)
    );
    assert_eq!(get(&gateway, &format!("{url}?v=2")).await.status(), 200);
    assert_eq!(
        vendor.lines(),
        [format!("GET {LIST}"), "GET /png".to_owned()]
    );
    get(&gateway, &format!("{ROUTE}/gif")).await;
    assert_eq!(vendor.lines().len(), 3);
}

#[tokio::test]
async fn a_request_to_a_silent_thumbnail_server_times_out() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/a.png", silent.local_addr().unwrap());
    let vendor =
        Vendor::new(move |request, _| list(&[group(request, &[("a", address.clone().into())])]))
            .await;
    let gateway = to_live(&vendor.base);
    assert_eq!(
        get(&gateway, &format!("/relay/live{LIST}")).await.status(),
        200
    );
    // From here, time advances whenever all tasks are idle.
    tokio::time::pause();
    let start = tokio::time::Instant::now();
    let (kind, status, detail) = problem(get(&gateway, &format!("{ROUTE}/a")).await).await;
    assert_eq!((kind.as_str(), status), ("timeout", 502));
    assert_eq!(detail, "the thumbnail's server did not answer in time");
    assert!(
        start.elapsed() <= Duration::from_millis(5_100),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn at_most_four_thumbnails_of_a_connection_are_fetched_at_the_same_time() {
    let (open, active, peak) = (
        Arc::new(Semaphore::new(0)),
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicUsize::new(0)),
    );
    let shared = (open.clone(), active.clone(), peak.clone());
    let pictures = axum::Router::new().fallback(move || async move {
        let (open, active, peak) = shared;
        peak.fetch_max(active.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        open.acquire().await.unwrap().forget();
        active.fetch_sub(1, Ordering::SeqCst);
        picture("image/png", PNG)
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, pictures).await.unwrap() });
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let vendor = Vendor::new(move |request, _| {
        list(&[group(
            request,
            &names.map(|name| (name, format!("http://{address}/{name}").into())),
        )])
    })
    .await;
    let gateway = to_live(&vendor.base);
    let requests = names.map(|name| {
        let gateway = gateway.clone();
        tokio::spawn(async move { get(&gateway, &format!("{ROUTE}/{name}")).await.status() })
    });
    while active.load(Ordering::SeqCst) < 4 {
        tokio::task::yield_now().await;
    }
    // Gives a fifth request enough time to arrive.
    for _ in 0..10_000 {
        tokio::task::yield_now().await;
    }
    open.add_permits(names.len());
    for request in requests {
        assert_eq!(request.await.unwrap(), 200);
    }
    assert_eq!(peak.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn thumbnails_allow_only_get_and_head() {
    let vendor = vendor(&["png"]).await;
    let gateway = to_live(&vendor.base);
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        let response = ask(&gateway, &format!("{method} {ROUTE}/png"), &[], "").await;
        assert_eq!(
            (response.status().as_u16(), header(&response, "allow")),
            (405, "GET, HEAD"),
            "{method}"
        );
    }
    assert_eq!(vendor.lines(), [""; 0]);
    let response = ask(&gateway, &format!("HEAD {ROUTE}/png"), &[], "").await;
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "content-type"), "image/png");
    assert_eq!(bytes(response).await, b"");
}

//! Veeam log-on sessions: opened once, closed at the end, and not repeated after a rejected log-on.

use super::credentials::client;
use super::vendor::{Vendor, json};
use super::*;

const SESSION: &str = "x-restsvcsessionid";

/// A vendor that issues the sessions `s0`, `s1` … and accepts those from number `valid` on.
async fn veeam_vendor(valid: usize) -> Vendor {
    let given = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    Vendor::new(move |request, _| {
        if request.line == "POST /api/sessionMngr/?v=latest" {
            assert!(request.header("authorization").starts_with("Basic "));
            let number = given.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let mut response = json(201, &format!(r#"{{"SessionId":"id{number}","Links":[]}}"#));
            let headers = response.headers_mut();
            headers.insert(SESSION, format!("s{number}").parse().unwrap());
            headers.insert("set-cookie", "X-RestSvcSessionId=cookie".parse().unwrap());
            return response;
        }
        let session: Option<usize> = request
            .header(SESSION)
            .strip_prefix('s')
            .and_then(|number| number.parse().ok());
        json(
            if session.is_some_and(|number| number >= valid) {
                200
            } else {
                401
            },
            "{}",
        )
    })
    .await
}

fn to_veeam(base: &str) -> Arc<Gateway> {
    let system: System = serde_json::from_str(r#"{"system":"veeam"}"#).unwrap();
    gateway(vec![connection("em", system, base, basic())])
}

const QUERY: &str = "/relay/em/api/query?type=CloudFailoverSession&format=Entities";

#[tokio::test]
async fn a_veeam_session_is_opened_once_and_closed_at_the_end() {
    let vendor = veeam_vendor(0).await;
    let gateway = to_veeam(&vendor.base);
    let one = "/relay/em/api/cloud/failoverSessions/g?format=Entity";
    tokio::join!(get(&gateway, QUERY), get(&gateway, one));
    get(&gateway, QUERY).await;
    gateway.log_off().await;
    gateway.log_off().await;
    let lines = vendor.lines();
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert_eq!(lines[0], "POST /api/sessionMngr/?v=latest");
    assert_eq!(lines[4], "DELETE /api/logonSessions/id0");
    for request in &vendor.requests()[1..] {
        assert_eq!(
            (request.header(SESSION), request.header("cookie")),
            ("s0", ""),
            "{}",
            request.line
        );
        assert_eq!(
            (request.header("authorization"), request.header("accept")),
            ("", "application/json")
        );
    }
}

#[tokio::test]
async fn an_expired_veeam_session_is_opened_again_once() {
    let vendor = veeam_vendor(1).await;
    let gateway = to_veeam(&vendor.base);
    assert_eq!(get(&gateway, QUERY).await.status(), 200);
    let requests = vendor.requests();
    // The old session is logged off at the same time.
    let sessions: Vec<String> = requests
        .iter()
        .filter(|request| !request.line.starts_with("DELETE"))
        .map(|request| request.header(SESSION).to_owned())
        .collect();
    assert_eq!(sessions, ["", "s0", "", "s1"]);
    let vendor = veeam_vendor(usize::MAX).await;
    assert_eq!(
        problem(get(&to_veeam(&vendor.base), QUERY).await).await.0,
        "credentials"
    );
    let mut lines = vendor.lines();
    lines.retain(|line| !line.starts_with("DELETE"));
    assert_eq!(lines.len(), 4);
}

/// As the documents say: one timeout each for a free place, the credentials and the response.
#[tokio::test]
async fn a_slow_refusal_takes_no_longer_than_any_other_request() {
    let patience = Duration::from_millis(500);
    let app = axum::Router::new().fallback(async move |method: axum::http::Method| {
        tokio::time::sleep(patience * 9 / 10).await;
        let mut response = json(if method == "POST" { 201 } else { 401 }, "{}");
        let session = "s".parse().unwrap();
        response.headers_mut().insert(SESSION, session);
        response
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let system: System = serde_json::from_str(r#"{"system":"veeam"}"#).unwrap();
    let gateway = gateway(vec![config::Connection {
        timeout: patience,
        ..connection("em", system, &base, basic())
    }]);
    let began = std::time::Instant::now();
    let (kind, ..) = problem(get(&gateway, QUERY).await).await;
    let took = began.elapsed();
    assert!(took < 3 * patience, "{took:?}");
    assert_eq!(kind, "credentials");
}

/// A vendor that issues valid sessions and tokens, but answers 401 if a path contains `refused`.
async fn vendor_rejecting_some_paths() -> Vendor {
    let given = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    Vendor::new(move |request, _| {
        if request.line == "POST /token" {
            let number = given.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            return json(200, &format!(r#"{{"access_token":"t{number}"}}"#));
        }
        if request.line.starts_with("POST /api/sessionMngr/") {
            let number = given.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let mut response = json(201, &format!(r#"{{"SessionId":"id{number}","Links":[]}}"#));
            let session = format!("s{number}").parse().unwrap();
            response.headers_mut().insert(SESSION, session);
            return response;
        }
        json(
            if request.line.contains("refused") {
                401
            } else {
                200
            },
            "{}",
        )
    })
    .await
}

#[tokio::test]
async fn many_requests_rejected_with_a_valid_session_cause_one_new_session() {
    let count = |vendor: &Vendor, line: &str| {
        let lines = vendor.lines();
        lines
            .iter()
            .filter(|request| request.starts_with(line))
            .count()
    };
    for at_once in [true, false] {
        let vendor = vendor_rejecting_some_paths().await;
        let gateway = to_veeam(&vendor.base);
        assert_eq!(get(&gateway, QUERY).await.status(), 200);
        let paths: Vec<String> = (0..30)
            .map(|number| format!("/relay/em/api/cloud/failoverSessions/refused-{number}"))
            .collect();
        let read = async |path: &String| {
            let (kind, ..) = problem(get(&gateway, path).await).await;
            // Other requests succeed in between.
            assert_eq!(get(&gateway, QUERY).await.status(), 200);
            assert_eq!(kind, "credentials");
        };
        if at_once {
            futures_util::future::join_all(paths.iter().map(read)).await;
        } else {
            for path in &paths {
                read(path).await;
            }
        }
        gateway.log_off().await;
        assert_eq!(count(&vendor, "POST /api/sessionMngr/"), 2, "{at_once}");
        while count(&vendor, "DELETE") < 2 {
            tokio::task::yield_now().await;
        }
        for id in ["id0", "id1"] {
            assert_eq!(
                count(&vendor, &format!("DELETE /api/logonSessions/{id}")),
                1
            );
        }
    }
}

#[tokio::test]
async fn a_request_that_is_always_rejected_does_not_end_the_session_of_others() {
    let veeam: System = serde_json::from_str(r#"{"system":"veeam"}"#).unwrap();
    let session = "/relay/em/api/cloud/failoverSessions/refused";
    let status = format!("{GROUPS}/refused/status");
    for (path, refused, log_on) in [
        (QUERY, session, "POST /api/sessionMngr/"),
        (GROUPS, status.as_str(), "POST /token"),
    ] {
        let vendor = vendor_rejecting_some_paths().await;
        let base = &vendor.base;
        let gateway = gateway(vec![
            connection("em", veeam.clone(), base, basic()),
            connection("plant-a", aveva(), base, client(base)),
        ]);
        let at_once = async || {
            let line = format!("GET {refused}");
            ask(&gateway, &line, &[("cache-control", "no-cache")], "").await
        };
        let sent = |start: &str| {
            let lines = vendor.lines();
            lines.iter().filter(|line| line.starts_with(start)).count()
        };
        // The second request arrives while the gateway delays the next log-on.
        for _ in 0..2 {
            let answer = at_once().await;
            assert!(!header(&answer, "retry-after").is_empty(), "{path}");
            assert_eq!(problem(answer).await.0, "credentials", "{path}");
        }
        assert_eq!(get(&gateway, path).await.status(), 200, "{path}");
        // It is too early for a new log-on, because nothing new is known about the credentials.
        let before = vendor.lines().len();
        let answer = get(&gateway, refused).await;
        assert_eq!(header(&answer, "retry-after"), "", "{path}");
        assert_eq!(problem(answer).await.0, "credentials", "{path}");
        assert_eq!(vendor.lines().len(), before + 1, "{path}");
        assert_eq!(get(&gateway, path).await.status(), 200, "{path}");
        assert_eq!(sent(log_on), 2, "{path}");
        at_once().await;
        assert_eq!(sent(log_on), 3, "it may have expired since: {path}");
    }
}

#[tokio::test]
async fn a_session_is_kept_if_no_new_one_can_be_opened() {
    for (status, kind, then) in [(503, "unreachable", 200), (401, "credentials", 502)] {
        let vendor = Vendor::new(move |request, before| {
            let is_log_on = request.line.starts_with("POST /api/sessionMngr/");
            if before > 0 && is_log_on {
                return json(status, "");
            }
            let is_refused = request.line.contains("refused");
            let mut response = json(if is_refused { 401 } else { 200 }, r#"{"SessionId":"id"}"#);
            response.headers_mut().insert(SESSION, "s".parse().unwrap());
            response
        })
        .await;
        let gateway = to_veeam(&vendor.base);
        assert_eq!(get(&gateway, QUERY).await.status(), 200);
        for _ in 0..2 {
            let refused = "/relay/em/api/cloud/failoverSessions/refused";
            assert_eq!(problem(get(&gateway, refused).await).await.0, kind);
            assert_eq!(get(&gateway, QUERY).await.status(), then, "{status}");
        }
        let lines = vendor.lines();
        let log_ons = lines.iter().filter(|line| line.starts_with("POST"));
        // A rejected password is sent only once.
        let expected = if then == 200 { 3 } else { 2 };
        assert_eq!(log_ons.count(), expected, "{lines:?}");
        gateway.log_off().await;
        let log_off = "DELETE /api/logonSessions/id".to_owned();
        while !vendor.lines().contains(&log_off) {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_rejected_log_on_is_reported_as_a_credentials_problem() {
    let vendor = Vendor::new(|_, _| json(401, "")).await;
    let gateway = to_veeam(&vendor.base);
    let (kind, _, detail) = problem(get(&gateway, QUERY).await).await;
    assert_eq!(kind, "credentials");
    assert!(
        detail.starts_with("Plant A rejected the log-on: it returned 401. So that the account"),
        "{detail}"
    );
    gateway.log_off().await;
    assert_eq!(vendor.lines().len(), 1, "there is nothing to log off");
    let below = to_veeam(&format!("{}/api", vendor.base));
    let (_, _, detail) = problem(get(&below, QUERY).await).await;
    assert!(
        detail.contains("returned 401; base_url holds the API's own path"),
        "{detail}"
    );
}

#[tokio::test]
async fn a_rejected_log_on_is_not_repeated_by_any_request() {
    let veeam: System = serde_json::from_str(r#"{"system":"veeam"}"#).unwrap();
    for status in [400, 401, 403] {
        let vendor = Vendor::new(move |_, _| json(status, "")).await;
        let base = &vendor.base;
        let gateway = gateway(vec![
            connection("em", veeam.clone(), base, basic()),
            connection("plant-a", aveva(), base, client(base)),
        ]);
        for path in [QUERY, GROUPS] {
            let before = vendor.lines().len();
            let all = (0..10).map(|_| get(&gateway, path));
            futures_util::future::join_all(all).await;
            let answer = get(&gateway, path).await;
            let wait: u32 = header(&answer, "retry-after").parse().unwrap();
            assert!((50..=60).contains(&wait), "{wait}");
            assert_eq!(problem(answer).await.0, "credentials", "{path}");
            assert_eq!(vendor.lines().len(), before + 1, "{path}");
        }
        // An admin can request a retry, because the password may have been changed at the vendor.
        let line = "GET /api/inventory?connection=em";
        let before = vendor.lines().len();
        for _ in 0..10 {
            ask(&gateway, line, &[("cache-control", "no-cache")], "").await;
            get(&gateway, QUERY).await;
        }
        assert_eq!(vendor.lines().len(), before, "rejected just before");
        advance_time(30).await;
        ask(&gateway, line, &[("cache-control", "no-cache")], "").await;
        get(&gateway, QUERY).await;
        let wait = get(&gateway, QUERY).await;
        assert_eq!(header(&wait, "retry-after"), "60", "not five minutes");
        get(&gateway, GROUPS).await;
        assert_eq!(
            vendor.lines().len(),
            before + 1,
            "no retry of the other connection"
        );
    }
}

#[tokio::test]
async fn a_log_on_to_a_wrong_address_is_not_a_credentials_problem() {
    let system: System = serde_json::from_str(r#"{"system":"veeam"}"#).unwrap();
    let vendor = Vendor::new(|_, _| json(404, "")).await;
    for (path, likely) in [
        (
            "",
            "look at base_url, which has to be that of Enterprise Manager's REST API".to_owned(),
        ),
        (
            "/em/API/",
            format!(
                "base_url holds the API's own path, which the gateway adds itself; give {}/em",
                vendor.base
            ),
        ),
    ] {
        let base = format!("{}{path}", vendor.base);
        let gateway = gateway(vec![connection("em", system.clone(), &base, basic())]);
        for _ in 0..2 {
            let (kind, _, detail) = problem(get(&gateway, QUERY).await).await;
            assert_eq!(kind, "wrong-address");
            let reason = format!(
                "Plant A returned 404 to POST {}/api/sessionMngr/: ",
                base.trim_end_matches('/')
            );
            assert!(
                detail.starts_with(&reason) && detail.contains(&likely),
                "{detail}"
            );
        }
    }
    assert_eq!(vendor.lines().len(), 4, "repeated, as it was not rejected");
}

#[tokio::test]
async fn requests_to_veeam_accept_exactly_one_media_type() {
    let vendor = veeam_vendor(0).await;
    let gateway = to_veeam(&vendor.base);
    for (accept, expected) in [
        ("application/xml", "application/xml"),
        ("application/json", "application/json"),
        ("application/json, application/xml", "application/json"),
        ("*/*", "application/json"),
    ] {
        ask(&gateway, &format!("GET {QUERY}"), &[("accept", accept)], "").await;
        assert_eq!(
            vendor.requests().pop().unwrap().header("accept"),
            expected,
            "{accept}"
        );
    }
}

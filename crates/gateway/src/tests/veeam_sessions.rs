//! Sessions of Veeam: opened once, closed at the end, and what a refused log-on means.

use super::credentials::client;
use super::vendor::{Vendor, json};
use super::*;

const SESSION: &str = "x-restsvcsessionid";

/// Logs on as `s0`, `s1` … and knows those from number `valid` on.
async fn veeam_vendor(valid: usize) -> Vendor {
    let given = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    Vendor::new(move |seen, _| {
        if seen.line == "POST /api/sessionMngr/?v=latest" {
            assert!(seen.header("authorization").starts_with("Basic "));
            let number = given.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let mut response = json(201, &format!(r#"{{"SessionId":"id{number}","Links":[]}}"#));
            let headers = response.headers_mut();
            headers.insert(SESSION, format!("s{number}").parse().unwrap());
            headers.insert("set-cookie", "X-RestSvcSessionId=cookie".parse().unwrap());
            return response;
        }
        let session: Option<usize> = seen
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
    for seen in &vendor.seen()[1..] {
        assert_eq!(
            (seen.header(SESSION), seen.header("cookie")),
            ("s0", ""),
            "{}",
            seen.line
        );
        assert_eq!(
            (seen.header("authorization"), seen.header("accept")),
            ("", "application/json")
        );
    }
}

#[tokio::test]
async fn an_expired_veeam_session_is_opened_again_once() {
    let vendor = veeam_vendor(1).await;
    let gateway = to_veeam(&vendor.base);
    assert_eq!(get(&gateway, QUERY).await.status(), 200);
    let seen = vendor.seen();
    // The old session is logged off beside that.
    let sessions: Vec<String> = seen
        .iter()
        .filter(|seen| !seen.line.starts_with("DELETE"))
        .map(|seen| seen.header(SESSION).to_owned())
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

/// Gives sessions of Veeam and tokens that are good, and are refused all the same where a path holds `refused`.
async fn refuses_some() -> Vendor {
    let given = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    Vendor::new(move |seen, _| {
        if seen.line == "POST /token" {
            let number = given.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            return json(200, &format!(r#"{{"access_token":"t{number}"}}"#));
        }
        if seen.line.starts_with("POST /api/sessionMngr/") {
            let number = given.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let mut response = json(201, &format!(r#"{{"SessionId":"id{number}","Links":[]}}"#));
            let session = format!("s{number}").parse().unwrap();
            response.headers_mut().insert(SESSION, session);
            return response;
        }
        json(
            if seen.line.contains("refused") {
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
async fn requests_that_are_refused_with_a_good_session_ask_for_one_new_one() {
    let of = |vendor: &Vendor, line: &str| {
        let lines = vendor.lines();
        lines.iter().filter(|seen| seen.starts_with(line)).count()
    };
    for at_once in [true, false] {
        let vendor = refuses_some().await;
        let gateway = to_veeam(&vendor.base);
        assert_eq!(get(&gateway, QUERY).await.status(), 200);
        let paths: Vec<String> = (0..30)
            .map(|number| format!("/relay/em/api/cloud/failoverSessions/refused-{number}"))
            .collect();
        let read = async |path: &String| {
            let (kind, ..) = problem(get(&gateway, path).await).await;
            // Others are read in between.
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
        assert_eq!(of(&vendor, "POST /api/sessionMngr/"), 2, "{at_once}");
        while of(&vendor, "DELETE") < 2 {
            tokio::task::yield_now().await;
        }
        for id in ["id0", "id1"] {
            assert_eq!(of(&vendor, &format!("DELETE /api/logonSessions/{id}")), 1);
        }
    }
}

#[tokio::test]
async fn one_request_that_is_always_refused_leaves_the_others_their_session() {
    let veeam: System = serde_json::from_str(r#"{"system":"veeam"}"#).unwrap();
    let session = "/relay/em/api/cloud/failoverSessions/refused";
    let status = format!("{GROUPS}/refused/status");
    for (path, refused, log_on) in [
        (QUERY, session, "POST /api/sessionMngr/"),
        (GROUPS, status.as_str(), "POST /token"),
    ] {
        let vendor = refuses_some().await;
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
        // The second one comes while the gateway waits with the next log-on.
        for _ in 0..2 {
            let answer = at_once().await;
            assert!(!header(&answer, "retry-after").is_empty(), "{path}");
            assert_eq!(problem(answer).await.0, "credentials", "{path}");
        }
        assert_eq!(get(&gateway, path).await.status(), 200, "{path}");
        // Too early for a new session: nothing is known of the credentials that was not known before.
        let before = vendor.lines().len();
        let answer = get(&gateway, refused).await;
        assert_eq!(header(&answer, "retry-after"), "", "{path}");
        assert_eq!(problem(answer).await.0, "credentials", "{path}");
        assert_eq!(vendor.lines().len(), before + 1, "{path}");
        assert_eq!(get(&gateway, path).await.status(), 200, "{path}");
        assert_eq!(sent(log_on), 2, "{path}");
        at_once().await;
        assert_eq!(sent(log_on), 3, "it may have ended by now: {path}");
    }
}

#[tokio::test]
async fn a_session_stays_where_none_can_be_opened_in_its_place() {
    for (status, kind, then) in [(503, "unreachable", 200), (401, "credentials", 502)] {
        let vendor = Vendor::new(move |seen, before| {
            let is_log_on = seen.line.starts_with("POST /api/sessionMngr/");
            if before > 0 && is_log_on {
                return json(status, "");
            }
            let is_refused = seen.line.contains("refused");
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
        // The wrong password is sent once.
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
async fn a_refused_log_on_is_a_problem_of_the_credentials() {
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
async fn a_refused_log_on_is_not_repeated_by_anybody() {
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
        // Somebody may have changed the password at the vendor.
        let line = "GET /api/inventory?connection=em";
        let before = vendor.lines().len();
        for _ in 0..10 {
            ask(&gateway, line, &[("cache-control", "no-cache")], "").await;
            get(&gateway, QUERY).await;
        }
        assert_eq!(vendor.lines().len(), before, "refused a moment ago");
        pass(30).await;
        ask(&gateway, line, &[("cache-control", "no-cache")], "").await;
        get(&gateway, QUERY).await;
        let wait = get(&gateway, QUERY).await;
        assert_eq!(header(&wait, "retry-after"), "60", "not five minutes");
        get(&gateway, GROUPS).await;
        assert_eq!(vendor.lines().len(), before + 1, "only this connection");
    }
}

#[tokio::test]
async fn a_log_on_to_a_wrong_address_is_no_matter_of_the_credentials() {
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
            let asked = format!(
                "Plant A returned 404 to POST {}/api/sessionMngr/: ",
                base.trim_end_matches('/')
            );
            assert!(
                detail.starts_with(&asked) && detail.contains(&likely),
                "{detail}"
            );
        }
    }
    assert_eq!(vendor.lines().len(), 4, "nobody is locked out by it");
}

#[tokio::test]
async fn veeam_is_asked_for_exactly_one_media_type() {
    let vendor = veeam_vendor(0).await;
    let gateway = to_veeam(&vendor.base);
    for (asked, expected) in [
        ("application/xml", "application/xml"),
        ("application/json", "application/json"),
        ("application/json, application/xml", "application/json"),
        ("*/*", "application/json"),
    ] {
        ask(&gateway, &format!("GET {QUERY}"), &[("accept", asked)], "").await;
        assert_eq!(
            vendor.seen().pop().unwrap().header("accept"),
            expected,
            "{asked}"
        );
    }
}

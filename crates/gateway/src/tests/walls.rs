//! Pairing a screen as a wall, through the complete router.

use super::access::{cookie, sign_in, with_memory, with_users};
use super::secrets::Log;
use super::*;
use crate::auth::Memory;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

const KEY: &str = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk";

/// A screen, which stores the cookies of one browser.
#[derive(Default, Clone)]
pub(super) struct Screen {
    cookies: Vec<(String, String)>,
}

impl Screen {
    pub(super) fn cookie(&self) -> String {
        let pairs = self.cookies.iter();
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    /// Sends a request and stores the cookies of the response.
    pub(super) async fn ask(&mut self, gateway: &Arc<Gateway>, line: &str) -> (u16, Value) {
        let answer = ask(gateway, line, &[("cookie", &self.cookie())], "").await;
        let status = answer.status().as_u16();
        assert_eq!(header(&answer, "cache-control"), "no-store", "{line}");
        for set in answer.headers().get_all("set-cookie") {
            let set = set.to_str().unwrap();
            assert!(set.contains("; HttpOnly; SameSite=Strict"), "{set}");
            let (name, rest) = set.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap().to_owned();
            self.cookies.retain(|(known, _)| known != name);
            if !set.contains("; Max-Age=0;") {
                self.cookies.push((name.to_owned(), value));
            }
        }
        (
            status,
            serde_json::from_str(&text(answer).await).unwrap_or_default(),
        )
    }

    pub(super) async fn code(&mut self, gateway: &Arc<Gateway>) -> String {
        let (status, body) = self.ask(gateway, "POST /api/pairing").await;
        assert_eq!((status, &body["state"]), (200, &json!("waiting")), "{body}");
        body["code"].as_str().unwrap().to_owned()
    }

    pub(super) async fn state(&mut self, gateway: &Arc<Gateway>) -> String {
        let (status, body) = self.ask(gateway, "GET /api/pairing").await;
        assert_eq!(status, 200, "{body}");
        body["state"].as_str().unwrap().to_owned()
    }

    pub(super) async fn session(&mut self, gateway: &Arc<Gateway>) -> (u16, Value) {
        self.ask(gateway, "GET /api/session").await
    }
}

pub(super) async fn enter(
    gateway: &Arc<Gateway>,
    admin: &str,
    code: &str,
    name: &str,
) -> Response<Body> {
    let body = json!({"code": code, "name": name}).to_string();
    ask(gateway, "POST /api/walls", &[("cookie", admin)], &body).await
}

pub(super) async fn list(gateway: &Arc<Gateway>, admin: &str) -> Value {
    let answer = ask(gateway, "GET /api/walls", &[("cookie", admin)], "").await;
    assert_eq!(answer.status(), 200);
    serde_json::from_str(&text(answer).await).unwrap()
}

pub(super) async fn revoke(gateway: &Arc<Gateway>, admin: &str, id: &str) -> u16 {
    let line = format!("DELETE /api/walls/{id}");
    let answer = ask(gateway, &line, &[("cookie", admin)], "").await;
    answer.status().as_u16()
}

/// Pairs a new screen, and returns it with the wall's id.
pub(super) async fn wall(gateway: &Arc<Gateway>, admin: &str, name: &str) -> (Screen, String) {
    let mut screen = Screen::default();
    let code = screen.code(gateway).await;
    let answer = enter(gateway, admin, &code, name).await;
    assert_eq!(answer.status(), 201);
    let paired: Value = serde_json::from_str(&text(answer).await).unwrap();
    assert_eq!(screen.state(gateway).await, "paired");
    (screen, paired["id"].as_str().unwrap().to_owned())
}

/// The cookie of a newly paired screen.
pub(super) async fn paired(gateway: &Arc<Gateway>, name: &str) -> String {
    let admin = sign_in(gateway, "ann").await;
    let (screen, _) = wall(gateway, &admin, name).await;
    screen.cookie()
}

fn gateway_with_users() -> Arc<Gateway> {
    Arc::new(with_users(Vec::new(), None, false))
}

/// A gateway with its own memory, as in another process.
pub(super) fn process(file: Option<&Path>) -> Arc<Gateway> {
    let memory = Arc::new(Memory::new().unwrap());
    Arc::new(with_memory(Vec::new(), Some(KEY), false, file, &memory).unwrap())
}

/// A gateway whose clock the test sets.
fn clocked(file: Option<&Path>) -> (Arc<Gateway>, Arc<AtomicU64>) {
    let now = Arc::new(AtomicU64::new(1_000_000));
    let clock = {
        let now = now.clone();
        Arc::new(move || Duration::from_secs(now.load(Ordering::SeqCst)))
    };
    let memory = Arc::new(Memory::new().unwrap());
    let mut gateway = with_memory(Vec::new(), Some(KEY), false, file, &memory).unwrap();
    gateway.access = gateway.access.at(clock);
    (Arc::new(gateway), now)
}

#[tokio::test]
async fn a_screen_is_paired_stays_signed_in_and_is_revoked() {
    let gateway = gateway_with_users();
    let admin = sign_in(&gateway, "ann").await;
    let mut screen = Screen::default();
    assert_eq!(screen.state(&gateway).await, "over");
    let code = screen.code(&gateway).await;
    assert_eq!(screen.code(&gateway).await, code, "the same code");
    assert_eq!(screen.state(&gateway).await, "waiting");
    assert_eq!(screen.session(&gateway).await.0, 401);
    let waiting = screen.clone();
    let user_cookie = [("cookie", admin.as_str())];
    let signed_in = ask(&gateway, "POST /api/pairing", &user_cookie, "").await;
    let expected = r#"{"state":"paired","name":"ann"}"#;
    assert_eq!(text(signed_in).await, expected, "users need no code");
    let answer = enter(
        &gateway,
        &admin,
        &code.to_lowercase().replace('-', " "),
        "Hall north",
    )
    .await;
    assert_eq!(answer.status(), 201);
    let paired: Value = serde_json::from_str(&text(answer).await).unwrap();
    assert_eq!(
        (&paired["name"], &paired["paired_by"]),
        (&json!("Hall north"), &json!("ann"))
    );
    assert_eq!(paired["last_seen"], Value::Null);
    assert_eq!(screen.state(&gateway).await, "paired");
    assert_eq!(screen.cookies.len(), 1, "pairing cookie removed");
    let (status, session) = screen.session(&gateway).await;
    assert_eq!(
        (status, &session["user"], &session["role"]),
        (200, &json!("Hall north"), &json!("wall"))
    );
    assert_eq!(
        screen.ask(&gateway, "POST /api/pairing").await.1["state"],
        "paired"
    );
    let listed = list(&gateway, &admin).await;
    assert_eq!(listed["kept"], "memory");
    let one = &listed["walls"][0];
    assert_eq!(
        (&one["id"], &one["address"]),
        (&paired["id"], &json!("127.0.0.1"))
    );
    assert!(one["last_seen"].as_str().unwrap().ends_with('Z'), "{one}");
    let id = paired["id"].as_str().unwrap();
    assert_eq!(revoke(&gateway, &admin, id).await, 204);
    assert_eq!(screen.session(&gateway).await.0, 401, "at once");
    assert_eq!(
        waiting.clone().state(&gateway).await,
        "over",
        "not restored by the pairing"
    );
    assert_eq!(revoke(&gateway, &admin, id).await, 404);
    assert_eq!(list(&gateway, &admin).await["walls"], json!([]));
    assert_ne!(screen.code(&gateway).await, code);
}

#[tokio::test]
async fn over_https_both_cookies_are_strict_and_not_interchangeable() {
    let gateway = Arc::new(with_users(Vec::new(), None, true));
    let admin = sign_in(&gateway, "ann").await;
    let answer = ask(&gateway, "POST /api/pairing", &[], "").await;
    let set = header(&answer, "set-cookie").to_owned();
    assert!(
        set.starts_with("__Host-failover-console-pairing=")
            && set.ends_with("; Path=/; Max-Age=1200; HttpOnly; SameSite=Strict; Secure"),
        "{set}"
    );
    let pairing_cookie = cookie(&answer);
    let body: Value = serde_json::from_str(&text(answer).await).unwrap();
    assert!(!set.contains(body["code"].as_str().unwrap()), "sealed");
    enter(&gateway, &admin, body["code"].as_str().unwrap(), "Hall").await;
    let claimed = ask(
        &gateway,
        "GET /api/pairing",
        &[("cookie", &pairing_cookie)],
        "",
    )
    .await;
    let set: Vec<&str> = claimed
        .headers()
        .get_all("set-cookie")
        .iter()
        .map(|value| value.to_str().unwrap())
        .collect();
    assert!(
        set[0].starts_with("__Host-failover-console=")
            && set[0].ends_with("; Path=/; Max-Age=34560000; HttpOnly; SameSite=Strict; Secure"),
        "{set:?}"
    );
    assert!(
        set[1].starts_with("__Host-failover-console-pairing=; Path=/; Max-Age=0"),
        "{set:?}"
    );
    let as_session = pairing_cookie.replace("-pairing", "");
    let answer = ask(&gateway, "GET /api/session", &[("cookie", &as_session)], "").await;
    assert_eq!(answer.status(), 401, "pairing cookie as session");
    let session = set[0].split(';').next().unwrap();
    for other in [session, admin.as_str()] {
        let as_question = other.replace("console=", "console-pairing=");
        let answer = ask(
            &gateway,
            "GET /api/pairing",
            &[("cookie", &as_question)],
            "",
        )
        .await;
        assert!(
            text(answer).await.contains("over"),
            "session as pairing cookie"
        );
    }
}

#[tokio::test]
async fn wrong_expired_and_used_codes_are_rejected_with_the_reason() {
    let (gateway, now) = clocked(None);
    let admin = sign_in(&gateway, "ann").await;
    let mut screen = Screen::default();
    let code = screen.code(&gateway).await;
    let mut late = Screen::default();
    let old = late.code(&gateway).await;
    enter(&gateway, &admin, &code, "Hall").await;
    for (code, name, expected) in [
        (
            "CCCC-CCCC",
            "Two",
            ("wrong-code", 404, "no screen shows this code"),
        ),
        (&code, "Two", ("wrong-code", 404, "used already")),
        (&old, "hall", ("name-taken", 409, "called \"hall\" already")),
        (&old, "", ("bad-request", 400, "needs a name")),
    ] {
        let (kind, status, detail) = problem(enter(&gateway, &admin, code, name).await).await;
        assert_eq!(
            (kind.as_str(), status),
            (expected.0, expected.1),
            "{detail}"
        );
        assert!(detail.contains(expected.2), "{detail}");
    }
    now.fetch_add(600, Ordering::SeqCst);
    let (kind, _, detail) = problem(enter(&gateway, &admin, &old, "Two").await).await;
    assert!(
        kind == "wrong-code" && detail.contains("expired"),
        "{detail}"
    );
    assert_eq!(late.state(&gateway).await, "over");
    assert_ne!(late.code(&gateway).await, old, "a new code replaces it");
    for body in ["", "{}", "[]", r#"{"code":1,"name":"x"}"#] {
        let answer = ask(&gateway, "POST /api/walls", &[("cookie", &admin)], body).await;
        assert_eq!(problem(answer).await.0, "bad-request", "{body}");
    }
}

#[tokio::test]
async fn wrong_codes_are_throttled_and_wrong_names_are_not() {
    let gateway = gateway_with_users();
    let admin = sign_in(&gateway, "ann").await;
    let mut screen = Screen::default();
    let code = screen.code(&gateway).await;
    for _ in 0..30 {
        assert_eq!(enter(&gateway, &admin, &code, "").await.status(), 400);
    }
    for _ in 0..10 {
        assert_eq!(
            enter(&gateway, &admin, "CCCC-CCCC", "Hall").await.status(),
            404
        );
    }
    let answer = enter(&gateway, &admin, &code, "Hall").await;
    assert!(!header(&answer, "retry-after").is_empty());
    assert_eq!(problem(answer).await.0, "too-many-tries");
    let again = ask(
        &gateway,
        "POST /api/session",
        &[],
        r#"{"user":"ann","password":"x"}"#,
    )
    .await;
    assert_eq!(problem(again).await.0, "wrong-password", "separate limit");
}

#[tokio::test]
async fn requests_for_codes_are_throttled() {
    let gateway = gateway_with_users();
    for _ in 0..20 {
        Screen::default().code(&gateway).await;
    }
    let answer = ask(&gateway, "POST /api/pairing", &[], "").await;
    assert!(!answer.headers().contains_key("set-cookie"));
    assert!((1..=1200).contains(&header(&answer, "retry-after").parse::<u32>().unwrap()));
    assert_eq!(problem(answer).await.0, "too-many-tries");
    let other = [("origin", "http://evil.example")];
    let answer = ask(&gateway, "POST /api/pairing", &other, "").await;
    assert_eq!(problem(answer).await.0, "cross-site");
}

#[tokio::test]
async fn a_wall_in_use_stays_signed_in() {
    let (gateway, now) = clocked(None);
    let admin = sign_in(&gateway, "ann").await;
    let (mut screen, _) = wall(&gateway, &admin, "Hall").await;
    let first = screen.clone();
    for day in 1..900 {
        now.fetch_add(24 * 3600, Ordering::SeqCst);
        let before = screen.cookie();
        assert_eq!(screen.session(&gateway).await.0, 200, "day {day}");
        assert_ne!(screen.cookie(), before, "day {day}");
        let renewed = screen.cookie();
        assert_eq!(screen.session(&gateway).await.0, 200);
        assert_eq!(screen.cookie(), renewed, "renewed once an hour");
    }
    assert_eq!(first.clone().session(&gateway).await.0, 401, "unused copy");
}

#[tokio::test]
async fn gateways_with_the_same_key_and_file_accept_the_same_walls() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("walls.json");
    let [one, two] = [(), ()].map(|()| process(Some(&file)));
    let admin = sign_in(&one, "ann").await;
    let mut screen = Screen::default();
    let code = screen.code(&one).await;
    assert_eq!(enter(&two, &admin, &code, "Hall").await.status(), 201);
    assert_eq!(screen.state(&one).await, "paired");
    for gateway in [&one, &two] {
        assert_eq!(screen.session(gateway).await.0, 200);
        assert_eq!(list(gateway, &admin).await["kept"], "file");
    }
    let answer = enter(&one, &admin, &code, "Two").await;
    assert!(problem(answer).await.2.contains("used already"));
    let id = list(&two, &admin).await["walls"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(revoke(&two, &admin, &id).await, 204);
    for gateway in [&one, &two] {
        assert_eq!(screen.session(gateway).await.0, 401);
    }
    let apart = process(None);
    assert_eq!(screen.session(&apart).await.0, 401, "another register");
}

#[tokio::test]
async fn walls_and_revocations_survive_a_restart_only_with_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("walls.json");
    let gateway = process(Some(&file));
    let admin = sign_in(&gateway, "ann").await;
    let (mut stays, _) = wall(&gateway, &admin, "Stays").await;
    let (mut revoked, id) = wall(&gateway, &admin, "Revoked").await;
    assert_eq!(revoked.session(&gateway).await.0, 200);
    assert_eq!(revoke(&gateway, &admin, &id).await, 204);
    let again = process(Some(&file));
    assert_eq!(stays.session(&again).await.0, 200);
    assert_eq!(revoked.session(&again).await.0, 401, "still revoked");
    let gateway = process(None);
    let (mut screen, _) = wall(&gateway, &admin, "Hall").await;
    assert_eq!(screen.session(&gateway).await.0, 200);
    assert_eq!(screen.session(&process(None)).await.0, 401);
}

#[tokio::test]
async fn a_change_of_the_configuration_keeps_the_walls() {
    let memory = Arc::new(Memory::new().unwrap());
    let start = || Arc::new(with_memory(Vec::new(), None, false, None, &memory).unwrap());
    let gateway = start();
    let admin = sign_in(&gateway, "ann").await;
    let (mut screen, id) = wall(&gateway, &admin, "Hall").await;
    let after = start();
    assert_eq!(screen.session(&after).await.0, 200);
    assert_eq!(revoke(&after, &admin, &id).await, 204);
    assert_eq!(screen.session(&gateway).await.0, 401);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("walls.json");
    let again = |memory| with_memory(Vec::new(), Some(KEY), false, Some(&file), memory);
    assert!(again(&memory).is_ok());
    std::fs::write(&file, "{").unwrap();
    let why = again(&memory).unwrap_err();
    assert!(why.contains("walls.json"), "{why}");
}

#[tokio::test]
async fn with_an_unreadable_file_walls_are_rejected_and_users_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("walls.json");
    let gateway = process(Some(&file));
    let admin = sign_in(&gateway, "ann").await;
    let (mut screen, _) = wall(&gateway, &admin, "Hall").await;
    let sound = std::fs::read(&file).unwrap();
    std::fs::write(&file, "{").unwrap();
    assert_eq!(screen.session(&gateway).await.0, 401);
    assert_eq!(revoke(&gateway, &admin, "other").await, 500);
    for (line, cookie) in [
        ("GET /api/walls", admin.as_str()),
        ("POST /api/pairing", ""),
    ] {
        let answer = ask(&gateway, line, &[("cookie", cookie)], "").await;
        let (kind, status, detail) = problem(answer).await;
        assert_eq!((kind.as_str(), status), ("store-unavailable", 503));
        assert!(detail.ends_with("fix what the gateway's log names, and try again"));
        assert!(!detail.contains("walls.json"), "{detail}");
    }
    assert_eq!(std::fs::read(&file).unwrap(), b"{");
    std::fs::write(&file, sound).unwrap();
    assert_eq!(screen.session(&gateway).await.0, 200);
}

#[tokio::test]
async fn walls_stay_signed_in_when_the_clock_is_set_back() {
    let (gateway, now) = clocked(None);
    let admin = sign_in(&gateway, "ann").await;
    let (mut screen, _) = wall(&gateway, &admin, "Hall").await;
    let before = screen.cookie();
    now.store(1_000_000 - 7_200, Ordering::SeqCst);
    assert_eq!(screen.session(&gateway).await.0, 200);
    let renewed = screen.cookie();
    assert_ne!(renewed, before, "renewed with the present time");
    assert_eq!(screen.session(&gateway).await.0, 200);
    assert_eq!(screen.cookie(), renewed, "once");
}

/// Waits until the file has a later "last seen" of the only wall, and returns it.
async fn saved_last_seen(file: &Path, earlier: Option<u64>) -> Option<u64> {
    for _ in 0..2_000 {
        let register: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let last_seen = register["walls"][0]["seen_at"].as_u64();
        if last_seen > earlier {
            return last_seen;
        }
        tokio::task::yield_now().await;
        std::thread::sleep(Duration::from_millis(1));
    }
    None
}

#[tokio::test]
async fn last_seen_is_saved_once_a_minute_and_listed_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("walls.json");
    let (gateway, now) = clocked(Some(&file));
    let admin = sign_in(&gateway, "ann").await;
    let (mut screen, _) = wall(&gateway, &admin, "Hall").await;
    let stamp = || std::fs::metadata(&file).unwrap().modified().unwrap();
    screen.session(&gateway).await;
    assert_eq!(saved_last_seen(&file, None).await, Some(1_000_000));
    let first = stamp();
    for _ in 0..59 {
        now.fetch_add(1, Ordering::SeqCst);
        screen.session(&gateway).await;
    }
    assert_eq!(
        list(&gateway, &admin).await["walls"][0]["last_seen"],
        "1970-01-12T13:47:39Z"
    );
    assert_eq!(stamp(), first);
    now.fetch_add(1, Ordering::SeqCst);
    screen.session(&gateway).await;
    assert_eq!(
        saved_last_seen(&file, Some(1_000_000)).await,
        Some(1_000_060)
    );
    let (other, _) = clocked(Some(&file));
    assert_eq!(
        list(&other, &admin).await["walls"][0]["last_seen"],
        "1970-01-12T13:47:40Z"
    );
}

#[tokio::test]
async fn pairing_and_revoking_are_audited() {
    let log = Log::begin();
    let gateway = gateway_with_users();
    let audit_lines = |answer: &Response<Body>| log.audit(header(answer, "x-request-id"));
    let admin = sign_in(&gateway, "ann").await;
    let mut screen = Screen::default();
    let code = screen.code(&gateway).await;
    let by = "who=\"ann\" role=\"admin\" from=127.0.0.1";
    let wrong = enter(&gateway, &admin, "CCCC-CCCC", "Ha\nll").await;
    let line = "what=\"pair wall\" wall=\"Ha\\nll\" outcome=\"refused\"";
    assert_eq!(
        audit_lines(&wrong),
        [format!("{by} {line} why=\"bad-request\"")]
    );
    let wrong = enter(&gateway, &admin, "CCCC-CCCC", "Hall").await;
    let line = "what=\"pair wall\" wall=\"Hall\" outcome=\"refused\"";
    assert_eq!(
        audit_lines(&wrong),
        [format!("{by} {line} why=\"wrong-code\"")]
    );
    let good = enter(&gateway, &admin, &code, "Hall").await;
    let line = "what=\"pair wall\" wall=\"Hall\" outcome=\"done\" why=\"-\"";
    assert_eq!(audit_lines(&good), [format!("{by} {line}")]);
    let cookies = screen.cookie();
    let claimed = ask(&gateway, "GET /api/pairing", &[("cookie", &cookies)], "").await;
    let line =
        "who=\"Hall\" role=\"wall\" from=127.0.0.1 what=\"sign in\" outcome=\"done\" why=\"-\"";
    assert_eq!(audit_lines(&claimed), [line]);
    let viewer = sign_in(&gateway, "vic").await;
    let refused = ask(&gateway, "DELETE /api/walls/x", &[("cookie", &viewer)], "").await;
    assert!(
        audit_lines(&refused)[0]
            .contains("what=\"DELETE\" path=\"/api/walls/x\" outcome=\"refused\"")
    );
    let id = list(&gateway, &admin).await["walls"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let line = format!("DELETE /api/walls/{id}");
    let revoked = ask(&gateway, &line, &[("cookie", &admin)], "").await;
    let line = "what=\"revoke wall\" wall=\"Hall\" outcome=\"done\" why=\"-\"";
    assert_eq!(audit_lines(&revoked), [format!("{by} {line}")]);
    let logged = log.text();
    let is_logged = |value: &str| logged.contains(value);
    assert!(!screen.cookies.iter().any(|(_, value)| is_logged(value)));
    assert!(!is_logged(&code), "a valid code is a secret");
}

#[tokio::test]
async fn no_wall_is_paired_if_no_sign_in_is_configured() {
    let gateway = to_aveva("http://127.0.0.1:1");
    for (line, body) in [
        ("POST /api/pairing", ""),
        ("GET /api/pairing", ""),
        ("POST /api/walls", r#"{"code":"CCCC-CCCC","name":"x"}"#),
        ("DELETE /api/walls/x", ""),
    ] {
        let (kind, status, detail) = problem(ask(&gateway, line, &[], body).await).await;
        assert_eq!((kind.as_str(), status), ("bad-request", 400), "{line}");
        assert!(detail.contains("needs no pairing"), "{detail}");
    }
    let answer = get(&gateway, "/api/walls").await;
    assert_eq!(text(answer).await, r#"{"walls":[],"kept":"nowhere"}"#);
}

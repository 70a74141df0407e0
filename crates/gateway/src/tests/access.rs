//! Signing in and out, through the whole router.

use super::*;
use crate::auth::{Memory, SignIn};
use crate::identity::{Limits, Role, User};
use argon2::password_hash::PasswordHasher as _;
use secrecy::SecretString;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

pub(super) const PASSWORD: &str = "correct horse battery staple";

/// The cheapest accepted hash, because the tests check many passwords.
static HASH: LazyLock<String> = LazyLock::new(|| {
    let params = argon2::Params::new(7 * 1024, 1, 1, None).unwrap();
    let hash = argon2::Argon2::from(params).hash_password(PASSWORD.as_bytes());
    hash.unwrap().to_string()
});

/// A gateway to these connections with the users `ann` (admin), `vic` (viewer) and `hall` (wall).
pub(super) fn with_users(
    connections: Vec<config::Connection>,
    key: Option<&str>,
    encrypted: bool,
) -> Gateway {
    let memory = Arc::new(Memory::new().unwrap());
    with_memory(connections, key, encrypted, None, &memory).unwrap()
}

/// A gateway like [`with_users`], with a file of walls and the memory of another gateway.
pub(super) fn with_memory(
    connections: Vec<config::Connection>,
    key: Option<&str>,
    encrypted: bool,
    walls: Option<&std::path::Path>,
    memory: &Arc<Memory>,
) -> Result<Gateway, String> {
    let user = |name: &str, role| User {
        name: name.to_owned(),
        role,
        password_hash: HASH.clone(),
    };
    let with = SignIn {
        users: vec![
            user("ann", Role::Admin),
            user("vic", Role::Viewer),
            user("hall", Role::Wall),
        ],
        openid: None,
        limits: Limits::default(),
        key: key.map(SecretString::from),
        encrypted,
        cookie_suffix: encrypted.then(String::new),
        base_path: String::new(),
        walls: walls.map(ToOwned::to_owned),
        ended: walls.map(|walls| config::EndedFile {
            path: walls.with_extension("ended"),
            is_configured: true,
        }),
    };
    let access = Access::sign_in(with, memory.clone())?;
    let index = ("index.html".to_owned(), b"<h1>console</h1>".to_vec());
    let public = encrypted.then(|| "https://console.example".to_owned());
    Gateway::new(connections, access, public, Assets::from_files([index]))
}

fn gateway_with_users() -> Arc<Gateway> {
    let plant = connection("plant-a", aveva(), "http://127.0.0.1:1", basic());
    Arc::new(with_users(vec![plant], None, false))
}

pub(super) fn body(user: &str, password: &str) -> String {
    serde_json::json!({"user": user, "password": password}).to_string()
}

pub(super) async fn sign_in(gateway: &Arc<Gateway>, user: &str) -> String {
    let answer = ask(gateway, "POST /api/session", &[], &body(user, PASSWORD)).await;
    assert_eq!(answer.status(), 200);
    cookie(&answer)
}

/// The cookie that a response sets, in the form that a browser sends.
pub(super) fn cookie(answer: &Response<Body>) -> String {
    header(answer, "set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned()
}

pub(super) async fn session_of(gateway: &Arc<Gateway>, cookie: &str) -> (u16, String) {
    let answer = ask(gateway, "GET /api/session", &[("cookie", cookie)], "").await;
    (answer.status().as_u16(), text(answer).await)
}

#[tokio::test]
async fn a_user_signs_in_and_signs_out() {
    let gateway = gateway_with_users();
    let answer = ask(&gateway, "POST /api/session", &[], &body("vic", PASSWORD)).await;
    assert_eq!(header(&answer, "cache-control"), "no-store");
    let set = header(&answer, "set-cookie").to_owned();
    assert!(
        set.starts_with("failover-console-8080=")
            && set.ends_with("; Path=/; Max-Age=3600; HttpOnly; SameSite=Strict"),
        "{set}"
    );
    assert!(!set.contains("vic"), "sealed");
    let cookie = cookie(&answer);
    let expected = format!(
        r#"{{"user":"vic","role":"viewer","demo":false,"version":"{}","can_sign_out":true,"read_seconds":15}}"#,
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(text(answer).await, expected);
    assert_eq!(session_of(&gateway, &cookie).await, (200, expected.clone()));
    // Keyboards of phones capitalise the first letter and append a space.
    let phone = sign_in(&gateway, "Vic ").await;
    assert_eq!(session_of(&gateway, &phone).await, (200, expected));
    let out = ask(&gateway, "DELETE /api/session", &[("cookie", &cookie)], "").await;
    assert_eq!(out.status(), 204);
    assert!(header(&out, "set-cookie").starts_with("failover-console-8080=; Path=/; Max-Age=0"));
    assert_eq!(session_of(&gateway, &cookie).await.0, 401, "copied cookie");
    let again = ask(&gateway, "DELETE /api/session", &[("cookie", &cookie)], "").await;
    assert_eq!(again.status(), 204);
}

#[tokio::test]
async fn over_https_only_the_strict_cookie_is_set_and_accepted() {
    let gateway = Arc::new(with_users(Vec::new(), None, true));
    let cookie = sign_in(&gateway, "ann").await;
    let answer = ask(&gateway, "POST /api/session", &[], &body("ann", PASSWORD)).await;
    let set = header(&answer, "set-cookie");
    assert!(
        set.starts_with("__Host-failover-console=")
            && set.ends_with("; Path=/; Max-Age=3600; HttpOnly; SameSite=Strict; Secure"),
        "{set}"
    );
    assert_eq!(session_of(&gateway, &cookie).await.0, 200);
    let unsafe_name = cookie.replace("__Host-failover-console", "failover-console-8080");
    assert_eq!(session_of(&gateway, &unsafe_name).await.0, 401);
}

#[tokio::test]
async fn a_failed_sign_in_does_not_reveal_what_was_wrong() {
    let gateway = gateway_with_users();
    let mut problems = Vec::new();
    for (user, password) in [
        ("vic", "wrong"),
        ("nobody", PASSWORD),
        ("v ic", PASSWORD),
        ("", ""),
    ] {
        let answer = ask(&gateway, "POST /api/session", &[], &body(user, password)).await;
        assert!(!answer.headers().contains_key("set-cookie"));
        assert_eq!(header(&answer, "www-authenticate"), "Session");
        problems.push(problem(answer).await);
    }
    problems.dedup();
    let detail = "the user name or the password is wrong".to_owned();
    assert_eq!(problems, [("wrong-password".to_owned(), 401, detail)]);
}

#[tokio::test]
async fn without_a_session_only_the_sign_in_is_available() {
    let gateway = gateway_with_users();
    for path in ["/", "/sign-in", "/groups", "/healthz", "/readyz"] {
        assert_eq!(get(&gateway, path).await.status(), 200, "{path}");
    }
    for line in [
        "GET /api/session".to_owned(),
        "GET /api/connections".to_owned(),
        "GET /api/nothing".to_owned(),
        "PATCH /api/session".to_owned(),
        "GET /metrics".to_owned(),
        format!("GET {GROUPS}"),
        format!("POST {GROUPS}"),
        "GET /relay/nothing".to_owned(),
        "GET /thumbnails/live/a/b".to_owned(),
    ] {
        let answer = ask(&gateway, &line, &[], "").await;
        assert_eq!(problem(answer).await.0, "sign-in", "{line}");
    }
}

#[tokio::test]
async fn a_forged_or_changed_cookie_is_not_accepted() {
    let gateway = gateway_with_users();
    let cookie = sign_in(&gateway, "ann").await;
    let (name, value) = cookie.split_once('=').unwrap();
    let mut last = value.to_owned();
    let other = if last.pop() == Some('A') { "Q" } else { "A" };
    for wrong in [
        String::new(),
        format!("{name}="),
        format!("{name}=x"),
        format!("{name}={}", &value[..value.len() - 4]),
        format!("{name}={last}{other}"),
        format!("{name}={}", "A".repeat(100_000)),
        format!("{cookie}; {cookie}"),
        format!("other={value}"),
    ] {
        assert_eq!(session_of(&gateway, &wrong).await.0, 401, "{wrong:.60}");
    }
}

#[tokio::test]
async fn gateways_share_sessions_by_key_and_a_new_key_ends_them() {
    let key = "k".repeat(32);
    let [one, two] = [(), ()].map(|()| Arc::new(with_users(Vec::new(), Some(&key), false)));
    let cookie = sign_in(&one, "ann").await;
    assert_eq!(session_of(&two, &cookie).await.0, 200);
    let changed = Arc::new(with_users(Vec::new(), Some(&"l".repeat(32)), false));
    assert_eq!(session_of(&changed, &cookie).await.0, 401);
    let keyless = Arc::new(with_users(Vec::new(), None, false));
    assert_eq!(session_of(&keyless, &cookie).await.0, 401);
}

#[tokio::test]
async fn a_used_session_lasts_until_its_limit_and_an_idle_one_expires() {
    let now = Arc::new(AtomicU64::new(1_000_000));
    let clock = {
        let now = now.clone();
        Arc::new(move || Duration::from_secs(now.load(Ordering::SeqCst)))
    };
    let mut gateway = with_users(Vec::new(), None, false);
    gateway.access = gateway.access.at(clock);
    let gateway = Arc::new(gateway);
    let first = sign_in(&gateway, "ann").await;
    let mut latest = first.clone();
    for minute in 1..12 * 60 {
        now.store(1_000_000 + minute * 60, Ordering::SeqCst);
        let answer = ask(&gateway, "GET /healthz", &[("cookie", &latest)], "").await;
        let renewed = cookie(&answer);
        assert!(!renewed.is_empty() && renewed != latest, "minute {minute}");
        latest = renewed;
        let again = ask(&gateway, "GET /healthz", &[("cookie", &latest)], "").await;
        assert!(cookie(&again).is_empty(), "renewed once a minute");
    }
    assert_eq!(
        session_of(&gateway, &first).await.0,
        401,
        "idle for too long"
    );
    now.fetch_add(60, Ordering::SeqCst);
    assert_eq!(session_of(&gateway, &latest).await.0, 401, "twelve hours");
}

#[tokio::test]
async fn after_too_many_wrong_passwords_the_right_one_is_throttled_too() {
    let gateway = gateway_with_users();
    for number in 0..10 {
        let answer = ask(
            &gateway,
            "POST /api/session",
            &[],
            &body(&format!("u{number}"), "x"),
        )
        .await;
        assert_eq!(answer.status(), 401);
    }
    let answer = ask(&gateway, "POST /api/session", &[], &body("vic", PASSWORD)).await;
    let wait: u32 = header(&answer, "retry-after").parse().unwrap();
    assert!((600..=900).contains(&wait), "{wait}");
    assert_eq!(problem(answer).await.0, "too-many-tries");
}

#[tokio::test]
async fn a_malformed_sign_in_is_rejected_without_repeating_its_content() {
    let gateway = gateway_with_users();
    let json = ("content-type", "application/json");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let good = body("ann", PASSWORD);
    let long = body("ann", &"x".repeat(2000));
    let huge = body("ann", &"x".repeat(20_000));
    for (headers, body, status) in [
        (&[json] as &[_], "", 400),
        (&[json], "hunter2", 400),
        (&[json], r#"{"user":"ann"}"#, 400),
        (&[json], r#"{"user":"ann","password":["hunter2"]}"#, 400),
        (&[json], &long, 400),
        (&[json], &huge, 413),
        (&[form], "user=ann&password=hunter2", 415),
        (&[form], &good, 415),
        (&[json, ("origin", "null")], &good, 403),
        (&[json, ("origin", "http://evil.example")], &good, 403),
        (
            &[
                json,
                ("origin", "http://evil.example"),
                ("sec-fetch-site", "cross-site"),
            ],
            &good,
            403,
        ),
    ] {
        let answer = ask(&gateway, "POST /api/session", headers, body).await;
        let (_, found, detail) = problem(answer).await;
        assert_eq!(found, status, "{body:.60}: {detail}");
        assert!(!detail.contains("hunter2"), "{detail}");
    }
    // Scripts, unlike browsers, send no `Origin`.
    let script = Request::builder()
        .method("POST")
        .uri("/api/session")
        .header("host", "localhost:8080")
        .header("content-type", "application/json")
        .body(Body::from(good))
        .unwrap();
    let answer = app(gateway).oneshot(script).await.unwrap();
    assert_eq!(answer.status(), 200, "without an Origin");
}

#[tokio::test]
async fn signing_in_is_a_bad_request_if_no_sign_in_is_configured() {
    let gateway = to_aveva("http://127.0.0.1:1");
    let answer = ask(&gateway, "POST /api/session", &[], &body("ann", PASSWORD)).await;
    assert_eq!(problem(answer).await.0, "bad-request");
    let answer = ask(&gateway, "DELETE /api/session", &[], "").await;
    assert_eq!(
        (answer.status().as_u16(), cookie(&answer)),
        (204, String::new())
    );
}

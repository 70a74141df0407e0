//! Users of the provider: their names, roles, cookies and sessions.

use super::*;
use crate::tests::access::with_users;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

#[tokio::test]
async fn a_user_signs_in_at_the_provider_and_signs_out() {
    let log = Log::begin();
    let provider = Provider::new(admin()).await;
    let gateway = gateway_for(&provider);
    let ways = get(&gateway, "/api/sign-in").await;
    assert_eq!(header(&ways, "cache-control"), "no-store");
    assert_eq!(
        text(ways).await,
        r#"{"password":false,"provider":"Plant account","roles_claim":"realm_access.roles"}"#
    );
    let mut browser = Browser::default();
    let start = browser
        .open(&gateway, "/api/openid/start?to=%2Fgroups%3Fx%3D1")
        .await;
    assert_eq!(
        (start.status().as_u16(), header(&start, "cache-control")),
        (303, "no-store")
    );
    let set = header(&start, "set-cookie");
    assert!(
        set.starts_with("failover-console-sign-in-8080=")
            && set.ends_with("; Path=/; Max-Age=600; HttpOnly; SameSite=Lax"),
        "{set}"
    );
    let address = header(&start, "location");
    let back = provider.visit(address);
    assert!(
        back.starts_with("http://localhost:8080/api/openid/callback?code="),
        "{back}"
    );
    assert!(!set.contains("groups"), "sealed");
    let back = &back["http://localhost:8080".len()..];
    let answer = browser.open(&gateway, back).await;
    assert_eq!(
        (answer.status().as_u16(), header(&answer, "location")),
        (303, "/groups?x=1")
    );
    let sets: Vec<&str> = answer
        .headers()
        .get_all("set-cookie")
        .iter()
        .map(|value| value.to_str().unwrap())
        .collect();
    assert!(
        sets.len() == 2
            && sets[0].starts_with("failover-console-8080=")
            && sets[0].ends_with("; Path=/; Max-Age=3600; HttpOnly; SameSite=Strict")
            && sets[1].starts_with("failover-console-sign-in-8080=; Path=/; Max-Age=0;"),
        "{sets:?}"
    );
    assert_eq!(
        log.audit(header(&answer, "x-request-id")),
        [
            "who=\"ann <248289761001>\" from=127.0.0.1 what=\"sign in\" by=\"provider\" outcome=\"done\" why=\"-\""
        ]
    );
    let (status, session) = browser.session(&gateway).await;
    assert_eq!(status, 200);
    assert_eq!(
        (&session["user"], &session["role"]),
        (&json!("ann"), &json!("admin"))
    );
    assert_eq!(session["can_sign_out"], true);
    let copy = browser.clone();
    let cookie = browser.cookie();
    let out = ask(&gateway, "DELETE /api/session", &[("cookie", &cookie)], "").await;
    assert_eq!(out.status(), 204);
    assert_eq!(
        log.audit(header(&out, "x-request-id")),
        ["who=\"ann <248289761001>\" from=127.0.0.1 what=\"sign out\" outcome=\"done\" why=\"-\""]
    );
    assert_eq!(copy.clone().session(&gateway).await.0, 401, "copied cookie");
}

#[tokio::test]
async fn over_https_cookies_are_strict_and_the_callback_uses_the_public_name() {
    let provider = Provider::new(admin()).await;
    let gateway = configured(provider.configured(), true);
    let host = [("host", "console.example")];
    let request = |target: &str, cookie: &str| {
        let request = Request::builder().uri(target).header(host[0].0, host[0].1);
        let request = request
            .header("cookie", cookie)
            .body(Body::empty())
            .unwrap();
        app(gateway.clone()).oneshot(request)
    };
    let start = request("/api/openid/start", "").await.unwrap();
    let set = header(&start, "set-cookie");
    assert!(
        set.starts_with("__Host-failover-console-sign-in=")
            && set.ends_with("; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure"),
        "{set}"
    );
    let back = provider.visit(header(&start, "location"));
    let back = back.strip_prefix("https://console.example").unwrap();
    let answer = request(back, set.split(';').next().unwrap()).await.unwrap();
    assert_eq!(header(&answer, "location"), "/");
    let set = header(&answer, "set-cookie");
    assert!(
        set.starts_with("__Host-failover-console=")
            && set.ends_with("; Path=/; Max-Age=3600; HttpOnly; SameSite=Strict; Secure"),
        "{set}"
    );
}

#[tokio::test]
async fn a_console_below_a_path_has_its_callback_below_it_too() {
    let provider = Provider::new(admin()).await;
    let base = "/tools/failover".to_owned();
    let with = SignIn {
        users: Vec::new(),
        openid: Some(provider.configured()),
        limits: Limits::default(),
        key: Some(KEY.into()),
        walls: None,
        ended: None,
        encrypted: false,
        cookie_suffix: Some(".tools.failover".to_owned()),
        base_path: base.clone(),
    };
    let access = Access::sign_in(with, Arc::new(Memory::new().unwrap())).unwrap();
    let public = Some("http://localhost:8080".to_owned());
    let gateway = Gateway::new(Vec::new(), access, public, Assets::from_files([])).unwrap();
    let gateway = Arc::new(Gateway {
        base_path: base.clone(),
        ..gateway
    });
    for (to, expected) in [
        ("%2Ftools%2Ffailover%2Fgroups", "/tools/failover/groups"),
        ("%2Fgroups", "/tools/failover/"),
        ("", "/tools/failover/"),
    ] {
        let mut browser = Browser::default();
        let start = format!("{base}/api/openid/start?to={to}");
        let answer = browser.open(&gateway, &start).await;
        assert!(
            header(&answer, "set-cookie").starts_with("failover-console-sign-in.tools.failover=")
        );
        let back = provider.visit(header(&answer, "location"));
        let target = back.strip_prefix("http://localhost:8080").unwrap();
        assert!(
            target.starts_with("/tools/failover/api/openid/callback?"),
            "{target}"
        );
        let answer = browser.open(&gateway, target).await;
        assert_eq!(header(&answer, "location"), expected, "{to}");
        let session = browser.open(&gateway, &format!("{base}/api/session")).await;
        assert_eq!(session.status(), 200);
        let answer = browser.open(&gateway, target).await;
        let failed = header(&answer, "location");
        assert!(
            failed.starts_with("/tools/failover/sign-in?failed=expired"),
            "{failed}"
        );
    }
}

#[tokio::test]
async fn the_claims_determine_the_role_and_a_user_without_a_role_is_rejected() {
    let provider = Provider::new(json!({})).await;
    let gateway = gateway_for(&provider);
    let roles = |roles: Value| json!({"realm_access": {"roles": roles}});
    for (claims, expected) in [
        (roles(json!(["console-viewer"])), Ok("viewer")),
        (
            roles(json!(["console-viewer", "console-admin"])),
            Ok("admin"),
        ),
        (roles(json!("console-viewer")), Ok("viewer")),
        (
            json!({"realm_access.roles": ["console-viewer"]}),
            Ok("viewer"),
        ),
        (roles(json!(["other"])), Err("no-role")),
        (roles(json!(["wall"])), Err("no-role")),
        (roles(json!({"console-admin": true})), Err("claim-object")),
        (json!({"realm_access": ["console-admin"]}), Err("no-claim")),
        (json!({"roles": ["console-admin"]}), Err("no-claim")),
        (json!({}), Err("no-claim")),
    ] {
        let mut claimed = claims.clone();
        claimed["preferred_username"] = json!("ann\n\"who=");
        provider.claims(claimed);
        let mut browser = Browser::default();
        let back = browser.begin(&gateway, &provider, "/groups").await;
        let answer = browser.open(&gateway, &back).await;
        let location = header(&answer, "location").to_owned();
        let audit_lines = Log::begin().audit(header(&answer, "x-request-id")).concat();
        let (status, session) = browser.session(&gateway).await;
        match expected {
            Ok(role) => assert_eq!((status, &session["role"]), (200, &json!(role)), "{claims}"),
            Err(code) => {
                assert_eq!(status, 401, "{claims}");
                assert_eq!(location, format!("/sign-in?failed={code}&to=%2Fgroups"));
                assert_eq!(
                    audit_lines,
                    format!(
                        "who=\"ann\\\"who= <248289761001>\" from=127.0.0.1 what=\"sign in\" by=\"provider\" \
                         outcome=\"refused\" why=\"{code}\""
                    )
                );
            }
        }
    }
}

#[tokio::test]
async fn sessions_expire_and_an_attempt_expires_after_ten_minutes() {
    let provider = Provider::new(admin()).await;
    let start = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let now = Arc::new(AtomicU64::new(start));
    let clock = {
        let now = now.clone();
        Arc::new(move || Duration::from_secs(now.load(Ordering::SeqCst)))
    };
    let mut gateway = Arc::into_inner(gateway_for(&provider)).unwrap();
    gateway.access = gateway.access.at(clock);
    let gateway = Arc::new(gateway);
    let mut late = Browser::default();
    let back = late.begin(&gateway, &provider, "/groups").await;
    let mut browser = Browser::default();
    let answer = browser.begin(&gateway, &provider, "/groups").await;
    browser.open(&gateway, &answer).await;
    let idle = browser.clone();
    now.fetch_add(600, Ordering::SeqCst);
    let answer = late.open(&gateway, &back).await;
    assert_eq!(header(&answer, "location"), "/sign-in?failed=expired");
    for _ in 0..(12 * 60 / 10 - 2) {
        assert_eq!(browser.session(&gateway).await.0, 200);
        now.fetch_add(600, Ordering::SeqCst);
    }
    assert_eq!(idle.clone().session(&gateway).await.0, 401, "idle");
    assert_eq!(browser.session(&gateway).await.0, 200);
    now.fetch_add(600, Ordering::SeqCst);
    assert_eq!(browser.session(&gateway).await.0, 401, "twelve hours");
}

#[tokio::test]
async fn without_a_provider_its_routes_return_bad_request() {
    for gateway in [
        to_aveva("http://127.0.0.1:1"),
        Arc::new(with_users(Vec::new(), None, false)),
    ] {
        for path in ["/api/openid/start", "/api/openid/callback?code=x&state=y"] {
            assert_eq!(problem(get(&gateway, path).await).await.0, "bad-request");
        }
    }
    let ways = get(
        &Arc::new(with_users(Vec::new(), None, false)),
        "/api/sign-in",
    )
    .await;
    assert_eq!(text(ways).await, r#"{"password":true,"provider":null}"#);
    let ways = get(&to_aveva("http://127.0.0.1:1"), "/api/sign-in").await;
    assert_eq!(text(ways).await, r#"{"password":false,"provider":null}"#);
}

#[tokio::test]
async fn signing_in_at_the_provider_ends_the_browsers_earlier_session() {
    let provider = Provider::new(admin()).await;
    let gateway = gateway_for(&provider);
    let mut browser = Browser::default();
    let back = browser.begin(&gateway, &provider, "/groups").await;
    browser.open(&gateway, &back).await;
    assert_eq!(browser.session(&gateway).await.0, 200);
    let mut copy = browser.clone();
    let back = browser.begin(&gateway, &provider, "/groups").await;
    assert_eq!(copy.session(&gateway).await.0, 200, "not yet");
    let answer = browser.open(&gateway, &back).await;
    assert_eq!(browser.session(&gateway).await.0, 200);
    assert_eq!(copy.session(&gateway).await.0, 401);
    let audit_lines = Log::begin().audit(header(&answer, "x-request-id"));
    assert_eq!(
        audit_lines[1..],
        [
            "who=\"ann <248289761001>\" from=127.0.0.1 what=\"sign out\" outcome=\"done\" why=\"replaced\""
        ]
    );
}

#[tokio::test]
async fn a_link_from_another_site_leads_to_the_sign_in_page() {
    let provider = Provider::new(admin()).await;
    let gateway = gateway_for(&provider);
    for (site, to, expected) in [
        (
            "cross-site",
            "?to=%2Fgroups%3Fx%3D1",
            "/sign-in?to=%2Fgroups%3Fx%3D1",
        ),
        ("cross-site", "?to=%2F%2Fevil", "/sign-in"),
        ("cross-site", "", "/sign-in"),
    ] {
        let line = format!("GET /api/openid/start{to}");
        let answer = ask(&gateway, &line, &[("sec-fetch-site", site)], "").await;
        assert_eq!(answer.status(), 303);
        assert_eq!(header(&answer, "location"), expected);
        assert!(!answer.headers().contains_key("set-cookie"));
    }
    for site in ["same-origin", "same-site", "none"] {
        let line = "GET /api/openid/start?to=%2Fgroups";
        let answer = ask(&gateway, line, &[("sec-fetch-site", site)], "").await;
        let location = header(&answer, "location");
        assert!(location.starts_with(&provider.base), "{site}: {location}");
    }
}

#[tokio::test]
async fn repeated_sign_ins_at_the_provider_are_throttled_for_that_user_only() {
    let provider = Provider::new(admin()).await;
    let gateway = gateway_for(&provider);
    for _ in 0..30 {
        assert_eq!(sign_in(&gateway, &provider).await.0, "/groups");
    }
    let (location, audit_lines) = sign_in(&gateway, &provider).await;
    assert_eq!(location, "/sign-in?failed=too-many-tries&to=%2Fgroups");
    assert!(
        audit_lines.starts_with("who=\"ann <248289761001>\"")
            && audit_lines.ends_with("outcome=\"refused\" why=\"too-many-tries\""),
        "{audit_lines}"
    );
    let mut another = admin();
    another["sub"] = json!("248289761002");
    provider.claims(another);
    assert_eq!(sign_in(&gateway, &provider).await.0, "/groups");
}

//! Signing in at a provider, over the whole router, and every way to cheat at it that we could think of.

use super::access::with_users;
use super::provider::{CLIENT_SECRET, Provider};
use super::secrets::Log;
use super::*;
use crate::{Limits, Memory, SignIn};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

const KEY: &str = "0123456789abcdef0123456789abcdef";

fn configured(openid: config::OpenId, encrypted: bool) -> Arc<Gateway> {
    // Before anything is said that a test will look for.
    Log::begin();
    let with = SignIn {
        users: Vec::new(),
        openid: Some(openid),
        limits: Limits::default(),
        key: Some(KEY.into()),
        walls: None,
        encrypted,
    };
    let access = Access::sign_in(with, Arc::new(Memory::new().unwrap())).unwrap();
    let public = encrypted.then(|| "https://console.example".to_owned());
    let assets = Assets::from_files([("index.html".to_owned(), b"<h1>console</h1>".to_vec())]);
    Arc::new(Gateway::new(Vec::new(), access, public, assets).unwrap())
}

fn people(provider: &Provider) -> Arc<Gateway> {
    configured(provider.configured(), false)
}

fn admin() -> Value {
    json!({"preferred_username": "ann", "realm_access": {"roles": ["x", "console-admin"]}})
}

/// A browser: the one thing it does is to keep cookies.
#[derive(Clone, Default)]
struct Browser(Vec<(String, String)>);

impl Browser {
    fn cookie(&self) -> String {
        let pairs: Vec<String> = self
            .0
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    async fn open(&mut self, gateway: &Arc<Gateway>, target: &str) -> Response<Body> {
        let cookie = self.cookie();
        let answer = ask(
            gateway,
            &format!("GET {target}"),
            &[("cookie", &cookie)],
            "",
        )
        .await;
        for set in answer.headers().get_all("set-cookie") {
            let set = set.to_str().unwrap();
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            self.0.retain(|(known, _)| known != name);
            if !set.contains("Max-Age=0") {
                self.0.push((name.to_owned(), value.to_owned()));
            }
        }
        answer
    }

    /// Begins; where the provider sends the browser back to.
    async fn begin(&mut self, gateway: &Arc<Gateway>, provider: &Provider, to: &str) -> String {
        let answer = self
            .open(gateway, &format!("/api/openid/start?to={to}"))
            .await;
        assert_eq!(answer.status(), 303, "{:?}", answer.headers());
        let back = provider.visit(header(&answer, "location"));
        let path = Url::parse(&back).unwrap();
        path[openidconnect::url::Position::BeforePath..].to_owned()
    }

    async fn session(&mut self, gateway: &Arc<Gateway>) -> (u16, Value) {
        let answer = self.open(gateway, "/api/session").await;
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&text(answer).await).unwrap())
    }
}

/// What a whole sign-in leads to, and what the audit says of it.
async fn sign_in(gateway: &Arc<Gateway>, provider: &Provider) -> (String, String) {
    let mut browser = Browser::default();
    let back = browser.begin(gateway, provider, "/groups").await;
    let answer = browser.open(gateway, &back).await;
    assert_eq!(answer.status(), 303);
    let told = Log::begin().audit(header(&answer, "x-request-id"));
    assert_eq!(told.len(), 1, "{told:?}");
    let leads = header(&answer, "location").to_owned();
    let signed_in = leads == "/groups";
    assert_eq!(
        browser.session(gateway).await.0 == 200,
        signed_in,
        "{leads}"
    );
    assert!(
        !browser.cookie().contains("-sign-in"),
        "the attempt is over: {}",
        browser.cookie()
    );
    (leads, told[0].clone())
}

#[tokio::test]
async fn a_person_signs_in_at_the_provider_is_known_and_signs_out() {
    let log = Log::begin();
    let provider = Provider::new(admin()).await;
    let gateway = people(&provider);
    let ways = get(&gateway, "/api/sign-in").await;
    assert_eq!(header(&ways, "cache-control"), "no-store");
    assert_eq!(
        text(ways).await,
        r#"{"password":false,"provider":"Plant account"}"#
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
        ["who=\"ann <248289761001>\" from=127.0.0.1 what=\"sign out\" outcome=\"done\""]
    );
    assert_eq!(
        copy.clone().session(&gateway).await.0,
        401,
        "a copy is worth nothing"
    );
}

#[tokio::test]
async fn over_https_the_cookies_are_the_strictest_that_work_and_the_address_is_the_public_one() {
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
async fn the_role_is_the_claims_and_who_has_none_is_refused_by_name() {
    let provider = Provider::new(json!({})).await;
    let gateway = people(&provider);
    for (claims, expected) in [
        (
            json!({"realm_access": {"roles": ["console-viewer"]}}),
            Some("viewer"),
        ),
        (
            json!({"realm_access": {"roles": ["console-viewer", "console-admin"]}}),
            Some("admin"),
        ),
        (
            json!({"realm_access": {"roles": "console-viewer"}}),
            Some("viewer"),
        ),
        (
            json!({"realm_access.roles": ["console-viewer"]}),
            Some("viewer"),
        ),
        (json!({"realm_access": {"roles": ["other"]}}), None),
        (
            json!({"realm_access": {"roles": {"console-admin": true}}}),
            None,
        ),
        (json!({"realm_access": ["console-admin"]}), None),
        (json!({"roles": ["console-admin"]}), None),
        (json!({"realm_access": {"roles": ["wall"]}}), None),
        (json!({}), None),
    ] {
        let mut claimed = claims.clone();
        claimed["preferred_username"] = json!("ann\n\"who=");
        provider.claims(claimed);
        let mut browser = Browser::default();
        let back = browser.begin(&gateway, &provider, "/groups").await;
        let answer = browser.open(&gateway, &back).await;
        let leads = header(&answer, "location").to_owned();
        let told = Log::begin().audit(header(&answer, "x-request-id")).concat();
        let (status, session) = browser.session(&gateway).await;
        match expected {
            Some(role) => assert_eq!((status, &session["role"]), (200, &json!(role)), "{claims}"),
            None => {
                assert_eq!(status, 401, "{claims}");
                assert_eq!(leads, "/sign-in?failed=no-role&to=%2Fgroups");
                assert_eq!(
                    told,
                    "who=\"ann\\\"who= <248289761001>\" from=127.0.0.1 what=\"sign in\" by=\"provider\" \
                     outcome=\"refused\" why=\"no-role\""
                );
            }
        }
    }
}

/// Each lie of a provider, or of somebody between.
#[tokio::test]
async fn a_token_that_is_not_this_providers_for_this_gateway_and_this_question_is_refused() {
    type Lie = (&'static str, &'static str, fn(&mut Value, &mut Value));
    fn now() -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs()
    }
    let lies: [Lie; 17] = [
        ("no signature", "No signature found", |header, _| {
            header["alg"] = json!("none");
        }),
        (
            "signed with the secret",
            "algorithm `HS256` is not one of",
            |header, _| {
                header["alg"] = json!("HS256");
            },
        ),
        ("another algorithm", "No matching key found", |header, _| {
            header["alg"] = json!("RS256");
        }),
        (
            "an algorithm that nobody knows",
            "cannot be read",
            |header, _| {
                header["alg"] = json!("X");
            },
        ),
        ("an unknown key", "No matching key found", |header, _| {
            header["kid"] = json!("other");
        }),
        (
            "something critical",
            "critical JWT header fields",
            |header, _| {
                header["crit"] = json!(["x"]);
            },
        ),
        ("wrong nonce", "nonce mismatch", |_, claims| {
            claims["nonce"] = json!("other");
        }),
        ("no nonce", "missing nonce claim", |_, claims| {
            claims.as_object_mut().unwrap().remove("nonce");
        }),
        ("wrong audience", "found audiences: `other`", |_, claims| {
            claims["aud"] = json!("other");
        }),
        (
            "a second audience",
            "`other` is not a trusted audience",
            |_, claims| {
                claims["aud"] = json!(["failover-console", "other"]);
            },
        ),
        ("no audience", "(found audiences: )", |_, claims| {
            claims.as_object_mut().unwrap().remove("aud");
        }),
        ("another party", "another party (azp)", |_, claims| {
            claims["azp"] = json!("other");
        }),
        (
            "wrong issuer",
            "found `https://evil.example`",
            |_, claims| {
                claims["iss"] = json!("https://evil.example");
            },
        ),
        ("expired", "ID token expired", |_, claims| {
            claims["exp"] = json!(now() - 120);
        }),
        (
            "issued in the future",
            "issued in the future",
            |_, claims| {
                claims["iat"] = json!(now() + 600);
            },
        ),
        ("no subject", "names no subject", |_, claims| {
            claims["sub"] = json!("");
        }),
        ("no end", "cannot be read", |_, claims| {
            claims.as_object_mut().unwrap().remove("exp");
        }),
    ];
    let provider = Provider::new(admin()).await;
    for (what, reason, lie) in lies {
        // Of its own: too many failures of one address are an end to it.
        let gateway = people(&provider);
        provider.twist(lie);
        let before = Log::begin().text().len();
        let (leads, told) = sign_in(&gateway, &provider).await;
        let logged = Log::begin().text().split_off(before);
        let why = logged
            .lines()
            .filter(|line| line.contains("was not accepted why="));
        assert!(
            why.into_iter().any(|line| line.contains(reason)),
            "{what}: {logged}"
        );
        assert_eq!(leads, "/sign-in?failed=invalid&to=%2Fgroups", "{what}");
        assert!(
            told.ends_with("outcome=\"failed\" why=\"invalid\""),
            "{what}: {told}"
        );
    }
    provider.twist(|_, _| {});
    assert_eq!(sign_in(&people(&provider), &provider).await.0, "/groups");
    provider.shows(Provider::another_key());
    let (leads, _) = sign_in(&people(&provider), &provider).await;
    assert_eq!(
        leads, "/sign-in?failed=invalid&to=%2Fgroups",
        "another key by that name"
    );
}

#[tokio::test]
async fn what_comes_back_has_to_answer_what_this_browser_was_sent_for_and_once() {
    let provider = Provider::new(admin()).await;
    let gateway = people(&provider);
    let expired = "/sign-in?failed=expired";
    let there = format!("{expired}&to=%2Fgroups");

    let mut browser = Browser::default();
    let back = browser.begin(&gateway, &provider, "/groups").await;
    let (path, query) = back.split_once('?').unwrap();
    let state = query
        .split('&')
        .find(|pair| pair.starts_with("state="))
        .unwrap();
    let issuer = |issuer: &str| format!("{back}&iss={issuer}");
    for (what, target, expected) in [
        (
            "wrong state",
            back.replace("state=", "state=x"),
            there.as_str(),
        ),
        ("no state", back.replace("state=", "other="), &there),
        ("two states", format!("{back}&{state}"), &there),
        ("no code", format!("{path}?{state}"), &there),
        ("empty code", format!("{path}?code=&{state}"), &there),
        ("two codes", format!("{back}&code=x"), &there),
        (
            "long code",
            format!("{path}?code={}&{state}", "x".repeat(5000)),
            &there,
        ),
        ("nothing", path.to_owned(), &there),
        ("another issuer", issuer("https%3A%2F%2Fevil"), &there),
        (
            "denied",
            format!("{path}?error=access_denied&{state}"),
            "/sign-in?failed=denied&to=%2Fgroups",
        ),
        (
            "markup",
            format!("{path}?error=%3Cscript%3E&{state}"),
            "/sign-in?failed=denied&to=%2Fgroups",
        ),
        (
            "down",
            format!("{path}?error=server_error&{state}"),
            "/sign-in?failed=unreachable&to=%2Fgroups",
        ),
    ] {
        let answer = browser.clone().open(&gateway, &target).await;
        assert_eq!(header(&answer, "location"), expected, "{what}");
        assert!(
            !header(&answer, "set-cookie").starts_with("failover-console-8080="),
            "{what}"
        );
    }
    assert!(
        !provider.asked().contains(&"/token".to_owned()),
        "nothing of it was worth a question"
    );
    let none = Browser::default().open(&gateway, &back).await;
    assert_eq!(header(&none, "location"), expired, "without the cookie");
    let mut other = Browser::default();
    other.begin(&gateway, &provider, "/").await;
    let answer = other.open(&gateway, &back).await;
    assert_eq!(header(&answer, "location"), expired, "in another browser");
    for (name, value) in [
        ("failover-console-sign-in-8080", "x"),
        ("failover-console-8080", browser.0[0].1.as_str()),
    ] {
        let mut made_up = Browser(vec![(name.to_owned(), value.to_owned())]);
        let answer = made_up.open(&gateway, &back).await;
        assert_eq!(header(&answer, "location"), expired, "{name}");
        assert_eq!(
            made_up.session(&gateway).await.0,
            401,
            "an attempt is no session"
        );
    }

    let mut copy = browser.clone();
    let truthful = issuer(&provider.base.replace(':', "%3A").replace('/', "%2F"));
    let answer = browser.open(&gateway, &truthful).await;
    assert_eq!(header(&answer, "location"), "/groups");
    let asked = provider.asked().len();
    let answer = copy.open(&gateway, &back).await;
    assert_eq!(header(&answer, "location"), there, "once at this gateway");
    assert_eq!(
        provider.asked().len(),
        asked,
        "and the provider is not bothered"
    );
    let session = browser
        .0
        .iter()
        .find(|(name, _)| name == "failover-console-8080")
        .unwrap();
    let mut turned = Browser(vec![(
        "failover-console-sign-in-8080".to_owned(),
        session.1.clone(),
    )]);
    let answer = turned.open(&gateway, &back).await;
    assert_eq!(
        header(&answer, "location"),
        expired,
        "a session is no attempt"
    );
}

#[tokio::test]
async fn a_code_is_redeemed_once_by_any_gateway_with_the_key() {
    let provider = Provider::new(admin()).await;
    let [one, two] = [(), ()].map(|()| people(&provider));
    let mut browser = Browser::default();
    let back = browser.begin(&one, &provider, "/groups").await;
    let mut copy = browser.clone();
    let answer = browser.open(&two, &back).await;
    assert_eq!(
        header(&answer, "location"),
        "/groups",
        "begun at another gateway"
    );
    for gateway in [&one, &two] {
        assert_eq!(browser.session(gateway).await.0, 200);
    }
    let answer = copy.open(&one, &back).await;
    assert_eq!(
        header(&answer, "location"),
        "/sign-in?failed=expired&to=%2Fgroups",
        "the provider knows of the first time"
    );
    let mut many = Vec::new();
    for at in 0..20 {
        let (provider, gateways) = (provider.clone(), [one.clone(), two.clone()]);
        many.push(tokio::spawn(async move {
            let mut browser = Browser::default();
            let back = browser.begin(&gateways[at % 2], &provider, "/").await;
            browser.open(&gateways[(at + at / 2) % 2], &back).await;
            browser.session(&gateways[at % 2]).await.0
        }));
    }
    for one in many {
        assert_eq!(one.await.unwrap(), 200);
    }
    let discovered = provider
        .asked()
        .iter()
        .filter(|path| path.contains("well-known"))
        .count();
    assert_eq!(discovered, 2, "once for each gateway");
    let changed = {
        let mut openid = provider.configured();
        openid.admins = vec!["other".to_owned()];
        configured(openid, false)
    };
    assert_eq!(
        browser.session(&changed).await.0,
        401,
        "who is what has changed"
    );
    let local = Arc::new(with_users(Vec::new(), Some(KEY), false));
    assert_eq!(
        browser.session(&local).await.0,
        401,
        "nobody signs in elsewhere any more"
    );
    let keyed = |key: &str| {
        let with = SignIn {
            users: Vec::new(),
            openid: Some(provider.configured()),
            limits: Limits::default(),
            key: Some(key.into()),
            walls: None,
            encrypted: false,
        };
        let access = Access::sign_in(with, Arc::new(Memory::new().unwrap())).unwrap();
        Arc::new(Gateway::new(Vec::new(), access, None, Assets::from_files([])).unwrap())
    };
    assert_eq!(browser.session(&keyed(KEY)).await.0, 200);
    let other = keyed("another key of thirty-two letters");
    assert_eq!(browser.session(&other).await.0, 401, "sign-out everywhere");
}

#[tokio::test]
async fn nobody_is_led_elsewhere_afterwards() {
    let provider = Provider::new(admin()).await;
    let gateway = people(&provider);
    for (to, expected) in [
        ("%2Fgroups%2Fa%252Fb%3Fx%3D1", "/groups/a%2Fb?x=1"),
        ("%2F%2Fevil", "/"),
        ("//evil", "/"),
        ("%2F.%2F%2Fevil", "/"),
        ("%2F%5Cevil", "/"),
        ("%2F%09%2Fevil", "/"),
        ("https%3A%2F%2Fevil", "/"),
        ("https://evil", "/"),
        ("javascript%3Aalert(1)", "/"),
        ("%2Fapi%2Fopenid%2Fstart", "/"),
        ("%2Fx%0d%0aset-cookie:%20a=b", "/xset-cookie:%20a=b"),
        ("", "/"),
        ("%2Fgroups&to=%2F%2Fevil", "/"),
        ("%ff%fe", "/"),
    ] {
        let mut browser = Browser::default();
        let back = browser.begin(&gateway, &provider, to).await;
        let answer = browser.open(&gateway, &back).await;
        assert_eq!(header(&answer, "location"), expected, "{to}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_down_is_told_and_asked_again_later() {
    let provider = Provider::new(admin()).await;
    let gateway = people(&provider);
    provider.down(true);
    let start = "/api/openid/start?to=%2Fgroups";
    let failed = "/sign-in?failed=unreachable&to=%2Fgroups";
    for _ in 0..3 {
        let answer = get(&gateway, start).await;
        assert_eq!(
            (answer.status().as_u16(), header(&answer, "location")),
            (303, failed)
        );
        assert!(!answer.headers().contains_key("set-cookie"));
    }
    assert_eq!(provider.asked().len(), 1, "not asked over and over");
    assert_eq!(get(&gateway, "/readyz").await.status(), 200);
    provider.down(false);
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(sign_in(&gateway, &provider).await.0, "/groups");
    // Known once, it is not forgotten because it is down for a while.
    tokio::time::advance(Duration::from_secs(3600)).await;
    let mut browser = Browser::default();
    provider.down(true);
    let back = browser.begin(&gateway, &provider, "/groups").await;
    let answer = browser.open(&gateway, &back).await;
    let leads = header(&answer, "location");
    assert!(leads.starts_with("/sign-in?failed="), "{leads}");
    provider.down(false);
    assert_eq!(sign_in(&gateway, &provider).await.0, "/groups");
    let nowhere = config::OpenId {
        issuer: "http://127.0.0.1:1".to_owned(),
        ..provider.configured()
    };
    let answer = get(&configured(nowhere, false), start).await;
    assert_eq!(header(&answer, "location"), failed);
}

#[tokio::test]
async fn a_provider_that_says_wrong_things_of_itself_is_not_followed() {
    for metadata in [
        json!({"issuer": "https://evil.example"}),
        json!({"jwks_uri": "http://192.0.2.1/keys"}),
        json!({"jwks_uri": "file:///etc/passwd"}),
        json!({"authorization_endpoint": "http://192.0.2.1/authorize"}),
        json!({"authorization_endpoint": "javascript:alert(1)"}),
        json!({"authorization_endpoint": 7}),
    ] {
        let provider = Provider::new(admin()).await;
        provider.metadata(metadata.clone());
        let answer = get(&people(&provider), "/api/openid/start").await;
        assert_eq!(
            header(&answer, "location"),
            "/sign-in?failed=unreachable",
            "{metadata}"
        );
    }
    let provider = Provider::new(admin()).await;
    provider.metadata(json!({"token_endpoint": "http://192.0.2.1/token"}));
    let (leads, _) = sign_in(&people(&provider), &provider).await;
    assert_eq!(
        leads, "/sign-in?failed=unreachable&to=%2Fgroups",
        "no secret goes there"
    );
    let provider = Provider::new(admin()).await;
    let by_body = json!({"token_endpoint_auth_methods_supported": ["client_secret_post"]});
    provider.metadata(by_body);
    assert_eq!(
        sign_in(&people(&provider), &provider).await.0,
        "/groups",
        "its way to prove oneself"
    );
}

#[tokio::test(start_paused = true)]
async fn new_keys_are_read_when_they_are_used_but_not_for_everybody_who_makes_one_up() {
    let provider = Provider::new(admin()).await;
    let gateway = people(&provider);
    assert_eq!(sign_in(&gateway, &provider).await.0, "/groups");
    provider.rotate("two");
    assert_eq!(sign_in(&gateway, &provider).await.0, "/groups", "at once");
    let read = || {
        provider
            .asked()
            .iter()
            .filter(|path| *path == "/keys")
            .count()
    };
    assert_eq!(read(), 2);
    provider.twist(|header, _| header["kid"] = json!("made up"));
    for _ in 0..3 {
        assert_ne!(sign_in(&gateway, &provider).await.0, "/groups");
    }
    assert_eq!(read(), 2);
    provider.twist(|_, _| {});
    provider.rotate("three");
    tokio::time::advance(Duration::from_secs(31)).await;
    assert_eq!(sign_in(&gateway, &provider).await.0, "/groups");
    assert_eq!(read(), 3);
}

#[tokio::test]
async fn a_session_ends_idle_and_in_any_case_and_an_attempt_after_ten_minutes() {
    let provider = Provider::new(admin()).await;
    let begun = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let now = Arc::new(AtomicU64::new(begun));
    let clock = {
        let now = now.clone();
        Arc::new(move || Duration::from_secs(now.load(Ordering::SeqCst)))
    };
    let mut gateway = Arc::into_inner(people(&provider)).unwrap();
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
async fn an_address_that_makes_codes_up_is_told_to_wait_and_no_other() {
    let provider = Provider::new(admin()).await;
    let gateway = people(&provider);
    for _ in 0..10 {
        let mut browser = Browser::default();
        let back = browser.begin(&gateway, &provider, "/").await;
        let answer = browser
            .open(&gateway, &back.replace("code=", "code=x"))
            .await;
        assert_eq!(header(&answer, "location"), "/sign-in?failed=expired");
    }
    let asked = provider.asked().len();
    let (leads, told) = sign_in(&gateway, &provider).await;
    assert_eq!(leads, "/sign-in?failed=too-many-tries&to=%2Fgroups");
    assert!(
        told.ends_with("outcome=\"refused\" why=\"too-many-tries\""),
        "{told}"
    );
    assert_eq!(provider.asked().len(), asked);
}

#[tokio::test]
async fn without_a_provider_there_is_nowhere_to_go() {
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
async fn no_code_token_or_secret_is_said_anywhere() {
    let log = Log::begin();
    let mut said = String::new();
    let mut secrets = vec![
        CLIENT_SECRET.to_owned(),
        "words-canary".to_owned(),
        "down-canary".to_owned(),
    ];
    let lies: [fn(&Provider); 6] = [
        |_| {},
        |provider| provider.twist(|header, _| header["kid"] = json!("x")),
        |provider| provider.twist(|_, claims| claims["exp"] = json!("soon")),
        |provider| provider.twist(|_, claims| claims["aud"] = json!("x")),
        |provider| {
            provider
                .metadata(json!({"token_endpoint_auth_methods_supported": ["client_secret_post"]}));
        },
        |provider| provider.claims(json!({})),
    ];
    for lie in lies {
        let provider = Provider::new(admin()).await;
        lie(&provider);
        let gateway = people(&provider);
        let mut browser = Browser::default();
        let back = browser.begin(&gateway, &provider, "/").await;
        secrets.extend(browser.0.iter().map(|(_, value)| value.clone()));
        for target in [&back, "/api/session", "/api/sign-in", "/metrics"] {
            let answer = browser.open(&gateway, target).await;
            // What is set is meant for the browser.
            let mut headers = answer.headers().clone();
            headers.remove("set-cookie");
            said += &format!("{headers:?}");
            said += &text(answer).await;
        }
        provider.down(true);
        let back = browser.begin(&gateway, &provider, "/").await;
        browser.open(&gateway, &back).await;
        said += &format!("{gateway:?}");
        secrets.extend(provider.secrets());
    }
    let logged = log.text();
    assert!(
        logged.contains("OpenID Connect provider"),
        "the log was really captured"
    );
    assert!(secrets.len() > 20, "{secrets:?}");
    for secret in secrets {
        assert!(!said.contains(&secret), "{secret} in an answer or a Debug");
        let at = logged.find(&secret);
        assert!(at.is_none(), "{secret} in the log");
    }
}

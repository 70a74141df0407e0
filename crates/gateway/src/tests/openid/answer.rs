//! The callback from the provider: a code is valid once, only for the browser that started the sign-in, and never
//! redirects to another origin.

use super::*;
use crate::tests::access::with_users;

#[tokio::test]
async fn a_callback_is_accepted_once_and_only_if_it_matches_the_browsers_attempt() {
    let provider = Provider::new(admin()).await;
    let gateway = gateway_for(&provider);
    let expired = "/sign-in?failed=expired";
    let expired_to_groups = format!("{expired}&to=%2Fgroups");

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
            expired_to_groups.as_str(),
        ),
        (
            "no state",
            back.replace("state=", "other="),
            &expired_to_groups,
        ),
        ("two states", format!("{back}&{state}"), &expired_to_groups),
        ("no code", format!("{path}?{state}"), &expired_to_groups),
        (
            "empty code",
            format!("{path}?code=&{state}"),
            &expired_to_groups,
        ),
        ("two codes", format!("{back}&code=x"), &expired_to_groups),
        (
            "long code",
            format!("{path}?code={}&{state}", "x".repeat(5000)),
            &expired_to_groups,
        ),
        ("nothing", path.to_owned(), &expired_to_groups),
        (
            "another issuer",
            issuer("https%3A%2F%2Fevil"),
            &expired_to_groups,
        ),
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
        !provider.requested().contains(&"/token".to_owned()),
        "no token request"
    );
    let none = Browser::default().open(&gateway, &back).await;
    assert_eq!(header(&none, "location"), expired, "without the cookie");
    let audit_lines = Log::begin().audit(header(&none, "x-request-id"));
    assert_eq!(audit_lines, [""; 0], "anybody can send that");
    let mut other = Browser::default();
    other.begin(&gateway, &provider, "/").await;
    let answer = other.open(&gateway, &back).await;
    assert_eq!(header(&answer, "location"), expired, "in another browser");
    for (name, value) in [
        ("failover-console-sign-in-8080", "x"),
        ("failover-console-8080", browser.0[0].1.as_str()),
    ] {
        let mut forged = Browser(vec![(name.to_owned(), value.to_owned())]);
        let answer = forged.open(&gateway, &back).await;
        assert_eq!(header(&answer, "location"), expired, "{name}");
        assert_eq!(forged.session(&gateway).await.0, 401, "attempt as session");
    }

    let mut copy = browser.clone();
    let truthful = issuer(&provider.base.replace(':', "%3A").replace('/', "%2F"));
    let answer = browser.open(&gateway, &truthful).await;
    assert_eq!(header(&answer, "location"), "/groups");
    let requested = provider.requested().len();
    let answer = copy.open(&gateway, &back).await;
    assert_eq!(header(&answer, "location"), expired_to_groups, "second use");
    assert_eq!(
        provider.requested().len(),
        requested,
        "without a request to the provider"
    );
    let session = browser
        .0
        .iter()
        .find(|(name, _)| name == "failover-console-8080")
        .unwrap();
    let mut swapped = Browser(vec![(
        "failover-console-sign-in-8080".to_owned(),
        session.1.clone(),
    )]);
    let answer = swapped.open(&gateway, &back).await;
    assert_eq!(header(&answer, "location"), expired, "session as attempt");
}

#[tokio::test]
async fn any_gateway_with_the_key_can_redeem_a_code_once() {
    let provider = Provider::new(admin()).await;
    let [one, two] = [(), ()].map(|()| gateway_for(&provider));
    let mut browser = Browser::default();
    let back = browser.begin(&one, &provider, "/groups").await;
    let mut copy = browser.clone();
    let answer = browser.open(&two, &back).await;
    assert_eq!(header(&answer, "location"), "/groups", "another gateway");
    for gateway in [&one, &two] {
        assert_eq!(browser.session(gateway).await.0, 200);
    }
    let answer = copy.open(&one, &back).await;
    assert_eq!(
        header(&answer, "location"),
        "/sign-in?failed=expired&to=%2Fgroups",
        "second use"
    );
    let mut many = Vec::new();
    // All are from one address, for which a gateway handles at most ten at the same time.
    for at in 0..16 {
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
        .requested()
        .iter()
        .filter(|path| path.contains("well-known"))
        .count();
    assert_eq!(discovered, 2, "once for each gateway");
    let changed = {
        let mut openid = provider.configured();
        openid.admins = vec!["other".to_owned()];
        configured(openid, false)
    };
    assert_eq!(browser.session(&changed).await.0, 401, "roles changed");
    let local = Arc::new(with_users(Vec::new(), Some(KEY), false));
    assert_eq!(browser.session(&local).await.0, 401, "no provider");
    let keyed = |key: &str| {
        let with = SignIn {
            users: Vec::new(),
            openid: Some(provider.configured()),
            limits: Limits::default(),
            key: Some(key.into()),
            walls: None,
            ended: None,
            encrypted: false,
            cookie_suffix: None,
            base_path: String::new(),
        };
        let access = Access::sign_in(with, Arc::new(Memory::new().unwrap())).unwrap();
        Arc::new(Gateway::new(Vec::new(), access, None, Assets::from_files([])).unwrap())
    };
    assert_eq!(browser.session(&keyed(KEY)).await.0, 200);
    let other = keyed("another key of thirty-two letters");
    assert_eq!(browser.session(&other).await.0, 401, "sign-out everywhere");
}

#[tokio::test]
async fn no_sign_in_redirects_to_another_origin() {
    let provider = Provider::new(admin()).await;
    let gateway = gateway_for(&provider);
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

#[tokio::test]
async fn only_the_address_that_sends_invalid_codes_is_throttled() {
    let provider = Provider::new(admin()).await;
    let gateway = gateway_for(&provider);
    for _ in 0..50 {
        let mut browser = Browser::default();
        let back = browser.begin(&gateway, &provider, "/").await;
        let answer = browser
            .open(&gateway, &back.replace("code=", "code=x"))
            .await;
        assert_eq!(header(&answer, "location"), "/sign-in?failed=expired");
    }
    let requested = provider.requested().len();
    let (location, audit_lines) = sign_in(&gateway, &provider).await;
    assert_eq!(location, "/sign-in?failed=too-many-tries&to=%2Fgroups");
    assert!(
        audit_lines.ends_with("outcome=\"refused\" why=\"too-many-tries\""),
        "{audit_lines}"
    );
    assert_eq!(provider.requested().len(), requested);
}

#[tokio::test]
async fn concurrent_invalid_codes_are_throttled_and_a_throttled_code_stays_valid() {
    let provider = Provider::new(admin()).await;
    let gateway = gateway_for(&provider);
    let mut patient = Browser::default();
    let later = patient.begin(&gateway, &provider, "/groups").await;
    let mut attempts = Vec::new();
    for _ in 0..80 {
        let mut browser = Browser::default();
        let back = browser.begin(&gateway, &provider, "/").await;
        attempts.push((browser, back.replace("code=", "code=x")));
    }
    let answers = attempts
        .iter_mut()
        .map(|(browser, back)| browser.open(&gateway, back));
    futures_util::future::join_all(answers).await;
    let requested = provider.requested();
    let redeemed = requested.iter().filter(|path| *path == "/token");
    assert_eq!(redeemed.count(), 50);
    let refused = patient.clone().open(&gateway, &later).await;
    assert!(header(&refused, "location").starts_with("/sign-in?failed=too-many-tries"));
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(15 * 60)).await;
    tokio::time::resume();
    let answer = patient.open(&gateway, &later).await;
    assert_eq!(header(&answer, "location"), "/groups");
}

#[tokio::test]
async fn password_sign_ins_without_local_users_are_bad_requests_and_throttle_nobody() {
    let provider = Provider::new(admin()).await;
    let gateway = gateway_for(&provider);
    for _ in 0..20 {
        let wrong = r#"{"user":"ann","password":"x"}"#;
        let answer = ask(&gateway, "POST /api/session", &[], wrong).await;
        assert_eq!(problem(answer).await.0, "bad-request");
    }
    assert_eq!(sign_in(&gateway, &provider).await.0, "/groups");
}

//! Failed sign-ins lock a user name for unknown browsers only, so an attacker cannot lock out its owner.

use super::access::{PASSWORD, body, cookie, session_of, with_memory};
use super::secrets::Log;
use super::*;
use crate::auth::{Memory, unlock_code};
use crate::clock::wall_clock;
use crate::crypto::Seal;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use std::future::poll_fn;
use std::task::Poll;

const KEY: &str = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk";

fn gateway_with_users() -> Arc<Gateway> {
    let memory = Arc::new(Memory::new().unwrap());
    let mut gateway = with_memory(Vec::new(), Some(KEY), false, None, &memory).unwrap();
    gateway.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    Arc::new(gateway)
}

async fn enter(
    gateway: &Arc<Gateway>,
    from: &str,
    cookies: &str,
    name: &str,
    password: &str,
) -> Response<Body> {
    let headers = [("cookie", cookies), ("x-forwarded-for", from)];
    ask(
        gateway,
        "POST /api/session",
        &headers,
        &body(name, password),
    )
    .await
}

/// The known-browser cookie that a response sets.
fn browser(answer: &Response<Body>) -> String {
    let sets = answer.headers().get_all("set-cookie").iter();
    let mut pairs = sets.map(|set| set.to_str().unwrap().split(';').next().unwrap().to_owned());
    pairs.find(|pair| pair.contains("-browser")).unwrap()
}

/// Locks a user name by fifty wrong passwords from different addresses.
async fn lock(gateway: &Arc<Gateway>, name: &str) {
    for number in 1..=50 {
        let from = format!("198.51.100.{number}");
        assert_eq!(enter(gateway, &from, "", name, "x").await.status(), 401);
    }
}

#[tokio::test]
async fn a_known_browser_can_sign_in_while_the_name_is_locked() {
    let gateway = gateway_with_users();
    let first = enter(&gateway, "192.0.2.1", "", "vic", PASSWORD).await;
    let known = browser(&first);
    assert_eq!(session_of(&gateway, &known).await.0, 401, "no session");
    lock(&gateway, "vic").await;
    let unknown = enter(&gateway, "192.0.2.1", "", "vic", PASSWORD).await;
    assert_eq!(problem(unknown).await.0, "too-many-tries");
    for from in ["192.0.2.1", "198.51.100.1"] {
        let answer = enter(&gateway, from, &known, "vic", PASSWORD).await;
        assert_eq!(answer.status(), 200, "{from}");
    }
    lock(&gateway, "ann").await;
    let other = enter(&gateway, "192.0.2.1", &known, "ann", PASSWORD).await;
    assert_eq!(other.status(), 429, "the browser is known only for vic");
    for _ in 0..10 {
        let wrong = enter(&gateway, "192.0.2.2", &known, "vic", "x").await;
        assert_eq!(wrong.status(), 401);
    }
    let stolen = enter(&gateway, "192.0.2.3", &known, "vic", PASSWORD).await;
    assert_eq!(stolen.status(), 429, "known browsers have a limit too");
}

#[tokio::test]
async fn an_unlock_code_makes_a_browser_known_once_and_does_not_sign_it_in() {
    let gateway = gateway_with_users();
    lock(&gateway, "vic").await;
    let now = wall_clock()();
    let code = |name: &str, now| unlock_code(&Seal::shared(&KEY.into()), name, now).unwrap();
    let good = code("Vic", now);
    let line = |method: &str, code: &str| format!("{method} /api/unlock?code={code}");
    let open = async |code: &str| ask(&gateway, &line("POST", code), &[], "").await;
    let log = Log::begin();
    // Link scanners send such requests, which must not use up the code.
    for method in ["HEAD", "GET"] {
        let page = ask(&gateway, &line(method, &good), &[], "").await;
        assert_eq!(page.status(), 200);
        assert!(!page.headers().contains_key("set-cookie"));
        assert_eq!(header(&page, "referrer-policy"), "same-origin");
        let is_form = text(page).await.contains("<form method=\"post\">");
        assert_eq!(is_form, method == "GET");
    }
    let elsewhere = [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ];
    let foreign_page = ask(&gateway, &line("POST", &good), &elsewhere, "").await;
    assert_eq!(problem(foreign_page).await.0, "cross-site");
    // Older browsers send only `Origin`.
    let form = async |origin: &str| {
        let headers = [("host", "localhost:8080"), ("origin", origin)];
        ask(&gateway, &line("POST", &good), &headers, "").await
    };
    assert_eq!(problem(form("null").await).await.0, "cross-site");
    let answer = form("http://localhost:8080").await;
    assert_eq!(
        (answer.status().as_u16(), header(&answer, "location")),
        (303, "/sign-in")
    );
    let audit_lines = log.audit(header(&answer, "x-request-id"));
    assert_eq!(
        audit_lines,
        ["who=\"vic\" from=127.0.0.1 what=\"unlock\" outcome=\"done\" why=\"-\""]
    );
    let known = cookie(&answer);
    assert_eq!(session_of(&gateway, &known).await.0, 401);
    assert_eq!(
        enter(&gateway, "192.0.2.1", &known, "vic", PASSWORD)
            .await
            .status(),
        200
    );
    let old = code("vic", now - Duration::from_secs(16 * 60));
    let foreign = unlock_code(&Seal::shared(&"another".into()), "vic", now).unwrap();
    let as_code = known.split_once('=').unwrap().1.to_owned();
    for refused in [
        good.as_str(),
        old.as_str(),
        foreign.as_str(),
        as_code.as_str(),
        "",
        "x",
    ] {
        assert_eq!(problem(open(refused).await).await.0, "bad-request");
    }
    let as_cookie = format!("failover-console-browser-8080={}", code("vic", now));
    assert_eq!(
        enter(&gateway, "192.0.2.1", &as_cookie, "vic", PASSWORD)
            .await
            .status(),
        429
    );
}

#[tokio::test]
async fn repeated_sign_ins_of_one_user_are_throttled_for_that_user_only() {
    let gateway = gateway_with_users();
    for _ in 0..30 {
        let answer = enter(&gateway, "192.0.2.1", "", "vic", PASSWORD).await;
        assert_eq!(answer.status(), 200);
    }
    let refused = enter(&gateway, "192.0.2.2", "", "vic", PASSWORD).await;
    let wait: u32 = header(&refused, "retry-after").parse().unwrap();
    assert!((600..=900).contains(&wait), "{wait}");
    assert_eq!(problem(refused).await.0, "too-many-tries");
    let other = enter(&gateway, "192.0.2.1", "", "ann", PASSWORD).await;
    assert_eq!(other.status(), 200);
}

#[test]
fn a_user_with_many_browsers_does_not_fill_the_queue_for_other_users() {
    // The only thread for blocking work is occupied, so that no password is checked until the test releases it.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build()
        .unwrap();
    runtime.block_on(async {
        let gateway = gateway_with_users();
        let mut browsers = Vec::new();
        for _ in 0..20 {
            let answer = enter(&gateway, "192.0.2.1", "", "vic", PASSWORD).await;
            browsers.push(browser(&answer));
        }
        let (release, released) = std::sync::mpsc::channel::<()>();
        let blocked_thread = tokio::task::spawn_blocking(move || released.recv());
        let mut entering: FuturesUnordered<_> = browsers
            .iter()
            .map(|known| enter(&gateway, "192.0.2.1", known, "vic", "x"))
            .collect();
        for _ in 3..20 {
            let refused = entering.next().await.unwrap();
            assert_eq!(header(&refused, "retry-after"), "2");
            assert_eq!(problem(refused).await.0, "too-many-tries");
        }
        release.send(()).unwrap();
        let stranger = enter(&gateway, "192.0.2.2", "", "ann", PASSWORD).await;
        assert_eq!(stranger.status(), 200);
        while let Some(answer) = entering.next().await {
            assert_eq!(answer.status(), 401);
        }
        blocked_thread.await.unwrap().unwrap();
    });
}

#[test]
fn an_aborted_sign_in_is_counted_and_audited() {
    // There is only one thread for blocking work, so that the test decides when a hash starts.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build()
        .unwrap();
    runtime.block_on(abort_sign_ins());
}

async fn abort_sign_ins() {
    let log = Log::begin();
    let gateway = gateway_with_users();
    let name = "vic";
    for _ in 0..10 {
        let (release, released) = std::sync::mpsc::channel::<()>();
        let blocked_thread = tokio::task::spawn_blocking(move || released.recv());
        let mut entering = Box::pin(enter(&gateway, "192.0.2.9", "", name, "x"));
        while !gateway.access.is_hashing() {
            let pending =
                poll_fn(|context| Poll::Ready(entering.as_mut().poll(context).is_pending()));
            assert!(pending.await);
            tokio::task::yield_now().await;
        }
        drop(entering);
        release.send(()).unwrap();
        blocked_thread.await.unwrap().unwrap();
        gateway.access.hashing_ended().await;
    }
    let text = gateway.shared.metrics.counters_as_text();
    assert!(
        text.contains("sign_ins_total{outcome=\"aborted\"} 10"),
        "{text}"
    );
    let line = "who=\"vic\" from=192.0.2.9 what=\"sign in\" outcome=\"aborted\" why=\"-\"";
    assert_eq!(log.text().matches(line).count(), 10);
    assert_eq!(
        enter(&gateway, "192.0.2.9", "", name, PASSWORD)
            .await
            .status(),
        429
    );
}

//! How the gateway signs in to vendors, and what it does where that is refused.

use super::vendor::{Vendor, json};
use super::*;
use std::collections::HashSet;

pub(super) fn client(base: &str) -> config::Credentials {
    config::Credentials::OAuthClient {
        token_url: Url::parse(&format!("{base}/token")).unwrap(),
        client_id: "a client&".to_owned(),
        client_secret: SECRET.into(),
    }
}

/// A gateway to a service that takes tokens.
fn with_tokens(base: &str) -> Arc<Gateway> {
    gateway(vec![connection("plant-a", aveva(), base, client(base))])
}

/// Gives `t0`, `t1` … and accepts those from number `valid` on.
async fn token_vendor(valid: usize) -> Vendor {
    let given = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    Vendor::new(move |seen, _| {
        if seen.line == "POST /token" {
            let number = given.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            return json(
                200,
                &format!(r#"{{"access_token":"t{number}","expires_in":3600}}"#),
            );
        }
        let token: Option<usize> = seen
            .header("authorization")
            .strip_prefix("Bearer t")
            .and_then(|number| number.parse().ok());
        json(
            if token.is_some_and(|number| number >= valid) {
                200
            } else {
                401
            },
            "[]",
        )
    })
    .await
}

#[tokio::test]
async fn one_token_serves_all_requests() {
    let vendor = token_vendor(0).await;
    let gateway = with_tokens(&vendor.base);
    let status = format!("{GROUPS}/x/status");
    tokio::join!(get(&gateway, GROUPS), get(&gateway, &status));
    get(&gateway, GROUPS).await;
    let seen = vendor.seen();
    let asked: Vec<_> = seen
        .iter()
        .filter(|seen| seen.line == "POST /token")
        .collect();
    assert_eq!((seen.len(), asked.len()), (4, 1));
    assert_eq!(
        asked[0].header("content-type"),
        "application/x-www-form-urlencoded"
    );
    assert_eq!(
        asked[0].body,
        "grant_type=client_credentials&client_id=a%20client%26&client_secret=hunter2%2Dand%2Da%2Dhalf"
    );
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_and_the_request_repeated() {
    let vendor = token_vendor(1).await;
    let gateway = with_tokens(&vendor.base);
    assert_eq!(get(&gateway, GROUPS).await.status(), 200);
    let groups = "GET /api/v1/clientfailover/groups";
    assert_eq!(
        vendor.lines(),
        ["POST /token", groups, "POST /token", groups]
    );
    // A request with refused credentials was not carried out, so a write may be repeated too.
    let vendor = token_vendor(1).await;
    let response = ask(
        &with_tokens(&vendor.base),
        &format!("POST {GROUPS}"),
        &[],
        "{}",
    )
    .await;
    assert_eq!(
        (response.status().as_u16(), vendor.seen()[3].body.as_ref()),
        (200, b"{}".as_slice())
    );
}

#[tokio::test]
async fn a_vendor_that_refuses_every_token_is_a_problem_of_the_credentials() {
    let vendor = token_vendor(usize::MAX).await;
    let (kind, status, detail) = problem(get(&with_tokens(&vendor.base), GROUPS).await).await;
    assert_eq!((kind.as_str(), status), ("credentials", 502));
    assert!(
        detail.starts_with("Plant A returned 401 to the gateway's own credentials. So that"),
        "{detail}"
    );
    assert_eq!(vendor.lines().len(), 4, "tried twice, not for ever");
}

#[tokio::test]
async fn a_failing_token_service_is_explained() {
    for (status, body, kind, words) in [
        (
            401,
            r#"{"error":"invalid_client"}"#,
            "credentials",
            "issued no token: it returned 401",
        ),
        (400, "", "credentials", "issued no token: it returned 400"),
        (
            200,
            "<html>",
            "credentials",
            "its answer holds no access_token",
        ),
        (
            200,
            r#"{"access_token":"a\nb"}"#,
            "credentials",
            "cannot be sent in a header",
        ),
        (503, "", "unreachable", "returned 503"),
        (429, "", "unreachable", "returned 429"),
        (404, "", "wrong-address", "/token: look at token_url"),
        (302, "", "redirect", "does not follow"),
    ] {
        let vendor = Vendor::new(move |_, _| json(status, body)).await;
        let (found, _, detail) = problem(get(&with_tokens(&vendor.base), GROUPS).await).await;
        assert_eq!(found, kind, "{status} {body}");
        assert!(
            detail.contains("Plant A's token service") && detail.contains(words),
            "{detail}"
        );
        assert_eq!(
            vendor.lines(),
            ["POST /token"],
            "the vendor is not asked without a token"
        );
    }
}

#[tokio::test]
async fn basic_credentials_are_sent_always_and_a_401_never_reaches_the_browser() {
    let vendor = Vendor::new(|_, _| {
        let mut response = json(401, "wrong password hunter2");
        response
            .headers_mut()
            .insert("www-authenticate", "Basic".parse().unwrap());
        response
    })
    .await;
    let response = get(&to_aveva(&vendor.base), GROUPS).await;
    assert_eq!(header(&response, "www-authenticate"), "");
    assert_eq!(problem(response).await.0, "credentials");
    let authorization = vendor.seen()[0].header("authorization").to_owned();
    // ops:hunter2-and-a-half
    assert_eq!(authorization, "Basic b3BzOmh1bnRlcjItYW5kLWEtaGFsZg==");
    assert_eq!(
        vendor.lines().len(),
        1,
        "the same password would be refused again"
    );
}

#[tokio::test]
async fn signed_requests_carry_their_signature_and_identical_reads_share_one() {
    let vendor = Vendor::new(|_, _| json(200, "{}")).await;
    let key = || config::Credentials::IntegrationKey {
        owner: "o".to_owned(),
        api_key: SECRET.into(),
    };
    let live = connection("live", System::Uplynk, &vendor.base, key());
    // Another connection of the same account shares its queue.
    let too = connection("too", System::Uplynk, &vendor.base, key());
    let gateway = gateway(vec![live, too]);
    let list = "/relay/live/api/v4/failover-groups";
    let (first, second) = tokio::join!(get(&gateway, list), get(&gateway, list));
    assert_eq!((header(&first, "age"), header(&second, "age")), ("0", "0"));
    assert_eq!(get(&gateway, list).await.status(), 200, "within the second");
    assert_eq!(vendor.lines().len(), 1);
    get(&gateway, "/relay/too/api/v4/failover-groups").await;
    let seen = vendor.seen();
    let signatures: HashSet<&str> = seen
        .iter()
        .filter_map(|seen| seen.line.split_once('?'))
        .map(|(_, q)| q)
        .collect();
    assert_eq!(
        (seen.len(), signatures.len()),
        (2, 2),
        "each request in a second of its own"
    );
    assert!(
        seen[0]
            .line
            .starts_with("GET /api/v4/failover-groups?msg=e"),
        "{}",
        seen[0].line
    );
    assert_eq!(seen[0].header("authorization"), "");
}

#[tokio::test]
async fn a_write_is_seen_by_the_next_read() {
    let vendor = Vendor::new(|seen, _| {
        json(
            if seen.line.starts_with("PATCH") {
                204
            } else {
                200
            },
            "",
        )
    })
    .await;
    let key = config::Credentials::IntegrationKey {
        owner: "o".to_owned(),
        api_key: SECRET.into(),
    };
    let gateway = gateway(vec![connection("live", System::Uplynk, &vendor.base, key)]);
    let group = "/relay/live/api/v4/failover-groups/g";
    get(&gateway, group).await;
    let patched = ask(
        &gateway,
        &format!("PATCH {group}"),
        &[],
        r#"{"mode":"flat"}"#,
    )
    .await;
    assert_eq!(patched.status(), 204);
    get(&gateway, group).await;
    let methods: Vec<String> = vendor
        .lines()
        .iter()
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!(methods, ["GET", "PATCH", "GET"]);
}

#[tokio::test]
async fn a_token_that_ends_at_once_is_not_requested_for_each_call() {
    for life in ["0", "1", "\"0\"", "-5", "null", "86400000"] {
        let vendor = Vendor::new(move |seen, _| match seen.line.as_str() {
            "POST /token" => json(
                200,
                &format!(r#"{{"access_token":"t","expires_in":{life}}}"#),
            ),
            _ => json(200, "[]"),
        })
        .await;
        let gateway = with_tokens(&vendor.base);
        for _ in 0..5 {
            assert_eq!(get(&gateway, GROUPS).await.status(), 200);
        }
        let lines = vendor.lines();
        let tokens = lines.iter().filter(|line| *line == "POST /token").count();
        assert_eq!((lines.len(), tokens), (6, 1), "{life}");
    }
}

#[tokio::test]
async fn answers_in_another_encoding_are_handed_on_in_utf_8() {
    let vendor = Vendor::new(|_, _| {
        let mut response = json(200, "");
        let media_type = "application/json; charset=windows-1252".parse().unwrap();
        response.headers_mut().insert("content-type", media_type);
        *response.body_mut() = Body::from(&b"[{\"Name\":\"M\xfcller\"}]"[..]);
        response
    })
    .await;
    let answer = get(&to_aveva(&vendor.base), GROUPS).await;
    assert_eq!(
        header(&answer, "content-type"),
        "application/json; charset=utf-8"
    );
    assert_eq!(text(answer).await, r#"[{"Name":"Müller"}]"#);
}

//! How the gateway signs in to vendors, and how it handles rejected credentials.

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

/// A gateway to a service that requires bearer tokens.
fn with_tokens(base: &str) -> Arc<Gateway> {
    gateway(vec![connection("plant-a", aveva(), base, client(base))])
}

/// A vendor that issues the tokens `t0`, `t1` … and accepts those from number `valid` on.
async fn token_vendor(valid: usize) -> Vendor {
    let issued = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    Vendor::new(move |request, _| {
        if request.line == "POST /token" {
            let number = issued.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            return json(
                200,
                &format!(r#"{{"access_token":"t{number}","expires_in":3600}}"#),
            );
        }
        let token: Option<usize> = request
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
async fn all_requests_use_one_token() {
    let vendor = token_vendor(0).await;
    let gateway = with_tokens(&vendor.base);
    let status = format!("{GROUPS}/x/status");
    tokio::join!(get(&gateway, GROUPS), get(&gateway, &status));
    get(&gateway, GROUPS).await;
    let requests = vendor.requests();
    let token_requests: Vec<_> = requests
        .iter()
        .filter(|request| request.line == "POST /token")
        .collect();
    assert_eq!((requests.len(), token_requests.len()), (4, 1));
    assert_eq!(
        token_requests[0].header("content-type"),
        "application/x-www-form-urlencoded"
    );
    assert_eq!(
        token_requests[0].body,
        "grant_type=client_credentials&client_id=a%20client%26&client_secret=hunter2%2Dand%2Da%2Dhalf"
    );
}

#[tokio::test]
async fn a_rejected_token_is_replaced_once_and_the_request_repeated() {
    let vendor = token_vendor(1).await;
    let gateway = with_tokens(&vendor.base);
    assert_eq!(get(&gateway, GROUPS).await.status(), 200);
    let groups = "GET /api/v1/clientfailover/groups";
    assert_eq!(
        vendor.lines(),
        ["POST /token", groups, "POST /token", groups]
    );
    // A request with rejected credentials was not carried out, so even a write may be repeated.
    let vendor = token_vendor(1).await;
    let response = ask(
        &with_tokens(&vendor.base),
        &format!("POST {GROUPS}"),
        &[],
        "{}",
    )
    .await;
    assert_eq!(
        (
            response.status().as_u16(),
            vendor.requests()[3].body.as_ref()
        ),
        (200, b"{}".as_slice())
    );
}

#[tokio::test]
async fn a_vendor_that_rejects_every_token_is_reported_as_a_credentials_problem() {
    let vendor = token_vendor(usize::MAX).await;
    let (kind, status, detail) = problem(get(&with_tokens(&vendor.base), GROUPS).await).await;
    assert_eq!((kind.as_str(), status), ("credentials", 502));
    assert!(
        detail.starts_with("Plant A returned 401 to the gateway's own credentials. So that"),
        "{detail}"
    );
    assert_eq!(vendor.lines().len(), 4, "it is tried only twice");
}

#[tokio::test]
async fn a_failing_token_service_is_explained() {
    for (status, body, kind, expected) in [
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
            detail.contains("Plant A's token service") && detail.contains(expected),
            "{detail}"
        );
        assert_eq!(
            vendor.lines(),
            ["POST /token"],
            "no request without a token"
        );
    }
}

#[tokio::test]
async fn basic_credentials_are_always_sent_and_a_401_never_reaches_the_browser() {
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
    let authorization = vendor.requests()[0].header("authorization").to_owned();
    // The encoding of ops:hunter2-and-a-half.
    assert_eq!(authorization, "Basic b3BzOmh1bnRlcjItYW5kLWEtaGFsZg==");
    assert_eq!(vendor.lines().len(), 1, "no retry with the same password");
}

#[tokio::test]
async fn signed_requests_have_a_signature_and_identical_reads_share_a_request() {
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
    assert_eq!(
        get(&gateway, list).await.status(),
        200,
        "in the same second"
    );
    assert_eq!(vendor.lines().len(), 1);
    get(&gateway, "/relay/too/api/v4/failover-groups").await;
    let requests = vendor.requests();
    let signatures: HashSet<&str> = requests
        .iter()
        .filter_map(|request| request.line.split_once('?'))
        .map(|(_, q)| q)
        .collect();
    assert_eq!((requests.len(), signatures.len()), (2, 2), "unique seconds");
    assert!(
        requests[0]
            .line
            .starts_with("GET /api/v4/failover-groups?msg=e"),
        "{}",
        requests[0].line
    );
    assert_eq!(requests[0].header("authorization"), "");
}

#[tokio::test]
async fn the_next_read_sees_a_write() {
    let vendor = Vendor::new(|request, _| {
        json(
            if request.line.starts_with("PATCH") {
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
async fn a_token_that_expires_at_once_is_not_requested_for_each_call() {
    for life in ["0", "1", "\"0\"", "-5", "null", "86400000"] {
        let vendor = Vendor::new(move |request, _| match request.line.as_str() {
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
async fn responses_in_another_encoding_are_passed_on_in_utf_8() {
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

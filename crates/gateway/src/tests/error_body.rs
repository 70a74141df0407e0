//! Only the fields of the contract reach a browser from a vendor's error body.

use super::vendor::{Vendor, json};
use super::*;
use axum::http::HeaderValue;
use vendors::LEFT_OUT_HEADER;

const CANARY: &str = "canary-of-the-inside";

fn system(name: &str) -> System {
    serde_json::from_str(&format!(r#"{{"system":"{name}"}}"#)).unwrap()
}

/// A gateway with connections of all three systems to one vendor.
fn all(base: &str) -> Arc<Gateway> {
    gateway(vec![
        connection("plant-a", aveva(), base, basic()),
        connection("live", System::Uplynk, base, basic()),
        connection("em", system("veeam"), base, basic()),
    ])
}

const READS: [&str; 3] = [
    GROUPS,
    "/relay/live/api/v4/failover-groups",
    "/relay/em/api/cloud/failoverSessions",
];

/// A vendor that answers every request like this, except Veeam's log-on.
async fn answering(status: u16, media_type: &'static str, body: &'static str) -> Vendor {
    Vendor::new(move |request, _| {
        if request.line.contains("/api/sessionMngr/") {
            let mut response = json(201, r#"{"SessionId":"x","Links":[]}"#);
            let session = HeaderValue::from_static("session");
            response.headers_mut().insert("x-restsvcsessionid", session);
            return response;
        }
        Response::builder()
            .status(status)
            .header("content-type", media_type)
            .header("operation-id", "op-1")
            .header("server", CANARY)
            .header("x-exception", CANARY)
            .header("www-authenticate", format!("Basic realm=\"{CANARY}\""))
            .body(Body::from(body))
            .unwrap()
    })
    .await
}

#[tokio::test]
async fn a_vendors_error_keeps_its_known_fields() {
    for (read, body, kept) in [
        (
            READS[0],
            r#"{"Error":"E","Reason":"R","Resolution":"S","OperationId":"o","Debug":"x"}"#,
            r#"{"Error":"E","OperationId":"o","Reason":"R","Resolution":"S"}"#,
        ),
        (
            READS[1],
            r#"{"@type":"Error","code":"c","status_code":409,"title":"T","debug":"x"}"#,
            r#"{"@type":"Error","code":"c","status_code":409,"title":"T"}"#,
        ),
        (
            READS[2],
            "<Error Message=\"M\" StatusCode=\"409\"><StackTrace>x</StackTrace></Error>",
            r#"{"Message":"M","StatusCode":"409"}"#,
        ),
    ] {
        for status in [400, 403, 404, 409, 429, 500, 503, 599] {
            let vendor = answering(status, "text/html", body).await;
            let response = get(&all(&vendor.base), read).await;
            assert_eq!(response.status(), status, "{read}");
            assert_eq!(header(&response, "content-type"), "application/json");
            assert_eq!(header(&response, "via"), "1.1 failover-console");
            assert_eq!(header(&response, "operation-id"), "op-1");
            assert_eq!(header(&response, LEFT_OUT_HEADER), "");
            assert_eq!(text(response).await, kept, "{read}");
        }
    }
}

#[tokio::test]
async fn no_internals_of_a_vendor_reach_a_browser() {
    let bodies = [
        ("<html><body>canary-of-the-inside</body></html>", true),
        ("{\"StackTrace\":\"canary-of-the-inside\"}", true),
        ("Broke.\n   at Plant.Run() canary-of-the-inside", false),
        ("", false),
    ];
    for (body, left_out) in bodies {
        for read in READS {
            let vendor = answering(500, "text/html", body).await;
            let response = get(&all(&vendor.base), read).await;
            assert_eq!(response.status(), 500, "{read}: {body}");
            assert_eq!(
                !header(&response, LEFT_OUT_HEADER).is_empty(),
                left_out,
                "{read}: {body}"
            );
            let headers = format!("{:?}", response.headers());
            assert!(
                !headers.contains(CANARY) && !headers.contains("text/html"),
                "{headers}"
            );
            assert!(!text(response).await.contains(CANARY), "{read}: {body}");
        }
    }
}

#[tokio::test]
async fn errors_of_a_write_and_of_its_check_are_reduced_too() {
    const ORDER: &str = "PUT /relay/live/api/v4/failover-groups/g/slicers";
    let vendor = answering(
        500,
        "text/plain",
        "{\"title\":\"T\",\"trace\":\"canary-of-the-inside\"}",
    )
    .await;
    let gateway = all(&vendor.base);
    let response = ask(
        &gateway,
        ORDER,
        &[("if-match", "\"x\"")],
        r#"{"slicers":[]}"#,
    )
    .await;
    // The order was not sent, which the vendor's own status would not show.
    assert_eq!(response.status(), 502);
    let body = text(response).await;
    assert!(body.contains("500: T") && !body.contains(CANARY), "{body}");
    let response = ask(&gateway, &format!("POST {GROUPS}"), &[], "{}").await;
    assert_eq!(text(response).await, r#"{"title":"T"}"#);
}

#[tokio::test]
async fn a_header_with_unexpected_content_is_not_passed_on() {
    let vendor = Vendor::new(|_, _| {
        Response::builder()
            .status(200)
            .header("operation-id", "System.Exception: at Plant.Run() in x.cs")
            .header("total-count", "<b>5</b>")
            .header("retry-after", "x".repeat(500))
            .header(LEFT_OUT_HEADER, "body")
            .body(Body::from("[]"))
            .unwrap()
    })
    .await;
    let response = get(&to_aveva(&vendor.base), GROUPS).await;
    assert_eq!(response.status(), 200);
    for name in [
        "operation-id",
        "total-count",
        "retry-after",
        LEFT_OUT_HEADER,
    ] {
        assert_eq!(header(&response, name), "", "{name}");
    }
}

#[tokio::test]
async fn errors_of_every_aveva_write_keep_the_vendors_message() {
    const WORDS: &str = r#"{"Error":"E","Reason":"R","Resolution":"S","OperationId":"o"}"#;
    const KEPT: &str = r#"{"Error":"E","OperationId":"o","Reason":"R","Resolution":"S"}"#;
    let preview = serde_json::from_str(r#"{"system":"aveva","sessions_version":"v1-preview"}"#);
    let preview: System = preview.unwrap();
    for status in [400, 403, 404, 409, 429, 500, 501, 502, 503, 504, 599] {
        let vendor = answering(status, "application/json", WORDS).await;
        let gateway = gateway(vec![
            connection("plant-a", aveva(), &vendor.base, basic()),
            connection("plant-b", preview.clone(), &vendor.base, basic()),
        ]);
        let sessions = format!("{GROUPS}/g/clientsessions");
        for line in [
            format!("POST {GROUPS}"),
            format!("DELETE {GROUPS}/g"),
            format!("POST {sessions}"),
            "PUT /relay/plant-b/api/v1-preview/clientfailover/groups/g/clientsessions/s".to_owned(),
            format!("DELETE {sessions}/s"),
            format!("POST {sessions}/s/heartbeat"),
            format!("POST {sessions}/s/roleoverride"),
        ] {
            let response = ask(&gateway, &line, &[], "{}").await;
            assert_eq!(response.status(), status, "{line}");
            assert_eq!(header(&response, "operation-id"), "op-1", "{line}");
            assert_eq!(header(&response, "via"), "1.1 failover-console");
            assert_eq!(text(response).await, KEPT, "{line}: {status}");
        }
    }
}

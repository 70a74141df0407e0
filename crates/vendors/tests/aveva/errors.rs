//! AVEVA's errors, which keep the vendor's own texts, and unreadable responses, which name the field.
#![expect(clippy::panic, reason = "a failing helper fails its test")]

use super::fixtures::{answer, on_premises};
use serde_json::{Value, json};
use vendors::aveva;
use vendors::{Answer, Failure};

fn error(status: u16, body: &str) -> vendors::VendorError {
    let answer = Answer {
        status,
        headers: vec![("operation-id".into(), "op-of-header".into())],
        body: body.into(),
    };
    match aveva::groups(&on_premises()).get("g").read(&answer) {
        Err(Failure::Vendor(error)) => *error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn errors_keep_all_texts_of_the_vendor() {
    let error_response = error(
        409,
        r#"{"OperationId":"op-1","Error":"Conflict.","Reason":"Active sessions.","Resolution":"Stop them.","AdditionalParameters":{"a":1},"further":true}"#,
    );
    assert_eq!(
        (error_response.status, error_response.message.as_str()),
        (409, "Conflict.")
    );
    assert_eq!(
        (
            error_response.reason.as_deref(),
            error_response.resolution.as_deref()
        ),
        (Some("Active sessions."), Some("Stop them."))
    );
    assert_eq!(error_response.operation_id.as_deref(), Some("op-1"));
    assert_eq!(
        error_response.more.keys().collect::<Vec<_>>(),
        ["AdditionalParameters", "further"]
    );
}

#[test]
fn the_published_error_decodes() {
    let body = include_str!("../samples/aveva/error.json");
    let error_response = error(400, body);
    let string = Some("string");
    assert_eq!(error_response.message, "string");
    assert_eq!(
        (
            error_response.reason.as_deref(),
            error_response.resolution.as_deref()
        ),
        (string, string)
    );
    assert_eq!(error_response.operation_id.as_deref(), string);
    // The other properties are null, which means absent.
    assert_eq!(
        error_response.more.keys().collect::<Vec<_>>(),
        ["AdditionalParameters"]
    );
}

#[test]
fn unusual_errors_keep_all_their_properties() {
    let nested = error(
        400,
        r#"{"error":{"code":"Bad","message":"No."},"reason":["a"],"errors":{"Id":["x"]}}"#,
    );
    assert_eq!((nested.message.as_str(), nested.reason), ("No.", None));
    assert_eq!(
        nested.more.keys().collect::<Vec<_>>(),
        ["error", "errors", "reason"]
    );
    let several = error(400, r#"[{"Error":"First."},{"Error":"Second."}]"#);
    assert_eq!(several.message, "First.");
    assert_eq!(
        several.more["errors"],
        json!([{ "Error": "First." }, { "Error": "Second." }])
    );
}

#[test]
fn errors_are_read_in_every_form() {
    for (status, body, message) in [
        (404, r#"{"error":"Gone.","operationId":null}"#, "Gone."),
        (403, r#"{"Id":"x","Role":0}"#, "Forbidden"),
        (500, "", "Internal Server Error"),
        (
            503,
            "<html><body>Maintenance</body></html>",
            "Service Unavailable",
        ),
        (502, "upstream reset", "upstream reset"),
        (400, "[]", "Bad Request"),
        (400, "\"Too short.\"", "Too short."),
        (400, r#"["Too short."]"#, "Too short."),
        (400, r#"[{"Error":"Too short."}]"#, "Too short."),
        (400, "[[]]", "Bad Request"),
        (302, "", "Found"),
        (429, "null", "Too Many Requests"),
        (418, "{}", "HTTP status 418"),
        (401, "\u{FEFF}{\"title\":\"Log in\"}", "Log in"),
    ] {
        let error = error(status, body);
        assert_eq!(
            (error.status, error.message.as_str()),
            (status, message),
            "{body}"
        );
        assert_eq!(error.operation_id.as_deref(), Some("op-of-header"));
    }
}

#[test]
fn a_response_that_is_not_a_list_is_described() {
    let read = |value: Value| match aveva::groups(&on_premises())
        .list(None, None)
        .read(&answer(200, &value))
    {
        Err(Failure::Unreadable(unreadable)) => unreadable.problem,
        other => panic!("{other:?}"),
    };
    assert_eq!(read(json!({})), "groups: expected a list, found an object");
    assert_eq!(read(json!("x")), "groups: expected a list, found `x`");
}

#[test]
fn a_refusal_with_status_200_keeps_the_vendors_message() {
    let refusal = answer(
        200,
        &json!({"error": 1, "msg": "Invalid signature", "StackTrace": "x"}),
    );
    let base = on_premises();
    let groups = aveva::groups(&base);
    let vendor_message = |failure: Failure| match failure {
        Failure::Vendor(error) => {
            assert!(error.more.is_empty(), "it has not been redacted");
            (error.status, error.message)
        }
        Failure::Unreadable(other) => panic!("{other:?}"),
    };
    let expected = (200, "Invalid signature".to_owned());
    // A status and a configuration have no required fields, and a write has no response to check.
    assert_eq!(
        groups
            .list(None, None)
            .read(&refusal)
            .map_err(vendor_message),
        Err(expected.clone())
    );
    assert_eq!(
        groups.status("g").read(&refusal).map_err(vendor_message),
        Err(expected.clone())
    );
    assert_eq!(
        groups.get("g").read(&refusal).map_err(vendor_message),
        Err(expected.clone())
    );
    assert_eq!(
        groups.delete("g").read(&refusal).map_err(vendor_message),
        Err(expected)
    );
}

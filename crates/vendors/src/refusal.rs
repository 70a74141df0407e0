//! Detects refusals with a 2xx status, such as `{"error":1,"msg":"Invalid signature"}`.

use crate::json;
use crate::json::Value;
use serde_json_borrow::ObjectAsVec;

/// The longest body that is examined; refusals are short.
const MAX_LENGTH: usize = 16 * 1024;

/// Whether a body reports that the request was refused.
#[must_use]
pub fn is_refusal(body: &[u8]) -> bool {
    if body.len() > MAX_LENGTH {
        return false;
    }
    let body = json::without_bom(body).trim_ascii();
    match body.first() {
        Some(b'{') => {
            let refuses = |value: &Value<'_>| Ok(value.as_object().is_some_and(refuses));
            json::parse(body, refuses).unwrap_or_default()
        }
        Some(b'<') => is_error_element(body),
        _ => false,
    }
}

fn refuses(properties: &ObjectAsVec<'_>) -> bool {
    properties
        .iter()
        .any(|(key, value)| match key.to_ascii_lowercase().as_str() {
            "error" | "errors" => is_error(value),
            "success" | "ok" => matches!(value, Value::Bool(false)),
            "@type" => value
                .as_str()
                .is_some_and(|kind| kind.eq_ignore_ascii_case("error")),
            "statuscode" | "status_code" => {
                json::integer(value).is_some_and(|code| (400..600).contains(&code))
            }
            _ => false,
        })
}

/// Whether the value of an error field is an error.
fn is_error(value: &Value<'_>) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::Str(text) => !matches!(text.trim(), "" | "0" | "false" | "none" | "null"),
        Value::Array(items) => !items.is_empty(),
        Value::Object(properties) => !properties.is_empty(),
    }
}

/// Whether the first element of XML is `Error`.
fn is_error_element(body: &[u8]) -> bool {
    let mut rest = body;
    while let Some(after) = rest.strip_prefix(b"<?") {
        let end = after.windows(2).position(|pair| pair == b"?>");
        let Some(end) = end else { return false };
        rest = after[end + 2..].trim_ascii_start();
    }
    let name = rest.strip_prefix(b"<Error");
    name.is_some_and(|rest| {
        matches!(
            rest.first(),
            Some(b' ' | b'\t' | b'\r' | b'\n' | b'/' | b'>')
        )
    })
}

#[cfg(test)]
mod tests {
    use super::is_refusal;

    #[test]
    fn refusals_are_distinguished_from_results() {
        for (body, refusal) in [
            (r#"{"error":1,"msg":"Invalid signature"}"#, true),
            (r#"{"Error":"No such tenant","OperationId":"x"}"#, true),
            (r#"{"error":{"msg":"Nested"}}"#, true),
            (r#"{"errors":["no"]}"#, true),
            (r#"{"success":false,"message":"no"}"#, true),
            (r#"{"@type":"Error","title":"No","status_code":403}"#, true),
            ("\u{FEFF} {\"Message\":\"no\",\"StatusCode\":401}", true),
            ("<?xml version=\"1.0\"?>\n<Error Message=\"no\"/>", true),
            ("<Error><Message>no</Message></Error>", true),
            (r#"{"error":0,"items":[]}"#, false),
            (r#"{"error":null,"errors":[],"success":true}"#, false),
            (r#"{"error":"","Message":"fine"}"#, false),
            (r#"{"items":[{"error":1}]}"#, false),
            (r#"{"FailureMessage":"it failed","Result":"Failed"}"#, false),
            (r#"{"@type":"Collection","status_code":200}"#, false),
            (r#"[{"error":1}]"#, false),
            ("<Errors/>", false),
            ("<?xml", false),
            ("<QueryResult><Error/></QueryResult>", false),
            ("", false),
            ("error", false),
        ] {
            assert_eq!(is_refusal(body.as_bytes()), refusal, "{body}");
        }
        let long = format!("{{\"error\":1,\"items\":\"{}\"}}", "x".repeat(20_000));
        assert!(!is_refusal(long.as_bytes()));
    }
}

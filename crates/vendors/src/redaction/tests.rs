use super::*;
use crate::{Answer, Call, Failure, VendorError, aveva, uplynk, veeam};

const CANARY: &str = "canary-of-the-inside";

fn system(json: &str) -> System {
    serde_json::from_str(json).expect("a system")
}

fn a() -> System {
    system(r#"{"system":"aveva"}"#)
}

fn v() -> System {
    system(r#"{"system":"veeam"}"#)
}

fn text(redacted: &Redacted) -> &str {
    std::str::from_utf8(&redacted.body).expect("text")
}

/// The error that the console reads from a body.
fn read(system: &System, body: &[u8]) -> VendorError {
    fn of<T: std::fmt::Debug>(call: &Call<T>, body: &[u8]) -> VendorError {
        let answer = Answer {
            status: 500,
            headers: Vec::new(),
            body: body.to_vec(),
        };
        match call.read(&answer) {
            Err(Failure::Vendor(error)) => *error,
            other => unreachable!("{other:?}"),
        }
    }
    match system {
        System::Aveva(base) => of(&aveva::groups(base).get("x"), body),
        System::Uplynk => of(&uplynk::groups().get("x"), body),
        System::Veeam { accept, .. } => of(&veeam::recent(*accept), body),
    }
}

#[test]
fn only_the_contracts_fields_are_kept() {
    for (system, body, redacted) in [
        (
            a(),
            r#"{"OperationId":"op-1","Error":"E","Reason":"R","Resolution":"S","AdditionalParameters":{"a":1,"StackTrace":"x"},"further":true,"stackTrace":"x"}"#,
            r#"{"AdditionalParameters":{"a":1},"Error":"E","OperationId":"op-1","Reason":"R","Resolution":"S"}"#,
        ),
        (
            a(),
            r#"{"error":"Gone.","operationId":null}"#,
            r#"{"error":"Gone."}"#,
        ),
        (
            a(),
            r#"{"error":{"code":"Bad","message":"No.","innererror":{"message":"x"}},"Reason":["a"]}"#,
            r#"{"error":{"message":"No."}}"#,
        ),
        (
            a(),
            r#"[{"Error":"First.","x":1},{"x":1}]"#,
            r#"[{"Error":"First."}]"#,
        ),
        (a(), "\"Too short.\"", "\"Too short.\""),
        (a(), r#"{"Id":"x","Role":0}"#, ""),
        (
            System::Uplynk,
            r#"{"@type":"Error","code":"c","status_code":400,"title":"T","trace":"x","debug":{"a":1}}"#,
            r#"{"@type":"Error","code":"c","status_code":400,"title":"T"}"#,
        ),
        (
            System::Uplynk,
            r#"{"error":1,"msg":"M"}"#,
            r#"{"error":1,"msg":"M"}"#,
        ),
        (
            System::Uplynk,
            r#"{"error":{"msg":"N","trace":"x"}}"#,
            r#"{"error":{"msg":"N"}}"#,
        ),
        (System::Uplynk, "no such group", "no such group"),
        (
            v(),
            r#"{"Message":"M","StatusCode":400,"Status":"S","StackTrace":"x","FirstChanceExceptionMessage":"F","ExceptionType":"x"}"#,
            r#"{"FirstChanceExceptionMessage":"F","Message":"M","Status":"S","StatusCode":400}"#,
        ),
        (
            v(),
            "<?xml version=\"1.0\"?><Error xmlns=\"http://www.veeam.com/ent/v1.0\" Message=\"M &lt;i&gt;\" StatusCode=\"403\"><StackTrace>x</StackTrace></Error>",
            r#"{"Message":"M <i>","StatusCode":"403"}"#,
        ),
        (v(), "<html><h1 Message=\"x\">Oops</h1></html>", ""),
        (v(), "<Other Message=\"x\"/>", ""),
        (v(), "worker died", "worker died"),
    ] {
        let got = system.redact(body.as_bytes());
        assert_eq!(text(&got), redacted, "{body}");
        assert_eq!(got.left_out, redacted.is_empty(), "{body}");
        let is_text = matches!(redacted, "no such group" | "worker died");
        let json = (!redacted.is_empty() && !is_text).then_some("application/json");
        let plain = is_text.then_some("text/plain; charset=utf-8");
        assert_eq!(got.media_type, json.or(plain), "{body}");
    }
}

#[test]
fn an_empty_body_is_not_marked_as_removed() {
    for body in ["", "  \r\n", "\u{FEFF}", "null", "{}", "[]"] {
        assert_eq!(a().redact(body.as_bytes()), Redacted::default(), "{body:?}");
    }
}

#[test]
fn no_internals_are_kept_in_any_form_of_body() {
    let inside = format!("at Plant.{CANARY}.Run()");
    for body in [
        format!("<html><body>{CANARY}</body></html>"),
        format!("<!DOCTYPE html>{CANARY}"),
        format!("\u{FEFF}<p>{CANARY}"),
        format!(r#"{{"StackTrace":"{CANARY}"}}"#),
        format!(r#"{{"Message":"M","error":"E","stackTrace":"{CANARY}"}}"#),
        format!(
            r#"{{"Message":"Broke.\n   at Plant.Run() {CANARY}","Error":"Broke. at Plant.Run(s) {CANARY}"}}"#
        ),
        format!(r#"{{"error":{{"message":"M","inner":{{"message":"{CANARY}"}}}}}}"#),
        format!(r#"{{"error":{{"error":{{"message":"{CANARY}"}}}}}}"#),
        format!(
            r#"{{"AdditionalParameters":{{"Exception":"{CANARY}","a":{{"b":"{CANARY}"}},"{CANARY} <x>":1}}}}"#
        ),
        format!(r#"{{"Error":["{CANARY}"],"Message":{{"x":"{CANARY}"}},"detail":true}}"#),
        format!(r#"[["{CANARY}"],{{"x":"{CANARY}"}}]"#),
        format!(r#"{{"{CANARY}":"x"}}"#),
        format!(
            r#"{{"Message":"<html>{CANARY}","Error":"<script>{CANARY}","title":"<body>{CANARY}"}}"#
        ),
        format!("{{\"Message\":\"cut off {CANARY}"),
        format!("<Error Message=\"M\"><StackTrace>{CANARY}</StackTrace></Error>"),
        format!("Unhandled.\n   {inside}"),
        format!("Traceback (most recent call last):\n{CANARY}"),
    ] {
        for system in [a(), System::Uplynk, v()] {
            let redacted = system.redact(body.as_bytes());
            assert!(
                !text(&redacted).contains(CANARY),
                "{system:?} {body}: {}",
                text(&redacted)
            );
        }
    }
    let mut broken = CANARY.as_bytes().to_vec();
    broken.insert(0, 0xFF);
    assert!(a().redact(&broken).left_out);
}

/// Redaction keeps everything that the console shows: message, reason, resolution, operation id.
#[test]
fn the_console_reads_the_same_from_a_redacted_body() {
    for body in [
        r#"{"OperationId":"op-1","Error":"E","Reason":"R","Resolution":"S","AdditionalParameters":{"a":1}}"#,
        r#"{"operationid":"op-1","ERROR":"E","reason":"R"}"#,
        r#"{"error":{"code":"Bad","message":"No."},"reason":["a"],"errors":{"Id":["x"]}}"#,
        r#"[{"Error":"First."},{"Error":"Second."}]"#,
        "\u{FEFF}{\"title\":\"Log in\"}",
        r#"{"Id":"x","Role":0}"#,
        "{}",
        "null",
        "[]",
        "[[]]",
        r#"["Too short."]"#,
        r#"{"detail":"d","message":"m","title":"t"}"#,
        r#"{"description":"","code":"bad_request"}"#,
        r#"{"error":{"msg":"Nested"}}"#,
        r#"{"error":1,"msg":"Invalid signature"}"#,
        r#"{"Message":"No.","StatusCode":"500","Status":"Error","StackTrace":"x"}"#,
        "<Error Message='No.' StatusCode='500'><StackTrace>x</StackTrace></Error>",
        "<html><h1>Oops</h1></html>",
        "<html/>",
        "worker died",
        "upstream reset",
        "",
    ] {
        for system in [a(), System::Uplynk, v()] {
            let (original, redacted) = (
                read(&system, body.as_bytes()),
                read(&system, &system.redact(body.as_bytes()).body),
            );
            let shown = |error: &VendorError| {
                (
                    error.message.clone(),
                    error.reason.clone(),
                    error.resolution.clone(),
                    error.operation_id.clone(),
                )
            };
            assert_eq!(shown(&redacted), shown(&original), "{system:?} {body}");
        }
    }
}

#[test]
fn a_body_of_more_than_256_kib_is_removed_without_parsing() {
    for (system, begin, end) in [
        (a(), r#"{"Error":"E","x":""#, r#""}"#),
        (v(), "<Error Message=\"E\">", "</Error>"),
    ] {
        let length = MAX_BODY - begin.len() - end.len();
        for (more, left_out) in [(0, false), (1, true)] {
            let body = format!("{begin}{}{end}", "x".repeat(length + more));
            let redacted = system.redact(body.as_bytes());
            assert_eq!(redacted.left_out, left_out, "{begin}");
            assert_eq!(redacted.body.is_empty(), left_out, "{begin}");
        }
    }
}

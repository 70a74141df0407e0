//! The Veeam contract: samples, unusual values, error bodies, log-on.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a failing helper fails its test"
)]

use vendors::veeam::{self, MediaType, Outcome, Page, Query, Session, State, read_saved};
use vendors::{Answer, Failure};

fn sample(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/samples/veeam/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn ok(body: impl Into<Vec<u8>>) -> Answer {
    Answer {
        status: 200,
        headers: Vec::new(),
        body: body.into(),
    }
}

fn page(body: impl Into<Vec<u8>>) -> Page {
    veeam::query(&Query::default(), MediaType::Xml)
        .read(&ok(body))
        .expect("a page")
}

fn one(body: impl Into<Vec<u8>>) -> Session {
    veeam::session("x", MediaType::Xml)
        .read(&ok(body))
        .expect("a session")
}

fn error(status: u16, body: &str) -> vendors::VendorError {
    let answer = Answer {
        status,
        headers: Vec::new(),
        body: body.into(),
    };
    match veeam::recent(MediaType::Json).read(&answer) {
        Err(Failure::Vendor(error)) => *error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_published_query_decodes() {
    let page = page(sample("query-failed.xml"));
    let session = &page.sessions[0];
    assert_eq!(page.sessions.len(), 1);
    assert_eq!(
        session.uid.as_deref(),
        Some("12295005-66e6-477d-a6d3-1401dd27476e")
    );
    assert_eq!(session.name.as_deref(), Some("ABC Company Failover Plan"));
    assert_eq!(session.job_type.as_deref(), Some("FailoverPlan"));
    assert_eq!(
        session.creation_time,
        "2025-01-13T16:21:35.74Z".parse().ok()
    );
    assert_eq!(session.end_time, "2025-01-13T16:23:16.11Z".parse().ok());
    assert_eq!(
        (session.state.clone(), session.result.clone()),
        (Some(State::Stopped), Some(Outcome::Failed))
    );
    assert_eq!(session.progress, Some(100.0));
    assert_eq!(
        (session.failure_message.clone(), session.tasks.len()),
        (None, 0)
    );
    let server = session.server.clone().expect("a server");
    assert_eq!(server.name.as_deref(), Some("172.24.31.67"));
    assert_eq!(
        server.uid.as_deref(),
        Some("ca19249e-e638-421a-ab22-68cb89b9009a")
    );
    let paging = page.paging.expect("paging");
    assert_eq!((paging.page, paging.size, paging.pages), (1, 100, Some(1)));
    let first = paging.links[0].href.as_deref().expect("a link");
    assert!(
        first.starts_with("/api/query?type=CloudFailoverSession&format=Entities"),
        "{first}"
    );
}

#[test]
fn the_published_sessions_decode() {
    let success = one(sample("session-success.xml"));
    assert_eq!(
        (success.state, success.result),
        (Some(State::Stopped), Some(Outcome::Success))
    );
    assert_eq!(success.creation_time, "2015-12-07T17:38:16Z".parse().ok());
    assert_eq!(success.end_time, "2015-12-07T17:39:36Z".parse().ok());
    assert_eq!((success.progress, success.tasks.len()), (Some(100.0), 0));
    let running = one(sample("session-running-with-tasks.xml"));
    assert_eq!(
        (running.state, running.result, running.end_time),
        (Some(State::Working), Some(Outcome::None), None)
    );
    assert_eq!(
        running.creation_time,
        "2020-05-06T20:29:45.077Z".parse().ok()
    );
    assert_eq!(
        running.tasks[1].creation_time,
        "2020-05-06T20:29:50.14Z".parse().ok()
    );
    let server = running.server.clone().and_then(|server| server.name);
    assert_eq!(server.as_deref(), Some("srv13.tech.local"));
    let machines: Vec<_> = running
        .tasks
        .iter()
        .map(|task| task.vm_name.as_deref().unwrap_or_default())
        .collect();
    assert_eq!(machines, ["filesrv03", "filesrv04"]);
    assert_eq!(running.tasks[1].state, Some(State::Starting));
    let replica = running.tasks[0]
        .replica_point
        .clone()
        .expect("a replica point");
    assert_eq!(
        replica.name.as_deref(),
        Some("filesrv03@2020-02-13 05:00:46")
    );
}

#[test]
fn a_raw_session_is_the_body_without_its_byte_order_mark() {
    let call = veeam::raw_session("f7d7-x", MediaType::Json);
    assert_eq!(
        call.request,
        veeam::session("f7d7-x", MediaType::Json).request
    );
    let read = call
        .read(&ok("\u{FEFF}{ \"Nonsense\": 1 }"))
        .expect("any body is accepted");
    assert_eq!(read, "{ \"Nonsense\": 1 }");
    assert!(
        call.read(&Answer {
            status: 404,
            ..Answer::default()
        })
        .is_err()
    );
}

#[test]
fn references_and_paging_decode() {
    let page_of_references = page(sample("references.xml"));
    assert_eq!(
        (
            page_of_references.references.len(),
            page_of_references.sessions.len()
        ),
        (5, 0)
    );
    assert_eq!(
        page_of_references.references[2].name.as_deref(),
        Some("UCM Company Full SIte Failover")
    );
    let inside = format!(
        "<QueryResult><Entities/>{}</QueryResult>",
        String::from_utf8_lossy(&sample("paging-of-seven.xml"))
    );
    let paging = page(inside).paging.expect("paging");
    assert_eq!(
        (paging.page, paging.size, paging.pages, paging.links.len()),
        (1, 3, Some(7), 3)
    );
}

#[test]
fn xml_and_each_json_style_decode_to_the_same_sessions() {
    let (v12, v13) = (
        page(sample("query-v12.inferred.json")),
        page(sample("query-v13.inferred.json")),
    );
    assert_eq!(v12, v13);
    let failed = page(sample("query-failed.xml")).sessions.remove(0);
    assert_eq!(v12.sessions[0], failed);
    // The JSON sample contains only the first of the two machines.
    let mut running = one(sample("session-running-with-tasks.xml"));
    running.tasks.truncate(1);
    assert_eq!(v12.sessions[1], running);
    assert_eq!(v12.paging.expect("paging").pages, Some(1));
}

#[test]
fn a_byte_order_mark_and_missing_keys_change_nothing() {
    let v12 = sample("query-v12.inferred.json");
    let marked = [b"\xEF\xBB\xBF".as_slice(), &v12].concat();
    assert_eq!(page(marked), page(v12.clone()));
    // Version 9.5 omits keys that later versions write as null.
    let text = String::from_utf8(v12.clone()).expect("UTF-8");
    let bare: String = text
        .lines()
        .filter(|line| !line.trim_end().ends_with("null,"))
        .collect();
    assert_eq!(page(bare), page(v12));
}

#[test]
fn unusual_values_are_read() {
    let of = |inner: &str| {
        one(format!(
            "<CloudFailoverSession UID='A1' State='x'>{inner}</CloudFailoverSession>"
        ))
    };
    for (inner, started) in [
        (
            "<CreationTimeUTC>1753-01-01T00:00:00Z</CreationTimeUTC>",
            None,
        ),
        ("<CreationTimeUTC></CreationTimeUTC>", None),
        (
            "<CreationTimeUTC>2020-05-06T20:29:45.077</CreationTimeUTC>",
            Some("2020-05-06T20:29:45.077Z"),
        ),
        (
            "<CreationTimeUTC>2020-05-06T20:29:45.0771234Z</CreationTimeUTC>",
            Some("2020-05-06T20:29:45.0771234Z"),
        ),
    ] {
        assert_eq!(
            of(inner).creation_time,
            started.map(|time| time.parse().expect("a time")),
            "{inner}"
        );
    }
    assert_eq!(
        of("<Result>Postponed</Result>").result,
        Some(Outcome::Other("Postponed".into()))
    );
    assert_eq!(of("<Result>failed</Result>").result, Some(Outcome::Failed));
    assert_eq!(
        of("<FailureMessage>a &amp; b &lt;c&gt; &#228;</FailureMessage>")
            .failure_message
            .as_deref(),
        Some("a & b <c> ä")
    );
    assert_eq!(
        of("<FailureMessage><![CDATA[<raw> & so]]></FailureMessage>")
            .failure_message
            .as_deref(),
        Some("<raw> & so")
    );
    assert_eq!(of("").uid.as_deref(), Some("a1"));
    let prefixed = one(
        "<e:CloudFailoverSession xmlns:e='http://www.veeam.com/ent/v1.0' UID='urn:veeam:CloudFailoverSession:AB'><e:State>Stopped</e:State></e:CloudFailoverSession>",
    );
    assert_eq!(
        (prefixed.uid.as_deref(), prefixed.state),
        (Some("ab"), Some(State::Stopped))
    );
}

#[test]
fn unreadable_responses_are_distinguished_from_errors() {
    for body in [
        "",
        "  ",
        "<html><body>Log in</body></html>",
        "<QueryResult>",
        "{\"Entities\":",
        "[]",
        "{}",
        "\"x\"",
    ] {
        let result = veeam::query(&Query::default(), MediaType::Json).read(&ok(body));
        assert!(
            matches!(result, Err(Failure::Unreadable(_))),
            "{body}: {result:?}"
        );
    }
    let result = veeam::query(&Query::default(), MediaType::Xml).read(&ok("<Error Message='no'/>"));
    match result {
        Err(Failure::Vendor(error)) => {
            assert_eq!((error.status, error.message.as_str()), (200, "no"));
        }
        other => panic!("{other:?}"),
    }
    let bad_time = one(
        "<CloudFailoverSession UID='A1'><State>Stopped</State><EndTimeUTC>soon</EndTimeUTC></CloudFailoverSession>",
    );
    assert_eq!(
        (bad_time.state, bad_time.end_time),
        (Some(State::Stopped), None)
    );
    let field = &bad_time.unreadable[0];
    assert_eq!(
        (field.name.as_str(), field.raw.as_str()),
        ("EndTimeUTC", "soon")
    );
    let entity =
        "<!DOCTYPE x [<!ENTITY a 'boom'>]><QueryResult><PagingInfo PageNum='1'/>&a;</QueryResult>";
    assert!(
        veeam::query(&Query::default(), MediaType::Xml)
            .read(&ok(entity))
            .is_err()
    );
    let deep = "<a>".repeat(10_000);
    assert!(
        veeam::query(&Query::default(), MediaType::Xml)
            .read(&ok(deep))
            .is_err()
    );
}

#[test]
fn errors_are_read_in_every_form() {
    let of_xml = error(
        403,
        "<?xml version=\"1.0\"?><Error xmlns=\"http://www.veeam.com/ent/v1.0\" Message=\"Access is denied.\" StatusCode=\"403\" />",
    );
    assert_eq!(
        (of_xml.status, of_xml.message.as_str()),
        (403, "Access is denied.")
    );
    let json = error(
        400,
        "\u{FEFF}{\"FirstChanceExceptionMessage\":\"first\",\"StackTrace\":\"at Veeam.X\",\"StatusCode\":400,\"Status\":\"BadRequest\",\"Message\":\"Invalid filter.\"}",
    );
    assert_eq!(json.message, "Invalid filter.");
    assert_eq!(
        json.more
            .get("FirstChanceExceptionMessage")
            .and_then(|v| v.as_str()),
        Some("first")
    );
    assert!(
        !format!("{json:?}").contains("Veeam.X"),
        "the stack trace is omitted"
    );
    assert_eq!(
        error(401, "{\"message\":\"Log on.\",\"statusCode\":401}").message,
        "Log on."
    );
    assert_eq!(error(503, "").message, "Service Unavailable");
    assert_eq!(
        error(500, "<html><h1>Oops</h1></html>").message,
        "Internal Server Error"
    );
    assert_eq!(error(500, "worker died").message, "worker died");
}

#[test]
fn a_log_on_returns_the_headers_session_id_and_hides_it() {
    let answer = Answer {
        status: 201,
        headers: vec![("x-restsvcsessionid".into(), "c2VjcmV0".into())],
        body: b"<LogonSession><SessionId>695aa2ca</SessionId></LogonSession>".into(),
    };
    let log_on = veeam::log_on().read(&answer).expect("logged on");
    assert_eq!(
        (log_on.session_id.as_str(), log_on.logon_id.as_deref()),
        ("c2VjcmV0", Some("695aa2ca"))
    );
    assert!(!format!("{log_on:?}").contains("c2VjcmV0"));
    assert_eq!(
        veeam::log_on().request.target(),
        "/api/sessionMngr/?v=latest"
    );
    assert_eq!(
        veeam::log_off("695aa2ca").request.target(),
        "/api/logonSessions/695aa2ca"
    );
    assert!(matches!(
        veeam::log_on().read(&ok("")),
        Err(Failure::Unreadable(_))
    ));
}

#[test]
fn a_pasted_documentation_page_with_bare_ampersands_is_read() {
    let pasted = sample("query-failed.pasted-from-docs.xml");
    let read = read_saved(&pasted).expect("repaired");
    assert_eq!(read, page(sample("query-failed.xml")));
    assert_eq!(read, page(pasted));
    for name in [
        "session-success.xml",
        "references.xml",
        "query-v12.inferred.json",
        "query-v13.inferred.json",
    ] {
        assert!(read_saved(&sample(name)).is_ok(), "{name}");
    }
    assert!(read_saved(b"hello").is_err());
}

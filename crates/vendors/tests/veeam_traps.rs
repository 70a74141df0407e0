//! Unusual forms of Veeam's responses, and saved responses.
#![expect(clippy::expect_used, reason = "a failing helper fails its test")]

use vendors::veeam::{self, MediaType, Outcome, Page, Query, Session, State, read_saved};
use vendors::{Answer, Failure, LeftOut};

const FAILED: &str = include_str!("samples/veeam/query-failed.xml");
const V12: &str = include_str!("samples/veeam/query-v12.inferred.json");

fn answer(body: &str) -> Answer {
    Answer {
        status: 200,
        headers: Vec::new(),
        body: body.into(),
    }
}

fn page(body: &str) -> Page {
    let call = veeam::query(&Query::default(), MediaType::Json);
    call.read(&answer(body)).expect(body)
}

fn session(body: &str) -> Session {
    let call = veeam::session("x", MediaType::Json);
    call.read(&answer(body)).expect(body)
}

/// The problem of an unreadable 2xx response to a query.
fn problem(body: &str) -> String {
    match veeam::query(&Query::default(), MediaType::Json).read(&answer(body)) {
        Err(Failure::Unreadable(unreadable)) => unreadable.problem,
        other => format!("not unreadable: {other:?}"),
    }
}

#[test]
fn the_body_determines_whether_it_is_xml_or_json() {
    for (claimed, body) in [
        ("application/json", FAILED),
        ("application/xml", V12),
        ("text/html", V12),
    ] {
        let headers = vec![("content-type".to_owned(), claimed.to_owned())];
        let answer = Answer {
            headers,
            ..answer(body)
        };
        for media_type in [MediaType::Json, MediaType::Xml] {
            assert!(
                veeam::query(&Query::default(), media_type)
                    .read(&answer)
                    .is_ok(),
                "{claimed}"
            );
        }
    }
}

#[test]
fn null_empty_and_missing_lists_are_empty() {
    for body in [
        "{\"Refs\":null,\"Entities\":null,\"PagingInfo\":null}",
        "{\"Entities\":{}}",
        "{\"Entities\":{\"CloudFailoverSessions\":null}}",
        "{\"Entities\":{\"CloudFailoverSessions\":{}}}",
        "{\"Entities\":{\"CloudFailoverSessions\":{\"CloudFailoverSessions\":null}}}",
        "{\"Entities\":{\"CloudFailoverSessions\":{\"CloudFailoverSessions\":[]}}}",
        "{\"Entities\":{\"CloudFailoverSessions\":{\"CloudFailoverSessions\":[null]}}}",
        "{\"entities\":{\"jobs\":{\"jobs\":[]},\"cloudFailoverSessions\":[]}}",
        "{\"Refs\":{\"Refs\":[]}}",
        "{\"cloudFailoverSessions\":[]}",
        "{\"Entities\":{\"CloudFailoverSessions\":{\"Count\":0,\"CloudFailoverSessions\":[]}}}",
        "<QueryResult><Entities/></QueryResult>",
        "<QueryResult><Entities><CloudFailoverSessions/></Entities></QueryResult>",
        "<QueryResult><Entities> </Entities><Refs/></QueryResult>",
        "<EntityReferences/>",
        "<CloudFailoverSessions></CloudFailoverSessions>",
    ] {
        assert_eq!(page(body), Page::default(), "{body}");
    }
    for none in [
        "{\"PagingInfo\":{\"PageNum\":1,\"PagesCount\":0}}",
        "{\"PagingInfo\":{\"PageNum\":1,\"PagesCount\":1,\"Links\":[]}}",
        "{\"pagingInfo\":{\"pagesCount\":1},\"jobs\":null}",
        "<QueryResult><PagingInfo PageNum='1' PageSize='100' PagesCount='1'><Links/></PagingInfo></QueryResult>",
    ] {
        assert_eq!(page(none).sessions, [], "at most one page: {none}");
    }
    let gap = "{\"CloudFailoverSessions\":[null,{\"UID\":\"a\"},{}]}";
    assert_eq!(page(gap).sessions.len(), 1);
    for tasks in [
        "null",
        "{}",
        "[]",
        "{\"CloudFailoverTasks\":null}",
        "{\"CloudFailoverTasks\":[]}",
    ] {
        let session = session(&format!(
            "{{\"UID\":\"a\",\"State\":\"Stopped\",\"CloudFailoverTasks\":{tasks},\"Links\":{tasks}}}"
        ));
        assert_eq!(
            (session.tasks.len(), session.links.len()),
            (0, 0),
            "{tasks}"
        );
    }
}

#[test]
fn a_single_session_is_recognised_by_its_name_or_type() {
    for body in [
        "<CloudFailoverSession UID='AB'/>",
        "<ns:CloudFailoverSession xmlns:ns='urn:x' ns:UID='urn:veeam:CloudFailoverSession:AB'/>",
        "{\"UID\":\"ab\",\"State\":\"Stopped\"}",
        "{\"uid\":\"AB\",\"type\":\"CloudFailoverSession\"}",
        "{\"cloudFailoverSessions\":[{\"uid\":\"AB\"}]}",
        "{\"CloudFailoverSessions\":{\"CloudFailoverSessions\":[{\"UID\":\"AB\"}]}}",
        "<CloudFailoverSessions><CloudFailoverSession UID='AB'/></CloudFailoverSessions>",
    ] {
        assert_eq!(session(body).uid.as_deref(), Some("ab"), "{body}");
    }
}

#[test]
fn tasks_are_direct_children_with_the_name_of_their_list() {
    let task = |name: &str, inner: &str| {
        format!("<CloudFailoverTasks VmName='{name}'>{inner}</CloudFailoverTasks>")
    };
    let list = format!(
        "<CloudFailoverTasks>{}{}</CloudFailoverTasks>",
        task("a", &task("inner", "")),
        task("b", "")
    );
    let read = session(&format!(
        "<CloudFailoverSession UID='1'>{list}</CloudFailoverSession>"
    ));
    let names: Vec<_> = read
        .tasks
        .iter()
        .map(|task| task.vm_name.as_deref())
        .collect();
    assert_eq!(names, [Some("a"), Some("b")]);
}

#[test]
fn nil_attributes_of_dotnet_mean_null() {
    for prefix in ["xsi", "i", "d2p1"] {
        let read = session(&format!(
            "<CloudFailoverSession xmlns:{prefix}='http://www.w3.org/2001/XMLSchema-instance' UID='1' {prefix}:type='x'>\
             <EndTimeUTC {prefix}:nil='true'/><FailureMessage {prefix}:nil='true'/><CloudFailoverTasks>\
             <CloudFailoverTasks VmName='a'><VmReplicaPointLink {prefix}:nil='true'/></CloudFailoverTasks>\
             </CloudFailoverTasks></CloudFailoverSession>"
        ));
        assert_eq!((read.end_time, read.failure_message), (None, None));
        assert_eq!(read.tasks[0].replica_point, None);
        assert!(read.unreadable.is_empty(), "{prefix}");
    }
}

#[test]
fn only_surrounding_white_space_of_texts_is_removed() {
    let read = session(
        "<CloudFailoverSession UID='1'><State>\n  Stopped\n</State><FailureMessage> a  &lt;b&gt;\n<!-- no --> c </FailureMessage></CloudFailoverSession>",
    );
    assert_eq!(read.state, Some(State::Stopped));
    assert_eq!(read.failure_message.as_deref(), Some("a  <b>\n c"));
}

#[test]
fn numbers_may_be_texts_and_progress_is_no_completion() {
    let read =
        session("{\"UID\":\"1\",\"State\":\"Stopped\",\"Result\":\"Failed\",\"Progress\":\"0\"}");
    assert_eq!(read.progress, Some(0.0));
    assert_eq!(
        session("{\"UID\":\"1\",\"State\":\"x\",\"Progress\":99.5}").progress,
        Some(99.5)
    );
    assert_eq!(
        session("{\"UID\":\"1\",\"State\":\"x\",\"Progress\":\"\"}").progress,
        None
    );
    let paging = page(
        "{\"Refs\":null,\"PagingInfo\":{\"PageNum\":\"2\",\"pageSize\":3.0,\"PagesCount\":7}}",
    )
    .paging
    .expect("paging");
    assert_eq!((paging.page, paging.size, paging.pages), (2, 3, Some(7)));
}

#[test]
fn values_are_case_insensitive_and_unknown_ones_are_kept() {
    for (word, state) in [
        ("Starting", State::Starting),
        ("stopping", State::Stopping),
        ("WORKING", State::Working),
        ("Stopped", State::Stopped),
        ("Postprocessing", State::Other("Postprocessing".into())),
    ] {
        let read = session(&format!("{{\"uid\":\"1\",\"state\":\"{word}\"}}"));
        assert_eq!((read.state, read.result), (Some(state), None), "{word}");
    }
    for (word, result) in [
        ("None", Outcome::None),
        ("success", Outcome::Success),
        ("WARNING", Outcome::Warning),
        ("Failed", Outcome::Failed),
        ("Skipped", Outcome::Other("Skipped".into())),
    ] {
        let body = format!("{{\"uid\":\"1\",\"state\":\"x\",\"result\":\"{word}\"}}");
        assert_eq!(session(&body).result, Some(result), "{word}");
    }
}

#[test]
fn a_log_on_without_a_session_id_is_unreadable() {
    let header = |value: &str| vec![("x-restsvcsessionid".to_owned(), value.to_owned())];
    for (headers, expected) in [
        (header("MTIz"), Some("MTIz")),
        (header(""), None),
        (Vec::new(), None),
    ] {
        let answer = Answer {
            status: 201,
            headers,
            body: b"{\"SessionId\":\"695aa2ca\"}".to_vec(),
        };
        let log_on = veeam::log_on().read(&answer).ok();
        assert_eq!(
            log_on.as_ref().map(|log_on| log_on.session_id.as_str()),
            expected
        );
        let id = log_on.and_then(|log_on| log_on.logon_id);
        assert_eq!(id.as_deref(), expected.map(|_| "695aa2ca"));
    }
    let refused = Answer {
        status: 401,
        ..answer("")
    };
    assert!(
        matches!(veeam::log_on().read(&refused), Err(Failure::Vendor(error)) if error.status == 401)
    );
}

#[test]
fn the_server_is_the_up_link() {
    let read = session(
        "{\"uid\":\"1\",\"state\":\"x\",\"links\":[{\"rel\":\"Alternate\",\"name\":\"no\"},\
         {\"rel\":\"up\",\"href\":\"https://em/api/backupServers/CA19249E\",\"name\":\"srv\"}]}",
    );
    let server = read.server.expect("a server");
    assert_eq!(
        (server.uid.as_deref(), server.name.as_deref()),
        (Some("ca19249e"), Some("srv"))
    );
    assert_eq!(
        read.links[1].href.as_deref(),
        Some("/api/backupServers/CA19249E")
    );
    assert_eq!(session("{\"uid\":\"1\",\"state\":\"x\"}").server, None);
}

#[test]
fn an_unreadable_field_is_named_and_affects_nothing_else() {
    for (inner, name, raw) in [
        ("\"CreationTimeUTC\":5", "CreationTimeUTC", "5"),
        ("\"EndTimeUTC\":{\"a\":1}", "EndTimeUTC", "a: 1"),
        ("\"Progress\":[50]", "Progress", "50"),
        ("\"Progress\":\"NaN\"", "Progress", "NaN"),
        ("\"Progress\":NaN", "Progress", "NaN"),
        ("\"State\":[\"Stopped\"]", "State", "Stopped"),
        (
            "\"CloudFailoverTasks\":\"none\"",
            "CloudFailoverTasks",
            "none",
        ),
        (
            "\"CloudFailoverTasks\":[\"a\"]",
            "CloudFailoverTasks[0]",
            "a",
        ),
        (
            "\"Links\":[{\"Rel\":\"Up\",\"Name\":{\"x\":1}}]",
            "Links.Name",
            "x: 1",
        ),
    ] {
        let body = format!(
            "{{\"Entities\":{{\"CloudFailoverSessions\":[{{\"UID\":\"1\"}},{{\"UID\":\"2\",\"Name\":\"b\",{inner}}}]}}}}"
        );
        let read = page(&body);
        assert_eq!(
            (read.sessions.len(), read.left_out.count()),
            (2, 0),
            "{body}"
        );
        let session = &read.sessions[1];
        assert_eq!(session.name.as_deref(), Some("b"));
        let fields: Vec<_> = session.unreadable.iter().collect();
        let [field] = fields[..] else {
            panic!("{body}: {fields:?}")
        };
        assert_eq!(
            (field.name.as_str(), field.raw.as_str()),
            (name, raw),
            "{body}"
        );
    }
    let task = session(
        "{\"UID\":\"1\",\"State\":\"Working\",\"CloudFailoverTasks\":[{\"VmName\":\"a\",\"CreationTimeUTC\":\"no\"}]}",
    )
    .tasks
    .remove(0);
    assert_eq!(task.vm_name.as_deref(), Some("a"));
    assert_eq!(task.unreadable[0].name, "CreationTimeUTC");
    let paging = page("{\"Entities\":null,\"PagingInfo\":{\"PageNum\":-1,\"PagesCount\":3}}");
    assert_eq!(
        paging.paging.map(|paging| (paging.page, paging.pages)),
        Some((0, Some(3)))
    );
}

#[test]
fn items_without_an_id_and_repeated_items_are_counted() {
    let left = |body: &str| {
        let page = page(body);
        let LeftOut {
            unreadable,
            repeated,
        } = page.left_out;
        (
            page.sessions.len() + page.references.len(),
            unreadable,
            repeated,
        )
    };
    for (body, expected) in [
        ("[{\"UID\":\"1\"},{\"Name\":\"no id\"}]", (1, 1, 0)),
        ("[{\"UID\":\"1\"},\"x\",7]", (1, 2, 0)),
        (
            "[{\"UID\":\"1\"},{\"UID\":{\"a\":1},\"Name\":\"x\"}]",
            (1, 1, 0),
        ),
        (
            "[{\"UID\":\"a\"},{\"UID\":\"urn:veeam:CloudFailoverSession:A\"},{\"UID\":\"b\"}]",
            (2, 0, 1),
        ),
    ] {
        assert_eq!(
            left(&format!("{{\"CloudFailoverSessions\":{body}}}")),
            expected,
            "{body}"
        );
    }
    let xml = "<QueryResult><Entities><CloudFailoverSessions><CloudFailoverSession UID='1'/><CloudFailoverSession Name='x'/></CloudFailoverSessions></Entities></QueryResult>";
    assert_eq!(left(xml), (1, 1, 0));
    let references = "<EntityReferences><Ref UID='1'/><Ref Name='x'/><Ref UID='2' Type='JobReference'/></EntityReferences>";
    assert_eq!(left(references), (2, 1, 0));
}

#[test]
fn control_characters_and_invalid_bytes_are_kept_or_replaced() {
    let read = |body: &[u8]| {
        let answer = Answer {
            status: 200,
            headers: Vec::new(),
            body: body.to_vec(),
        };
        let call = veeam::session("x", MediaType::Xml);
        call.read(&answer).expect("a session").failure_message
    };
    for (body, message) in [
        (&b"<CloudFailoverSession UID='1' FailureMessage='a\x01b'/>"[..], "a\u{1}b"),
        (b"\xEF\xBB\xBF<CloudFailoverSession UID='1'><FailureMessage>a\x0B\x00b</FailureMessage></CloudFailoverSession>", "a\u{b}\0b"),
        (b"<CloudFailoverSession UID='1'><FailureMessage>M\xFCller &#xD800;</FailureMessage></CloudFailoverSession>", "M\u{FFFD}ller \u{FFFD}"),
        (b"\xEF\xBB\xBF{\"UID\":\"1\",\"State\":\"x\",\"FailureMessage\":\"a\x01\r\nb\xFC\"}", "a\u{1}\r\nb\u{FFFD}"),
    ] {
        let shown = String::from_utf8_lossy(body);
        assert_eq!(read(body).as_deref(), Some(message), "{shown}");
    }
}

#[test]
fn an_invalid_response_is_described() {
    for (body, expected) in [
        (String::new(), "the body is empty"),
        (
            "{\"a\":1}".into(),
            "expected a query result or sessions, found an object",
        ),
        ("[{\"UID\":\"1\"}]".into(), "found a list"),
        ("7".into(), "found `7`"),
        ("<html><body/></html>".into(), "found `html`"),
        (
            "<BackupJobSession UID='1' State='x'/>".into(),
            "found `BackupJobSession`",
        ),
        (
            "<QueryResult><Entities><Jobs><Job/><Job Name='x'/></Jobs></Entities></QueryResult>"
                .into(),
            "expected CloudFailoverSessions, found Jobs",
        ),
        (
            "{\"Entities\":\"x\"}".into(),
            "Entities: expected lists, found `x`",
        ),
        (
            "<EntityReferences><Ref Type='JobReference'/></EntityReferences>".into(),
            "expected a CloudFailoverSessionReference, found a JobReference",
        ),
        ("<QueryResult a='1' a='2'/>".into(), "not XML"),
        ("<QueryResult><A></B></QueryResult>".into(), "not XML"),
    ] {
        let problem = problem(&body);
        assert!(problem.contains(expected), "{body}: {problem}");
    }
}

/// A result is empty only if its list exists and is empty.
#[test]
fn a_list_in_an_unknown_form_is_not_an_empty_list() {
    for (body, expected) in [
        (
            "{\"Entities\":{\"CloudFailoverSessions\":{\"Items\":[{\"UID\":\"1\"}]}}}",
            "CloudFailoverSessions: expected CloudFailoverSession, found Items",
        ),
        (
            "{\"Entities\":{\"CloudFailoverSessions\":{\"CloudFailoverSessions\":\"soon\"}}}",
            "CloudFailoverSessions: expected CloudFailoverSession, found `soon`",
        ),
        (
            "{\"Entities\":{\"CloudFailoverSessions\":{\"CloudFailoverSessions\":null,\"Items\":[{\"UID\":\"1\"}]}}}",
            "found Items",
        ),
        (
            "{\"Entities\":{\"CloudFailoverSessions\":\"soon\"}}",
            "found `soon`",
        ),
        ("{\"CloudFailoverSessions\":{\"a\":1}}", "found a"),
        (
            "{\"Content\":{\"CloudFailoverSessions\":[]},\"PagingInfo\":{\"PagesCount\":1}}",
            "expected Entities or Refs or CloudFailoverSessions, found none of them",
        ),
        ("{\"PagingInfo\":{\"PageNum\":1}}", "found none of them"),
        (
            "<QueryResult><PagingInfo PagesCount='2'/></QueryResult>",
            "found none of them",
        ),
        ("<QueryResult/>", "found none of them"),
        (
            "<QueryResult><Entities><CloudFailoverSessions><Item UID='1'/></CloudFailoverSessions></Entities></QueryResult>",
            "found Item",
        ),
        (
            "<CloudFailoverSessions>soon</CloudFailoverSessions>",
            "found `soon`",
        ),
        (
            "{\"Refs\":{\"Items\":[{\"UID\":\"1\"}]}}",
            "Refs: expected Ref, found Items",
        ),
        ("{\"Refs\":\"soon\"}", "Refs: expected Ref, found `soon`"),
        (
            "<EntityReferences><Item UID='1'/></EntityReferences>",
            "found Item",
        ),
    ] {
        let problem = problem(body);
        assert!(problem.contains(expected), "{body}: {problem}");
    }
}

#[test]
fn a_problem_is_one_short_line_whatever_it_quotes() {
    let name = "x".repeat(1_000);
    for body in [
        "<QueryResult></Other\n  x>".to_owned(),
        format!("<QueryResult></{name}>"),
    ] {
        let problem = problem(&body);
        assert!(problem.contains("not XML"), "{problem}");
        assert!(
            !problem.contains('\n') && problem.chars().count() <= 300,
            "{problem}"
        );
    }
}

#[test]
fn a_session_may_have_a_plan_id() {
    for (plan, expected) in [
        ("null", None),
        ("\"00000000-0000-0000-0000-000000000000\"", None),
        ("\"urn:veeam:Job:475420EE-D045\"", Some("475420ee-d045")),
    ] {
        let body = format!("{{\"UID\":\"1\",\"State\":\"x\",\"JobUid\":{plan}}}");
        assert_eq!(session(&body).job_uid.as_deref(), expected, "{plan}");
    }
}

#[test]
fn the_last_page_comes_from_the_count_or_the_links() {
    let paging = |info: &str| {
        let body = format!("{{\"Refs\":null,\"PagingInfo\":{{{info}}}}}");
        page(&body).paging.expect("paging")
    };
    let link = |rel: &str, query: &str| {
        format!("{{\"Rel\":\"{rel}\",\"Href\":\"https://em/api/query{query}\"}}")
    };
    let (next, last) = (link("next", "?Page=3&pageSize=10"), link("Last", "?page=8"));
    for (info, end, has_next) in [
        ("\"PagesCount\":8".to_owned(), Some(8), true),
        ("\"PagesCount\":2".to_owned(), Some(2), false),
        (
            format!("\"PagesCount\":\"many\",\"Links\":[{last},{next}]"),
            Some(8),
            true,
        ),
        (format!("\"Links\":[{next}]"), None, true),
        (format!("\"Links\":[{}]", link("Next", "")), None, false),
        (
            format!("\"Links\":[{}]", link("Next", "?page=zero")),
            None,
            false,
        ),
        ("\"PageNum\":2".to_owned(), None, false),
    ] {
        let paging = paging(&info);
        assert_eq!(
            (paging.last(), paging.has_next(2)),
            (end, has_next),
            "{info}"
        );
    }
    let linked = paging(&format!("\"Links\":[{next},{last}]"));
    let pages = ["Next", "Last", "Previous"].map(|rel| linked.linked(rel));
    assert_eq!(pages, [Some(3), Some(8), None]);
}

#[test]
fn a_full_page_without_paging_information_may_not_be_the_last() {
    for (info, size, is_open_ended) in [
        ("", 2, true),
        ("", 3, false),
        (",\"PagingInfo\":{\"PageNum\":1}", 2, true),
        (",\"PagingInfo\":{\"PagesCount\":1}", 2, false),
        (
            ",\"PagingInfo\":{\"Links\":[{\"Rel\":\"First\"}]}",
            2,
            false,
        ),
    ] {
        let body = format!(
            "{{\"Entities\":{{\"CloudFailoverSessions\":[{{\"UID\":\"1\"}},{{\"Name\":\"x\"}}]}}{info}}}"
        );
        assert_eq!(
            page(&body).is_open_ended(size),
            is_open_ended,
            "{size} {info}"
        );
    }
}

#[test]
fn entities_are_not_expanded_and_deep_nesting_is_rejected() {
    let laughs = "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\"><!ENTITY f SYSTEM \"file:///etc/passwd\">]>";
    for entity in ["&a;", "&b;", "&f;"] {
        let page = page(&format!(
            "{laughs}<CloudFailoverSession UID='1' Name='{entity}'><FailureMessage>{entity}</FailureMessage></CloudFailoverSession>"
        ));
        let session = &page.sessions[0];
        assert_eq!(session.name.as_deref(), Some(entity));
        assert_eq!(session.failure_message.as_deref(), Some(entity));
    }
    let harmless = format!("{laughs}<QueryResult><Entities/></QueryResult>");
    assert_eq!(page(&harmless), Page::default());
    assert!(problem(&"<a>".repeat(100_000)).contains("more than 64 deep"));
    assert!(problem(&"{\"a\":".repeat(100_000)).contains("recursion limit"));
    assert!(problem(&"[".repeat(100_000)).contains("recursion limit"));
}

/// Otherwise one of them would make all sessions unreadable.
#[test]
fn unknown_entities_and_bare_ampersands_are_kept() {
    let page = page(
        "<QueryResult><Entities><CloudFailoverSessions>\
         <CloudFailoverSession UID='1' Name='R&D &amp; IT &' PlanName='&nbsp;&#x;&&;'><FailureMessage>No&nbsp;disk & no &lt;net&gt;.&</FailureMessage></CloudFailoverSession>\
         <CloudFailoverSession UID='2' Name='b'><FailureMessage><![CDATA[a & b]]></FailureMessage></CloudFailoverSession>\
         </CloudFailoverSessions></Entities></QueryResult>",
    );
    let texts = page.sessions.iter().map(|session| {
        (
            session.name.as_deref().unwrap_or_default(),
            session.failure_message.as_deref().unwrap_or_default(),
        )
    });
    assert_eq!(
        texts.collect::<Vec<_>>(),
        [("R&D & IT &", "No&nbsp;disk & no <net>.&"), ("b", "a & b")]
    );
    // The time is linear in the length.
    let many = "&".repeat(2_000_000);
    let body = format!("<CloudFailoverSession UID='1' Name='{many}'/>");
    assert_eq!(self::page(&body).sessions[0].name, Some(many));
}

#[test]
fn an_error_never_contains_the_servers_internals() {
    let call = veeam::recent(MediaType::Json);
    for body in [
        "{\"Message\":\"No.\",\"StatusCode\":\"500\",\"Status\":\"Error\",\"StackTrace\":\"at Veeam.Inside\",\"FirstChanceExceptionMessage\":\"First.\"}",
        "{\"message\":\"No.\",\"statusCode\":500,\"status\":\"Error\",\"stackTrace\":\"at Veeam.Inside\",\"firstChanceExceptionMessage\":\"First.\"}",
        "<Error xmlns:xsd='http://www.w3.org/2001/XMLSchema' xmlns='http://www.veeam.com/ent/v1.0' Message='No.' StatusCode='500' Status='Error'><StackTrace>at Veeam.Inside</StackTrace><FirstChanceExceptionMessage>First.</FirstChanceExceptionMessage></Error>",
    ] {
        let answer = Answer {
            status: 500,
            ..answer(body)
        };
        let Err(Failure::Vendor(error)) = call.read(&answer) else {
            unreachable!("{body}");
        };
        assert_eq!(
            (error.status, error.message.as_str()),
            (500, "No."),
            "{body}"
        );
        let mut more: Vec<String> = error
            .more
            .iter()
            .map(|(key, value)| format!("{}={value}", key.to_lowercase()))
            .collect();
        more.sort();
        assert_eq!(
            more,
            ["firstchanceexceptionmessage=\"First.\"", "status=\"Error\""],
            "{body}"
        );
    }
}

#[test]
fn a_saved_response_is_read_in_every_form() {
    let expected = page(FAILED);
    let utf16 = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
        units.flat_map(bytes).collect()
    };
    let pasted = include_str!("samples/veeam/query-failed.pasted-from-docs.xml");
    for (how, bytes) in [
        ("as it is", FAILED.as_bytes().to_vec()),
        ("from the documentation", pasted.as_bytes().to_vec()),
        (
            "with no-break spaces",
            pasted
                .replace("  <", "\u{A0}\u{A0}<")
                .replace(" Type=", "\u{A0}Type=")
                .into_bytes(),
        ),
        (
            "with a byte-order mark",
            format!("\u{FEFF}{FAILED}").into_bytes(),
        ),
        (
            "with headers",
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nX: <a>{{\r\n\r\n{FAILED}")
                .into_bytes(),
        ),
        (
            "from a browser",
            format!("This XML file does not appear to have any style information.\n{pasted}")
                .into_bytes(),
        ),
        ("by a Windows shell", utf16(FAILED, u16::to_le_bytes)),
        ("in the other byte order", utf16(FAILED, u16::to_be_bytes)),
    ] {
        assert_eq!(read_saved(&bytes).as_ref(), Ok(&expected), "{how}");
    }
    let headers = format!("HTTP/2 200\n\n\u{FEFF}{V12}");
    assert_eq!(read_saved(headers.as_bytes()), Ok(page(V12)));
    let list = read_saved(br#"[{"Id": "g1"}, {"Id": "g2"}]"#);
    let expected = "expected a query result or sessions, found a list";
    assert_eq!(list, Err(expected.to_owned()));
}

#[test]
fn valid_text_is_not_changed_by_repairs() {
    let of = |name: &str| {
        read_saved(
            format!("<CloudFailoverSession UID='1' Href='/a?b&c' Name='{name}'/>").as_bytes(),
        )
    };
    for (written, name) in [
        ("A &amp; B", "A & B"),
        ("A & B", "A & B"),
        ("&lt;&#228;&#xE4;&gt;", "<ää>"),
        ("&quot;&apos;&amp;amp;", "\"'&amp;"),
        ("&nbsp;&#;&#x;&#zz;&", "&nbsp;&#;&#x;&#zz;&"),
    ] {
        let page = of(written).expect(written);
        assert_eq!(page.sessions[0].name.as_deref(), Some(name), "{written}");
        assert_eq!(page.sessions[0].links, []);
    }
    let right = "<CloudFailoverSession UID='1'><FailureMessage><![CDATA[a & b]]></FailureMessage></CloudFailoverSession>";
    assert_eq!(
        read_saved(right.as_bytes()).expect("read").sessions[0]
            .failure_message
            .as_deref(),
        Some("a & b")
    );
}

#[test]
fn an_invalid_saved_response_is_described() {
    for (bytes, expected) in [
        (b"".as_slice(), "empty"),
        (b"\xFF\xFE", "empty"),
        (b"hello", "not JSON"),
        (b"\xC3\x28", "not UTF-8"),
        (b"\xFF\xFE\x00\xD8", "not UTF-16"),
        (b"<QueryResult", "not XML"),
        (b"<html><br></html>", "not XML"),
        (
            b"{\"UID\":\"1\",\"Type\":\"BackupJobSession\",\"State\":\"x\"}",
            "found an object",
        ),
    ] {
        let problem = read_saved(bytes).expect_err("no response");
        assert!(problem.contains(expected), "{bytes:?}: {problem}");
    }
}

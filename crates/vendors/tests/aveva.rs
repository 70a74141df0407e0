//! The AVEVA contract: every operation, value traps, error bodies.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a helper that fails, fails its test"
)]

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};
use vendors::aveva::{
    self, ApiVersion, Base, ClientSession, GroupConfiguration, Heartbeat, NewHeartbeat, Role,
    RoleOverride, TimeSpan,
};
use vendors::{Answer, Call, Failure, Method};

fn cloud(sessions: ApiVersion) -> Base {
    Base {
        tenant: Some("t 1".into()),
        namespace: Some("n/2".into()),
        groups_version: ApiVersion::V1,
        sessions_version: sessions,
    }
}

fn on_premises() -> Base {
    Base {
        tenant: None,
        namespace: None,
        groups_version: ApiVersion::V1,
        sessions_version: ApiVersion::V1,
    }
}

fn answer(status: u16, body: &Value) -> Answer {
    Answer {
        status,
        headers: Vec::new(),
        body: body.to_string().into_bytes(),
    }
}

fn sample(name: &str) -> Answer {
    let path = format!("{}/tests/samples/aveva/{name}", env!("CARGO_MANIFEST_DIR"));
    let body = std::fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    Answer {
        status: 200,
        headers: Vec::new(),
        body,
    }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

fn line<T>(call: &Call<T>) -> String {
    format!(
        "{} {}",
        call.request.method().as_str(),
        call.request.target()
    )
}

fn body<T>(call: &Call<T>) -> Value {
    call.request
        .body
        .as_deref()
        .map_or(Value::Null, |body| body.parse().expect("JSON"))
}

fn group() -> GroupConfiguration {
    GroupConfiguration {
        id: Some("kiln 2".into()),
        failover_timeout: Some(TimeSpan::from_seconds(60)),
        ..GroupConfiguration::default()
    }
}

fn beat() -> NewHeartbeat {
    NewHeartbeat {
        score: 97.5,
        heartbeat_time: at("2026-11-21T14:32:08Z"),
        last_data_processed_time: Some(at("2026-11-21T14:32:07.5Z")),
    }
}

#[test]
fn every_operation_has_its_request() {
    let base = cloud(ApiVersion::V1Preview);
    let (g, s) = (aveva::groups(&base), aveva::sessions(&base, "kiln 2"));
    let v1 = "/api/v1/tenants/t%201/namespaces/n%2F2/clientfailover";
    let preview = "/api/v1-preview/tenants/t%201/namespaces/n%2F2/clientfailover";
    for (line, expected) in [
        (line(&g.list(None, None)), format!("GET {v1}/groups")),
        (
            line(&g.list(Some(100), Some(50))),
            format!("GET {v1}/groups?skip=100&count=50"),
        ),
        (line(&g.create(&group())), format!("POST {v1}/groups")),
        (line(&g.get("kiln 2")), format!("GET {v1}/groups/kiln%202")),
        (
            line(&g.delete("kiln 2")),
            format!("DELETE {v1}/groups/kiln%202"),
        ),
        (
            line(&g.status("kiln 2")),
            format!("GET {v1}/groups/kiln%202/status"),
        ),
        (
            line(&s.list()),
            format!("GET {preview}/groups/kiln%202/clientsessions"),
        ),
        (
            line(&s.create(&ClientSession::default())),
            format!("POST {preview}/groups/kiln%202/clientsessions"),
        ),
        (
            line(&s.get("HOST-01.OpcUa")),
            format!("GET {preview}/groups/kiln%202/clientsessions/HOST-01.OpcUa"),
        ),
        (
            line(
                &s.put("a/b", &ClientSession::default())
                    .expect("v1-preview has PUT"),
            ),
            format!("PUT {preview}/groups/kiln%202/clientsessions/a%2Fb"),
        ),
        (
            line(&s.delete("a")),
            format!("DELETE {preview}/groups/kiln%202/clientsessions/a"),
        ),
        (
            line(&s.heartbeat("a", &beat())),
            format!("POST {preview}/groups/kiln%202/clientsessions/a/heartbeat"),
        ),
    ] {
        assert_eq!(line, expected);
    }
    let here = on_premises();
    let pin = aveva::sessions(&here, "g").override_role(
        "s",
        &RoleOverride::Primary,
        Some(TimeSpan::from_seconds(90)),
    );
    let pin = pin.expect("v1 has the override");
    assert_eq!(
        line(&pin),
        "POST /api/v1/clientfailover/groups/g/clientsessions/s/roleoverride"
    );
    assert_eq!(
        body(&pin),
        json!({ "Value": 1, "ExpirationPeriod": "00:01:30" })
    );
}

#[test]
fn what_a_version_does_not_have_is_no_call() {
    let (preview, v1) = (cloud(ApiVersion::V1Preview), on_premises());
    assert!(
        aveva::sessions(&v1, "g")
            .put("s", &ClientSession::default())
            .is_none()
    );
    assert!(
        aveva::sessions(&preview, "g")
            .override_role("s", &RoleOverride::Off, None)
            .is_none()
    );
    assert!(
        aveva::sessions(&v1, "g")
            .override_role("s", &RoleOverride::Other("9".into()), None)
            .is_none()
    );
}

#[test]
fn a_heartbeat_has_the_fields_of_its_version() {
    let preview =
        body(&aveva::sessions(&cloud(ApiVersion::V1Preview), "g").heartbeat("s", &beat()));
    let expected = json!({ "HeartbeatTime": "2026-11-21T14:32:08Z", "LastDataProcessedTime": "2026-11-21T14:32:07.500Z", "FailoverStatus": 97.5 });
    assert_eq!(preview, expected);
    assert_eq!(
        body(&aveva::sessions(&on_premises(), "g").heartbeat("s", &beat())),
        json!({ "FailoverScore": 97.5 })
    );
}

#[test]
fn what_is_not_known_is_not_sent() {
    let base = on_premises();
    assert_eq!(
        body(&aveva::groups(&base).create(&group())),
        json!({ "Id": "kiln 2", "FailoverTimeout": "00:01:00" })
    );
    let session = ClientSession {
        id: Some("s".into()),
        role: Some(Role::PendingPrimary),
        ..ClientSession::default()
    };
    assert_eq!(
        body(&aveva::sessions(&base, "g").create(&session)),
        json!({ "Id": "s", "Role": 2 })
    );
}

#[test]
fn the_published_examples_decode() {
    let base = cloud(ApiVersion::V1Preview);
    let groups = aveva::groups(&base)
        .list(None, None)
        .read(&sample("groups.json"));
    // The page shows the names of the types as values: "string" is no time-span, and is told so.
    assert!(
        matches!(groups, Err(Failure::Nonsense(nonsense)) if nonsense.problem.contains("FailoverTimeout"))
    );
    let status = aveva::groups(&base)
        .status("g")
        .read(&sample("status.json"))
        .expect("a status");
    assert_eq!(
        status.last_data_processed_time,
        Some(at("2019-08-24T14:15:22Z"))
    );
    let sessions = aveva::sessions(&base, "g")
        .list()
        .read(&sample("sessions.json"))
        .expect("sessions");
    assert_eq!(sessions[0].role, Some(Role::Secondary));
    let heartbeat = sessions[0].heartbeat.clone().expect("a heartbeat");
    assert_eq!(
        (heartbeat.score, heartbeat.heartbeat_time),
        (Some(0.0), Some(at("2019-08-24T14:15:22Z")))
    );
    let response = aveva::sessions(&base, "g")
        .heartbeat("s", &beat())
        .read(&sample("failover-response.json"))
        .expect("a response");
    assert_eq!(response.role, Some(Role::Secondary));
}

#[test]
fn a_list_says_how_many_there_are_when_the_header_does() {
    let list = |headers: Vec<(String, String)>| {
        let answer = Answer {
            headers,
            ..answer(200, &json!([{ "Id": "a" }, { "id": "b", "NAME": null }]))
        };
        aveva::groups(&on_premises())
            .list(None, None)
            .read(&answer)
            .expect("a list")
    };
    assert_eq!(
        list(vec![("total-count".into(), "17".into())]).total,
        Some(17)
    );
    assert_eq!(
        list(vec![("total-count".into(), "many".into())]).total,
        None
    );
    let listed = list(Vec::new());
    assert_eq!(
        (listed.total, listed.items[1].id.as_deref()),
        (None, Some("b"))
    );
}

#[test]
fn created_is_told_from_already_there() {
    let base = cloud(ApiVersion::V1Preview);
    for (status, created) in [(201, true), (200, false)] {
        let answer = answer(status, &json!({ "Id": "a", "FailoverTimeout": "00:01:00" }));
        assert_eq!(
            aveva::groups(&base)
                .create(&group())
                .read(&answer)
                .expect("written")
                .created,
            created
        );
        let put = aveva::sessions(&base, "g")
            .put("a", &ClientSession::default())
            .expect("PUT");
        assert_eq!(put.read(&answer).expect("written").created, created);
    }
    let empty = Answer {
        status: 204,
        ..Answer::default()
    };
    assert_eq!(aveva::groups(&base).delete("a").read(&empty), Ok(()));
}

#[test]
fn value_traps() {
    let read = |value: Value| {
        aveva::sessions(&on_premises(), "g")
            .get("s")
            .read(&answer(200, &value))
            .expect("a session")
    };
    for (value, expected) in [
        (json!({ "Heartbeat": { "FailoverStatus": 61 } }), Some(61.0)),
        (
            json!({ "Heartbeat": { "FailoverScore": 61.5 } }),
            Some(61.5),
        ),
        (
            json!({ "heartbeat": { "failoverscore": "61" } }),
            Some(61.0),
        ),
        (
            json!({ "Heartbeat": { "FailoverScore": null, "FailoverStatus": 7 } }),
            Some(7.0),
        ),
        (json!({ "Heartbeat": {} }), None),
    ] {
        assert_eq!(
            read(value.clone())
                .heartbeat
                .and_then(|heartbeat| heartbeat.score),
            expected,
            "{value}"
        );
    }
    let session = read(json!({
        "Id": "HOST-01.OpcUa", "Role": "primary", "RoleOverride": 1, "RoleOverrideExpirationTime": "2026-11-21T15:00:00",
        "HeartbeatPosted": true, "AdditionalData": { "Site": "A" }, "SomethingNew": [1],
        "Heartbeat": { "HeartbeatTime": "2026-11-21T14:32:08.1234567", "LastDataProcessedTime": "0001-01-01T00:00:00" }
    }));
    assert_eq!(session.role, Some(Role::Primary));
    assert_eq!(session.role_override, Some(RoleOverride::Primary));
    assert_eq!(
        session.role_override_expiration_time,
        Some(at("2026-11-21T15:00:00Z"))
    );
    assert_eq!(session.heartbeat_posted, Some(true));
    let expected = Heartbeat {
        heartbeat_time: Some(at("2026-11-21T14:32:08.1234567Z")),
        ..Heartbeat::default()
    };
    assert_eq!(session.heartbeat, Some(expected));
    assert_eq!(read(json!({})), ClientSession::default());
    assert_eq!(
        read(json!({ "Id": null, "Role": null, "Heartbeat": null, "AdditionalData": null })),
        ClientSession::default()
    );
    assert_eq!(
        read(json!({ "Role": 9 })).role,
        Some(Role::Other("9".into()))
    );
}

#[test]
fn a_status_without_a_primary_names_nobody() {
    let read = |value: Value| {
        aveva::groups(&on_premises())
            .status("g")
            .read(&answer(200, &value))
            .expect("a status")
    };
    for value in [
        json!({}),
        json!({ "Primary": null }),
        json!({ "primary": "" }),
    ] {
        assert_eq!(read(value).primary, None);
    }
    assert_eq!(
        read(json!({ "pendingPrimary": "b" }))
            .pending_primary
            .as_deref(),
        Some("b")
    );
}

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
fn errors_keep_all_of_the_vendors_words() {
    let whole = error(
        409,
        r#"{"OperationId":"op-1","Error":"Conflict.","Reason":"Active sessions.","Resolution":"Stop them.","AdditionalParameters":{"a":1},"further":true}"#,
    );
    assert_eq!((whole.status, whole.message.as_str()), (409, "Conflict."));
    assert_eq!(
        (whole.reason.as_deref(), whole.resolution.as_deref()),
        (Some("Active sessions."), Some("Stop them."))
    );
    assert_eq!(whole.operation_id.as_deref(), Some("op-1"));
    assert_eq!(
        whole.more.keys().collect::<Vec<_>>(),
        ["AdditionalParameters", "further"]
    );
}

#[test]
fn errors_come_in_every_shape() {
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
fn nonsense_names_the_field() {
    let read = |value: Value| match aveva::groups(&on_premises())
        .list(None, None)
        .read(&answer(200, &value))
    {
        Err(Failure::Nonsense(nonsense)) => nonsense.problem,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        read(json!([{ "Id": "a" }, { "FailoverTimeout": "PT1M" }])),
        "item 2: FailoverTimeout: `PT1M` is not a time-span such as 00:01:00 or 1.00:00:00"
    );
    assert_eq!(read(json!({})), "groups: expected a list, found an object");
    assert_eq!(
        read(json!([3])),
        "item 1: group: expected an object, found 3"
    );
    assert_eq!(
        read(json!([{ "Name": [] }])),
        "item 1: Name: expected a text, found a list"
    );
}

fn segments(path: &str) -> Vec<String> {
    let parts = path.trim_start_matches('/').split('/');
    parts
        .map(|part| {
            percent_encoding::percent_decode_str(part)
                .decode_utf8()
                .expect("UTF-8")
                .into_owned()
        })
        .collect()
}

fn recognised(base: &Base, method: Method, path: &str) -> Option<&'static str> {
    let segments = segments(path);
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    base.operation(method, &segments)
        .map(|operation| operation.name)
}

#[test]
fn only_the_contract_of_the_connections_versions_is_recognised() {
    let (preview, v1) = (cloud(ApiVersion::V1Preview), on_premises());
    for (base, method, path, name) in [
        (
            &v1,
            Method::Get,
            "/api/v1/clientfailover/groups",
            Some("list groups"),
        ),
        (
            &v1,
            Method::Post,
            "/api/v1/clientfailover/groups/g/clientsessions/s/roleoverride",
            Some("role override"),
        ),
        (
            &v1,
            Method::Put,
            "/api/v1/clientfailover/groups/g/clientsessions/s",
            None,
        ),
        (
            &v1,
            Method::Get,
            "/api/v1-preview/clientfailover/groups",
            None,
        ),
        (&v1, Method::Get, "/api/v1/clientfailover/groups/", None),
        (
            &v1,
            Method::Get,
            "/api/v1/clientfailover/groups//status",
            None,
        ),
        (&v1, Method::Get, "/api/v1/clientfailover/Groups", None),
        (&v1, Method::Patch, "/api/v1/clientfailover/groups/g", None),
        (&v1, Method::Get, "/api/v1/clientfailover", None),
        (
            &v1,
            Method::Get,
            "/api/v1/tenants/t/namespaces/n/clientfailover/groups",
            None,
        ),
        (
            &preview,
            Method::Put,
            "/api/v1-preview/tenants/t%201/namespaces/n%2F2/clientfailover/groups/g/clientsessions/s",
            Some("put session"),
        ),
        (
            &preview,
            Method::Post,
            "/api/v1-preview/tenants/t%201/namespaces/n%2F2/clientfailover/groups/g/clientsessions/s/roleoverride",
            None,
        ),
        (
            &preview,
            Method::Get,
            "/api/v1/tenants/other/namespaces/n%2F2/clientfailover/groups",
            None,
        ),
        (
            &preview,
            Method::Get,
            "/api/v1/tenants/t%201/namespaces/n%2F2/clientfailover/groups/g/clientsessions",
            None,
        ),
    ] {
        assert_eq!(recognised(base, method, path), name, "{method:?} {path}");
    }
}

#[test]
fn no_dot_segment_leads_from_one_operation_to_another() {
    // A URL parser takes `%2E%2E` for `..`, so such an id must leave no operation's path behind.
    let base = on_premises();
    let s = |group, session| {
        let of = aveva::sessions(&base, group);
        [
            line(&of.get(session)),
            line(&of.delete(session)),
            line(&of.heartbeat(session, &beat())),
        ]
    };
    let g = |group| {
        [
            line(&aveva::groups(&base).get(group)),
            line(&aveva::groups(&base).delete(group)),
            line(&aveva::groups(&base).status(group)),
        ]
    };
    let lines = [
        g(".").to_vec(),
        g("..").to_vec(),
        s(".", "x").to_vec(),
        s("..", "x").to_vec(),
        s("g", ".").to_vec(),
        s("g", "..").to_vec(),
    ];
    for line in lines.concat() {
        let path = line.split(' ').nth(1).expect("a path");
        assert!(path.split('/').skip(1).any(str::is_empty), "{path}");
        for method in [Method::Get, Method::Post, Method::Put, Method::Delete] {
            assert_eq!(recognised(&base, method, path), None, "{method:?} {path}");
        }
    }
}

proptest! {
    #[test]
    fn any_id_stays_in_its_segment(group in "\\PC{1,20}", session in any::<String>()) {
        prop_assume!(![".", ".."].contains(&group.as_str()) && ![".", ".."].contains(&session.as_str()));
        let base = cloud(ApiVersion::V1Preview);
        let call = aveva::sessions(&base, &group).get(&session);
        let path = &call.request.path;
        prop_assert!(path.bytes().all(|byte| byte.is_ascii_graphic()));
        let segments = segments(path);
        prop_assert_eq!(segments.len(), 11);
        prop_assert_eq!((&segments[8], &segments[10]), (&group, &session));
        let expected = if session.is_empty() { None } else { Some("get session") };
        prop_assert_eq!(recognised(&base, Method::Get, path), expected);
    }

    #[test]
    fn no_bytes_make_a_decoder_panic(body in prop::collection::vec(any::<u8>(), 0..200), status in 100_u16..600) {
        read_all(&Answer { status, headers: Vec::new(), body });
    }

    #[test]
    fn no_json_makes_a_decoder_panic(value in values(), status in 100_u16..600) {
        read_all(&answer(status, &value));
    }
}

fn values() -> impl Strategy<Value = Value> {
    let keys = prop::sample::select(vec![
        "Id",
        "Role",
        "Heartbeat",
        "FailoverScore",
        "HeartbeatTime",
        "FailoverTimeout",
        "Error",
        "Primary",
        "Value",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(Value::from("9999-12-31T23:59:59.9999999Z")),
    ];
    leaf.prop_recursive(4, 32, 4, move |inner| {
        let object = prop::collection::vec((keys.clone(), inner.clone()), 0..4);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            object.prop_map(|pairs| Value::Object(
                pairs
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect()
            )),
        ]
    })
}

fn read_all(answer: &Answer) {
    let base = cloud(ApiVersion::V1Preview);
    let v1 = on_premises();
    let (g, s) = (aveva::groups(&base), aveva::sessions(&base, "g"));
    let _ = g.list(None, None).read(answer);
    let _ = g.create(&group()).read(answer);
    let _ = g.get("x").read(answer);
    let _ = g.delete("x").read(answer);
    let _ = g.status("x").read(answer);
    let _ = s.list().read(answer);
    let _ = s.create(&ClientSession::default()).read(answer);
    let _ = s.get("x").read(answer);
    let _ = s
        .put("x", &ClientSession::default())
        .map(|call| call.read(answer));
    let _ = s.heartbeat("x", &beat()).read(answer);
    let _ = aveva::sessions(&v1, "g")
        .override_role("x", &RoleOverride::Off, None)
        .map(|call| call.read(answer));
}

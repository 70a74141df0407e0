//! The AVEVA contract's requests: every operation, its path and its body, and which of them is
//! recognised. Answers are in `aveva.rs`.
#![expect(clippy::expect_used, reason = "a helper that fails, fails its test")]

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};
use vendors::aveva::{
    self, ApiVersion, Base, ClientSession, GroupConfiguration, NewHeartbeat, Role, RoleOverride,
    TimeSpan, operations,
};
use vendors::{Call, Method, Request};

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
    let expected = json!({ "HeartbeatTime": "2026-11-21T14:32:08Z", "LastDataProcessedTime": "2026-11-21T14:32:07.5Z", "FailoverStatus": 97.5 });
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

/// Every call that there is, with these ids, for either sessions version.
fn every_call(base: &Base, group_id: &str, session_id: &str) -> Vec<Request> {
    let (g, s) = (aveva::groups(base), aveva::sessions(base, group_id));
    let session = ClientSession::default();
    let always = [
        g.list(None, None).request,
        g.create(&group()).request,
        g.get(group_id).request,
        g.delete(group_id).request,
        g.status(group_id).request,
        s.list().request,
        s.create(&session).request,
        s.get(session_id).request,
        s.delete(session_id).request,
        s.heartbeat(session_id, &beat()).request,
    ];
    let put = s.put(session_id, &session).map(|call| call.request);
    let pin = s
        .override_role(session_id, &RoleOverride::Off, None)
        .map(|call| call.request);
    always.into_iter().chain(put).chain(pin).collect()
}

#[test]
fn the_calls_are_the_operations_that_the_versions_have() {
    for version in [ApiVersion::V1, ApiVersion::V1Preview] {
        let base = cloud(version);
        let listed = operations::OF_GROUPS.iter().chain(&operations::OF_SESSIONS);
        let mut listed: Vec<&str> = listed
            .filter(|operation| base.has(operation))
            .map(|operation| operation.name)
            .collect();
        let calls = every_call(&base, "g", "s");
        let mut called: Vec<&str> = calls.iter().map(|call| call.operation.name).collect();
        listed.sort_unstable();
        called.sort_unstable();
        assert_eq!(called, listed, "{version:?}");
    }
}

#[test]
fn dot_segments_and_empty_ones_are_no_ids_even_when_they_come_in() {
    let base = on_premises();
    for path in [
        "/api/v1/clientfailover/groups/%2E",
        "/api/v1/clientfailover/groups/%2e%2E",
        "/api/v1/clientfailover/groups/../status",
        "/api/v1/clientfailover/groups/g/clientsessions/%2E%2E",
        "/api/v1/clientfailover/groups/g/clientsessions/../heartbeat",
    ] {
        for method in [Method::Get, Method::Post, Method::Delete] {
            assert_eq!(recognised(&base, method, path), None, "{method:?} {path}");
        }
    }
    let dotted = "/api/v1/clientfailover/groups/...";
    assert_eq!(recognised(&base, Method::Get, dotted), Some("get group"));
}

#[test]
fn times_are_written_in_the_servers_ticks() {
    let base = cloud(ApiVersion::V1Preview);
    for (text, written) in [
        ("2026-11-21T14:32:00Z", "2026-11-21T14:32:00Z"),
        (
            "2026-11-21T14:32:08.1234567Z",
            "2026-11-21T14:32:08.1234567Z",
        ),
        (
            "2026-11-21T14:32:08.123456789Z",
            "2026-11-21T14:32:08.1234567Z",
        ),
        ("2026-11-21T14:32:10.05Z", "2026-11-21T14:32:10.05Z"),
    ] {
        let beat = NewHeartbeat {
            heartbeat_time: at(text),
            last_data_processed_time: None,
            score: 1.0,
        };
        let call = aveva::sessions(&base, "g").heartbeat("s", &beat);
        assert_eq!(body(&call)["HeartbeatTime"], written);
    }
}

proptest! {
    #[test]
    fn every_call_with_any_ids_is_recognised_as_itself(
        group_id in any::<String>(),
        session_id in any::<String>(),
        tenant in "\\PC{1,12}",
        v1 in any::<bool>(),
    ) {
        let addressable = |id: &str| !["", ".", ".."].contains(&id);
        prop_assume!(addressable(&group_id) && addressable(&session_id) && addressable(&tenant));
        let version = if v1 { ApiVersion::V1 } else { ApiVersion::V1Preview };
        let base = Base { tenant: Some(tenant.clone()), ..cloud(version) };
        for call in every_call(&base, &group_id, &session_id) {
            prop_assert!(call.path.bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert!(!call.path.contains(['?', '#', '\\', ';']));
            let ids = call.operation.path.split('/').skip(1).count();
            let segments = segments(&call.path);
            prop_assert_eq!(segments.len(), 7 + ids);
            prop_assert_eq!(&segments[3], &tenant);
            if ids > 1 { prop_assert_eq!(&segments[8], &group_id) }
            if ids > 3 { prop_assert_eq!(&segments[10], &session_id) }
            let found = recognised(&base, call.method(), &call.path);
            prop_assert_eq!(found, Some(call.operation.name));
        }
    }
}

//! The paths of the AVEVA contract: calls with any ids are recognised as their operation, and no other path is.

use super::fixtures::{cloud, new_heartbeat, on_premises};
use proptest::prelude::*;
use vendors::aveva::{
    self, ApiVersion, Base, ClientSession, GroupConfiguration, RoleOverride, operations,
};
use vendors::operation::is_addressable;
use vendors::{Method, Request};

fn segments(path: &str) -> Vec<String> {
    let parts = path.trim_start_matches('/').split('/');
    let decoded = parts.map(|part| percent_encoding::percent_decode_str(part).decode_utf8_lossy());
    decoded.map(Into::into).collect()
}

fn recognised(base: &Base, method: Method, path: &str) -> Option<&'static str> {
    let segments = segments(path);
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    base.operation(method, &segments)
        .map(|operation| operation.name)
}

#[test]
fn only_operations_of_the_connections_versions_are_recognised() {
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
fn dot_segments_never_address_another_operation() {
    // URL parsers treat `%2E%2E` as `..`, so a path with such an id must not match any operation.
    let base = on_premises();
    let s = |group, session| {
        let of = aveva::sessions(&base, group);
        [
            of.get(session).request.path,
            of.delete(session).request.path,
            of.heartbeat(session, &new_heartbeat()).request.path,
        ]
    };
    let g = |group| {
        [
            aveva::groups(&base).get(group).request.path,
            aveva::groups(&base).delete(group).request.path,
            aveva::groups(&base).status(group).request.path,
        ]
    };
    let ids = [".", "..", "a/./b", "x/../y", "../x", "x/..", "a\0b"];
    let paths = ids.map(|id| [g(id), s(id, "x"), s("g", id)].concat());
    for path in paths.concat() {
        assert!(path.split('/').skip(1).any(str::is_empty), "{path}");
        for method in [Method::Get, Method::Post, Method::Put, Method::Delete] {
            assert_eq!(recognised(&base, method, &path), None, "{method:?} {path}");
        }
    }
}

/// Every call with these ids, for either sessions version.
fn every_call(base: &Base, group_id: &str, session_id: &str) -> Vec<Request> {
    let (g, s) = (aveva::groups(base), aveva::sessions(base, group_id));
    let session = ClientSession::default();
    let always = [
        g.list(None, None).request,
        g.create(&GroupConfiguration::default()).request,
        g.get(group_id).request,
        g.delete(group_id).request,
        g.status(group_id).request,
        s.list().request,
        s.create(&session).request,
        s.get(session_id).request,
        s.delete(session_id).request,
        s.heartbeat(session_id, &new_heartbeat()).request,
    ];
    let put = s.put(session_id, &session).map(|call| call.request);
    let pin = s
        .override_role(session_id, &RoleOverride::Off, None)
        .map(|call| call.request);
    always.into_iter().chain(put).chain(pin).collect()
}

#[test]
fn every_operation_of_a_version_has_a_call() {
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
fn incoming_dot_segments_and_empty_segments_match_no_operation() {
    let base = on_premises();
    for path in [
        "/api/v1/clientfailover/groups/%2E",
        "/api/v1/clientfailover/groups/%2e%2E",
        "/api/v1/clientfailover/groups/../status",
        "/api/v1/clientfailover/groups/g/clientsessions/%2E%2E",
        "/api/v1/clientfailover/groups/g/clientsessions/../heartbeat",
        "/api/v1/clientfailover/groups/x%2F..%2Fy",
        "/api/v1/clientfailover/groups/g/clientsessions/x%2F.",
        "/api/v1/clientfailover/groups/a%00b",
    ] {
        for method in [Method::Get, Method::Post, Method::Delete] {
            assert_eq!(recognised(&base, method, path), None, "{method:?} {path}");
        }
    }
    for dotted in ["...", "a%2F...%2Fb", ".a%2Fb.", "..%5Ca"] {
        let path = format!("/api/v1/clientfailover/groups/{dotted}");
        assert_eq!(recognised(&base, Method::Get, &path), Some("get group"));
    }
}

proptest! {
    #[test]
    fn every_call_with_any_ids_is_recognised_as_its_operation(
        group_id in any::<String>(),
        session_id in any::<String>(),
        tenant in "\\PC{1,12}",
        v1 in any::<bool>(),
    ) {
        prop_assume!([&group_id, &session_id, &tenant].into_iter().all(|id| is_addressable(id)));
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

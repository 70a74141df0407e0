//! Requests of the Uplynk contract: paths and bodies, and their recognition. See also `uplynk.rs`.

use proptest::prelude::*;
use vendors::uplynk::{self, Configuration, Mode, SlicerPlace};
use vendors::{Call, Method, Request};

fn line<T>(call: &Call<T>) -> String {
    let body = call
        .request
        .body
        .as_deref()
        .map(|body| format!(" {body}"))
        .unwrap_or_default();
    format!(
        "{} {}{body}",
        call.request.method().as_str(),
        call.request.target()
    )
}

#[test]
fn every_operation_has_its_request() {
    let g = uplynk::groups();
    let places = [SlicerPlace {
        slicer_id: "news02".into(),
        enabled: true,
        order: 1,
    }];
    let change = |mode, auto_failback| Configuration {
        mode,
        auto_failback,
    };
    for (line, expected) in [
        (line(&g.list()), "GET /api/v4/failover-groups"),
        (line(&g.page(2)), "GET /api/v4/failover-groups?page=2"),
        (line(&g.get("a b")), "GET /api/v4/failover-groups/a%20b"),
        (
            line(&g.configure("x", &change(Some(Mode::Flat), Some(false)))),
            r#"PATCH /api/v4/failover-groups/x {"auto_failback":false,"mode":"flat"}"#,
        ),
        (
            line(&g.configure("x", &change(Some(Mode::Prioritized), None))),
            r#"PATCH /api/v4/failover-groups/x {"mode":"prioritized"}"#,
        ),
        (
            line(&g.order("x", &places)),
            r#"PUT /api/v4/failover-groups/x/slicers {"slicers":[{"enabled":true,"order":1,"slicer_id":"news02"}]}"#,
        ),
        (
            line(&g.activate("x", "news02")),
            r#"PUT /api/v4/failover-groups/x/activate_slicer {"slicer_id":"news02"}"#,
        ),
        (
            line(&g.set_no_slicer("x", true)),
            r#"PUT /api/v4/failover-groups/x/set_no_slicer {"no_slicer":true}"#,
        ),
        (
            line(&g.channels("x", &["c"], &[])),
            r#"PUT /api/v4/failover-groups/x/channels {"channels_ids_to_add":["c"],"channels_ids_to_remove":[]}"#,
        ),
        (
            line(&g.allowed_owners("x")),
            "GET /api/v4/failover-groups/x/allowed-owners",
        ),
        (
            line(&g.set_allowed_owners("x", &[], &["o"])),
            r#"PUT /api/v4/failover-groups/x/allowed-owners {"owners_to_add":[],"owners_to_remove":["o"]}"#,
        ),
    ] {
        assert_eq!(line, expected);
    }
}

#[test]
fn only_operations_of_the_contract_are_recognised() {
    for operation in uplynk::operations::ALL {
        let path = operation.path_for("", &["g"]);
        let segments: Vec<&str> = ["api", "v4"]
            .into_iter()
            .chain(path.trim_start_matches('/').split('/'))
            .collect();
        assert_eq!(
            uplynk::operation(operation.method, &segments),
            Some(*operation)
        );
    }
    for (method, path) in [
        (Method::Post, "api/v4/failover-groups"),
        (Method::Delete, "api/v4/failover-groups/g"),
        (Method::Put, "api/v4/failover-groups/g"),
        (Method::Get, "api/v4/failover-groups/"),
        (Method::Get, "api/v3/failover-groups"),
        (Method::Get, "api/v4/slicers"),
        (Method::Put, "api/v4/failover-groups/g/slicers/x"),
    ] {
        let segments: Vec<&str> = path.split('/').collect();
        assert_eq!(
            uplynk::operation(method, &segments),
            None,
            "{method:?} {path}"
        );
    }
}

/// Every call with this group's id.
fn every_call(id: &str) -> Vec<Request> {
    let g = uplynk::groups();
    vec![
        g.list().request,
        g.page(2).request,
        g.get(id).request,
        g.configure(id, &Configuration::default()).request,
        g.order(id, &[]).request,
        g.activate(id, "news01").request,
        g.set_no_slicer(id, false).request,
        g.channels(id, &[], &[]).request,
        g.allowed_owners(id).request,
        g.set_allowed_owners(id, &[], &[]).request,
    ]
}

fn recognised(request: &Request) -> Option<&'static str> {
    let parts = request.path.trim_start_matches('/').split('/');
    let parts: Vec<_> = parts
        .map(|part| percent_encoding::percent_decode_str(part).decode_utf8_lossy())
        .collect();
    let segments: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
    uplynk::operation(request.method(), &segments).map(|operation| operation.name)
}

#[test]
fn every_operation_has_a_call() {
    let mut called: Vec<&str> = every_call("g")
        .iter()
        .map(|call| call.operation.name)
        .collect();
    called.dedup();
    let listed: Vec<&str> = uplynk::operations::ALL
        .iter()
        .map(|listed| listed.name)
        .collect();
    assert_eq!(called, listed);
}

#[test]
fn an_unaddressable_id_matches_no_operation() {
    for id in ["", ".", ".."] {
        for call in every_call(id)
            .iter()
            .filter(|call| call.operation.path.contains("{}"))
        {
            assert_eq!(recognised(call), None, "{}", call.path);
        }
    }
}

proptest! {
    #[test]
    fn every_call_with_any_id_is_recognised_as_its_operation(id in any::<String>()) {
        prop_assume!(vendors::operation::is_addressable(&id));
        for call in every_call(&id) {
            prop_assert_eq!(recognised(&call), Some(call.operation.name));
            if call.operation.path.contains("{}") {
                let segment = call.path.split('/').nth(4).unwrap_or_default();
                let decoded = percent_encoding::percent_decode_str(segment).decode_utf8_lossy();
                prop_assert_eq!(decoded.as_ref(), id.as_str());
            }
        }
    }
}

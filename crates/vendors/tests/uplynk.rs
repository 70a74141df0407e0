//! Responses of the Uplynk contract: the published example, unusual values, errors. See also `uplynk_requests.rs`.
#![expect(clippy::panic, reason = "a failing helper fails its test")]

use serde_json::{Value, json};
use vendors::uplynk::{self, Blacklist, Mode, OnAir, Slicer, SlicerState};
use vendors::{Answer, Failure, VendorError};

fn ok(body: &Value) -> Answer {
    Answer {
        status: 200,
        headers: Vec::new(),
        body: body.to_string().into_bytes(),
    }
}

fn sample(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/samples/uplynk/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn the_published_group_decodes() {
    let answer = Answer {
        status: 200,
        headers: Vec::new(),
        body: sample("failover-group.json"),
    };
    let group = uplynk::groups().get("x").read(&answer).expect("a group");
    assert_eq!(group.id, "9852b8646dea4cd0a48f5e0ffaa4f8b3");
    assert_eq!(group.name.as_deref(), Some("My Failover Group"));
    assert_eq!(
        (group.hot_warm, group.mode.clone(), group.auto_failback),
        (Some(0), Some(Mode::Prioritized), Some(true))
    );
    assert_eq!(group.failover_time, "2019-12-11T23:43:20.205Z".parse().ok());
    assert_eq!(group.active, Some(OnAir::Slicer("news01".into())));
    let channels = group.channels.clone().expect("channels");
    assert_eq!(
        (channels.len(), channels[1].desc.as_deref()),
        (2, Some("Broadcast02"))
    );
    let slicers = group.slicers.expect("slicers");
    assert_eq!(
        (slicers[1].id.as_str(), slicers[1].order, slicers[1].enabled),
        ("news02", Some(2), Some(true))
    );
    assert_eq!(
        (slicers[0].blacklist, slicers[0].state.clone()),
        (Some(Blacklist::Healthy), Some(SlicerState::Slicing))
    );
    assert_eq!(
        slicers[0].hostname.as_deref(),
        Some("101-174-253-64.slicer.uplynk.net")
    );
}

#[test]
fn totals_may_be_texts_and_listed_groups_may_be_incomplete() {
    let list = |total: Value| {
        uplynk::groups()
            .list()
            .read(&ok(
                &json!({ "items": [{ "id": "a" }], "total_items": total }),
            ))
            .expect("a list")
    };
    for (total, expected) in [
        (json!(7), Some(7)),
        (json!("7"), Some(7)),
        (json!(null), None),
        (json!("x"), None),
        (json!(-1), None),
    ] {
        assert_eq!(list(total.clone()).total, expected, "{total}");
    }
    let incomplete = list(json!(1)).items.remove(0);
    assert_eq!(
        (incomplete.slicers, incomplete.channels, incomplete.active),
        (None, None, None)
    );
}

/// The contract does not specify the form of an owner.
#[test]
fn owners_are_ids_or_objects_with_an_id() {
    let items = json!(["a", { "id": "b" }, { "owner": "c" }, { "name": "d" }, "a"]);
    let body = json!({ "items": items, "total_items": "5" });
    let owners = uplynk::groups().allowed_owners("g").read(&ok(&body));
    let owners = owners.expect("a list");
    assert_eq!(owners.items, ["a", "b", "c"]);
    let left = (owners.left_out.unreadable, owners.left_out.repeated);
    assert_eq!((left, owners.missing()), ((1, 1), 1));
}

#[test]
fn unusual_values_are_read() {
    let read = |value: Value| {
        uplynk::groups()
            .get("x")
            .read(&ok(&value))
            .expect("a group")
    };
    assert_eq!(
        read(json!({ "id": "a", "active_slicer_id": "no_slicer" })).active,
        Some(OnAir::Slate)
    );
    assert_eq!(
        read(json!({ "id": "a", "mode": "round-robin" })).mode,
        Some(Mode::Other("round-robin".into()))
    );
    assert_eq!(
        read(json!({ "id": "a", "failover_time": 0 })).failover_time,
        None
    );
    assert_eq!(
        read(json!({ "id": "a", "active": null, "new": {} })).active,
        None
    );
    let slicer = |value: Value| {
        read(json!({ "id": "a", "slicers": [value] }))
            .slicers
            .expect("slicers")
            .remove(0)
    };
    for (number, state) in [
        (-1, SlicerState::Inactive),
        (0, SlicerState::Slicing),
        (1, SlicerState::AdBreak),
        (2, SlicerState::ReplacingContent),
        (3, SlicerState::Blackout),
        (9, SlicerState::Other(9)),
    ] {
        assert_eq!(
            slicer(json!({ "id": "s", "status": { "state": number } })).state,
            Some(state)
        );
    }
    let until = Blacklist::Until("2019-12-11T23:43:20.205Z".parse().expect("a time"));
    assert_eq!(
        slicer(json!({ "id": "s", "blacklist_until": 1_576_107_800_205_i64 })).blacklist,
        Some(until)
    );
    assert_eq!(
        slicer(json!({ "id": "s", "status": null })),
        Slicer {
            id: "s".into(),
            ..Slicer::default()
        }
    );
}

#[test]
fn thumbnails_are_shown_only_for_visible_states_and_web_urls() {
    let of = |state, url: &str, https| {
        let slicer = Slicer {
            state,
            thumb_url: Some(url.into()),
            ..Slicer::default()
        };
        slicer.thumbnail_url(https)
    };
    let slicing = || Some(SlicerState::Slicing);
    assert_eq!(
        of(slicing(), "http://x/y.jpg", true).as_deref(),
        Some("https://x/y.jpg")
    );
    assert_eq!(
        of(slicing(), "http://x/y.jpg", false).as_deref(),
        Some("http://x/y.jpg")
    );
    assert_eq!(
        of(slicing(), "HTTPS://x/y.jpg", true).as_deref(),
        Some("HTTPS://x/y.jpg")
    );
    for url in [
        "",
        "javascript:alert(1)",
        "data:image/png,",
        "//x/y.jpg",
        "ftp://x",
    ] {
        assert_eq!(of(slicing(), url, true), None, "{url}");
    }
    for (number, is_shown) in [
        (Some(-1), true),
        (Some(0), true),
        (Some(1), false),
        (Some(2), false),
        (Some(3), false),
        (Some(4), true),
        (None, true),
    ] {
        let url = of(number.map(SlicerState::from), "https://x/y.jpg", true);
        assert_eq!(url.is_some(), is_shown, "{number:?}");
    }
}

fn error(status: u16, body: &[u8]) -> VendorError {
    let answer = Answer {
        status,
        headers: Vec::new(),
        body: body.into(),
    };
    match uplynk::groups().list().read(&answer) {
        Err(Failure::Vendor(error)) => *error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn errors_are_read_in_every_form() {
    assert_eq!(
        error(403, &sample("error-403.seen-in-a-mock.json")).message,
        "Forbidden"
    );
    for (status, body, message) in [
        (
            400,
            r#"{"error":1,"msg":"Invalid signature"}"#,
            "Invalid signature",
        ),
        (400, r#"{"detail":"d","message":"m","title":"t"}"#, "d"),
        (
            400,
            r#"{"description":"","code":"bad_request"}"#,
            "bad_request",
        ),
        (400, r#"{"error":{"msg":"Nested"}}"#, "Nested"),
        (400, r#"[{"title":"In a list"}]"#, "In a list"),
        (409, "[]", "Conflict"),
        (404, "no such group", "no such group"),
        (500, "<html/>", "Internal Server Error"),
        (503, "", "Service Unavailable"),
        (500, "\"broken\"", "broken"),
    ] {
        assert_eq!(error(status, body.as_bytes()).message, message, "{body}");
    }
    let kept = error(400, br#"{"@type":"Error","title":"No","status_code":400}"#);
    assert_eq!(
        kept.more.keys().collect::<Vec<_>>(),
        ["@type", "status_code"]
    );
}

#[test]
fn a_response_that_is_not_a_collection_is_described() {
    let read = |value: Value| match uplynk::groups().list().read(&ok(&value)) {
        Err(Failure::Unreadable(unreadable)) => unreadable.problem,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        read(json!([])),
        "collection: expected an object, found a list"
    );
    assert_eq!(read(json!({})), "items: expected a list, found nothing");
    assert_eq!(
        read(json!({ "items": null, "total_items": 2 })),
        "items: expected a list, found nothing"
    );
    for empty in [
        json!({ "items": null, "total_items": "0" }),
        json!({ "total_items": 0 }),
    ] {
        let list = uplynk::groups().list().read(&ok(&empty));
        assert_eq!(list.expect("an empty list").items, [], "{empty}");
    }
}

#[test]
fn a_refusal_with_status_200_is_a_refusal() {
    let refusal = json!({ "error": 1, "msg": "Invalid signature" });
    for body in [
        refusal,
        json!({ "@type": "Error", "title": "Invalid signature" }),
    ] {
        assert_eq!(
            error(200, body.to_string().as_bytes()).message,
            "Invalid signature"
        );
        let activated = uplynk::groups().activate("x", "s").read(&ok(&body));
        assert!(
            matches!(activated, Err(Failure::Vendor(_))),
            "{activated:?}"
        );
    }
}

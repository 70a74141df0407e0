use super::*;
use axum::body::Bytes;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use tokio::time::Instant;

fn answer(status: u16, body: &str) -> Answer {
    Answer {
        status: StatusCode::from_u16(status).unwrap(),
        headers: HeaderMap::new(),
        body: Bytes::from(body.to_owned()),
        at: Instant::now(),
    }
}

/// The fields that a tag covers: the mode, auto failback, and order and eligibility by slicer.
type TaggedFields = (Option<String>, Option<bool>, BTreeMap<String, (i64, bool)>);

fn tagged_fields() -> impl Strategy<Value = TaggedFields> {
    // Few values, so that two samples often have much in common. The ids contain characters that could be mistaken for
    // the end of a field.
    let mode = prop_oneof![
        Just(None),
        Just(Some("prioritized".to_owned())),
        Just(Some("flat".to_owned())),
        Just(Some("news".to_owned())),
    ];
    let slicers =
        proptest::collection::btree_map("[a-b\\[\\]\",1]{1,3}", (1..3i64, any::<bool>()), 0..4);
    (mode, any::<Option<bool>>(), slicers)
}

/// The vendor's response for a group. `other` varies the fields that no tag covers.
fn group((mode, failback, slicers): &TaggedFields, other: u8, backwards: bool) -> Answer {
    let mut slicers: Vec<Value> = slicers
        .iter()
        .map(|(id, (order, enabled))| {
            json!({
                "id": id, "order": order, "enabled": enabled, "hostname": format!("h{other}"),
                "blacklist_until": i64::from(other),
                "status": { "state": other % 4, "thumb_url": format!("https://x.example/{other}.jpg") },
            })
        })
        .collect();
    if backwards {
        slicers.reverse();
    }
    let body = json!({
        "id": "g", "name": format!("n{other}"), "mode": mode, "auto_failback": failback,
        "active_slicer_id": format!("s{other}"), "failover_time": i64::from(other) + 1,
        "channels": [{ "id": format!("c{other}") }], "slicers": slicers,
    });
    answer(200, &body.to_string())
}

proptest! {
    #[test]
    fn two_groups_have_the_same_tag_exactly_if_their_tagged_fields_are_equal(
        one in tagged_fields(), two in tagged_fields(), others in any::<(u8, u8)>(), backwards in any::<bool>()
    ) {
        let tags = (
            tag(&group(&one, others.0, false)).unwrap(),
            tag(&group(&two, others.1, backwards)).unwrap(),
        );
        prop_assert_eq!(tags.0 == tags.1, one == two);
        prop_assert_eq!(tags.0, tag(&group(&one, others.1, backwards)).unwrap());
    }

    #[test]
    fn every_single_change_changes_the_tag(
        one in tagged_fields(), id in "[a-z]{4}", at in any::<proptest::sample::Index>(), what in 0..6u8
    ) {
        let before = tag(&group(&one, 0, false)).unwrap();
        let (mut mode, mut failback, mut slicers) = one;
        let chosen = (!slicers.is_empty())
            .then(|| slicers.keys().nth(at.index(slicers.len())).unwrap().clone());
        match (what, chosen) {
            (1, Some(chosen)) => slicers.get_mut(&chosen).unwrap().0 += 1,
            (2, Some(chosen)) => slicers.get_mut(&chosen).unwrap().1 ^= true,
            (3, Some(chosen)) => drop(slicers.remove(&chosen)),
            (4, _) => drop(slicers.insert(id, (1, true))),
            (5, _) => failback = Some(failback != Some(true)),
            _ => mode = Some(mode.unwrap_or_default() + "x"),
        }
        prop_assert_ne!(tag(&group(&(mode, failback, slicers), 0, false)).unwrap(), before);
    }
}

#[test]
fn a_tag_is_the_quoted_digest() {
    let tag = tag(&group(&(None, None, BTreeMap::new()), 0, false)).unwrap();
    assert_eq!(tag.len(), 66);
    assert!(tag.starts_with('"') && tag.ends_with('"'));
    let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    assert!(tag[1..65].bytes().all(hex), "{tag}");
}

#[test]
fn swapping_slicers_changes_the_tag_but_their_list_order_does_not() {
    let tag_of = |slicers: Value| {
        tag(&answer(
            200,
            &json!({ "id": "g", "mode": "prioritized", "slicers": slicers }).to_string(),
        ))
    };
    let (a, b) = (
        json!({"id":"a","order":1,"enabled":true}),
        json!({"id":"b","order":2,"enabled":true}),
    );
    let swapped = json!([{"id":"a","order":2,"enabled":true}, {"id":"b","order":1,"enabled":true}]);
    assert_eq!(tag_of(json!([a, b])), tag_of(json!([b, a])));
    assert_ne!(tag_of(json!([a, b])), tag_of(swapped));
    // A missing field is not the same as its default.
    assert_ne!(
        tag_of(json!([{"id":"a","order":1}])),
        tag_of(json!([{"id":"a","order":1,"enabled":false}]))
    );
}

#[test]
fn a_response_without_a_group_and_its_slicers_has_no_tag() {
    let complete = r#"{"id":"g","mode":"flat","slicers":[]}"#;
    assert!(tag(&answer(200, complete)).is_some());
    for (status, body) in [
        (203, complete),
        (404, complete),
        (200, ""),
        (200, "[]"),
        (200, "<html>"),
        (200, r#"{"id":"g","mode":"flat"}"#),
        (200, r#"{"id":"g","slicers":null}"#),
        (200, r#"{"slicers":[]}"#),
        (200, r#"{"id":"g","slicers":[{"order":1}]}"#),
        (200, r#"{"id":"g","slicers":"a"}"#),
    ] {
        assert_eq!(tag(&answer(status, body)), None, "{status} {body}");
    }
}

/// A slicer that cannot be read would be lost with the next order.
#[test]
fn an_order_with_an_unreadable_slicer_has_no_tag() {
    let tag_with = |slicer: Value| {
        let slicers =
            json!([{ "id": "a", "order": 1, "enabled": true, "status": { "state": 0 } }, slicer]);
        let body = json!({ "id": "g", "mode": "flat", "slicers": slicers });
        tag(&answer(200, &body.to_string()))
    };
    for (slicer, readable) in [
        (json!({ "id": "b", "order": 2, "enabled": true }), true),
        (
            json!({ "id": "b", "order": 2, "enabled": true, "status": { "state": "Stopped" } }),
            true,
        ),
        (
            json!({ "id": "b", "order": "second", "enabled": true }),
            false,
        ),
        (
            json!({ "id": "b", "order": 2, "enabled": "perhaps" }),
            false,
        ),
        (json!({ "order": 2, "enabled": true }), false),
        (json!({ "id": "a", "order": 2, "enabled": true }), false),
        (json!("b"), false),
    ] {
        assert_eq!(tag_with(slicer.clone()).is_some(), readable, "{slicer}");
    }
    assert_eq!(
        tag(&answer(200, r#"{"id":"g","mode":["flat"],"slicers":[]}"#)),
        None
    );
    assert_eq!(
        tag(&answer(200, r#"{"error":1,"msg":"Invalid signature"}"#)),
        None
    );
}

//! A bad field never affects the rest of its list: whatever its value, all other items are read unchanged.
#![expect(clippy::expect_used, reason = "a failing helper fails its test")]

use proptest::prelude::*;
use serde_json::{Value, json};
use std::fmt::Debug;
use vendors::aveva::{self, Base};
use vendors::veeam::{self, MediaType, Query};
use vendors::{Answer, LeftOut, UnreadableField, uplynk};

/// A list in comparable form: each item as text, and the number of items left out.
type Read = (Vec<String>, LeftOut);

fn texts<T: Debug>(items: &[T]) -> Vec<String> {
    items.iter().map(|item| format!("{item:?}")).collect()
}

fn answer(body: String) -> Answer {
    Answer {
        status: 200,
        headers: Vec::new(),
        body: body.into_bytes(),
    }
}

/// A vendor's list: its items, and a function that reads a body with these items.
struct List {
    items: fn() -> Vec<Value>,
    read: fn(&[Value]) -> Read,
}

fn aveva_groups() -> Vec<Value> {
    let item = |id: &str| json!({ "Id": id, "Name": "n", "Description": "d", "FailoverTimeout": "00:01:00", "AdditionalData": { "a": 1 } });
    ["a", "b", "c"].map(item).into()
}

fn aveva_sessions() -> Vec<Value> {
    let item = |id: &str| {
        json!({
            "Id": id, "Name": "n", "Role": 1, "HeartbeatPosted": true, "RoleOverride": 0,
            "RoleOverrideExpirationTime": "2026-11-21T15:00:00Z", "AdditionalData": {},
            "Heartbeat": { "FailoverScore": 7, "HeartbeatTime": "2026-11-21T14:32:08Z", "LastDataProcessedTime": "2026-11-21T14:32:08Z" },
        })
    };
    ["a", "b", "c"].map(item).into()
}

fn uplynk_groups() -> Vec<Value> {
    let slicer = |id: &str| json!({ "id": id, "blacklist_until": 0, "order": 1, "hostname": "h", "enabled": true, "status": { "state": 0, "thumb_url": "https://x/y.jpg" } });
    let item = |id: &str| {
        json!({
            "id": id, "owner": "o", "name": "n", "hot_warm": 0, "mode": "flat", "auto_failback": true,
            "failover_time": 1_576_107_800_205_i64, "active_slicer_id": "s1",
            "channels": [{ "id": "c", "desc": "d" }], "slicers": [slicer("s1"), slicer("s2")],
        })
    };
    ["a", "b", "c"].map(item).into()
}

fn veeam_sessions() -> Vec<Value> {
    let item = |id: &str| {
        json!({
            "UID": id, "Name": "n", "JobType": "FailoverPlan", "CreationTimeUTC": "2026-11-21T14:32:08Z",
            "EndTimeUTC": "2026-11-21T14:33:08Z", "State": "Stopped", "Result": "Success", "Progress": 100,
            "FailureMessage": "m", "Links": [{ "Rel": "Up", "Href": "https://em/api/x", "Name": "s" }],
            "CloudFailoverTasks": [{ "VmName": "v", "State": "Stopped" }],
        })
    };
    ["a", "b", "c"].map(item).into()
}

const LISTS: [List; 5] = [
    List {
        items: aveva_groups,
        read: |items| {
            let read = aveva::groups(&Base::default())
                .list(None, None)
                .read(&answer(json!(items).to_string()));
            let list = read.expect("a list");
            (texts(&list.items), list.left_out)
        },
    },
    List {
        items: aveva_sessions,
        read: |items| {
            let read = aveva::sessions(&Base::default(), "g")
                .list()
                .read(&answer(json!(items).to_string()));
            let list = read.expect("a list");
            (texts(&list.items), list.left_out)
        },
    },
    List {
        items: uplynk_groups,
        read: |items| {
            let body = json!({ "items": items, "total_items": items.len() });
            let list = uplynk::groups()
                .list()
                .read(&answer(body.to_string()))
                .expect("a list");
            (texts(&list.items), list.left_out)
        },
    },
    List {
        items: veeam_sessions,
        read: |items| {
            let body = json!({ "Entities": { "CloudFailoverSessions": { "CloudFailoverSessions": items } } });
            veeam_page(body.to_string())
        },
    },
    List {
        items: veeam_sessions,
        read: |items| {
            let items: String = items
                .iter()
                .map(|item| xml("CloudFailoverSession", item))
                .collect();
            veeam_page(format!(
                "<QueryResult><Entities><CloudFailoverSessions>{items}</CloudFailoverSessions></Entities></QueryResult>"
            ))
        },
    },
];

fn veeam_page(body: String) -> Read {
    let query = veeam::query(&Query::default(), MediaType::Json);
    let page = query.read(&answer(body)).expect("a page");
    (texts(&page.sessions), page.left_out)
}

/// A value as an XML element. The items of a list have the list's name, as in the vendor's tasks.
fn xml(name: &str, value: &Value) -> String {
    let inner = match value {
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => escaped(text),
        Value::Array(items) => {
            let item = if name == "Links" { "Link" } else { name };
            items.iter().map(|value| xml(item, value)).collect()
        }
        Value::Object(fields) => fields.iter().map(|(key, value)| xml(key, value)).collect(),
    };
    format!("<{name}>{inner}</{name}>")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// The paths of all fields of an item, to any depth.
fn paths(value: &Value, at: &str, found: &mut Vec<String>) {
    let mut go = |key: &str, value: &Value| {
        let path = format!("{at}/{key}");
        found.push(path.clone());
        paths(value, &path, found);
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| go(key, value)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(place, value)| go(&place.to_string(), value)),
        _ => {}
    }
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop::sample::select(vec![
            "Stopped",
            "no_slicer",
            "1e999",
            "0001-01-01T00:00:00",
            "PT1M"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-zA-Z_]{1,8}", inner, 0..3)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn replacing_any_field_leaves_all_other_items_unchanged(
        list in 0..LISTS.len(),
        place in 0..3_usize,
        field in any::<prop::sample::Index>(),
        anything in anything(),
    ) {
        let list = &LISTS[list];
        let mut items = (list.items)();
        let (mut before, left) = (list.read)(&items);
        prop_assert_eq!((before.len(), left), (3, LeftOut::default()));
        let mut found = Vec::new();
        paths(&items[place], "", &mut found);
        let path = field.get(&found);
        *items[place].pointer_mut(path).expect("a field") = anything;
        let (mut after, left) = (list.read)(&items);
        prop_assert_eq!(after.len() + left.count(), 3, "{}", path);
        // Only a bad id removes its item from the list.
        let is_id = matches!(path.as_str(), "/Id" | "/id" | "/UID");
        prop_assert!(is_id || left.count() == 0, "{}: {:?}", path, left);
        before.remove(place);
        if left.count() == 0 {
            after.remove(place);
        }
        prop_assert_eq!(before, after, "{}", path);
    }

    #[test]
    fn raw_control_characters_leave_the_other_items_unchanged(
        bytes in prop::collection::vec(prop_oneof![0..0x20_u8, 0x7F..=0xFF_u8], 1..6),
        mark in any::<bool>(),
    ) {
        let list = uplynk::groups().list();
        let read = |name: &[u8]| {
            let body = json!({ "items": uplynk_groups() }).to_string().into_bytes();
            let at = body.windows(8).position(|part| part == b"\"name\":\"").expect("a name") + 8;
            let (start, rest) = body.split_at(at);
            let mark: &[u8] = if mark { b"\xEF\xBB\xBF" } else { b"" };
            let body = [mark, start, name, rest].concat();
            list.read(&Answer { status: 200, headers: Vec::new(), body }).expect("a list").items
        };
        let (before, after) = (read(b""), read(&bytes));
        prop_assert_eq!(&before[1..], &after[1..]);
        let name = after[0].name.clone().expect("a name");
        prop_assert_eq!(name, format!("{}n", String::from_utf8_lossy(&bytes)));
    }
}

/// Names and raw values of unreadable fields.
fn named_values(fields: &[UnreadableField]) -> Vec<(&str, &str)> {
    let named_values = fields
        .iter()
        .map(|field| (field.name.as_str(), field.raw.as_str()));
    named_values.collect()
}

#[test]
fn an_unreadable_slicer_state_keeps_its_raw_value() {
    let mut items = uplynk_groups();
    items[1]["slicers"][0]["status"]["state"] = "Stopped".into();
    items[1]["slicers"][1] = json!({ "id": ["s2"] });
    items[2]["failover_time"] = json!(9e17);
    items.push(json!({ "name": "no id" }));
    items.push(json!({ "id": "a", "name": "again" }));
    let body = json!({ "items": items });
    let list = uplynk::groups()
        .list()
        .read(&answer(body.to_string()))
        .expect("a list");
    let expected = LeftOut {
        unreadable: 1,
        repeated: 1,
    };
    assert_eq!((list.items.len(), list.left_out), (3, expected));
    assert_eq!(list.items[0].name.as_deref(), Some("n"));
    let slicers = list.items[1].slicers.as_deref().expect("slicers");
    assert_eq!((slicers.len(), slicers[0].state.clone()), (1, None));
    assert_eq!(
        named_values(&slicers[0].unreadable),
        [("status.state", "Stopped")]
    );
    assert_eq!(
        named_values(&list.items[1].unreadable),
        [("slicers[1]", r#"{"id":["s2"]}"#)]
    );
    assert_eq!(
        named_values(&list.items[2].unreadable),
        [("failover_time", "9e+17")]
    );
}

#[test]
fn unreadable_fields_of_groups_and_sessions_keep_their_raw_values() {
    let mut groups = aveva_groups();
    groups[0]["FailoverTimeout"] = "PT1M".into();
    groups[1]["Name"] = json!([]);
    groups[2]["Id"] = json!(null);
    let list = aveva::groups(&Base::default())
        .list(None, None)
        .read(&answer(json!(groups).to_string()));
    let list = list.expect("a list");
    assert_eq!((list.items.len(), list.left_out.unreadable), (2, 1));
    assert_eq!(
        named_values(&list.items[0].unreadable),
        [("FailoverTimeout", "PT1M")]
    );
    assert_eq!(named_values(&list.items[1].unreadable), [("Name", "[]")]);
    let mut sessions = aveva_sessions();
    sessions[0]["Heartbeat"]["HeartbeatTime"] = "soon".into();
    sessions[1]["Role"] = json!({});
    sessions[2]["Heartbeat"] = "yes".into();
    let list = aveva::sessions(&Base::default(), "g")
        .list()
        .read(&answer(json!(sessions).to_string()));
    let [first, second, third] = &list.expect("a list").items[..] else {
        panic!("three sessions")
    };
    assert_eq!(
        named_values(&first.unreadable),
        [("Heartbeat.HeartbeatTime", "soon")]
    );
    assert_eq!(
        first
            .heartbeat
            .as_ref()
            .and_then(|heartbeat| heartbeat.score),
        Some(7.0)
    );
    assert_eq!(
        (named_values(&second.unreadable), second.role.clone()),
        (vec![("Role", "{}")], None)
    );
    assert_eq!(
        (named_values(&third.unreadable), third.heartbeat.clone()),
        (vec![("Heartbeat", "yes")], None)
    );
}

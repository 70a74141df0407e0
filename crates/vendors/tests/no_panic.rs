//! No decoder panics on any input: bytes, JSON, or mutated samples.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a failing helper fails its test"
)]

use proptest::prelude::*;
use serde_json::Value;
use vendors::aveva::{
    self, ApiVersion, Base, ClientSession, GroupConfiguration, NewHeartbeat, RoleOverride,
};
use vendors::uplynk::{self, Configuration};
use vendors::veeam::{self, MediaType, Query};
use vendors::{Answer, Failure};

const SAMPLES: [&str; 17] = [
    "aveva/groups.json",
    "aveva/groups.filled-in.json",
    "aveva/status.json",
    "aveva/sessions.json",
    "aveva/sessions-v1.filled-in.json",
    "aveva/failover-response.json",
    "aveva/error.json",
    "uplynk/failover-group.json",
    "uplynk/error-403.seen-in-a-mock.json",
    "veeam/query-failed.xml",
    "veeam/query-failed.pasted-from-docs.xml",
    "veeam/session-success.xml",
    "veeam/session-running-with-tasks.xml",
    "veeam/references.xml",
    "veeam/paging-of-seven.xml",
    "veeam/query-v12.inferred.json",
    "veeam/query-v13.inferred.json",
];

fn sample(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/samples/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn answer(status: u16, body: Vec<u8>) -> Answer {
    Answer {
        status,
        headers: vec![("total-count".into(), "3".into())],
        body,
    }
}

/// Asserts that a problem is one sentence and an excerpt is short.
fn check<T>(read: Result<T, Failure>) {
    match read {
        Err(Failure::Unreadable(unreadable)) => {
            assert!(!unreadable.problem.is_empty() && !unreadable.problem.contains('\n'));
            assert!(unreadable.excerpt.chars().count() <= 300);
        }
        Err(Failure::Vendor(error)) => assert!(!error.message.trim().is_empty()),
        Ok(_) => {}
    }
}

fn read_all(answer: &Answer) {
    let base = |sessions_version| Base {
        sessions_version,
        ..Base::default()
    };
    let (v1, preview) = (base(ApiVersion::V1), base(ApiVersion::V1Preview));
    let (g, s) = (aveva::groups(&v1), aveva::sessions(&preview, "g"));
    let session = ClientSession::default();
    let heartbeat = NewHeartbeat {
        score: 0.0,
        heartbeat_time: chrono::DateTime::UNIX_EPOCH,
        last_data_processed_time: None,
    };
    check(g.list(None, None).read(answer));
    check(g.create(&GroupConfiguration::default()).read(answer));
    check(g.get("x").read(answer));
    check(g.delete("x").read(answer));
    check(g.status("x").read(answer));
    check(s.list().read(answer));
    check(s.create(&session).read(answer));
    check(s.get("x").read(answer));
    check(s.put("x", &session).expect("PUT").read(answer));
    check(s.delete("x").read(answer));
    check(s.heartbeat("x", &heartbeat).read(answer));
    let pin = aveva::sessions(&v1, "g").override_role("x", &RoleOverride::Off, None);
    check(pin.expect("an override").read(answer));

    let u = uplynk::groups();
    check(u.list().read(answer));
    check(u.page(2).read(answer));
    check(u.get("x").read(answer));
    check(u.configure("x", &Configuration::default()).read(answer));
    check(u.order("x", &[]).read(answer));
    check(u.activate("x", "s").read(answer));
    check(u.set_no_slicer("x", true).read(answer));
    check(u.channels("x", &[], &[]).read(answer));
    check(u.allowed_owners("x").read(answer));
    check(u.set_allowed_owners("x", &[], &[]).read(answer));

    check(veeam::query(&Query::default(), MediaType::Xml).read(answer));
    check(veeam::session("x", MediaType::Xml).read(answer));
    check(veeam::recent(MediaType::Json).read(answer));
    check(veeam::log_on().read(answer));
    check(veeam::log_off("x").read(answer));
    let _ = veeam::read_saved(&answer.body);
    let _ = Query::from_text(&String::from_utf8_lossy(&answer.body));
}

#[test]
fn deep_and_large_values_do_not_panic() {
    for body in [
        "[".repeat(100_000),
        "{\"items\":".repeat(100_000),
        format!("[{}]", "9".repeat(100_000)),
        format!("{{\"Error\":{}1{}}}", "[".repeat(120), "]".repeat(120)),
    ] {
        for status in [200, 500] {
            read_all(&answer(status, body.clone().into_bytes()));
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(body in prop::collection::vec(any::<u8>(), 0..200), status in 100_u16..600) {
        read_all(&answer(status, body));
    }

    #[test]
    fn no_json_panics(value in values(), status in 100_u16..600) {
        read_all(&answer(status, value.to_string().into_bytes()));
    }

    #[test]
    fn no_mutated_sample_panics(
        name in prop::sample::select(SAMPLES.to_vec()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 0..8),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut body = sample(name);
        for (at, byte, is_more) in changes {
            let at = at.index(body.len());
            if is_more {
                body.insert(at, byte);
            } else {
                body[at] = byte;
            }
        }
        if let Some(cut) = cut {
            body.truncate(cut.index(body.len()));
        }
        for status in [200, 201, 204, 400, 500] {
            read_all(&answer(status, body.clone()));
        }
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
        "id",
        "items",
        "total_items",
        "slicers",
        "status",
        "blacklist_until",
        "failover_time",
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

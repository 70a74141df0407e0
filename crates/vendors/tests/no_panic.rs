//! No decoder panics, whatever comes: any bytes, any JSON, any sample with a hole in it.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a helper that fails, fails its test"
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

/// For any input, a problem is one sentence and an excerpt is short.
fn judged<T>(read: Result<T, Failure>) {
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
    judged(g.list(None, None).read(answer));
    judged(g.create(&GroupConfiguration::default()).read(answer));
    judged(g.get("x").read(answer));
    judged(g.delete("x").read(answer));
    judged(g.status("x").read(answer));
    judged(s.list().read(answer));
    judged(s.create(&session).read(answer));
    judged(s.get("x").read(answer));
    judged(s.put("x", &session).expect("PUT").read(answer));
    judged(s.delete("x").read(answer));
    judged(s.heartbeat("x", &heartbeat).read(answer));
    let pin = aveva::sessions(&v1, "g").override_role("x", &RoleOverride::Off, None);
    judged(pin.expect("an override").read(answer));

    let u = uplynk::groups();
    judged(u.list().read(answer));
    judged(u.page(2).read(answer));
    judged(u.get("x").read(answer));
    judged(u.configure("x", &Configuration::default()).read(answer));
    judged(u.order("x", &[]).read(answer));
    judged(u.activate("x", "s").read(answer));
    judged(u.set_no_slicer("x", true).read(answer));
    judged(u.channels("x", &[], &[]).read(answer));
    judged(u.allowed_owners("x").read(answer));
    judged(u.set_allowed_owners("x", &[], &[]).read(answer));

    judged(veeam::query(&Query::default(), MediaType::Xml).read(answer));
    judged(veeam::session("x", MediaType::Xml).read(answer));
    judged(veeam::recent(MediaType::Json).read(answer));
    judged(veeam::log_on().read(answer));
    judged(veeam::log_off("x").read(answer));
    let _ = veeam::read_saved(&answer.body);
    let _ = Query::from_text(&String::from_utf8_lossy(&answer.body));
}

#[test]
fn nothing_is_too_deep_or_too_big() {
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
    fn no_bytes(body in prop::collection::vec(any::<u8>(), 0..200), status in 100_u16..600) {
        read_all(&answer(status, body));
    }

    #[test]
    fn no_json(value in values(), status in 100_u16..600) {
        read_all(&answer(status, value.to_string().into_bytes()));
    }

    #[test]
    fn no_mutation_of_a_sample(
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

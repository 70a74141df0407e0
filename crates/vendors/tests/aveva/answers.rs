//! Responses of the AVEVA contract: published examples, unusual values. See also `requests.rs` and `errors.rs`.
#![expect(clippy::panic, reason = "a failing helper fails its test")]

use super::fixtures::{answer, at, cloud, group, new_heartbeat, on_premises};
use serde_json::{Value, json};
use vendors::aveva::{
    self, ApiVersion, ClientSession, GroupConfiguration, Heartbeat, Role, RoleOverride, TimeSpan,
};
use vendors::{Answer, Failure};

fn sample(name: &str) -> Answer {
    let path = format!("{}/tests/samples/aveva/{name}", env!("CARGO_MANIFEST_DIR"));
    let body = std::fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    Answer {
        status: 200,
        headers: Vec::new(),
        body,
    }
}

#[test]
fn the_published_examples_decode() {
    let base = cloud(ApiVersion::V1Preview);
    let groups = aveva::groups(&base)
        .list(None, None)
        .read(&sample("groups.json"))
        .expect("groups");
    // The page shows type names as values: "string" is not a time span, so the field is unreadable.
    let group = &groups.items[0];
    assert_eq!(
        (group.id.as_deref(), group.failover_timeout),
        (Some("string"), None)
    );
    let field = &group.unreadable[0];
    assert_eq!(
        (field.name.as_str(), field.raw.as_str()),
        ("FailoverTimeout", "string")
    );
    let status = aveva::groups(&base)
        .status("g")
        .read(&sample("status.json"))
        .expect("a status");
    let string = Some("string");
    assert_eq!(
        (status.primary.as_deref(), status.pending_primary.as_deref()),
        (string, string)
    );
    assert_eq!(
        status.last_data_processed_time,
        Some(at("2019-08-24T14:15:22Z"))
    );
    let sessions = aveva::sessions(&base, "g")
        .list()
        .read(&sample("sessions.json"))
        .expect("sessions");
    assert_eq!(sessions.items[0].role, Some(Role::Secondary));
    let heartbeat = sessions.items[0].heartbeat.clone().expect("a heartbeat");
    assert_eq!(
        (heartbeat.score, heartbeat.heartbeat_time),
        (Some(0.0), Some(at("2019-08-24T14:15:22Z")))
    );
    let response = aveva::sessions(&base, "g")
        .heartbeat("s", &new_heartbeat())
        .read(&sample("failover-response.json"))
        .expect("a response");
    assert_eq!(response.role, Some(Role::Secondary));
}

#[test]
fn groups_with_values_decode() {
    let base = on_premises();
    let call = aveva::groups(&base).list(None, None);
    let groups = call.read(&sample("groups.filled-in.json")).expect("groups");
    assert_eq!(
        groups.items[0],
        GroupConfiguration {
            id: Some("kiln-2/line A".into()),
            failover_timeout: Some(TimeSpan::from_seconds(60)),
            ..GroupConfiguration::default()
        }
    );
    let second = &groups.items[1];
    assert_eq!(
        (second.name.as_deref(), second.description.as_deref()),
        (Some("Kiln 3"), Some("Both adapters of kiln 3"))
    );
    let timeout = second.failover_timeout.expect("a time-out");
    assert_eq!(timeout.ticks, 864_305_000_000);
    let more = second.additional_data.as_ref().expect("additional data");
    assert_eq!(more["Site"], "Ghent");
}

#[test]
fn sessions_of_v1_decode() {
    let base = on_premises();
    let call = aveva::sessions(&base, "g").list();
    let sessions = call
        .read(&sample("sessions-v1.filled-in.json"))
        .expect("sessions");
    let pinned = ClientSession {
        unreadable: Vec::new(),
        id: Some("HOST-01.OpcUa".into()),
        name: Some("HOST-01".into()),
        role: Some(Role::Primary),
        heartbeat: Some(Heartbeat {
            score: Some(97.5),
            last_data_processed_time: Some(at("2019-08-24T14:15:21.7654321Z")),
            heartbeat_time: Some(at("2019-08-24T14:15:22.1234567Z")),
        }),
        heartbeat_posted: Some(true),
        role_override: Some(RoleOverride::Primary),
        role_override_expiration_time: Some(at("2019-08-24T15:00:00Z")),
        additional_data: None,
    };
    assert_eq!(sessions.items[0], pinned);
    let pending = sessions.items[1].heartbeat.clone().expect("a heartbeat");
    assert_eq!(sessions.items[1].role, Some(Role::PendingPrimary));
    assert_eq!(sessions.items[1].role_override, Some(RoleOverride::Off));
    assert_eq!(pending.last_data_processed_time, None);
    assert_eq!(pending.heartbeat_time, Some(at("2019-08-24T14:15:20Z")));
    let silent = ClientSession {
        id: Some("HOST-03.OpcUa".into()),
        role: Some(Role::Secondary),
        heartbeat_posted: Some(false),
        ..ClientSession::default()
    };
    assert_eq!(sessions.items[2], silent);
}

#[test]
fn a_role_override_returns_its_value_and_expiration() {
    let base = on_premises();
    let pin = aveva::sessions(&base, "g").override_role("s", &RoleOverride::Primary, None);
    let pin = pin.expect("v1 has the override");
    for (value, active, until) in [
        (
            json!({ "Value": 1, "RoleOverrideExpirationTime": "2026-11-21T15:00:00" }),
            Some(RoleOverride::Primary),
            Some(at("2026-11-21T15:00:00Z")),
        ),
        (json!({ "value": "Off" }), Some(RoleOverride::Off), None),
        (json!({}), None, None),
    ] {
        let read = pin.read(&answer(200, &value)).expect("an override");
        assert_eq!((read.value, read.expiration_time), (active, until));
    }
    let read = pin.read(&answer(200, &json!([])));
    assert!(matches!(read, Err(Failure::Unreadable(_))));
}

#[test]
fn a_proxys_page_does_not_confirm_a_write() {
    let base = on_premises();
    let delete = aveva::groups(&base).delete("g");
    for (body, done) in [
        ("", true),
        (" \r\n", true),
        ("\u{FEFF}", true),
        ("{}", true),
        ("null", true),
        ("<html>Log in first</html>", false),
        ("done", false),
    ] {
        let answer = Answer {
            status: 200,
            body: body.into(),
            ..Answer::default()
        };
        assert_eq!(delete.read(&answer).is_ok(), done, "{body}");
    }
}

#[test]
fn the_total_comes_from_the_header() {
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
fn created_differs_from_already_existing() {
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
fn unusual_values_are_read() {
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
    for (value, posted) in [
        (json!({}), None),
        (json!({ "Heartbeat": { "FailoverStatus": 0 } }), None),
        (
            json!({ "Heartbeat": { "HeartbeatTime": "0001-01-01T00:00:00" } }),
            Some(false),
        ),
        (
            json!({ "Heartbeat": { "HeartbeatTime": "0001-01-01T00:00:00Z" }, "HeartbeatPosted": true }),
            Some(true),
        ),
        (
            json!({ "Heartbeat": { "HeartbeatTime": "2026-11-21T14:32:08Z" } }),
            None,
        ),
    ] {
        assert_eq!(read(value.clone()).heartbeat_posted, posted, "{value}");
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
fn a_status_without_a_primary_names_none() {
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

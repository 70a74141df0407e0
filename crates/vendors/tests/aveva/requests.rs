//! Requests of the AVEVA contract: path and body of every operation. See also `paths.rs` and `answers.rs`.
#![expect(clippy::expect_used, reason = "a failing helper fails its test")]

use super::fixtures::{at, cloud, group, new_heartbeat, on_premises};
use serde_json::{Value, json};
use vendors::Call;
use vendors::aveva::{self, ApiVersion, ClientSession, NewHeartbeat, Role, RoleOverride, TimeSpan};

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
            line(&s.heartbeat("a", &new_heartbeat())),
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
fn operations_that_a_version_lacks_have_no_call() {
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
        body(&aveva::sessions(&cloud(ApiVersion::V1Preview), "g").heartbeat("s", &new_heartbeat()));
    let expected = json!({ "HeartbeatTime": "2026-11-21T14:32:08Z", "LastDataProcessedTime": "2026-11-21T14:32:07.5Z", "FailoverStatus": 97.5 });
    assert_eq!(preview, expected);
    assert_eq!(
        body(&aveva::sessions(&on_premises(), "g").heartbeat("s", &new_heartbeat())),
        json!({ "FailoverScore": 97.5 })
    );
}

#[test]
fn missing_fields_are_not_sent() {
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
        let heartbeat = NewHeartbeat {
            heartbeat_time: at(text),
            last_data_processed_time: None,
            score: 1.0,
        };
        let call = aveva::sessions(&base, "g").heartbeat("s", &heartbeat);
        assert_eq!(body(&call)["HeartbeatTime"], written);
    }
}

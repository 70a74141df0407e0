//! Every operation over HTTP, on both deployments.

use crate::aveva::demo::{AWKWARD_GROUP, AWKWARD_SESSION};
use crate::options::{Kind, Scenario};
use crate::testing::{System, TestResponse};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

const CLOUD: &str = "/api/v1/tenants/5a1f0c62-demo-tenant/namespaces/plant-a/clientfailover";
const CLOUD_SESSIONS: &str =
    "/api/v1-preview/tenants/5a1f0c62-demo-tenant/namespaces/plant-a/clientfailover";
const PREMISES: &str = "/api/v1/clientfailover";

fn kind(id: &str) -> Kind {
    crate::kind(id, "http://127.0.0.1:1")
}

async fn plant_a(scenario: Scenario) -> System {
    let mut system = System::new("plant-a", &kind("plant-a"), scenario);
    let form = "grant_type=client_credentials&client_id=failover-console&client_secret=simulated-client-secret";
    let token = system
        .ask("POST", "/identity/connect/token", form)
        .await
        .json();
    assert_eq!(
        (&token["token_type"], &token["expires_in"]),
        (&json!("Bearer"), &json!(3600))
    );
    system.authorization = token["access_token"]
        .as_str()
        .map(|token| format!("Bearer {token}"));
    system
}

fn plant_b(scenario: Scenario) -> System {
    let mut system = System::new("plant-b", &kind("plant-b"), scenario);
    system.authorization =
        Some("Basic ZmFpbG92ZXItY29uc29sZTpzaW11bGF0ZWQtcGFzc3dvcmQ=".to_owned());
    system
}

fn encoded(id: &str) -> String {
    utf8_percent_encode(id, NON_ALPHANUMERIC).to_string()
}

/// Asserts that the response is a complete `ErrorResponse`.
fn assert_error(got: &TestResponse, status: u16) {
    assert_eq!(
        got.code(),
        status,
        "{}",
        String::from_utf8_lossy(&got.bytes)
    );
    for field in ["OperationId", "Error", "Reason", "Resolution"] {
        assert!(
            got.json()[field]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{field}"
        );
    }
    assert_eq!(
        got.headers["operation-id"],
        got.json()["OperationId"].as_str().unwrap()
    );
}

#[tokio::test]
async fn requests_without_valid_credentials_get_401_without_a_body() {
    let cloud = plant_a(Scenario::Calm).await;
    let good = cloud.authorization.clone();
    for (mut system, base) in [(cloud, CLOUD), (plant_b(Scenario::Calm), PREMISES)] {
        for wrong in [
            None,
            Some("Bearer nonsense".to_owned()),
            Some("Basic bm9uc2Vuc2U=".to_owned()),
        ] {
            system.authorization = wrong;
            let got = system.ask("GET", &format!("{base}/groups"), "").await;
            assert_eq!((got.code(), got.bytes.len()), (401, 0));
        }
    }
    let mut cloud = plant_a(Scenario::Calm).await;
    assert_eq!(
        cloud.authorization, good,
        "the same run gives the same token"
    );
    cloud.authorization = good;
    assert_eq!(
        cloud
            .ask("GET", &format!("{CLOUD}/groups"), "")
            .await
            .code(),
        200
    );
    cloud.advance(3_600);
    assert_eq!(
        cloud
            .ask("GET", &format!("{CLOUD}/groups"), "")
            .await
            .code(),
        401,
        "tokens expire"
    );
}

#[tokio::test]
async fn the_token_endpoint_returns_oauth_errors() {
    let system = System::new("plant-a", &kind("plant-a"), Scenario::Calm);
    for (form, error) in [
        ("", "invalid_request"),
        ("grant_type=password", "unsupported_grant_type"),
        ("grant_type=client_credentials", "invalid_client"),
        (
            "grant_type=client_credentials&client_id=failover-console&client_secret=no",
            "invalid_client",
        ),
    ] {
        let got = system.ask("POST", "/identity/connect/token", form).await;
        assert_eq!(
            (got.code(), got.json()),
            (400, json!({ "error": error })),
            "{form}"
        );
    }
}

#[tokio::test]
async fn groups_are_listed_in_pages_with_their_total() {
    let system = plant_b(Scenario::Calm);
    let all = system.ask("GET", &format!("{PREMISES}/groups"), "").await;
    assert_eq!(all.headers["total-count"], "9");
    let all = all.json();
    assert_eq!(all.as_array().map(Vec::len), Some(9));
    let adapter_made = all
        .as_array()
        .into_iter()
        .flatten()
        .find(|one| one["Id"] == "Adapter-Dock-03")
        .unwrap();
    assert_eq!(
        adapter_made,
        &json!({ "Id": "Adapter-Dock-03", "FailoverTimeout": "00:00:15" })
    );
    let page = system
        .ask("GET", &format!("{PREMISES}/groups?skip=7&count=5"), "")
        .await;
    assert_eq!(page.headers["total-count"], "9");
    assert_eq!(page.json(), json!([all[7], all[8]]));
    assert_eq!(
        system
            .ask("GET", &format!("{PREMISES}/groups?skip=9"), "")
            .await
            .json(),
        json!([])
    );
    for wrong in ["skip=-1", "count=-1", "count=ten", "skip="] {
        assert_error(
            &system
                .ask("GET", &format!("{PREMISES}/groups?{wrong}"), "")
                .await,
            400,
        );
    }
}

#[tokio::test]
async fn a_group_is_created_once_and_deleted_without_active_sessions() {
    let system = plant_b(Scenario::Calm);
    let groups = format!("{PREMISES}/groups");
    let body = json!({ "id": "new", "Name": "New", "FailoverTimeout": "0:00:30", "AdditionalData": { "a": null } }).to_string();
    let want = json!({ "Id": "new", "Name": "New", "FailoverTimeout": "00:00:30", "AdditionalData": { "a": null } });
    let created = system.ask("POST", &groups, &body).await;
    assert_eq!((created.code(), created.json()), (201, want.clone()));
    let again = system.ask("POST", &groups, &body).await;
    assert_eq!((again.code(), again.json()), (200, want.clone()));
    assert_error(
        &system
            .ask("POST", &groups, &body.replace("New", "Other"))
            .await,
        409,
    );
    assert_eq!(
        system.ask("GET", &format!("{groups}/new"), "").await.json(),
        want
    );
    assert_eq!(
        system
            .ask("GET", &format!("{groups}/new/status"), "")
            .await
            .json(),
        json!({})
    );

    let sessions = format!("{groups}/new/clientsessions");
    assert_eq!(
        system.ask("POST", &sessions, r#"{"Id":"S"}"#).await.code(),
        201
    );
    assert_error(
        &system.ask("DELETE", &format!("{groups}/new"), "").await,
        409,
    );
    system.advance(31);
    assert_eq!(
        system
            .ask("DELETE", &format!("{groups}/new"), "")
            .await
            .code(),
        204
    );
    for (method, path) in [
        ("GET", ""),
        ("DELETE", ""),
        ("GET", "/status"),
        ("GET", "/clientsessions"),
    ] {
        assert_error(
            &system.ask(method, &format!("{groups}/new{path}"), "").await,
            404,
        );
    }
}

#[tokio::test]
async fn invalid_groups_are_rejected() {
    let system = plant_b(Scenario::Calm);
    for body in [
        "",
        "[]",
        "{",
        "{}",
        r#"{"Id":""}"#,
        r#"{"Id":7}"#,
        r#"{"Id":"x","FailoverTimeout":"PT1M"}"#,
        r#"{"Id":"x","FailoverTimeout":"61"}"#,
        r#"{"Id":"x","FailoverTimeout":60}"#,
        r#"{"Id":"x","FailoverTimeout":"00:00:14.9999999"}"#,
        r#"{"Id":"x","FailoverTimeout":"-00:01:00"}"#,
        r#"{"Id":"x","AdditionalData":"text"}"#,
    ] {
        assert_error(
            &system
                .ask("POST", &format!("{PREMISES}/groups"), body)
                .await,
            400,
        );
    }
    let longest = r#"{"Id":"x","FailoverTimeout":"10675199.02:48:05.4775807"}"#;
    assert_eq!(
        system
            .ask("POST", &format!("{PREMISES}/groups"), longest)
            .await
            .code(),
        201
    );
    assert_eq!(
        system
            .ask(
                "POST",
                &format!("{PREMISES}/groups/x/clientsessions"),
                r#"{"Id":"S"}"#
            )
            .await
            .code(),
        201
    );
}

#[tokio::test]
async fn sessions_have_the_fields_of_their_version() {
    let (cloud, premises) = (plant_a(Scenario::Calm).await, plant_b(Scenario::Calm));
    let old = cloud
        .ask(
            "GET",
            &format!("{CLOUD_SESSIONS}/groups/tankfarm-opcua/clientsessions"),
            "",
        )
        .await
        .json();
    assert_eq!(old[0]["Role"], 1);
    assert_eq!(old[0]["Heartbeat"]["FailoverStatus"], 100.0);
    assert!(
        old[0]["Heartbeat"]["HeartbeatTime"]
            .as_str()
            .unwrap()
            .ends_with('Z')
    );
    assert_eq!(old[1]["Name"], Value::Null);
    let fields = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(
        fields(&old[1]),
        ["Heartbeat", "Id", "Name", "Role"],
        "nulls are written"
    );
    let new = premises
        .ask(
            "GET",
            &format!("{PREMISES}/groups/crude1-opcua/clientsessions"),
            "",
        )
        .await
        .json();
    assert_eq!(
        (&new[0]["Role"], &new[1]["Role"]),
        (&json!("Primary"), &json!("Secondary"))
    );
    assert_eq!(new[2]["Heartbeat"]["FailoverScore"], 1.0, "a cold standby");
    assert!(
        !new[0]["Heartbeat"]["HeartbeatTime"]
            .as_str()
            .unwrap()
            .ends_with('Z')
    );
    assert_eq!(
        fields(&new[1]),
        ["Heartbeat", "HeartbeatPosted", "Id", "Role", "RoleOverride"],
        "nulls omitted"
    );
}

#[tokio::test]
async fn a_session_exists_from_post_to_delete() {
    for (system, groups, sessions, score, same) in [
        (
            plant_a(Scenario::Calm).await,
            CLOUD,
            CLOUD_SESSIONS,
            "FailoverStatus",
            409,
        ),
        (
            plant_b(Scenario::Calm),
            PREMISES,
            PREMISES,
            "FailoverScore",
            200,
        ),
    ] {
        let made = system
            .ask("POST", &format!("{groups}/groups"), r#"{"Id":"g"}"#)
            .await;
        assert_eq!(made.code(), 201);
        let all = format!("{sessions}/groups/g/clientsessions");
        let made = system
            .ask("POST", &all, r#"{"Id":"A","Name":"First"}"#)
            .await;
        assert_eq!((made.code(), &made.json()["Name"]), (201, &json!("First")));
        assert!(
            [json!(1), json!("Primary")].contains(&made.json()["Role"]),
            "a sole member is primary"
        );
        assert_eq!(
            system
                .ask("POST", &all, r#"{"Id":"A","Name":"First"}"#)
                .await
                .code(),
            same
        );
        assert_error(
            &system
                .ask("POST", &all, r#"{"Id":"A","Name":"Other"}"#)
                .await,
            409,
        );
        assert_error(&system.ask("POST", &all, "{}").await, 400);
        assert_error(
            &system
                .ask("POST", &all.replace("/g/", "/none/"), r#"{"Id":"A"}"#)
                .await,
            404,
        );

        let heartbeat = format!("{{\"{score}\": 50}}");
        let posted = system
            .ask("POST", &format!("{all}/A/heartbeat"), &heartbeat)
            .await;
        assert_eq!(posted.code(), 200);
        assert!([json!(1), json!("Primary")].contains(&posted.json()["Role"]));
        assert_error(
            &system
                .ask("POST", &format!("{all}/A/heartbeat"), &heartbeat)
                .await,
            429,
        );
        system.advance(1);
        assert_eq!(
            system
                .ask("POST", &format!("{all}/A/heartbeat"), &heartbeat)
                .await
                .code(),
            200
        );
        let other = if score == "FailoverScore" {
            "FailoverStatus"
        } else {
            "FailoverScore"
        };
        for wrong in [
            "",
            "{}",
            &heartbeat.replace(score, other),
            &heartbeat.replace("50", "101"),
            &heartbeat.replace("50", "\"50\""),
        ] {
            assert_error(
                &system
                    .ask("POST", &format!("{all}/A/heartbeat"), wrong)
                    .await,
                400,
            );
        }
        assert_error(
            &system
                .ask("POST", &format!("{all}/none/heartbeat"), &heartbeat)
                .await,
            404,
        );
        let got = system.ask("GET", &format!("{all}/A"), "").await.json();
        assert_eq!(got["Heartbeat"][score], 50.0);
        assert_eq!(
            system.ask("DELETE", &format!("{all}/A"), "").await.code(),
            204
        );
        assert_error(&system.ask("GET", &format!("{all}/A"), "").await, 404);
        assert_error(&system.ask("DELETE", &format!("{all}/A"), "").await, 404);
    }
}

#[tokio::test]
async fn an_elected_session_is_pending_until_its_next_heartbeat() {
    let system = plant_b(Scenario::Calm);
    system
        .ask("POST", &format!("{PREMISES}/groups"), r#"{"Id":"g"}"#)
        .await;
    let all = format!("{PREMISES}/groups/g/clientsessions");
    for id in ["A", "B"] {
        system
            .ask("POST", &all, &json!({ "Id": id }).to_string())
            .await;
    }
    let status = format!("{PREMISES}/groups/g/status");
    assert_eq!(
        system.ask("GET", &status, "").await.json(),
        json!({ "Primary": "A" })
    );
    let heartbeat = |score: u8| {
        json!({ "FailoverScore": score, "LastDataProcessedTime": "2025-11-21T14:00:00" })
            .to_string()
    };
    let chosen = system
        .ask("POST", &format!("{all}/B/heartbeat"), &heartbeat(90))
        .await
        .json();
    assert_eq!(chosen["Role"], "PendingPrimary");
    assert_eq!(
        system.ask("GET", &status, "").await.json(),
        json!({ "Primary": "A", "PendingPrimary": "B" })
    );
    system.advance(1);
    assert_eq!(
        system
            .ask("POST", &format!("{all}/B/heartbeat"), &heartbeat(90))
            .await
            .json()["Role"],
        "Primary"
    );
    let want = json!({ "Primary": "B", "LastDataProcessedTime": "2025-11-21T14:00:00.000" });
    assert_eq!(system.ask("GET", &status, "").await.json(), want);
    system.advance(50);
    system
        .ask("POST", &format!("{all}/A/heartbeat"), &heartbeat(10))
        .await;
    system.advance(11);
    let later = system.ask("GET", &status, "").await.json();
    assert_eq!(
        (&later["Primary"], &later["PendingPrimary"]),
        (&Value::Null, &json!("A")),
        "B is silent"
    );
}

#[tokio::test]
async fn a_put_without_a_newer_heartbeat_does_not_revive_a_silent_session() {
    let system = plant_a(Scenario::Calm).await;
    system
        .ask("POST", &format!("{CLOUD}/groups"), r#"{"Id":"g"}"#)
        .await;
    let all = format!("{CLOUD_SESSIONS}/groups/g/clientsessions");
    let heartbeat = |score: u8, time: &str| json!({ "FailoverStatus": score, "HeartbeatTime": format!("2025-11-21T14:{time}") });
    let put = async |name: &str, heartbeat: Option<Value>| {
        let mut body = json!({ "Name": name });
        if let Some(heartbeat) = heartbeat {
            body["Heartbeat"] = heartbeat;
        }
        let path = format!("{all}/B");
        let put = system.ask("PUT", &path, &body.to_string()).await;
        assert!(put.code() < 300, "{name}");
        let status = format!("{CLOUD}/groups/g/status");
        system.ask("GET", &status, "").await.json()["PendingPrimary"].clone()
    };
    system.ask("POST", &all, r#"{"Id":"A"}"#).await;
    let chosen = put("created", Some(heartbeat(90, "32:08"))).await;
    assert_eq!(chosen, "B", "its score is higher");
    system.advance(61);
    let posted = heartbeat(10, "33:09").to_string();
    system
        .ask("POST", &format!("{all}/A/heartbeat"), &posted)
        .await;
    for (name, sent, chosen) in [
        ("without", None, Value::Null),
        ("the same", Some(heartbeat(90, "32:08")), Value::Null),
        ("older", Some(heartbeat(90, "32:07")), Value::Null),
        ("newer", Some(heartbeat(90, "33:09")), json!("B")),
    ] {
        assert_eq!(put(name, sent).await, chosen, "{name}");
    }
}

#[tokio::test]
async fn put_exists_only_in_v1_preview_and_the_role_override_only_in_v1() {
    let (cloud, premises) = (plant_a(Scenario::Calm).await, plant_b(Scenario::Calm));
    let session = format!("{CLOUD_SESSIONS}/groups/boiler-opcua/clientsessions/X");
    let body = r#"{"Id":"X","Name":"n","Heartbeat":{"FailoverStatus":5,"HeartbeatTime":"2025-11-21T14:32:00"}}"#;
    assert_eq!(cloud.ask("PUT", &session, body).await.code(), 201);
    let updated = cloud.ask("PUT", &session, r#"{"Name":"m"}"#).await;
    assert_eq!(
        (updated.code(), &updated.json()["Name"]),
        (200, &json!("m"))
    );
    assert_eq!(updated.json()["Heartbeat"]["FailoverStatus"], 5.0);
    assert_error(&cloud.ask("PUT", &session, r#"{"Id":"Y"}"#).await, 400);
    assert_error(
        &cloud
            .ask("PUT", &session.replace("boiler-opcua", "none"), "{}")
            .await,
        404,
    );
    assert_error(
        &cloud
            .ask("POST", &format!("{session}/roleoverride"), r#"{"Value":1}"#)
            .await,
        404,
    );

    let session = format!("{PREMISES}/groups/crude1-opcua/clientsessions/CRUDE-02.OpcUa");
    assert_error(&premises.ask("PUT", &session, "{}").await, 405);
    let on = r#"{"Value":1,"ExpirationPeriod":"00:05:00"}"#;
    let set = premises
        .ask("POST", &format!("{session}/roleoverride"), on)
        .await;
    let want = json!({ "Value": 1, "RoleOverrideExpirationTime": "2025-11-21T14:37:08.000" });
    assert_eq!((set.code(), set.json()), (200, want));
    assert_eq!(
        premises.ask("GET", &session, "").await.json()["Role"],
        "Primary"
    );
    premises.advance(240);
    assert_eq!(
        premises.ask("GET", &session, "").await.json()["RoleOverride"],
        1
    );
    premises.advance(120);
    assert_eq!(
        premises.ask("GET", &session, "").await.json()["RoleOverride"],
        0,
        "it expired"
    );
    for wrong in [
        "{}",
        r#"{"Value":2}"#,
        r#"{"Value":1,"ExpirationPeriod":"00:00:00"}"#,
        r#"{"Value":1,"ExpirationPeriod":"5"}"#,
    ] {
        assert_error(
            &premises
                .ask("POST", &format!("{session}/roleoverride"), wrong)
                .await,
            400,
        );
    }
    let off = premises
        .ask("POST", &format!("{session}/roleoverride"), r#"{"Value":0}"#)
        .await;
    assert_eq!(off.json(), json!({ "Value": 0 }));
}

#[tokio::test]
async fn adapters_create_a_deleted_session_again() {
    let system = plant_b(Scenario::Calm);
    let session = format!("{PREMISES}/groups/crude1-opcua/clientsessions/CRUDE-02.OpcUa");
    assert_eq!(system.ask("DELETE", &session, "").await.code(), 204);
    assert_error(&system.ask("GET", &session, "").await, 404);
    system.advance(31);
    assert_eq!(system.ask("GET", &session, "").await.code(), 200);
}

#[tokio::test]
async fn an_awkward_id_is_found_only_if_it_is_encoded_once() {
    let (cloud, premises) = (plant_a(Scenario::Calm).await, plant_b(Scenario::Calm));
    for (system, base) in [(cloud, CLOUD_SESSIONS), (premises, PREMISES)] {
        let path = format!(
            "{base}/groups/{}/clientsessions/{}",
            encoded(AWKWARD_GROUP),
            encoded(AWKWARD_SESSION)
        );
        let got = system.ask("GET", &path, "").await;
        assert_eq!(
            (got.code(), &got.json()["Id"]),
            (200, &json!(AWKWARD_SESSION))
        );
        let twice = path.replace("%25", "%2525");
        assert_error(&system.ask("GET", &twice, "").await, 404);
    }
}

#[tokio::test]
async fn an_operation_outside_the_contract_gets_501_and_is_named() {
    let system = plant_b(Scenario::Calm);
    for (method, path) in [
        ("PATCH", "/groups/x"),
        ("GET", "/groups/"),
        ("GET", "/groups/a/b"),
        ("GET", ""),
    ] {
        let got = system.ask(method, &format!("{PREMISES}{path}"), "").await;
        assert_error(&got, 501);
        assert!(got.json()["Reason"].as_str().unwrap().contains(method));
    }
    let cloud = plant_a(Scenario::Calm).await;
    assert_error(
        &cloud
            .ask("GET", &format!("{CLOUD_SESSIONS}/groups"), "")
            .await,
        404,
    );
    assert_error(
        &cloud
            .ask(
                "GET",
                &format!("{}/groups", CLOUD.replace("5a1f", "ffff")),
                "",
            )
            .await,
        403,
    );
}

#[tokio::test]
async fn an_incident_has_its_failures_and_calm_ends_them() {
    let system = plant_b(Scenario::Incident);
    let group = |id: &str| format!("{PREMISES}/groups/{id}");
    let pinned = system
        .ask(
            "GET",
            &format!("{}/clientsessions/CRUDE-01.OpcUa", group("crude1-opcua")),
            "",
        )
        .await
        .json();
    assert_eq!(
        (&pinned["Role"], &pinned["RoleOverride"]),
        (&json!("Primary"), &json!(1))
    );
    assert!(pinned["Heartbeat"]["HeartbeatTime"].as_str().unwrap() < "2025-11-21T14:27");
    let stuck = system
        .ask("GET", &format!("{}/status", group("rail-modbus")), "")
        .await
        .json();
    assert_eq!(
        (&stuck["Primary"], &stuck["PendingPrimary"]),
        (&Value::Null, &json!("RAIL-02.Modbus"))
    );
    system.listener.service.enter(Scenario::Calm);
    system.advance(300);
    for id in ["crude1-opcua", "rail-modbus", "Adapter-Dock-03"] {
        let status = system
            .ask("GET", &format!("{}/status", group(id)), "")
            .await
            .json();
        assert!(
            status["Primary"].is_string() && status["PendingPrimary"].is_null(),
            "{id}: {status}"
        );
        assert!(
            status["LastDataProcessedTime"].as_str().unwrap() > "2025-11-21T14:35",
            "{id}: {status}"
        );
    }
}

#[tokio::test]
async fn a_busy_hour_has_failovers_and_is_reproducible() {
    let mut seen = Vec::new();
    for _ in 0..2 {
        let system = plant_b(Scenario::Busy);
        let mut primaries = std::collections::BTreeSet::new();
        for _ in 0..120 {
            system.advance(30);
            system.listener.service.advance();
            for group in system.listener.service.snapshot()["groups"]
                .as_array()
                .unwrap()
            {
                primaries.insert(format!("{} {}", group["Id"], group["Status"]["Primary"]));
            }
        }
        assert!(primaries.len() > 12, "{primaries:?}");
        seen.push(system.listener.service.snapshot());
    }
    assert_eq!(seen[0], seen[1]);
}

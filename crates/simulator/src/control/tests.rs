//! The control port, and faults over real sockets.

use crate::options::{Options, Scenario};
use crate::{Simulator, start};
use serde_json::{Value, json};
use std::io::ErrorKind;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn simulator() -> Simulator {
    let options = Options {
        scenario: Scenario::Calm,
        speed: 0.0,
        start: "2025-11-21T14:32:08Z".parse().ok(),
        ..Options::default()
    };
    start(options).await.unwrap()
}

/// Sends one request on a new connection and returns the complete response.
async fn raw(
    to: SocketAddr,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(to).await?;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

async fn control(simulator: &Simulator, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let answer = raw(simulator.control, method, path, "", &body)
        .await
        .unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (
        head[9..12].parse().unwrap(),
        serde_json::from_str(body).unwrap_or(Value::Null),
    )
}

const BASIC: &str = "Authorization: Basic ZmFpbG92ZXItY29uc29sZTpzaW11bGF0ZWQtcGFzc3dvcmQ=\r\n";

async fn plant_b(simulator: &Simulator, path: &str) -> std::io::Result<String> {
    let system = simulator
        .systems
        .iter()
        .find(|system| system.id == "plant-b")
        .unwrap();
    let address = system
        .base_url
        .strip_prefix("http://")
        .unwrap()
        .parse()
        .unwrap();
    raw(
        address,
        "GET",
        &format!("/api/v1/clientfailover{path}"),
        BASIC,
        "",
    )
    .await
}

#[tokio::test]
async fn the_clock_is_the_date_of_every_answer_and_can_be_set() {
    let simulator = simulator().await;
    let date = |answer: &str| answer.contains("\r\ndate: Fri, 21 Nov 2025 14:32:08 GMT\r\n");
    assert!(date(&plant_b(&simulator, "/groups").await.unwrap()));
    let (_, clock) = control(
        &simulator,
        "POST",
        "/clock/advance",
        &json!({ "seconds": 60 }),
    )
    .await;
    assert_eq!(
        clock,
        json!({ "now": "2025-11-21T14:33:08Z", "speed": 0.0 })
    );
    let body = json!({ "now": "2020-01-01T00:00:00Z", "speed": 2 });
    let (status, clock) = control(&simulator, "PUT", "/clock", &body).await;
    assert_eq!((status, &clock["speed"]), (200, &json!(2.0)));
    for (method, path, body) in [
        ("PUT", "/clock", json!({ "now": "yesterday" })),
        ("PUT", "/clock", json!({ "speed": -1 })),
        ("PUT", "/clock", json!({ "sped": 1 })),
        ("POST", "/clock/advance", json!({ "seconds": -5 })),
        ("POST", "/clock/advance", json!({})),
        ("PUT", "/scenario", json!({ "name": "chaos" })),
        ("POST", "/reset", json!({ "groups": 1_000_000 })),
        ("POST", "/faults", json!({ "connection": "live" })),
        (
            "POST",
            "/faults",
            json!({ "connection": "live", "fault": { "kind": "status", "status": 200 } }),
        ),
        (
            "POST",
            "/faults",
            json!({ "connection": "live", "operation": "nonsense", "fault": { "kind": "html" } }),
        ),
        ("PATCH", "/systems/live", json!({ "json": "v12" })),
        (
            "PATCH",
            "/systems/plant-b/groups/none/sessions/x",
            json!({ "silent": true }),
        ),
        (
            "PATCH",
            "/systems/live/groups/none/slicers/x",
            json!({ "healthy": true }),
        ),
        (
            "PUT",
            "/systems/live/groups/none/slicers",
            json!({ "ids": ["a"] }),
        ),
        (
            "PUT",
            "/systems/live/groups/9852b8646dea4cd0a48f5e0ffaa4f8b3/slicers",
            json!({ "ids": ["a", "a"] }),
        ),
    ] {
        let (status, answer) = control(&simulator, method, path, &body).await;
        assert_eq!(status, 400, "{method} {path} {body}");
        assert!(answer["error"].is_string(), "{method} {path} {body}");
    }
    for (method, path, status) in [
        ("GET", "/nothing", 404),
        ("DELETE", "/world", 405),
        ("PATCH", "/systems/none", 404),
    ] {
        let (got, answer) = control(&simulator, method, path, &Value::Null).await;
        assert_eq!(
            (got, answer["error"].is_string()),
            (status, true),
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn the_slicers_of_a_group_can_be_replaced() {
    let simulator = simulator().await;
    let path = "/systems/live/groups/9852b8646dea4cd0a48f5e0ffaa4f8b3/slicers";
    let (status, group) = control(
        &simulator,
        "PUT",
        path,
        &json!({ "ids": ["late", "news02"] }),
    )
    .await;
    let orders: Vec<(&str, i64)> = group["slicers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|slicer| {
            (
                slicer["id"].as_str().unwrap(),
                slicer["order"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!((status, orders), (200, vec![("late", 1), ("news02", 2)]));
    assert_ne!(group["active_slicer_id"], "news01", "removed slicer");
}

#[tokio::test]
async fn a_reset_restores_the_initial_world_or_the_requested_options() {
    let simulator = simulator().await;
    let world = control(&simulator, "GET", "/world", &Value::Null).await.1;
    assert_eq!(world["scenario"], "calm");
    let sessions = "/systems/plant-b/groups/crude1-opcua/sessions/CRUDE-01.OpcUa";
    let (status, session) = control(&simulator, "PATCH", sessions, &json!({ "score": 30 })).await;
    assert_eq!(
        (status, &session["Heartbeat"]["FailoverScore"]),
        (200, &json!(30.0))
    );
    control(
        &simulator,
        "POST",
        "/clock/advance",
        &json!({ "seconds": 500 }),
    )
    .await;
    control(
        &simulator,
        "POST",
        "/faults",
        &json!({ "connection": "plant-b", "fault": { "kind": "html" } }),
    )
    .await;
    let moved = control(&simulator, "GET", "/world", &Value::Null).await.1;
    assert_eq!(
        moved["systems"]["plant-b"]["groups"][0]["Status"]["Primary"],
        "CRUDE-02.OpcUa"
    );
    assert_eq!(
        control(&simulator, "POST", "/reset", &Value::Null).await.0,
        200
    );
    assert_eq!(
        control(&simulator, "GET", "/world", &Value::Null).await.1,
        world
    );
    assert_eq!(
        control(&simulator, "GET", "/faults", &Value::Null).await.1,
        json!({ "faults": [] })
    );
    assert_eq!(
        control(&simulator, "GET", "/requests", &Value::Null)
            .await
            .1["total"],
        0
    );

    let body = json!({ "groups": 30, "sessions": 50, "seed": 7, "scenario": "incident" });
    control(&simulator, "POST", "/reset", &body).await;
    let world = control(&simulator, "GET", "/world", &Value::Null).await.1;
    assert_eq!(
        (&world["seed"], &world["scenario"]),
        (&json!(7), &json!("incident"))
    );
    let groups = world["systems"]["plant-a"]["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 31, "with the awkward group");
    let full = groups
        .iter()
        .filter(|group| group["Sessions"].as_array().unwrap().len() == 50);
    assert_eq!(full.count(), 30);
    assert_eq!(
        world["systems"]["live"]["groups"].as_array().unwrap().len(),
        31
    );
}

#[tokio::test]
async fn the_request_log_contains_no_credentials() {
    let simulator = simulator().await;
    plant_b(&simulator, "/groups/a%2Fb?skip=1&sig=secret&msg=secret")
        .await
        .unwrap();
    plant_b(&simulator, "/nonsense").await.unwrap();
    let log = control(&simulator, "GET", "/requests", &Value::Null)
        .await
        .1;
    assert_eq!(log["total"], 2);
    let first = &log["requests"][0];
    assert_eq!(
        (&first["operation"], &first["status"]),
        (&json!("get group"), &json!(404))
    );
    assert_eq!(
        (&first["path"], &first["query"]),
        (
            &json!("/api/v1/clientfailover/groups/a%2Fb"),
            &json!("skip=1")
        )
    );
    assert_eq!(
        (
            &log["requests"][1]["operation"],
            &log["requests"][1]["status"]
        ),
        (&Value::Null, &json!(501))
    );
    assert!(!log.to_string().contains("secret"));
    assert_eq!(
        control(&simulator, "DELETE", "/requests", &Value::Null)
            .await
            .0,
        204
    );
}

#[tokio::test]
async fn every_demo_system_answers_and_is_listed_in_the_world() {
    let simulator = simulator().await;
    let ids: Vec<_> = simulator.systems.iter().map(|system| system.id).collect();
    assert_eq!(ids, ["plant-a", "plant-b", "live", "em", "em-old"]);
    let world = control(&simulator, "GET", "/world", &Value::Null).await.1;
    for (system, path, wanted) in [
        (
            "plant-a",
            "/api/v1/tenants/x/namespaces/y/clientfailover/groups",
            "401",
        ),
        ("plant-b", "/api/v1/clientfailover/groups", "401"),
        ("live", "/api/v4/failover-groups", "403"),
        ("em", "/api/query?type=CloudFailoverSession", "401"),
        ("em-old", "/api/query?type=CloudFailoverSession", "401"),
        ("em-old", "/api/backups", "501"),
    ] {
        assert!(world["systems"][system].is_object(), "{system}");
        let listening = simulator
            .systems
            .iter()
            .find(|one| one.id == system)
            .unwrap();
        let address = listening
            .base_url
            .strip_prefix("http://")
            .unwrap()
            .parse()
            .unwrap();
        let answer = raw(address, "GET", path, "", "").await.unwrap();
        assert_eq!(&answer[9..12], wanted, "{system} {path}");
    }
}

#[tokio::test]
async fn injected_veeam_errors_have_the_requested_format() {
    let simulator = simulator().await;
    let em = simulator
        .systems
        .iter()
        .find(|system| system.id == "em")
        .unwrap();
    let address = em
        .base_url
        .strip_prefix("http://")
        .unwrap()
        .parse()
        .unwrap();
    for (accept, status, wanted) in [
        ("Accept: application/json\r\n", 503, "application/json"),
        ("", 403, "application/xml"),
        ("Accept: application/xml\r\n", 404, "application/xml"),
    ] {
        let path = format!("/api/cloud/failoverSessions/fault-{status}");
        let answer = raw(address, "GET", &path, accept, "").await.unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
        assert!(answer.contains(wanted), "{answer}");
    }
    for (flavour, status) in [("v12", 204), ("v13", 204), ("v14", 400)] {
        let body = json!({ "json": flavour });
        assert_eq!(
            control(&simulator, "PATCH", "/systems/em", &body).await.0,
            status,
            "{flavour}"
        );
    }
}

#[tokio::test]
async fn sentinel_ids_cause_their_faults() {
    let simulator = simulator().await;
    for status in [403, 404, 409, 429, 500, 503] {
        let answer = plant_b(&simulator, &format!("/groups/fault-{status}/status"))
            .await
            .unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
        assert!(answer.contains("\"Resolution\""), "{answer}");
    }
    let html = plant_b(&simulator, "/groups/fault-html").await.unwrap();
    assert!(
        html.starts_with("HTTP/1.1 200") && html.contains("text/html"),
        "{html}"
    );
    let empty = plant_b(&simulator, "/groups/x/clientsessions/fault-empty")
        .await
        .unwrap();
    assert!(
        empty.starts_with("HTTP/1.1 200") && empty.ends_with("\r\n\r\n"),
        "{empty}"
    );
    let malformed = plant_b(&simulator, "/groups/fault-malformed")
        .await
        .unwrap();
    let body = malformed.split_once("\r\n\r\n").unwrap().1;
    assert!(serde_json::from_str::<Value>(body).is_err(), "{malformed}");
    let truncated = plant_b(&simulator, "/groups/fault-truncated")
        .await
        .unwrap();
    assert!(truncated.contains("content-length: 2048"), "{truncated}");
    assert!(truncated.split_once("\r\n\r\n").unwrap().1.len() < 2048);
    let reset = plant_b(&simulator, "/groups/fault-reset")
        .await
        .unwrap_err();
    assert_eq!(reset.kind(), ErrorKind::ConnectionReset);
    let list = plant_b(&simulator, "/groups").await.unwrap();
    assert!(
        list.starts_with("HTTP/1.1 200") && !list.contains("fault-"),
        "not listed"
    );
}

#[tokio::test]
async fn a_fault_can_replace_a_part_of_the_body_or_all_of_it() {
    let simulator = simulator().await;
    let fault = |fault: Value| json!({ "connection": "plant-b", "operation": "list groups", "fault": fault, "times": 1 });
    let before = plant_b(&simulator, "/groups").await.unwrap();
    let replace =
        fault(json!({ "kind": "replace", "find": "\"Id\":", "with": "\"Id\":7,\"Was\":" }));
    assert_eq!(
        control(&simulator, "POST", "/faults", &replace).await.0,
        201
    );
    let answer = plant_b(&simulator, "/groups").await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let (_, was) = before.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, was.replacen("\"Id\":", "\"Id\":7,\"Was\":", 1));
    let refusal = r#"{"error":1,"msg":"Invalid signature"}"#;
    let whole = fault(json!({ "kind": "body", "body": refusal }));
    assert_eq!(control(&simulator, "POST", "/faults", &whole).await.0, 201);
    let answer = plant_b(&simulator, "/groups").await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with(refusal),
        "{answer}"
    );
}

#[tokio::test]
async fn a_fault_applies_to_its_operation_for_the_given_number_of_requests() {
    let simulator = simulator().await;
    let body = json!({
        "connection": "plant-b",
        "operation": "List groups",
        "fault": { "kind": "status", "status": 503 },
        "times": 1
    });
    assert_eq!(control(&simulator, "POST", "/faults", &body).await.0, 201);
    let late =
        json!({ "connection": "plant-b", "fault": { "kind": "latency", "milliseconds": 1 } });
    assert_eq!(control(&simulator, "POST", "/faults", &late).await.0, 201);
    assert!(
        plant_b(&simulator, "/groups/none")
            .await
            .unwrap()
            .starts_with("HTTP/1.1 404")
    );
    assert!(
        plant_b(&simulator, "/groups")
            .await
            .unwrap()
            .starts_with("HTTP/1.1 503")
    );
    assert!(
        plant_b(&simulator, "/groups")
            .await
            .unwrap()
            .starts_with("HTTP/1.1 200")
    );
    let left = control(&simulator, "GET", "/faults", &Value::Null).await.1;
    assert_eq!(left["faults"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        control(&simulator, "DELETE", "/faults", &Value::Null)
            .await
            .0,
        204
    );
}

#[tokio::test]
async fn a_dropped_simulator_closes_its_ports() {
    let simulator = simulator().await;
    let address = simulator.control;
    drop(simulator);
    let mut refused = false;
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
        refused = TcpStream::connect(address).await.is_err();
        if refused {
            break;
        }
    }
    assert!(refused);
}

#[tokio::test]
async fn the_observers_clock_moves_without_the_systems_clock() {
    let simulator = simulator().await;
    let mut skips = simulator.observer.skips();
    let start = json!("2025-11-21T14:32:08Z");
    let (status, answer) = control(&simulator, "GET", "/observer", &Value::Null).await;
    assert_eq!((status, &answer["now"]), (200, &start));
    let body = json!({ "seconds": 25.5 });
    let (status, answer) = control(&simulator, "POST", "/observer/advance", &body).await;
    assert_eq!(
        (status, &answer["now"]),
        (200, &json!("2025-11-21T14:32:33.500Z"))
    );
    assert!(skips.has_changed().unwrap());
    assert_eq!(skips.borrow_and_update().total.as_millis(), 25_500);
    let (_, world) = control(&simulator, "GET", "/world", &Value::Null).await;
    assert_eq!(world["clock"]["now"], start, "the systems' clock stays");
    let body = json!({ "now": "2025-11-21T15:00:00Z" });
    let (_, answer) = control(&simulator, "PUT", "/observer", &body).await;
    assert_eq!(answer["now"], "2025-11-21T15:00:00Z");
    control(&simulator, "POST", "/reset", &Value::Null).await;
    let (_, answer) = control(&simulator, "GET", "/observer", &Value::Null).await;
    assert_eq!(answer["now"], start);
    assert_eq!(skips.borrow().resets, 1);
    for body in [
        json!({}),
        json!({ "seconds": -1 }),
        json!({ "seconds": 1e10 }),
    ] {
        let (status, _) = control(&simulator, "POST", "/observer/advance", &body).await;
        assert_eq!(status, 400, "{body}");
    }
}

//! Uplynk, and the demo.

use super::*;

/// The connection `live` to an Uplynk service.
pub(super) fn uplynk(base: &str) -> config::Connection {
    let live = watched("live", base);
    config::Connection {
        timeout: Duration::from_secs(20),
        credentials: config::Credentials::IntegrationKey {
            owner: "o".to_owned(),
            api_key: SECRET.into(),
        },
        public: vendors::Connection {
            system: System::Uplynk,
            ..live.public
        },
        ..live
    }
}

#[tokio::test]
async fn a_list_of_uplynk_without_slicers_is_completed_and_its_pages_are_read() {
    let whole = |id: &str| format!(r#"{{"id":"{id}","name":"{id}","slicers":[],"channels":[]}}"#);
    let vendor = Vendor::new(move |seen, _| {
        let line = &seen.line;
        if line.contains("failover-groups/short") {
            return vendor_json(200, &whole("short"));
        }
        for (id, status) in [("broken", 404), ("failing", 500), ("odd", 200)] {
            if line.contains(&format!("failover-groups/{id}")) {
                return vendor_json(status, "[]");
            }
        }
        let items = if line.contains("page=2") {
            whole("second")
        } else {
            let thin = r#"{"id":"broken"},{"id":"failing"},{"id":"odd"},{"id":"short"}"#;
            format!("{},{thin}", whole("first"))
        };
        vendor_json(200, &format!(r#"{{"total_items":"6","items":[{items}]}}"#))
    })
    .await;
    let live = uplynk(&vendor.base);
    let fixture = Fixture::new(vec![live]);
    let all = fixture.until("six", |all| all.resources.len() == 6).await;
    assert_eq!(all.failure(), None);
    assert_eq!(all.resource("short").name, "short");
    assert_eq!(vendor.lines().len(), 6);
    for id in ["broken", "failing", "odd"] {
        assert!(
            all.resource(id)
                .verdict
                .sentence
                .contains("slicers are unknown")
        );
    }
}

/// The incident of the demo: what is critical stays in its place when its connection falls silent.
#[tokio::test]
async fn a_stale_connection_hides_none_of_its_alarms() {
    let options = simulator::Options {
        scenario: simulator::Scenario::Incident,
        speed: 0.0,
        ..simulator::Options::default()
    };
    let simulator = simulator::start(options).await.unwrap();
    let assets = Assets::from_files([]);
    let watch = Duration::from_secs(300);
    let gateway = crate::cli::demo::gateway(&simulator, assets, watch).unwrap();
    gateway.watch();
    let of_plant = |all: &Inventory, severity| {
        let alarms = all.alarms.iter().flatten();
        let of_plant = alarms
            .filter(|alarm| alarm.resource.connection == "plant-b" && alarm.severity == severity);
        of_plant
            .map(|alarm| (alarm.resource.kind, alarm.id.clone()))
            .collect::<Vec<_>>()
    };
    let fixture = Fixture {
        gateway: Arc::new(gateway),
        skips: watch::channel(Skips::default()).0,
    };
    let read = |all: &Inventory| {
        all.connections()
            .iter()
            .all(|one| one.observed_at.is_some())
    };
    let before = fixture.until("everything", read).await;
    let critical = of_plant(&before, health::Severity::Critical);
    assert!(critical.len() >= 3, "{critical:?}");
    let body = r#"{"connection":"plant-b","fault":{"kind":"status","status":503}}"#;
    let control = format!("http://{}/faults", simulator.control);
    let answer = reqwest::Client::new()
        .post(control)
        .body(body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 201);
    simulator.observer.advance(Duration::from_secs(901));
    let silent = |all: &Inventory| {
        !all.alarms
            .iter()
            .flatten()
            .all(|alarm| alarm.resource.id != "plant-b")
    };
    let after = fixture.until("the silence", silent).await;
    let now = of_plant(&after, health::Severity::Critical);
    assert!(
        critical.iter().all(|id| now.contains(id)),
        "{critical:?} {now:?}"
    );
    assert_eq!(
        now[0].0,
        health::inventory::Kind::Connection,
        "above what it hides: {now:?}"
    );
}

/// What real systems send: a state in words, an item without an id, one that is listed twice, a refusal with 200.
#[tokio::test]
async fn one_bad_field_spoils_no_other_and_what_is_left_out_is_said() {
    let options = simulator::Options {
        scenario: simulator::Scenario::Calm,
        speed: 0.0,
        ..simulator::Options::default()
    };
    let simulator = simulator::start(options).await.unwrap();
    let assets = Assets::from_files([]);
    let gateway = crate::cli::demo::gateway(&simulator, assets, Duration::from_secs(300)).unwrap();
    let fault = async |connection: &str, fault: serde_json::Value| {
        let body = serde_json::json!({ "connection": connection, "fault": fault });
        let control = format!("http://{}/faults", simulator.control);
        let sent = reqwest::Client::new().post(control).body(body.to_string());
        assert_eq!(sent.send().await.unwrap().status(), 201);
    };
    let replace = |find: &str, with: &str| serde_json::json!({ "kind": "replace", "find": find, "with": with });
    fault("live", replace("\"state\":0", "\"state\":\"Stopped\"")).await;
    fault("plant-b", replace("[{", "[{\"Name\":\"no id\"},{")).await;
    let refusal = r#"{"error":1,"msg":"Invalid signature"}"#;
    fault(
        "plant-a",
        serde_json::json!({ "kind": "body", "body": refusal }),
    )
    .await;
    fault("em-old", replace(" UID=", " Was=")).await;
    gateway.watch();
    let fixture = Fixture {
        gateway: Arc::new(gateway),
        skips: watch::channel(Skips::default()).0,
    };
    let told = |one: &ConnectionState| one.observed_at.is_some() || one.failure.is_some();
    let all = fixture
        .until("everything", |all| all.connections().iter().all(told))
        .await;
    let connection = |id: &str| {
        let mut connections = all.connections().iter();
        connections.find(|one| one.connection.id == id).unwrap()
    };
    assert_eq!(connection("live").failure, None);
    let of_live = all
        .resources
        .iter()
        .filter(|one| one.key.connection == "live");
    let broken: Vec<&Resource> = of_live.filter(|one| !one.unreadable.is_empty()).collect();
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert!(
        broken[0].unreadable[0].name.ends_with("status.state"),
        "{broken:?}"
    );
    assert_eq!(broken[0].unreadable[0].raw, "Stopped");
    // Of Plant B one group, and one session of each of the others.
    let of_plant_b = connection("plant-b").held + 1;
    let said = |id| connection(id).limit.clone().unwrap_or_default();
    assert_eq!(
        said("plant-b"),
        format!("{of_plant_b} items could not be read.")
    );
    assert_eq!(said("em-old"), "1 item could not be read.");
    assert!(connection("plant-b").held > 0 && connection("em-old").held > 0);
    match &connection("plant-a").failure {
        Some(ReadFailure::Vendor(error)) => {
            assert_eq!(
                (error.status, error.message.as_str()),
                (200, "Invalid signature")
            );
        }
        other => panic!("{other:?}"),
    }
}

//! Uplynk, and the demo.

use super::*;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

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
async fn uplynk_groups_listed_without_slicers_are_read_one_by_one() {
    let complete =
        |id: &str| format!(r#"{{"id":"{id}","name":"{id}","slicers":[],"channels":[]}}"#);
    let vendor = Vendor::new(move |request, _| {
        let line = &request.line;
        if line.contains("failover-groups/short") {
            return vendor_json(200, &complete("short"));
        }
        for (id, status) in [("broken", 404), ("failing", 500), ("odd", 200)] {
            if line.contains(&format!("failover-groups/{id}")) {
                return vendor_json(status, "[]");
            }
        }
        let items = if line.contains("page=2") {
            complete("second")
        } else {
            let thin = r#"{"id":"broken"},{"id":"failing"},{"id":"odd"},{"id":"short"}"#;
            format!("{},{thin}", complete("first"))
        };
        vendor_json(200, &format!(r#"{{"total_items":"6","items":[{items}]}}"#))
    })
    .await;
    let live = uplynk(&vendor.base);
    let fixture = Fixture::new(vec![live]);
    let all = fixture.until("six", |all| all.resources.len() == 6).await;
    assert_eq!(vendor.lines().len(), 2, "shown from the list at once");
    for id in ["broken", "failing", "odd", "short"] {
        assert!(all.resource(id).is_unread());
    }
    let read = |all: &Inventory| !all.resources.iter().any(Resource::is_unread);
    let all = fixture.until("each", read).await;
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

/// Thirty groups are listed without slicers, and at most one is read per second.
#[tokio::test]
async fn a_slate_in_the_list_is_an_alarm_before_all_groups_are_read() {
    let switched = Arc::new(AtomicBool::new(false));
    let is_switched = switched.clone();
    let vendor = Vendor::new(move |request, _| {
        let slate = |id: usize| id == 29 || id == 28 && is_switched.load(Ordering::Relaxed);
        let thin = |id: usize| {
            let active = if slate(id) { "no_slicer" } else { "a" };
            format!(r#""id":"g{id}","active_slicer_id":"{active}","mode":"flat""#)
        };
        if let Some((_, id)) = request.line.split_once("failover-groups/g") {
            let id = id.split('?').next().unwrap().parse().unwrap();
            let slicers = r#"[
                {"id":"a","enabled":true,"order":1,"blacklist_until":0,"status":{"state":0}},
                {"id":"b","enabled":true,"order":2,"blacklist_until":0,"status":{"state":0}}]"#;
            let complete = format!(r#"{{{},"slicers":{slicers},"channels":[]}}"#, thin(id));
            return vendor_json(200, &complete);
        }
        let items: Vec<String> = (0..30).map(|id| format!("{{{}}}", thin(id))).collect();
        vendor_json(200, &format!(r#"{{"items":[{}]}}"#, items.join(",")))
    })
    .await;
    let fixture = Fixture::new(vec![uplynk(&vendor.base)]);
    let alarms = |all: &Inventory| -> Vec<String> {
        let alarms = all.alarms.iter().flatten();
        alarms.map(|alarm| alarm.resource.id.clone()).collect()
    };
    let all = fixture.until("all", |all| all.resources.len() == 30).await;
    assert_eq!(alarms(&all), ["g29"], "unread groups cause no alarm");
    let is_normal = |one: &&Resource| one.verdict.severity == health::Severity::Normal;
    assert_eq!(all.resources.iter().filter(is_normal).count(), 0);
    let all = fixture.until("one", |all| all.word("g0") == "Normal").await;
    assert_eq!(alarms(&all), ["g29"]);
    // The next list does not wait for the unread groups.
    switched.store(true, Ordering::Relaxed);
    let all = fixture.refresh().await;
    assert!(alarms(&all).contains(&"g28".to_owned()), "{all:?}");
    assert!(vendor.lines().len() < 10, "{:?}", vendor.lines());
}

/// The user waits to see the change, even if the first read was cancelled with the previous key.
#[tokio::test]
async fn a_changed_uplynk_group_is_read_first_after_a_change_of_the_key() {
    let vendor = Vendor::new(|request, _| {
        let thin = |id: &str| format!(r#"{{"id":"{id}","active_slicer_id":"a","mode":"flat"}}"#);
        match request.line.split_once("failover-groups/") {
            Some((_, rest)) => vendor_json(200, &thin(rest.split('?').next().unwrap())),
            None => {
                let items = ["g0", "g1", "g2"].map(thin).join(",");
                vendor_json(200, &format!(r#"{{"items":[{items}]}}"#))
            }
        }
    })
    .await;
    let groups = || -> Vec<String> {
        let lines = vendor.lines().into_iter();
        let rest = lines.filter_map(|line| Some(line.split_once("failover-groups/")?.1.to_owned()));
        rest.map(|rest| rest.split('?').next().unwrap().to_owned())
            .collect()
    };
    let fixture = Fixture::new(vec![uplynk(&vendor.base)]);
    fixture.until("a round", |_| groups().len() == 3).await;
    let lists = || vendor.lines().len() - groups().len();
    let written = lists();
    let change = vendors::uplynk::groups().get("g1").request;
    let observer = fixture.gateway.shared.watchers.write_observer();
    observer.written("live", change.operation, &change.path);
    fixture.until("a list", |_| lists() > written).await;
    // By now, its read waits for the next second, or has reached the service.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let before = groups().len();
    let other = config::Connection {
        credentials: config::Credentials::IntegrationKey {
            owner: "o".to_owned(),
            api_key: "another".into(),
        },
        ..uplynk(&vendor.base)
    };
    with_shared(vec![other], fixture.gateway.shared.clone()).watch();
    fixture
        .until("the groups", |_| groups().len() >= before + 3)
        .await;
    let reads = groups();
    assert_eq!(before, 3, "it was read too soon: {reads:?}");
    assert_eq!(reads[before..][..3], ["g1", "g0", "g2"]);
}

/// Paging is not documented, so an error for a second page does not affect the first one.
#[tokio::test]
async fn a_rejected_page_hides_no_group() {
    let answers = Arc::new(Mutex::new((200, 200)));
    let current = answers.clone();
    let complete = |id: &str| {
        let slicers = r#"[{"id":"a","blacklist_until":0},{"id":"b","blacklist_until":0}]"#;
        let more = r#""active_slicer_id":"a","mode":"flat","channels":[]"#;
        format!(r#"{{"id":"{id}",{more},"slicers":{slicers}}}"#)
    };
    let vendor = Vendor::new(move |request, _| {
        let (page, one) = *current.lock().unwrap();
        let items = |id: &str| format!(r#"{{"total_items":2,"items":[{}]}}"#, complete(id));
        match request.line.as_str() {
            line if line.contains("page=2") => vendor_json(page, &items("second")),
            line if line.contains("failover-groups/second") => {
                vendor_json(one, &complete("second"))
            }
            _ => vendor_json(200, &items("first")),
        }
    })
    .await;
    for status in [400, 404, 500] {
        *answers.lock().unwrap() = (status, 200);
        let fixture = Fixture::new(vec![uplynk(&vendor.base)]);
        let all = fixture.until("first", |all| all.resources.len() == 1).await;
        assert_eq!(all.failure(), None, "{status}");
        let limit = all.connections()[0].limit.clone();
        let expected = "The service reports 2 slicer groups and listed 1.";
        assert_eq!(limit.as_deref(), Some(expected), "{status}");
    }
    *answers.lock().unwrap() = (200, 200);
    let fixture = Fixture::new(vec![uplynk(&vendor.base)]);
    fixture.until("both", |all| all.resources.len() == 2).await;
    *answers.lock().unwrap() = (404, 200);
    let all = fixture.refresh().await;
    assert_eq!(all.resources.len(), 2, "the missing group is read");
    let is_read = || {
        let of_second = |line: &String| line.contains("failover-groups/second");
        vendor.lines().iter().any(of_second)
    };
    fixture.until("a read of it", |_| is_read()).await;
    fixture
        .until("its time", |all| {
            all.resource("second").observed == Observed::WithConnection
        })
        .await;
    // The group was deleted.
    *answers.lock().unwrap() = (404, 404);
    fixture.refresh().await;
    fixture
        .until("its end", |all| all.resources.len() == 1)
        .await;
    let query = crate::store::ActivityQuery {
        limit: 50,
        ..Default::default()
    };
    let activity = fixture.gateway.shared.store.activity(query).await.unwrap();
    let mut removed = activity
        .iter()
        .filter(|entry| entry.what.contains("no longer listed"));
    let resource = removed.next().and_then(|entry| entry.resource.clone());
    assert_eq!(resource.map(|key| key.id).as_deref(), Some("second"));
    assert_eq!(removed.count(), 0);
}

/// In the demo's incident, critical resources stay critical when their connection becomes silent.
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
        "connection first: {now:?}"
    );
}

/// Irregular data of real systems: a state as text, an item without an id, one listed twice, an error with status 200.
#[tokio::test]
async fn an_unreadable_field_affects_no_other_and_unreadable_items_are_counted() {
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
    let is_done = |one: &ConnectionState| one.observed_at.is_some() || one.failure.is_some();
    let all = fixture
        .until("everything", |all| all.connections().iter().all(is_done))
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
    // In Plant B, one group is unreadable, and one session of each other group.
    let of_plant_b = connection("plant-b").held + 1;
    let limit = |id| connection(id).limit.clone().unwrap_or_default();
    assert_eq!(
        limit("plant-b"),
        format!("{of_plant_b} items could not be read.")
    );
    assert_eq!(limit("em-old"), "1 item could not be read.");
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

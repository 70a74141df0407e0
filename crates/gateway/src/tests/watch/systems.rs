//! The other systems, and the demo.

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
    let stage = Stage::new(vec![live]);
    let all = stage.until("six", |all| all.resources.len() == 6).await;
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

pub(super) fn veeam(base: &str, hours: u16) -> config::Connection {
    let em = watched("em", base);
    config::Connection {
        public: vendors::Connection {
            system: System::Veeam {
                accept: vendors::veeam::MediaType::Json,
                recent_hours: hours,
            },
            ..em.public
        },
        ..em
    }
}

pub(super) fn logged_on() -> Response<Body> {
    let mut answer = vendor_json(201, r#"{"SessionId":"1"}"#);
    let headers = answer.headers_mut();
    headers.insert("x-restsvcsessionid", "s".parse().unwrap());
    answer
}

#[tokio::test]
async fn every_page_of_what_runs_or_ended_lately_is_read_up_to_a_limit_that_is_told() {
    // The gateway's clock stands at 1970: in the last day, or in the last three.
    for (hours, since, pages, resources, limit) in [
        (24, "1969-12-30T23:00:00Z", 3, 3, None),
        (72, "1969-12-28T23:00:00Z", 3, 3, None),
        (
            24,
            "1969-12-30T23:00:00Z",
            21,
            20,
            Some("the newest 20 are watched"),
        ),
    ] {
        let vendor = Vendor::new(move |seen, _| {
            if seen.line.contains("sessionMngr") {
                return logged_on();
            }
            let page = seen.line.split("page=").nth(1).unwrap_or("1");
            let page: u32 = page.split(['&', ' ']).next().unwrap().parse().unwrap();
            // The last of one page is the first of the next one: another has begun meanwhile.
            let session = |number: u32| {
                format!(
                    r#"{{"UID":"{number:08x}-0000-0000-0000-000000000000","Name":"plan {number}","State":"Working","CreationTimeUTC":"1969-12-31T23:00:00Z"}}"#
                )
            };
            let numbers = (page - 1).max(1)..=page;
            let sessions = numbers.map(session).collect::<Vec<_>>().join(",");
            vendor_json(
                200,
                &format!(
                    r#"{{"Entities":{{"CloudFailoverSessions":{{"CloudFailoverSessions":[{sessions}]}}}},"PagingInfo":{{"PageNum":{page},"PageSize":100,"PagesCount":{pages}}}}}"#
                ),
            )
        })
        .await;
        let stage = Stage::new(vec![veeam(&vendor.base, hours)]);
        let all = stage
            .until("a reading", |all| {
                let one = &all.connections()[0];
                one.observed_at.is_some() || one.failure.is_some()
            })
            .await;
        assert_eq!(all.failure(), None, "{:?}", vendor.lines());
        assert_eq!(all.resources.len(), resources);
        let told = all.connections()[0].limit.clone();
        assert_eq!(told.is_some(), limit.is_some(), "{told:?}");
        assert!(told.unwrap_or_default().contains(limit.unwrap_or_default()));
        let query = vendor
            .lines()
            .into_iter()
            .find(|line| line.contains("/query"));
        let query = query.unwrap();
        let query = percent_encoding::percent_decode_str(&query)
            .decode_utf8()
            .unwrap();
        for condition in [
            "State!=Stopped".to_owned(),
            format!("EndTime>=\"{since}\""),
            format!("CreationTime>=\"{since}\""),
        ] {
            assert!(query.contains(&condition), "{condition} in {query}");
        }
    }
}

#[tokio::test]
async fn a_role_that_may_not_query_veeam_sees_the_recent_sessions() {
    let vendor = Vendor::new(|seen, _| {
        if seen.line.contains("sessionMngr") {
            return logged_on();
        }
        if seen.line.contains("/query") {
            return vendor_json(403, r#"{"Message":"not allowed"}"#);
        }
        vendor_json(200, r#"{"Entities":[]}"#)
    })
    .await;
    let stage = Stage::new(vec![veeam(&vendor.base, 24)]);
    let all = stage.until("a reading", |all| {
        let one = &all.connections()[0];
        one.observed_at.is_some() || one.failure.is_some()
    });
    let all = all.await;
    let asked = |word: &str| {
        vendor
            .lines()
            .iter()
            .filter(|line| line.contains(word))
            .count()
    };
    assert_eq!(asked("/query"), 1);
    assert_eq!(all.failure(), None, "{:?}", vendor.lines());
    stage.refresh().await;
    assert_eq!(asked("/query"), 1, "roles change seldom");
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
    let stage = Stage {
        gateway: Arc::new(gateway),
        skips: watch::channel(Skips::default()).0,
    };
    let read = |all: &Inventory| {
        all.connections()
            .iter()
            .all(|one| one.observed_at.is_some())
    };
    let before = stage.until("everything", read).await;
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
    let after = stage.until("the silence", silent).await;
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
    let stage = Stage {
        gateway: Arc::new(gateway),
        skips: watch::channel(Skips::default()).0,
    };
    let told = |one: &ConnectionState| one.observed_at.is_some() || one.failure.is_some();
    let all = stage
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

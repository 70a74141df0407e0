//! Gateways with a shared database divide the connections: one gateway reads each, and all have its inventory.

use super::alarm_actions::{alarm, plant, send};
use super::systems::uplynk;
use super::veeam::{logged_on, veeam};
use super::*;
use crate::store::tests::cut::Network;
use crate::store::tests::server::{PASSWORD, Server};
use crate::store::tests::until;
use base64::Engine as _;
use health::inventory::Kind;
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::time::Instant;

/// The maximum time until another gateway takes over.
const TAKEOVER_LIMIT: Duration = Duration::from_secs(15);

impl Fixture {
    fn watched(&self) -> HashSet<String> {
        self.gateway.shared.watchers.watched()
    }

    /// Its resources, connections and alarms without times, because the clocks of these gateways do not run.
    fn knowledge(&self) -> Value {
        let mut all = self.all();
        let connections = all.connections.as_mut().unwrap();
        for one in connections {
            (one.observed_at, one.next_at, one.vendor_ahead_ms) = (None, None, 0);
        }
        all.resources.sort_by(|one, other| one.key.cmp(&other.key));
        let alarms: BTreeMap<_, _> = all
            .alarms
            .iter()
            .flatten()
            .map(|alarm| (alarm.resource.id.clone(), alarm.sentence.clone()))
            .collect();
        serde_json::json!([all.connections, all.resources, alarms])
    }

    async fn until_read(&self) {
        let is_read = |one: &ConnectionState| one.observed_at.is_some();
        self.until("a reading of everything", |all| {
            all.connections().iter().all(is_read)
        })
        .await;
    }
}

/// Waits until both have the same inventory.
async fn until_same(one: &Fixture, other: &Fixture) {
    let began = Instant::now();
    until("the same knowledge", async || {
        let (one, other) = (one.knowledge(), other.knowledge());
        assert!(began.elapsed() < Duration::from_secs(30), "{one}\n{other}");
        one == other
    })
    .await;
}

/// Two gateways that share a plant; the first one watches it.
async fn sharing_pair(plant: &Plant, server: &Server) -> (Fixture, Fixture) {
    let location = server.store(&server.database());
    let connections = || vec![watched("plant-a", &plant.base)];
    let one = Fixture::sharing(&location, connections());
    one.until_read().await;
    let other = Fixture::sharing(&location, connections());
    other.until_read().await;
    (one, other)
}

/// Waits until each connection is watched by one gateway, and each gateway watches about the same number.
async fn until_shared_out(fixtures: &[&Fixture], connections: usize) {
    let least = connections / fixtures.len();
    until("a fair share for each", async || {
        let watched: Vec<_> = fixtures.iter().map(|fixture| fixture.watched()).collect();
        let together: HashSet<_> = watched.iter().flatten().collect();
        let sum: usize = watched.iter().map(HashSet::len).sum();
        sum == connections
            && together.len() == connections
            && watched.iter().all(|one| one.len() >= least)
    })
    .await;
}

async fn slicers() -> Vendor {
    Vendor::new(|_, _| {
        vendor_json(
            200,
            r#"{"total_items":1,"items":[{"id":"9","name":"news","mode":"prioritized","channels":[],
                "active_slicer_id":"a","slicers":[{"id":"a","order":1,"enabled":true,"blacklist_until":0,
                "status":{"state":0}}]}]}"#,
        )
    })
    .await
}

async fn plans() -> Vendor {
    Vendor::new(|request, _| {
        if request.line.contains("sessionMngr") {
            return logged_on();
        }
        vendor_json(
            200,
            r#"{"Entities":{"CloudFailoverSessions":{"CloudFailoverSessions":[
                {"UID":"00000001-0000-0000-0000-000000000000","Name":"plan","State":"Working",
                 "CreationTimeUTC":"1969-12-31T23:00:00.1234567Z"}]}},
               "PagingInfo":{"PageNum":1,"PageSize":100,"PagesCount":1}}"#,
        )
    })
    .await
}

#[tokio::test]
async fn each_connection_is_read_by_one_gateway_and_all_have_the_same_inventory() {
    let Some(server) = Server::shared() else {
        return;
    };
    let database = server.database();
    let location = server.store(&database);
    let (plant_a, plant_b) = (plant().await, Plant::new(3).await);
    let (slicers, plans) = (slicers().await, plans().await);
    let connections = || {
        vec![
            watched("plant-a", &plant_a.base),
            watched("plant-b", &plant_b.base),
            uplynk(&slicers.base),
            veeam(&plans.base, 24),
        ]
    };
    let one = Fixture::sharing(&location, connections());
    one.until_read().await;
    assert_eq!(one.watched().len(), 4);
    let before = (plant_a.take_requests().len(), plant_b.take_requests().len());
    assert_eq!(before, (3 + 1, 4), "list, groups, one status");
    // Another gateway joins, with a very different clock.
    let other = Fixture::sharing(&location, connections());
    other.skip(5_000);
    until_shared_out(&[&one, &other], 4).await;
    other.until_read().await;
    let kinds: HashSet<Kind> = other
        .all()
        .resources
        .iter()
        .map(|one| one.key.kind)
        .collect();
    assert_eq!(kinds.len(), 3, "of all systems");
    let ids = |fixture: &Fixture| {
        let mut ids: Vec<_> = fixture
            .all()
            .resources
            .into_iter()
            .map(|one| (one.key, one.verdict.word))
            .collect();
        ids.sort();
        ids
    };
    until("the same resources", async || ids(&one) == ids(&other)).await;
    for fixture in [&one, &other] {
        // Ages follow the clock of the gateway that shows them, not of the one that reads.
        until("young ages", async || {
            let all = fixture.all();
            all.connections().iter().all(|state| {
                let age = all.now - state.observed_at.unwrap();
                age >= TimeDelta::seconds(-1) && age < TimeDelta::seconds(60)
            })
        })
        .await;
    }
    // The gateway that takes a connection over reads it at once.
    let moved = other.watched();
    until("its first readings", async || {
        [(&plant_a, "plant-a"), (&plant_b, "plant-b")]
            .iter()
            .all(|(plant, id)| plant.request_count() == if moved.contains(*id) { 4 } else { 0 })
    })
    .await;
    // A reading that is requested at either gateway is made once.
    for fixture in [&one, &other] {
        for plant in [&plant_a, &plant_b] {
            plant.take_requests();
        }
        one.skip(1);
        other.skip(1);
        fixture.gateway.shared.watchers.refresh(None).await;
        until("the readings", async || {
            plant_a.request_count() >= 4 && plant_b.request_count() >= 4
        })
        .await;
        until_shared_out(&[&one, &other], 4).await;
        assert_eq!(
            (plant_a.take_requests().len(), plant_b.take_requests().len()),
            (4, 4)
        );
    }
    // A third gateway takes its share, and releases it when it stops.
    let third = Fixture::sharing(&location, connections());
    until_shared_out(&[&one, &other, &third], 4).await;
    third.end();
    until_shared_out(&[&one, &other], 4).await;
    let metrics = text(get(&one.gateway, "/metrics").await).await;
    let here = metrics
        .matches("failover_console_source_watched{connection=")
        .count();
    assert_eq!(here, 4);
    one.end();
    until_shared_out(&[&other], 4).await;
    // The inventory of connections that no gateway reads is deleted, because a later gateway would consider it current.
    until("nothing to read", async || {
        let left = server.statement(&database, "SELECT count(*) FROM shared_reading");
        left.unwrap() == "0"
    })
    .await;
    // A connection that a reload removes is forgotten: no gateway can watch it.
    let mut connections = connections();
    connections.truncate(3);
    let gateway = with_shared(connections, other.gateway.shared.clone());
    gateway.watch();
    until("the end of its lease", async || {
        let left = server.statement(&database, "SELECT count(*) FROM shared_connection");
        left.unwrap() == "3"
    })
    .await;
    other.end();
}

/// Two gateways with one plant, which the first one watches. Its network connection to the database can be cut.
async fn pair_over_a_network(plant: &Plant) -> Option<(Fixture, Fixture, Network, Arc<Server>)> {
    let server = Server::shared()?;
    let database = server.database();
    let network = Network::to(server.port);
    let over_network = server.store_over_tcp(network.port, PASSWORD, &database);
    let location = server.store(&database);
    let connections = || vec![watched("plant-a", &plant.base)];
    let one = Fixture::sharing(&over_network, connections());
    one.until_read().await;
    let other = Fixture::sharing(&location, connections());
    other.until_read().await;
    until_same(&one, &other).await;
    assert_eq!((one.watched().len(), other.watched().len()), (1, 0));
    Some((one, other, network, server))
}

#[tokio::test]
async fn a_disconnected_gateway_is_replaced_watches_alone_and_loses_no_alarm() {
    let plant = plant().await;
    let Some((one, other, network, _server)) = pair_over_a_network(&plant).await else {
        return;
    };
    let before = alarm(&other, "the alarm", |_| true).await;
    let recorded = other.activity("alarm").await;
    network.silence(true);
    let began = Instant::now();
    until("a takeover", async || !other.watched().is_empty()).await;
    assert!(began.elapsed() < TAKEOVER_LIMIT, "{:?}", began.elapsed());
    until("a gateway that watches alone", async || {
        one.gateway.shared.watchers.is_alone()
    })
    .await;
    assert!(began.elapsed() < TAKEOVER_LIMIT, "{:?}", began.elapsed());
    assert_eq!(one.watched().len(), 1);
    until("the readiness message", async || {
        let ready = text(get(&one.gateway, "/readyz").await).await;
        ready.contains("watches every connection itself")
    })
    .await;
    // Both gateways read the plant.
    plant.take_requests();
    for fixture in [&one, &other] {
        fixture.refresh().await;
        let still = alarm(fixture, "the alarm", |_| true).await;
        assert_eq!(still.id, before.id, "the same alarm");
    }
    assert!(plant.take_requests().len() >= 2 * 4);
    network.silence(false);
    until("sharing between the gateways", async || {
        one.watched().is_empty() != other.watched().is_empty()
            && !one.gateway.shared.watchers.is_alone()
    })
    .await;
    until_same(&one, &other).await;
    assert_eq!(other.activity("alarm").await, recorded, "no new alarm");
    one.end();
    other.end();
}

/// After repeated failures of sharing, from any cause, a gateway reads every connection itself.
#[tokio::test]
async fn a_gateway_that_repeatedly_fails_to_share_watches_alone() {
    let plant = plant().await;
    let Some(server) = Server::shared() else {
        return;
    };
    let (one, other) = sharing_pair(&plant, &server).await;
    assert_eq!((one.watched().len(), other.watched().len()), (1, 0));
    let inventory = other.gateway.shared.watchers.inventory();
    inventory.cause_faults("the sharing", 1_000);
    let began = Instant::now();
    until("a gateway that watches alone", async || {
        other.gateway.shared.watchers.is_alone()
    })
    .await;
    assert!(began.elapsed() < TAKEOVER_LIMIT, "{:?}", began.elapsed());
    assert_eq!((one.watched().len(), other.watched().len()), (1, 1));
    // After sharing succeeds, each connection is watched by one gateway again.
    inventory.cause_faults("the sharing", 0);
    until("sharing between the gateways", async || {
        one.watched().is_empty() != other.watched().is_empty()
            && !other.gateway.shared.watchers.is_alone()
    })
    .await;
    until_same(&one, &other).await;
    one.end();
    other.end();
}

#[tokio::test]
async fn a_change_through_any_gateway_is_shown_by_all_at_once() {
    let plant = plant().await;
    let Some(server) = Server::shared() else {
        return;
    };
    let (one, other) = sharing_pair(&plant, &server).await;
    assert_eq!((one.watched().len(), other.watched().len()), (1, 0));
    alarm(&other, "the alarm", |_| true).await;
    plant.take_requests();
    let path = "DELETE /relay/plant-a/api/v1/clientfailover/groups/g0/clientsessions/g0-a";
    let (status, _) = send(&other, path, &Value::Null).await;
    assert_eq!(status, 200);
    let began = Instant::now();
    for fixture in [&one, &other] {
        fixture
            .until("the change", |all| all.word("g0") != "No primary")
            .await;
    }
    // This is long before the next regular reading, after five minutes.
    assert!(
        began.elapsed() < Duration::from_secs(30),
        "{:?}",
        began.elapsed()
    );
    let read: Vec<String> = plant.take_requests();
    assert!(read.iter().all(|line| line.contains("g0")), "{read:?}");
    until_same(&one, &other).await;
    one.end();
    other.end();
}

/// This can happen while gateways of two versions share. Later changes are relative to the missing one.
#[tokio::test]
async fn a_gateway_that_cannot_apply_a_change_gets_the_complete_inventory() {
    let plant = plant().await;
    let Some(server) = Server::shared() else {
        return;
    };
    let (one, other) = sharing_pair(&plant, &server).await;
    until_same(&one, &other).await;
    assert_eq!((one.watched().len(), other.watched().len()), (1, 0));
    let inventory = other.gateway.shared.watchers.inventory();
    inventory.cause_faults("taking over", 1);
    plant.sessions("g1", &[("a", "Secondary"), ("b", "Primary")]);
    one.refresh().await;
    until("the change that cannot be applied", async || {
        inventory.faults_left("taking over") == 0
    })
    .await;
    // No further reading is made, so that no other change is published.
    until_same(&one, &other).await;
    let all = other.all();
    let Facts::FailoverGroup(facts) = &all.resource("g1").facts else {
        panic!("no group");
    };
    assert_eq!(facts.primary.as_deref(), Some("g1-b"));
    one.end();
    other.end();
}

#[tokio::test]
async fn connections_with_different_configurations_are_not_shared() {
    let (here, there) = (plant().await, Plant::new(1).await);
    let Some(server) = Server::shared() else {
        return;
    };
    let location = server.store(&server.database());
    let one = Fixture::sharing(&location, vec![watched("plant-a", &here.base)]);
    let other = Fixture::sharing(&location, vec![watched("plant-a", &there.base)]);
    for (fixture, groups) in [(&one, 2), (&other, 1)] {
        fixture.until_read().await;
        fixture
            .until("its own groups", |all| all.resources.len() == groups)
            .await;
        assert_eq!(fixture.watched().len(), 1);
    }
    one.refresh().await;
    assert_eq!(
        (one.all().resources.len(), other.all().resources.len()),
        (2, 1)
    );
    one.end();
    other.end();
}

/// The next gateway continues from the inventory of the stopped one, and records the changes since then once.
#[tokio::test]
async fn a_change_during_a_takeover_is_recorded_once() {
    let plant = plant().await;
    let Some((one, other, network, _server)) = pair_over_a_network(&plant).await else {
        return;
    };
    network.silence(true);
    plant.sessions("g1", &[("a", "Secondary"), ("b", "Primary")]);
    until("a takeover", async || {
        !other.watched().is_empty() && other.leads_now().await
    })
    .await;
    other
        .until("the change", |all| {
            let Facts::FailoverGroup(facts) = &all.resource("g1").facts else {
                return false;
            };
            facts.primary.as_deref() == Some("g1-b")
        })
        .await;
    assert_eq!(
        other.activity("failover").await,
        ["The primary changed from g1-a to g1-b."]
    );
    assert_eq!(other.activity("resource").await, Vec::<String>::new());
    one.end();
    other.end();
}

#[tokio::test]
async fn a_connection_is_taken_over_by_a_gateway_that_can_read_it() {
    let Some(server) = Server::shared() else {
        return;
    };
    let location = server.store(&server.database());
    // As if the network admitted only one of the gateways.
    let vendor = Vendor::new(|request, _| {
        if request.header("authorization") != basic_of("through") {
            return vendor_json(503, "{}");
        }
        let is_list = request
            .line
            .split(['?', ' '])
            .nth(1)
            .unwrap()
            .ends_with("/groups");
        vendor_json(
            200,
            if is_list {
                r#"[{"Id":"g0"}]"#
            } else {
                r#"[{"Id":"s","Role":1}]"#
            },
        )
    })
    .await;
    let connections = |username: &str| {
        let credentials = config::Credentials::Basic {
            username: username.to_owned(),
            password: SECRET.into(),
        };
        vec![config::Connection {
            credentials,
            ..watched("plant-a", &vendor.base)
        }]
    };
    let one = Fixture::sharing(&location, connections("not through"));
    one.until("a failure", |all| all.failure().is_some()).await;
    let other = Fixture::sharing(&location, connections("through"));
    until("a reading", async || {
        let is_read = |fixture: &Fixture| {
            let all = fixture.all();
            all.failure().is_none() && all.connections()[0].observed_at.is_some()
        };
        is_read(&one) && is_read(&other)
    })
    .await;
    assert_eq!((one.watched().len(), other.watched().len()), (0, 1));
    one.end();
    other.end();
}

fn basic_of(username: &str) -> String {
    let pair = format!("{username}:{SECRET}");
    format!(
        "Basic {}",
        base64::engine::general_purpose::STANDARD.encode(pair)
    )
}

/// The shared state does not survive a crash of the database, and need not.
#[tokio::test]
async fn gateways_share_again_after_a_crash_of_the_database() {
    let Some(server) = Server::new() else {
        return;
    };
    let plant = plant().await;
    let (one, other) = sharing_pair(&plant, &server).await;
    until_same(&one, &other).await;
    server.kill();
    server.start();
    plant.sessions("g1", &[("a", "Secondary"), ("b", "Primary")]);
    until("a reading at both gateways", async || {
        for fixture in [&one, &other] {
            fixture.refresh().await;
        }
        let primary = |fixture: &Fixture| match &fixture.all().resource("g1").facts {
            Facts::FailoverGroup(facts) => facts.primary.clone(),
            _ => None,
        };
        let is_shared = one.watched().is_empty() != other.watched().is_empty();
        is_shared
            && [&one, &other].map(primary) == [Some("g1-b".to_owned()), Some("g1-b".to_owned())]
    })
    .await;
    until_same(&one, &other).await;
    one.end();
    other.end();
}

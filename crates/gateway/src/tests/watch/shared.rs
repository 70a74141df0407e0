//! Gateways at one database that share out the connections: each is read by one of them, and all know what it read.

use super::handled::{alarm, plant, send};
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

/// Another gateway takes over within this time, whatever became of the one before.
const TAKEN_OVER: Duration = Duration::from_secs(15);

impl Fixture {
    fn watched(&self) -> HashSet<String> {
        self.gateway.shared.watchers.watched()
    }

    /// What it knows of resources, connections and alarms, but for times: the clocks of these gateways stand still.
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

/// Both know the same.
async fn until_same(one: &Fixture, other: &Fixture) {
    let began = Instant::now();
    until("the same knowledge", async || {
        let (one, other) = (one.knowledge(), other.knowledge());
        assert!(began.elapsed() < Duration::from_secs(30), "{one}\n{other}");
        one == other
    })
    .await;
}

/// Each of the connections is watched by one of them, and each of them watches about as many.
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
    Vendor::new(|seen, _| {
        if seen.line.contains("sessionMngr") {
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
async fn each_connection_is_read_by_one_and_all_know_the_same() {
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
    let before = (plant_a.asked().len(), plant_b.asked().len());
    assert_eq!(
        before,
        (3 + 1, 4),
        "a list and each group, and the status where none is primary"
    );
    // Another one joins, whose clock is far from that of the first.
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
        // Whichever gateway reads: ages are by the clock of the one that shows them.
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
            .all(|(plant, id)| plant.log_len() == if moved.contains(*id) { 4 } else { 0 })
    })
    .await;
    // Asked at either, it is read once.
    for fixture in [&one, &other] {
        for plant in [&plant_a, &plant_b] {
            plant.asked();
        }
        one.skip(1);
        other.skip(1);
        fixture.gateway.shared.watchers.refresh(None).await;
        until("the readings", async || {
            plant_a.log_len() >= 4 && plant_b.log_len() >= 4
        })
        .await;
        until_shared_out(&[&one, &other], 4).await;
        assert_eq!((plant_a.asked().len(), plant_b.asked().len()), (4, 4));
    }
    // A third takes its share, and leaves it when it ends.
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
    // A connection that no gateway reads any more is not kept: a gateway that comes later would take it for new.
    until("nothing to read", async || {
        let left = server.statement(&database, "SELECT count(*) FROM shared_reading");
        left.unwrap() == "0"
    })
    .await;
    other.end();
}

/// Two gateways before one plant, which the first watches. It reaches the database over a network of its own.
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
async fn one_that_is_cut_off_is_replaced_and_goes_on_by_itself_without_an_alarm_lost() {
    let plant = plant().await;
    let Some((one, other, network, _server)) = pair_over_a_network(&plant).await else {
        return;
    };
    let before = alarm(&other, "the alarm", |_| true).await;
    let recorded = other.activity("alarm").await;
    network.silence(true);
    let began = Instant::now();
    until("another that watches", async || !other.watched().is_empty()).await;
    assert!(began.elapsed() < TAKEN_OVER, "{:?}", began.elapsed());
    until("one that watches by itself", async || {
        one.gateway.shared.watchers.is_alone()
    })
    .await;
    assert!(began.elapsed() < TAKEN_OVER, "{:?}", began.elapsed());
    assert_eq!(one.watched().len(), 1);
    until("what it says of that", async || {
        let ready = text(get(&one.gateway, "/readyz").await).await;
        ready.contains("watches every connection itself")
    })
    .await;
    // Both see what happens.
    plant.asked();
    for fixture in [&one, &other] {
        fixture.refresh().await;
        let still = alarm(fixture, "the alarm", |_| true).await;
        assert_eq!(still.id, before.id, "the same alarm");
    }
    assert!(plant.asked().len() >= 2 * 4);
    network.silence(false);
    until("one that watches", async || {
        one.watched().is_empty() != other.watched().is_empty()
            && !one.gateway.shared.watchers.is_alone()
    })
    .await;
    until_same(&one, &other).await;
    assert_eq!(
        other.activity("alarm").await,
        recorded,
        "nothing has happened"
    );
    one.end();
    other.end();
}

/// Whether it is the database or the gateway that fails: what nobody passes on is read here.
#[tokio::test]
async fn one_that_fails_to_share_again_and_again_watches_by_itself() {
    let plant = plant().await;
    let Some(server) = Server::shared() else {
        return;
    };
    let location = server.store(&server.database());
    let connections = || vec![watched("plant-a", &plant.base)];
    let one = Fixture::sharing(&location, connections());
    one.until_read().await;
    let other = Fixture::sharing(&location, connections());
    other.until_read().await;
    assert_eq!((one.watched().len(), other.watched().len()), (1, 0));
    let inventory = other.gateway.shared.watchers.inventory();
    inventory.cause_faults("the sharing", 1_000);
    let began = Instant::now();
    until("one that watches by itself", async || {
        other.gateway.shared.watchers.is_alone()
    })
    .await;
    assert!(began.elapsed() < TAKEN_OVER, "{:?}", began.elapsed());
    assert_eq!((one.watched().len(), other.watched().len()), (1, 1));
    // Once it succeeds, each is watched by one again.
    inventory.cause_faults("the sharing", 0);
    until("one that watches", async || {
        one.watched().is_empty() != other.watched().is_empty()
            && !other.gateway.shared.watchers.is_alone()
    })
    .await;
    until_same(&one, &other).await;
    one.end();
    other.end();
}

#[tokio::test]
async fn a_change_through_one_is_seen_at_once_by_all_whoever_watches() {
    let plant = plant().await;
    let Some(server) = Server::shared() else {
        return;
    };
    let location = server.store(&server.database());
    let connections = || vec![watched("plant-a", &plant.base)];
    let one = Fixture::sharing(&location, connections());
    one.until_read().await;
    let other = Fixture::sharing(&location, connections());
    other.until_read().await;
    assert_eq!((one.watched().len(), other.watched().len()), (1, 0));
    alarm(&other, "the alarm", |_| true).await;
    plant.asked();
    let path = "DELETE /relay/plant-a/api/v1/clientfailover/groups/g0/clientsessions/g0-a";
    let (status, _) = send(&other, path, &Value::Null).await;
    assert_eq!(status, 200);
    let began = Instant::now();
    for fixture in [&one, &other] {
        fixture
            .until("the change", |all| all.word("g0") != "No primary")
            .await;
    }
    // Long before its next reading, which comes after five minutes.
    assert!(
        began.elapsed() < Duration::from_secs(30),
        "{:?}",
        began.elapsed()
    );
    let read: Vec<String> = plant.asked();
    assert!(read.iter().all(|line| line.contains("g0")), "{read:?}");
    until_same(&one, &other).await;
    one.end();
    other.end();
}

/// As while gateways of two versions share: what comes after it builds on it.
#[tokio::test]
async fn a_gateway_that_has_not_understood_something_is_told_everything_soon() {
    let plant = plant().await;
    let Some(server) = Server::shared() else {
        return;
    };
    let location = server.store(&server.database());
    let connections = || vec![watched("plant-a", &plant.base)];
    let one = Fixture::sharing(&location, connections());
    one.until_read().await;
    let other = Fixture::sharing(&location, connections());
    other.until_read().await;
    until_same(&one, &other).await;
    assert_eq!((one.watched().len(), other.watched().len()), (1, 0));
    let inventory = other.gateway.shared.watchers.inventory();
    inventory.cause_faults("taking over", 1);
    plant.sessions("g1", &[("a", "Secondary"), ("b", "Primary")]);
    one.refresh().await;
    until("what is not understood", async || {
        inventory.faults_left("taking over") == 0
    })
    .await;
    // Nothing is read any more, so that nothing else is told.
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
async fn a_connection_that_is_configured_differently_is_another_one() {
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

/// The next gateway goes on from what the ended one had read, and what happened since is recorded once.
#[tokio::test]
async fn what_happens_while_a_connection_changes_hands_is_recorded_once() {
    let plant = plant().await;
    let Some((one, other, network, _server)) = pair_over_a_network(&plant).await else {
        return;
    };
    network.silence(true);
    plant.sessions("g1", &[("a", "Secondary"), ("b", "Primary")]);
    until("another that watches", async || {
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
async fn a_connection_that_a_gateway_cannot_read_is_left_to_one_that_can() {
    let Some(server) = Server::shared() else {
        return;
    };
    let location = server.store(&server.database());
    // As a network lets one through and not the other.
    let vendor = Vendor::new(|seen, _| {
        if seen.header("authorization") != basic_of("through") {
            return vendor_json(503, "{}");
        }
        let is_list = seen
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

/// What gateways share of watching does not outlive a crash of the database, and need not.
#[tokio::test]
async fn after_a_crash_of_the_database_gateways_share_the_watching_anew() {
    let Some(server) = Server::new() else {
        return;
    };
    let location = server.store(&server.database());
    let plant = plant().await;
    let connections = || vec![watched("plant-a", &plant.base)];
    let one = Fixture::sharing(&location, connections());
    one.until_read().await;
    let other = Fixture::sharing(&location, connections());
    other.until_read().await;
    until_same(&one, &other).await;
    server.kill();
    server.start();
    plant.sessions("g1", &[("a", "Secondary"), ("b", "Primary")]);
    until("a reading that both know", async || {
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

//! The watchers before systems that answer as each test wants it. Time passes when a test says so.

mod plant;
mod viewers;

use super::vendor::{Vendor, json as vendor_json};
use super::*;
use crate::watch::Clock;
use crate::{Shared, Skips};
use chrono::{DateTime, TimeDelta, Utc};
use health::inventory::{Facts, Observed, Resource};
use plant::{Answers, Plant};
use protocol::{ConnectionState, Inventory, ReadFailure};
use tokio::sync::watch;

/// A gateway whose clock stands until it is moved.
struct Stage {
    gateway: Arc<Gateway>,
    skips: watch::Sender<Skips>,
}

/// Watched once in five minutes: what happens in a test happens because of it.
fn watched(id: &str, base: &str) -> config::Connection {
    config::Connection {
        watch: Duration::from_secs(300),
        timeout: Duration::from_millis(800),
        ..connection(id, aveva(), base, basic())
    }
}

impl Stage {
    fn new(connections: Vec<config::Connection>) -> Self {
        let (skips, skipped) = watch::channel(Skips::default());
        let total = skipped.clone();
        let now = move || {
            let total = TimeDelta::from_std(total.borrow().total).unwrap();
            DateTime::<Utc>::UNIX_EPOCH + total
        };
        let shared = Arc::new(Shared::new(Clock::new(now, skipped)));
        let gateway = with_shared(connections, shared);
        gateway.watch();
        Self { gateway, skips }
    }

    async fn of(plant: &Plant) -> Self {
        let stage = Self::new(vec![watched("plant-a", &plant.base)]);
        stage
            .until("a first reading", |all| {
                all.connections()[0].observed_at.is_some()
            })
            .await;
        stage
    }

    fn skip(&self, seconds: u64) {
        self.skips
            .send_modify(|skips| skips.total += Duration::from_secs(seconds));
    }

    fn all(&self) -> Inventory {
        self.gateway.shared.watchers.inventory().everything()
    }

    /// Waits until it is so.
    async fn until(&self, what: &str, is: impl Fn(&Inventory) -> bool) -> Inventory {
        for _ in 0..2_000 {
            let all = self.all();
            if is(&all) {
                return all;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{what} did not come: {:?}", self.all().connections);
    }

    /// A person wants to know now.
    async fn refresh(&self) -> Inventory {
        // Once a second, and a second is over.
        self.skip(1);
        self.gateway.shared.watchers.refresh(None).await;
        self.all()
    }
}

fn with_shared(connections: Vec<config::Connection>, shared: Arc<Shared>) -> Arc<Gateway> {
    let index = ("index.html".to_owned(), b"<h1>console</h1>".to_vec());
    let assets = Assets::from_files([index]);
    Arc::new(Gateway::with(connections, Access::local(), None, assets, shared).unwrap())
}

/// Shorter ways to what tests look at.
trait Look {
    fn connections(&self) -> &[ConnectionState];
    fn resource(&self, id: &str) -> &Resource;
    fn word(&self, id: &str) -> &str;
    fn failure(&self) -> Option<&ReadFailure>;
}

impl Look for Inventory {
    fn connections(&self) -> &[ConnectionState] {
        self.connections.as_deref().unwrap()
    }

    fn resource(&self, id: &str) -> &Resource {
        let mut all = self.resources.iter();
        all.find(|one| one.key.id == id)
            .unwrap_or_else(|| panic!("no {id}"))
    }

    fn word(&self, id: &str) -> &str {
        &self.resource(id).verdict.word
    }

    fn failure(&self) -> Option<&ReadFailure> {
        self.connections()[0].failure.as_ref()
    }
}

#[tokio::test]
async fn every_group_of_every_page_is_read_once_in_a_sweep() {
    let plant = Plant::new(230).await;
    let stage = Stage::of(&plant).await;
    let all = stage.all();
    assert_eq!((all.resources.len(), all.connections()[0].held), (230, 230));
    assert_eq!(all.resource("g7").observed, Observed::WithConnection);
    let mut asked = plant.asked();
    assert_eq!(
        asked.drain(..3).collect::<Vec<_>>(),
        [0, 100, 200].map(|skip| format!("GET groups?skip={skip}&count=100"))
    );
    asked.sort();
    asked.dedup();
    assert_eq!(asked.len(), 230, "each once, and nobody asks for a status");
    stage.skip(300);
    stage
        .until("the next sweep", |all| {
            all.connections()[0].observed_at > Some(DateTime::UNIX_EPOCH)
        })
        .await;
    assert_eq!(plant.asked().len(), 233);
}

#[tokio::test]
async fn garbage_for_one_group_marks_that_group_and_hides_no_other() {
    let plant = Plant::new(20).await;
    let stage = Stage::of(&plant).await;
    for how in [Answers::Garbage, Answers::Status(500), Answers::Status(404)] {
        plant.answers("g3", how);
        let all = stage.refresh().await;
        assert_eq!(all.failure(), None, "{how:?}");
        let marked = all.resource("g3");
        assert!(marked.failure.is_some(), "{how:?}");
        assert!(
            matches!(marked.observed, Observed::At(_)),
            "what was known stays"
        );
        assert_eq!(all.word("g3"), all.word("g4"));
        assert_eq!(all.resource("g4").failure, None);
        assert!(all.connections()[0].last_error.is_some());
    }
    plant.answers("g3", Answers::Well);
    assert_eq!(stage.refresh().await.resource("g3").failure, None);
}

#[tokio::test]
async fn garbage_for_a_page_or_for_everything_is_the_connections_failure_and_nothing_is_forgotten()
{
    let plant = Plant::new(120).await;
    let stage = Stage::of(&plant).await;
    for what in ["page 1", "*"] {
        plant.answers(what, Answers::Garbage);
        let all = stage.refresh().await;
        assert!(
            matches!(all.failure(), Some(ReadFailure::Unreadable(_))),
            "{what}"
        );
        assert_eq!(all.resources.len(), 120);
        assert_eq!(all.connections()[0].observed_at, Some(DateTime::UNIX_EPOCH));
    }
    stage.skip(1_000);
    let all = stage
        .until("the alarm", |all| {
            !all.alarms.as_deref().unwrap().is_empty()
        })
        .await;
    let alarms = all.alarms.unwrap();
    assert!(
        alarms.iter().any(|alarm| alarm.resource.id == "plant-a"),
        "{alarms:?}"
    );
}

#[tokio::test]
async fn a_service_whose_groups_all_fail_is_not_asked_for_all_of_them() {
    let plant = Plant::new(99).await;
    plant.answers("*", Answers::Status(500));
    plant.answers("page 0", Answers::Well);
    let stage = Stage::new(vec![watched("plant-a", &plant.base)]);
    let all = stage
        .until("the failure", |all| all.failure().is_some())
        .await;
    assert!(matches!(all.failure(), Some(ReadFailure::Vendor(_))));
    assert!(plant.asked().len() < 40);
    assert_eq!(all.resources.len(), 99, "they are known to exist");
}

#[tokio::test]
async fn a_connection_that_never_answers_delays_no_other_and_becomes_an_alarm() {
    let (silent, plant) = (Plant::new(3).await, Plant::new(3).await);
    silent.answers("*", Answers::Never);
    let stage = Stage::new(vec![
        watched("plant-a", &silent.base),
        watched("plant-b", &plant.base),
    ]);
    stage
        .until("the other", |all| {
            all.connections()[1].observed_at.is_some()
        })
        .await;
    let all = stage
        .until("the failure", |all| all.failure().is_some())
        .await;
    let Some(ReadFailure::Problem(problem)) = all.failure() else {
        panic!("no problem: {:?}", all.failure());
    };
    assert_eq!(problem.kind, "/problems/timeout");
    assert_eq!(all.alarms.as_ref().unwrap()[0].resource.id, "plant-a");
    assert!(all.connections()[0].next_at.is_some(), "it is tried again");
}

#[tokio::test]
async fn a_group_that_hangs_holds_neither_the_others_nor_the_end() {
    let plant = Plant::new(30).await;
    plant.answers("g0", Answers::Never);
    let stage = Stage::new(vec![config::Connection {
        timeout: Duration::from_secs(60),
        ..watched("plant-a", &plant.base)
    }]);
    let read = |all: &Inventory| all.resources.iter().filter(|one| !one.is_unread()).count();
    stage.until("the others", |all| read(all) == 29).await;
    let all = stage
        .until("the end", |all| all.connections()[0].observed_at.is_some())
        .await;
    assert!(all.resource("g0").is_unread());
    assert_eq!(all.failure(), None);
}

#[tokio::test]
async fn a_pause_that_a_vendor_asks_for_is_honoured_and_only_a_person_overrules_it() {
    let plant = Plant::new(20).await;
    let stage = Stage::of(&plant).await;
    plant.answers("g5", Answers::Later(429, 1_000));
    stage.refresh().await;
    stage
        .until("the failure", |all| all.failure().is_some())
        .await;
    plant.answers("g5", Answers::Well);
    // What was under way at that moment.
    tokio::time::sleep(Duration::from_millis(100)).await;
    plant.asked();
    stage.skip(900);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(plant.asked(), [""; 0]);
    assert_eq!(stage.refresh().await.failure(), None);
    assert!(!plant.asked().is_empty());
}

#[tokio::test]
async fn what_is_in_transition_is_read_every_two_seconds_and_nothing_else_is() {
    let plant = Plant::new(20).await;
    plant.sessions("g4", &[("a", "Primary"), ("b", "PendingPrimary")]);
    let stage = Stage::of(&plant).await;
    assert!(stage.all().connections()[0].in_transition);
    plant.asked();
    stage.skip(2);
    stage.until("the reading", |_| plant.log_len() > 0).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    plant.sessions("g4", &[("a", "Secondary"), ("b", "Primary")]);
    assert_eq!(plant.asked(), ["GET groups/g4/clientsessions"]);
    stage.skip(2);
    let all = stage
        .until("its end", |all| !all.connections()[0].in_transition)
        .await;
    assert_eq!(all.resource("g4").leader(), Some("g4-b"));
    plant.asked();
    stage.skip(10);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(plant.asked(), [""; 0]);
}

#[tokio::test]
async fn a_change_through_the_relay_is_read_at_once_and_nothing_else_is() {
    let plant = Plant::new(20).await;
    let stage = Stage::of(&plant).await;
    plant.asked();
    let line = format!("DELETE {GROUPS}/g9/clientsessions/g9-b");
    assert_eq!(ask(&stage.gateway, &line, &[], "").await.status(), 200);
    let gone = |all: &Inventory| match &all.resource("g9").facts {
        Facts::FailoverGroup(facts) => facts.sessions == ["g9-a"],
        other => panic!("{other:?}"),
    };
    stage.until("the change", gone).await;
    assert_eq!(
        plant.asked(),
        [
            "DELETE groups/g9/clientsessions/g9-b",
            "GET groups/g9/clientsessions"
        ]
    );
}

#[tokio::test]
async fn a_group_that_is_deleted_or_created_through_the_relay_changes_the_list() {
    let plant = Plant::new(3).await;
    let stage = Stage::of(&plant).await;
    plant.groups(&["g0", "g2"]);
    ask(&stage.gateway, &format!("DELETE {GROUPS}/g1"), &[], "").await;
    stage.until("its end", |all| all.resources.len() == 2).await;
    plant.groups(&["g0", "g2", "g3"]);
    ask(
        &stage.gateway,
        &format!("POST {GROUPS}"),
        &[],
        r#"{"Id":"g3"}"#,
    )
    .await;
    stage
        .until("the new one", |all| {
            all.resources.len() == 3 && !all.resource("g3").is_unread()
        })
        .await;
}

#[tokio::test]
async fn very_many_groups_have_a_limit_that_is_told() {
    let plant = Plant::new(25_000).await;
    let stage = Stage::new(vec![watched("plant-a", &plant.base)]);
    let mut all = stage.all();
    for _ in 0..6_000 {
        if !all.resources.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        all = stage.all();
    }
    assert_eq!(all.connections()[0].held, 20_000);
    assert_eq!(
        all.connections()[0].limit.as_deref(),
        Some(
            "The system holds more than 20,000 groups, and the gateway watches the first 20,000 of them."
        )
    );
}

#[tokio::test]
async fn a_new_configuration_keeps_what_is_known_of_the_systems_that_stay() {
    let (a, b) = (Plant::new(3).await, Plant::new(4).await);
    let stage = Stage::new(vec![
        watched("plant-a", &a.base),
        watched("plant-b", &b.base),
    ]);
    let read = |all: &Inventory| {
        let mut connections = all.connections().iter();
        connections.all(|one| one.observed_at.is_some())
    };
    stage.until("both", read).await;
    let before = stage.all();
    (a.asked(), b.asked());
    // SIGHUP: plant-b is another system now, and there is a third one before plant-a.
    let c = Plant::new(5).await;
    let gateway = with_shared(
        vec![
            watched("plant-c", &c.base),
            watched("plant-a", &a.base),
            watched("plant-b", &c.base),
        ],
        stage.gateway.shared.clone(),
    );
    gateway.watch();
    let stage = Stage { gateway, ..stage };
    let all = stage.all();
    let ids: Vec<&str> = all
        .connections()
        .iter()
        .map(|one| one.connection.id.as_str())
        .collect();
    assert_eq!(ids, ["plant-c", "plant-a", "plant-b"]);
    assert_eq!(
        all.connections()[1].observed_at,
        before.connections()[0].observed_at
    );
    let all = stage
        .until("all three", |all| read(all) && all.resources.len() == 13)
        .await;
    assert_eq!(all.failure(), None);
    assert_eq!(a.asked(), [""; 0], "nobody asks again for what is known");
    assert_eq!(b.asked(), [""; 0]);
    // The one that stayed is told of changes through the new client.
    let line = format!("DELETE {GROUPS}/g1/clientsessions/x");
    ask(&stage.gateway, &line, &[], "").await;
    stage.until("the change", |_| a.log_len() == 2).await;
    // And one that is left out vanishes.
    with_shared(
        vec![watched("plant-a", &a.base)],
        stage.gateway.shared.clone(),
    )
    .watch();
    assert_eq!(stage.all().resources.len(), 3);
}

#[tokio::test]
async fn another_world_is_another_life() {
    let plant = Plant::new(3).await;
    let stage = Stage::of(&plant).await;
    let revision = stage.all().revision;
    plant.groups(&["x"]);
    stage.skips.send_modify(|skips| skips.resets += 1);
    let inventory = stage.gateway.shared.watchers.inventory();
    let answer = inventory.answer(
        &inventory.position(Some(&revision)),
        crate::watch::Audience::People,
    );
    assert!(answer.whole && answer.resources.is_empty(), "{answer:?}");
    stage
        .until("the new world", |all| {
            all.resources.len() == 1 && all.word("x") != ""
        })
        .await;
}

#[tokio::test]
async fn a_list_of_uplynk_without_slicers_is_completed_and_its_pages_are_read() {
    let whole = |id: &str| format!(r#"{{"id":"{id}","name":"{id}","slicers":[],"channels":[]}}"#);
    let vendor = Vendor::new(move |seen, _| {
        let line = &seen.line;
        if line.contains("failover-groups/short") {
            return vendor_json(200, &whole("short"));
        }
        if line.contains("failover-groups/broken") {
            return vendor_json(404, "{}");
        }
        let items = if line.contains("page=2") {
            whole("second")
        } else {
            format!(r#"{},{{"id":"short"}},{{"id":"broken"}}"#, whole("first"))
        };
        vendor_json(200, &format!(r#"{{"total_items":"4","items":[{items}]}}"#))
    })
    .await;
    let live = config::Connection {
        timeout: Duration::from_secs(20),
        ..watched("live", &vendor.base)
    };
    let live = config::Connection {
        credentials: config::Credentials::IntegrationKey {
            owner: "o".to_owned(),
            api_key: SECRET.into(),
        },
        public: vendors::Connection {
            system: System::Uplynk,
            ..live.public
        },
        ..live
    };
    let stage = Stage::new(vec![live]);
    let all = stage.until("four", |all| all.resources.len() == 4).await;
    assert_eq!(all.failure(), None);
    assert_eq!(all.resource("short").name, "short");
    assert_eq!(vendor.lines().len(), 4);
}

#[tokio::test]
async fn a_role_that_may_not_query_veeam_sees_the_recent_sessions() {
    let vendor = Vendor::new(|seen, _| {
        if seen.line.contains("sessionMngr") {
            let mut answer = vendor_json(201, r#"{"SessionId":"1"}"#);
            let headers = answer.headers_mut();
            headers.insert("x-restsvcsessionid", "s".parse().unwrap());
            return answer;
        }
        if seen.line.contains("/query") {
            return vendor_json(403, r#"{"Message":"not allowed"}"#);
        }
        vendor_json(200, r#"{"Entities":[]}"#)
    })
    .await;
    let em = watched("em", &vendor.base);
    let em = config::Connection {
        public: vendors::Connection {
            system: serde_json::from_str(r#"{"system":"veeam"}"#).unwrap(),
            ..em.public
        },
        ..em
    };
    let stage = Stage::new(vec![em]);
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
        of_plant.map(|alarm| alarm.id.clone()).collect::<Vec<_>>()
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
    assert!(
        now[0].starts_with("connection:plant-b"),
        "above what it hides: {now:?}"
    );
}

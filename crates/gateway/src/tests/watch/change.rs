//! Changes while a system is watched: groups in transition, writes through the relay, reloads of the configuration.

use super::systems::uplynk;
use super::veeam::{entities, logged_on, session, veeam};
use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

#[tokio::test]
async fn only_groups_in_transition_are_read_every_two_seconds() {
    let plant = Plant::new(20).await;
    plant.sessions("g4", &[("a", "Primary"), ("b", "PendingPrimary")]);
    let fixture = Fixture::of(&plant).await;
    assert!(fixture.all().connections()[0].in_transition);
    plant.take_requests();
    fixture.skip(2);
    fixture
        .until("the reading", |_| plant.request_count() > 0)
        .await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    plant.sessions("g4", &[("a", "Secondary"), ("b", "Primary")]);
    assert_eq!(plant.take_requests(), ["GET groups/g4/clientsessions"]);
    fixture.skip(2);
    let all = fixture
        .until("its end", |all| !all.connections()[0].in_transition)
        .await;
    assert_eq!(all.resource("g4").leader(), Some("g4-b"));
    plant.take_requests();
    fixture.skip(10);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(plant.take_requests(), [""; 0]);
}

#[tokio::test]
async fn only_a_group_changed_through_the_relay_is_read_at_once() {
    let plant = Plant::new(20).await;
    let fixture = Fixture::of(&plant).await;
    plant.take_requests();
    let line = format!("DELETE {GROUPS}/g9/clientsessions/g9-b");
    assert_eq!(ask(&fixture.gateway, &line, &[], "").await.status(), 200);
    let changed = |all: &Inventory| match &all.resource("g9").facts {
        Facts::FailoverGroup(facts) => facts.sessions == ["g9-a"],
        other => panic!("{other:?}"),
    };
    fixture.until("the change", changed).await;
    assert_eq!(
        plant.take_requests(),
        [
            "DELETE groups/g9/clientsessions/g9-b",
            "GET groups/g9/clientsessions"
        ]
    );
}

#[tokio::test]
async fn a_group_that_is_deleted_or_created_through_the_relay_changes_the_list() {
    let plant = Plant::new(3).await;
    let fixture = Fixture::of(&plant).await;
    plant.groups(&["g0", "g2"]);
    ask(&fixture.gateway, &format!("DELETE {GROUPS}/g1"), &[], "").await;
    fixture
        .until("its end", |all| all.resources.len() == 2)
        .await;
    plant.groups(&["g0", "g2", "g3"]);
    ask(
        &fixture.gateway,
        &format!("POST {GROUPS}"),
        &[],
        r#"{"Id":"g3"}"#,
    )
    .await;
    fixture
        .until("the new one", |all| {
            all.resources.len() == 3 && !all.resource("g3").is_unread()
        })
        .await;
}

#[tokio::test]
async fn a_reload_keeps_the_inventory_of_unchanged_systems() {
    let (a, b) = (Plant::new(3).await, Plant::new(4).await);
    let fixture = Fixture::new(vec![
        watched("plant-a", &a.base),
        watched("plant-b", &b.base),
    ]);
    let read = |all: &Inventory| {
        let mut connections = all.connections().iter();
        connections.all(|one| one.observed_at.is_some())
    };
    fixture.until("both", read).await;
    let before = fixture.all();
    a.take_requests();
    b.take_requests();
    // In the new configuration, plant-b is another system, and plant-c is new and first.
    let c = Plant::new(5).await;
    let gateway = with_shared(
        vec![
            watched("plant-c", &c.base),
            watched("plant-a", &a.base),
            watched("plant-b", &c.base),
        ],
        fixture.gateway.shared.clone(),
    );
    gateway.watch();
    let fixture = Fixture { gateway, ..fixture };
    let all = fixture.all();
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
    let all = fixture
        .until("all three", |all| read(all) && all.resources.len() == 13)
        .await;
    assert_eq!(all.failure(), None);
    assert_eq!(a.take_requests(), [""; 0], "unchanged, so not read");
    assert_eq!(b.take_requests(), [""; 0]);
    // The watcher of the unchanged system reads changes through the new client.
    let line = format!("DELETE {GROUPS}/g1/clientsessions/x");
    ask(&fixture.gateway, &line, &[], "").await;
    fixture
        .until("the change", |_| a.request_count() == 2)
        .await;
    // The resources of removed connections are removed.
    with_shared(
        vec![watched("plant-a", &a.base)],
        fixture.gateway.shared.clone(),
    )
    .watch();
    assert_eq!(fixture.all().resources.len(), 3);
}

/// A stopped watcher may continue for a moment on another thread.
#[tokio::test]
async fn the_watcher_of_a_removed_system_cannot_report_anything() {
    let (a, b) = (Plant::new(1).await, Plant::new(1).await);
    let connections = |base: &str| {
        vec![
            watched("plant-a", &a.base),
            watched("plant-b", base),
            watched("plant-c", &a.base),
        ]
    };
    let fixture = Fixture::new(connections(&a.base));
    let watchers = &fixture.gateway.shared.watchers;
    let permits = ["plant-a", "plant-b", "plant-c"].map(|id| watchers.permit(id));
    let revoked = || permits.each_ref().map(|permit| permit.is_revoked());
    assert_eq!(revoked(), [false; 3]);
    let mut changed = connections(&b.base);
    changed.pop();
    with_shared(changed, fixture.gateway.shared.clone()).watch();
    assert_eq!(revoked(), [false, true, true]);
    assert!(!watchers.permit("plant-b").is_revoked());
    watchers.stop();
    assert_eq!(revoked(), [true; 3]);
}

/// Two accounts of Uplynk see different groups at the same address.
#[tokio::test]
async fn another_account_of_uplynk_is_another_system() {
    let plant = Plant::new(1).await;
    let of = |owner: &str| {
        let live = uplynk(&plant.base);
        let api_key = SECRET.into();
        vec![config::Connection {
            credentials: config::Credentials::IntegrationKey {
                owner: owner.to_owned(),
                api_key,
            },
            ..live
        }]
    };
    let fixture = Fixture::new(of("news"));
    let permit = fixture.gateway.shared.watchers.permit("live");
    with_shared(of("sport"), fixture.gateway.shared.clone()).watch();
    assert!(permit.is_revoked());
}

/// A service of any of the systems. The test decides when its first list is sent. That list differs from all later
/// ones, as it would for another account.
struct Slow {
    base: String,
    lists: Arc<AtomicUsize>,
    may_answer: Arc<Semaphore>,
}

impl Slow {
    async fn new() -> Self {
        let (lists, may_answer) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let (count, may) = (lists.clone(), may_answer.clone());
        let app = axum::Router::new().fallback(move |request: axum::extract::Request| {
            let (count, may) = (count.clone(), may.clone());
            async move {
                let path = request.uri().path();
                if path.contains("sessionMngr") {
                    return logged_on();
                }
                if path.ends_with("/clientsessions") {
                    return vendor_json(200, r#"[{"Id":"s","Role":1}]"#);
                }
                if path.ends_with("/status") {
                    return vendor_json(200, "{}");
                }
                let is_first = count.fetch_add(1, Ordering::SeqCst) == 0;
                if is_first {
                    may.acquire().await.unwrap().forget();
                }
                let number = if is_first { 1 } else { 2 };
                let body = match path.rsplit('/').next() {
                    Some("groups") => format!(r#"[{{"Id":"{number}"}}]"#),
                    Some("failover-groups") => {
                        format!(r#"{{"items":[{{"id":"{number}","slicers":[],"channels":[]}}]}}"#)
                    }
                    _ => {
                        let one = session(number, "Working", "None", "1969-12-31T23:00:00Z");
                        entities(&one, "")
                    }
                };
                // The time of the gateway's clock. With another time, the first query to Veeam would be repeated.
                let mut answer = vendor_json(200, &body);
                let date = "Thu, 01 Jan 1970 00:00:00 GMT".parse().unwrap();
                answer.headers_mut().insert("date", date);
                answer
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            base,
            lists,
            may_answer,
        }
    }
}

type Connect = fn(&str) -> config::Connection;

/// For each system, a function that returns a connection to a service.
const SYSTEMS: [Connect; 3] = [
    |base| watched("plant-a", base),
    |base| uplynk(base),
    |base| veeam(base, 24),
];

/// The connection with another secret for the same account.
fn with_another_secret(one: config::Connection) -> config::Connection {
    let mut credentials = one.credentials;
    match &mut credentials {
        config::Credentials::Basic {
            password: secret, ..
        }
        | config::Credentials::IntegrationKey {
            api_key: secret, ..
        }
        | config::Credentials::OAuthClient {
            client_secret: secret,
            ..
        } => *secret = "another".into(),
    }
    config::Connection { credentials, ..one }
}

/// The final resources after a reload from `before` to `after` during the first list.
async fn resources_after_reload(
    service: &Slow,
    before: config::Connection,
    after: config::Connection,
) -> Vec<String> {
    let fixture = Fixture::new(vec![before]);
    let lists = || service.lists.load(Ordering::SeqCst);
    fixture.until("a first list", |_| lists() == 1).await;
    // A user waits for that reading. If it is cancelled, the user gets the next one.
    let user = fixture.gateway.shared.watchers.refresh(None);
    with_shared(vec![after], fixture.gateway.shared.clone()).watch();
    service.may_answer.add_permits(1);
    user.await;
    let all = fixture
        .until("a reading", |all| {
            all.connections()[0].observed_at.is_some()
        })
        .await;
    assert_eq!(all.failure(), None);
    ids(&all)
}

/// The shortened ids of all resources.
fn ids(all: &Inventory) -> Vec<String> {
    let ids = all.resources.iter().map(|one| &one.key.id);
    ids.map(|id| {
        let id = id.split('-').next().unwrap();
        id.trim_start_matches('0').to_owned()
    })
    .collect()
}

/// The service may return other resources for other credentials.
#[tokio::test]
async fn a_response_to_the_previous_credentials_is_not_used_after_a_reload() {
    for configured in SYSTEMS {
        let service = Slow::new().await;
        let before = configured(&service.base);
        let after = with_another_secret(configured(&service.base));
        assert_eq!(resources_after_reload(&service, before, after).await, ["2"]);
    }
}

/// This holds for any number of reloads.
#[tokio::test]
async fn a_reload_without_relevant_changes_cancels_no_reading() {
    for configured in SYSTEMS {
        let service = Slow::new().await;
        let one = configured(&service.base);
        let other = config::Connection {
            watch: one.watch * 2,
            ..one.clone()
        };
        let fixture = Fixture::new(vec![one.clone()]);
        let lists = || service.lists.load(Ordering::SeqCst);
        fixture.until("a first list", |_| lists() == 1).await;
        for connection in [one, other] {
            with_shared(vec![connection], fixture.gateway.shared.clone()).watch();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(lists(), 1);
        service.may_answer.add_permits(1);
        let all = fixture
            .until("the reading", |all| {
                all.connections()[0].observed_at.is_some()
            })
            .await;
        assert_eq!((all.failure(), lists()), (None, 1));
        assert_eq!(ids(&all), ["1"]);
        // The new interval is effective.
        assert_eq!(all.connections()[0].interval_ms, 600_000);
    }
}

/// The user waits to see the change, even if its first read was cancelled.
#[tokio::test]
async fn a_changed_group_is_read_first_after_a_change_of_the_credentials() {
    let plant = Plant::new(20).await;
    let fixture = Fixture::of(&plant).await;
    plant.behave("g9", Behaviour::Never);
    plant.take_requests();
    let base = vendors::aveva::Base::default();
    let delete = vendors::aveva::sessions(&base, "g9").delete("x").request;
    let watchers = &fixture.gateway.shared.watchers;
    watchers
        .write_observer()
        .written("plant-a", delete.operation, &delete.path);
    fixture
        .until("its read", |_| plant.request_count() == 1)
        .await;
    plant.behave("g9", Behaviour::Normal);
    let after = with_another_secret(watched("plant-a", &plant.base));
    with_shared(vec![after], fixture.gateway.shared.clone()).watch();
    fixture
        .until("everything", |_| plant.request_count() > 21)
        .await;
    let requests = plant.take_requests();
    let mut groups = requests.iter().filter(|line| line.contains("sessions"));
    assert_eq!(groups.next(), groups.next(), "{requests:?}");
}

/// The other groups are read even while very many groups fail over at the same time.
#[tokio::test]
async fn groups_in_transition_do_not_keep_the_others_from_being_read() {
    let plant = Plant::new(40).await;
    for number in 0..30 {
        plant.sessions(
            &format!("g{number}"),
            &[("a", "Primary"), ("b", "PendingPrimary")],
        );
    }
    let fixture = Fixture::new(vec![config::Connection {
        watch: Duration::from_secs(10),
        ..watched("plant-a", &plant.base)
    }]);
    let at = |all: &Inventory| all.connections()[0].observed_at;
    let all = fixture.until("a reading", |all| at(all).is_some()).await;
    let first = at(&all);
    // Whenever one of them has been read, its next read is due.
    for _ in 0..80 {
        let before = plant.request_count();
        fixture.skip(2);
        let all = fixture
            .until("more readings", |_| plant.request_count() >= before + 8)
            .await;
        if at(&all) > first {
            return;
        }
    }
    panic!("nothing else is read: {:?}", fixture.all().connections);
}

#[tokio::test]
async fn a_reset_of_the_demo_invalidates_all_revisions() {
    let plant = Plant::new(3).await;
    let fixture = Fixture::of(&plant).await;
    let revision = fixture.all().revision;
    plant.groups(&["x"]);
    fixture.skips.send_modify(|skips| skips.resets += 1);
    let inventory = fixture.gateway.shared.watchers.inventory();
    let answer = inventory.answer(
        &inventory.position(Some(&revision)),
        crate::watch::Audience::People,
    );
    assert!(answer.whole && answer.resources.is_empty(), "{answer:?}");
    fixture
        .until("the new world", |all| {
            all.resources.len() == 1 && !all.word("x").is_empty()
        })
        .await;
}

//! Sweeps over all groups of an AVEVA service.

use super::alarm_actions::reopened;
use super::*;
use serde_json::json;

#[tokio::test]
async fn every_group_of_every_page_is_read_once_in_a_sweep() {
    let plant = Plant::new(230).await;
    let fixture = Fixture::of(&plant).await;
    let all = fixture.all();
    assert_eq!((all.resources.len(), all.connections()[0].held), (230, 230));
    assert_eq!(all.resource("g7").observed, Observed::WithConnection);
    let mut requests = plant.take_requests();
    assert_eq!(
        requests.drain(..3).collect::<Vec<_>>(),
        [0, 100, 200].map(|skip| format!("GET groups?skip={skip}&count=100"))
    );
    requests.sort();
    requests.dedup();
    assert_eq!(requests.len(), 230, "each group once, and no status");
    fixture.skip(300);
    fixture
        .until("the next sweep", |all| {
            all.connections()[0].observed_at > Some(DateTime::UNIX_EPOCH)
        })
        .await;
    assert_eq!(plant.take_requests().len(), 233);
}

#[tokio::test]
async fn the_status_is_read_if_the_primary_has_no_last_data_time() {
    let plant = Plant::new(3).await;
    let time = "1969-12-31T23:59:00";
    plant.status("g1", json!({ "LastDataProcessedTime": time }));
    plant.status("g2", json!({ "LastDataProcessedTime": time }));
    plant.behave("g2 status", Behaviour::Status(403));
    let fixture = Fixture::of(&plant).await;
    let all = fixture.all();
    let last_data = |id| match &all.resource(id).facts {
        Facts::FailoverGroup(facts) => facts.last_data.map(|at| at.timestamp()),
        other => panic!("{other:?}"),
    };
    let times = ["g0", "g1", "g2"].map(last_data);
    assert_eq!(times, [Some(0), Some(-60), None]);
    let failures = ["g0", "g1", "g2"].map(|id| all.resource(id).failure.clone());
    assert_eq!(failures, [None, None, None], "not a failure");
    let last_error = all.connections()[0].last_error.as_ref();
    let line = last_error.map(|error| error.line.as_str());
    assert_eq!(line, Some("g2 (status): 403: no"), "but reported");
    let mut requests = plant.take_requests();
    requests.retain(|line| line.ends_with("/status"));
    requests.sort();
    assert_eq!(requests, ["GET groups/g1/status", "GET groups/g2/status"]);
    plant.behave("g2 status", Behaviour::Status(429));
    let all = fixture.refresh().await;
    assert!(
        all.resource("g2").failure.is_some(),
        "a throttled status is a failure of the group"
    );
}

#[tokio::test]
async fn a_group_with_an_id_that_no_path_can_contain_is_listed_but_not_read() {
    let plant = Plant::new(0).await;
    let unaddressable = ["..", ".", "a/./b", "x/../y", "a\0b"];
    plant.groups(&[&["g0"][..], &unaddressable].concat());
    let fixture = Fixture::of(&plant).await;
    let all = fixture.refresh().await;
    for id in unaddressable {
        let why = format!("No address can name the id “{id}”.");
        assert_eq!(all.resource(id).failure, Some(why));
    }
    let requests = plant.take_requests();
    let is_expected = |line: &&String| line.contains("groups?") || line.contains("groups/g0/");
    assert_eq!(requests.iter().find(|line| !is_expected(line)), None);
}

#[tokio::test]
async fn a_hanging_group_delays_neither_the_others_nor_the_end_of_the_sweep() {
    let plant = Plant::new(30).await;
    plant.behave("g0", Behaviour::Never);
    let fixture = Fixture::new(vec![config::Connection {
        timeout: Duration::from_secs(60),
        ..watched("plant-a", &plant.base)
    }]);
    let read = |all: &Inventory| all.resources.iter().filter(|one| !one.is_unread()).count();
    fixture.until("the others", |all| read(all) == 29).await;
    let all = fixture
        .until("the end", |all| all.connections()[0].observed_at.is_some())
        .await;
    assert!(all.resource("g0").is_unread());
    assert_eq!(all.failure(), None);
}

#[tokio::test]
async fn the_limit_of_groups_is_reported() {
    let plant = Plant::new(25_000).await;
    let fixture = Fixture::new(vec![watched("plant-a", &plant.base)]);
    let mut all = fixture.all();
    for _ in 0..6_000 {
        if !all.resources.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        all = fixture.all();
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
async fn a_service_with_smaller_pages_is_read_up_to_its_total() {
    let plant = Plant::new(120).await;
    plant.page_limit(50);
    plant.total(120);
    let fixture = Fixture::of(&plant).await;
    let all = fixture.all();
    assert_eq!(all.connections()[0].held, 120);
    assert_eq!(all.connections()[0].limit, None);
    let mut requests = plant.take_requests();
    assert_eq!(
        requests.drain(..3).collect::<Vec<_>>(),
        [0, 50, 100].map(|skip| format!("GET groups?skip={skip}&count=100"))
    );
    assert!(!requests.iter().any(|line| line.starts_with("GET groups?")));
}

#[tokio::test]
async fn a_list_that_is_shorter_than_its_total_is_reported_and_ends_no_alarm() {
    let plant = Plant::new(50).await;
    plant.total(120);
    plant.sessions("g1", &[]);
    let fixture = Fixture::of(&plant).await;
    let report = |all: &Inventory| all.connections()[0].limit.clone();
    let listed = "The service reports 120 groups and listed 50.";
    let all = fixture.all();
    assert_eq!(report(&all).as_deref(), Some(listed));
    let before = all.alarms.unwrap_or_default();
    assert_eq!(before.len(), 1, "g1 has no sessions");
    plant.groups(&[]);
    for _ in 0..3 {
        let all = fixture.refresh().await;
        let none = listed.replace("50", "0");
        assert_eq!(report(&all).as_deref(), Some(none.as_str()));
        assert_eq!(
            (all.resources.len(), all.alarms),
            (50, Some(before.clone()))
        );
    }
    // The service does not know the group, or has no others.
    plant.behave("g1", Behaviour::Status(404));
    assert_eq!(fixture.refresh().await.resources.len(), 49);
    plant.total(0);
    assert_eq!(fixture.refresh().await.resources.len(), 0);
}

#[tokio::test]
async fn a_first_list_that_is_too_short_ends_no_alarm_from_before_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.db");
    let plant = Plant::new(3).await;
    plant.sessions("g1", &[]);
    let start = async || {
        let connections = vec![watched("plant-a", &plant.base)];
        let fixture = Fixture::with_store(connections, reopened(&file).await);
        let is_read = |all: &Inventory| all.connections()[0].observed_at.is_some();
        let all = fixture.until("a first reading", is_read).await;
        (fixture, all)
    };
    let alarms = |all: Inventory| {
        let alarms = all.alarms.unwrap_or_default().into_iter();
        alarms.map(|alarm| alarm.id).collect::<Vec<_>>()
    };
    let (fixture, all) = start().await;
    let before = alarms(all);
    assert_eq!(before.len(), 1, "g1 has no sessions");
    fixture.end();
    plant.groups(&[]);
    plant.total(3);
    let (fixture, all) = start().await;
    assert_eq!(all.resource("g1").observed, Observed::WithConnection);
    assert_eq!(alarms(all), before);
    assert_eq!(alarms(fixture.refresh().await), before);
    plant.behave("g1", Behaviour::Status(404));
    assert_eq!(alarms(fixture.refresh().await), [""; 0]);
}

/// The deletion moves the first group of the second page to the first page, which was already read.
#[tokio::test]
async fn a_group_deleted_between_two_pages_hides_no_other() {
    for total in [None, Some(120)] {
        let plant = Plant::new(120).await;
        plant.sessions("g100", &[]);
        if let Some(total) = total {
            plant.total(total);
        }
        let fixture = Fixture::of(&plant).await;
        let alarm = |all: &Inventory| {
            let mut alarms = all.alarms.iter().flatten();
            let of_group = alarms.find(|alarm| alarm.resource.id == "g100");
            of_group.map(|alarm| alarm.id.clone())
        };
        let before = alarm(&fixture.all());
        assert!(before.is_some(), "it has no sessions");
        plant.delete_after_first_page("g5");
        // The first list is from before the deletion. The second one omits the group, which its own read confirms.
        for expected in [120, 119] {
            let all = fixture.refresh().await;
            assert_eq!(all.resources.len(), expected, "{total:?}");
            assert_eq!(alarm(&all), before);
        }
    }
}

#[tokio::test]
async fn a_group_missing_from_two_lists_is_removed_even_if_its_sessions_exist() {
    let plant = Plant::new(120).await;
    let fixture = Fixture::of(&plant).await;
    let names: Vec<String> = (1..120).map(|number| format!("g{number}")).collect();
    plant.groups(&names.iter().map(String::as_str).collect::<Vec<_>>());
    for expected in [120, 119] {
        assert_eq!(fixture.refresh().await.resources.len(), expected);
    }
}

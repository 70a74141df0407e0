//! Vendors that answer garbage, refuse, or do not answer.

use super::*;

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

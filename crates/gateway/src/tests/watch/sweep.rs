//! A sweep over all groups of an AVEVA service.

use super::*;

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

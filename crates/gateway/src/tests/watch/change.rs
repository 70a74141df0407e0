//! What changes while it is watched: groups in transition, writes through the relay, the configuration.

use super::*;

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
    a.asked();
    b.asked();
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
            all.resources.len() == 1 && !all.word("x").is_empty()
        })
        .await;
}

//! What changes while it is watched: groups in transition, writes through the relay, the configuration.

use super::*;

#[tokio::test]
async fn what_is_in_transition_is_read_every_two_seconds_and_nothing_else_is() {
    let plant = Plant::new(20).await;
    plant.sessions("g4", &[("a", "Primary"), ("b", "PendingPrimary")]);
    let fixture = Fixture::of(&plant).await;
    assert!(fixture.all().connections()[0].in_transition);
    plant.asked();
    fixture.skip(2);
    fixture.until("the reading", |_| plant.log_len() > 0).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    plant.sessions("g4", &[("a", "Secondary"), ("b", "Primary")]);
    assert_eq!(plant.asked(), ["GET groups/g4/clientsessions"]);
    fixture.skip(2);
    let all = fixture
        .until("its end", |all| !all.connections()[0].in_transition)
        .await;
    assert_eq!(all.resource("g4").leader(), Some("g4-b"));
    plant.asked();
    fixture.skip(10);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(plant.asked(), [""; 0]);
}

#[tokio::test]
async fn a_change_through_the_relay_is_read_at_once_and_nothing_else_is() {
    let plant = Plant::new(20).await;
    let fixture = Fixture::of(&plant).await;
    plant.asked();
    let line = format!("DELETE {GROUPS}/g9/clientsessions/g9-b");
    assert_eq!(ask(&fixture.gateway, &line, &[], "").await.status(), 200);
    let gone = |all: &Inventory| match &all.resource("g9").facts {
        Facts::FailoverGroup(facts) => facts.sessions == ["g9-a"],
        other => panic!("{other:?}"),
    };
    fixture.until("the change", gone).await;
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
async fn a_new_configuration_keeps_what_is_known_of_the_systems_that_stay() {
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
    assert_eq!(a.asked(), [""; 0], "nobody asks again for what is known");
    assert_eq!(b.asked(), [""; 0]);
    // The one that stayed is told of changes through the new client.
    let line = format!("DELETE {GROUPS}/g1/clientsessions/x");
    ask(&fixture.gateway, &line, &[], "").await;
    fixture.until("the change", |_| a.log_len() == 2).await;
    // And one that is left out vanishes.
    with_shared(
        vec![watched("plant-a", &a.base)],
        fixture.gateway.shared.clone(),
    )
    .watch();
    assert_eq!(fixture.all().resources.len(), 3);
}

#[tokio::test]
async fn another_world_is_another_life() {
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

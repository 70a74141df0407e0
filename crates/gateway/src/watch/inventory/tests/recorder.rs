//! What is recorded of what happens between readings.

use super::*;
use crate::store::ActivityQuery;
use protocol::ActivityEntry;

impl World {
    /// What was recorded of resources, oldest first.
    async fn recorded(&self) -> Vec<(String, String)> {
        let query = ActivityQuery {
            limit: 500,
            ..ActivityQuery::default()
        };
        let mut entries = self.store.activity(query).await.unwrap();
        entries.retain(|entry| entry.resource.is_some());
        entries.sort_by_key(|entry| entry.number);
        let id = |entry: &ActivityEntry| entry.resource.as_ref().map(|key| key.id.clone());
        entries
            .into_iter()
            .map(|entry| (id(&entry).unwrap_or_default(), entry.what))
            .collect()
    }
}

#[tokio::test]
async fn what_happens_between_readings_is_recorded_and_what_was_there_before_is_not() {
    let world = World::new();
    let told = |groups: &[(u8, Option<u8>)]| {
        world.do_step(&Step::Pass(5));
        world.do_step(&Step::Groups(groups.iter().copied().collect()));
    };
    told(&[(1, Some(1)), (2, None)]);
    let text = |id: &str, what: &str| (id.to_owned(), what.to_owned());
    let first = world.recorded().await;
    // Alarms that may be old: when watching began they were there.
    assert_eq!(first.len(), 2, "{first:?}");
    let begin = "Alarm when watching began: ";
    assert!(
        first.iter().all(|(_, what)| what.starts_with(begin)),
        "{first:?}"
    );
    told(&[(1, Some(2)), (2, None), (3, Some(1))]);
    told(&[(1, Some(2)), (3, Some(1))]);
    told(&[(1, Some(2)), (3, Some(1))]);
    let then: Vec<_> = world.recorded().await.split_off(2);
    let without_alarms: Vec<_> = then
        .iter()
        .filter(|(_, what)| !what.starts_with("Alarm"))
        .cloned()
        .collect();
    assert_eq!(
        without_alarms,
        [
            text("g1", "The primary changed from s1 to s2."),
            text("g1", "Session s1 left."),
            text("g1", "Session s2 appeared."),
            text("g3", "It appeared."),
            text("g2", "It is no longer listed."),
        ]
    );
    let ended = then
        .iter()
        .filter(|(_, what)| what.starts_with("Alarm ended after"));
    assert_eq!(ended.count(), 1, "{then:?}");
}

#[tokio::test]
async fn a_connection_that_falls_silent_and_comes_back_is_recorded() {
    let world = World::new();
    world.do_step(&Step::Group(1, Some(1)));
    world.do_step(&Step::Pass(60));
    world.do_step(&Step::Group(1, Some(1)));
    let recorded = world.recorded().await;
    let of_plant: Vec<_> = recorded.iter().filter(|(id, _)| id == "plant").collect();
    assert_eq!(of_plant.len(), 2, "{recorded:?}");
    assert!(of_plant[0].1.starts_with("Alarm: "), "{recorded:?}");
    assert!(
        of_plant[1].1.starts_with("Alarm ended after "),
        "{recorded:?}"
    );
}

#[tokio::test]
async fn a_run_that_another_connection_takes_over_starts_once() {
    let world = World::new();
    for id in ["em", "em-old"] {
        world.do_step(&Step::Sessions(id, vec![]));
    }
    world.do_step(&Step::Pass(5));
    let run = |world: &World| {
        let session = Session {
            uid: Some("v7".to_owned()),
            creation_time: Some(at(1_004)),
            ..Session::default()
        };
        let contents = Contents::Veeam(vec![session]);
        let publish = |id| {
            let state = world.read(id);
            world.inventory.publish(&state, Read::Everything(&contents));
        };
        publish("em-old");
    };
    run(&world);
    // The other one lists it too, and then alone.
    world.do_step(&Step::Pass(5));
    run(&world);
    world.do_step(&Step::Configure(Some(1)));
    world.do_step(&Step::Pass(5));
    run(&world);
    let recorded = world.recorded().await;
    let started = recorded
        .iter()
        .filter(|(_, what)| what == "The failover started.");
    assert_eq!(started.count(), 1, "{recorded:?}");
}

/// What the recorder takes of a reading of 2,000 groups of which one in a hundred has another primary.
#[tokio::test]
#[ignore = "measures: see CONTRIBUTING.md"]
async fn what_the_recorder_takes_of_a_reading() {
    const READINGS: u32 = 20;
    let world = World::new();
    let groups = |changed: u32| -> Vec<WatchedGroup> {
        let group = |number: u32| {
            let turns = number.is_multiple_of(100);
            let primary = if turns { changed % 2 } else { 0 };
            let mut group = world.group(0, u8::try_from(primary).ok());
            group.configuration.id = Some(format!("g{number}"));
            group
        };
        (0..2_000).map(group).collect()
    };
    let tell = |groups: &[WatchedGroup]| {
        let state = world.read("plant");
        world.inventory.publish(&state, Read::AllGroups(groups));
    };
    tell(&groups(0));
    let moment = health::inventory::Moment {
        now: world.now(),
        vendor_ahead: TimeDelta::zero(),
        observed_at: Some(world.now()),
        recent: TimeDelta::days(1),
    };
    let (mut compared, mut written) = (Duration::ZERO, Duration::ZERO);
    for turn in 1..=READINGS {
        world.do_step(&Step::Pass(5));
        let (before, after) = (groups(turn - 1), groups(turn));
        let judge = |groups: Vec<WatchedGroup>| Contents::Aveva(groups).resources("plant", &moment);
        let (before, judged) = (judge(before), judge(after.clone()));
        let begun = std::time::Instant::now();
        let pairs = before.iter().zip(&judged);
        let events: Vec<_> = pairs
            .filter(|(old, new)| !new.resource.differs_in_times_alone(&old.resource))
            .flat_map(|(old, new)| health::events::between(old, new, &moment))
            .collect();
        compared += begun.elapsed();
        assert!(events.len() >= 20, "{}", events.len());
        let begun = std::time::Instant::now();
        world.store.record(events);
        world
            .store
            .activity(ActivityQuery::default())
            .await
            .unwrap();
        written += begun.elapsed();
        tell(&after);
    }
    println!(
        "of each reading: {:?} to compare, {:?} to record",
        compared / READINGS,
        written / READINGS
    );
}

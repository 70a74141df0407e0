//! The events that are recorded between readings.

use super::*;
use crate::store::ActivityQuery;
use protocol::ActivityEntry;
use vendors::veeam::State;

impl World {
    /// The recorded events of resources, oldest first.
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
async fn events_between_readings_are_recorded_but_the_initial_state_is_not() {
    let world = World::new();
    let publish = |groups: &[(u8, Option<u8>)]| {
        world.do_step(&Step::Pass(5));
        world.do_step(&Step::Groups(groups.iter().copied().collect()));
    };
    publish(&[(1, Some(1)), (2, None)]);
    let text = |id: &str, what: &str| (id.to_owned(), what.to_owned());
    let first = world.recorded().await;
    // Alarms that existed when watching began may be old.
    assert_eq!(first.len(), 2, "{first:?}");
    let begin = "Alarm when watching began: ";
    assert!(
        first.iter().all(|(_, what)| what.starts_with(begin)),
        "{first:?}"
    );
    publish(&[(1, Some(2)), (2, None), (3, Some(1))]);
    publish(&[(1, Some(2)), (3, Some(1))]);
    publish(&[(1, Some(2)), (3, Some(1))]);
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
async fn the_silence_of_a_connection_and_its_end_are_recorded() {
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
async fn a_run_that_moves_to_another_connection_starts_once() {
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
        let contents = Contents::Veeam(vec![session.into()]);
        let publish = |id| {
            let state = world.read(id);
            world.inventory.publish(&state, Read::Everything(&contents));
        };
        publish("em-old");
    };
    run(&world);
    // The other connection lists it too, and then alone.
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

/// A run that started at this second, and either failed or is still running.
fn run(id: &str, started: i64, has_failed: bool) -> Session {
    Session {
        uid: Some(id.to_owned()),
        state: Some(if has_failed {
            State::Stopped
        } else {
            State::Working
        }),
        creation_time: Some(at(started)),
        end_time: has_failed.then(|| at(started + 10)),
        result: has_failed.then_some(Outcome::Failed),
        ..Session::default()
    }
}

impl World {
    /// Publishes these runs of a connection, five seconds later.
    fn list(&self, id: &str, runs: &[Session]) {
        self.do_step(&Step::Pass(5));
        let contents = Contents::Veeam(runs.iter().cloned().map(From::from).collect());
        self.inventory
            .publish(&self.read(id), Read::Everything(&contents));
    }

    /// The recorded events of runs, oldest first.
    async fn recorded_runs(&self) -> Vec<(String, String)> {
        let mut events = self.recorded().await;
        events.retain(|(_, what)| what.starts_with("The failover "));
        events
    }
}

fn run_events(runs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(id, what): &(&str, &str)| ((*id).to_owned(), format!("The failover {what}."));
    runs.iter().map(owned).collect()
}

#[tokio::test]
async fn a_run_that_is_listed_late_is_recorded_but_the_first_listed_are_not() {
    let world = World::new();
    let old = [run("old", 100, false), run("over", 100, true)];
    world.list("em", &old);
    let late = [
        old.as_slice(),
        &[run("late", 200, false), run("past", 200, true)],
    ]
    .concat();
    world.list("em", &late);
    world.list("em", &late);
    assert_eq!(
        world.recorded_runs().await,
        run_events(&[
            ("late", "started"),
            ("past", "started"),
            ("past", "ended: Failed"),
        ])
    );
}

#[tokio::test]
async fn a_run_that_one_reading_omits_is_the_same_when_it_comes_back() {
    let world = World::new();
    world.list("em", &[]);
    for runs in [
        vec![run("a", 1_001, false), run("b", 1_001, false)],
        vec![],
        vec![run("a", 1_001, false), run("b", 1_001, true)],
        vec![],
        vec![run("a", 1_001, false), run("b", 1_001, true)],
    ] {
        world.list("em", &runs);
    }
    // Another connection starts to list it.
    world.do_step(&Step::Forget("em"));
    world.list("em-old", &[]);
    world.list("em-old", &[run("a", 1_001, true)]);
    assert_eq!(
        world.recorded_runs().await,
        run_events(&[
            ("a", "started"),
            ("b", "started"),
            ("b", "ended: Failed"),
            ("a", "ended: Failed"),
        ])
    );
}

#[tokio::test]
async fn no_run_is_recorded_again_after_a_restart() {
    let world = World::new();
    world.list("em", &[]);
    world.list("em", &[run("a", 1_001, false)]);
    let before = run_events(&[("a", "started")]);
    assert_eq!(world.recorded_runs().await, before);
    let world = World::of(world.store.clone(), 2_000);
    world.inventory.recall_runs().await;
    // The first reading happens to omit it.
    world.list("em", &[]);
    world.list("em", &[run("a", 1_001, false)]);
    assert_eq!(world.recorded_runs().await, before);
    world.list("em", &[run("a", 1_001, true)]);
    assert_eq!(
        world.recorded_runs().await,
        [before, run_events(&[("a", "ended: Failed")])].concat()
    );
}

#[tokio::test]
async fn a_run_ends_once_whichever_connection_represents_it() {
    let world = World::new();
    for id in ["em", "em-old"] {
        world.list(id, &[]);
        world.list(id, &[run("a", 1_001, false)]);
    }
    // The first connection falls silent.
    for has_failed in [false, false, false, true, true] {
        world.list("em-old", &[run("a", 1_001, has_failed)]);
    }
    let all = run_events(&[("a", "started"), ("a", "ended: Failed")]);
    assert_eq!(world.recorded_runs().await, all);
    // The first connection answers again, with older data.
    for has_failed in [false, false, true, true] {
        world.list("em", &[run("a", 1_001, has_failed)]);
        world.list("em-old", &[run("a", 1_001, true)]);
    }
    assert_eq!(world.recorded_runs().await, all);
}

#[tokio::test]
async fn an_unreadable_time_of_a_group_is_recorded_when_it_is_read_again() {
    let world = World::new();
    let both = || [world.group(1, Some(1)), world.group(2, Some(1))];
    let publish = |groups: &[WatchedGroup]| {
        let state = world.read("plant");
        world.inventory.publish(&state, Read::AllGroups(groups));
        world.do_step(&Step::Pass(5));
    };
    let events = async || {
        let mut events = world.recorded().await;
        events.retain(|(_, what)| what.contains("could not be read"));
        events
    };
    let [_, mut unread] = both();
    unread.failure = Some("500".to_owned());
    publish(&both());
    // A short failure is not recorded.
    publish(&[world.group(1, Some(1)), unread.clone()]);
    publish(&both());
    assert_eq!(events().await, []);
    let [_, last] = both();
    unread.detail = last.detail;
    for _ in 0..6 {
        publish(&[world.group(1, Some(1)), unread.clone()]);
    }
    publish(&both());
    let what = "It could not be read for 30 s. Changes in that time were not observed.";
    let expected = [("g2".to_owned(), what.to_owned())];
    assert_eq!(events().await, expected);
    // It is not recorded for groups either if the connection did not answer.
    world.do_step(&Step::Pass(100));
    publish(&both());
    publish(&both());
    assert_eq!(events().await, expected);
}

/// Measures a reading of 2,000 groups of which one in a hundred has a new primary.
#[tokio::test]
#[ignore = "measures: see bench/README.md"]
async fn bench_recording_of_a_reading() {
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
    let publish = |groups: &[WatchedGroup]| {
        let state = world.read("plant");
        world.inventory.publish(&state, Read::AllGroups(groups));
    };
    publish(&groups(0));
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
        publish(&after);
    }
    println!(
        "of each reading: {:?} to compare, {:?} to record",
        compared / READINGS,
        written / READINGS
    );
}

#[tokio::test]
async fn an_alarm_of_a_removed_connection_has_not_ended() {
    let world = World::new();
    world.do_step(&Step::Group(2, None));
    world.configure(&["em"]);
    world.do_step(&Step::Pass(1));
    world.inventory.tick();
    let recorded = world.recorded().await;
    let (id, what) = recorded.last().unwrap();
    assert_eq!(id, "g2");
    assert!(
        what.starts_with("Alarm no longer watched: "),
        "{recorded:?}"
    );
}

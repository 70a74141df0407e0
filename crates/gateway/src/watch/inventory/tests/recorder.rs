//! What is recorded of what happens between readings.

use super::*;
use crate::store::ActivityQuery;
use protocol::ActivityEntry;
use vendors::veeam::State;

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

/// A run that started at this second, and has failed or goes on.
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
    /// Five seconds later a connection lists these runs.
    fn list(&self, id: &str, runs: &[Session]) {
        self.do_step(&Step::Pass(5));
        let contents = Contents::Veeam(runs.to_vec());
        self.inventory
            .publish(&self.read(id), Read::Everything(&contents));
    }

    /// What was recorded of runs, oldest first.
    async fn told_of_runs(&self) -> Vec<(String, String)> {
        let mut told = self.recorded().await;
        told.retain(|(_, what)| what.starts_with("The failover "));
        told
    }
}

fn told(runs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(id, what): &(&str, &str)| ((*id).to_owned(), format!("The failover {what}."));
    runs.iter().map(owned).collect()
}

#[tokio::test]
async fn a_run_that_the_server_lists_late_is_recorded_and_what_it_lists_first_is_not() {
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
        world.told_of_runs().await,
        told(&[
            ("late", "started"),
            ("past", "started"),
            ("past", "ended: Failed"),
        ])
    );
}

#[tokio::test]
async fn a_run_that_is_missing_in_a_reading_is_the_same_when_it_comes_back() {
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
    // Another connection comes to list it.
    world.do_step(&Step::Forget("em"));
    world.list("em-old", &[]);
    world.list("em-old", &[run("a", 1_001, true)]);
    assert_eq!(
        world.told_of_runs().await,
        told(&[
            ("a", "started"),
            ("b", "started"),
            ("b", "ended: Failed"),
            ("a", "ended: Failed"),
        ])
    );
}

#[tokio::test]
async fn no_run_is_told_of_again_after_a_restart() {
    let world = World::new();
    world.list("em", &[]);
    world.list("em", &[run("a", 1_001, false)]);
    let before = told(&[("a", "started")]);
    assert_eq!(world.told_of_runs().await, before);
    let world = World::of(world.store.clone(), 2_000);
    world.inventory.recall_runs().await;
    // The first reading happens to leave it out.
    world.list("em", &[]);
    world.list("em", &[run("a", 1_001, false)]);
    assert_eq!(world.told_of_runs().await, before);
    world.list("em", &[run("a", 1_001, true)]);
    assert_eq!(
        world.told_of_runs().await,
        [before, told(&[("a", "ended: Failed")])].concat()
    );
}

#[tokio::test]
async fn a_run_ends_once_whichever_connection_represents_it() {
    let world = World::new();
    for id in ["em", "em-old"] {
        world.list(id, &[]);
        world.list(id, &[run("a", 1_001, false)]);
    }
    // The first falls silent.
    for has_failed in [false, false, false, true, true] {
        world.list("em-old", &[run("a", 1_001, has_failed)]);
    }
    let all = told(&[("a", "started"), ("a", "ended: Failed")]);
    assert_eq!(world.told_of_runs().await, all);
    // The first answers again, and is behind.
    for has_failed in [false, false, true, true] {
        world.list("em", &[run("a", 1_001, has_failed)]);
        world.list("em-old", &[run("a", 1_001, true)]);
    }
    assert_eq!(world.told_of_runs().await, all);
}

#[tokio::test]
async fn a_group_that_could_not_be_read_says_so_when_it_is_read_again() {
    let world = World::new();
    let both = || [world.group(1, Some(1)), world.group(2, Some(1))];
    let tell = |groups: &[WatchedGroup]| {
        let state = world.read("plant");
        world.inventory.publish(&state, Read::AllGroups(groups));
        world.do_step(&Step::Pass(5));
    };
    let told = async || {
        let mut told = world.recorded().await;
        told.retain(|(_, what)| what.contains("could not be read"));
        told
    };
    let [_, mut unread] = both();
    unread.failure = Some("500".to_owned());
    tell(&both());
    // For a moment is not long enough.
    tell(&[world.group(1, Some(1)), unread.clone()]);
    tell(&both());
    assert_eq!(told().await, []);
    let [_, last] = both();
    unread.detail = last.detail;
    for _ in 0..6 {
        tell(&[world.group(1, Some(1)), unread.clone()]);
    }
    tell(&both());
    let what = "It could not be read for 30 s. What happened meanwhile was not seen.";
    let expected = [("g2".to_owned(), what.to_owned())];
    assert_eq!(told().await, expected);
    // Nor does any group say so where the connection did not answer.
    world.do_step(&Step::Pass(100));
    tell(&both());
    tell(&both());
    assert_eq!(told().await, expected);
}

/// What the recorder takes of a reading of 2,000 groups of which one in a hundred has another primary.
#[tokio::test]
#[ignore = "measures: see bench/README.md"]
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

#[tokio::test]
async fn an_alarm_of_a_connection_that_is_taken_out_has_not_ended() {
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

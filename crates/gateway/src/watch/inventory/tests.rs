//! The answers after a revision, for arbitrary publications in between.

mod recorder;
mod take_over;

use super::*;
use crate::config::StoreLocation;
use crate::watch::Skips;
use chrono::{DateTime, TimeDelta, Utc};
use health::alarms::Alarm;
use health::inventory::{GroupDetail, Resource, ResourceKey, WatchedSession};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::sync::watch;
use vendors::aveva::{ClientSession, GroupConfiguration, GroupStatus, Heartbeat, Role, TimeSpan};
use vendors::veeam::{Outcome, Session};

/// An inventory with a clock that tests can move.
struct World {
    inventory: Inventory,
    store: Arc<Store>,
    seconds: Arc<AtomicI64>,
    skips: watch::Sender<Skips>,
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn public(id: &str) -> vendors::Connection {
    let system = if id.starts_with("em") {
        "veeam"
    } else {
        "aveva"
    };
    let json = format!(r#"{{"id":"{id}","title":"{id}","system":"{system}"}}"#);
    serde_json::from_str(&json).unwrap()
}

const IDS: [&str; 3] = ["plant", "em", "em-old"];
const INTERVAL: Duration = Duration::from_secs(5);

impl World {
    fn new() -> Self {
        let store = Store::open(&StoreLocation::Memory).unwrap();
        Self::of(Arc::new(store), 1_000)
    }

    /// A gateway that starts at this second with an existing store.
    fn of(store: Arc<Store>, second: i64) -> Self {
        let seconds = Arc::new(AtomicI64::new(second));
        let (skips, skipped) = watch::channel(Skips::default());
        let now = seconds.clone();
        let clock = Clock::new(move || at(now.load(Ordering::SeqCst)), skipped);
        let world = Self {
            inventory: Inventory::new(clock, store.clone()),
            store,
            seconds,
            skips,
        };
        world.configure(&IDS);
        world
    }

    fn configure(&self, ids: &[&str]) {
        let wanted = ids.iter().map(|id| (public(id), INTERVAL)).collect();
        self.inventory.configure(wanted);
    }

    fn now(&self) -> DateTime<Utc> {
        at(self.seconds.load(Ordering::SeqCst))
    }

    /// The state of a connection that was read just now.
    fn read(&self, id: &str) -> ConnectionState {
        ConnectionState {
            observed_at: Some(self.now()),
            ..unread(public(id), INTERVAL)
        }
    }

    /// A group with this primary, or without one.
    fn group(&self, id: u8, primary: Option<u8>) -> WatchedGroup {
        let name = |number: u8| format!("s{number}");
        let session = |number: u8| ClientSession {
            id: Some(name(number)),
            role: Some(Role::Primary),
            heartbeat: Some(Heartbeat {
                heartbeat_time: Some(self.now()),
                ..Heartbeat::default()
            }),
            ..ClientSession::default()
        };
        WatchedGroup {
            configuration: GroupConfiguration {
                id: Some(format!("g{id}")),
                ..GroupConfiguration::default()
            },
            detail: Some(GroupDetail {
                left_out: vendors::LeftOut::default(),
                status: GroupStatus {
                    primary: primary.map(name),
                    ..GroupStatus::default()
                },
                sessions: primary.map(session).into_iter().collect(),
                observed_at: self.now(),
            }),
            failure: None,
        }
    }

    fn session(&self, id: u8) -> Session {
        Session {
            uid: Some(format!("v{id}")),
            result: Some(Outcome::Failed),
            end_time: Some(self.now()),
            ..Session::default()
        }
    }

    fn do_step(&self, step: &Step) {
        let inventory = &self.inventory;
        match step {
            Step::Groups(groups) => {
                let of = |(id, primary): (&u8, &Option<u8>)| self.group(*id, *primary);
                let groups: Vec<WatchedGroup> = groups.iter().map(of).collect();
                inventory.publish(&self.read("plant"), Read::AllGroups(&groups));
            }
            Step::Group(id, primary) => {
                let group = self.group(*id, *primary);
                inventory.publish(&self.read("plant"), Read::Groups(vec![&group]));
            }
            Step::Sessions(id, sessions) => {
                let sessions = sessions.iter().map(|id| self.session(*id).into()).collect();
                let contents = Contents::Veeam(sessions);
                inventory.publish(&self.read(id), Read::Everything(&contents));
            }
            Step::Pass(seconds) => {
                self.seconds.fetch_add(*seconds, Ordering::SeqCst);
                inventory.tick();
            }
            Step::Configure(without) => {
                let ids: Vec<&str> = IDS
                    .into_iter()
                    .enumerate()
                    .filter_map(|(index, id)| (Some(index) != *without).then_some(id))
                    .collect();
                self.configure(&ids);
            }
            Step::Forget(id) => inventory.forget(id),
            Step::Reset => self.skips.send_modify(|skips| skips.resets += 1),
        }
    }

    fn after(&self, revision: &str) -> protocol::Inventory {
        let position = self.inventory.position(Some(revision));
        self.inventory.answer(&position, Audience::People)
    }
}

#[derive(Debug, Clone)]
enum Step {
    Groups(BTreeMap<u8, Option<u8>>),
    Group(u8, Option<u8>),
    Sessions(&'static str, Vec<u8>),
    Pass(i64),
    Configure(Option<usize>),
    Forget(&'static str),
    Reset,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let primary = || prop::option::of(0..3_u8);
    let step = prop_oneof![
        4 => prop::collection::btree_map(0..5_u8, primary(), 0..5).prop_map(Step::Groups),
        4 => (0..5_u8, primary()).prop_map(|(id, primary)| Step::Group(id, primary)),
        4 => (prop::sample::select(&IDS[1..]), prop::collection::vec(0..4_u8, 0..4))
            .prop_map(|(id, sessions)| Step::Sessions(id, sessions)),
        4 => (1..40_i64).prop_map(Step::Pass),
        1 => prop::option::of(0..3_usize).prop_map(Step::Configure),
        1 => prop::sample::select(&IDS[..]).prop_map(Step::Forget),
        1 => Just(Step::Reset),
    ];
    prop::collection::vec(step, 1..40)
}

/// A client that polls now and then.
#[derive(Debug, Default, PartialEq)]
struct Viewer {
    revision: String,
    connections: Vec<ConnectionState>,
    resources: BTreeMap<ResourceKey, Resource>,
    alarms: Vec<Alarm>,
}

impl Viewer {
    fn take(&mut self, answer: protocol::Inventory) {
        if answer.whole {
            *self = Self::default();
        }
        self.revision = answer.revision;
        for key in &answer.removed {
            assert!(answer.resources.iter().all(|one| one.key != *key));
            self.resources.remove(key);
        }
        let new = answer.resources.into_iter();
        self.resources.extend(new.map(|one| (one.key.clone(), one)));
        for times in &answer.times {
            let held = self.resources.remove(&times.key);
            let held = held.expect("only known resources change in their times alone");
            self.resources
                .insert(times.key.clone(), held.with_times(times));
        }
        if let Some(connections) = answer.connections {
            self.connections = connections;
        }
        if let Some(alarms) = answer.alarms {
            self.alarms = alarms;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn a_client_that_follows_the_changes_knows_everything(steps in steps(), every in 1..5_usize) {
        let world = World::new();
        let mut viewer = Viewer::default();
        for (number, step) in steps.iter().enumerate() {
            world.do_step(step);
            if number % every == 0 {
                viewer.take(world.after(&viewer.revision));
                let mut complete = Viewer::default();
                complete.take(world.inventory.everything());
                prop_assert_eq!(&viewer, &complete);
                let held: usize = complete.connections.iter().map(|one| one.held).sum();
                prop_assert!(complete.resources.len() <= held);
            }
        }
    }

    #[test]
    fn an_unknown_revision_is_answered_with_everything(text in "[-0-9a-f]{0,20}") {
        let world = World::new();
        world.do_step(&Step::Group(1, None));
        prop_assert!(world.after(&text).whole);
    }
}

#[test]
fn publications_with_a_revoked_permit_or_before_a_reset_are_ignored() {
    let world = World::new();
    let (groups, state) = ([world.group(1, Some(1))], world.read("plant"));
    let held = |permit: &Permit, number: u64| {
        let read = Read::AllGroups(&groups);
        world.inventory.publish_by(permit, number, &state, read);
        let all = world.inventory.everything();
        let observed_at = all.connections.unwrap()[0].observed_at;
        assert_eq!(observed_at.is_some(), !all.resources.is_empty());
        all.resources.len()
    };
    let (former, present) = (Permit::default(), Permit::default());
    assert_eq!(held(&former, 0), 1);
    // Another system with the same id, as after a change of its address.
    former.revoke();
    world.inventory.forget("plant");
    assert_eq!(held(&former, 0), 0);
    world.inventory.watcher_failed(&former, "plant", INTERVAL);
    let all = world.inventory.everything();
    assert_eq!(all.connections.unwrap()[0].failure, None);
    assert_eq!(held(&present, 0), 1);
    world.do_step(&Step::Reset);
    assert_eq!(held(&present, 0), 0);
    assert_eq!(held(&present, 1), 1);
}

#[test]
fn a_publication_without_changes_creates_no_revision() {
    let world = World::new();
    let groups = [world.group(1, Some(1)), world.group(2, None)];
    let state = world.read("plant");
    world.inventory.publish(&state, Read::AllGroups(&groups));
    let revision = world.inventory.everything().revision;
    for read in [
        Read::AllGroups(&groups),
        Read::Groups(vec![&groups[1]]),
        Read::Nothing,
    ] {
        world.inventory.publish(&state, read);
        let answer = world.after(&revision);
        assert_eq!((answer.revision, answer.whole), (revision.clone(), false));
        assert_eq!((answer.connections, answer.alarms), (None, None));
        assert!(answer.resources.is_empty() && answer.removed.is_empty());
    }
    let changed = world.group(2, Some(2));
    world
        .inventory
        .publish(&state, Read::Groups(vec![&changed]));
    let answer = world.after(&revision);
    assert_eq!(answer.resources.len(), 1, "only what changed");
}

#[test]
fn a_group_with_only_a_new_heartbeat_is_sent_as_times() {
    let world = World::new();
    let state = world.read("plant");
    let publish = |groups: [WatchedGroup; 2]| {
        world.inventory.publish(&state, Read::AllGroups(&groups));
    };
    publish([world.group(1, Some(1)), world.group(2, Some(1))]);
    let revision = world.inventory.everything().revision;
    world.do_step(&Step::Pass(1));
    publish([world.group(1, Some(1)), world.group(2, Some(3))]);
    let answer = world.after(&revision);
    let keys = |ids: Vec<&ResourceKey>| ids.iter().map(|key| key.id.clone()).collect::<Vec<_>>();
    assert_eq!(
        keys(answer.times.iter().map(|one| &one.key).collect()),
        ["g1"]
    );
    assert_eq!(
        keys(answer.resources.iter().map(|one| &one.key).collect()),
        ["g2"]
    );
    let revision = answer.revision;
    world.do_step(&Step::Pass(1));
    publish([world.group(1, Some(1)), world.group(2, Some(3))]);
    assert_eq!(world.after(&revision).times.len(), 2);
}

#[test]
fn a_client_older_than_the_remembered_removals_gets_everything() {
    let world = World::new();
    world.do_step(&Step::Group(0, None));
    let old = world.inventory.everything().revision;
    let many: Vec<WatchedGroup> = (0..=state::MAX_REMOVALS)
        .map(|number| {
            let mut group = world.group(0, None);
            group.configuration.id = Some(format!("many{number}"));
            group
        })
        .collect();
    let state = world.read("plant");
    world.inventory.publish(&state, Read::AllGroups(&many));
    assert!(!world.after(&old).whole);
    let full = world.inventory.everything().revision;
    world.inventory.publish(&state, Read::AllGroups(&[]));
    assert!(world.after(&old).whole, "a removal after it is forgotten");
    assert!(world.after(&full).whole);
    let now = world.inventory.everything().revision;
    assert!(!world.after(&now).whole);
}

#[test]
fn a_shared_session_keeps_its_alarm_when_its_connection_falls_silent() {
    let world = World::new();
    for id in ["em", "em-old"] {
        world.do_step(&Step::Sessions(id, vec![7]));
    }
    let before = world.inventory.everything();
    assert_eq!(before.resources[0].key.connection, "em");
    assert_eq!(before.resources[0].also_on, ["em-old"]);
    let alarm = |all: &protocol::Inventory| {
        let mut alarms = all.alarms.iter().flatten();
        alarms
            .find(|alarm| alarm.resource.id == "v7")
            .unwrap()
            .clone()
    };
    for _ in 0..5 {
        world.do_step(&Step::Pass(5));
        let mut session = world.session(7);
        session.end_time = Some(at(1_000));
        let contents = Contents::Veeam(vec![session.into()]);
        world
            .inventory
            .publish(&world.read("em-old"), Read::Everything(&contents));
    }
    let after = world.inventory.everything();
    assert_eq!(after.resources.len(), 1);
    assert_eq!(after.resources[0].key.connection, "em-old");
    assert_eq!(alarm(&after).id, alarm(&before).id);
    // A new watcher, which only knows its id, cannot read it.
    let unread = WatchedSession {
        session: Session {
            uid: Some("v7".to_owned()),
            ..Session::default()
        },
        earlier: Some((None, "500".to_owned())),
    };
    let contents = Contents::Veeam(vec![unread]);
    world
        .inventory
        .publish(&world.read("em-old"), Read::Everything(&contents));
    let all = world.inventory.everything();
    let run = &all.resources[0];
    assert_eq!(run.verdict, after.resources[0].verdict);
    assert_eq!(run.failure.as_deref(), Some("500"));
    assert_eq!(alarm(&all), alarm(&after));
}

/// Another connection may publish before the next tick.
#[test]
fn a_silent_connection_is_not_worse_for_resources_that_another_represents() {
    let world = World::new();
    world.do_step(&Step::Sessions("em", vec![7]));
    world.do_step(&Step::Pass(10));
    world.do_step(&Step::Sessions("em-old", vec![7]));
    world.seconds.fetch_add(6, Ordering::SeqCst);
    world.do_step(&Step::Group(1, Some(1)));
    let all = world.inventory.everything();
    let mut run = all.resources.iter().filter(|one| one.key.id == "v7");
    assert_eq!(run.next().unwrap().key.connection, "em-old");
    let alarms = all.alarms.unwrap();
    let silent = alarms.iter().find(|alarm| alarm.resource.id == "em");
    assert_eq!(silent.unwrap().severity, health::Severity::Unknown);
}

#[test]
fn the_start_of_flapping_is_saved() {
    let world = World::new();
    let saves = |primary| {
        world.do_step(&Step::Pass(5));
        let groups = [world.group(1, Some(primary))];
        let mut state = world.inventory.state();
        state.publish(&world.read("plant"), Read::AllGroups(&groups), world.now());
        !mem::take(&mut state.unsaved).is_empty()
    };
    // There is never a standby; the third change of the primary starts the flapping.
    assert_eq!(
        [1, 2, 1, 2, 1].map(saves),
        [true, false, false, true, false]
    );
}

#[test]
fn a_silent_connection_raises_an_alarm_without_a_publication() {
    let world = World::new();
    world.do_step(&Step::Group(1, Some(1)));
    let silent = |all: &protocol::Inventory| {
        let mut alarms = all.alarms.iter().flatten();
        alarms.any(|alarm| alarm.resource.id == "plant")
    };
    for (seconds, expected) in [(14, false), (1, false), (1, true), (60, true)] {
        world.do_step(&Step::Pass(seconds));
        assert_eq!(silent(&world.inventory.everything()), expected, "{seconds}");
    }
    world.do_step(&Step::Group(1, Some(1)));
    assert!(!silent(&world.inventory.everything()));
}

#[test]
fn a_stuck_handover_is_shown_like_its_alarm() {
    let world = World::new();
    let pend = || {
        let mut group = world.group(1, Some(1));
        group.configuration.failover_timeout = Some(TimeSpan::from_seconds(15));
        let detail = group.detail.as_mut().unwrap();
        detail.status = GroupStatus::default();
        detail.sessions[0].role = Some(Role::PendingPrimary);
        let state = world.read("plant");
        world.inventory.publish(&state, Read::AllGroups(&[group]));
    };
    pend();
    let mut revision = world.inventory.everything().revision;
    for expected in [
        "Handing over",
        "Handing over",
        "Handover stuck",
        "Handover stuck",
    ] {
        world.do_step(&Step::Pass(6));
        pend();
        let answer = world.after(&revision);
        assert_eq!(answer.resources[0].verdict.word, expected);
        revision = answer.revision;
    }
    let all = world.inventory.everything();
    let (shown, alarms) = (&all.resources[0].verdict, all.alarms.unwrap());
    assert_eq!(
        (&shown.word, shown.severity),
        (&alarms[0].word, alarms[0].severity)
    );
    world.do_step(&Step::Group(1, Some(1)));
    assert_eq!(
        world.after(&revision).resources[0].verdict.word,
        "No standby"
    );
}

#[test]
fn a_connection_with_changed_settings_keeps_its_alarms_until_it_is_read() {
    let world = World::new();
    let alarms = || world.inventory.alarms().0;
    let configure = |public: &vendors::Connection| {
        let wanted = vec![(public.clone(), INTERVAL)];
        world.inventory.configure(wanted);
    };
    let read = |public: &vendors::Connection, groups: &[WatchedGroup]| {
        let state = ConnectionState {
            connection: public.clone(),
            ..world.read("plant")
        };
        world.inventory.publish(&state, Read::AllGroups(groups));
    };
    let failed = [world.group(1, None)];
    let renamed = vendors::Connection {
        title: "Plant A".to_owned(),
        ..public("plant")
    };
    read(&public("plant"), &failed);
    let id = alarms()[0].id.clone();
    let given = Acknowledgement {
        by: "ann".to_owned(),
        reason: "on it".to_owned(),
        at: world.now(),
        until: None,
        severity: alarms()[0].severity,
        word: alarms()[0].word.clone(),
    };
    assert!(world.inventory.acknowledge(&id, given));
    let is_as_before = || {
        let alarms = alarms();
        alarms.len() == 1 && alarms[0].id == id && alarms[0].acknowledged.is_some()
    };
    let is_unconfirmed = || world.inventory.alarms().1.contains(&id);
    assert!(!is_unconfirmed());
    configure(&renamed);
    assert!(is_as_before() && is_unconfirmed(), "not read yet");
    read(&renamed, &failed);
    assert!(is_as_before() && !is_unconfirmed(), "it is unchanged");
    // Another address.
    world.inventory.forget("plant");
    assert!(is_as_before() && is_unconfirmed(), "not read yet");
    configure(&public("plant"));
    assert!(is_as_before() && is_unconfirmed(), "not read yet");
    world.seconds.fetch_add(120, Ordering::SeqCst);
    assert!(!is_unconfirmed(), "for a limited time");
    configure(&public("plant"));
    let broken = ConnectionState {
        failure: Some(protocol::ReadFailure::Problem(protocol::Problem::default())),
        ..unread(public("plant"), INTERVAL)
    };
    world.inventory.publish(&broken, Read::Nothing);
    let is_silent = alarms()[0].resource.kind == Kind::Connection;
    assert!(is_silent && !is_unconfirmed(), "it has an alarm of its own");
    read(&public("plant"), &[]);
    assert_eq!(alarms(), [], "it has ended");
    // Another system with the same id.
    read(&public("plant"), &failed);
    assert_eq!(alarms().len(), 1);
    configure(&vendors::Connection {
        id: "plant".to_owned(),
        ..public("em")
    });
    assert_eq!(alarms(), []);
}

#[test]
fn a_run_on_silent_connections_is_shown_as_last_read() {
    let world = World::new();
    let by = || {
        let resources = world.inventory.everything().resources;
        let keys = resources.into_iter().map(|one| one.key.connection);
        keys.collect::<Vec<_>>()
    };
    world.do_step(&Step::Sessions("em", vec![1]));
    world.do_step(&Step::Pass(10));
    world.do_step(&Step::Sessions("em-old", vec![1]));
    assert_eq!(by(), ["em"], "the first that can be believed");
    world.do_step(&Step::Pass(100));
    assert_eq!(by(), ["em-old"], "read later");
    world.do_step(&Step::Sessions("em", vec![1]));
    assert_eq!(by(), ["em"]);
    world.do_step(&Step::Pass(100));
    assert_eq!(by(), ["em"], "read later");
}

static PAUSED: AtomicI64 = AtomicI64::new(0);

fn computer() -> std::time::SystemTime {
    let seconds = u64::try_from(PAUSED.load(Ordering::SeqCst)).unwrap();
    std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// A suspended process resumes, and finds all readings old.
#[test]
fn after_a_suspension_silence_is_judged_only_after_time_to_read() {
    let store = Arc::new(Store::open(&StoreLocation::Memory).unwrap());
    let (_skips, skipped) = watch::channel(Skips::default());
    let clock = Clock::new(|| DateTime::from(computer()), skipped).beside(computer);
    let inventory = Inventory::new(clock, store);
    let ids = ["plant", "other"];
    inventory.configure(ids.iter().map(|id| (public(id), INTERVAL)).collect());
    let read_at = |id: &str, seconds: i64| ConnectionState {
        observed_at: Some(at(seconds)),
        ..unread(public(id), INTERVAL)
    };
    let failed = [WatchedGroup {
        configuration: GroupConfiguration::default(),
        detail: None,
        failure: Some("500".to_owned()),
    }];
    let publish = |id: &str, seconds: i64| {
        inventory.publish(&read_at(id, seconds), Read::AllGroups(&failed));
    };
    let silent = || {
        let open = inventory.alarms().0.into_iter();
        open.map(|alarm| alarm.resource)
            .filter(|key| key.kind == Kind::Connection)
            .map(|key| key.id)
            .collect::<Vec<_>>()
    };
    let unconfirmed = || inventory.alarms().1.len();
    let pass = |seconds: i64| PAUSED.fetch_add(seconds, Ordering::SeqCst);
    let nobody: [String; 0] = [];
    for id in ids {
        publish(id, 0);
    }
    inventory.tick();
    assert_eq!(unconfirmed(), 0);
    pass(70);
    assert_eq!(unconfirmed(), 2, "they may have ended in the meantime");
    // The read in progress has failed.
    let broken = ConnectionState {
        failure: Some(protocol::ReadFailure::Problem(protocol::Problem::default())),
        ..read_at("other", 0)
    };
    inventory.publish(&broken, Read::Nothing);
    inventory.tick();
    publish("plant", 70);
    assert_eq!(silent(), nobody);
    pass(9);
    inventory.tick();
    assert_eq!((silent().as_slice(), unconfirmed()), (&nobody[..], 2));
    pass(1);
    inventory.tick();
    assert_eq!(silent(), ["other"], "it was not read in time");
    assert_eq!(unconfirmed(), 0);
    publish("other", 80);
    publish("plant", 80);
    assert_eq!(silent(), nobody);
    // Without a pause it is silent after three intervals.
    for _ in 0..16 {
        pass(1);
        inventory.tick();
    }
    assert_eq!(silent(), ["other", "plant"]);
}

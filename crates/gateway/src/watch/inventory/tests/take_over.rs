//! A gateway that becomes the leader after another one has ended.

use super::*;
use crate::store::{SavedState, StateChange, StoreUpdate, Table};
use health::alarms::Acknowledgement;

#[tokio::test]
async fn a_new_leader_keeps_the_acknowledgement_of_an_alarm_it_did_not_know() {
    let world = World::new();
    world.do_step(&Step::Group(1, None));
    let open = |world: &World| world.inventory.alarms().0.remove(0);
    let own = open(&world);
    let recorded = Alarm {
        id: "theirs".to_owned(),
        ..own.clone()
    };
    let given = Acknowledgement {
        by: "ann".to_owned(),
        reason: "on it".to_owned(),
        at: world.now(),
        until: None,
        severity: own.severity,
        word: own.word.clone(),
    };
    let saved = SavedState::after(vec![
        StateChange::put(Table::OpenAlarms, &recorded.id, &recorded),
        StateChange::put(Table::Acknowledgements, &recorded.id, &given),
    ]);
    let mut state = world.inventory.state();
    state.shared_alarms.is_follower = true;
    // The update contains the alarm and makes this gateway the leader.
    state.take_update(StoreUpdate::first(true, saved), 0, world.now());
    drop(state);
    let alarm = open(&world);
    assert_eq!(
        (alarm.id.as_str(), alarm.acknowledged),
        ("theirs", Some(given))
    );
    let known = world.inventory.alarm(&own.id).map(|alarm| alarm.id);
    assert_eq!(
        known.as_deref(),
        Some("theirs"),
        "pages may still have its own id"
    );
}

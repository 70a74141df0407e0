//! What is looked at again after a fault, and what a message names.

use super::*;
use crate::alerts::message::Occasion;
use crate::config::StoreLocation;
use crate::watch::{Clock, Skips};
use health::Severity;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;

fn rule() -> AlertRule {
    AlertRule {
        id: "ops".to_owned(),
        targets: Vec::new(),
        severity: Severity::Warning,
        systems: Vec::new(),
        connections: Vec::new(),
        resources: Vec::new(),
        after: chrono::TimeDelta::zero(),
        repeat: None,
        quiet: None,
        recovery: true,
    }
}

#[tokio::test(start_paused = true)]
async fn alarms_are_looked_at_again_after_a_fault() {
    let looks = Arc::new(AtomicU64::new(0));
    let fails_at_first = {
        let looks = looks.clone();
        move || {
            assert!(looks.fetch_add(1, Ordering::SeqCst) > 0, "on purpose");
            DateTime::UNIX_EPOCH
        }
    };
    let (_skips, skipped) = watch::channel(Skips::default());
    let store = Arc::new(Store::open(&StoreLocation::Memory).unwrap());
    let clock = Clock::new(fails_at_first, skipped);
    let inventory = Arc::new(Inventory::new(clock, store.clone()));
    let alerting = Arc::new(Alerting::new(inventory, store));
    assert_eq!(looks.load(Ordering::SeqCst), 0);
    let busy = HashSet::from(["pager".to_owned()]);
    lock(&alerting.state).busy = busy;
    alerting.set(Setting {
        rules: vec![rule()],
        ..Setting::default()
    });
    sleep(Duration::from_secs(10)).await;
    assert!(looks.load(Ordering::SeqCst) > 2);
    assert!(
        lock(&alerting.state).busy.is_empty(),
        "what was under way is tried again"
    );
}

#[test]
fn a_storm_names_the_connections_of_alarms_that_it_does_not_list() {
    let about = |number: usize| {
        let mut alarm = Message::test(String::new(), DateTime::default(), None).alarm;
        alarm.resource = ResourceKey::of_connection(&number.to_string());
        alarm
    };
    let rule = rule();
    let due = Due {
        rule: &rule,
        occasion: Occasion::Began,
        first: about(0),
        others: (1..=LISTED + 2).map(about).collect(),
    };
    let message = message(
        String::new(),
        &due,
        &HashMap::new(),
        None,
        DateTime::default(),
    );
    assert_eq!((message.others.len(), message.omitted), (LISTED, 2));
    let omitted = ["21", "22"].map(str::to_owned);
    assert_eq!(message.omitted_connections, BTreeSet::from(omitted));
}

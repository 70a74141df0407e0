//! Evaluates the alarms every second and sends the messages that are due.

mod compose;
mod evaluation;
mod lead;
mod rate_limiter;
mod run;
mod saved;
mod target;

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use target::Deliver;
pub(crate) use target::{Setting, Target};

use super::outbox::{self, Outbox, OutboxChange, OutboxMessage};
use super::rules::{Watch, WatchKey, Watches};
use super::send::Failure;
use crate::clock::Moment;
use crate::lock::lock;
use crate::store::{Store, Table};
use crate::supervision::supervise;
use crate::watch::Inventory;
use chrono::{DateTime, Utc};
use health::schedule::Millis;
use protocol::{AlertTargetState, AlertTargets, UndeliveredAlert};
use rate_limiter::RateLimiter;
use saved::outbox_change;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// The alerts of one gateway.
pub(crate) struct Alerting {
    inventory: Arc<Inventory>,
    store: Arc<Store>,
    state: Mutex<State>,
    /// Whether the latest message to any target failed. Readable without locking the state.
    is_failing: AtomicBool,
    /// Notified when a message was delivered: the next one for its target may be due.
    delivered: Arc<Notify>,
    /// The task that sends alerts. Dropping it ends the task.
    running: Mutex<Option<JoinSet<()>>>,
}

#[derive(Default)]
struct State {
    setting: Setting,
    watches: Watches,
    outbox: Outbox,
    /// The targets with an attempt in progress, each with the key of its message.
    busy: HashMap<String, String>,
    rate_limiter: RateLimiter,
    /// Whether another gateway that shares the store sends the alerts.
    is_follower: bool,
    /// The time of the latest failure to ask the database for the leader; `None` after a success.
    unanswered: Option<Moment>,
    /// The revision of the saved state that was loaded last.
    revision: i64,
}

impl State {
    /// Whether no rule is configured and no message of earlier rules is left.
    fn is_idle(&self) -> bool {
        self.setting.rules.is_empty() && self.watches.is_empty() && self.outbox.is_empty()
    }

    /// The targets of `setting` that are new or differ from the current setting.
    fn changed_targets(&self, setting: &Setting) -> Vec<String> {
        let is_same = |new: &&Target| {
            let mut old = self.setting.targets.iter();
            old.any(|old| old.id == new.id && old.fingerprint == new.fingerprint)
        };
        let targets = setting.targets.iter();
        let changed = targets.filter(|new| !is_same(new));
        changed.map(|new| new.id.clone()).collect()
    }

    /// The result of the attempts at a target, without the messages that wait or were given up.
    fn attempts_at(&self, target: &Target) -> AlertTargetState {
        let delivery = self.outbox.delivery(&target.id);
        AlertTargetState {
            id: target.id.clone(),
            kind: target.kind.name().to_owned(),
            delivered_at: delivery.delivered_at,
            failed_at: delivery.failed.as_ref().map(|failed| failed.at),
            failure: delivery.failed.map(|failed| failed.line),
            waiting: 0,
            undelivered: Vec::new(),
        }
    }

    /// The attempts to make now; `millis` is the same moment by the schedules' clock. Marks their targets as busy.
    fn next_attempts(
        &mut self,
        now: DateTime<Utc>,
        millis: Millis,
    ) -> Vec<(OutboxMessage, Target)> {
        let limited = self.rate_limiter.limited(millis);
        let blocked: HashSet<String> = self.busy.keys().chain(limited).cloned().collect();
        let due = self.outbox.due(&blocked, now);
        let mut attempts = Vec::new();
        for outgoing in due {
            let mut targets = self.setting.targets.iter();
            if let Some(target) = targets.find(|one| one.id == outgoing.target) {
                self.busy.insert(target.id.clone(), outbox::key(&outgoing));
                self.rate_limiter.count(target, millis);
                attempts.push((outgoing, target.clone()));
            }
        }
        attempts
    }
}

impl fmt::Debug for Alerting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alerting").finish_non_exhaustive()
    }
}

impl Alerting {
    /// Restores the saved state of a previous run. Nothing is sent before [`Alerting::set`].
    pub(crate) fn new(inventory: Arc<Inventory>, store: Arc<Store>) -> Self {
        let watches = store.take_saved::<(WatchKey, Watch)>(Table::AlertWatches);
        let outgoing = store.take_saved::<OutboxMessage>(Table::AlertMessages);
        let state = State {
            watches: Watches::new(watches.into_values()),
            outbox: Outbox::new(
                outgoing.into_values(),
                store.take_saved(Table::AlertDeliveries),
            ),
            is_follower: !store.leads(),
            ..State::default()
        };
        Self {
            inventory,
            store,
            state: Mutex::new(state),
            is_failing: AtomicBool::default(),
            delivered: Arc::default(),
            running: Mutex::default(),
        }
    }

    /// Applies new rules and targets. The first call starts sending.
    pub(crate) fn set(self: &Arc<Self>, setting: Setting) {
        let changes = {
            let mut state = lock(&self.state);
            let changed = state.changed_targets(&setting);
            state.setting = setting;
            // The old configuration may be the reason why messages failed.
            let mut changes = state.outbox.retry();
            // Only the gateway that makes the attempts changes their recorded failures.
            if !state.is_follower {
                changes.extend(state.outbox.forget_failures(&changed));
            }
            self.note_failures(&state);
            changes
        };
        self.save(&changes);
        let mut running = lock(&self.running);
        running.get_or_insert_with(|| {
            let mut task = JoinSet::new();
            // A weak reference, because the task must not keep its owner alive.
            let weak = Arc::downgrade(self);
            task.spawn(supervise("the task that sends alerts", move || {
                run::run(weak.clone())
            }));
            task
        });
    }

    /// Stops sending.
    pub(crate) fn stop(&self) {
        let mut running = lock(&self.running);
        *running = None;
    }

    /// The delivery state of each target.
    pub(crate) fn targets(&self) -> AlertTargets {
        let state = lock(&self.state);
        let target_state = |target: &Target| {
            let (waiting, given_up) = state.outbox.messages_for(&target.id);
            AlertTargetState {
                waiting: waiting.len(),
                undelivered: given_up.into_iter().map(undelivered).collect(),
                ..state.attempts_at(target)
            }
        };
        AlertTargets {
            now: self.inventory.clock().now(),
            rules: state.setting.rules.len(),
            targets: state.setting.targets.iter().map(target_state).collect(),
        }
    }

    /// Whether the latest message to any target failed. Never waits.
    pub(crate) fn is_any_failing(&self) -> bool {
        self.is_failing.load(Ordering::Relaxed)
    }

    /// Updates the value of [`Alerting::is_any_failing`]. Must be called, before the state is unlocked, whenever an
    /// attempt has ended or the targets have changed.
    fn note_failures(&self, state: &State) {
        let mut targets = state.setting.targets.iter();
        let is_failing = targets.any(|target| state.attempts_at(target).is_failing());
        self.is_failing.store(is_failing, Ordering::Relaxed);
    }

    fn save(&self, changes: &[OutboxChange]) {
        self.store
            .save_later(changes.iter().map(outbox_change).collect());
    }

    /// The attempts to make now, without evaluating the alarms.
    fn next_attempts(&self) -> Vec<(OutboxMessage, Target)> {
        let clock = self.inventory.clock();
        lock(&self.state).next_attempts(clock.now(), clock.millis())
    }

    fn attempted(&self, outgoing: &OutboxMessage, outcome: Result<(), Failure>) {
        let target = &outgoing.target;
        match &outcome {
            Ok(()) => tracing::info!(target, id = outgoing.message.id, "alert delivered"),
            Err(Failure { line, is_final, .. }) => {
                tracing::warn!(
                    target,
                    id = outgoing.message.id,
                    is_final,
                    "alert not delivered: {line}"
                );
            }
        }
        let now = self.inventory.clock().now();
        let mut state = lock(&self.state);
        state.busy.remove(target);
        let is_delivered = outcome.is_ok();
        let changes = state.outbox.attempted(&outbox::key(outgoing), outcome, now);
        self.note_failures(&state);
        drop(state);
        self.save(&changes);
        if is_delivered {
            self.delivered.notify_one();
        }
    }
}

fn undelivered(outgoing: &OutboxMessage) -> UndeliveredAlert {
    UndeliveredAlert {
        at: outgoing.message.at,
        name: outgoing.message.alarm.name.clone(),
        failure: outgoing.failure.clone().unwrap_or_default(),
    }
}

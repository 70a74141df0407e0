//! Looks at the alarms each second, and sends what is due.

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

/// Alerts of one gateway.
pub(crate) struct Alerting {
    inventory: Arc<Inventory>,
    store: Arc<Store>,
    state: Mutex<State>,
    /// Whether the last message to some target did not arrive, for who must not wait for the state.
    fails: AtomicBool,
    /// Rings when a message has arrived: the next one for its target may be due.
    delivered: Arc<Notify>,
    /// Ends it when it is dropped.
    running: Mutex<Option<JoinSet<()>>>,
}

#[derive(Default)]
struct State {
    setting: Setting,
    watches: Watches,
    outbox: Outbox,
    /// The targets with an attempt under way, each with the key of its message.
    busy: HashMap<String, String>,
    rate_limiter: RateLimiter,
    /// Whether another gateway, which shares the store, is the one that tells people.
    follows: bool,
    /// When the database last did not answer who that is, since it last did.
    unanswered: Option<Moment>,
    /// The number of the saved state that was taken over last.
    revision: i64,
}

impl State {
    /// Whether no rule is configured, and nothing of earlier rules is left to be sent.
    fn is_idle(&self) -> bool {
        self.setting.rules.is_empty() && self.watches.is_empty() && self.outbox.is_empty()
    }

    /// The targets that were not yet, or not so, in the setting before.
    fn changed_targets(&self, setting: &Setting) -> Vec<String> {
        let is_same = |new: &&Target| {
            let mut old = self.setting.targets.iter();
            old.any(|old| old.id == new.id && old.fingerprint == new.fingerprint)
        };
        let targets = setting.targets.iter();
        let changed = targets.filter(|new| !is_same(new));
        changed.map(|new| new.id.clone()).collect()
    }

    /// What became of the attempts at a target, without the messages that wait or were given up.
    fn attempts_at(&self, target: &Target) -> AlertTargetState {
        let delivery = self.outbox.delivery(&target.id);
        AlertTargetState {
            id: target.id.clone(),
            kind: target.kind.to_owned(),
            delivered_at: delivery.delivered_at,
            failed_at: delivery.failed.as_ref().map(|failed| failed.at),
            failure: delivery.failed.map(|failed| failed.line),
            waiting: 0,
            undelivered: Vec::new(),
        }
    }

    /// What is to be tried now; `millis` is the same moment by the schedules' time. Its targets count as busy.
    fn next_attempts(
        &mut self,
        now: DateTime<Utc>,
        millis: Millis,
    ) -> Vec<(OutboxMessage, Target)> {
        let limited = self.rate_limiter.limited(millis);
        let not_now: HashSet<String> = self.busy.keys().chain(limited).cloned().collect();
        let due = self.outbox.due(&not_now, now);
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
    /// Goes on with what a gateway that ended has left. Nothing is sent before [`Alerting::set`].
    pub(crate) fn new(inventory: Arc<Inventory>, store: Arc<Store>) -> Self {
        let watches = store.take_saved::<(WatchKey, Watch)>(Table::AlertWatches);
        let outgoing = store.take_saved::<OutboxMessage>(Table::AlertMessages);
        let state = State {
            watches: Watches::new(watches.into_values()),
            outbox: Outbox::new(
                outgoing.into_values(),
                store.take_saved(Table::AlertDeliveries),
            ),
            follows: !store.leads(),
            ..State::default()
        };
        Self {
            inventory,
            store,
            state: Mutex::new(state),
            fails: AtomicBool::default(),
            delivered: Arc::default(),
            running: Mutex::default(),
        }
    }

    /// Sends by these rules from now on.
    pub(crate) fn set(self: &Arc<Self>, setting: Setting) {
        let changes = {
            let mut state = lock(&self.state);
            let changed = state.changed_targets(&setting);
            state.setting = setting;
            // What has failed may do so for what was changed.
            let mut changes = state.outbox.retry();
            // Which attempts have failed is for the gateway to say that makes them.
            if !state.follows {
                changes.extend(state.outbox.forget_failures(&changed));
            }
            self.note_failures(&state);
            changes
        };
        self.save(&changes);
        let mut running = lock(&self.running);
        running.get_or_insert_with(|| {
            let mut task = JoinSet::new();
            // What is under way must not keep alive what it belongs to.
            let here = Arc::downgrade(self);
            task.spawn(supervise("the look at the alarms", move || {
                run::run(here.clone())
            }));
            task
        });
    }

    /// Sends nothing any more.
    pub(crate) fn stop(&self) {
        let mut running = lock(&self.running);
        *running = None;
    }

    /// What became of the messages to each target.
    pub(crate) fn targets(&self) -> AlertTargets {
        let state = lock(&self.state);
        let of = |target: &Target| {
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
            targets: state.setting.targets.iter().map(of).collect(),
        }
    }

    /// Whether the last message to some target did not arrive. Waits for nothing.
    pub(crate) fn is_any_failing(&self) -> bool {
        self.fails.load(Ordering::Relaxed)
    }

    /// Notes what [`Alerting::is_any_failing`] answers. To be called before a state is given back in which an attempt has
    /// ended, or that has other targets.
    fn note_failures(&self, state: &State) {
        let mut targets = state.setting.targets.iter();
        let fails = targets.any(|target| state.attempts_at(target).is_failing());
        self.fails.store(fails, Ordering::Relaxed);
    }

    fn save(&self, changes: &[OutboxChange]) {
        self.store
            .save_later(changes.iter().map(outbox_change).collect());
    }

    /// What is to be tried now, without another look at the alarms.
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
        let has_arrived = outcome.is_ok();
        let changes = state.outbox.attempted(&outbox::key(outgoing), outcome, now);
        self.note_failures(&state);
        drop(state);
        self.save(&changes);
        if has_arrived {
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

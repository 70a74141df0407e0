//! Looks at the alarms each second, and sends what is due.

use super::message::{Message, Occasion};
use super::outbox::{self, Outbox, OutboxChange, OutboxMessage};
use super::rules::{Due, Watch, WatchKey, Watches};
use super::send::{Failure, Sender};
use crate::config::{self, AlertRule, DeliveryMethod, Shape};
use crate::crypto::random_hex;
use crate::lock::lock;
use crate::store::{StateChange, Store, Table};
use crate::supervision::supervise;
use crate::watch::Inventory;
use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use health::inventory::{Kind, ResourceKey};
use protocol::{AlertTargetState, AlertTargets, UndeliveredAlert};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;
use vendors::SystemKind;
use vendors::operation::segment;

/// How often the alarms are looked at, in milliseconds.
const TICK: f64 = 1_000.0;

/// How long the database may take to say who is in charge.
const PATIENCE: Duration = Duration::from_secs(10);

/// The most alarms of a storm that are listed in its message.
const LISTED: usize = 20;

/// Sends messages to one target.
pub(crate) trait Deliver: Send + Sync {
    /// Tries once; an e-mail to these recipients alone, where it names any.
    fn deliver<'a>(
        &'a self,
        message: &'a Message,
        only: &'a [String],
    ) -> BoxFuture<'a, Result<(), Failure>>;
}

impl Deliver for Sender {
    fn deliver<'a>(
        &'a self,
        message: &'a Message,
        only: &'a [String],
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(self.send(message, only))
    }
}

/// Where messages go.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) id: String,
    /// The configuration's word for how messages get there.
    pub(crate) kind: &'static str,
    pub(crate) deliver: Arc<dyn Deliver>,
}

impl Target {
    /// A configured one.
    ///
    /// # Errors
    /// What is wrong with it, with its id and without a secret.
    pub(crate) fn new(
        target: &config::AlertTarget,
        outbound: &config::Outbound,
    ) -> Result<Self, String> {
        Ok(Self {
            id: target.id.clone(),
            kind: match &target.method {
                DeliveryMethod::Mail(_) => "mail",
                DeliveryMethod::Webhook(webhook) => match webhook.shape {
                    Shape::Own => "webhook",
                    Shape::Slack => "slack",
                    Shape::Teams => "teams",
                },
            },
            deliver: Arc::new(Sender::new(target, outbound)?),
        })
    }
}

/// The targets, and the rules of what is sent to them.
#[derive(Clone, Default)]
pub(crate) struct Setting {
    pub(crate) rules: Vec<AlertRule>,
    pub(crate) targets: Vec<Target>,
    /// The console's address, to lead from a message to a page.
    pub(crate) console: Option<String>,
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let targets: Vec<&str> = self.targets.iter().map(|one| one.id.as_str()).collect();
        f.debug_struct("Setting")
            .field("rules", &self.rules)
            .field("targets", &targets)
            .finish_non_exhaustive()
    }
}

/// Alerts of one gateway.
pub(crate) struct Alerting {
    inventory: Arc<Inventory>,
    store: Arc<Store>,
    state: Mutex<State>,
    /// Rings when a message has arrived: the next one for its target need not wait.
    delivered: Arc<Notify>,
    /// Ends it when it is dropped.
    running: Mutex<Option<JoinSet<()>>>,
}

#[derive(Default)]
struct State {
    setting: Setting,
    watches: Watches,
    outbox: Outbox,
    /// The targets with an attempt under way.
    busy: HashSet<String>,
    /// Whether another gateway, which shares the store, is the one that tells people.
    follows: bool,
    /// The number of the saved state that was taken over last.
    revision: i64,
}

impl State {
    /// Whether no rule is configured, and nothing of earlier rules is left to be sent.
    fn is_idle(&self) -> bool {
        self.setting.rules.is_empty() && self.watches.is_empty() && self.outbox.is_empty()
    }

    /// What is to be tried now. Its targets count as busy.
    fn next_attempts(&mut self, now: DateTime<Utc>) -> Vec<(OutboxMessage, Target)> {
        let due = self.outbox.due(&self.busy, now);
        let mut attempts = Vec::new();
        for outgoing in due {
            let mut targets = self.setting.targets.iter();
            if let Some(target) = targets.find(|one| one.id == outgoing.target) {
                self.busy.insert(target.id.clone());
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
            delivered: Arc::default(),
            running: Mutex::default(),
        }
    }

    /// Sends by these rules from now on.
    pub(crate) fn set(self: &Arc<Self>, setting: Setting) {
        let retried = {
            let mut state = lock(&self.state);
            state.setting = setting;
            // What has failed may do so for what was changed.
            state.outbox.retry()
        };
        self.store
            .save_later(retried.iter().map(outbox_change).collect());
        let mut running = lock(&self.running);
        running.get_or_insert_with(|| {
            let mut task = JoinSet::new();
            // What is under way must not keep alive what it belongs to.
            let here = Arc::downgrade(self);
            task.spawn(supervise("the look at the alarms", move || {
                run(here.clone())
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
            let (waiting, given_up) = state.outbox.of(&target.id);
            let delivery = state.outbox.delivery(&target.id);
            AlertTargetState {
                id: target.id.clone(),
                kind: target.kind.to_owned(),
                delivered_at: delivery.delivered_at,
                failed_at: delivery.failed.as_ref().map(|failed| failed.at),
                failure: delivery.failed.map(|failed| failed.line),
                waiting: waiting.len(),
                undelivered: given_up.into_iter().map(undelivered).collect(),
            }
        };
        AlertTargets {
            now: self.inventory.clock().now(),
            rules: state.setting.rules.len(),
            targets: state.setting.targets.iter().map(of).collect(),
        }
    }

    /// Whether this gateway is the one that tells people. One that is not takes over what the other has told, to show it
    /// and to go on with it. While the database cannot say which one it is, nothing changes: people are better told twice
    /// than not at all.
    async fn is_in_charge(&self) -> bool {
        let (follows, revision) = {
            let state = lock(&self.state);
            (state.follows, state.revision)
        };
        let was_in_charge = self.store.leads() && !follows;
        if was_in_charge && self.store.is_lead_confirmed() {
            return true;
        }
        let polled = timeout(PATIENCE, self.store.poll_changes(revision)).await;
        let Some(update) = polled.ok().flatten() else {
            return was_in_charge;
        };
        if update.leads && was_in_charge {
            // What is saved may be older than what is known here.
            return true;
        }
        let mut state = lock(&self.state);
        if let Some(mut saved) = update.saved {
            let watches = saved.take::<(WatchKey, Watch)>(Table::AlertWatches);
            let outgoing = saved.take::<OutboxMessage>(Table::AlertMessages);
            let deliveries = saved.take(Table::AlertDeliveries);
            state.watches = Watches::new(watches.into_values());
            state.outbox = Outbox::new(outgoing.into_values(), deliveries);
            state.revision = update.revision;
        }
        state.follows = !update.leads;
        update.leads
    }

    /// Evaluates the rules for the open alarms, and answers what is to be tried now.
    fn evaluate(&self) -> Vec<(OutboxMessage, Target)> {
        if lock(&self.state).is_idle() {
            return Vec::new();
        }
        let now = self.inventory.clock().now();
        let (open, systems) = self.inventory.alarms();
        let system = |id: &str| systems.get(id).map(|(kind, _)| *kind);
        let mut guard = lock(&self.state);
        let state = &mut *guard;
        let mut step = state.watches.step(&state.setting.rules, &open, system, now);
        // What is over is told before what takes its place.
        let is_over = |due: &Due<'_>| matches!(due.occasion, Occasion::Ended | Occasion::Unwatched);
        step.due.sort_by_key(|due| !is_over(due));
        let mut changes: Vec<StateChange> = step.changed.iter().map(watch_change).collect();
        for due in step.due {
            let id = message_id(&due, now);
            let console = state.setting.console.as_deref();
            let message = message(id, &due, &systems, console, now);
            changes.extend(
                state
                    .outbox
                    .add(&message, &due.rule.id, &due.rule.targets)
                    .iter()
                    .map(outbox_change),
            );
        }
        let known: Vec<&str> = state
            .setting
            .targets
            .iter()
            .map(|one| one.id.as_str())
            .collect();
        let (redirected, gone) = state.outbox.redirect(&known, &state.setting.rules);
        changes.extend(redirected.iter().map(outbox_change));
        for (target, (waiting, passed_on)) in gone {
            tracing::warn!(
                target,
                waiting,
                passed_on,
                "alerts wait for a target that is not configured any more; those that are passed on go to their rule's \
                 new targets"
            );
        }
        changes.extend(
            state
                .outbox
                .forget_old(&known, now)
                .iter()
                .map(outbox_change),
        );
        let attempts = state.next_attempts(now);
        drop(guard);
        self.store.save_later(changes);
        attempts
    }

    /// What is to be tried now, without another look at the alarms.
    fn next_attempts(&self) -> Vec<(OutboxMessage, Target)> {
        let now = self.inventory.clock().now();
        lock(&self.state).next_attempts(now)
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
        drop(state);
        self.store
            .save_later(changes.iter().map(outbox_change).collect());
        if has_arrived {
            self.delivered.notify_one();
        }
    }
}

async fn run(alerting: Weak<Alerting>) {
    let mut attempts = JoinSet::new();
    if let Some(here) = alerting.upgrade() {
        // What was under way when this failed has ended with it, and is tried again.
        lock(&here.state).busy.clear();
    }
    let (mut is_look, mut next_look) = (true, 0.0);
    loop {
        let Some(here) = alerting.upgrade() else {
            return;
        };
        let due = match here.is_in_charge().await {
            true if is_look => here.evaluate(),
            true => here.next_attempts(),
            false => Vec::new(),
        };
        for (outgoing, target) in due {
            let here = here.clone();
            attempts.spawn(async move {
                // A fault of its own must not leave the target busy for ever.
                let (message, only) = (&outgoing.message, &outgoing.missed);
                let attempt = AssertUnwindSafe(target.deliver.deliver(message, only));
                let outcome = attempt.catch_unwind().await.unwrap_or_else(|_| {
                    let line = "a fault in the gateway, which its log describes";
                    Err(Failure {
                        is_of_message: true,
                        ..Failure::for_now(line.to_owned())
                    })
                });
                here.attempted(&outgoing, outcome);
            });
        }
        while attempts.try_join_next().is_some() {}
        let clock = here.inventory.clock().clone();
        if is_look {
            next_look = clock.millis() + TICK;
        }
        let delivered = here.delivered.clone();
        drop(here);
        is_look = tokio::select! {
            () = clock.sleep_until(next_look) => true,
            () = delivered.notified() => false,
        };
    }
}

/// Another one for each message, without random numbers too.
fn message_id(due: &Due<'_>, at: DateTime<Utc>) -> String {
    let other = || format!("{}-{}-{}", due.rule.id, due.first.id, at.timestamp_millis());
    random_hex().unwrap_or_else(|_| other())
}

/// What a message says of what is due.
fn message(
    id: String,
    due: &Due<'_>,
    systems: &HashMap<String, (SystemKind, String)>,
    console: Option<&str>,
    at: DateTime<Utc>,
) -> Message {
    let (first, others) = (due.first.clone(), &due.others);
    let connection = systems.get(&first.resource.connection);
    Message {
        id,
        at,
        occasion: due.occasion,
        connection: connection.map_or_else(
            || first.resource.connection.clone(),
            |(_, title)| title.clone(),
        ),
        link: console.map(|console| {
            if others.is_empty() {
                format!("{console}{}", page(&first.resource))
            } else {
                format!("{console}/")
            }
        }),
        alarm: first,
        others: others.iter().take(LISTED).cloned().collect(),
        omitted: others.len().saturating_sub(LISTED),
        omitted_connections: others
            .iter()
            .skip(LISTED)
            .map(|alarm| alarm.resource.connection.clone())
            .collect(),
    }
}

/// The console's page of a resource.
fn page(key: &ResourceKey) -> String {
    let below = |list| format!("/{list}/{}/{}", segment(&key.connection), segment(&key.id));
    match key.kind {
        Kind::Connection => "/connections".to_owned(),
        Kind::FailoverGroup => below("groups"),
        Kind::SlicerGroup => below("slicers"),
        Kind::FailoverSession => below("failover-sessions"),
    }
}

fn undelivered(outgoing: &OutboxMessage) -> UndeliveredAlert {
    UndeliveredAlert {
        at: outgoing.message.at,
        name: outgoing.message.alarm.name.clone(),
        failure: outgoing.failure.clone().unwrap_or_default(),
    }
}

fn watch_change((key, watch): &(WatchKey, Option<Watch>)) -> StateChange {
    // Neither a rule's nor an alarm's id holds a blank.
    let id = format!("{} {}", key.0, key.1);
    match watch {
        Some(watch) => StateChange::put(Table::AlertWatches, id, &(key, watch)),
        None => StateChange::delete(Table::AlertWatches, id),
    }
}

fn outbox_change(change: &OutboxChange) -> StateChange {
    match change {
        OutboxChange::Put(one) => StateChange::put(Table::AlertMessages, outbox::key(one), one),
        OutboxChange::Gone(key) => StateChange::delete(Table::AlertMessages, key),
        OutboxChange::Delivery(target, delivery) => {
            StateChange::put(Table::AlertDeliveries, target, delivery)
        }
    }
}

#[cfg(test)]
mod tests;

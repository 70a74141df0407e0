//! Evaluates the rules for the open alarms.

use super::Alerting;
use super::compose::{message, message_id};
use super::saved::{outbox_change, watch_change};
use super::target::Target;
use crate::alerts::message::Occasion;
use crate::alerts::outbox::OutboxMessage;
use crate::alerts::rules::Due;
use crate::lock::lock;
use crate::store::StateChange;
use health::alarms::Alarm;

impl Alerting {
    /// Evaluates the rules for the open alarms, and returns the attempts to make now.
    pub(super) fn evaluate(&self) -> Vec<(OutboxMessage, Target)> {
        if lock(&self.state).is_idle() {
            return Vec::new();
        }
        let now = self.inventory.clock().now();
        let (open, unconfirmed, systems) = self.inventory.alarms();
        let system = |id: &str| systems.get(id).map(|(kind, _)| *kind);
        let is_confirmed = |alarm: &Alarm| !unconfirmed.contains(&alarm.id);
        let mut guard = lock(&self.state);
        let state = &mut *guard;
        let rules = &state.setting.rules;
        let mut step = state.watches.step(rules, &open, system, is_confirmed, now);
        // Ends are sent before beginnings, because one alarm may replace another.
        let is_over = |due: &Due<'_>| matches!(due.occasion, Occasion::Ended | Occasion::Unwatched);
        step.due.sort_by_key(|due| !is_over(due));
        let mut saved: Vec<StateChange> = step.changed.iter().map(watch_change).collect();
        let (setting, outbox) = (&state.setting, &mut state.outbox);
        let mut changes = Vec::new();
        for due in step.due {
            let id = message_id(&due, now);
            let message = message(id, &due, &systems, setting.console.as_deref(), now);
            changes.extend(outbox.add(&message, &due.rule.id, &due.rule.targets));
        }
        let targets = setting.targets.iter().map(|one| one.id.as_str());
        let targets: Vec<&str> = targets.collect();
        let (redirected, removed) = outbox.redirect(&targets, &setting.rules);
        changes.extend(redirected);
        for (target, (waiting, passed_on)) in removed {
            tracing::warn!(
                target,
                waiting,
                passed_on,
                "alerts wait for a target that is no longer configured; those that are passed on go to their rule's new \
                 targets"
            );
        }
        changes.extend(outbox.forget_old(&targets, now));
        let in_progress = state.busy.values().map(String::as_str).collect();
        changes.extend(outbox.join_waiting(&in_progress));
        let attempts = state.next_attempts(now, self.inventory.clock().millis());
        drop(guard);
        saved.extend(changes.iter().map(outbox_change));
        self.store.save_later(saved);
        attempts
    }
}

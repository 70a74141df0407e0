//! The loop that sends the messages that are due.

use super::Alerting;
use crate::alerts::send::Failure;
use crate::lock::lock;
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::sync::Weak;
use tokio::task::JoinSet;

/// The interval between evaluations of the alarms, in milliseconds.
const TICK: f64 = 1_000.0;

pub(super) async fn run(alerting: Weak<Alerting>) {
    let mut attempts = JoinSet::new();
    if let Some(strong) = alerting.upgrade() {
        // Attempts of a previous run of this task have ended with it, and are repeated.
        lock(&strong.state).busy.clear();
    }
    let (mut is_tick, mut next_tick) = (true, 0.0);
    loop {
        let Some(strong) = alerting.upgrade() else {
            return;
        };
        let due = match strong.is_leader().await {
            true if is_tick => strong.evaluate(),
            true => strong.next_attempts(),
            false => Vec::new(),
        };
        for (outgoing, target) in due {
            let strong = strong.clone();
            attempts.spawn(async move {
                // A panic must not leave the target busy forever.
                let (message, only) = (&outgoing.message, &outgoing.remaining_recipients);
                let attempt = AssertUnwindSafe(target.deliver.deliver(message, only));
                let outcome = attempt.catch_unwind().await.unwrap_or_else(|_| {
                    let line = "an internal error of the gateway; see its log";
                    Err(Failure {
                        blocks_connection_only: true,
                        ..Failure::temporary(line.to_owned())
                    })
                });
                strong.attempted(&outgoing, outcome);
            });
        }
        while attempts.try_join_next().is_some() {}
        let clock = strong.inventory.clock().clone();
        if is_tick {
            next_tick = clock.millis() + TICK;
        }
        let delivered = strong.delivered.clone();
        drop(strong);
        is_tick = tokio::select! {
            () = clock.sleep_until(next_tick) => true,
            () = delivered.notified() => false,
        };
    }
}

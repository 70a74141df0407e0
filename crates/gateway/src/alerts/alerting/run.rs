//! The loop that sends what is due.

use super::Alerting;
use crate::alerts::send::Failure;
use crate::lock::lock;
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::sync::Weak;
use tokio::task::JoinSet;

/// How often the alarms are looked at, in milliseconds.
const TICK: f64 = 1_000.0;

pub(super) async fn run(alerting: Weak<Alerting>) {
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
                let (message, only) = (&outgoing.message, &outgoing.remaining_recipients);
                let attempt = AssertUnwindSafe(target.deliver.deliver(message, only));
                let outcome = attempt.catch_unwind().await.unwrap_or_else(|_| {
                    let line = "a fault in the gateway, which its log describes";
                    Err(Failure {
                        blocks_connection_only: true,
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

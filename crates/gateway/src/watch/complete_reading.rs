//! Watches a system that is read completely each time: Veeam's newest sessions.

use super::inventory::Read;
use super::source::Source;
use super::watcher::Watcher;
use crate::vendor_client::When;
use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use health::inventory::Contents;
use protocol::ReadFailure;
use std::future::pending;

/// The result of a reading.
pub(super) struct Reading {
    pub(super) contents: Contents,
    pub(super) observed_at: DateTime<Utc>,
    pub(super) in_transition: bool,
    pub(super) limit: Option<String>,
}

/// A reading in progress.
pub(super) type UnderWay = BoxFuture<'static, Result<Reading, ReadFailure>>;

/// Watches until the clock is reset.
pub(super) async fn run(mut watcher: Watcher, begin: impl Fn(Source, When) -> UnderWay) {
    let mut under_way = None;
    while !watcher.is_obsolete() {
        let again = match watcher.due() {
            Ok(()) if under_way.is_none() => {
                let when = watcher.begin();
                under_way = Some(begin(watcher.source.clone(), when));
                continue;
            }
            Ok(()) => watcher.now(),
            Err(at) => at,
        };
        let inbox = watcher.inbox.clone();
        tokio::select! {
            outcome = ready(&mut under_way) => {
                under_way = None;
                match outcome {
                    Ok(reading) => {
                        watcher.limit(reading.limit);
                        let (at, moving) = (reading.observed_at, reading.in_transition);
                        watcher.answered(at, moving, moving, Read::Everything(&reading.contents));
                    }
                    Err(why) => watcher.failed(why, Read::Nothing),
                }
            }
            mut requests = inbox.next() => {
                // A change of a group requires a reading of everything here.
                requests.changed |= !requests.changed_groups.is_empty();
                if requests.reached_differently {
                    under_way = None;
                }
                watcher.take(&mut requests);
            }
            () = watcher.source.clock.sleep_until(again) => {}
        }
    }
}

/// Waits for the result of the task in progress; never returns without one.
pub(super) async fn ready<F: Future + Unpin>(under_way: &mut Option<F>) -> F::Output {
    match under_way {
        Some(future) => future.await,
        None => pending().await,
    }
}

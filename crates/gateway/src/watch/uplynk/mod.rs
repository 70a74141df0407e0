//! Watches an Uplynk account. The service counts requests and requires a second of its own for each, so all groups are
//! read with one list, as far as it is complete, and published at once. Omitted parts are read group by group between
//! the lists.

mod groups;
mod list;

use super::complete_reading::ready;
use super::failure;
use super::inbox::WatchRequests;
use super::inventory::Read;
use super::source::Received;
use super::watcher::Watcher;
use crate::vendor_client::When;
use futures_util::future::BoxFuture;
use groups::Groups;
use health::inventory::Contents;
use health::schedule::Millis;
use health::transition;
use list::List;
use protocol::ReadFailure;
use std::mem;
use tokio::time::Instant;
use vendors::uplynk::{self, FailoverGroup};

/// The result of reading one group.
type GroupRead = (String, Result<Received<FailoverGroup>, ReadFailure>);

/// The state of watching an account.
struct Uplynk {
    groups: Groups,
    list: Option<BoxFuture<'static, Result<List, ReadFailure>>>,
    /// When the list was requested, or the service last answered any caller after that.
    answered_at: Instant,
    single_read: Option<BoxFuture<'static, GroupRead>>,
    /// The group of that read, if it was changed.
    changed: Option<String>,
    /// How recent the last reading's answers had to be.
    when: When,
}

/// Watches until the clock is reset.
pub(super) async fn run(mut watcher: Watcher) {
    let mut uplynk = Uplynk {
        groups: Groups::known(watcher.known_ids()),
        list: None,
        answered_at: Instant::now(),
        single_read: None,
        changed: None,
        when: When::Lately,
    };
    while !watcher.is_obsolete() {
        uplynk.step(&mut watcher).await;
    }
}

impl Uplynk {
    async fn step(&mut self, watcher: &mut Watcher) {
        let again = watcher.due().err();
        if again.is_none() && self.list.is_none() {
            self.when = watcher.begin();
            self.answered_at = Instant::now();
            self.list = Some(Box::pin(list::read(watcher.source.clone(), self.when)));
            return;
        }
        // A failed connection is not read until its next attempt.
        if self.single_read.is_none()
            && self.list.is_none()
            && watcher.is_answering()
            && let Some((id, was_changed)) = self.groups.next(watcher.now())
        {
            let when = if was_changed { When::Now } else { self.when };
            self.changed = was_changed.then(|| id.clone());
            let source = watcher.source.clone();
            self.single_read = Some(Box::pin(async move {
                let read = source.read(&uplynk::groups().get(&id), when).await;
                (id, read)
            }));
        }
        let inbox = watcher.inbox.clone();
        tokio::select! {
            list = ready(&mut self.list) => {
                self.list = None;
                self.take_list(list, watcher);
            }
            (id, read) = ready(&mut self.single_read) => {
                self.single_read = None;
                self.take(&id, read, watcher);
            }
            mut requests = inbox.next() => {
                for id in mem::take(&mut requests.changed_groups) {
                    self.groups.changed(&id);
                    requests.changed = true;
                }
                if requests.reached_differently {
                    self.cancel_reads(&mut requests);
                }
                watcher.take(&mut requests);
            }
            // Changes come before the list. While the service answers them, the delay of the list is the gateway's.
            at = watcher.source.next_answer(self.answered_at), if self.list.is_some() => {
                self.answered_at = at;
                watcher.still_reading();
                watcher.publish(Read::Nothing);
            }
            () = watcher.source.clock.sleep_until(again.unwrap_or(Millis::INFINITY)) => {}
        }
    }

    /// Cancels all reads in progress, because the route to the system has changed.
    fn cancel_reads(&mut self, requests: &mut WatchRequests) {
        self.list = None;
        if self.single_read.take().is_some() {
            // Its turn in the round is not over.
            self.groups.interrupt();
            if let Some(id) = self.changed.take() {
                self.groups.changed(&id);
            }
            requests.changed = true;
        }
    }

    fn take_list(&mut self, list: Result<List, ReadFailure>, watcher: &mut Watcher) {
        let list = match list {
            Ok(list) => list,
            Err(why) => {
                self.groups.interrupt();
                watcher.failed(why, Read::Nothing);
                return;
            }
        };
        let at = list.observed_at;
        self.groups
            .list(list.groups, list.is_complete, at, watcher.now());
        watcher.limit(list.limit);
        self.update_min_interval(watcher);
        let contents = Contents::Uplynk(self.groups.all().cloned().collect());
        let moving = self.is_in_transition(watcher);
        watcher.answered(at, moving, moving, Read::Everything(&contents));
    }

    fn take(
        &mut self,
        id: &str,
        read: Result<Received<FailoverGroup>, ReadFailure>,
        watcher: &mut Watcher,
    ) {
        match read {
            Ok(read) => self.groups.take(id, read.value, read.observed_at),
            Err(why) if failure::is_missing(&why) && self.groups.confirm_deleted(id) => {
                self.update_min_interval(watcher);
                let contents = Contents::Uplynk(self.groups.all().cloned().collect());
                watcher.publish(Read::Everything(&contents));
                return;
            }
            Err(why) => {
                watcher.record_error(format!("{id}: {}", failure::line(&why)));
                if failure::ends_a_reading(&why) {
                    self.groups.interrupt();
                    // The list in progress will show the state of the connection.
                    if self.list.is_none() {
                        watcher.connection_failed(why, Read::Nothing);
                    }
                    return;
                }
                // A failure of one group hides no other.
                self.groups.failed(id, failure::line(&why));
            }
        }
        self.update_min_interval(watcher);
        watcher.set_in_transition(self.is_in_transition(watcher));
        let group = self.groups.get(id).cloned();
        let contents = Contents::Uplynk(group.into_iter().collect());
        watcher.publish(Read::Part(&contents));
    }

    /// A group is as fresh as it should be until a round is over.
    fn update_min_interval(&mut self, watcher: &mut Watcher) {
        watcher.set_min_interval(self.groups.round(watcher.now()));
    }

    fn is_in_transition(&self, watcher: &Watcher) -> bool {
        let now = watcher.source.vendor_now();
        let mut all = self.groups.all();
        all.any(|watched| transition::slicers(&watched.group, now))
    }
}

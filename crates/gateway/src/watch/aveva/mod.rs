//! Watches an AVEVA service: the list of its groups, then the sessions of each group, several at a time and oldest
//! first. A slow or failing group delays no other. Between two sweeps, groups in transition and groups that were
//! changed through the relay are read separately.

mod groups;
mod requests;
mod sweep;
mod transitions;

use super::complete_reading::ready;
use super::failure;
use super::inbox::WatchRequests;
use super::inventory::Read;
use super::limit;
use super::watcher::Watcher;
use crate::vendor_client::When;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use groups::Groups;
use health::inventory::GroupDetail;
use health::schedule::{IN_TRANSITION, Millis, millis};
use protocol::ReadFailure;
use requests::{List, detail, list};
use std::collections::{HashMap, HashSet, VecDeque};
use std::mem;
use sweep::Sweep;
use transitions::Transitions;
use vendors::LeftOut;
use vendors::aveva::Base;

/// The number of concurrent reads; the client's other slots are for people.
const MAX_CONCURRENT_READS: usize = 12;

/// The number of concurrent reads of groups in transition while others wait for a sweep. Without it, a large failover
/// could use up all reads, because each group is due again before the last one was read.
const MAX_CONCURRENT_TRANSITION_READS: usize = MAX_CONCURRENT_READS / 2;

/// The interval of publications during a sweep, in milliseconds.
const PUBLISH_INTERVAL_MS: Millis = 1_000.0;

/// The delay of publications that somebody waits for, which collects simultaneous ones, in milliseconds.
const PUBLISH_DEBOUNCE_MS: Millis = 50.0;

/// The reason for reading a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReadReason {
    /// A sweep.
    Sweep,
    /// A transition.
    Transition,
    /// A change through the relay.
    Change,
}

/// The result of reading one group.
struct GroupRead {
    id: String,
    /// With the failure of its status, if its sessions suffice.
    read: Result<(GroupDetail, Option<ReadFailure>), ReadFailure>,
    why: ReadReason,
}

/// The state of watching a service.
struct Aveva {
    base: Base,
    groups: Groups,
    sweep: Option<Sweep>,
    /// How recent the sweep's answers must be.
    when: When,
    list: Option<BoxFuture<'static, Result<List, ReadFailure>>>,
    reads: FuturesUnordered<BoxFuture<'static, GroupRead>>,
    under_way: HashMap<String, ReadReason>,
    /// Changed groups, which are read first.
    urgent: VecDeque<String>,
    /// Groups in transition that are read next.
    transitions: Transitions,
    /// The note about the limit on groups, and the unreadable items of their list.
    omitted: (Option<String>, LeftOut),
    /// The groups that are still to be published, and the time of that.
    unpublished: HashSet<String>,
    publish_at: Option<Millis>,
}

/// Watches until the clock is reset.
pub(super) async fn run(mut watcher: Watcher, base: Base) {
    let mut aveva = Aveva {
        base,
        groups: Groups::known(watcher.known_ids()),
        sweep: None,
        when: When::Lately,
        list: None,
        reads: FuturesUnordered::new(),
        under_way: HashMap::new(),
        urgent: VecDeque::new(),
        transitions: Transitions::default(),
        omitted: (None, LeftOut::default()),
        unpublished: HashSet::new(),
        publish_at: None,
    };
    while !watcher.is_obsolete() {
        aveva.step(&mut watcher).await;
    }
}

impl Aveva {
    async fn step(&mut self, watcher: &mut Watcher) {
        let now = watcher.now();
        let mut again = self.begin_sweep(watcher, now);
        again = again.min(self.follow_transitions(watcher, now));
        self.fill(watcher, now);
        if let Some(at) = self.sweep.as_ref().and_then(|sweep| sweep.over_at(now)) {
            if at <= now {
                self.end_sweep(watcher);
                return;
            }
            again = again.min(at);
        }
        if let Some(at) = self.publish_at {
            if at <= now {
                self.publish(watcher);
            } else {
                again = again.min(at);
            }
        }
        let inbox = watcher.inbox.clone();
        tokio::select! {
            list = ready(&mut self.list) => self.take_list(list, watcher),
            Some(read) = self.reads.next(), if !self.reads.is_empty() => {
                self.take(read, watcher);
            }
            requests = inbox.next() => self.take_requests(requests, watcher),
            () = watcher.source.clock.sleep_until(again) => {}
        }
    }

    /// Starts a sweep if one is due. Returns the time of the next check.
    fn begin_sweep(&mut self, watcher: &mut Watcher, now: Millis) -> Millis {
        match watcher.due() {
            Ok(()) if self.sweep.is_none() => {
                self.when = watcher.begin();
                self.sweep = Some(Sweep::new(watcher.source.clock.now()));
                let (source, base) = (watcher.source.clone(), self.base.clone());
                self.list = Some(Box::pin(list(source, base, self.when)));
                now + millis(IN_TRANSITION)
            }
            Ok(()) => now + millis(IN_TRANSITION),
            Err(at) => at,
        }
    }

    /// Queues groups in transition that are due. Returns the time of the next check.
    fn follow_transitions(&mut self, watcher: &Watcher, now: Millis) -> Millis {
        // A failed connection is not read until its next attempt.
        if !watcher.is_answering() {
            return Millis::INFINITY;
        }
        self.transitions.follow(&self.groups, &self.under_way, now)
    }

    /// Starts as many reads as the limit permits.
    fn fill(&mut self, watcher: &Watcher, now: Millis) {
        let mut waiting = VecDeque::new();
        while self.reads.len() < MAX_CONCURRENT_READS {
            let Some(id) = self.urgent.pop_front() else {
                break;
            };
            // A read that began before the change may not include it.
            if self.under_way.contains_key(&id) {
                waiting.push_back(id);
            } else {
                self.begin(id, ReadReason::Change, watcher, now);
            }
        }
        // The waiting groups keep their order.
        waiting.append(&mut self.urgent);
        self.urgent = waiting;
        let is_sweeping = self.sweep.as_ref().is_some_and(Sweep::has_more);
        while self.reads.len() < MAX_CONCURRENT_READS
            && !(is_sweeping && self.in_transition_under_way() >= MAX_CONCURRENT_TRANSITION_READS)
            && let Some(id) = self.transitions.next(&self.groups, &self.under_way, now)
        {
            self.begin(id, ReadReason::Transition, watcher, now);
        }
        while self.reads.len() < MAX_CONCURRENT_READS {
            let Some(sweep) = &mut self.sweep else {
                break;
            };
            match sweep.next(now) {
                Some(id) if self.under_way.contains_key(&id) => sweep.skip(&id),
                Some(id) => self.begin(id, ReadReason::Sweep, watcher, now),
                None => break,
            }
        }
    }

    fn in_transition_under_way(&self) -> usize {
        let under_way = self.under_way.values();
        under_way
            .filter(|why| **why == ReadReason::Transition)
            .count()
    }

    fn begin(&mut self, id: String, why: ReadReason, watcher: &Watcher, now: Millis) {
        let when = match why {
            ReadReason::Sweep => self.when,
            ReadReason::Transition => When::Lately,
            ReadReason::Change => When::Now,
        };
        self.groups.begin(&id, now);
        self.under_way.insert(id.clone(), why);
        let (source, base) = (watcher.source.clone(), self.base.clone());
        self.reads.push(Box::pin(async move {
            let read = detail(&source, &base, &id, when).await;
            GroupRead { id, read, why }
        }));
    }

    fn take_list(&mut self, list: Result<List, ReadFailure>, watcher: &mut Watcher) {
        self.list = None;
        let Some(sweep) = &mut self.sweep else {
            return;
        };
        match list {
            Ok(list) => {
                let changed = self
                    .groups
                    .configure(list.groups, list.paged, list.is_complete);
                sweep.list(self.groups.oldest_first(), watcher.now());
                sweep.began = sweep.began.min(list.observed_at);
                self.omitted = (list.limit, list.left_out);
                watcher.limit(self.omitted_note());
                if changed {
                    watcher.publish(Read::AllGroups(self.groups.all()));
                    self.unpublished.clear();
                }
            }
            Err(why) => sweep.list_failed(why),
        }
    }

    fn take(&mut self, read: GroupRead, watcher: &mut Watcher) {
        let GroupRead { id, read, why } = read;
        self.under_way.remove(&id);
        if let Some(sweep) = &mut self.sweep {
            sweep.ended(&id, read.as_ref().err());
        }
        if read.as_ref().is_err_and(failure::is_missing) && self.groups.confirm_deleted(&id) {
            return;
        }
        let read = match read {
            Ok((detail, of_status)) => {
                if let Some(why) = of_status {
                    watcher.record_error(format!("{id} (status): {}", failure::line(&why)));
                }
                Ok(detail)
            }
            Err(why) => {
                let line = failure::line(&why);
                watcher.record_error(format!("{id}: {line}"));
                Err(line)
            }
        };
        self.groups.take(&id, read);
        self.unpublished.insert(id);
        let wait = if why == ReadReason::Sweep {
            PUBLISH_INTERVAL_MS
        } else {
            PUBLISH_DEBOUNCE_MS
        };
        let at = watcher.now() + wait;
        self.publish_at = Some(self.publish_at.map_or(at, |before| before.min(at)));
    }

    /// Publishes the groups that were read so far.
    fn publish(&mut self, watcher: &mut Watcher) {
        self.publish_at = None;
        let unpublished = mem::take(&mut self.unpublished);
        if self.sweep.as_ref().is_some_and(Sweep::is_answered) {
            watcher.still_reading();
        }
        watcher.set_in_transition(self.groups.any_in_transition());
        watcher.publish(Read::Groups(self.groups.existing(&unpublished)));
    }

    fn end_sweep(&mut self, watcher: &mut Watcher) {
        let Some(sweep) = self.sweep.take() else {
            return;
        };
        self.list = None;
        self.publish_at = None;
        let unpublished = mem::take(&mut self.unpublished);
        let began = sweep.began;
        match sweep.failure() {
            // The groups that were not read keep their judgement.
            Some(why) => watcher.failed(why, Read::Groups(self.groups.existing(&unpublished))),
            None => {
                let moving = self.groups.any_in_transition();
                watcher.limit(self.omitted_note());
                watcher.answered(began, moving, false, Read::AllGroups(self.groups.all()));
            }
        }
    }

    /// The note about omitted groups and sessions.
    fn omitted_note(&self) -> Option<String> {
        let (limit, mut left_out) = self.omitted.clone();
        let details = self
            .groups
            .all()
            .iter()
            .filter_map(|group| group.detail.as_ref());
        details.for_each(|detail| left_out += detail.left_out);
        limit::limitation_note(limit, left_out)
    }

    fn take_requests(&mut self, mut requests: WatchRequests, watcher: &mut Watcher) {
        for id in mem::take(&mut requests.changed_groups) {
            if self.groups.get(&id).is_none() {
                requests.changed = true;
                continue;
            }
            self.urgent.retain(|other| *other != id);
            self.urgent.push_front(id);
        }
        if requests.reached_differently {
            self.cancel_reads(&mut requests);
        }
        watcher.take(&mut requests);
    }

    /// Cancels all reads in progress, because the route to the system has changed.
    fn cancel_reads(&mut self, requests: &mut WatchRequests) {
        requests.changed |= !self.reads.is_empty();
        self.sweep = None;
        self.list = None;
        self.reads.clear();
        for (id, why) in self.under_way.drain() {
            // Somebody waits for the result of their change.
            if why == ReadReason::Change && !self.urgent.contains(&id) {
                self.urgent.push_front(id);
            }
        }
    }
}

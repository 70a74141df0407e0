//! Watches an AVEVA service: the list of its groups, then what each of them holds, several at a time and the oldest
//! first. A group that is slow or that fails delays no other. Between two sweeps what is in transition and what was
//! changed through the relay is read by itself.

mod groups;
mod requests;
mod sweep;
mod transitions;

use super::failure;
use super::inbox::WatchRequests;
use super::inventory::Read;
use super::limit;
use super::watcher::Watcher;
use super::whole::ready;
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

/// How many groups are read at a time: the client's other places are for people.
const MAX_CONCURRENT_READS: usize = 12;

/// How many of these may be of groups in transition while others wait for a sweep: where very many hand over at the same
/// time, each of them is due again before the last was read, and no other would ever be.
const MAX_CONCURRENT_TRANSITION_READS: usize = MAX_CONCURRENT_READS / 2;

/// While a sweep goes on, what it brought is told this often, in milliseconds.
const PUBLISH_INTERVAL_MS: Millis = 1_000.0;

/// What somebody waits for is told so soon, together with what comes at the same time, in milliseconds.
const PUBLISH_DEBOUNCE_MS: Millis = 50.0;

/// Why a group is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReadReason {
    /// It is its turn.
    Sweep,
    /// It is in transition.
    Transition,
    /// It was changed through the relay.
    Change,
}

/// The end of a read of one group.
struct GroupRead {
    id: String,
    read: Result<GroupDetail, ReadFailure>,
    why: ReadReason,
}

/// How a service is watched.
struct Aveva {
    base: Base,
    groups: Groups,
    sweep: Option<Sweep>,
    /// How recent the answers of the sweep have to be.
    when: When,
    list: Option<BoxFuture<'static, Result<List, ReadFailure>>>,
    reads: FuturesUnordered<BoxFuture<'static, GroupRead>>,
    under_way: HashMap<String, ReadReason>,
    /// What was changed, and is read before everything else.
    urgent: VecDeque<String>,
    /// What is in transition, and is read next.
    transitions: Transitions,
    /// What of the list of groups is over the limit, in words, and what of it was left out.
    omitted: (Option<String>, LeftOut),
    /// What has not been told yet, and when it is to be.
    unpublished: HashSet<String>,
    publish_at: Option<Millis>,
}

/// Watches for as long as what is known has not become obsolete.
pub(super) async fn run(mut watcher: Watcher, base: Base) {
    let mut aveva = Aveva {
        base,
        groups: Groups::default(),
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

    /// Begins a sweep if one is due. Returns when to look again.
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

    /// Lets groups in transition be read again when it is time. Returns when to look again.
    fn follow_transitions(&mut self, watcher: &Watcher, now: Millis) -> Millis {
        // A connection that has failed is left alone until it is tried again.
        if !watcher.is_answering() {
            return Millis::INFINITY;
        }
        self.transitions.follow(&self.groups, &self.under_way, now)
    }

    /// Begins as many reads as may be under way at a time.
    fn fill(&mut self, watcher: &Watcher, now: Millis) {
        let mut waiting = VecDeque::new();
        while self.reads.len() < MAX_CONCURRENT_READS {
            let Some(id) = self.urgent.pop_front() else {
                break;
            };
            // A read that began before the change may not know of it.
            if self.under_way.contains_key(&id) {
                waiting.push_back(id);
            } else {
                self.begin(id, ReadReason::Change, watcher, now);
            }
        }
        // They keep their order.
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
                Some(id) if self.under_way.contains_key(&id) => sweep.leave(&id),
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
                let changed = self.groups.configure(list.groups, list.paged);
                sweep.list(self.groups.oldest_first(), watcher.now());
                sweep.began = sweep.began.min(list.observed_at);
                self.omitted = (list.limit, list.left_out);
                watcher.limit(self.omitted_words());
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
        if read.as_ref().is_err_and(failure::is_missing) && self.groups.gone(&id) {
            return;
        }
        let read = read.map_err(|why| {
            let line = failure::line(&why);
            watcher.note(format!("{id}: {line}"));
            line
        });
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

    /// Tells what came while the sweep goes on.
    fn publish(&mut self, watcher: &mut Watcher) {
        self.publish_at = None;
        let unpublished = mem::take(&mut self.unpublished);
        if self.sweep.as_ref().is_some_and(Sweep::is_answered) {
            watcher.still_reading();
        }
        watcher.set_in_transition(self.groups.any_moves());
        watcher.publish(Read::Groups(self.groups.these(&unpublished)));
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
            // The judgement of what was not read stays as it was.
            Some(why) => watcher.failed(why, Read::Groups(self.groups.these(&unpublished))),
            None => {
                let moves = self.groups.any_moves();
                watcher.limit(self.omitted_words());
                watcher.answered(began, moves, false, Read::AllGroups(self.groups.all()));
            }
        }
    }

    /// What is left out of the groups and of the sessions that each of them holds.
    fn omitted_words(&self) -> Option<String> {
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
            self.give_up(&mut requests);
        }
        watcher.take(&mut requests);
    }

    /// Gives up what is under way: it was asked in another way than the system is reached now.
    fn give_up(&mut self, requests: &mut WatchRequests) {
        requests.changed |= !self.reads.is_empty();
        self.sweep = None;
        self.list = None;
        self.reads.clear();
        for (id, why) in self.under_way.drain() {
            // Somebody waits to see what they changed.
            if why == ReadReason::Change && !self.urgent.contains(&id) {
                self.urgent.push_front(id);
            }
        }
    }
}

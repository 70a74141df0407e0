//! AVEVA's groups: the list, then each group's sessions. A service may hold very many, so a sweep asks
//! only for what is due (what is in transition, what is as old as the interval, and not what the page of
//! a group has just asked for by itself), the oldest first, for a short while, and goes on from there in
//! the next one: what it has is shown meanwhile, each group with an age of its own.

mod questions;
mod sweep;

use super::schedule::{INTERVAL, Millis, millis};
use super::{Clock, Live, Status, use_poll_settings};
use crate::api::Failure;
use health::freshness::Freshness;
use health::transition;
use leptos::prelude::*;
use questions::whole;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use sweep::groups;
use vendors::aveva::{self, ClientSession, GroupConfiguration, GroupStatus};

/// What is this much younger than the interval is due all the same: timers are not exact.
const SLACK: Millis = 500.0;

/// An AVEVA group with what it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Its configuration.
    pub configuration: GroupConfiguration,
    /// Its status and sessions as they were last read; `None` if they never were.
    pub detail: Option<Arc<Detail>>,
    /// Why they are not newer.
    pub failure: Option<Failure>,
}

/// What a group holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Detail {
    /// Who is primary, by the service.
    pub status: GroupStatus,
    /// Its sessions.
    pub sessions: Vec<ClientSession>,
    /// When they were asked for, by the browser's clock.
    pub requested_at: Millis,
}

impl Group {
    /// How far what is known of the group can be believed, by its own age.
    #[must_use]
    pub fn freshness(&self, status: Status, clock: Clock) -> Freshness {
        match &self.detail {
            Some(detail) => status.freshness_of(detail.requested_at, clock),
            None => Freshness::NoData,
        }
    }
}

/// How the groups of one connection are asked for. The list and the pages of single groups share what
/// each has read.
#[derive(Clone, Copy)]
pub struct Sweep(StoredValue<Rc<Inner>, LocalStorage>);

struct Inner {
    connection: String,
    base: aveva::Base,
    interval: Memo<Duration>,
    kept: RefCell<HashMap<String, Arc<Detail>>>,
    /// The groups whose own page is open, and how often.
    open: RefCell<HashMap<String, usize>>,
    /// Whether the last sweep ended before it had come to everything.
    unfinished: Cell<bool>,
}

impl Sweep {
    pub(super) fn new(connection: String, base: aveva::Base) -> Self {
        Self(StoredValue::new_local(Rc::new(Inner {
            connection,
            base,
            interval: use_poll_settings().interval,
            kept: RefCell::default(),
            open: RefCell::default(),
            unfinished: Cell::new(false),
        })))
    }

    /// Every group.
    pub(super) fn live(self) -> Live<Vec<Group>> {
        let inner = self.0.get_value();
        let sweep = Rc::clone(&inner);
        let moving = move |groups: &Vec<Group>, _| {
            let mut details = groups.iter().filter_map(|group| group.detail.as_ref());
            sweep.unfinished.get() || details.any(|detail| is_moving(detail))
        };
        Live::new(move |abort| groups(Rc::clone(&inner), abort), moving)
    }

    /// Forgets what was read of a group: it was changed.
    pub fn forget(self, group: &str) {
        let _ = self
            .0
            .try_with_value(|inner| inner.kept.borrow_mut().remove(group));
    }

    /// One group, whole, for as long as the current owner lives; the sweep leaves it alone meanwhile.
    #[must_use]
    pub fn one(self, group: String) -> Live<Group> {
        let inner = self.0.get_value();
        *inner.open.borrow_mut().entry(group.clone()).or_default() += 1;
        let closing = send_wrapper::SendWrapper::new((Rc::clone(&inner), group.clone()));
        on_cleanup(move || {
            let (inner, group) = closing.take();
            let mut open = inner.open.borrow_mut();
            match open.get_mut(&group) {
                Some(times) if *times > 1 => *times -= 1,
                _ => drop(open.remove(&group)),
            }
        });
        let moving = |group: &Group, _| group.detail.as_deref().is_some_and(is_moving);
        Live::new(
            move |abort| whole(Rc::clone(&inner), group.clone(), abort),
            moving,
        )
    }
}

fn is_moving(detail: &Detail) -> bool {
    transition::group(Some(&detail.status), &detail.sessions)
}

impl Inner {
    /// What is known of a group and new enough that a sweep need not ask.
    fn recent(&self, group: &str, now: Millis) -> Option<Arc<Detail>> {
        let detail = Arc::clone(self.kept.borrow().get(group)?);
        let interval = millis(self.interval.try_get_untracked().unwrap_or(INTERVAL));
        let limit = if self.open.borrow().contains_key(group) {
            2.0 * interval
        } else if is_moving(&detail) {
            0.0
        } else {
            interval - SLACK
        };
        (now - detail.requested_at < limit).then_some(detail)
    }

    /// When what is known of a group was read; what was never read is the oldest.
    fn age_of(&self, group: &GroupConfiguration) -> Millis {
        let kept = self.kept.borrow();
        let detail = group.id.as_ref().and_then(|id| kept.get(id));
        detail.map_or(0.0, |detail| detail.requested_at)
    }

    fn keep(&self, group: &str, detail: &Arc<Detail>) {
        let mut kept = self.kept.borrow_mut();
        kept.insert(group.to_owned(), Arc::clone(detail));
    }
}

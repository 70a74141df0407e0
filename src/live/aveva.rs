//! AVEVA's groups: the list, then each group's sessions. A service may hold very many, so a sweep asks
//! only for what is due (what is in transition, what is as old as the interval, and not what the page of
//! a group has just asked for by itself), the oldest first, for a short while, and goes on from there in
//! the next one: what it has is shown meanwhile, each group with an age of its own.

use super::schedule::{INTERVAL, Millis, millis};
use super::{Clock, Fetched, Live, Status, clock, use_pace};
use crate::backend::{Arrived, Failure, send};
use futures_util::{StreamExt, stream};
use health::freshness::Freshness;
use health::transition;
use leptos::prelude::*;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use vendors::aveva::{self, ClientSession, GroupConfiguration, GroupStatus, Role};
use web_sys::AbortController;

/// Groups a request; the service may hold more.
const GROUPS_A_PAGE: u64 = 100;

/// Requests at once for the details of groups: a browser opens six connections to one host.
const AT_ONCE: usize = 6;

/// So many failures before the first answer, and the service is not asked for the other groups.
const ENOUGH: usize = 3;

/// A sweep lasts no longer than this, in milliseconds.
const SLICE: Millis = 2_000.0;

/// The first one is shorter: nothing is on the screen yet.
const FIRST_SLICE: Millis = 500.0;

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
    pub asked: Millis,
}

impl Group {
    /// How far what is known of the group can be believed, by its own age.
    #[must_use]
    pub fn freshness(&self, status: Status, clock: Clock) -> Freshness {
        match &self.detail {
            Some(detail) => status.freshness_of(detail.asked, clock),
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
            interval: use_pace().interval,
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
        (now - detail.asked < limit).then_some(detail)
    }

    /// When what is known of a group was read; what was never read is the oldest.
    fn age_of(&self, group: &GroupConfiguration) -> Millis {
        let kept = self.kept.borrow();
        let detail = group.id.as_ref().and_then(|id| kept.get(id));
        detail.map_or(0.0, |detail| detail.asked)
    }

    fn keep(&self, group: &str, detail: &Arc<Detail>) {
        let mut kept = self.kept.borrow_mut();
        kept.insert(group.to_owned(), Arc::clone(detail));
    }
}

/// A group's configuration, status and sessions.
async fn whole(
    inner: Rc<Inner>,
    group: String,
    abort: AbortController,
) -> Result<Arrived<Group>, Failure> {
    let call = aveva::groups(&inner.base).get(&group);
    let configuration = send(&inner.connection, &call, Some(&abort)).await?;
    let detail = detail(&inner, &group, &abort).await?;
    Ok(Arrived {
        value: Group {
            configuration: configuration.value,
            detail: Some(detail.value),
            failure: None,
        },
        date: detail.date,
        age: detail.age,
    })
}

/// A group's sessions, and its status as they tell it: one request in the place of two for each of very
/// many groups. Where no session is Primary the service itself is asked for the status.
async fn brief(
    inner: &Inner,
    group: &str,
    abort: &AbortController,
) -> Result<Arrived<Arc<Detail>>, Failure> {
    let asked = clock::now();
    let sessions = aveva::sessions(&inner.base, group).list();
    let sessions = send(&inner.connection, &sessions, Some(abort)).await?;
    let of = |role: Role| {
        let mut sessions = sessions.value.iter();
        sessions
            .find(|one| one.role.as_ref() == Some(&role))?
            .id
            .clone()
    };
    let data = |one: &ClientSession| one.heartbeat.as_ref()?.last_data_processed_time;
    let status = GroupStatus {
        primary: of(Role::Primary),
        pending_primary: of(Role::PendingPrimary),
        last_data_processed_time: sessions.value.iter().filter_map(data).max(),
    };
    if status.primary.is_none() {
        return detail(inner, group, abort).await;
    }
    let detail = Arc::new(Detail {
        status,
        sessions: sessions.value,
        asked: asked - sessions.age,
    });
    inner.keep(group, &detail);
    Ok(Arrived {
        value: detail,
        date: sessions.date,
        age: sessions.age,
    })
}

/// A group's status and sessions.
async fn detail(
    inner: &Inner,
    group: &str,
    abort: &AbortController,
) -> Result<Arrived<Arc<Detail>>, Failure> {
    let (connection, base) = (&inner.connection, &inner.base);
    let asked = clock::now();
    let status = aveva::groups(base).status(group);
    let status = send(connection, &status, Some(abort)).await?;
    let sessions = aveva::sessions(base, group).list();
    let sessions = send(connection, &sessions, Some(abort)).await?;
    let age = status.age.max(sessions.age);
    let detail = Arc::new(Detail {
        status: status.value,
        sessions: sessions.value,
        asked: asked - age,
    });
    inner.keep(group, &detail);
    Ok(Arrived {
        value: detail,
        date: status.date,
        age: status.age,
    })
}

/// Every group's configuration.
async fn configurations(
    inner: &Inner,
    abort: &AbortController,
) -> Result<Arrived<Vec<GroupConfiguration>>, Failure> {
    let mut value: Vec<GroupConfiguration> = Vec::new();
    let mut known: HashSet<Option<String>> = HashSet::new();
    loop {
        let call = aveva::groups(&inner.base).list(Some(value.len() as u64), Some(GROUPS_A_PAGE));
        let page = send(&inner.connection, &call, Some(abort)).await?;
        let got = page.value.items.len() as u64;
        let before = value.len();
        value.extend(
            page.value
                .items
                .into_iter()
                .filter(|group| known.insert(group.id.clone())),
        );
        // A short page is the last one whether or not `Total-Count` came along, and so is one that
        // brings nothing new: a service may not know `skip`.
        if got < GROUPS_A_PAGE || value.len() == before {
            return Ok(Arrived {
                value,
                date: page.date,
                age: page.age,
            });
        }
    }
}

/// How the questions of one sweep went so far.
#[derive(Default)]
struct Tally {
    /// When the sweep ends, by the browser's clock.
    until: Millis,
    /// Whether it ended before it had come to everything.
    out_of_time: Cell<bool>,
    heard: Cell<usize>,
    failed: Cell<usize>,
    /// Why the others are not asked for any more.
    stop: RefCell<Option<Failure>>,
}

impl Tally {
    fn failed(&self, failure: &Failure) {
        if !failure.is_of_connection() {
            self.heard.set(self.heard.get() + 1);
            return;
        }
        self.failed.set(self.failed.get() + 1);
        let none_heard = self.heard.get() == 0 && self.failed.get() >= ENOUGH;
        if none_heard || failure.retry_after().is_some() {
            self.stop
                .borrow_mut()
                .get_or_insert_with(|| failure.clone());
        }
    }
}

/// Every group of the service. When only the list could be had, the groups keep what was known of
/// them, and the whole counts as failed.
async fn groups(inner: Rc<Inner>, abort: AbortController) -> Fetched<Vec<Group>> {
    let list = match configurations(&inner, &abort).await {
        Ok(list) => list,
        Err(failure) => return Err(failure).into(),
    };
    let first = inner.kept.borrow().is_empty();
    let tally = Tally {
        until: clock::now() + if first { FIRST_SLICE } else { SLICE },
        ..Tally::default()
    };
    let mut list_order: Vec<_> = list.value.into_iter().enumerate().collect();
    list_order.sort_by(|(_, a), (_, b)| inner.age_of(a).total_cmp(&inner.age_of(b)));
    let each = list_order.into_iter().map(|(place, configuration)| {
        let (inner, abort, tally) = (&inner, &abort, &tally);
        async move {
            let id = configuration.id.clone().unwrap_or_default();
            let (detail, failure) = asked(inner, &id, abort, tally).await;
            let group = Group {
                configuration,
                detail,
                failure,
            };
            (place, group)
        }
    });
    let mut value: Vec<(usize, Group)> = stream::iter(each).buffered(AT_ONCE).collect().await;
    value.sort_by_key(|(place, _)| *place);
    let value: Vec<Group> = value.into_iter().map(|(_, group)| group).collect();
    inner.unfinished.set(tally.out_of_time.get());
    let ids: HashSet<&str> = value
        .iter()
        .filter_map(|group| group.configuration.id.as_deref())
        .collect();
    inner
        .kept
        .borrow_mut()
        .retain(|id, _| ids.contains(id.as_str()));
    let nothing_heard = tally.heard.get() == 0 && tally.failed.get() > 0;
    let failure = tally.stop.into_inner().or_else(|| {
        let mut failures = value.iter().filter_map(|group| group.failure.clone());
        failures.next().filter(|_| nothing_heard)
    });
    let arrived = Arrived {
        value,
        date: list.date,
        age: list.age,
    };
    Fetched {
        arrived: Some(arrived),
        failure,
    }
}

/// What is known of one group after asking, if it is due.
async fn asked(
    inner: &Inner,
    id: &str,
    abort: &AbortController,
    tally: &Tally,
) -> (Option<Arc<Detail>>, Option<Failure>) {
    if let Some(recent) = inner.recent(id, clock::now()) {
        return (Some(recent), None);
    }
    let known = || inner.kept.borrow().get(id).map(Arc::clone);
    if clock::now() > tally.until {
        tally.out_of_time.set(true);
        return (known(), None);
    }
    let stopped = tally.stop.borrow().clone();
    if let Some(failure) = stopped {
        return (known(), Some(failure));
    }
    match brief(inner, id, abort).await {
        Ok(detail) => {
            tally.heard.set(tally.heard.get() + 1);
            (Some(detail.value), None)
        }
        Err(failure) => {
            tally.failed(&failure);
            (known(), Some(failure))
        }
    }
}

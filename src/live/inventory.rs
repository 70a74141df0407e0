//! The one poll for everything that is a list, a number or a tile: what the gateway watches. Pages ask
//! here how fresh a resource is and what is written beside its name; they judge nothing.

use super::clock::{self, Clock, use_clock};
use super::inventory_freshness::{InventoryFreshness, Polled};
use super::inventory_snapshot::{GroupLeaderChange, InventorySnapshot};
use super::{Live, PollSettings, Status, use_poll_settings};
use crate::api::inventory::{self as api, Refresh, fetch};
use crate::api::{Arrived, Failure, session, transport};
use crate::on_change::on_change;
use crate::provided::provided;
use crate::subscribers::{clear_subscribers, resubscribe};
use chrono::{DateTime, TimeDelta, Utc};
use health::freshness::Freshness;
use health::inventory::{EffectiveState, Kind, Resource};
use health::words;
use leptos::prelude::*;
use protocol::ConnectionState;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use vendors::Connection;
use web_sys::AbortController;

/// A difference of the gateway's clock from the one that is known that is worth taking over, in
/// milliseconds: ages are shown in seconds.
const CLOCK_STEP: f64 = 200.0;

/// A difference of this computer's clock from the gateway's that nobody has to be told of.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::seconds(5);

/// What the gateway watches, as it refreshes.
#[derive(Clone, Copy)]
pub struct Watched {
    live: Live<InventorySnapshot>,
    /// The gateway's clock less the browser's, in milliseconds.
    ahead: RwSignal<f64>,
    fresh: StoredValue<InventoryFreshness>,
    /// Counts the times at which something became less fresh.
    aged: RwSignal<u32>,
    /// Changes when a day may have begun: with a quarter of an hour, in every zone.
    day: RwSignal<u32>,
    settings: PollSettings,
    /// Failovers that the last answer showed.
    leader_changes: RwSignal<Vec<GroupLeaderChange>>,
    /// What the next request shall have read anew.
    wanted: StoredValue<Rc<Cell<Vec<Refresh>>>, LocalStorage>,
    /// The build that this page was loaded with.
    first_build: StoredValue<String>,
    clock: Clock,
}

/// What the gateway watches. Only inside [`provide`]'s owner.
#[must_use]
pub fn use_watched() -> Watched {
    provided()
}

/// The first answer of the gateway.
#[derive(Debug, Clone, PartialEq)]
pub struct First {
    snapshot: InventorySnapshot,
    ahead: f64,
    /// When it was asked for, in milliseconds since 1970 by the browser's clock.
    requested_at: f64,
}

/// Asks for everything: what the console has to know before it can show anything.
///
/// # Errors
/// As [`fetch`].
pub async fn first() -> Result<First, Failure> {
    let transport::First {
        value,
        requested_at,
        came,
    } = api::first().await?;
    let ahead = ahead(&value, requested_at, came);
    let (snapshot, _) = InventorySnapshot::default().after(value);
    Ok(First {
        snapshot,
        ahead,
        requested_at,
    })
}

/// The gateway's clock less the browser's, which saw the answer on its way between two moments.
fn ahead(answer: &protocol::Inventory, requested_at: f64, came: f64) -> f64 {
    clock::millis_of(answer.now) - f64::midpoint(requested_at.min(came), came)
}

/// The changes after a revision, and the gateway's clock less the browser's.
async fn ask(
    after: Option<String>,
    refresh: Option<&Refresh>,
    abort: Option<AbortController>,
) -> Result<(protocol::Inventory, f64), Failure> {
    let requested_at = clock::now();
    let changes = fetch(after.as_deref(), refresh, abort.as_ref()).await?;
    let ahead = ahead(&changes, requested_at, clock::now());
    Ok((changes, ahead))
}

/// Notes what shall be read anew, each once.
fn want(wanted: &Cell<Vec<Refresh>>, more: Vec<Refresh>) {
    let mut all = wanted.take();
    for what in more {
        if !all.contains(&what) {
            all.push(what);
        }
    }
    wanted.set(all);
}

/// Asks for what has changed.
#[derive(Clone)]
struct Poller {
    clock: Clock,
    /// What the next request shall have read anew.
    wanted: Rc<Cell<Vec<Refresh>>>,
    known: Rc<RefCell<InventorySnapshot>>,
    ahead: RwSignal<f64>,
    leader_changes: RwSignal<Vec<GroupLeaderChange>>,
}

impl Poller {
    async fn poll(self, abort: AbortController) -> Result<Arrived<InventorySnapshot>, Failure> {
        let refreshes = self.wanted.take();
        let after = self.known.borrow().revision.clone();
        self.clock.await_answer();
        let answer = async {
            // What these change is in the last answer, too.
            let (last, others) = refreshes.split_last().unzip();
            for refresh in others.unwrap_or_default() {
                ask(after.clone(), Some(refresh), Some(abort.clone())).await?;
            }
            ask(after, last, Some(abort)).await
        };
        let answer = answer.await;
        self.clock.answer_arrived();
        // Nothing was read, so that it is wanted all the same. What the gateway refuses it would refuse again.
        if let Err(Failure::Unreachable(_)) = answer {
            want(&self.wanted, refreshes);
        }
        let (changes, offset) = answer?;
        let (snapshot, leader_changes) = self.known.borrow().after(changes);
        self.known.replace(snapshot.clone());
        let _ = self.ahead.try_maybe_update(|held| {
            let moved = (*held - offset).abs() > CLOCK_STEP;
            if moved {
                *held = offset;
            }
            (moved, ())
        });
        if !leader_changes.is_empty() {
            let _ = self.leader_changes.try_set(leader_changes);
        }
        Ok(Arrived::now(snapshot))
    }
}

/// Begins to refresh, for as long as the console is open.
pub fn provide(first: First) -> Watched {
    let First {
        snapshot,
        ahead,
        requested_at,
    } = first;
    let (clock, settings) = (use_clock(), use_poll_settings());
    let ahead = RwSignal::new(ahead);
    let leader_changes = RwSignal::new(Vec::new());
    let poller = Poller {
        clock,
        wanted: Rc::default(),
        known: Rc::new(RefCell::new(snapshot.clone())),
        ahead,
        leader_changes,
    };
    let wanted = Rc::clone(&poller.wanted);
    let first_build = StoredValue::new(snapshot.build.clone());
    let live = {
        let seen = Cell::new(settings.refresh_requests.try_get_untracked());
        let fetch = move |abort| {
            // Who asks for everything anew wants the gateway to read anew, too.
            let requests = settings.refresh_requests.try_get_untracked();
            if requests != seen.replace(requests) {
                want(&poller.wanted, vec![Refresh::Everything]);
            }
            poller.clone().poll(abort)
        };
        let moving = |snapshot: &InventorySnapshot, _| {
            let mut connections = snapshot.connections.iter();
            connections.any(|state| state.in_transition)
        };
        Live::starting_with(snapshot, requested_at, fetch, moving)
    };
    let now = untrack(|| clock.at(ahead.get()));
    let polled = Polled {
        answered: now,
        interval: TimeDelta::zero(),
    };
    let judged = InventoryFreshness::of(live.value_untracked().unwrap_or_default(), polled, now);
    let watched = Watched {
        live,
        ahead,
        fresh: StoredValue::new(judged),
        aged: RwSignal::new(0),
        day: RwSignal::new(0),
        settings,
        leader_changes,
        wanted: StoredValue::new_local(wanted),
        first_build,
        clock,
    };
    provide_context(watched);
    on_change(move || {
        let _ = watched.snapshot();
        if watched.judge(watched.now()) {
            watched.aged.update(|times| *times = times.wrapping_add(1));
            clear_subscribers(&watched.aged);
        }
        let quarter = u32::try_from(watched.now().timestamp() / (15 * 60)).unwrap_or(0);
        if watched.day.get_untracked() != quarter {
            watched.day.set(quarter);
            clear_subscribers(&watched.day);
        }
    });
    watched
}

impl Watched {
    /// Judges how fresh everything is, unless what was judged last still holds. Returns whether anything is fresher or
    /// less fresh than it was.
    fn judge(self, now: DateTime<Utc>) -> bool {
        let snapshot = self.snapshot_untracked();
        let polled = Polled {
            answered: untrack(|| self.last_answer()).unwrap_or(now),
            interval: TimeDelta::from_std(self.settings.interval()).unwrap_or(TimeDelta::MAX),
        };
        let changed = self.fresh.try_update_value(|held| {
            if held.holds(&snapshot, polled, now) {
                return false;
            }
            let fresh = InventoryFreshness::of(snapshot, polled, now);
            let changed = !held.is_as(&fresh);
            *held = fresh;
            changed
        });
        changed == Some(true)
    }

    /// How fresh everything in the inventory is, tracked.
    fn with_fresh<T>(
        self,
        snapshot: &Arc<InventorySnapshot>,
        read: impl FnOnce(&InventoryFreshness) -> T,
    ) -> T {
        self.aged.track();
        if !self
            .fresh
            .with_value(|held| Arc::ptr_eq(&held.snapshot, snapshot))
        {
            untrack(|| self.judge(self.now()));
        }
        self.fresh.with_value(read)
    }

    /// Drops subscribers on pages that were left, as [`resubscribe`].
    pub fn resubscribe(self) {
        resubscribe(&[&self.ahead, &self.aged]);
        self.live.status.resubscribe();
    }

    /// Everything, tracked.
    #[must_use]
    pub fn snapshot(self) -> Arc<InventorySnapshot> {
        self.live.value().unwrap_or_default()
    }

    /// Everything at this moment.
    #[must_use]
    pub fn snapshot_untracked(self) -> Arc<InventorySnapshot> {
        self.live.value_untracked().unwrap_or_default()
    }

    /// One connection.
    #[must_use]
    pub fn connection(self, id: &str) -> Option<Arc<ConnectionState>> {
        self.snapshot().connection(id).cloned()
    }

    /// The connections, in the order of the gateway's configuration; another list only when that changes.
    #[must_use]
    pub fn connections(self) -> Memo<Vec<Connection>> {
        Memo::new(move |_| {
            let snapshot = self.snapshot();
            let connections = snapshot.connections.iter();
            connections.map(|state| state.connection.clone()).collect()
        })
    }

    /// How fresh a connection is; never read where there is none.
    #[must_use]
    pub fn freshness(self, connection: &str) -> Freshness {
        let snapshot = self.snapshot();
        let known = self.with_fresh(&snapshot, |fresh| {
            let place = snapshot.connection_position(connection)?;
            fresh.connections.get(place).copied()
        });
        known.unwrap_or(Freshness::NoData)
    }

    /// How fresh a resource is.
    #[must_use]
    pub fn freshness_of(self, resource: &Resource) -> Freshness {
        let snapshot = self.snapshot();
        let known = self.with_fresh(&snapshot, |fresh| {
            let place = snapshot.position(&resource.key)?;
            fresh.resources.get(place).copied()
        });
        known.unwrap_or_else(|| self.freshness(&resource.key.connection))
    }

    /// The resources of a kind and how fresh each is, tracked.
    #[must_use]
    pub fn of_kind(self, kind: Kind) -> Vec<(Arc<Resource>, Freshness)> {
        let snapshot = self.snapshot();
        let range = snapshot.range_of(kind);
        self.with_fresh(&snapshot, |fresh| {
            let fresh = fresh.resources.get(range.clone()).unwrap_or_default();
            let resources = snapshot.resources()[range].iter().cloned();
            resources.zip(fresh.iter().copied()).collect()
        })
    }

    /// How a resource counts and what is written beside its name.
    #[must_use]
    pub fn effective_state(self, resource: &Resource) -> EffectiveState {
        resource.effective_state(self.freshness_of(resource))
    }

    /// How old what is known of a resource is; `None` if it was never read.
    #[must_use]
    pub fn age_of(self, resource: &Resource) -> Option<TimeDelta> {
        let connection = self.connection(&resource.key.connection)?;
        let at = resource.observed_at(connection.observed_at)?;
        Some(self.since(at))
    }

    /// The gateway's time, each second.
    #[must_use]
    pub fn now(self) -> DateTime<Utc> {
        self.clock.at(self.ahead.get())
    }

    /// The gateway's time at this moment, without following it.
    #[must_use]
    pub fn now_untracked(self) -> DateTime<Utc> {
        untrack(|| self.now())
    }

    /// The gateway's time, tracked only as far as another day may have begun: for words that tell no age.
    #[must_use]
    pub fn now_by_day(self) -> DateTime<Utc> {
        self.day.track();
        self.now_untracked()
    }

    /// How wrong this computer's clock is, in words; nothing where that is not worth telling.
    #[must_use]
    pub fn computer_clock(self) -> Option<String> {
        let ahead = clock::signed_span(-self.ahead.get());
        let direction = if ahead < TimeDelta::zero() {
            "behind"
        } else {
            "ahead"
        };
        (ahead.abs() > CLOCK_TOLERANCE).then(|| {
            let by = words::span(ahead.abs());
            format!("This computer's clock is {by} {direction}")
        })
    }

    /// Milliseconds since 1970 by the gateway's clock, each second.
    #[must_use]
    pub fn now_millis(self) -> f64 {
        self.clock.millis() + self.ahead.get()
    }

    /// The time since a moment of the gateway's clock; negative where that was set back.
    #[must_use]
    pub fn since(self, at: DateTime<Utc>) -> TimeDelta {
        self.now().signed_duration_since(at)
    }

    /// A vendor's time, each second.
    #[must_use]
    pub fn vendor_now(self, connection: &str) -> DateTime<Utc> {
        self.vendor_time(connection, self.now())
    }

    /// A vendor's time at a moment of the gateway's clock.
    #[must_use]
    pub fn vendor_time(self, connection: &str, at: DateTime<Utc>) -> DateTime<Utc> {
        let ahead = self
            .connection(connection)
            .map_or(0, |state| state.vendor_ahead_ms);
        let ahead = TimeDelta::try_milliseconds(ahead).unwrap_or_default();
        at.checked_add_signed(ahead).unwrap_or(at)
    }

    /// Has the gateway read anew, and shows what it then knows.
    pub fn refresh(self, what: Refresh) {
        let _ = self
            .wanted
            .try_with_value(|wanted| want(wanted, vec![what]));
        self.live.status.refresh();
    }

    /// Asks the gateway now for what it knows: somebody has changed something there.
    pub fn ask_now(self) {
        self.live.status.refresh();
    }

    /// Asks again as soon as the gateway says that a connection answers again: a poll that failed would wait. Only as a
    /// poll that is woken does: this is no person's wish, so a pause and what the vendor asked for are honoured.
    pub fn ask_when_answering(self, connection: String, status: Status) {
        let answers = Memo::new(move |_| self.freshness(&connection).is_believable());
        on_change(move || {
            if answers.get() && untrack(|| status.failure().is_some()) {
                status.wake();
            }
        });
    }

    /// Counts what happened, tracked: with another number there is something new in the activity.
    #[must_use]
    pub fn activity(self) -> Memo<u64> {
        Memo::new(move |_| self.snapshot().activity)
    }

    /// Failovers that the last answer showed, tracked.
    #[must_use]
    pub fn leader_changes(self) -> Vec<GroupLeaderChange> {
        self.leader_changes.get()
    }

    /// Whether the gateway serves another console than this page, tracked.
    #[must_use]
    pub fn is_old_build(self) -> bool {
        self.is_other_build(&self.snapshot().build)
    }

    /// Asks the gateway whether it is there and serves another console than this page.
    pub async fn serves_other_build(self) -> bool {
        let served = api::build().await;
        served.is_ok_and(|build| self.is_other_build(&build))
    }

    fn is_other_build(self, build: &str) -> bool {
        let first = self.first_build.get_value();
        !build.is_empty() && !first.is_empty() && build != first
    }

    /// Whether the gateway says what this page cannot read, tracked: it may be of another version.
    #[must_use]
    pub fn is_unreadable(self) -> bool {
        matches!(self.failure(), Some(Failure::Unreadable(_)))
    }

    /// Whether the gateway does not say how everything is, tracked: then nothing on the screen is current.
    #[must_use]
    pub fn is_gateway_gone(self) -> bool {
        self.failure().is_some()
    }

    /// Whether the console asks and the gateway answers at this moment, tracked: not while refresh is paused, while nobody
    /// sees the page, or right after the computer slept.
    #[must_use]
    pub fn is_current(self) -> bool {
        self.live.status.freshness(self.clock) == Freshness::Live
    }

    /// When the gateway last answered, by its own clock.
    #[must_use]
    pub fn last_answer(self) -> Option<DateTime<Utc>> {
        let at = self.live.status.requested_at()?;
        Some(clock::time(clock::millis_of(at) + self.ahead.get()))
    }

    /// Why the gateway does not say it, tracked: it does not answer, a proxy in front of it answers in its place, or it
    /// fails. That nobody is signed in is shown in another way.
    #[must_use]
    pub fn failure(self) -> Option<Failure> {
        let failure = self.live.status.failure();
        failure.filter(|failure| !session::is_missing(failure))
    }
}

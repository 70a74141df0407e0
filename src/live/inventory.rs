//! The poll of the gateway's inventory, the source of all lists, counts and tiles. Pages read here how fresh a
//! resource is and which state to show; they judge nothing themselves.

use super::clock::{self, Clock, use_clock};
use super::inventory_freshness::{InventoryFreshness, Polled};
use super::inventory_snapshot::{GroupLeaderChange, InventorySnapshot};
use super::{Live, PollSettings, Status, use_poll_settings};
use crate::api::inventory::{self as api, Refresh, fetch};
use crate::api::transport::Timed;
use crate::api::{Arrived, Failure, session};
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

/// The minimum change of the gateway's clock offset that is applied, in milliseconds. Ages are shown in seconds.
const CLOCK_STEP: f64 = 200.0;

/// The maximum difference between this computer's clock and the gateway's that is not reported.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::seconds(5);

/// The gateway's inventory, as it refreshes.
#[derive(Clone, Copy)]
pub struct Watched {
    live: Live<InventorySnapshot>,
    /// The gateway's clock minus the browser's, in milliseconds.
    clock_offset: RwSignal<f64>,
    fresh: StoredValue<InventoryFreshness>,
    /// Counts the changes of any freshness.
    aged: RwSignal<u32>,
    /// Changes every quarter of an hour, when a new day may begin in some time zone.
    day: RwSignal<u32>,
    settings: PollSettings,
    /// Failovers in the last answer.
    leader_changes: RwSignal<Vec<GroupLeaderChange>>,
    /// Refreshes to request with the next poll.
    pending_refreshes: StoredValue<Rc<Cell<Vec<Refresh>>>, LocalStorage>,
    /// The build that the gateway served when this page was loaded.
    first_build: StoredValue<String>,
    clock: Clock,
}

/// The gateway's inventory. Call it inside the owner of [`provide`].
#[must_use]
pub fn use_watched() -> Watched {
    provided()
}

/// The first answer of the gateway.
#[derive(Debug, Clone, PartialEq)]
pub struct First {
    snapshot: InventorySnapshot,
    clock_offset: f64,
    /// The time of the request, in milliseconds since 1970 by the browser's clock.
    requested_at: f64,
}

/// Requests the complete inventory, which the console needs before it can show anything.
///
/// # Errors
/// As [`fetch`].
pub async fn first() -> Result<First, Failure> {
    let answer = api::first().await?;
    let (least, most) = clock_offsets(&answer);
    let (snapshot, _) = InventorySnapshot::default().after(answer.value);
    Ok(First {
        snapshot,
        clock_offset: f64::midpoint(least, most),
        requested_at: answer.requested_at,
    })
}

/// The least and the most that the gateway's clock may be ahead of the browser's: it was read between the request and the
/// answer. Before it answers a refresh, the gateway first reads the vendors.
fn clock_offsets(answer: &Timed<protocol::Inventory>) -> (f64, f64) {
    let (requested_at, received_at) = (answer.requested_at, answer.received_at);
    let now = clock::millis_of(answer.value.now);
    (now - received_at, now - requested_at.min(received_at))
}

/// Adds refreshes to the pending ones, without duplicates.
fn add_refreshes(pending: &Cell<Vec<Refresh>>, more: Vec<Refresh>) {
    let mut all = pending.take();
    for refresh in more {
        if !all.contains(&refresh) {
            all.push(refresh);
        }
    }
    pending.set(all);
}

/// Polls the gateway for changes.
#[derive(Clone)]
struct Poller {
    clock: Clock,
    /// Refreshes to request with the next poll.
    pending_refreshes: Rc<Cell<Vec<Refresh>>>,
    known: Rc<RefCell<InventorySnapshot>>,
    clock_offset: RwSignal<f64>,
    leader_changes: RwSignal<Vec<GroupLeaderChange>>,
}

impl Poller {
    async fn poll(self, abort: AbortController) -> Result<Arrived<InventorySnapshot>, Failure> {
        let refreshes = self.pending_refreshes.take();
        let after = self.known.borrow().revision.clone();
        self.clock.await_answer();
        let answer = async {
            // All use the same revision, so the last answer contains the changes of all refreshes.
            let (last, others) = refreshes.split_last().unzip();
            for refresh in others.unwrap_or_default() {
                fetch(after.as_deref(), Some(refresh), Some(&abort)).await?;
            }
            fetch(after.as_deref(), last, Some(&abort)).await
        };
        let answer = answer.await;
        self.clock.answer_arrived();
        // Retry the refreshes if the gateway was unreachable. It would refuse a refused one again.
        if let Err(Failure::Unreachable(_)) = answer {
            add_refreshes(&self.pending_refreshes, refreshes);
        }
        let answer = answer?;
        let (least, most) = clock_offsets(&answer);
        let (snapshot, leader_changes) = self.known.borrow().after(answer.value);
        self.known.replace(snapshot.clone());
        let _ = self.clock_offset.try_maybe_update(|held| {
            let possible = held.max(least).min(most);
            let moved = (*held - possible).abs() > CLOCK_STEP;
            if moved {
                *held = possible;
            }
            (moved, ())
        });
        if !leader_changes.is_empty() {
            let _ = self.leader_changes.try_set(leader_changes);
        }
        Ok(Arrived::now(snapshot))
    }
}

/// Starts to poll the inventory, for as long as the console is open.
pub fn provide(first: First) -> Watched {
    let First {
        snapshot,
        clock_offset,
        requested_at,
    } = first;
    let (clock, settings) = (use_clock(), use_poll_settings());
    let clock_offset = RwSignal::new(clock_offset);
    let leader_changes = RwSignal::new(Vec::new());
    let poller = Poller {
        clock,
        pending_refreshes: Rc::default(),
        known: Rc::new(RefCell::new(snapshot.clone())),
        clock_offset,
        leader_changes,
    };
    let pending_refreshes = Rc::clone(&poller.pending_refreshes);
    let first_build = StoredValue::new(snapshot.build.clone());
    let live = {
        let seen = Cell::new(settings.refresh_requests.try_get_untracked());
        let fetch = move |abort| {
            // A refresh that the user requests makes the gateway read everything again, too.
            let requests = settings.refresh_requests.try_get_untracked();
            if requests != seen.replace(requests) {
                add_refreshes(&poller.pending_refreshes, vec![Refresh::Everything]);
            }
            poller.clone().poll(abort)
        };
        let moving = |snapshot: &InventorySnapshot, _| {
            let mut connections = snapshot.connections.iter();
            connections.any(|state| state.in_transition)
        };
        Live::begin(Some((snapshot, requested_at)), None, fetch, moving)
    };
    let now = untrack(|| clock.at(clock_offset.get()));
    let polled = Polled {
        answered: now,
        interval: TimeDelta::zero(),
    };
    let judged = InventoryFreshness::of(live.value_untracked().unwrap_or_default(), polled, now);
    let watched = Watched {
        live,
        clock_offset,
        fresh: StoredValue::new(judged),
        aged: RwSignal::new(0),
        day: RwSignal::new(0),
        settings,
        leader_changes,
        pending_refreshes: StoredValue::new_local(pending_refreshes),
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
    /// Judges how fresh everything is, unless the last result is still valid. Returns whether any freshness changed.
    fn judge(self, now: DateTime<Utc>) -> bool {
        let snapshot = self.snapshot_untracked();
        let polled = Polled {
            answered: untrack(|| self.last_answer()).unwrap_or(now),
            interval: TimeDelta::from_std(self.settings.interval()).unwrap_or(TimeDelta::MAX),
        };
        let changed = self.fresh.try_update_value(|held| {
            if held.is_valid_for(&snapshot, polled, now) {
                return false;
            }
            let fresh = InventoryFreshness::of(snapshot, polled, now);
            let changed = !held.is_same_as(&fresh);
            *held = fresh;
            changed
        });
        changed == Some(true)
    }

    /// Reads how fresh everything in the inventory is, tracked.
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

    /// Drops the subscribers of pages that were left, see [`resubscribe`].
    pub fn resubscribe(self) {
        resubscribe(&[&self.clock_offset, &self.aged, &self.day]);
        self.live.status.resubscribe();
    }

    /// The current snapshot, tracked.
    #[must_use]
    pub fn snapshot(self) -> Arc<InventorySnapshot> {
        self.live.value().unwrap_or_default()
    }

    /// The current snapshot, untracked.
    #[must_use]
    pub fn snapshot_untracked(self) -> Arc<InventorySnapshot> {
        self.live.value_untracked().unwrap_or_default()
    }

    /// The state of a connection.
    #[must_use]
    pub fn connection(self, id: &str) -> Option<Arc<ConnectionState>> {
        self.snapshot().connection(id).cloned()
    }

    /// The connections in the order of the gateway's configuration. Notifies subscribers only if the list changes.
    #[must_use]
    pub fn connections(self) -> Memo<Vec<Connection>> {
        Memo::new(move |_| {
            let snapshot = self.snapshot();
            let connections = snapshot.connections.iter();
            connections.map(|state| state.connection.clone()).collect()
        })
    }

    /// How fresh a connection is; [`Freshness::NoData`] for an unknown one.
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

    /// The state of a resource to count and to show, given how fresh it is.
    #[must_use]
    pub fn effective_state(self, resource: &Resource) -> EffectiveState {
        resource.effective_state(self.freshness_of(resource))
    }

    /// The age of a resource's data; `None` if it was never read.
    #[must_use]
    pub fn age_of(self, resource: &Resource) -> Option<TimeDelta> {
        let connection = self.connection(&resource.key.connection)?;
        let at = resource.observed_at(connection.observed_at)?;
        Some(self.since(at))
    }

    /// The gateway's time, tracked: changes every second.
    #[must_use]
    pub fn now(self) -> DateTime<Utc> {
        self.clock.at(self.clock_offset.get())
    }

    /// The gateway's time, untracked.
    #[must_use]
    pub fn now_untracked(self) -> DateTime<Utc> {
        untrack(|| self.now())
    }

    /// The gateway's time, tracked only for a change of the day, for texts without an age.
    #[must_use]
    pub fn now_by_day(self) -> DateTime<Utc> {
        self.day.track();
        self.now_untracked()
    }

    /// The error of this computer's clock, in words; `None` if it is within [`CLOCK_TOLERANCE`].
    #[must_use]
    pub fn computer_clock(self) -> Option<String> {
        let ahead = clock::signed_span(-self.clock_offset.get());
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

    /// Milliseconds since 1970 by the gateway's clock, tracked: changes every second.
    #[must_use]
    pub fn now_millis(self) -> f64 {
        self.clock.millis() + self.clock_offset.get()
    }

    /// The time since a moment of the gateway's clock; negative if that clock was set back.
    #[must_use]
    pub fn since(self, at: DateTime<Utc>) -> TimeDelta {
        self.now().signed_duration_since(at)
    }

    /// A vendor's time, tracked: changes every second.
    #[must_use]
    pub fn vendor_now(self, connection: &str) -> DateTime<Utc> {
        self.vendor_time(connection, self.now())
    }

    /// A vendor's time at a moment of the gateway's clock.
    #[must_use]
    pub fn vendor_time(self, connection: &str, at: DateTime<Utc>) -> DateTime<Utc> {
        let ahead = self.snapshot().vendor_ahead(connection);
        at.checked_add_signed(ahead).unwrap_or(at)
    }

    /// Makes the gateway read connections again, and polls it for the result.
    pub fn refresh(self, what: Refresh) {
        let _ = self
            .pending_refreshes
            .try_with_value(|pending| add_refreshes(pending, vec![what]));
        self.live.status.refresh();
    }

    /// Polls the gateway now, after a change on the gateway itself.
    pub fn poll_now(self) {
        self.live.status.refresh();
    }

    /// Wakes a failed poll of a vendor, which would otherwise wait, as soon as the gateway reports that its connection
    /// answers again. The user did not request this, so a pause and the vendor's `Retry-After` still apply.
    pub fn wake_when_answering(self, connection: String, status: Status) {
        let answers = Memo::new(move |_| self.freshness(&connection).is_believable());
        on_change(move || {
            if answers.get() && untrack(|| status.failure().is_some()) {
                status.wake();
            }
        });
    }

    /// The activity counter, tracked. A different number means new entries in the activity.
    #[must_use]
    pub fn activity(self) -> Memo<u64> {
        Memo::new(move |_| self.snapshot().activity)
    }

    /// Failovers in the last answer, tracked.
    #[must_use]
    pub fn leader_changes(self) -> Vec<GroupLeaderChange> {
        self.leader_changes.get()
    }

    /// Whether the gateway serves a different build than this page, tracked.
    #[must_use]
    pub fn is_old_build(self) -> bool {
        self.is_other_build(&self.snapshot().build)
    }

    /// Asks the gateway whether it serves a different build than this page. False if it does not answer.
    pub async fn serves_other_build(self) -> bool {
        let served = api::build().await;
        served.is_ok_and(|build| self.is_other_build(&build))
    }

    fn is_other_build(self, build: &str) -> bool {
        let first = self.first_build.get_value();
        !build.is_empty() && !first.is_empty() && build != first
    }

    /// Whether this page cannot parse the gateway's answer, tracked: the gateway may have another version.
    #[must_use]
    pub fn is_unreadable(self) -> bool {
        matches!(self.failure(), Some(Failure::Unreadable(_)))
    }

    /// Whether the last poll of the gateway failed, tracked: then nothing on the screen is current.
    #[must_use]
    pub fn is_gateway_lost(self) -> bool {
        self.failure().is_some()
    }

    /// Whether the inventory is current, tracked: not while paused or hidden, or right after the computer slept.
    #[must_use]
    pub fn is_current(self) -> bool {
        self.live.status.freshness(self.clock) == Freshness::Live
    }

    /// When the gateway last answered, by its own clock.
    #[must_use]
    pub fn last_answer(self) -> Option<DateTime<Utc>> {
        let at = self.live.status.requested_at()?;
        Some(clock::time(clock::millis_of(at) + self.clock_offset.get()))
    }

    /// Why the last poll failed, tracked: the gateway does not answer, a proxy answers in its place, or the gateway
    /// fails. A missing sign-in is not included, because it is shown differently.
    #[must_use]
    pub fn failure(self) -> Option<Failure> {
        let failure = self.live.status.failure();
        failure.filter(|failure| !session::is_missing(failure))
    }
}

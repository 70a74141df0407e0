//! The common part of all watchers: when to read next, and what to publish about the connection.

use super::failure;
use super::inbox::{Inbox, Readings, WatchRequests};
use super::inventory::{Inventory, Read, unread};
use super::permit::Permit;
use super::source::Source;
use crate::lock::lock;
use crate::vendor_client::{Upstream, When};
use chrono::{DateTime, TimeDelta, Utc};
use health::schedule::{Millis, Next, Schedule};
use protocol::{ConnectionState, LastError, ReadFailure};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::mem;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The longest sleep of an idle watcher, in milliseconds.
const MAX_SLEEP_MS: Millis = 60_000.0;

/// The shortest interval between readings that people request, in milliseconds.
const MIN_REFRESH_INTERVAL_MS: Millis = 1_000.0;

/// The watcher of a connection, for any system.
#[derive(Debug)]
pub(super) struct Watcher {
    pub(super) source: Source,
    pub(super) inbox: Arc<Inbox>,
    inventory: Arc<Inventory>,
    /// The permission to publish; revoked when another watcher takes over.
    permit: Permit,
    settings: Settings,
    /// The number of clock resets when it started.
    clock_resets: u64,
    schedule: Schedule,
    interval: Duration,
    /// The time for reading everything, if that is spread over several readings.
    min_interval: Duration,
    state: ConnectionState,
    /// When the reading in progress, or else the last one, began, by the schedule's time.
    begun: Option<Millis>,
    refresh: bool,
    /// Requires new answers: after a change through the relay, or when another watcher read before.
    unshared: bool,
    /// The skipped time when the last reading began.
    skipped: Duration,
}

/// The client and the interval of a watcher.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub(super) client: Arc<Upstream>,
    pub(super) interval: Duration,
}

/// The settings of a watcher, which a reload of the configuration may replace.
pub(super) type Settings = Arc<Mutex<Setting>>;

impl Watcher {
    pub(super) fn new(
        settings: Settings,
        inventory: Arc<Inventory>,
        inbox: Arc<Inbox>,
        permit: Permit,
    ) -> Self {
        let Setting { client, interval } = current(&settings);
        let mut schedule = Schedule::default();
        schedule.set(interval, false, false);
        // Callers that wait for the previous watcher's reading now wait for this one's.
        inbox
            .readings
            .send_modify(|readings| readings.ended = readings.begun);
        let clock = inventory.clock().clone();
        let known = inventory.connection(&client.public.id);
        let public = client.public.clone();
        let skipped = clock.skipped();
        Self {
            clock_resets: clock.resets(),
            source: Source::new(client, clock),
            inbox,
            inventory,
            permit,
            settings,
            schedule,
            interval,
            min_interval: Duration::ZERO,
            // The state of a previous watcher or another gateway stays until the connection is read again.
            state: known.unwrap_or_else(|| unread(public, interval)),
            begun: None,
            refresh: false,
            unshared: true,
            skipped,
        }
    }

    /// Whether the clock was reset since it started, which makes its readings useless.
    pub(super) fn is_obsolete(&self) -> bool {
        self.source.clock.resets() != self.clock_resets
    }

    pub(super) fn connection(&self) -> &str {
        &self.state.connection.id
    }

    /// The ids of the resources that are known already.
    pub(super) fn known_ids(&self) -> Vec<String> {
        self.inventory.known_ids(self.connection())
    }

    /// The API of the connection.
    pub(super) fn system(&self) -> &vendors::System {
        &self.state.connection.system
    }

    pub(super) fn now(&self) -> Millis {
        self.source.clock.millis()
    }

    /// Whether the next reading is due. `Err` contains the time of the next check.
    pub(super) fn due(&mut self) -> Result<(), Millis> {
        let now = self.now();
        if self.refresh && !self.schedule.is_under_way() {
            let earliest = self
                .begun
                .map_or(now, |begun| begun + MIN_REFRESH_INTERVAL_MS);
            if earliest > now {
                return self.scheduled(now).map_err(|at| at.min(earliest));
            }
            self.schedule.request();
        }
        self.scheduled(now)
    }

    fn scheduled(&self, now: Millis) -> Result<(), Millis> {
        match self.schedule.next(now) {
            Next::Now => Ok(()),
            Next::At(at) => Err(at),
            Next::Wait => Err(now + MAX_SLEEP_MS),
        }
    }

    /// Handles the requests that all watchers handle alike; the caller handles changed groups. If the route to the
    /// system changed, the caller has cancelled all reads in progress. Otherwise they continue with the new client.
    pub(super) fn take(&mut self, requests: &mut WatchRequests) {
        if requests.setting {
            let Setting { client, interval } = current(&self.settings);
            if requests.reached_differently && self.schedule.is_under_way() {
                self.schedule.cancelled();
                self.count(|readings| readings.ended = readings.begun);
                self.require_new_reading();
            }
            self.source.set_client(client);
            self.interval = interval;
            self.schedule.set(interval, false, false);
            self.state.interval_ms = self.state.interval_ms.max(in_millis(interval));
            // The new settings may have fixed the failure.
            if !self.is_answering() {
                self.require_new_reading();
            }
        }
        self.refresh |= requests.refresh;
        if requests.changed {
            self.require_new_reading();
        }
    }

    /// Requires a reading of everything at once, without shared answers.
    pub(super) fn require_new_reading(&mut self) {
        self.unshared = true;
        self.schedule.request();
    }

    /// Starts a reading. Returns how recent its answers must be.
    pub(super) fn begin(&mut self) -> When {
        let now = self.now();
        self.begun = Some(now);
        // People want the present state. Shared answers expire in real time, so they do not notice skipped time.
        let skipped = self.source.clock.skipped();
        let skips = mem::replace(&mut self.skipped, skipped) != skipped;
        let fresh = mem::take(&mut self.unshared) | mem::take(&mut self.refresh) | skips;
        self.schedule.started(now);
        self.state.next_at = None;
        self.count(|readings| readings.begun += 1);
        self.publish(Read::Nothing);
        if fresh { When::Now } else { When::Lately }
    }

    /// The duration of the reading in progress.
    fn duration(&self) -> Duration {
        let duration = self.begun.map_or(0.0, |begun| self.now() - begun);
        Duration::try_from_secs_f64(duration / 1_000.0).unwrap_or_default()
    }

    /// Raises the interval while a long reading continues to bring answers.
    pub(super) fn still_reading(&mut self) {
        let duration = in_millis(self.duration());
        self.state.interval_ms = self.state.interval_ms.max(duration);
    }

    /// Sets the time for reading everything, if that is spread over several readings.
    pub(super) fn set_min_interval(&mut self, time: Duration) {
        self.min_interval = time;
        self.state.interval_ms = self.state.interval_ms.max(in_millis(time));
    }

    /// Ends the reading: the connection answered. `quick` requests the next one soon.
    pub(super) fn answered(
        &mut self,
        observed_at: DateTime<Utc>,
        in_transition: bool,
        quick: bool,
        read: Read<'_>,
    ) {
        let now = self.now();
        self.schedule.answered(now, quick);
        let duration = self.duration();
        self.state.interval_ms = in_millis(self.interval.max(duration).max(self.min_interval));
        self.state.observed_at = Some(observed_at);
        self.state.failure = None;
        self.state.in_transition = in_transition;
        self.publish_next(now, read);
        self.count(|readings| readings.ended += 1);
    }

    /// Ends the reading: the connection failed.
    pub(super) fn failed(&mut self, why: ReadFailure, read: Read<'_>) {
        self.connection_failed(why, read);
        self.count(|readings| readings.ended += 1);
    }

    /// Handles a failure of the connection, in a reading or after one.
    pub(super) fn connection_failed(&mut self, why: ReadFailure, read: Read<'_>) {
        let now = self.now();
        let wait = failure::retry_after(&why);
        self.schedule.failed(now, wait, chance());
        self.record_error(failure::line(&why));
        self.state.failure = Some(why);
        self.publish_next(now, read);
    }

    fn publish_next(&mut self, now: Millis, read: Read<'_>) {
        let wait = self.scheduled(now).err().map_or(0.0, |at| at - now);
        #[expect(clippy::cast_possible_truncation, reason = "a wait of at most days")]
        let wait = TimeDelta::try_milliseconds(wait as i64).unwrap_or_default();
        self.state.next_at = self.source.clock.now().checked_add_signed(wait);
        self.publish(read);
    }

    /// Records the last error.
    pub(super) fn record_error(&mut self, line: String) {
        let at = self.source.clock.now();
        self.state.last_error = Some(LastError { at, line });
    }

    /// Sets the note about what the gateway leaves out.
    pub(super) fn limit(&mut self, limit: Option<String>) {
        self.state.limit = limit;
    }

    /// Sets whether a resource is in transition.
    pub(super) fn set_in_transition(&mut self, in_transition: bool) {
        self.state.in_transition = in_transition;
    }

    /// Whether the connection answered the last time.
    pub(super) fn is_answering(&self) -> bool {
        self.state.failure.is_none()
    }

    /// Publishes a reading and the state of the connection.
    pub(super) fn publish(&mut self, read: Read<'_>) {
        if self.source.knows_vendor_clock() {
            self.state.vendor_ahead_ms = self.source.vendor_ahead().num_milliseconds();
        }
        self.inventory
            .publish_by(&self.permit, self.clock_resets, &self.state, read);
    }

    fn count(&self, what: impl FnOnce(&mut Readings)) {
        self.inbox.readings.send_modify(what);
    }
}

/// The present settings.
fn current(settings: &Settings) -> Setting {
    let setting = lock(settings);
    setting.clone()
}

/// A duration in whole milliseconds.
pub(super) fn in_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A random number from 0 to 1.
pub(super) fn chance() -> f64 {
    let random = RandomState::new().build_hasher().finish();
    f64::from(u32::try_from(random >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}

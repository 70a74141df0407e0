//! What all watchers have in common: when to read next, and what is told of the connection.

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

/// How long a watcher sleeps that waits for nothing else, in milliseconds.
const MAX_SLEEP_MS: Millis = 60_000.0;

/// People may ask for a reading this often, in milliseconds.
const MIN_REFRESH_INTERVAL_MS: Millis = 1_000.0;

/// The watcher of one connection, whatever its system.
#[derive(Debug)]
pub(super) struct Watcher {
    pub(super) source: Source,
    pub(super) inbox: Arc<Inbox>,
    inventory: Arc<Inventory>,
    /// Lets this watcher publish; revoked when another takes over.
    permit: Permit,
    settings: Settings,
    /// How often the clock had been reset when it began.
    clock_resets: u64,
    schedule: Schedule,
    interval: Duration,
    /// How long it takes to read everything, where that goes on from one reading to the next.
    min_interval: Duration,
    state: ConnectionState,
    /// When the reading under way, or else the last one, began by the schedule's time.
    begun: Option<Millis>,
    refresh: bool,
    /// What was changed through the relay must not be read from memory, nor what another watcher read.
    unshared: bool,
    /// How much time had been skipped when the last reading began.
    skipped: Duration,
}

/// How a system is reached, and how often it is read.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub(super) client: Arc<Upstream>,
    pub(super) interval: Duration,
}

/// The setting of a watcher, which a new configuration may change.
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
        // Callers that wait for a reading of the watcher before this one wait for this one's.
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
            // What was known when somebody else watched, or a watcher before this one, stays until it is read again.
            state: known.unwrap_or_else(|| unread(public, interval)),
            begun: None,
            refresh: false,
            unshared: true,
            skipped,
        }
    }

    /// Whether the clock was reset since: what it has read is of no more use.
    pub(super) fn is_obsolete(&self) -> bool {
        self.source.clock.resets() != self.clock_resets
    }

    /// The connection's id.
    pub(super) fn connection(&self) -> &str {
        &self.state.connection.id
    }

    /// The ids of the resources that were watched before.
    pub(super) fn known_ids(&self) -> Vec<String> {
        self.inventory.known_ids(self.connection())
    }

    /// Which API it speaks.
    pub(super) fn system(&self) -> &vendors::System {
        &self.state.connection.system
    }

    /// The schedule's time.
    pub(super) fn now(&self) -> Millis {
        self.source.clock.millis()
    }

    /// Whether the next reading is due. `Err` says when to look again.
    pub(super) fn due(&mut self) -> Result<(), Millis> {
        let now = self.now();
        if self.refresh && !self.schedule.is_under_way() {
            let earliest = self
                .begun
                .map_or(now, |begun| begun + MIN_REFRESH_INTERVAL_MS);
            if earliest > now {
                return self.scheduled(now).map_err(|at| at.min(earliest));
            }
            self.schedule.ask();
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

    /// Takes over what is requested of every watcher; the changed groups are for the caller. Where the system is reached
    /// differently, the caller has given up every read that was under way. Else they go on, through the new client.
    pub(super) fn take(&mut self, requests: &mut WatchRequests) {
        if requests.setting {
            let Setting { client, interval } = current(&self.settings);
            if requests.reached_differently && self.schedule.is_under_way() {
                self.schedule.given_up();
                self.count(|readings| readings.ended = readings.begun);
                self.read_all_anew();
            }
            self.source.go_through(client);
            self.interval = interval;
            self.schedule.set(interval, false, false);
            self.state.interval_ms = self.state.interval_ms.max(in_millis(interval));
            // What failed may be what was changed.
            if !self.is_answering() {
                self.read_all_anew();
            }
        }
        self.refresh |= requests.refresh;
        if requests.changed {
            self.read_all_anew();
        }
    }

    /// Everything is to be read at once, and not from memory.
    pub(super) fn read_all_anew(&mut self) {
        self.unshared = true;
        self.schedule.ask();
    }

    /// A reading begins. Returns how recent its answers have to be.
    pub(super) fn begin(&mut self) -> When {
        let now = self.now();
        self.begun = Some(now);
        // A person wants what is there now and not what was read a moment ago. What is shared is shared for
        // so much real time, and knows nothing of skipped time.
        let skipped = self.source.clock.skipped();
        let skips = mem::replace(&mut self.skipped, skipped) != skipped;
        let anew = mem::take(&mut self.unshared) | mem::take(&mut self.refresh) | skips;
        self.schedule.begun(now);
        self.state.next_at = None;
        self.count(|readings| readings.begun += 1);
        self.publish(Read::Nothing);
        if anew { When::Now } else { When::Lately }
    }

    /// How long the reading under way has taken so far.
    fn took(&self) -> Duration {
        let took = self.begun.map_or(0.0, |begun| self.now() - begun);
        Duration::try_from_secs_f64(took / 1_000.0).unwrap_or_default()
    }

    /// While a long reading goes on and brings answers, the connection is read as often as that allows.
    pub(super) fn still_reading(&mut self) {
        let took = in_millis(self.took());
        self.state.interval_ms = self.state.interval_ms.max(took);
    }

    /// It takes so long to read everything, which goes on from one reading to the next.
    pub(super) fn set_min_interval(&mut self, time: Duration) {
        self.min_interval = time;
        self.state.interval_ms = self.state.interval_ms.max(in_millis(time));
    }

    /// The reading has ended, and the connection answered. `quick` asks for the next one soon.
    pub(super) fn answered(
        &mut self,
        observed_at: DateTime<Utc>,
        in_transition: bool,
        quick: bool,
        read: Read<'_>,
    ) {
        let now = self.now();
        self.schedule.answered(now, quick);
        let took = self.took();
        self.state.interval_ms = in_millis(self.interval.max(took).max(self.min_interval));
        self.state.observed_at = Some(observed_at);
        self.state.failure = None;
        self.state.in_transition = in_transition;
        self.tell_next(now, read);
        self.count(|readings| readings.ended += 1);
    }

    /// The reading has ended, and the connection failed.
    pub(super) fn failed(&mut self, why: ReadFailure, read: Read<'_>) {
        self.broke_off(why, read);
        self.count(|readings| readings.ended += 1);
    }

    /// The connection failed, in a reading or after one.
    pub(super) fn broke_off(&mut self, why: ReadFailure, read: Read<'_>) {
        let now = self.now();
        let wait = failure::retry_after(&why);
        self.schedule.failed(now, wait, chance());
        self.note(failure::line(&why));
        self.state.failure = Some(why);
        self.tell_next(now, read);
    }

    fn tell_next(&mut self, now: Millis, read: Read<'_>) {
        let wait = self.scheduled(now).err().map_or(0.0, |at| at - now);
        #[expect(clippy::cast_possible_truncation, reason = "a wait of at most days")]
        let wait = TimeDelta::try_milliseconds(wait as i64).unwrap_or_default();
        self.state.next_at = self.source.clock.now().checked_add_signed(wait);
        self.publish(read);
    }

    /// Remembers what went wrong last.
    pub(super) fn note(&mut self, line: String) {
        let at = self.source.clock.now();
        self.state.last_error = Some(LastError { at, line });
    }

    /// What the gateway leaves out.
    pub(super) fn limit(&mut self, limit: Option<String>) {
        self.state.limit = limit;
    }

    /// Whether something is in transition.
    pub(super) fn set_in_transition(&mut self, in_transition: bool) {
        self.state.in_transition = in_transition;
    }

    /// Whether the connection answered when it was last read.
    pub(super) fn is_answering(&self) -> bool {
        self.state.failure.is_none()
    }

    /// Tells what was read, and how the connection is.
    pub(super) fn publish(&mut self, read: Read<'_>) {
        if self.source.knows_vendors_clock() {
            self.state.vendor_ahead_ms = self.source.vendor_ahead().num_milliseconds();
        }
        self.inventory
            .publish_by(&self.permit, self.clock_resets, &self.state, read);
    }

    fn count(&self, what: impl FnOnce(&mut Readings)) {
        self.inbox.readings.send_modify(what);
    }
}

/// The setting as it is now.
fn current(settings: &Settings) -> Setting {
    let setting = lock(settings);
    setting.clone()
}

/// A duration in whole milliseconds.
pub(super) fn in_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A number from 0 to 1, each time another.
pub(super) fn chance() -> f64 {
    let random = RandomState::new().build_hasher().finish();
    f64::from(u32::try_from(random >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}

//! Decides when the gateway's watchers and the console poll next. Pure: time and chance are arguments.

use std::time::Duration;

/// Milliseconds since 1970 by the poller's clock.
pub type Millis = f64;

/// The default time between two polls.
pub const INTERVAL: Duration = Duration::from_secs(5);

/// The time between two polls while a resource is in transition, unless the chosen interval is shorter.
pub const IN_TRANSITION: Duration = Duration::from_secs(2);

/// The intervals that a user can choose.
pub const CHOICES: [Duration; 6] = [
    Duration::from_secs(2),
    INTERVAL,
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_secs(60),
    Duration::from_secs(300),
];

/// The shortest wait after a failure, and between the end of one poll and the next.
const SHORTEST: Millis = 1_000.0;

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Next {
    /// Poll now.
    Now,
    /// Call again at this time.
    At(Millis),
    /// Wait for an event: a poll is under way, or the page is hidden or paused.
    Wait,
}

/// The last finished poll.
#[derive(Debug, Clone, Copy, PartialEq)]
struct LastPoll {
    started: Millis,
    ended: Millis,
    /// The wait after a failure.
    backoff: Option<Millis>,
    /// The earliest next poll, from the vendor's `Retry-After`.
    not_before: Option<Millis>,
}

/// The polling schedule of one object, a state machine: events go in, [`Schedule::next`] returns what to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    interval: Duration,
    hidden: bool,
    paused: bool,
    in_transition: bool,
    /// Whether a poll has succeeded. Only then a pause takes effect, because there is nothing to show before.
    answered: bool,
    under_way: Option<Millis>,
    last: Option<LastPoll>,
    failures: u32,
    requested: bool,
    woken: bool,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            interval: INTERVAL,
            hidden: false,
            paused: false,
            in_transition: false,
            answered: false,
            under_way: None,
            last: None,
            failures: 0,
            requested: false,
            woken: false,
        }
    }
}

impl Schedule {
    /// Sets the page's interval, and whether polling is paused or the page is hidden.
    pub fn set(&mut self, interval: Duration, paused: bool, hidden: bool) {
        self.interval = interval;
        self.paused = paused;
        self.hidden = hidden;
    }

    /// Requests a poll as soon as possible.
    pub fn request(&mut self) {
        self.requested = true;
    }

    /// Polls early because the data may be old: the network is back, the page is visible or the device woke up.
    pub fn wake(&mut self) {
        self.woken = true;
    }

    /// Records the start of a poll.
    pub fn started(&mut self, now: Millis) {
        self.under_way = Some(now);
        self.requested = false;
        self.woken = false;
    }

    /// Records a successful poll.
    pub fn answered(&mut self, now: Millis, in_transition: bool) {
        self.answered = true;
        self.in_transition = in_transition;
        self.failures = 0;
        self.ended(now, None, None);
    }

    /// Records a failed poll. `chance` is from 0 to 1; `retry_after` is the vendor's.
    pub fn failed(&mut self, now: Millis, retry_after: Option<Duration>, chance: f64) {
        self.failures = self.failures.saturating_add(1);
        let not_before = retry_after.map(|wait| now + millis(wait));
        let wait = backoff(self.failures, chance, millis(self.interval));
        self.ended(now, Some(wait), not_before);
    }

    /// Records that the poll was cancelled, with an unknown outcome.
    pub fn cancelled(&mut self) {
        self.under_way = None;
    }

    /// Whether a poll is under way.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    fn ended(&mut self, now: Millis, backoff: Option<Millis>, not_before: Option<Millis>) {
        self.last = Some(LastPoll {
            started: self.under_way.take().unwrap_or(now).min(now),
            ended: now,
            backoff,
            not_before,
        });
    }

    /// What to do now.
    #[must_use]
    pub fn next(&self, now: Millis) -> Next {
        let is_paused = self.paused && self.answered;
        match self.due() {
            _ if self.under_way.is_some() => Next::Wait,
            _ if self.requested => Next::Now,
            _ if self.hidden || is_paused => Next::Wait,
            Some(due) if due > now && !self.is_ahead_of(now) => Next::At(due),
            _ => Next::Now,
        }
    }

    /// Whether the last poll ended in the future, because the clock was set back since; otherwise no poll would be due.
    fn is_ahead_of(&self, now: Millis) -> bool {
        self.last.is_some_and(|last| last.ended > now)
    }

    /// The time of the next poll; `None` for immediately.
    fn due(&self) -> Option<Millis> {
        let last = self.last?;
        let regular = match last.backoff {
            _ if self.woken => last.ended,
            Some(backoff) => last.ended + backoff,
            None => (last.started + millis(self.pace())).max(last.ended + SHORTEST),
        };
        // Only a user's request overrides the vendor's `Retry-After`.
        Some(regular.max(last.not_before.unwrap_or(regular)))
    }

    fn pace(&self) -> Duration {
        if self.in_transition {
            self.interval.min(IN_TRANSITION)
        } else {
            self.interval
        }
    }
}

/// The wait after `failures` consecutive failures: random between the shortest wait and a limit that doubles up to the
/// interval. So many clients do not return all at once, and each notices a recovered system within an interval.
fn backoff(failures: u32, chance: f64, interval: Millis) -> Millis {
    let doubled = SHORTEST * 2_f64.powi(failures.min(16).cast_signed());
    let limit = doubled.min(interval).max(SHORTEST);
    SHORTEST + (limit - SHORTEST) * chance.clamp(0.0, 1.0)
}

/// A duration in milliseconds.
#[must_use]
pub fn millis(duration: Duration) -> Millis {
    duration.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests;

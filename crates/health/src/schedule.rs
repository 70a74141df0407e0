//! When to read next: for the gateway's watchers and for the console's polls. Pure: the time is an
//! argument and so is chance. Knows nothing of what is read.

use std::time::Duration;

/// Milliseconds since 1970 by the reader's clock.
pub type Millis = f64;

/// Between two polls unless somebody chose otherwise.
pub const INTERVAL: Duration = Duration::from_secs(5);

/// Between two polls while something is in transition, unless the chosen interval is shorter still.
pub const IN_TRANSITION: Duration = Duration::from_secs(2);

/// The intervals that can be chosen.
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
    /// Ask.
    Now,
    /// Look again then.
    At(Millis),
    /// Nothing until something happens: a poll is under way, or the page is hidden or paused.
    Wait,
}

/// How the last poll ended.
#[derive(Debug, Clone, Copy, PartialEq)]
struct LastPoll {
    begun: Millis,
    ended: Millis,
    /// After a failure, how long to wait.
    backoff: Option<Millis>,
    /// The vendor asked not to be asked before.
    not_before: Option<Millis>,
}

/// When one thing is polled. It is told what happens and answers what to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    interval: Duration,
    hidden: bool,
    paused: bool,
    in_transition: bool,
    /// Whether there has been a good answer: a pause holds what is shown, and there is nothing to
    /// hold before.
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
    /// The interval that the open page has, whether polls are paused, whether nobody sees the page.
    pub fn set(&mut self, interval: Duration, paused: bool, hidden: bool) {
        self.interval = interval;
        self.paused = paused;
        self.hidden = hidden;
    }

    /// Somebody wants an answer now.
    pub fn ask(&mut self) {
        self.requested = true;
    }

    /// The network is back, the page is seen again, the computer has woken: what is shown may be old.
    pub fn wake(&mut self) {
        self.woken = true;
    }

    /// A poll has begun.
    pub fn begun(&mut self, now: Millis) {
        self.under_way = Some(now);
        self.requested = false;
        self.woken = false;
    }

    /// It brought an answer.
    pub fn answered(&mut self, now: Millis, in_transition: bool) {
        self.answered = true;
        self.in_transition = in_transition;
        self.failures = 0;
        self.ended(now, None, None);
    }

    /// It failed. `chance` lies from 0 to 1; `retry_after` is what the vendor asked for.
    pub fn failed(&mut self, now: Millis, retry_after: Option<Duration>, chance: f64) {
        self.failures = self.failures.saturating_add(1);
        let not_before = retry_after.map(|wait| now + millis(wait));
        let wait = backoff(self.failures, chance, millis(self.interval));
        self.ended(now, Some(wait), not_before);
    }

    /// It was given up: nobody knows what it would have brought.
    pub fn given_up(&mut self) {
        self.under_way = None;
    }

    /// Whether a poll is under way.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    fn ended(&mut self, now: Millis, backoff: Option<Millis>, not_before: Option<Millis>) {
        self.last = Some(LastPoll {
            begun: self.under_way.take().unwrap_or(now).min(now),
            ended: now,
            backoff,
            not_before,
        });
    }

    /// What to do now.
    #[must_use]
    pub fn next(&self, now: Millis) -> Next {
        let held = self.paused && self.answered;
        match self.due() {
            _ if self.under_way.is_some() => Next::Wait,
            _ if self.requested => Next::Now,
            _ if self.hidden || held => Next::Wait,
            Some(due) if due > now && !self.is_ahead_of(now) => Next::At(due),
            _ => Next::Now,
        }
    }

    /// Whether the last poll ended later than now: the clock was set back since, and by it nothing would be due for long.
    fn is_ahead_of(&self, now: Millis) -> bool {
        self.last.is_some_and(|last| last.ended > now)
    }

    /// When the next poll is due; `None` for at once.
    fn due(&self) -> Option<Millis> {
        let last = self.last?;
        let regular = match last.backoff {
            _ if self.woken => last.ended,
            Some(backoff) => last.ended + backoff,
            None => (last.begun + millis(self.pace())).max(last.ended + SHORTEST),
        };
        // What a vendor asks for is honoured whatever has happened since; only a person may overrule.
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

/// The wait after `failures` failures in a row: anything from the shortest to a limit that doubles up to the
/// interval, so that many do not come back all at once, and none learns later than an interval that a system
/// answers again.
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

//! The countdown from a primary's last heartbeat to the takeover. Pure.

use crate::prefs::Zone;
use crate::ui::times;
use chrono::{DateTime, TimeDelta, Utc};
use health::groups::{HeartbeatState, HeartbeatTiming, heartbeat_period};
use health::words;

/// The primary, and the takeover that follows if its heartbeats stop.
#[derive(Debug, Clone, Copy)]
pub struct Takeover<'a> {
    /// The id of the primary.
    pub primary: &'a str,
    /// Whether an override keeps it Primary.
    pub is_pinned: bool,
    /// The id of the session that takes over.
    pub next: Option<&'a str>,
}

/// The content of the countdown.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Countdown {
    /// The severity.
    pub severity: &'static str,
    /// The remaining time.
    pub big: String,
    /// A sentence about what happens next.
    pub sentence: String,
    /// A further explanation.
    pub explained: String,
    /// The age as a share of the FailoverTimeout, at most 1.
    pub at: f64,
    /// The age in milliseconds; negative if the timestamp is in the future.
    pub age: f64,
    /// The FailoverTimeout, in milliseconds.
    pub timeout: f64,
    /// The last heartbeat, the next one and the takeover, with their times.
    pub marks: [(&'static str, String); 3],
    /// The age as text.
    pub now: String,
}

/// The severity, the remaining time, what happens next, and a further explanation.
type Texts = (&'static str, String, String, String);

/// The inputs of a countdown.
struct Inputs<'a> {
    takeover: &'a Takeover<'a>,
    timing: &'a HeartbeatTiming,
    now: DateTime<Utc>,
    zone: Zone,
    age: TimeDelta,
    timeout: TimeDelta,
}

/// The countdown. It counts to the next heartbeat and, once that is missed, to the takeover. A primary pinned by an
/// override is not taken over; it becomes silent instead.
///
/// # Errors
/// A sentence that explains why there is no countdown.
pub fn countdown(
    takeover: &Takeover<'_>,
    timing: &HeartbeatTiming,
    now: DateTime<Utc>,
    zone: Zone,
) -> Result<Countdown, String> {
    let who = takeover.primary;
    let (Some(age), Some(timeout)) = (timing.age, timing.timeout) else {
        return Err(format!(
            "{who} has not posted a heartbeat yet, or the group has no usable failover timeout."
        ));
    };
    let half = heartbeat_period(timeout);
    if let Some(skew) = timing.skew.filter(|skew| *skew > half).map(words::span) {
        return Err(format!(
            "The last heartbeat of {who} has a timestamp {skew} in the future, so it is unknown when the next one is due."
        ));
    }
    let inputs = Inputs {
        takeover,
        timing,
        now,
        zone,
        // The service also counts from a timestamp in the future.
        age: timing.skew.map_or(age, |skew| -skew),
        timeout,
    };
    let (severity, big, sentence, explained) = inputs.texts();
    let millis = |span: TimeDelta| span.as_seconds_f64() * 1_000.0;
    let (age_millis, timeout_millis) = (millis(inputs.age), millis(timeout).max(1.0));
    let due = match timing.state {
        HeartbeatState::Late | HeartbeatState::Stale => "Beat due, missed",
        _ => "Beat due",
    };
    let end = if takeover.is_pinned {
        "Silent"
    } else {
        "Takeover"
    };
    Ok(Countdown {
        severity,
        big,
        sentence,
        explained,
        at: (age_millis / timeout_millis).clamp(0.001, 1.0),
        age: age_millis,
        timeout: timeout_millis,
        marks: [
            ("Last heartbeat", inputs.at(TimeDelta::zero())),
            (due, inputs.at(half)),
            (end, inputs.at(timeout)),
        ],
        now: words::span(inputs.age.max(TimeDelta::zero())),
    })
}

impl Inputs<'_> {
    /// The time at which the heartbeat reaches an age.
    fn at(&self, age: TimeDelta) -> String {
        times::moment(self.now - self.age + age, self.now, self.zone)
    }

    /// The texts. The heartbeat's state is that at the time of reading, as in the verdict: a heartbeat that has become
    /// due since may have arrived.
    fn texts(&self) -> Texts {
        let (half, left) = (heartbeat_period(self.timeout), self.timeout - self.age);
        let (who, end) = (self.takeover.primary, self.at(self.timeout));
        match self.timing.state {
            _ if self.timing.is_live() && self.age <= half => (
                "normal",
                words::span(half - self.age),
                format!("Next heartbeat of {who} is due at {}.", self.at(half)),
                self.without_one(&end),
            ),
            HeartbeatState::OnTime | HeartbeatState::Future | HeartbeatState::Never => (
                "normal",
                "due".to_owned(),
                format!("A heartbeat of {who} was due at {}.", self.at(half)),
                "The next reading will show whether it arrived.".to_owned(),
            ),
            HeartbeatState::Late | HeartbeatState::Stale if self.takeover.is_pinned => {
                self.pinned(left)
            }
            HeartbeatState::Late if left > TimeDelta::zero() => (
                "warning",
                words::span(left),
                match self.takeover.next {
                    Some(next) => format!("{next} takes over at {end} unless {who} reports first."),
                    None => format!(
                        "There is no primary from {end} unless {who} reports first: no session is ready to take over."
                    ),
                },
                format!(
                    "The heartbeat due {} ago has not arrived. A heartbeat before the deadline cancels the takeover.",
                    words::span(self.age - half)
                ),
            ),
            HeartbeatState::Late => (
                "warning",
                "takeover due".to_owned(),
                format!("The takeover was due at {end}."),
                "The next reading will show whether it happened.".to_owned(),
            ),
            HeartbeatState::Stale => (
                "critical",
                format!("{} late", words::span(-left)),
                format!(
                    "{who} has been silent for {}, longer than the failover timeout.",
                    words::span(self.age)
                ),
                format!(
                    "{} heartbeats missed. The takeover was due at {end}.",
                    self.timing.missed
                ),
            ),
        }
    }

    /// What happens if the next heartbeat does not arrive.
    fn without_one(&self, end: &str) -> String {
        match (self.takeover.is_pinned, self.takeover.next) {
            (true, _) => format!(
                "Without one, {} stays Primary and no data flows from {end}.",
                self.takeover.primary
            ),
            (false, Some(next)) => format!("Without one, {next} takes over at {end}."),
            (false, None) => format!(
                "Without one, there is no primary from {end}, because no session is ready to take over."
            ),
        }
    }

    /// The texts for a silent primary that an override keeps Primary.
    fn pinned(&self, left: TimeDelta) -> Texts {
        let (severity, big) = match self.timing.state {
            HeartbeatState::Stale => ("critical", format!("{} late", words::span(-left))),
            _ if left > TimeDelta::zero() => ("warning", words::span(left)),
            _ => ("warning", "silent".to_owned()),
        };
        let (who, silent) = (self.takeover.primary, words::span(self.age));
        (
            severity,
            big,
            format!("{who} stays Primary because of the override: there is no takeover."),
            format!("It has been silent for {silent}. Clear the override."),
        )
    }
}

/// The deviation in milliseconds from which the animation is restarted; smaller ones are not visible.
const MAX_DRIFT: f64 = 500.0;

/// An animation along the timeline, run by the browser from one heartbeat to the next.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Animation {
    /// The time of the last heartbeat, in milliseconds since 1970 by the browser's clock.
    begun: f64,
    /// The heartbeat's age at the start of the animation, in milliseconds.
    pub age: f64,
    /// The duration of the complete timeline, in milliseconds.
    pub timeout: f64,
    /// Alternates with each restart, to select the other of two animation names: the browser restarts an animation only
    /// if its name changes.
    pub again: bool,
}

impl Animation {
    /// This animation while it is accurate, otherwise a restarted one.
    #[must_use]
    pub fn at(self, now: f64, age: f64, timeout: f64) -> Self {
        let begun = now - age;
        if (self.timeout - timeout).abs() < f64::EPSILON && (self.begun - begun).abs() < MAX_DRIFT {
            return self;
        }
        Self {
            begun,
            age,
            timeout,
            again: !self.again,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Animation, Countdown, Takeover, countdown};
    use crate::prefs::Zone;
    use chrono::{DateTime, TimeDelta, Utc};
    use health::groups::heartbeat_timing;
    use vendors::aveva::{ClientSession, Heartbeat, TimeSpan};

    fn of_age(seconds: i64) -> Countdown {
        of(seconds, false)
    }

    fn of(seconds: i64, pinned: bool) -> Countdown {
        try_countdown(seconds, pinned).expect("a countdown")
    }

    fn try_countdown(seconds: i64, is_pinned: bool) -> Result<Countdown, String> {
        let now: DateTime<Utc> = "2026-11-21T14:32:08Z".parse().expect("a time");
        let heartbeat = Heartbeat {
            heartbeat_time: Some(now - TimeDelta::seconds(seconds)),
            ..Heartbeat::default()
        };
        let session = ClientSession {
            heartbeat: Some(heartbeat),
            ..ClientSession::default()
        };
        let timing = heartbeat_timing(&session, Some(&TimeSpan::from_seconds(60)), now);
        let takeover = Takeover {
            primary: "KILN-01",
            is_pinned,
            next: Some("KILN-02"),
        };
        countdown(&takeover, &timing, now, Zone::Utc)
    }

    #[test]
    fn the_first_half_of_the_timeout_counts_to_the_next_heartbeat_then_to_the_takeover() {
        for (age, severity, big) in [
            (6, "normal", "24 s"),
            (42, "warning", "18 s"),
            (72, "critical", "12 s late"),
        ] {
            let countdown = of_age(age);
            assert_eq!(
                (countdown.severity, countdown.big.as_str()),
                (severity, big),
                "{age} s"
            );
        }
        assert_eq!(
            of_age(42).sentence,
            "KILN-02 takes over at 14:32:26 unless KILN-01 reports first."
        );
    }

    #[test]
    fn a_primary_pinned_by_an_override_has_no_takeover() {
        for age in [6, 42, 72, 6_000] {
            let countdown = of(age, true);
            let all = format!("{countdown:?}").to_lowercase();
            assert!(
                !all.contains("kiln-02") && !all.contains("\"takeover"),
                "{all}"
            );
            assert_eq!(countdown.marks[2].0, "Silent");
            assert_eq!(of_age(age).marks[2].0, "Takeover");
        }
        assert_eq!(
            of(6, true).explained,
            "Without one, KILN-01 stays Primary and no data flows from 14:33:02."
        );
        for age in [42, 72] {
            let countdown = of(age, true);
            assert_eq!(
                countdown.sentence,
                "KILN-01 stays Primary because of the override: there is no takeover."
            );
            assert!(countdown.explained.ends_with("Clear the override."));
        }
    }

    #[test]
    fn a_heartbeat_due_after_the_last_reading_is_not_called_missed() {
        let countdown = of_age(31);
        assert_eq!(
            (countdown.severity, countdown.big.as_str()),
            ("normal", "due")
        );
    }

    #[test]
    fn a_heartbeat_with_a_future_timestamp_counts_from_it_and_is_not_missed() {
        let countdown = of_age(-10);
        assert_eq!(
            (countdown.severity, countdown.big.as_str()),
            ("normal", "40 s")
        );
        assert_eq!(
            countdown.sentence,
            "Next heartbeat of KILN-01 is due at 14:32:48."
        );
        assert_eq!(
            countdown.marks.map(|(name, at)| format!("{name} {at}")),
            [
                "Last heartbeat 14:32:18",
                "Beat due 14:32:48",
                "Takeover 14:33:18"
            ]
        );
        assert_eq!(countdown.now, "0 s");
        // A timestamp far in the future does not show when the next heartbeat is due.
        assert_eq!(
            try_countdown(-600, false).expect_err("no countdown"),
            "The last heartbeat of KILN-01 has a timestamp 10 min in the future, so it is unknown when the next one is due."
        );
        assert_eq!(of_age(42).marks[1].0, "Beat due, missed");
    }

    #[test]
    fn the_animation_restarts_with_a_new_heartbeat_but_not_with_a_clock_tick() {
        let begun = Animation::default().at(100_000.0, 6_000.0, 60_000.0);
        assert_eq!((begun.begun, begun.age), (94_000.0, 6_000.0));
        assert_eq!(begun.at(101_000.0, 7_000.0, 60_000.0), begun);
        assert_eq!(begun.at(102_000.0, 8_400.0, 60_000.0), begun);
        for (now, age, timeout) in [
            (110_000.0, 0.0, 60_000.0),
            (101_000.0, 8_000.0, 60_000.0),
            (101_000.0, 7_000.0, 30_000.0),
        ] {
            let next = begun.at(now, age, timeout);
            assert_eq!((next.begun, next.timeout), (now - age, timeout));
            assert_ne!(next.again, begun.again, "{age}");
        }
    }

    #[test]
    fn the_position_on_the_timeline_stays_between_its_ends() {
        assert!((of_age(6000).at - 1.0).abs() < f64::EPSILON);
        assert!(of_age(0).at > 0.0);
    }
}

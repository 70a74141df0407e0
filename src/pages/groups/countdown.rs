//! The countdown from a primary's last heartbeat to the takeover. Pure.

use crate::prefs::Zone;
use crate::ui::times;
use chrono::{DateTime, TimeDelta, Utc};
use health::groups::{HeartbeatState, HeartbeatTiming, heartbeat_period};
use health::words;

/// Who is primary, and what a heartbeat of it that does not come leads to.
#[derive(Debug, Clone, Copy)]
pub struct Takeover<'a> {
    /// The primary.
    pub primary: &'a str,
    /// Whether an override keeps it Primary.
    pub is_pinned: bool,
    /// Who takes over.
    pub next: Option<&'a str>,
}

/// What the countdown shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Countdown {
    /// How urgent it is.
    pub severity: &'static str,
    /// What is counted.
    pub big: String,
    /// What happens next.
    pub sentence: String,
    /// What else belongs to it.
    pub explained: String,
    /// The age as a share of the FailoverTimeout, at most 1.
    pub at: f64,
    /// The age in milliseconds; negative where the stamp is ahead.
    pub age: f64,
    /// The FailoverTimeout, in milliseconds.
    pub timeout: f64,
    /// The last heartbeat, the next one and the takeover, with their times.
    pub marks: [(&'static str, String); 3],
    /// The age in words.
    pub now: String,
}

/// How urgent it is, what is counted, what happens next, and what else belongs to it.
type Words = (&'static str, String, String, String);

/// What a countdown is worked out from.
struct Counted<'a> {
    takeover: &'a Takeover<'a>,
    timing: &'a HeartbeatTiming,
    now: DateTime<Utc>,
    zone: Zone,
    age: TimeDelta,
    timeout: TimeDelta,
}

/// The countdown's words. Once a heartbeat is missed, the next due one is the takeover itself. A primary that an override
/// pins stays it, inactive from then on.
///
/// # Errors
/// Why there is nothing to count, in a sentence.
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
            "The last heartbeat of {who} is stamped {skew} ahead: when the next one is due cannot be told."
        ));
    }
    let counted = Counted {
        takeover,
        timing,
        now,
        zone,
        // The service counts from a stamp that is ahead, too.
        age: timing.skew.map_or(age, |skew| -skew),
        timeout,
    };
    let (severity, big, sentence, explained) = counted.words();
    let (age_millis, timeout_millis) = (millis(counted.age), millis(timeout).max(1.0));
    let due = match timing.state {
        HeartbeatState::Late | HeartbeatState::Stale => "Beat due, missed",
        _ => "Beat due",
    };
    let end = if takeover.is_pinned {
        "Inactive"
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
            ("Last heartbeat", counted.at(TimeDelta::zero())),
            (due, counted.at(half)),
            (end, counted.at(timeout)),
        ],
        now: words::span(counted.age.max(TimeDelta::zero())),
    })
}

impl Counted<'_> {
    /// When an age will be, or was, reached.
    fn at(&self, age: TimeDelta) -> String {
        times::moment(self.now - self.age + age, self.now, self.zone)
    }

    /// The timing is judged for the moment of reading, as the verdict does: what became due since may have come.
    fn words(&self) -> Words {
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

    /// What follows where the next heartbeat does not come.
    fn without_one(&self, end: &str) -> String {
        match (self.takeover.is_pinned, self.takeover.next) {
            (true, _) => format!(
                "Without one, {} stays Primary and no data flows from {end}.",
                self.takeover.primary
            ),
            (false, Some(next)) => format!("Without one, {next} takes over at {end}."),
            (false, None) => format!(
                "Without one, there is no primary, because no session is ready to take over, at {end}."
            ),
        }
    }

    /// Of a primary that stays it although it is silent.
    fn pinned(&self, left: TimeDelta) -> Words {
        let (severity, big) = match self.timing.state {
            HeartbeatState::Stale => ("critical", format!("{} late", words::span(-left))),
            _ if left > TimeDelta::zero() => ("warning", words::span(left)),
            _ => ("warning", "inactive".to_owned()),
        };
        let (who, silent) = (self.takeover.primary, words::span(self.age));
        (
            severity,
            big,
            format!("{who} stays Primary because of the override: no takeover comes."),
            format!("It has been silent for {silent}. Clear the override."),
        )
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of an age, drawn as a bar"
)]
fn millis(span: TimeDelta) -> f64 {
    span.num_milliseconds() as f64
}

/// By how many milliseconds the animation may be wrong before it is begun anew: less than can be seen.
const DRIFT: f64 = 500.0;

/// One animation along the lane. The browser moves it by itself, from one heartbeat to the next.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Animation {
    /// When the lane's beginning was, in milliseconds since 1970 by the browser's clock.
    begun: f64,
    /// The age at which the movement was begun, in milliseconds.
    pub age: f64,
    /// How long the whole lane takes, in milliseconds.
    pub timeout: f64,
    /// Whether it has the other name than the one before, without which the browser would not begin anew.
    pub again: bool,
}

impl Animation {
    /// This, while it is right, or the one that takes its place.
    #[must_use]
    pub fn at(self, now: f64, age: f64, timeout: f64) -> Self {
        let begun = now - age;
        if (self.timeout - timeout).abs() < f64::EPSILON && (self.begun - begun).abs() < DRIFT {
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
        counted(seconds, pinned).expect("a countdown")
    }

    fn counted(seconds: i64, is_pinned: bool) -> Result<Countdown, String> {
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
    fn before_half_of_the_timeout_the_next_heartbeat_counts_and_after_it_the_takeover() {
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
    fn a_primary_that_an_override_pins_is_followed_by_nobody() {
        for age in [6, 42, 72, 6_000] {
            let countdown = of(age, true);
            let all = format!("{countdown:?}").to_lowercase();
            assert!(
                !all.contains("kiln-02") && !all.contains("\"takeover"),
                "{all}"
            );
            assert_eq!(countdown.marks[2].0, "Inactive");
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
                "KILN-01 stays Primary because of the override: no takeover comes."
            );
            assert!(countdown.explained.ends_with("Clear the override."));
        }
    }

    #[test]
    fn a_heartbeat_that_was_due_after_the_last_look_is_not_called_missed() {
        let countdown = of_age(31);
        assert_eq!(
            (countdown.severity, countdown.big.as_str()),
            ("normal", "due")
        );
    }

    #[test]
    fn a_heartbeat_that_is_stamped_ahead_is_counted_from_its_stamp_and_not_called_missed() {
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
        // Far ahead nothing of it says when the next one is due.
        assert_eq!(
            counted(-600, false).expect_err("nothing to count"),
            "The last heartbeat of KILN-01 is stamped 10 min ahead: when the next one is due cannot be told."
        );
        assert_eq!(of_age(42).marks[1].0, "Beat due, missed");
    }

    #[test]
    fn the_movement_begins_anew_with_a_heartbeat_and_not_with_a_second() {
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
    fn the_lane_never_runs_over_its_end() {
        assert!((of_age(6000).at - 1.0).abs() < f64::EPSILON);
        assert!(of_age(0).at > 0.0);
    }
}

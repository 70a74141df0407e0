//! Chooses the alarm sound to play. Pure.
//!
//! A tone repeats a limited number of times while its alarm lasts, because people learn to ignore endless repetition.
//! Muting acknowledges nothing.

use super::alarm_diff::{AlarmChanges, Priority};
use crate::ui::sound::Note;
use health::schedule::Millis;

/// A sound of the wall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// An alarm of this priority.
    Alarm(Priority),
    /// The last open alarm has ended.
    Normal,
}

impl Tone {
    /// The notes to play. Tones differ in number of notes, pitch and tempo, so that people with partial hearing can
    /// distinguish them.
    #[must_use]
    pub fn notes(self) -> &'static [Note] {
        match self {
            Self::Alarm(Priority::Critical) => &[
                (988.0, 160, 80),
                (988.0, 160, 80),
                (988.0, 160, 320),
                (988.0, 160, 80),
                (988.0, 160, 0),
            ],
            Self::Alarm(Priority::Warning) => &[(659.0, 240, 160), (523.0, 360, 0)],
            Self::Normal => &[(523.0, 140, 20), (659.0, 140, 20), (784.0, 260, 0)],
        }
    }
}

/// The maximum number of times that a tone plays, and the interval between them.
fn repetition(priority: Priority) -> (u8, Millis) {
    match priority {
        Priority::Critical => (6, 10_000.0),
        Priority::Warning => (2, 30_000.0),
    }
}

#[derive(Debug, Clone)]
struct Repeating {
    priority: Priority,
    resources: Vec<String>,
    times: u8,
    last: Millis,
}

/// The state of the alarm sound.
#[derive(Debug, Clone, Default)]
pub struct AlarmSound {
    repeating: Option<Repeating>,
    /// Alarms that have not sounded, or not the full number of times, because a more urgent one sounds.
    waiting: Vec<(String, Priority)>,
}

impl AlarmSound {
    /// Returns the tone to play now. `priority_of` returns the current priority of a resource, and `is_any_open` is
    /// whether any alarm is open.
    pub fn update(
        &mut self,
        now: Millis,
        changes: &AlarmChanges,
        is_any_open: bool,
        priority_of: impl Fn(&str) -> Option<Priority>,
    ) -> Option<Tone> {
        let is_raised =
            |resource: &str| changes.raised.iter().any(|(raised, _)| raised == resource);
        // An alarm that is raised again has become more urgent, so it starts over.
        let lasts = |resource: &str, as_urgent_as: Priority| {
            priority_of(resource).is_some_and(|p| p <= as_urgent_as) && !is_raised(resource)
        };
        // Due as well if the clock was set back, which must not silence an alarm.
        let is_due = |repeating: &Repeating| {
            let (_, interval) = repetition(repeating.priority);
            now - repeating.last >= interval || now < repeating.last
        };
        self.waiting
            .retain(|(resource, priority)| lasts(resource, *priority));
        self.repeating = self.repeating.take().and_then(|mut repeating| {
            let priority = repeating.priority;
            repeating
                .resources
                .retain(|resource| lasts(resource, priority));
            // A tone that has played its full number of times makes way for others.
            let is_finished = repeating.times >= repetition(priority).0 && is_due(&repeating);
            (!repeating.resources.is_empty() && !is_finished).then_some(repeating)
        });
        self.waiting.extend(changes.raised.iter().cloned());
        let next = match &self.repeating {
            // A new alarm sounds at once unless a more urgent one sounds.
            Some(repeating) => {
                let new = changes.raised.iter().map(|(_, priority)| *priority).min();
                new.filter(|new| *new <= repeating.priority)
            }
            None => self.waiting.iter().map(|(_, priority)| *priority).min(),
        };
        if let Some(priority) = next {
            if let Some(Repeating {
                priority,
                resources,
                times,
                ..
            }) = self.repeating.take()
                && times < repetition(priority).0
            {
                let interrupted = resources.into_iter().map(|resource| (resource, priority));
                self.waiting.extend(interrupted);
            }
            let all = std::mem::take(&mut self.waiting).into_iter();
            let (sounding, waiting): (Vec<_>, Vec<_>) = all.partition(|(_, p)| *p == priority);
            self.waiting = waiting;
            self.repeating = Some(Repeating {
                priority,
                resources: sounding.into_iter().map(|(resource, _)| resource).collect(),
                times: 1,
                last: now,
            });
            return Some(Tone::Alarm(priority));
        }
        if let Some(repeating) = &mut self.repeating {
            if is_due(repeating) {
                repeating.times += 1;
                repeating.last = now;
                return Some(Tone::Alarm(repeating.priority));
            }
            return None;
        }
        (changes.ended && !is_any_open).then_some(Tone::Normal)
    }

    /// Whether an alarm has not sounded, or not the full number of times, because of a more urgent one.
    #[must_use]
    pub fn is_waiting(&self, resource: &str) -> bool {
        self.waiting.iter().any(|(waiting, _)| waiting == resource)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Priority::{Critical, Warning};

    /// A wall with open alarms.
    #[derive(Default)]
    struct TestWall {
        sound: AlarmSound,
        open: Vec<(&'static str, Priority)>,
    }

    impl TestWall {
        /// The tone at a second, after these alarms are raised or become more urgent.
        fn raise(&mut self, second: u32, raised: &[(&'static str, Priority)]) -> Option<Tone> {
            let is_raised = |name: &str| raised.iter().any(|(raised, _)| *raised == name);
            self.open.retain(|(name, _)| !is_raised(name));
            self.open.extend(raised);
            let raised = raised
                .iter()
                .map(|(name, priority)| ((*name).to_owned(), *priority));
            let raised = raised.collect();
            self.update(
                second,
                &AlarmChanges {
                    raised,
                    ended: false,
                },
            )
        }

        /// The tone after an alarm ends.
        fn end(&mut self, second: u32, name: &str) -> Option<Tone> {
            self.open.retain(|(open, _)| *open != name);
            let raised = Vec::new();
            self.update(
                second,
                &AlarmChanges {
                    raised,
                    ended: true,
                },
            )
        }

        /// The tone after an alarm is acknowledged.
        fn handle(&mut self, second: u32, name: &str) -> Option<Tone> {
            self.open.retain(|(open, _)| *open != name);
            self.pass(second)
        }

        fn pass(&mut self, second: u32) -> Option<Tone> {
            self.update(second, &AlarmChanges::default())
        }

        fn update(&mut self, second: u32, changes: &AlarmChanges) -> Option<Tone> {
            let open = &self.open;
            let priority_of =
                |name: &str| open.iter().find(|(open, _)| *open == name).map(|(_, p)| *p);
            self.sound.update(
                f64::from(second) * 1_000.0,
                changes,
                !open.is_empty(),
                priority_of,
            )
        }

        /// The tones that play in a range of seconds.
        fn sounds(&mut self, seconds: std::ops::Range<u32>) -> Vec<(u32, Tone)> {
            seconds
                .filter_map(|second| Some((second, self.pass(second)?)))
                .collect()
        }
    }

    const CRITICAL: Tone = Tone::Alarm(Critical);
    const WARNING: Tone = Tone::Alarm(Warning);

    #[test]
    fn a_tone_repeats_a_limited_number_of_times() {
        for (priority, seconds) in [(Critical, &[10, 20, 30, 40, 50][..]), (Warning, &[30])] {
            let mut wall = TestWall::default();
            let tone = Tone::Alarm(priority);
            assert_eq!(wall.raise(0, &[("x", priority)]), Some(tone));
            let expected: Vec<_> = seconds.iter().map(|second| (*second, tone)).collect();
            assert_eq!(wall.sounds(1..600), expected);
        }
    }

    #[test]
    fn the_tone_stops_when_the_alarm_ends_and_the_normal_tone_plays() {
        let mut wall = TestWall::default();
        wall.raise(0, &[("x", Critical)]);
        assert_eq!(wall.end(10, "x"), Some(Tone::Normal));
        assert_eq!(wall.pass(20), None);
    }

    #[test]
    fn an_acknowledged_alarm_stops_without_the_normal_tone() {
        let mut wall = TestWall::default();
        wall.raise(0, &[("x", Critical), ("y", Critical)]);
        assert_eq!(wall.handle(5, "x"), None);
        assert_eq!(wall.pass(10), Some(CRITICAL), "y is not acknowledged");
        assert_eq!(wall.handle(15, "y"), None);
        assert_eq!(wall.sounds(16..200), []);
    }

    #[test]
    fn a_more_urgent_alarm_takes_over_and_less_urgent_ones_wait_until_it_ends() {
        let mut wall = TestWall::default();
        assert_eq!(wall.raise(0, &[("w", Warning)]), Some(WARNING));
        assert_eq!(wall.raise(1, &[("c", Critical)]), Some(CRITICAL));
        assert_eq!(wall.raise(2, &[("v", Warning)]), None);
        let waiting = ["c", "w", "v"].map(|name| wall.sound.is_waiting(name));
        assert_eq!(waiting, [false, true, true], "they are new after a reload");
        assert_eq!(wall.sounds(3..21), [(11, CRITICAL)]);
        // The critical alarm ends. The interrupted alarm and the one that has not sounded yet sound together.
        assert_eq!(wall.end(21, "c"), Some(WARNING));
        assert_eq!(wall.sounds(22..300), [(51, WARNING)]);
        assert_eq!(wall.end(300, "w"), None, "v is open");
        assert_eq!(wall.end(301, "v"), Some(Tone::Normal));
    }

    #[test]
    fn a_less_urgent_alarm_sounds_after_the_last_repetition_of_a_more_urgent_one() {
        for together in [true, false] {
            let mut wall = TestWall::default();
            let (c, v) = (("c", Critical), ("v", Warning));
            if together {
                assert_eq!(wall.raise(0, &[v, c]), Some(CRITICAL));
            } else {
                assert_eq!(wall.raise(0, &[c]), Some(CRITICAL));
                assert_eq!(wall.raise(2, &[v]), None);
            }
            let last = wall.sounds(3..300).split_off(5);
            assert_eq!(last, [(60, WARNING), (90, WARNING)], "{together}");
        }
    }

    #[test]
    fn a_finished_alarm_does_not_start_over_after_a_more_urgent_one() {
        let mut wall = TestWall::default();
        wall.raise(0, &[("v", Warning)]);
        assert_eq!(wall.sounds(1..45), [(30, WARNING)]);
        assert_eq!(wall.raise(45, &[("c", Critical)]), Some(CRITICAL));
        assert_eq!(wall.end(46, "c"), None);
        assert_eq!(wall.sounds(47..300), []);
    }

    #[test]
    fn a_waiting_alarm_sounds_with_its_current_priority() {
        let mut wall = TestWall::default();
        wall.raise(0, &[("c", Critical)]);
        wall.raise(1, &[("over", Warning), ("worse", Warning)]);
        assert_eq!(wall.end(2, "over"), None);
        assert_eq!(wall.raise(3, &[("worse", Critical)]), Some(CRITICAL));
        let critical = (1..6).map(|time| (3 + 10 * time, CRITICAL));
        assert_eq!(wall.sounds(4..300), critical.collect::<Vec<_>>());
    }

    #[test]
    fn the_normal_tone_does_not_play_while_any_alarm_is_open() {
        let mut wall = TestWall::default();
        // An alarm from before the wall was opened.
        wall.open.push(("old", Warning));
        wall.raise(0, &[("a", Critical)]);
        wall.sounds(1..61);
        assert_eq!(wall.raise(61, &[("b", Critical)]), Some(CRITICAL));
        assert_eq!(wall.end(62, "b"), None);
        assert_eq!(wall.end(63, "a"), None);
        assert_eq!(wall.end(64, "old"), Some(Tone::Normal));
    }

    #[test]
    fn an_alarm_that_becomes_less_urgent_stops_sounding() {
        let mut wall = TestWall::default();
        wall.raise(0, &[("x", Critical)]);
        wall.open = vec![("x", Warning)];
        assert_eq!(wall.sounds(1..100), []);
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_silence_an_alarm() {
        let mut wall = TestWall::default();
        wall.raise(9_000_000, &[("x", Critical)]);
        assert_eq!(wall.pass(0), Some(CRITICAL));
    }

    #[test]
    fn tones_are_distinct_and_short() {
        let tones = [CRITICAL, WARNING, Tone::Normal];
        for (at, tone) in tones.iter().enumerate() {
            let length: u32 = tone.notes().iter().map(|(_, on, off)| on + off).sum();
            assert!((300..2_000).contains(&length), "{length}");
            assert!(
                tones[..at]
                    .iter()
                    .all(|other| other.notes() != tone.notes())
            );
        }
    }
}

//! Which alarm sound plays when. Pure: changes in, the sound to play out.
//!
//! A tone repeats a limited number of times while its alarm lasts: endless repetition teaches people to
//! ignore it. Muting acknowledges nothing.

use super::alarm_diff::{AlarmChanges, Priority};
use crate::ui::sound::Note;
use health::schedule::Millis;

/// What sounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// An alarm of this priority.
    Alarm(Priority),
    /// The last open alarm has ended.
    Normal,
}

impl Tone {
    /// What is played. Priorities differ in number, pitch and tempo, so that people with partial hearing
    /// can tell them apart.
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

/// How often a tone sounds in all, and how far apart.
fn cap(priority: Priority) -> (u8, Millis) {
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

/// The alarm that sounds at the moment.
#[derive(Debug, Clone, Default)]
pub struct AlarmSound {
    repeating: Option<Repeating>,
    /// Alarms that have yet to sound, or to sound to the end, because something more urgent does.
    waiting: Vec<(String, Priority)>,
}

impl AlarmSound {
    /// Returns what to play now. `priority_of` gives the current priority of a resource, and `is_any_open` tells whether
    /// any has one.
    pub fn update(
        &mut self,
        now: Millis,
        changes: &AlarmChanges,
        is_any_open: bool,
        priority_of: impl Fn(&str) -> Option<Priority>,
    ) -> Option<Tone> {
        let is_raised =
            |resource: &str| changes.raised.iter().any(|(raised, _)| raised == resource);
        // What is raised anew is more urgent than it was.
        let lasts = |resource: &str, as_urgent_as: Priority| {
            priority_of(resource).is_some_and(|p| p <= as_urgent_as) && !is_raised(resource)
        };
        // A clock that was set back must not silence it.
        let is_due = |repeating: &Repeating| {
            let (_, apart) = cap(repeating.priority);
            now - repeating.last >= apart || now < repeating.last
        };
        self.waiting
            .retain(|(resource, priority)| lasts(resource, *priority));
        self.repeating = self.repeating.take().and_then(|mut repeating| {
            let priority = repeating.priority;
            repeating
                .resources
                .retain(|resource| lasts(resource, priority));
            // What has sounded as often as it may stands in the way of nothing else.
            let is_used_up = repeating.times >= cap(priority).0 && is_due(&repeating);
            (!repeating.resources.is_empty() && !is_used_up).then_some(repeating)
        });
        self.waiting.extend(changes.raised.iter().cloned());
        let next = match &self.repeating {
            // What is new sounds at once, unless something more urgent does.
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
                && times < cap(priority).0
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

    /// Whether an alarm has yet to sound, or to sound to the end.
    #[must_use]
    pub fn is_waiting(&self, resource: &str) -> bool {
        self.waiting.iter().any(|(waiting, _)| waiting == resource)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Priority::{Critical, Warning};

    /// What sounds of the alarms that are open.
    #[derive(Default)]
    struct Hall {
        sound: AlarmSound,
        open: Vec<(&'static str, Priority)>,
    }

    impl Hall {
        /// What sounds at a second, after these alarms were raised, or raised anew.
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

        /// What sounds after an alarm has ended.
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

        /// What sounds after somebody has begun to take care of an alarm.
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

        /// The seconds at which something sounds until another, and what.
        fn sounds(&mut self, seconds: std::ops::Range<u32>) -> Vec<(u32, Tone)> {
            seconds
                .filter_map(|second| Some((second, self.pass(second)?)))
                .collect()
        }
    }

    const CRITICAL: Tone = Tone::Alarm(Critical);
    const WARNING: Tone = Tone::Alarm(Warning);

    #[test]
    fn repeats_are_capped() {
        for (priority, seconds) in [(Critical, &[10, 20, 30, 40, 50][..]), (Warning, &[30])] {
            let mut hall = Hall::default();
            let tone = Tone::Alarm(priority);
            assert_eq!(hall.raise(0, &[("x", priority)]), Some(tone));
            let expected: Vec<_> = seconds.iter().map(|second| (*second, tone)).collect();
            assert_eq!(hall.sounds(1..600), expected);
        }
    }

    #[test]
    fn it_stops_when_the_alarm_is_over_and_says_that_all_is_normal() {
        let mut hall = Hall::default();
        hall.raise(0, &[("x", Critical)]);
        assert_eq!(hall.end(10, "x"), Some(Tone::Normal));
        assert_eq!(hall.pass(20), None);
    }

    #[test]
    fn what_somebody_takes_care_of_stops_and_is_not_called_normal() {
        let mut hall = Hall::default();
        hall.raise(0, &[("x", Critical), ("y", Critical)]);
        assert_eq!(hall.handle(5, "x"), None);
        assert_eq!(hall.pass(10), Some(CRITICAL), "nobody takes care of y");
        assert_eq!(hall.handle(15, "y"), None);
        assert_eq!(hall.sounds(16..200), []);
    }

    #[test]
    fn what_is_more_urgent_takes_over_and_what_is_less_waits_until_it_ends() {
        let mut hall = Hall::default();
        assert_eq!(hall.raise(0, &[("w", Warning)]), Some(WARNING));
        assert_eq!(hall.raise(1, &[("c", Critical)]), Some(CRITICAL));
        assert_eq!(hall.raise(2, &[("v", Warning)]), None);
        let waiting = ["c", "w", "v"].map(|name| hall.sound.is_waiting(name));
        assert_eq!(waiting, [false, true, true], "they are new after a reload");
        assert_eq!(hall.sounds(3..21), [(11, CRITICAL)]);
        // The end of one of three alarms. The one that was interrupted and the one that never sounded sound together.
        assert_eq!(hall.end(21, "c"), Some(WARNING));
        assert_eq!(hall.sounds(22..300), [(51, WARNING)]);
        assert_eq!(hall.end(300, "w"), None, "v is open");
        assert_eq!(hall.end(301, "v"), Some(Tone::Normal));
    }

    #[test]
    fn what_is_less_urgent_sounds_when_the_more_urgent_has_sounded_as_often_as_it_may() {
        for together in [true, false] {
            let mut hall = Hall::default();
            let (c, v) = (("c", Critical), ("v", Warning));
            if together {
                assert_eq!(hall.raise(0, &[v, c]), Some(CRITICAL));
            } else {
                assert_eq!(hall.raise(0, &[c]), Some(CRITICAL));
                assert_eq!(hall.raise(2, &[v]), None);
            }
            let last = hall.sounds(3..300).split_off(5);
            assert_eq!(last, [(60, WARNING), (90, WARNING)], "{together}");
        }
    }

    #[test]
    fn what_has_sounded_to_the_end_does_not_begin_anew_after_something_more_urgent() {
        let mut hall = Hall::default();
        hall.raise(0, &[("v", Warning)]);
        assert_eq!(hall.sounds(1..45), [(30, WARNING)]);
        assert_eq!(hall.raise(45, &[("c", Critical)]), Some(CRITICAL));
        assert_eq!(hall.end(46, "c"), None);
        assert_eq!(hall.sounds(47..300), []);
    }

    #[test]
    fn what_waits_sounds_as_what_it_has_become() {
        let mut hall = Hall::default();
        hall.raise(0, &[("c", Critical)]);
        hall.raise(1, &[("over", Warning), ("worse", Warning)]);
        assert_eq!(hall.end(2, "over"), None);
        assert_eq!(hall.raise(3, &[("worse", Critical)]), Some(CRITICAL));
        let critical = (1..6).map(|time| (3 + 10 * time, CRITICAL));
        assert_eq!(hall.sounds(4..300), critical.collect::<Vec<_>>());
    }

    #[test]
    fn all_is_not_normal_while_any_alarm_is_open_however_long_it_has_been_silent() {
        let mut hall = Hall::default();
        // From before the wall was opened.
        hall.open.push(("old", Warning));
        hall.raise(0, &[("a", Critical)]);
        hall.sounds(1..61);
        assert_eq!(hall.raise(61, &[("b", Critical)]), Some(CRITICAL));
        assert_eq!(hall.end(62, "b"), None);
        assert_eq!(hall.end(63, "a"), None);
        assert_eq!(hall.end(64, "old"), Some(Tone::Normal));
    }

    #[test]
    fn what_became_less_urgent_rings_no_longer_as_it_did() {
        let mut hall = Hall::default();
        hall.raise(0, &[("x", Critical)]);
        hall.open = vec![("x", Warning)];
        assert_eq!(hall.sounds(1..100), []);
    }

    #[test]
    fn a_clock_that_was_put_back_does_not_silence_it() {
        let mut hall = Hall::default();
        hall.raise(9_000_000, &[("x", Critical)]);
        assert_eq!(hall.pass(0), Some(CRITICAL));
    }

    #[test]
    fn every_tone_differs_from_the_others_and_is_short() {
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

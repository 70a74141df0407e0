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
    /// Something is normal again.
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
    /// Alarms that last and sound no more, and how urgent they were.
    rung_out: Vec<(String, Priority)>,
}

impl AlarmSound {
    /// Returns what to play now. `priority_of` gives the current priority of a resource.
    pub fn update(
        &mut self,
        now: Millis,
        changes: &AlarmChanges,
        priority_of: impl Fn(&str) -> Option<Priority>,
    ) -> Option<Tone> {
        let lasts = |resource: &str, as_urgent_as: Priority| {
            priority_of(resource).is_some_and(|p| p <= as_urgent_as)
        };
        self.rung_out
            .retain(|(resource, priority)| lasts(resource, *priority));
        if let Some(repeating) = &mut self.repeating {
            let priority = repeating.priority;
            let resources = &mut repeating.resources;
            resources.retain(|resource| lasts(resource, priority));
            // What has sounded as often as it may stands in the way of nothing new.
            if resources.is_empty() || repeating.times >= cap(priority).0 {
                let resources = std::mem::take(resources).into_iter();
                let rung_out = resources.map(|resource| (resource, priority));
                self.rung_out.extend(rung_out);
                self.repeating = None;
            }
        }
        let urgent = changes.raised.iter().map(|(_, priority)| *priority).min();
        let under_way = self.repeating.as_ref().map(|repeating| repeating.priority);
        if let Some(priority) = urgent.filter(|new| under_way.is_none_or(|old| *new <= old)) {
            let of =
                |(resource, p): &(String, Priority)| (*p == priority).then(|| resource.clone());
            let before = self.repeating.take().map(|repeating| repeating.resources);
            let mut resources = before.unwrap_or_default();
            resources.retain(|resource| lasts(resource, priority));
            resources.extend(changes.raised.iter().filter_map(of));
            self.rung_out
                .retain(|(resource, _)| lasts(resource, priority));
            self.repeating = Some(Repeating {
                priority,
                resources,
                times: 1,
                last: now,
            });
            return Some(Tone::Alarm(priority));
        }
        if let Some(repeating) = &mut self.repeating {
            let (_, apart) = cap(repeating.priority);
            // A clock that was set back must not silence it.
            if now - repeating.last >= apart || now < repeating.last {
                repeating.times += 1;
                repeating.last = now;
                return Some(Tone::Alarm(repeating.priority));
            }
            return None;
        }
        (changes.calmed && self.rung_out.is_empty()).then_some(Tone::Normal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(resource: &str, priority: Priority) -> AlarmChanges {
        AlarmChanges {
            raised: vec![(resource.to_owned(), priority)],
            calmed: false,
        }
    }

    /// How often it sounds in ten minutes.
    fn sounds_at(priority: Priority) -> Vec<u32> {
        let mut sound = AlarmSound::default();
        let mut sounded = Vec::new();
        for second in 0..600_u32 {
            let changes = if second == 0 {
                new("x", priority)
            } else {
                AlarmChanges::default()
            };
            let tone = sound.update(f64::from(second) * 1_000.0, &changes, |_| Some(priority));
            if tone.is_some() {
                assert_eq!(tone, Some(Tone::Alarm(priority)));
                sounded.push(second);
            }
        }
        sounded
    }

    #[test]
    fn repeats_are_capped() {
        assert_eq!(sounds_at(Priority::Critical), [0, 10, 20, 30, 40, 50]);
        assert_eq!(sounds_at(Priority::Warning), [0, 30]);
    }

    #[test]
    fn it_stops_when_the_alarm_is_over_and_says_that_all_is_normal() {
        let mut sound = AlarmSound::default();
        let critical = Priority::Critical;
        sound.update(0.0, &new("x", critical), |_| Some(critical));
        let over = AlarmChanges {
            calmed: true,
            ..AlarmChanges::default()
        };
        assert_eq!(sound.update(10_000.0, &over, |_| None), Some(Tone::Normal));
        assert_eq!(
            sound.update(20_000.0, &AlarmChanges::default(), |_| None),
            None
        );
    }

    #[test]
    fn what_is_more_urgent_takes_over_and_what_is_less_waits() {
        let mut sound = AlarmSound::default();
        let (critical, warning) = (Priority::Critical, Priority::Warning);
        let tone = sound.update(0.0, &new("w", warning), |_| Some(warning));
        assert_eq!(tone, Some(Tone::Alarm(warning)));
        let priority_of = |resource: &str| Some(if resource == "c" { critical } else { warning });
        let tone = sound.update(1_000.0, &new("c", critical), priority_of);
        assert_eq!(tone, Some(Tone::Alarm(critical)));
        assert_eq!(sound.update(2_000.0, &new("v", warning), priority_of), None);
    }

    #[test]
    fn an_alarm_that_has_sounded_as_often_as_it_may_silences_no_warning() {
        let mut sound = AlarmSound::default();
        let (critical, warning) = (Priority::Critical, Priority::Warning);
        let priority_of = |resource: &str| Some(if resource == "c" { critical } else { warning });
        let mut update = |second: u32, changes: &AlarmChanges| {
            sound.update(f64::from(second) * 1_000.0, changes, priority_of)
        };
        update(0, &new("c", critical));
        let nothing = AlarmChanges::default();
        let repeats = (1..60).filter(|second| update(*second, &nothing).is_some());
        assert_eq!(repeats.count(), 5);
        let tone = Some(Tone::Alarm(warning));
        assert_eq!(update(60, &new("w", warning)), tone);
        assert_eq!(update(90, &nothing), tone, "as often as a warning may");
        assert_eq!(update(120, &nothing), None);
    }

    #[test]
    fn all_is_not_normal_while_the_first_of_two_alarms_lasts() {
        let critical = Priority::Critical;
        let over = AlarmChanges {
            calmed: true,
            ..AlarmChanges::default()
        };
        // The first one still repeats, or has done so as often as it may.
        for (repeats, tone) in [(0, Some(Tone::Alarm(critical))), (5, None)] {
            let mut sound = AlarmSound::default();
            let both = |_: &str| Some(critical);
            sound.update(0.0, &new("a", critical), both);
            let nothing = AlarmChanges::default();
            for times in 1..=repeats {
                sound.update(f64::from(times) * 10_000.0, &nothing, both);
            }
            let second = sound.update(61_000.0, &new("b", critical), both);
            assert_eq!(second, Some(Tone::Alarm(critical)));
            let first = |resource: &str| (resource == "a").then_some(critical);
            assert_eq!(sound.update(62_000.0, &over, first), None);
            assert_eq!(sound.update(71_000.0, &nothing, first), tone);
            let normal = sound.update(72_000.0, &over, |_| None);
            assert_eq!(normal, Some(Tone::Normal));
        }
    }

    #[test]
    fn what_became_less_urgent_rings_no_longer_as_it_did() {
        let mut sound = AlarmSound::default();
        sound.update(0.0, &new("x", Priority::Critical), |_| {
            Some(Priority::Critical)
        });
        let less = sound.update(10_000.0, &AlarmChanges::default(), |_| {
            Some(Priority::Warning)
        });
        assert_eq!(less, None);
    }

    #[test]
    fn a_clock_that_was_put_back_does_not_silence_it() {
        let mut sound = AlarmSound::default();
        let critical = Priority::Critical;
        sound.update(9e9, &new("x", critical), |_| Some(critical));
        let tone = sound.update(0.0, &AlarmChanges::default(), |_| Some(critical));
        assert_eq!(tone, Some(Tone::Alarm(critical)));
    }

    #[test]
    fn every_tone_differs_from_the_others_and_is_short() {
        let tones = [
            Tone::Alarm(Priority::Critical),
            Tone::Alarm(Priority::Warning),
            Tone::Normal,
        ];
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

//! Which alarm sound plays when. Pure: changes in, the sound to play out.
//!
//! A tone repeats a limited number of times while its alarm lasts: endless repetition teaches people to
//! ignore it. Muting acknowledges nothing.

use super::alarm_diff::{AlarmChanges, Priority};

/// Milliseconds by the browser's clock.
type Millis = f64;

/// What sounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// An alarm of this priority.
    Alarm(Priority),
    /// Something is normal again.
    Normal,
}

/// One note: hertz, milliseconds, milliseconds of silence after it.
pub type Note = (f32, u32, u32);

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
pub struct AlarmSound(Option<Repeating>);

impl AlarmSound {
    /// Returns what to play now. `priority_of` gives the current priority of a resource.
    pub fn update(
        &mut self,
        now: Millis,
        changes: &AlarmChanges,
        priority_of: impl Fn(&str) -> Option<Priority>,
    ) -> Option<Tone> {
        let lasts = |repeating: &Repeating| {
            let mut resources = repeating.resources.iter();
            resources.any(|resource| priority_of(resource).is_some_and(|p| p <= repeating.priority))
        };
        if self.0.as_ref().is_some_and(|repeating| !lasts(repeating)) {
            self.0 = None;
        }
        let urgent = changes.raised.iter().map(|(_, priority)| *priority).min();
        let under_way = self.0.as_ref().map(|repeating| repeating.priority);
        if let Some(priority) = urgent.filter(|new| under_way.is_none_or(|old| *new <= old)) {
            let of =
                |(resource, p): &(String, Priority)| (*p == priority).then(|| resource.clone());
            self.0 = Some(Repeating {
                priority,
                resources: changes.raised.iter().filter_map(of).collect(),
                times: 1,
                last: now,
            });
            return Some(Tone::Alarm(priority));
        }
        if let Some(repeating) = &mut self.0 {
            let (times, apart) = cap(repeating.priority);
            // A clock that was set back must not silence it.
            let due = now - repeating.last >= apart || now < repeating.last;
            if repeating.times < times && due {
                repeating.times += 1;
                repeating.last = now;
                return Some(Tone::Alarm(repeating.priority));
            }
            return None;
        }
        changes.calmed.then_some(Tone::Normal)
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

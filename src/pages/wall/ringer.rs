//! Which tone sounds when. Pure: it is told what is new and answers what to play.
//!
//! A tone repeats a few times while what raised it lasts, and not for ever: a room that learns to
//! overhear an alarm is worse off than one without. Silence acknowledges nothing.

use super::news::{Priority, Told};

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
    /// What is played. Priorities differ by number, pitch and pace, so that they are told apart also by
    /// who hears one pitch badly.
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
struct Ringing {
    priority: Priority,
    things: Vec<String>,
    times: u8,
    last: Millis,
}

/// What sounds at the moment.
#[derive(Debug, Clone, Default)]
pub struct Ringer(Option<Ringing>);

impl Ringer {
    /// Answers what to play now. `standing` tells how urgent a thing is at the moment.
    pub fn hear(
        &mut self,
        now: Millis,
        told: &Told,
        standing: impl Fn(&str) -> Option<Priority>,
    ) -> Option<Tone> {
        let lasts = |ringing: &Ringing| {
            let mut things = ringing.things.iter();
            things.any(|thing| standing(thing).is_some_and(|p| p <= ringing.priority))
        };
        if self.0.as_ref().is_some_and(|ringing| !lasts(ringing)) {
            self.0 = None;
        }
        let urgent = told.raised.iter().map(|(_, priority)| *priority).min();
        let under_way = self.0.as_ref().map(|ringing| ringing.priority);
        if let Some(priority) = urgent.filter(|new| under_way.is_none_or(|old| *new <= old)) {
            let of = |(thing, p): &(String, Priority)| (*p == priority).then(|| thing.clone());
            self.0 = Some(Ringing {
                priority,
                things: told.raised.iter().filter_map(of).collect(),
                times: 1,
                last: now,
            });
            return Some(Tone::Alarm(priority));
        }
        if let Some(ringing) = &mut self.0 {
            let (times, apart) = cap(ringing.priority);
            // A clock that was put back must not silence it.
            let due = now - ringing.last >= apart || now < ringing.last;
            if ringing.times < times && due {
                ringing.times += 1;
                ringing.last = now;
                return Some(Tone::Alarm(ringing.priority));
            }
            return None;
        }
        told.calmed.then_some(Tone::Normal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(thing: &str, priority: Priority) -> Told {
        Told {
            raised: vec![(thing.to_owned(), priority)],
            calmed: false,
        }
    }

    /// How often it sounds in ten minutes.
    fn rings(priority: Priority) -> Vec<u32> {
        let mut ringer = Ringer::default();
        let mut heard = Vec::new();
        for second in 0..600_u32 {
            let told = if second == 0 {
                new("x", priority)
            } else {
                Told::default()
            };
            let tone = ringer.hear(f64::from(second) * 1_000.0, &told, |_| Some(priority));
            if tone.is_some() {
                assert_eq!(tone, Some(Tone::Alarm(priority)));
                heard.push(second);
            }
        }
        heard
    }

    #[test]
    fn repeats_are_capped() {
        assert_eq!(rings(Priority::Critical), [0, 10, 20, 30, 40, 50]);
        assert_eq!(rings(Priority::Warning), [0, 30]);
    }

    #[test]
    fn it_stops_when_the_alarm_is_over_and_says_that_all_is_normal() {
        let mut ringer = Ringer::default();
        let critical = Priority::Critical;
        ringer.hear(0.0, &new("x", critical), |_| Some(critical));
        let over = Told {
            calmed: true,
            ..Told::default()
        };
        assert_eq!(ringer.hear(10_000.0, &over, |_| None), Some(Tone::Normal));
        assert_eq!(ringer.hear(20_000.0, &Told::default(), |_| None), None);
    }

    #[test]
    fn what_is_more_urgent_takes_over_and_what_is_less_waits() {
        let mut ringer = Ringer::default();
        let (critical, warning) = (Priority::Critical, Priority::Warning);
        let tone = ringer.hear(0.0, &new("w", warning), |_| Some(warning));
        assert_eq!(tone, Some(Tone::Alarm(warning)));
        let standing = |thing: &str| Some(if thing == "c" { critical } else { warning });
        let tone = ringer.hear(1_000.0, &new("c", critical), standing);
        assert_eq!(tone, Some(Tone::Alarm(critical)));
        assert_eq!(ringer.hear(2_000.0, &new("v", warning), standing), None);
    }

    #[test]
    fn what_became_less_urgent_rings_no_longer_as_it_did() {
        let mut ringer = Ringer::default();
        ringer.hear(0.0, &new("x", Priority::Critical), |_| {
            Some(Priority::Critical)
        });
        let less = ringer.hear(10_000.0, &Told::default(), |_| Some(Priority::Warning));
        assert_eq!(less, None);
    }

    #[test]
    fn a_clock_that_was_put_back_does_not_silence_it() {
        let mut ringer = Ringer::default();
        let critical = Priority::Critical;
        ringer.hear(9e9, &new("x", critical), |_| Some(critical));
        let tone = ringer.hear(0.0, &Told::default(), |_| Some(critical));
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

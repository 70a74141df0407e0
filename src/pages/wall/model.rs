//! A tile of the wall: what it says, how loud it is, where it stands among the others. Pure.

use super::layout::{LargeWidth, TileWidth, in_two_lines, measure, measure_bold};
use chrono::{DateTime, TimeDelta, Utc};
use health::freshness::{Freshness, is_unknown};
use health::inventory::{EffectiveState, Observed, outlasts_silence};
use health::severity::Severity;
use health::totals::Totals;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

/// Glyph, padding and the spaces between in a large tile, in em.
const REST: f64 = 4.2;

/// The width of the states that a group or a run is usually in: one more letter in a word must not move the tiles.
const USUAL_STATE: f64 = 7.8;

/// One tile.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// What it is known by among all tiles.
    pub key: String,
    /// The connection's id.
    pub source: String,
    /// The group's, the plan's or the connection's name.
    pub name: String,
    /// Its connection's title, where resources of several connections have this name; otherwise empty.
    pub connection: String,
    /// The severity; unknown if the data is stale.
    pub severity: Severity,
    /// The severity when the data was last current.
    pub was: Severity,
    /// Its place within the severity, lower first.
    pub rank: u8,
    /// The state in a word or two.
    pub word: String,
    /// What is wrong, in a sentence without the name and the state.
    pub sentence: String,
    /// Since when it is so.
    pub since: Option<DateTime<Utc>>,
    /// When it was read last: most tiles are read with their connection, and stay as they are while it answers.
    pub observed: Observed,
    /// How fresh the data is.
    pub fresh: Freshness,
    /// Whether it stands for a silent connection itself.
    pub is_source: bool,
    /// Whether a read has been tried.
    pub is_told: bool,
    /// In a word or two that somebody takes care of its alarm; empty where nobody does.
    pub handling: &'static str,
}

/// An age as a tile says it, in one unit, rounded down: `<10 s`, `40 s`, `6 min`, `2 h`, `3 d`; `age unknown` of what was
/// read before the clock was set back. In steps of ten
/// seconds, so that a wall on which nothing changes but the time is not drawn anew every second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Age {
    /// `None` where it is not known.
    seconds: Option<i64>,
}

impl Age {
    /// The age of something that has lasted so long, and for how long it is still called so.
    #[must_use]
    pub fn of(age: TimeDelta) -> (Self, TimeDelta) {
        if is_unknown(age) {
            return (Self { seconds: None }, -age);
        }
        let age = age.max(TimeDelta::zero());
        let seconds = age.num_seconds();
        let step = match seconds {
            0..60 => 10,
            60..3_600 => 60,
            3_600..86_400 => 3_600,
            _ => 86_400,
        };
        let seconds = seconds - seconds % step;
        let next = TimeDelta::try_seconds(seconds + step).unwrap_or(TimeDelta::MAX);
        (
            Self {
                seconds: Some(seconds),
            },
            next - age,
        )
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.seconds {
            None => f.write_str("age unknown"),
            Some(0) => f.write_str("<10 s"),
            Some(seconds) => f.write_str(&in_one_unit(seconds)),
        }
    }
}

/// The ages that a tile shows at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ages {
    /// Of its state, where it is known since when.
    pub state: Option<Age>,
    /// Of what was read, where it was.
    pub read: Option<Age>,
}

impl Tile {
    /// How old it is now, given when its connection was read, and for how long these ages are still called so.
    #[must_use]
    pub fn ages(&self, now: DateTime<Utc>, connection: Option<DateTime<Utc>>) -> (Ages, TimeDelta) {
        let read = match self.observed {
            Observed::WithConnection => connection,
            Observed::At(at) => Some(at),
            Observed::Never => None,
        };
        let [state, read] = [self.since, read].map(|at| at.map(|at| Age::of(now - at)));
        let lasts = [state, read].into_iter().flatten().map(|(_, lasts)| lasts);
        let lasts = lasts.min().unwrap_or(TimeDelta::MAX);
        let [state, read] = [state, read].map(|age| age.map(|(age, _)| age));
        (Ages { state, read }, lasts)
    }

    /// Whether it is large: an abnormal state, or one that was abnormal when last read.
    #[must_use]
    pub fn is_large(&self) -> bool {
        let quiet = |severity| matches!(severity, Severity::Normal | Severity::Off);
        if self.is_stale() {
            self.is_source || matches!(self.was, Severity::Critical | Severity::Warning)
        } else {
            !quiet(self.severity) && self.is_told
        }
    }

    /// Whether the data is stale.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        !self.fresh.is_believable()
    }

    /// Whether somebody takes care of its alarm: then it makes no sound and holds no page.
    #[must_use]
    pub fn is_handled(&self) -> bool {
        !self.handling.is_empty()
    }

    /// Whether it is stale and stays what it was: critical or warning.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.is_stale() && !self.is_source && outlasts_silence(self.was)
    }

    /// Its state in words. That somebody takes care of what is only the last known stands in its note: the state has no room
    /// for it.
    #[must_use]
    pub fn state(&self, ages: Ages) -> String {
        if self.is_kept() {
            format!("{}, last known", self.word)
        } else if self.is_stale() {
            self.with_handling(stale(self.fresh, ages.read))
        } else {
            self.with_handling(self.word.clone())
        }
    }

    /// What it is called: the group and its state in words.
    #[must_use]
    pub fn label(&self, ages: Ages) -> String {
        let (name, word, state) = (&self.name, &self.word, self.state(ages));
        let stale = stale(self.fresh, ages.read);
        if self.is_kept() {
            self.with_handling(format!("{name}: {state}, {stale}"))
        } else if self.is_stale() && !self.is_source {
            self.with_handling(format!("{name}: {stale}, last known {word}"))
        } else {
            format!("{name}: {state}")
        }
    }

    /// Words, and that somebody takes care of it.
    fn with_handling(&self, words: String) -> String {
        if self.is_handled() {
            format!("{words}, {}", self.handling)
        } else {
            words
        }
    }

    /// The age of an abnormal state; otherwise the age of the data, and so where it is only known what the state was.
    #[must_use]
    pub fn age(&self, ages: Ages) -> Option<Age> {
        match ages.state {
            _ if self.is_kept() => ages.read,
            _ if self.is_stale() => None,
            Some(age) if self.is_large() => Some(age),
            _ => ages.read,
        }
    }

    /// Beside the state of a large tile, if there is room: how stale it is, or the age of the data.
    #[must_use]
    pub fn note(&self, ages: Ages) -> String {
        match ages.read {
            _ if self.is_stale() && self.is_source => String::new(),
            _ if self.is_kept() => self.with_handling(self.fresh.word().to_owned()),
            _ if self.is_stale() => format!("last known {}", self.word),
            Some(age) => format!("read {age} ago"),
            None => String::new(),
        }
    }

    /// Whether a large tile of this width has room for its note beside its state, at any age.
    #[must_use]
    pub fn has_room_for_note(&self, width: f64) -> bool {
        let state = measure_bold(&self.state(Ages::default())) + measure_bold(" 59 min");
        let mut note = measure(" read 59 min ago");
        if self.is_kept() && self.is_handled() {
            note = measure(" NO DATA, ") + measure(self.handling);
        }
        REST + state + note <= width
    }

    /// The width of its words, at any age.
    #[must_use]
    pub fn required_width(&self) -> TileWidth {
        const SMALL_REST: f64 = 3.4;
        let state = if self.is_stale() && !self.is_kept() {
            self.with_handling("NO DATA".to_owned())
        } else {
            self.state(Ages::default())
        };
        let age = measure_bold(" 59 min");
        let name = measure_bold(&self.name);
        if self.is_source {
            return TileWidth::Strip(SMALL_REST + name + measure_bold(&state) + age);
        }
        if self.is_large() {
            // Where there is no room for more, a name is as large as the rest.
            let halved = in_two_lines(&self.name);
            let beside = REST + measure_bold("59 min") + 0.6;
            let narrow = in_two_lines(&state).max(USUAL_STATE);
            return TileWidth::Large(LargeWidth {
                least: (REST + halved).max(beside + narrow),
                name: REST + name,
                state: beside + measure_bold(&state).max(USUAL_STATE),
                words: (name, halved),
                tells_connection: !self.connection.is_empty(),
            });
        }
        let name = if self.is_stale() {
            name
        } else {
            measure(&self.name)
        };
        let connection = match &*self.connection {
            "" => 0.0,
            title => 0.5 + measure(title),
        };
        TileWidth::Small(SMALL_REST + name + connection + measure_bold(&state) + age)
    }
}

/// A sentence without the name and the state, which the tile shows already: `Kids 24 is on slate: no slicer is healthy.`
/// is `no slicer is healthy.`
#[must_use]
pub fn without_repetition<'a>(sentence: &'a str, name: &str, word: &str) -> &'a str {
    let rest = sentence.strip_prefix(name).unwrap_or_default();
    if !rest.starts_with([' ', ':']) {
        return sentence;
    }
    let rest = rest.trim_start_matches([' ', ':']);
    let ends_with_word = |head: &str| {
        let (mut head, mut word) = (head.bytes().rev(), word.bytes().rev());
        word.len() > 0
            && word.all(|one| {
                head.next()
                    .is_some_and(|two| one.eq_ignore_ascii_case(&two))
            })
    };
    match rest.split_once(':') {
        Some((head, tail)) if ends_with_word(head) => tail.trim_start_matches(' '),
        _ => rest,
    }
}

/// What nobody takes care of first, and of that the worst; then by rank, by the last known severity, and the newest
/// first.
#[must_use]
pub fn worst_first(a: &Tile, b: &Tile) -> Ordering {
    let place = |tile: &Tile| {
        let Tile {
            severity,
            rank,
            was,
            ..
        } = *tile;
        (!tile.is_large(), tile.is_handled(), severity, rank, was)
    };
    let newest = |tile: &Tile| tile.since.filter(|_| tile.is_large());
    place(a)
        .cmp(&place(b))
        .then_with(|| newest(b).cmp(&newest(a)))
        .then_with(|| a.name.cmp(&b.name))
        .then_with(|| a.key.cmp(&b.key))
}

/// The number of resources by state. Connections are not counted.
#[must_use]
pub fn totals(tiles: &[Tile]) -> Totals {
    let mut totals = Totals::default();
    for tile in tiles.iter().filter(|tile| !tile.is_source) {
        totals.add(&EffectiveState {
            severity: tile.severity,
            word: Cow::Borrowed(""),
            last_known: tile.is_stale().then_some(Cow::Borrowed("")),
        });
    }
    totals
}

/// How many tiles, worst first, are critical and nobody takes care of them: these hold the pages. None where all of them are
/// events that have ended, which do not get worse and must not hide the rest for a day.
#[must_use]
pub fn critical(tiles: &[Tile]) -> usize {
    let is_current = |tile: &Tile| tile.rank < health::Verdict::HISTORY;
    if !tiles.first().is_some_and(is_current) {
        return 0;
    }
    let is_critical = |tile: &&Tile| tile.severity == Severity::Critical && !tile.is_handled();
    tiles.iter().take_while(is_critical).count()
}

/// `STALE 42 s`.
#[must_use]
pub fn stale(fresh: Freshness, age: Option<Age>) -> String {
    match age {
        Some(age) => format!("{} {age}", fresh.word()),
        None => fresh.word().to_owned(),
    }
}

/// An age in one unit: `42 s`, `6 min`, `2 h`, `3 d`.
#[must_use]
pub fn short(age: TimeDelta) -> String {
    in_one_unit(age.num_seconds().max(0))
}

fn in_one_unit(seconds: i64) -> String {
    let (number, unit) = match seconds {
        0..60 => (seconds, "s"),
        60..3_600 => (seconds / 60, "min"),
        3_600..86_400 => (seconds / 3_600, "h"),
        _ => (seconds / 86_400, "d"),
    };
    format!("{number} {unit}")
}

#[cfg(test)]
mod tests;

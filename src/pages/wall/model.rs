//! A tile of the wall: its texts, its severity and its order among the tiles. Pure.

use super::layout::{LargeWidth, TileWidth, in_two_lines, measure, measure_bold};
use chrono::{DateTime, TimeDelta, Utc};
use health::freshness::{Freshness, is_unknown};
use health::inventory::{EffectiveState, Observed, outlasts_silence};
use health::severity::Severity;
use health::totals::Totals;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

/// The width of the glyph, the padding and the spaces in a large tile, in em.
const GLYPH_AND_PADDING: f64 = 4.2;

/// The reserved width for a state: typical states differ slightly in width, which must not move the tiles.
const TYPICAL_STATE: f64 = 7.8;

/// One tile.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// The unique key of the tile.
    pub key: String,
    /// The connection's id.
    pub source: String,
    /// The group's, the plan's or the connection's name.
    pub name: String,
    /// The connection's title if resources of several connections have this name; otherwise empty.
    pub connection: String,
    /// The severity. Of a stale tile it stays only if it outlasts silence, else it is unknown.
    pub severity: Severity,
    /// The severity when the data was last current.
    pub last_severity: Severity,
    /// The rank within the severity, lower first.
    pub rank: u8,
    /// The state in a word or two.
    pub word: String,
    /// The problem in a sentence, without the name and the state.
    pub sentence: String,
    /// The time since which this state lasts.
    pub since: Option<DateTime<Utc>>,
    /// The time of the last read. Most tiles refer to their connection's, so they need no update while it answers.
    pub observed: Observed,
    /// The freshness of the data.
    pub fresh: Freshness,
    /// Whether the tile represents a silent connection.
    pub is_source: bool,
    /// False while the resource is listed but has not been read yet.
    pub is_read: bool,
    /// The handling of the alarm, such as "acknowledged"; empty for none.
    pub handling: &'static str,
}

/// An age on a tile, in one unit, rounded down: `<10 s`, `40 s`, `6 min`, `2 h`, `3 d`; `age unknown` after the clock
/// was set back. It changes in steps of at least ten seconds, so that a wall is not redrawn every second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Age {
    /// `None` for an unknown age.
    seconds: Option<i64>,
}

impl Age {
    /// The displayed age for a duration, and how long it remains valid.
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

/// The ages on a tile at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ages {
    /// The age of the state, if its start is known.
    pub state: Option<Age>,
    /// The age of the data, if it was ever read.
    pub read: Option<Age>,
}

impl Tile {
    /// The ages now, given the time at which the connection was read, and how long they remain valid.
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

    /// Whether the tile is large: an abnormal state, a silent connection, or a stale state that was critical or a warning.
    #[must_use]
    pub fn is_large(&self) -> bool {
        let quiet = |severity| matches!(severity, Severity::Normal | Severity::Off);
        if self.is_stale() {
            self.is_source || matches!(self.last_severity, Severity::Critical | Severity::Warning)
        } else {
            !quiet(self.severity) && self.is_read
        }
    }

    /// Whether the data is stale.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        !self.fresh.is_believable()
    }

    /// Whether the alarm is acknowledged or in maintenance. Such an alarm makes no sound and holds no page.
    #[must_use]
    pub fn is_handled(&self) -> bool {
        !self.handling.is_empty()
    }

    /// Whether the tile is stale and keeps its last severity, which is critical or warning.
    #[must_use]
    pub fn is_last_known(&self) -> bool {
        self.is_stale() && !self.is_source && outlasts_silence(self.last_severity)
    }

    /// The state in words. A last known state has no room for the handling, which is shown in the note instead.
    #[must_use]
    pub fn state(&self, ages: Ages) -> String {
        if self.is_last_known() {
            format!("{}, last known", self.word)
        } else if self.is_stale() {
            self.with_handling(stale(self.fresh, ages.read))
        } else {
            self.with_handling(self.word.clone())
        }
    }

    /// The accessible name: the group and its state in words.
    #[must_use]
    pub fn label(&self, ages: Ages) -> String {
        let (name, word, state) = (&self.name, &self.word, self.state(ages));
        let stale = stale(self.fresh, ages.read);
        if self.is_last_known() {
            self.with_handling(format!("{name}: {state}, {stale}"))
        } else if self.is_stale() && !self.is_source {
            self.with_handling(format!("{name}: {stale}, last known {word}"))
        } else {
            format!("{name}: {state}")
        }
    }

    /// A text with the handling of the alarm, if there is any.
    fn with_handling(&self, words: String) -> String {
        if self.is_handled() {
            format!("{words}, {}", self.handling)
        } else {
            words
        }
    }

    /// The age of an abnormal state; the age of the data for a normal or a last known state.
    #[must_use]
    pub fn age(&self, ages: Ages) -> Option<Age> {
        match ages.state {
            _ if self.is_last_known() => ages.read,
            _ if self.is_stale() => None,
            Some(age) if self.is_large() => Some(age),
            _ => ages.read,
        }
    }

    /// The note beside the state of a large tile, if there is room: the staleness or the age of the data.
    #[must_use]
    pub fn note(&self, ages: Ages) -> String {
        match ages.read {
            _ if self.is_stale() && self.is_source => String::new(),
            _ if self.is_last_known() => self.with_handling(self.fresh.word().to_owned()),
            _ if self.is_stale() => format!("last known {}", self.word),
            Some(age) => format!("read {age} ago"),
            None => String::new(),
        }
    }

    /// Whether a large tile of this width has room for its note, at any age.
    #[must_use]
    pub fn has_room_for_note(&self, width: f64) -> bool {
        let state = measure_bold(&self.state(Ages::default())) + measure_bold(" 59 min");
        let mut note = measure(" read 59 min ago");
        if self.is_last_known() && self.is_handled() {
            note = measure(" NO DATA, ") + measure(self.handling);
        }
        GLYPH_AND_PADDING + state + note <= width
    }

    /// The width of the texts, at any age.
    #[must_use]
    pub fn required_width(&self) -> TileWidth {
        const SMALL_REST: f64 = 3.4;
        let state = if self.is_stale() && !self.is_last_known() {
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
            // The widths of a name of plain size: larger names are used only if there is room.
            let halved = in_two_lines(&self.name);
            let beside = GLYPH_AND_PADDING + measure_bold("59 min") + 0.6;
            let narrow = in_two_lines(&state).max(TYPICAL_STATE);
            return TileWidth::Large(LargeWidth {
                least: (GLYPH_AND_PADDING + halved).max(beside + narrow),
                name: GLYPH_AND_PADDING + name,
                state: beside + measure_bold(&state).max(TYPICAL_STATE),
                name_only: (name, halved),
                shows_connection: !self.connection.is_empty(),
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

/// A sentence without the name and the state, which the tile already shows: `Kids 24 is on slate: no slicer is
/// healthy.` becomes `no slicer is healthy.`
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
            && word.all(|byte| {
                head.next()
                    .is_some_and(|other| byte.eq_ignore_ascii_case(&other))
            })
    };
    match rest.split_once(':') {
        Some((head, tail)) if ends_with_word(head) => tail.trim_start_matches(' '),
        _ => rest,
    }
}

/// The order of tiles: large before small, unhandled before handled, then by severity, rank and last severity; among
/// equal ones the newest alarm first, then by name.
#[must_use]
pub fn worst_first(a: &Tile, b: &Tile) -> Ordering {
    let rank = |tile: &Tile| {
        let Tile {
            severity,
            rank,
            last_severity,
            ..
        } = *tile;
        (
            !tile.is_large(),
            tile.is_handled(),
            severity,
            rank,
            last_severity,
        )
    };
    let newest = |tile: &Tile| tile.since.filter(|_| tile.is_large());
    rank(a)
        .cmp(&rank(b))
        .then_with(|| newest(b).cmp(&newest(a)))
        .then_with(|| a.name.cmp(&b.name))
        .then_with(|| a.key.cmp(&b.key))
}

/// The number of resources by state. A silent connection is counted only if it is critical, because it then holds the
/// pages.
#[must_use]
pub fn totals(tiles: &[Tile]) -> Totals {
    let mut totals = Totals::default();
    let is_counted = |tile: &&Tile| !tile.is_source || tile.severity == Severity::Critical;
    for tile in tiles.iter().filter(is_counted) {
        totals.add(&EffectiveState {
            severity: tile.severity,
            word: Cow::Borrowed(""),
            last_known: tile.is_stale().then_some(Cow::Borrowed("")),
        });
    }
    totals
}

/// How many of the stale resources have NO DATA.
#[must_use]
pub fn without_data(tiles: &[Tile]) -> usize {
    let is_one = |tile: &&Tile| {
        let is_stale = !tile.is_source && tile.severity == Severity::Unknown;
        is_stale && tile.fresh == Freshness::NoData
    };
    tiles.iter().filter(is_one).count()
}

/// The number of unhandled critical tiles, which hold the pages. Zero if all of them are events that have ended: these
/// do not get worse and must not hide the other tiles for a day.
#[must_use]
pub fn critical(tiles: &[Tile]) -> usize {
    let is_current = |tile: &Tile| tile.rank < health::Verdict::HISTORY;
    if !tiles.first().is_some_and(is_current) {
        return 0;
    }
    let is_critical = |tile: &&Tile| tile.severity == Severity::Critical && !tile.is_handled();
    tiles.iter().take_while(is_critical).count()
}

/// The staleness in words: `STALE 42 s`.
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

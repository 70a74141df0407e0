//! Sessions over time by result, as bars of one width: what is drawn, read out, and asked for when a
//! bar is clicked. Pure; it does not draw. It counts the sessions that it is given, so what it shows is
//! the result set, not the history of the server.

mod class;
#[cfg(test)]
mod tests;
mod width;

pub use class::{CLASSES, Counts};
pub use width::{LADDER, Width};

use crate::ui::time_zone::{ZoneAt, shown};
use crate::ui::times::written;
use chrono::{DateTime, TimeDelta, Utc};
use vendors::veeam::Session;

/// The fewest bars of a histogram that has any; empty ones are added around.
pub const FEWEST: usize = 12;

/// The most bars of a histogram.
pub const MOST: usize = 48;

/// Sessions over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    /// How wide each bar is.
    pub width: Width,
    /// From old to new without gaps; none when no session has a time.
    pub bars: Vec<Bar>,
    /// The sessions without a start, which stand in no bar.
    pub undated: Counts,
}

/// The sessions that started within a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// The first moment.
    pub from: DateTime<Utc>,
    /// The first moment after it.
    pub to: DateTime<Utc>,
    /// How many.
    pub counts: Counts,
}

impl Histogram {
    /// The histogram of some sessions, its edges at round times of a zone.
    #[must_use]
    pub fn of(sessions: &[Session], zone: ZoneAt) -> Self {
        let times = || sessions.iter().filter_map(|session| session.creation_time);
        let (width, mut bars) = match times().min().zip(times().max()) {
            Some((first, last)) => edges(first, last, zone),
            None => (LADDER[0], Vec::new()),
        };
        let mut undated = Counts::default();
        for session in sessions {
            let bar = session.creation_time.and_then(|at| {
                let place = bars.partition_point(|bar| bar.to <= at);
                bars.get_mut(place)
            });
            bar.map_or(&mut undated, |bar| &mut bar.counts).add(session);
        }
        Self {
            width,
            bars,
            undated,
        }
    }

    /// The height of the highest bar in sessions, for the scale.
    #[must_use]
    pub fn highest(&self) -> usize {
        let totals = self.bars.iter().map(|bar| bar.counts.total());
        totals.max().unwrap_or(0)
    }
}

impl Bar {
    /// Its span in words: `21 Nov 2026 14:00 to 14:05`, `21 Nov 2026`, `16 Nov 2026 to 22 Nov 2026`,
    /// `Nov 2026`.
    #[must_use]
    pub fn span(&self, width: Width, zone: ZoneAt) -> String {
        let from = shown(self.from, zone);
        let form = match width {
            Width::Minutes(_) | Width::Hours(_) => {
                let to = shown(self.to, zone);
                let form = if to.date() == from.date() {
                    "%H:%M"
                } else {
                    "%-d %b %Y %H:%M"
                };
                return format!(
                    "{} to {}",
                    written(from, "%-d %b %Y %H:%M"),
                    written(to, form)
                );
            }
            Width::Days(_) | Width::Week => "%-d %b %Y",
            Width::Months(_) => "%b %Y",
            Width::Years(_) => "%Y",
        };
        let last = self.to.checked_sub_signed(TimeDelta::nanoseconds(1));
        let last = shown(last.unwrap_or(self.to), zone);
        let (from, last) = (written(from, form), written(last, form));
        if from == last {
            from
        } else {
            format!("{from} to {last}")
        }
    }

    /// The bar as it is read out: `21 Nov 2026 14:00 to 15:00: 3 sessions, 1 failed, 2 succeeded`.
    #[must_use]
    pub fn description(&self, width: Width, zone: ZoneAt) -> String {
        format!("{}: {}", self.span(width, zone), self.counts.description())
    }
}

/// Empty bars of the narrowest width that takes in both moments with no more than [`MOST`].
fn edges(first: DateTime<Utc>, last: DateTime<Utc>, zone: ZoneAt) -> (Width, Vec<Bar>) {
    let tried = LADDER.into_iter().map(|width| {
        let mut starts = vec![width.floor(first, zone)];
        while starts.len() <= MOST + 1 {
            let next = starts.last().and_then(|start| width.next(*start, zone));
            // At the end of time the last bar ends where time does.
            let next = next.unwrap_or(DateTime::<Utc>::MAX_UTC);
            starts.push(next);
            if next > last || next == DateTime::<Utc>::MAX_UTC {
                break;
            }
        }
        (width, starts)
    });
    let fits = |(_, starts): &(Width, Vec<DateTime<Utc>>)| starts.len() <= MOST + 1;
    let (width, mut edges) = tried
        .into_iter()
        .find(fits)
        .unwrap_or((LADDER[0], Vec::new()));
    let mut after = false;
    while (2..=FEWEST).contains(&edges.len()) {
        after = !after;
        let at = if after { edges.last() } else { edges.first() };
        let step = at.and_then(|at| {
            if after {
                width.next(*at, zone)
            } else {
                width.previous(*at, zone)
            }
        });
        match step {
            Some(edge) if after => edges.push(edge),
            Some(edge) => edges.insert(0, edge),
            None if after => {}
            None => break,
        }
    }
    let bar = |pair: &[DateTime<Utc>]| match pair {
        [from, to] => Some(Bar {
            from: *from,
            to: *to,
            counts: Counts::default(),
        }),
        _ => None,
    };
    (width, edges.windows(2).filter_map(bar).collect())
}

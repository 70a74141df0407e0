//! Sessions over time by result, as bars of one width: their counts, descriptions and time ranges. Pure:
//! `histogram_view` draws it. It counts the given sessions, which are the result set and not the server's history.

mod class;
#[cfg(test)]
mod tests;
mod width;

pub use class::{CLASSES, Counts};
pub use width::{WIDTHS, Width};

use crate::ui::time_zone::{ZoneAt, local_time};
use crate::ui::times::format_time;
use chrono::{DateTime, TimeDelta, Utc};
use vendors::veeam::Session;

/// Minimum number of bars in a histogram with sessions: empty ones are added on both sides.
pub const MIN_BARS: usize = 12;

/// Maximum number of bars.
pub const MAX_BARS: usize = 48;

/// Sessions over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    /// The width of each bar.
    pub width: Width,
    /// The bars from old to new without gaps; empty if no session has a start time.
    pub bars: Vec<Bar>,
    /// The sessions without a start time, which are in no bar.
    pub undated: Counts,
}

/// The sessions that started within a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// The start of the span, inclusive.
    pub from: DateTime<Utc>,
    /// The end of the span, exclusive.
    pub to: DateTime<Utc>,
    /// The numbers of sessions.
    pub counts: Counts,
}

impl Histogram {
    /// The histogram of some sessions, with edges at round times of a zone.
    #[must_use]
    pub fn of(sessions: &[Session], zone: ZoneAt) -> Self {
        let times = || sessions.iter().filter_map(|session| session.creation_time);
        let (width, mut bars) = match times().min().zip(times().max()) {
            Some((first, last)) => edges(first, last, zone),
            None => (WIDTHS[0], Vec::new()),
        };
        let mut undated = Counts::default();
        for session in sessions {
            let bar = session.creation_time.and_then(|at| {
                let index = bars.partition_point(|bar| bar.to <= at);
                bars.get_mut(index)
            });
            bar.map_or(&mut undated, |bar| &mut bar.counts).add(session);
        }
        Self {
            width,
            bars,
            undated,
        }
    }

    /// The number of sessions in the highest bar, for the scale.
    #[must_use]
    pub fn highest(&self) -> usize {
        let totals = self.bars.iter().map(|bar| bar.counts.total());
        totals.max().unwrap_or(0)
    }
}

impl Bar {
    /// The span in words: `21 Nov 2026 14:00 to 14:05`, `21 Nov 2026`, `16 Nov 2026 to 22 Nov 2026`,
    /// `Nov 2026`.
    #[must_use]
    pub fn span(&self, width: Width, zone: ZoneAt) -> String {
        let from = local_time(self.from, zone);
        let form = match width {
            Width::Minutes(_) | Width::Hours(_) => {
                let to = local_time(self.to, zone);
                let form = if to.date() == from.date() {
                    "%H:%M"
                } else {
                    "%-d %b %Y %H:%M"
                };
                return format!(
                    "{} to {}",
                    format_time(from, "%-d %b %Y %H:%M"),
                    format_time(to, form)
                );
            }
            Width::Days(_) | Width::Week => "%-d %b %Y",
            Width::Months(_) => "%b %Y",
            Width::Years(_) => "%Y",
        };
        let last = self.to.checked_sub_signed(TimeDelta::nanoseconds(1));
        let last = local_time(last.unwrap_or(self.to), zone);
        let (from, last) = (format_time(from, form), format_time(last, form));
        if from == last {
            from
        } else {
            format!("{from} to {last}")
        }
    }

    /// The bar's accessible description: `21 Nov 2026 14:00 to 15:00: 3 sessions, 1 failed, 2 succeeded`.
    #[must_use]
    pub fn description(&self, width: Width, zone: ZoneAt) -> String {
        format!("{}: {}", self.span(width, zone), self.counts.description())
    }
}

/// Empty bars of the narrowest width that covers both moments with at most [`MAX_BARS`] bars.
fn edges(first: DateTime<Utc>, last: DateTime<Utc>, zone: ZoneAt) -> (Width, Vec<Bar>) {
    let tried = WIDTHS.into_iter().map(|width| {
        let mut starts = vec![width.floor(first, zone)];
        while starts.len() <= MAX_BARS + 1 {
            let next = starts.last().and_then(|start| width.next(*start, zone));
            // The last bar ends at the latest representable time.
            let next = next.unwrap_or(DateTime::<Utc>::MAX_UTC);
            starts.push(next);
            if next > last || next == DateTime::<Utc>::MAX_UTC {
                break;
            }
        }
        (width, starts)
    });
    let fits = |(_, starts): &(Width, Vec<DateTime<Utc>>)| starts.len() <= MAX_BARS + 1;
    let (width, mut edges) = tried
        .into_iter()
        .find(fits)
        .unwrap_or((WIDTHS[0], Vec::new()));
    let mut after = false;
    while (2..=MIN_BARS).contains(&edges.len()) {
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

//! The frame around the tiles: the lines that the header, the warning and the sources take, and the height that is left
//! for tiles.

use super::{Content, GAP, LINE, Layout, MARGIN, as_f64, truncated};
use crate::pages::wall::sizing::ViewingConditions;

/// The height of the line with the large clock, in em.
const CLOCK: f64 = 2.6;

/// The layout without tiles.
pub(super) fn frame(viewing: &ViewingConditions, content: &Content, text: f64) -> Layout {
    let width = (viewing.width - 2.0 * MARGIN) / text;
    let height = (viewing.height - 2.0 * MARGIN) / text;
    let below = match below_clock(width) {
        BelowClock::Nothing => 0,
        BelowClock::Notes => rows_of(&content.notes, width),
        BelowClock::All => 1 + rows_of(&content.notes, width),
    };
    let header = CLOCK + LINE * as_f64(below + rows_of(&content.totals, width));
    let strip = content.strip.map_or(0, |words| {
        let lines = words / (width - 3.0).max(1.0);
        // Wrapped lines do not use their full width.
        truncated(if lines <= 1.0 {
            1.0
        } else {
            (lines * 1.15).ceil()
        })
    });
    let sources = rows_of(&content.sources, width);
    let strip_height = if strip == 0 {
        0.0
    } else {
        GAP + as_f64(strip) * LINE + 0.4
    };
    let area = height - header - strip_height - 2.0 * GAP - LINE * as_f64(sources);
    Layout {
        text,
        width,
        header,
        strip,
        area,
        sources,
        ..Layout::default()
    }
}

/// The parts of the header that are below the large clock because there is no room beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BelowClock {
    /// No part.
    Nothing,
    /// The notes.
    Notes,
    /// The notes, the date and the second clock.
    All,
}

/// The parts that are below the large clock at this width.
#[must_use]
pub fn below_clock(width: f64) -> BelowClock {
    if width >= 42.0 {
        BelowClock::Nothing
    } else if width >= 23.0 {
        BelowClock::Notes
    } else {
        BelowClock::All
    }
}

/// The number of rows that items of these widths take; an item that is wider than a row takes two.
pub(super) fn rows_of(widths: &[f64], width: f64) -> usize {
    const SPACE: f64 = 1.0;
    let mut rows = 0;
    let mut left = -1.0;
    for item in widths {
        if *item > width {
            rows += 2;
            left = -1.0;
            continue;
        }
        if left < *item {
            rows += 1;
            left = width;
        }
        left -= item + SPACE;
    }
    rows
}

//! Everything on the wall but its tiles: how many lines the header, the sentence above the tiles and the
//! sources take, and what height that leaves. Places no tile.

use super::{Content, GAP, LINE, Layout, MARGIN, lines, whole};
use crate::pages::wall::sizing::ViewingConditions;

/// The big clock's line, in em.
const CLOCK: f64 = 2.6;

/// Everything but the tiles.
pub(super) fn frame(viewing: &ViewingConditions, content: &Content, text: f64) -> Layout {
    let width = (viewing.width - 2.0 * MARGIN) / text;
    let height = (viewing.height - 2.0 * MARGIN) / text;
    let beside = match head(width) {
        Head::Whole => 0,
        Head::Notes => rows_of(&content.notes, width),
        Head::All => 1 + rows_of(&content.notes, width),
    };
    let header = CLOCK + LINE * lines(beside + rows_of(&content.totals, width));
    let strip = content.strip.map_or(0, |words| {
        let lines = words / (width - 3.0).max(1.0);
        // Of several lines each ends before the edge.
        whole(if lines <= 1.0 {
            1.0
        } else {
            (lines * 1.15).ceil()
        })
    });
    let sources = rows_of(&content.sources, width);
    let strip_height = if strip == 0 {
        0.0
    } else {
        GAP + lines(strip) * LINE + 0.4
    };
    let area = height - header - strip_height - 2.0 * GAP - LINE * lines(sources);
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

/// What stands below the big clock, for want of room beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// Nothing.
    Whole,
    /// The notes.
    Notes,
    /// The notes, and the date with the second clock.
    All,
}

/// What stands below the big clock.
#[must_use]
pub fn head(width: f64) -> Head {
    if width >= 42.0 {
        Head::Whole
    } else if width >= 23.0 {
        Head::Notes
    } else {
        Head::All
    }
}

/// Lines that things of these widths take in rows of this width; what is wider than a row takes two.
pub(super) fn rows_of(widths: &[f64], width: f64) -> usize {
    const APART: f64 = 1.0;
    let mut rows = 0;
    let mut left = -1.0;
    for one in widths {
        if *one > width {
            rows += 2;
            left = -1.0;
            continue;
        }
        if left < *one {
            rows += 1;
            left = width;
        }
        left -= one + APART;
    }
    rows
}

//! The layout of the wall, in em of its smallest text: first the text shrinks, from preferred to least,
//! then the rest goes to further pages. Pure: numbers in, boxes out.

mod frame;
mod measure;
mod tile_rows;

pub use frame::{Head, head};
pub use measure::{measure, measure_bold};

use super::sizing::{LEAST, PREFERRED, ViewingConditions};
use frame::frame;
use tile_rows::pages;

/// Kept free around the wall, in pixels: it drifts within.
pub const MARGIN: f64 = 16.0;

/// Between two boxes, in em.
pub const GAP: f64 = 0.4;

/// A line of the smallest text, in em.
pub const LINE: f64 = 1.3;

/// A large tile without its sentence, in em.
const LARGE: f64 = 3.55;

/// A small tile where there is room, and where there is not, in em.
const ROOMY: f64 = 2.1;
const COMPACT: f64 = 1.6;

/// The smallest wall that can be drawn at all, in em.
const NARROWEST: f64 = 17.0;

/// The width that a tile's words take, in em.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TileWidth {
    /// A large tile.
    Large(f64),
    /// A small tile.
    Small(f64),
}

impl TileWidth {
    fn words(self) -> f64 {
        let (Self::Large(words) | Self::Small(words)) = self;
        words
    }

    fn is_large(self) -> bool {
        matches!(self, Self::Large(_))
    }
}

/// What has to be placed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Content {
    /// Each tile in order.
    pub tiles: Vec<TileWidth>,
    /// The width of each total.
    pub totals: Vec<f64>,
    /// The width of each note, which stand beside the clock where there is room.
    pub notes: Vec<f64>,
    /// The width of each source's words.
    pub sources: Vec<f64>,
    /// The width of the sentence above the tiles, where there is one.
    pub strip: Option<f64>,
}

/// A box within the area of the tiles, in em.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TilePlacement {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
    /// Its width.
    pub w: f64,
    /// Its height.
    pub h: f64,
    /// Lines of its sentence; nothing for a small one.
    pub lines: Option<usize>,
}

/// A page: which tile is its first, and where each stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// The index of its first tile.
    pub first: usize,
    /// Where its tiles stand.
    pub places: Vec<TilePlacement>,
}

/// The wall as it is drawn.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Layout {
    /// The smallest text, 1 em, in pixels.
    pub text: f64,
    /// Whether that is smaller than what can be read from where people stand.
    pub too_small: bool,
    /// The width of everything, in em.
    pub width: f64,
    /// The height of the header, in em.
    pub header: f64,
    /// Lines of the sentence above the tiles.
    pub strip: usize,
    /// The height of the tiles' area, in em.
    pub area: f64,
    /// Lines of sources.
    pub sources: usize,
    /// The pages; at least one.
    pub pages: Vec<Page>,
}

/// How a wall is tried.
struct Attempt {
    minutes: f64,
    small: f64,
    lines: usize,
}

const ATTEMPTS: [Attempt; 5] = [
    Attempt {
        minutes: PREFERRED,
        small: ROOMY,
        lines: 1,
    },
    Attempt {
        minutes: PREFERRED,
        small: COMPACT,
        lines: 1,
    },
    Attempt {
        minutes: PREFERRED,
        small: COMPACT,
        lines: 0,
    },
    Attempt {
        minutes: LEAST,
        small: COMPACT,
        lines: 1,
    },
    Attempt {
        minutes: LEAST,
        small: COMPACT,
        lines: 0,
    },
];

/// Lays out the wall.
#[must_use]
pub fn layout(viewing: &ViewingConditions, content: &Content) -> Layout {
    let mut last = Layout::default();
    for attempt in &ATTEMPTS {
        last = of_size(viewing, content, attempt, viewing.text(attempt.minutes));
        if last.pages.len() <= 1 && !last.too_small {
            break;
        }
    }
    last
}

/// Lays out the wall at a text size, or at the largest one below at which anything fits.
fn of_size(viewing: &ViewingConditions, content: &Content, attempt: &Attempt, text: f64) -> Layout {
    let mut text = text;
    let frame = loop {
        let frame = frame(viewing, content, text);
        if (frame.width >= NARROWEST && frame.area >= LARGE) || text < 6.0 {
            break frame;
        }
        text *= 0.97;
    };
    // A small tolerance for rounding errors.
    let too_small = text < viewing.text(LEAST) - 1e-6;
    let pages = pages(content, attempt, frame.width, frame.area);
    Layout {
        text,
        too_small,
        pages,
        ..frame
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of lines or columns, which saturates"
)]
fn whole(number: f64) -> usize {
    number.max(0.0) as usize
}

#[expect(clippy::cast_precision_loss, reason = "a number of lines or columns")]
fn lines(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests;

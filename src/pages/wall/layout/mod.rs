//! The layout of the wall, in em of its smallest text. First the text shrinks from the preferred to the minimum size,
//! then further pages are added. Pure.

mod frame;
mod measure;
mod tile_rows;

pub use frame::{BelowClock, below_clock};
pub use measure::{in_two_lines, measure, measure_bold};

use super::sizing::{MIN_ARC_MINUTES, PREFERRED_ARC_MINUTES, ViewingConditions};
use frame::frame;
use tile_rows::{column_width, large_columns, pages};

/// The margin around the wall in pixels, within which `burn_in` moves it.
pub const MARGIN: f64 = 16.0;

/// The gap between two boxes, in em.
pub const GAP: f64 = 0.4;

/// The height of a line of the smallest text, in em.
pub const LINE: f64 = 1.3;

/// The heights of the parts of a large tile, in em: the padding, the name in one and in two lines, the connection below
/// it, the state in one and in two lines, and each line of the sentence.
const PADDING: f64 = 0.6;
const NAME: (f64, f64) = (1.6, 2.5);
const CONNECTION: f64 = 1.25;
const STATE: (f64, f64) = (1.3, 2.5);
const SENTENCE: f64 = 1.25;

/// The height of a line of text relative to its size.
const LINE_OF_TEXT: f64 = 1.25;

/// The height of a small tile with and without spare room, in em.
const ROOMY: f64 = 2.1;
const COMPACT: f64 = 1.6;

/// Minimum width of the wall, in em.
const MIN_WIDTH: f64 = 17.0;

/// The width that a tile's texts need, in em.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TileWidth {
    /// A silent connection, in one line.
    Strip(f64),
    /// A large tile.
    Large(LargeWidth),
    /// A small tile.
    Small(f64),
}

/// The size of a tile's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum NameSize {
    /// The size of the other text.
    #[default]
    Plain,
    /// Larger than the other text.
    Larger,
    /// The size for the worst tile.
    Worst,
}

impl NameSize {
    /// The size in em.
    fn em(self) -> f64 {
        match self {
            Self::Plain => 1.0,
            Self::Larger => 1.25,
            Self::Worst => 1.6,
        }
    }
}

/// The widths of a large tile in em, including everything beside its texts.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LargeWidth {
    /// The minimum width, with name and state in two lines.
    pub least: f64,
    /// The width with the name in one line.
    pub name: f64,
    /// The width with the state in one line.
    pub state: f64,
    /// The width of the name alone, in one line and in two.
    pub name_only: (f64, f64),
    /// Whether the tile shows its connection in a separate line.
    pub shows_connection: bool,
}

impl TileWidth {
    fn least(&self) -> f64 {
        match self {
            Self::Strip(words) | Self::Small(words) => *words,
            Self::Large(large) => large.least,
        }
    }

    fn large(&self) -> Option<&LargeWidth> {
        match self {
            Self::Large(large) => Some(large),
            _ => None,
        }
    }
}

impl LargeWidth {
    /// The height at a width, without a sentence.
    fn height(&self, width: f64) -> f64 {
        let name = if self.name > width { NAME.1 } else { NAME.0 };
        name + self.rest(width)
    }

    /// The height at a width with a name of this size; `None` if the name does not fit in two lines.
    fn height_with(&self, size: NameSize, width: f64) -> Option<f64> {
        let room = (width - (self.name - self.name_only.0)) / size.em();
        let number = if self.name_only.0 <= room { 1 } else { 2 };
        let fits = self.name_only.1 <= room;
        fits.then(|| NAME.0.max(size.em() * LINE_OF_TEXT * as_f64(number)) + self.rest(width))
    }

    /// Whether the larger name fits in one line at a width.
    fn fits_larger_name(&self, width: f64) -> bool {
        self.name + (NameSize::Larger.em() - 1.0) * self.name_only.0 <= width
    }

    fn rest(&self, width: f64) -> f64 {
        let state = if self.state > width { STATE.1 } else { STATE.0 };
        let connection = if self.shows_connection {
            CONNECTION
        } else {
            0.0
        };
        PADDING + state + connection
    }
}

/// The content to lay out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Content {
    /// The width of each tile, in order.
    pub tiles: Vec<TileWidth>,
    /// The number of critical tiles, which come first. While there are any, pages without one are not shown.
    pub critical: usize,
    /// The width of each total.
    pub totals: Vec<f64>,
    /// The width of each note, which is beside the clock if there is room.
    pub notes: Vec<f64>,
    /// The width of each source's text.
    pub sources: Vec<f64>,
    /// The width of the warning above the tiles, if there is one.
    pub strip: Option<f64>,
}

/// A box within the area of the tiles, in em.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TilePlacement {
    /// The distance from the left.
    pub x: f64,
    /// The distance from the top.
    pub y: f64,
    /// The width.
    pub w: f64,
    /// The height.
    pub h: f64,
    /// The number of lines for the sentence; `None` if the tile shows none.
    pub lines: Option<usize>,
    /// The size of the name.
    pub name: NameSize,
}

/// A page of tiles.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// The index of the first tile.
    pub first: usize,
    /// The placements of the tiles.
    pub places: Vec<TilePlacement>,
}

/// The layout of the wall.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Layout {
    /// The size of the smallest text, 1 em, in pixels.
    pub text: f64,
    /// Whether the text is too small to read at the viewing distance.
    pub too_small: bool,
    /// The width of the wall, in em.
    pub width: f64,
    /// The height of the header, in em.
    pub header: f64,
    /// The number of lines of the warning above the tiles.
    pub strip: usize,
    /// The height of the tiles' area, in em.
    pub area: f64,
    /// The number of lines of the sources.
    pub sources: usize,
    /// The pages, at least one.
    pub pages: Vec<Page>,
}

impl Layout {
    /// The number of pages that the first `tiles` tiles take.
    #[must_use]
    pub fn pages_of(&self, tiles: usize) -> usize {
        pages_of(&self.pages, tiles)
    }
}

fn pages_of(pages: &[Page], tiles: usize) -> usize {
    let has_any = |page: &&Page| page.first < tiles && !page.places.is_empty();
    pages.iter().take_while(has_any).count()
}

/// Sizes with which a layout is tried.
struct Attempt {
    /// The height of the capitals of the smallest text, in arc minutes.
    minutes: f64,
    /// The height of a small tile, in em.
    small: f64,
    /// The number of lines reserved for each sentence.
    lines: usize,
}

const ATTEMPTS: [Attempt; 5] = [
    Attempt {
        minutes: PREFERRED_ARC_MINUTES,
        small: ROOMY,
        lines: 1,
    },
    Attempt {
        minutes: PREFERRED_ARC_MINUTES,
        small: COMPACT,
        lines: 1,
    },
    Attempt {
        minutes: PREFERRED_ARC_MINUTES,
        small: COMPACT,
        lines: 0,
    },
    Attempt {
        minutes: MIN_ARC_MINUTES,
        small: COMPACT,
        lines: 1,
    },
    Attempt {
        minutes: MIN_ARC_MINUTES,
        small: COMPACT,
        lines: 0,
    },
];

/// Lays out the wall.
#[must_use]
pub fn layout(viewing: &ViewingConditions, content: &Content) -> Layout {
    let mut last = Layout::default();
    for attempt in &ATTEMPTS {
        last = layout_at(viewing, content, attempt, viewing.text(attempt.minutes));
        if last.pages.len() <= 1 && !last.too_small {
            break;
        }
    }
    last
}

/// Lays out the wall at a text size, or at the largest smaller size that fits.
fn layout_at(
    viewing: &ViewingConditions,
    content: &Content,
    attempt: &Attempt,
    text: f64,
) -> Layout {
    let mut text = text;
    let frame = loop {
        let frame = frame(viewing, content, text);
        let column = column_width(large_columns(&content.tiles, frame.width), frame.width);
        let large = content.tiles.iter().filter_map(TileWidth::large);
        let heights = large.map(|tile| tile.height(column));
        let tallest = heights.fold(4.0, f64::max);
        if (frame.width >= MIN_WIDTH && frame.area >= tallest) || text < 6.0 {
            break frame;
        }
        text *= 0.97;
    };
    // A small tolerance for rounding errors.
    let too_small = text < viewing.text(MIN_ARC_MINUTES) - 1e-6;
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
fn truncated(number: f64) -> usize {
    number.max(0.0) as usize
}

#[expect(clippy::cast_precision_loss, reason = "a number of lines or columns")]
fn as_f64(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests;

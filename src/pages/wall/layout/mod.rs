//! The layout of the wall, in em of its smallest text: first the text shrinks, from preferred to least,
//! then the rest goes to further pages. Pure: numbers in, boxes out.

mod frame;
mod measure;
mod tile_rows;

pub use frame::{Head, head};
pub use measure::{in_two_lines, measure, measure_bold};

use super::sizing::{LEAST, PREFERRED, ViewingConditions};
use frame::frame;
use tile_rows::{column, large_columns, pages};

/// Kept free around the wall, in pixels: it drifts within.
pub const MARGIN: f64 = 16.0;

/// Between two boxes, in em.
pub const GAP: f64 = 0.4;

/// A line of the smallest text, in em.
pub const LINE: f64 = 1.3;

/// The parts of a large tile, in em: above and below, its name in one line and in two, the connection beneath it, its
/// state in one line and in two, and each line of its sentence.
const PADDING: f64 = 0.6;
const NAME: (f64, f64) = (1.6, 2.5);
const CONNECTION: f64 = 1.25;
const STATE: (f64, f64) = (1.3, 2.5);
const SENTENCE: f64 = 1.25;

/// A line of text in parts of its size.
const LINE_OF_TEXT: f64 = 1.25;

/// A small tile where there is room, and where there is not, in em.
const ROOMY: f64 = 2.1;
const COMPACT: f64 = 1.6;

/// The smallest wall that can be drawn at all, in em.
const NARROWEST: f64 = 17.0;

/// The width that a tile's words take, in em.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TileWidth {
    /// A silent connection: one line.
    Strip(f64),
    /// A large tile.
    Large(LargeWidth),
    /// A small tile.
    Small(f64),
}

/// How large a tile's name stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum NameSize {
    /// As the rest.
    #[default]
    Plain,
    /// Larger than the rest.
    Larger,
    /// The worst of all.
    Worst,
}

impl NameSize {
    /// In em.
    fn em(self) -> f64 {
        match self {
            Self::Plain => 1.0,
            Self::Larger => 1.25,
            Self::Worst => 1.6,
        }
    }
}

/// The widths of a large tile, with all that stands beside its words, in em.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LargeWidth {
    /// The least, with name and state in two lines.
    pub least: f64,
    /// With its name in one line.
    pub name: f64,
    /// With its state in one line.
    pub state: f64,
    /// Of its name alone, in one line and in two.
    pub words: (f64, f64),
    /// Whether it tells its connection in a line of its own.
    pub tells_connection: bool,
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
    /// Its height at this width, without a sentence.
    fn height(&self, width: f64) -> f64 {
        let name = if self.name > width { NAME.1 } else { NAME.0 };
        name + self.rest(width)
    }

    /// Its height with a name of this size, unless that does not stand in two lines at this width.
    fn height_with(&self, size: NameSize, width: f64) -> Option<f64> {
        let room = (width - (self.name - self.words.0)) / size.em();
        let number = if self.words.0 <= room { 1 } else { 2 };
        let fits = self.words.1 <= room;
        fits.then(|| NAME.0.max(size.em() * LINE_OF_TEXT * lines(number)) + self.rest(width))
    }

    /// Whether its name stands larger than the rest in one line at this width.
    fn stands_larger(&self, width: f64) -> bool {
        self.name + (NameSize::Larger.em() - 1.0) * self.words.0 <= width
    }

    fn rest(&self, width: f64) -> f64 {
        let state = if self.state > width { STATE.1 } else { STATE.0 };
        let connection = if self.tells_connection {
            CONNECTION
        } else {
            0.0
        };
        PADDING + state + connection
    }
}

/// What has to be placed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Content {
    /// Each tile in order.
    pub tiles: Vec<TileWidth>,
    /// How many of the first ones are critical: while there are any, the pages behind these wait.
    pub critical: usize,
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
    /// Lines of its sentence; nothing where it tells none.
    pub lines: Option<usize>,
    /// How large its name stands.
    pub name: NameSize,
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

impl Layout {
    /// On how many pages, from the first, the first so many tiles stand.
    #[must_use]
    pub fn pages_of(&self, tiles: usize) -> usize {
        pages_of(&self.pages, tiles)
    }
}

fn pages_of(pages: &[Page], tiles: usize) -> usize {
    let holds = |page: &&Page| page.first < tiles && !page.places.is_empty();
    pages.iter().take_while(holds).count()
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
        let column = column(large_columns(&content.tiles, frame.width), frame.width);
        let large = content.tiles.iter().filter_map(TileWidth::large);
        let tallest = large.map(|one| one.height(column)).fold(4.0, f64::max);
        if (frame.width >= NARROWEST && frame.area >= tallest) || text < 6.0 {
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

//! Where everything on the wall stands, in em of its smallest text: first the text grows smaller, from
//! preferred to least, then what does not fit goes to further pages. Pure: numbers in, boxes out.

use super::sizing::{LEAST, PREFERRED, Viewing};

/// Kept free around the wall, in pixels: it drifts within.
pub const MARGIN: f64 = 16.0;

/// Between two boxes, in em.
pub const GAP: f64 = 0.4;

/// A line of the smallest text, in em.
pub const LINE: f64 = 1.3;

/// The big clock's line, in em.
const CLOCK: f64 = 2.6;

/// A large tile without its sentence, and each line of that, in em.
const LARGE: f64 = 3.55;
const SENTENCE: f64 = 1.25;

/// The narrowest large tile, in em, and the widest that a name can ask for.
const LARGE_WIDTH: (f64, f64) = (13.0, 24.0);

/// The most lines of a sentence.
const MOST_LINES: usize = 3;

/// A small tile where there is room, and where there is not, in em.
const ROOMY: f64 = 2.1;
const COMPACT: f64 = 1.6;

/// The smallest wall that can be drawn at all, in em.
const NARROWEST: f64 = 17.0;

/// The width that a tile's words take, in em.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Need {
    /// A large tile.
    Large(f64),
    /// A small tile.
    Small(f64),
}

impl Need {
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
    pub tiles: Vec<Need>,
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
pub struct Place {
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
    pub places: Vec<Place>,
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
pub fn layout(viewing: &Viewing, content: &Content) -> Layout {
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
fn of_size(viewing: &Viewing, content: &Content, attempt: &Attempt, text: f64) -> Layout {
    let mut text = text;
    let frame = loop {
        let frame = frame(viewing, content, text);
        if (frame.width >= NARROWEST && frame.area >= LARGE) || text < 6.0 {
            break frame;
        }
        text *= 0.97;
    };
    // A hair: numbers that were divided and multiplied again.
    let too_small = text < viewing.text(LEAST) - 1e-6;
    let pages = pages(content, attempt, frame.width, frame.area);
    Layout {
        text,
        too_small,
        pages,
        ..frame
    }
}

/// Everything but the tiles.
fn frame(viewing: &Viewing, content: &Content, text: f64) -> Layout {
    let width = (viewing.width - 2.0 * MARGIN) / text;
    let height = (viewing.height - 2.0 * MARGIN) / text;
    let beside = match head(width) {
        Head::Whole => 0,
        Head::Notes => rows_of(&content.notes, width),
        Head::All => 1 + rows_of(&content.notes, width),
    };
    let header = CLOCK + LINE * lines(beside + rows_of(&content.totals, width));
    let strip = content.strip.map_or(0, |words| {
        whole((words / (width - 3.0).max(1.0) * 1.15).ceil())
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
    if width >= 33.0 {
        Head::Whole
    } else if width >= 23.0 {
        Head::Notes
    } else {
        Head::All
    }
}

/// Lines that things of these widths take in rows of this width.
fn rows_of(widths: &[f64], width: f64) -> usize {
    const APART: f64 = 1.0;
    let mut rows = 0;
    let mut left = -1.0;
    for one in widths {
        let one = one.min(width);
        if left < one {
            rows += 1;
            left = width;
        }
        left -= one + APART;
    }
    rows
}

fn pages(content: &Content, attempt: &Attempt, width: f64, area: f64) -> Vec<Page> {
    let tiles = &content.tiles;
    let large = tiles.iter().filter(|tile| tile.is_large()).count();
    let large_width = usual(tiles, true).clamp(LARGE_WIDTH.0, LARGE_WIDTH.1);
    let large_columns = columns(width, large_width).min(large.max(1));
    let small_columns = columns(width, usual(tiles, false).max(6.0));
    let mut pages = Vec::new();
    let mut page = Page::default();
    let mut y = 0.0;
    let mut at = 0;
    while at < tiles.len() {
        let is_large = tiles[at].is_large();
        let (columns, height) = if is_large {
            (large_columns, LARGE + SENTENCE * lines(attempt.lines))
        } else {
            (small_columns, attempt.small)
        };
        if y + height > area + 1e-9 && !page.places.is_empty() {
            let next = Page {
                first: at,
                places: Vec::new(),
            };
            finish(&mut page, area, attempt.lines);
            pages.push(std::mem::replace(&mut page, next));
            y = 0.0;
        }
        let row = row(&tiles[at..], columns, width);
        at += row.len();
        page.places.extend(row.into_iter().map(|(x, w)| Place {
            x,
            y,
            w,
            h: height,
            lines: is_large.then_some(attempt.lines),
        }));
        y += height + GAP;
    }
    finish(&mut page, area, attempt.lines);
    pages.push(page);
    pages
}

/// The width that three in four of a kind need: one long name must not take the columns from all others.
fn usual(tiles: &[Need], large: bool) -> f64 {
    let same = tiles.iter().filter(|tile| tile.is_large() == large);
    let mut widths: Vec<f64> = same.map(|tile| tile.words()).collect();
    widths.sort_by(f64::total_cmp);
    let most = (widths.len() * 3).div_ceil(4).saturating_sub(1);
    widths.get(most).copied().unwrap_or_default()
}

/// The next row: from where and how wide each of its tiles is. What needs more than a column takes
/// several.
fn row(tiles: &[Need], columns: usize, width: f64) -> Vec<(f64, f64)> {
    let column = (width - GAP * lines(columns - 1)) / lines(columns);
    let mut row: Vec<(f64, f64)> = Vec::new();
    let mut taken = 0;
    let first = tiles.first().is_some_and(|tile| tile.is_large());
    for tile in tiles.iter().take_while(|tile| tile.is_large() == first) {
        let span = whole(((tile.words() + GAP) / (column + GAP) - 1e-9).ceil());
        let span = span.clamp(1, columns);
        if taken + span > columns {
            break;
        }
        let x = lines(taken) * (column + GAP);
        row.push((x, lines(span) * (column + GAP) - GAP));
        taken += span;
    }
    // A row of large ones is filled.
    if let Some((x, w)) = row.last_mut().filter(|_| first) {
        *w = width - *x;
    }
    row
}

/// Gives what a page has left over to the sentences of its large tiles.
fn finish(page: &mut Page, area: f64, had: usize) {
    let bottom = page.places.iter().map(|p| p.y + p.h).fold(0.0, f64::max);
    let mut tops: Vec<f64> = Vec::new();
    for place in page.places.iter().filter(|place| place.lines.is_some()) {
        if tops.last().is_none_or(|last| place.y > *last) {
            tops.push(place.y);
        }
    }
    if tops.is_empty() {
        return;
    }
    let each = ((area - bottom) / lines(tops.len())).max(0.0);
    let more = whole((each / SENTENCE).floor()).min(MOST_LINES.saturating_sub(had));
    let growth = SENTENCE * lines(more);
    for place in &mut page.places {
        let before = tops.iter().filter(|top| **top < place.y).count();
        place.y += growth * lines(before);
        if let Some(held) = &mut place.lines {
            *held += more;
            place.h += growth;
        }
    }
}

fn columns(width: f64, one: f64) -> usize {
    whole(((width + GAP) / (one + GAP)).floor()).max(1)
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

/// The width of words in em: as Arial, Helvetica and Liberation Sans have them, and a hair more. Segoe
/// UI and Roboto are narrower.
#[must_use]
pub fn measure(words: &str) -> f64 {
    let one = |letter: char| match letter {
        '\'' => 0.19,
        'i' | 'j' | 'l' => 0.22,
        ' ' | '.' | ',' | ':' | ';' | '/' | '!' | 'I' | 'f' | 't' | '|' | '[' | ']' | '\\' => 0.28,
        '-' | '(' | ')' | 'r' | '`' | '"' => 0.36,
        'c' | 'k' | 's' | 'v' | 'x' | 'y' | 'z' | 'J' => 0.5,
        'F' | 'T' | 'Z' | '+' | '=' | '<' | '>' | '~' => 0.61,
        'A' | 'B' | 'E' | 'K' | 'P' | 'S' | 'V' | 'X' | 'Y' | '&' => 0.67,
        'C' | 'D' | 'H' | 'N' | 'R' | 'U' | 'w' => 0.73,
        'G' | 'O' | 'Q' => 0.78,
        'm' | 'M' | '%' => 0.89,
        'W' => 0.95,
        '@' => 1.02,
        letter if letter.is_ascii() => 0.56,
        letter if u32::from(letter) < 0x500 => 0.75,
        _ => 1.1,
    };
    1.02 * words.chars().map(one).sum::<f64>()
}

/// The width of words in semibold.
#[must_use]
pub fn measure_bold(words: &str) -> f64 {
    1.09 * measure(words)
}

#[cfg(test)]
mod tests;

//! Arranges the tiles in rows and the rows in pages, at a given text size: the number of columns, the position of the
//! worst tile, and the room left over for sentences.

use super::{
    Attempt, Content, GAP, LargeWidth, NameSize, Page, SENTENCE, TilePlacement, TileWidth, as_f64,
    pages_of, truncated,
};

/// Minimum width of a column of large tiles, in em. The number of columns depends only on the screen, so that a changed
/// text moves no tile.
pub(super) const MIN_COLUMN: f64 = 16.0;

/// Maximum number of lines of a sentence, and of the worst tile's sentence.
pub(super) const MAX_LINES: usize = 3;
const MAX_LINES_OF_WORST: usize = 5;

/// Minimum room for the sentence in a strip, in em.
const STRIP_SENTENCE: f64 = 10.0;

/// The pages, at least one. The worst tile has double height unless that takes another page.
pub(super) fn pages(content: &Content, attempt: &Attempt, width: f64, area: f64) -> Vec<Page> {
    let arranged = |double| Arrangement::new(content, attempt, width, area).pages(double);
    let (plain, double) = (arranged(false), arranged(true));
    // The number of all pages, of pages with alarms, and of pages with critical tiles.
    let page_counts = |pages: &[Page]| {
        let small =
            |page: &&Page| matches!(content.tiles.get(page.first), Some(TileWidth::Small(_)));
        let quiet = pages.iter().filter(small).count();
        let critical = pages_of(pages, content.critical);
        [pages.len(), pages.len() - quiet, critical]
    };
    let (least, taken) = (page_counts(&plain), page_counts(&double));
    let takes_more = least.iter().zip(taken).any(|(least, taken)| taken > *least);
    if takes_more { plain } else { double }
}

/// The number of columns of large tiles.
pub(super) fn large_columns(tiles: &[TileWidth], width: f64) -> usize {
    let large = tiles.iter().filter(|tile| tile.large().is_some()).count();
    columns(width, MIN_COLUMN).min(large.max(1))
}

/// The width of a column.
pub(super) fn column_width(columns: usize, width: f64) -> f64 {
    (width - GAP * as_f64(columns - 1)) / as_f64(columns)
}

/// The unused end of a row of strips or small tiles.
struct Hole {
    x: f64,
    y: f64,
    w: f64,
}

struct Arrangement<'a> {
    tiles: &'a [TileWidth],
    attempt: &'a Attempt,
    width: f64,
    area: f64,
    large: usize,
    small: usize,
    strips: usize,
}

impl<'a> Arrangement<'a> {
    fn new(content: &'a Content, attempt: &'a Attempt, width: f64, area: f64) -> Self {
        let tiles = &content.tiles;
        let of = |is_of: fn(&&TileWidth) -> bool| columns(width, typical(tiles, is_of).max(6.0));
        Self {
            tiles,
            attempt,
            width,
            area,
            large: large_columns(tiles, width),
            small: of(|tile| matches!(tile, TileWidth::Small(_))),
            strips: of(|tile| matches!(tile, TileWidth::Strip(_))),
        }
    }

    fn pages(&self, double: bool) -> Vec<Page> {
        let mut pages = Vec::new();
        let mut page = Page::default();
        let (mut at, mut y, mut double) = (0, 0.0, double);
        let mut holes: Vec<Hole> = Vec::new();
        while let Some(tile) = self.tiles.get(at) {
            if tile.large().is_some() {
                // What is below an alarm stays below it.
                holes.clear();
            } else if let Some(place) = self.fill(at, &mut holes) {
                at += 1;
                page.places.push(place);
                continue;
            }
            let worst = tile.large().filter(|_| double);
            double &= worst.is_none();
            let block = worst.and_then(|worst| self.block(at, worst, y));
            let places = block.unwrap_or_else(|| self.row(at, 0, y));
            let bottom = bottom(&places);
            if bottom > self.area + 1e-9 && !page.places.is_empty() {
                let next = Page {
                    first: at,
                    places: Vec::new(),
                };
                self.finish(&mut page);
                pages.push(std::mem::replace(&mut page, next));
                holes.clear();
                y = 0.0;
                continue;
            }
            at += places.len();
            if let Some(last) = places.last().filter(|_| tile.large().is_none()) {
                let x = last.x + last.w + GAP;
                let w = self.width - x;
                holes.push(Hole { x, y, w });
            }
            y = bottom + GAP;
            page.places.extend(places);
        }
        self.finish(&mut page);
        pages.push(page);
        pages
    }

    /// The worst tile, with the height of the two rows beside it.
    fn block(&self, at: usize, worst: &LargeWidth, y: f64) -> Option<Vec<TilePlacement>> {
        let mut places = vec![TilePlacement {
            y,
            w: column_width(self.large, self.width),
            h: 2.0 * self.height(at, self.width) + GAP,
            ..TilePlacement::default()
        }];
        if self.large > 1 {
            let upper = self.row(at + 1, 1, y);
            let lower = self.row(at + 1 + upper.len(), 1, bottom(&upper) + GAP);
            let both = !upper.is_empty() && !lower.is_empty();
            places[0].h = both.then(|| bottom(&lower) - y)?;
            places.extend(upper.into_iter().chain(lower));
        }
        let is_one_of_many = self.tiles.get(at + 1)?.large().is_some();
        let fits = worst.least <= places[0].w + 1e-9 && bottom(&places) <= self.area + 1e-9;
        (is_one_of_many && fits).then_some(places)
    }

    /// A row of the next tiles of one kind, starting at a column. A tile that is too wide for a column takes several.
    /// Beside the worst tile there are only large ones.
    fn row(&self, at: usize, from: usize, y: f64) -> Vec<TilePlacement> {
        let tiles = self.tiles.get(at..).unwrap_or_default();
        let Some(first) = tiles.first() else {
            return Vec::new();
        };
        let columns = match first {
            TileWidth::Strip(_) | TileWidth::Small(_) if from > 0 => 0,
            first => self.columns(first),
        };
        let mut places: Vec<TilePlacement> = Vec::new();
        let mut taken = from;
        let same =
            |tile: &&TileWidth| std::mem::discriminant(*tile) == std::mem::discriminant(first);
        for tile in tiles.iter().take_while(same) {
            let column = column_width(columns.max(1), self.width);
            let span = truncated(((tile.least() + GAP) / (column + GAP) - 1e-9).ceil());
            let span = span.min(columns).max(1);
            if taken + span > columns {
                break;
            }
            let w = as_f64(span) * (column + GAP) - GAP;
            places.push(TilePlacement {
                x: as_f64(taken) * (column + GAP),
                y,
                w,
                h: self.height(at + places.len(), w),
                lines: lines_of_strip(tile, w),
                name: NameSize::Plain,
            });
            taken += span;
        }
        let height = places.iter().map(|place| place.h).fold(0.0, f64::max);
        for place in &mut places {
            place.h = height;
        }
        places
    }

    /// The place of a strip or small tile at the end of an earlier row, if one has room for it.
    fn fill(&self, at: usize, holes: &mut [Hole]) -> Option<TilePlacement> {
        let tile = self.tiles.get(at)?;
        let hole = holes.iter_mut().find(|hole| tile.least() <= hole.w)?;
        let column = column_width(self.columns(tile), self.width);
        let w = column.max(tile.least()).min(hole.w);
        let place = TilePlacement {
            x: hole.x,
            y: hole.y,
            w,
            h: self.height(at, w),
            lines: lines_of_strip(tile, w),
            name: NameSize::Plain,
        };
        (hole.x, hole.w) = (hole.x + w + GAP, hole.w - w - GAP);
        Some(place)
    }

    /// The number of columns of tiles of this kind.
    fn columns(&self, tile: &TileWidth) -> usize {
        match tile {
            TileWidth::Large(_) => self.large,
            TileWidth::Strip(_) => self.strips,
            TileWidth::Small(_) => self.small,
        }
    }

    /// The minimum height of a tile at a width.
    fn height(&self, at: usize, width: f64) -> f64 {
        let large = self.tiles.get(at).and_then(TileWidth::large);
        large.map_or(self.attempt.small, |large| {
            large.height(width) + SENTENCE * as_f64(self.attempt.lines)
        })
    }

    /// Distributes the unused height of a page evenly among its large tiles, and sets the number of lines of their
    /// sentences.
    fn finish(&self, page: &mut Page) {
        let tiles = self.tiles.get(page.first..).unwrap_or_default();
        let mut tops: Vec<f64> = Vec::new();
        for (place, tile) in page.places.iter().zip(tiles) {
            if tile.large().is_some() && tops.last().is_none_or(|last| place.y > *last) {
                tops.push(place.y);
            }
        }
        let left = (self.area - bottom(&page.places)) / as_f64(tops.len().max(1));
        let most = SENTENCE * as_f64(MAX_LINES.saturating_sub(self.attempt.lines));
        let growth = left.clamp(0.0, most + 0.5);
        // The first large tile of all pages is the worst one.
        let before = self.tiles.get(..page.first).unwrap_or_default();
        let mut is_worst = before.iter().all(|tile| tile.large().is_none());
        let mut size = NameSize::Larger;
        let large = |(place, tile): (_, &TileWidth)| Some((place, *tile.large()?));
        let shown = page.places.iter().zip(tiles).filter_map(large);
        let mut shown = shown.skip(usize::from(is_worst));
        if shown.any(|(place, large)| !large.fits_larger_name(place.w)) {
            size = NameSize::Plain;
        }
        for (place, tile) in page.places.iter_mut().zip(tiles) {
            let above = |y: f64| as_f64(tops.iter().filter(|top| **top < y - 1e-9).count());
            let before = above(place.y);
            if let Some(large) = tile.large() {
                place.h += growth * (above(place.y + place.h) - before);
                place.name = size;
                let mut taken = large.height(place.w);
                if is_worst {
                    let with = |size| Some((size, large.height_with(size, place.w)?));
                    let sizes = [NameSize::Worst, NameSize::Larger]
                        .into_iter()
                        .filter_map(with);
                    let mut fitting = sizes.filter(|(_, height)| *height <= place.h + 1e-9);
                    let (name, height) = fitting.next().unwrap_or((NameSize::Plain, taken));
                    (place.name, taken) = (name, height);
                    // No other name may be larger.
                    size = size.min(name);
                }
                let most = if is_worst {
                    MAX_LINES_OF_WORST
                } else {
                    MAX_LINES
                };
                place.lines = Some(truncated((place.h - taken) / SENTENCE + 1e-9).min(most));
                is_worst = false;
            }
            place.y += growth * before;
        }
    }
}

/// The number of lines of a tile's sentence before the unused height is distributed: only strips may have one.
fn lines_of_strip(tile: &TileWidth, width: f64) -> Option<usize> {
    let has_room = width - tile.least() >= STRIP_SENTENCE;
    (matches!(tile, TileWidth::Strip(_)) && has_room).then_some(1)
}

/// The width that three quarters of the tiles of a kind need, so that one long name does not reduce the number of
/// columns.
fn typical(tiles: &[TileWidth], is_of: fn(&&TileWidth) -> bool) -> f64 {
    let of_kind = tiles.iter().filter(is_of);
    let mut widths: Vec<f64> = of_kind.map(TileWidth::least).collect();
    widths.sort_by(f64::total_cmp);
    let most = (widths.len() * 3).div_ceil(4).saturating_sub(1);
    widths.get(most).copied().unwrap_or_default()
}

fn columns(width: f64, column: f64) -> usize {
    truncated(((width + GAP) / (column + GAP)).floor()).max(1)
}

fn bottom(places: &[TilePlacement]) -> f64 {
    places
        .iter()
        .map(|place| place.y + place.h)
        .fold(0.0, f64::max)
}

//! The tiles in rows, and the rows in pages: how many stand side by side, and what each page's sentences
//! get of what is left over. Chooses no size of text.

use super::{Attempt, Content, GAP, LARGE, Page, TilePlacement, TileWidth, lines, whole};

/// Each line of a large tile's sentence, in em.
const SENTENCE: f64 = 1.25;

/// The narrowest large tile, in em, and the widest that a name can ask for.
const LARGE_WIDTH: (f64, f64) = (13.0, 24.0);

/// The most lines of a sentence.
pub(super) const MOST_LINES: usize = 3;

/// The pages; at least one.
pub(super) fn pages(content: &Content, attempt: &Attempt, width: f64, area: f64) -> Vec<Page> {
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
        page.places
            .extend(row.into_iter().map(|(x, w)| TilePlacement {
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
fn usual(tiles: &[TileWidth], large: bool) -> f64 {
    let same = tiles.iter().filter(|tile| tile.is_large() == large);
    let mut widths: Vec<f64> = same.map(|tile| tile.words()).collect();
    widths.sort_by(f64::total_cmp);
    let most = (widths.len() * 3).div_ceil(4).saturating_sub(1);
    widths.get(most).copied().unwrap_or_default()
}

/// The next row: from where and how wide each of its tiles is. What needs more than a column takes
/// several.
fn row(tiles: &[TileWidth], columns: usize, width: f64) -> Vec<(f64, f64)> {
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

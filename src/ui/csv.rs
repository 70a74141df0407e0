//! CSV for spreadsheets (RFC 4180). Pure.
//!
//! Vendor text is text: a spreadsheet runs a cell that begins with `=`, `+`, `-` or `@`, and some also
//! behind blanks, so such a text gets an apostrophe in front, as does one that begins with a tab or a
//! line break. Where the list separator is a semicolon or a tab, quotes within a line of commas hold
//! nothing together: a text gets the apostrophe also behind each separator in it. Only texts: numbers stay
//! numbers.

use std::borrow::Cow;
use std::iter;

/// A row with its line end; the cells as they are written.
#[must_use]
pub fn row<T: AsRef<str>>(cells: &[T]) -> String {
    let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
    cells.join(",") + "\r\n"
}

/// A whole file, in UTF-8 with a byte order mark: without one, Excel takes it for a Windows code page.
#[must_use]
pub fn whole(header: &str, rows: &str) -> String {
    format!("\u{feff}{header}{rows}")
}

/// A text as a cell is written.
#[must_use]
pub fn cell(text: &str) -> String {
    quoted(&neutral(text)).into_owned()
}

/// What separates cells or lines, in any locale's spreadsheet.
const SEPARATORS: [char; 5] = [',', ';', '\t', '\r', '\n'];

/// A text that no spreadsheet runs, wherever it cuts it.
fn neutral(text: &str) -> Cow<'_, str> {
    let begins = |(at, char): (usize, char)| {
        (char != ',' && SEPARATORS.contains(&char)).then_some(at + char.len_utf8())
    };
    let starts = iter::once(0).chain(text.char_indices().filter_map(begins));
    let unsafe_starts: Vec<usize> = starts.filter(|at| runs(&text[*at..], *at == 0)).collect();
    if unsafe_starts.is_empty() {
        return Cow::Borrowed(text);
    }
    let ends = unsafe_starts.iter().skip(1).copied();
    let ends = ends.chain(iter::once(text.len()));
    let first = unsafe_starts.first().copied().unwrap_or_default();
    let pieces = unsafe_starts.iter().zip(ends);
    let guarded = pieces.map(|(from, to)| format!("'{}", &text[*from..to]));
    Cow::Owned(
        iter::once(text[..first].to_owned())
            .chain(guarded)
            .collect(),
    )
}

/// Whether a spreadsheet would run a cell that begins so. Behind a separator also where quotes come first: they
/// were doubled, and are an empty text to whoever cuts there.
fn runs(cell: &str, is_whole: bool) -> bool {
    if is_whole && cell.starts_with(['\t', '\r', '\n']) {
        return true;
    }
    let skipped = |char: char| char.is_whitespace() || (!is_whole && char == '"');
    cell.trim_start_matches(skipped)
        .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

/// A cell as it is written: in quotes where it has to be in any locale, or where a reader could trim it.
fn quoted(text: &str) -> Cow<'_, str> {
    if text.contains(SEPARATORS) || text.contains('"') || text.trim() != text {
        Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(text)
    }
}

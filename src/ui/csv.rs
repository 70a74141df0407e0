//! CSV for spreadsheets (RFC 4180). Pure.
//!
//! Vendor text must never run as a formula. A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@`, some even
//! after blanks, so such a text gets an apostrophe in front, and so does one that begins with a tab or a line break. A
//! spreadsheet whose list separator is a semicolon or a tab splits the line inside quotes, so a text also gets the
//! apostrophe after each separator in it. Numbers are not changed.

use std::borrow::Cow;
use std::iter;

/// A row with its line end. The cells must already be escaped.
#[must_use]
pub fn row<T: AsRef<str>>(cells: &[T]) -> String {
    let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
    cells.join(",") + "\r\n"
}

/// A complete file in UTF-8, with a byte order mark: without one, Excel reads it as a Windows code page.
#[must_use]
pub fn file(header: &str, rows: &str) -> String {
    format!("\u{feff}{header}{rows}")
}

/// Escapes a text as a cell.
#[must_use]
pub fn cell(text: &str) -> String {
    quoted(&without_formulas(text)).into_owned()
}

/// Separators of cells or lines in the spreadsheets of all locales.
const SEPARATORS: [char; 5] = [',', ';', '\t', '\r', '\n'];

/// Adds apostrophes so that no spreadsheet runs the text as a formula, wherever it splits it.
fn without_formulas(text: &str) -> Cow<'_, str> {
    let begins = |(at, char): (usize, char)| {
        (char != ',' && SEPARATORS.contains(&char)).then_some(at + char.len_utf8())
    };
    let starts = iter::once(0).chain(text.char_indices().filter_map(begins));
    let unsafe_starts: Vec<usize> = starts
        .filter(|at| is_formula(&text[*at..], *at == 0))
        .collect();
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

/// Whether a spreadsheet would run a cell with this text. `is_complete`: whether it is a complete cell, or only the
/// part after a separator. Such a part may begin with doubled quotes, which a spreadsheet that splits there ignores.
fn is_formula(cell: &str, is_complete: bool) -> bool {
    if is_complete && cell.starts_with(['\t', '\r', '\n']) {
        return true;
    }
    let skipped = |char: char| char.is_whitespace() || (!is_complete && char == '"');
    cell.trim_start_matches(skipped)
        .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

/// Adds quotes to a cell if any locale requires them, or if a reader could trim it.
fn quoted(text: &str) -> Cow<'_, str> {
    if text.contains(SEPARATORS) || text.contains('"') || text.trim() != text {
        Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(text)
    }
}

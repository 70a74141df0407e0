//! How a freshness looks: its glyph and its key in the style sheets.

use chrono::TimeDelta;
use health::freshness::Freshness;
use health::words;

/// How fresh something is and how old: "live, 2 s ago".
#[must_use]
pub fn words(freshness: Freshness, age: Option<TimeDelta>) -> String {
    let age = age.map(|age| format!(", {}", words::ago(age)));
    format!("{}{}", freshness.word(), age.unwrap_or_default())
}

/// The glyph.
#[must_use]
pub fn glyph(freshness: Freshness) -> &'static str {
    match freshness {
        Freshness::Live => "live",
        Freshness::Aging => "aging",
        Freshness::Stale => "stale",
        Freshness::NoData => "nodata",
    }
}

/// The key.
#[must_use]
pub fn key(freshness: Freshness) -> &'static str {
    match freshness {
        Freshness::Live => "live",
        Freshness::Aging => "aging",
        Freshness::Stale => "stale",
        Freshness::NoData => "none",
    }
}

//! How a freshness looks: its glyph and its key in the style sheets.

use health::freshness::Freshness;

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

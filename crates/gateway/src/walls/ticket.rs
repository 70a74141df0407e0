//! What a wall's browser holds, sealed: while it waits, the number of its question; afterwards, which
//! wall it is. Each says what it is, so that none can be shown in place of another.

use super::Means;
use super::book::LIFE;
use crate::access::For;
use axum::http::{HeaderMap, HeaderValue};
use std::time::Duration;

/// Browsers keep no cookie for longer than 400 days.
const WALL: u64 = 400 * 24 * 3600;
/// A used one is renewed so often.
const RENEWED: u64 = 3600;

const OF_WALLS: &str = "wall 1 ";
const OF_QUESTIONS: &str = "pairing 1 ";

/// A wall's session. The register says whether it is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ticket {
    /// The wall's id.
    pub(crate) wall: String,
    seen: u64,
}

impl Ticket {
    pub(super) fn new(wall: String, now: u64) -> Self {
        Self { wall, seen: now }
    }

    /// Reads what was sealed, if it is a wall's and not too old. A little of the future is allowed for:
    /// clocks of two gateways differ.
    pub(crate) fn read(plain: &[u8], now: u64) -> Option<Self> {
        let text = std::str::from_utf8(plain).ok()?.strip_prefix(OF_WALLS)?;
        let (seen, wall) = text.split_once(' ')?;
        let seen: u64 = seen.parse().ok()?;
        let good = seen <= now + 120 && now < seen + WALL;
        good.then(|| Self::new(wall.to_owned(), seen))
    }

    /// The cookie to hand out in place of one that has been used for a while.
    pub(crate) fn renewal(&self, means: &Means<'_>, headers: &HeaderMap) -> Option<HeaderValue> {
        let due = means.now >= self.seen + RENEWED;
        due.then(|| Self::new(self.wall.clone(), means.now).cookie(means, headers))?
    }

    pub(super) fn cookie(&self, means: &Means<'_>, headers: &HeaderMap) -> Option<HeaderValue> {
        let plain = format!("{OF_WALLS}{} {}", self.seen, self.wall);
        let sealed = means.seal.close(plain.as_bytes())?;
        means
            .cookie
            .set(For::Session, headers, &sealed, Duration::from_secs(WALL))
    }
}

/// The number of the question that this browser asked, if it did.
pub(super) fn question(means: &Means<'_>, headers: &HeaderMap) -> Option<String> {
    let plain = means.seal.open(means.cookie.find(For::Pairing, headers)?)?;
    let text = String::from_utf8(plain).ok()?;
    text.strip_prefix(OF_QUESTIONS).map(ToOwned::to_owned)
}

/// The cookie for a question, for as long as an answer may be fetched; without a number, its end.
pub(super) fn question_cookie(
    means: &Means<'_>,
    headers: &HeaderMap,
    number: Option<&str>,
) -> Option<HeaderValue> {
    let (sealed, age) = match number {
        Some(number) => (
            means
                .seal
                .close(format!("{OF_QUESTIONS}{number}").as_bytes())?,
            Duration::from_secs(2 * LIFE),
        ),
        None => (String::new(), Duration::ZERO),
    };
    means.cookie.set(For::Pairing, headers, &sealed, age)
}

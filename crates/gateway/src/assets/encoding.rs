//! Chooses the encoding in which a file is sent to a browser (RFC 9110, section 12.5.3).

use super::files::File;
use axum::body::Bytes;

/// An encoding of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Brotli,
    Gzip,
    Identity,
}

impl Encoding {
    /// The name in `Content-Encoding`.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Identity => None,
        }
    }
}

/// The available encoding that the browser prefers, and among equal ones the smallest. The file without encoding if the
/// browser accepts none.
pub(super) fn choose(file: &File, accepted: &str) -> (Encoding, Bytes) {
    let forms = [
        (Encoding::Brotli, file.brotli.as_ref()),
        (Encoding::Gzip, file.gzip.as_ref()),
        (Encoding::Identity, Some(&file.content)),
    ];
    let mut best = (0, Encoding::Identity, &file.content);
    for (encoding, content) in forms {
        if let Some(content) = content {
            let quality = quality(accepted, encoding);
            if quality > best.0 {
                best = (quality, encoding, content);
            }
        }
    }
    (best.1, best.2.clone())
}

/// The browser's quality value of an encoding, in thousandths.
fn quality(accepted: &str, encoding: Encoding) -> u16 {
    let name = encoding.name().unwrap_or("identity");
    let (mut named, mut any) = (None, None);
    for item in accepted.split(',') {
        let mut parts = item.split(';').map(str::trim);
        let coding = parts.next().unwrap_or_default();
        let weight = parts
            .find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")))
            .map_or(1000, thousandths);
        if coding.eq_ignore_ascii_case(name)
            || (name == "gzip" && coding.eq_ignore_ascii_case("x-gzip"))
        {
            named = Some(weight);
        } else if coding == "*" {
            any = Some(weight);
        }
    }
    // Identity is acceptable unless excluded, with the lowest preference.
    let unnamed = if encoding == Encoding::Identity { 1 } else { 0 };
    named.or(any).unwrap_or(unnamed)
}

fn thousandths(text: &str) -> u16 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    match (whole, digits.parse::<u16>()) {
        ("1", Ok(_)) => 1000,
        ("0", Ok(digits)) => digits,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_available_encoding_that_the_browser_prefers_is_chosen() {
        let file = File::new(
            "a.js",
            Bytes::from_static(b"a"),
            Some(Bytes::from_static(b"b")),
            Some(Bytes::from_static(b"g")),
        );
        for (accepted, expected) in [
            ("gzip, deflate, br, zstd", Encoding::Brotli),
            ("gzip, deflate", Encoding::Gzip),
            ("BR", Encoding::Brotli),
            ("br;q=0.5, gzip;q=0.8", Encoding::Gzip),
            ("br;q=0.5, gzip;q=0.500", Encoding::Brotli),
            ("br;q=0, gzip", Encoding::Gzip),
            ("br; q=0.001", Encoding::Brotli),
            ("*", Encoding::Brotli),
            ("*;q=0.2, br;q=0", Encoding::Gzip),
            ("identity, gzip;q=0.5", Encoding::Identity),
            ("br;q=x", Encoding::Identity),
            ("zstd", Encoding::Identity),
            ("identity;q=0", Encoding::Identity),
            ("x-gzip", Encoding::Gzip),
            ("", Encoding::Identity),
        ] {
            assert_eq!(choose(&file, accepted).0, expected, "{accepted}");
        }
    }

    #[test]
    fn a_file_without_encodings_is_sent_unencoded() {
        let file = File::new("a.png", Bytes::from_static(b"a"), None, None);
        assert_eq!(choose(&file, "br, gzip").0, Encoding::Identity);
    }
}

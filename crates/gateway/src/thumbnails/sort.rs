//! Which sorts of picture are passed on: those that are pixels and nothing else. No SVG, which is a
//! document that can hold scripts.

/// A sort of picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Jpeg,
    Png,
    Webp,
    Gif,
}

impl Sort {
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
        }
    }

    /// The sort that a picture says it is and is: its `Content-Type` and its first bytes have to agree.
    pub(super) fn of(content_type: &str, bytes: &[u8]) -> Option<Self> {
        let said = content_type.split(';').next().unwrap_or_default().trim();
        Self::by_first_bytes(bytes).filter(|sort| said.eq_ignore_ascii_case(sort.media_type()))
    }

    fn by_first_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xFF, 0xD8, 0xFF, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some(Self::Png),
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => Some(Self::Webp),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_what_it_says_and_is() {
        let png = b"\x89PNG\r\n\x1a\n....";
        for (said, bytes, expected) in [
            ("image/png", &png[..], Some(Sort::Png)),
            ("Image/PNG; x=y", png, Some(Sort::Png)),
            ("image/jpeg", b"\xff\xd8\xff\xe0", Some(Sort::Jpeg)),
            ("image/gif", b"GIF89a..", Some(Sort::Gif)),
            ("image/gif", b"GIF87a..", Some(Sort::Gif)),
            (
                "image/webp",
                b"RIFF\x01\x02\x03\x04WEBPVP8 ",
                Some(Sort::Webp),
            ),
            ("image/jpeg", png, None),
            ("image/svg+xml", png, None),
            ("text/html", png, None),
            ("", png, None),
            ("image/png", b"<svg xmlns", None),
            ("image/svg+xml", b"<svg xmlns", None),
            ("image/png", b"\x89PNG", None),
            ("image/png", b"", None),
            ("image/webp", b"RIFF\x01\x02\x03\x04WAVE", None),
            ("image/gif", b"GIF88a", None),
            ("image/bmp", b"BM", None),
        ] {
            assert_eq!(Sort::of(said, bytes), expected, "{said} {bytes:?}");
        }
    }
}

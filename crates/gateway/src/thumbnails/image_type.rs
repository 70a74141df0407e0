//! The image types that are passed on: only those that contain nothing but pixels. SVG is excluded, because it can
//! contain scripts.

/// The type of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ImageType {
    Jpeg,
    Png,
    Webp,
    Gif,
}

impl ImageType {
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
        }
    }

    /// The type, if the `Content-Type` and the first bytes agree on it.
    pub(super) fn of(content_type: &str, bytes: &[u8]) -> Option<Self> {
        let declared = content_type.split(';').next().unwrap_or_default().trim();
        Self::by_first_bytes(bytes)
            .filter(|image_type| declared.eq_ignore_ascii_case(image_type.media_type()))
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
    fn the_declared_type_and_the_first_bytes_must_agree() {
        let png = b"\x89PNG\r\n\x1a\n....";
        for (declared, bytes, expected) in [
            ("image/png", &png[..], Some(ImageType::Png)),
            ("Image/PNG; x=y", png, Some(ImageType::Png)),
            ("image/jpeg", b"\xff\xd8\xff\xe0", Some(ImageType::Jpeg)),
            ("image/gif", b"GIF89a..", Some(ImageType::Gif)),
            ("image/gif", b"GIF87a..", Some(ImageType::Gif)),
            (
                "image/webp",
                b"RIFF\x01\x02\x03\x04WEBPVP8 ",
                Some(ImageType::Webp),
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
            assert_eq!(
                ImageType::of(declared, bytes),
                expected,
                "{declared} {bytes:?}"
            );
        }
    }
}

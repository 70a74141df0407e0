//! Draws the images behind `thumb_url`: a test card for each slicer and moment, so that images are
//! distinguishable. Some slicer ids return content that a client must not accept as an image.

use crate::answer;
use axum::http::header::{CACHE_CONTROL, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use flate2::{Compression, Crc, write::ZlibEncoder};
use std::io::Write as _;

/// Simulated seconds between two images of a slicer.
pub(crate) const SECONDS: i64 = 10;

const WIDTH: usize = 160;
const HEIGHT: usize = 90;

/// The size of the image of `fault-large`, in bytes.
const LARGE: usize = 3 * 1024 * 1024;

/// The palette: the slicer's own colour, white, and the colour bars.
const BARS: [[u8; 3]; 7] = [
    [0xC0, 0xC0, 0xC0],
    [0xC0, 0xC0, 0x00],
    [0x00, 0xC0, 0xC0],
    [0x00, 0xC0, 0x00],
    [0xC0, 0x00, 0xC0],
    [0xC0, 0x00, 0x00],
    [0x00, 0x00, 0xC0],
];
const OWN: u8 = 0;
const WHITE: u8 = 1;
const FIRST_BAR: usize = 2;

/// The response for a slicer's image; `name` is the last part of its path.
pub(crate) fn answer(slicer: &str, name: &str) -> Response {
    let number = name
        .strip_suffix(".png")
        .and_then(|number| number.parse().ok());
    let Some(number) = number else {
        return answer::empty(StatusCode::NOT_FOUND);
    };
    let (media, bytes) = match slicer {
        "fault-svg" => {
            let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
            ("image/svg+xml", svg.into())
        }
        "fault-large" => {
            let mut bytes = png(slicer, number);
            bytes.resize(LARGE, 0);
            ("image/png", bytes)
        }
        "fault-redirect" => {
            let mut response = answer::empty(StatusCode::FOUND);
            let elsewhere = HeaderValue::from_static("/thumbs/elsewhere/elsewhere/0.png");
            response.headers_mut().insert(LOCATION, elsewhere);
            return response;
        }
        _ => ("image/png", png(slicer, number)),
    };
    let mut response = answer::typed(StatusCode::OK, media, bytes);
    let minutes = HeaderValue::from_static("max-age=600");
    response.headers_mut().insert(CACHE_CONTROL, minutes);
    response
}

/// One test card: colour bars and a mark that move with every image, above the slicer's name on the
/// slicer's own colour.
fn png(slicer: &str, number: i64) -> Vec<u8> {
    let mut canvas = vec![OWN; WIDTH * HEIGHT];
    let step = |of: i64| usize::try_from(number.rem_euclid(of)).unwrap_or_default();
    for y in 0..HEIGHT / 2 {
        for x in 0..WIDTH {
            let bar = (x * BARS.len() / WIDTH + step(7)) % BARS.len();
            canvas[y * WIDTH + x] = u8::try_from(FIRST_BAR + bar).unwrap_or(WHITE);
        }
    }
    let mark = 4 + step(12) * 12;
    for y in HEIGHT / 2 + 4..HEIGHT / 2 + 10 {
        canvas[y * WIDTH + mark..y * WIDTH + mark + 10].fill(WHITE);
    }
    write(&mut canvas, slicer, HEIGHT - 20);
    let mut palette = own_colour(slicer).to_vec();
    palette.extend([0xFF; 3]);
    palette.extend(BARS.as_flattened());
    encode(&palette, &canvas)
}

/// A dark colour derived from the name (FNV-1a).
fn own_colour(name: &str) -> [u8; 3] {
    let hash = name.bytes().fold(0x811C_9DC5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    let [_, red, green, blue] = hash.to_be_bytes();
    [red / 2, green / 2, blue / 2]
}

/// Writes the name in letters of 3 × 5 points of two pixels each, truncated to the width.
fn write(canvas: &mut [u8], name: &str, top: usize) {
    const SCALE: usize = 2;
    const ADVANCE: usize = 4 * SCALE;
    for (at, letter) in name.chars().take(WIDTH / ADVANCE).enumerate() {
        let rows = letter_rows(letter.to_ascii_uppercase());
        for y in 0..5 * SCALE {
            for x in 0..3 * SCALE {
                let bit = 14 - (y / SCALE * 3 + x / SCALE);
                if rows >> bit & 1 == 1 {
                    canvas[(top + y) * WIDTH + at * ADVANCE + 4 + x] = WHITE;
                }
            }
        }
    }
}

/// Five rows of three points, one octal digit for each row.
fn letter_rows(letter: char) -> u16 {
    const LETTERS: [u16; 26] = [
        0o25755, 0o65656, 0o34443, 0o65556, 0o74647, 0o74644, 0o34553, 0o55755, 0o72227, 0o11152,
        0o55655, 0o44447, 0o57755, 0o65555, 0o25552, 0o65644, 0o25563, 0o65655, 0o34216, 0o72222,
        0o55557, 0o55552, 0o55775, 0o55255, 0o55222, 0o71247,
    ];
    const DIGITS: [u16; 10] = [
        0o75557, 0o26227, 0o71747, 0o71717, 0o55711, 0o74717, 0o74757, 0o71122, 0o75757, 0o75717,
    ];
    match letter {
        'A'..='Z' => LETTERS[letter as usize - 'A' as usize],
        '0'..='9' => DIGITS[letter as usize - '0' as usize],
        ' ' => 0,
        '-' => 0o00700,
        '_' => 0o00007,
        '.' => 0o00002,
        _ => 0o77777,
    }
}

/// Encodes a PNG (W3C, third edition) with one palette index, a byte, for each pixel.
fn encode(palette: &[u8], canvas: &[u8]) -> Vec<u8> {
    let size = |length: usize| u32::try_from(length).unwrap_or_default().to_be_bytes();
    let mut header = [size(WIDTH), size(HEIGHT)].concat();
    // Bit depth 8, colour type palette, default compression and filter method, no interlacing.
    header.extend([8, 3, 0, 0, 0]);
    let mut lines = ZlibEncoder::new(Vec::new(), Compression::default());
    for line in canvas.chunks(WIDTH) {
        // Writing into memory does not fail.
        let _ = lines.write_all(&[0]);
        let _ = lines.write_all(line);
    }
    let lines = lines.finish().unwrap_or_default();
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in [
        (b"IHDR", header.as_slice()),
        (b"PLTE", palette),
        (b"IDAT", &lines),
        (b"IEND", &[]),
    ] {
        let mut checksum = Crc::new();
        checksum.update(kind);
        checksum.update(data);
        bytes.extend(size(data.len()));
        bytes.extend(kind);
        bytes.extend(data);
        bytes.extend(checksum.sum().to_be_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::ZlibDecoder;
    use std::io::Read as _;

    /// The chunks of a PNG.
    fn chunks(png: &[u8]) -> Vec<(&[u8], &[u8])> {
        let mut rest = png.strip_prefix(b"\x89PNG\r\n\x1a\n").unwrap();
        let mut chunks = Vec::new();
        while !rest.is_empty() {
            let length = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
            let (chunk, checksum) = rest[4..].split_at(4 + length);
            let mut crc = Crc::new();
            crc.update(chunk);
            assert_eq!(crc.sum().to_be_bytes(), checksum[..4]);
            chunks.push(chunk.split_at(4));
            rest = &checksum[4..];
        }
        chunks
    }

    #[test]
    fn a_test_card_is_a_valid_png() {
        let png = png("news01", 7);
        let chunks = chunks(&png);
        let kinds: Vec<&[u8]> = chunks.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, [b"IHDR", b"PLTE", b"IDAT", b"IEND"]);
        let (header, palette) = (chunks[0].1, chunks[1].1);
        assert_eq!(header, [0, 0, 0, 160, 0, 0, 0, 90, 8, 3, 0, 0, 0]);
        let mut lines = Vec::new();
        ZlibDecoder::new(chunks[2].1)
            .read_to_end(&mut lines)
            .unwrap();
        assert_eq!(lines.len(), (WIDTH + 1) * HEIGHT);
        assert!(lines.chunks(WIDTH + 1).all(|line| line[0] == 0));
        assert!(
            lines
                .iter()
                .all(|pixel| usize::from(*pixel) < palette.len() / 3)
        );
    }

    #[test]
    fn every_slicer_and_moment_has_a_different_test_card() {
        let names = [
            "news01",
            "news02",
            "NEWS-3",
            "",
            "é/<script>",
            &"x".repeat(300),
        ];
        let mut pictures = std::collections::BTreeSet::new();
        for name in names {
            for number in [0, 1, 2, 6, 7, 11, 12, -1] {
                assert_eq!(png(name, number), png(name, number));
                pictures.insert(png(name, number));
            }
        }
        assert_eq!(pictures.len(), names.len() * 8);
        png("a", i64::MAX);
        png("a", i64::MIN);
    }
}

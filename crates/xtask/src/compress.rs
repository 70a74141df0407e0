//! Compresses the files of the built console at the highest level, into `.br` and `.gz` files beside them, which the
//! gateway serves unchanged.

use crate::command::Done;
use crate::fingerprint::files_under;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Extensions of compressible files; fonts and images are compressed already.
const COMPRESSIBLE: [&str; 10] = [
    "bin",
    "css",
    "html",
    "js",
    "json",
    "mjs",
    "svg",
    "txt",
    "wasm",
    "webmanifest",
];

/// Brotli's highest quality, with a window larger than the program.
const BROTLI_QUALITY: u32 = 11;
const BROTLI_WINDOW: u32 = 24;

/// Compresses every compressible file of the folder.
pub(crate) fn folder(dist: &Path) -> Done {
    let files = files_under(dist)?;
    for file in files.iter().filter(|file| is_compressible(file)) {
        compress(file).map_err(|error| format!("cannot compress {}: {error}", file.display()))?;
    }
    Ok(())
}

fn compress(file: &Path) -> std::io::Result<()> {
    let content = std::fs::read(file)?;
    std::fs::write(beside(file, "br"), brotli(&content)?)?;
    std::fs::write(beside(file, "gz"), gzip(&content)?)
}

fn is_compressible(file: &Path) -> bool {
    file.extension()
        .and_then(|end| end.to_str())
        .is_some_and(|end| COMPRESSIBLE.contains(&end))
}

/// The path of a file's compressed form.
pub(crate) fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_os_string();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

fn brotli(content: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut writer =
        brotli::CompressorWriter::new(&mut bytes, 64 * 1024, BROTLI_QUALITY, BROTLI_WINDOW);
    writer.write_all(content)?;
    // Dropping the writer finishes the stream.
    drop(writer);
    Ok(bytes)
}

fn gzip(content: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(content)?;
    writer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn both_compressed_files_decompress_to_the_original() {
        let content: Vec<u8> = (0..200_000_u32)
            .flat_map(|n| (n / 7).to_le_bytes())
            .collect();
        let (br, gz) = (brotli(&content).unwrap(), gzip(&content).unwrap());
        assert!(br.len() < content.len() / 2 && gz.len() < content.len() / 2);
        let mut back = Vec::new();
        brotli::Decompressor::new(br.as_slice(), 4096)
            .read_to_end(&mut back)
            .unwrap();
        assert!(back == content, "brotli");
        back.clear();
        flate2::read::GzDecoder::new(gz.as_slice())
            .read_to_end(&mut back)
            .unwrap();
        assert!(back == content, "gzip");
    }

    #[test]
    fn only_text_and_programs_are_compressed() {
        for (name, expected) in [
            ("app-1f.wasm", true),
            ("index.html", true),
            ("icon.svg", true),
            ("index.html.br", false),
            ("photo.png", false),
            ("font.woff2", false),
            ("LICENSE", false),
        ] {
            assert_eq!(is_compressible(Path::new(name)), expected, "{name}");
        }
    }
}

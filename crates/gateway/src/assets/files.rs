//! The files of the built console, in memory.

use super::earlier::EarlierFiles;
use super::encoding::Encoding;
use super::policy;
use crate::crypto::short_hex;
use axum::body::Bytes;
use axum::http::HeaderValue;
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::RustEmbed;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::io::Write as _;
use std::sync::LazyLock;

#[derive(RustEmbed)]
#[folder = "../../dist"]
#[allow_missing = true]
struct Dist;

/// The console's files by name, and the policies of its pages.
pub(crate) struct Assets {
    files: HashMap<String, File>,
    policy: HeaderValue,
    wall_policy: HeaderValue,
    base_path: String,
}

impl fmt::Debug for Assets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assets")
            .field("files", &self.files.keys())
            .finish_non_exhaustive()
    }
}

/// One file and its compressed encodings.
pub(super) struct File {
    pub(super) content: Bytes,
    pub(super) brotli: Option<Bytes>,
    pub(super) gzip: Option<Bytes>,
    pub(super) content_type: &'static str,
    hash: String,
    is_hashed: bool,
}

const INDEX: &str = "index.html";

impl Assets {
    /// The embedded console and the files of earlier builds. Empty if no console is embedded.
    pub(crate) fn embedded(earlier: &EarlierFiles) -> Self {
        let earlier = earlier.0.iter().cloned();
        Self::from_bytes(built().into_iter().chain(earlier))
    }

    /// A console of these files. `X.br` and `X.gz` are encodings of `X`, not files of their own.
    #[cfg(test)]
    pub(crate) fn from_files(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let files = files.into_iter();
        Self::from_bytes(files.map(|(name, content)| (name, Bytes::from(content))))
    }

    pub(super) fn from_bytes(files: impl IntoIterator<Item = (String, Bytes)>) -> Self {
        let mut all: HashMap<String, Bytes> = files.into_iter().collect();
        let is_encoding = |name: &String| {
            let original = name
                .strip_suffix(".br")
                .or_else(|| name.strip_suffix(".gz"));
            original.is_some_and(|original| all.contains_key(original))
        };
        let names: Vec<String> = all
            .keys()
            .filter(|name| !is_encoding(name))
            .cloned()
            .collect();
        let mut files = HashMap::new();
        for name in names {
            let brotli = all.remove(&format!("{name}.br"));
            let gzip = all.remove(&format!("{name}.gz"));
            if let Some(content) = all.remove(&name) {
                let file = File::new(&name, content, brotli, gzip);
                files.insert(name, file);
            }
        }
        let policy = policy_of(&files, &[], "");
        Self {
            files,
            wall_policy: policy.clone(),
            policy,
            base_path: String::new(),
        }
    }

    /// Serves the console below a path such as `/failover`: prefixes the file names in the page, and adds the path in a
    /// `meta` element for the console's links. A `base` element would also change links within the page.
    pub(crate) fn below(mut self, base_path: &str) -> Self {
        let Some(index) = self.index().filter(|_| !base_path.is_empty()) else {
            return self;
        };
        let mut page = String::from_utf8_lossy(&index.content).into_owned();
        for name in self.files.keys() {
            for quote in ['"', '\''] {
                let (old, new) = (
                    format!("{quote}/{name}"),
                    format!("{quote}{base_path}/{name}"),
                );
                page = page.replace(&old, &new);
            }
        }
        let meta = format!("<head><meta name=\"failover-base\" content=\"{base_path}\">");
        let page = page.replacen("<head>", &meta, 1);
        // The page contains the style sheet and is therefore large.
        let zipped = gzipped(page.as_bytes());
        let file = File::new(INDEX, Bytes::from(page), None, zipped);
        self.files.insert(INDEX.to_owned(), file);
        base_path.clone_into(&mut self.base_path);
        self.policy = policy_of(&self.files, &[], base_path);
        self.wall_policy = self.policy.clone();
        self
    }

    /// Allows pages of these origins to show the wall in a frame. Every response keeps `x-frame-options: DENY`, which
    /// only browsers without `frame-ancestors` support use.
    pub(crate) fn framed_by(mut self, origins: &[String]) -> Self {
        self.wall_policy = policy_of(&self.files, origins, &self.base_path);
        self
    }

    /// The file at a path without its leading slash. An empty path is the page.
    pub(super) fn file(&self, path: &str) -> Option<&File> {
        self.files.get(if path.is_empty() { INDEX } else { path })
    }

    /// Whether the console is built.
    pub(crate) fn is_built(&self) -> bool {
        self.index().is_some()
    }

    pub(super) fn index(&self) -> Option<&File> {
        self.files.get(INDEX)
    }

    /// The id of this build: the hash of its page, which names every file by its hash.
    pub(crate) fn build(&self) -> &str {
        self.index().map_or("none", |index| &index.hash)
    }

    /// The policy of the console's page at a path.
    pub(super) fn policy(&self, path: &str) -> &HeaderValue {
        if path == "/wall" {
            &self.wall_policy
        } else {
            &self.policy
        }
    }
}

fn policy_of(files: &HashMap<String, File>, ancestors: &[String], base_path: &str) -> HeaderValue {
    files
        .get(INDEX)
        .map_or_else(policy::without_scripts, |index| {
            policy::of(
                &String::from_utf8_lossy(&index.content),
                ancestors,
                base_path,
            )
        })
}

/// The compressed content; `None` if compression fails.
fn gzipped(content: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

impl File {
    pub(super) fn new(
        name: &str,
        content: Bytes,
        brotli: Option<Bytes>,
        gzip: Option<Bytes>,
    ) -> Self {
        Self {
            hash: short_hex(&content, 16),
            content_type: name
                .rsplit_once('.')
                .and_then(|(_, ending)| media_type(ending))
                .unwrap_or("application/octet-stream"),
            is_hashed: is_hashed(name),
            content,
            brotli,
            gzip,
        }
    }

    /// The entity tag. Each encoding has its own.
    pub(super) fn etag(&self, encoding: Encoding) -> String {
        match encoding.name() {
            Some(name) => format!("\"{}-{name}\"", self.hash),
            None => format!("\"{}\"", self.hash),
        }
    }

    pub(super) fn is_page(&self) -> bool {
        self.content_type.starts_with("text/html")
    }

    pub(super) fn cache_control(&self) -> &'static str {
        if self.is_hashed {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        }
    }
}

/// The console's files as embedded when this program was built; in a debug build, the files at the first call. They are
/// held once, because each reload creates its own assets.
pub(super) fn built() -> Vec<(String, Bytes)> {
    static BUILT: LazyLock<Vec<(String, Bytes)>> = LazyLock::new(|| {
        let files = Dist::iter().filter_map(|name| {
            let content = match Dist::get(&name)?.data {
                Cow::Borrowed(content) => Bytes::from_static(content),
                Cow::Owned(content) => Bytes::from(content),
            };
            Some((name.into_owned(), content))
        });
        files.collect()
    });
    BUILT.clone()
}

/// Whether the name holds a hash of the content, as the build tool writes it: `console-<hash>.js`,
/// `console-<hash>_bg.wasm`.
pub(super) fn is_hashed(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    let stem = last.split_once('.').map_or(last, |(stem, _)| stem);
    let stem = stem.strip_suffix("_bg").unwrap_or(stem);
    stem.rsplit_once('-').is_some_and(|(name, hash)| {
        !name.is_empty() && hash.len() >= 14 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// The media type by file extension, for the file types of a console.
pub(super) fn media_type(ending: &str) -> Option<&'static str> {
    Some(match ending {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "jpg" | "jpeg" => "image/jpeg",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_a_hash_count_as_hashed() {
        for (name, expected) in [
            ("failover-console-0123456789abcdef.js", true),
            ("failover-console-0123456789abcdef_bg.wasm", true),
            ("tokens-fedcba9876543210.css", true),
            ("snippets/x-0123456789abcdef/inline.js", false),
            ("failover-console.js", false),
            ("index.html", false),
            ("favicon.svg", false),
            ("font-regular.woff2", false),
            ("a-deadbeef.js", false),
        ] {
            assert_eq!(is_hashed(name), expected, "{name}");
        }
    }
}

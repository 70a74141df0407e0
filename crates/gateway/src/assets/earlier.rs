//! The files of the console's earlier builds. A page that was open during an upgrade still requests files of the build
//! that it was loaded from. The files are kept in a folder beside the store, for a day after the upgrade.

use super::files::{built, is_hashed};
use axum::body::Bytes;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};
use std::{fmt, io};

/// How long the files of a build are kept after an upgrade.
const LIFETIME: Duration = Duration::from_hours(24);

/// The maximum size of all earlier files, in bytes. Some gateways are upgraded many times a day.
const MAX_TOTAL_BYTES: u64 = 32 << 20;

/// The list of the files of the latest build, one name per line.
const IN_USE: &str = "in-use";

/// Files by name. The names hold a hash of the content, so they never conflict with those of this build.
#[derive(Default)]
pub(crate) struct EarlierFiles(pub(super) Vec<(String, Bytes)>);

impl fmt::Debug for EarlierFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

impl EarlierFiles {
    /// Reads the earlier files from a folder, stores this build's files there for the next build, and removes files
    /// that are no longer needed.
    ///
    /// # Errors
    /// The folder cannot be created, read or written.
    pub(crate) fn take_over(folder: &Path) -> io::Result<Self> {
        Self::take_over_at(folder, &built(), SystemTime::now())
    }

    fn take_over_at(folder: &Path, build: &[(String, Bytes)], now: SystemTime) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let hashed = build.iter().filter(|(name, _)| is_hashed(name));
        let names: BTreeSet<&str> = hashed.clone().map(|(name, _)| name.as_str()).collect();
        let list = folder.join(IN_USE);
        let last = fs::read_to_string(&list).unwrap_or_default();
        for name in last.lines().filter(|name| !names.contains(name)) {
            // The lifetime of the previous build's files starts now. Missing files are ignored.
            if let Ok(file) = File::options().append(true).open(folder.join(name)) {
                file.set_modified(now)?;
            }
        }
        for (name, content) in hashed {
            write_atomically(&folder.join(name), content)?;
        }
        let in_use: Vec<_> = names.iter().copied().collect();
        write_atomically(&list, in_use.join("\n").as_bytes())?;
        let mut earlier = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name != IN_USE && !names.contains(name.as_str()) {
                let about = entry.metadata()?;
                earlier.push((about.modified()?, about.len(), name));
            }
        }
        // Latest first.
        earlier.sort_by(|left, right| right.cmp(left));
        let (mut held, mut files) = (0, Vec::new());
        for (since, size, name) in earlier {
            let path = folder.join(&name);
            let is_kept = is_hashed(&name)
                && now.duration_since(since).unwrap_or_default() < LIFETIME
                && held + size <= MAX_TOTAL_BYTES;
            if is_kept {
                held += size;
                files.push((name, Bytes::from(fs::read(path)?)));
            } else {
                fs::remove_file(path)?;
            }
        }
        Ok(Self(files))
    }
}

/// Writes a file, unless it already has this content. A reader never sees an incomplete file.
fn write_atomically(path: &Path, content: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|present| present == content) {
        return Ok(());
    }
    let unfinished = path.with_extension("unfinished");
    fs::write(&unfinished, content)?;
    fs::rename(unfinished, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::Assets;

    const HOUR: Duration = Duration::from_hours(1);

    /// A build whose script has this number.
    fn build(number: u8) -> Vec<(String, Bytes)> {
        let page = format!("<script src=\"/a-00000000000000{number:02}.js\"></script>");
        let name = format!("a-00000000000000{number:02}.js");
        let of = |text: &str| Bytes::from(text.to_owned());
        vec![
            ("index.html".to_owned(), of(&page)),
            (name.clone(), of(&format!("build {number}"))),
            (format!("{name}.br"), of("brotli")),
        ]
    }

    fn names(earlier: &EarlierFiles) -> Vec<&str> {
        let names = earlier.0.iter().map(|(name, _)| name.as_str());
        let mut names: Vec<_> = names.collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn files_of_the_previous_build_are_kept_for_a_day_after_the_upgrade() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("made");
        let long_ago = SystemTime::now() - 1_000 * HOUR;
        let at = |number, hours| {
            EarlierFiles::take_over_at(&folder, &build(number), long_ago + hours * HOUR).unwrap()
        };
        assert!(names(&at(1, 0)).is_empty());
        // The build was in use for weeks; only the time of the upgrade counts.
        let first = ["a-0000000000000001.js", "a-0000000000000001.js.br"];
        assert_eq!(names(&at(2, 500)), first);
        assert_eq!(names(&at(2, 523)), first, "a restart changes nothing");
        assert!(names(&at(2, 525)).is_empty());
        assert!(!folder.join(first[0]).exists());
        // A downgrade, and the same upgrade again.
        assert_eq!(names(&at(1, 526)).len(), 2);
        assert_eq!(names(&at(2, 527)), first);
    }

    #[test]
    fn earlier_files_are_served_but_earlier_pages_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        EarlierFiles::take_over_at(folder.path(), &build(1), now).unwrap();
        let earlier = EarlierFiles::take_over_at(folder.path(), &build(2), now).unwrap();
        let mut files = build(2);
        files.extend(earlier.0);
        let assets = Assets::from_bytes(files);
        let old = assets.file("a-0000000000000001.js").unwrap();
        assert_eq!(&old.content[..], b"build 1");
        assert_eq!(old.brotli.as_deref(), Some(&b"brotli"[..]));
        let page = &assets.index().unwrap().content;
        assert!(String::from_utf8_lossy(page).contains("a-0000000000000002.js"));
    }

    #[test]
    fn foreign_files_and_files_beyond_the_size_limit_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        EarlierFiles::take_over_at(folder.path(), &build(1), now).unwrap();
        for name in ["index.html", "readme.txt"] {
            fs::write(folder.path().join(name), "foreign").unwrap();
        }
        let large = folder.path().join("large-0000000000000004.wasm");
        let file = File::create(&large).unwrap();
        file.set_len(MAX_TOTAL_BYTES + 1).unwrap();
        let earlier = EarlierFiles::take_over_at(folder.path(), &build(1), now).unwrap();
        assert!(names(&earlier).is_empty());
        assert!(!large.exists());
    }

    #[test]
    fn a_folder_that_cannot_be_created_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(EarlierFiles::take_over_at(&file, &build(1), SystemTime::now()).is_err());
    }
}

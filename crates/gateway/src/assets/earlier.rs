//! The files of the console's earlier builds. A page that was open when the gateway was upgraded still asks for
//! parts of the build that it began with. They lie in a folder beside the store, for a day after they were last
//! the ones in use.

use super::files::{built, is_hashed};
use axum::body::Bytes;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};
use std::{fmt, io};

/// How long after an upgrade an open page gets the parts of its build.
const KEPT: Duration = Duration::from_hours(24);

/// What all of them may hold, in bytes: some gateways are upgraded many times a day.
const MOST: u64 = 32 << 20;

/// Names the files of the build that was served last, one a line.
const IN_USE: &str = "in-use";

/// Files by their names, which hold a hash of the content: they never clash with those of this build.
#[derive(Default)]
pub(crate) struct EarlierFiles(pub(super) Vec<(String, Bytes)>);

impl fmt::Debug for EarlierFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

impl EarlierFiles {
    /// Reads the earlier ones from a folder, leaves this program's own there for its successor, and removes what
    /// is no longer needed.
    ///
    /// # Errors
    /// The folder cannot be made, read or written.
    pub(crate) fn take_over(folder: &Path) -> io::Result<Self> {
        Self::succeed(folder, &built(), SystemTime::now())
    }

    fn succeed(folder: &Path, build: &[(String, Bytes)], now: SystemTime) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let hashed = build.iter().filter(|(name, _)| is_hashed(name));
        let names: BTreeSet<&str> = hashed.clone().map(|(name, _)| name.as_str()).collect();
        let list = folder.join(IN_USE);
        let last = fs::read_to_string(&list).unwrap_or_default();
        for name in last.lines().filter(|name| !names.contains(name)) {
            // From now on they are earlier ones. One that is gone needs no time.
            if let Ok(file) = File::options().append(true).open(folder.join(name)) {
                file.set_modified(now)?;
            }
        }
        for (name, content) in hashed {
            write_whole(&folder.join(name), content)?;
        }
        let in_use: Vec<_> = names.iter().copied().collect();
        write_whole(&list, in_use.join("\n").as_bytes())?;
        let mut earlier = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name != IN_USE && !names.contains(name.as_str()) {
                let about = entry.metadata()?;
                earlier.push((about.modified()?, about.len(), name));
            }
        }
        // The latest first.
        earlier.sort_by(|left, right| right.cmp(left));
        let (mut held, mut files) = (0, Vec::new());
        for (since, size, name) in earlier {
            let path = folder.join(&name);
            let is_kept = is_hashed(&name)
                && now.duration_since(since).unwrap_or_default() < KEPT
                && held + size <= MOST;
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

/// Writes a file that is not there with this content already; a reader never sees half of it.
fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|there| there == content) {
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

    /// A build whose program bears this number.
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
    fn parts_of_the_last_build_are_kept_for_a_day_after_the_upgrade() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("made");
        let long_ago = SystemTime::now() - 1_000 * HOUR;
        let at = |number, hours| {
            EarlierFiles::succeed(&folder, &build(number), long_ago + hours * HOUR).unwrap()
        };
        assert!(names(&at(1, 0)).is_empty());
        // It was in use for weeks; only the upgrade counts.
        let first = ["a-0000000000000001.js", "a-0000000000000001.js.br"];
        assert_eq!(names(&at(2, 500)), first);
        assert_eq!(names(&at(2, 523)), first, "a restart changes nothing");
        assert!(names(&at(2, 525)).is_empty());
        assert!(!folder.join(first[0]).exists());
        // Back to a build that was there before, and forth.
        assert_eq!(names(&at(1, 526)).len(), 2);
        assert_eq!(names(&at(2, 527)), first);
    }

    #[test]
    fn an_earlier_part_is_served_beside_this_build_and_no_page_is() {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        EarlierFiles::succeed(folder.path(), &build(1), now).unwrap();
        let earlier = EarlierFiles::succeed(folder.path(), &build(2), now).unwrap();
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
    fn what_does_not_belong_there_is_never_served_and_much_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        EarlierFiles::succeed(folder.path(), &build(1), now).unwrap();
        for name in ["index.html", "readme.txt"] {
            fs::write(folder.path().join(name), "foreign").unwrap();
        }
        let large = folder.path().join("large-0000000000000004.wasm");
        let file = File::create(&large).unwrap();
        file.set_len(MOST + 1).unwrap();
        let earlier = EarlierFiles::succeed(folder.path(), &build(1), now).unwrap();
        assert!(names(&earlier).is_empty());
        assert!(!large.exists());
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(EarlierFiles::succeed(&file, &build(1), SystemTime::now()).is_err());
    }
}

//! A hash over the contents of many files, to skip builds that would change nothing. It detects changes; it is not
//! cryptographic.

use crate::command::Done;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};

/// The fingerprint of these files and folders under `root`, by name and content. A missing file counts as missing, so
/// that its creation is a change.
pub(crate) fn of(root: &Path, paths: &[&str]) -> Done<u64> {
    let mut hasher = DefaultHasher::new();
    for path in paths {
        add(&mut hasher, path.as_bytes());
        for file in files_under(&root.join(path))? {
            let content = std::fs::read(&file)
                .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
            let name = file.strip_prefix(root).unwrap_or(&file);
            add(&mut hasher, name.as_os_str().as_encoded_bytes());
            add(&mut hasher, &content);
        }
    }
    Ok(hasher.finish())
}

/// Every file at or below a path, sorted; none if the path does not exist.
pub(crate) fn files_under(path: &Path) -> Done<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(path
            .is_file()
            .then(|| path.to_path_buf())
            .into_iter()
            .collect());
    }
    let unreadable = |error: std::io::Error| format!("cannot list {}: {error}", path.display());
    let mut entries = std::fs::read_dir(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(unreadable)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    let mut files = Vec::new();
    for entry in entries {
        files.extend(files_under(&entry.path())?);
    }
    Ok(files)
}

/// Hashes the length first, so that moving bytes from one file to the next changes the hash.
fn add(hasher: &mut DefaultHasher, bytes: &[u8]) {
    hasher.write_usize(bytes.len());
    hasher.write(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A temporary folder for one test.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir()
                .join(format!("xtask-fingerprint-{}-{name}", std::process::id()));
            std::fs::create_dir_all(path.join("src/deep")).unwrap();
            let folder = Self(path);
            folder.write("src/a.rs", "one");
            folder.write("src/deep/b.rs", "two");
            folder
        }

        fn write(&self, name: &str, content: &str) {
            std::fs::write(self.0.join(name), content).unwrap();
        }

        fn fingerprint(&self) -> u64 {
            of(&self.0, &["src", "index.html"]).unwrap()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            std::fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn identical_contents_have_the_same_fingerprint() {
        let folder = Folder::new("same");
        let before = folder.fingerprint();
        folder.write("src/a.rs", "one");
        folder.write("outside.rs", "not asked about");
        assert_eq!(folder.fingerprint(), before);
    }

    #[test]
    fn a_changed_added_renamed_or_removed_file_changes_the_fingerprint() {
        type Change = fn(&Folder);
        let changes: [(&str, Change); 5] = [
            ("changed", |folder| folder.write("src/deep/b.rs", "twp")),
            ("added", |folder| folder.write("index.html", "")),
            ("removed", |folder| {
                std::fs::remove_file(folder.0.join("src/a.rs")).unwrap();
            }),
            ("renamed", |folder| {
                std::fs::rename(folder.0.join("src/a.rs"), folder.0.join("src/c.rs")).unwrap();
            }),
            ("shifted", |folder| {
                folder.write("src/a.rs", "on");
                folder.write("src/deep/b.rs", "etwo");
            }),
        ];
        for (name, change) in changes {
            let folder = Folder::new(name);
            let before = folder.fingerprint();
            change(&folder);
            assert_ne!(folder.fingerprint(), before, "{name}");
        }
    }
}

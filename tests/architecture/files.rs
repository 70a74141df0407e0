//! The repository's files as text, and helpers shared by several rules.

use std::path::{Path, PathBuf};

/// A text file, with its path relative to the repository and `/` as separator.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    pub(crate) fn is_under(&self, folders: &[&str]) -> bool {
        folders.iter().any(|folder| {
            self.path == *folder
                || self
                    .path
                    .strip_prefix(folder)
                    .is_some_and(|rest| rest.starts_with('/'))
        })
    }

    pub(crate) fn ends_with(&self, endings: &[&str]) -> bool {
        endings.iter().any(|ending| self.path.ends_with(ending))
    }

    /// The lines of code with their numbers: without comment lines and, in Rust, without the module of tests, which is
    /// the last part of a file.
    pub(crate) fn code(&self) -> Vec<(usize, &str)> {
        if self
            .path
            .split('/')
            .any(|part| part == "tests" || part == "tests.rs")
        {
            return Vec::new();
        }
        let lines: Vec<&str> = self.text.lines().collect();
        let starts_tests = |line: &usize| {
            let mut next = lines[*line..].iter().take(4);
            next.next().is_some_and(|line| *line == "#[cfg(test)]")
                && next.any(|line| line.starts_with("mod ") && line.ends_with('{'))
        };
        let end = (0..lines.len()).find(starts_tests).unwrap_or(lines.len());
        (1..)
            .zip(lines.into_iter().take(end))
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
            .collect()
    }
}

/// Generated or downloaded folders. In a second work tree, `.git` is a file.
const GENERATED: [&str; 3] = [".git", "node_modules", "out"];

/// Generated folders in the root; elsewhere, a folder with such a name is a module.
const GENERATED_AT_THE_TOP: [&str; 2] = ["dist", "target"];

/// Every text file of the repository.
pub(crate) fn all() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(root, root, &mut files);
    assert!(
        files.len() > 50,
        "the repository's files were not found under {}",
        root.display()
    );
    files
}

/// The file with this path, which must exist.
pub(crate) fn named<'a>(files: &'a [File], path: &str) -> &'a File {
    files
        .iter()
        .find(|file| file.path == path)
        .unwrap_or_else(|| panic!("{path} is missing, but the repository needs it"))
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<File>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_string_lossy();
        let name = name.as_ref();
        if GENERATED.contains(&name) || folder == root && GENERATED_AT_THE_TOP.contains(&name) {
            continue;
        }
        if path.is_dir() {
            collect(root, &path, files);
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            let path = path
                .strip_prefix(root)
                .unwrap()
                .to_string_lossy()
                .replace('\\', "/");
            files.push(File { path, text });
        }
    }
}

/// Complaints about lines of code that contain one of these words, outside the allowed files and folders.
pub(crate) fn words_outside(files: &[File], words: &[&str], allowed: &[&str]) -> Vec<String> {
    let outside = files.iter().filter(|file| !file.is_under(allowed));
    outside
        .flat_map(|file| {
            file.code().into_iter().filter_map(move |(number, line)| {
                let word = words.iter().find(|word| line.contains(**word))?;
                Some(format!("{}:{number} contains {word}", file.path))
            })
        })
        .collect()
}

#[test]
fn comments_and_tests_are_not_code() {
    let file = File::new(
        "src/a.rs",
        "//! one\nlet two;\n  // three\n#[cfg(test)]\nmod tests {\n}\n",
    );
    assert_eq!(file.code(), [(2, "let two;")]);
    assert_eq!(File::new("crates/a/tests/b.rs", "let two;").code(), []);
    let helper = "#[cfg(test)]\nuse x;\nfn three() {}";
    assert_eq!(
        File::new("src/a.rs", helper).code().len(),
        3,
        "no module of tests starts here"
    );
}

#[test]
fn a_folder_is_not_confused_with_one_of_the_same_prefix() {
    assert!(File::new("src/prefs.rs", "").is_under(&["src"]));
    assert!(File::new("src/prefs.rs", "").is_under(&["src/prefs.rs"]));
    assert!(!File::new("srcs/prefs.rs", "").is_under(&["src"]));
}

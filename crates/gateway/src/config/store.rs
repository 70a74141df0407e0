//! `[store]`: where the audit is kept.

use super::Surroundings;
use super::section::Section;
use std::fmt;
use std::path::{Path, PathBuf};

/// The file's name where the configuration does not say.
const USUAL_NAME: &str = "failover-console.db";

/// The folder that systemd makes for a service, with further ones behind a colon.
const STATE_DIRECTORY: &str = "STATE_DIRECTORY";

/// Where the store lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreLocation {
    /// In memory: what it holds ends with the process.
    Memory,
    /// In a file, beside which SQLite keeps `-wal` and `-shm` while it is open.
    File(PathBuf),
}

impl fmt::Display for StoreLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

pub(super) fn read(top: &Section<'_>, around: &Surroundings<'_>) -> StoreLocation {
    let usual = || {
        let state = (around.variable)(STATE_DIRECTORY).filter(|folders| !folders.is_empty());
        let folder = state.map(|folders| {
            let first = folders.split(':').next().unwrap_or_default();
            PathBuf::from(first)
        });
        let folder = folder.unwrap_or_else(|| around.folder.to_owned());
        StoreLocation::File(folder.join(USUAL_NAME))
    };
    let Some(section) = top.table("store") else {
        return usual();
    };
    let Some(path) = section.required("path") else {
        section.finish();
        return usual();
    };
    let location = if path.value == "memory" {
        StoreLocation::Memory
    } else {
        let file = around.folder.join(path.value);
        let folder = file
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        if !folder.unwrap_or(Path::new(".")).is_dir() {
            section.wrong(path.at, "path", "there is no such folder");
        }
        StoreLocation::File(file)
    };
    section.finish();
    location
}

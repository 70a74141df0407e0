//! The brotli sizes of the built console and their budgets, computed from the names and sizes of the built files.

use crate::command::Done;
use crate::compress::beside;
use crate::console::BUNDLE;
use crate::fingerprint::files_under;
use std::collections::BTreeMap;
use std::path::Path;

// Budgets in bytes of brotli, slightly above the reached sizes, so that growth is a deliberate decision.

/// The first visit to the Overview: the page with its styles and the script that shows the first alarms, the loader, and
/// the entry.
const FIRST_VISIT: usize = 231_000;

/// The sum of all pieces. No visit fetches them all, but it limits the code shared by several pages.
const WHOLE: usize = 1_062_000;

/// The bundle of each chunk, including pieces shared with others. A change of one chunk may therefore affect another.
const CHUNKS: [(&str, usize); 17] = [
    ("activity", 54_500),
    ("alarm_dialogs", 58_500),
    ("connections", 79_500),
    ("failover_session", 116_000),
    ("failover_sessions", 227_000),
    ("group", 188_000),
    ("group_dialogs", 127_000),
    ("group_session", 80_000),
    ("groups", 69_500),
    ("pairing", 14_500),
    ("report", 43_000),
    ("session_tools", 157_000),
    ("sign_in", 27_500),
    ("slicer_dialogs", 117_000),
    ("slicer_group", 202_500),
    ("slicers", 60_500),
    ("wall", 84_500),
];

/// Sizes in bytes of brotli.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sizes {
    /// The entry, which every visit loads.
    entry: usize,
    /// Everything that the first visit to the Overview fetches, except data.
    first_visit: usize,
    /// The bundle of each chunk, including pieces shared with others.
    chunks: BTreeMap<String, usize>,
    /// The whole program.
    whole: usize,
}

impl Sizes {
    /// Measures a compressed folder.
    pub(crate) fn of(dist: &Path) -> Done<Self> {
        let mut files = Vec::new();
        for file in files_under(dist)? {
            let name = file
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if name.ends_with(".br") || name.ends_with(".gz") {
                continue;
            }
            let compressed = beside(&file, "br");
            let sent = if compressed.exists() {
                compressed
            } else {
                file
            };
            let size = std::fs::metadata(&sent)
                .map(|meta| usize::try_from(meta.len()).unwrap_or(usize::MAX))
                .map_err(|error| format!("cannot measure {}: {error}", sent.display()))?;
            files.push((name, size));
        }
        let sizes = Self::sum(&files);
        if sizes.entry == 0 {
            return Err(format!("the build left no program in {}", dist.display()));
        }
        Ok(sizes)
    }

    fn sum(files: &[(String, usize)]) -> Self {
        let mut sizes = Self::default();
        for (name, size) in files {
            if let Some(chunk) = name.strip_prefix(BUNDLE) {
                let chunk = chunk.rsplit_once('-').map_or(chunk, |(chunk, _)| chunk);
                sizes.chunks.insert(chunk.to_owned(), *size);
                continue;
            }
            let piece = name
                .strip_suffix(".wasm")
                .and_then(|name| name.rsplit_once('-'));
            let Some((piece, _)) = piece else {
                sizes.first_visit += size;
                continue;
            };
            sizes.whole += size;
            if piece == "console-main" {
                sizes.entry += size;
                sizes.first_visit += size;
            }
        }
        sizes
    }

    /// The sizes as one line of text.
    pub(crate) fn line(&self) -> String {
        let chunks: Vec<_> = self
            .chunks
            .iter()
            .map(|(chunk, size)| format!("{} {}", chunk.replace('_', " "), size / 1000))
            .collect();
        format!(
            "first visit {} kB of brotli, {} kB of it the program; pages after it: {}; all of the program {}",
            self.first_visit / 1000,
            self.entry / 1000,
            chunks.join(", "),
            self.whole / 1000
        )
    }

    /// Fails with a list of all exceeded budgets.
    pub(crate) fn within_budget(&self) -> Done {
        let first_visit = [(
            "the first visit to the Overview",
            self.first_visit,
            FIRST_VISIT,
        )];
        let chunks = self.chunks.iter().map(|(chunk, size)| {
            // A new chunk gets its budget in the change that adds it.
            let budget = CHUNKS.iter().find(|(name, _)| name == chunk);
            (
                chunk.as_str(),
                *size,
                budget.map_or(0, |(_, budget)| *budget),
            )
        });
        let whole = [("the whole program", self.whole, WHOLE)];
        let over: Vec<_> = first_visit
            .into_iter()
            .chain(chunks)
            .chain(whole)
            .filter(|(_, size, budget)| size > budget)
            .map(|(what, size, budget)| {
                format!("{what} costs {size} bytes of brotli, and its budget is {budget}")
            })
            .collect();
        if over.is_empty() {
            return Ok(());
        }
        Err(format!(
            "the console is too large: {}; make it smaller, or raise the budget in crates/xtask/src/sizes.rs and say in the commit what it is for",
            over.join("; ")
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(main: usize) -> Sizes {
        let file = |name: &str, size| (name.to_owned(), size);
        Sizes::sum(&[
            file("index.html", 1),
            file("console-0123456789abcdef.js", 2),
            file("console-main-0123456789abcdef.wasm", main),
            file("groups-0123456789abcdef.wasm", 16),
            file("failover_sessions-groups-0123456789abcdef.wasm", 32),
            file("bundle-groups-0123456789abcdef.bin", 40),
            file("bundle-failover_sessions-0123456789abcdef.bin", 31),
        ])
    }

    #[test]
    fn the_size_of_a_chunk_is_that_of_its_bundle() {
        let sizes = sizes(4);
        assert_eq!((sizes.entry, sizes.first_visit, sizes.whole), (4, 7, 52));
        let chunks: Vec<_> = sizes
            .chunks
            .iter()
            .map(|(name, size)| (name.as_str(), *size))
            .collect();
        assert_eq!(chunks, [("failover_sessions", 31), ("groups", 40)]);
        assert_eq!(
            sizes.line(),
            "first visit 0 kB of brotli, 0 kB of it the program; pages after it: failover sessions 0, groups 0; all of the program 0"
        );
    }

    #[test]
    fn an_exceeded_budget_is_named() {
        assert_eq!(sizes(4).within_budget(), Ok(()));
        let why = sizes(FIRST_VISIT).within_budget().unwrap_err();
        let costs = format!(
            "the first visit to the Overview costs {} bytes",
            FIRST_VISIT + 3
        );
        assert!(why.contains(&costs), "{why}");
        assert!(!why.contains("groups"), "{why}");
        let new = Sizes::sum(&[("bundle-news-0123456789abcdef.bin".to_owned(), 1)]);
        let why = new.within_budget().unwrap_err();
        assert!(
            why.contains("news costs 1 bytes of brotli, and its budget is 0"),
            "{why}"
        );
    }

    #[test]
    fn a_folder_without_a_program_cannot_be_measured() {
        let nowhere = std::env::temp_dir().join("failover-console-no-such-folder");
        assert!(Sizes::of(&nowhere).is_err_and(|why| why.contains("no program")));
    }
}

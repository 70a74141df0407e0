//! What the built console costs a browser, in brotli, and what it may cost. Read from the names and the sizes of the
//! built files.

use crate::command::Done;
use crate::compress::beside;
use crate::console::BUNDLE;
use crate::fingerprint::files_under;
use std::collections::BTreeMap;
use std::path::Path;

/// Budgets in bytes of brotli, a little above what was reached. A change that needs more says why where it
/// raises one.
// 2 kB of it draw the alarms before the program has come, and 3 kB say of which connection an alarm is, what mends it,
// and in full why something was refused. 1 kB takes over what was asked of a vendor before the program came, and 1 kB
// remembers who led a group last, tells a proxy's answers from the gateway's, and asks a gateway again that was not there
// at the start. 1 kB makes the overview readable at a zoom of 200 %, says how many alarms a filter leaves out, and gives a
// lost connection words of ours. 2 kB keep an unfolded alarm, the focus and a date that is being typed where they are,
// notice a clock that was set back, and go on with a session that has begun again. 2 kB say how old the recent changes are
// where they cannot be read, keep the focus where something goes away, and tell an alarm from before a restart as the last
// known. 4 kB follow the browser's font size, judge each source by its own interval, restore the place and the focus after
// Back, print the page, follow who signs in beside it, and mark what somebody takes care of. 2 kB say that alerts do not
// arrive, tell another critical state of what was critical already, and keep notices that have the focus.
const FIRST_VISIT: usize = 236_000;
// The pieces one by one, which nobody fetches so: 10 kB of it are pieces that were put together before, when each page
// fetched more of what it does not need. 7 kB show for which times it is not known who
// led, to screen readers as well. 9 kB put together what several connections answer to one query. 7 kB keep dialogs and
// what is typed in them while their group is not found, and saved queries that cannot be read, and say before an action what
// is not known. 16 kB compare before a change all that decides what it does, say while something loads that it does, keep the choices of
// a query in step with its address, and let a wall ask whether it is old. 22 kB compare a group before it is deleted, keep
// a drag with its pointer and its slicer, say what an Undo does on air, offer what helps in place of an activation, judge
// times by each vendor's clock, keep the focus in long tables, and lay the wall out so that no word moves a tile. 24 kB verify
// changes of groups, compare who is alive before them, follow a group in open dialogs, and are pieces of their own for a
// session's details and for pairing.
const WHOLE: usize = 1_070_000;

/// What each chunk may add, with what it shares with others: its bundle.
const CHUNKS: [(&str, usize); 17] = [
    // Knows of which time entries are no longer kept.
    ("activity", 52_500),
    // Withdraws only the acknowledgement that was shown.
    ("alarm_dialogs", 54_000),
    // Keeps the focus where a wall that was revoked stood.
    ("connections", 76_000),
    ("failover_session", 108_000),
    // Reads whole queries that are pasted, and pages whose number the server does not say, asks several connections, and
    // shows the ranges and choices of the address.
    // Counts back by each vendor's clock, and says of which connections the sessions are.
    ("failover_sessions", 227_000),
    // Knows when nobody saw who led, and who leads where a service's status does not say.
    // The focus stays with its session in a long table.
    ("group", 183_000),
    // Says who takes over with a heartbeat, and takes nothing back that somebody changed since.
    ("group_dialogs", 119_500),
    ("group_session", 72_500),
    ("groups", 65_500),
    ("pairing", 14_500),
    ("report", 39_000),
    ("session_tools", 157_000),
    // Changes of what it shares with others move it by some bytes; it had no room for that.
    // Says that one has signed out.
    ("sign_in", 21_000),
    // Compares and verifies all of what a switch was confirmed for.
    // Offers what helps in place of an activation.
    ("slicer_dialogs", 105_500),
    // Compares what was saved with what is held, and rows with what was looked at.
    // Holds a drag with its pointer, and an order still while a conflict stands.
    ("slicer_group", 202_500),
    ("slicers", 53_000),
    // Tells groups of one name in several connections apart.
    // Makes the worst tile the largest, and keeps the others where they are.
    ("wall", 84_500),
];

/// Bytes of brotli.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sizes {
    /// The program that every visit loads.
    entry: usize,
    /// Everything that the first visit to the Overview fetches, but for data.
    first_visit: usize,
    /// What each chunk adds, with what it shares with others: its bundle.
    chunks: BTreeMap<String, usize>,
    /// The whole program.
    whole: usize,
}

impl Sizes {
    /// The sizes of a compressed folder.
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

    /// The sizes in words.
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

    /// Fails with every budget that is not kept.
    pub(crate) fn within_budget(&self) -> Done {
        let first_visit = [(
            "the first visit to the Overview",
            self.first_visit,
            FIRST_VISIT,
        )];
        let chunks = self.chunks.iter().map(|(chunk, size)| {
            // One that is not named has no budget yet: it gets one with the change that brings it.
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
            "the console is too large: {}; make it smaller, or raise the budget in crates/xtask/src/sizes.rs and say why",
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
    fn each_page_costs_what_its_bundle_does() {
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
    fn a_budget_that_is_not_kept_is_named() {
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

//! The status wall is read by whoever walks past it, and changes nothing: nothing that writes is within
//! its reach.

use crate::files::{File, all, words_outside};
use crate::none;

/// What leads to a change: who sends one, what describes one to send, the dialogs that ask for one.
const WRITES: [&str; 9] = [
    "Writer",
    "backend",
    "transport",
    "gloo_net",
    "vendors::",
    "Call",
    "deed",
    "Deed",
    "Dialog",
];

/// Of the other pages the wall takes what things are called and what is wrong with them, no more.
const TAKES: [&str; 3] = ["attention", "failover_sessions", "slicers"];

/// Uses of other pages beyond what the wall may take: `slicers::save` and the like.
fn reaches_into_pages(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        for (number, line) in file.code() {
            for (at, _) in line
                .match_indices("slicers::")
                .chain(line.match_indices("failover_sessions::"))
            {
                let rest = line[at..].split_once("::").map_or("", |(_, rest)| rest);
                // `health` has modules of the same names, which judge and do nothing.
                let is_ours = !line[..at].ends_with("health::");
                if is_ours && !rest.starts_with("name(") {
                    complaints.push(format!("{}:{number} takes {}", file.path, line.trim()));
                }
            }
            if let Some((_, page)) = line.split_once("crate::pages::") {
                let pages = page.trim_start_matches('{').split([',', '}', ';', ':']);
                let first = pages.map(str::trim).next().unwrap_or_default();
                if first != "wall" && !TAKES.contains(&first) {
                    complaints.push(format!("{}:{number} takes {first}", file.path));
                }
            }
        }
    }
    complaints
}

fn of_the_wall() -> Vec<File> {
    let mut files = all();
    files.retain(|file| file.is_under(&["src/pages/wall"]) && file.ends_with(&[".rs"]));
    assert!(
        files.len() > 10,
        "the wall has moved: look for it where it is now"
    );
    files
}

#[test]
fn the_wall_has_nothing_that_writes_within_its_reach() {
    let files = of_the_wall();
    let remedy = "the wall shows and never changes: leave it to the pages behind the rail";
    none(&words_outside(&files, &WRITES, &[]), remedy);
    none(&reaches_into_pages(&files), remedy);
}

#[test]
fn what_would_let_the_wall_write_is_found() {
    let found = |text: &str| {
        let files = [File::new("src/pages/wall/bar.rs", text)];
        words_outside(&files, &WRITES, &[]).len() + reaches_into_pages(&files).len()
    };
    for line in [
        "use crate::backend::aveva::Writer;",
        "use crate::ui::{Deed, Icon};",
        "use vendors::aveva;",
        "let call: Call<()> = x;",
        "slicers::save::save(group);",
        "use crate::pages::groups;",
        // A screen that asks to be paired stands in the wall's place, and is no part of it.
        "use crate::pages::Pairing;",
        "use crate::pages::pairing::Pairing;",
    ] {
        assert!(found(line) > 0, "{line}");
    }
    for line in [
        "use crate::live::{use_clock, use_sources};",
        "use crate::pages::{failover_sessions, slicers};",
        "let name = slicers::name(group);",
        "use health::failover_sessions::is_recent;",
        "// a Writer has no business here",
    ] {
        assert_eq!(found(line), 0, "{line}");
    }
}

//! The status wall is read by people who walk past it, and changes nothing: nothing that writes is within
//! its reach.

use crate::files::{File, all, words_outside};
use crate::none;

/// What leads to a change: who sends one, what describes one to send, the dialogs that ask for one.
const WRITES: [&str; 9] = [
    "Writer",
    "api::",
    "transport",
    "gloo_net",
    "vendors::",
    "Call",
    "action_dialog",
    "ActionContext",
    "Dialog",
];

/// Uses of other pages: the wall shows what `live` knows, and takes nothing of them.
fn reaches_into_pages(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        for (number, line) in file.code() {
            if let Some((_, page)) = line.split_once("crate::pages::") {
                let pages = page.trim_start_matches('{').split([',', '}', ';', ':']);
                let first = pages.map(str::trim).next().unwrap_or_default();
                if first != "wall" {
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
        let files = [File::new("src/pages/wall/control_bar.rs", text)];
        words_outside(&files, &WRITES, &[]).len() + reaches_into_pages(&files).len()
    };
    for line in [
        "use crate::api::aveva::Writer;",
        "use crate::ui::{ActionDialog, Icon};",
        "use vendors::aveva;",
        "let call: Call<()> = x;",
        "use crate::pages::slicers;",
        "use crate::pages::groups;",
        // A screen that asks to be paired stands in the wall's place, and is no part of it.
        "use crate::pages::Pairing;",
        "use crate::pages::pairing::Pairing;",
    ] {
        assert!(found(line) > 0, "{line}");
    }
    for line in [
        "use crate::live::{use_clock, use_watched};",
        "use crate::live::Watched;",
        "use health::failover_sessions::is_recent;",
        "// a Writer has no business here",
    ] {
        assert_eq!(found(line), 0, "{line}");
    }
}

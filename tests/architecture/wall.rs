//! The status wall is in public view and changes nothing, so its code must not reach any code that sends changes.

use crate::assert_none;
use crate::files::{File, all, words_outside};

/// Names that lead to a change: senders, descriptions of requests, dialogs of actions.
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

/// Uses of other pages: the wall only uses the data of `live`.
fn uses_of_other_pages(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        for (number, line) in file.code() {
            if let Some((_, page)) = line.split_once("crate::pages::") {
                let pages = page.trim_start_matches('{').split([',', '}', ';', ':']);
                let first = pages.map(str::trim).next().unwrap_or_default();
                if first != "wall" {
                    complaints.push(format!("{}:{number} uses {first}", file.path));
                }
            }
        }
    }
    complaints
}

fn wall_files() -> Vec<File> {
    let mut files = all();
    files.retain(|file| file.is_under(&["src/pages/wall"]) && file.ends_with(&[".rs"]));
    assert!(
        files.len() > 10,
        "the wall was moved: correct its path in this test"
    );
    files
}

#[test]
fn the_wall_cannot_reach_code_that_changes_anything() {
    let files = wall_files();
    let remedy = "the wall only shows data: put changes on other pages";
    assert_none(&words_outside(&files, &WRITES, &[]), remedy);
    assert_none(&uses_of_other_pages(&files), remedy);
}

#[test]
fn forbidden_uses_in_the_wall_are_found() {
    let found = |text: &str| {
        let files = [File::new("src/pages/wall/control_bar.rs", text)];
        words_outside(&files, &WRITES, &[]).len() + uses_of_other_pages(&files).len()
    };
    for line in [
        "use crate::api::aveva::Writer;",
        "use crate::ui::{ActionDialog, Icon};",
        "use vendors::aveva;",
        "let call: Call<()> = x;",
        "use crate::pages::slicers;",
        "use crate::pages::groups;",
        // The screen that pairs a wall is shown at the same address, but is not part of the wall.
        "use crate::pages::Pairing;",
        "use crate::pages::pairing::Pairing;",
    ] {
        assert!(found(line) > 0, "{line}");
    }
    for line in [
        "use crate::live::{use_clock, use_watched};",
        "use crate::live::Watched;",
        "use health::failover_sessions::is_recent;",
        "// a Writer is not allowed here",
    ] {
        assert_eq!(found(line), 0, "{line}");
    }
}

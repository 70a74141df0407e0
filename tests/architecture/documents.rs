//! Commands, reasons for dependencies and links in the documents exist.

use crate::assert_none;
use crate::files::{File, all, named};

/// The verbs of `cargo xtask`, from its own help.
fn verbs(help: &str) -> Vec<&str> {
    let text = help
        .split("const HELP: &str = \"")
        .nth(1)
        .unwrap_or_default();
    text.lines()
        .take_while(|line| !line.contains("\";"))
        .filter_map(|line| {
            line.strip_prefix("  ")
                .filter(|line| !line.starts_with(' '))
        })
        .filter_map(|line| line.split_whitespace().next())
        .collect()
}

/// The verbs that a text uses after `cargo xtask`.
fn verbs_used(text: &str) -> Vec<&str> {
    text.split("cargo xtask ")
        .skip(1)
        .map(|rest| {
            rest.split(|c: char| !c.is_ascii_lowercase() && c != '-')
                .next()
                .unwrap_or_default()
        })
        .filter(|verb| !verb.is_empty())
        .collect()
}

#[test]
fn every_command_in_the_documents_exists() {
    let files = all();
    let known = verbs(&named(&files, "crates/xtask/src/main.rs").text);
    assert!(
        known.contains(&"run") && known.contains(&"test"),
        "xtask's help could not be parsed"
    );
    let complaints: Vec<_> = files
        .iter()
        .filter(|file| file.ends_with(&[".md"]) || file.is_under(&[".ci"]))
        .flat_map(|file| {
            let unknown = verbs_used(&file.text)
                .into_iter()
                .filter(|verb| !known.contains(verb));
            unknown.map(|verb| format!("{} mentions `cargo xtask {verb}`", file.path))
        })
        .collect();
    assert_none(
        &complaints,
        "add the verb to crates/xtask/src/main.rs, or remove it from the document",
    );
}

#[test]
fn the_readme_names_run_and_test_and_the_ci_runs_test() {
    let files = all();
    let readme = verbs_used(&named(&files, "README.md").text);
    for verb in ["run", "test"] {
        assert!(
            readme.contains(&verb),
            "README.md must mention `cargo xtask {verb}`"
        );
    }
    let ci = verbs_used(&named(&files, ".ci/run").text);
    assert_eq!(
        ci,
        ["test"],
        ".ci/run must run the same test command as the README, and nothing else"
    );
}

/// External crates of the workspace without a row with a reason in a table of the text.
fn dependencies_without_reason(manifest: &str, reasons: &str) -> Vec<String> {
    let section = manifest
        .split("[workspace.dependencies]")
        .nth(1)
        .unwrap_or_default();
    section
        .lines()
        .take_while(|line| !line.starts_with('['))
        .filter(|line| line.contains('=') && !line.starts_with('#') && !line.contains("path ="))
        .filter_map(|line| line.split([' ', '.', '=']).next())
        .filter(|name| {
            let quoted = format!("`{name}`");
            let has_row = |line: &str| {
                let mut cells = line.trim().trim_matches('|').split('|');
                line.starts_with('|')
                    && cells.next().is_some_and(|first| first.contains(&quoted))
                    && cells
                        .next_back()
                        .is_some_and(|reason| !reason.trim().is_empty())
            };
            !reasons.lines().any(has_row)
        })
        .map(|name| format!("`{name}` has no reason"))
        .collect()
}

#[test]
fn every_dependency_has_a_reason_in_the_architecture() {
    let files = all();
    assert_none(
        &dependencies_without_reason(
            &named(&files, "Cargo.toml").text,
            &named(&files, "ARCHITECTURE.md").text,
        ),
        "add a row to the table of crates in ARCHITECTURE.md: the name in backticks, then the reason",
    );
}

/// Relative links of a Markdown file whose target does not exist.
fn dead_links(file: &File, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    file.text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', '#', ' ']).next())
        .filter(|link| !link.is_empty() && !link.contains("://") && !link.starts_with("mailto:"))
        .filter(|link| {
            let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
            for part in link.trim_end_matches('/').split('/') {
                match part {
                    ".." => drop(parts.pop()),
                    "." => {}
                    part => parts.push(part),
                }
            }
            !exists(&parts.join("/"))
        })
        .map(|link| format!("{} links to {link}", file.path))
        .collect()
}

#[test]
fn every_link_between_documents_is_valid() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let complaints: Vec<_> = all()
        .iter()
        .filter(|file| file.ends_with(&[".md"]))
        .flat_map(|file| dead_links(file, |path| root.join(path).exists()))
        .collect();
    assert_none(&complaints, "correct the link, or create its target");
}

#[test]
fn verbs_are_read_from_the_help_and_from_the_documents() {
    let help = "const HELP: &str = \"\\\ncargo xtask VERB\n\n  run [-- X]  build\n              more\n  test        all\n\nEach\";\n  no";
    assert_eq!(verbs(help), ["run", "test"]);
    assert_eq!(
        verbs_used("`cargo xtask dist`, then\n    cargo xtask run -- --seed 2"),
        ["dist", "run"]
    );
}

#[test]
fn a_dependency_without_a_row_is_found() {
    let manifest = "[workspace.dependencies]\nours = { path = \"x\" }\n\nserde = \"1\"\ntower-http = \"0\"\n\n[package]\nname = \"x\"";
    let found = |reasons: &str| dependencies_without_reason(manifest, reasons);
    let both = "| `serde` | reads what vendors send |\n| `tower-http` | time-outs and limits |";
    assert_eq!(found(both), Vec::<String>::new());
    assert_eq!(found("| `serde` | reads what vendors send |").len(), 1);
    assert_eq!(
        found("`serde` and `tower-http` are used").len(),
        2,
        "a mention is not a reason"
    );
    assert_eq!(
        found("| `serde` | |\n| `tower-http` | |").len(),
        2,
        "an empty cell is not a reason"
    );
}

#[test]
fn a_dead_link_is_found() {
    let file = File::new(
        "docs/a.md",
        "[x](b.md) [y](../README.md#z) [w](https://host.example/) [v](c/d.md)",
    );
    assert_eq!(
        dead_links(&file, |path| path == "docs/b.md" || path == "README.md"),
        ["docs/a.md links to c/d.md"]
    );
}

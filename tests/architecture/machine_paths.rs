//! The repository contains no paths of the machine that it was written on, and no hosts that its packages were fetched
//! from.

use crate::assert_none;
use crate::files::{File, all, named};

/// Folders of developers' machines. Split, so that this file does not violate its own rule.
const FOLDERS: [&str; 6] = [
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/t", "mp/"),
    concat!("/Us", "ers/"),
    concat!("/wo", "rk/"),
    concat!("C:", "\\Users"),
];

const REGISTRIES: [&str; 6] = [
    concat!("registry.npm", "js.org"),
    concat!("index.crates", ".io"),
    concat!("static.crates", ".io"),
    concat!("deb.debian", ".org"),
    concat!("pypi", ".org"),
    concat!("proxy.golang", ".org"),
];

/// The only source of crates allowed in Cargo.lock.
const CRATES: &str = "registry+https://github.com/rust-lang/crates.io-index";

fn paths_and_hosts(file: &File) -> Vec<String> {
    let mut complaints = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        let folder = FOLDERS.iter().find(|folder| starts_a_path(line, folder));
        let host = REGISTRIES.iter().find(|host| line.contains(**host));
        for word in folder.into_iter().chain(host) {
            complaints.push(format!("{}:{} contains {word}", file.path, number + 1));
        }
    }
    complaints
}

/// Whether the folder is the start of a path, not in the middle of one or in a URL.
fn starts_a_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && !"._-~}*{$>".contains(c))
    })
}

#[test]
fn no_file_mentions_a_machine_or_a_registry() {
    let complaints: Vec<_> = all().iter().flat_map(paths_and_hosts).collect();
    assert_none(
        &complaints,
        "write a path relative to the repository, or one that exists on every machine",
    );
}

#[test]
fn the_lock_files_name_no_mirror() {
    let files = all();
    let mut complaints: Vec<_> = unexpected_sources(&named(&files, "Cargo.lock").text);
    if named(&files, "package-lock.json")
        .text
        .contains("\"resolved\"")
    {
        complaints.push("package-lock.json contains the addresses of packages".to_owned());
    }
    assert_none(
        &complaints,
        "create the lock file without a mirror; with our .npmrc, npm omits the addresses",
    );
}

fn unexpected_sources(lock: &str) -> Vec<String> {
    lock.lines()
        .filter_map(|line| line.strip_prefix("source = \"")?.strip_suffix('"'))
        .filter(|source| *source != CRATES)
        .map(|source| format!("Cargo.lock contains a crate from {source}"))
        .collect()
}

#[test]
fn a_machine_path_is_found_but_a_url_is_allowed() {
    let found = |line: &str| paths_and_hosts(&File::new("README.md", line)).len();
    for folder in &FOLDERS[..5] {
        assert_eq!(found(&format!("see {folder}somebody/file")), 1, "{folder}");
        assert_eq!(found(&format!("\"{folder}file\"")), 1, "{folder}");
        assert_eq!(
            found(&format!("https://host.example{folder}file")),
            0,
            "{folder}"
        );
    }
    assert_eq!(found(&format!("https://{}/axe-core", REGISTRIES[0])), 1);
    assert_eq!(found("target/release/failover-console"), 0);
}

#[test]
fn a_crate_from_a_mirror_is_found() {
    assert_eq!(
        unexpected_sources(&format!("source = \"{CRATES}\"")),
        Vec::<String>::new()
    );
    assert_eq!(
        unexpected_sources("source = \"registry+https://mirror.example/index\"").len(),
        1
    );
    assert_eq!(
        unexpected_sources("source = \"git+https://host.example/fork\"").len(),
        1
    );
}

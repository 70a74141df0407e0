//! Nothing in the repository tells of the machine that it was written on, or of where that machine
//! got its packages from.

use crate::files::{File, all, named};
use crate::none;

/// Folders of people's machines. Spelled in halves, or this file would complain about itself.
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

/// Where Cargo.lock says crates come from, and may.
const CRATES: &str = "registry+https://github.com/rust-lang/crates.io-index";

fn paths_and_hosts(file: &File) -> Vec<String> {
    let mut complaints = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        let folder = FOLDERS.iter().find(|folder| begins_a_path(line, folder));
        let host = REGISTRIES.iter().find(|host| line.contains(**host));
        for word in folder.into_iter().chain(host) {
            complaints.push(format!("{}:{} says {word}", file.path, number + 1));
        }
    }
    complaints
}

/// Whether the folder stands at the beginning of a path, not amid one or in a URL.
fn begins_a_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && !"._-~}*{$>".contains(c))
    })
}

#[test]
fn no_file_tells_of_a_machine_or_of_a_registry() {
    let complaints: Vec<_> = all().iter().flat_map(paths_and_hosts).collect();
    none(
        &complaints,
        "write a path relative to the repository, or one that anybody would have",
    );
}

#[test]
fn the_lock_files_name_no_host_of_their_own() {
    let files = all();
    let mut complaints: Vec<_> = strange_sources(&named(&files, "Cargo.lock").text);
    if named(&files, "package-lock.json")
        .text
        .contains("\"resolved\"")
    {
        complaints.push("package-lock.json says where packages were fetched from".to_owned());
    }
    none(
        &complaints,
        "lock again without a mirror; npm leaves the hosts out when .npmrc is in force",
    );
}

fn strange_sources(lock: &str) -> Vec<String> {
    lock.lines()
        .filter_map(|line| line.strip_prefix("source = \"")?.strip_suffix('"'))
        .filter(|source| *source != CRATES)
        .map(|source| format!("Cargo.lock takes a crate from {source}"))
        .collect()
}

#[test]
fn a_path_of_a_machine_is_found_and_a_url_is_not_one() {
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
        strange_sources(&format!("source = \"{CRATES}\"")),
        Vec::<String>::new()
    );
    assert_eq!(
        strange_sources("source = \"registry+https://mirror.example/index\"").len(),
        1
    );
    assert_eq!(
        strange_sources("source = \"git+https://host.example/fork\"").len(),
        1
    );
}

//! Dependencies point one way: `src` and `gateway` to `health` to `vendors`. The simulator depends on none of our
//! crates.

use crate::assert_none;
use crate::files::{File, all};

/// A crate: its folder, the crates of ours that its manifest may name, and further ones for its tests.
struct CrateRules {
    name: &'static str,
    folder: &'static str,
    may_use: &'static [&'static str],
    tests_may_use: &'static [&'static str],
}

const CRATES: [CrateRules; 7] = [
    CrateRules {
        name: "vendors",
        folder: "crates/vendors",
        may_use: &[],
        tests_may_use: &[],
    },
    CrateRules {
        name: "health",
        folder: "crates/health",
        may_use: &["vendors"],
        tests_may_use: &[],
    },
    CrateRules {
        name: "protocol",
        folder: "crates/protocol",
        // Resources and alarms are `health`'s own types, so that they are described once.
        may_use: &["vendors", "health"],
        tests_may_use: &[],
    },
    CrateRules {
        name: "failover-console",
        folder: "",
        may_use: &["vendors", "health", "protocol"],
        tests_may_use: &["simulator"],
    },
    CrateRules {
        name: "gateway",
        folder: "crates/gateway",
        may_use: &["vendors", "health", "protocol", "simulator"],
        tests_may_use: &[],
    },
    CrateRules {
        name: "simulator",
        folder: "crates/simulator",
        may_use: &[],
        tests_may_use: &[],
    },
    CrateRules {
        name: "xtask",
        folder: "crates/xtask",
        may_use: &[],
        tests_may_use: &[],
    },
];

/// The dependencies of a manifest, each with the name of its section.
fn dependencies(manifest: &str) -> Vec<(&str, String)> {
    let mut section = "";
    let mut found = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
            // `[dependencies.name]` is a dependency as well as a section.
            if let Some((kind, name)) = section.rsplit_once("dependencies.") {
                found.push((
                    if kind.ends_with("dev-") {
                        "dev-dependencies"
                    } else {
                        "dependencies"
                    },
                    name.to_owned(),
                ));
            }
        } else if section.ends_with("dependencies") && section != "workspace.dependencies" {
            let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
            if !name.is_empty() && !name.starts_with('#') {
                found.push((section, name.to_owned()));
            }
            if let Some(renamed) = line.split("package = \"").nth(1) {
                found.push((
                    section,
                    renamed.split('"').next().unwrap_or_default().to_owned(),
                ));
            }
        }
    }
    found
}

fn forbidden_dependencies(rules: &CrateRules, manifest: &str) -> Vec<String> {
    dependencies(manifest)
        .into_iter()
        .filter(|(_, name)| CRATES.iter().any(|other| other.name == name))
        .filter(|(section, name)| {
            let name = name.as_str();
            let in_tests =
                section.ends_with("dev-dependencies") && rules.tests_may_use.contains(&name);
            !rules.may_use.contains(&name) && !in_tests
        })
        .map(|(section, name)| format!("{}'s [{section}] names {name}", rules.name))
        .collect()
}

/// Paths that start with the name of a crate of ours that this one may not use. A module with such a name is allowed.
/// Files included from another crate by their path count as uses, too.
fn forbidden_uses(rules: &CrateRules, files: &[&File]) -> Vec<String> {
    let has_module = |name: &str| {
        files.iter().any(|file| {
            file.path.ends_with(&format!("/{name}.rs"))
                || file.path.ends_with(&format!("/{name}/mod.rs"))
        })
    };
    let forbidden: Vec<_> = CRATES
        .iter()
        .filter(|other| other.name != rules.name && !rules.may_use.contains(&other.name))
        .map(|other| other.name.replace('-', "_"))
        .filter(|name| !has_module(name))
        .collect();
    let mut complaints = Vec::new();
    for file in files {
        for (number, line) in file.code() {
            for name in forbidden.iter().filter(|name| starts_a_path(line, name)) {
                complaints.push(format!("{}:{number} uses {name}", file.path));
            }
            if line.trim_start().starts_with("#[path") {
                complaints.push(format!(
                    "{}:{number} includes a module from another folder",
                    file.path
                ));
            }
        }
    }
    complaints
}

fn starts_a_path(line: &str, name: &str) -> bool {
    line.match_indices(&format!("{name}::")).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':' && c != '"')
    })
}

#[test]
fn dependencies_between_crates_point_one_way() {
    let files = all();
    let mut complaints = Vec::new();
    for rules in &CRATES {
        let within = |rest: &str| {
            if rules.folder.is_empty() {
                rest.to_owned()
            } else {
                format!("{}/{rest}", rules.folder)
            }
        };
        let manifest = crate::files::named(&files, &within("Cargo.toml"));
        complaints.extend(forbidden_dependencies(rules, &manifest.text));
        let sources = within("src");
        let own: Vec<_> = files
            .iter()
            .filter(|file| file.is_under(&[&sources]) && file.ends_with(&[".rs"]))
            .collect();
        complaints.extend(forbidden_uses(rules, &own));
    }
    assert_none(
        &complaints,
        "move the code to the crate that may know this (ARCHITECTURE.md lists the crates and what \
         each may use), or pass in what it needs as an argument",
    );
}

#[test]
fn every_crate_has_rules() {
    let complaints: Vec<_> = all()
        .iter()
        .filter(|file| file.path.ends_with("Cargo.toml"))
        .map(|file| {
            file.path
                .trim_end_matches("Cargo.toml")
                .trim_end_matches('/')
                .to_owned()
        })
        .filter(|folder| !CRATES.iter().any(|rules| rules.folder == folder))
        .collect();
    assert_none(
        &complaints,
        "add the rules of the new crate to tests/architecture/crate_dependencies.rs",
    );
}

#[test]
fn every_crate_uses_the_lints_of_the_workspace() {
    let complaints: Vec<_> = all()
        .iter()
        .filter(|file| file.path.ends_with("Cargo.toml"))
        .filter(|file| !file.text.contains("[lints]\nworkspace = true"))
        .map(|file| format!("{} does not use them", file.path))
        .collect();
    assert_none(
        &complaints,
        "add `[lints]` with `workspace = true` to the manifest",
    );
}

#[test]
fn a_forbidden_dependency_is_found_in_every_form_of_manifest() {
    let vendors = &CRATES[0];
    for manifest in [
        "[dependencies]\nhealth.workspace = true",
        "[dependencies]\nhealth = { path = \"../health\" }",
        "[dependencies.health]\npath = \"../health\"",
        "[dev-dependencies]\nhealth = { workspace = true }",
        "[build-dependencies]\nhealth.workspace = true",
        "[target.'cfg(unix)'.dependencies]\nhealth.workspace = true",
        "[dependencies]\nother = { package = \"health\", path = \"../health\" }",
    ] {
        assert_eq!(
            forbidden_dependencies(vendors, manifest).len(),
            1,
            "{manifest}"
        );
    }
    for manifest in [
        "[dependencies]\nserde.workspace = true",
        "[package]\nname = \"health\"",
        "[dependencies]\n# health",
    ] {
        assert_eq!(
            forbidden_dependencies(vendors, manifest).len(),
            0,
            "{manifest}"
        );
    }
}

#[test]
fn a_dependency_for_tests_is_forbidden_elsewhere() {
    let console = &CRATES[3];
    let bad = "[dependencies]\nsimulator.workspace = true";
    let good = "[dev-dependencies]\nsimulator.workspace = true";
    assert_eq!(forbidden_dependencies(console, bad).len(), 1);
    assert_eq!(forbidden_dependencies(console, good).len(), 0);
}

#[test]
fn a_forbidden_use_is_found_but_a_module_of_that_name_is_allowed() {
    let vendors = &CRATES[0];
    let complaints =
        |path: &str, text: &str| forbidden_uses(vendors, &[&File::new(path, text)]).len();
    assert_eq!(
        complaints("crates/vendors/src/a.rs", "use health::Verdict;"),
        1
    );
    assert_eq!(
        complaints("crates/vendors/src/a.rs", "let x = health::judge(y);"),
        1
    );
    assert_eq!(
        complaints(
            "crates/vendors/src/a.rs",
            "#[path = \"../../health/src/a.rs\"]"
        ),
        1
    );
    assert_eq!(
        complaints("crates/vendors/src/a.rs", "use crate::health::Verdict;"),
        0
    );
    assert_eq!(
        complaints("crates/vendors/src/a.rs", "// health::judge does that"),
        0
    );
    assert_eq!(
        complaints("crates/vendors/src/health.rs", "use health::Verdict;"),
        0
    );
}

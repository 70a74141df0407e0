//! Checks the rules of ARCHITECTURE.md. Each rule is a pure function from files to complaints; its tests apply it to
//! the repository and to examples that violate it.
#![cfg(test)]

mod boundaries;
mod crate_dependencies;
mod documents;
mod files;
mod machine_paths;
mod modules;
mod reference;
mod wall;

/// Fails with every complaint and the remedy.
fn assert_none(complaints: &[String], remedy: &str) {
    assert!(
        complaints.is_empty(),
        "\n  {}\n  Remedy: {remedy}\n",
        complaints.join("\n  ")
    );
}

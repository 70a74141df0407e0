//! Keeps the architecture as ARCHITECTURE.md tells it: each rule is a pure function from files to
//! complaints, shown here with examples that break it, and then asked about the repository itself.
#![cfg(test)]

mod arrows;
mod documents;
mod files;
mod modules;
mod places;
mod reference;
mod secrets_of_machines;
mod wall;

/// Fails with every complaint, and with what to do about them.
fn none(complaints: &[String], remedy: &str) {
    assert!(
        complaints.is_empty(),
        "\n  {}\n  What to do: {remedy}\n",
        complaints.join("\n  ")
    );
}

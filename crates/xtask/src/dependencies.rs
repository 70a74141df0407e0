//! Checks the dependencies against deny.toml. Licences, bans and sources need only Cargo.lock and the packages.
//! Advisories need their database; if it cannot be reached, the check reports that and passes.

use crate::command::{Done, run};
use crate::install;
use crate::tree::Tree;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Time limit for fetching the advisory database, a clone of some ten megabytes.
const PATIENCE: Duration = Duration::from_secs(90);

pub(crate) fn check(tree: &Tree) -> Done {
    let program = install::cargo_deny(tree)?;
    let deny = |options: &[&str], arguments: &[&str]| {
        let mut command = Command::new(&program);
        command
            .args(["--workspace", "--locked"])
            .args(options)
            .args(arguments)
            .current_dir(&tree.root);
        command
    };
    // Stale entries of deny.toml are errors, too.
    run(&mut deny(
        &[],
        &[
            "check",
            "-D",
            "warnings",
            "--hide-inclusion-graph",
            "licenses",
            "bans",
            "sources",
        ],
    ))?;
    if !comes(&mut deny(&[], &["fetch", "db"]), PATIENCE) {
        println!("advisories: not checked, because their database cannot be reached");
        return Ok(());
    }
    run(&mut deny(
        &["--offline"],
        &["check", "--hide-inclusion-graph", "advisories"],
    ))
}

/// Whether a program succeeds within a time limit. Its output, which is about the network, is not shown.
fn comes(command: &mut Command, patience: Duration) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Never prompt for a password.
        .env("GIT_TERMINAL_PROMPT", "0");
    command
        .spawn()
        .is_ok_and(|child| ends_well(child, patience))
}

fn ends_well(mut child: Child, patience: Duration) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < patience {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => std::thread::sleep(Duration::from_millis(50)),
            Err(_) => break,
        }
    }
    // Fails if the program has just ended, which is fine.
    let _ = child.kill();
    let _ = child.wait();
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_failing_or_slow_program_is_not_successful() {
        let second = Duration::from_secs(20);
        assert!(comes(Command::new("cargo").arg("--version"), second));
        assert!(!comes(Command::new("cargo").arg("no-such-verb"), second));
        assert!(!comes(&mut Command::new("no-such-program-here"), second));
        assert!(!comes(
            Command::new("cargo").arg("--version"),
            Duration::ZERO
        ));
    }

    #[test]
    fn every_exception_in_deny_toml_has_a_reason() {
        let file = std::fs::read_to_string(Tree::of_this_workspace().root.join("deny.toml"));
        let file = file.unwrap();
        let lines: Vec<&str> = file
            .lines()
            .map(str::trim)
            .filter(|line| {
                line.starts_with("{ id =")
                    || line.starts_with("{ crate =") && !line.contains("allow =")
            })
            .collect();
        assert!(lines.len() > 10, "{lines:?}");
        for line in lines {
            let reason = line.split("reason = \"").nth(1).unwrap_or_default();
            assert!(reason.trim_end_matches("\" },").len() > 3, "{line}");
        }
    }
}

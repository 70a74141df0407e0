//! Instructions of a decode: the part of a refresh that can be counted exactly, whatever else the machine does.

use crate::command::{Done, cargo, on_path, quote, run};
use crate::tree::Tree;
use std::path::Path;
use std::process::Command;

/// What the example `decode` of `crates/protocol` decodes, and the instructions per response that were reached.
const REACHED: [(&str, u64); 2] = [("inventory", 22_900_000), ("sessions", 13_000_000)];

/// Above the reached number by this share, the check fails.
const SLACK_PERCENT: u64 = 15;

/// Fails if a decode takes more instructions than its limit. Without valgrind it reports that nothing was counted.
pub(crate) fn check(tree: &Tree) -> Done {
    if !on_path("valgrind") {
        println!("instructions: not counted, because valgrind is not installed");
        return Ok(());
    }
    run(cargo(tree).args([
        "build",
        "--release",
        "--locked",
        "--quiet",
        "--package",
        "protocol",
        "--example",
        "decode",
    ]))?;
    let program = tree.target.join("release").join("examples").join("decode");
    let mut exceeded = Vec::new();
    for (case, reached) in REACHED {
        // The difference leaves out the start of the program and the making of the response.
        let (none, one) = (count(&program, case, "0")?, count(&program, case, "1")?);
        let decode = one.saturating_sub(none);
        println!("instructions of a decode, {case}: {decode} (reached before: {reached})");
        if is_over(decode, reached) {
            exceeded.push(case);
        }
    }
    if exceeded.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "more than {SLACK_PERCENT} % above the instructions reached before: {}",
            exceeded.join(", ")
        ))
    }
}

fn is_over(decode: u64, reached: u64) -> bool {
    decode * 100 > reached * (100 + SLACK_PERCENT)
}

/// The instructions of a whole run of the example.
fn count(program: &Path, case: &str, decodes: &str) -> Done<u64> {
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([case, decodes]);
    let quoted = quote(&valgrind);
    let output = valgrind
        .output()
        .map_err(|error| format!("`{quoted}` could not be started: {error}"))?;
    let report = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("`{quoted}` ended with {}: {report}", output.status));
    }
    collected(&report).ok_or_else(|| format!("`{quoted}` reported no instructions: {report}"))
}

/// The number in callgrind's line `==1234== Collected : 5678`.
fn collected(report: &str) -> Option<u64> {
    let line = report.lines().find(|line| line.contains("Collected"))?;
    line.rsplit_once(':')?.1.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_instructions_is_read_from_the_report() {
        let report = "==7== Events    : Ir\n==7== Collected : 123456\n==7== \n";
        assert_eq!(collected(report), Some(123_456));
        assert_eq!(collected("==7== Events    : Ir\n"), None);
    }

    #[test]
    fn a_decode_may_take_fifteen_percent_more_than_before() {
        assert!(!is_over(1_150, 1_000));
        assert!(is_over(1_151, 1_000));
    }
}

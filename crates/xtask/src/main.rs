//! `cargo xtask`: builds, runs and tests the product, and installs the tools for that.
//!
//! Contains no product logic: it starts other programs and reports which one failed, and why.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool talks to its terminal"
)]

mod build;
mod checks;
mod command;
mod compress;
mod console;
mod dependencies;
mod fingerprint;
mod install;
mod instructions;
mod size_report;
mod sizes;
mod tree;
mod versions;

use std::process::ExitCode;
use tree::Tree;

/// The help text.
const HELP: &str = "\
cargo xtask VERB

  run [-- ARGUMENTS]  build, then start the demonstration on http://127.0.0.1:8080;
                      the arguments go to `failover-console demo`
  build               build target/release/failover-console, with the console embedded
  test [NAME]         formatting, lints and every test, including browser tests; with a name
                      only the tests whose name contains it
  size [FILE]         the contents of each piece of the console by owner, and the changes since the
                      previous run, or since an earlier target/console-sizes.tsv copied to FILE
  check               formatting, lints, the rules of deny.toml for the dependencies, and, with valgrind,
                      the instructions of a decode
  bench               compare first visits, a group opened by its address, refreshes and a group with very
                      many sessions with equivalent React and hand-written pages; measure very many
                      groups, a drag, a wall and the relay: 45 minutes, on an idle machine
  soak [REFRESHES]    refresh the status wall 20,000 times, and check that it uses no more memory
                      at the end than after the first thousand
  fuzz [MINUTES]      feed random input to the request path, the body reader, every decoder and every
                      rule, ten minutes by default
  load [MINUTES]      1,000 viewers for a minute: one call to the vendor per interval, and no more
                      memory at the end than after ten seconds; then mixed load for an hour, or
                      MINUTES, with no more memory at the end than in the first minutes
  help                this text

Each verb first installs missing tools: the wasm target, wasm-bindgen, wasm-split-cli, the npm
packages of package.json, for check cargo-deny, for test Chromium and, as root, PostgreSQL.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (verb, rest) = match arguments.split_first() {
        Some((verb, rest)) => (verb.as_str(), rest),
        None => ("help", &[][..]),
    };
    let tree = Tree::of_this_workspace();
    let tree = &tree;
    let done = match (verb, rest) {
        ("run", rest) => Some(build::run(tree, rest)),
        ("build", []) => Some(build::build(tree)),
        ("size", []) => Some(size(tree, None)),
        ("size", [before]) => Some(size(tree, Some(before))),
        ("test", []) => Some(checks::test(tree, None)),
        ("test", [name]) => Some(checks::test(tree, Some(name))),
        ("check", []) => Some(checks::check(tree)),
        ("bench", []) => Some(checks::bench(tree)),
        ("soak", rest) => number(rest, 20_000).map(|refreshes| checks::soak(tree, refreshes)),
        ("fuzz", rest) => number(rest, 10).map(|minutes| checks::fuzz(tree, minutes)),
        ("load", rest) => number(rest, 60).map(|minutes| checks::load(tree, minutes)),
        ("help" | "--help" | "-h", []) => {
            println!("{HELP}");
            Some(Ok(()))
        }
        _ => None,
    };
    match done {
        Some(Ok(())) => ExitCode::SUCCESS,
        Some(Err(why)) => {
            eprintln!("\nxtask: {why}");
            ExitCode::FAILURE
        }
        None => {
            eprintln!("not understood: {}\n\n{HELP}", arguments.join(" "));
            ExitCode::from(2)
        }
    }
}

/// The number argument of a verb, or its default. `None` if the argument is not a positive number.
fn number(rest: &[String], usual: u64) -> Option<u64> {
    match rest {
        [] => Some(usual),
        [text] => text.parse().ok().filter(|number| *number > 0),
        _ => None,
    }
}

/// Builds the console and prints its contents by owner.
fn size(tree: &Tree, before: Option<&str>) -> command::Done {
    build::console(tree)?;
    size_report::print(tree, before)
}

//! `cargo xtask`: builds, runs and tests the product, and installs what that needs.
//!
//! Holds no product logic: it starts other programs and says which one, and why.
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
mod size_report;
mod sizes;
mod tree;
mod versions;

use std::process::ExitCode;
use tree::Tree;

/// What a person typed after `cargo xtask`; [`HELP`] explains each.
const HELP: &str = "\
cargo xtask VERB

  run [-- ARGUMENTS]  build, then start the demonstration on http://127.0.0.1:8080;
                      the arguments go to `failover-console demo`
  build               leave the program, the console inside it, in target/release/failover-console
  test [NAME]         formatting, lints and every test, the browser ones included; with a name
                      only the tests that bear it
  size [FILE]         what is in each piece of the console, owner by owner, and what changed since
                      the last time, or since an earlier target/console-sizes.tsv kept as FILE
  check               formatting, lints and what deny.toml asks of the dependencies
  bench               measure first visits, a group opened by its address, refreshes and a group of very
                      many sessions beside pages of the same job with React and by hand, very many
                      groups, a drag, a wall and the relay: three quarters of an hour, on an idle machine
  soak [REFRESHES]    refresh the status wall 20,000 times, and see that it holds no more
                      at the end than after the first thousand
  fuzz [MINUTES]      try the request path, the body reader, every decoder and every rule with random
                      input, ten minutes unless said otherwise
  load [MINUTES]      1,000 viewers for a minute: one call to the vendor per interval, and no more
                      memory at the end than after ten seconds; then an hour, or so many minutes,
                      of everything at once, with no more memory at the end than in the first
  help                this text

Each verb first installs what it needs and does not find: the wasm target, wasm-bindgen,
wasm-split-cli, the npm packages of package.json, for check cargo-deny, for test Chromium and,
for root, PostgreSQL.";

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

/// The number that a verb was given, or its usual one. `None` where something else was.
fn number(rest: &[String], usual: u64) -> Option<u64> {
    match rest {
        [] => Some(usual),
        [text] => text.parse().ok().filter(|number| *number > 0),
        _ => None,
    }
}

/// Builds the console and says what is in it.
fn size(tree: &Tree, before: Option<&str>) -> command::Done {
    build::console(tree)?;
    size_report::print(tree, before)
}

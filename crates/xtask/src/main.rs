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
    let done = match (verb, rest) {
        ("run", rest) => build::run(&tree, rest),
        ("build", []) => build::build(&tree),
        ("size", []) => size(&tree, None),
        ("size", [before]) => size(&tree, Some(before)),
        ("test", []) => checks::test(&tree, None),
        ("test", [name]) => checks::test(&tree, Some(name)),
        ("check", []) => checks::check(&tree),
        ("bench", []) => checks::bench(&tree),
        ("soak", []) => checks::soak(&tree, "20000"),
        ("soak", [refreshes]) if refreshes.parse::<u32>().is_ok_and(|n| n > 0) => {
            checks::soak(&tree, refreshes)
        }
        ("fuzz", []) => checks::fuzz(&tree, 10),
        ("fuzz", [minutes]) if minutes.parse::<u64>().is_ok_and(|n| n > 0) => {
            checks::fuzz(&tree, minutes.parse().unwrap_or(10))
        }
        ("load", []) => checks::load(&tree, "60"),
        ("load", [minutes]) if minutes.parse::<u64>().is_ok_and(|n| n > 0) => {
            checks::load(&tree, minutes)
        }
        ("help" | "--help" | "-h", []) => {
            println!("{HELP}");
            Ok(())
        }
        _ => {
            eprintln!("not understood: {}\n\n{HELP}", arguments.join(" "));
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("\nxtask: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Builds the console and says what is in it.
fn size(tree: &Tree, before: Option<&str>) -> command::Done {
    build::console(tree)?;
    size_report::print(tree, before)
}

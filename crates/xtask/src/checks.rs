//! Formatting, lints and tests, each step with its time, all of them even after one failed: one
//! run tells everything that is wrong.

use crate::command::{Done, cargo, run};
use crate::tree::Tree;
use crate::{build, dependencies, install};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// The steps taken so far: name, outcome, time.
#[derive(Default)]
struct Steps(Vec<Step>);

/// A step that was taken.
type Step = (&'static str, Done, Duration);

fn take(name: &'static str, step: impl FnOnce() -> Done) -> Step {
    println!("== {name}");
    let begun = Instant::now();
    let outcome = step();
    let time = begun.elapsed();
    if let Err(why) = &outcome {
        eprintln!("{why}");
    }
    println!("== {name}: {} in {:.0?}", word(&outcome), time);
    (name, outcome, time)
}

impl Steps {
    fn take(&mut self, name: &'static str, step: impl FnOnce() -> Done) -> bool {
        self.add(take(name, step))
    }

    fn add(&mut self, step: Step) -> bool {
        let passed = step.1.is_ok();
        self.0.push(step);
        passed
    }

    fn summary(self) -> Done {
        println!("\nsummary");
        for (name, outcome, time) in &self.0 {
            println!(
                "  {:<6}  {name}, {:.0} s",
                word(outcome),
                time.as_secs_f32()
            );
        }
        let failed: Vec<_> = self
            .0
            .iter()
            .filter(|(_, outcome, _)| outcome.is_err())
            .map(|step| step.0)
            .collect();
        if failed.is_empty() {
            Ok(())
        } else {
            Err(format!("failed: {}", failed.join(", ")))
        }
    }
}

fn word(outcome: &Done) -> &'static str {
    if outcome.is_ok() { "passed" } else { "FAILED" }
}

/// Formatting, lints on both targets, and what the dependencies may be.
pub(crate) fn check(tree: &Tree) -> Done {
    let mut steps = Steps::default();
    formatting(tree, &mut steps);
    steps.take("lints", || {
        run(cargo(tree)
            .args([
                "clippy",
                "--workspace",
                "--all-targets",
                "--keep-going",
                "--locked",
                "--quiet",
            ])
            .args(["--", "-D", "warnings"]))
    });
    lints_for_the_browser(cargo(tree), &mut steps);
    steps.take("dependencies", || dependencies::check(tree));
    steps.summary()
}

/// Formatting, lints and every test, or with a name the tests that bear it. Not the dependencies: what is
/// published about them overnight is no fault of a change.
pub(crate) fn test(tree: &Tree, name: Option<&str>) -> Done {
    let mut steps = Steps::default();
    let (mut is_linted, mut is_compiled) = (false, false);
    // Before two builds need it at the same time.
    install::for_building(tree)?;
    let built = std::thread::scope(|scope| {
        // Much of it occupies one processor alone, and its folders are its own: the rest is compiled meanwhile. What
        // is tested has the machine for itself.
        let console =
            scope.spawn(|| take("console", || build::console_within_budget(tree).map(drop)));
        if name.is_none() {
            formatting(tree, &mut steps);
            is_linted = steps.take("lints, and compiling the tests", || {
                run(linted(from_nothing(tree).args([
                    "build",
                    "--workspace",
                    "--all-targets",
                    "--keep-going",
                    "--locked",
                    "--quiet",
                ])))
            });
        }
        is_compiled = is_linted
            || steps.take("compiling the tests", || {
                run(from_nothing(tree).args(TESTS).arg("--no-run"))
            });
        if name.is_none() {
            // Last: the console ends with what occupies one processor, and so does this.
            lints_for_the_browser(from_nothing(tree), &mut steps);
        }
        console.join()
    });
    let built = built.unwrap_or_else(|_| ("console", Err("it panicked".into()), Duration::ZERO));
    let built = steps.add(built) && is_compiled;
    steps.take("tests of the crates", || {
        // Its tests say that they did not run; all others do.
        if let Err(why) = install::postgresql() {
            println!("postgresql: {why}");
        }
        native_tests(tree, is_linted, name)
    });
    if built {
        if name.is_none() {
            let program = tree.tested_program();
            steps.take("a short soak of the wall", || {
                soak_wall(tree, &program, SHORT_SOAK)
            });
        }
        // Last: what failed here stands right above the summary, and little of it is said again.
        steps.take("tests in the browser", || browser_tests(tree, name));
    }
    steps.summary()
}

/// A cargo command that does not note what a build of a few changed lines could use again. Compiling the console with
/// these notes takes twice as long, and what is tested as a whole is mostly compiled from nothing.
fn from_nothing(tree: &Tree) -> Command {
    let mut command = cargo(tree);
    command.env("CARGO_INCREMENTAL", "0");
    command
}

/// Makes a cargo command lint what it compiles of the workspace, with the program behind `cargo clippy`. That command would
/// only check, so that everything would have to be compiled again for the tests. The command that runs the tests needs the
/// same settings, or it compiles everything again as well.
fn linted(command: &mut Command) -> &mut Command {
    command
        .env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver")
        .env("CLIPPY_ARGS", "-Dwarnings")
}

const TESTS: [&str; 4] = ["test", "--workspace", "--locked", "--quiet"];

/// The tests of the crates, in three commands side by side: many tests wait more than they work, and one command runs
/// its programs one after the other.
fn native_tests(tree: &Tree, is_linted: bool, name: Option<&str>) -> Done {
    let threads = 2 * std::thread::available_parallelism().map_or(1, usize::from);
    let test = |kinds: &[&str]| {
        let mut test = from_nothing(tree);
        test.args(TESTS)
            .arg("--no-fail-fast")
            .args(kinds)
            .args(name)
            .env("RUST_TEST_THREADS", threads.to_string());
        if is_linted {
            linted(&mut test);
        }
        run(&mut test)
    };
    let kinds: [&[&str]; 3] = [&["--test", "*"], &["--lib", "--bins"], &["--doc"]];
    let ended: Vec<Done> = std::thread::scope(|scope| {
        let begun = kinds.map(|kinds| scope.spawn(move || test(kinds)));
        let ended = begun.map(|test| test.join());
        let panicked = |_| Err("it panicked".to_owned());
        ended.map(|test| test.unwrap_or_else(panicked)).into()
    });
    let failed: Vec<String> = ended.into_iter().filter_map(Result::err).collect();
    if failed.is_empty() {
        Ok(())
    } else {
        Err(failed.join("\n"))
    }
}

/// Refreshes of the soak that belongs to the tests.
const SHORT_SOAK: u64 = 400;

/// Builds, then refreshes the status wall so many times.
pub(crate) fn soak(tree: &Tree, refreshes: u64) -> Done {
    build::build(tree)?;
    soak_wall(tree, &tree.program(), refreshes)
}

/// The long watch of many viewers and so many minutes of mixed load, with their figures. One after the other:
/// each measures.
pub(crate) fn load(tree: &Tree, minutes: u64) -> Done {
    run(cargo(tree)
        .args([
            "test", "--locked", "--quiet", "-p", "gateway", "--test", "load",
        ])
        .args(["--", "--ignored", "--nocapture", "--test-threads=1"])
        .env("LOAD_MINUTES", minutes.to_string()))
}

/// What `fuzz` tries: the crates with properties over what comes from outside.
const FUZZED: [&[&str]; 3] = [
    &["-p", "vendors"],
    &["-p", "health"],
    &["-p", "gateway", "--lib"],
];

/// Random input of one round, in cases a property.
const ROUND: &str = "20000";

/// Every property again and again, with other random input in each round, until the time is up. What fails is
/// kept by proptest in a file beside the test, and tried first by every later test.
pub(crate) fn fuzz(tree: &Tree, minutes: u64) -> Done {
    let begun = Instant::now();
    let mut rounds = 0;
    while rounds == 0 || begun.elapsed() < Duration::from_secs(60 * minutes) {
        for packages in FUZZED {
            let mut test = cargo(tree);
            test.args(["test", "--locked", "--quiet"])
                .args(packages)
                .env("PROPTEST_CASES", ROUND)
                // In proportion: input that a property is not about is not a failure.
                .env("PROPTEST_MAX_GLOBAL_REJECTS", ROUND);
            run(&mut test)?;
        }
        rounds += 1;
        println!(
            "fuzz: round {rounds} passed, {ROUND} cases a property, {:.0?} so far",
            begun.elapsed()
        );
    }
    Ok(())
}

fn soak_wall(tree: &Tree, program: &Path, refreshes: u64) -> Done {
    let chromium = install::for_browser_tests(tree)?;
    let refreshes = refreshes.to_string();
    measure(tree, &chromium, program, &["bench/soak.mjs", &refreshes])
}

/// Builds, then measures what is compared with other pages or has a limit.
pub(crate) fn bench(tree: &Tree) -> Done {
    build::build(tree)?;
    let chromium = install::for_benchmarks(tree)?;
    measure(tree, &chromium, &tree.program(), &["bench/all.mjs"])
}

fn measure(tree: &Tree, chromium: &Path, program: &Path, arguments: &[&str]) -> Done {
    let mut node = Command::new("node");
    node.args(arguments)
        .current_dir(&tree.root)
        .env("FAILOVER_CONSOLE", program)
        .env("CHROMIUM", chromium);
    run(&mut node)
}

fn formatting(tree: &Tree, steps: &mut Steps) {
    steps.take("formatting", || {
        run(cargo(tree).args(["fmt", "--all", "--check"]))
    });
}

fn lints_for_the_browser(mut cargo: Command, steps: &mut Steps) {
    steps.take("lints for the browser", || {
        install::wasm_target()?;
        run(cargo
            .args([
                "clippy",
                "--target",
                "wasm32-unknown-unknown",
                "--locked",
                "--quiet",
            ])
            .args(["-p", "failover-console", "-p", "health", "-p", "vendors"])
            // As it is built for browsers; uncut, the other lints see it.
            .args(["--features", "failover-console/split"])
            .args(["--", "-D", "warnings"]))
    });
}

fn browser_tests(tree: &Tree, name: Option<&str>) -> Done {
    let chromium = install::for_browser_tests(tree)?;
    // Stories wait as well as work. Four workers more than processors keep these busy, and none waits for long.
    let workers = 4 + std::thread::available_parallelism().map_or(1, usize::from);
    let mut node = Command::new("node");
    node.args(["tests/e2e/run.mjs", &workers.to_string()])
        .args(name.map(literally))
        .current_dir(&tree.root)
        .env("FAILOVER_CONSOLE", tree.tested_program())
        .env("CHROMIUM", chromium);
    run(&mut node)
}

/// A pattern for node that matches exactly this text.
fn literally(text: &str) -> String {
    let mut pattern = String::new();
    for letter in text.chars() {
        if !letter.is_alphanumeric() && letter != ' ' {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_fails_the_whole_and_is_named() {
        let mut steps = Steps::default();
        assert!(steps.take("first", || Ok(())));
        assert!(!steps.take("second", || Err("it broke".into())));
        assert!(steps.take("third", || Ok(())));
        assert_eq!(steps.summary(), Err("failed: second".into()));
    }

    #[test]
    fn steps_that_all_passed_are_a_success() {
        let mut steps = Steps::default();
        steps.take("only", || Ok(()));
        assert_eq!(steps.summary(), Ok(()));
    }

    #[test]
    fn a_name_is_searched_as_it_is_written() {
        assert_eq!(literally("a.b (c)"), r"a\.b \(c\)");
    }
}

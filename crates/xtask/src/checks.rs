//! Formatting, lints and tests. Every step runs even after one failed, so that one run reports all failures.

use crate::command::{Done, cargo, run};
use crate::tree::Tree;
use crate::{build, dependencies, install, instructions};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// The completed steps.
#[derive(Default)]
struct Steps(Vec<Step>);

/// Name, outcome and duration.
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

/// Formatting, lints on both targets, the rules for dependencies, and the instructions of a decode.
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
    steps.take("instructions", || instructions::check(tree));
    steps.summary()
}

/// Formatting, lints and every test, or only the tests whose name contains `name`. Dependencies are left to `check`,
/// because a new advisory is not the fault of a change.
pub(crate) fn test(tree: &Tree, name: Option<&str>) -> Done {
    let mut steps = Steps::default();
    let (mut is_linted, mut is_compiled) = (false, false);
    // Two builds start at the same time below.
    install::for_building(tree)?;
    let built = std::thread::scope(|scope| {
        // Much of the console's build is single-threaded and has its own folders, so the rest is compiled
        // in parallel. Tests run only afterwards.
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
            // Last, because it is single-threaded like the end of the console's build.
            lints_for_the_browser(from_nothing(tree), &mut steps);
        }
        console.join()
    });
    let built = built.unwrap_or_else(|_| ("console", Err("it panicked".into()), Duration::ZERO));
    let built = steps.add(built) && is_compiled;
    steps.take("tests of the crates", || {
        // Its tests are reported as `NOT RUN`; all others run.
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
        // Last, so that its failures are printed just above the summary, which does not repeat them.
        steps.take("tests in the browser", || browser_tests(tree, name));
    }
    steps.summary()
}

/// A cargo command without incremental compilation, with which the console takes twice as long to compile. A complete
/// test run mostly compiles from scratch.
fn from_nothing(tree: &Tree) -> Command {
    let mut command = cargo(tree);
    command.env("CARGO_INCREMENTAL", "0");
    command
}

/// Makes a cargo command lint the workspace crates while it compiles them. `cargo clippy` itself would only check them,
/// so that the tests would compile everything again. The command that runs the tests needs the same settings for the same
/// reason.
fn linted(command: &mut Command) -> &mut Command {
    command
        .env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver")
        .env("CLIPPY_ARGS", "-Dwarnings")
}

const TESTS: [&str; 4] = ["test", "--workspace", "--locked", "--quiet"];

/// Runs the tests of the crates with three parallel commands: many tests mostly wait, and a single command runs
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

/// Number of refreshes of the soak within the tests.
const SHORT_SOAK: u64 = 400;

/// Builds, then refreshes the status wall `refreshes` times.
pub(crate) fn soak(tree: &Tree, refreshes: u64) -> Done {
    build::build(tree)?;
    soak_wall(tree, &tree.program(), refreshes)
}

/// Many viewers for a minute, then `minutes` of mixed load, with their figures. Runs them one after the other, because
/// both measure.
pub(crate) fn load(tree: &Tree, minutes: u64) -> Done {
    run(cargo(tree)
        .args([
            "test", "--locked", "--quiet", "-p", "gateway", "--test", "load",
        ])
        .args(["--", "--ignored", "--nocapture", "--test-threads=1"])
        .env("LOAD_MINUTES", minutes.to_string()))
}

/// The crates with property tests over external input.
const FUZZED: [&[&str]; 3] = [
    &["-p", "vendors"],
    &["-p", "health"],
    &["-p", "gateway", "--lib"],
];

/// Cases per property in one round.
const ROUND: &str = "20000";

/// Repeats every property test with new random input until the time is up. Proptest saves a failing case
/// in a file beside the test, and every later test tries it first.
pub(crate) fn fuzz(tree: &Tree, minutes: u64) -> Done {
    let begun = Instant::now();
    let mut rounds = 0;
    while rounds == 0 || begun.elapsed() < Duration::from_secs(60 * minutes) {
        for packages in FUZZED {
            let mut test = cargo(tree);
            test.args(["test", "--locked", "--quiet"])
                .args(packages)
                .env("PROPTEST_CASES", ROUND)
                // In proportion: input that a property skips is not a failure.
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

/// Builds, then runs all benchmarks.
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
            // The split build for browsers; the other lints cover the unsplit one.
            .args(["--features", "failover-console/split"])
            .args(["--", "-D", "warnings"]))
    });
}

fn browser_tests(tree: &Tree, name: Option<&str>) -> Done {
    let chromium = install::for_browser_tests(tree)?;
    // Stories also wait. Four more workers than processors keep the processors busy.
    let workers = 4 + std::thread::available_parallelism().map_or(1, usize::from);
    let mut node = Command::new("node");
    node.args(["tests/e2e/run.mjs", &workers.to_string()])
        .args(name.map(literally))
        .current_dir(&tree.root)
        .env("FAILOVER_CONSOLE", tree.tested_program())
        .env("CHROMIUM", chromium);
    run(&mut node)
}

/// A regular expression for node that matches this text literally.
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
    fn one_failed_step_fails_the_run_and_is_named() {
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
    fn special_characters_of_a_name_are_escaped() {
        assert_eq!(literally("a.b (c)"), r"a\.b \(c\)");
    }
}

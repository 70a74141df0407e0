//! The tests of the crates, several programs of them at a time: many wait more than they work, and `cargo test` runs
//! one program after the other.

use crate::command::{Done, cargo, quote};
use crate::tree::Tree;
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;

/// The programs that take longest, by far: they go first.
const LONGEST: [&str; 4] = ["load", "gateway", "together", "readers"];

/// A program of tests.
#[derive(Debug, PartialEq, Eq)]
struct Program {
    /// What it tests, by cargo's name for it.
    name: String,
    file: PathBuf,
    /// The folder of its crate, in which cargo would run it.
    folder: PathBuf,
}

/// Compiles all tests, and does not run them.
pub(crate) fn compile(tree: &Tree) -> Done {
    crate::command::run(test(tree).arg("--no-run"))
}

/// Runs all tests, or those whose name holds this text. `prepared` changes each command of cargo.
pub(crate) fn run(tree: &Tree, name: Option<&str>, prepared: impl Fn(&mut Command)) -> Done {
    let mut listed = test(tree);
    prepared(listed.args(["--no-run", "--message-format=json"]));
    let mut examples = test(tree);
    prepared(examples.arg("--doc").args(name));
    let programs = programs(&output(listed.stderr(Stdio::inherit()))?)?;
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let tests = programs.into_iter().map(|program| {
        let mut command = Command::new(&program.file);
        command
            .current_dir(&program.folder)
            .env("CARGO_MANIFEST_DIR", &program.folder)
            .arg("--quiet")
            .arg(format!("--test-threads={}", 2 * processors))
            .args(name);
        (program.name, command)
    });
    let examples = ("examples in the documentation".to_owned(), examples);
    all(tests.chain([examples]), 1 + processors)
}

fn test(tree: &Tree) -> Command {
    let mut test = cargo(tree);
    test.args(["test", "--workspace", "--locked", "--quiet"]);
    test
}

/// Runs commands in their order, so many at a time, and says of each how it ended. What a failed one printed is shown.
fn all(commands: impl Iterator<Item = (String, Command)> + Send, at_once: usize) -> Done {
    let commands = Mutex::new(commands);
    let failed = Mutex::new(Vec::new());
    let work = || {
        loop {
            let Some((name, mut command)) = lock(&commands).next() else {
                return;
            };
            match output(&mut command) {
                Ok(printed) => println!("{name}: {}", results(&printed)),
                Err(why) => {
                    println!("{name} FAILED\n{why}");
                    lock(&failed).push(name);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(work);
        }
    });
    let failed = failed.into_inner().unwrap_or_else(|held| held.into_inner());
    if failed.is_empty() {
        return Ok(());
    }
    Err(format!("tests failed in: {}", failed.join(", ")))
}

fn lock<T>(held: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    held.lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// What a command printed; what a failed one printed is the error.
fn output(command: &mut Command) -> Done<String> {
    let quoted = quote(command);
    let output = command
        .output()
        .map_err(|error| format!("`{quoted}` could not be started: {error}"))?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(printed);
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(format!(
        "{printed}{errors}`{quoted}` ended with {}",
        output.status
    ))
}

/// The results that were printed: one of a program, several of examples.
fn results(printed: &str) -> String {
    let results = printed
        .lines()
        .filter_map(|line| line.strip_prefix("test result: "))
        .filter(|result| !result.starts_with("ok. 0 passed"));
    let results = results.collect::<Vec<_>>().join(" ");
    if results.is_empty() {
        "no tests of this name".to_owned()
    } else {
        results
    }
}

/// The programs of tests that cargo compiled, those first that take longest.
fn programs(messages: &str) -> Done<Vec<Program>> {
    let mut programs = Vec::new();
    for message in messages.lines() {
        let message: Value = serde_json::from_str(message)
            .map_err(|error| format!("cargo wrote a message that is no JSON: {error}"))?;
        programs.extend(program(&message));
    }
    if programs.is_empty() {
        return Err("cargo named no programs of tests".into());
    }
    programs.sort_by_key(|program: &Program| {
        LONGEST
            .iter()
            .position(|name| *name == program.name)
            .unwrap_or(LONGEST.len())
    });
    Ok(programs)
}

/// The program of tests that a message of cargo is about. `None` for what else it compiled.
fn program(message: &Value) -> Option<Program> {
    let is_test = message["profile"]["test"].as_bool()?;
    let manifest = PathBuf::from(message["manifest_path"].as_str()?);
    let program = Program {
        name: message["target"]["name"].as_str()?.to_owned(),
        file: message["executable"].as_str()?.into(),
        folder: manifest.parent()?.to_owned(),
    };
    is_test.then_some(program)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiled(name: &str, is_test: bool) -> String {
        format!(
            r#"{{"reason":"compiler-artifact","manifest_path":"/x/{name}/Cargo.toml","target":{{"name":"{name}"}},"profile":{{"test":{is_test}}},"executable":"/t/{name}"}}"#
        )
    }

    #[test]
    fn programs_of_tests_are_found_and_the_longest_go_first() {
        let messages = [
            compiled("health", true),
            compiled("failover-console", false),
            r#"{"reason":"compiler-artifact","executable":null,"profile":{"test":false}}"#.into(),
            compiled("gateway", true),
            compiled("load", true),
            r#"{"reason":"build-finished","success":true}"#.into(),
        ];
        let found = programs(&messages.join("\n")).unwrap();
        let names: Vec<_> = found.iter().map(|program| program.name.as_str()).collect();
        assert_eq!(names, ["load", "gateway", "health"]);
        assert_eq!(found[2].file, PathBuf::from("/t/health"));
        assert_eq!(found[2].folder, PathBuf::from("/x/health"));
        assert!(programs("Compiling").is_err());
        assert!(programs(r#"{"reason":"build-finished","success":true}"#).is_err());
    }

    #[test]
    fn one_that_fails_stops_no_other_and_is_named() {
        let folder = std::env::temp_dir();
        let command = |program: &str| {
            (program.to_owned(), {
                let mut command = Command::new(program);
                command.current_dir(&folder);
                command
            })
        };
        let mut commands = vec![command("failover-console-no-such-program")];
        assert_eq!(
            all(commands.drain(..), 2),
            Err("tests failed in: failover-console-no-such-program".into())
        );
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
        let (mut bad, mut good) = (command(&cargo), command(&cargo));
        bad.1.arg("no-such-verb-of-cargo");
        bad.0 = "bad".into();
        good.1.arg("--version");
        assert_eq!(
            all([bad, good].into_iter(), 1),
            Err("tests failed in: bad".into())
        );
        let good = command(&cargo);
        assert_eq!(all([good].into_iter(), 1), Ok(()));
    }

    #[test]
    fn results_are_told_of_what_had_tests() {
        let printed = "\nrunning 2 tests\n..\ntest result: ok. 2 passed; 0 failed\n\n";
        assert_eq!(results(printed), "ok. 2 passed; 0 failed");
        assert_eq!(
            results("test result: ok. 0 passed; 0 failed\n"),
            "no tests of this name"
        );
    }
}

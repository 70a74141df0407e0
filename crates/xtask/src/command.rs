//! Starts other programs and reports their failures as sentences that quote the command.

use crate::tree::Tree;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A result whose error is a sentence for the terminal.
pub(crate) type Done<T = ()> = Result<T, String>;

/// A cargo command that builds in this clone's `target`.
pub(crate) fn cargo(tree: &Tree) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(&tree.root)
        .env("CARGO_TARGET_DIR", &tree.target)
        .env_remove("CARGO_BUILD_TARGET");
    cargo
}

/// Runs a command in this terminal. A failure is an error that quotes the command.
pub(crate) fn run(command: &mut Command) -> Done {
    let quoted = quote(command);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{quoted}` ended with {status}")),
        Err(error) => Err(format!("`{quoted}` could not be started: {error}")),
    }
}

/// The standard output of a command; `None` if it fails or does not exist.
pub(crate) fn ask(command: &mut Command) -> Option<String> {
    let answer = command.stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(answer.stdout).ok()?;
    answer.status.success().then_some(text)
}

/// The command as typed in a shell, without its environment.
pub(crate) fn quote(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    std::iter::once(name)
        .chain(command.get_args())
        .map(|word| {
            let word = word.to_string_lossy();
            if word.contains(char::is_whitespace) || word.is_empty() {
                format!("'{word}'")
            } else {
                word.into_owned()
            }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// The search path with these folders in front of it.
pub(crate) fn path_with(folders: &[PathBuf]) -> OsString {
    let rest = std::env::var_os("PATH").unwrap_or_default();
    let all = folders
        .iter()
        .cloned()
        .chain(std::env::split_paths(&rest))
        // A folder whose name contains the separator cannot be on the search path.
        .filter(|folder| std::env::join_paths([folder]).is_ok());
    std::env::join_paths(all).unwrap_or(rest)
}

/// Whether a program of this name can be found on the search path.
pub(crate) fn on_path(name: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(name).is_file()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_quoted_as_typed_in_a_shell() {
        let mut command = Command::new("/opt/x/trunk");
        command.args(["build", "a b", ""]);
        assert_eq!(quote(&command), "trunk build 'a b' ''");
    }

    #[test]
    fn a_failing_command_is_named_in_the_error() {
        let why = run(Command::new("cargo")
            .arg("no-such-verb-of-cargo")
            .stderr(Stdio::null()));
        assert!(why.is_err_and(|why| why.contains("cargo no-such-verb-of-cargo")));
    }

    #[test]
    fn a_missing_command_is_an_error_without_output() {
        let missing = || Command::new("failover-console-no-such-program");
        assert!(run(&mut missing()).is_err_and(|why| why.contains("could not be started")));
        assert_eq!(ask(&mut missing()), None);
    }

    #[test]
    fn folders_put_in_front_are_searched_first() {
        let path = path_with(&[PathBuf::from("/first"), PathBuf::from("/second")]);
        let folders: Vec<_> = std::env::split_paths(&path).take(2).collect();
        assert_eq!(folders, [PathBuf::from("/first"), PathBuf::from("/second")]);
    }
}

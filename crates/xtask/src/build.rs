//! Building the console, compressing it, and the gateway around it; then running that.

use crate::command::{Done, cargo, run as start};
use crate::sizes::Sizes;
use crate::tree::Tree;
use crate::{compress, console, fingerprint, install};
use std::process::Command;

/// Everything that the built console is made of: when none of it changed, neither did the console.
const CONSOLE_IS_MADE_OF: [&str; 16] = [
    ".cargo/config.toml",
    "Cargo.lock",
    "Cargo.toml",
    "crates/health/Cargo.toml",
    "crates/health/src",
    "crates/protocol/Cargo.toml",
    "crates/protocol/src",
    "crates/vendors/Cargo.toml",
    "crates/vendors/src",
    "crates/xtask/src/compress.rs",
    "crates/xtask/src/console",
    "index.html",
    "package-lock.json",
    "rust-toolchain.toml",
    "src",
    "style",
];

/// Where the demonstration listens unless the person says otherwise.
const DEMO_ADDRESS: &str = "127.0.0.1:8080";

/// Builds the product.
pub(crate) fn build(tree: &Tree) -> Done {
    let is_new = console_within_budget(tree)?;
    println!("gateway: building it with the console inside");
    if is_new {
        // A gateway that was built before there was a console does not watch for one.
        start(cargo(tree).args(["clean", "--quiet", "--release", "--package", "gateway"]))?;
    }
    start(cargo(tree).args([
        "build",
        "--quiet",
        "--release",
        "--locked",
        "--package",
        "gateway",
    ]))?;
    holds_the_console(tree)
}

/// Fails where the gateway that was built has another console inside than the one that is there, or none: it would
/// start, and say so to everybody who opens it.
fn holds_the_console(tree: &Tree) -> Done {
    let program = tree.program();
    let cannot_read = |error| format!("cannot read {}: {error}", program.display());
    let content = std::fs::read(&program).map_err(cannot_read)?;
    // Each is named by what it holds, and the script names all the others.
    for file in fingerprint::files_under(&tree.dist)? {
        let name = file.file_name().unwrap_or_default().as_encoded_bytes();
        let mut parts = content.windows(name.len());
        if file.extension().is_some_and(|it| it == "js") && !parts.any(|part| part == name) {
            let (program, file) = (program.display(), file.display());
            return Err(format!("{program} was built without {file}"));
        }
    }
    Ok(())
}

/// Builds the console, and fails where it became too large. The answer tells whether it had to be built anew.
pub(crate) fn console_within_budget(tree: &Tree) -> Done<bool> {
    let is_new = console(tree)?;
    Sizes::of(&tree.dist)?.within_budget()?;
    Ok(is_new)
}

/// Builds the console, compressed; the answer tells whether it had to be built anew.
pub(crate) fn console(tree: &Tree) -> Done<bool> {
    let path = install::for_building(tree)?;
    let stamp = tree.target.join("console-built-from");
    // As they are before it is built: what changes meanwhile is built the next time.
    let sources = fingerprint::of(&tree.root, &CONSOLE_IS_MADE_OF)?;
    let made = || {
        // The result counts too: `trunk serve` may have written there.
        let result = fingerprint::of(&tree.root, &["dist"])?;
        Ok::<_, String>(format!("{sources:016x} {result:016x}"))
    };
    let is_stale = !std::fs::read_to_string(&stamp).is_ok_and(|built| Ok(built) == made());
    if is_stale {
        println!("console: building it");
        // Old files would stay in the program.
        if tree.dist.exists() {
            std::fs::remove_dir_all(&tree.dist)
                .map_err(|error| format!("cannot empty dist: {error}"))?;
        }
        console::build(tree, &path)?;
        tells_no_path(tree)?;
        println!("console: compressing it");
        compress::folder(&tree.dist)?;
        let built = made()?;
        std::fs::write(&stamp, built)
            .map_err(|error| format!("cannot write in target: {error}"))?;
    }
    let unchanged = if is_stale { "" } else { " (unchanged)" };
    println!("console: {}{unchanged}", Sizes::of(&tree.dist)?.line());
    Ok(is_stale)
}

/// Fails where the built console tells where on this machine it was built.
fn tells_no_path(tree: &Tree) -> Done {
    let folders = [Some(tree.root.clone()), std::env::home_dir()];
    let paths = folders.into_iter().flatten();
    let paths: Vec<_> = paths.map(|path| format!("{}/", path.display())).collect();
    for file in fingerprint::files_under(&tree.dist)? {
        let content = std::fs::read(&file)
            .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
        let holds = |path: &&String| {
            let mut parts = content.windows(path.len());
            // The root of all folders is in every path.
            path.len() > 2 && parts.any(|part| part == path.as_bytes())
        };
        if let Some(path) = paths.iter().find(holds) {
            let file = file.display();
            return Err(format!("{file} holds {path}, a path of this machine"));
        }
    }
    Ok(())
}

/// Builds, then becomes the demonstration, so that Ctrl-C and the exit status are its own.
pub(crate) fn run(tree: &Tree, arguments: &[String]) -> Done {
    build(tree)?;
    let arguments = match arguments {
        [dashes, rest @ ..] if dashes == "--" => rest,
        all => all,
    };
    let mut demo = Command::new(tree.program());
    demo.arg("demo");
    if !chooses_address(arguments) {
        demo.args(["--listen", DEMO_ADDRESS]);
    }
    demo.args(arguments);
    become_program(&mut demo)
}

fn chooses_address(arguments: &[String]) -> bool {
    arguments
        .iter()
        .any(|argument| argument == "--listen" || argument.starts_with("--listen="))
}

#[cfg(unix)]
fn become_program(command: &mut Command) -> Done {
    use std::os::unix::process::CommandExt as _;
    let error = command.exec();
    Err(format!(
        "`{}` could not be started: {error}",
        crate::command::quote(command)
    ))
}

#[cfg(not(unix))]
fn become_program(command: &mut Command) -> Done {
    start(command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn a_chosen_address_takes_the_place_of_the_usual_one() {
        let words = |text: &str| text.split(' ').map(String::from).collect::<Vec<_>>();
        assert!(chooses_address(&words(
            "--scenario busy --listen 127.0.0.1:9000"
        )));
        assert!(chooses_address(&words("--listen=127.0.0.1:9000")));
        assert!(!chooses_address(&words("--scenario incident --listener x")));
    }

    #[test]
    fn everything_that_the_console_is_said_to_be_made_of_exists() {
        let tree = Tree::of_this_workspace();
        for path in CONSOLE_IS_MADE_OF {
            assert!(
                tree.root.join(path).exists(),
                "{path} is gone: take it out of CONSOLE_IS_MADE_OF, or changes go unnoticed"
            );
        }
    }

    /// The crates of this workspace that a crate is compiled with, its own dependencies' ones included.
    fn crates_of(root: &Path, manifest: &str, found: &mut BTreeSet<String>) {
        let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
        let workspace = read("Cargo.toml");
        let text = read(manifest);
        let dependencies = text.split("\n[dependencies]\n").nth(1).unwrap_or_default();
        for line in dependencies
            .lines()
            .take_while(|line| !line.starts_with('['))
        {
            let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
            let path = format!("{name} = {{ path = \"");
            let path = workspace.lines().find_map(|line| line.strip_prefix(&path));
            let folder = path.and_then(|path| path.split('"').next());
            if let Some(folder) = folder.filter(|folder| found.insert((*folder).to_owned())) {
                crates_of(root, &format!("{folder}/Cargo.toml"), found);
            }
        }
    }

    #[test]
    fn every_crate_of_ours_that_the_console_is_compiled_with_is_one_that_it_is_made_of() {
        let tree = Tree::of_this_workspace();
        let mut crates = BTreeSet::new();
        crates_of(&tree.root, "Cargo.toml", &mut crates);
        assert!(
            crates.contains("crates/vendors") && crates.len() > 1,
            "{crates:?}"
        );
        for folder in crates {
            for part in ["Cargo.toml", "src"] {
                let path = format!("{folder}/{part}");
                assert!(
                    CONSOLE_IS_MADE_OF.contains(&path.as_str()),
                    "name {path} in CONSOLE_IS_MADE_OF, or changes go unnoticed"
                );
            }
        }
    }

    #[test]
    fn everything_that_the_page_takes_in_is_something_that_the_console_is_made_of() {
        let tree = Tree::of_this_workspace();
        let page = std::fs::read_to_string(tree.root.join("index.html")).unwrap();
        for link in page
            .split("<link")
            .skip(1)
            .filter(|link| link.contains("data-trunk"))
        {
            let Some(href) = link
                .split("href=\"")
                .nth(1)
                .and_then(|rest| rest.split('"').next())
            else {
                continue;
            };
            assert!(
                CONSOLE_IS_MADE_OF.iter().any(|path| href.starts_with(path)),
                "index.html takes in {href}: name it in CONSOLE_IS_MADE_OF, or changes go unnoticed"
            );
        }
    }
}

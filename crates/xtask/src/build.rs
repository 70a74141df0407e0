//! Builds and compresses the console, builds the gateway that embeds it, and runs the result.

use crate::command::{Done, cargo, run as start};
use crate::sizes::Sizes;
use crate::tree::Tree;
use crate::{compress, console, fingerprint, install};
use std::process::Command;

/// The inputs of the console's build: if none of them changed, the console is not rebuilt.
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

/// The default address of the demonstration.
const DEMO_ADDRESS: &str = "127.0.0.1:8080";

/// Builds the product.
pub(crate) fn build(tree: &Tree) -> Done {
    let is_new = console_within_budget(tree)?;
    println!("gateway: building it with the console inside");
    if is_new {
        // Cargo does not rebuild a gateway that was built before `dist` existed.
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

/// Fails if the gateway embeds an outdated console or none: it would start, but not show the built console.
fn holds_the_console(tree: &Tree) -> Done {
    let program = tree.program();
    let cannot_read = |error| format!("cannot read {}: {error}", program.display());
    let content = std::fs::read(&program).map_err(cannot_read)?;
    // File names contain a hash of the content, and the script names all other files.
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

/// Builds the console and fails if it exceeds a budget. Returns whether it was rebuilt.
pub(crate) fn console_within_budget(tree: &Tree) -> Done<bool> {
    let is_new = console(tree)?;
    Sizes::of(&tree.dist)?.within_budget()?;
    Ok(is_new)
}

/// Builds and compresses the console. Returns whether it was rebuilt.
pub(crate) fn console(tree: &Tree) -> Done<bool> {
    let path = install::for_building(tree)?;
    let stamp = tree.target.join("console-built-from");
    // Taken before the build: a change during the build triggers the next one.
    let sources = fingerprint::of(&tree.root, &CONSOLE_IS_MADE_OF)?;
    let made = || {
        // Includes the result, because `trunk serve` may have overwritten it.
        let result = fingerprint::of(&tree.root, &["dist"])?;
        Ok::<_, String>(format!("{sources:016x} {result:016x}"))
    };
    let is_stale = !std::fs::read_to_string(&stamp).is_ok_and(|built| Ok(built) == made());
    if is_stale {
        println!("console: building it");
        // Outdated files would be embedded, too.
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

/// Fails if the built console contains a path of this machine.
fn tells_no_path(tree: &Tree) -> Done {
    let folders = [Some(tree.root.clone()), std::env::home_dir()];
    let paths = folders.into_iter().flatten();
    let paths: Vec<_> = paths.map(|path| format!("{}/", path.display())).collect();
    for file in fingerprint::files_under(&tree.dist)? {
        let content = std::fs::read(&file)
            .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
        let holds = |path: &&String| {
            let mut parts = content.windows(path.len());
            // Every path contains the root folder.
            path.len() > 2 && parts.any(|part| part == path.as_bytes())
        };
        if let Some(path) = paths.iter().find(holds) {
            let file = file.display();
            return Err(format!("{file} holds {path}, a path of this machine"));
        }
    }
    Ok(())
}

/// Builds, then replaces this process by the demonstration, which handles Ctrl-C and sets the exit status.
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
    fn a_given_address_replaces_the_default() {
        let words = |text: &str| text.split(' ').map(String::from).collect::<Vec<_>>();
        assert!(chooses_address(&words(
            "--scenario busy --listen 127.0.0.1:9000"
        )));
        assert!(chooses_address(&words("--listen=127.0.0.1:9000")));
        assert!(!chooses_address(&words("--scenario incident --listener x")));
    }

    #[test]
    fn every_input_of_the_console_exists() {
        let tree = Tree::of_this_workspace();
        for path in CONSOLE_IS_MADE_OF {
            assert!(
                tree.root.join(path).exists(),
                "{path} is gone: take it out of CONSOLE_IS_MADE_OF, or changes go unnoticed"
            );
        }
    }

    /// The workspace crates that a crate depends on, directly or indirectly.
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
    fn every_workspace_crate_of_the_console_is_an_input() {
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
    fn every_file_that_the_page_links_is_an_input() {
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

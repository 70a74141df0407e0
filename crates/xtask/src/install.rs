//! Finding the tools that a verb needs and installing those that are missing. Each says one line
//! when it installs something and nothing otherwise; what it may not or cannot install it names,
//! with the command that does.

use crate::command::{Done, ask, cargo, on_path, path_with, quote, run};
use crate::tree::{Tree, tool_cache};
use crate::{fingerprint, versions};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What cuts the console into chunks. `console::cut` reads the script that this very version writes.
const WASM_SPLIT: &str = "0.2.4";

/// What looks at the dependencies.
const CARGO_DENY: &str = "0.20.2";

/// Debian's package of Chromium without windows. Each window of the whole Chromium starts pages for its own controls, seen
/// or not, and these took four tenths of the processor time of the browser tests.
const HEADLESS_SHELL: &str = "chromium-headless-shell";

/// Debian's package of the whole Chromium.
const CHROMIUM: &str = "chromium";

/// The least Node that the browser tests run on.
const NODE_MAJOR: u32 = 20;

/// What `cargo install` builds these tools with: they run for seconds, so a quick build is worth
/// more than a quick tool.
const QUICK_RELEASE: [(&str, &str); 4] = [
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
];

/// Installs what building the console needs; the answer is the search path to build it with.
pub(crate) fn for_building(tree: &Tree) -> Done<OsString> {
    wasm_target()?;
    npm_packages(&tree.root)?;
    let lock = std::fs::read_to_string(tree.root.join("Cargo.lock"))
        .map_err(|error| format!("cannot read Cargo.lock: {error}"))?;
    let bindgen = versions::locked(&lock, "wasm-bindgen")
        .ok_or("Cargo.lock does not name wasm-bindgen, which the console is built with")?;
    let split = compiled(
        tree,
        &Tool {
            package: "wasm_split_cli_support",
            program: "wasm-split-cli",
            version: WASM_SPLIT,
            says_version: false,
            options: &["--locked", "--features", "build-binary"],
            minutes: 2,
        },
    )?;
    let bindgen = compiled(
        tree,
        &Tool {
            package: "wasm-bindgen-cli",
            program: "wasm-bindgen",
            // The program and the crate must be of one version: they share a private format.
            version: bindgen,
            says_version: true,
            options: &[],
            minutes: 2,
        },
    )?;
    let folders: Vec<PathBuf> = [Some(tree.node_programs()), split, bindgen]
        .into_iter()
        .flatten()
        .collect();
    Ok(path_with(&folders))
}

/// Installs what the browser tests need beyond the build; the answer is the browser's path.
pub(crate) fn for_browser_tests(tree: &Tree) -> Done<PathBuf> {
    npm_packages(&tree.root)?;
    chromium(&[HEADLESS_SHELL, CHROMIUM])
}

/// Installs what the measurements need beyond the build; the answer is the browser's path.
pub(crate) fn for_benchmarks(tree: &Tree) -> Done<PathBuf> {
    npm_packages(&tree.root.join("bench").join("peers"))?;
    npm_packages(&tree.root)?;
    // What people have.
    chromium(&[CHROMIUM])
}

/// Installs what looks at the dependencies; the answer is the program.
pub(crate) fn cargo_deny(tree: &Tree) -> Done<PathBuf> {
    let folder = compiled(
        tree,
        &Tool {
            package: "cargo-deny",
            program: "cargo-deny",
            version: CARGO_DENY,
            says_version: true,
            options: &["--locked", "--no-default-features"],
            minutes: 3,
        },
    )?;
    let name = format!("cargo-deny{}", std::env::consts::EXE_SUFFIX);
    Ok(folder.map_or_else(|| PathBuf::from(&name), |folder| folder.join(&name)))
}

pub(crate) fn wasm_target() -> Done {
    let target = "wasm32-unknown-unknown";
    let libraries =
        ask(Command::new("rustc").args(["--print", "target-libdir", "--target", target]));
    if libraries.is_some_and(|folder| Path::new(folder.trim()).is_dir()) {
        return Ok(());
    }
    println!("{target}: adding it to the Rust toolchain");
    install(Command::new("rustup").args(["target", "add", target]))
}

/// A program that cargo compiles from a published package.
struct Tool<'a> {
    package: &'a str,
    program: &'a str,
    version: &'a str,
    /// Whether it tells its version. One that does not is used from the folder that is named by it alone.
    says_version: bool,
    options: &'a [&'a str],
    /// About how long that takes on two cores.
    minutes: u32,
}

/// The folder to put on the search path for this tool, if it is not on it already.
fn compiled(tree: &Tree, tool: &Tool<'_>) -> Done<Option<PathBuf>> {
    if tool.says_version && has_version(Path::new(tool.program), tool.version) {
        return Ok(None);
    }
    let root = tool_cache().join(format!("{}-{}", tool.package, tool.version));
    let folder = root.join("bin");
    let program = folder.join(format!("{}{}", tool.program, std::env::consts::EXE_SUFFIX));
    let is_there = if tool.says_version {
        has_version(&program, tool.version)
    } else {
        program.is_file()
    };
    if is_there {
        return Ok(Some(folder));
    }
    println!(
        "{} {}: compiling it into {}, about {} minutes",
        tool.package,
        tool.version,
        root.display(),
        tool.minutes
    );
    let mut command = cargo(tree);
    command
        .args([
            "install",
            "--quiet",
            tool.package,
            "--version",
            tool.version,
        ])
        .args(tool.options)
        .arg("--root")
        .arg(&root)
        .envs(QUICK_RELEASE);
    // What a person set for their own builds must neither break this one nor share its folder.
    for name in [
        "CARGO_TARGET_DIR",
        "CARGO_INCREMENTAL",
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
    ] {
        command.env_remove(name);
    }
    install(&mut command)?;
    Ok(Some(folder))
}

fn has_version(program: &Path, version: &str) -> bool {
    ask(Command::new(program).arg("--version"))
        .is_some_and(|answer| versions::printed(&answer) == Some(version))
}

/// Installs the packages of a folder's package-lock.json when they are missing or others were locked since.
fn npm_packages(folder: &Path) -> Done {
    let wanted = fingerprint::of(folder, &["package.json", "package-lock.json"])?.to_string();
    let stamp = folder.join("node_modules").join(".installed-for");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let node = ask(Command::new("node").arg("--version")).unwrap_or_default();
    if let Some(why) = unfit_node(&node) {
        return Err(why);
    }
    println!(
        "npm packages: installing those of {}",
        folder.join("package-lock.json").display()
    );
    install(
        Command::new("npm")
            .args(["ci", "--loglevel=error"])
            .current_dir(folder),
    )?;
    std::fs::write(&stamp, wanted)
        .map_err(|error| format!("cannot write into node_modules: {error}"))
}

/// What to say of a Node that gave this answer to `--version`, if it is not new enough.
fn unfit_node(answer: &str) -> Option<String> {
    if versions::major(answer).is_some_and(|major| major >= NODE_MAJOR) {
        return None;
    }
    let found = match answer.trim() {
        "" => "found none",
        version => version,
    };
    Some(format!(
        "Node {NODE_MAJOR} or newer with npm is needed ({found}): take it from https://nodejs.org; \
         `apt-get install nodejs npm` has it from Debian 13 on, while Debian 12 has Node 18"
    ))
}

/// The browser: the one that `CHROMIUM` names, or of these packages of Debian the first that is here or can be had.
fn chromium(packages: &[&str]) -> Done<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM").map(PathBuf::from) {
        return if named.is_file() {
            Ok(named)
        } else {
            Err(format!(
                "CHROMIUM names {}, which is not a file",
                named.display()
            ))
        };
    }
    let program = |package: &&str| Path::new("/usr/bin").join(package);
    let here = packages.iter().map(program).find(|it| it.is_file());
    if let Some(here) = &here {
        let is_first = packages.first().map(program).as_ref() == Some(here);
        // To install the other one is not worth a question for a password.
        if is_first || !is_root() {
            return Ok(here.clone());
        }
    }
    if !on_path("apt-get") {
        let by_hand = "the browser tests need Chromium: install it with this system's package \
                       manager and set CHROMIUM to its path";
        return here.ok_or_else(|| by_hand.to_owned());
    }
    match install_first(packages) {
        Ok(package) => Ok(program(&package)),
        Err(why) => here
            .inspect(|here| println!("using {}, because {why}", here.display()))
            .ok_or(why),
    }
}

/// Installs the first of these packages that can be had, with fonts, and gives its name.
fn install_first<'p>(packages: &[&'p str]) -> Done<&'p str> {
    install(&mut apt_get(&["update", "--quiet=2"]))?;
    let mut failure = String::new();
    for package in packages {
        println!("{package}: installing it with its fonts by apt-get");
        let installed = install(&mut apt_get(&[
            "install",
            "--quiet=2",
            "--yes",
            "--no-install-recommends",
            package,
            "fonts-dejavu-core",
            "fonts-liberation",
        ]));
        match installed {
            Ok(()) => return Ok(package),
            Err(why) => failure = why,
        }
    }
    Err(failure)
}

/// The server that the store's tests are run with. Without it they say that they did not run, and everything else is
/// tested: it is installed where that asks nobody for anything.
pub(crate) fn postgresql() -> Done {
    let is_here = on_path("initdb") && on_path("postgres") || has_debians_server();
    if is_here || !is_root() || !on_path("apt-get") {
        return Ok(());
    }
    println!("postgresql: installing it by apt-get");
    // The tests have servers of their own: Debian's is neither made nor started.
    let folder = Path::new("/etc/postgresql-common/createcluster.d");
    let setting = folder.join("failover-console.conf");
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&setting, "create_main_cluster = false\n"))
        .map_err(|error| format!("cannot write {}: {error}", setting.display()))?;
    let installed = install(&mut apt_get(&["update", "--quiet=2"])).and_then(|()| {
        install(&mut apt_get(&[
            "install",
            "--quiet=2",
            "--yes",
            "--no-install-recommends",
            "postgresql",
        ]))
    });
    // A server that is installed later for something else is to be as Debian gives it.
    std::fs::remove_file(&setting)
        .map_err(|error| format!("cannot remove {}: {error}", setting.display()))?;
    installed
}

/// Debian has the programs of each version in a folder that is on nobody's search path.
fn has_debians_server() -> bool {
    let versions = std::fs::read_dir("/usr/lib/postgresql");
    let mut versions = versions.into_iter().flatten().flatten();
    versions.any(|version| version.path().join("bin/initdb").is_file())
}

fn is_root() -> bool {
    ask(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0")
}

/// apt-get as root: directly for root, else through sudo.
fn apt_get(arguments: &[&str]) -> Command {
    let is_root = is_root();
    let mut command = Command::new(if is_root { "apt-get" } else { "sudo" });
    if !is_root {
        command.arg("apt-get");
    }
    command
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// Runs an installation; when it fails, the error tells a person to run it themselves.
fn install(command: &mut Command) -> Done {
    let by_hand = quote(command);
    run(command).map_err(|why| format!("{why}; to go on, make this succeed: {by_hand}"))
}

#[cfg(test)]
mod tests {
    use super::unfit_node;

    #[test]
    fn a_node_that_is_too_old_is_not_to_be_replaced_by_the_same() {
        assert_eq!(unfit_node("v20.19.2\n"), None);
        assert_eq!(unfit_node("v24.0.0\n"), None);
        for (answer, found) in [("v18.19.0\n", "(v18.19.0)"), ("", "(found none)")] {
            let why = unfit_node(answer).unwrap();
            for word in [found, "https://nodejs.org", "Debian 12 has Node 18"] {
                assert!(why.contains(word), "{why}");
            }
        }
    }
}

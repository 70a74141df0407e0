//! Finds the tools that a verb needs and installs missing ones. Each installation prints one line. A tool that cannot be
//! installed is an error that names the command to run.

use crate::command::{Done, ask, cargo, on_path, path_with, quote, run};
use crate::tree::{Tree, tool_cache};
use crate::{fingerprint, versions};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The version of the tool that splits the console into chunks. `console::cut` parses the script that exactly this version writes.
const WASM_SPLIT: &str = "0.2.4";

/// The version of the tool that checks the dependencies.
const CARGO_DENY: &str = "0.20.2";

/// Debian's package of Chromium without windows. Each window of the complete Chromium starts renderers for its own
/// controls, even in headless mode; these took 40 % of the CPU time of the browser tests.
const HEADLESS_SHELL: &str = "chromium-headless-shell";

/// Debian's package of the complete Chromium.
const CHROMIUM: &str = "chromium";

/// The minimum version of Node for the browser tests.
const NODE_MAJOR: u32 = 20;

/// Settings of `cargo install` for these tools: they run for seconds, so a fast build matters more than a fast tool.
const QUICK_RELEASE: [(&str, &str); 4] = [
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
];

/// Installs the tools for building the console. Returns the search path for the build.
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
            // The program and the crate share a private format, so their versions must be equal.
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

/// Installs the tools for the browser tests. Returns the browser's path.
pub(crate) fn for_browser_tests(tree: &Tree) -> Done<PathBuf> {
    npm_packages(&tree.root)?;
    chromium(&[HEADLESS_SHELL, CHROMIUM])
}

/// Installs the tools for the benchmarks. Returns the browser's path.
pub(crate) fn for_benchmarks(tree: &Tree) -> Done<PathBuf> {
    npm_packages(&tree.root.join("bench").join("peers"))?;
    npm_packages(&tree.root)?;
    // The browser that users have.
    chromium(&[CHROMIUM])
}

/// Installs the tool that checks the dependencies. Returns its path.
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
    /// Whether the tool prints its version. If not, only the folder named by the version is used.
    says_version: bool,
    options: &'a [&'a str],
    /// Approximate build time on two cores.
    minutes: u32,
}

/// The folder to add to the search path for this tool, if necessary.
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
    // The user's own build settings must not affect this build.
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

/// Installs the packages of a folder's package-lock.json if they are missing or outdated.
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

/// The error for a Node that is too old, from its output of `--version`.
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

/// The browser: the one in `CHROMIUM`, or the first of these Debian packages that is installed or can be installed.
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
        // The preferred package is not worth a password prompt.
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

/// Installs the first available package, with fonts, and returns its name.
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

/// Installs PostgreSQL for the store's tests if that needs no password. Without it these tests are reported as
/// `NOT RUN`.
pub(crate) fn postgresql() -> Done {
    let is_here = on_path("initdb") && on_path("postgres") || has_debians_server();
    if is_here || !is_root() || !on_path("apt-get") {
        return Ok(());
    }
    println!("postgresql: installing it by apt-get");
    // The tests start their own servers, so Debian's default cluster is not created.
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
    // Later installations of a server shall have Debian's defaults.
    std::fs::remove_file(&setting)
        .map_err(|error| format!("cannot remove {}: {error}", setting.display()))?;
    installed
}

/// Debian installs the programs of each version in a folder that is not on the search path.
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

/// Runs an installation. On failure the error names the command for the user to run.
fn install(command: &mut Command) -> Done {
    let by_hand = quote(command);
    run(command).map_err(|why| format!("{why}; to go on, make this succeed: {by_hand}"))
}

#[cfg(test)]
mod tests {
    use super::unfit_node;

    #[test]
    fn an_outdated_node_is_rejected_with_advice() {
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

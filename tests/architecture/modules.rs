//! The order of the modules within a crate: each may use only those below it, so that there are no cycles, and a reader
//! of a module knows what it can depend on.

use crate::assert_none;
use crate::files::{File, all};
use std::collections::BTreeSet;

/// A crate's top-level modules, from the one that may use all others to the leaves. Modules in the same line may not
/// use each other.
struct Order {
    folder: &'static str,
    lines: &'static [&'static [&'static str]],
}

const CONSOLE: Order = Order {
    folder: "src",
    lines: &[
        &["app"],
        &["shell"],
        &["pages"],
        &["ui"],
        &["live"],
        &["api", "nav", "prefs", "panic_banner"],
        &[
            "route",
            "json",
            "subscribers",
            "provided",
            "on_change",
            "client_view",
        ],
    ],
};

const GATEWAY: Order = Order {
    folder: "crates/gateway/src",
    lines: &[
        &["cli"],
        &["http"],
        &["app"],
        &["relay", "thumbnails"],
        &["alerts"],
        &["watch"],
        &["vendor_client"],
        &["audit"],
        &["metrics"],
        &["credentials", "auth"],
        &["vendor_http", "pairing"],
        &["store"],
        &["config", "assets"],
        &[
            "tls",
            "crypto",
            "answer_cache",
            "shared_file",
            "in_flight",
            "changes",
        ],
        &[
            "identity",
            "network",
            "problem",
            "single_flight",
            "supervision",
            "clock",
            "inventory_view",
            "hidden_characters",
        ],
        &["lock"],
    ],
};

impl Order {
    fn line_of(&self, module: &str) -> Option<usize> {
        self.lines.iter().position(|line| line.contains(&module))
    }

    /// The module that a file belongs to; `None` for the crate's root and for tests.
    fn module_of(&self, file: &File) -> Option<String> {
        let within = file.path.strip_prefix(self.folder)?.strip_prefix('/')?;
        let first = within.split('/').next()?;
        let module = first.strip_suffix(".rs").unwrap_or(first);
        let is_root = matches!(module, "main" | "lib" | "tests");
        (!is_root && !within.contains("tests")).then(|| module.to_owned())
    }

    fn complaints(&self, files: &[File]) -> Vec<String> {
        let mut complaints = Vec::new();
        for file in files.iter().filter(|file| file.path.ends_with(".rs")) {
            let Some(module) = self.module_of(file) else {
                continue;
            };
            let Some(line) = self.line_of(&module) else {
                complaints.push(format!("{}: {module} has no place in the order", file.path));
                continue;
            };
            for used in uses(file).iter().filter(|used| **used != module) {
                // A name that is not a module of the crate is an item of its root.
                let Some(below) = self.line_of(used) else {
                    continue;
                };
                if below <= line {
                    complaints.push(format!(
                        "{} uses {used}, which is above {module} or in the same line",
                        file.path
                    ));
                }
            }
        }
        complaints
    }
}

/// The top-level modules that a file uses as `crate::module` or `crate::{module, …}`, without its tests.
fn uses(file: &File) -> BTreeSet<String> {
    let mut code = String::new();
    for (_, line) in file.code() {
        if line.trim_start().starts_with("#[cfg(test)]") {
            break;
        }
        code.push_str(line);
        code.push('\n');
    }
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let names = match rest.strip_prefix('{') {
            Some(group) => group.split('}').next().unwrap_or_default(),
            None => rest
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .next()
                .unwrap_or_default(),
        };
        for name in names.split(',') {
            let name = name.trim().split("::").next().unwrap_or_default();
            found.insert(name.to_owned());
        }
    }
    found
}

#[test]
fn the_consoles_modules_keep_their_order() {
    assert_none(
        &CONSOLE.complaints(&all()),
        "move the code down to where both may use it, or pass in what it needs (ARCHITECTURE.md lists the modules)",
    );
}

#[test]
fn the_gateways_modules_keep_their_order() {
    assert_none(
        &GATEWAY.complaints(&all()),
        "move the code down to where both may use it, or pass in what it needs (ARCHITECTURE.md lists the modules)",
    );
}

#[test]
fn a_use_of_a_higher_or_equal_module_is_found() {
    let complaints = |path: &str, text: &str| CONSOLE.complaints(&[File::new(path, text)]).len();
    for (path, text) in [
        ("src/ui/icon.rs", "use crate::pages::overview;"),
        ("src/live/poll.rs", "use crate::{route::Route, shell::Top};"),
        ("src/api/build.rs", "let x = crate::nav::here();"),
        ("src/other/new.rs", ""),
    ] {
        assert_eq!(complaints(path, text), 1, "{path}: {text}");
    }
    for (path, text) in [
        ("src/pages/overview/mod.rs", "use crate::live::use_clock;"),
        ("src/ui/icon.rs", "// crate::pages has its own"),
        (
            "src/ui/icon.rs",
            "#[cfg(test)]\nmod tests { use crate::pages::x; }",
        ),
        ("src/ui/icon.rs", "use crate::ui::times;"),
        ("src/main.rs", "use crate::app::App;"),
    ] {
        assert_eq!(complaints(path, text), 0, "{path}: {text}");
    }
}

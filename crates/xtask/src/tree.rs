//! Paths in this clone, and the folder of tools outside it.

use std::path::{Path, PathBuf};

/// The paths of one clone of the repository.
pub(crate) struct Tree {
    /// The folder with the workspace's Cargo.toml.
    pub(crate) root: PathBuf,
    /// Cargo's build folder. Always the clone's own `target`, even if `CARGO_TARGET_DIR` is set, because
    /// the README promises `target/release/failover-console`.
    pub(crate) target: PathBuf,
    /// The folder of the built console.
    pub(crate) dist: PathBuf,
}

impl Tree {
    /// The clone that this program was compiled in.
    pub(crate) fn of_this_workspace() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = here.ancestors().nth(2).unwrap_or(here).to_path_buf();
        Self {
            target: root.join("target"),
            dist: root.join("dist"),
            root,
        }
    }

    /// The built product.
    pub(crate) fn program(&self) -> PathBuf {
        self.target.join("release").join(program_name())
    }

    /// The product compiled for tests; it reads the console from `dist` at startup.
    pub(crate) fn tested_program(&self) -> PathBuf {
        self.target.join("debug").join(program_name())
    }

    /// The folder of programs from npm packages.
    pub(crate) fn node_programs(&self) -> PathBuf {
        self.root.join("node_modules").join(".bin")
    }
}

fn program_name() -> String {
    format!("failover-console{}", std::env::consts::EXE_SUFFIX)
}

/// The folder where all clones of this user share compiled tools: below `XDG_CACHE_HOME` or
/// `~/.cache`, otherwise below the system's temporary folder.
pub(crate) fn tool_cache() -> PathBuf {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    set("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| set("HOME").map(|home| PathBuf::from(home).join(".cache")))
        .unwrap_or_else(std::env::temp_dir)
        .join("failover-console")
        .join("tools")
}

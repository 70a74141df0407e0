//! Builds the console: compiles the program, splits it into chunks, binds it to JavaScript, optimises it, and names files
//! by their content; joins the style sheets and writes the page. Replaces trunk, which cannot split a program.

mod contents;
mod cut;
mod loader;
mod order;
mod page;
mod stub;
mod trim;
mod wasm;

pub(crate) use contents::{Contents, contents};

use crate::command::{Done, ask, cargo, run};
use crate::tree::Tree;
use cut::Piece;
use loader::Delivered;
use page::Page;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::hash::{DefaultHasher, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "wasm32-unknown-unknown";

/// The name of the program and of its files.
const NAME: &str = "console";

/// The name of the piece that every visit loads: the entry.
const ENTRY: &str = "console-main";

/// The common name of pieces that several chunks share; their hashes distinguish them.
const SHARED_PIECE: &str = "shared";

/// The prefix of bundle names. A bundle is the concatenation of all pieces that a chunk needs.
pub(crate) const BUNDLE: &str = "bundle-";

/// The folder of intermediate results below `target`, and in it the folder of pieces with function names.
const STEPS: &str = "console-steps";
const OPTIMISED: &str = "optimised";

/// Builds the console into `dist`, which must be empty. `path` is the search path for tools.
pub(crate) fn build(tree: &Tree, path: &OsStr) -> Done {
    let work = Work::new(tree, path)?;
    let source = read(&tree.root.join("index.html"))?;
    let page = Page::read(&source)?;
    let program = compile(tree, path)?;
    let cut = work.cut(&program)?;
    let (script, main) = work.bind(&cut)?;
    let mut pieces = Vec::new();
    for piece in cut.pieces(|file| work.size(file))? {
        let merged = work.merge(&piece, &page)?;
        let made = work.optimise(&merged, &piece.name, &page)?;
        // Otherwise the script would contain the names of all chunks that share a piece.
        let name = match &piece.users[..] {
            [chunk] => chunk,
            _ => SHARED_PIECE,
        };
        let file = put(tree, name, "wasm", &made)?;
        let size = made.len();
        pieces.push((Delivered { file, size, piece }, made));
    }
    let mut bundles = BTreeMap::new();
    for load in &cut.loads {
        let needed = pieces.iter().filter(|(piece, _)| piece.is_of(&load.chunk));
        let bundle: Vec<u8> = needed.flat_map(|(_, made)| made).copied().collect();
        let name = format!("{BUNDLE}{}", load.chunk);
        bundles.insert(load.chunk.clone(), put(tree, &name, "bin", &bundle)?);
    }
    let pieces: Vec<Delivered> = pieces.into_iter().map(|(piece, _)| piece).collect();
    let entry = work.optimise(&main, ENTRY, &page)?;
    let wasm = put(tree, ENTRY, "wasm", &entry)?;
    let script = loader::join(&script, &cut, &pieces, &bundles, &loader::PAGES)?;
    let script = put(tree, NAME, "js", script.as_bytes())?;
    let mut styles = String::new();
    for sheet in &page.styles {
        styles.push_str(&page::small_style(&read(&tree.root.join(sheet))?));
    }
    let icon = tree.root.join(&page.icon);
    let icon =
        fs::read(&icon).map_err(|error| format!("cannot read {}: {error}", icon.display()))?;
    let icon = put(tree, "icon", "svg", &icon)?;
    let files = page::Files {
        script: &script,
        wasm: &wasm,
        icon: &icon,
    };
    let text = page.write(&files, &styles);
    let index = tree.dist.join("index.html");
    fs::write(&index, text)
        .map_err(|error| format!("cannot write {}: {error}", index.display()))?;
    Ok(())
}

/// Compiles the program with the relocations and names that splitting needs.
fn compile(tree: &Tree, path: &OsStr) -> Done<PathBuf> {
    let mut build = cargo(tree);
    build
        // In addition to those of .cargo/config.toml.
        .arg("--config")
        .arg(format!("target.{TARGET}.rustflags={:?}", flags(tree)))
        .args(["rustc", "--quiet", "--locked", "--profile", NAME])
        .args(["--target", TARGET, "--bin", NAME, "--features", "split"])
        .args(["--", "-C", "link-arg=--emit-relocs", "-C", "strip=none"])
        .env("PATH", path)
        // Would override all of these.
        .env_remove("RUSTFLAGS");
    run(&mut build)?;
    Ok(tree
        .target
        .join(TARGET)
        .join(NAME)
        .join(format!("{NAME}.wasm")))
}

/// Symbol names that include type arguments, for `cargo xtask size`, and shortened paths in panic messages, which would
/// reveal the build machine.
fn flags(tree: &Tree) -> Vec<String> {
    let sysroot = ask(Command::new("rustc").args(["--print", "sysroot"])).unwrap_or_default();
    let home = std::env::var_os("CARGO_HOME").map_or_else(
        || std::env::home_dir().unwrap_or_default().join(".cargo"),
        PathBuf::from,
    );
    let registries = fs::read_dir(home.join("registry").join("src"));
    let registries = registries.into_iter().flatten().flatten();
    // The last matching prefix wins.
    let mut remapped = vec![
        (home, "cargo"),
        (PathBuf::from(sysroot.trim()), "rust"),
        (tree.root.clone(), ""),
    ];
    remapped.extend(registries.map(|registry| (registry.path(), "")));
    let remap =
        |(from, to): (PathBuf, &str)| format!("--remap-path-prefix={}={to}", from.display());
    let names = "-Csymbol-mangling-version=v0".to_owned();
    std::iter::once(names)
        .chain(remapped.into_iter().map(remap))
        .collect()
}

/// The folders of intermediate results.
struct Work<'a> {
    path: &'a OsStr,
    /// The parts of the split program.
    cut: PathBuf,
    /// The main piece, bound to JavaScript.
    bound: PathBuf,
    /// Merged pieces.
    made: PathBuf,
    /// Optimised pieces, with function names.
    optimised: PathBuf,
}

impl<'a> Work<'a> {
    fn new(tree: &Tree, path: &'a OsStr) -> Done<Self> {
        let root = tree.target.join(STEPS);
        let work = Self {
            path,
            cut: root.join("cut"),
            bound: root.join("bound"),
            made: root.join("made"),
            optimised: root.join(OPTIMISED),
        };
        if root.exists() {
            fs::remove_dir_all(&root)
                .map_err(|error| format!("cannot empty {}: {error}", root.display()))?;
        }
        for folder in [
            &work.cut,
            &work.bound,
            &work.made,
            &work.optimised,
            &tree.dist,
        ] {
            fs::create_dir_all(folder)
                .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        }
        Ok(work)
    }

    fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command.env("PATH", self.path);
        command
    }

    /// The size of a part of the program, without names.
    fn size(&self, file: &str) -> Done<i64> {
        let file = self.cut.join(file);
        let program =
            fs::read(&file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
        let size = wasm::bare(&program)?.len();
        Ok(i64::try_from(size).unwrap_or(i64::MAX))
    }

    fn cut(&self, program: &Path) -> Done<cut::Cut> {
        run(self
            .tool("wasm-split-cli")
            .arg(program)
            .arg(&self.cut)
            .args(["--out-name", NAME]))?;
        cut::Cut::read(&read(&self.cut.join("__wasm_split.js"))?)
    }

    /// Returns the JavaScript and the path of the bound program.
    fn bind(&self, cut: &cut::Cut) -> Done<(String, PathBuf)> {
        run(self
            .tool("wasm-bindgen")
            .arg(self.cut.join(format!("{NAME}.wasm")))
            .args([
                "--target",
                "web",
                "--no-typescript",
                "--keep-lld-exports",
                "--no-demangle",
            ])
            .args(["--out-name", NAME, "--out-dir"])
            .arg(&self.bound))?;
        if self.bound.join("snippets").exists() {
            return Err(
                "a crate brings JavaScript files of its own, which the build does not place".into(),
            );
        }
        let file = self.bound.join(format!("{NAME}_bg.wasm"));
        let program =
            fs::read(&file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
        let script = read(&self.bound.join(format!("{NAME}.js")))?;
        let from = format!("./{NAME}_bg.js");
        let (script, program) = trim::trim(&script, &program, &from, &cut.shares)?;
        let file = self.made.join("main.wasm");
        fs::write(&file, program)
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
        Ok((script, file))
    }

    /// Merges the parts of a piece into one file.
    fn merge(&self, piece: &Piece, page: &Page<'_>) -> Done<PathBuf> {
        if let [file] = &piece.files[..] {
            return Ok(self.cut.join(file));
        }
        let parts = piece.files.iter().map(|file| {
            let file = self.cut.join(file);
            fs::read(&file).map_err(|error| format!("cannot read {}: {error}", file.display()))
        });
        let parts = parts.collect::<Done<Vec<_>>>()?;
        let stub = self.made.join("stub.wasm");
        fs::write(&stub, stub::stub(&parts)?)
            .map_err(|error| format!("cannot write {}: {error}", stub.display()))?;
        // The features of the parts, and multiple memories, until the stub merges these.
        let features = page
            .wasm_opt
            .iter()
            .filter(|word| word.starts_with("--enable-"))
            .map(String::as_str)
            .chain(["--enable-multimemory"]);
        let merged = self.made.join(format!("{}-merged.wasm", piece.name));
        let mut merge = self.tool("wasm-merge");
        merge.arg("--debuginfo").arg(&stub).arg(cut::SHARED);
        for file in &piece.files {
            merge.arg(self.cut.join(file)).arg(file);
        }
        quietly(merge.arg("-o").arg(&merged).args(features))?;
        Ok(merged)
    }

    /// Optimises a piece for delivery. A copy with names is kept for `cargo xtask size`.
    fn optimise(&self, file: &Path, name: &str, page: &Page<'_>) -> Done<Vec<u8>> {
        let named = self.made.join("named.wasm");
        let program =
            fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
        fs::write(&named, order::by_likeness(&program)?)
            .map_err(|error| format!("cannot write {}: {error}", named.display()))?;
        let made = self.optimised.join(format!("{name}.wasm"));
        let mut command = self.tool("wasm-opt");
        command.arg(&named).arg("-o").arg(&made).arg("--debuginfo");
        quietly(command.args(&page.wasm_opt))?;
        let made =
            fs::read(&made).map_err(|error| format!("cannot read {}: {error}", made.display()))?;
        wasm::bare(&made)
    }
}

/// Runs a tool of binaryen and hides its warnings about debug information.
fn quietly(command: &mut Command) -> Done {
    let quoted = crate::command::quote(command);
    let output = command
        .output()
        .map_err(|error| format!("`{quoted}` could not be started: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    // The complete output may contain the whole program as text.
    let said: String = said.chars().take(2_000).collect();
    Err(format!("`{quoted}` ended with {}: {said}", output.status))
}

fn read(file: &Path) -> Done<String> {
    fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))
}

/// Writes a file into `dist` with its hash in the name, so that browsers may cache it forever.
fn put(tree: &Tree, name: &str, ending: &str, content: &[u8]) -> Done<String> {
    let mut hasher = DefaultHasher::new();
    hasher.write(content);
    let name = format!("{name}-{:016x}.{ending}", hasher.finish());
    let file = tree.dist.join(&name);
    fs::write(&file, content)
        .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    Ok(name)
}

//! The console's script: the output of wasm-bindgen and the functions that load chunks. They form one file, because each
//! imports the other and file names are content hashes. Pure.

use super::cut::{Cut, MAIN, Piece, SHARED};
use crate::command::Done;
use std::collections::BTreeMap;

/// The functions that load chunks. A chunk is fetched as one file, its bundle, unless at least half of its pieces are
/// loaded: then the missing ones are fetched separately. Pieces are compiled while they arrive. Failed pieces are requested
/// again the next time, loaded ones are not. A failure does not raise an error in the page: the browser logs the failed
/// request, and the console reports it if the user is waiting for the chunk. A bundle has failed if it does not begin to
/// arrive within 60 s, during which it may wait for other requests, or if nothing more of it arrives for 20 s; a piece,
/// whose progress is not visible, if it has not arrived after 60 s.
const LOADER: &str = r#"
const request = (name) => {
    const abort = new AbortController();
    let timer;
    const wait = (seconds) => {
        clearTimeout(timer);
        timer = setTimeout(() => abort.abort(), seconds * 1000);
    };
    wait(60);
    return { answer: fetch(new URL(name, import.meta.url), { signal: abort.signal }), wait };
};
const once = (begin) => {
    let begun;
    const run = (...given) => begun ??= begin(...given).catch((error) => {
        begun = undefined;
        throw error;
    });
    return Object.assign(run, { isBegun: () => begun !== undefined });
};
const loadPiece = (name, size) => {
    const alone = () => WebAssembly.compileStreaming(request(name).answer);
    const compile = once((from = alone) => from());
    const load = once(async () => WebAssembly.instantiate(await compile(), sharedImports()));
    return { size, compile, load };
};
const unbundle = (name, sizes) => {
    const waiting = [];
    const parts = sizes.map(() => new Promise((resolve, reject) => waiting.push({ resolve, reject })));
    const read = async () => {
        const { answer: promise, wait } = request(name);
        const answer = await promise;
        if (!answer.ok) throw new Error(`${name}: status ${answer.status}`);
        wait(20);
        const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size));
        let [at, part, begin] = [0, 0, 0];
        for (let reader = answer.body.getReader(), step; !(step = await reader.read()).done;) {
            wait(20);
            bytes.set(step.value, at);
            at += step.value.length;
            for (; part < sizes.length && begin + sizes[part] <= at; begin += sizes[part++]) {
                waiting[part].resolve(bytes.subarray(begin, begin + sizes[part]));
            }
        }
        if (part < sizes.length) throw new Error(`${name}: ${at} bytes`);
    };
    read().catch((error) => waiting.forEach(({ reject }) => reject(error)));
    return parts;
};
const loadChunk = (bundle, pieces) => {
    const compileAll = () => {
        const bytes = (of) => of.reduce((sum, { size }) => sum + size, 0);
        const missing = pieces.filter(({ compile }) => !compile.isBegun());
        if (2 * bytes(missing) <= bytes(pieces)) return;
        const parts = unbundle(bundle, pieces.map(({ size }) => size));
        pieces.forEach(({ compile }, number) => {
            parts[number].catch(() => undefined);
            compile(async () => WebAssembly.compile(await parts[number])).catch(() => undefined);
        });
    };
    return Object.assign(async (callback, data) => {
        compileAll();
        const loaded = await Promise.all(pieces.map(({ load }) => load())).then(() => true, (error) => {
            console.info('A part of the console was not loaded.', error);
            return false;
        });
        sharedImports().main.__indirect_function_table.get(callback)(data, loaded);
    }, { pieces, compileAll });
};
"#;

/// Fetches and compiles the pieces of the opened page in parallel with the main piece. `CHUNKS` maps the first segment of
/// the page's path, with a slash if the path continues, to its chunk. Once the program has started, the pieces are also
/// instantiated while it renders its frame. The program requests failed pieces again.
const OPENED: &str = r#"
const [section, ...more] = location.pathname.slice(new URL('.', import.meta.url).pathname.length).split('/').filter(Boolean);
const opened = { CHUNKS }[more.length > 0 ? `${section}/` : section];
opened?.compileAll();
export const loadOpened = () => {
    for (const { load } of opened?.pieces ?? []) load().catch(() => undefined);
};
"#;

/// The chunks of pages, as in the console's `Chunk::of`, by the paths that [`OPENED`] reads.
pub(super) const PAGES: [(&str, &str); 11] = [
    ("activity", "activity"),
    ("connections", "connections"),
    ("failover-sessions", "failover_sessions"),
    ("failover-sessions/", "failover_session"),
    ("groups", "groups"),
    ("groups/", "group"),
    ("report", "report"),
    ("sign-in", "sign_in"),
    ("slicers", "slicers"),
    ("slicers/", "slicer_group"),
    ("wall", "wall"),
];

/// A delivered piece.
pub(super) struct Delivered {
    /// The file's name.
    pub(super) file: String,
    /// Its bytes.
    pub(super) size: usize,
    pub(super) piece: Piece,
}

impl Delivered {
    /// Whether a chunk needs this piece.
    pub(super) fn is_of(&self, chunk: &str) -> bool {
        self.piece.users.iter().any(|user| user == chunk)
    }
}

/// Joins the script. `bundles` maps each chunk to its bundle's file; `pages` is [`PAGES`].
pub(super) fn join(
    bound: &str,
    cut: &Cut,
    pieces: &[Delivered],
    bundles: &BTreeMap<String, String>,
    pages: &[(&str, &str)],
) -> Done<String> {
    let mut script = String::new();
    let mut names = Vec::new();
    for line in bound.lines() {
        match imported(line) {
            Some(name) => names.push(name),
            None => {
                script.push_str(line);
                script.push('\n');
            }
        }
    }
    if names.is_empty() {
        return Err("wasm-bindgen wrote a script that loads no chunk".into());
    }
    let shares = cut.shares.join(", ");
    script.push_str(&format!(
        "\nconst sharedImports = () => {{\n    const {{ {shares} }} = initSync();\n    \
         const shared = {{ {shares} }};\n    return {{ {SHARED}: shared, {MAIN}: shared }};\n}};\n"
    ));
    script.push_str(LOADER);
    for (number, Delivered { file, size, .. }) in pieces.iter().enumerate() {
        script.push_str(&format!(
            "const piece{number} = loadPiece('./{file}', {size});\n"
        ));
    }
    let (first, others) = (&names[0], &names[1..]);
    script.push_str(&format!("const {first} = {{\n"));
    for load in &cut.loads {
        let needed: Vec<_> = (0..)
            .zip(pieces)
            .filter(|(_, piece)| piece.is_of(&load.chunk))
            .map(|(number, _)| format!("piece{number}"))
            .collect();
        let bundle = bundles.get(&load.chunk);
        let bundle = bundle.ok_or_else(|| format!("{} has no bundle", load.chunk))?;
        script.push_str(&format!(
            "    {}: loadChunk('./{bundle}', [{}]),\n",
            load.function,
            needed.join(", ")
        ));
    }
    script.push_str("};\n");
    for name in others {
        script.push_str(&format!("const {name} = {first};\n"));
    }
    let mut chunks = Vec::new();
    for (path, chunk) in pages {
        let load = cut.loads.iter().find(|load| load.chunk == *chunk);
        let load = load.ok_or_else(|| format!("no chunk is called {chunk}"))?;
        chunks.push(format!("'{path}': {first}.{}", load.function));
    }
    script.push_str(&OPENED.replace("CHUNKS", &chunks.join(", ")));
    Ok(script)
}

/// The name under which a line imports the script of wasm-split-cli: `import * as x from "./__wasm_split.js"`.
fn imported(line: &str) -> Option<String> {
    let rest = line.strip_prefix("import * as ")?;
    let (name, from) = rest.split_once(" from ")?;
    from.contains("./__wasm_split.js").then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::cut::tests::SCRIPT;
    use super::*;

    const BOUND: &str = "import * as import1 from \"./__wasm_split.js\"\nimport * as import2 from \"./__wasm_split.js\"\n\
        function initSync() {}\nexport { initSync };\n";

    #[test]
    fn every_chunk_loads_the_files_that_it_needs() {
        let cut = Cut::read(SCRIPT).unwrap();
        let pieces: Vec<_> = cut
            .pieces(|_| Ok(1))
            .unwrap()
            .into_iter()
            .enumerate()
            .map(|(number, piece)| Delivered {
                file: format!("{number}.wasm"),
                size: 10 + number,
                piece,
            })
            .collect();
        let bundles = ["groups", "wall"].map(|name| (name.to_owned(), format!("{name}.bin")));
        let bundles = BTreeMap::from(bundles);
        let pages = [("groups/", "groups"), ("wall", "wall")];
        let script = join(BOUND, &cut, &pieces, &bundles, &pages).unwrap();
        for line in [
            "const piece1 = loadPiece('./1.wasm', 11);",
            "    __wasm_split_load_groups: loadChunk('./groups.bin', [piece0, piece2]),",
            "    __wasm_split_load_wall: loadChunk('./wall.bin', [piece1, piece2]),",
            "const import2 = import1;",
        ] {
            assert!(script.lines().any(|one| one == line), "{line} in\n{script}");
        }
        assert!(!script.contains("__wasm_split.js"));
        let opened = "{ 'groups/': import1.__wasm_split_load_groups, 'wall': import1.__wasm_split_load_wall }";
        assert!(script.contains(opened), "{opened} in\n{script}");
        let none = BTreeMap::new();
        assert!(join("function initSync() {}", &cut, &pieces, &bundles, &[]).is_err());
        assert!(join(BOUND, &cut, &pieces, &none, &[]).is_err());
        assert!(join(BOUND, &cut, &pieces, &bundles, &[("slicers", "slicers")]).is_err());
    }
}

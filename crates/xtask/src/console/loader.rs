//! The console's script: what wasm-bindgen wrote, and the functions that load chunks. One file, because each
//! needs the other, and the name of each is made of what it holds. Pure.

use super::cut::{Cut, MAIN, Piece, SHARED};
use crate::command::Done;

/// The functions by which chunks are loaded. A file is compiled while it arrives. What failed is asked for again
/// the next time, and what is there is not. A failure is no error of the page: the browser tells of what it could not
/// fetch, and the console of what somebody waits for.
const LOADER: &str = r#"
const loadPiece = (name) => {
    let loading;
    return () => loading ??= (async () => {
        const module = await WebAssembly.compileStreaming(fetch(new URL(name, import.meta.url)));
        await WebAssembly.instantiate(module, sharedImports());
    })().catch((error) => {
        loading = undefined;
        throw error;
    });
};
const loadChunk = (pieces) => async (callback, data) => {
    const loaded = await Promise.all(pieces.map((piece) => piece())).then(() => true, (error) => {
        console.info('A part of the console was not loaded.', error);
        return false;
    });
    sharedImports().main.__indirect_function_table.get(callback)(data, loaded);
};
"#;

/// Puts the script together. `pieces` are the files by their names.
pub(super) fn join(bound: &str, cut: &Cut, pieces: &[(String, Piece)]) -> Done<String> {
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
    for (number, (file, _)) in pieces.iter().enumerate() {
        script.push_str(&format!("const piece{number} = loadPiece('./{file}');\n"));
    }
    let (first, others) = (&names[0], &names[1..]);
    script.push_str(&format!("const {first} = {{\n"));
    for load in &cut.loads {
        let needed: Vec<_> = (0..)
            .zip(pieces)
            .filter(|(_, (_, piece))| piece.users.contains(&load.chunk))
            .map(|(number, _)| format!("piece{number}"))
            .collect();
        script.push_str(&format!(
            "    {}: loadChunk([{}]),\n",
            load.function,
            needed.join(", ")
        ));
    }
    script.push_str("};\n");
    for name in others {
        script.push_str(&format!("const {name} = {first};\n"));
    }
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
            .map(|(number, piece)| (format!("{number}.wasm"), piece))
            .collect();
        let script = join(BOUND, &cut, &pieces).unwrap();
        for line in [
            "const piece1 = loadPiece('./1.wasm');",
            "    __wasm_split_load_groups: loadChunk([piece0, piece2]),",
            "    __wasm_split_load_wall: loadChunk([piece1, piece2]),",
            "const import2 = import1;",
        ] {
            assert!(script.lines().any(|one| one == line), "{line} in\n{script}");
        }
        assert!(!script.contains("__wasm_split.js"));
        assert!(join("function initSync() {}", &cut, &pieces).is_err());
    }
}

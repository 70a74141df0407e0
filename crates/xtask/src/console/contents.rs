//! The contents of the last build's pieces: functions by name, and other parts.

use super::wasm::{self, CODE, CUSTOM, DATA, IMPORTS, Reader};
use super::{OPTIMISED, STEPS};
use crate::command::Done;
use crate::fingerprint::files_under;
use crate::tree::Tree;

/// A piece, with sizes in bytes before compression.
pub(crate) struct Contents {
    /// The name of the piece, without its hash.
    pub(crate) piece: String,
    /// Functions by their mangled names.
    pub(crate) functions: Vec<(String, usize)>,
    /// Sizes of all other parts.
    pub(crate) parts: Vec<(&'static str, usize)>,
}

/// The pieces of the last build.
pub(crate) fn contents(tree: &Tree) -> Done<Vec<Contents>> {
    let mut pieces = Vec::new();
    for file in files_under(&tree.target.join(STEPS).join(OPTIMISED))? {
        let program = std::fs::read(&file)
            .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        pieces.push(read(name.into_owned(), &program)?);
    }
    if pieces.is_empty() {
        return Err("the last build left no pieces: remove `dist` and try again".into());
    }
    Ok(pieces)
}

fn read(piece: String, program: &[u8]) -> Done<Contents> {
    let (_, sections) = wasm::sections(program)?;
    let names = wasm::function_names(&sections)?;
    let (mut imported, mut functions) = (0, Vec::new());
    let mut parts = vec![("data", 0), ("types, imports and tables", 0)];
    for (kind, section) in sections {
        let mut rest = Reader(section);
        match kind {
            CUSTOM => {}
            CODE => {
                for number in imported..imported + rest.number()? {
                    let size = rest.number()?;
                    rest.take(size)?;
                    // After the two words of the sort key.
                    let name = names
                        .get(&number)
                        .and_then(|name| name.splitn(3, ' ').nth(2));
                    functions.push((name.unwrap_or("(made by wasm-opt)").to_owned(), size));
                }
            }
            DATA => parts[0].1 += section.len(),
            _ => parts[1].1 += section.len(),
        }
        if kind == IMPORTS {
            let mut rest = Reader(section);
            for _ in 0..rest.number()? {
                rest.name()?;
                rest.name()?;
                imported += usize::from(rest.import()?);
            }
        }
    }
    Ok(Contents {
        piece,
        functions,
        parts,
    })
}

#[cfg(test)]
mod tests {
    use super::super::order::by_likeness;
    use super::super::wasm::{FUNCTIONS, write_name, write_section};
    use super::*;

    #[test]
    fn a_function_is_counted_with_its_name() {
        let mut program = b"\0asm\x01\0\0\0".to_vec();
        let mut names = Vec::new();
        write_name("name", &mut names);
        names.extend([1, 4, 1, 1, 1, b'f']);
        for (kind, content) in [
            (IMPORTS, vec![1, 1, b'm', 1, b'g', 0, 0]),
            (FUNCTIONS, vec![1, 0]),
            (CODE, vec![1, 2, 0, 0x0b]),
            (DATA, vec![0]),
            (CUSTOM, names),
        ] {
            write_section(kind, &content, &mut program);
        }
        let contents = read("main".to_owned(), &by_likeness(&program).unwrap()).unwrap();
        assert_eq!(contents.functions, [("f".to_owned(), 2)]);
        assert_eq!(
            contents.parts,
            [("data", 1), ("types, imports and tables", 9)]
        );
        assert!(read("main".to_owned(), &program[..20]).is_err());
    }
}

//! A module that is merged with several parts of the program. Each part imports the memory and the table; without the stub,
//! which re-exports them, the merged piece would import several memories. Pure.

use super::cut::{MAIN, SHARED};
use super::wasm::{self, EXPORTS, IMPORTS, Reader, write_name, write_number};
use crate::command::Done;
use std::collections::BTreeMap;

/// Returns a module that re-exports everything that the parts import.
pub(super) fn stub(parts: &[Vec<u8>]) -> Done<Vec<u8>> {
    let mut shared = BTreeMap::new();
    for part in parts {
        for (name, what) in imports(part)? {
            if shared.insert(name, what).is_some_and(|known| known != what) {
                return Err(format!(
                    "parts of the program disagree about `{name}`, so they cannot be put together"
                ));
            }
        }
    }
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    write_number(shared.len(), &mut imports);
    write_number(shared.len(), &mut exports);
    // The number of imports of each kind, such as memories, which determines their indices.
    let mut numbers = BTreeMap::<u8, usize>::new();
    for (name, what) in shared {
        write_name(MAIN, &mut imports);
        write_name(name, &mut imports);
        imports.extend(what);
        let number = numbers.entry(what[0]).or_default();
        write_name(name, &mut exports);
        exports.push(what[0]);
        write_number(*number, &mut exports);
        *number += 1;
    }
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    wasm::write_section(IMPORTS, &imports, &mut module);
    wasm::write_section(EXPORTS, &exports, &mut module);
    Ok(module)
}

/// The names and descriptions of a part's shared imports; a description begins with the kind.
fn imports(part: &[u8]) -> Done<Vec<(&str, &[u8])>> {
    let (_, sections) = wasm::sections(part)?;
    let mut found = Vec::new();
    for (_, section) in sections.iter().filter(|(kind, _)| *kind == IMPORTS) {
        let mut rest = Reader(section);
        for _ in 0..rest.number()? {
            let (module, name) = (rest.name()?, rest.name()?);
            let what = rest.since(|rest| rest.import().map(drop))?;
            if module == SHARED {
                found.push((name, what));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A memory with this minimum number of pages, and a mutable global.
    fn part(pages: u8) -> Vec<u8> {
        let mut imports = vec![3];
        for (module, name, what) in [
            (SHARED, "memory", [2, 0, pages]),
            (SHARED, "depth", [3, 0x7f, 1]),
            ("other", "g", [3, 0x7f, 1]),
        ] {
            write_name(module, &mut imports);
            write_name(name, &mut imports);
            imports.extend(what);
        }
        let mut part = b"\0asm\x01\0\0\0".to_vec();
        wasm::write_section(IMPORTS, &imports, &mut part);
        part
    }

    #[test]
    fn a_stub_exports_each_import_once() {
        let mut expected =
            b"\0asm\x01\0\0\0\x02\x1e\x02\x04main\x05depth\x03\x7f\x01\x04main\x06memory\x02\0\x14"
                .to_vec();
        expected.extend(b"\x07\x12\x02\x05depth\x03\0\x06memory\x02\0");
        assert_eq!(stub(&[part(20), part(20)]), Ok(expected));
        assert!(stub(&[part(20), part(21)]).is_err_and(|why| why.contains("`memory`")));
        assert!(stub(&[part(20)[..12].to_vec()]).is_err());
    }
}

//! Shrinks the bound program and its script: shortens the names that they import from each other, and removes comments and
//! the classes that wasm-bindgen exports for other scripts, with all code that only these classes use. Pure.

use super::wasm::{self, EXPORTS, IMPORTS, Reader, write_name, write_number};
use crate::command::Done;
use std::collections::{BTreeMap, BTreeSet};

/// Returns the shrunk script and program. `from` is the module name of the script in the program's imports, and
/// `kept` are exports that other scripts use.
pub(super) fn trim(
    script: &str,
    program: &[u8],
    from: &str,
    kept: &[String],
) -> Done<(String, Vec<u8>)> {
    let (mut script, gone) = essentials(script);
    let words: BTreeSet<&str> = script
        .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_' && letter != '$')
        .chain(kept.iter().map(String::as_str))
        .collect();
    // The browser would fail at the name and run nothing.
    if let Some(class) = gone.into_iter().find(|class| words.contains(class)) {
        return Err(format!(
            "wasm-bindgen wrote a script that still names `{class}` where the class itself is left out"
        ));
    }
    let mut short = BTreeMap::new();
    let (head, sections) = wasm::sections(program)?;
    let mut trimmed = head.to_vec();
    for (kind, section) in sections {
        let content = match kind {
            IMPORTS => imports(section, from, &mut short)?,
            EXPORTS => exports(section, &words)?,
            _ => section.to_vec(),
        };
        wasm::write_section(kind, &content, &mut trimmed);
    }
    script = rename(&script, &short)?;
    Ok((script, trimmed))
}

/// The script without comments, indentation and classes for other scripts, and the names of the removed classes.
fn essentials(script: &str) -> (String, Vec<&str>) {
    let mut essential = String::new();
    let mut classes: Vec<&str> = Vec::new();
    let mut lines = script.lines();
    while let Some(line) = lines.next() {
        if let Some(class) = line.strip_prefix("export class ") {
            classes.extend(class.split(' ').next());
            lines.by_ref().find(|line| *line == "}");
            continue;
        }
        // Statements about the class: its disposal, and, over several lines, the finalizer of its objects.
        let is_about = |class: &&str| {
            line.starts_with(&format!("if (Symbol.dispose) {class}."))
                || line.starts_with(&format!("const {class}Finalization "))
        };
        if classes.iter().any(is_about) {
            if !line.ends_with(';') {
                lines.by_ref().find(|line| line.ends_with(';'));
            }
            continue;
        }
        let line = line.trim();
        let is_comment = ["//", "/*", "*"].iter().any(|mark| line.starts_with(mark));
        if !line.is_empty() && !is_comment {
            essential.push_str(line);
            essential.push('\n');
        }
    }
    (essential, classes)
}

/// Renames the functions that the script exports: their lines begin with the name and a colon.
fn rename(script: &str, short: &BTreeMap<String, String>) -> Done<String> {
    let mut renamed = String::new();
    let mut offered = 0;
    for line in script.lines() {
        match line.split_once(": ") {
            Some((name, function)) if short.contains_key(name) => {
                offered += 1;
                renamed.push_str(&format!("{}: {function}\n", short[name]));
            }
            _ => {
                renamed.push_str(line);
                renamed.push('\n');
            }
        }
    }
    if offered == short.len() {
        return Ok(renamed);
    }
    Err(format!(
        "the program imports {} functions from its script, which offers {offered}",
        short.len()
    ))
}

/// The import section with short names for the script's functions, which are collected in `short`.
fn imports(section: &[u8], from: &str, short: &mut BTreeMap<String, String>) -> Done<Vec<u8>> {
    let mut rest = Reader(section);
    let count = rest.number()?;
    let mut content = Vec::new();
    write_number(count, &mut content);
    for _ in 0..count {
        let (module, name) = (rest.name()?, rest.name()?);
        let description = rest.since(|rest| rest.import().map(drop))?;
        write_name(module, &mut content);
        if module == from {
            let next = short_name(short.len());
            let name = short.entry(name.to_owned()).or_insert(next);
            write_name(name, &mut content);
        } else {
            write_name(name, &mut content);
        }
        content.extend(description);
    }
    Ok(content)
}

/// The export section, reduced to names that are used.
fn exports(section: &[u8], words: &BTreeSet<&str>) -> Done<Vec<u8>> {
    let mut rest = Reader(section);
    let mut kept: Vec<u8> = Vec::new();
    let mut count = 0;
    for _ in 0..rest.number()? {
        let mut is_named = false;
        let export = rest.since(|rest| {
            is_named = words.contains(rest.name()?);
            rest.byte()?;
            rest.number().map(drop)
        })?;
        if is_named {
            kept.extend(export);
            count += 1;
        }
    }
    let mut content = Vec::new();
    write_number(count, &mut content);
    content.extend(kept);
    Ok(content)
}

/// A unique name of one or two letters for each number.
fn short_name(number: usize) -> String {
    const LETTERS: &[u8; 26] = b"abcdefghijklmnopqrstuvwxyz";
    let letter = |number: usize| char::from(LETTERS[number % LETTERS.len()]);
    let first = letter(number);
    match number / LETTERS.len() {
        0 => first.to_string(),
        // The capital avoids JavaScript keywords such as `do`.
        more => format!("{}{first}", short_name(more - 1).to_ascii_uppercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "export class Stream {\n    free() {\n        wasm.__wbg_stream_free(this);\n    }\n}\n\
        if (Symbol.dispose) Stream.prototype[Symbol.dispose] = Stream.prototype.free;\n\
        const imports = {\n        __wbg_now_0123: function(arg0) {\n            // Only for readers.\n            return wasm.clock(arg0);\n        },\n    };\n\
        const StreamFinalization = (typeof FinalizationRegistry === 'undefined')\n    ? { }\n    : new FinalizationRegistry(ptr => wasm.__wbg_stream_free(ptr, 1));\n\
        const other = 1;\n";

    /// A program that imports one function from the script and one from elsewhere, and exports four.
    fn program(names: [&str; 2], exported: &[&str]) -> Vec<u8> {
        let mut imports = vec![2];
        for (module, name) in [("./x.js", names[0]), ("other", names[1])] {
            write_name(module, &mut imports);
            write_name(name, &mut imports);
            imports.extend([0, 0]);
        }
        let mut exports = vec![u8::try_from(exported.len()).unwrap()];
        for name in exported {
            write_name(name, &mut exports);
            exports.extend([0, 1]);
        }
        let mut program = b"\0asm\x01\0\0\0".to_vec();
        for (kind, content) in [(IMPORTS, imports), (EXPORTS, exports), (10, vec![0])] {
            wasm::write_section(kind, &content, &mut program);
        }
        program
    }

    #[test]
    fn unused_exports_are_removed_and_script_functions_get_short_names() {
        let before = program(
            ["__wbg_now_0123", "__wbg_stays"],
            &["clock", "__wbg_stream_free", "shared", "words"],
        );
        let (script, after) = trim(SCRIPT, &before, "./x.js", &["shared".to_owned()]).unwrap();
        assert_eq!(
            script,
            "const imports = {\na: function(arg0) {\nreturn wasm.clock(arg0);\n},\n};\nconst other = 1;\n"
        );
        assert_eq!(after, program(["a", "__wbg_stays"], &["clock", "shared"]));
    }

    #[test]
    fn an_import_that_the_script_does_not_export_is_an_error() {
        let program = program(["__wbg_now_4567", "x"], &[]);
        assert!(trim(SCRIPT, &program, "./x.js", &[]).is_err_and(|why| why.contains("offers 0")));
        assert!(trim(SCRIPT, &program[..20], "./x.js", &[]).is_err());
        assert!(trim(SCRIPT, &[], "./x.js", &[]).is_err());
    }

    #[test]
    fn a_reference_to_a_removed_class_is_an_error() {
        let script = format!("{SCRIPT}new Stream();\n");
        let program = program(["__wbg_now_0123", "x"], &[]);
        assert!(trim(&script, &program, "./x.js", &[]).is_err_and(|why| why.contains("`Stream`")));
    }

    #[test]
    fn short_names_are_unique() {
        let names: BTreeSet<_> = (0..2_000).map(short_name).collect();
        assert_eq!(names.len(), 2_000);
        assert_eq!((short_name(25), short_name(26)), ("z".into(), "Aa".into()));
    }
}

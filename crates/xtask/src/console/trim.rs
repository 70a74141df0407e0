//! Takes out of the bound program and its script what only readers of either need: long names of what they import
//! from each other, comments, and classes that wasm-bindgen offers to other scripts, with everything of the
//! program that only these classes reach. Pure.

use super::wasm::{self, EXPORTS, IMPORTS, Reader, write_name, write_number};
use crate::command::Done;
use std::collections::{BTreeMap, BTreeSet};

/// The script and the program. `from` is the name under which the program imports the script's functions, and
/// `kept` are exports that other scripts take.
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
    // A browser would stop at the name, and run nothing.
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

/// The script without comments, indentation, and classes for other scripts; the names of these.
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
        // A statement about the class: that it can be disposed of, and, in several lines, what frees an object that is
        // no longer used.
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

/// Gives the functions that the script offers their short names: a line of it begins with the name and a colon.
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

/// The section of imports with short names for those of the script, which are noted in `short`.
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

/// The section of exports with those that somebody names.
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

/// A name of a letter or two, another one for each number.
fn short_name(number: usize) -> String {
    const LETTERS: &[u8; 26] = b"abcdefghijklmnopqrstuvwxyz";
    let letter = |number: usize| char::from(LETTERS[number % LETTERS.len()]);
    let first = letter(number);
    match number / LETTERS.len() {
        0 => first.to_string(),
        // A capital, because a word such as `do` means something to JavaScript.
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
    fn what_nobody_calls_is_gone_and_what_the_script_offers_has_a_short_name() {
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
    fn a_function_that_the_script_does_not_offer_is_an_error() {
        let program = program(["__wbg_now_4567", "x"], &[]);
        assert!(trim(SCRIPT, &program, "./x.js", &[]).is_err_and(|why| why.contains("offers 0")));
        assert!(trim(SCRIPT, &program[..20], "./x.js", &[]).is_err());
        assert!(trim(SCRIPT, &[], "./x.js", &[]).is_err());
    }

    #[test]
    fn a_class_that_is_left_out_and_still_named_is_an_error() {
        let script = format!("{SCRIPT}new Stream();\n");
        let program = program(["__wbg_now_0123", "x"], &[]);
        assert!(trim(&script, &program, "./x.js", &[]).is_err_and(|why| why.contains("`Stream`")));
    }

    #[test]
    fn every_short_name_is_another_one() {
        let names: BTreeSet<_> = (0..2_000).map(short_name).collect();
        assert_eq!(names.len(), 2_000);
        assert_eq!((short_name(25), short_name(26)), ("z".into(), "Aa".into()));
    }
}

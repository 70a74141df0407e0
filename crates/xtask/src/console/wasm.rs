//! Reads and writes the sections of a WebAssembly program. Pure.

use crate::command::Done;
use std::collections::BTreeMap;

/// Section ids.
pub(super) const CUSTOM: u8 = 0;
pub(super) const IMPORTS: u8 = 2;
pub(super) const FUNCTIONS: u8 = 3;
pub(super) const EXPORTS: u8 = 7;
const ELEMENTS: u8 = 9;
pub(super) const CODE: u8 = 10;
pub(super) const DATA: u8 = 11;

/// The opcode that ends an expression.
const END: u8 = 0x0b;

/// The custom section for names, and its subsection for functions.
pub(super) const NAMES: &str = "name";
pub(super) const FUNCTION_NAMES: u8 = 1;

/// A section: its id and content.
type Section<'p> = (u8, &'p [u8]);

/// The header and the sections of a program.
pub(super) fn sections(program: &[u8]) -> Done<(&[u8], Vec<Section<'_>>)> {
    let (head, rest) = program.split_at_checked(8).ok_or_else(broken)?;
    let mut rest = Reader(rest);
    let mut sections = Vec::new();
    while !rest.0.is_empty() {
        let kind = rest.byte()?;
        let size = rest.number()?;
        sections.push((kind, rest.take(size)?));
    }
    Ok((head, sections))
}

/// Function names by index; empty if the program has no names.
pub(super) fn function_names<'p>(sections: &[Section<'p>]) -> Done<BTreeMap<usize, &'p str>> {
    let mut names = BTreeMap::new();
    for (_, section) in sections.iter().filter(|(kind, _)| *kind == CUSTOM) {
        let mut rest = Reader(section);
        if rest.name()? != NAMES {
            continue;
        }
        while !rest.0.is_empty() {
            let part = rest.byte()?;
            let size = rest.number()?;
            let mut list = Reader(rest.take(size)?);
            if part != FUNCTION_NAMES {
                continue;
            }
            for _ in 0..list.number()? {
                names.insert(list.number()?, list.name()?);
            }
        }
    }
    Ok(names)
}

/// The program without custom sections and without element segments that contain only null.
pub(super) fn bare(program: &[u8]) -> Done<Vec<u8>> {
    let (head, sections) = sections(program)?;
    let mut bare = head.to_vec();
    for (kind, section) in sections.into_iter().filter(|(kind, _)| *kind != CUSTOM) {
        match kind {
            ELEMENTS => write_section(kind, &without_nulls(section)?, &mut bare),
            _ => write_section(kind, section, &mut bare),
        }
    }
    Ok(bare)
}

/// The element section without segments that contain only null. They are placeholders for functions in other pieces
/// and have no effect, because every table entry is initially null.
fn without_nulls(section: &[u8]) -> Done<Vec<u8>> {
    /// The flag of segments with an explicit table and kind.
    const NAMES_TABLE: usize = 2;
    /// The flag of segments with expressions; others contain function indices.
    const EXPRESSIONS: usize = 4;
    const NULL: u8 = 0xd0;
    let mut rest = Reader(section);
    let (mut count, mut kept) = (0, Vec::<u8>::new());
    for _ in 0..rest.number()? {
        let mut is_null = true;
        let element = rest.since(|rest| {
            let kind = rest.number()?;
            if kind & !(NAMES_TABLE | EXPRESSIONS) != 0 {
                return Err(format!("a program holds elements of the kind {kind}"));
            }
            if kind & NAMES_TABLE != 0 {
                rest.number()?;
            }
            rest.expression()?;
            if kind & NAMES_TABLE != 0 {
                rest.byte()?;
            }
            for _ in 0..rest.number()? {
                if kind & EXPRESSIONS != 0 {
                    is_null &= rest.expression()? == NULL;
                } else {
                    is_null = false;
                    rest.number()?;
                }
            }
            Ok(())
        })?;
        if !is_null {
            kept.extend(element);
            count += 1;
        }
    }
    let mut content = Vec::new();
    write_number(count, &mut content);
    content.extend(kept);
    Ok(content)
}

pub(super) fn write_section(kind: u8, content: &[u8], to: &mut Vec<u8>) {
    to.push(kind);
    write_number(content.len(), to);
    to.extend(content);
}

fn broken() -> String {
    "a program ends in the middle".to_owned()
}

pub(super) fn write_number(mut number: usize, to: &mut Vec<u8>) {
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            to.push(low);
            return;
        }
        to.push(low | 0x80);
    }
}

pub(super) fn write_name(name: &str, to: &mut Vec<u8>) {
    write_number(name.len(), to);
    to.extend(name.as_bytes());
}

/// The unread rest of a program.
pub(super) struct Reader<'p>(pub(super) &'p [u8]);

impl<'p> Reader<'p> {
    pub(super) fn take(&mut self, size: usize) -> Done<&'p [u8]> {
        let (taken, rest) = self.0.split_at_checked(size).ok_or_else(broken)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> Done<u8> {
        self.take(1).map(|taken| taken[0])
    }

    pub(super) fn number(&mut self) -> Done<usize> {
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            number |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(broken())
    }

    pub(super) fn name(&mut self) -> Done<&'p str> {
        let size = self.number()?;
        std::str::from_utf8(self.take(size)?).map_err(|error| error.to_string())
    }

    /// Reads the description of an import. Returns whether it is a function.
    pub(super) fn import(&mut self) -> Done<bool> {
        match self.byte()? {
            0 => self.number().map(|_| true),
            // Table, memory, global.
            1 => {
                self.byte()?;
                self.limits().map(|()| false)
            }
            2 => self.limits().map(|()| false),
            3 => self.take(2).map(|_| false),
            other => Err(format!("a program imports something of the kind {other}")),
        }
    }

    /// Reads an expression of one instruction with one operand. Returns the instruction.
    fn expression(&mut self) -> Done<u8> {
        let instruction = self.byte()?;
        self.number()?;
        match self.byte()? {
            END => Ok(instruction),
            other => Err(format!("an expression goes on with {other}")),
        }
    }

    /// Reads the limits of a table or memory: with the first flag, a maximum follows the minimum.
    fn limits(&mut self) -> Done {
        let has_most = self.byte()? & 1 == 1;
        self.number()?;
        if has_most {
            self.number()?;
        }
        Ok(())
    }

    /// The bytes that `read` consumes.
    pub(super) fn since(&mut self, read: impl FnOnce(&mut Self) -> Done) -> Done<&'p [u8]> {
        let before = self.0;
        read(self)?;
        Ok(&before[..before.len() - self.0.len()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn element_segments_of_null_are_removed() {
        let named = [0, 0x41, 1, END, 2, 7, 8];
        let null = [4, 0x41, 3, END, 2, 0xd0, 0x70, END, 0xd0, 0x70, END];
        let mixed = [4, 0x23, 0, END, 2, 0xd0, 0x70, END, 0xd2, 9, END];
        let section = |elements: &[&[u8]]| {
            let mut section = vec![u8::try_from(elements.len()).unwrap()];
            section.extend(elements.concat());
            section
        };
        let with_table = [2, 1, 0x41, 1, END, 0, 1, 7];
        let all = section(&[&named, &null, &mixed, &with_table]);
        assert_eq!(
            without_nulls(&all).unwrap(),
            section(&[&named, &mixed, &with_table])
        );
        for broken in [section(&[&[9]]), all[..all.len() - 1].to_vec()] {
            assert!(without_nulls(&broken).is_err());
        }
    }
}

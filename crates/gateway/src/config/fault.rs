//! The faults of a configuration file, each with its position. Must never contain a secret's value.

use std::cell::RefCell;
use std::fmt;
use std::path::Path;

/// One fault of the configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The line, from 1. 0 means the entire file.
    pub(crate) line: usize,
    /// The column in characters, from 1.
    pub(crate) column: usize,
    /// The fault and its remedy, in one sentence.
    pub(crate) text: String,
}

/// All faults of a configuration file, in the order of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Faults {
    /// The file's name, as it was given on the command line.
    pub(crate) file: String,
    pub(crate) list: Vec<Fault>,
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.list.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            match fault {
                Fault { line: 0, text, .. } => write!(f, "{}: {text}", self.file)?,
                Fault { line, column, text } => write!(f, "{}:{line}:{column}: {text}", self.file)?,
            }
        }
        Ok(())
    }
}

impl Faults {
    /// A single fault of the entire file.
    pub(super) fn about_file(file: &Path, text: String) -> Self {
        Self {
            file: file.display().to_string(),
            list: vec![Fault {
                line: 0,
                column: 0,
                text,
            }],
        }
    }
}

/// Collects faults and warnings while a file is read to its end.
pub(super) struct Collector<'a> {
    source: &'a str,
    faults: RefCell<Vec<Fault>>,
    warnings: RefCell<Vec<Fault>>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Self {
            source,
            faults: RefCell::default(),
            warnings: RefCell::default(),
        }
    }

    /// Adds a fault at a byte offset of the source.
    pub(super) fn add(&self, at: usize, text: String) {
        self.faults.borrow_mut().push(self.at(at, text));
    }

    /// Adds a warning at a byte offset of the source. The file is still accepted.
    pub(super) fn warn(&self, at: usize, text: String) {
        self.warnings.borrow_mut().push(self.at(at, text));
    }

    fn at(&self, at: usize, text: String) -> Fault {
        let before = self.source.get(..at).unwrap_or(self.source);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        let column = before[line_start..].chars().count() + 1;
        Fault { line, column, text }
    }

    /// All faults and all warnings, each in the order of the file.
    pub(super) fn into_lists(self) -> (Vec<Fault>, Vec<Fault>) {
        let sorted = |list: RefCell<Vec<Fault>>| {
            let mut list = list.into_inner();
            list.sort_by_key(|fault| (fault.line, fault.column));
            // A table that is read in several places reports its fault each time.
            list.dedup();
            list
        };
        (sorted(self.faults), sorted(self.warnings))
    }
}

//! The faults of a configuration, each with its position. Must never hold a secret's value.

use std::cell::RefCell;
use std::fmt;
use std::path::Path;

/// One fault of the configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The line, from 1. 0 for the file as a whole.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong and how to fix it, in one sentence.
    pub text: String,
}

/// All faults of a configuration file, in the order of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults {
    /// The file's name, as it was given on the command line.
    pub file: String,
    /// The faults. Never empty in an error.
    pub list: Vec<Fault>,
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

impl std::error::Error for Faults {}

impl Faults {
    /// The only fault of a file that cannot be read.
    pub(super) fn unreadable(file: &Path, error: &std::io::Error) -> Self {
        let text = format!("cannot read this file: {error}");
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

/// Collects faults while a file is read to its end.
pub(super) struct Collector<'a> {
    source: &'a str,
    faults: RefCell<Vec<Fault>>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Self {
            source,
            faults: RefCell::default(),
        }
    }

    /// Adds a fault at a byte of the source.
    pub(super) fn add(&self, at: usize, text: String) {
        let before = self.source.get(..at).unwrap_or(self.source);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        let column = before[line_start..].chars().count() + 1;
        self.faults.borrow_mut().push(Fault { line, column, text });
    }

    /// All faults, in the order of the file.
    pub(super) fn into_list(self) -> Vec<Fault> {
        let mut list = self.faults.into_inner();
        list.sort_by_key(|fault| (fault.line, fault.column));
        list
    }
}

//! The interface between the store and a database. The statements belong to the store and are written once, in the SQL
//! that SQLite and PostgreSQL share. How a database is opened, how it runs transactions and which other gateways use it
//! is its own.

use std::time::Duration;

/// A description of a failure that continues a sentence about the database.
pub(super) type Fault = String;

/// A parameter of a statement, or a column of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// `None` is NULL.
    Number(Option<i64>),
    Text(String),
    Bytes(Vec<u8>),
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<Option<i64>> for Value {
    fn from(number: Option<i64>) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

#[derive(Debug)]
pub(super) struct Row(pub(super) Vec<Value>);

impl Row {
    /// The number in a column without NULL.
    pub(super) fn number(&self, column: usize) -> Result<i64, Fault> {
        self.optional(column)?.ok_or_else(|| unexpected(column))
    }

    /// The number in a column, or `None` for NULL.
    pub(super) fn optional(&self, column: usize) -> Result<Option<i64>, Fault> {
        match self.0.get(column) {
            Some(Value::Number(number)) => Ok(*number),
            _ => Err(unexpected(column)),
        }
    }

    pub(super) fn text(&self, column: usize) -> Result<&str, Fault> {
        match self.0.get(column) {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(unexpected(column)),
        }
    }

    pub(super) fn bytes(&self, column: usize) -> Result<&[u8], Fault> {
        match self.0.get(column) {
            Some(Value::Bytes(bytes)) => Ok(bytes),
            _ => Err(unexpected(column)),
        }
    }
}

fn unexpected(column: usize) -> Fault {
    format!("cannot be read: column {column} has an unexpected type")
}

/// Runs statements.
pub(super) trait Sql {
    /// Changes rows, and returns their number.
    fn execute(&mut self, statement: &str, values: &[Value]) -> Result<u64, Fault>;

    /// Reads rows.
    fn rows(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Row>, Fault>;
}

/// The body of a transaction.
pub(super) type Work<'a> = &'a mut dyn FnMut(&mut dyn Sql) -> Result<(), Fault>;

/// A statement with its parameters.
pub(super) type Statement = (String, Vec<Value>);

/// Revisions, each of which changes when another gateway changes something.
#[derive(Debug, Clone, Copy)]
pub(super) struct Revisions {
    /// The revision of the saved state, except the access tables.
    pub(super) saved: i64,
    /// The revision of the access tables.
    pub(super) access: i64,
    /// The revision of the recorded entries.
    pub(super) recorded: i64,
}

/// An open database. Only [`Database::write`] and [`Database::append`] change it.
pub(super) trait Database: Sql + Send {
    /// Runs one transaction, which is durable on success. After a failed commit, it may have been committed all the
    /// same: the next transaction then sees its rows.
    fn write(&mut self, work: Work<'_>) -> Result<(), Fault>;

    /// The same, while no other gateway adds rows to the audit.
    fn append(&mut self, work: Work<'_>) -> Result<(), Fault>;

    /// Whether the last transaction failed in its commit, so that it may be in effect.
    fn is_in_doubt(&self) -> bool {
        false
    }

    /// Tries to become the leader, which records what all gateways observe. Returns whether this gateway leads; the
    /// only gateway of a database always does.
    fn lead(&mut self) -> Result<bool, Fault> {
        Ok(true)
    }

    /// Whether this gateway is still the leader. Does not try to become it.
    fn leads(&mut self) -> Result<bool, Fault> {
        Ok(true)
    }

    /// Leases a name for this time, unless another gateway holds it. Returns whether this gateway holds it now; without
    /// other gateways it always does.
    fn lease(&mut self, _name: &str, _longest: Duration) -> Result<bool, Fault> {
        Ok(true)
    }

    fn give_back(&mut self, _name: &str) -> Result<(), Fault> {
        Ok(())
    }

    /// The present revisions. `None` without other gateways.
    fn revisions(&mut self) -> Result<Option<Revisions>, Fault> {
        Ok(None)
    }

    /// Reads the number and the entry of each intent that no gateway will close, and deletes the gateways that have
    /// ended: in one statement, so that it forgets no gateway without its intents.
    fn abandoned_intents(&self) -> Statement;

    /// Reads the number and the entry of each open intent of this gateway. Some may be unknown to it, because their
    /// transaction was committed although it seemed to fail.
    fn own_open_intents(&self) -> Option<Statement> {
        None
    }
}

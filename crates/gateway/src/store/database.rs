//! What the store asks of a database. The statements are the store's own and written once, in the SQL that SQLite and
//! PostgreSQL share; what differs (how it is opened, what a transaction costs, who else is there) is the database's.

use std::time::Duration;

/// What went wrong, to continue a sentence that begins with the database.
pub(super) type Fault = String;

/// A value in a statement, in place of its `?`, or in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// `None` is the null.
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

/// A row that was read.
#[derive(Debug)]
pub(super) struct Row(pub(super) Vec<Value>);

impl Row {
    /// The number in a column that holds one in every row.
    pub(super) fn number(&self, column: usize) -> Result<i64, Fault> {
        self.optional(column)?.ok_or_else(|| unexpected(column))
    }

    /// The number in a column, which may be the null.
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
    format!("is damaged: column {column} holds something else than was written")
}

/// Takes statements.
pub(super) trait Sql {
    /// Changes something; how many rows.
    fn execute(&mut self, statement: &str, values: &[Value]) -> Result<u64, Fault>;

    /// Reads rows.
    fn rows(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Row>, Fault>;
}

/// What is done in one transaction.
pub(super) type Work<'a> = &'a mut dyn FnMut(&mut dyn Sql) -> Result<(), Fault>;

/// A statement, and the values for its `?`.
pub(super) type Statement = (String, Vec<Value>);

/// How what ended gateways have left is found.
pub(super) struct EndedGateways {
    /// Reads the number and the entry of each intent that nobody will close any more.
    pub(super) open: Statement,
    /// Forgets the gateways once that is closed, where a database knows of several.
    pub(super) forget: Option<Statement>,
}

/// Numbers, each of which is another once others have changed something.
#[derive(Debug, Clone, Copy)]
pub(super) struct Revisions {
    /// The saved state, but for what concerns signing in.
    pub(super) saved: i64,
    /// What concerns signing in.
    pub(super) access: i64,
    /// What is recorded.
    pub(super) recorded: i64,
}

/// An open database. Statements outside of [`Database::write`] and [`Database::append`] only read.
pub(super) trait Database: Sql + Send {
    /// Does this in one transaction, which is durable once this answers, or not at all. A database elsewhere may have
    /// committed a transaction whose commit seemed to fail: the next transaction then sees what it wrote.
    fn write(&mut self, work: Work<'_>) -> Result<(), Fault>;

    /// The same, while nobody else adds rows to the audit.
    fn append(&mut self, work: Work<'_>) -> Result<(), Fault>;

    /// Tries to become the leader: the gateway that records what all see who watch the same. Returns whether this one
    /// leads, as the only gateway of a database always does.
    fn lead(&mut self) -> Result<bool, Fault> {
        Ok(true)
    }

    /// Leases a name for so long, unless another gateway has it; whether this one has it now. Where a database is one
    /// gateway's own, its names are too.
    fn lease(&mut self, _name: &str, _longest: Duration) -> Result<bool, Fault> {
        Ok(true)
    }

    /// Gives a leased name back.
    fn give_back(&mut self, _name: &str) -> Result<(), Fault> {
        Ok(())
    }

    /// What others have changed too, as numbers. `None` where there are no others.
    fn revisions(&mut self) -> Result<Option<Revisions>, Fault> {
        Ok(None)
    }

    /// What ended gateways have left.
    fn ended_gateways(&self) -> EndedGateways;

    /// Reads the number and the entry of each open intent of this gateway, where it may have some that it does not
    /// know of, because a transaction has taken place after all.
    fn own_open_intents(&self) -> Option<Statement> {
        None
    }
}

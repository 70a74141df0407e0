//! SQLite, compiled in: a file that only one gateway writes to, or memory.

mod schema;

pub(super) use schema::{Sqlite, check, open, open_to_read};

use super::database::{Database, Fault, Row, Sql, Statement, Value, Work};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, ToSql, params_from_iter};
use schema::describe;

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Number(None) => ValueRef::Null,
            Self::Number(Some(number)) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn value(found: ValueRef<'_>) -> Value {
    match found {
        ValueRef::Null => Value::Number(None),
        ValueRef::Integer(number) => Value::Number(Some(number)),
        // No table has such a column, and the schema is strict.
        ValueRef::Real(number) => Value::Text(number.to_string()),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    }
}

impl Sql for Connection {
    fn execute(&mut self, statement: &str, values: &[Value]) -> Result<u64, Fault> {
        let changed = self
            .prepare(statement)
            .and_then(|mut prepared| prepared.execute(params_from_iter(values)));
        changed
            .map(|rows| rows as u64)
            .map_err(|error| describe(&error))
    }

    fn rows(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Row>, Fault> {
        read(self, statement, values).map_err(|error| describe(&error))
    }
}

fn read(connection: &Connection, statement: &str, values: &[Value]) -> rusqlite::Result<Vec<Row>> {
    let mut prepared = connection.prepare(statement)?;
    let columns = prepared.column_count();
    let rows = prepared.query_map(params_from_iter(values), |row| {
        let values = (0..columns).map(|column| row.get_ref(column).map(value));
        Ok(Row(values.collect::<rusqlite::Result<_>>()?))
    })?;
    rows.collect()
}

impl Sql for Sqlite {
    fn execute(&mut self, statement: &str, values: &[Value]) -> Result<u64, Fault> {
        Sql::execute(&mut self.connection, statement, values)
    }

    fn rows(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Row>, Fault> {
        self.connection.rows(statement, values)
    }
}

impl Database for Sqlite {
    fn write(&mut self, work: Work<'_>) -> Result<(), Fault> {
        let fail = |error: rusqlite::Error| describe(&error);
        self.is_in_doubt = false;
        self.connection.execute_batch("BEGIN").map_err(fail)?;
        let done = work(&mut self.connection).and_then(|()| {
            let committed = self.connection.execute_batch("COMMIT");
            committed.map_err(|error| {
                // The next start may find the transaction in the file. A full disk has none of it.
                self.is_in_doubt = error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure);
                describe(&error)
            })
        });
        if done.is_err() && !self.connection.is_autocommit() {
            // Some failures have ended the transaction already; the others need a rollback.
            self.connection.execute_batch("ROLLBACK").map_err(fail)?;
        }
        done
    }

    /// The lock of the file keeps other writers out.
    fn append(&mut self, work: Work<'_>) -> Result<(), Fault> {
        self.write(work)
    }

    fn is_in_doubt(&self) -> bool {
        self.is_in_doubt
    }

    fn abandoned_intents(&self) -> Statement {
        let open = "SELECT number, entry FROM audit AS one WHERE kind = 'intent'
            AND NOT EXISTS (SELECT 1 FROM audit WHERE intent = one.number) ORDER BY number";
        (open.to_owned(), Vec::new())
    }
}

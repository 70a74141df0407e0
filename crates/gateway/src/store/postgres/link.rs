//! The connection to the database: made on demand, made again after it broke, and limited by a deadline. However a
//! database fails (refused, cut off, stopped or slow), callers do not wait longer than that.

use super::errors::{describe, is_away, is_broken};
use super::schema::{self, Purpose};
use crate::config::PostgresAddress;
use crate::store::database::{Fault, Row, Sql, Value};
use crate::store::notifications::Notifications;
use crate::tls;
use std::cell::Cell;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{AsyncMessage, Client, Connection, Error, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

/// The pause after a failed connection attempt; it doubles with each further failure.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const MAX_PAUSE: Duration = Duration::from_secs(8);

/// How long a migration may take. Tens of millions of entries take minutes, and a gateway that gives up has to start
/// over.
const MIGRATION_TIMEOUT: Duration = Duration::from_secs(3_600);

const NOT_IN_TIME: &str = "does not answer in time";

/// A connection with deadlines.
pub(in crate::store) struct Link {
    address: PostgresAddress,
    purpose: Purpose,
    /// How long a transaction, or a statement outside of one, may take, including connecting.
    time_limit: Duration,
    runtime: Option<Runtime>,
    client: Option<Client>,
    /// The deadline of the present operation.
    deadline: Instant,
    /// Whether a transaction is open: then a new connection cannot replace a broken one.
    in_transaction: bool,
    pause: Duration,
    /// When the next connection attempt may be made, and why the last one failed.
    not_before: Option<(Instant, Fault)>,
    /// Whether the last attempt failed because the database is unavailable.
    is_away: bool,
    /// The receiver of notifications in a session that listens.
    notifications: Option<Arc<Notifications>>,
}

impl Link {
    /// Creates a link without connecting.
    ///
    /// # Errors
    /// The process lacks the resources for a runtime.
    pub(super) fn new(
        address: PostgresAddress,
        purpose: Purpose,
        time_limit: Duration,
    ) -> Result<Self, Fault> {
        let runtime = Builder::new_current_thread().enable_all().build();
        Ok(Self {
            address,
            purpose,
            time_limit,
            runtime: Some(runtime.map_err(|error| format!("cannot be reached: {error}"))?),
            client: None,
            deadline: Instant::now(),
            in_transaction: false,
            pause: FIRST_PAUSE,
            not_before: None,
            is_away: false,
            notifications: None,
        })
    }

    /// Passes the notifications of a session that listens on to this receiver.
    pub(super) fn set_notifications(&mut self, notifications: Arc<Notifications>) {
        self.notifications = Some(notifications);
    }

    /// Connects if there is no connection. `prepare` runs first on a new one.
    pub(super) fn connect(
        &mut self,
        prepare: impl FnOnce(&mut Self) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.set_deadline();
        if self.client.is_some() {
            return Ok(());
        }
        if let Some((until, why)) = &self.not_before
            && Instant::now() < *until
        {
            return Err(why.clone());
        }
        let made = self.open_session().and_then(|client| {
            self.client = Some(client);
            prepare(self)
        });
        match made {
            Ok(()) => {
                self.pause = FIRST_PAUSE;
                self.not_before = None;
                Ok(())
            }
            Err(why) => {
                self.client = None;
                self.not_before = Some((Instant::now() + self.pause, why.clone()));
                self.pause = (self.pause * 2).min(MAX_PAUSE);
                Err(why)
            }
        }
    }

    fn open_session(&mut self) -> Result<Client, Fault> {
        let (settings, deadline) = (self.address.settings.clone(), self.deadline);
        let trust = self.address.trust.as_ref();
        let tls = trust
            .map(|trust| tls::trusting(trust.bundled, trust.extra.as_deref()))
            .transpose()?;
        let (purpose, time_limit) = (self.purpose, self.time_limit);
        let notifications = self.notifications.clone();
        let away = Cell::new(false);
        let fail = |error: Error| {
            away.set(is_away(&error));
            describe(error)
        };
        let made = self.block_on(async {
            let connect = async {
                let client = match tls {
                    Some(mut tls) => {
                        tls.alpn_protocols = vec![b"postgresql".to_vec()];
                        let tls = MakeRustlsConnect::new(tls);
                        let (client, connection) = settings.connect(tls).await.map_err(fail)?;
                        drop(tokio::spawn(drive(connection, notifications)));
                        client
                    }
                    None => {
                        let (client, connection) = settings.connect(NoTls).await.map_err(fail)?;
                        drop(tokio::spawn(drive(connection, notifications)));
                        client
                    }
                };
                let is_old = schema::prepare(&client, purpose, time_limit).await?;
                Ok((client, is_old))
            };
            let made = timeout_at(deadline, connect).await;
            made.unwrap_or_else(|_| {
                away.set(true);
                Err(NOT_IN_TIME.to_owned())
            })
        });
        self.is_away = away.get();
        let (client, is_old) = made?;
        if is_old {
            self.block_on(async {
                let migrated = timeout(
                    MIGRATION_TIMEOUT,
                    schema::migrate(&client, MIGRATION_TIMEOUT),
                )
                .await;
                migrated.unwrap_or_else(|_| Err(NOT_IN_TIME.to_owned()))
            })?;
            // The operation that follows gets a deadline of its own.
            self.set_deadline();
        }
        Ok(client)
    }

    /// Keeps the idle session running until this is done.
    pub(super) fn drive_until(&self, done: impl Future<Output = ()>) {
        if let Some(runtime) = &self.runtime {
            runtime.block_on(done);
        }
    }

    fn block_on<T>(&self, what: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        match &self.runtime {
            Some(runtime) => runtime.block_on(what),
            None => Err("is closed".to_owned()),
        }
    }

    /// Restarts the deadline, unless a transaction is open.
    fn set_deadline(&mut self) {
        if !self.in_transaction {
            self.deadline = Instant::now() + self.time_limit;
        }
    }

    /// Runs an operation with the client. A failure that breaks the connection drops it.
    fn call<T>(
        &mut self,
        operation: impl AsyncFnOnce(&Client) -> Result<T, Error>,
    ) -> Result<T, Fault> {
        let Some(client) = self.client.take() else {
            return Err("has lost the connection".to_owned());
        };
        let deadline = self.deadline;
        let mut is_usable = true;
        let answer = self.block_on(async {
            match timeout_at(deadline, operation(&client)).await {
                Ok(Ok(answer)) => Ok(answer),
                Ok(Err(error)) => {
                    is_usable = !is_broken(&error) && !client.is_closed();
                    Err(describe(error))
                }
                Err(_) => {
                    is_usable = false;
                    Err(NOT_IN_TIME.to_owned())
                }
            }
        });
        if is_usable {
            self.client = Some(client);
        }
        answer
    }

    /// Runs statements without parameters.
    pub(super) fn run(&mut self, statements: &str) -> Result<(), Fault> {
        self.call(async |client| client.batch_execute(statements).await)
    }

    /// Begins a transaction, which lasts until [`Link::commit`] or [`Link::roll_back`].
    pub(super) fn begin_transaction(&mut self) -> Result<(), Fault> {
        self.run("BEGIN")?;
        self.in_transaction = true;
        Ok(())
    }

    /// Rolls back a transaction, if it is still open.
    pub(super) fn roll_back(&mut self) {
        self.in_transaction = false;
        if self.client.is_some() && self.run("ROLLBACK").is_err() {
            // Dropping the connection ends its transaction.
            self.client = None;
        }
    }

    /// Whether the last attempt failed because the database is unavailable and may come back by itself.
    pub(super) fn is_away(&self) -> bool {
        self.is_away
    }

    /// Whether the connection broke with time left, so that a query may be repeated.
    pub(super) fn has_broken(&self) -> bool {
        self.client.is_none() && Instant::now() < self.deadline
    }

    /// Whether there seems to be a connection. Restarts the deadline.
    pub(super) fn is_connected(&mut self) -> bool {
        self.set_deadline();
        self.client.is_some()
    }

    /// Drops the connection.
    pub(super) fn disconnect(&mut self) {
        self.client = None;
    }

    /// Commits the transaction.
    pub(super) fn commit(&mut self) -> Result<(), Fault> {
        self.in_transaction = false;
        self.run("COMMIT")
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.client = None;
        if let Some(runtime) = self.runtime.take() {
            // Sends the farewell of the protocol if it can be sent at once, so that the database ends the session
            // immediately.
            runtime.block_on(async { tokio::task::yield_now().await });
            runtime.shutdown_background();
        }
    }
}

/// Drives a session until its client is dropped. An error that ends it earlier is reported to the next caller.
async fn drive<S, T>(mut connection: Connection<S, T>, notifications: Option<Arc<Notifications>>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
        if let (AsyncMessage::Notification(sent), Some(notifications)) = (message, &notifications) {
            notifications.notify(sent.channel(), sent.payload());
        }
    }
}

/// Replaces each `?` by `$1`, `$2`, …. The store's statements contain `?` for parameters only.
fn number_placeholders(statement: &str) -> String {
    let mut text = String::with_capacity(statement.len() + 16);
    for (place, part) in statement.split('?').enumerate() {
        if place > 0 {
            text.push('$');
            text.push_str(&place.to_string());
        }
        text.push_str(part);
    }
    text
}

fn parameters(values: &[Value]) -> Vec<(&(dyn ToSql + Sync), Type)> {
    let typed = |value: &'_ Value| match value {
        Value::Number(_) => Type::INT8,
        Value::Text(_) => Type::TEXT,
        Value::Bytes(_) => Type::BYTEA,
    };
    values
        .iter()
        .map(|value| {
            let kind = typed(value);
            let value: &(dyn ToSql + Sync) = match value {
                Value::Number(number) => number,
                Value::Text(text) => text,
                Value::Bytes(bytes) => bytes,
            };
            (value, kind)
        })
        .collect()
}

fn row(found: &tokio_postgres::Row) -> Result<Row, Fault> {
    let value = |(place, column): (usize, &tokio_postgres::Column)| {
        let value = match *column.type_() {
            Type::INT8 => found.try_get(place).map(Value::Number),
            Type::BYTEA => found.try_get(place).map(Value::Bytes),
            _ => found.try_get(place).map(Value::Text),
        };
        value.map_err(describe)
    };
    let values = found.columns().iter().enumerate().map(value);
    Ok(Row(values.collect::<Result<_, _>>()?))
}

/// Replaces NUL characters, which an id of a vendor may contain but a text of PostgreSQL cannot. Values to compare are
/// changed in the same way.
fn without_nul(values: &[Value]) -> Vec<Value> {
    let fit = |value: &Value| match value {
        Value::Text(text) if text.contains('\0') => Value::Text(text.replace('\0', "\u{fffd}")),
        other => other.clone(),
    };
    values.iter().map(fit).collect()
}

impl Sql for Link {
    fn execute(&mut self, statement: &str, values: &[Value]) -> Result<u64, Fault> {
        let (statement, values) = (number_placeholders(statement), without_nul(values));
        self.call(async |client| client.execute_typed(&statement, &parameters(&values)).await)
    }

    fn rows(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Row>, Fault> {
        let (statement, values) = (number_placeholders(statement), without_nul(values));
        let found =
            self.call(async |client| client.query_typed(&statement, &parameters(&values)).await)?;
        found.iter().map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_numbered() {
        assert_eq!(number_placeholders("SELECT 1"), "SELECT 1");
        assert_eq!(
            number_placeholders("a = ? AND (b, c) < (?, ?)"),
            "a = $1 AND (b, c) < ($2, $3)"
        );
    }
}

//! What gateways at one database share of watching: which of them reads each connection, and what that one has read.
//!
//! Who reads a connection has a lease of it, which is a row with an end by the database's clock, renewed every two
//! seconds. It is no advisory lock such as the leader's: a lock lasts as long as its session, which a gateway that hangs
//! goes on holding, and that of a computer that was cut off is noticed late. A lease ends by itself. It is also looked
//! at in the statement that publishes, so that a gateway that has lost it without knowing publishes nothing, and it does
//! not depend on which session that is.
//!
//! The tables are not logged: after a crash of the database they are empty, and gateways begin anew.

use super::database::{Fault, Row, Sql, Value};
use super::notifications::{CHANGED, SHARED, WATCH_REQUESTED};
use super::{ReadJob, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::time::Instant;
use tokio::sync::oneshot;

/// How long a gateway that says nothing more keeps what it watches, in seconds: four times the time after which it
/// should have said something.
const LEASE_SECONDS: i64 = 8;

/// For how many seconds another gateway goes on from what an ended one has read. Older readings cannot tell what
/// happened since.
const RECENT_SECONDS: i64 = 30;

/// How often a second is chosen: another gateway may take the same one at that moment.
const MAX_TRIES: usize = 5;

/// What is shared, as it is at this moment.
#[derive(Debug)]
pub(crate) struct SharedState {
    /// The gateways that are running, and which connections each could watch.
    pub(crate) gateways: BTreeMap<String, BTreeSet<String>>,
    /// The connections that a gateway watches, or has watched.
    pub(crate) connections: BTreeMap<String, SharedConnection>,
    /// How far the asker's clock is ahead of the database's, in milliseconds, and how unsure that is.
    pub(crate) clock_offset_ms: (i64, i64),
}

impl SharedState {
    /// The gateway has leased the connection since.
    pub(crate) fn take(&mut self, connection: &str, gateway: &str) {
        let number = self.connections.get(connection).map_or(0, |one| one.number);
        let leased = SharedConnection {
            gateway: gateway.to_owned(),
            is_leased: true,
            is_recent: true,
            number,
        };
        self.connections.insert(connection.to_owned(), leased);
    }
}

/// A connection that gateways share.
#[derive(Debug)]
pub(crate) struct SharedConnection {
    /// Which gateway has or had the lease.
    pub(crate) gateway: String,
    /// Whether it has it still.
    pub(crate) is_leased: bool,
    /// Whether what it has read can be gone on with.
    pub(crate) is_recent: bool,
    /// Counts what was published of it.
    pub(crate) number: i64,
}

/// What a gateway has published of a connection.
#[derive(Debug)]
pub(crate) struct SharedReading {
    /// The number of the publication.
    pub(crate) number: i64,
    /// Whether it needs no earlier one.
    pub(crate) whole: bool,
    /// What was read.
    pub(crate) entry: Vec<u8>,
}

impl Store {
    /// By what this gateway is known to others that share the watching. `None` where there cannot be any.
    pub(crate) fn id_among_watchers(&self) -> Option<&str> {
        self.sharing.as_ref().map(|sharing| sharing.me.as_str())
    }

    /// What is shared. `renew` says that this gateway lives and could watch these connections. `millis` is its clock.
    ///
    /// # Errors
    /// The database cannot be asked.
    pub(crate) async fn shared_state(
        &self,
        renew: Option<BTreeSet<String>>,
        millis: impl Fn() -> i64 + Send + 'static,
    ) -> Result<SharedState, Fault> {
        self.ask(move |sql, me| {
            if let Some(connections) = renew {
                let connections = serde_json::to_string(&connections).unwrap_or_default();
                sql.execute(
                    &format!(
                        "WITH renewed AS (UPDATE shared_connection SET until = now() + interval '{LEASE_SECONDS} seconds'
                             WHERE gateway = ?)
                         INSERT INTO watching_gateway (gateway, connections, until)
                         VALUES (?, ?, now() + interval '{LEASE_SECONDS} seconds')
                         ON CONFLICT (gateway) DO UPDATE SET connections = excluded.connections, until = excluded.until"
                    ),
                    &[me.into(), me.into(), connections.into()],
                )?;
            }
            let (asked, before) = (Instant::now(), millis());
            let gateways = sql.rows(
                "SELECT gateway, connections, (extract(epoch FROM clock_timestamp()) * 1000)::int8
                 FROM watching_gateway WHERE until > now() UNION ALL
                 SELECT '', '', (extract(epoch FROM clock_timestamp()) * 1000)::int8",
                &[],
            )?;
            let took = i64::try_from(asked.elapsed().as_millis()).unwrap_or(i64::MAX);
            let clock = gateways.last().ok_or("does not tell the time")?.number(2)?;
            let connections = sql.rows(
                &format!(
                    "SELECT connection, gateway, (until > now())::int::int8,
                         (until > now() - interval '{RECENT_SECONDS} seconds')::int::int8, number FROM shared_connection"
                ),
                &[],
            )?;
            let could = |row: &Row| -> Result<_, Fault> {
                let connections = serde_json::from_str(row.text(1)?).unwrap_or_default();
                Ok((row.text(0)?.to_owned(), connections))
            };
            let watched = |row: &Row| -> Result<_, Fault> {
                let connection = SharedConnection {
                    gateway: row.text(1)?.to_owned(),
                    is_leased: row.number(2)? == 1,
                    is_recent: row.number(3)? == 1,
                    number: row.number(4)?,
                };
                Ok((row.text(0)?.to_owned(), connection))
            };
            let living = gateways.iter().filter(|row| row.text(0) != Ok(""));
            Ok(SharedState {
                gateways: living.map(could).collect::<Result<_, Fault>>()?,
                connections: connections.iter().map(watched).collect::<Result<_, Fault>>()?,
                clock_offset_ms: (before + took / 2 - clock, took / 2),
            })
        })
        .await
    }

    /// Leases a connection that no gateway watches; whether this one has it now. Its publications are counted from the time,
    /// so that numbers of before a crash of the database do not come again. What was published before is forgotten: who
    /// takes a connection knows it already, or it is too old.
    ///
    /// # Errors
    /// The database cannot be asked.
    pub(crate) async fn take_connection(&self, connection: String) -> Result<bool, Fault> {
        self.ask(move |sql, me| {
            let taken = sql.rows(
                &format!(
                    "WITH taken AS (
                         INSERT INTO shared_connection AS own (connection, gateway, until, number)
                         VALUES (?, ?, now() + interval '{LEASE_SECONDS} seconds', (extract(epoch FROM now()) * 1000)::int8)
                         ON CONFLICT (connection) DO UPDATE SET gateway = excluded.gateway, until = excluded.until
                         WHERE own.until <= now() OR own.gateway = excluded.gateway RETURNING connection),
                     forgotten AS (DELETE FROM shared_reading USING taken
                         WHERE shared_reading.connection = taken.connection)
                     SELECT connection FROM taken"
                ),
                &[connection.into(), me.into()],
            )?;
            for table in ["watching_gateway", "shared_connection"] {
                let old = format!("DELETE FROM {table} WHERE until < now() - interval '1 day'");
                sql.execute(&old, &[])?;
            }
            let orphans = "DELETE FROM shared_reading WHERE connection NOT IN (SELECT connection FROM shared_connection)";
            sql.execute(orphans, &[])?;
            Ok(!taken.is_empty())
        })
        .await
    }

    /// Leaves a connection to the others.
    ///
    /// # Errors
    /// The database cannot be asked.
    pub(crate) async fn leave_connection(&self, connection: String) -> Result<(), Fault> {
        self.ask(move |sql, me| {
            let left = "WITH left_to_others AS (
                    UPDATE shared_connection SET until = now() WHERE connection = ? AND gateway = ?)
                SELECT pg_notify(?, ?)::text";
            let values = [connection.into(), me.into(), SHARED.into(), me.into()];
            sql.rows(left, &values).map(drop)
        })
        .await
    }

    /// Forgets what this gateway has published of a connection, because no gateway reads that connection any more.
    ///
    /// # Errors
    /// The database cannot be asked.
    pub(crate) async fn unpublish(&self, connection: String) -> Result<(), Fault> {
        self.ask(move |sql, me| {
            let forgotten = "DELETE FROM shared_reading USING shared_connection AS own
                WHERE shared_reading.connection = own.connection AND own.connection = ? AND own.gateway = ?";
            let values = [connection.into(), me.into()];
            sql.execute(forgotten, &values).map(drop)
        })
        .await
    }

    /// Passes on what this gateway has read of a connection; whether it had the lease. What is `whole` needs nothing
    /// that was published before.
    ///
    /// # Errors
    /// The database cannot be asked.
    pub(crate) async fn publish(
        &self,
        connection: String,
        whole: bool,
        entry: Vec<u8>,
    ) -> Result<bool, Fault> {
        self.ask(move |sql, me| {
            let whole = i64::from(whole);
            let published = sql.rows(
                "WITH own AS (UPDATE shared_connection SET number = number + 1
                         WHERE connection = ? AND gateway = ? RETURNING connection, number),
                     replaced AS (DELETE FROM shared_reading USING own
                         WHERE ?::int8 = 1 AND shared_reading.connection = own.connection),
                     added AS (INSERT INTO shared_reading (connection, number, whole, entry)
                         SELECT connection, number, ?, ? FROM own RETURNING number)
                 SELECT number, pg_notify(?, ?)::text FROM added",
                &[
                    connection.into(),
                    me.into(),
                    whole.into(),
                    whole.into(),
                    Value::Bytes(entry),
                    SHARED.into(),
                    me.into(),
                ],
            )?;
            Ok(!published.is_empty())
        })
        .await
    }

    /// What was published of a connection after this number, the oldest first.
    ///
    /// # Errors
    /// The database cannot be asked.
    pub(crate) async fn readings(
        &self,
        connection: String,
        after: i64,
    ) -> Result<Vec<SharedReading>, Fault> {
        self.ask(move |sql, _| {
            let found = sql.rows(
                "SELECT number, whole, entry FROM shared_reading WHERE connection = ? AND number > ? ORDER BY number",
                &[connection.into(), after.into()],
            )?;
            let reading = |row: &Row| -> Result<_, Fault> {
                Ok(SharedReading {
                    number: row.number(0)?,
                    whole: row.number(1)? == 1,
                    entry: row.bytes(2)?.to_vec(),
                })
            };
            found.iter().map(reading).collect()
        })
        .await
    }

    /// Tells the gateway that watches a connection what is requested of it. Where that cannot be told, the connection is
    /// read at its interval all the same.
    pub(crate) async fn send_watch_requests(&self, requests: String) {
        let sent = self.ask(move |sql, _| {
            let send = "SELECT pg_notify(?, ?)::text";
            sql.rows(send, &[WATCH_REQUESTED.into(), requests.into()])
                .map(drop)
        });
        if let Err(fault) = sent.await {
            tracing::debug!("requests to the gateway that watches are not sent: the store {fault}");
        }
    }

    /// Takes the second for a signature that no other gateway takes for this account: the present one, `now`, or the next
    /// one that nobody has taken, at most so many seconds ahead. Others may be ahead by their clocks: who is behind need
    /// not wait for that. `None` where there are no other gateways, or the database cannot be asked.
    pub(crate) async fn take_second(&self, account: String, now: u64, ahead: u64) -> Option<u64> {
        self.sharing.as_ref()?;
        let (now, ahead) = (i64::try_from(now).ok()?, i64::try_from(ahead).ok()?);
        let taken = self.ask(move |sql, _| {
            for _ in 0..MAX_TRIES {
                let taken = sql.rows(
                    "WITH forgotten AS (
                         DELETE FROM signed_second WHERE at < now() - interval '10 minutes')
                     INSERT INTO signed_second (account, second)
                         SELECT ?, free FROM generate_series(?::int8, ?::int8) AS free
                         WHERE NOT EXISTS (SELECT FROM signed_second WHERE account = ? AND second = free)
                         ORDER BY free LIMIT 1
                     ON CONFLICT DO NOTHING RETURNING second",
                    &[
                        account.as_str().into(),
                        now.into(),
                        (now + ahead).into(),
                        account.as_str().into(),
                    ],
                )?;
                if let Some(second) = taken.first() {
                    return second.number(0);
                }
            }
            Err("has no second that is free".to_owned())
        });
        match taken.await {
            Ok(second) => u64::try_from(second).ok(),
            Err(fault) => {
                tracing::debug!("a second for a signature is not shared: the store {fault}");
                None
            }
        }
    }

    /// Waits until something is requested of a gateway that watches.
    pub(crate) async fn watch_requests(&self) -> Vec<String> {
        match &self.notifications {
            Some((notifications, _)) => notifications.watch_requests().await,
            None => pending().await,
        }
    }

    /// Waits until another gateway has read a connection, or leaves one to others.
    pub(crate) async fn shared(&self) {
        match &self.notifications {
            Some((notifications, _)) => notifications.shared.notified().await,
            None => pending().await,
        }
    }

    /// Ends the part of this gateway in the watching, so that others take its place at once. That happens also where the
    /// future is dropped.
    pub(crate) fn leave(&self) -> impl Future<Output = ()> + Send + use<> {
        let left = self.begin(|sql, me| {
            let left = "WITH ended AS (DELETE FROM watching_gateway WHERE gateway = ?),
                    left_to_others AS (UPDATE shared_connection SET until = now() WHERE gateway = ?)
                SELECT pg_notify(?, ?)::text";
            let values = [me.into(), me.into(), SHARED.into(), me.into()];
            sql.rows(left, &values).map(drop)
        });
        async {
            if let Some(left) = left {
                // Where it cannot be said the leases end with their time.
                let _ = left.await;
            }
        }
    }

    /// Asks the database in the thread that does so.
    async fn ask<T: Send + 'static>(
        &self,
        what: impl FnOnce(&mut dyn Sql, &str) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let busy = || "has too much to do".to_owned();
        let answer = self.begin(what).ok_or_else(busy)?;
        answer.await.unwrap_or_else(|_| Err(busy()))
    }

    /// Begins to ask the database. `None` where there are no others, or too much waits.
    fn begin<T: Send + 'static>(
        &self,
        what: impl FnOnce(&mut dyn Sql, &str) -> Result<T, Fault> + Send + 'static,
    ) -> Option<oneshot::Receiver<Result<T, Fault>>> {
        let sharing = self.sharing.as_ref()?;
        let (answer, answered) = oneshot::channel();
        let me = sharing.me.clone();
        let ask: ReadJob = Box::new(move |sql| {
            // A caller that has gone has no use for the answer.
            let _ = answer.send(what(sql, &me));
        });
        sharing.asks.try_send(ask).ok()?;
        Some(answered)
    }
}

/// What a session that listens says first.
pub(super) fn listen_statement() -> String {
    format!("LISTEN {CHANGED}; LISTEN {SHARED}; LISTEN {WATCH_REQUESTED}")
}

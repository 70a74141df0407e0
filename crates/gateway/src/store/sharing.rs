//! The shared watching of gateways at one database: which of them reads each connection, and the readings.
//!
//! The gateway that reads a connection holds a lease: a row with an expiry time by the database's clock, renewed every
//! two seconds. It is not an advisory lock like the leader's. A lock lasts as long as its session, so a gateway that
//! hangs keeps it, and the loss of a computer is noticed late; a lease expires by itself. The statement that publishes
//! also checks the lease, so that a gateway that has lost it publishes nothing, whichever session it uses.
//!
//! The tables are unlogged: after a crash of the database they are empty, and the gateways start over.

use super::database::{Fault, Row, Sql, Value};
use super::notifications::{CHANGED, SHARED, WATCH_REQUESTED};
use super::{ReadJob, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::time::Instant;
use tokio::sync::oneshot;

/// How long a silent gateway keeps its connections, in seconds: four renewal intervals.
const LEASE_SECONDS: i64 = 8;

/// For how many seconds another gateway continues from the readings of an ended one. Older readings cannot show what
/// happened since.
const RECENT_SECONDS: i64 = 30;

/// How often a second is chosen, because another gateway may take the same one at that moment.
const MAX_TRIES: usize = 5;

/// The present state of the shared watching.
#[derive(Debug)]
pub(crate) struct SharedState {
    /// The running gateways, and the connections that each can watch.
    pub(crate) gateways: BTreeMap<String, BTreeSet<String>>,
    /// The connections that a gateway watches or has watched.
    pub(crate) connections: BTreeMap<String, SharedConnection>,
    /// How far this gateway's clock is ahead of the database's, and the uncertainty, both in milliseconds.
    pub(crate) clock_offset_ms: (i64, i64),
}

impl SharedState {
    /// Notes that a gateway has leased the connection in the meantime.
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

/// A shared connection.
#[derive(Debug)]
pub(crate) struct SharedConnection {
    /// The gateway that holds the lease, or held it last.
    pub(crate) gateway: String,
    /// Whether the lease is still valid.
    pub(crate) is_leased: bool,
    /// Whether its readings are recent enough to continue from.
    pub(crate) is_recent: bool,
    /// The number of the latest publication.
    pub(crate) number: i64,
}

/// A published reading of a connection.
#[derive(Debug)]
pub(crate) struct SharedReading {
    /// The number of the publication.
    pub(crate) number: i64,
    /// Whether it replaces all earlier ones.
    pub(crate) is_complete: bool,
    /// The serialized reading.
    pub(crate) entry: Vec<u8>,
}

impl Store {
    /// The id of this gateway in the shared watching. `None` without other gateways.
    pub(crate) fn watcher_id(&self) -> Option<&str> {
        self.sharing
            .as_ref()
            .map(|sharing| sharing.gateway_id.as_str())
    }

    /// Reads the shared state. `renew` also announces that this gateway runs and can watch these connections. `millis`
    /// is its clock.
    ///
    /// # Errors
    /// The database does not answer.
    pub(crate) async fn shared_state(
        &self,
        renew: Option<BTreeSet<String>>,
        millis: impl Fn() -> i64 + Send + 'static,
    ) -> Result<SharedState, Fault> {
        self.query(move |sql, me| {
            if let Some(connections) = renew {
                let connections = serde_json::to_string(&connections).unwrap_or_default();
                sql.execute(
                    &format!(
                        "WITH announced AS (
                             INSERT INTO watching_gateway (gateway, connections, until)
                             VALUES (?, ?, now() + interval '{LEASE_SECONDS} seconds')
                             ON CONFLICT (gateway) DO UPDATE SET connections = excluded.connections, until = excluded.until
                             RETURNING gateway, connections, until)
                         UPDATE shared_connection SET until = announced.until FROM announced
                         WHERE shared_connection.gateway = announced.gateway
                         AND connection IN (SELECT json_array_elements_text(announced.connections::json))"
                    ),
                    &[me.into(), connections.into()],
                )?;
            }
            let (started, before) = (Instant::now(), millis());
            let gateways = sql.rows(
                "SELECT gateway, connections, (extract(epoch FROM clock_timestamp()) * 1000)::int8
                 FROM watching_gateway WHERE until > now() UNION ALL
                 SELECT '', '', (extract(epoch FROM clock_timestamp()) * 1000)::int8",
                &[],
            )?;
            let elapsed_ms = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
            let clock = gateways.last().ok_or("does not tell the time")?.number(2)?;
            let connections = sql.rows(
                &format!(
                    "SELECT connection, gateway, (until > now())::int::int8,
                         (until > now() - interval '{RECENT_SECONDS} seconds')::int::int8, number FROM shared_connection"
                ),
                &[],
            )?;
            let gateway = |row: &Row| -> Result<_, Fault> {
                let connections = serde_json::from_str(row.text(1)?).unwrap_or_default();
                Ok((row.text(0)?.to_owned(), connections))
            };
            let connection = |row: &Row| -> Result<_, Fault> {
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
                gateways: living.map(gateway).collect::<Result<_, Fault>>()?,
                connections: connections.iter().map(connection).collect::<Result<_, Fault>>()?,
                clock_offset_ms: (before + elapsed_ms / 2 - clock, elapsed_ms / 2),
            })
        })
        .await
    }

    /// Leases a connection that no gateway watches, and returns whether this gateway holds it now. Its publications are
    /// numbered from the present time, so that numbers do not repeat after a crash of the database. Earlier
    /// publications are deleted: the new holder has read them, or they are too old.
    ///
    /// # Errors
    /// The database does not answer.
    pub(crate) async fn take_connection(&self, connection: String) -> Result<bool, Fault> {
        self.query(move |sql, me| {
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

    /// Leaves a connection to the other gateways.
    ///
    /// # Errors
    /// The database does not answer.
    pub(crate) async fn leave_connection(&self, connection: String) -> Result<(), Fault> {
        self.query(move |sql, me| {
            let left = "WITH left_to_others AS (
                    UPDATE shared_connection SET until = now() WHERE connection = ? AND gateway = ?)
                SELECT pg_notify(?, ?)::text";
            let values = [connection.into(), me.into(), SHARED.into(), me.into()];
            sql.rows(left, &values).map(drop)
        })
        .await
    }

    /// Forgets a connection that no gateway can watch any more, with its publications.
    ///
    /// # Errors
    /// The database does not answer.
    pub(crate) async fn forget_connection(&self, connection: String) -> Result<(), Fault> {
        self.query(move |sql, me| {
            let forgotten = "WITH forgotten AS (
                    DELETE FROM shared_connection WHERE connection = ? AND gateway = ? RETURNING connection)
                DELETE FROM shared_reading USING forgotten WHERE shared_reading.connection = forgotten.connection";
            let values = [connection.into(), me.into()];
            sql.execute(forgotten, &values).map(drop)
        })
        .await
    }

    /// Deletes this gateway's publications of a connection that no gateway reads any more.
    ///
    /// # Errors
    /// The database does not answer.
    pub(crate) async fn unpublish(&self, connection: String) -> Result<(), Fault> {
        self.query(move |sql, me| {
            let forgotten = "DELETE FROM shared_reading USING shared_connection AS own
                WHERE shared_reading.connection = own.connection AND own.connection = ? AND own.gateway = ?";
            let values = [connection.into(), me.into()];
            sql.execute(forgotten, &values).map(drop)
        })
        .await
    }

    /// Publishes a reading of a connection, and returns whether this gateway held the lease. A complete one replaces all
    /// earlier ones.
    ///
    /// # Errors
    /// The database does not answer.
    pub(crate) async fn publish(
        &self,
        connection: String,
        is_complete: bool,
        entry: Vec<u8>,
    ) -> Result<bool, Fault> {
        self.query(move |sql, me| {
            let is_complete = i64::from(is_complete);
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
                    is_complete.into(),
                    is_complete.into(),
                    Value::Bytes(entry),
                    SHARED.into(),
                    me.into(),
                ],
            )?;
            Ok(!published.is_empty())
        })
        .await
    }

    /// The publications of a connection after this number, oldest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub(crate) async fn readings(
        &self,
        connection: String,
        after: i64,
    ) -> Result<Vec<SharedReading>, Fault> {
        self.query(move |sql, _| {
            let found = sql.rows(
                "SELECT number, whole, entry FROM shared_reading WHERE connection = ? AND number > ? ORDER BY number",
                &[connection.into(), after.into()],
            )?;
            let reading = |row: &Row| -> Result<_, Fault> {
                Ok(SharedReading {
                    number: row.number(0)?,
                    is_complete: row.number(1)? == 1,
                    entry: row.bytes(2)?.to_vec(),
                })
            };
            found.iter().map(reading).collect()
        })
        .await
    }

    /// Sends requests to the gateways that watch. If that fails, the connections are still read at their interval.
    pub(crate) async fn send_watch_requests(&self, requests: String) {
        let sent = self.query(move |sql, _| {
            let send = "SELECT pg_notify(?, ?)::text";
            sql.rows(send, &[WATCH_REQUESTED.into(), requests.into()])
                .map(drop)
        });
        if let Err(fault) = sent.await {
            tracing::debug!("requests to the gateway that watches are not sent: the store {fault}");
        }
    }

    /// Reserves a second for signing requests of an account, so that no other gateway uses it: `now`, or the next free
    /// one, at most `ahead` seconds later. A gateway whose clock is behind the others need not wait for them. `None`
    /// without other gateways, or if the database does not answer.
    pub(crate) async fn take_second(&self, account: String, now: u64, ahead: u64) -> Option<u64> {
        self.sharing.as_ref()?;
        let (now, ahead) = (i64::try_from(now).ok()?, i64::try_from(ahead).ok()?);
        let taken = self.query(move |sql, _| {
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

    /// Waits for requests to a gateway that watches.
    pub(crate) async fn watch_requests(&self) -> Vec<String> {
        match &self.notifications {
            Some((notifications, _)) => notifications.watch_requests().await,
            None => pending().await,
        }
    }

    /// Waits until another gateway has read a connection or leaves one to others.
    pub(crate) async fn shared(&self) {
        match &self.notifications {
            Some((notifications, _)) => notifications.shared.notified().await,
            None => pending().await,
        }
    }

    /// Leaves the shared watching, so that other gateways take over at once. The statement is sent even if the future
    /// is dropped.
    pub(crate) fn leave(&self) -> impl Future<Output = ()> + Send + use<> {
        let left = self.queue_query(|sql, me| {
            let left = "WITH ended AS (DELETE FROM watching_gateway WHERE gateway = ?),
                    left_to_others AS (UPDATE shared_connection SET until = now() WHERE gateway = ?)
                SELECT pg_notify(?, ?)::text";
            let values = [me.into(), me.into(), SHARED.into(), me.into()];
            sql.rows(left, &values).map(drop)
        });
        async {
            if let Some(left) = left {
                // If the database does not answer, the leases expire.
                let _ = left.await;
            }
        }
    }

    /// Runs a query in the thread for the shared watching.
    async fn query<T: Send + 'static>(
        &self,
        what: impl FnOnce(&mut dyn Sql, &str) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let busy = || "is overloaded".to_owned();
        let answer = self.queue_query(what).ok_or_else(busy)?;
        answer.await.unwrap_or_else(|_| Err(busy()))
    }

    /// Queues a query. `None` without other gateways, or if the queue is full.
    fn queue_query<T: Send + 'static>(
        &self,
        what: impl FnOnce(&mut dyn Sql, &str) -> Result<T, Fault> + Send + 'static,
    ) -> Option<oneshot::Receiver<Result<T, Fault>>> {
        let sharing = self.sharing.as_ref()?;
        let (answer, answered) = oneshot::channel();
        let me = sharing.gateway_id.clone();
        let query: ReadJob = Box::new(move |sql| {
            // The caller may have given up.
            let _ = answer.send(what(sql, &me));
        });
        sharing.jobs.try_send(query).ok()?;
        Some(answered)
    }
}

/// The first statement of a session that listens.
pub(super) fn listen_statement() -> String {
    format!("LISTEN {CHANGED}; LISTEN {SHARED}; LISTEN {WATCH_REQUESTED}")
}

//! PostgreSQL: a remote database that may be unavailable at any time and that several gateways may share.

mod errors;
mod link;
mod listener;
mod presence;
mod schema;

pub(super) use listener::listen;

use super::database::{Database, Fault, Revisions, Row, Sql, Statement, Value, Work};
use crate::config::{PostgresAddress, WRITE_TIMEOUT};
use link::Link;
use presence::Presence;
use schema::Purpose;
use std::time::Duration;

const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// The database for the gateway's writer.
pub(super) struct Postgres {
    link: Link,
    presence: Presence,
    is_in_doubt: bool,
}

/// The interval between connection attempts at the start of the gateway.
const RETRY_INTERVAL: Duration = Duration::from_secs(2);

/// Connects to a database, creates its tables if there are none, and joins its gateways. `waits` says whether to wait
/// for a database that is unavailable.
///
/// # Errors
/// A description of the problem that names the database.
pub(super) fn open(address: &PostgresAddress, waits: bool) -> Result<Postgres, String> {
    let fail = |why: Fault| format!("the store {address} {why}");
    let mut postgres = Postgres {
        link: Link::new(address.clone(), Purpose::Write, WRITE_TIMEOUT).map_err(fail)?,
        presence: Presence::new(),
        is_in_doubt: false,
    };
    while let Err(why) = postgres.connect() {
        if !waits || !postgres.link.is_away() {
            return Err(fail(why));
        }
        tracing::error!("the gateway starts once it can: the store {address} {why}");
        std::thread::sleep(RETRY_INTERVAL);
    }
    Ok(postgres)
}

/// A reader of a database. It connects on the first read.
///
/// # Errors
/// The process lacks the resources for it.
pub(super) fn open_to_read(address: &PostgresAddress) -> Result<Reader, String> {
    let link = Link::new(address.clone(), Purpose::Read, READ_TIMEOUT)
        .map_err(|why| format!("the store {address} {why}"))?;
    Ok(Reader(link))
}

/// The access to the shared watching. It connects on the first query.
///
/// # Errors
/// The process lacks the resources for it.
pub(super) fn open_to_share(address: &PostgresAddress) -> Result<Sharer, String> {
    let link = Link::new(address.clone(), Purpose::Read, WRITE_TIMEOUT)
        .map_err(|why| format!("the store {address} {why}"))?;
    Ok(Sharer(link))
}

/// Checks that the database answers and belongs to this program, or is empty.
///
/// # Errors
/// A description of the problem that names the database.
pub(super) fn check(address: &PostgresAddress) -> Result<(), String> {
    let target = address.clone();
    // The caller may run inside a runtime, which must not block on another one.
    let checked = std::thread::spawn(move || {
        Link::new(target, Purpose::Check, WRITE_TIMEOUT)
            .and_then(|mut link| link.connect(|_| Ok(())))
    });
    let checked = checked
        .join()
        .unwrap_or_else(|_| Err("cannot be checked".to_owned()));
    checked.map_err(|why| format!("the store {address} {why}"))
}

impl Postgres {
    fn connect(&mut self) -> Result<(), Fault> {
        let presence = &mut self.presence;
        self.link.connect(|link| presence.announce(link))
    }

    fn read_revisions(&mut self) -> Result<Vec<Row>, Fault> {
        self.connect()?;
        // A gateway that polls is alive, even if it writes nothing.
        self.presence.renew(&mut self.link)?;
        self.link.rows(
            "SELECT (SELECT number FROM kept_revision), (SELECT number FROM access_revision),
                 coalesce((SELECT max(number) FROM activity), 0) + coalesce((SELECT max(number) FROM audit), 0)",
            &[],
        )
    }

    /// Runs a transaction that starts with these statements.
    fn transaction(&mut self, first: Option<String>, work: Work<'_>) -> Result<(), Fault> {
        self.is_in_doubt = false;
        self.connect()?;
        self.link.begin_transaction()?;
        let (link, presence) = (&mut self.link, &mut self.presence);
        let done = first
            .map_or(Ok(()), |first| link.run(&first))
            .and_then(|()| work(link))
            .and_then(|()| presence.renew(link));
        if done.is_err() {
            self.link.roll_back();
            return done;
        }
        let committed = self.link.commit();
        if committed.is_err() {
            // The transaction may have been committed, or may be yet. The next session waits for the end of this one:
            // see `Presence::announce`.
            self.link.disconnect();
            self.is_in_doubt = true;
        }
        committed
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if self.link.is_connected() {
            // The other gateways need not wait for this one to come back.
            self.presence.leave(&mut self.link);
        }
    }
}

impl Sql for Postgres {
    fn execute(&mut self, statement: &str, values: &[Value]) -> Result<u64, Fault> {
        self.connect()?;
        self.link.execute(statement, values)
    }

    fn rows(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Row>, Fault> {
        self.connect()?;
        self.link.rows(statement, values)
    }
}

impl Database for Postgres {
    fn write(&mut self, work: Work<'_>) -> Result<(), Fault> {
        self.transaction(None, work)
    }

    fn append(&mut self, work: Work<'_>) -> Result<(), Fault> {
        self.is_in_doubt = false;
        self.connect()?;
        let lock = self.presence.chain_lock();
        self.transaction(Some(lock), work)
    }

    fn is_in_doubt(&self) -> bool {
        self.is_in_doubt
    }

    fn lead(&mut self) -> Result<bool, Fault> {
        self.connect()?;
        self.presence.lead(&mut self.link)
    }

    fn leads(&mut self) -> Result<bool, Fault> {
        self.connect()?;
        Ok(self.presence.leads())
    }

    fn revisions(&mut self) -> Result<Option<Revisions>, Fault> {
        let mut found = self.read_revisions();
        if found.is_err() && self.link.has_broken() {
            found = self.read_revisions();
        }
        let found = found?;
        let found = found.first().ok_or("has lost its tables")?;
        Ok(Some(Revisions {
            saved: found.number(0)?,
            access: found.number(1)?,
            recorded: found.number(2)?,
        }))
    }

    fn lease(&mut self, name: &str, longest: Duration) -> Result<bool, Fault> {
        let mut leased = 0;
        self.connect()?;
        let gateway = self.presence.id();
        let seconds = i64::try_from(longest.as_secs()).unwrap_or(i64::MAX);
        // By the database's clock, because the clocks of gateways differ.
        self.transaction(None, &mut |sql| {
            leased = sql.execute(
                "INSERT INTO lease (name, gateway, until) VALUES (?, ?, now() + make_interval(secs => ?::int8::float8))
                 ON CONFLICT (name) DO UPDATE SET gateway = excluded.gateway, until = excluded.until
                 WHERE lease.until < now() OR lease.gateway = excluded.gateway",
                &[name.into(), gateway.into(), seconds.into()],
            )?;
            Ok(())
        })?;
        Ok(leased > 0)
    }

    fn give_back(&mut self, name: &str) -> Result<(), Fault> {
        self.connect()?;
        let gateway = self.presence.id();
        self.transaction(None, &mut |sql| {
            let given = "DELETE FROM lease WHERE name = ? AND gateway = ?";
            sql.execute(given, &[name.into(), gateway.into()]).map(drop)
        })
    }

    fn abandoned_intents(&self) -> Statement {
        self.presence.abandoned_intents()
    }

    fn own_open_intents(&self) -> Option<Statement> {
        Some(self.presence.own_open_intents())
    }
}

/// A read-only access to the database.
pub(super) struct Reader(Link);

impl Sql for Reader {
    fn execute(&mut self, _: &str, _: &[Value]) -> Result<u64, Fault> {
        Err("is read-only here".to_owned())
    }

    fn rows(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Row>, Fault> {
        self.0.connect(|_| Ok(()))?;
        let found = self.0.rows(statement, values);
        if found.is_ok() || !self.0.has_broken() {
            return found;
        }
        // After a restart of the database, the first query fails on the old connection.
        self.0.connect(|_| Ok(()))?;
        self.0.rows(statement, values)
    }
}

/// The access to the shared watching: each statement is a transaction.
pub(super) struct Sharer(Link);

impl Sharer {
    fn connect(&mut self) -> Result<(), Fault> {
        // These tables may be lost in a crash of the database, so writes need not wait for its disk.
        self.0
            .connect(|link| link.run("SET synchronous_commit = off"))
    }
}

impl Sql for Sharer {
    fn execute(&mut self, statement: &str, values: &[Value]) -> Result<u64, Fault> {
        self.connect()?;
        self.0.execute(statement, values)
    }

    fn rows(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Row>, Fault> {
        self.connect()?;
        self.0.rows(statement, values)
    }
}

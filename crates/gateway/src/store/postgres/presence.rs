//! Which gateways are at a database. Each start of one has a row with a number, and its session holds an advisory lock
//! with that number: while it is held, the gateway lives. Locks end with their session, however a gateway ends.

use super::link::Link;
use crate::store::database::{EndedGateways, Fault, Sql as _, Statement};
use std::time::{Duration, Instant};

/// Advisory locks of this program have two parts: the number of its table, so that several of its schemas in one
/// database are apart, and one of these or the number of a gateway, from 1.
const LEADER: i32 = 0;
const CHAIN: i32 = -1;

/// How often a gateway notes that it lives.
const RENEWAL_INTERVAL: Duration = Duration::from_secs(5);

/// A gateway whose session is gone may come back so long: its connection may have broken.
const GRACE: &str = "30 seconds";

/// How often a gateway that has led tries to do so again with a new session, at once.
const MAX_LEAD_TRIES: u32 = 20;

/// This gateway among those at its database.
pub(super) struct Presence {
    /// The first part of the advisory locks.
    class: i32,
    /// The number of this start.
    id: Option<i64>,
    /// The session that was the last one: its process at the database and when that began.
    session: Option<(i64, String)>,
    renewed: Option<Instant>,
    /// Whether the session holds the leader's lock.
    leads: bool,
}

impl Presence {
    pub(super) fn new() -> Self {
        Self {
            class: 0,
            id: None,
            session: None,
            renewed: None,
            leads: false,
        }
    }

    /// The number of this start of the gateway.
    pub(super) fn id(&self) -> i64 {
        self.id.unwrap_or_default()
    }

    /// A session begins: takes the gateway's locks.
    pub(super) fn announce(&mut self, link: &mut Link) -> Result<(), Fault> {
        if let Some((process, began)) = self.session.take() {
            // The one before may not have noticed yet that nobody is at its other end.
            link.rows(
                "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
                 WHERE pid = ? AND backend_start::text = ?",
                &[process.into(), began.into()],
            )?;
        }
        let here = link.rows(
            "SELECT to_regclass('failover_console')::oid::int8, pid::int8, backend_start::text
             FROM pg_stat_activity WHERE pid = pg_backend_pid()",
            &[],
        )?;
        let here = here.first().ok_or("does not say what session this is")?;
        // A table's number is one without a sign, of the same size.
        let class = u32::try_from(here.number(0)?).map_err(|_| "has lost its tables")?;
        self.class = class.cast_signed();
        let session = (here.number(1)?, here.text(2)?.to_owned());
        let led = std::mem::replace(&mut self.leads, false);
        let known = match self.id {
            Some(id) => link.execute(
                "UPDATE gateway SET seen_at = now() WHERE id = ?",
                &[id.into()],
            )?,
            None => 0,
        };
        if known == 0 {
            // At the first time, or after so long that others count it as gone.
            let name = whoami::hostname().unwrap_or_default();
            let new = link.rows(
                "INSERT INTO gateway (name, seen_at) VALUES (?, now()) RETURNING id",
                &[name.into()],
            )?;
            let new = new.first().ok_or("does not number its gateways")?;
            self.id = Some(new.number(0)?);
        }
        let (class, id) = (self.class, self.id.unwrap_or_default());
        // The session before holds this lock until it has ended, with whatever it was still to commit.
        link.run(&format!(
            "SELECT pg_advisory_lock({class}, {id}); SET failover_console.gateway = '{id}'"
        ))?;
        self.session = Some(session);
        // The locks of the session before are given up one after the other. Nobody else is to take this one for that.
        let mut tries = if led { MAX_LEAD_TRIES } else { 0 };
        while tries > 0 && !self.lead(link)? {
            tries -= 1;
            link.run("SELECT pg_sleep(0.01)")?;
        }
        Ok(())
    }

    /// Takes the leader's lock, if nobody has it. Returns whether this gateway has it.
    pub(super) fn lead(&mut self, link: &mut Link) -> Result<bool, Fault> {
        if !self.leads {
            let class = self.class;
            let lock = format!("SELECT pg_try_advisory_lock({class}, {LEADER})::text");
            let taken = link.rows(&lock, &[])?;
            self.leads = taken.first().map(|row| row.text(0)).transpose()? == Some("true");
            if !self.leads {
                self.end_stuck_leader(link)?;
            }
        }
        Ok(self.leads)
    }

    /// Ends the session of a leader that holds its lock and does nothing: its computer lives, and its program does not.
    /// Should it go on, it finds its session ended, and joins the others.
    fn end_stuck_leader(&self, link: &mut Link) -> Result<(), Fault> {
        let class = self.class.cast_unsigned();
        let ended = link.rows(
            &format!(
                "SELECT pg_terminate_backend(leader.pid)::text FROM pg_locks AS leader
                 JOIN pg_locks AS own USING (pid, locktype, database, classid, objsubid)
                 JOIN gateway ON gateway.id = own.objid::int8
                 WHERE leader.locktype = 'advisory' AND leader.objsubid = 2 AND leader.granted
                 AND leader.classid = {class}::oid AND leader.objid = {LEADER}::oid
                 AND leader.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                 AND gateway.seen_at < now() - interval '{GRACE}'"
            ),
            &[],
        )?;
        if !ended.is_empty() {
            tracing::warn!(
                "the gateway that recorded what is seen does nothing any more; its place is taken"
            );
        }
        Ok(())
    }

    /// Notes that the gateway lives, if that was not noted a moment ago.
    pub(super) fn renew(&mut self, link: &mut Link) -> Result<(), Fault> {
        if self
            .renewed
            .is_some_and(|then| then.elapsed() < RENEWAL_INTERVAL)
        {
            return Ok(());
        }
        link.execute(
            "UPDATE gateway SET seen_at = now() WHERE id = ?",
            &[self.id.unwrap_or_default().into()],
        )?;
        self.renewed = Some(Instant::now());
        Ok(())
    }

    /// Notes that the gateway does not live any more.
    pub(super) fn leave(&self, link: &mut Link) {
        // Where it cannot be noted the lock is gone all the same, and others see that a little later.
        let _ = link.execute(
            "UPDATE gateway SET seen_at = '-infinity' WHERE id = ?",
            &[self.id.unwrap_or_default().into()],
        );
    }

    /// Waits until nobody else adds rows to the audit, and lets nobody else until the transaction ends.
    pub(super) fn chain_lock(&self) -> String {
        format!("SELECT pg_advisory_xact_lock({}, {CHAIN})", self.class)
    }

    /// The gateways that do not live any more.
    fn dead(&self) -> String {
        let class = self.class.cast_unsigned();
        let me = self.id.unwrap_or_default();
        format!(
            "id <> {me} AND seen_at < now() - interval '{GRACE}' AND NOT EXISTS (
                 SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = {class}::oid AND objid = id::oid
                 AND objsubid = 2 AND granted
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
        )
    }

    /// What nobody else will close any more, and how its gateways are forgotten then.
    pub(super) fn ended_gateways(&self) -> EndedGateways {
        let dead = self.dead();
        EndedGateways {
            open: (
                open_of(&format!("gateway IN (SELECT id FROM gateway WHERE {dead})")),
                Vec::new(),
            ),
            forget: Some((format!("DELETE FROM gateway WHERE {dead}"), Vec::new())),
        }
    }

    /// The open intents of this gateway.
    pub(super) fn own_open_intents(&self) -> Statement {
        (
            open_of("gateway = ?"),
            vec![self.id.unwrap_or_default().into()],
        )
    }
}

fn open_of(condition: &str) -> String {
    format!(
        "SELECT number, entry FROM audit AS one WHERE kind = 'intent' AND {condition}
         AND NOT EXISTS (SELECT 1 FROM audit WHERE intent = one.number) ORDER BY number"
    )
}

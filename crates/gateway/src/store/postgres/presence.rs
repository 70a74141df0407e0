//! The gateways at a database. Each start of a gateway has a row with a number, and its session holds an advisory lock
//! with that number: the gateway is alive while the lock is held. Locks end with their session, however a gateway ends.

use super::link::Link;
use crate::store::database::{Fault, Sql as _, Statement};
use std::time::{Duration, Instant};

/// The advisory locks of this program have two parts: the number of its table, which separates several schemas in one
/// database, and one of these or the number of a gateway, from 1.
const LEADER: i32 = 0;
const CHAIN: i32 = -1;

/// How often a gateway notes that it is alive.
const RENEWAL_INTERVAL: Duration = Duration::from_secs(5);

/// How long a gateway without a session may take to come back, because its connection may have broken.
const GRACE: &str = "30 seconds";

/// How often a former leader tries to get the lead back with its new session.
const MAX_LEAD_TRIES: u32 = 20;

/// This gateway among those at its database.
pub(super) struct Presence {
    /// The first part of the advisory locks.
    class: i32,
    /// The number of this start of the gateway.
    id: Option<i64>,
    /// The previous session: its process id at the database and its start.
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

    pub(super) fn id(&self) -> i64 {
        self.id.unwrap_or_default()
    }

    /// Takes the locks of the gateway in a new session.
    pub(super) fn announce(&mut self, link: &mut Link) -> Result<(), Fault> {
        if let Some((process, began)) = self.session.take() {
            // The previous session may not have noticed yet that its client is gone.
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
        // The id of a table is unsigned, of the same size.
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
            // The first session, or the gateway was gone for so long that the others deleted its row.
            let name = whoami::hostname().unwrap_or_default();
            let new = link.rows(
                "INSERT INTO gateway (name, seen_at) VALUES (?, now()) RETURNING id",
                &[name.into()],
            )?;
            let new = new.first().ok_or("does not number its gateways")?;
            self.id = Some(new.number(0)?);
        }
        let (class, id) = (self.class, self.id.unwrap_or_default());
        // The previous session holds this lock until it has ended, including any commit in progress.
        link.run(&format!(
            "SELECT pg_advisory_lock({class}, {id}); SET failover_console.gateway = '{id}'"
        ))?;
        self.session = Some(session);
        // The previous session releases its locks one after the other, and the lead must not change because of that.
        let mut tries = if led { MAX_LEAD_TRIES } else { 0 };
        while tries > 0 && !self.lead(link)? {
            tries -= 1;
            link.run("SELECT pg_sleep(0.01)")?;
        }
        Ok(())
    }

    /// Whether the session holds the leader's lock.
    pub(super) fn leads(&self) -> bool {
        self.leads
    }

    /// Takes the leader's lock if it is free. Returns whether this gateway holds it.
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

    /// Ends the session of a leader that holds its lock but hangs: its computer runs, but its program does not. If it
    /// continues, it finds its session closed and joins the others.
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
            tracing::warn!("the leader does not respond any more; another gateway takes its place");
        }
        Ok(())
    }

    /// Notes that the gateway is alive, unless that was noted a moment ago.
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

    /// Notes that the gateway has ended.
    pub(super) fn leave(&self, link: &mut Link) {
        // If that fails, the lock is released all the same, and the others notice a little later.
        let _ = link.execute(
            "UPDATE gateway SET seen_at = '-infinity' WHERE id = ?",
            &[self.id.unwrap_or_default().into()],
        );
    }

    /// The statement that keeps other gateways from adding rows to the audit until the transaction ends.
    pub(super) fn chain_lock(&self) -> String {
        format!("SELECT pg_advisory_xact_lock({}, {CHAIN})", self.class)
    }

    /// Deletes the gateways that have ended, and reads their open intents.
    pub(super) fn abandoned_intents(&self) -> Statement {
        let class = self.class.cast_unsigned();
        let me = self.id.unwrap_or_default();
        let open = open_intents("gateway IN (SELECT id FROM ended)");
        let statement = format!(
            "WITH ended AS (DELETE FROM gateway
                 WHERE id <> {me} AND seen_at < now() - interval '{GRACE}' AND NOT EXISTS (
                     SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = {class}::oid AND objid = id::oid
                     AND objsubid = 2 AND granted
                     AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
                 RETURNING id)
             {open}"
        );
        (statement, Vec::new())
    }

    /// The open intents of this gateway.
    pub(super) fn own_open_intents(&self) -> Statement {
        (
            open_intents("gateway = ?"),
            vec![self.id.unwrap_or_default().into()],
        )
    }
}

fn open_intents(condition: &str) -> String {
    format!(
        "SELECT number, entry FROM audit AS one WHERE kind = 'intent' AND {condition}
         AND NOT EXISTS (SELECT 1 FROM audit WHERE intent = one.number) ORDER BY number"
    )
}

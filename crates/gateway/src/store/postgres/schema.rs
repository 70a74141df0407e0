//! The tables, their migrations, and the requirements on a database.

use super::errors::describe;
use crate::store::database::Fault;
use std::time::Duration;
use tokio_postgres::Client;

/// Each step brings a database from the version of its index to the next. Released steps must not be changed.
const MIGRATIONS: [&str; 12] = [
    "
    CREATE TABLE failover_console (version int8 NOT NULL);
    INSERT INTO failover_console VALUES (0);
    -- Each start of a gateway. The session of one that runs holds the advisory lock with its id.
    CREATE TABLE gateway (
        id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name text NOT NULL,
        seen_at timestamptz NOT NULL
    );
    CREATE TABLE audit (
        number int8 PRIMARY KEY,
        at int8 NOT NULL,
        kind text NOT NULL,
        intent int8 REFERENCES audit (number),
        entry text NOT NULL,
        hash bytea NOT NULL,
        -- Which start of a gateway wrote it: a session says so once.
        gateway int8 DEFAULT nullif(current_setting('failover_console.gateway', true), '')::int8
    );
    CREATE UNIQUE INDEX audit_outcome ON audit (intent) WHERE intent IS NOT NULL;
    CREATE INDEX audit_intent ON audit (gateway, number) WHERE kind = 'intent';
    CREATE TABLE probe (at int8 NOT NULL);
    INSERT INTO probe VALUES (0);
    CREATE TABLE activity (
        number int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at int8 NOT NULL,
        kind text NOT NULL,
        severity text NOT NULL,
        connection text NOT NULL,
        resource text NOT NULL,
        person text NOT NULL,
        audit int8 UNIQUE REFERENCES audit (number),
        entry text NOT NULL
    );
    CREATE INDEX activity_at ON activity (at, number);
    CREATE INDEX activity_kind ON activity (kind, at, number);
    CREATE INDEX activity_severity ON activity (severity, at, number);
    CREATE INDEX activity_connection ON activity (connection, at, number);
    CREATE INDEX activity_connection_kind ON activity (connection, kind, at, number);
    CREATE INDEX activity_connection_severity ON activity (connection, severity, at, number);
    CREATE INDEX activity_kind_severity ON activity (kind, severity, at, number);
    CREATE INDEX activity_resource ON activity (resource, at, number);
    CREATE INDEX activity_person ON activity (person, at, number);
    CREATE TABLE watched (at int8 NOT NULL);
    CREATE TABLE open_alarm (id text PRIMARY KEY, entry text NOT NULL);
    CREATE TABLE acknowledgement (id text PRIMARY KEY, entry text NOT NULL);
    CREATE TABLE alarm_note (id text PRIMARY KEY, entry text NOT NULL);
    CREATE TABLE maintenance (id text PRIMARY KEY, entry text NOT NULL);
    CREATE TABLE alert_watch (id text PRIMARY KEY, entry text NOT NULL);
    CREATE TABLE alert_message (id text PRIMARY KEY, entry text NOT NULL);
    CREATE TABLE alert_delivery (id text PRIMARY KEY, entry text NOT NULL);
    -- What one gateway does alone, such as writing an order of slicers that it has just compared.
    CREATE TABLE lease (name text PRIMARY KEY, gateway int8 NOT NULL, until timestamptz NOT NULL);
    -- Another number tells the other gateways that something else is kept.
    CREATE TABLE kept_revision (number int8 NOT NULL);
    INSERT INTO kept_revision VALUES (1);
    CREATE FUNCTION kept_changed() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN UPDATE kept_revision SET number = number + 1; RETURN NULL; END $$;
    CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON open_alarm EXECUTE FUNCTION kept_changed();
    CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON acknowledgement EXECUTE FUNCTION kept_changed();
    CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON alarm_note EXECUTE FUNCTION kept_changed();
    CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON maintenance EXECUTE FUNCTION kept_changed();
    CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON alert_watch EXECUTE FUNCTION kept_changed();
    CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON alert_message EXECUTE FUNCTION kept_changed();
    CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON alert_delivery EXECUTE FUNCTION kept_changed();
    -- Who is let in has a number of its own, so that it is not read with each alarm.
    CREATE TABLE ended_session (id text PRIMARY KEY, entry text NOT NULL);
    CREATE TABLE access_revision (number int8 NOT NULL);
    INSERT INTO access_revision VALUES (1);
    CREATE FUNCTION access_changed() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN UPDATE access_revision SET number = number + 1; RETURN NULL; END $$;
    CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON ended_session EXECUTE FUNCTION access_changed();
",
    // Gateways that listen are notified at once.
    "
    CREATE OR REPLACE FUNCTION kept_changed() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN UPDATE kept_revision SET number = number + 1; NOTIFY failover_console; RETURN NULL; END $$;
    CREATE OR REPLACE FUNCTION access_changed() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN UPDATE access_revision SET number = number + 1; NOTIFY failover_console; RETURN NULL; END $$;
    CREATE FUNCTION activity_changed() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN NOTIFY failover_console; RETURN NULL; END $$;
    CREATE TRIGGER changed AFTER INSERT OR UPDATE ON activity EXECUTE FUNCTION activity_changed();
",
    "
    CREATE TABLE wall (id text PRIMARY KEY, entry text NOT NULL);
    CREATE TABLE wall_code (id text PRIMARY KEY, entry text NOT NULL);
    CREATE TABLE wall_taken_over (id text PRIMARY KEY, entry text NOT NULL);
    -- Written by each gateway every minute, and read only by who asks for the list of walls.
    CREATE TABLE wall_sighting (id text PRIMARY KEY, entry text NOT NULL);
    CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON wall EXECUTE FUNCTION access_changed();
    CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON wall_code EXECUTE FUNCTION access_changed();
    CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON wall_taken_over EXECUTE FUNCTION access_changed();
",
    // The state of the shared watching is short-lived and need not survive a crash.
    "
    -- The gateways that watch, and which connections each could watch: a list in JSON.
    CREATE UNLOGGED TABLE watching_gateway (
        gateway text PRIMARY KEY,
        connections text NOT NULL,
        until timestamptz NOT NULL
    );
    -- Which of them watches a connection, and how often it has said what it read.
    CREATE UNLOGGED TABLE shared_connection (
        connection text PRIMARY KEY,
        gateway text NOT NULL,
        until timestamptz NOT NULL,
        number int8 NOT NULL
    );
    -- What was read of it: a whole, with the number 1 beside it, and what changed since.
    CREATE UNLOGGED TABLE shared_reading (
        connection text NOT NULL,
        number int8 NOT NULL,
        whole int8 NOT NULL,
        entry bytea NOT NULL,
        PRIMARY KEY (connection, number)
    );
",
    "
    -- The last second that a gateway has signed a request of an account with: one is refused that was signed with before.
    CREATE UNLOGGED TABLE signed_second (account text PRIMARY KEY, last int8 NOT NULL);
",
    // The names under which resources are searched for: several may share one.
    "
    CREATE TABLE resource_name (
        name text NOT NULL,
        resource text NOT NULL,
        at int8 NOT NULL,
        PRIMARY KEY (name, resource)
    );
    CREATE INDEX resource_name_at ON resource_name (at);
    INSERT INTO resource_name
        SELECT lower(entry::json ->> 'name'), resource, max(at) FROM activity
        WHERE resource <> '' AND entry::json ->> 'name' <> '' GROUP BY 1, 2;
",
    // The start of the watch of each connection. For existing ones it is taken from the activity.
    "
    CREATE TABLE watched_connection (id text PRIMARY KEY, entry text NOT NULL);
    INSERT INTO watched_connection
        SELECT connection, min(at)::text FROM activity WHERE connection <> '' GROUP BY connection;
",
    // Clocks differ, and may be set back: the last second alone does not show which ones are free.
    "
    DROP TABLE signed_second;
    -- The seconds by the gateways' clocks that requests of an account were signed with, for some minutes.
    CREATE UNLOGGED TABLE signed_second (
        account text NOT NULL,
        second int8 NOT NULL,
        at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (account, second)
    );
",
    // Entries about access have numbers of their own, below 0.
    "ALTER TABLE activity ALTER COLUMN number SET GENERATED BY DEFAULT;",
    // The time since which no leadership entry was deleted.
    "CREATE TABLE complete_since (at int8 NOT NULL);",
    // The time to which the clock leapt, while it is not trusted because of that.
    "ALTER TABLE watched ADD COLUMN leapt_at int8;",
    "CREATE TABLE last_leader (id text PRIMARY KEY, entry text NOT NULL);",
];

/// "FOCO": the advisory lock for creating and changing the tables.
const MIGRATION_LOCK: i64 = 0x464F_434F;

/// The oldest version of PostgreSQL that is supported.
const OLDEST: u32 = 130_000;

/// The purpose of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Writes, and creates the tables if there are none.
    Write,
    Read,
    /// Only checks whether it could write.
    Check,
}

/// Prepares a new connection: applies its settings and checks that the database belongs to this program. Returns
/// whether its tables must be migrated before anything is written.
pub(super) async fn prepare(
    client: &Client,
    purpose: Purpose,
    time_limit: Duration,
) -> Result<bool, Fault> {
    // The database times out before the gateway does, so that abandoned statements do not keep locks. Keepalives detect
    // a computer that is gone.
    let settings = format!(
        "SET statement_timeout = {time_limit}; SET lock_timeout = {time_limit};
         SET idle_in_transaction_session_timeout = {time_limit};
         SET default_transaction_isolation = 'read committed';
         SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 3; SET tcp_keepalives_count = 3;
         SELECT set_config('synchronous_commit', 'on', false)
             WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write');",
        time_limit = time_limit.as_millis()
    );
    client.batch_execute(&settings).await.map_err(describe)?;
    let state = format!(
        "SELECT current_setting('server_encoding'), pg_is_in_recovery()::text,
        current_setting('fsync'), coalesce(current_schema()::text, ''),
        current_setting('server_version'),
        (current_setting('server_version_num')::int8 >= {OLDEST})::text,
        coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)::text"
    );
    let state = client
        .query_typed_one(&state, &[])
        .await
        .map_err(describe)?;
    let state = |place: usize| state.try_get::<_, &str>(place).map_err(describe);
    if state(5)? != "true" {
        return Err(format!(
            "is of PostgreSQL {}: {} or newer is needed",
            state(4)?,
            OLDEST / 10_000
        ));
    }
    if state(0)? != "UTF8" {
        let encoding = state(0)?;
        return Err(format!(
            "holds text as {encoding}: make one with the encoding UTF8"
        ));
    }
    if purpose != Purpose::Read && state(1)? == "true" {
        return Err("is a standby, which cannot be written: name the primary".to_owned());
    }
    if state(3)?.is_empty() {
        return Err("has no schema that this user may use".to_owned());
    }
    if purpose == Purpose::Write && state(2)? == "off" {
        tracing::warn!(
            "fsync is off in the store's database: a crash of its computer loses what was recorded"
        );
    }
    let version = version(client).await?;
    if version == Some(MIGRATIONS.len()) {
        return Ok(false);
    }
    if purpose != Purpose::Read && state(6)? != "true" {
        return Err(format!(
            "grants too few privileges: its user may not create tables in the schema {:?}; grant it CREATE on that \
             schema",
            state(3)?
        ));
    }
    match (version, purpose) {
        (_, Purpose::Check) => Ok(false),
        (_, Purpose::Write) => Ok(true),
        (None, Purpose::Read) => Err("holds nothing yet".to_owned()),
        // An older version has all the tables that are read.
        (Some(_), Purpose::Read) => Ok(false),
    }
}

/// The version of a database; `None` if it is empty.
async fn version(client: &Client) -> Result<Option<usize>, Fault> {
    let tables = "SELECT (to_regclass('failover_console') IS NOT NULL)::text,
        (SELECT count(*) FROM pg_tables WHERE schemaname = current_schema())";
    let tables = client
        .query_typed_one(tables, &[])
        .await
        .map_err(describe)?;
    if tables.try_get::<_, &str>(0).map_err(describe)? != "true" {
        return match tables.try_get::<_, i64>(1).map_err(describe)? {
            0 => Ok(None),
            _ => Err(
                "holds tables of another program: give this one a database of its own".to_owned(),
            ),
        };
    }
    let version = "SELECT version FROM failover_console";
    let version = client
        .query_typed_one(version, &[])
        .await
        .map_err(describe)?;
    let version: i64 = version.try_get(0).map_err(describe)?;
    match usize::try_from(version) {
        Ok(version) if version <= MIGRATIONS.len() => Ok(Some(version)),
        _ => Err(format!(
            "was written by a newer version of this program (its format is {version}, this program knows {})",
            MIGRATIONS.len()
        )),
    }
}

/// Migrates the database, for at most `longest`, while no other gateway does.
pub(super) async fn migrate(client: &Client, longest: Duration) -> Result<(), Fault> {
    // The usual time limit is too short for long tables, and for waiting until another gateway has migrated them.
    let begin = format!(
        "BEGIN; SET LOCAL statement_timeout = {longest}; SET LOCAL lock_timeout = {longest}",
        longest = longest.as_millis()
    );
    client.batch_execute(&begin).await.map_err(describe)?;
    let migrated = async {
        let lock = format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})");
        client.batch_execute(&lock).await.map_err(describe)?;
        // Another gateway may have migrated it in the meantime.
        let version = version(client).await?.unwrap_or_default();
        if (1..MIGRATIONS.len()).contains(&version) {
            tracing::warn!(
                "migrating the store's tables from version {version} to {}: long tables take minutes",
                MIGRATIONS.len()
            );
        }
        for step in &MIGRATIONS[version..] {
            client.batch_execute(step).await.map_err(describe)?;
        }
        let done = format!(
            "UPDATE failover_console SET version = {}; COMMIT",
            MIGRATIONS.len()
        );
        client.batch_execute(&done).await.map_err(describe)
    };
    let migrated = migrated.await;
    if migrated.is_err() {
        // The failure is reported already, and the connection is closed.
        let _ = client.batch_execute("ROLLBACK").await;
    }
    migrated
}

//! Opening the database: settings, migrations, and descriptions of failures.

use crate::config::StoreLocation;
use crate::shared_file::{beside, open_or_try, private};
use reqwest::Url;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fs::{File, TryLockError};
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

/// "FOCO": identifies the files of this program.
const APPLICATION: i64 = 0x464F_434F;

/// Each step brings a database from the version of its index to the next. Released steps must not be changed.
const MIGRATIONS: [&str; 11] = [
    "
    CREATE TABLE audit (
        number INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        kind TEXT NOT NULL,
        intent INTEGER REFERENCES audit (number),
        entry TEXT NOT NULL,
        hash BLOB NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX audit_outcome ON audit (intent) WHERE intent IS NOT NULL;
    CREATE TABLE probe (at INTEGER NOT NULL) STRICT;
    INSERT INTO probe VALUES (0);
    CREATE TABLE activity (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        kind TEXT NOT NULL,
        severity TEXT NOT NULL,
        connection TEXT NOT NULL,
        resource TEXT NOT NULL,
        person TEXT NOT NULL,
        audit INTEGER UNIQUE REFERENCES audit (number),
        entry TEXT NOT NULL
    ) STRICT;
    CREATE INDEX activity_at ON activity (at);
    CREATE INDEX activity_kind ON activity (kind, at);
    CREATE INDEX activity_severity ON activity (severity, at);
    CREATE INDEX activity_connection ON activity (connection, at);
    CREATE INDEX activity_connection_kind ON activity (connection, kind, at);
    CREATE INDEX activity_connection_severity ON activity (connection, severity, at);
    CREATE INDEX activity_kind_severity ON activity (kind, severity, at);
    CREATE INDEX activity_resource ON activity (resource, at);
    CREATE INDEX activity_person ON activity (person, at);
    CREATE TABLE watched (at INTEGER NOT NULL) STRICT;
",
    "
    CREATE TABLE open_alarm (id TEXT PRIMARY KEY, entry TEXT NOT NULL) STRICT;
    CREATE TABLE acknowledgement (id TEXT PRIMARY KEY, entry TEXT NOT NULL) STRICT;
    CREATE TABLE maintenance (id TEXT PRIMARY KEY, entry TEXT NOT NULL) STRICT;
    CREATE TABLE alert_watch (id TEXT PRIMARY KEY, entry TEXT NOT NULL) STRICT;
    CREATE TABLE alert_message (id TEXT PRIMARY KEY, entry TEXT NOT NULL) STRICT;
    CREATE TABLE alert_delivery (id TEXT PRIMARY KEY, entry TEXT NOT NULL) STRICT;
",
    "CREATE TABLE alarm_note (id TEXT PRIMARY KEY, entry TEXT NOT NULL) STRICT;",
    "CREATE TABLE ended_session (id TEXT PRIMARY KEY, entry TEXT NOT NULL) STRICT;",
    // Estimates of how many entries each index selects in a long list; SQLite would guess two for a single column. They
    // are fixed, not measured, so that every store uses the same query plans.
    "
    ANALYZE sqlite_schema;
    DELETE FROM sqlite_stat1 WHERE tbl = 'activity';
    INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
        ('activity', 'activity_at', '10000000 1'),
        ('activity', 'activity_kind', '10000000 1000000 1'),
        ('activity', 'activity_severity', '10000000 3000000 1'),
        ('activity', 'activity_connection', '10000000 500000 1'),
        ('activity', 'activity_connection_kind', '10000000 500000 50000 1'),
        ('activity', 'activity_connection_severity', '10000000 500000 150000 1'),
        ('activity', 'activity_kind_severity', '10000000 1000000 300000 1'),
        ('activity', 'activity_resource', '10000000 5000 1'),
        ('activity', 'activity_person', '10000000 10000 1');
    ANALYZE sqlite_schema;
",
    "
    CREATE TABLE wall (id TEXT PRIMARY KEY, entry TEXT NOT NULL) STRICT;
    CREATE TABLE wall_code (id TEXT PRIMARY KEY, entry TEXT NOT NULL) STRICT;
    CREATE TABLE wall_taken_over (id TEXT PRIMARY KEY, entry TEXT NOT NULL) STRICT;
    CREATE TABLE wall_sighting (id TEXT PRIMARY KEY, entry TEXT NOT NULL) STRICT;
",
    // The names under which resources are searched for: several may share one.
    "
    CREATE TABLE resource_name (
        name TEXT NOT NULL,
        resource TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (name, resource)
    ) STRICT;
    CREATE INDEX resource_name_at ON resource_name (at);
    INSERT INTO resource_name
        SELECT lower(entry ->> '$.name'), resource, max(at) FROM activity
        WHERE resource <> '' AND entry ->> '$.name' <> '' GROUP BY 1, 2;
",
    // The start of the watch of each connection. For existing ones it is taken from the activity.
    "
    CREATE TABLE watched_connection (id TEXT PRIMARY KEY, entry TEXT NOT NULL) STRICT;
    INSERT INTO watched_connection
        SELECT connection, CAST(min(at) AS TEXT) FROM activity WHERE connection <> '' GROUP BY connection;
",
    // The time since which no leadership entry was deleted.
    "CREATE TABLE complete_since (at INTEGER NOT NULL) STRICT;",
    // The time to which the clock leapt, while it is not trusted because of that.
    "ALTER TABLE watched ADD COLUMN leapt_at INTEGER;",
    "CREATE TABLE last_leader (id TEXT PRIMARY KEY, entry TEXT NOT NULL) STRICT;",
];

/// The page cache of a connection, in KiB. Writes go to the end of the file, and most reads too.
const CACHE: i64 = 512;

const NOT_A_DATABASE: &str = "is not a SQLite database";

/// How long to wait for a lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// An open database that only this process writes to.
pub(in crate::store) struct Sqlite {
    pub(in crate::store) connection: Connection,
    /// Whether the disk failed during the last commit.
    pub(super) is_in_doubt: bool,
    /// Held while the database is open.
    _lock: Option<File>,
}

/// Opens a database and migrates it to the present version.
pub(in crate::store) fn open(location: &StoreLocation) -> Result<Sqlite, String> {
    let StoreLocation::File(path) = location else {
        let connection = Connection::open_in_memory().map_err(|error| error.to_string())?;
        let connection =
            prepared(connection).map_err(|why| format!("the store in memory {why}"))?;
        return Ok(Sqlite {
            connection,
            is_in_doubt: false,
            _lock: None,
        });
    };
    let fail = |why: String| format!("the store {} {why}", path.display());
    refuse_foreign(path).map_err(fail)?;
    let lock = lock(path).map_err(fail)?;
    make_private(path).map_err(fail)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(path, flags).map_err(|error| fail(describe(&error)))?;
    let connection = prepared(connection).map_err(fail)?;
    Ok(Sqlite {
        connection,
        is_in_doubt: false,
        _lock: Some(lock),
    })
}

/// Checks that [`open`] can use a database, without changing it. What another process has open is not an error.
pub(in crate::store) fn check(path: &Path) -> Result<(), String> {
    let fail = |why: String| format!("the store {} {why}", path.display());
    refuse_foreign(path).map_err(fail)?;
    let lock = beside(path, ".lock");
    open_or_try(&lock).map_err(|error| fail(unlockable(&lock, &error)))?;
    if !path.exists() {
        return Ok(());
    }
    let file = private().open(path);
    file.map_err(|error| fail(format!("cannot be written: {error}")))?;
    // The latest changes may be in the log beside it, without which the file alone can look damaged. A start reads both.
    let has_log = |log: std::fs::Metadata| log.len() > 0;
    if beside(path, "-wal").metadata().is_ok_and(has_log) {
        return Ok(());
    }
    let url = std::path::absolute(path).map(Url::from_file_path);
    let Ok(Ok(mut url)) = url else {
        return Err(fail("has no usable path".to_owned()));
    };
    // Opened otherwise, even to read, SQLite creates the files beside it, which then belong to this user.
    url.set_query(Some("immutable=1"));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(url.as_str(), flags)
        .map_err(|error| describe(&error))
        .and_then(|connection| version(&connection).map(drop))
        .map_err(fail)
}

/// Opens a database for reading, also while a gateway writes to it.
pub(in crate::store) fn open_to_read(path: &Path) -> Result<Connection, String> {
    let fail = |why: String| format!("the store {} {why}", path.display());
    if !path.exists() {
        return Err(fail("does not exist".to_owned()));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(path, flags).map_err(|error| fail(describe(&error)))?;
    let read = connection
        .busy_timeout(BUSY_TIMEOUT)
        .and_then(|()| connection.pragma_update(None, "cache_size", -CACHE));
    read.map_err(|error| fail(describe(&error)))?;
    let version = version(&connection).map_err(fail)?;
    if version == 0 {
        return Err(fail("holds nothing yet".to_owned()));
    }
    Ok(connection)
}

/// Refuses a folder or a file of another kind before its permissions are changed.
fn refuse_foreign(path: &Path) -> Result<(), String> {
    const HEADER: &[u8] = b"SQLite format 3\0";
    if !path.exists() {
        return Ok(());
    }
    if !path.is_file() {
        return Err("is not a file".to_owned());
    }
    let mut begin = Vec::new();
    let read = File::open(path).and_then(|file| file.take(16).read_to_end(&mut begin));
    match read {
        // Empty until the first migration.
        Ok(_) if begin.is_empty() || begin == HEADER => Ok(()),
        Ok(_) => Err(NOT_A_DATABASE.to_owned()),
        Err(error) => Err(format!("cannot be read: {error}")),
    }
}

/// Locks the file against other gateways, because two of them would each continue the chain.
fn lock(path: &Path) -> Result<File, String> {
    let name = beside(path, ".lock");
    let file = private()
        .create(true)
        .truncate(false)
        .open(&name)
        .map_err(|error| unlockable(&name, &error))?;
    // A user who can open the file can lock it, and earlier versions created it readable for everybody.
    close_to_others(&name);
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err("is in use by another gateway; give each gateway a file of its own".to_owned())
        }
        Err(TryLockError::Error(error)) => Err(format!("cannot be locked: {error}")),
    }
}

fn unlockable(lock: &Path, error: &std::io::Error) -> String {
    format!("cannot be locked: {}: {error}", lock.display())
}

/// Makes a file private to its owner. A failure is logged only: the file may belong to another user and still be
/// usable.
fn close_to_others(path: &Path) {
    #[cfg(unix)]
    if let Err(error) =
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
    {
        tracing::warn!("{} is not for its owner alone: {error}", path.display());
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// Creates the file, private to its owner, if it does not exist. An existing file may be a copy that everybody can
/// read, as may the files that belong to it.
fn make_private(path: &Path) -> Result<(), String> {
    match private().create_new(true).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            close_to_others(path);
            for suffix in ["-wal", "-shm"] {
                let name = beside(path, suffix);
                if name.exists() {
                    close_to_others(&name);
                }
            }
            Ok(())
        }
        Err(error) => Err(format!("cannot be made: {error}")),
    }
}

fn prepared(mut connection: Connection) -> Result<Connection, String> {
    let version = version(&connection)?;
    let prepare = |connection: &mut Connection| {
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "cache_size", -CACHE)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if found != "ok" {
            return Ok(Err(format!("cannot be read: {found}")));
        }
        if version == MIGRATIONS.len() {
            // Nothing is written, so that a full disk does not prevent a start.
            return Ok(Ok(()));
        }
        let migration = connection.transaction()?;
        for step in &MIGRATIONS[version..] {
            migration.execute_batch(step)?;
        }
        migration.pragma_update(None, "application_id", APPLICATION)?;
        migration.pragma_update(None, "user_version", MIGRATIONS.len() as u32)?;
        migration.commit()?;
        Ok(Ok(()))
    };
    match prepare(&mut connection) {
        Ok(Ok(())) => Ok(connection),
        Ok(Err(why)) => Err(why),
        Err(error) => Err(describe(&error)),
    }
}

/// The version of a database; 0 if it is empty.
fn version(connection: &Connection) -> Result<usize, String> {
    let number = |name: &str| {
        let read = connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        read.map_err(|error| describe(&error))
    };
    let (application, version) = (number("application_id")?, number("user_version")?);
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(|error| describe(&error))?;
    if application != APPLICATION && tables > 0 {
        return Err("is a database of another program".to_owned());
    }
    match usize::try_from(version) {
        Ok(version) if version <= MIGRATIONS.len() => Ok(version),
        _ => Err(format!(
            "was written by a newer version of this program (its format is {version}, this program knows {})",
            MIGRATIONS.len()
        )),
    }
}

/// A description of the failure that continues a sentence about the file.
pub(super) fn describe(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => NOT_A_DATABASE.to_owned(),
        Some(ErrorCode::ReadOnly) => "cannot be written: it is read-only".to_owned(),
        Some(ErrorCode::CannotOpen) => format!("cannot be opened: {error}"),
        Some(ErrorCode::DiskFull) => "cannot be written: the disk is full".to_owned(),
        Some(ErrorCode::DatabaseCorrupt) => format!("cannot be read: {error}"),
        _ => format!("cannot be used: {error}"),
    }
}

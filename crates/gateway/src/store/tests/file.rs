//! Stores in a file: which files are accepted, who may read them, and a full disk.

use super::super::*;
use super::{activity, at, change, open, place, store_in};
use rusqlite::Connection;
use std::fs::File;
use std::path::{Path, PathBuf};

#[test]
fn a_file_that_cannot_be_the_store_is_named_with_the_reason() {
    let (folder, file) = place();
    let files = || std::fs::read_dir(folder.path()).unwrap().count();
    let complaint = |file: &Path| {
        let before = files();
        let checked = Store::check(&at(file)).unwrap_err();
        assert_eq!(files(), before, "a check changes nothing");
        let why = open(file).unwrap_err();
        assert_eq!(why, checked);
        assert!(
            why.starts_with(&format!("the store {} ", file.display())),
            "{why}"
        );
        why
    };
    std::fs::write(
        &file,
        "not a database, and long enough to be none at all".repeat(40),
    )
    .unwrap();
    let folder_as_store = folder.path().join("folder");
    std::fs::create_dir(&folder_as_store).unwrap();
    for (path, why) in [
        (&file, "is not a SQLite database"),
        (&folder_as_store, "is not a file"),
    ] {
        let before = std::fs::metadata(path).unwrap().permissions();
        assert!(complaint(path).ends_with(why));
        // Neither changed nor locked.
        assert_eq!(std::fs::metadata(path).unwrap().permissions(), before);
        assert!(!path.with_added_extension("lock").exists());
    }

    let other = folder.path().join("other.db");
    let database = Connection::open(&other).unwrap();
    database.execute_batch("CREATE TABLE theirs (x)").unwrap();
    drop(database);
    assert!(complaint(&other).ends_with("is a database of another program"));

    let newer = folder.path().join("newer.db");
    drop(open(&newer).unwrap());
    let database = Connection::open(&newer).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    drop(database);
    complete(&newer);
    let why = complaint(&newer);
    assert!(
        why.contains("written by a newer version of this program (its format is 99"),
        "{why}"
    );
    assert!(verify(&at(&newer)).unwrap_err().contains("newer version"));

    let nowhere = folder.path().join("no/such/folder.db");
    assert!(complaint(&nowhere).contains("cannot be locked"));
    assert!(
        verify(&at(&folder.path().join("none.db")))
            .unwrap_err()
            .ends_with("does not exist")
    );
}

/// Waits until nothing has a database locked and its log is copied into it.
fn complete(file: &Path) {
    let lock = File::open(file.with_added_extension("lock")).unwrap();
    let database = Connection::open(file).unwrap();
    let is_busy = || {
        let copied = database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
        copied.unwrap_or(true)
    };
    while lock.try_lock().is_err() || is_busy() {
        std::thread::yield_now();
    }
}

fn log_of(file: &Path) -> PathBuf {
    PathBuf::from(format!("{}-wal", file.display()))
}

#[test]
fn a_file_that_its_log_completes_is_no_fault() {
    let (_folder, file) = place();
    drop(open(&file).unwrap());
    complete(&file);
    let cut = File::options().write(true).open(&file).unwrap();
    cut.set_len(4_096).unwrap();
    assert!(Store::check(&at(&file)).is_err());
    std::fs::write(log_of(&file), "of a gateway that was killed").unwrap();
    assert_eq!(Store::check(&at(&file)), Ok(()));
}

#[test]
fn two_gateways_cannot_write_to_one_file() {
    let (folder, file) = place();
    let files = || std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(Store::check(&at(&file)), Ok(()));
    assert_eq!(files(), 0);
    let first = open(&file).unwrap();
    let before = files();
    assert_eq!(Store::check(&at(&file)), Ok(()), "for a reload");
    assert_eq!(files(), before);
    assert!(
        open(&file)
            .unwrap_err()
            .ends_with("is in use by another gateway; give each gateway a file of its own")
    );
    drop(first);
}

#[cfg(unix)]
#[test]
fn the_file_and_its_lock_are_private_to_their_owner() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, file) = place();
    let lock = file.with_extension("db.lock");
    // As earlier versions created it.
    std::fs::write(&lock, "").unwrap();
    std::fs::set_permissions(&lock, std::fs::Permissions::from_mode(0o644)).unwrap();
    let store = open(&file).unwrap();
    let mode = |file: &Path| std::fs::metadata(file).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(&lock)), (0o600, 0o600));
    drop(store);
    // As a copied file may be.
    let (_folder, file) = place();
    let all = [
        file.clone(),
        file.with_extension("db-wal"),
        file.with_extension("db-shm"),
    ];
    for file in &all {
        std::fs::write(file, "").unwrap();
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o644)).unwrap();
    }
    let store = open(&file).unwrap();
    assert_eq!(all.each_ref().map(|file| mode(file)), [0o600; 3]);
    drop(store);
    let (_folder, file) = place();
    let _store = open(&file).unwrap();
    assert_eq!(mode(&file.with_extension("db.lock")), 0o600);
}

/// A full disk: the database cannot grow.
#[tokio::test]
async fn a_full_disk_refuses_changes_until_there_is_room() {
    let (_folder, file) = place();
    let database = sqlite::open(&at(&file)).unwrap();
    let pages: i64 = database
        .connection
        .query_row("PRAGMA page_count", [], |row| row.get(0))
        .unwrap();
    database
        .connection
        .pragma_update(None, "max_page_count", pages)
        .unwrap();
    let store = store_in(database, &file);
    let large = Entry {
        body: Some("x".repeat(100_000)),
        ..change(1)
    };
    let problem = store.intent(large).await.unwrap_err();
    assert_eq!(
        (problem.kind, problem.status.as_u16()),
        (Kind::NotRecorded, 503)
    );
    assert!(!store.is_writable.load(Ordering::Relaxed));
    // A small row fits.
    assert!(store.is_writable().await);
    store.intent(change(2)).await.unwrap();
    assert_eq!(verify(&at(&file)).unwrap().unwrap().rows, 1);
}

/// A full disk at the start of the gateway.
#[tokio::test]
async fn a_file_without_room_is_opened_and_the_start_is_recorded_later() {
    let (_folder, file) = place();
    drop(open(&file).unwrap());
    let database = Connection::open(&file).unwrap();
    // Opening a current version writes nothing.
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let opened = loop {
        match sqlite::open(&at(&file)) {
            Err(why) if why.contains("in use by another gateway") => std::thread::yield_now(),
            other => break other,
        }
    };
    drop(opened.unwrap());
    database
        .execute_batch(
            "ROLLBACK; DELETE FROM activity; CREATE TRIGGER full BEFORE INSERT ON activity
             BEGIN SELECT RAISE(ABORT, 'full'); END",
        )
        .unwrap();
    let store = open(&file).unwrap();
    assert!(!store.is_writable.load(Ordering::Relaxed));
    database.execute_batch("DROP TRIGGER full").unwrap();
    assert!(store.catch_up().await);
    let entries = store.activity(activity::everything()).await.unwrap();
    assert_eq!(entries.len(), 1);
    assert!(entries[0].what.starts_with("The gateway"), "{entries:?}");
}

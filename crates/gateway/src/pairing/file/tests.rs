use super::*;
use crate::pairing::registry::{CodeState, PairingRequest};
use crate::pairing::{RegistryLocation, Walls};
use crate::problem::{Kind, Problem};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

fn new_code(store: &WallsFile, number: &str) -> Result<(), Problem> {
    let network = IpAddr::from([192, 0, 2, 1]);
    store
        .change(|registry| registry.new_code(number.to_owned(), network, 0))
        .map(drop)
}

fn knows(store: &WallsFile, number: &str) -> bool {
    let state = store.read().unwrap().code_state(number, 1);
    state != CodeState::Over
}

#[test]
fn every_gateway_reads_a_change_even_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("walls.json");
    let (one, two) = (
        WallsFile::in_file(&file).unwrap(),
        WallsFile::in_file(&file).unwrap(),
    );
    assert!(!knows(&one, "a"));
    new_code(&one, "a").unwrap();
    assert!(knows(&one, "a") && knows(&two, "a"));
    new_code(&two, "b").unwrap();
    assert!(
        knows(&one, "a") && knows(&one, "b"),
        "neither overwrote the other"
    );
    let later = WallsFile::in_file(&file).unwrap();
    assert!(knows(&later, "a") && knows(&later, "b"));
    std::fs::remove_file(&file).unwrap();
    assert!(!knows(&one, "a"), "a missing file counts as empty");
}

#[test]
fn parallel_changes_are_all_kept() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("walls.json");
    let stores = [(), ()].map(|()| WallsFile::in_file(&file).unwrap());
    std::thread::scope(|scope| {
        for (at, store) in stores.iter().enumerate() {
            scope.spawn(move || {
                for number in 0..8 {
                    new_code(store, &format!("{at} {number}")).unwrap();
                }
            });
        }
    });
    for number in 0..8 {
        assert!(
            knows(&stores[0], &format!("0 {number}")) && knows(&stores[0], &format!("1 {number}"))
        );
    }
}

#[test]
fn a_corrupt_file_counts_as_empty_and_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("walls.json");
    let store = WallsFile::in_file(&file).unwrap();
    new_code(&store, "a").unwrap();
    let valid = std::fs::read(&file).unwrap();
    for corrupt in [&valid[..valid.len() / 2], b"", b"{}", b"\xff"] {
        std::fs::write(&file, corrupt).unwrap();
        assert!(store.read().is_none());
        assert!(store.read().is_none());
        assert_eq!(
            new_code(&store, "b").unwrap_err().kind,
            Kind::StoreUnavailable
        );
        assert_eq!(std::fs::read(&file).unwrap(), corrupt);
        let why = WallsFile::in_file(&file).unwrap_err();
        assert!(
            why.starts_with("the register of walls ") && why.contains("walls.json"),
            "{why}"
        );
    }
    std::fs::write(&file, &valid).unwrap();
    assert!(knows(&store, "a"), "repaired");
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    assert!(store.read().is_none() && WallsFile::in_file(&file).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_wall_that_could_not_be_removed_is_removed_once_the_file_can_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("walls.json");
    let lock = beside(&file, ".lock");
    let walls = Walls::new(RegistryLocation::File(WallsFile::in_file(&file).unwrap()));
    let network = IpAddr::from([192, 0, 2, 1]);
    let state = walls.new_code("secret".to_owned(), network, 0).await;
    let Ok(CodeState::Waiting { code, .. }) = state else {
        panic!("{state:?}");
    };
    let request = PairingRequest {
        code,
        name: "Hall".to_owned(),
        by: "ann".to_owned(),
        id: "w".to_owned(),
    };
    walls.pair(request, 1).await.unwrap();
    std::fs::remove_file(&lock).unwrap();
    std::fs::create_dir(&lock).unwrap();
    let revoked = walls.revoke("w".to_owned()).await;
    assert_eq!(revoked.unwrap_err().kind, Kind::NotSaved);
    assert_eq!(walls.find("w"), None);
    let is_stored = || std::fs::read_to_string(&file).unwrap().contains("Hall");
    assert!(is_stored());
    std::fs::remove_dir(&lock).unwrap();
    for _ in 0..1_000 {
        if !is_stored() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    panic!("the wall stays in the file");
}

#[test]
fn a_failed_or_empty_change_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("walls.json");
    let store = WallsFile::in_file(&file).unwrap();
    store.change(|_| Ok(())).unwrap();
    assert!(!file.exists());
    new_code(&store, "a").unwrap();
    let before = std::fs::read(&file).unwrap();
    let refused: Result<(), Problem> = store.change(|registry| {
        registry.new_code("b".to_owned(), IpAddr::from([192, 0, 2, 1]), 0)?;
        Err(Problem::new(Kind::WrongCode, "no"))
    });
    assert_eq!(refused.unwrap_err().kind, Kind::WrongCode);
    assert!(!knows(&store, "b"));
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    PathBuf::from(format!("{}{ending}", file.display()))
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("walls.json");
    std::fs::write(beside(&file, ".new"), "left behind").unwrap();
    new_code(&WallsFile::in_file(&file).unwrap(), "a").unwrap();
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!beside(&file, ".new").exists());
}

#[test]
fn a_missing_folder_is_reported_when_the_file_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let why = WallsFile::in_file(&folder.path().join("nowhere/walls.json")).unwrap_err();
    assert!(why.contains("walls.json"), "{why}");
}

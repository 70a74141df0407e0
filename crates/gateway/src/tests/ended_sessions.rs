//! An ended session is never accepted again, even with a copy of its cookie.

use super::access::{PASSWORD, body, cookie, session_of, sign_in, with_memory};
use super::secrets::Log;
use super::walls::{Screen, enter, list, process, revoke, wall};
use super::*;
use crate::auth::Memory;
use std::path::Path;

pub(super) const KEY: &str = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk";

pub(super) async fn sign_out(gateway: &Arc<Gateway>, cookie: &str) -> u16 {
    let answer = ask(gateway, "DELETE /api/session", &[("cookie", cookie)], "").await;
    answer.status().as_u16()
}

#[tokio::test]
async fn a_session_that_was_signed_out_stays_ended_after_a_restart_and_at_other_gateways() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("walls.json");
    let [one, other] = [(), ()].map(|()| process(Some(&file)));
    let (copied, stays) = (sign_in(&one, "vic").await, sign_in(&one, "vic").await);
    assert_eq!(session_of(&other, &copied).await.0, 200);
    assert_eq!(sign_out(&one, &copied).await, 204);
    for gateway in [&one, &other, &process(Some(&file))] {
        assert_eq!(session_of(gateway, &copied).await.0, 401);
        assert_eq!(session_of(gateway, &stays).await.0, 200, "other session");
    }
}

#[tokio::test]
async fn signing_out_takes_effect_even_if_it_cannot_be_saved() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = process(Some(&folder.path().join("walls.json")));
    let copied = sign_in(&gateway, "vic").await;
    std::fs::write(folder.path().join("walls.ended"), "{").unwrap();
    assert_eq!(sign_out(&gateway, &copied).await, 204);
    assert_eq!(session_of(&gateway, &copied).await.0, 401);
    assert_eq!(
        session_of(&gateway, &sign_in(&gateway, "vic").await)
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn signing_in_ends_the_browsers_earlier_session() {
    let gateway = process(None);
    let first = sign_in(&gateway, "vic").await;
    let sign_in_as_ann = |password: &'static str| {
        let (gateway, first) = (gateway.clone(), first.clone());
        async move {
            let body = body("ann", password);
            ask(&gateway, "POST /api/session", &[("cookie", &first)], &body).await
        }
    };
    assert_eq!(sign_in_as_ann("wrong").await.status(), 401);
    assert_eq!(session_of(&gateway, &first).await.0, 200, "sign-in failed");
    let log = Log::begin();
    let answer = sign_in_as_ann(PASSWORD).await;
    let second = cookie(&answer);
    assert_eq!(session_of(&gateway, &second).await.0, 200);
    assert_eq!(session_of(&gateway, &first).await.0, 401);
    assert_eq!(
        log.audit(header(&answer, "x-request-id"))[1..],
        ["who=\"vic\" from=127.0.0.1 what=\"sign out\" outcome=\"done\" why=\"replaced\""]
    );
}

#[tokio::test]
async fn a_wall_is_revoked_by_signing_out_or_by_another_sign_in() {
    let gateway = process(None);
    let admin = sign_in(&gateway, "ann").await;
    let (mut screen, _) = wall(&gateway, &admin, "Hall").await;
    assert_eq!(sign_out(&gateway, &screen.cookie()).await, 204);
    assert_eq!(screen.session(&gateway).await.0, 401);
    let (mut screen, _) = wall(&gateway, &admin, "Hall").await;
    let copied = screen.cookie();
    let body = body("vic", PASSWORD);
    let log = Log::begin();
    let answer = ask(&gateway, "POST /api/session", &[("cookie", &copied)], &body).await;
    assert_eq!(
        log.audit(header(&answer, "x-request-id"))[1..],
        [
            "who=\"vic\" role=\"viewer\" from=127.0.0.1 what=\"revoke wall\" wall=\"Hall\" outcome=\"done\" why=\"-\""
        ]
    );
    assert_eq!(screen.session(&gateway).await.0, 401);
    assert_eq!(list(&gateway, &admin).await["walls"], serde_json::json!([]));
}

#[tokio::test]
async fn a_pairing_issues_exactly_one_session() {
    let folder = tempfile::tempdir().unwrap();
    for file in [None, Some(folder.path().join("walls.json"))] {
        let gateway = process(file.as_deref());
        let admin = sign_in(&gateway, "ann").await;
        let mut screen = Screen::default();
        let code = screen.code(&gateway).await;
        let mut copy = screen.clone();
        assert_eq!(enter(&gateway, &admin, &code, "Hall").await.status(), 201);
        assert_eq!(screen.state(&gateway).await, "paired");
        assert_eq!(copy.state(&gateway).await, "over");
        assert_eq!(copy.session(&gateway).await.0, 401);
        assert_eq!(screen.session(&gateway).await.0, 200);
    }
}

#[tokio::test]
async fn revoking_a_wall_takes_effect_during_a_disk_failure_and_is_saved_later() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("walls.json");
    let gateway = process(Some(&file));
    let admin = sign_in(&gateway, "ann").await;
    let (mut screen, id) = wall(&gateway, &admin, "Hall").await;
    // With a folder in place of the lock file, nothing can be written, but everything can be read.
    let lock = folder.path().join("walls.json.lock");
    std::fs::remove_file(&lock).unwrap();
    std::fs::create_dir(&lock).unwrap();
    let line = format!("DELETE /api/walls/{id}");
    let answer = ask(&gateway, &line, &[("cookie", &admin)], "").await;
    let (kind, status, detail) = problem(answer).await;
    assert_eq!((kind.as_str(), status), ("not-saved", 500));
    assert!(
        detail.contains("signed out now") && detail.contains("restart"),
        "{detail}"
    );
    assert_eq!(screen.session(&gateway).await.0, 401);
    assert_eq!(list(&gateway, &admin).await["walls"], serde_json::json!([]));
    assert_eq!(
        screen.clone().session(&process_without_lock(&file)).await.0,
        200,
        "restored, as warned"
    );
    std::fs::remove_dir(&lock).unwrap();
    wall(&gateway, &admin, "Another").await;
    assert_eq!(
        screen.session(&process(Some(&file))).await.0,
        401,
        "saved with the next change"
    );
    assert_eq!(revoke(&gateway, &admin, &id).await, 404);
}

/// A gateway that starts with a copy of the file in its present state.
fn process_without_lock(file: &Path) -> Arc<Gateway> {
    let copy = file.with_file_name("copy.json");
    std::fs::copy(file, &copy).unwrap();
    let memory = Arc::new(Memory::new().unwrap());
    Arc::new(with_memory(Vec::new(), Some(KEY), false, Some(&copy), &memory).unwrap())
}

use super::super::{error_body, operation};
use super::*;
use base64::Engine;

const SESSIONS: &str = "/api/cloud/failoverSessions";

#[tokio::test]
async fn a_log_on_returns_the_session_in_header_cookie_and_body() {
    let system = System::signed_out(JsonFlavour::V12);
    for path in [
        "/api/sessionMngr/?v=latest",
        "/api/sessionMngr?v=v1_7",
        "/api/sessionMngr/",
    ] {
        let got = system
            .ask(
                "POST",
                path,
                &[("authorization", CREDENTIALS), ("accept", JSON)],
            )
            .await;
        assert_eq!(got.code(), 201, "{path}");
        let ticket = got.header("x-restsvcsessionid");
        assert!(
            got.header("set-cookie")
                .starts_with(&format!("X-RestSvcSessionId={ticket};"))
        );
        let body = got.json();
        let id = body["SessionId"].as_str().unwrap();
        let decoded = base64::engine::general_purpose::STANDARD
            .decode(ticket)
            .unwrap();
        assert_eq!(decoded, id.as_bytes());
        let href = format!("https://localhost:9398/api/logonSessions/{id}");
        let links = body["Links"].as_array().unwrap();
        assert!(
            links
                .iter()
                .any(|link| link["Rel"] == "Delete" && link["Href"] == href)
        );
    }
    let xml = system
        .ask(
            "POST",
            "/api/sessionMngr/?v=latest",
            &[("authorization", CREDENTIALS)],
        )
        .await;
    assert!(
        xml.body
            .contains("<LogonSession xmlns=\"http://www.veeam.com/ent/v1.0\"")
    );
    assert!(xml.body.contains("<SessionId>") && xml.body.contains("<Link Rel=\"Delete\""));
    assert!(!xml.body.contains("simulated-password"));
}

#[tokio::test]
async fn a_wrong_password_is_rejected_with_a_challenge() {
    let system = System::signed_out(JsonFlavour::V13);
    let wrong = base64::engine::general_purpose::STANDARD.encode("failover-console:other");
    for value in [&format!("Basic {wrong}"), "Basic !!", "Bearer x", "Basic"] {
        let got = system
            .ask(
                "POST",
                "/api/sessionMngr/?v=latest",
                &[("authorization", value)],
            )
            .await;
        assert_eq!(got.code(), 401, "{value}");
        assert!(got.header("www-authenticate").starts_with("Basic"));
        assert!(got.body.contains("<Error ") && got.body.contains("StatusCode=\"401\""));
        assert!(got.header("x-restsvcsessionid").is_empty());
    }
    let got = system.ask("POST", "/api/sessionMngr/?v=latest", &[]).await;
    assert_eq!(got.code(), 401);
    let got = system
        .ask(
            "POST",
            "/api/sessionMngr/?v=v9",
            &[("authorization", CREDENTIALS)],
        )
        .await;
    assert_eq!((got.code(), got.body.contains("v9")), (400, true));
}

#[tokio::test]
async fn every_operation_requires_a_log_on_session() {
    let mut system = System::signed_out(JsonFlavour::V12);
    for ticket in [None, Some("bm9uc2Vuc2U="), Some("not base64 !")] {
        system.ticket = ticket.map(str::to_owned);
        for (method, path) in [
            ("GET", "/api/query?type=CloudFailoverSession"),
            ("GET", SESSIONS),
            (
                "GET",
                "/api/cloud/failoverSessions/475420ee-d045-4493-9869-0a970e08f6f9",
            ),
            (
                "DELETE",
                "/api/logonSessions/475420ee-d045-4493-9869-0a970e08f6f9",
            ),
        ] {
            let got = system.ask(method, path, &[("accept", JSON)]).await;
            assert_eq!(got.code(), 401, "{method} {path}");
            assert_eq!(got.json()["StatusCode"], 401);
            assert!(got.body.starts_with('\u{FEFF}'));
        }
    }
}

#[tokio::test]
async fn a_log_on_session_ends_after_fifteen_idle_simulated_minutes() {
    let system = System::new(JsonFlavour::V13).await;
    for _ in 0..3 {
        system.advance(15 * 60 - 1);
        assert_eq!(system.get(SESSIONS, JSON).await.code(), 200);
    }
    system.advance(15 * 60);
    assert_eq!(system.get(SESSIONS, JSON).await.code(), 401);
}

#[tokio::test]
async fn the_cookie_takes_precedence_over_the_header() {
    let system = System::new(JsonFlavour::V13).await;
    let other = system.log_on().await;
    let good = format!("theme=dark; X-RestSvcSessionId={other}");
    assert_eq!(
        system
            .ask("GET", SESSIONS, &[("cookie", &good)])
            .await
            .code(),
        200
    );
    let stale = "X-RestSvcSessionId=bm9uc2Vuc2U=";
    assert_eq!(
        system
            .ask("GET", SESSIONS, &[("cookie", stale)])
            .await
            .code(),
        401
    );
    let signed_out = System {
        ticket: None,
        ..system
    };
    assert_eq!(
        signed_out
            .ask("GET", SESSIONS, &[("cookie", &good)])
            .await
            .code(),
        200
    );
}

#[tokio::test]
async fn logging_off_ends_the_session() {
    let system = System::new(JsonFlavour::V13).await;
    let ticket = system.ticket.clone().unwrap();
    let id = base64::engine::general_purpose::STANDARD
        .decode(ticket)
        .unwrap();
    let path = format!("/api/logonSessions/{}", String::from_utf8(id).unwrap());
    let unknown = system.ask("DELETE", "/api/logonSessions/none", &[]).await;
    assert_eq!(unknown.code(), 404);
    let got = system.ask("DELETE", &path, &[]).await;
    assert_eq!((got.code(), got.body.as_str()), (204, ""));
    assert_eq!(system.get(SESSIONS, JSON).await.code(), 401);
}

#[tokio::test]
async fn an_operation_outside_the_contract_gets_501() {
    let system = System::new(JsonFlavour::V13).await;
    for (method, path) in [
        ("GET", "/api/backups"),
        ("POST", "/api/query?type=CloudFailoverSession"),
        ("GET", "/api/logonSessions"),
        (
            "DELETE",
            "/api/cloud/failoverSessions/475420ee-d045-4493-9869-0a970e08f6f9",
        ),
        ("GET", "/api/cloud/failoverSessions/"),
        ("GET", "/"),
    ] {
        assert_eq!(operation(method, path.split('?').next().unwrap()), None);
        let got = system.ask(method, path, &[("accept", JSON)]).await;
        assert_eq!(got.code(), 501, "{method} {path}");
        assert!(got.json()["message"].as_str().unwrap().contains("contract"));
    }
}

#[test]
fn operation_names() {
    let known = [
        ("POST", "/api/sessionMngr/", "log on"),
        ("GET", "/api/query", "query sessions"),
        ("GET", "/api/cloud/failoverSessions", "list recent sessions"),
        (
            "GET",
            "/api/cloud/failoverSessions/fault-404",
            "get session",
        ),
        ("DELETE", "/api/logonSessions/1", "log off"),
    ];
    for (method, path, name) in known {
        assert_eq!(operation(method, path), Some(name));
        assert!(super::super::OPERATIONS.contains(&name));
    }
}

#[test]
fn error_bodies_have_the_vendors_format() {
    for status in [400, 401, 403, 404, 405, 500, 501, 503] {
        let (media, body) = error_body(status, None, JsonFlavour::V13);
        assert_eq!(media, "application/xml; charset=utf-8");
        assert!(body.contains("<Error xmlns=\"http://www.veeam.com/ent/v1.0\" Message=\""));
        assert!(body.contains(&format!("StatusCode=\"{status}\" />")));
        let (media, body) = error_body(status, Some(JSON), JsonFlavour::V13);
        assert_eq!(media, "application/json; charset=utf-8");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["statusCode"], status);
        assert_ne!(body["message"], "");
        let (_, body) = error_body(status, Some(JSON), JsonFlavour::V12);
        let body: Value = serde_json::from_str(body.strip_prefix('\u{FEFF}').unwrap()).unwrap();
        let names: Vec<_> = body.as_object().unwrap().keys().cloned().collect();
        let wanted = [
            "FirstChanceExceptionMessage",
            "Message",
            "StackTrace",
            "Status",
            "StatusCode",
        ];
        let mut names = names;
        names.sort();
        assert_eq!(names, wanted);
    }
}

//! Pairing of status walls: requesting a code, entering it, listing and revoking walls.

use super::failure::Failure;
use super::transport::{delete, get, post};
use crate::json;
use serde::Serialize;
use vendors::operation::segment;

pub use protocol::{Pairing, Wall, Walls};

/// Requests a pairing code. Returns the existing one if this browser already has one.
///
/// # Errors
/// As [`super::transport::get`]; refused after too many requests.
pub async fn request_code() -> Result<Pairing, Failure> {
    post("/api/pairing", "{}").await
}

/// Requests the state of the pairing.
///
/// # Errors
/// As [`super::transport::get`].
pub async fn state() -> Result<Pairing, Failure> {
    get("/api/pairing").await
}

/// Requests the list of paired walls.
///
/// # Errors
/// As [`super::transport::get`].
pub async fn list() -> Result<Walls, Failure> {
    get("/api/walls").await
}

#[derive(Serialize)]
struct Code<'a> {
    code: &'a str,
    name: &'a str,
}

/// Pairs the screen that shows this code.
///
/// # Errors
/// As [`super::transport::get`]; refused when the code or the name is wrong, or after too many tries.
pub async fn pair(code: &str, name: &str) -> Result<Wall, Failure> {
    post("/api/walls", &json::write(&Code { code, name })).await
}

/// Revokes a wall.
///
/// # Errors
/// As [`super::transport::get`]; refused when there is no such wall.
pub async fn revoke(id: &str) -> Result<(), Failure> {
    delete(&format!("/api/walls/{}", segment(id))).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairing_states_and_the_list_of_walls_are_read() {
        for (text, expected) in [
            (
                r#"{"state":"waiting","code":"CDFG-3467","seconds_left":600}"#,
                Pairing::Waiting {
                    code: "CDFG-3467".to_owned(),
                    seconds_left: 600,
                },
            ),
            (
                r#"{"state":"paired","name":"Hall"}"#,
                Pairing::Paired {
                    name: "Hall".to_owned(),
                },
            ),
            (r#"{"state":"over"}"#, Pairing::Over),
        ] {
            assert_eq!(json::read::<Pairing>(text.as_bytes()).unwrap(), expected);
        }
        let text = r#"{"walls":[{"id":"a","name":"Hall","paired_by":"ann","paired_at":"2026-01-15T14:32:08Z","last_seen":null,"address":null}],"kept":"file"}"#;
        let walls: Walls = json::read(text.as_bytes()).unwrap();
        let wall = &walls.walls[0];
        assert!(
            wall.paired_at.as_deref().and_then(json::moment).is_some() && wall.last_seen.is_none()
        );
    }
}

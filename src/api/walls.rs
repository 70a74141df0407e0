//! Screens on a wall, as the gateway knows them: asking for a code, entering one, and which there are. The
//! page `/wall` itself does not use this: it only reads.

use super::failure::Failure;
use super::transport::{delete, get, post};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use vendors::operation::segment;

/// The state of this screen's pairing request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum Pairing {
    /// Somebody has to enter the code.
    Waiting {
        /// As it is shown.
        code: String,
        /// How long it may be entered.
        seconds_left: u32,
    },
    /// This browser is signed in, usually as the paired wall.
    Paired {
        /// Who.
        name: String,
    },
    /// No code is active.
    Over,
}

/// Asks for a code; gets the one that this browser has already.
///
/// # Errors
/// As [`super::transport::get`]; refused when too many were asked for.
pub async fn ask() -> Result<Pairing, Failure> {
    post("/api/pairing", "{}").await
}

/// Asks for the state of the pairing request.
///
/// # Errors
/// As [`super::transport::get`].
pub async fn state() -> Result<Pairing, Failure> {
    get("/api/pairing").await
}

/// A wall.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Wall {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The admin who paired it.
    pub paired_by: String,
    /// When that was, in RFC 3339.
    #[serde(default)]
    pub paired_at: Option<String>,
    /// When it last asked for anything, in RFC 3339.
    #[serde(default)]
    pub last_seen: Option<String>,
    /// From which address, then.
    #[serde(default)]
    pub address: Option<String>,
}

impl Wall {
    /// When it was paired.
    #[must_use]
    pub fn paired(&self) -> Option<DateTime<Utc>> {
        self.paired_at.as_ref()?.parse().ok()
    }

    /// When it was last seen.
    #[must_use]
    pub fn seen(&self) -> Option<DateTime<Utc>> {
        self.last_seen.as_ref()?.parse().ok()
    }
}

/// Every wall.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Walls {
    /// In the order of their pairing.
    pub walls: Vec<Wall>,
    /// `file`, `memory` or `nowhere`.
    #[serde(default)]
    pub kept: String,
}

/// Asks which there are.
///
/// # Errors
/// As [`super::transport::get`].
pub async fn list() -> Result<Walls, Failure> {
    get("/api/walls").await
}

/// Makes the screen that shows a code a wall.
///
/// # Errors
/// As [`super::transport::get`]; refused when the code or the name is wrong, or after too many tries.
pub async fn pair(code: &str, name: &str) -> Result<Wall, Failure> {
    let body = serde_json::json!({ "code": code, "name": name }).to_string();
    post("/api/walls", &body).await
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
    fn what_the_gateway_says_is_read() {
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
            assert_eq!(serde_json::from_str::<Pairing>(text).unwrap(), expected);
        }
        let text = r#"{"walls":[{"id":"a","name":"Hall","paired_by":"ann","paired_at":"2026-01-15T14:32:08Z","last_seen":null,"address":null}],"kept":"file"}"#;
        let walls: Walls = serde_json::from_str(text).unwrap();
        assert!(walls.walls[0].paired().is_some() && walls.walls[0].seen().is_none());
    }
}

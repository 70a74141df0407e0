//! Walls: the screens that show the status wall, and their pairing.

use serde::{Deserialize, Serialize};
use vendors::from_json;
use vendors::from_json::{Fields, FirstError, FromJson, Value};

/// `POST /api/pairing` and `GET /api/pairing`: the state of this screen's pairing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum Pairing {
    /// An admin has to enter the code.
    Waiting {
        /// The code as the screen shows it.
        code: String,
        /// The remaining time for entering it.
        seconds_left: u32,
    },
    /// This browser is signed in, normally as the wall that it was paired as.
    Paired {
        /// The name of the wall or of the user.
        name: String,
    },
    /// No pairing is under way.
    Over,
}

impl FromJson for Pairing {
    fn from_json(value: &Value<'_>, error: &mut FirstError) -> Self {
        let state = value.as_object().and_then(|object| object.get("state"));
        let state = state.unwrap_or(&Value::Null);
        match state.as_str() {
            Some("waiting") => {
                let mut fields = Fields::of(value, error);
                Self::Waiting {
                    code: fields.read("code"),
                    seconds_left: fields.read("seconds_left"),
                }
            }
            Some("paired") => Self::Paired {
                name: Fields::of(value, error).read("name"),
            },
            Some("over") => Self::Over,
            _ => {
                error.note(state, "the state of a pairing");
                Self::Over
            }
        }
    }
}

/// A paired screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wall {
    /// The wall's id.
    pub id: String,
    /// The wall's name.
    pub name: String,
    /// The admin who paired it.
    pub paired_by: String,
    /// Time of the pairing, in RFC 3339.
    pub paired_at: Option<String>,
    /// Time of its last request, in RFC 3339.
    pub last_seen: Option<String>,
    /// The client address of that request.
    pub address: Option<String>,
}

from_json! { struct Wall { id, name, paired_by, paired_at, last_seen, address } }

/// `GET /api/walls`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Walls {
    /// The walls, in the order of their pairing.
    pub walls: Vec<Wall>,
    /// Where the list is stored: `store`, `file`, `memory` or `nowhere`.
    pub kept: String,
}

from_json! { struct Walls { walls, kept or default } }

/// `POST /api/walls`: pairs the screen that shows a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewWall {
    /// The code on the screen.
    pub code: String,
    /// The name for the wall.
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::Pairing;

    #[test]
    fn a_pairing_survives_a_json_round_trip_and_an_incomplete_one_is_rejected() {
        for pairing in [
            Pairing::Waiting {
                code: "ABCD-3456".to_owned(),
                seconds_left: 600,
            },
            Pairing::Paired {
                name: "Hall north".to_owned(),
            },
            Pairing::Over,
        ] {
            let json = serde_json::to_string(&pairing).expect("an object");
            let read: Pairing = vendors::from_json::read(json.as_bytes()).expect("the same");
            assert_eq!(read, pairing);
        }
        for json in [
            "{}",
            r#"{"state":"waiting","code":"ABCD-3456"}"#,
            r#"{"state":"paired"}"#,
            r#"{"state":"gone"}"#,
        ] {
            assert!(
                vendors::from_json::read::<Pairing>(json.as_bytes()).is_err(),
                "{json}"
            );
        }
    }
}

//! Screens on a wall, and how one becomes a wall.

use serde::{Deserialize, Serialize};
use vendors::from_json;
use vendors::from_json::{Fields, FirstError, FromJson, Value};

/// `POST /api/pairing` and `GET /api/pairing`: the state of this screen's request to become a wall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum Pairing {
    /// An admin has to enter the code.
    Waiting {
        /// As it is shown.
        code: String,
        /// How long it may be entered.
        seconds_left: u32,
    },
    /// This browser is signed in: as a rule as the wall that it has become.
    Paired {
        /// The name of the wall or of the user.
        name: String,
    },
    /// No code is waiting.
    Over,
}

impl FromJson for Pairing {
    fn from_json(value: &Value, error: &mut FirstError) -> Self {
        let state = value.get("state").unwrap_or(&Value::Null);
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

/// A wall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wall {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The admin who paired it.
    pub paired_by: String,
    /// When that was, in RFC 3339.
    pub paired_at: Option<String>,
    /// When it last sent a request, in RFC 3339.
    pub last_seen: Option<String>,
    /// From which address, then.
    pub address: Option<String>,
}

from_json! { struct Wall { id, name, paired_by, paired_at, last_seen, address } }

/// `GET /api/walls`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Walls {
    /// In the order of their pairing.
    pub walls: Vec<Wall>,
    /// Where the list is kept: `store`, `file`, `memory` or `nowhere`.
    pub kept: String,
}

from_json! { struct Walls { walls, kept or default } }

/// `POST /api/walls`: makes the screen that shows a code a wall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewWall {
    /// The code that the screen shows.
    pub code: String,
    /// What the wall shall be called.
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::Pairing;

    #[test]
    fn a_pairing_is_read_as_it_is_written_and_a_part_of_one_is_refused() {
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

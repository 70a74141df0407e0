//! Screens on a wall, and how one becomes a wall.

use serde::{Deserialize, Serialize};

/// `POST /api/pairing` and `GET /api/pairing`: the state of this screen's request to become a wall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase", try_from = "WirePairing")]
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

/// A [`Pairing`] as it is read: the fields of all variants in one object. Reading by a tag would copy each field first.
#[derive(Deserialize)]
struct WirePairing {
    state: PairingState,
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    seconds_left: Option<u32>,
    #[serde(default)]
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum PairingState {
    Waiting,
    Paired,
    Over,
}

impl TryFrom<WirePairing> for Pairing {
    type Error = &'static str;

    fn try_from(wire: WirePairing) -> Result<Self, Self::Error> {
        Ok(match wire.state {
            PairingState::Waiting => Self::Waiting {
                code: wire.code.ok_or("a code is missing")?,
                seconds_left: wire
                    .seconds_left
                    .ok_or("how long the code is valid is missing")?,
            },
            PairingState::Paired => Self::Paired {
                name: wire.name.ok_or("a name is missing")?,
            },
            PairingState::Over => Self::Over,
        })
    }
}

/// A wall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// When it last sent a request, in RFC 3339.
    #[serde(default)]
    pub last_seen: Option<String>,
    /// From which address, then.
    #[serde(default)]
    pub address: Option<String>,
}

/// `GET /api/walls`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walls {
    /// In the order of their pairing.
    pub walls: Vec<Wall>,
    /// Where the list is kept: `store`, `file`, `memory` or `nowhere`.
    #[serde(default)]
    pub kept: String,
}

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
            let read: Pairing = serde_json::from_str(&json).expect("the same");
            assert_eq!(read, pairing);
        }
        for json in [
            "{}",
            r#"{"state":"waiting","code":"ABCD-3456"}"#,
            r#"{"state":"paired"}"#,
            r#"{"state":"gone"}"#,
        ] {
            assert!(serde_json::from_str::<Pairing>(json).is_err(), "{json}");
        }
    }
}

//! The content of the registry of walls, namely codes and paired walls, and its changes. Pure: reads no clock and no
//! file. Times are seconds since 1970.

mod rows;

pub(super) use rows::{TABLES, WITH_SIGHTINGS, sighting};

use super::code;
use crate::hidden_characters::is_hidden;
use crate::network;
use crate::problem::{Kind, Problem};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

/// How long a code is valid, in seconds.
pub(super) const CODE_LIFETIME_SECONDS: u64 = 10 * 60;
/// How long an expired or used code is kept, in seconds, so that an admin who enters it gets an explanation, and its
/// screen can fetch its session.
const CODE_KEPT_SECONDS: u64 = 10 * 60;
/// The maximum number of kept codes per network, for networks of several sizes: the prefix lengths for IPv6 and IPv4,
/// and the maximum.
const PER_NETWORK: [(u8, u8, usize); 3] = [(64, 32, 20), (56, 24, 100), (48, 16, 400)];
/// The maximum number of codes. Beyond it, a code of the network with the most codes is dropped.
const MAX_CODES: usize = 1_000;
/// The maximum number of paired walls.
const MAX_WALLS: usize = 1_000;
/// The maximum length of a wall's name, in characters.
const MAX_NAME_LENGTH: usize = 64;

/// The version of the file format.
const VERSION: u32 = 1;

/// The complete registry, in the format of its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WallRegistry {
    version: u32,
    pub(super) walls: Vec<Wall>,
    #[serde(default)]
    codes: Vec<Code>,
}

/// A paired wall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wall {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) paired_by: String,
    pub(crate) paired_at: u64,
    #[serde(default, rename = "seen_at")]
    pub(crate) last_seen: Option<u64>,
    /// The address from which it was last seen.
    #[serde(default)]
    pub(crate) address: Option<IpAddr>,
}

/// A code that a screen shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Code {
    /// A secret known only to this screen, sealed in its cookie.
    number: String,
    code: String,
    network: IpAddr,
    /// The time at which the code expires.
    ends: u64,
    /// The id of the wall that was paired with it.
    #[serde(default)]
    wall: Option<String>,
    /// Whether the screen has fetched its session.
    #[serde(default)]
    claimed: bool,
}

/// The state of a screen's code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CodeState {
    /// The code has not been entered yet.
    Waiting { code: String, left: u64 },
    /// The screen is paired as this wall.
    Paired { id: String, name: String },
    /// The code is no longer valid.
    Over,
}

impl Default for WallRegistry {
    fn default() -> Self {
        Self {
            version: VERSION,
            walls: Vec::new(),
            codes: Vec::new(),
        }
    }
}

impl WallRegistry {
    /// Parses and validates a registry.
    pub(super) fn of_json(bytes: &[u8]) -> Result<Self, String> {
        let registry: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if registry.version != VERSION {
            return Err(format!(
                "it has format version {}, but this gateway supports only version {VERSION}",
                registry.version
            ));
        }
        let (mut ids, mut names) = (HashSet::new(), HashSet::new());
        for wall in &registry.walls {
            if !ids.insert(wall.id.as_str()) || !names.insert(wall.name.to_lowercase()) {
                return Err(format!("the wall {:?} is listed twice", wall.name));
            }
        }
        Ok(registry)
    }

    pub(super) fn wall(&self, id: &str) -> Option<&Wall> {
        self.walls.iter().find(|wall| wall.id == id)
    }

    /// The state of the code of the screen with this secret.
    pub(super) fn code_state(&self, secret: &str, now: u64) -> CodeState {
        let Some(code) = self.codes.iter().find(|code| code.number == secret) else {
            return CodeState::Over;
        };
        match &code.wall {
            Some(id) if now < code.ends + CODE_KEPT_SECONDS && !code.claimed => match self.wall(id)
            {
                Some(wall) => CodeState::Paired {
                    id: wall.id.clone(),
                    name: wall.name.clone(),
                },
                None => CodeState::Over,
            },
            None if now < code.ends => CodeState::Waiting {
                code: code::shown(&code.code),
                left: code.ends - now,
            },
            _ => CodeState::Over,
        }
    }

    /// Claims the session of a paired screen. Returns the state of its code before.
    pub(super) fn claim(&mut self, secret: &str, now: u64) -> CodeState {
        let state = self.code_state(secret, now);
        if matches!(state, CodeState::Paired { .. }) {
            let codes = self.codes.iter_mut();
            for code in codes.filter(|code| code.number == secret) {
                code.claimed = true;
            }
        }
        state
    }

    /// Creates a code for the screen with this secret.
    pub(super) fn new_code(
        &mut self,
        secret: String,
        network: IpAddr,
        now: u64,
    ) -> Result<CodeState, Problem> {
        self.codes
            .retain(|code| now < code.ends + CODE_KEPT_SECONDS);
        for (prefix_v6, prefix_v4, max) in PER_NETWORK {
            let network_of = |address| network::of(address, prefix_v6, prefix_v4);
            let same_network = |code: &&Code| network_of(code.network) == network_of(network);
            let ends = self.codes.iter().filter(same_network).map(|code| code.ends);
            if ends.clone().count() >= max {
                let first = ends.min().unwrap_or(now);
                let seconds = (first + CODE_KEPT_SECONDS).saturating_sub(now);
                return Err(Problem {
                    retry_after: Some(u32::try_from(seconds).unwrap_or(u32::MAX)),
                    ..Problem::new(
                        Kind::TooManyTries,
                        "too many codes were requested from this address or its network; wait until the first ones \
                         have expired",
                    )
                });
            }
        }
        while self.codes.len() >= MAX_CODES {
            self.make_room(now);
        }
        let exists = |new: &str| self.codes.iter().any(|code| code.code == new);
        let fail = |why| Problem::new(Kind::Internal, why);
        let mut new = code::new().map_err(fail)?;
        while exists(&new) {
            new = code::new().map_err(fail)?;
        }
        let shown = code::shown(&new);
        self.codes.push(Code {
            number: secret,
            code: new,
            network,
            ends: now + CODE_LIFETIME_SECONDS,
            wall: None,
            claimed: false,
        });
        Ok(CodeState::Waiting {
            code: shown,
            left: CODE_LIFETIME_SECONDS,
        })
    }

    /// Drops a code: an expired or used one, or else the oldest of the network with the most codes, so that a client
    /// with many requests loses only its own codes.
    fn make_room(&mut self, now: u64) {
        let is_over = |code: &Code| code.claimed || code.wall.is_none() && now >= code.ends;
        let over = self.codes.iter().position(is_over);
        let at = over.or_else(|| {
            let mut candidates: Vec<usize> = (0..self.codes.len()).collect();
            for (prefix_v6, prefix_v4, _) in PER_NETWORK.into_iter().rev() {
                let network_of = |at: usize| {
                    self.codes
                        .get(at)
                        .map(|c| network::of(c.network, prefix_v6, prefix_v4))
                };
                let mut counts: HashMap<_, usize> = HashMap::new();
                for at in &candidates {
                    *counts.entry(network_of(*at)).or_default() += 1;
                }
                let largest = counts.into_iter().max_by_key(|(_, count)| *count);
                candidates
                    .retain(|at| largest.is_some_and(|(network, _)| network_of(*at) == network));
            }
            // New codes are at the end. Paired screens come last, because they have not fetched their session yet.
            let is_paired = |at: &usize| self.codes.get(*at).is_some_and(|c| c.wall.is_some());
            candidates.into_iter().min_by_key(|at| (is_paired(at), *at))
        });
        self.codes.remove(at.unwrap_or(0));
    }

    /// Pairs the screen that shows this code.
    pub(super) fn pair(&mut self, request: PairingRequest, now: u64) -> Result<Wall, Problem> {
        let name = name(&request.name)?;
        let wrong_code = |why| Err(Problem::new(Kind::WrongCode, why));
        let typed = code::read(&request.code);
        let found = self
            .codes
            .iter_mut()
            .find(|code| Some(&code.code) == typed.as_ref());
        let Some(code) = found else {
            return wrong_code("no screen shows this code: compare it with the screen");
        };
        if code.wall.is_some() {
            return wrong_code("this code was used already: each code works for one screen, once");
        }
        if now >= code.ends {
            return wrong_code("this code has expired: enter the one that the screen shows now");
        }
        if is_taken(&self.walls, &name) {
            let detail = format!(
                "there is a wall called {name:?} already: choose another name, or revoke that one first"
            );
            return Err(Problem::new(Kind::NameTaken, detail));
        }
        if self.walls.len() >= MAX_WALLS {
            let detail = format!("there are {MAX_WALLS} walls already: revoke one first");
            return Err(Problem::new(Kind::BadRequest, detail));
        }
        code.ends = now;
        code.wall = Some(request.id.clone());
        let wall = Wall {
            id: request.id,
            name,
            paired_by: request.by,
            paired_at: now,
            last_seen: None,
            address: None,
        };
        self.walls.push(wall.clone());
        Ok(wall)
    }

    /// Removes a wall.
    pub(super) fn revoke(&mut self, id: &str) -> Result<Wall, Problem> {
        let at = self.walls.iter().position(|wall| wall.id == id);
        let at = at.ok_or_else(|| {
            Problem::new(Kind::NotFound, "there is no such wall, or it was revoked")
        })?;
        self.codes.retain(|code| code.wall.as_deref() != Some(id));
        Ok(self.walls.remove(at))
    }

    /// Removes those of these walls that exist.
    pub(super) fn drop_walls(&mut self, ids: &HashSet<String>) {
        self.walls.retain(|wall| !ids.contains(&wall.id));
        let is_removed = |code: &Code| code.wall.as_ref().is_some_and(|id| ids.contains(id));
        self.codes.retain(|code| !is_removed(code));
    }

    /// Records when and from where a wall was last seen. Ignores walls that no longer exist.
    pub(super) fn note_last_seen(&mut self, id: &str, from: IpAddr, at: u64) {
        if let Some(wall) = self.walls.iter_mut().find(|wall| wall.id == id)
            && wall.last_seen.is_none_or(|before| before < at)
        {
            (wall.last_seen, wall.address) = (Some(at), Some(from));
        }
    }
}

fn is_taken(walls: &[Wall], name: &str) -> bool {
    let name = name.to_lowercase();
    walls.iter().any(|wall| wall.name.to_lowercase() == name)
}

/// A request to pair a screen.
#[derive(Debug)]
pub(crate) struct PairingRequest {
    /// The typed code.
    pub(crate) code: String,
    /// The typed name of the wall.
    pub(crate) name: String,
    /// The admin's name.
    pub(crate) by: String,
    /// The new wall's id.
    pub(crate) id: String,
}

fn name(typed: &str) -> Result<String, Problem> {
    let name = typed.trim();
    let why = if name.is_empty() {
        "the wall needs a name".to_owned()
    } else if name.chars().count() > MAX_NAME_LENGTH {
        format!("the wall's name is longer than {MAX_NAME_LENGTH} characters")
    } else if name.chars().any(is_hidden) {
        "the wall's name holds characters that cannot be seen".to_owned()
    } else {
        return Ok(name.to_owned());
    };
    Err(Problem::new(Kind::BadRequest, why))
}

#[cfg(test)]
mod tests;

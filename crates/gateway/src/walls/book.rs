//! The register's content and what may become of it: which codes are waited for, which walls there
//! are. Pure: reads no clock and no file. Times are seconds since 1970.

use super::code;
use crate::problem::{Kind, Problem};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::net::IpAddr;

/// How long a code may be entered.
pub(super) const LIFE: u64 = 10 * 60;
/// How long it is known afterwards: to say that it has expired, and for its screen to come for what it
/// has become.
const KEPT: u64 = 10 * 60;
/// So many codes are made for one address within [`LIFE`] and [`KEPT`].
const PER_NETWORK: usize = 20;
/// So many are known in all.
const MOST_CODES: usize = 1_000;
/// So many walls there may be.
const MOST_WALLS: usize = 1_000;
/// A wall's name has so many characters at most.
const LONGEST_NAME: usize = 64;

/// The version of this form.
const VERSION: u32 = 1;

/// The whole register, as its file holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Book {
    version: u32,
    pub(super) walls: Vec<Wall>,
    #[serde(default)]
    codes: Vec<Code>,
}

/// A screen that was paired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Wall {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) paired_by: String,
    pub(super) paired_at: u64,
    #[serde(default)]
    pub(super) seen_at: Option<u64>,
    /// From where, then.
    #[serde(default)]
    pub(super) address: Option<IpAddr>,
}

/// A code that a screen shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Code {
    /// What only that screen knows, sealed.
    number: String,
    code: String,
    network: IpAddr,
    /// When it can no longer be entered.
    ends: u64,
    /// The wall that it has become.
    #[serde(default)]
    wall: Option<String>,
}

/// What has become of a screen's question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// Nobody has entered the code yet.
    Waiting { code: String, left: u64 },
    /// It is this wall now.
    Paired { id: String, name: String },
    /// Nothing will come of it any more.
    Over,
}

impl Default for Book {
    fn default() -> Self {
        Self {
            version: VERSION,
            walls: Vec::new(),
            codes: Vec::new(),
        }
    }
}

impl Book {
    /// Reads a register and makes sure that it is one.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let book: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if book.version != VERSION {
            return Err(format!(
                "it is of version {}, and this gateway knows {VERSION}",
                book.version
            ));
        }
        let (mut ids, mut names) = (HashSet::new(), HashSet::new());
        for wall in &book.walls {
            if !ids.insert(wall.id.as_str()) || !names.insert(wall.name.to_lowercase()) {
                return Err(format!("the wall {:?} is there twice", wall.name));
            }
        }
        Ok(book)
    }

    pub(super) fn wall(&self, id: &str) -> Option<&Wall> {
        self.walls.iter().find(|wall| wall.id == id)
    }

    /// What has become of the screen that knows this number.
    pub(super) fn answer(&self, number: &str, now: u64) -> Answer {
        let Some(code) = self.codes.iter().find(|code| code.number == number) else {
            return Answer::Over;
        };
        match &code.wall {
            Some(id) if now < code.ends + KEPT => match self.wall(id) {
                Some(wall) => Answer::Paired {
                    id: wall.id.clone(),
                    name: wall.name.clone(),
                },
                None => Answer::Over,
            },
            None if now < code.ends => Answer::Waiting {
                code: code::shown(&code.code),
                left: code.ends - now,
            },
            _ => Answer::Over,
        }
    }

    /// A new code for a screen.
    pub(super) fn ask(
        &mut self,
        number: String,
        network: IpAddr,
        now: u64,
    ) -> Result<Answer, Problem> {
        self.codes.retain(|code| now < code.ends + KEPT);
        let ends = self.codes.iter().filter(|code| code.network == network);
        if ends.clone().count() >= PER_NETWORK {
            let first = ends.map(|code| code.ends).min().unwrap_or(now);
            let seconds = (first + KEPT).saturating_sub(now);
            return Err(Problem {
                retry_after: Some(u32::try_from(seconds).unwrap_or(u32::MAX)),
                ..Problem::new(
                    Kind::TooManyTries,
                    "too many codes were asked for from this address; wait until the first have ended",
                )
            });
        }
        if self.codes.len() >= MOST_CODES {
            let detail = "too many screens wait to be paired; try again in some minutes";
            return Err(Problem::new(Kind::Overloaded, detail));
        }
        let is_known = |made: &str| self.codes.iter().any(|code| code.code == made);
        let fail = |why| Problem::new(Kind::Internal, why);
        let mut made = code::new().map_err(fail)?;
        while is_known(&made) {
            made = code::new().map_err(fail)?;
        }
        let shown = code::shown(&made);
        self.codes.push(Code {
            number,
            code: made,
            network,
            ends: now + LIFE,
            wall: None,
        });
        Ok(Answer::Waiting {
            code: shown,
            left: LIFE,
        })
    }

    /// Makes the screen that shows this code a wall.
    pub(super) fn pair(&mut self, asked: Pair, now: u64) -> Result<Wall, Problem> {
        let name = name(&asked.name)?;
        let refused = |why| Err(Problem::new(Kind::WrongCode, why));
        let typed = code::read(&asked.code);
        let found = self
            .codes
            .iter_mut()
            .find(|code| Some(&code.code) == typed.as_ref());
        let Some(code) = found else {
            return refused("no screen shows this code: compare it with the screen");
        };
        if code.wall.is_some() {
            return refused("this code was used already: each is good for one screen, once");
        }
        if now >= code.ends {
            return refused("this code has expired: enter the one that the screen shows now");
        }
        let taken = |wall: &Wall| wall.name.to_lowercase() == name.to_lowercase();
        if self.walls.iter().any(taken) {
            let detail = format!(
                "there is a wall called {name:?} already: choose another name, or revoke that one first"
            );
            return Err(Problem::new(Kind::NameTaken, detail));
        }
        if self.walls.len() >= MOST_WALLS {
            let detail = format!("there are {MOST_WALLS} walls already: revoke one first");
            return Err(Problem::new(Kind::BadRequest, detail));
        }
        code.ends = now;
        code.wall = Some(asked.id.clone());
        let wall = Wall {
            id: asked.id,
            name,
            paired_by: asked.by,
            paired_at: now,
            seen_at: None,
            address: None,
        };
        self.walls.push(wall.clone());
        Ok(wall)
    }

    /// Takes a wall away.
    pub(super) fn revoke(&mut self, id: &str) -> Result<Wall, Problem> {
        let at = self.walls.iter().position(|wall| wall.id == id);
        let at =
            at.ok_or_else(|| Problem::new(Kind::NotFound, "there is no such wall, or no longer"))?;
        self.codes.retain(|code| code.wall.as_deref() != Some(id));
        Ok(self.walls.remove(at))
    }

    /// A wall was seen. One that is no longer listed stays so.
    pub(super) fn saw(&mut self, id: &str, from: IpAddr, at: u64) {
        if let Some(wall) = self.walls.iter_mut().find(|wall| wall.id == id)
            && wall.seen_at.is_none_or(|seen| seen < at)
        {
            (wall.seen_at, wall.address) = (Some(at), Some(from));
        }
    }
}

/// Who wants to make which screen what wall.
#[derive(Debug)]
pub(super) struct Pair {
    /// As it was typed.
    pub(super) code: String,
    /// As it was typed.
    pub(super) name: String,
    /// The admin.
    pub(super) by: String,
    /// The new wall's.
    pub(super) id: String,
}

fn name(typed: &str) -> Result<String, Problem> {
    let name = typed.trim();
    let why = if name.is_empty() {
        "the wall needs a name".to_owned()
    } else if name.chars().count() > LONGEST_NAME {
        format!("the wall's name is longer than {LONGEST_NAME} characters")
    } else if name.chars().any(char::is_control) {
        "the wall's name holds characters that cannot be seen".to_owned()
    } else {
        return Ok(name.to_owned());
    };
    Err(Problem::new(Kind::BadRequest, why))
}

#[cfg(test)]
mod tests;

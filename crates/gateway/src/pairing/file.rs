//! The registry of walls in memory or in a file. While the file cannot be read, the registry counts as empty.

use super::registry::WallRegistry;
use crate::shared_file::{Content, SharedFile};

/// Stores the registry.
pub(super) type WallsFile = SharedFile<WallRegistry>;

impl Content for WallRegistry {
    const WHAT: &'static str = "the register of walls";
    const UNTIL_FIXED: &'static str = "until it is fixed, no wall may sign in";

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        Self::of_json(bytes)
    }
}

#[cfg(test)]
mod tests;

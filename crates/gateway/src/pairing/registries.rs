//! The registries of one process: which one a configuration uses.

use super::file::WallsFile;
use super::in_store::InStore;
use super::registry::{Wall, WallRegistry};
use super::{RegistryLocation, Walls, check};
use crate::lock::lock;
use crate::shared_file;
use crate::store::Store;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// A registry that was read, and is not in use yet.
#[derive(Debug)]
pub(crate) struct OpenedRegistry {
    pub(crate) walls: Arc<Walls>,
    /// The file that it is in, where that was not in use before.
    file: Option<PathBuf>,
    /// What a file holds, for the store.
    to_take_over: Option<Vec<Wall>>,
}

/// The registries of one process. They survive a change of the configuration.
#[derive(Debug)]
pub(crate) struct Registries {
    in_memory: Arc<Walls>,
    in_file: Mutex<Option<(PathBuf, Arc<Walls>)>>,
    /// Where there is a store that lasts.
    in_store: Option<Arc<Walls>>,
}

impl Default for Registries {
    fn default() -> Self {
        Self {
            in_memory: Walls::new(RegistryLocation::File(WallsFile::in_memory())),
            in_file: Mutex::default(),
            in_store: None,
        }
    }
}

impl Registries {
    /// Keeps walls in a store, if it lasts.
    pub(crate) fn in_store(store: Arc<Store>) -> Self {
        let walls = |store| Walls::new(RegistryLocation::Store(InStore::new(store)));
        Self {
            in_store: store.lasts().then(|| walls(store)),
            ..Self::default()
        }
    }

    /// The registry in the store, which takes over what this file holds; without a store that in the file, or the one in
    /// memory. Where a restart forgets the key of the walls' cookies, it forgets the walls too. Changes nothing yet.
    ///
    /// # Errors
    /// Why the file cannot be used.
    pub(crate) fn open(
        &self,
        file: Option<&Path>,
        has_key: bool,
    ) -> Result<OpenedRegistry, String> {
        let of = |walls: &Arc<Walls>| OpenedRegistry {
            walls: walls.clone(),
            file: None,
            to_take_over: None,
        };
        if let Some(walls) = &self.in_store
            && has_key
        {
            let content = file.map(shared_file::content::<WallRegistry>).transpose()?;
            return Ok(OpenedRegistry {
                to_take_over: content.map(|registry| registry.walls),
                ..of(walls)
            });
        }
        let Some(file) = file else {
            return Ok(of(&self.in_memory));
        };
        if let Some((known, walls)) = &*lock(&self.in_file)
            && known == file
        {
            // The file may have been damaged since.
            check(file)?;
            return Ok(of(walls));
        }
        let walls = Walls::new(RegistryLocation::File(WallsFile::in_file(file)?));
        Ok(OpenedRegistry {
            file: Some(file.to_owned()),
            ..of(&walls)
        })
    }

    /// Uses this registry from now on.
    pub(crate) fn keep(&self, opened: OpenedRegistry) {
        if let (Some(walls), RegistryLocation::Store(store)) =
            (opened.to_take_over, &opened.walls.location)
        {
            store.take_over(walls);
        }
        if let Some(file) = opened.file {
            *lock(&self.in_file) = Some((file, opened.walls));
        }
    }
}

//! The registries of one process, and which of them a configuration uses.

use super::file::WallsFile;
use super::in_store::InStore;
use super::registry::{Wall, WallRegistry};
use super::{RegistryLocation, Walls, check};
use crate::lock::lock;
use crate::shared_file;
use crate::store::Store;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// A registry that was opened but is not in use yet.
#[derive(Debug)]
pub(crate) struct OpenedRegistry {
    pub(crate) walls: Arc<Walls>,
    /// The file of the registry, unless it was already in use.
    file: Option<PathBuf>,
    /// The walls of a file to import into the store.
    to_import: Option<Vec<Wall>>,
}

/// The registries of one process. They survive a reload of the configuration.
#[derive(Debug)]
pub(crate) struct Registries {
    in_memory: Arc<Walls>,
    in_file: Mutex<Option<(PathBuf, Arc<Walls>)>>,
    /// The registry in the store, if the store is persistent.
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
    /// Keeps walls in the store, if it is persistent.
    pub(crate) fn in_store(store: Arc<Store>) -> Self {
        let walls = |store| Walls::new(RegistryLocation::Store(InStore::new(store)));
        Self {
            in_store: store.is_persistent().then(|| walls(store)),
            ..Self::default()
        }
    }

    /// Opens the registry in the store, which imports the walls of `file`; without a persistent store, the one in the
    /// file; otherwise the one in memory. The store is used only with a persistent key, because without one the walls'
    /// cookies do not survive a restart. Changes nothing yet.
    ///
    /// # Errors
    /// The reason why the file cannot be used.
    pub(crate) fn open(
        &self,
        file: Option<&Path>,
        has_key: bool,
    ) -> Result<OpenedRegistry, String> {
        let opened = |walls: &Arc<Walls>| OpenedRegistry {
            walls: walls.clone(),
            file: None,
            to_import: None,
        };
        if let Some(walls) = &self.in_store
            && has_key
        {
            let content = file.map(shared_file::content::<WallRegistry>).transpose()?;
            return Ok(OpenedRegistry {
                to_import: content.map(|registry| registry.walls),
                ..opened(walls)
            });
        }
        let Some(file) = file else {
            return Ok(opened(&self.in_memory));
        };
        if let Some((known, walls)) = &*lock(&self.in_file)
            && known == file
        {
            // The file may have been damaged since.
            check(file)?;
            return Ok(opened(walls));
        }
        let walls = Walls::new(RegistryLocation::File(WallsFile::in_file(file)?));
        Ok(OpenedRegistry {
            file: Some(file.to_owned()),
            ..opened(&walls)
        })
    }

    /// Uses this registry from now on.
    pub(crate) fn keep(&self, opened: OpenedRegistry) {
        if let (Some(walls), RegistryLocation::Store(store)) =
            (opened.to_import, &opened.walls.location)
        {
            store.import(walls);
        }
        if let Some(file) = opened.file {
            *lock(&self.in_file) = Some((file, opened.walls));
        }
    }
}

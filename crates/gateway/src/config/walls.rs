//! `[walls]`: the file of paired walls, which a persistent store imports.

use super::section::Section;
use super::{Environment, Session, has_folder};
use std::path::PathBuf;

/// Reads the name of the file. An existing file has to be a registry of walls.
pub(super) fn read(
    top: &Section<'_>,
    session: &Session,
    environment: &Environment<'_>,
) -> Option<PathBuf> {
    let section = top.table("walls")?;
    let name = section.required("file");
    let file = name.map(|name| environment.folder.join(name.value));
    if let Some((name, file)) = name.zip(file.as_deref()) {
        if !has_folder(file) {
            section.wrong(name.at, "file", "there is no such folder");
        } else if let Err(why) = (environment.checks.wall_registry)(file) {
            section.wrong(name.at, "file", &why);
        }
    }
    if session.key.is_none() {
        section.fault(
            section.start(),
            "[session] has no key: after a restart no wall would be recognised by its cookie; give \
             `key_env` or `key_file`",
        );
    }
    section.finish();
    file
}

//! `[[user]]`: users with a password.

use super::Environment;
use super::section::Section;
use super::text::hidden_character;
use crate::identity::{Role, User, name_key};

/// Reads every `[[user]]`.
pub(super) fn all(top: &Section<'_>, environment: &Environment<'_>) -> Vec<User> {
    let roles = [Role::Admin, Role::Viewer, Role::Wall].map(|role| (role.name(), role));
    let mut users: Vec<User> = Vec::new();
    for section in top.tables("user", "name") {
        let name = section.required("name");
        if let Some(name) = name
            && users
                .iter()
                .any(|other| name_key(&other.name) == name_key(name.value))
        {
            section.fault(name.at, "this name is given twice (capitals do not count)");
        }
        if let Some(name) = name
            && let Some(why) = hidden_character(name.value)
        {
            section.wrong(name.at, "name", &why);
        }
        let role = section.required_one_of("role", &roles);
        let hash = password_hash(&section, environment);
        if let (Some(name), Some(role), Some(password_hash)) = (name, role, hash) {
            users.push(User {
                name: name.value.trim().to_owned(),
                role,
                password_hash,
            });
        } else if let Some(name) = name {
            // Only its name is used, to find duplicates. The file is rejected anyway.
            users.push(User {
                name: name.value.trim().to_owned(),
                role: Role::Viewer,
                password_hash: String::new(),
            });
        }
        section.finish();
    }
    users
}

fn password_hash(section: &Section<'_>, environment: &Environment<'_>) -> Option<String> {
    if let Some(at) = section.key("password") {
        section.wrong(
            at,
            "password",
            "a password must not be in this file: give its Argon2id hash as `password_hash`",
        );
    }
    let hash = section.required("password_hash")?;
    match (environment.checks.password_hash)(hash.value) {
        Ok(()) => Some(hash.value.to_owned()),
        Err(why) => {
            section.wrong(hash.at, "password_hash", &why);
            None
        }
    }
}

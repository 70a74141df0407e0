//! The people of the configuration file. Only read and checked here.

use super::section::{Section, nearest};

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything.
    Admin,
    /// Look.
    Viewer,
    /// Look, as a screen on a wall does.
    Wall,
}

impl Role {
    /// As it is written.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Viewer => "viewer",
            Self::Wall => "wall",
        }
    }
}

/// Somebody who may sign in.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// The name to sign in with.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Their password's Argon2id hash in PHC form.
    pub password_hash: String,
}

impl std::fmt::Debug for User {
    /// A hash can be attacked offline: it is not shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User")
            .field("name", &self.name)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// Every `[[user]]`.
pub(super) fn all(top: &Section<'_>) -> Vec<User> {
    let mut users: Vec<User> = Vec::new();
    for section in top.tables("user", "name") {
        let name = section.required("name");
        if let Some(name) = name
            && users.iter().any(|other| other.name == name.value)
        {
            section.fault(name.at, "this name is given twice");
        }
        let role = role(&section);
        let hash = password_hash(&section);
        if let (Some(name), Some(role), Some(password_hash)) = (name, role, hash) {
            users.push(User {
                name: name.value.to_owned(),
                role,
                password_hash,
            });
        } else if let Some(name) = name {
            // Kept for the comparison of names only: the file is refused anyway.
            users.push(User {
                name: name.value.to_owned(),
                role: Role::Viewer,
                password_hash: String::new(),
            });
        }
        section.finish();
    }
    users
}

fn role(section: &Section<'_>) -> Option<Role> {
    let role = section.required("role")?;
    let roles = [Role::Admin, Role::Viewer, Role::Wall];
    let known = roles.into_iter().find(|known| known.word() == role.value);
    if known.is_none() {
        let hint = nearest(role.value, roles.into_iter().map(Role::word))
            .map(|near| format!("; did you mean \"{near}\"?"))
            .unwrap_or_default();
        let text = format!(
            "{:?} is none of \"admin\", \"viewer\" and \"wall\"{hint}",
            role.value
        );
        section.wrong(role.at, "role", &text);
    }
    known
}

fn password_hash(section: &Section<'_>) -> Option<String> {
    if let Some(at) = section.key("password") {
        section.wrong(
            at,
            "password",
            "a password must not stand in this file: give its Argon2id hash as `password_hash`",
        );
    }
    let hash = section.required("password_hash")?;
    match crate::access::password::parse(hash.value) {
        Ok(_) => Some(hash.value.to_owned()),
        Err(why) => {
            section.wrong(hash.at, "password_hash", &why);
            None
        }
    }
}

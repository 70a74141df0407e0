//! The people of the configuration file. Only read and checked here.

use super::section::{Section, nearest};

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Admin,
    /// Look.
    Viewer,
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
    match role.value {
        "admin" => Some(Role::Admin),
        "viewer" => Some(Role::Viewer),
        other => {
            let hint = nearest(other, ["admin", "viewer"].into_iter())
                .map(|near| format!("; did you mean \"{near}\"?"))
                .unwrap_or_default();
            section.wrong(
                role.at,
                "role",
                &format!("{other:?} is neither \"admin\" nor \"viewer\"{hint}"),
            );
            None
        }
    }
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
    // $argon2id$v=19$m=…,t=…,p=…$salt$hash
    let parts: Vec<&str> = hash.value.split('$').collect();
    let whole = matches!(parts[..], ["", "argon2id", _, _, salt, hash] if !salt.is_empty() && !hash.is_empty());
    if whole {
        return Some(hash.value.to_owned());
    }
    section.wrong(
        hash.at,
        "password_hash",
        "is not an Argon2id hash: it has to begin with $argon2id$ and be whole",
    );
    None
}

//! Checks passwords. A check takes the same time for unknown and known names.

use super::hashing::Hashing;
use crate::crypto::{password_hash, random, sha256};
use crate::identity::{User, name_key};
use crate::problem::Problem;
use argon2::password_hash::phc::PasswordHash;
use secrecy::SecretString;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// The password hashes of all users.
pub(super) struct Passwords {
    /// The hashes by [`name_key`].
    hashes: HashMap<String, Arc<PasswordHash>>,
    /// Hashes that are checked for unknown names. Their order is fixed.
    decoys: Vec<Arc<PasswordHash>>,
    /// A secret for the choice of a name's decoy, so that a client cannot predict it.
    key: [u8; 32],
    hashing: Arc<Hashing>,
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").finish_non_exhaustive()
    }
}

impl Passwords {
    /// # Errors
    /// One of the hashes is invalid.
    pub(super) fn new(users: &[User], hashing: Arc<Hashing>) -> Result<Self, String> {
        let mut hashes = HashMap::new();
        let mut decoys = Vec::new();
        for user in users {
            let hash = Arc::new(password_hash::parse(&user.password_hash)?);
            decoys.push(hash.clone());
            hashes.insert(name_key(&user.name), hash);
        }
        Ok(Self {
            hashes,
            decoys,
            key: random()?,
            hashing,
        })
    }

    /// Whether this is the user's password.
    ///
    /// # Errors
    /// Too many checks are waiting.
    pub(super) async fn check(&self, name: &str, password: &SecretString) -> Result<bool, Problem> {
        let name = &name_key(name);
        let known = self.hashes.get(name).cloned();
        let real = known.is_some();
        let Some(hash) = known.or_else(|| self.decoy(name)) else {
            return Ok(false);
        };
        let password = password.clone();
        let matches = self
            .hashing
            .run(move |memory| password_hash::verify(&hash, &password, memory))
            .await?;
        // No early return before this point, because the decoy must take as long as a real hash.
        Ok(matches & real)
    }

    /// The decoy of an unknown name: always the same one, and as slow as a real hash.
    fn decoy(&self, name: &str) -> Option<Arc<PasswordHash>> {
        let digest = sha256([self.key.as_slice(), name.as_bytes()].concat());
        let number = digest[..8]
            .iter()
            .fold(0_usize, |number, byte| number << 8 | usize::from(*byte));
        let at = number.checked_rem(self.decoys.len())?;
        self.decoys.get(at).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::password_hash::hash;
    use crate::identity::Role;

    fn user(name: &str, password: &str) -> User {
        User {
            name: name.to_owned(),
            role: Role::Viewer,
            password_hash: hash(&password.into()).unwrap(),
        }
    }

    #[tokio::test]
    async fn only_the_users_own_password_is_accepted() {
        let passwords =
            Passwords::new(&[user("ops", "one"), user("other", "two")], Arc::default()).unwrap();
        for (name, password, matches) in [
            ("ops", "one", true),
            ("other", "two", true),
            ("ops", "two", false),
            ("ops", "", false),
            ("Ops", "one", true),
            (" OPS ", "one", true),
            ("Ops", "One", false),
            ("ops", "one ", false),
            ("o ps", "one", false),
            ("", "one", false),
            // One of the decoys belongs to this password.
            ("nobody", "one", false),
            ("nobody", "two", false),
        ] {
            let found = passwords.check(name, &password.into()).await.unwrap();
            assert_eq!(found, matches, "{name} {password}");
        }
        assert!(!format!("{passwords:?}").contains("argon2id"));
    }

    #[tokio::test]
    async fn an_unknown_name_costs_as_much_as_a_known_one() {
        let passwords =
            Passwords::new(&[user("ops", "one"), user("other", "two")], Arc::default()).unwrap();
        let decoys: std::collections::HashSet<String> = (0..64)
            .map(|number| {
                passwords
                    .decoy(&format!("name{number}"))
                    .unwrap()
                    .to_string()
            })
            .collect();
        assert_eq!(decoys.len(), 2, "every cost of a real hash occurs");
        let same = [(), ()].map(|()| passwords.decoy("nobody").unwrap().to_string());
        assert_eq!(same[0], same[1], "the decoy of a name never changes");
    }
}

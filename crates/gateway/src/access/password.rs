//! Is this the password? Takes as long for a name that nobody has, and lets only a few be asked at a
//! time: every answer costs memory and time on purpose.

use crate::config::User;
use crate::problem::{Kind, Problem};
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use ring::digest::{SHA256, digest};
use secrecy::{ExposeSecret as _, SecretString};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Longer ones are not looked at.
pub(crate) const LONGEST: usize = 1024;

/// How many are worked on at a time.
const AT_A_TIME: usize = 2;

/// How long one waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a hash may cost: more would be a way to stop the gateway by signing in.
const MOST_MEMORY_KIB: u32 = 1024 * 1024;
const MOST_ROUNDS: u32 = 64;
/// What it has to cost: less is quickly tried through. OWASP's smallest.
const LEAST_MEMORY_KIB: u32 = 7 * 1024;

/// The passwords of everybody who may sign in.
pub(crate) struct Passwords {
    hashes: HashMap<String, Arc<PasswordHash>>,
    /// In a fixed order, for names that nobody has.
    decoys: Vec<Arc<PasswordHash>>,
    /// Which decoy a name has must not be something that a caller can work out.
    key: [u8; 32],
    places: Semaphore,
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").finish_non_exhaustive()
    }
}

impl Passwords {
    /// # Errors
    /// A hash that is none, without its text.
    pub(crate) fn new(users: &[User]) -> Result<Self, String> {
        let mut hashes = HashMap::new();
        let mut decoys = Vec::new();
        for user in users {
            let hash = Arc::new(parse(&user.password_hash)?);
            decoys.push(hash.clone());
            hashes.insert(user.name.clone(), hash);
        }
        Ok(Self {
            hashes,
            decoys,
            key: super::seal::random()?,
            places: Semaphore::new(AT_A_TIME),
        })
    }

    /// Whether it is this user's.
    ///
    /// # Errors
    /// Too many ask.
    pub(crate) async fn check(&self, name: &str, password: &SecretString) -> Result<bool, Problem> {
        let place = tokio::time::timeout(PATIENCE, self.places.acquire()).await;
        let Ok(Ok(_place)) = place else {
            return Err(Problem {
                retry_after: Some(10),
                ..Problem::new(
                    Kind::Overloaded,
                    "too many people sign in at this moment; nothing was checked",
                )
            });
        };
        let known = self.hashes.get(name).cloned();
        let real = known.is_some();
        let Some(hash) = known.or_else(|| self.decoy(name)) else {
            return Ok(false);
        };
        let password = password.clone();
        let verify = move || {
            Argon2::default()
                .verify_password(password.expose_secret().as_bytes(), &*hash)
                .is_ok()
        };
        let fits = tokio::task::spawn_blocking(verify)
            .await
            .map_err(|_| Problem::new(Kind::Internal, "the password could not be checked"))?;
        // Not `real && …` before: the decoy has to be worked through.
        Ok(fits & real)
    }

    /// The same for the same name, as costly as somebody's.
    fn decoy(&self, name: &str) -> Option<Arc<PasswordHash>> {
        let digest = digest(&SHA256, &[self.key.as_slice(), name.as_bytes()].concat());
        let number = digest.as_ref()[..8]
            .iter()
            .fold(0_usize, |number, byte| number << 8 | usize::from(*byte));
        let at = number.checked_rem(self.decoys.len())?;
        self.decoys.get(at).cloned()
    }
}

/// The hash that stands in a configuration.
///
/// # Errors
/// What is wrong with it, as the rest of a sentence, without a part of it.
pub(crate) fn parse(text: &str) -> Result<PasswordHash, String> {
    let none = || {
        "is not an Argon2id hash: it has to begin with $argon2id$ and be whole, as `failover-console \
         hash-password` writes it"
            .to_owned()
    };
    let hash = PasswordHash::new(text).map_err(|_| none())?;
    let whole = hash.algorithm.as_str() == "argon2id" && hash.salt.is_some() && hash.hash.is_some();
    let params = Params::try_from(&hash).map_err(|_| none())?;
    if !whole {
        return Err(none());
    }
    if params.m_cost() > MOST_MEMORY_KIB || params.t_cost() > MOST_ROUNDS {
        return Err(format!(
            "costs more than a sign-in may: at most m={MOST_MEMORY_KIB} and t={MOST_ROUNDS}"
        ));
    }
    if params.m_cost() < LEAST_MEMORY_KIB {
        return Err(format!(
            "is too quickly tried through: it takes m={LEAST_MEMORY_KIB} or more; \
             `failover-console hash-password` makes a good one"
        ));
    }
    Ok(hash)
}

/// The hash of a password, to be written into a configuration.
///
/// # Errors
/// Why there is none.
pub(crate) fn hash(password: &SecretString) -> Result<String, String> {
    let password = password.expose_secret();
    if password.is_empty() {
        return Err("a password must not be empty".to_owned());
    }
    if password.len() > LONGEST {
        return Err(format!("a password is at most {LONGEST} bytes long"));
    }
    // OWASP's first choice: 19 MiB, two rounds.
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default());
    argon2
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| format!("the password cannot be hashed: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Role;

    fn user(name: &str, password: &str) -> User {
        User {
            name: name.to_owned(),
            role: Role::Viewer,
            password_hash: hash(&password.into()).unwrap(),
        }
    }

    #[tokio::test]
    async fn only_the_own_password_fits() {
        let passwords = Passwords::new(&[user("ops", "one"), user("other", "two")]).unwrap();
        for (name, password, fits) in [
            ("ops", "one", true),
            ("other", "two", true),
            ("ops", "two", false),
            ("ops", "", false),
            ("Ops", "one", false),
            ("ops ", "one", false),
            ("", "one", false),
            // One of the decoys is of this password.
            ("nobody", "one", false),
            ("nobody", "two", false),
        ] {
            let found = passwords.check(name, &password.into()).await.unwrap();
            assert_eq!(found, fits, "{name} {password}");
        }
        assert!(!format!("{passwords:?}").contains("argon2id"));
    }

    #[tokio::test]
    async fn a_name_that_nobody_has_is_worked_through_like_another() {
        let passwords = Passwords::new(&[user("ops", "one"), user("other", "two")]).unwrap();
        let decoys: std::collections::HashSet<String> = (0..64)
            .map(|number| {
                passwords
                    .decoy(&format!("name{number}"))
                    .unwrap()
                    .to_string()
            })
            .collect();
        assert_eq!(decoys.len(), 2, "every cost that somebody has occurs");
        let same = [(), ()].map(|()| passwords.decoy("nobody").unwrap().to_string());
        assert_eq!(same[0], same[1], "asking twice tells nothing");
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_to_wait_too_long_is_told_so() {
        let passwords = Passwords::new(&[user("ops", "one")]).unwrap();
        let _all = passwords.places.acquire_many(2).await.unwrap();
        let problem = passwords.check("ops", &"one".into()).await.unwrap_err();
        assert_eq!(
            (problem.kind, problem.retry_after),
            (Kind::Overloaded, Some(10))
        );
    }

    #[test]
    fn hashes_are_salted_and_nonsense_is_refused() {
        let (one, two) = (hash(&"x".into()).unwrap(), hash(&"x".into()).unwrap());
        assert_ne!(one, two);
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert!(parse(&one).is_ok());
        let swap = |from: &str, to: &str| one.replace(from, to);
        for bad in [
            String::new(),
            "hunter2".to_owned(),
            swap("argon2id", "argon2i"),
            swap("argon2id", "scrypt"),
            swap("m=19456", "m=1024"),
            swap("m=19456", "m=4194304"),
            swap("t=2", "t=1000"),
            one[..one.len() - 60].to_owned(),
        ] {
            let why = parse(&bad).unwrap_err();
            assert!(!why.contains("hunter2"), "{bad}: {why}");
        }
        assert!(hash(&"".into()).is_err() && hash(&"x".repeat(2000).into()).is_err());
    }
}

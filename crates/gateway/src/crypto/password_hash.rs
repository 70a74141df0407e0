//! Argon2id hashes of passwords: creates them, verifies passwords, and checks the hashes of a configuration.

use argon2::password_hash::PasswordHasher as _;
use argon2::password_hash::phc::Output;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use secrecy::{ExposeSecret as _, SecretString};

/// The maximum length of a password, in bytes.
pub(crate) const MAX_LENGTH: usize = 1024;

/// The maximum cost of a hash. With a more expensive hash, sign-ins could overload the gateway.
const MAX_MEMORY_KIB: u32 = 1024 * 1024;
const MAX_ROUNDS: u32 = 64;
/// The minimum memory cost, OWASP's lowest recommendation. A cheaper hash is cracked quickly.
const MIN_MEMORY_KIB: u32 = 7 * 1024;

/// Parses a hash of the configuration.
///
/// # Errors
/// The fault, as the end of a sentence. It never repeats a part of the hash.
pub(crate) fn parse(text: &str) -> Result<PasswordHash, String> {
    let malformed = || {
        "is not an Argon2id hash: it has to begin with $argon2id$ and be complete, as `failover-console \
         hash-password` writes it"
            .to_owned()
    };
    let hash = PasswordHash::new(text).map_err(|_| malformed())?;
    let valid = hash.algorithm.as_str() == "argon2id" && hash.salt.is_some() && hash.hash.is_some();
    let params = Params::try_from(&hash).map_err(|_| malformed())?;
    if !valid {
        return Err(malformed());
    }
    if params.m_cost() > MAX_MEMORY_KIB || params.t_cost() > MAX_ROUNDS {
        return Err(format!(
            "costs more than a sign-in may: at most m={MAX_MEMORY_KIB} and t={MAX_ROUNDS}"
        ));
    }
    if params.m_cost() < MIN_MEMORY_KIB {
        return Err(format!(
            "is too weak: it takes m={MIN_MEMORY_KIB} or more; \
             `failover-console hash-password` makes a good one"
        ));
    }
    Ok(hash)
}

/// Whether the password matches the hash. `memory` is the working memory, and grows to the size that the hash needs.
pub(crate) fn verify(
    hash: &PasswordHash,
    password: &SecretString,
    memory: &mut Vec<Block>,
) -> bool {
    computed(hash, password, memory)
        // This comparison takes constant time.
        .is_some_and(|computed| hash.hash.as_ref() == Some(&computed))
}

fn computed(
    hash: &PasswordHash,
    password: &SecretString,
    memory: &mut Vec<Block>,
) -> Option<Output> {
    let algorithm = Algorithm::try_from(hash.algorithm.as_str()).ok()?;
    let version = hash.version.map(Version::try_from).transpose().ok()?;
    let params = Params::try_from(hash).ok()?;
    if memory.len() < params.block_count() {
        memory.resize(params.block_count(), Block::new());
    }
    let argon2 = Argon2::new(algorithm, version.unwrap_or_default(), params);
    let mut buffer = [0; Output::MAX_LENGTH];
    let output = buffer.get_mut(..hash.hash.as_ref()?.len())?;
    let (password, salt) = (password.expose_secret().as_bytes(), hash.salt.as_ref()?);
    argon2
        .hash_password_into_with_memory(password, salt, output, memory.as_mut_slice())
        .ok()?;
    Output::new(output).ok()
}

/// Hashes a password, for a configuration file.
///
/// # Errors
/// The password is empty or too long, or hashing failed.
pub(crate) fn hash(password: &SecretString) -> Result<String, String> {
    let password = password.expose_secret();
    if password.is_empty() {
        return Err("a password must not be empty".to_owned());
    }
    if password.len() > MAX_LENGTH {
        return Err(format!("a password is at most {MAX_LENGTH} bytes long"));
    }
    // OWASP's first recommendation: 19 MiB, two rounds.
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default());
    argon2
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| format!("the password cannot be hashed: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_salted_and_invalid_ones_are_rejected() {
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

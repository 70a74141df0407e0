//! Sealed values, random numbers, cookies, digests and password hashes. Uses no other module.

mod cookie;
pub(crate) mod password_hash;
mod random;
mod seal;

pub(crate) use cookie::{Cookie, CookiePurpose, cookie_suffix};
pub(crate) use random::{hex, random, random_hex};
pub(crate) use seal::Seal;

use sha2::{Digest as _, Sha256};

/// Whether two texts are equal. Compares digests, so that the duration reveals nothing about the texts.
pub(crate) fn are_equal(one: &str, other: &str) -> bool {
    sha256(one) == sha256(other)
}

/// The SHA-256 digest.
pub(crate) fn sha256(of: impl AsRef<[u8]>) -> [u8; 32] {
    Sha256::digest(of).into()
}

/// The first bytes of the SHA-256 digest in hexadecimal.
pub(crate) fn short_hex(of: impl AsRef<[u8]>, bytes: usize) -> String {
    hex(&sha256(of)[..bytes])
}

/// The SHA-256 digest of a list of texts. Different lists have different digests, because the length of each text comes
/// first.
pub(crate) fn digest_of<'t>(parts: impl IntoIterator<Item = &'t str>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

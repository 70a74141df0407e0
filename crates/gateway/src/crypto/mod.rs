//! Sealed values, random numbers, cookies and password hashes. Uses no other module.

mod cookie;
pub(crate) mod password_hash;
mod random;
mod seal;

pub(crate) use cookie::{Cookie, CookiePurpose, cookie_suffix};
pub(crate) use random::{hex, random, random_hex};
pub(crate) use seal::Seal;

use ring::digest::{SHA256, digest};

/// Whether two texts are equal. Compares digests, so that the duration reveals nothing about the texts.
pub(crate) fn are_equal(one: &str, other: &str) -> bool {
    let digest = |text: &str| digest(&SHA256, text.as_bytes());
    digest(one).as_ref() == digest(other).as_ref()
}

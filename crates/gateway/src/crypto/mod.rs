//! Sealed values, random numbers, cookies and password hashes. A leaf: it uses no other module.

mod cookie;
pub(crate) mod password_hash;
mod random;
mod seal;

pub(crate) use cookie::{Cookie, CookiePurpose, cookie_suffix};
pub(crate) use random::{hex, random, random_hex};
pub(crate) use seal::Seal;

//! Reads JSON. Through a value of no type first: the reader of a text is then in the program once, and not once for
//! each type that is read, which was half of the console's first visit.

use serde::de::DeserializeOwned;
use serde_json::{Error, Value};

/// Reads a text as one value.
///
/// # Errors
/// What is wrong with it.
pub fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, Error> {
    T::deserialize(value(text)?)
}

#[inline(never)]
fn value(text: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(text)
}

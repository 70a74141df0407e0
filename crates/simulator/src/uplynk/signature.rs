//! Signed requests: `msg` contains owner and time, `sig` signs it, and each message is accepted once.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use flate2::read::ZlibDecoder;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use std::collections::HashMap;
use std::fmt::Write;
use std::io::Read;

/// The maximum deviation of a timestamp, in seconds.
const TOLERANCE: i64 = 300;

/// The maximum size of an inflated message, in bytes.
const MAX_MESSAGE: u64 = 4_096;

/// Why a request is rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SignatureError {
    /// The signature is missing or wrong, the owner is another one, or the timestamp is out of range.
    Forbidden(&'static str),
    /// The same `msg` and `sig` were used before.
    Replayed,
}

/// Lower-case hexadecimal HMAC-SHA256 of the text `msg`.
pub(crate) fn sign(key: &str, msg: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else {
        // HMAC accepts keys of any length. The empty text would match no signature.
        return String::new();
    };
    mac.update(msg.as_bytes());
    mac.finalize()
        .into_bytes()
        .iter()
        .fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

/// The content of a message: owner and timestamp.
pub(crate) fn decode(msg: &str) -> Option<(String, i64)> {
    let packed = STANDARD.decode(msg).ok()?;
    let mut plain = Vec::new();
    ZlibDecoder::new(packed.as_slice())
        .take(MAX_MESSAGE)
        .read_to_end(&mut plain)
        .ok()?;
    let json: Value = serde_json::from_slice(&plain).ok()?;
    let stamp = json.get("_timestamp")?;
    let stamp = stamp.as_i64().or_else(|| stamp.as_str()?.parse().ok())?;
    Some((json.get("_owner")?.as_str()?.to_owned(), stamp))
}

/// The used signatures with their timestamps.
#[derive(Debug, Default)]
pub(crate) struct UsedSignatures(HashMap<String, i64>);

impl UsedSignatures {
    /// Accepts a request once. The timestamp may be near the simulated time or the accounts' time. The client
    /// knows only the latter, which is the real time unless its speed was increased.
    pub(crate) fn check(
        &mut self,
        owner: &str,
        key: &str,
        signed: Option<(&str, &str)>,
        now: [DateTime<Utc>; 2],
    ) -> Result<(), SignatureError> {
        let (msg, sig) = signed.ok_or(SignatureError::Forbidden("msg and sig are required"))?;
        if sign(key, msg) != sig || sig.is_empty() {
            return Err(SignatureError::Forbidden("The signature does not match"));
        }
        let (signed_owner, stamp) =
            decode(msg).ok_or(SignatureError::Forbidden("The message is not readable"))?;
        if signed_owner != owner {
            return Err(SignatureError::Forbidden("The owner is not known"));
        }
        let near =
            |now: &DateTime<Utc>| now.timestamp().abs_diff(stamp) <= TOLERANCE.unsigned_abs();
        if !now.iter().any(near) {
            return Err(SignatureError::Forbidden(
                "The timestamp is too old or in the future",
            ));
        }
        let current = |used: i64| {
            now.iter()
                .any(|now| now.timestamp().abs_diff(used) <= 2 * TOLERANCE.unsigned_abs())
        };
        self.0.retain(|_, used| current(*used));
        match self.0.insert(format!("{msg} {sig}"), stamp) {
            Some(_) => Err(SignatureError::Replayed),
            None => Ok(()),
        }
    }
}

/// A compressed message and its signature.
#[cfg(test)]
pub(crate) fn signed(owner: &str, key: &str, stamp: i64) -> (String, String) {
    use std::io::Write as _;
    let json = serde_json::json!({ "_owner": owner, "_timestamp": stamp }).to_string();
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(json.as_bytes()).unwrap();
    let msg = STANDARD.encode(packer.finish().unwrap());
    let sig = sign(key, &msg);
    (msg, sig)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: &str = "1234567890abcdefghijklmnopqrstu";
    const KEY: &str = "1234567890abcdefghijklmnopqrstuvwxyz1234";
    const MSG: &str = "eAEBRAC7/3siX293bmVyIjoiMTIzNDU2Nzg5MGFiY2RlZmdoaWprbG1ub3BxcnN0dSIsIl90aW1lc3RhbXAiOjE1NzYxMDc4MDB9/+YV+Q==";
    const SIG: &str = "728073a1b4bb687039658600bfa378752c159443bcd7ec4520bdd23c08f5a63c";

    fn at(stamp: i64) -> [DateTime<Utc>; 2] {
        [
            DateTime::from_timestamp(stamp, 0).unwrap(),
            DateTime::UNIX_EPOCH,
        ]
    }

    #[test]
    fn the_published_sample_has_the_published_signature() {
        assert_eq!(sign(KEY, MSG), SIG);
        assert_eq!(decode(MSG), Some((OWNER.to_owned(), 1_576_107_800)));
        let mut used = UsedSignatures::default();
        assert_eq!(
            used.check(OWNER, KEY, Some((MSG, SIG)), at(1_576_107_900)),
            Ok(())
        );
        assert_eq!(
            used.check(OWNER, KEY, Some((MSG, SIG)), at(1_576_107_901)),
            Err(SignatureError::Replayed)
        );
    }

    #[test]
    fn requests_without_a_valid_signature_are_rejected() {
        let stamp = 1_576_107_800;
        let refused = |who: &str, signed: Option<(&str, &str)>, now: i64| {
            UsedSignatures::default()
                .check(who, KEY, signed, at(now))
                .is_err_and(|why| matches!(why, SignatureError::Forbidden(_)))
        };
        assert!(refused(OWNER, None, stamp));
        assert!(refused(OWNER, Some((MSG, &SIG.to_uppercase())), stamp));
        assert!(refused(OWNER, Some((MSG, "")), stamp));
        assert!(refused("somebody else", Some((MSG, SIG)), stamp));
        assert!(refused(OWNER, Some((MSG, SIG)), stamp + 301));
        assert!(refused(OWNER, Some((MSG, SIG)), stamp - 301));
        let raw = STANDARD.encode("{}");
        assert!(
            refused(OWNER, Some((&raw, &sign(KEY, &raw))), stamp),
            "not zlib"
        );
    }
}

//! Seals values that a browser stores for the gateway: encrypts and authenticates them, so that the browser can
//! neither read nor change them.

use super::random::random;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt;

/// The length of the random salt in front of each sealed value. The key for the value is derived from it.
const SALT_LENGTH: usize = 32;

/// The maximum length of a sealed text. The longest is a sign-in at a provider that replaces another user's session;
/// longer texts were not made by the gateway.
const MAX_LENGTH: usize = 3072;

/// Seals and opens values. Gateways with the same secret can open each other's values.
pub(crate) struct Seal {
    secret: Vec<u8>,
    purpose: &'static [u8],
}

/// The default purpose.
const SESSION: &[u8] = b"failover-console session 1";

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal").finish_non_exhaustive()
    }
}

/// The combined length of a key and a nonce.
struct KeyAndNonce;

impl KeyType for KeyAndNonce {
    fn len(&self) -> usize {
        32 + 12
    }
}

impl Seal {
    /// Creates a seal with a secret that several gateways may share.
    pub(crate) fn shared(secret: &SecretString) -> Self {
        Self {
            secret: secret.expose_secret().as_bytes().to_vec(),
            purpose: SESSION,
        }
    }

    /// Creates a seal with the same secret for another purpose. Neither can open the other's values.
    pub(crate) fn with_purpose(&self, purpose: &'static [u8]) -> Self {
        Self {
            secret: self.secret.clone(),
            purpose,
        }
    }

    /// Creates a seal with a random secret that is lost when the process ends.
    ///
    /// # Errors
    /// The operating system provides no random numbers.
    pub(crate) fn ephemeral() -> Result<Self, String> {
        let secret = random::<32>()?.to_vec();
        Ok(Self {
            secret,
            purpose: SESSION,
        })
    }

    /// Derives a key for each sealed value, so that no nonce is ever used twice with one key.
    fn key(&self, salt: &[u8]) -> Option<(LessSafeKey, Nonce)> {
        let prk: Prk = Salt::new(HKDF_SHA256, salt).extract(&self.secret);
        let mut bytes = [0; 44];
        prk.expand(&[self.purpose], KeyAndNonce)
            .and_then(|made| made.fill(&mut bytes))
            .ok()?;
        let (key, nonce) = bytes.split_at(32);
        let key = UnboundKey::new(&AES_256_GCM, key).ok()?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        Some((LessSafeKey::new(key), nonce))
    }

    /// Seals a value as text that fits into a cookie. `None` only if the operating system provides no random
    /// numbers.
    pub(crate) fn close(&self, plain: &[u8]) -> Option<String> {
        let salt: [u8; SALT_LENGTH] = random().ok()?;
        let (key, nonce) = self.key(&salt)?;
        let mut sealed = plain.to_vec();
        key.seal_in_place_append_tag(nonce, Aad::empty(), &mut sealed)
            .ok()?;
        let bytes = [salt.as_slice(), &sealed].concat();
        Some(BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Opens a text that was sealed with the same secret for the same purpose.
    pub(crate) fn open(&self, text: &str) -> Option<Vec<u8>> {
        if text.len() > MAX_LENGTH {
            return None;
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (salt, sealed) = bytes.split_at_checked(SALT_LENGTH)?;
        let (key, nonce) = self.key(salt)?;
        let mut sealed = sealed.to_vec();
        let plain = key.open_in_place(nonce, Aad::empty(), &mut sealed).ok()?;
        Some(plain.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seal(secret: &str) -> Seal {
        Seal::shared(&secret.into())
    }

    #[test]
    fn a_value_opens_only_with_the_same_secret_and_purpose() {
        let (ours, same, other) = (seal("a"), seal("a"), seal("b"));
        let (one, two) = (ours.close(b"ops").unwrap(), ours.close(b"ops").unwrap());
        assert_ne!(one, two);
        assert_eq!(same.open(&one).unwrap(), b"ops", "another gateway");
        assert_eq!(other.open(&one), None);
        let code = ours.with_purpose(b"code");
        assert_eq!(code.open(&one), None, "another purpose");
        assert_eq!(ours.open(&code.close(b"ops").unwrap()), None);
        let peer = same.with_purpose(b"code");
        assert_eq!(peer.open(&code.close(b"ops").unwrap()).unwrap(), b"ops");
        assert_eq!(Seal::ephemeral().unwrap().open(&one), None);
    }

    #[test]
    fn debug_output_shows_neither_the_secret_nor_its_bytes() {
        const SECRET: &str = "hunter2-and-a-half";
        let ours = seal(SECRET);
        for shown in [
            format!("{ours:?}"),
            format!("{ours:#?}"),
            format!("{:?}", ours.with_purpose(b"code")),
        ] {
            assert!(shown.starts_with("Seal"), "{shown}");
            for hidden in [SECRET.to_owned(), format!("{:?}", SECRET.as_bytes())] {
                assert!(!shown.contains(&hidden), "{shown}");
            }
            // A derived `Debug` would print the secret's bytes as numbers.
            let numbers: Vec<&str> = shown
                .split(|c: char| !c.is_ascii_digit())
                .filter(|part| !part.is_empty())
                .collect();
            assert_eq!(numbers, [""; 0], "{shown}");
        }
    }

    proptest! {
        #[test]
        fn a_sealed_value_opens_and_a_changed_one_does_not(
            plain in proptest::collection::vec(any::<u8>(), 0..200),
            place in any::<proptest::sample::Index>(),
            bit in 0..8_u32,
        ) {
            let seal = seal("a");
            let text = seal.close(&plain).unwrap();
            prop_assert_eq!(seal.open(&text).unwrap(), plain);
            let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(&text).unwrap();
            let at = place.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert_eq!(seal.open(&BASE64_URL_SAFE_NO_PAD.encode(bytes)), None);
        }

        #[test]
        fn arbitrary_text_neither_opens_nor_panics(text in ".{0,300}") {
            prop_assert_eq!(seal("a").open(&text), None);
        }
    }
}

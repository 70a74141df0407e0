//! Sealing: what is handed to a browser so that it can neither be read nor changed there. Knows
//! nothing of what is sealed.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use ring::rand::{SecureRandom as _, SystemRandom};
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt;

/// The random number in front of each seal, from which its own key is made.
const SALT: usize = 32;

/// Nothing that is sealed is longer; what is longer is not opened.
const LONGEST: usize = 2048;

/// A key that seals and opens. All gateways with the same secret open each other's seals.
pub(crate) struct Seal {
    secret: Vec<u8>,
    random: SystemRandom,
    purpose: &'static [u8],
}

/// What a seal is for unless something else is said.
const SESSION: &[u8] = b"failover-console session 1";

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal").finish_non_exhaustive()
    }
}

/// As many bytes as a key and a nonce have.
struct KeyAndNonce;

impl KeyType for KeyAndNonce {
    fn len(&self) -> usize {
        32 + 12
    }
}

impl Seal {
    /// With a secret that several gateways may share.
    pub(crate) fn shared(secret: &SecretString) -> Self {
        Self {
            secret: secret.expose_secret().as_bytes().to_vec(),
            random: SystemRandom::new(),
            purpose: SESSION,
        }
    }

    /// With the same secret for another purpose: neither opens what the other has sealed.
    pub(crate) fn with_purpose(&self, purpose: &'static [u8]) -> Self {
        Self {
            secret: self.secret.clone(),
            random: SystemRandom::new(),
            purpose,
        }
    }

    /// With a secret of its own, forgotten when the process ends.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub(crate) fn of_its_own() -> Result<Self, String> {
        let secret = random::<32>()?.to_vec();
        Ok(Self {
            secret,
            random: SystemRandom::new(),
            purpose: SESSION,
        })
    }

    /// A key of its own for every seal: however many are made, none of them repeats a nonce.
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

    /// Seals, in letters that a cookie may hold. None only if the system gives no random numbers.
    pub(crate) fn close(&self, plain: &[u8]) -> Option<String> {
        let mut salt = [0; SALT];
        self.random.fill(&mut salt).ok()?;
        let (key, nonce) = self.key(&salt)?;
        let mut sealed = plain.to_vec();
        key.seal_in_place_append_tag(nonce, Aad::empty(), &mut sealed)
            .ok()?;
        let whole = [salt.as_slice(), &sealed].concat();
        Some(BASE64_URL_SAFE_NO_PAD.encode(whole))
    }

    /// Opens what was sealed with the same secret; nothing else.
    pub(crate) fn open(&self, text: &str) -> Option<Vec<u8>> {
        if text.len() > LONGEST {
            return None;
        }
        let whole = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (salt, sealed) = whole.split_at_checked(SALT)?;
        let (key, nonce) = self.key(salt)?;
        let mut sealed = sealed.to_vec();
        let plain = key.open_in_place(nonce, Aad::empty(), &mut sealed).ok()?;
        Some(plain.to_vec())
    }
}

/// Random bytes.
///
/// # Errors
/// The system gives none.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| "the system gives no random numbers".to_owned())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seal(secret: &str) -> Seal {
        Seal::shared(&secret.into())
    }

    #[test]
    fn only_the_same_secret_opens_and_no_two_seals_are_alike() {
        let (ours, same, other) = (seal("a"), seal("a"), seal("b"));
        let (one, two) = (ours.close(b"ops").unwrap(), ours.close(b"ops").unwrap());
        assert_ne!(one, two);
        assert_eq!(same.open(&one).unwrap(), b"ops", "another gateway");
        assert_eq!(other.open(&one), None);
        let aside = ours.with_purpose(b"aside");
        assert_eq!(aside.open(&one), None, "another purpose");
        assert_eq!(ours.open(&aside.close(b"ops").unwrap()), None);
        let again = same.with_purpose(b"aside");
        assert_eq!(again.open(&aside.close(b"ops").unwrap()).unwrap(), b"ops");
        assert_eq!(Seal::of_its_own().unwrap().open(&one), None);
        assert!(!format!("{ours:?}").contains('a') || !format!("{ours:?}").contains("secret"));
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_and_what_was_changed_does_not(
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
        fn nothing_made_up_opens_or_panics(text in ".{0,300}") {
            prop_assert_eq!(seal("a").open(&text), None);
        }
    }
}

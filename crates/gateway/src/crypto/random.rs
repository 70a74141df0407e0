//! Random numbers from the operating system.

use ring::rand::{SecureRandom as _, SystemRandom};

/// Random bytes.
///
/// # Errors
/// The operating system provides none.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| "the operating system provides no random numbers".to_owned())?;
    Ok(bytes)
}

/// 128 random bits in hexadecimal, for an id that cannot be guessed.
///
/// # Errors
/// The operating system provides none.
pub(crate) fn random_hex() -> Result<String, String> {
    Ok(hex(&random::<16>()?))
}

/// Encodes bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

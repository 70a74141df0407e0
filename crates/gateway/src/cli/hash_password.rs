//! `hash-password`: hashes a password that is typed without echo or piped. The password is never displayed or stored,
//! and never read from the command line, where other users could see it.

use crate::crypto::password_hash::hash;
use secrecy::{ExposeSecret as _, SecretString};
use std::io::{self, BufRead, IsTerminal as _, Read as _, Write as _};

/// The advised minimum length. Shorter passwords could be guessed from a stolen hash.
const ADVISED_LENGTH: usize = 12;

/// Prompts for a password and returns its hash.
///
/// # Errors
/// The password cannot be read, is empty, or the two entries differ.
pub(crate) fn prompt_hash() -> Result<String, String> {
    let stdin = io::stdin();
    let password = if stdin.is_terminal() {
        typed()?
    } else {
        piped(stdin.lock())?
    };
    let hash = hash(&password)?;
    if password.expose_secret().chars().count() < ADVISED_LENGTH {
        let _ = writeln!(
            io::stderr().lock(),
            "the password has fewer than {ADVISED_LENGTH} characters: a longer one is safer"
        );
    }
    Ok(hash)
}

fn typed() -> Result<SecretString, String> {
    let ask = |prompt: &str| {
        rpassword::prompt_password(prompt)
            .map(SecretString::from)
            .map_err(|error| format!("the password cannot be read: {error}"))
    };
    let (first, second) = (ask("Password: ")?, ask("Repeat the password: ")?);
    if first.expose_secret() == second.expose_secret() {
        Ok(first)
    } else {
        Err("the two passwords differ".to_owned())
    }
}

/// The piped line, without its line break.
fn piped(input: impl BufRead) -> Result<SecretString, String> {
    let mut text = String::new();
    input
        .take(64 * 1024)
        .read_to_string(&mut text)
        .map_err(|error| format!("the password cannot be read: {error}"))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.contains('\n') {
        return Err(
            "standard input has more than one line: a password is a single line".to_owned(),
        );
    }
    Ok(SecretString::from(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_is_the_password_with_its_spaces() {
        for (input, expected) in [
            ("hunter2\n", Ok("hunter2")),
            ("hunter2\r\n", Ok("hunter2")),
            (" hunter 2 ", Ok(" hunter 2 ")),
            ("", Ok("")),
            ("one\ntwo\n", Err(())),
        ] {
            let found = piped(input.as_bytes());
            let found = found.as_ref().map(|text| text.expose_secret());
            assert_eq!(found.map_err(|_| ()), expected, "{input:?}");
        }
        assert!(hash(&piped("\n".as_bytes()).unwrap()).is_err(), "empty");
        assert!(piped([0xff].as_slice()).is_err(), "not text");
    }
}

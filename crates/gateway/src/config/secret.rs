//! Reads secrets, each from an environment variable or a file of its own, never from the configuration file itself.
//! Must never put a secret's value into a message.

use super::section::Section;
use super::{Environment, text};
use crate::hidden_characters::is_hidden;
use secrecy::{ExposeSecret as _, SecretString};
use std::path::Path;

/// The minimum length of a key or token that the operator generates. A shorter one could be guessed.
const MIN_LENGTH: usize = 32;

/// The fault of a key or token that is too short, as the end of a sentence about it.
pub(super) fn too_short(secret: &SecretString) -> Option<String> {
    (secret.expose_secret().len() < MIN_LENGTH).then(|| {
        format!("has to be at least {MIN_LENGTH} characters long, and random: `openssl rand -base64 32` makes one")
    })
}

/// The warning about a file that others may read, as the end of a sentence.
pub(super) const IS_OPEN: &str =
    "can be read by every user of this computer: `chmod o=` removes that permission";

/// Whether every user of this computer may read the file: others have access to it and to all folders above it.
#[cfg(unix)]
pub(super) fn is_open(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let allows = |path: &Path, bits| {
        let found = path.metadata();
        found.is_ok_and(|found| found.permissions().mode() & bits != 0)
    };
    let Ok(path) = file.canonicalize() else {
        return false;
    };
    let mut folders = path.ancestors().skip(1);
    allows(&path, 0o007) && folders.all(|folder| allows(folder, 0o001))
}

#[cfg(not(unix))]
pub(super) fn is_open(_: &Path) -> bool {
    false
}

/// The secret `name`, if one of its keys exists.
pub(super) fn optional(
    section: &Section<'_>,
    name: &str,
    environment: &Environment<'_>,
) -> Option<SecretString> {
    let exists = [
        name.to_owned(),
        format!("{name}_env"),
        format!("{name}_file"),
    ]
    .map(|key| section.key(&key).is_some());
    if exists.contains(&true) {
        read(section, name, environment)
    } else {
        None
    }
}

/// The secret `name`, from `{name}_env` or `{name}_file`.
pub(super) fn read(
    section: &Section<'_>,
    name: &str,
    environment: &Environment<'_>,
) -> Option<SecretString> {
    let (by_env, by_file) = (format!("{name}_env"), format!("{name}_file"));
    if let Some(at) = section.key(name) {
        section.wrong(
            at,
            name,
            &format!(
                "a secret must not be in this file: put it into an environment variable and name that \
                 with `{by_env}`, or into a file of its own and name that with `{by_file}`"
            ),
        );
    }
    match (section.key(&by_env), section.key(&by_file)) {
        (None, None) => {
            if section.key(name).is_none() {
                section.fault(
                    section.start(),
                    &format!("`{by_env}` or `{by_file}` is missing"),
                );
            }
            None
        }
        (Some(_), Some(at)) => {
            section.fault(
                at,
                &format!("give either `{by_env}` or `{by_file}`, not both"),
            );
            None
        }
        (Some(_), None) => from_env(section, &by_env, environment),
        (None, Some(_)) => from_file(section, &by_file, environment),
    }
}

fn from_env(
    section: &Section<'_>,
    key: &str,
    environment: &Environment<'_>,
) -> Option<SecretString> {
    let variable = section.text(key)?;
    let name = variable.value;
    let is_first = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
    let is_name = name.starts_with(is_first)
        && name
            .chars()
            .all(|letter| is_first(letter) || letter.is_ascii_digit());
    if !is_name {
        // Without the value, which may be the secret itself.
        section.wrong(
            variable.at,
            key,
            "the value is not the name of an environment variable",
        );
        return None;
    }
    let source = format!("the environment variable {name}");
    match (environment.variable)(name) {
        None => {
            section.wrong(variable.at, key, &format!("{source} is not set"));
            None
        }
        Some(value) => checked(section, key, variable.at, &source, value.into_bytes()),
    }
}

fn from_file(
    section: &Section<'_>,
    key: &str,
    environment: &Environment<'_>,
) -> Option<SecretString> {
    let file = section.text(key)?;
    let source = format!("{:?}", file.value);
    let path = environment.folder.join(file.value);
    match std::fs::read(&path) {
        Err(error) => {
            section.wrong(file.at, key, &format!("cannot read {source}: {error}"));
            None
        }
        Ok(content) => {
            if is_open(&path) {
                section.warn(file.at, key, &format!("{source} {IS_OPEN}"));
            }
            checked(section, key, file.at, &source, content)
        }
    }
}

/// Checks a secret. `source` names where it comes from.
fn checked(
    section: &Section<'_>,
    key: &str,
    at: usize,
    source: &str,
    bytes: Vec<u8>,
) -> Option<SecretString> {
    let secret = match cleaned(bytes) {
        Ok(secret) => secret,
        Err(why) => {
            section.wrong(at, key, &format!("{source} {why}"));
            return None;
        }
    };
    for warning in suspicious_characters(&secret) {
        section.warn(at, key, &format!("{source} {warning}"));
    }
    Some(SecretString::from(secret))
}

/// Decodes a secret, without a byte order mark and without the line break that editors and `echo` append.
///
/// # Errors
/// The fault, as the end of a sentence about the source.
fn cleaned(bytes: Vec<u8>) -> Result<String, String> {
    let mut secret = text::decoded(bytes)?;
    secret.truncate(secret.trim_end_matches(['\r', '\n']).len());
    if secret.trim().is_empty() {
        return Err("is empty".to_owned());
    }
    if secret.contains(['\r', '\n']) {
        return Err("holds more than one line: a secret is one line".to_owned());
    }
    match text::control_character(&secret) {
        Some(why) => Err(why),
        None => Ok(secret),
    }
}

/// Warnings about characters that are probably in the secret by mistake.
fn suspicious_characters(secret: &str) -> Vec<String> {
    let mut found = Vec::new();
    let ends = [secret.chars().next(), secret.chars().next_back()];
    if ends.contains(&Some(' ')) {
        found.push("begins or ends with a blank, which is sent as a part of it".to_owned());
    }
    let is_suspicious = |c: char| (c.is_whitespace() && c != ' ') || is_hidden(c);
    if let Some(c) = secret.chars().find(|c| is_suspicious(*c)) {
        found.push(format!(
            "holds the character U+{:04X}, which cannot be seen and is sent as a part of it",
            u32::from(c)
        ));
    }
    found
}

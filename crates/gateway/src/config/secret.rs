//! Secrets, each from an environment variable or a file of its own, never from the configuration file itself.
//! Must never put a value into a message.

use super::Surroundings;
use super::section::Section;
use secrecy::SecretString;

/// The secret `name`, if it is given.
pub(super) fn optional(
    section: &Section<'_>,
    name: &str,
    around: &Surroundings<'_>,
) -> Option<SecretString> {
    let given = [
        name.to_owned(),
        format!("{name}_env"),
        format!("{name}_file"),
    ]
    .map(|key| section.key(&key).is_some());
    if given.contains(&true) {
        read(section, name, around)
    } else {
        None
    }
}

/// The secret `name`, from `{name}_env` or `{name}_file`.
pub(super) fn read(
    section: &Section<'_>,
    name: &str,
    around: &Surroundings<'_>,
) -> Option<SecretString> {
    let (by_env, by_file) = (format!("{name}_env"), format!("{name}_file"));
    if let Some(at) = section.key(name) {
        section.wrong(
            at,
            name,
            &format!(
                "a secret must not stand in this file: put it into an environment variable and name that \
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
        (Some(_), None) => from_env(section, &by_env, around),
        (None, Some(_)) => from_file(section, &by_file, around),
    }
}

fn from_env(section: &Section<'_>, key: &str, around: &Surroundings<'_>) -> Option<SecretString> {
    let variable = section.text(key)?;
    let name = variable.value;
    match (around.variable)(name) {
        None => {
            section.wrong(
                variable.at,
                key,
                &format!("the environment variable {name} is not set"),
            );
            None
        }
        Some(value) if value.trim().is_empty() => {
            section.wrong(
                variable.at,
                key,
                &format!("the environment variable {name} is empty"),
            );
            None
        }
        Some(value) => Some(SecretString::from(value)),
    }
}

fn from_file(section: &Section<'_>, key: &str, around: &Surroundings<'_>) -> Option<SecretString> {
    let file = section.text(key)?;
    match std::fs::read_to_string(around.folder.join(file.value)) {
        Err(error) => {
            section.wrong(
                file.at,
                key,
                &format!("cannot read {:?}: {error}", file.value),
            );
            None
        }
        // Editors end a file with a line break, which is not part of the secret.
        Ok(content) => match content.trim_end_matches(['\r', '\n']) {
            secret if secret.trim().is_empty() => {
                section.wrong(file.at, key, &format!("{:?} is empty", file.value));
                None
            }
            secret => Some(SecretString::from(secret.to_owned())),
        },
    }
}

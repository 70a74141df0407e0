//! Extracts versions from the output of tools and from lock files. Pure.

/// The version in a tool's output of `--version`: its second word, as in `trunk 0.21.14`.
pub(crate) fn printed(answer: &str) -> Option<&str> {
    let version = answer.split_whitespace().nth(1)?;
    let version = version.strip_prefix('v').unwrap_or(version);
    version
        .starts_with(|c: char| c.is_ascii_digit())
        .then_some(version)
}

/// The version of a package in a Cargo.lock.
pub(crate) fn locked<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name).skip(1);
    let version = lines.next()?.strip_prefix("version = \"")?;
    version.strip_suffix('"')
}

/// The first number of a version such as `v20.11.1`.
pub(crate) fn major(version: &str) -> Option<u32> {
    let version = version.trim();
    let digits = version
        .strip_prefix('v')
        .unwrap_or(version)
        .split('.')
        .next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_version_is_the_second_word() {
        for (answer, version) in [
            ("trunk 0.21.14\n", Some("0.21.14")),
            ("wasm-bindgen 0.2.130 (abcdef012)", Some("0.2.130")),
            ("npm v11.1.0", Some("11.1.0")),
            ("trunk", None),
            ("error: unknown flag", None),
            ("", None),
        ] {
            assert_eq!(printed(answer), version, "{answer:?}");
        }
    }

    #[test]
    fn a_major_version_is_the_first_number() {
        for (version, expected) in [
            ("v20.11.1\n", Some(20)),
            ("9", Some(9)),
            ("", None),
            ("command not found", None),
        ] {
            assert_eq!(major(version), expected, "{version:?}");
        }
    }

    #[test]
    fn a_locked_version_belongs_to_the_package_of_exactly_this_name() {
        let lock = "[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.80\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(locked(lock, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(locked(lock, "wasm"), None);
        assert_eq!(
            locked("name = \"wasm-bindgen\"\nsource = \"x\"", "wasm-bindgen"),
            None
        );
    }
}

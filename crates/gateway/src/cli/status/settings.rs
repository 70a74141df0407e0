//! The address of the gateway and the token. The token is never given on the command line, where every user of the
//! computer could read it.

use super::Arguments;
use crate::config;
use axum::http::HeaderValue;
use reqwest::Url;
use std::ffi::OsString;
use std::path::Path;

const URL: &str = "FAILOVER_CONSOLE_URL";
const TOKEN: &str = "FAILOVER_CONSOLE_TOKEN";
const DEFAULT_URL: &str = "http://127.0.0.1:8080";

/// The settings of a request to the gateway.
#[derive(Debug)]
pub(super) struct Settings {
    /// The address of the inventory route.
    pub(super) route: Url,
    /// The gateway's address for messages.
    pub(super) name: String,
    /// The `Authorization` header, marked as sensitive.
    pub(super) authorization: Option<HeaderValue>,
    /// The PEM content and the name of a file with certificates to trust in place of the usual ones.
    pub(super) ca: Option<(Vec<u8>, String)>,
}

impl Settings {
    /// Reads the settings from the command line and the environment.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn new(
        arguments: &Arguments,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, String> {
        let text = |name: &str| match variable(name).filter(|value| !value.is_empty()) {
            None => Ok(None),
            Some(value) => value
                .into_string()
                .map(Some)
                .map_err(|_| format!("{name} is not a text in UTF-8")),
        };
        let (address, from) = match (&arguments.url, text(URL)?) {
            (Some(url), _) => (url.clone(), "--url"),
            (None, Some(url)) => (url, URL),
            (None, None) => (DEFAULT_URL.to_owned(), URL),
        };
        let base = base(&address).map_err(|why| format!("{from}: {why}"))?;
        let token = match &arguments.token_file {
            Some(file) => Some((read_token(file)?, file.display().to_string())),
            None => text(TOKEN)?.map(|token| (token.trim().to_owned(), TOKEN.to_owned())),
        };
        let authorization = token
            .map(|(token, from)| authorization(&token, &from, &base))
            .transpose()?;
        let ca = arguments
            .ca_file
            .as_deref()
            .map(|file| Ok::<_, String>((read(file)?, file.display().to_string())))
            .transpose()?;
        Ok(Self {
            name: base.as_str().trim_end_matches('/').to_owned(),
            route: route(base),
            authorization,
            ca,
        })
    }
}

fn base(address: &str) -> Result<Url, String> {
    let url = Url::parse(address)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or("not an http or https address such as https://console.example")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("an address must hold no user name and no password".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("an address must not have a part after ? or #".to_owned());
    }
    Ok(url)
}

fn route(mut base: Url) -> Url {
    let path = format!("{}/api/inventory", base.path().trim_end_matches('/'));
    base.set_path(&path);
    base
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(file).map_err(|error| format!("{}: cannot be read: {error}", file.display()))
}

fn read_token(file: &Path) -> Result<String, String> {
    String::from_utf8(read(file)?)
        .map(|text| text.trim().to_owned())
        .map_err(|_| format!("{}: not a text in UTF-8", file.display()))
}

fn authorization(token: &str, from: &str, base: &Url) -> Result<HeaderValue, String> {
    if token.is_empty() {
        return Err(format!("{from}: holds no token"));
    }
    if base.scheme() == "http" && !config::is_loopback(base) {
        return Err(format!(
            "{from}: a token is sent over http only to this computer: use https"
        ));
    }
    let mut value = HeaderValue::try_from(format!("Bearer {token}"))
        .map_err(|_| format!("{from}: holds a character that is not allowed in a token"))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(url: Option<&str>, variables: &[(&str, &str)]) -> Result<Settings, String> {
        let arguments = Arguments {
            url: url.map(str::to_owned),
            ..Arguments::default()
        };
        Settings::new(&arguments, |name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.into())
        })
    }

    #[test]
    fn the_address_is_read_from_the_command_line_before_the_environment() {
        for (url, variables, route) in [
            (None, &[] as &[_], "http://127.0.0.1:8080/api/inventory"),
            (None, &[(URL, "")], "http://127.0.0.1:8080/api/inventory"),
            (
                None,
                &[(URL, "https://a.example/")],
                "https://a.example/api/inventory",
            ),
            (
                Some("https://b.example/console/"),
                &[(URL, "https://a.example")],
                "https://b.example/console/api/inventory",
            ),
            (
                Some("http://[::1]:9000"),
                &[],
                "http://[::1]:9000/api/inventory",
            ),
        ] {
            assert_eq!(with(url, variables).unwrap().route.as_str(), route);
        }
        for (bad, why) in [
            ("console.example", "not an http or https address"),
            ("ftp://console.example", "not an http or https address"),
            ("https://ann:hunter2@x.example", "no user name"),
            ("https://x.example?token=hunter2", "after ? or #"),
        ] {
            let error = with(Some(bad), &[]).unwrap_err();
            assert!(
                error.contains(why) && error.starts_with("--url: "),
                "{error}"
            );
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_token_is_sent_encrypted_or_to_this_computer_and_never_printed() {
        let sent = |url: &str, token: &str| with(Some(url), &[(TOKEN, token)]);
        for url in [
            "https://a.example",
            "http://127.0.0.1:1",
            "http://localhost",
        ] {
            let settings = sent(url, "hunter2\n").unwrap();
            let value = settings.authorization.as_ref().unwrap();
            assert_eq!(value.as_bytes(), b"Bearer hunter2");
            assert!(!format!("{settings:?}").contains("hunter2"));
        }
        assert!(
            sent("http://a.example", "")
                .unwrap()
                .authorization
                .is_none()
        );
        for (url, token, why) in [
            ("http://a.example", "hunter2", "use https"),
            ("https://a.example", " ", "holds no token"),
            ("https://a.example", "hunter2\nx", "not allowed in a token"),
        ] {
            let error = sent(url, token).unwrap_err();
            assert!(error.contains(why) && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn the_token_is_read_from_the_file_before_the_environment() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        let with_file = |content: Option<&[u8]>| {
            match content {
                Some(content) => std::fs::write(&file, content).unwrap(),
                None => std::fs::remove_file(&file).unwrap(),
            }
            let arguments = Arguments {
                token_file: Some(file.clone()),
                ..Arguments::default()
            };
            Settings::new(&arguments, |name| (name == TOKEN).then(|| "other".into()))
        };
        let settings = with_file(Some(b"from-file\n")).unwrap();
        assert_eq!(
            settings.authorization.unwrap().as_bytes(),
            b"Bearer from-file"
        );
        for (content, why) in [
            (Some(&b"\n"[..]), "holds no token"),
            (Some(&b"\xff"[..]), "not a text"),
            (None, "cannot be read"),
        ] {
            assert!(with_file(content).unwrap_err().contains(why), "{why}");
        }
    }
}

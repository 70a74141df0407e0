//! `[openid]`: the OpenID Connect provider where users sign in, and the claims that make a user an admin or a
//! viewer. Sends nothing to the provider.

use super::section::{Located, Section};
use super::{Environment, Outbound, connection, secret, url};
use reqwest::Url;
use secrecy::SecretString;

/// The default scopes besides `openid`.
const DEFAULT_SCOPES: [&str; 2] = ["profile", "email"];

/// A provider, and how its claims map to roles.
#[derive(Debug)]
pub(crate) struct OpenId {
    /// The provider's issuer identifier, exactly as in its tokens.
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: SecretString,
    /// The scopes to request besides `openid`.
    pub(crate) scopes: Vec<String>,
    /// The claim with the roles: a name, or a path of names separated by dots.
    pub(crate) roles_claim: String,
    /// The claim with the user's name. By default `preferred_username`, `email` or the subject.
    pub(crate) name_claim: Option<String>,
    /// The values of the roles claim that make an admin.
    pub(crate) admins: Vec<String>,
    /// The values of the roles claim that make a viewer.
    pub(crate) viewers: Vec<String>,
    /// Certificates (PEM) that are trusted for the provider in addition to the computer's.
    pub(crate) ca: Option<Vec<u8>>,
    pub(crate) outbound: Outbound,
    /// The provider's name on the sign-in button.
    pub(crate) title: String,
}

pub(super) fn read(
    top: &Section<'_>,
    environment: &Environment<'_>,
    outbound: &Outbound,
) -> Option<OpenId> {
    let section = top.table("openid")?;
    let url = url::required(&section, "issuer");
    let issuer = url.as_ref().and_then(|_| section.text("issuer"));
    if let (Some(url), Some(issuer)) = (&url, issuer)
        && let Err(why) = check_issuer(url, issuer.value)
    {
        section.wrong(issuer.at, "issuer", why);
    }
    let host = url.as_ref().and_then(|url| url.host_str());
    let client_id = section.required("client_id");
    let client_secret = secret::read(&section, "client_secret", environment);
    let scopes = scopes(&section);
    let roles_claim = section.required("roles_claim");
    let name_claim = section.text("name_claim");
    for (key, claim) in [("roles_claim", roles_claim), ("name_claim", name_claim)] {
        if let Some(claim) = claim
            && claim.value.split('.').any(str::is_empty)
        {
            section.wrong(claim.at, key, "must be names separated by single dots");
        }
    }
    let values = |key| section.filled_texts(key, "leave it out instead");
    let (admins, viewers) = (values("admins"), values("viewers"));
    check_roles(&section, &admins, &viewers);
    let ca = connection::ca(&section, environment);
    let outbound = outbound.of(&section, environment);
    let title = section.text("title").map(|title| title.value).or(host);
    let read = || {
        Some(OpenId {
            issuer: issuer?.value.to_owned(),
            client_id: client_id?.value.to_owned(),
            client_secret: client_secret?,
            scopes,
            roles_claim: roles_claim?.value.to_owned(),
            name_claim: name_claim.map(|claim| claim.value.to_owned()),
            admins: owned(&admins),
            viewers: owned(&viewers),
            ca,
            outbound,
            title: title?.to_owned(),
        })
    };
    let read = read();
    section.finish();
    read
}

/// Rejects addresses that cannot be an issuer, but are in the instructions of providers.
fn check_issuer(url: &Url, text: &str) -> Result<(), &'static str> {
    let shared = ["common", "organizations", "consumers"];
    let is_microsoft = url.host_str() == Some("login.microsoftonline.com");
    let mut segments = url.path_segments().into_iter().flatten();
    if url.path().contains("/.well-known/") {
        Err("must end before /.well-known/, which the gateway appends itself")
    } else if text.contains(['<', '>', '{', '}']) {
        Err("holds a placeholder: put your own value in its place")
    } else if is_microsoft && segments.any(|segment| shared.contains(&segment)) {
        Err("must hold the tenant's id: tokens never name a shared address as their issuer")
    } else {
        Ok(())
    }
}

fn owned(texts: &[Located<&str>]) -> Vec<String> {
    texts.iter().map(|text| text.value.to_owned()).collect()
}

/// Checks that at least one role has values and that no value gives both roles.
fn check_roles(section: &Section<'_>, admins: &[Located<&str>], viewers: &[Located<&str>]) {
    if section.key("admins").is_none() && section.key("viewers").is_none() {
        section.fault(
            section.start(),
            "neither `admins` nor `viewers` is given: nobody who signs in with the provider would have a role",
        );
    }
    for viewer in viewers {
        if admins.iter().any(|admin| admin.value == viewer.value) {
            let why = format!("{:?} is also one of the `admins`", viewer.value);
            section.wrong(viewer.at, "viewers", &why);
        }
    }
}

/// Reads the scopes. RFC 6749, section 3.3, defines the characters of a scope.
fn scopes(section: &Section<'_>) -> Vec<String> {
    if section.key("scopes").is_none() {
        return DEFAULT_SCOPES.map(str::to_owned).to_vec();
    }
    let mut scopes = Vec::new();
    for scope in section.texts("scopes") {
        let fits = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
        if scope.value.is_empty() || !scope.value.bytes().all(fits) {
            let why = format!(
                "{:?} is not one scope: give a list of words without spaces",
                scope.value
            );
            section.wrong(scope.at, "scopes", &why);
        } else if scope.value != "openid" {
            // `openid` is always requested.
            scopes.push(scope.value.to_owned());
        }
    }
    scopes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::config::tests::{CONNECTION, read_with};
    use secrecy::ExposeSecret as _;
    use std::path::Path;

    const FULL: &str = r#"public_url = "https://console.example"

[openid]
issuer = "https://id.example/realms/plant"
client_id = "failover-console"
client_secret_env = "SECRET"
scopes = ["openid", "profile", "groups"]
roles_claim = "realm_access.roles"
name_claim = "name"
admins = ["console-admin"]
viewers = ["console-viewer", "everybody"]
title = "Plant account"
"#;

    fn read(text: &str) -> Result<Config, Vec<String>> {
        let variable = |name: &str| (name == "SECRET").then(|| "hunter2".to_owned());
        let text = format!("{text}{CONNECTION}");
        read_with(&text, Path::new("/nowhere"), &variable)
    }

    #[test]
    fn a_provider_is_read_without_showing_its_secret() {
        let config = read(FULL).unwrap();
        let shown = format!("{config:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(config.has_sign_in() && config.users.is_empty());
        assert!(config.may_listen_on(([0, 0, 0, 0], 443).into()).is_ok());
        let openid = config.openid.unwrap();
        assert_eq!(
            openid.issuer, "https://id.example/realms/plant",
            "unchanged"
        );
        assert_eq!(openid.client_secret.expose_secret(), "hunter2");
        assert_eq!(openid.scopes, ["profile", "groups"]);
        assert_eq!(openid.viewers, ["console-viewer", "everybody"]);
        assert_eq!(openid.title, "Plant account");
    }

    #[test]
    fn missing_settings_have_defaults() {
        let mut minimal = FULL.to_owned();
        for line in ["scopes", "name_claim", "viewers", "title = \"Plant"] {
            let at = minimal.find(&format!("\n{line}")).unwrap();
            let end = at + 1 + minimal[at + 1..].find('\n').unwrap();
            minimal.replace_range(at..end, "");
        }
        let openid = read(&minimal).unwrap().openid.unwrap();
        assert_eq!(openid.scopes, DEFAULT_SCOPES);
        assert_eq!((openid.name_claim, openid.viewers.len()), (None, 0));
        assert_eq!(openid.title, "id.example");
        assert!(openid.ca.is_none());
    }

    #[test]
    fn each_fault_is_reported_with_its_position() {
        let cases: &[(&str, &str, &[&str])] = &[
            (
                "https://id.example/realms/plant",
                "http://id.example",
                &[
                    "4:10: openid: issuer: \"http://id.example\" is not encrypted: credentials go over http to this \
                     computer only, so use https",
                ],
            ),
            (
                "https://id.example/realms/plant",
                "https://id.example/?x",
                &[
                    "4:10: openid: issuer: \"https://id.example/…\" must not have a part after ? or #",
                ],
            ),
            (
                "https://id.example/realms/plant",
                "https://id.example/realms/plant/.well-known/openid-configuration",
                &[
                    "4:10: openid: issuer: must end before /.well-known/, which the gateway appends itself",
                ],
            ),
            (
                "https://id.example/realms/plant",
                "https://login.microsoftonline.com/<tenant id>/v2.0",
                &["4:10: openid: issuer: holds a placeholder: put your own value in its place"],
            ),
            (
                "https://id.example/realms/plant",
                "https://login.microsoftonline.com/common/v2.0",
                &[
                    "4:10: openid: issuer: must hold the tenant's id: tokens never name a shared address as their issuer",
                ],
            ),
            (
                "realm_access.roles",
                "realm_access..roles",
                &["8:15: openid: roles_claim: must be names separated by single dots"],
            ),
            (
                "issuer = \"https://id.example/realms/plant\"\n",
                "",
                &["3:1: openid: `issuer` is missing"],
            ),
            (
                "client_id = \"failover-console\"",
                "client_id = \"\"",
                &["5:13: openid: client_id: must not be empty"],
            ),
            (
                "client_secret_env = \"SECRET\"",
                "client_secret = \"hunter2\"",
                &[
                    "6:1: openid: client_secret: a secret must not be in this file: put it into an environment \
                     variable and name that with `client_secret_env`, or into a file of its own and name that with \
                     `client_secret_file`",
                ],
            ),
            (
                "client_secret_env = \"SECRET\"\n",
                "",
                &["3:1: openid: `client_secret_env` or `client_secret_file` is missing"],
            ),
            (
                "\"profile\"",
                "\"profile email\"",
                &[
                    "7:21: openid: scopes: \"profile email\" is not one scope: give a list of words without spaces",
                ],
            ),
            (
                "[\"openid\", \"profile\", \"groups\"]",
                "\"profile\"",
                &["7:10: openid: scopes: must be a list of texts: [\"…\"], not a string"],
            ),
            (
                "roles_claim",
                "role_claim",
                &[
                    "3:1: openid: `roles_claim` is missing",
                    "8:1: openid: unknown key `role_claim`; did you mean `roles_claim`?",
                ],
            ),
            (
                "\"realm_access.roles\"",
                "[\"realm_access\", \"roles\"]",
                &["8:15: openid: roles_claim: must be a text in quotes, not an array"],
            ),
            (
                "[\"console-admin\"]",
                "\"console-admin\"",
                &["10:10: openid: admins: must be a list of texts: [\"…\"], not a string"],
            ),
            (
                "[\"console-admin\"]",
                "[]",
                &["10:1: openid: admins: must not be empty: leave it out instead"],
            ),
            (
                "[\"console-admin\"]",
                "[\" \"]",
                &["10:11: openid: admins: must not hold an empty text"],
            ),
            (
                "\"everybody\"",
                "\"console-admin\"",
                &["11:30: openid: viewers: \"console-admin\" is also one of the `admins`"],
            ),
            (
                "admins = [\"console-admin\"]\nviewers = [\"console-viewer\", \"everybody\"]\n",
                "",
                &[
                    "3:1: openid: neither `admins` nor `viewers` is given: nobody who signs in with the provider would \
                     have a role",
                ],
            ),
            (
                "[openid]",
                "[openid]\nca_file = 7",
                &["4:11: openid: ca_file: must be a text in quotes, not an integer"],
            ),
            (
                "[openid]",
                "[[openid]]",
                &["3:1: openid: must be written as [openid], not an array"],
            ),
            (
                "[openid]",
                "[opnid]",
                &[
                    "1:1: `public_url` is given, but there is no [[user]] who could sign in, and no [openid]: everybody whom \
                 the proxy lets through would be an admin",
                    "3:2: unknown key `opnid`; did you mean `openid`?",
                ],
            ),
        ];
        for (what, by, expected) in cases {
            assert!(FULL.contains(what), "{what}");
            let found = read(&FULL.replacen(what, by, 1)).expect_err(by);
            assert_eq!(found, *expected, "{by}");
            assert!(!found.concat().contains("hunter2"));
        }
        let open = format!("listen = \"0.0.0.0:443\"\n{FULL}").replace("client_id", "client");
        let found = read(&open).unwrap_err();
        assert!(
            found.iter().all(|fault| fault.contains("openid: ")),
            "a faulty [openid] causes no other fault: {found:?}"
        );
    }
}

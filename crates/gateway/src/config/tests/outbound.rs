//! Tests of proxies and certificate authorities, from the environment and from the file.

use super::*;
use std::path::Path;

/// Reads the file with these environment variables.
fn with_variables(text: &str, variables: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let variable = |name: &str| {
        let found = variables.iter().find(|(other, _)| *other == name);
        found
            .map(|(_, value)| (*value).to_owned())
            .or_else(|| (name == "SECRET").then(|| "hunter2".to_owned()))
    };
    read_in(text, Path::new("/nowhere"), &variable)
        .map_err(|list| list.iter().map(|fault| fault.text.clone()).collect())
}

fn connection(more: &str) -> String {
    format!("{CONNECTION}{more}\n")
}

/// The proxy for https with its credentials, and the exceptions.
fn proxy(config: &Config) -> Option<(String, String)> {
    let proxy = config.connections[0].outbound.proxy.as_ref()?;
    let server = proxy.https.as_ref()?;
    let account = server
        .credentials
        .as_ref()
        .map(|(name, password)| format!(" {name}:{}", password.expose_secret()));
    Some((
        format!("{server}{}", account.unwrap_or_default()),
        proxy.except.clone(),
    ))
}

#[test]
fn a_connections_own_proxy_overrides_the_environments() {
    let environment: &[(&str, &str)] = &[
        ("HTTPS_PROXY", "http://ann:hunter3@corp.example:3128"),
        ("NO_PROXY", "*.plant.example"),
    ];
    let lower: &[(&str, &str)] = &[("https_proxy", "corp.example:3128"), ("HTTPS_PROXY", " ")];
    let own = "proxy = \"http://own.example:8080\"";
    let account = format!("{own}\nproxy_username = \"svc\"\nproxy_password_env = \"SECRET\"");
    for (variables, more, expected) in [
        (&[][..], "", None),
        (
            environment,
            "",
            Some(("http://corp.example:3128 ann:hunter3", "plant.example")),
        ),
        (&lower[..1], "", Some(("http://corp.example:3128", ""))),
        (environment, own, Some(("http://own.example:8080", ""))),
        (environment, "proxy = \"none\"", None),
        (
            &[],
            &account,
            Some(("http://own.example:8080 svc:hunter2", "")),
        ),
    ] {
        let config = with_variables(&connection(more), variables).unwrap();
        assert!(!format!("{config:?}").contains("hunter"));
        let found = proxy(&config);
        let found = found
            .as_ref()
            .map(|(server, except)| (server.as_str(), except.as_str()));
        assert_eq!(found, expected, "{more}");
    }
}

#[test]
fn faults_of_a_proxy_are_reported_without_its_password() {
    let name = "connection \"live\": ";
    let address = "is not the address of a proxy such as http://proxy.example:3128";
    let none = "belongs to a proxy, and `proxy` is \"none\": leave it out, or name the proxy";
    for (variables, more, expected) in [
        (
            &[("HTTPS_PROXY", "socks5://a:hunter3@x:1")][..],
            "",
            format!("the environment variable HTTPS_PROXY {address}"),
        ),
        (
            &[],
            "proxy = \"socks5://x:1080\"",
            format!("{name}proxy: this {address}"),
        ),
        (
            &[],
            "proxy = \"http://a:hunter3@x\"",
            format!(
                "{name}proxy: must hold no user name and no password: they belong in `proxy_username` and \
                 `proxy_password_env` or `proxy_password_file`"
            ),
        ),
        (
            &[],
            "proxy = \"http://x\"\nproxy_username = \"a\"",
            format!("{name}`proxy_password_env` or `proxy_password_file` is missing"),
        ),
        (
            &[],
            "proxy = \"http://x\"\nproxy_password_env = \"SECRET\"",
            format!("{name}`proxy_username` is missing"),
        ),
        (
            &[],
            "proxy_username = \"a\"\nproxy_password_env = \"SECRET\"",
            format!("{name}`proxy` is missing: `proxy_username` belongs to it"),
        ),
        (
            &[],
            "proxy = \"None\"\nproxy_username = \"a\"",
            format!("{name}`proxy_username` {none}"),
        ),
        (
            &[],
            "proxy = \"none\"\nproxy_password_env = \"SECRET\"",
            format!("{name}`proxy_password_env` {none}"),
        ),
    ] {
        let faults = with_variables(&connection(more), variables).unwrap_err();
        assert!(!faults.concat().contains("hunter"));
        assert_eq!(faults, [expected], "{more}");
    }
}

#[test]
fn trusted_roots_are_the_systems_or_the_bundled_ones() {
    for (line, expected) in [
        ("", Roots::System),
        ("trusted_roots = \"system\"\n", Roots::System),
        ("trusted_roots = \"bundled\"\n", Roots::Bundled),
    ] {
        let config = with_variables(&format!("{line}{}", connection("")), &[]).unwrap();
        assert_eq!(config.connections[0].outbound.roots, expected);
    }
    let faults = with_variables(&format!("trusted_roots = \"all\"\n{}", connection("")), &[]);
    assert_eq!(
        faults.unwrap_err(),
        ["trusted_roots: \"all\" is not one of \"system\", \"bundled\""]
    );
}

//! `[[alert_target]]`: a webhook or a mail server that receives alerts.

use super::alert_rules::{AlertRule, id};
use super::alerts::{
    AlertTarget, DeliveryMethod, Mail, MailEncryption, Shape, TargetKind, Webhook,
};
use super::connection::ca;
use super::section::Section;
use super::url::{is_loopback, is_loopback_host};
use super::{Environment, secret, url};
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};

const ENCRYPTIONS: [(&str, MailEncryption); 3] = [
    ("tls", MailEncryption::Tls),
    ("starttls", MailEncryption::StartTls),
    ("none", MailEncryption::None),
];

/// The keys of all kinds, except `id` and `kind`.
const KEYS: [&str; 15] = [
    "url",
    "url_env",
    "url_file",
    "secret",
    "secret_env",
    "secret_file",
    "ca_file",
    "server",
    "encryption",
    "user",
    "password",
    "password_env",
    "password_file",
    "from",
    "to",
];

pub(super) fn all(top: &Section<'_>, environment: &Environment<'_>) -> Vec<AlertTarget> {
    let mut ids = Vec::new();
    top.tables("alert_target", "id")
        .into_iter()
        .filter_map(|section| target(section, &mut ids, environment))
        .collect()
}

/// Warns of each target that no rule names.
pub(super) fn warn_of_unused(top: &Section<'_>, rules: &[AlertRule]) {
    let named = rules.iter().flat_map(|rule| &rule.targets);
    for section in top.tables("alert_target", "id") {
        if let Some(id) = section.text("id")
            && !named.clone().any(|target| target == id.value)
        {
            let why = "no [[alert]] names this target, so it never receives anything";
            section.warn(id.at, "id", why);
        }
    }
}

fn target(
    section: Section<'_>,
    ids: &mut Vec<String>,
    environment: &Environment<'_>,
) -> Option<AlertTarget> {
    let id = id(&section, ids);
    let kinds = TargetKind::ALL.map(|kind| (kind.name(), kind));
    let method = match section.required_one_of("kind", &kinds) {
        Some(TargetKind::Webhook(shape)) => {
            webhook(&section, shape, environment).map(DeliveryMethod::Webhook)
        }
        Some(TargetKind::Mail) => {
            mail(&section, environment).map(|mail| DeliveryMethod::Mail(Box::new(mail)))
        }
        None => {
            // Without a valid kind, the keys of every kind may belong here.
            section.allow(&KEYS);
            None
        }
    };
    section.finish();
    Some(AlertTarget {
        id: id?,
        method: method?,
    })
}

/// The address of a Slack or Teams webhook is a secret, because everybody who knows it can post.
fn webhook(section: &Section<'_>, shape: Shape, environment: &Environment<'_>) -> Option<Webhook> {
    let url = if shape == Shape::Own && section.key("url").is_some() {
        for other in ["url_env", "url_file"] {
            if let Some(at) = section.key(other) {
                section.fault(at, &format!("give either `url` or `{other}`, not both"));
            }
        }
        let url = url::required(section, "url");
        url.map(|url| SecretString::from(url.to_string()))
    } else if shape == Shape::Own && section.key("url_env").or(section.key("url_file")).is_none() {
        section.fault(section.start(), "`url`, `url_env` or `url_file` is missing");
        None
    } else {
        let url = secret::read(section, "url", environment);
        url.filter(|url| {
            let fits = check(url.expose_secret());
            if let Err(why) = fits {
                section.fault(section.start(), why);
            }
            fits.is_ok()
        })
    };
    let secret = (shape == Shape::Own)
        .then(|| secret::optional(section, "secret", environment))
        .flatten();
    let ca = ca(section, environment);
    Some(Webhook {
        url: url?,
        secret,
        shape,
        ca,
    })
}

/// Checks a webhook's address. The error must not contain the address, which may be a secret.
fn check(text: &str) -> Result<(), &'static str> {
    let url: Url = text
        .parse()
        .map_err(|_| "the address of the webhook is not a URL")?;
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(&url) => Ok(()),
        _ => Err("the address of the webhook has to begin with https://"),
    }
}

fn mail(section: &Section<'_>, environment: &Environment<'_>) -> Option<Mail> {
    let server = section.required("server");
    let encryption = section.required_one_of("encryption", &ENCRYPTIONS);
    let address = server.and_then(|text| {
        let default_port = match encryption? {
            MailEncryption::Tls => 465,
            MailEncryption::StartTls => 587,
            MailEncryption::None => 25,
        };
        let read = host_and_port(text.value, default_port)
            .filter(|(host, _)| (environment.checks.mail_server)(host).is_ok());
        match &read {
            None => section.wrong(
                text.at,
                "server",
                "must be a name, or a name and a port: \"smtp.example:587\"",
            ),
            Some((host, _))
                if encryption == Some(MailEncryption::None) && !is_loopback_host(host) =>
            {
                section.wrong(
                    text.at,
                    "server",
                    "without encryption, only a server on this computer is allowed",
                );
            }
            Some(_) => {}
        }
        read
    });
    let user = section.text("user");
    let password = match user {
        Some(_) => secret::read(section, "password", environment),
        None => {
            if secret::optional(section, "password", environment).is_some() {
                section.fault(section.start(), "there is a password, but no `user`");
            }
            None
        }
    };
    let mailbox = |text: &str| (environment.checks.mailbox)(text).is_ok();
    let from = section.required("from");
    if let Some(from) = from.filter(|from| !mailbox(from.value)) {
        section.wrong(
            from.at,
            "from",
            "must be an address such as \"console@example.com\"",
        );
    }
    section.need("to");
    if section.is_empty_list("to") {
        section.fault(section.start(), "`to` is empty: nobody would be notified");
    }
    let to = section.texts("to");
    for one in to.iter().filter(|one| !mailbox(one.value)) {
        section.wrong(
            one.at,
            "to",
            "must hold addresses such as \"ops@example.com\"",
        );
    }
    let ca = ca(section, environment);
    let (server, port) = address?;
    Some(Mail {
        server,
        port,
        encryption: encryption?,
        sign_in: user.map(|user| user.value.to_owned()).zip(password),
        from: from?.value.to_owned(),
        to: to.into_iter().map(|one| one.value.to_owned()).collect(),
        ca,
    })
}

fn host_and_port(text: &str, default_port: u16) -> Option<(String, u16)> {
    let address = format!("smtp://{text}");
    let url: Url = address.parse().ok()?;
    let plain = url.username().is_empty()
        && url.password().is_none()
        && matches!(url.path(), "" | "/")
        && url.query().is_none();
    let host = url.host_str().filter(|host| plain && !host.is_empty())?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = url.port().unwrap_or(default_port);
    (port != 0).then(|| (host.to_owned(), port))
}

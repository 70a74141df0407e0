//! `unlock`: creates a link with which a user can sign in although the name is locked after failed sign-ins of others.
//! Requires read access to the key of the gateways; no gateway needs to run.

use super::{Failure, load, print_line};
use crate::auth::{UNLOCK_LIFETIME, unlock_code};
use crate::clock::wall_clock;
use crate::config::Config;
use crate::crypto::Seal;
use crate::identity::name_key;
use std::path::Path;

/// Prints the link.
pub(super) fn run(file: &Path, name: &str) -> Result<(), Failure> {
    let config = load(file)?;
    let link = link(&config, name).map_err(Failure::Usage)?;
    print_line(format_args!(
        "Open this in the browser of {name:?} within {} min, press Unlock, and sign in with the password:",
        UNLOCK_LIFETIME / 60
    ));
    print_line(link);
    Ok(())
}

fn link(config: &Config, name: &str) -> Result<String, String> {
    let is_known = |user: &crate::identity::User| name_key(&user.name) == name_key(name);
    if !config.users.iter().any(is_known) {
        return Err(format!("there is no [[user]] called {name:?}"));
    }
    let Some(key) = &config.session.key else {
        return Err(
            "[session] has no key, so that names can be unlocked only by a restart of the gateway, which signs everybody \
             out"
                .to_owned(),
        );
    };
    let code = unlock_code(&Seal::shared(key), name, wall_clock()())
        .ok_or("the operating system provides no random numbers")?;
    let origin = config.public_origin.clone().unwrap_or_else(|| {
        let scheme = if config.tls.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{}", config.listen)
    });
    Ok(format!(
        "{origin}{}/api/unlock?code={code}",
        config.base_path
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::CHECKS;

    #[test]
    fn a_link_is_created_for_known_users_of_gateways_with_a_key() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("c.toml");
        std::fs::write(folder.path().join("key"), "k".repeat(40)).unwrap();
        let hash = crate::crypto::password_hash::hash(&"correct horse".into()).unwrap();
        let create = |session: &str, name: &str| {
            let text = format!(
                "{session}[[user]]\nname = \"Ann\"\nrole = \"admin\"\npassword_hash = \"{hash}\"\n\
                 [[connection]]\nid = \"one\"\ntitle = \"T\"\nsystem = \"uplynk\"\n\
                 base_url = \"https://x.example\"\n\
                 credentials = {{ kind = \"integration-key\", owner = \"o\", api_key_file = \"key\" }}\n"
            );
            std::fs::write(&file, text).unwrap();
            link(&Config::load(&file, CHECKS).unwrap(), name)
        };
        let key =
            "public_url = \"https://console.example/tools\"\nsession = { key_file = \"key\" }\n";
        let link = create(key, "ann ").unwrap();
        let start = "https://console.example/tools/api/unlock?code=";
        assert!(link.starts_with(start), "{link}");
        assert!(
            create(key, "vic")
                .unwrap_err()
                .contains("no [[user]] called \"vic\"")
        );
        assert!(create("", "ann").unwrap_err().contains("a restart"));
    }
}

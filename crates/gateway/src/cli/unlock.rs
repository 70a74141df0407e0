//! `unlock`: makes an address that lets a user sign in although guesses of others have locked the name. Whoever
//! can read the key of the gateways may do this; no gateway has to be asked.

use super::{Failure, load, say};
use crate::auth::{UNLOCK, unlock_code};
use crate::clock::wall_clock;
use crate::config::Config;
use crate::crypto::Seal;
use crate::identity::name_key;
use std::path::Path;

/// Prints the address.
pub(super) fn run(file: &Path, name: &str) -> Result<(), Failure> {
    let config = load(file)?;
    let address = address(&config, name).map_err(Failure::Usage)?;
    say(format_args!(
        "Open this in the browser of {name:?} within {} min, press Unlock, and sign in with the password:",
        UNLOCK / 60
    ));
    say(address);
    Ok(())
}

fn address(config: &Config, name: &str) -> Result<String, String> {
    let is_known = |user: &crate::identity::User| name_key(&user.name) == name_key(name);
    if !config.users.iter().any(is_known) {
        return Err(format!("there is no [[user]] called {name:?}"));
    }
    let Some(key) = &config.session.key else {
        return Err(
            "[session] has no key, so that only a restart of the gateway unlocks names; it signs everybody out"
                .to_owned(),
        );
    };
    let code = unlock_code(&Seal::shared(key), name, wall_clock()())
        .ok_or("the system gives no random numbers")?;
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
    fn an_address_is_made_for_users_of_gateways_with_a_key() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("c.toml");
        std::fs::write(folder.path().join("key"), "k".repeat(40)).unwrap();
        let hash = crate::crypto::password_hash::hash(&"correct horse".into()).unwrap();
        let made = |session: &str, name: &str| {
            let text = format!(
                "{session}[[user]]\nname = \"Ann\"\nrole = \"admin\"\npassword_hash = \"{hash}\"\n\
                 [[connection]]\nid = \"one\"\ntitle = \"T\"\nsystem = \"uplynk\"\n\
                 base_url = \"https://x.example\"\n\
                 credentials = {{ kind = \"integration-key\", owner = \"o\", api_key_file = \"key\" }}\n"
            );
            std::fs::write(&file, text).unwrap();
            address(&Config::load(&file, CHECKS).unwrap(), name)
        };
        let key =
            "public_url = \"https://console.example/tools\"\nsession = { key_file = \"key\" }\n";
        let address = made(key, "ann ").unwrap();
        let start = "https://console.example/tools/api/unlock?code=";
        assert!(address.starts_with(start), "{address}");
        assert!(
            made(key, "vic")
                .unwrap_err()
                .contains("no [[user]] called \"vic\"")
        );
        assert!(made("", "ann").unwrap_err().contains("a restart"));
    }
}

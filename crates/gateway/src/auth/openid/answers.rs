//! Reduces a provider's responses to the fields that are used. The other fields are removed before the `openidconnect`
//! crate parses the response, because their types differ between providers, and an unused field must not fail a
//! sign-in.

use serde_json::{Map, Value, json};

/// The field that passes the ID token through unparsed. The crate would parse the token in its usual field.
pub(super) const RAW_ID_TOKEN: &str = "raw_id_token";

/// The fields of the metadata that are used.
const METADATA: [&str; 4] = [
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
];
const METHODS: &str = "token_endpoint_auth_methods_supported";

/// The fields of a key that are used.
const KEY: [&str; 9] = ["kty", "use", "kid", "alg", "n", "e", "crv", "x", "y"];

/// A response that was reduced to the used fields.
pub(super) struct ReducedAnswer {
    pub(super) body: Vec<u8>,
    /// Whether it is a refusal, whatever its status.
    pub(super) refuses: bool,
}

/// Reduces a response with a token, metadata or keys; `None` if it is not a JSON object.
pub(super) fn reduced(is_token: bool, body: &[u8]) -> Option<ReducedAnswer> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let answer: Map<String, Value> = serde_json::from_slice(body).ok()?;
    let error = answer.get("error").filter(|error| error.is_string());
    let value = match (is_token, error) {
        (true, Some(error)) => json!({ "error": error }),
        (true, None) => token(&answer),
        (false, _) => match answer.get("keys") {
            Some(Value::Array(keys)) => json!({ "keys": keys.iter().map(key).collect::<Vec<_>>() }),
            _ => metadata(&answer),
        },
    };
    Some(ReducedAnswer {
        body: value.to_string().into_bytes(),
        refuses: is_token && error.is_some(),
    })
}

/// The access token is not used and therefore removed.
fn token(answer: &Map<String, Value>) -> Value {
    json!({
        "access_token": "-",
        "token_type": "bearer",
        RAW_ID_TOKEN: answer.get("id_token").filter(|token| token.is_string()),
    })
}

/// The last three fields are required by the crate, but not used.
fn metadata(answer: &Map<String, Value>) -> Value {
    let mut read = texts(answer, &METADATA);
    let methods = match answer.get(METHODS) {
        Some(Value::Array(methods)) => methods.iter().filter(|one| one.is_string()).collect(),
        Some(method @ Value::String(_)) => vec![method],
        _ => Vec::new(),
    };
    if !methods.is_empty() {
        read.insert(METHODS.to_owned(), json!(methods));
    }
    for (name, value) in [
        ("response_types_supported", "code"),
        ("subject_types_supported", "public"),
        ("id_token_signing_alg_values_supported", "RS256"),
    ] {
        read.insert(name.to_owned(), json!([value]));
    }
    Value::Object(read)
}

fn key(key: &Value) -> Value {
    key.as_object()
        .map_or(Value::Null, |key| Value::Object(texts(key, &KEY)))
}

/// The fields with these names that are texts. Numbers are converted to texts.
fn texts(of: &Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    let text = |name: &&str| match of.get(*name)? {
        Value::String(text) => Some(((*name).to_owned(), json!(text))),
        Value::Number(number) => Some(((*name).to_owned(), json!(number.to_string()))),
        _ => None,
    };
    names.iter().filter_map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(is_token: bool, answer: &Value) -> (Value, bool) {
        let reduced = reduced(is_token, answer.to_string().as_bytes()).unwrap();
        (
            serde_json::from_slice(&reduced.body).unwrap(),
            reduced.refuses,
        )
    }

    #[test]
    fn a_token_response_is_reduced_to_its_id_token_or_its_error() {
        for (answer, token) in [
            (json!({"id_token": "t"}), json!("t")),
            (
                json!({"id_token": "t", "access_token": "a", "expires_in": "soon", "scope": ["a"]}),
                json!("t"),
            ),
            (json!({"id_token": 7, "token_type": null}), Value::Null),
            (json!({"error": null, "id_token": "t"}), json!("t")),
            (json!({}), Value::Null),
        ] {
            let (found, refuses) = read(true, &answer);
            assert_eq!(
                (&found["raw_id_token"], refuses),
                (&token, false),
                "{answer}"
            );
            assert_eq!(found["access_token"], "-");
        }
        let refused = json!({"error": "invalid_grant", "error_description": ["x"], "error_uri": 7});
        assert_eq!(
            read(true, &refused),
            (json!({"error": "invalid_grant"}), true)
        );
        for none in ["", "[]", "null", "<html>"] {
            assert!(reduced(true, none.as_bytes()).is_none(), "{none}");
        }
    }

    #[test]
    fn metadata_and_keys_are_reduced_to_the_used_fields() {
        let odd = json!({"issuer": "i", "jwks_uri": null, "acr_values_supported": [1], METHODS: "client_secret_post"});
        let (found, _) = read(false, &odd);
        assert_eq!(found["issuer"], "i");
        assert_eq!(found[METHODS], json!(["client_secret_post"]));
        assert!(found.get("jwks_uri").is_none() && found.get("acr_values_supported").is_none());
        let methods = json!({ METHODS: [null, "client_secret_basic", 7] });
        assert_eq!(
            read(false, &methods).0[METHODS],
            json!(["client_secret_basic"])
        );
        for none in [json!(null), json!([]), json!([7]), json!({})] {
            assert!(
                read(false, &json!({ METHODS: none }))
                    .0
                    .get(METHODS)
                    .is_none()
            );
        }
        let keys = json!({"keys": [{"kty": "EC", "kid": 1, "use": null, "x5c": "y"}, 7]});
        assert_eq!(
            read(false, &keys).0,
            json!({"keys": [{"kty": "EC", "kid": "1"}, null]})
        );
    }
}

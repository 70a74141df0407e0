//! An OpenID Connect provider on a loopback port, with a key made by the test. It signs in every browser, checks
//! what a client sends (PKCE, secret, address, each code once), and can be made to send invalid answers.

use super::*;
use crate::crypto::sha256;
use axum::Router;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;

pub(super) const CLIENT: &str = "failover-console";
/// Contains characters that have to be encoded.
pub(super) const CLIENT_SECRET: &str = "client-canary:+/ %&=";

/// Changes a token's header and claims.
type TamperToken = Arc<dyn Fn(&mut Value, &mut Value) + Send + Sync>;

/// The request that a code was issued for.
struct Granted {
    challenge: String,
    nonce: String,
    back: String,
}

struct Key {
    id: String,
    pair: EcdsaKeyPair,
}

impl Key {
    fn new(id: &str) -> Self {
        let random = SystemRandom::new();
        let kind = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let made = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        Self {
            id: id.to_owned(),
            pair: EcdsaKeyPair::from_pkcs8(kind, made.as_ref(), &random).unwrap(),
        }
    }

    fn public(&self) -> Value {
        let point = &self.pair.public_key().as_ref()[1..];
        json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id,
            "x": BASE64_URL_SAFE_NO_PAD.encode(&point[..32]), "y": BASE64_URL_SAFE_NO_PAD.encode(&point[32..])})
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |json: &Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = self
            .pair
            .sign(&SystemRandom::new(), signed.as_bytes())
            .unwrap();
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}

struct Inner {
    base: String,
    key: Key,
    /// The published keys, if they differ from its own.
    published: Option<Value>,
    codes: HashMap<String, Granted>,
    issued: usize,
    claims: Value,
    tamper: Option<TamperToken>,
    /// Replaces parts of its metadata.
    metadata: Value,
    /// Replaces parts of the token response.
    token_answer: Value,
    down: bool,
    requested: Vec<String>,
    /// Every secret that it issued or received.
    secrets: Vec<String>,
}

#[derive(Clone)]
pub(super) struct Provider {
    pub(super) base: String,
    inner: Arc<Mutex<Inner>>,
}

impl Provider {
    /// A provider that signs in every browser with these claims in addition to the default ones.
    pub(super) async fn new(claims: Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Mutex::new(Inner {
            base: base.clone(),
            key: Key::new("one"),
            published: None,
            codes: HashMap::new(),
            issued: 0,
            claims,
            tamper: None,
            metadata: json!({}),
            token_answer: json!({}),
            down: false,
            requested: Vec::new(),
            secrets: Vec::new(),
        }));
        let answering = inner.clone();
        let app = Router::new().fallback(move |request: Request<Body>| async move {
            let (parts, body) = request.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            let form = String::from_utf8(body.to_vec()).unwrap();
            let header = parts.headers.get("authorization");
            let header = header.map_or("", |value| value.to_str().unwrap());
            answering
                .lock()
                .unwrap()
                .answer(parts.uri.path(), header, &form)
        });
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { base, inner }
    }

    /// Changes the address in its metadata; also returns the port that it listens on.
    pub(super) fn known_as(mut self, base: &str) -> (u16, Self) {
        let port = Url::parse(&self.base).unwrap().port().unwrap();
        base.clone_into(&mut self.inner.lock().unwrap().base);
        base.clone_into(&mut self.base);
        (port, self)
    }

    /// The configuration of a gateway for this provider.
    pub(super) fn configured(&self) -> config::OpenId {
        config::OpenId {
            issuer: self.base.clone(),
            client_id: CLIENT.to_owned(),
            client_secret: CLIENT_SECRET.into(),
            scopes: vec!["profile".to_owned()],
            roles_claim: "realm_access.roles".to_owned(),
            name_claim: None,
            admins: vec!["console-admin".to_owned()],
            viewers: vec!["console-viewer".to_owned()],
            ca: None,
            outbound: config::Outbound::default(),
            title: "Plant account".to_owned(),
        }
    }

    /// Signs in and returns the address to which the browser is redirected.
    pub(super) fn visit(&self, address: &str) -> String {
        let url = Url::parse(address).unwrap();
        assert_eq!(url[..openidconnect::url::Position::BeforePath], self.base);
        assert_eq!(url.path(), "/authorize");
        let requested: HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!(requested["response_type"], "code");
        assert_eq!(requested["client_id"], CLIENT);
        assert_eq!(requested["scope"], "openid profile");
        assert_eq!(requested["code_challenge_method"], "S256");
        let mut inner = self.inner.lock().unwrap();
        inner.issued += 1;
        let code = format!("code-canary-{}", inner.issued);
        let granted = Granted {
            challenge: requested["code_challenge"].clone(),
            nonce: requested["nonce"].clone(),
            back: requested["redirect_uri"].clone(),
        };
        inner.secrets.push(code.clone());
        inner.codes.insert(code.clone(), granted);
        let back = &requested["redirect_uri"];
        let back = Url::parse_with_params(back, [("code", &code), ("state", &requested["state"])]);
        back.unwrap().into()
    }

    /// Changes the header and claims of each later token before it signs them.
    pub(super) fn tamper(&self, tamper: impl Fn(&mut Value, &mut Value) + Send + Sync + 'static) {
        self.inner.lock().unwrap().tamper = Some(Arc::new(tamper));
    }

    pub(super) fn claims(&self, claims: Value) {
        self.inner.lock().unwrap().claims = claims;
    }

    /// Signs with another key, which it also publishes.
    pub(super) fn rotate(&self, id: &str) {
        self.inner.lock().unwrap().key = Key::new(id);
    }

    /// Publishes these keys instead of its own.
    pub(super) fn publish_keys(&self, keys: Value) {
        self.inner.lock().unwrap().published = Some(keys);
    }

    /// Another key with the same id.
    pub(super) fn another_key() -> Value {
        json!({"keys": [Key::new("one").public()]})
    }

    pub(super) fn metadata(&self, metadata: Value) {
        self.inner.lock().unwrap().metadata = metadata;
    }

    pub(super) fn token_answer(&self, answer: Value) {
        self.inner.lock().unwrap().token_answer = answer;
    }

    /// Sets whether it answers everything with an error.
    pub(super) fn down(&self, down: bool) {
        self.inner.lock().unwrap().down = down;
    }

    /// The requested paths.
    pub(super) fn requested(&self) -> Vec<String> {
        self.inner.lock().unwrap().requested.clone()
    }

    pub(super) fn secrets(&self) -> Vec<String> {
        self.inner.lock().unwrap().secrets.clone()
    }
}

impl Inner {
    fn answer(&mut self, path: &str, authorization: &str, form: &str) -> Response<Body> {
        self.requested.push(path.to_owned());
        if self.down {
            return vendor::json(503, "down-canary");
        }
        match path {
            "/.well-known/openid-configuration" => {
                let base = &self.base;
                let mut metadata = json!({
                    "issuer": base,
                    "authorization_endpoint": format!("{base}/authorize"),
                    "token_endpoint": format!("{base}/token"),
                    "jwks_uri": format!("{base}/keys"),
                    "response_types_supported": ["code"],
                    "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
                });
                for (name, value) in self.metadata.as_object().unwrap() {
                    metadata[name] = value.clone();
                }
                vendor::json(200, &metadata.to_string())
            }
            "/keys" => {
                let keys = self.published.clone();
                let keys = keys.unwrap_or_else(|| json!({"keys": [self.key.public()]}));
                vendor::json(200, &keys.to_string())
            }
            "/token" => match self.token(authorization, form) {
                Ok(answer) => vendor::json(200, &answer.to_string()),
                Err(error) => {
                    let body = json!({"error": error, "error_description": "words-canary"});
                    vendor::json(400, &body.to_string())
                }
            },
            _ => vendor::json(StatusCode::NOT_FOUND.as_u16(), "{}"),
        }
    }

    fn token(&mut self, authorization: &str, form: &str) -> Result<Value, &'static str> {
        let form = Url::parse(&format!("http://x/?{form}")).unwrap();
        let form: HashMap<String, String> = form.query_pairs().into_owned().collect();
        let encode = |text: &str| -> String {
            openidconnect::url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
        };
        let basic = BASE64_STANDARD.encode(format!("{CLIENT}:{}", encode(CLIENT_SECRET)));
        self.secrets.push(basic.clone());
        let by_body = form.get("client_secret").map(String::as_str) == Some(CLIENT_SECRET);
        let only_body = self
            .metadata
            .get("token_endpoint_auth_methods_supported")
            .is_some();
        let is_authenticated = if only_body {
            by_body
        } else {
            authorization == format!("Basic {basic}")
        };
        if !is_authenticated {
            return Err("invalid_client");
        }
        let granted = self.codes.remove(&form["code"]).ok_or("invalid_grant")?;
        let digest = sha256(&form["code_verifier"]);
        self.secrets.push(form["code_verifier"].clone());
        let matches = BASE64_URL_SAFE_NO_PAD.encode(digest) == granted.challenge
            && form["redirect_uri"] == granted.back
            && form["grant_type"] == "authorization_code";
        if !matches {
            return Err("invalid_grant");
        }
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let mut header = json!({"alg": "ES256", "typ": "JWT", "kid": self.key.id});
        let mut claims = json!({
            "iss": self.base, "sub": "248289761001", "aud": CLIENT, "azp": CLIENT, "nonce": granted.nonce,
            "iat": now, "exp": now + 300, "updated_at": "2026-01-01T00:00:00Z", "email_verified": "true",
        });
        for (name, value) in self.claims.as_object().unwrap() {
            claims[name] = value.clone();
        }
        if let Some(tamper) = &self.tamper {
            tamper(&mut header, &mut claims);
        }
        let mut token = self.key.sign(&header, &claims);
        match header["alg"].as_str().unwrap() {
            "none" => token = format!("{}.", token.rsplit_once('.').unwrap().0),
            "HS256" => {
                // Signed with the client secret.
                let signed = token.rsplit_once('.').unwrap().0.to_owned();
                let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, CLIENT_SECRET.as_bytes());
                let tag = ring::hmac::sign(&key, signed.as_bytes());
                token = format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag));
            }
            _ => {}
        }
        let access = format!("access-canary-{}", self.issued);
        self.secrets.extend([token.clone(), access.clone()]);
        let mut answer = json!({"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": token});
        for (name, value) in self.token_answer.as_object().unwrap() {
            answer[name] = value.clone();
        }
        Ok(answer)
    }
}

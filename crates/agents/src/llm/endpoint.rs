//! Where a model is served, and how patiently it is asked.

use super::ModelError;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// Where to ask and with which key. Whoever makes one reads the environment; nothing here does.
#[derive(Clone)]
pub struct Endpoint {
    /// For example `https://api.openai.com/v1`. A query, for example `?api-version=2024-10-21`, goes with every request.
    pub base_url: String,
    /// The key; local servers need none.
    pub key: Option<SecretString>,
    /// The variable that the key comes from, for advice to a person.
    pub key_variable: String,
    /// The header that carries the key as it is, for example `api-key` for Azure; none: `Authorization: Bearer KEY`.
    pub key_header: Option<String>,
    /// The proxy that requests go through, for example `http://proxy:3128`; may hold a user name and a password.
    pub proxy: Option<String>,
    /// The field that bounds the output.
    pub output_field: OutputField,
    /// How long to wait, how often to try, how much to read.
    pub limits: Limits,
}

/// The field of a request that bounds the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputField {
    /// `max_completion_tokens`, which counts reasoning too.
    #[default]
    MaxCompletionTokens,
    /// `max_tokens`, for servers that know no other.
    MaxTokens,
}

/// How long to wait, how often to try, how much to read, how much to ask at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time to connect.
    pub connect: Duration,
    /// Time for one attempt, from the request to the last byte of the answer.
    pub attempt: Duration,
    /// Time for all attempts of one request and the delays between them, from the moment when the first may begin. The
    /// first is always made; no other begins that might end later.
    pub total: Duration,
    /// Attempts for one request, at least 1.
    pub attempts: u32,
    /// Delay before the second attempt; doubles from then on.
    pub first_delay: Duration,
    /// The longest delay, also for a server that asks for more.
    pub longest_delay: Duration,
    /// Bytes of one answer.
    pub reply_bytes: usize,
    /// Requests at a time, at least 1; others wait.
    pub concurrent: u32,
    /// Attempts per minute, spaced evenly; none is no limit.
    pub per_minute: Option<u32>,
}

impl Default for Limits {
    /// Patient with slow local models and with overloaded servers.
    fn default() -> Self {
        Limits {
            connect: Duration::from_secs(20),
            attempt: Duration::from_secs(900),
            total: Duration::from_secs(3600),
            attempts: 6,
            first_delay: Duration::from_secs(1),
            longest_delay: Duration::from_secs(60),
            reply_bytes: 8 << 20,
            concurrent: 8,
            per_minute: None,
        }
    }
}

impl Endpoint {
    /// An endpoint with the default limits, whose key is said to come from `OPENAI_API_KEY`.
    pub fn new(base_url: impl Into<String>, key: Option<SecretString>) -> Self {
        Endpoint {
            base_url: base_url.into(),
            key,
            key_variable: "OPENAI_API_KEY".into(),
            key_header: None,
            proxy: None,
            output_field: OutputField::default(),
            limits: Limits::default(),
        }
    }

    /// Whether it is the same in every respect.
    pub(super) fn is(&self, other: &Endpoint) -> bool {
        let secret = |endpoint: &Endpoint| endpoint.key.as_ref().map(|key| key.expose_secret().to_owned());
        let plain = |endpoint: &Endpoint| {
            let Endpoint { base_url, key: _, key_variable, key_header, proxy, output_field, limits } = endpoint.clone();
            (base_url, key_variable, key_header, proxy, output_field, limits)
        };
        secret(self) == secret(other) && plain(self) == plain(other)
    }

    /// The base URL, of a form that can be used.
    pub(super) fn address(&self) -> Result<Url, ModelError> {
        let fail = |problem: &str| Err(ModelError::Endpoint(format!("its base URL {problem}")));
        let Ok(url) = Url::parse(&self.base_url) else {
            return fail("is no URL; it should read like https://api.openai.com/v1");
        };
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return fail("should begin with https:// or http:// and a host");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return fail("holds a user name or password, which would end up in logs; give the key instead");
        }
        if url.fragment().is_some() {
            return fail("has a fragment, which no server ever sees");
        }
        Ok(url)
    }

    /// The header that carries the key, if there is one.
    pub(super) fn headers(&self) -> Result<HeaderMap, ModelError> {
        let mut headers = HeaderMap::new();
        let Some(key) = self.key.as_ref().map(ExposeSecret::expose_secret).filter(|key| !key.is_empty()) else {
            return Ok(headers);
        };
        let (name, value) = match &self.key_header {
            None => (AUTHORIZATION, format!("Bearer {key}")),
            Some(header) => match HeaderName::from_bytes(header.as_bytes()) {
                Ok(name) => (name, key.to_owned()),
                Err(_) => return Err(ModelError::Endpoint(format!("`{header}` is no name of a header for its key"))),
            },
        };
        let Ok(mut value) = HeaderValue::from_str(&value) else {
            let variable = &self.key_variable;
            return Err(ModelError::Endpoint(format!(
                "the key in {variable} holds a character that no key has; is there a line break in it?"
            )));
        };
        value.set_sensitive(true);
        headers.insert(name, value);
        Ok(headers)
    }

    /// The proxy, if there is one.
    pub(super) fn proxy(&self) -> Result<Option<reqwest::Proxy>, ModelError> {
        let proxy = |text: &String| {
            let usable = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
            // The cause is left out: it could quote a password.
            reqwest::Proxy::all(text).ok().filter(|_| usable).ok_or_else(|| {
                ModelError::Endpoint(
                    "its proxy is no URL that can be used; it should read like http://proxy:3128".into(),
                )
            })
        };
        self.proxy.as_ref().map(proxy).transpose()
    }

    /// What must never be shown: the key and the proxy's password. Short ones (`none`, `EMPTY`) are placeholders for
    /// local servers, and ordinary words.
    pub(super) fn secrets(&self) -> Vec<SecretString> {
        /// Bytes of the shortest text that counts as a secret.
        const SHORTEST: usize = 12;
        let proxy = self.proxy.as_ref().and_then(|proxy| Url::parse(proxy).ok());
        let password = proxy.as_ref().and_then(Url::password).map(SecretString::from);
        let secrets = self.key.clone().into_iter().chain(password);
        secrets.filter(|secret| secret.expose_secret().len() >= SHORTEST).collect()
    }
}

/// A query may hold a key and a proxy's URL a password: both are left out.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bare = |url: &str| match Url::parse(url) {
            Ok(url) => format!("{}{}", url.origin().ascii_serialization(), url.path()),
            Err(_) => "(no URL)".into(),
        };
        f.debug_struct("Endpoint")
            .field("base_url", &bare(&self.base_url))
            .field("key", &self.key)
            .field("key_variable", &self.key_variable)
            .field("key_header", &self.key_header)
            .field("proxy", &self.proxy.as_deref().map(bare))
            .field("output_field", &self.output_field)
            .field("limits", &self.limits)
            .finish()
    }
}

//! The HTTP client.

use super::{Model, ModelError, Reply, Request};
use futures::future::BoxFuture;
use secrecy::SecretString;
use std::time::Duration;

/// Asks an OpenAI-compatible endpoint over HTTP.
#[derive(Clone, Debug)]
pub struct Client {
    endpoint: Endpoint,
}

/// Where to ask and with which key. Whoever makes one reads the environment; nothing here does.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// For example `https://api.openai.com/v1`.
    pub base_url: String,
    /// The key; local servers need none.
    pub key: Option<SecretString>,
    /// The variable that the key comes from, for advice to a person.
    pub key_variable: String,
    /// How long to wait, how often to try, how much to read.
    pub limits: Limits,
}

impl Endpoint {
    /// An endpoint with the default limits, whose key is said to come from `OPENAI_API_KEY`.
    pub fn new(base_url: impl Into<String>, key: Option<SecretString>) -> Self {
        Endpoint { base_url: base_url.into(), key, key_variable: "OPENAI_API_KEY".into(), limits: Limits::default() }
    }
}

/// How long to wait, how often to try, how much to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time to connect.
    pub connect: Duration,
    /// Time for one attempt, from the request to the last byte of the answer.
    pub attempt: Duration,
    /// Attempts for one request, at least 1.
    pub attempts: u32,
    /// Delay before the second attempt; doubles from then on.
    pub first_delay: Duration,
    /// The longest delay, also for a server that asks for more.
    pub longest_delay: Duration,
    /// Bytes of one answer.
    pub reply_bytes: usize,
}

impl Default for Limits {
    /// Patient with slow local models and overloaded servers.
    fn default() -> Self {
        Limits {
            connect: Duration::from_secs(20),
            attempt: Duration::from_secs(900),
            attempts: 6,
            first_delay: Duration::from_secs(1),
            longest_delay: Duration::from_secs(60),
            reply_bytes: 8 << 20,
        }
    }
}

impl Client {
    /// A client for an endpoint. Connects to nothing yet.
    pub fn new(endpoint: Endpoint) -> Result<Self, ModelError> {
        Ok(Client { endpoint })
    }

    /// The endpoint that it asks.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}

impl Model for Client {
    fn ask<'a>(&'a self, _request: &'a Request, _ordinal: u32) -> BoxFuture<'a, Result<Reply, ModelError>> {
        Box::pin(async { Err(ModelError::Endpoint("not written yet".into())) })
    }
}

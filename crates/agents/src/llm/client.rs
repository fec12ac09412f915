//! The HTTP client: requests of ours in the words of the chat-completions API.

use super::attempts::Attempts;
use super::wire::Completion;
use super::{Model, ModelError, Reply, Request};
use async_openai::config::Config;
use async_openai::error::OpenAIError;
use async_openai::types::chat::{
    ChatCompletionRequestMessage, ChatCompletionRequestSystemMessage, ChatCompletionRequestUserMessage,
    CreateChatCompletionRequest, CreateChatCompletionRequestArgs, ResponseFormat, ResponseFormatJsonSchema,
};
use futures::future::BoxFuture;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::sync::{Arc, Once};
use std::time::Duration;

/// Asks an OpenAI-compatible endpoint over HTTP.
pub struct Client {
    endpoint: Endpoint,
    api: async_openai::Client<Connection>,
    attempts: Arc<Attempts>,
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
    /// Patient with slow local models and with overloaded servers.
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
        // reqwest panics without a provider, even for plain HTTP.
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let (server, base_url) = address(&endpoint.base_url)?;
        let connection = Connection { base_url, key: endpoint.key.clone().unwrap_or_default() };
        let variable = &endpoint.key_variable;
        if connection.authorization().is_none() {
            let problem =
                format!("the key in {variable} holds a character that no key has; is there a line break in it?");
            return Err(ModelError::Endpoint(problem));
        }
        // A redirect could carry the key elsewhere; a proxy would come from the environment, which libraries do not read.
        let http = reqwest::Client::builder()
            .connect_timeout(endpoint.limits.connect)
            .timeout(endpoint.limits.attempt)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| ModelError::Endpoint(error.without_url().to_string()))?;
        let attempts = Arc::new(Attempts::new(http.clone(), server, &endpoint));
        let service = {
            let attempts = Arc::clone(&attempts);
            tower::service_fn(move |request| {
                let attempts = Arc::clone(&attempts);
                async move { attempts.send(request).await }
            })
        };
        // This order matters: `with_http_client` after `with_http_service` would put the default retries back.
        let api = async_openai::Client::build(http, connection).with_http_service(service);
        Ok(Client { endpoint, api, attempts })
    }

    /// The endpoint that it asks.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    async fn complete(&self, request: &Request) -> Result<Reply, ModelError> {
        let body = body(request).map_err(|error| ModelError::Endpoint(format!("cannot form the request: {error}")))?;
        let answer: Result<Completion, OpenAIError> = self.api.chat().create_byot(body).await;
        match answer {
            Ok(completion) => self.attempts.reply(completion),
            Err(OpenAIError::Boxed(error)) => Err(match error.downcast::<ModelError>() {
                Ok(error) => *error,
                Err(_) => self.attempts.malformed("it broke off in a way that has no name"),
            }),
            // All statuses and bodies were judged in `Attempts`; what is left has no body that could be quoted.
            Err(_) => Err(self.attempts.malformed("its answer changed between reading and parsing")),
        }
    }
}

impl Model for Client {
    fn ask<'a>(&'a self, request: &'a Request, _ordinal: u32) -> BoxFuture<'a, Result<Reply, ModelError>> {
        Box::pin(self.complete(request))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

fn body(request: &Request) -> Result<CreateChatCompletionRequest, OpenAIError> {
    let system = ChatCompletionRequestSystemMessage { content: request.system.as_str().into(), name: None };
    let user = ChatCompletionRequestUserMessage { content: request.user.as_str().into(), name: None };
    let mut args = CreateChatCompletionRequestArgs::default();
    args.model(&request.model)
        .stream(false)
        .messages([ChatCompletionRequestMessage::System(system), ChatCompletionRequestMessage::User(user)]);
    args.max_completion_tokens(request.max_completion_tokens);
    if let Some(temperature) = request.temperature {
        args.temperature(temperature);
    }
    if let Some(schema) = &request.schema {
        let json_schema = ResponseFormatJsonSchema {
            description: None,
            name: request.role.as_str().into(),
            schema: schema.clone(),
            strict: Some(true),
        };
        args.response_format(ResponseFormat::JsonSchema { json_schema });
    }
    args.build()
}

/// What may be shown of the base URL, and the base URL without a slash at its end.
fn address(base_url: &str) -> Result<(String, String), ModelError> {
    let fail = |problem: &str| Err(ModelError::Endpoint(format!("its base URL {problem}")));
    let Ok(url) = reqwest::Url::parse(base_url) else {
        return fail("is no URL; it should read like https://api.openai.com/v1");
    };
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return fail("should begin with https:// or http:// and a host");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return fail("holds a user name or password, which would end up in logs; give the key instead");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return fail("has a query or fragment, and paths are appended to it");
    }
    Ok((url.origin().ascii_serialization(), base_url.trim_end_matches('/').to_owned()))
}

/// async-openai's own configuration would read six environment variables and panic at a key with a line break.
#[derive(Clone)]
struct Connection {
    base_url: String,
    key: SecretString,
}

impl Connection {
    /// The header's value, empty without a key; none if the key does not fit into a header.
    fn authorization(&self) -> Option<HeaderValue> {
        let key = self.key.expose_secret();
        if key.is_empty() {
            return Some(HeaderValue::from_static(""));
        }
        let mut value = HeaderValue::from_str(&format!("Bearer {key}")).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl Config for Connection {
    fn headers(&self) -> HeaderMap {
        let value = self.authorization().filter(|value| !value.is_empty());
        value.into_iter().map(|value| (AUTHORIZATION, value)).collect()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    fn query(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }

    fn api_base(&self) -> &str {
        &self.base_url
    }

    fn api_key(&self) -> &SecretString {
        &self.key
    }
}

//! The HTTP client: requests of ours in the words of the chat-completions API.

use super::attempts::{Attempts, Order};
use super::endpoint::{Endpoint, OutputField};
use super::meter::{Caps, Meter};
use super::wire::Completion;
use super::{Model, ModelError, Reply, Request};
use async_openai::config::Config;
use async_openai::error::OpenAIError;
use async_openai::types::chat::{
    ChatCompletionRequestMessage, ChatCompletionRequestSystemMessage, ChatCompletionRequestUserMessage,
    CreateChatCompletionRequest, CreateChatCompletionRequestArgs, ResponseFormat, ResponseFormatJsonSchema,
};
use futures::future::BoxFuture;
use reqwest::header::HeaderMap;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Once};

/// Asks an OpenAI-compatible endpoint over HTTP.
pub struct Client {
    endpoint: Endpoint,
    http: reqwest::Client,
    connection: Connection,
    attempts: Arc<Attempts>,
    meter: Arc<Meter>,
}

impl Client {
    /// A client for an endpoint, without caps on what it costs. Connects to nothing yet.
    ///
    /// # Errors
    /// If the endpoint cannot be used.
    pub fn new(endpoint: Endpoint) -> Result<Self, ModelError> {
        Client::metered(endpoint, Arc::new(Meter::new(Caps::default(), BTreeMap::new())))
    }

    /// A client for an endpoint, each attempt of which `meter` allows and counts. Connects to nothing yet.
    ///
    /// # Errors
    /// If the endpoint cannot be used.
    pub fn metered(endpoint: Endpoint, meter: Arc<Meter>) -> Result<Self, ModelError> {
        // reqwest panics without a provider, even for plain HTTP.
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let connection = Connection::new(&endpoint)?;
        // A redirect could carry the key elsewhere; a proxy would come from the environment, which libraries do not read.
        let mut http = reqwest::Client::builder()
            .connect_timeout(endpoint.limits.connect)
            .timeout(endpoint.limits.attempt)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy();
        if let Some(proxy) = endpoint.proxy()? {
            http = http.proxy(proxy);
        }
        let http = http.build().map_err(|error| ModelError::Endpoint(error.without_url().to_string()))?;
        let attempts = Arc::new(Attempts::new(http.clone(), connection.server.clone(), &endpoint));
        Ok(Client { endpoint, http, connection, attempts, meter })
    }

    /// The endpoint that it asks.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    async fn complete(&self, request: &Request) -> Result<Reply, ModelError> {
        let body = body(request, self.endpoint.output_field)
            .map_err(|error| ModelError::Endpoint(format!("cannot form the request: {error}")))?;
        let order = Arc::new(Order::new(request, Arc::clone(&self.meter)));
        let service = {
            let (attempts, order) = (Arc::clone(&self.attempts), Arc::clone(&order));
            tower::service_fn(move |request| {
                let (attempts, order) = (Arc::clone(&attempts), Arc::clone(&order));
                async move { attempts.send(&order, request).await }
            })
        };
        // This order matters: `with_http_client` after `with_http_service` would put the default retries back.
        let api = async_openai::Client::build(self.http.clone(), self.connection.clone()).with_http_service(service);
        let answer: Result<Completion, OpenAIError> = api.chat().create_byot(body).await;
        match answer {
            Ok(completion) => Ok(Reply { cost: order.cost(), ..self.attempts.reply(completion)? }),
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

fn body(request: &Request, output: OutputField) -> Result<CreateChatCompletionRequest, OpenAIError> {
    let system = ChatCompletionRequestSystemMessage { content: request.system.as_str().into(), name: None };
    let user = ChatCompletionRequestUserMessage { content: request.user.as_str().into(), name: None };
    let mut args = CreateChatCompletionRequestArgs::default();
    args.model(&request.model)
        .stream(false)
        .messages([ChatCompletionRequestMessage::System(system), ChatCompletionRequestMessage::User(user)]);
    match output {
        OutputField::MaxCompletionTokens => args.max_completion_tokens(request.max_completion_tokens),
        OutputField::MaxTokens => args.max_tokens(request.max_completion_tokens),
    };
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

/// async-openai's own configuration would read six environment variables and panic at a key with a line break.
#[derive(Clone)]
struct Connection {
    /// What may be shown of the base URL.
    server: String,
    base_url: String,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    key: SecretString,
}

impl Connection {
    fn new(endpoint: &Endpoint) -> Result<Self, ModelError> {
        let address = endpoint.address()?;
        let query = address.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        let server = address.origin().ascii_serialization();
        let mut base_url = address;
        base_url.set_query(None);
        let base_url = base_url.as_str().trim_end_matches('/').to_owned();
        Ok(Connection {
            server,
            base_url,
            query,
            headers: endpoint.headers()?,
            key: endpoint.key.clone().unwrap_or_default(),
        })
    }
}

impl Config for Connection {
    fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    fn query(&self) -> Vec<(&str, &str)> {
        self.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    fn api_base(&self) -> &str {
        &self.base_url
    }

    fn api_key(&self) -> &SecretString {
        &self.key
    }
}

//! One request over HTTP: attempts, delays between them, and what each answer means.
//!
//! This replaces async-openai's own retries, which obey a `Retry-After` of any length, lose the status of an error whose
//! body they cannot parse, and log bodies.

use super::client::{Endpoint, Limits};
use super::wire::{self, Completion};
use super::{ModelError, Reply};
use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use reqwest::header::RETRY_AFTER;
use reqwest::{Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A key at least this long is searched for in what the server says. Shorter ones (`none`, `EMPTY`) are placeholders for
/// local servers, and ordinary words.
const SECRET_LENGTH: usize = 12;

/// Sends requests to one server.
pub(super) struct Attempts {
    http: reqwest::Client,
    server: String,
    has_key: bool,
    /// What is searched for.
    key: Option<SecretString>,
    key_variable: String,
    limits: Limits,
    sent: AtomicU64,
}

/// A failed attempt.
struct Fault {
    error: ModelError,
    /// Whether another attempt may end better.
    again: bool,
    retry_after: Option<Duration>,
}

impl Attempts {
    pub(super) fn new(http: reqwest::Client, server: String, endpoint: &Endpoint) -> Self {
        let key = endpoint.key.clone().filter(|key| key.expose_secret().len() >= SECRET_LENGTH);
        let key_variable = endpoint.key_variable.clone();
        Attempts {
            http,
            server,
            has_key: endpoint.key.is_some(),
            key,
            key_variable,
            limits: endpoint.limits,
            sent: AtomicU64::new(0),
        }
    }

    /// The answer to a request: complete, within bounds, and a chat completion.
    pub(super) async fn send(&self, request: HttpRequestFactory) -> Result<Response, ModelError> {
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        let mut attempt = 1;
        loop {
            let fault = match self.attempt(&request, attempt).await {
                Ok(response) => return Ok(response),
                Err(fault) => fault,
            };
            if !fault.again || attempt >= self.limits.attempts {
                return Err(fault.error);
            }
            let delay = self.delay(number, attempt, fault.retry_after);
            tracing::warn!(attempt, ?delay, error = %fault.error, "a request to the model failed; trying again");
            tokio::time::sleep(delay).await;
            attempt += 1;
        }
    }

    /// The reply that a completion holds, without the key should the server have echoed it.
    pub(super) fn reply(&self, completion: Completion) -> Result<Reply, ModelError> {
        let Some(mut reply) = completion.into_reply() else {
            return Err(self.malformed("its answer holds no choice"));
        };
        reply.text = self.redact(reply.text);
        reply.refusal = reply.refusal.map(|text| self.redact(text));
        reply.finish_reason = reply.finish_reason.map(|text| self.redact(text));
        Ok(reply)
    }

    pub(super) fn malformed(&self, problem: &str) -> ModelError {
        ModelError::Malformed { server: self.server.clone(), problem: problem.into() }
    }

    async fn attempt(&self, request: &HttpRequestFactory, attempt: u32) -> Result<Response, Fault> {
        let request = request.build().await.map_err(|error| match error {
            OpenAIError::Reqwest(error) => self.transport(error, attempt),
            _ => Fault::last(ModelError::Endpoint("cannot form the request".into())),
        })?;
        let mut response = self.http.execute(request).await.map_err(|error| self.transport(error, attempt))?;
        let status = response.status();
        let retry_after = retry_after(&response);
        let (body, complete) = self.read(&mut response).await.map_err(|error| self.transport(error, attempt))?;
        if !status.is_success() {
            return Err(self.refusal(status, &body, attempt, retry_after));
        }
        if !complete {
            let (server, limit) = (self.server.clone(), self.limits.reply_bytes);
            return Err(Fault::last(ModelError::TooLarge { server, limit }));
        }
        match serde_json::from_slice::<Completion>(&body) {
            Ok(Completion { error: Some(error), choices, .. }) if choices.is_empty() => {
                // OpenRouter and others answer 200 and put the status of their provider into the body.
                let status = error.status().unwrap_or(StatusCode::BAD_GATEWAY);
                Err(self.refusal(status, &body, attempt, retry_after))
            }
            Ok(completion) if completion.choices.is_empty() => {
                Err(Fault::again(self.malformed("its answer holds no choice")))
            }
            // async-openai wants a response of the network; this is one whose body was read under our limits.
            Ok(_) => Ok(http::Response::new(body).into()),
            Err(error) => {
                let said = wire::said(&body);
                let problem = self.redact(format!("{error}; it says: {said}"));
                Err(Fault::again(self.malformed(&problem)))
            }
        }
    }

    /// The body as far as the limit goes, and whether that is all of it.
    async fn read(&self, response: &mut Response) -> Result<(Vec<u8>, bool), reqwest::Error> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            let room = self.limits.reply_bytes - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() > room {
                return Ok((body, false));
            }
        }
        Ok((body, true))
    }

    fn refusal(&self, status: StatusCode, body: &[u8], attempts: u32, retry_after: Option<Duration>) -> Fault {
        let server = self.server.clone();
        let mut message = self.redact(wire::said(body));
        match status.as_u16() {
            status @ (401 | 403) => {
                let advice = match self.has_key {
                    false => format!("set {} to your key", self.key_variable),
                    true => format!("check the key in {}", self.key_variable),
                };
                Fault::last(ModelError::Unauthorized { server, status, advice, message })
            }
            429 if wire::is_quota(body) => Fault::last(ModelError::QuotaSpent { server, message }),
            429 => Fault { again: true, retry_after, error: ModelError::RateLimited { server, attempts, message } },
            status @ (408 | 409 | 425 | 500..) => {
                Fault { again: true, retry_after, error: ModelError::ServerError { server, status, attempts, message } }
            }
            status => {
                if status == 404 {
                    message.push_str(" (is the model's name right, and does the base URL end in /v1?)");
                }
                Fault::last(ModelError::Refused { server, status, message })
            }
        }
    }

    fn transport(&self, error: reqwest::Error, attempts: u32) -> Fault {
        let server = self.server.clone();
        // The URL says nothing that the server's name does not, and could hold what must not be shown.
        let error = error.without_url();
        if error.is_timeout() && !error.is_connect() {
            return Fault::again(ModelError::TimedOut { server, seconds: self.limits.attempt.as_secs(), attempts });
        }
        if error.is_builder() {
            return Fault::last(ModelError::Endpoint(format!("cannot form the request: {error}")));
        }
        let mut cause: &dyn Error = &error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        Fault::again(ModelError::Transport { server, attempts, problem: self.redact(cause.to_string()) })
    }

    /// Doubles from attempt to attempt; half of it is jitter, so that clients that failed together do not return
    /// together. Never shorter than what the server asks for, and never longer than the limit.
    fn delay(&self, number: u64, attempt: u32, retry_after: Option<Duration>) -> Duration {
        let seed = science::keyed::seed(&["retry", &self.server], u64::from(std::process::id()));
        let jitter = science::keyed::uniform(seed, number.wrapping_mul(64).wrapping_add(attempt.into()));
        let doubled = self.limits.first_delay.saturating_mul(1 << (attempt - 1).min(16));
        let delay = doubled.min(self.limits.longest_delay).mul_f64(0.5 + 0.5 * jitter);
        delay.max(retry_after.unwrap_or_default()).min(self.limits.longest_delay)
    }

    fn redact(&self, text: String) -> String {
        match &self.key {
            Some(key) if text.contains(key.expose_secret()) => text.replace(key.expose_secret(), "[the key]"),
            _ => text,
        }
    }
}

impl Fault {
    fn last(error: ModelError) -> Self {
        Fault { error, again: false, retry_after: None }
    }

    fn again(error: ModelError) -> Self {
        Fault { error, again: true, retry_after: None }
    }
}

/// `async-openai` carries errors of a service in a box; `Client` opens it again.
impl From<ModelError> for OpenAIError {
    fn from(error: ModelError) -> Self {
        OpenAIError::Boxed(Box::new(error))
    }
}

/// Whole or decimal seconds; a date would need a clock.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds: f64 = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

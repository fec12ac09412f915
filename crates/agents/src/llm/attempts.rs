//! One request over HTTP: attempts, delays between them, and what each answer means.
//!
//! This replaces async-openai's own retries, which obey a `Retry-After` of any length, lose the status of an error whose
//! body they cannot parse, and log bodies.

use super::endpoint::{Endpoint, Limits};
use super::meter::{Meter, Reservation, Worst};
use super::pace::Pace;
use super::wire::{self, Completion};
use super::{Cost, ModelError, Reply, Request, Usage, text};
use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use reqwest::header::RETRY_AFTER;
use reqwest::{Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// Characters of a server's message that are shown.
const SHOWN: usize = 300;

/// Sends requests to one server.
pub(super) struct Attempts {
    http: reqwest::Client,
    server: String,
    has_key: bool,
    /// What is searched for in all that the server says.
    secrets: Vec<SecretString>,
    key_variable: String,
    limits: Limits,
    pace: Pace,
    sent: AtomicU64,
}

/// One request as the meter sees it.
pub(super) struct Order {
    worst: Worst,
    meter: Arc<Meter>,
    cost: OnceLock<Cost>,
}

/// A failed attempt.
struct Fault {
    error: ModelError,
    /// Whether another attempt may end better.
    again: bool,
    retry_after: Option<Duration>,
    bill: Bill,
}

/// What a failed attempt may have cost.
#[derive(Clone, Copy)]
enum Bill {
    /// It never reached the server.
    Unsent,
    /// The server refused it before it did any work.
    Nothing,
    /// The work may have been done: nobody knows.
    Perhaps,
}

impl Order {
    pub(super) fn new(request: &Request, meter: Arc<Meter>) -> Self {
        Order { worst: Worst::of(request), meter, cost: OnceLock::new() }
    }

    /// What the answer cost; nothing before there is one.
    pub(super) fn cost(&self) -> Cost {
        self.cost.get().copied().unwrap_or_default()
    }
}

impl Attempts {
    pub(super) fn new(http: reqwest::Client, server: String, endpoint: &Endpoint) -> Self {
        Attempts {
            http,
            server,
            has_key: endpoint.key.is_some(),
            secrets: endpoint.secrets(),
            key_variable: endpoint.key_variable.clone(),
            limits: endpoint.limits,
            pace: Pace::new(&endpoint.limits),
            sent: AtomicU64::new(0),
        }
    }

    /// The answer to a request: complete, within bounds, and a chat completion.
    pub(super) async fn send(&self, order: &Order, request: HttpRequestFactory) -> Result<Response, ModelError> {
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        let _place = self.pace.place().await;
        wait(self.pace.turn(Instant::now())).await;
        let begun = Instant::now();
        let too_late = |start: Instant| (start - begun).saturating_add(self.limits.attempt) > self.limits.total;
        let mut attempt = 1;
        loop {
            let fault = match self.attempt(order, &request, attempt).await {
                Ok(response) => return Ok(response),
                Err(fault) => fault,
            };
            if !fault.again || attempt >= self.limits.attempts {
                return Err(fault.error);
            }
            let delay = self.delay(number, attempt, fault.retry_after);
            if too_late(Instant::now() + delay) {
                return Err(fault.error);
            }
            tracing::warn!(attempt, ?delay, error = %fault.error, "a request to the model failed; trying again");
            sleep(delay).await;
            // Asked for only now: a turn in the future would hold up everybody else's.
            let turn = self.pace.turn(Instant::now());
            if too_late(turn) {
                return Err(fault.error);
            }
            wait(turn).await;
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

    /// One attempt, paid for.
    async fn attempt(&self, order: &Order, request: &HttpRequestFactory, attempt: u32) -> Result<Response, Fault> {
        let request = request.build().await.map_err(|error| match error {
            OpenAIError::Reqwest(error) => self.transport(error, attempt),
            _ => Fault::last(ModelError::Endpoint("cannot form the request".into())),
        })?;
        let mut reservation: Reservation = order.meter.reserve(order.worst.clone()).await.map_err(Fault::last)?;
        reservation.sent();
        match self.exchange(request, attempt).await {
            Ok((response, usage)) => {
                let _ = order.cost.set(reservation.settle(usage));
                Ok(response)
            }
            Err(fault) => {
                match fault.bill {
                    Bill::Unsent => reservation.unsent(),
                    Bill::Nothing => reservation.refused(),
                    Bill::Perhaps => reservation.lose(fault.error.to_string()),
                }
                Err(fault)
            }
        }
    }

    /// Sends a request and judges the answer.
    async fn exchange(&self, request: reqwest::Request, attempt: u32) -> Result<(Response, Usage), Fault> {
        let mut response = self.http.execute(request).await.map_err(|error| self.transport(error, attempt))?;
        let status = response.status();
        let retry_after = retry_after(&response);
        let read = self.read(&mut response).await;
        if !status.is_success() {
            // The status says enough, should the rest have been cut off.
            let body = read.map(|(body, _)| body).unwrap_or_default();
            return Err(self.refusal(status, &body, attempt, retry_after));
        }
        let (body, complete) = read.map_err(|error| self.transport(error, attempt))?;
        if !complete {
            let (server, limit) = (self.server.clone(), self.limits.reply_bytes);
            return Err(Fault::last(ModelError::TooLarge { server, limit }).billed());
        }
        match serde_json::from_slice::<Completion>(&body) {
            Ok(Completion { error: Some(error), choices, .. }) if choices.is_empty() => {
                // OpenRouter and others answer 200 and put the status of their provider into the body.
                let status = error.status().unwrap_or(StatusCode::BAD_GATEWAY);
                Err(self.refusal(status, &body, attempt, retry_after))
            }
            Ok(completion) if completion.choices.is_empty() => {
                Err(Fault::again(self.malformed("its answer holds no choice")).billed())
            }
            Ok(completion) => {
                let usage = completion.usage();
                // async-openai wants a response of the network; this is one whose body was read under our limits.
                Ok((http::Response::new(body).into(), usage))
            }
            Err(error) => {
                let problem = text::line(&self.redact(error.to_string()), SHOWN);
                Err(Fault::again(self.malformed(&format!("{problem}; it says: {}", self.said(&body)))).billed())
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
        let mut message = self.said(body);
        match status.as_u16() {
            status @ (401 | 403) => {
                let advice = match self.has_key {
                    false => format!("set {} to your key", self.key_variable),
                    true => format!("check the key in {}", self.key_variable),
                };
                Fault::last(ModelError::Unauthorized { server, status, advice, message })
            }
            429 if wire::is_quota(body) => Fault::last(ModelError::QuotaSpent { server, message }),
            429 => Fault { retry_after, ..Fault::again(ModelError::RateLimited { server, attempts, message }) },
            status @ (408 | 409 | 425 | 500..) => {
                let error = ModelError::ServerError { server, status, attempts, message };
                let fault = Fault { retry_after, ..Fault::again(error) };
                // A gateway's page does not say what the endpoint behind it did; 503 means that it was not asked.
                if status < 500 || status == 503 || wire::is_error(body) { fault } else { fault.billed() }
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
            let seconds = self.limits.attempt.as_secs();
            return Fault::again(ModelError::TimedOut { server, seconds, attempts }).billed();
        }
        if error.is_builder() {
            return Fault::last(ModelError::Endpoint(format!("cannot form the request: {error}")));
        }
        let unsent = error.is_connect();
        let mut cause: &dyn Error = &error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        let problem = text::line(&self.redact(cause.to_string()), SHOWN);
        let fault = Fault::again(ModelError::Transport { server, attempts, problem });
        if unsent { Fault { bill: Bill::Unsent, ..fault } } else { fault.billed() }
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

    /// What a server says, in one line that anybody may read.
    fn said(&self, body: &[u8]) -> String {
        // Redacted before it is shortened: half a key would not be found.
        text::line(&self.redact(wire::said(body)), SHOWN)
    }

    fn redact(&self, mut text: String) -> String {
        for secret in self.secrets.iter().map(ExposeSecret::expose_secret) {
            if text.contains(secret) {
                text = text.replace(secret, "[the key]");
            }
        }
        text
    }
}

impl Fault {
    /// No other attempt would end better.
    fn last(error: ModelError) -> Self {
        Fault { error, again: false, retry_after: None, bill: Bill::Nothing }
    }

    fn again(error: ModelError) -> Self {
        Fault { again: true, ..Fault::last(error) }
    }

    fn billed(self) -> Self {
        Fault { bill: Bill::Perhaps, ..self }
    }
}

/// A timer would wait for its next tick even where the time has come.
async fn wait(until: Instant) {
    if until > Instant::now() {
        sleep_until(until).await;
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

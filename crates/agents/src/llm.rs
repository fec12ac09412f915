//! Language models as agents, over any OpenAI-compatible endpoint.
//!
//! What a model writes is data: it is parsed, bounded and checked, never rendered again, never run by us and never asked
//! whether it was right. Start with [`Planner`] and [`Executor`]; both work with a [`Context`] and ask a [`Model`], which is a
//! [`Client`] (HTTP), a recorder around one, or a script in tests.

mod asked;
mod attempts;
mod candidates;
mod client;
mod command;
mod context;
mod correct;
mod desk;
mod digest;
mod edits;
mod endpoint;
mod error;
mod evidence;
mod executor;
mod extractor;
mod fault;
mod lessons;
mod meter;
mod outline;
mod pace;
mod parse;
mod passages;
mod planner;
mod proposal;
mod regimes;
mod request;
mod requirements;
mod router;
mod setting;
mod structured;
mod template;
mod text;
mod wire;
mod words;

pub use asked::{behaviour, place};
pub use client::Client;
pub use command::CommandLine;
pub use context::Context;
pub use correct::UNUSABLE;
pub use desk::Desk;
pub use endpoint::{Endpoint, Limits, OutputField};
pub use error::ModelError;
pub use executor::Executor;
pub use extractor::Extractor;
pub use meter::{Caps, Loss, Meter, Price, Spent};
pub use passages::Passages;
pub use planner::{ANSWERS, NO_QUESTIONS, Planner};
pub use request::{Cost, Reply, Request, Role, Usage};
pub use router::Router;
pub use template::Templates;

use futures::future::BoxFuture;
use std::sync::Arc;

/// Something that answers requests.
pub trait Model: Send + Sync {
    /// Asks once. `ordinal` tells apart requests that are equal in everything that the model sees; it is not sent, it is
    /// for whoever keeps replies under ([`Request::key`], ordinal).
    fn ask<'a>(&'a self, request: &'a Request, ordinal: u32) -> BoxFuture<'a, Result<Reply, ModelError>>;
}

impl<M: Model + ?Sized> Model for Arc<M> {
    fn ask<'a>(&'a self, request: &'a Request, ordinal: u32) -> BoxFuture<'a, Result<Reply, ModelError>> {
        (**self).ask(request, ordinal)
    }
}

/// How a role uses its model.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The model's name, as the endpoint knows it.
    pub model: String,
    /// Sampling temperature; none leaves it to the endpoint (some models accept no other).
    pub temperature: Option<f32>,
    /// The most tokens that one reply may have, reasoning included: what a budget reserves.
    pub max_completion_tokens: u32,
    /// Whether the endpoint understands `response_format` with a JSON schema. Most local servers do not.
    pub structured: bool,
}

impl Settings {
    /// The named model with everything else left to the endpoint.
    pub fn new(model: impl Into<String>) -> Self {
        Settings { model: model.into(), temperature: None, max_completion_tokens: 32_000, structured: false }
    }
}

/// Says why a reply holds no answer at all, if it does not.
fn unanswered(reply: &Reply) -> Result<(), String> {
    if let Some(refusal) = &reply.refusal {
        return Err(format!("the model refused: {}", text::line(refusal, 300)));
    }
    if reply.text.trim().is_empty() {
        let reason = reply.finish_reason.as_deref().unwrap_or("none given");
        return Err(format!("the reply is empty (finish reason: {})", text::line(reason, 60)));
    }
    Ok(())
}

/// A source as a prompt shows it.
fn shown(source: Option<&str>) -> Option<String> {
    /// Characters of a source; no policy worth improving is longer.
    const SHOWN: usize = 20_000;
    source.map(|source| text::clip(source.trim(), SHOWN))
}

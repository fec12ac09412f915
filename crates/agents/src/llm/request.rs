//! What a model is asked and what it answers.

use science::id::Hash;
pub use science::work::Role;
use serde::{Deserialize, Deserializer, Serialize};

/// One question to a model: everything that it sees, and nothing else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// On whose behalf it is asked.
    pub role: Role,
    /// The model's name, as the endpoint knows it.
    pub model: String,
    /// The part that is the same all campaign long.
    pub system: String,
    /// The part that changes.
    pub user: String,
    /// Sampling temperature; none leaves it to the endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
    /// The most tokens that the reply may have, reasoning included.
    pub max_completion_tokens: u32,
    /// The JSON schema that the endpoint is asked to enforce.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<serde_json::Value>,
}

impl Request {
    /// What a reply is kept under, together with an ordinal: a hash of everything that the model sees.
    pub fn key(&self) -> Hash {
        Hash::of(&serde_json::to_vec(self).expect("a request holds text and finite numbers"))
    }
}

/// What a model answered. Kept as an observation before it is used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The text; empty if there was none.
    pub text: String,
    /// Why it stopped, in the endpoint's words, for example `stop` or `length`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<String>,
    /// Why it would not answer, if it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// Tokens that it took.
    #[serde(default)]
    pub usage: Usage,
    /// What that is in money, and what it counts against a budget.
    #[serde(default)]
    pub cost: Cost,
}

/// What a reply cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// US dollars; none if the price is unknown or the endpoint did not count tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd: Option<f64>,
    /// What a budget in US dollars was charged: the worst case where the endpoint did not count tokens; none if the price
    /// is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charged_usd: Option<f64>,
    /// What a budget in tokens was charged, likewise.
    #[serde(default)]
    pub charged_tokens: u64,
}

/// Tokens, as far as the endpoint counts them. What is absent was not said; it is not zero. A count that cannot be one (see
/// [`Usage::MOST`]) is absent too, wherever it is read from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the prompt, cached ones included.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "count")]
    pub prompt_tokens: Option<u64>,
    /// Those of them that came from a cache.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "count")]
    pub cached_tokens: Option<u64>,
    /// Tokens written, reasoning included.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "count")]
    pub completion_tokens: Option<u64>,
    /// Those of them that were reasoning.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "count")]
    pub reasoning_tokens: Option<u64>,
}

impl Usage {
    /// The most tokens of one request that are believed: a thousand times what any model takes. A count goes on the record,
    /// where it must fit.
    pub const MOST: u64 = 1_000_000_000;
}

/// A whole number of tokens up to [`Usage::MOST`]; anything else counts as not said. For `deserialize_with`.
pub(super) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let said = serde_json::Value::deserialize(deserializer)?;
    Ok(said.as_u64().filter(|tokens| *tokens <= Usage::MOST))
}

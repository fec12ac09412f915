//! Counts what an agent's replies cost.

use super::{Reply, Request};
use crate::Answer;
use science::work::{Tokens, Work, summed};

/// The work behind one answer.
#[derive(Debug, Default)]
pub(super) struct Tally(Vec<Work>);

impl Tally {
    /// Counts a reply.
    pub(super) fn count(&mut self, request: &Request, reply: &Reply) {
        let usage = reply.usage;
        let counted = usage.prompt_tokens.is_some() && usage.completion_tokens.is_some();
        let tokens = Tokens {
            prompt: usage.prompt_tokens.unwrap_or_default(),
            cached: usage.cached_tokens.unwrap_or_default(),
            completion: usage.completion_tokens.unwrap_or_default(),
            reasoning: usage.reasoning_tokens.unwrap_or_default(),
        };
        self.0.push(Work {
            role: request.role,
            by: request.model.clone(),
            calls: 1,
            uncounted: u32::from(!counted),
            tokens,
            usd: reply.cost.usd,
        });
    }

    /// The answer that all this led to.
    pub(super) fn answer<T>(self, content: Result<T, String>) -> Answer<T> {
        Answer { content, work: summed(&self.0) }
    }
}

//! What every agent with a language model works with: whom to ask, and how a prompt is filled.

use super::template::Templates;
use super::{Model, ModelError, Passages, Reply, Request, Role, Settings};
use science::work::{Tokens, Work};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;

/// Attempts of one role at one task, over all rounds of corrections: more of them than this share an ordinal.
const ATTEMPTS: u32 = 64;

/// What an agent with a language model works with.
#[derive(Clone)]
pub struct Context {
    /// Who is asked.
    pub model: Arc<dyn Model>,
    /// The role's model, and how it is asked.
    pub settings: Settings,
    /// The text of the contract that candidates are written against.
    pub contract: String,
    /// What only the problem can say in the prompts.
    pub passages: Passages,
    /// The prompts.
    pub templates: Arc<Templates>,
}

impl Context {
    /// The request of a role. `prompt` is what the template is filled with, and `schema` what the reply has to look like: an
    /// endpoint that does not enforce it is told by the prompt's own words, and by a user's template that shows it.
    pub(super) fn request(
        &self,
        role: Role,
        prompt: &impl Serialize,
        schema: Option<Value>,
    ) -> Result<Request, ModelError> {
        let settings = &self.settings;
        let (enforced, shown) = if settings.structured { (schema, None) } else { (None, schema) };
        let filled = Filled { prompt, schema: shown.map(|schema| schema.to_string()) };
        let [system, user] = self.templates.render(role, &self.passages, &filled)?;
        Ok(Request {
            role,
            model: settings.model.clone(),
            system,
            user,
            temperature: settings.temperature,
            max_completion_tokens: settings.max_completion_tokens,
            schema: enforced,
        })
    }

    /// Asks, and adds what it took to `work`. `attempt` counts from 0 within one iteration: it tells apart requests that happen to
    /// be equal, also those of two iterations.
    pub(super) async fn ask(
        &self,
        request: &Request,
        iteration: u32,
        attempt: u32,
        work: &mut Vec<Work>,
    ) -> Result<Reply, ModelError> {
        let ordinal = iteration.saturating_mul(ATTEMPTS).saturating_add(attempt.min(ATTEMPTS - 1));
        let reply = self.model.ask(request, ordinal).await?;
        work.push(counted(request, &reply));
        Ok(reply)
    }
}

/// The work behind a reply.
fn counted(request: &Request, reply: &Reply) -> Work {
    let usage = reply.usage;
    let counted = usage.prompt_tokens.is_some() && usage.completion_tokens.is_some();
    let tokens = Tokens {
        prompt: usage.prompt_tokens.unwrap_or_default(),
        cached: usage.cached_tokens.unwrap_or_default(),
        completion: usage.completion_tokens.unwrap_or_default(),
        reasoning: usage.reasoning_tokens.unwrap_or_default(),
    };
    let (role, by, usd) = (request.role, request.model.clone(), reply.cost.usd);
    Work { role, by, calls: 1, uncounted: u32::from(!counted), tokens, usd }
}

/// What a template is filled with, and the schema of the reply where the prompt has to show it.
#[derive(Serialize)]
struct Filled<'a, P> {
    #[serde(flatten)]
    prompt: &'a P,
    schema: Option<String>,
}

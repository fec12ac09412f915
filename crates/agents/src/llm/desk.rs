//! What every agent with a language model works with: whom to ask, and how a prompt is filled.

use super::bandit::choose;
use super::tally::Tally;
use super::template::Templates;
use super::{Model, ModelError, Reply, Request, Role, Settings};
use science::state::State;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;

/// Attempts of one role at one task, over all rounds of corrections: more of them than this share an ordinal.
const ATTEMPTS: u32 = 64;

/// What an agent with a language model works with.
#[derive(Clone)]
pub struct Desk {
    /// Who is asked.
    pub model: Arc<dyn Model>,
    /// The models that may be asked, at least one; which one it is, is decided anew for every piece of work.
    pub models: Vec<Settings>,
    /// The text of the contract that candidates are written against.
    pub contract: String,
    /// The prompts.
    pub templates: Arc<Templates>,
}

impl Desk {
    /// The request of a role. `position` is that of the arm in its bundle, `context` what the template is filled with, and
    /// `schema` what the reply has to look like: an endpoint that does not enforce it finds it in the prompt.
    pub(super) fn request(
        &self,
        role: Role,
        state: &State,
        position: usize,
        context: &impl Serialize,
        schema: Option<Value>,
    ) -> Result<Request, ModelError> {
        let settings = self
            .models
            .get(choose(&self.models, role, state, position))
            .ok_or_else(|| ModelError::Endpoint(format!("no model is named for the role `{}`", role.as_str())))?;
        let (enforced, shown) = if settings.structured { (schema, None) } else { (None, schema) };
        let filled = Filled { context, schema: shown.map(|schema| schema.to_string()) };
        let [system, user] = self.templates.render(role, &filled)?;
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

    /// Asks, and counts what it took. `attempt` counts from 0 within one iteration: it tells apart requests that happen to
    /// be equal, also those of two iterations.
    pub(super) async fn ask(
        &self,
        request: &Request,
        iteration: u32,
        attempt: u32,
        tally: &mut Tally,
    ) -> Result<Reply, ModelError> {
        let ordinal = iteration.saturating_mul(ATTEMPTS).saturating_add(attempt.min(ATTEMPTS - 1));
        let reply = self.model.ask(request, ordinal).await?;
        tally.count(request, &reply);
        Ok(reply)
    }
}

/// A context, and the schema of the reply where the prompt has to show it.
#[derive(Serialize)]
struct Filled<'a, C> {
    #[serde(flatten)]
    context: &'a C,
    schema: Option<String>,
}

//! The extractor: two prompts, changes of the principles and the campaign's notes.

use super::correct::Task;
use super::evidence::{Evidence, told};
use super::lessons;
use super::setting::Setting;
use super::{Context, ModelError, Reply, Request, Role, parse, structured, text};
use crate::{Answer, Answering, Brief, Lessons};
use science::principle::Change;
use science::state::State;
use science::work::{Work, summed};
use serde::Serialize;

/// Times that unusable lessons are answered with what is wrong with them.
const CORRECTIONS: u32 = 2;
/// Characters of the notes.
const NOTES: usize = 2000;

/// An extractor that asks a model: first what the findings change in the principles, then for the notes that later plans
/// see. Code checks the changes, and a constraint has to be earned by a measured finding.
#[derive(Clone)]
pub struct Extractor {
    context: Context,
}

impl Extractor {
    /// An extractor that works with this.
    pub fn new(context: Context) -> Self {
        Extractor { context }
    }

    /// What is asked about the principles. Fails only with a template of the user's that does not fit.
    pub fn request(&self, state: &State) -> Result<Request, ModelError> {
        let prompt = Extracting {
            setting: Setting::new(state, &self.context),
            evidence: Evidence::new(state),
            limits: lessons::Limits::default(),
            example: lessons::example(&state.opened().experiment.dimensions),
        };
        let schema = lessons::schema(&state.opened().experiment.dimensions);
        self.context.request(Role::Extract, &prompt, Some(schema))
    }

    /// What is asked about the notes, once these changes are accepted. Fails only with a template of the user's that does
    /// not fit.
    pub fn notes_request(&self, state: &State, changes: &[Change]) -> Result<Request, ModelError> {
        let notes = state.notes.as_deref().map(|notes| text::clip(notes.trim(), NOTES)).unwrap_or_default();
        let prompt = Summarising {
            setting: Setting::new(state, &self.context),
            evidence: Evidence::new(state),
            notes_fence: parse::fence(&notes),
            notes,
            changes: changes.iter().map(told).collect(),
            left: state.opened().experiment.iterations.saturating_sub(state.iteration_number()),
            limits: NoteLimits { notes: NOTES },
        };
        self.context.request(Role::Summarise, &prompt, None)
    }

    async fn draw(&self, state: &State) -> Result<Answer<Lessons>, ModelError> {
        let (request, mut work) = (self.request(state)?, Vec::new());
        let iteration = state.iteration_number();
        let task = Task { what: "list of changes", iteration, attempt: 0, corrections: CORRECTIONS };
        let read = |reply: &Reply| lessons::changes(&structured::read(reply)?, state);
        let changes = match self.context.settle(task, &request, &mut work, read).await? {
            Ok(changes) => changes,
            Err(reason) => return Ok(Answer { content: Err(reason), work: summed(&work) }),
        };
        let notes = self.summarise(state, &changes, &mut work).await?;
        Ok(Answer { content: Ok(Lessons { changes, notes }), work: summed(&work) })
    }

    /// The campaign's notes from now on; none leaves them as they are.
    async fn summarise(
        &self,
        state: &State,
        changes: &[Change],
        work: &mut Vec<Work>,
    ) -> Result<Option<String>, ModelError> {
        let request = self.notes_request(state, changes)?;
        let reply = match self.context.ask(&request, state.iteration_number(), 0, work).await {
            Ok(reply) => reply,
            // What was drawn is paid for and goes on the record; the next request ends the campaign.
            Err(ModelError::BudgetSpent { what }) => {
                tracing::warn!(what, "a budget is spent; the campaign's notes stay as they are");
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        match notes(&reply) {
            Ok(notes) => Ok(Some(notes)),
            Err(problem) => {
                tracing::warn!(problem, "the campaign's notes stay as they are");
                Ok(None)
            }
        }
    }
}

impl crate::Extractor for Extractor {
    fn extract<'a>(&'a self, brief: Brief<'a>) -> Answering<'a, Lessons> {
        Box::pin(self.draw(brief.state))
    }
}

/// The notes in a reply: its text without thoughts, without a fence around it, and not too long.
fn notes(reply: &Reply) -> Result<String, String> {
    super::unanswered(reply)?;
    match text::clean(&parse::unfenced(&reply.text)).trim() {
        "" => Err("the reply holds no notes".into()),
        text => Ok(text::sentences(text, NOTES)),
    }
}

/// The context of `prompts/extract.hbs`.
#[derive(Serialize)]
struct Extracting {
    setting: Setting,
    #[serde(flatten)]
    evidence: Evidence,
    limits: lessons::Limits,
    /// A constraint on this experiment's dimensions, as a reply writes it.
    example: String,
}

/// The context of `prompts/summarise.hbs`.
#[derive(Serialize)]
struct Summarising {
    setting: Setting,
    #[serde(flatten)]
    evidence: Evidence,
    notes: String,
    notes_fence: String,
    changes: Vec<String>,
    left: u32,
    limits: NoteLimits,
}

#[derive(Serialize)]
struct NoteLimits {
    notes: usize,
}

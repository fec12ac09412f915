//! The extractor: one prompt, one reply, changes of the principles and the campaign's notes.

use super::correct::Task;
use super::evidence::Evidence;
use super::lessons::{self, NOTES};
use super::setting::Setting;
use super::{Context, ModelError, Reply, Request, Role, parse, structured, text};
use crate::{Answer, Answering, Brief, Lessons};
use science::state::State;
use science::work::summed;
use serde::Serialize;

/// Times that unusable lessons are answered with what is wrong with them.
const CORRECTIONS: u32 = 2;

/// An extractor that asks a model what the findings change in the principles, and for the notes that later plans see. Code
/// checks the changes, and a constraint has to be earned by a measured finding. After the last iteration, and where drafts are
/// independent, nobody is asked: nobody would read it.
#[derive(Clone)]
pub struct Extractor {
    context: Context,
}

impl Extractor {
    /// An extractor that works with this.
    pub fn new(context: Context) -> Self {
        Extractor { context }
    }

    /// What is asked. Fails only with a template of the user's that does not fit.
    pub fn request(&self, state: &State) -> Result<Request, ModelError> {
        let notes = state.notes.as_deref().map(|notes| text::clip(notes.trim(), NOTES)).unwrap_or_default();
        let prompt = Prompt {
            setting: Setting::new(state, &self.context),
            evidence: Evidence::new(state),
            notes_fence: parse::fence(&notes),
            notes,
            left: left(state),
            limits: lessons::Limits::default(),
            example: lessons::example(&state.opened().experiment.dimensions),
        };
        let schema = lessons::schema(&state.opened().experiment.dimensions);
        self.context.request(Role::Extract, &prompt, Some(schema))
    }

    async fn draw(&self, state: &State) -> Result<Answer<Lessons>, ModelError> {
        if left(state) == 0 || state.is_independent() {
            return Ok(Answer::free(Ok(Lessons::default())));
        }
        let (request, mut work) = (self.request(state)?, Vec::new());
        let iteration = state.iteration_number();
        let task = Task { what: "list of changes", iteration, attempt: 0, corrections: CORRECTIONS };
        let read = |reply: &Reply| lessons::read(structured::read(reply)?, state);
        let content = self.context.settle(task, &request, &mut work, read).await?;
        Ok(Answer { content, work: summed(&work) })
    }
}

impl crate::Extractor for Extractor {
    fn extract<'a>(&'a self, brief: Brief<'a>) -> Answering<'a, Lessons> {
        Box::pin(self.draw(brief.state))
    }
}

/// Iterations that are still to come.
fn left(state: &State) -> u32 {
    state.opened().experiment.iterations.saturating_sub(state.iteration_number())
}

/// The context of `prompts/extract.hbs`.
#[derive(Serialize)]
struct Prompt {
    setting: Setting,
    #[serde(flatten)]
    evidence: Evidence,
    notes: String,
    notes_fence: String,
    left: u32,
    limits: lessons::Limits,
    /// A constraint on this experiment's dimensions, as a reply writes it.
    example: String,
}

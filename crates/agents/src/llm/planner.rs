//! The planner: a prompt, a reply, a bundle; a reply that is no bundle goes back with what is wrong with it.

use super::correct::Task;
use super::digest::{Digest, Known};
use super::setting::Setting;
use super::text::clip;
use super::words::{dimension, percent};
use super::{Context, ModelError, Reply, Request, Role, parse, proposal, structured};
use crate::{Answer, Answering, Brief};
use science::bundle::Bundle;
use science::experiment::Budget;
use science::state::State;
use science::work::summed;
use serde::Serialize;

/// Times that an unusable reply is answered with what is wrong with it.
const CORRECTIONS: u32 = 2;
/// Characters of the campaign's notes.
const NOTES: usize = 2000;

/// A planner that asks a model.
#[derive(Clone)]
pub struct Planner {
    context: Context,
}

impl Planner {
    /// A planner that works with this.
    pub fn new(context: Context) -> Self {
        Planner { context }
    }

    /// What is asked first. Fails only with a template of the user's that does not fit.
    pub fn request(&self, brief: Brief<'_>) -> Result<Request, ModelError> {
        let prompt = Prompt::new(brief, &self.context);
        let schema = proposal::schema(&brief.state.opened().experiment.dimensions, brief.state.spec());
        self.context.request(Role::Plan, &prompt, Some(schema))
    }

    async fn draft(&self, brief: Brief<'_>) -> Result<Answer<Bundle>, ModelError> {
        let (request, mut work) = (self.request(brief)?, Vec::new());
        let iteration = brief.state.iteration_number();
        let task = Task { what: "bundle", iteration, attempt: 0, corrections: CORRECTIONS };
        let bundle = self.context.settle(task, &request, &mut work, |reply| read(reply, brief.state)).await?;
        Ok(Answer { content: bundle, work: summed(&work) })
    }
}

impl crate::Planner for Planner {
    fn plan<'a>(&'a self, brief: Brief<'a>) -> Answering<'a, Bundle> {
        Box::pin(self.draft(brief))
    }
}

fn read(reply: &Reply, state: &State) -> Result<Bundle, String> {
    proposal::bundle(structured::read(reply)?, state)
}

/// The context of `prompts/plan.hbs`.
#[derive(Serialize)]
struct Prompt {
    setting: Setting,
    digest: Digest,
    arms: usize,
    iteration: u32,
    iterations: u32,
    left: u32,
    last: bool,
    evaluations: Option<String>,
    limits: String,
    notes: Option<String>,
    notes_fence: String,
    dimensions: Vec<String>,
    volume: String,
    source: Option<String>,
    fence: String,
}

impl Prompt {
    fn new(brief: Brief<'_>, context: &Context) -> Self {
        let state = brief.state;
        let experiment = &state.opened().experiment;
        let iteration = state.iteration_number();
        let budget = experiment.budget.evaluations;
        let source = super::shown(brief.source);
        let notes = state.notes.as_deref().map(|notes| clip(notes.trim(), NOTES)).filter(|notes| !notes.is_empty());
        Prompt {
            setting: Setting::new(state, context),
            digest: Digest::new(Known::all(state)),
            arms: proposal::ARMS,
            iteration,
            iterations: experiment.iterations,
            left: experiment.iterations.saturating_sub(iteration),
            last: iteration >= experiment.iterations,
            evaluations: budget.map(|all| format!("{} of {all}", all.saturating_sub(state.evaluations))),
            limits: limits(&experiment.budget),
            notes_fence: parse::fence(notes.as_deref().unwrap_or_default()),
            notes,
            dimensions: experiment.dimensions.iter().map(dimension).collect(),
            volume: percent(volume(state)),
            fence: parse::fence(source.as_deref().unwrap_or_default()),
            source,
        }
    }
}

/// What the campaign may use up, in words. What is left of money and tokens is not told: it depends on the network's moods.
fn limits(budget: &Budget) -> String {
    let limits = [
        budget.evaluations.map(|n| format!("{n} evaluations")),
        budget.verdict_trials.map(|n| format!("{n} trials for verdicts")),
        budget.minutes.map(|n| format!("{n} minutes")),
        budget.usd.map(|n| format!("{n} US dollars")),
        budget.tokens.map(|n| format!("{n} tokens")),
        budget.calls.map(|n| format!("{n} requests to models")),
    ];
    limits.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Share of the design space that is left: as it was counted when the last iteration ended, since counting takes a while
/// and principles change at the end of an iteration only.
fn volume(state: &State) -> f64 {
    let counted = state.iterations.iter().rev().find_map(|iteration| iteration.volume);
    counted.unwrap_or_else(|| state.volume())
}

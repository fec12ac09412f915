//! The executor: a prompt, a reply, a source.

use super::correct::Task;
use super::digest::{Digest, Known, claim};
use super::repair::CORRECTIONS;
use super::setting::{Setting, dimension};
use super::tally::Tally;
use super::text::{clip, line};
use super::{Desk, ModelError, Reply, Request, Role, parse};
use crate::{Answer, Answering, Brief, Fault};
use science::bundle::Arm;
use science::space::Value;
use science::state::{State, describe};
use serde::Serialize;

/// Characters of one text of a bundle.
const TEXT: usize = 1500;
/// Attempts at one arm.
pub(super) const ATTEMPTS: u32 = 8;

/// An executor that asks a model.
#[derive(Clone)]
pub struct Executor {
    pub(super) desk: Desk,
}

impl Executor {
    /// An executor that works at `desk`.
    pub fn new(desk: Desk) -> Self {
        Executor { desk }
    }

    /// What is asked for an arm. Fails only with a template of the user's that does not fit.
    pub fn request(&self, brief: Brief<'_>, arm: &Arm) -> Result<Request, ModelError> {
        let context = Context::new(brief, arm, &self.desk.contract);
        self.desk.request(Role::Implement, brief.state, position(brief.state, arm), &context, None)
    }

    async fn write(&self, brief: Brief<'_>, arm: &Arm) -> Result<Answer<String>, ModelError> {
        let (request, mut tally) = (self.request(brief, arm)?, Tally::default());
        // Each arm of an iteration has attempts of its own: a user's template may leave out what tells arms apart.
        let attempt = position(brief.state, arm) as u32 * ATTEMPTS;
        let iteration = brief.state.iteration_number();
        let task = Task { what: "file", iteration, attempt, corrections: CORRECTIONS };
        let content = self.desk.settle(task, &request, &mut tally, read).await?;
        Ok(tally.answer(content))
    }
}

impl crate::Executor for Executor {
    fn implement<'a>(&'a self, brief: Brief<'a>, arm: &'a Arm) -> Answering<'a, String> {
        Box::pin(self.write(brief, arm))
    }

    fn repair<'a>(&'a self, brief: Brief<'a>, arm: &'a Arm, fault: Fault<'a>) -> Answering<'a, String> {
        Box::pin(self.mend(brief, arm, fault))
    }
}

/// The position of an arm in the bundle that is under way.
pub(super) fn position(state: &State, arm: &Arm) -> usize {
    let bundle = state.iterations.last().and_then(|iteration| iteration.bundle.as_ref());
    bundle.and_then(|bundle| bundle.arm(&arm.name)).map_or(0, |(at, _)| at)
}

pub(super) fn read(reply: &Reply) -> Result<String, String> {
    super::unanswered(reply)?;
    parse::source(&reply.text)
}

/// The context of `prompts/implement.hbs`.
#[derive(Serialize)]
pub(super) struct Context {
    setting: Setting,
    digest: Digest,
    /// Without it, an arm that is claimed again would be the same request, and get the recorded reply.
    iteration: u32,
    question: String,
    parent: String,
    name: String,
    kind: String,
    hypothesis: String,
    mechanism: String,
    claim: String,
    intent: String,
    intent_fence: String,
    point: Vec<String>,
    /// Inputs that must change its decisions.
    uses: String,
    /// The main arm's design, for an arm that varies it.
    main: Option<String>,
    source: Option<String>,
    fence: String,
}

impl Context {
    pub(super) fn new(brief: Brief<'_>, arm: &Arm, contract: &str) -> Self {
        // A bundle's texts are bounded when it comes from a model; one from elsewhere is bounded here.
        let text = |text: &str| line(text, TEXT);
        let state = brief.state;
        let bundle = state.iterations.last().and_then(|iteration| iteration.bundle.as_ref());
        let main = bundle.and_then(|bundle| bundle.arms.first()).filter(|main| main.name != arm.name);
        let (source, intent) = (super::shown(brief.source), clip(arm.design.intent.trim(), TEXT));
        Context {
            setting: Setting::new(state, contract),
            digest: Digest::new(Known::to(state, arm)),
            iteration: state.iterations.len() as u32,
            question: bundle.map(|bundle| text(&bundle.question)).unwrap_or_default(),
            parent: bundle.map(|bundle| describe(&bundle.parent)).unwrap_or_else(|| "the reference".into()),
            name: arm.name.clone(),
            kind: arm.kind.as_str().into(),
            hypothesis: text(&arm.hypothesis),
            mechanism: text(&arm.mechanism),
            claim: bundle.map(|bundle| claim(arm, &bundle.parent)).unwrap_or_default(),
            intent_fence: parse::fence(&intent),
            intent,
            point: point(state, arm),
            uses: arm.design.uses.iter().map(|input| input.as_str()).collect::<Vec<_>>().join(", "),
            main: main.map(|main| text(&main.design.intent)),
            fence: parse::fence(source.as_deref().unwrap_or_default()),
            source,
        }
    }
}

/// The declared coordinates with what they mean.
fn point(state: &State, arm: &Arm) -> Vec<String> {
    let space = state.opened().experiment.space();
    let coordinate = |(name, value): (&String, &Value)| {
        let value = match value {
            Value::Number(number) => number.to_string(),
            Value::Choice(choice) => choice.clone(),
        };
        format!("{name} = {value}, where {}", space.dimension(name).map(dimension).unwrap_or_default())
    };
    arm.design.point.iter().flatten().map(coordinate).collect()
}

//! The executor: a prompt, a reply, a source; and once more where a candidate goes back to its author.

use super::correct::Task;
use super::digest::{Detail, Digest, Known, claim};
use super::fault::Wrong;
use super::setting::Setting;
use super::text::{clip, line};
use super::words::dimension;
use super::{Context, ModelError, Reply, Request, Role, edits, parse};
use crate::{Answer, Answering, Brief, Fault};
use science::bundle::{Arm, ArmKind, MAIN};
use science::space::Value;
use science::state::{State, describe};
use science::work::summed;
use serde::Serialize;

/// Characters of one text of a bundle.
const TEXT: usize = 1500;
/// Attempts at one arm.
const ATTEMPTS: u32 = 8;
/// Times that a reply without usable code is answered with what is wrong with it.
const CORRECTIONS: u32 = 1;

/// An executor that asks a model.
#[derive(Clone)]
pub struct Executor {
    context: Context,
}

impl Executor {
    /// An executor that works with this.
    pub fn new(context: Context) -> Self {
        Executor { context }
    }

    /// What is asked for an arm. Fails only with a template of the user's that does not fit.
    pub fn request(&self, brief: Brief<'_>, arm: &Arm) -> Result<Request, ModelError> {
        let prompt = Prompt::new(brief, arm, &self.context);
        self.context.request(Role::Implement, &prompt, None)
    }

    async fn write(&self, brief: Brief<'_>, arm: &Arm) -> Result<Answer<Vec<String>>, ModelError> {
        if let Some(main) = brief.source.filter(|_| is_main_again(brief.state, arm)) {
            return Ok(Answer::free(Ok(vec![main.to_owned()])));
        }
        let (request, mut work) = (self.request(brief, arm)?, Vec::new());
        // Each arm of an iteration has attempts of its own: a user's template may leave out what tells arms apart.
        let attempt = position(brief.state, arm) as u32 * ATTEMPTS;
        let iteration = brief.state.iteration_number();
        let task = Task { what: "file", iteration, attempt, corrections: CORRECTIONS };
        let read = |reply: &Reply| match arm.design.variants.len() {
            0 if brief.source.is_none_or(|_| !edits::has(&reply.text)) => self.read(reply).map(|source| vec![source]),
            more => self.read_all(reply, brief.source, more + 1),
        };
        let content = self.context.settle(task, &request, &mut work, read).await?;
        Ok(Answer { content, work: summed(&work) })
    }

    /// What is asked to mend an arm's candidate. Fails only with a template of the user's that does not fit.
    pub fn repair_request(&self, brief: Brief<'_>, arm: &Arm, fault: Fault<'_>) -> Result<Request, ModelError> {
        let (state, at) = (brief.state, position(brief.state, arm));
        let records = state.iterations.last().map(|iteration| iteration.arms.as_slice()).unwrap_or_default();
        let broken = records.get(at).and_then(|record| record.candidate.as_ref());
        let prompt = Mending { arm: Prompt::new(brief, arm, &self.context), fault: Wrong::new(state, broken, fault) };
        self.context.request(Role::Repair, &prompt, None)
    }

    async fn mend(&self, brief: Brief<'_>, arm: &Arm, fault: Fault<'_>) -> Result<Answer<String>, ModelError> {
        let (request, mut work) = (self.repair_request(brief, arm, fault)?, Vec::new());
        // Each arm has attempts of its own, and each time that it goes back has some of them.
        let earlier = fault.earlier.min(ATTEMPTS / (CORRECTIONS + 1) - 1);
        let task = Task {
            what: "file",
            iteration: brief.state.iteration_number(),
            attempt: position(brief.state, arm) as u32 * ATTEMPTS + earlier * (CORRECTIONS + 1),
            corrections: CORRECTIONS,
        };
        let content = self.context.settle(task, &request, &mut work, |reply| self.read(reply)).await?;
        Ok(Answer { content, work: summed(&work) })
    }

    /// At most so many sources, each a file or an edit of the one that the arm departs from.
    fn read_all(&self, reply: &Reply, parent: Option<&str>, most: usize) -> Result<Vec<String>, String> {
        super::unanswered(reply)?;
        parse::sources(&reply.text, &self.context.passages.hook, parent, most)
    }

    fn read(&self, reply: &Reply) -> Result<String, String> {
        super::unanswered(reply)?;
        parse::source(&reply.text, &self.context.passages.hook)
    }
}

impl crate::Executor for Executor {
    fn implement<'a>(&'a self, brief: Brief<'a>, arm: &'a Arm) -> Answering<'a, Vec<String>> {
        Box::pin(self.write(brief, arm))
    }

    fn repair<'a>(&'a self, brief: Brief<'a>, arm: &'a Arm, fault: Fault<'a>) -> Answering<'a, String> {
        Box::pin(self.mend(brief, arm, fault))
    }
}

/// Whether an arm is the main design as it is, whose source is that of the candidate which it departs from.
fn is_main_again(state: &State, arm: &Arm) -> bool {
    let says_so = arm.design.intent.trim().eq_ignore_ascii_case(MAIN);
    position(state, arm) > 0 && (says_so || arm.kind == ArmKind::SuperAdditivity)
}

/// The position of an arm in the bundle that is under way.
fn position(state: &State, arm: &Arm) -> usize {
    let bundle = state.iterations.last().and_then(|iteration| iteration.bundle.as_ref());
    bundle.and_then(|bundle| bundle.arm(&arm.name)).map_or(0, |(at, _)| at)
}

/// The context of `prompts/implement.hbs`.
#[derive(Serialize)]
struct Prompt {
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
    /// Further designs of the same idea.
    variants: Vec<String>,
    point: Vec<String>,
    /// Inputs that must change its decisions.
    uses: String,
    /// The main arm's design, for an arm that varies it.
    main: Option<String>,
    source: Option<String>,
    fence: String,
}

impl Prompt {
    fn new(brief: Brief<'_>, arm: &Arm, context: &Context) -> Self {
        // A bundle's texts are bounded when it comes from a model; one from elsewhere is bounded here.
        let text = |text: &str| line(text, TEXT);
        let state = brief.state;
        let bundle = state.iterations.last().and_then(|iteration| iteration.bundle.as_ref());
        let main = bundle.and_then(|bundle| bundle.arms.first()).filter(|main| main.name != arm.name);
        let (source, intent) = (super::shown(brief.source), clip(arm.design.intent.trim(), TEXT));
        Prompt {
            setting: Setting::new(state, context),
            digest: Digest::new(Known::to(state, arm), Detail::FULL),
            iteration: state.iterations.len() as u32,
            question: bundle.map(|bundle| text(&bundle.question)).unwrap_or_default(),
            parent: bundle.map(|bundle| describe(&bundle.parent)).unwrap_or_else(|| "the reference".into()),
            name: arm.name.clone(),
            kind: arm.kind.as_str().into(),
            hypothesis: text(&arm.hypothesis),
            mechanism: text(&arm.mechanism),
            claim: bundle.map(|bundle| claim(arm, &bundle.parent, state.spec())).unwrap_or_default(),
            intent_fence: parse::fence(&intent),
            intent,
            variants: arm.design.variants.iter().map(|variant| text(variant)).collect(),
            point: point(state, arm),
            uses: arm.design.uses.iter().map(String::as_str).collect::<Vec<_>>().join(", "),
            main: main.map(|main| text(&main.design.intent)),
            fence: parse::fence(source.as_deref().unwrap_or_default()),
            source,
        }
    }
}

/// The context of `prompts/repair.hbs`: that of the arm, whose source is the broken one, and what is wrong.
#[derive(Serialize)]
struct Mending {
    #[serde(flatten)]
    arm: Prompt,
    fault: Wrong,
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

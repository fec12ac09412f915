//! The planner: a prompt, a reply, a bundle; a reply that is no bundle goes back with what is wrong with it.

use super::asked::Asked;
use super::correct::Task;
use super::digest::{Detail, Digest, Known};
use super::lessons::NOTES;
use super::proposal::UNDECIDED;
use super::setting::Setting;
use super::text::{clip, source as shortened};
use super::words::{dimension, percent, quantity};
use super::{Context, ModelError, Reply, Request, Role, parse, proposal, structured};
use crate::{Answer, Answering, Brief, builtin};
use science::asked::QUESTIONS;
use science::bundle::{Bundle, VARIANTS};
use science::state::State;
use science::tuner;
use science::work::summed;
use serde::Serialize;

/// Times that an unusable reply is answered with what is wrong with it.
const CORRECTIONS: u32 = 2;
/// What stands before the answers to questions.
pub const ANSWERS: &str = "\n# What you asked\n\n";
/// How what stands behind them begins once none may be asked any more.
pub const NO_QUESTIONS: &str = "You have no questions left";
/// Characters of the source of the best candidate: the whole of it can be asked for.
const SOURCE: usize = 3500;
/// Bytes of it that are worth more than whatever else was found.
const LEAST: usize = 1800;
/// Bytes of what stands around a source.
const HEAD: usize = 200;
/// Bytes of a first request: where it would be longer, less is told of what was found.
const LENGTH: usize = 40_000;

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
        let schema = proposal::schema(&brief.state.opened().experiment.dimensions, brief.state.spec());
        let request = |prompt: &Prompt| self.context.request(Role::Plan, prompt, Some(schema.clone()));
        let asked = |detail| {
            let prompt = Prompt::new(brief, &self.context, detail);
            request(&prompt).map(|first| (prompt, first))
        };
        let room = |first: &Request| LENGTH.checked_sub(first.system.len() + first.user.len());
        // The most that is told where so many bytes are left.
        let most = |left: usize| {
            let all = Detail::ALL.into_iter().map(asked);
            let mut fitting = all.filter(|told| told.as_ref().map_or(true, |(_, first)| room(first) >= Some(left)));
            fitting.next().transpose()
        };
        if let Some(source) = brief.source.map(|source| shortened(source.trim(), SOURCE))
            && let Some((mut prompt, first)) = most(HEAD + source.len().min(LEAST))?
        {
            let wider = source.len() - source.chars().count();
            prompt.show(shortened(&source, (room(&first).unwrap_or_default() - HEAD).saturating_sub(wider)));
            return request(&prompt);
        }
        match most(0)? {
            Some((_, first)) => Ok(first),
            None => asked(Detail::ALL[Detail::ALL.len() - 1]).map(|(_, first)| first),
        }
    }

    async fn draft(&self, brief: Brief<'_>) -> Result<Answer<Bundle>, ModelError> {
        let (mut request, mut work) = (self.request(brief)?, Vec::new());
        let mut left = if brief.state.is_independent() { 0 } else { QUESTIONS };
        let mut turn = 0;
        let bundle = loop {
            let iteration = brief.state.iteration_number();
            let task = Task { what: "bundle", iteration, attempt: turn * (CORRECTIONS + 1), corrections: CORRECTIONS };
            match self.context.settle(task, &request, &mut work, |reply| read(reply, brief.state, left)).await {
                Ok(Ok(Turn::Asks(asked))) => {
                    request.user.push_str(&answers(&asked, brief, &mut left).await?);
                    turn += 1;
                }
                Ok(Ok(Turn::Claims(bundle))) => break Ok(*bundle),
                Ok(Err(problem)) => break Err(problem),
                // What its questions took is charged with a plan that failed: the campaign ends where a model is asked next.
                Err(spent @ ModelError::BudgetSpent { .. }) if turn > 0 => break Err(spent.to_string()),
                Err(error) => return Err(error),
            }
        };
        Ok(Answer { content: bundle, work: summed(&work) })
    }
}

/// What a reply does.
enum Turn {
    /// It asks before it claims.
    Asks(Vec<Asked>),
    /// It is a bundle.
    Claims(Box<Bundle>),
}

/// What follows a request once its questions are answered, which are counted. What has no answer is none, but something counts of each
/// reply.
async fn answers(asked: &[Asked], brief: Brief<'_>, left: &mut usize) -> Result<String, ModelError> {
    let (mut told, mut answered) = (Vec::new(), 0);
    for asked in asked {
        let (text, is_answered) = asked.told(brief).await?;
        told.push(text);
        answered += usize::from(is_answered);
    }
    *left -= answered.max(1);
    let left = match *left {
        0 => format!("{NO_QUESTIONS} in this iteration: reply with the bundle."),
        1 => "You have 1 question left in this iteration. Ask it, or reply with the bundle.".into(),
        left => format!("You have {left} questions left in this iteration. Ask again, or reply with the bundle."),
    };
    Ok(format!("\n{ANSWERS}{}\n\n{left}", told.join("\n\n")))
}

impl crate::Planner for Planner {
    fn plan<'a>(&'a self, brief: Brief<'a>) -> Answering<'a, Bundle> {
        Box::pin(self.draft(brief))
    }
}

/// Questions, where so many are left and there are no arms; else a bundle.
fn read(reply: &Reply, state: &State, left: usize) -> Result<Turn, String> {
    let asked = structured::read::<proposal::Asking>(reply)?.asked()?;
    match asked.len() {
        0 => proposal::bundle(structured::read(reply)?, state).map(|bundle| Turn::Claims(Box::new(bundle))),
        asks if asks > left => Err(format!("it asks {asks} questions, and may ask {left} more in this iteration")),
        _ => Ok(Turn::Asks(asked)),
    }
}

/// The context of `prompts/plan.hbs`.
#[derive(Serialize)]
struct Prompt {
    setting: Setting,
    digest: Digest,
    arms: usize,
    /// Further designs that a main arm may have and the budget allows.
    variants: usize,
    /// Whether the budget allows an ablation beside a candidate.
    ablations: bool,
    questions: usize,
    iteration: u32,
    iterations: u32,
    left: u32,
    last: bool,
    /// Whether nothing that was found before is shown.
    independent: bool,
    resources: Vec<String>,
    notes: Option<String>,
    notes_fence: String,
    dimensions: Vec<String>,
    volume: String,
    source: Option<String>,
    fence: String,
}

impl Prompt {
    fn new(brief: Brief<'_>, context: &Context, detail: Detail) -> Self {
        let state = brief.state;
        let experiment = &state.opened().experiment;
        let affordable = state.evaluations_left().map_or(usize::MAX, |left| left as usize);
        let iteration = state.iteration_number();
        let notes = state.notes.as_deref().map(|notes| clip(notes.trim(), NOTES)).filter(|notes| !notes.is_empty());
        Prompt {
            setting: Setting::new(state, context).outlined(),
            digest: Digest::new(Known::all(state), detail),
            arms: proposal::ARMS,
            variants: affordable.clamp(1, VARIANTS) - 1,
            ablations: affordable > 1,
            questions: if state.is_independent() { 0 } else { QUESTIONS },
            iteration,
            iterations: experiment.iterations,
            left: experiment.iterations.saturating_sub(iteration),
            last: iteration >= experiment.iterations,
            independent: state.is_independent(),
            resources: resources(state),
            notes_fence: parse::fence(notes.as_deref().unwrap_or_default()),
            notes,
            dimensions: experiment.dimensions.iter().map(dimension).collect(),
            volume: percent(volume(state)),
            fence: String::new(),
            source: None,
        }
    }

    fn show(&mut self, source: String) {
        self.fence = parse::fence(&source);
        self.source = Some(source);
    }
}

/// What the campaign uses up, what is left of it, and what takes how much. What it used of models is what is on record: a request
/// that was lost on its way is not, and how many minutes passed is another number for whoever replays the campaign.
fn resources(state: &State) -> Vec<String> {
    let budget = &state.opened().experiment.budget;
    let of = |left: u64, all: u64| format!("{left} of {all} left");
    let mut told = Vec::new();
    told.extend(state.evaluations_left().zip(budget.evaluations).map(|(left, all)| {
        let share = state.evaluation_share().unwrap_or_default().max(1);
        let left = of(left.into(), all.into());
        format!(
            "evaluations: {left}, an even share of {share} for each iteration to come. A candidate that is new takes one, one that was \
             sent back and mended another, tuning {} to {} for one to four constants (after the verdict, of the judged one, if none is worth more), an `ablation` that you ask for another; three \
             variants that are stopped early take one. An arm that takes a candidate of the campaign as it stands takes none.",
            tuner::budget(1),
            tuner::budget(4)
        )
    }));
    let work = || state.work.iter().map(|(_, work)| work);
    let tokens: u64 = work().map(|work| work.tokens.total()).sum();
    told.extend(budget.tokens.map(|all| format!("tokens of models: {}.", of(all.saturating_sub(tokens), all))));
    let calls: u64 = work().map(|work| u64::from(work.calls)).sum();
    told.extend(
        budget
            .calls
            .map(|all| format!("requests to models: {}.", of(u64::from(all).saturating_sub(calls), all.into()))),
    );
    told.extend(budget.usd.map(|all| format!("money: {all} US dollars in all.")));
    told.extend(budget.minutes.map(|all| format!("time: {all} minutes in all, your own answers included.")));
    told.extend(budget.verdict_trials.map(|all| {
        let left = of(all.saturating_sub(state.verdict_trials()).into(), all.into());
        let each = state.trials_each(1);
        format!("trials for verdicts: {left}. A verdict seed takes {each} for a claim against the reference.")
    }));
    let worth = state.spec().aim.worth_name();
    let [reference, candidates] = builtin::decidable(state).map(|half| quantity(half, worth.unit));
    told.push(format!(
        "what verdicts can tell: all of an iteration's share of them ends with an interval of about ± {reference} of {} against the \
         reference, ± {candidates} between two candidates; what is clear before ends with a wider one. So a claim can be expected to be confirmed where its size is at least so much below the \
         effect, and to be refuted where it is as much above; one that lies nearer stays open.",
        worth.name
    ));
    told.extend((builtin::decidable(state)[0] > UNDECIDED).then(|| {
        "so wide an interval hardly decides any claim: no claim comes back for that, and what is measured counts all the same.".to_owned()
    }));
    told
}

/// Share of the design space that is left: as it was counted when the last iteration ended, since counting takes a while
/// and principles change at the end of an iteration only.
fn volume(state: &State) -> f64 {
    let counted = state.iterations.iter().rev().find_map(|iteration| iteration.volume);
    counted.unwrap_or_else(|| state.volume())
}

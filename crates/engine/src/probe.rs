//! What a candidate does, found out from its own trials: curves, descriptor, behaviour signature.
//!
//! Nobody is probed apart: the decisions of a candidate's trials are looked at while it makes them, so nothing that it knows
//! can tell it that it is being looked at. Of one seed of each workload, which nobody can know, all that it was shown is kept. Afterwards
//! *shadows* in another process are shown the same sequences: with nothing changed, which must give the same answers; in another
//! order, where the problem knows one; from a later moment on, which tells whether it remembers; and with exactly one thing
//! changed. A shadow may find out that it is one, since what it is shown never happened: it is only compared with what the
//! candidate did in its trials, or with another shadow. What can be changed about a question is the problem's to say
//! ([`Probing`]).

mod plan;
mod record;

use crate::error::EngineError;
use plan::Plan;
pub(crate) use record::Record;
use sandbox::{Artifact, Outcome, Sandbox};
use science::descriptor::{Curve, Descriptor, Trend};
use science::id::Hash;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::collections::BTreeMap;

/// All that was found out about a candidate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Probe {
    /// Its answers against what they go with, as its trials met it; the first is the descriptor's.
    pub curves: Vec<Curve>,
    /// Its measured place among policies.
    pub descriptor: Descriptor,
}

/// What was found out, or what became of the candidate instead; errors are ours.
pub type Found<T> = Result<Result<T, Outcome>, EngineError>;

/// How to find out what a candidate does: what a problem says of its questions and answers.
pub trait Probing: Send + Sync {
    /// Begins to count a candidate's answers.
    fn tally(&self) -> Box<dyn Tally>;

    /// Changes of one input each.
    fn inputs(&self) -> &[Probed] {
        &[]
    }

    /// How many other changes there are under which it is shown besides: they tell close constants apart.
    fn others(&self) -> usize {
        0
    }

    /// How many states are made up that trials may not have met, which are shown in another order as well.
    fn made_up(&self) -> usize {
        0
    }

    /// The question as it is shown.
    fn changed(&self, change: Change, question: &[u8]) -> Vec<u8> {
        let _ = change;
        question.to_vec()
    }

    /// Puts a question into another order, of which the spec says that nothing depends on it; one for each seed.
    fn reorder(&self, question: &mut [u8], seed: u64) {
        let _ = (question, seed);
    }

    /// Whether a question may be answered either way, and then which way this answer goes: up or not.
    fn goes_up(&self, question: &[u8], answer: &[u8]) -> Option<bool> {
        let _ = (question, answer);
        None
    }

    /// Whether a question is put under as much pressure as makes answers turn, neither none nor beyond all measure.
    fn is_pressed(&self, question: &[u8]) -> bool {
        let _ = question;
        false
    }
}

/// A change of one input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probed {
    /// The input, by its name in the spec.
    pub input: &'static str,
    /// The change that it is one change away from, as a position among these; none where it is nothing.
    pub against: Option<usize>,
    /// Whether sums come out rounded otherwise though they mean the same.
    pub rounds: bool,
}

/// What a shadow is shown instead of what happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// Nothing.
    Nothing,
    /// The input at this position of [`Probing::inputs`].
    Input(usize),
    /// The other change of this number.
    Other(usize),
    /// Nothing but the last digits of what answers depend on, down or up: it turns what lies on an edge and nothing else.
    Nudge(bool),
    /// The made-up state of this number.
    MadeUp(usize),
    /// The pressure, times this.
    Pressure(f64),
}

/// A candidate's answers, counted over all of its trials.
pub trait Tally: Send + Any {
    /// Adds one.
    fn add(&mut self, question: &[u8], answer: &[u8]);

    /// Adds all that another tally of the same problem has counted.
    fn join(&mut self, other: &dyn Any);

    /// Its answers against what they go with; at least one.
    fn curves(&self) -> Vec<Curve>;

    /// What the curves are shares of, for an axis: as in `boxes sent back`.
    fn counted(&self) -> &'static str {
        "share"
    }

    /// How they go along the first curve.
    fn trend(&self) -> Trend;

    /// What else the problem says of it in numbers.
    fn facts(&self) -> BTreeMap<String, Option<f64>>;

    /// How often it did what it must never do.
    fn violations(&self) -> u64;
}

/// Finds out what a candidate does, from what it did in its trials; it is asked again with the same parameters.
pub(crate) fn probe(
    sandbox: &Sandbox,
    (artifact, parameters): (&Artifact, &[f64]),
    record: &Record,
    probing: &dyn Probing,
) -> Found<Probe> {
    let plan = Plan::of(record, probing);
    // At other places of memory: what depends on these answers otherwise there.
    let mut session = match sandbox.start_elsewhere(artifact, &vec![parameters.to_vec(); plan.seats()])? {
        Ok(session) => session,
        Err(outcome) => return Ok(Err(outcome)),
    };
    let _core = session.share_core()?;
    let given = match plan.answers(&mut session) {
        Ok(given) => given,
        Err(outcome) => return Ok(Err(outcome)),
    };
    if let Some(what) = plan.inconsistent(&given) {
        return Ok(Err(Outcome::Inconsistent { what }));
    }
    let turns = match plan.turns(&mut session) {
        Ok(turns) => turns,
        Err(outcome) => return Ok(Err(outcome)),
    };
    let tally = &record.tally;
    let curves = tally.curves();
    let descriptor = Descriptor {
        trend: tally.trend(),
        facts: tally.facts(),
        violations: tally.violations(),
        inputs: plan.inputs(&given),
        memory: plan.memory(&given),
        horizon: plan.horizon(&given),
        order_matters: plan.order_matters(&given),
        curve: curves[0].clone(),
        signature: signature(record, &given, &turns),
    };
    Ok(Ok(Probe { curves, descriptor }))
}

/// Equal signatures: the same answers in all trials and of all shadows.
fn signature(record: &Record, given: &[Vec<u8>], turns: &[u8]) -> Hash {
    let mut bytes = Vec::new();
    for answers in record.answers.iter().chain(given) {
        bytes.extend((answers.len() as u64).to_le_bytes());
        bytes.extend(answers);
    }
    bytes.extend(turns);
    Hash::of(&bytes)
}

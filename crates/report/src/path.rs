//! The path: what each iteration claimed, what was measured, what was learned.

use crate::standing::{self, Standing};
use crate::terms::Terms;
use crate::tuning::Tuned;
use crate::words;
use science::asked::Replaced;
use science::audit::{Audit, AuditedPoint};
use science::bundle::{Arm, ArmKind, Prediction, Relation, Side};
use science::champion::Champion;
use science::id::CandidateId;
use science::judge::Verdict;
use science::objective::Score;
use science::principle::{Change, Principle};
use science::space::Point;
use science::state::{ArmRecord, Iteration, State, describe};
use science::stats::Interval;
use science::stopping::Behind;
use serde::Serialize;

/// One turn of the loop.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Turn {
    pub(crate) iteration: usize,
    /// What it wanted to know; none if the planner failed.
    pub(crate) question: Option<String>,
    /// What its main arm departs from.
    pub(crate) parent: Option<String>,
    /// Why the planner failed, if it did.
    pub(crate) failure: Option<String>,
    /// Who planned it; none for the built-in planner.
    pub(crate) planner: Option<String>,
    /// Why the extractor drew nothing, if it failed.
    pub(crate) extraction_failure: Option<String>,
    /// What its planner had measured before it claimed.
    pub(crate) asked: Vec<Replaced>,
    pub(crate) arms: Vec<Attempt>,
    /// What its findings ask of the next plan.
    pub(crate) advice: Option<String>,
    /// What the main arm adds to its parent or takes from it.
    pub(crate) components: Vec<String>,
    /// What tuning its best candidate brought.
    pub(crate) tuning: Option<Tuned>,
    pub(crate) principles: Vec<Lesson>,
    /// What came of looking for better where principles forbid.
    pub(crate) audits: Vec<Audited>,
    /// Share of the declared space left at its end; none if it has not ended.
    pub(crate) volume: Option<f64>,
    /// With 95 % confidence, at most this share of what was excluded at its end is better than what was known.
    pub(crate) false_exclusion: Option<f64>,
    /// The champion at its end.
    pub(crate) champion: Option<Best>,
    /// Whether it has ended.
    pub(crate) closed: bool,
}

/// An arm and what became of it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Attempt {
    /// The finding's id, `F<iteration>.<arm>`.
    pub(crate) finding: String,
    pub(crate) arm: String,
    pub(crate) kind: &'static str,
    pub(crate) hypothesis: String,
    pub(crate) mechanism: String,
    pub(crate) diagnostic: String,
    pub(crate) intent: String,
    pub(crate) point: Option<Point>,
    pub(crate) prediction: Prediction,
    /// The prediction in words.
    pub(crate) claim: String,
    pub(crate) confidence: f64,
    /// Of several variants the best, once all are measured.
    pub(crate) candidate: Option<String>,
    /// The variants of its design that were written, where it asks for some.
    pub(crate) variants: Vec<String>,
    /// Those of them that were stopped after a part of the panel.
    pub(crate) stopped: Vec<Stopped>,
    /// Who wrote the candidate; none for the built-in executor.
    pub(crate) author: Option<String>,
    /// Times that a candidate of this arm was sent back.
    pub(crate) repairs: u32,
    /// Why the last of them brought nothing.
    pub(crate) unmended: Option<String>,
    pub(crate) outcome: Option<&'static str>,
    pub(crate) verdict: Option<&'static str>,
    pub(crate) error: Option<&'static str>,
    /// The measured difference in the metric's unit.
    pub(crate) effect: Option<Interval>,
    /// The same in words.
    pub(crate) measured: Option<String>,
    /// Fresh seeds that the difference rests on.
    pub(crate) seeds: usize,
    /// Whether single seeds lie far out.
    pub(crate) heavy_tail: bool,
    /// The verdict's reason.
    pub(crate) reason: Option<String>,
    /// Why it was not tried.
    pub(crate) skipped: Option<String>,
    #[serde(skip)]
    pub(crate) judged: Option<Verdict>,
}

/// A variant that was stopped.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Stopped {
    pub(crate) candidate: String,
    #[serde(flatten)]
    pub(crate) behind: Behind,
}

/// A change of the principles.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Lesson {
    /// `insert`, `refine` or `retire`.
    pub(crate) change: &'static str,
    pub(crate) principle: String,
    pub(crate) statement: Option<String>,
    pub(crate) evidence: Vec<String>,
    pub(crate) constraint: Option<String>,
    /// Why it was retired.
    pub(crate) reason: Option<String>,
}

/// An audit of what a principle forbids.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Audited {
    pub(crate) principle: String,
    pub(crate) constraint: String,
    pub(crate) points: Vec<AuditedPoint>,
    /// Why the constraint is not in force.
    pub(crate) refused: Option<String>,
}

/// The champion at some moment.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Best {
    pub(crate) candidate: String,
    pub(crate) matches_reference: bool,
    pub(crate) description_length: Option<u32>,
    pub(crate) score: Score,
}

/// Every turn so far; the last one may be under way.
pub(crate) fn path(state: &State) -> Vec<Turn> {
    state.iterations.iter().zip(1..).map(|(iteration, number)| turn(state, iteration, number)).collect()
}

fn turn(state: &State, iteration: &Iteration, number: usize) -> Turn {
    let bundle = iteration.bundle.as_ref();
    let arms = bundle.map_or(&[][..], |bundle| &bundle.arms);
    let attempt = |(arm, record)| attempt(state, number, arm, record);
    Turn {
        iteration: number,
        question: bundle.map(|bundle| bundle.question.clone()),
        parent: bundle.map(|bundle| describe(&bundle.parent)),
        failure: iteration.failure.clone(),
        planner: iteration.planner.clone(),
        extraction_failure: iteration.extraction_failure.clone(),
        asked: iteration.asked.clone(),
        arms: arms.iter().zip(&iteration.arms).map(attempt).collect(),
        advice: iteration.advice.as_ref().map(|advice| advice.words(number)),
        components: bundle.map(|bundle| bundle.components.clone()).unwrap_or_default(),
        tuning: iteration.tuning.as_ref().map(Tuned::from),
        principles: iteration.changes.iter().map(lesson).collect(),
        audits: iteration.audits.iter().map(audited).collect(),
        volume: iteration.volume,
        false_exclusion: iteration.false_exclusion,
        champion: iteration.champion.as_ref().and_then(|champion| best(state, champion)),
        closed: iteration.volume.is_some(),
    }
}

/// A champion with its figures.
pub(crate) fn best(state: &State, champion: &Champion) -> Option<Best> {
    let Standing { id, score, description_length, .. } = standing::standing(state, &champion.id)?;
    Some(Best {
        candidate: id.as_str().into(),
        matches_reference: champion.matches_reference,
        description_length,
        score: score.clone(),
    })
}

fn stopped(state: &State, id: &CandidateId) -> Option<Stopped> {
    let behind = state.candidates.get(id)?.behind.clone()?;
    Some(Stopped { candidate: id.as_str().into(), behind })
}

fn attempt(state: &State, iteration: usize, arm: &Arm, record: &ArmRecord) -> Attempt {
    let finding = record.finding.as_ref();
    let known = record.candidate.as_ref().and_then(|id| state.candidates.get(id));
    let (outcome, terms) = (known.and_then(|known| known.outcome), Terms(state.spec()));
    let unit = terms.unit_of(&arm.prediction.metric);
    Attempt {
        finding: finding_id(iteration, &arm.name),
        arm: arm.name.clone(),
        kind: arm.kind.as_str(),
        hypothesis: arm.hypothesis.clone(),
        mechanism: arm.mechanism.clone(),
        diagnostic: arm.diagnostic.clone(),
        intent: arm.design.intent.clone(),
        point: arm.design.point.clone(),
        prediction: arm.prediction.clone(),
        claim: claim(arm, terms),
        confidence: arm.prediction.confidence,
        candidate: record.candidate.as_ref().map(|id| id.as_str().into()),
        variants: record.variants.iter().map(|id| id.as_str().into()).collect(),
        stopped: record.variants.iter().filter_map(|id| stopped(state, id)).collect(),
        author: known.and_then(|known| known.author.clone()),
        repairs: record.repairs,
        unmended: record.unmended.clone(),
        outcome: outcome.map(|outcome| outcome.as_str()),
        verdict: finding.map(|finding| finding.verdict.as_str()),
        error: finding.and_then(|finding| finding.error).map(|error| error.as_str()),
        effect: finding.and_then(|finding| finding.effect),
        measured: finding.and_then(|f| f.effect).map(|effect| words::effect(unit, effect)),
        seeds: finding.map_or(0, |finding| finding.seeds),
        heavy_tail: finding.is_some_and(|finding| finding.heavy_tail),
        reason: finding.map(|finding| finding.reason.clone()),
        skipped: record.skipped.clone(),
        judged: finding.map(|finding| finding.verdict),
    }
}

/// The name that principles cite a finding by.
pub(crate) fn finding_id(iteration: usize, arm: &str) -> String {
    format!("F{iteration}.{arm}")
}

/// A prediction in words, in the direction in which its effect is measured.
fn claim(arm: &Arm, terms: Terms<'_>) -> String {
    let prediction = &arm.prediction;
    let sides: Vec<String> = prediction.against.iter().map(describe).collect();
    let (metric, others) = (words::spaced(&prediction.metric), sides.join(" + "));
    let unit = terms.unit_of(&prediction.metric);
    // An ablation's effect is what the full design has over this arm.
    let ablated = arm.kind == ArmKind::Ablation
        && matches!(prediction.against[..], [Side::Reference | Side::Arm(_) | Side::Candidate(_)]);
    let comparison = match (prediction.relation, ablated) {
        (Relation::AtLeast(size), false) => {
            format!("{metric} better than {others} by at least {}", words::size(unit, size))
        }
        (Relation::AtLeast(size), true) => {
            format!("{metric} of {others} better than without the component by at least {}", words::size(unit, size))
        }
        (Relation::Within(size), _) => format!("{metric} within {} of {others}", words::size(unit, size)),
    };
    let sum = if sides.len() > 1 { " (sum of effects over the parent)" } else { "" };
    let scope = match prediction.scope.as_slice() {
        [] => String::new(),
        names => format!(", in {}", names.join(", ")),
    };
    let most = prediction.at_most.map(|most| format!(" and at most {}", words::size(unit, most)));
    let each = if prediction.each { " (each scenario by itself)" } else { "" };
    format!("{comparison}{}{sum}{scope}{each}", most.unwrap_or_default())
}

fn audited(audit: &Audit) -> Audited {
    Audited {
        principle: audit.principle.clone(),
        constraint: audit.constraint.to_string(),
        points: audit.points.clone(),
        refused: audit.refused.clone(),
    }
}

fn lesson(change: &Change) -> Lesson {
    let drawn = |change: &'static str, principle: &Principle| Lesson {
        change,
        principle: principle.id.clone(),
        statement: Some(principle.statement.clone()),
        evidence: principle.evidence.clone(),
        constraint: principle.constraint.as_ref().map(ToString::to_string),
        reason: None,
    };
    match change {
        Change::Insert(principle) => drawn("insert", principle),
        Change::Refine(principle) => drawn("refine", principle),
        Change::Retire { id, reason } => Lesson {
            change: "retire",
            principle: id.clone(),
            statement: None,
            evidence: vec![],
            constraint: None,
            reason: Some(reason.clone()),
        },
    }
}

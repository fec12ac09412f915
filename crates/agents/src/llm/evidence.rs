//! What an iteration found, for those who look back on it. Its length has a bound that does not depend on the number of
//! iterations.

use super::candidates;
use super::digest::{self, claim};
use super::regimes::{Most, Regimes};
use super::text::line;
use super::words::{descriptor, dimension};
use science::bundle::{Arm, Bundle};
use science::principle::Principle;
use science::space::{Point, Value};
use science::state::{ArmRecord, State, describe};
use serde::Serialize;

/// Arms that are told; a model's bundle has fewer.
const ARMS: usize = 8;
/// Earlier iterations that are told arm by arm.
const EARLIER: usize = 4;
/// Candidates that are listed.
const CANDIDATES: usize = 6;
/// Those of them, the best ones, that are told with what was built and what they do.
const DESCRIBED: usize = 3;
/// Principles that are listed.
const PRINCIPLES: usize = 24;
/// Findings that are listed behind a principle.
const CITED: usize = 6;
/// Characters of one text.
const TEXT: usize = 400;
/// Characters of what a variant is.
const VARIANT: usize = 300;
/// So many principles are told whole.
const WHOLE: usize = 8;
/// Characters of what was built for one of the best candidates.
const DESIGN: usize = 180;

/// The context of `prompts/evidence.hbs`.
#[derive(Serialize)]
pub(super) struct Evidence {
    iteration: u32,
    iterations: u32,
    question: String,
    parent: String,
    standing: String,
    findings: Vec<Found>,
    /// The main arm's candidate, scenario by scenario.
    breakdown: Vec<String>,
    regimes: Option<Regimes>,
    older: String,
    recent: Vec<digest::Told>,
    candidates: Vec<String>,
    principles: Vec<String>,
    principles_omitted: usize,
    dimensions: Vec<String>,
}

/// What became of an arm.
#[derive(Serialize)]
struct Found {
    /// `F3.main`.
    id: String,
    lines: Vec<String>,
}

impl Evidence {
    pub(super) fn new(state: &State) -> Self {
        let (known, iteration) = (digest::Known::all(state), state.iteration_number());
        let current = state.iterations.last();
        let bundle = current.and_then(|iteration| iteration.bundle.as_ref());
        let earlier = state.iterations.len().saturating_sub(1);
        let from = earlier.saturating_sub(EARLIER);
        let active = digest::active(state);
        let main = current.and_then(|iteration| iteration.arms.first()?.candidate.as_ref());
        let main = main.and_then(|id| state.candidates.get(id)).filter(|record| record.score.is_some());
        Evidence {
            iteration,
            iterations: state.opened().experiment.iterations,
            question: bundle.map(|bundle| line(&bundle.question, TEXT)).unwrap_or_default(),
            parent: bundle.map(|bundle| describe(&bundle.parent)).unwrap_or_default(),
            standing: known.standing(),
            findings: bundle.map(|bundle| findings(state, bundle)).unwrap_or_default(),
            breakdown: main.map(|record| candidates::breakdown(state, &[record])).unwrap_or_default(),
            regimes: main.and_then(|record| Regimes::new(state, record, Most::ALL)),
            older: digest::older(&state.iterations[..from]),
            recent: (from..earlier).map(|at| digest::told(known, at, digest::WHOLE)).collect(),
            candidates: known
                .best()
                .iter()
                .take(CANDIDATES)
                .enumerate()
                .map(|(at, c)| candidate(state, c, (at < DESCRIBED).then_some(DESIGN)))
                .collect(),
            principles: active.iter().take(PRINCIPLES).map(|p| principle(p, active.len())).collect(),
            principles_omitted: active.len().saturating_sub(PRINCIPLES),
            dimensions: state.opened().experiment.dimensions.iter().map(dimension).collect(),
        }
    }
}

fn findings(state: &State, bundle: &Bundle) -> Vec<Found> {
    let number = state.iteration_number();
    let records = &state.current().arms;
    let arms = bundle.arms.iter().zip(records).take(ARMS);
    arms.map(|(arm, record)| Found { id: format!("F{number}.{}", arm.name), lines: lines(state, bundle, arm, record) })
        .collect()
}

/// What was claimed of an arm, what was built, measured and judged.
fn lines(state: &State, bundle: &Bundle, arm: &Arm, record: &ArmRecord) -> Vec<String> {
    let verdict = match (&record.finding, &record.skipped) {
        (Some(finding), _) => digest::found(state, state.iterations.len() - 1, (arm, finding)),
        (None, Some(reason)) => format!("none: skipped, since {}. It cannot be cited", line(reason, TEXT)),
        (None, None) => "none yet. It cannot be cited".into(),
    };
    let mut lines = vec![
        format!("Verdict{}: {verdict}", candidates::which(record)),
        format!("Claimed, by an arm of kind `{}`: {}", arm.kind.as_str(), claim(arm, &bundle.parent, state.spec())),
        format!("Hypothesis: {}", line(&arm.hypothesis, TEXT)),
        format!("Mechanism: {}", line(&arm.mechanism, TEXT)),
        format!("If it fails: {}", line(&arm.diagnostic, TEXT)),
        format!("Built: {}", candidates::built(state, arm, record, TEXT)),
    ];
    lines.extend(arm.design.point.as_ref().map(|point| format!("Declared point: {}", place(point))));
    let before = bundle.arms.iter().zip(&state.current().arms).take_while(|(other, _)| other.name != arm.name);
    let is_told = before.into_iter().any(|(_, other)| other.candidate.is_some() && other.candidate == record.candidate);
    if let Some(id) = record.candidate.as_ref().filter(|_| is_told) {
        lines.push(format!("Measured, candidate {}: as above", id.short()));
    } else if let Some(candidate) = record.candidate.as_ref().and_then(|id| state.candidates.get(id)) {
        if candidate.score.is_some() {
            let (figures, id) = (candidates::figures(state, candidate), &candidate.candidate.id);
            let admissible = candidates::admissible(state, id);
            lines.push(format!("Measured, candidate {}: {figures}; {admissible}", id.short()));
        }
        lines.extend(candidate.descriptor.as_ref().map(|found| format!("Probed: {}", descriptor(found, state.spec()))));
    }
    if !record.variants.is_empty() {
        lines.push("Hypothesis and mechanism were written before it was known which of these would be judged:".into());
        lines.extend(candidates::variants(state, arm, record, VARIANT));
    }
    if record.repairs > 0 {
        let unmended =
            record.unmended.as_ref().map(|reason| format!("; the last brought nothing: {}", line(reason, TEXT)));
        lines.push(format!("Went back to its author {} times{}", record.repairs, unmended.unwrap_or_default()));
    }
    lines
}

/// A candidate with its declared point.
fn candidate(state: &State, contender: &science::champion::Contender<'_>, described: Option<usize>) -> String {
    let point = state.candidates.get(contender.id).and_then(|record| record.candidate.point.as_ref());
    let point = point.map(|point| format!(" Declared point: {}.", place(point)));
    format!("{}{}", candidates::candidate(state, contender, described), point.unwrap_or_default())
}

/// A principle, of so many: whoever refines one says all of it again, so few are told whole.
fn principle(principle: &Principle, of: usize) -> String {
    let lengths = if of <= WHOLE { [TEXT; 2] } else { [digest::STATEMENT, TEXT / 4] };
    let cited = principle.evidence.len().saturating_sub(CITED);
    let more = if cited > 0 { format!(" and {cited} earlier") } else { String::new() };
    format!("{} Rests on: {}{more}.", digest::principle(principle, lengths), principle.evidence[cited..].join(", "))
}

/// A point in words.
pub(super) fn place(point: &Point) -> String {
    let coordinate = |(name, value): (&String, &Value)| match value {
        Value::Number(number) => format!("{name} = {number}"),
        Value::Choice(choice) => format!("{name} = {choice}"),
    };
    point.iter().map(coordinate).collect::<Vec<_>>().join(", ")
}

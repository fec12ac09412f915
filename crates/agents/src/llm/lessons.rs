//! The extractor's reply, and what is wrong with it where it is.

use super::structured;
use super::text::{clean, line, sentences};
use super::words::{percent, quantity};
use crate::Lessons;
use schemars::JsonSchema;
use science::bundle::ArmKind;
use science::judge::Verdict;
use science::objective::Score;
use science::principle::{Change, Principle, Status};
use science::space::{Constraint, Dimension, Space, Within};
use science::state::{CandidateRecord, State};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Changes that one iteration may make.
const CHANGES: usize = 4;
/// Characters of one text: it comes back in later prompts.
const TEXT: usize = 400;
/// Characters of the notes.
pub(super) const NOTES: usize = 1600;
/// Findings that one change may cite.
const CITED: usize = 12;
/// Findings that one principle rests on, at most: of more, those that were cited last.
const EVIDENCE: usize = 24;
/// Share of the design space that one constraint may exclude.
const MASS: f64 = 0.25;

/// The bounds, as the prompt says them.
#[derive(Serialize)]
pub(super) struct Limits {
    changes: usize,
    text: usize,
    notes: usize,
    mass: String,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { changes: CHANGES, text: TEXT, notes: NOTES, mass: percent(MASS) }
    }
}

/// What the findings of an iteration change in the principles.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Proposal {
    /// The changes; empty if nothing was learned.
    changes: Vec<Lesson>,
    /// The campaign's notes as they are to stand; null leaves them as they are.
    #[serde(default)]
    notes: Option<String>,
}

/// One change.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Lesson {
    /// What is done.
    #[serde(deserialize_with = "structured::word")]
    action: Action,
    /// The principle that is refined or retired; null for a new one.
    #[serde(default)]
    id: Option<String>,
    /// The lesson, with numbers.
    #[serde(default)]
    statement: Option<String>,
    /// Why it should be so.
    #[serde(default)]
    mechanism: Option<String>,
    /// Where it was seen to hold.
    #[serde(default)]
    regime: Option<String>,
    /// Ids of findings, as in F3.main.
    #[serde(default, deserialize_with = "structured::texts")]
    evidence: Vec<String>,
    /// The part of the design space in which no further design is to be tried, null for none: for each dimension that
    /// matters [low, high] or a list of choices.
    #[serde(default)]
    #[schemars(with = "std::collections::BTreeMap<String, Vec<f64>>")]
    excludes: Option<Map<String, Value>>,
    /// Why a principle is retired.
    #[serde(default)]
    reason: Option<String>,
}

/// What is done to the principles.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Action {
    Insert,
    Refine,
    Retire,
}

impl Action {
    fn as_str(self) -> &'static str {
        match self {
            Action::Insert => "insert",
            Action::Refine => "refine",
            Action::Retire => "retire",
        }
    }
}

/// Reads the lessons and checks them against the campaign. The error is written for the model that has to mend it.
pub(super) fn read(proposal: Proposal, state: &State) -> Result<Lessons, String> {
    let changes = changes(&proposal, state)?;
    let notes = proposal.notes.map(|notes| sentences(clean(&notes).trim(), NOTES)).filter(|notes| !notes.is_empty());
    Ok(Lessons { changes, notes })
}

fn changes(proposal: &Proposal, state: &State) -> Result<Vec<Change>, String> {
    if proposal.changes.len() > CHANGES {
        return Err(format!("`changes` has {} entries; it takes at most {CHANGES}", proposal.changes.len()));
    }
    let mut changes: Vec<Change> = Vec::new();
    for (at, lesson) in proposal.changes.iter().enumerate() {
        let place = format!("changes[{at}] (`{}`)", lesson.action.as_str());
        let change = lesson.check(state, &changes).map_err(|problem| format!("{place}: {problem}"))?;
        if changes.iter().any(|earlier| earlier.id() == change.id()) {
            return Err(format!("{place}: principle {} is changed twice", change.id()));
        }
        changes.push(change);
    }
    Ok(changes)
}

impl Lesson {
    fn check(&self, state: &State, earlier: &[Change]) -> Result<Change, String> {
        match self.action {
            Action::Insert => self.principle(state, next_id(state, earlier), None).map(Change::Insert),
            Action::Refine => {
                let known = self.known(state)?;
                self.principle(state, known.id.clone(), Some(known)).map(Change::Refine)
            }
            Action::Retire => {
                let (id, reason) = (self.known(state)?.id.clone(), text("reason", self.reason.as_deref())?);
                let evidence = self.cited(state)?;
                let missing: Vec<String> = evidence.into_iter().filter(|cited| !reason.contains(cited)).collect();
                let reason = if missing.is_empty() { reason } else { format!("{reason} ({})", missing.join(", ")) };
                Ok(Change::Retire { id, reason })
            }
        }
    }

    /// The principle as it is to stand. `known` is what it refines.
    fn principle(&self, state: &State, id: String, known: Option<&Principle>) -> Result<Principle, String> {
        let statement = text("statement", self.statement.as_deref())?;
        let same = |other: &&Principle| other.id != id && other.statement.eq_ignore_ascii_case(&statement);
        if let Some(other) = active(state).find(same) {
            return Err(format!("principle {} says this already; refine it instead", other.id));
        }
        let (mechanism, regime) =
            (text("mechanism", self.mechanism.as_deref())?, text("regime", self.regime.as_deref())?);
        let cited = self.cited(state)?;
        let now = state.iteration_number();
        if !cited.iter().any(|evidence| iteration(evidence) == Some(now)) {
            return Err(format!("`evidence` must cite a finding of this iteration, one of {}", findings(state)));
        }
        let constraint = match self.constraint(state, &cited)? {
            Some(constraint) => Some(constraint),
            None => known.and_then(|known| known.constraint.clone()),
        };
        let mut evidence = known.map(|known| known.evidence.clone()).unwrap_or_default();
        evidence.extend(cited.into_iter().filter(|one| known.is_none_or(|known| !known.evidence.contains(one))));
        evidence.drain(..evidence.len().saturating_sub(EVIDENCE));
        // Nobody's word is taken for it.
        let confidence = state.confidence(&evidence);
        Ok(Principle { id, statement, mechanism, regime, evidence, confidence, status: Status::Active, constraint })
    }

    /// The principle that it names.
    fn known<'a>(&self, state: &'a State) -> Result<&'a Principle, String> {
        let ids = || active(state).map(|p| p.id.as_str()).collect::<Vec<_>>().join(", ");
        let Some(id) = self.id.as_deref().map(str::trim).filter(|id| !id.is_empty()) else {
            return Err(format!("`id` is missing; the principles in force are: {}", ids()));
        };
        active(state).find(|principle| principle.id.eq_ignore_ascii_case(id)).ok_or_else(|| {
            let ids = Some(ids()).filter(|ids| !ids.is_empty()).unwrap_or_else(|| "none".into());
            format!("`id` is `{}`, which is no principle in force; those are: {ids}", line(id, 40))
        })
    }

    /// What it cites, each once, in our spelling.
    fn cited(&self, state: &State) -> Result<Vec<String>, String> {
        let given = &self.evidence;
        if given.len() > CITED {
            return Err(format!("`evidence` has {} entries; it takes at most {CITED}", given.len()));
        }
        let mut cited: Vec<String> = Vec::new();
        for one in given {
            let bare = one.trim().trim_matches('`');
            let Some((arm, ..)) = state.cited(bare) else {
                let one = line(one, 60);
                return Err(format!(
                    "`evidence` cites `{one}`, which is no finding; this iteration has {}",
                    findings(state)
                ));
            };
            let name = format!("F{}.{}", iteration(bare).unwrap_or_default(), arm.name);
            if !cited.contains(&name) {
                cited.push(name);
            }
        }
        Ok(cited)
    }

    /// What it forbids, if that is earned.
    fn constraint(&self, state: &State, cited: &[String]) -> Result<Option<Constraint>, String> {
        let named = self.excludes.iter().flatten().filter(|(_, side)| !side.is_null());
        let space = state.opened().experiment.space();
        let sides = named.map(|(name, side)| Ok((name.clone(), within(&space, name, side)?)));
        let excludes = sides.collect::<Result<std::collections::BTreeMap<_, _>, String>>()?;
        if excludes.is_empty() {
            return Ok(None);
        }
        let constraint = Constraint { excludes };
        earned(state, &constraint, cited)?;
        let taken = 1.0 - space.volume(&[&constraint]);
        if taken > MASS {
            return Err(format!(
                "`excludes` takes {} of the design space; at most {} at once, so name more dimensions or narrower ranges",
                percent(taken),
                percent(MASS)
            ));
        }
        Ok(Some(constraint))
    }
}

/// Says why the evidence does not carry a constraint, if it does not.
fn earned(state: &State, constraint: &Constraint, cited: &[String]) -> Result<(), String> {
    if !cited.iter().any(|evidence| speaks_against(state, constraint, evidence)) {
        return Err(
            "`excludes` needs a cited finding whose declared point lies inside: of an arm of kind main, robustness or \
             super-additivity, about the whole panel or each scenario of its scope, that was refuted, or that was measured \
             and is invalid since it cannot be compared; else give null"
                .into(),
        );
    }
    let is_better = |(record, score): &(&CandidateRecord, &Score)| {
        score.worth.is_some_and(|worth| worth > 0.0) && state.objections(&record.candidate.id).is_empty()
    };
    let Some((record, score)) = state.inside(constraint).find(is_better) else { return Ok(()) };
    let worth = state.spec().aim.worth_name();
    Err(format!(
        "`excludes` contains candidate {} of iteration {}, which is admissible, with {} {}",
        record.candidate.id.short(),
        record.iteration,
        worth.name,
        quantity(score.worth.unwrap_or_default(), worth.unit)
    ))
}

/// Whether a finding was made inside a constraint and speaks against what is there. A refuted ablation or control speaks
/// for the design that it varies, and code that did not run for nothing at all.
fn speaks_against(state: &State, constraint: &Constraint, evidence: &str) -> bool {
    let Some((arm, record, finding)) = state.cited(evidence) else { return false };
    let score = record.candidate.as_ref().and_then(|id| state.candidates.get(id)?.score.as_ref());
    let is_about_its_place = matches!(arm.kind, ArmKind::Main | ArmKind::Robustness | ArmKind::SuperAdditivity);
    let failed = match finding.verdict {
        Verdict::Refuted => true,
        Verdict::Invalid => score.is_some_and(|score| score.worth.is_none()),
        Verdict::Confirmed | Verdict::PartiallyConfirmed | Verdict::Inconclusive => false,
    };
    // What failed in some scenarios cannot exclude a design from the others.
    let is_about_all_scenarios = arm.prediction.scope.is_empty() || arm.prediction.each;
    failed
        && is_about_its_place
        && is_about_all_scenarios
        && arm.design.point.as_ref().is_some_and(|point| constraint.excludes(point))
}

/// A part of one dimension, inside what is declared.
fn within(space: &Space, name: &str, side: &Value) -> Result<Within, String> {
    let Some(dimension) = space.dimension(name) else {
        let names: Vec<&str> = space.dimensions.iter().map(|dimension| dimension.name.as_str()).collect();
        let names = if names.is_empty() { "none".into() } else { names.join(", ") };
        return Err(format!("`excludes` names `{}`, which is no dimension; those are: {names}", line(name, 60)));
    };
    let fail = |wanted: String| Err(format!("`excludes.{name}` is {}; it takes {wanted}", line(&side.to_string(), 60)));
    match dimension.range {
        Some([least, most]) => {
            let wanted = format!("[low, high], two numbers with low below high inside {least} to {most}");
            let Ok([low, high]) = serde_json::from_value::<[f64; 2]>(side.clone()) else { return fail(wanted) };
            let (low, high) = (low.max(least), high.min(most));
            if low < high { Ok(Within::Range([low, high])) } else { fail(wanted) }
        }
        None => {
            let wanted = format!("a list of one or more of {}", dimension.values.join(", "));
            let Ok(choices) = serde_json::from_value::<Vec<String>>(side.clone()) else { return fail(wanted) };
            if choices.is_empty() || choices.iter().any(|choice| !dimension.values.contains(choice)) {
                return fail(wanted);
            }
            // Each once, in the order in which they are declared.
            Ok(Within::OneOf(dimension.values.iter().filter(|value| choices.contains(value)).cloned().collect()))
        }
    }
}

/// The iteration that a finding is of.
fn iteration(evidence: &str) -> Option<u32> {
    evidence.strip_prefix('F')?.split_once('.')?.0.parse().ok()
}

/// The findings of this iteration, for a model that cites others.
fn findings(state: &State) -> String {
    let number = state.iteration_number();
    let names = state.bundle().arms.iter().map(|arm| format!("F{number}.{}", arm.name));
    let names: Vec<String> = names.filter(|name| state.cited(name).is_some()).collect();
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

fn active(state: &State) -> impl Iterator<Item = &Principle> {
    state.principles.iter().filter(|principle| principle.status == Status::Active)
}

/// The first free id.
fn next_id(state: &State, earlier: &[Change]) -> String {
    let taken = |id: &str| state.principles.iter().any(|p| p.id == id) || earlier.iter().any(|c| c.id() == id);
    let mut numbers = state.principles.len() + 1..;
    numbers.find_map(|number| Some(format!("P{number}")).filter(|id| !taken(id))).expect("numbers do not end")
}

/// A text of a lesson on one line.
fn text(name: &str, text: Option<&str>) -> Result<String, String> {
    let text = science::text::line(text.unwrap_or_default());
    match text.chars().count() {
        0 => Err(format!("`{name}` is missing or empty")),
        length if length > TEXT => Err(format!("`{name}` has {length} characters; at most {TEXT}")),
        _ => Ok(text),
    }
}

/// The reply's schema; what may be excluded has the experiment's dimensions.
pub(super) fn schema(dimensions: &[Dimension]) -> Value {
    let mut schema = structured::schema::<Proposal>();
    let fields = schema.pointer_mut("/properties/changes/items/properties").and_then(Value::as_object_mut);
    let fields = fields.expect("the schema of a list of objects has their properties");
    let mut excludes = structured::object(dimensions.iter().map(side).collect());
    excludes["description"] = fields.get("excludes").map_or(Value::Null, |excludes| excludes["description"].clone());
    fields.insert(
        "excludes".into(),
        if dimensions.is_empty() { json!({"type": "null"}) } else { structured::nullable(excludes) },
    );
    schema
}

/// The schema of a part of a dimension.
fn side(dimension: &Dimension) -> (String, Value) {
    let items = match dimension.range {
        Some(_) => json!({"type": "number"}),
        None => json!({"type": "string", "enum": dimension.values}),
    };
    (dimension.name.clone(), structured::nullable(json!({"type": "array", "items": items})))
}

/// A constraint on an experiment's own dimensions, as a reply writes it.
pub(super) fn example(dimensions: &[Dimension]) -> String {
    let side = |dimension: &Dimension| match dimension.range {
        Some([low, high]) => json!([low, ((low + (high - low) * 0.1) * 1000.0).round() / 1000.0]),
        None => json!([dimension.values.first()]),
    };
    let sides: Map<String, Value> = dimensions.iter().take(2).map(|d| (d.name.clone(), side(d))).collect();
    if sides.is_empty() { "null".into() } else { Value::Object(sides).to_string() }
}

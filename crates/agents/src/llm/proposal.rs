//! The planner's reply: a flat form of a bundle that small models can write, and what is wrong with it where it is.

use super::asked::Asked;
use super::structured::{self, Text};
use crate::builtin;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use science::bundle::{Arm, ArmKind, Bundle, Design, Prediction, Relation, Side};
use science::id::CandidateId;
use science::space::{Dimension, Point, Value as Coordinate};
use science::spec::{Metric, Spec};
use science::state::{CandidateRecord, State, describe};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

/// Arms of one bundle: each costs an evaluation.
pub(super) const ARMS: usize = 6;
/// Characters of an id that tell a candidate, at least.
const ID: usize = 6;
/// Characters of an arm's name.
const NAME: usize = 40;

const KINDS: [ArmKind; 5] =
    [ArmKind::Main, ArmKind::Ablation, ArmKind::SuperAdditivity, ArmKind::ControlNegative, ArmKind::Robustness];

/// Characters of one text: what a planner writes comes back in later prompts.
type Words = Text<1500>;

/// What of a reply says whether it asks or claims.
#[derive(Deserialize)]
pub(super) struct Asking {
    #[serde(default)]
    ask: Vec<Value>,
    #[serde(default)]
    arms: Vec<Value>,
}

impl Asking {
    /// Its questions; none where it has arms.
    pub(super) fn asked(self) -> Result<Vec<Asked>, String> {
        let read = |(at, question)| {
            Asked::deserialize(question).map_err(|error: serde_json::Error| format!("`ask[{at}]`: {error}"))
        };
        let asked = if self.arms.is_empty() { self.ask } else { Vec::new() };
        asked.into_iter().enumerate().map(read).collect()
    }
}

/// The claims of one iteration.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Draft {
    /// Questions that are to be answered first; then `arms` is empty. Null for none.
    #[serde(default, rename = "ask")]
    #[schemars(with = "Option<Vec<Asked>>")]
    _ask: Option<Vec<Value>>,
    /// What this iteration wants to know, in one sentence.
    question: Words,
    /// `reference`, `baseline`, or the id of the candidate that the main arm departs from.
    parent: String,
    /// What the main arm adds to its parent or takes from it, one word each; empty where only parameters change.
    #[serde(default, deserialize_with = "structured::texts")]
    components: Vec<String>,
    /// The arms, `main` first.
    arms: Vec<DraftArm>,
}

/// A claim and the design that would make it true.
#[derive(Debug, Deserialize, JsonSchema)]
struct DraftArm {
    /// Its name in the bundle, of a-z, 0-9 and -.
    name: String,
    #[serde(deserialize_with = "structured::word")]
    #[schemars(schema_with = "kinds")]
    kind: ArmKind,
    /// The claim in words.
    hypothesis: Words,
    /// The causal story behind it.
    mechanism: Words,
    /// What to look at if the prediction fails.
    diagnostic: Words,
    /// What to implement, complete enough to be written down without guessing; or the id of a candidate, to take it as it stands.
    intent: Words,
    /// Further designs of the same idea, of the main arm alone and where it is the only arm.
    #[serde(default)]
    variants: Vec<Words>,
    /// The component that an ablation leaves out of the main design; null for other arms.
    #[serde(default)]
    without: Option<String>,
    /// Inputs of the problem that its decisions depend on.
    #[serde(default, deserialize_with = "structured::texts")]
    uses: Vec<String>,
    /// Its place in the design space; null if it has none.
    #[serde(default, deserialize_with = "point")]
    #[schemars(with = "Option<Map<String, Value>>")]
    point: Option<Point>,
    /// What it is held to.
    metric: String,
    /// `reference`, `baseline`, names of earlier arms, or ids of candidates.
    #[serde(deserialize_with = "structured::texts")]
    against: Vec<String>,
    /// Names of scenarios; empty means all of them.
    #[serde(default, deserialize_with = "structured::texts")]
    scope: Vec<String>,
    #[serde(deserialize_with = "structured::word")]
    #[schemars(schema_with = "relations")]
    relation: Comparison,
    /// How large the difference is claimed to be, above 0.
    size: f64,
    /// The largest effect that the mechanism would explain, for `at-least`; null for no bound.
    #[serde(default)]
    at_most: Option<f64>,
    /// Whether it is claimed of each scenario of the scope instead of their mean.
    #[serde(default, deserialize_with = "structured::flag")]
    each: bool,
    /// The probability that the claim holds, 0 to 1.
    confidence: f64,
    /// Low and high end of the effect that it expects with 80 % probability; null for none.
    #[serde(default)]
    interval: Option<Vec<f64>>,
}

/// A relation without its size.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Comparison {
    AtLeast,
    Within,
}

fn kinds(_: &mut SchemaGenerator) -> Schema {
    structured::one_of(&KINDS)
}

fn relations(_: &mut SchemaGenerator) -> Schema {
    structured::one_of(&[Comparison::AtLeast, Comparison::Within])
}

fn point<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Point>, D::Error> {
    let coordinate = |(name, value): (String, Value)| match value {
        Value::Number(number) if number.as_f64().is_some_and(f64::is_finite) => {
            Ok((name, Coordinate::Number(number.as_f64().unwrap_or_default())))
        }
        Value::String(choice) => Ok((name, Coordinate::Choice(choice))),
        other => {
            let (name, other) = (super::text::line(&name, 60), super::text::line(&other.to_string(), 60));
            Err(serde::de::Error::custom(format!("has `{name}` = {other}; a coordinate is a number or a word")))
        }
    };
    let point: Point = Map::deserialize(deserializer)?.into_iter().map(coordinate).collect::<Result<_, D::Error>>()?;
    Ok(Some(point).filter(|point| !point.is_empty()))
}

/// The reply's shape. A claim's metric and what a design uses are the problem's; a point's fields are the experiment's
/// dimensions, and where there are none, there is no point.
pub(super) fn schema(dimensions: &[Dimension], spec: &Spec) -> Value {
    let mut schema = structured::schema::<Draft>();
    let arm = &mut schema["properties"]["arms"]["items"];
    let Some(Value::Object(mut fields)) = arm.get_mut("properties").map(Value::take) else { return schema };
    fields["metric"]["enum"] = spec.claimable().map(|metric| json!(metric.name())).collect();
    fields["uses"]["items"]["enum"] = spec.inputs.iter().map(|input| json!(input.name)).collect();
    if spec.inputs.is_empty() {
        fields.remove("uses");
    }
    let coordinates = dimensions.iter().map(|dimension| (dimension.name.clone(), coordinate(dimension)));
    let description = fields["point"]["description"].take();
    fields["point"] = structured::nullable(structured::object(coordinates.collect()));
    fields["point"]["description"] = description;
    if dimensions.is_empty() {
        fields.remove("point");
    }
    *arm = structured::object(fields);
    schema
}

fn coordinate(dimension: &Dimension) -> Value {
    structured::nullable(match dimension.range {
        Some(_) => json!({"type": "number"}),
        None => json!({"type": "string", "enum": dimension.values}),
    })
}

/// Makes a bundle of a draft and checks it against the campaign. The error is written for the model that has to mend it.
pub(super) fn bundle(draft: Draft, state: &State) -> Result<Bundle, String> {
    let count = draft.arms.len();
    if count == 0 || count > ARMS {
        return Err(format!("`arms` has {count} entries; it takes 1 to {ARMS}"));
    }
    if state.is_independent() && (count > 1 || !draft.components.is_empty()) {
        return Err("this is an independent draft: it takes one arm, of kind `main`, and no components".into());
    }
    let names: Vec<String> = draft.arms.iter().map(|arm| arm.name.clone()).collect();
    for (at, name) in names.iter().enumerate() {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > NAME || !name.chars().all(plain) {
            return Err(format!("`arms[{at}].name` must have 1 to {NAME} characters of a-z, 0-9 and -"));
        }
    }
    let arms = draft.arms.into_iter().enumerate().map(|(at, arm)| finished(arm, at, &names[..at], state));
    let bundle = Bundle {
        question: draft.question.0,
        parent: side(&draft.parent, &[], state).map_err(|problem| format!("`parent`: {problem}"))?,
        components: draft.components,
        arms: arms.collect::<Result<_, _>>()?,
    };
    state.check_bundle(&bundle)?;
    bundle.arms.iter().try_for_each(|arm| decidable(arm, state))?;
    Ok(bundle)
}

/// How much narrower than an interval of a verdict a claim may be: policies that are close differ less from workload to workload than
/// those that the width of the interval is foreseen by.
const NARROWER: f64 = 3.0;
/// Half the width of an interval, in worth, from which on nothing that anybody would claim is decided by it.
pub(super) const UNDECIDED: f64 = 0.1;

/// Says why no verdict of the iteration could decide a claim about worth, if by its own numbers none could.
fn decidable(arm: &Arm, state: &State) -> Result<(), String> {
    let (prediction, worth) = (&arm.prediction, state.spec().aim.worth_name());
    if prediction.metric != worth.name || !prediction.is_about_all() {
        return Ok(());
    }
    let [reference, candidates] = builtin::decidable(state);
    if reference > UNDECIDED {
        return Ok(());
    }
    let half = (if prediction.against == [Side::Reference] { reference } else { candidates }) / NARROWER;
    let quantity = |value: f64| super::words::quantity(value, worth.unit);
    let fail = |what: String| {
        let ends = quantity(half * NARROWER);
        Err(format!("arm `{}` {what}: this iteration's verdicts end with an interval of about ± {ends}", arm.name))
    };
    match (prediction.relation, prediction.at_most, prediction.interval) {
        (Relation::Within(size), _, _) if size < half => fail(format!("calls {} no difference", quantity(size))),
        (Relation::AtLeast(size), Some(most), _) if most - size < 2.0 * half => {
            fail(format!("claims between {} and {}", quantity(size), quantity(most)))
        }
        (Relation::AtLeast(size), _, Some([low, high])) if low > size - half && high < size + half => {
            let (low, high, size) = (quantity(low), quantity(high), quantity(size));
            fail(format!("expects {low} to {high} and claims {size}, which lies too close to the truth to be decided"))
        }
        _ => Ok(()),
    }
}

fn finished(arm: DraftArm, at: usize, earlier: &[String], state: &State) -> Result<Arm, String> {
    if let Some(point) = &arm.point {
        let space = state.opened().experiment.space();
        space.contains(point).map_err(|problem| format!("`arms[{at}].point`: {problem}"))?;
    }
    let against = arm.against.iter().map(|text| side(text, earlier, state)).collect::<Result<_, _>>();
    let interval = match arm.interval.as_deref() {
        None | Some([]) => None,
        Some([low, high]) => Some([*low, *high]),
        Some(other) => return Err(format!("`arms[{at}].interval` has {} numbers; it takes two, or null", other.len())),
    };
    let fail = |field: &str, problem: String| format!("`arms[{at}].{field}`: {problem}");
    let taken = taken(&arm.intent.0, state);
    let metrics: Vec<Metric<'_>> = state.spec().claimable().collect();
    let metric = structured::named(&arm.metric, &metrics.iter().map(Metric::name).collect::<Vec<_>>());
    let inputs: Vec<&str> = state.spec().inputs.iter().map(|input| input.name.as_str()).collect();
    let uses = arm.uses.iter().map(|text| structured::named(text, &inputs)).collect::<Result<_, _>>();
    let prediction = Prediction {
        metric: metric.map_err(|problem| fail("metric", problem))?,
        against: against.map_err(|problem| fail("against", problem))?,
        scope: arm.scope,
        relation: match arm.relation {
            Comparison::AtLeast => Relation::AtLeast(arm.size),
            Comparison::Within => Relation::Within(arm.size),
        },
        at_most: arm.at_most,
        each: arm.each,
        confidence: arm.confidence,
        interval,
    };
    Ok(Arm {
        name: arm.name,
        kind: arm.kind,
        hypothesis: arm.hypothesis.0,
        mechanism: arm.mechanism.0,
        diagnostic: arm.diagnostic.0,
        prediction,
        design: Design {
            intent: match taken {
                Some(record) => format!("{}, as it stands", describe(&Side::Candidate(record.candidate.id.clone()))),
                None => arm.intent.0,
            },
            point: arm.point.or_else(|| taken?.candidate.point.clone()),
            uses: uses.map_err(|problem| fail("uses", problem))?,
            without: arm.without,
            variants: arm.variants.into_iter().map(|variant| variant.0).collect(),
            candidate: taken.map(|record| record.candidate.id.clone()),
        },
    })
}

/// The candidate that a design names instead of describing one.
fn taken<'a>(intent: &str, state: &'a State) -> Option<&'a CandidateRecord> {
    let bare = intent.trim().trim_start_matches("candidate").trim().trim_matches('`');
    let mut named = state.order.iter().filter(|id| bare.len() >= ID && id.as_str().starts_with(bare));
    match (named.next(), named.next()) {
        (Some(id), None) => state.candidates.get(id),
        _ => None,
    }
}

/// `baseline`, `reference`, an earlier arm, or a candidate by its id or the beginning of it.
fn side(text: &str, earlier: &[String], state: &State) -> Result<Side, String> {
    let bare = text.trim().trim_start_matches("arm:").trim_start_matches("candidate:").trim();
    if let Some(name) = earlier.iter().find(|name| *name == bare) {
        return Ok(Side::Arm(name.clone()));
    }
    match bare {
        "baseline" => return Ok(Side::Baseline),
        "reference" => return Ok(Side::Reference),
        _ => {}
    }
    let starts = |id: &&CandidateId| bare.len() >= ID && id.as_str().starts_with(bare);
    let matches: Vec<&CandidateId> = state.order.iter().filter(starts).collect();
    match matches.as_slice() {
        [id] => Ok(Side::Candidate((*id).clone())),
        [] => {
            let arms = match earlier {
                [] => String::new(),
                names => format!(", an earlier arm ({})", names.join(", ")),
            };
            let text = super::text::line(text, 60);
            Err(format!(
                "`{text}` is neither `baseline` nor `reference`{arms} nor the id of a candidate of this campaign"
            ))
        }
        _ => Err(format!("`{bare}` begins the id of several candidates; give more of it")),
    }
}

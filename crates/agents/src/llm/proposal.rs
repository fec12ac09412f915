//! The planner's reply: a flat form of a bundle that small models can write, and what is wrong with it where it is.

use science::bundle::{Arm, ArmKind, Bundle, Design, Metric, Prediction, Relation, Side};
use science::id::CandidateId;
use science::space::{Point, Value as Coordinate};
use science::state::State;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// Arms of one bundle: each costs an evaluation.
pub(super) const ARMS: usize = 6;
/// Characters of one text: what a planner writes comes back in later prompts.
const TEXT: usize = 1500;
/// Characters of an arm's name.
const NAME: usize = 40;

/// Every metric with the word that a model uses for it.
pub(super) const METRICS: [(&str, Metric); 7] = [
    ("net-saving", Metric::NetSaving),
    ("improvement", Metric::Improvement),
    ("extra-shed-work", Metric::ExtraShedWork),
    ("extra-shed-rate", Metric::ExtraShedRate),
    ("ttft-p90", Metric::TtftP90),
    ("e2e-mean", Metric::E2eMean),
    ("e2e-p90", Metric::E2eP90),
];

const KINDS: [(&str, ArmKind); 5] = [
    ("main", ArmKind::Main),
    ("ablation", ArmKind::Ablation),
    ("super-additivity", ArmKind::SuperAdditivity),
    ("control-negative", ArmKind::ControlNegative),
    ("robustness", ArmKind::Robustness),
];

/// Reads a bundle and checks it against the campaign. The error is written for the model that has to mend it.
pub(super) fn bundle(reply: &Value, state: &State) -> Result<Bundle, String> {
    let top = Fields::of(reply, "the reply")?;
    let arms: Vec<Value> = top.get("arms")?;
    if arms.is_empty() || arms.len() > ARMS {
        return Err(format!("`arms` has {} entries; it takes 1 to {ARMS}", arms.len()));
    }
    let names: Vec<String> = arms.iter().enumerate().map(|(at, arm)| name(at, arm)).collect::<Result<_, _>>()?;
    let parent: String = top.get("parent")?;
    let bundle = Bundle {
        question: top.text("question")?,
        parent: side(&parent, &[], state).map_err(|problem| format!("`parent`: {problem}"))?,
        arms: arms.iter().enumerate().map(|(at, value)| arm(value, at, &names, state)).collect::<Result<_, _>>()?,
    };
    state.check_bundle(&bundle)?;
    Ok(bundle)
}

fn name(at: usize, arm: &Value) -> Result<String, String> {
    let name: String = Fields::of(arm, &format!("arms[{at}]"))?.get("name")?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > NAME || !name.chars().all(plain) {
        return Err(format!("arms[{at}]: `name` must have 1 to {NAME} characters of a-z, 0-9 and -"));
    }
    Ok(name)
}

fn arm(value: &Value, at: usize, names: &[String], state: &State) -> Result<Arm, String> {
    let fields = Fields::of(value, &format!("arms[{at}] (`{}`)", names[at]))?;
    let size: f64 = fields.get("size")?;
    let relation = match word(&fields.get::<String>("relation")?).as_str() {
        "at-least" => Relation::AtLeast(size),
        "within" => Relation::Within(size),
        other => return fields.fail("relation", &format!("is `{other}`; it is `at-least` or `within`")),
    };
    let against = fields.words("against")?;
    let against = against.iter().map(|text| side(text, &names[..at], state)).collect::<Result<_, _>>();
    let prediction = Prediction {
        metric: fields.choice("metric", &METRICS)?,
        against: against.or_else(|problem: String| fields.fail("against", &format!("is wrong: {problem}")))?,
        scope: fields.words("scope")?,
        relation,
        confidence: fields.get("confidence")?,
    };
    Ok(Arm {
        name: names[at].clone(),
        kind: fields.choice("kind", &KINDS)?,
        hypothesis: fields.text("hypothesis")?,
        mechanism: fields.text("mechanism")?,
        diagnostic: fields.text("diagnostic")?,
        prediction,
        design: Design {
            intent: fields.text("intent")?,
            point: point(&fields)?,
            uses: std::collections::BTreeSet::new(),
        },
    })
}

fn point(fields: &Fields<'_>) -> Result<Option<Point>, String> {
    let point: Option<Map<String, Value>> = fields.optional("point")?;
    let coordinate = |(name, value): (String, Value)| match value {
        Value::Number(number) => Ok((name, Coordinate::Number(number.as_f64().unwrap_or(f64::NAN)))),
        Value::String(choice) => Ok((name, Coordinate::Choice(choice))),
        other => fields.fail("point", &format!("has `{name}` = {other}; a coordinate is a number or a word")),
    };
    let point: Option<Point> = point.map(|point| point.into_iter().map(coordinate).collect()).transpose()?;
    Ok(point.filter(|point| !point.is_empty()))
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
    let starts = |id: &&CandidateId| bare.len() >= 6 && id.as_str().starts_with(bare);
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

/// An object of the reply, and what to call it in errors.
struct Fields<'a> {
    object: &'a Map<String, Value>,
    place: String,
}

impl<'a> Fields<'a> {
    fn of(value: &'a Value, place: &str) -> Result<Self, String> {
        match value {
            Value::Object(object) => Ok(Fields { object, place: place.to_owned() }),
            _ => Err(format!("{place} must be a JSON object")),
        }
    }

    fn fail<T>(&self, name: &str, problem: &str) -> Result<T, String> {
        Err(format!("{}: `{name}` {problem}", self.place))
    }

    fn get<T: DeserializeOwned>(&self, name: &str) -> Result<T, String> {
        match self.optional(name)? {
            Some(value) => Ok(value),
            None => self.fail(name, "is missing"),
        }
    }

    /// None also where the value is null.
    fn optional<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, String> {
        let Some(value) = self.object.get(name).filter(|value| !value.is_null()) else { return Ok(None) };
        serde_json::from_value(value.clone()).map(Some).or_else(|error| self.fail(name, &format!("is wrong: {error}")))
    }

    fn text(&self, name: &str) -> Result<String, String> {
        let text: String = self.get(name)?;
        match text.trim() {
            "" => self.fail(name, "is empty"),
            text if text.chars().count() > TEXT => {
                self.fail(name, &format!("has {} characters; at most {TEXT}", text.chars().count()))
            }
            text => Ok(text.to_owned()),
        }
    }

    /// A list of words; one word alone counts as a list, and none as an empty one.
    fn words(&self, name: &str) -> Result<Vec<String>, String> {
        match self.optional::<Value>(name)? {
            None => Ok(Vec::new()),
            Some(Value::String(word)) => Ok(vec![word]),
            Some(list) => serde_json::from_value(list).or_else(|_| self.fail(name, "must be a list of strings")),
        }
    }

    fn choice<T: Copy>(&self, name: &str, choices: &[(&str, T)]) -> Result<T, String> {
        let text: String = self.get(name)?;
        match choices.iter().find(|(choice, _)| *choice == word(&text)) {
            Some((_, value)) => Ok(*value),
            None => {
                let names: Vec<&str> = choices.iter().map(|(choice, _)| *choice).collect();
                let text = super::text::line(&text, 60);
                self.fail(name, &format!("is `{text}`; it is one of {}", names.join(", ")))
            }
        }
    }
}

/// `Net_Saving` and `net saving` are `net-saving`.
fn word(text: &str) -> String {
    text.trim().to_lowercase().replace(['_', ' '], "-")
}

/// The reply's shape for endpoints that enforce one. Strict mode wants every field required and no others, so `point` is
/// left out: its fields depend on the experiment, and it may be absent.
pub(super) fn schema() -> Value {
    let text = json!({"type": "string"});
    let texts = json!({"type": "array", "items": {"type": "string"}});
    let names = |choices: Vec<&str>| json!({"type": "string", "enum": choices});
    let arm = json!({
        "name": text, "kind": names(KINDS.iter().map(|(name, _)| *name).collect()),
        "hypothesis": text, "mechanism": text, "diagnostic": text, "intent": text,
        "metric": names(METRICS.iter().map(|(name, _)| *name).collect()), "against": texts, "scope": texts,
        "relation": names(vec!["at-least", "within"]), "size": {"type": "number"}, "confidence": {"type": "number"},
    });
    let arms = json!({"type": "array", "items": closed(arm)});
    closed(json!({"question": text, "parent": text, "arms": arms}))
}

fn closed(properties: Value) -> Value {
    let required: Vec<&String> = properties.as_object().into_iter().flat_map(Map::keys).collect();
    json!({"type": "object", "required": required, "additionalProperties": false, "properties": properties})
}

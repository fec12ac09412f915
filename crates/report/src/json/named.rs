//! Keys by the names of a problem. The science speaks of gain, cost and worth; whoever reads JSON finds them as the problem calls
//! them.

use science::spec::{Aggregate, Figure, Spec, Unit};
use serde_json::{Map, Value};

/// Keys under which others than we name things: dimensions of a space, files, the problem itself.
pub(super) const OTHERS: [&str; 3] = ["point", "inputs", "spec"];
/// Keys that only objects about a policy's measures have. Without one of them `worth` is what a tuner makes of it.
const MEASURES: [&str; 4] = ["improvement", "worth_ci", "figures", "facts"];

/// The same value with gain, cost and worth by their names in the problem, and its figures and facts beside them.
pub(super) fn named(value: Value, spec: &Spec) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(|item| named(item, spec)).collect()),
        Value::Object(fields) => {
            let measures = MEASURES.iter().any(|key| fields.contains_key(*key));
            let mut out = Map::new();
            for (key, value) in fields {
                match (measures, key.as_str(), value) {
                    (_, key, value) if OTHERS.contains(&key) => put(&mut out, key, value),
                    (true, "figures", Value::Object(figures)) => {
                        out.extend(figures.into_iter().map(|(name, value)| counted(name, value, spec)));
                    }
                    (true, "facts", Value::Object(facts)) => out.extend(facts),
                    (true, key, value) => {
                        if let Some(name) = name(key, spec) {
                            put(&mut out, &name, named(value, spec));
                        }
                    }
                    (false, key, value) => put(&mut out, key, named(value, spec)),
                }
            }
            Value::Object(out)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

fn put(out: &mut Map<String, Value>, key: &str, value: Value) {
    out.insert(key.to_owned(), value);
}

/// A key of a measure by its name in the problem; none for what the problem does not have.
fn name(key: &str, spec: &Spec) -> Option<String> {
    let (gain, worth) = (&spec.aim.gain_name().name, &spec.aim.worth_name().name);
    let cost = spec.aim.cost_names();
    match key {
        "improvement" => Some(gain.clone()),
        "improvement_ci" => Some(format!("{gain}_ci")),
        "worth" => Some(worth.clone()),
        "worth_ci" => Some(format!("{worth}_ci")),
        "cost" => cost.map(|(cost, _)| cost.name.clone()),
        "cost_ci" => cost.map(|(cost, _)| format!("{}_ci", cost.name)),
        "cost_ratio" => cost.map(|(_, ratio)| ratio.to_owned()),
        "costs" => cost.map(|_| key.to_owned()),
        other => Some(other.to_owned()),
    }
}

/// A figure; how many there were is a whole number.
fn counted(name: String, value: Value, spec: &Spec) -> (String, Value) {
    let counts = |figure: &Figure| matches!(figure.of, Aggregate::Sum(_)) && spec.unit(figure) == Unit::Count;
    let known = spec.figure(&name);
    let whole = value.as_f64().filter(|value| value.fract() == 0.0 && known.is_some_and(counts));
    let value = whole.map_or(value, |whole| Value::from(whole as i64));
    (name, value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use serde_json::json;

    #[test]
    fn measures_are_found_by_the_problems_names_and_figures_beside_them() {
        let score = json!({
            "improvement": 0.1, "improvement_ci": null, "cost": 0.2, "cost_ci": [0.1, 0.3], "cost_ratio": 0.9, "worth": 0.3,
            "worth_ci": null, "regret": 1.0, "figures": {"late_sum": 3.0, "late_mean": 3.0},
            "scenarios": [{"improvement": 0.1, "cost": 0.2, "figures": {"late_mean": null}}],
        });
        let expected = json!({
            "haste": 0.1, "haste_ci": null, "fuel": 0.2, "fuel_ci": [0.1, 0.3], "fuel_ratio": 0.9, "net_thrift": 0.3,
            "net_thrift_ci": null, "regret": 1.0, "late_sum": 3, "late_mean": 3.0,
            "scenarios": [{"haste": 0.1, "fuel": 0.2, "late_mean": null}],
        });
        assert_eq!(named(json!({ "score": score }), &fixture::saving()), json!({ "score": expected }));
    }

    #[test]
    fn what_others_name_keeps_its_name_and_a_tuners_worth_is_no_measure() {
        let value = json!({
            "point": {"improvement": 1.0, "cost": 2.0}, "worth": 0.1, "cost": 5, "inputs": {"improvement": "a file"},
            "deeper": {"facts": {"onset": 0.1}, "violations": 2, "inputs": ["weight"]},
        });
        let expected = json!({
            "point": {"improvement": 1.0, "cost": 2.0}, "worth": 0.1, "cost": 5, "inputs": {"improvement": "a file"},
            "deeper": {"onset": 0.1, "violations": 2, "inputs": ["weight"]},
        });
        assert_eq!(named(value, &fixture::saving()), expected);
    }

    #[test]
    fn where_nothing_is_paid_there_is_no_cost() {
        let score = json!({"improvement": 0.1, "cost": 0.0, "cost_ci": null, "cost_ratio": null, "costs": [], "worth": 0.3, "figures": {}});
        assert_eq!(named(score, &fixture::gain()), json!({"haste": 0.1, "lead": 0.3}));
    }
}

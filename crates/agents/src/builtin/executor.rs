//! Writes the source of a point: the experiment's `space` source, specialised there.

use science::bundle::Arm;
use science::retune;
use science::space::{Point, Space, Value};
use science::specialise::specialised;
use science::state::State;
use science::stats::rounded;

/// Significant digits of a scale that a source begins with.
const DIGITS: usize = 4;

/// The source for an arm's declared point.
pub(super) fn implement(state: &State, source: Option<&str>, arm: &Arm) -> Result<String, String> {
    let point =
        arm.design.point.as_ref().ok_or("the built-in executor needs a declared point, and the arm has none")?;
    let source = source.ok_or("the built-in executor needs the experiment's `space` source")?;
    // The scale is expected where that of what it departs from was set.
    let scale = state.departs_from(arm).and_then(|parent| state.candidates.get(parent)?.scale);
    written(&state.opened().experiment.space(), source, point, scale)
}

/// The source of a point, headed by which point it is, with this default for its scale.
pub fn written(space: &Space, source: &str, point: &Point, scale: Option<f64>) -> Result<String, String> {
    let source = &match scale.map(|scale| retune::retuned(source, &[(retune::SCALE, rounded(scale, DIGITS))])) {
        Some(Ok(source)) => source,
        _ => source.to_owned(),
    };
    let named = values(space, source, point)?;
    let values: Vec<f64> = named.iter().map(|(_, value)| *value).collect();
    // What cannot be taken apart can still be given its values.
    let text = specialised(source, &values).or_else(|_| plain(space, source, point))?;
    Ok(format!("//! {}\n{text}", described(space, point)))
}

/// A point in a sentence.
pub(super) fn described(space: &Space, point: &Point) -> String {
    let value = |value: &Value| match value {
        Value::Number(number) => number.to_string(),
        Value::Choice(choice) => choice.clone(),
    };
    let place = space
        .dimensions
        .iter()
        .filter_map(|dimension| Some(format!("{} {}", dimension.name, value(point.get(&dimension.name)?))));
    format!("The policy of the declared space at {}.", place.collect::<Vec<_>>().join(", "))
}

/// The `space` source with a point's values as its own, and nothing else changed.
pub fn plain(space: &Space, source: &str, point: &Point) -> Result<String, String> {
    let named = values(space, source, point)?;
    let named: Vec<(&str, f64)> = named.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    retune::retuned(source, &named)
}

/// A point's value for each tunable of the source, in their order; a choice is its position, and what does not exist there
/// keeps its default.
fn values(space: &Space, source: &str, point: &Point) -> Result<Vec<(String, f64)>, String> {
    let defaults = retune::plain_defaults(source).ok_or("a default of the `space` source is no plain number")?;
    let value = |(name, default): (String, f64)| {
        let choices = space.dimension(&name).map(|dimension| &dimension.values);
        let value = match point.get(&name) {
            Some(Value::Number(value)) => *value,
            Some(Value::Choice(choice)) => {
                choices.and_then(|all| all.iter().position(|value| value == choice)).map_or(default, |at| at as f64)
            }
            None => default,
        };
        (name, value)
    };
    Ok(defaults.into_iter().map(value).collect())
}

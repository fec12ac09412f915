//! Words that several prompts share.

use super::text::line;
use science::descriptor::{Descriptor, Trend};
use science::space::{Dimension, Measure};
use science::spec::{Spec, Unit};

/// What its trials showed of a candidate, in words.
pub(super) fn descriptor(found: &Descriptor, spec: &Spec) -> String {
    let first = &found.curve.input;
    let answers = match found.trend {
        Trend::Rising => format!("its answers rise with {first}"),
        Trend::Level => format!("its answers are about the same at every {first}"),
        Trend::Falling => format!("its answers fall as {first} rises"),
        Trend::Mixed => format!("its answers rise and fall with {first}"),
    };
    let fact = |(name, value): (&String, &Option<f64>)| match value {
        Some(value) => format!("{name} {value:.2}"),
        None => format!("{name} none"),
    };
    // Where answers do not follow the input alone, what is not found on the way says nothing.
    let says = |(_, value): &(&String, &Option<f64>)| found.trend != Trend::Mixed || value.is_some();
    let facts: Vec<String> = found.facts.iter().filter(says).map(fact).collect();
    let facts = if facts.is_empty() { String::new() } else { format!(" ({})", facts.join(", ")) };
    let inputs: Vec<&str> = found.inputs.iter().map(String::as_str).collect();
    let inputs = if inputs.is_empty() { "nothing else".into() } else { inputs.join(", ") };
    let memory = match (found.memory, found.horizon) {
        (false, _) => "what it saw before does not matter".to_owned(),
        (true, None) => "what it saw before matters".into(),
        (true, Some(horizon)) => format!("what it saw before matters ({horizon})"),
    };
    let violated = match found.violations {
        0 => String::new(),
        times => format!("; it {}", spec.violated(times)),
    };
    format!("{answers}{facts}; besides, its decisions depend on {inputs}; {memory}{violated}")
}

/// A dimension of the design space in words.
pub(super) fn dimension(dimension: &Dimension) -> String {
    let extent = match dimension.range {
        Some([low, high]) if dimension.measure == Measure::LogUniform => format!("{low} to {high}, logarithmic"),
        Some([low, high]) => format!("{low} to {high}"),
        None => format!("one of {}", dimension.values.join(", ")),
    };
    let parents: Vec<String> =
        dimension.parent.iter().map(|(name, values)| format!("`{name}` is {}", values.join(" or "))).collect();
    let condition = match parents.as_slice() {
        [] => String::new(),
        parents => format!("; only where {}", parents.join(" and ")),
    };
    format!("`{}` ({extent}{condition}): {}", dimension.name, line(&dimension.meaning, 300))
}

/// A fraction with two decimals of a percent: a tenth of what chance does.
pub(super) fn percent(fraction: f64) -> String {
    format!("{:.2} %", fraction * 100.0)
}

/// A measured number with its unit.
pub(super) fn quantity(value: f64, of: Unit) -> String {
    match of {
        Unit::Fraction => percent(value),
        Unit::Log => format!("{value:.4}{}", unit(of)),
        Unit::Plain => format!("{value:.4}"),
        Unit::Micros | Unit::Millis | Unit::Tokens | Unit::Count => format!("{value:.1}{}", unit(of)),
    }
}

/// What stands behind a number of this unit.
pub(super) fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Plain | Unit::Fraction | Unit::Count => "",
        Unit::Log => " log units",
        Unit::Micros => " µs",
        Unit::Millis => " ms",
        Unit::Tokens => " tokens",
    }
}

/// The lines of a table; none without rows.
pub(super) fn table(head: &[String], rows: Vec<Vec<String>>) -> Vec<String> {
    if rows.is_empty() {
        return Vec::new();
    }
    let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
    let rule = format!("|{}", "---|".repeat(head.len()));
    [line(head), rule].into_iter().chain(rows.iter().map(|row| line(row))).collect()
}

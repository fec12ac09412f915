//! What is required of candidates and champions, and what claims may be about, in words.

use super::words::unit;
use science::champion::Bounded;
use science::experiment::{Experiment, Guard};
use science::spec::{Aggregate, Metric, Spec, Unit};

/// What an admissible candidate has never done: `refused no …`.
pub(super) fn violation(spec: &Spec) -> String {
    let [did, what] = &spec.violation;
    format!("{did} no {what}")
}

/// A guard in words.
pub(super) fn guard(guard: &Guard, spec: &Spec) -> String {
    let name = bounded(&guard.metric, spec);
    match (guard.at_most, guard.at_least) {
        (Some(bound), _) => format!("{name}: at most {bound}"),
        (None, Some(bound)) => format!("{name}: at least {bound}"),
        (None, None) => name,
    }
}

fn bounded(name: &str, spec: &Spec) -> String {
    let gain = &spec.aim.gain_name().name;
    match spec.bounded(name) {
        Some(Bounded::Regret) => "regret (points, in the worst scenario)".into(),
        Some(Bounded::Loss) => "loss against the baseline (points, in the worst scenario)".into(),
        Some(Bounded::Shortfall) => format!("what the study's mean {gain} lies below the reference's (points)"),
        Some(Bounded::DrawnRegret) => "regret (points, of nine in ten drawn workloads)".into(),
        Some(Bounded::DrawnGain) => {
            format!("what the drawn workloads' mean {gain} lies beyond the reference's (points)")
        }
        Some(Bounded::DescriptionLength) => "description length (tokens)".into(),
        Some(Bounded::Improvement) => format!("{gain} (a fraction)"),
        Some(Bounded::CostRatio) => {
            let cost = spec.aim.cost_names().map_or("cost", |(cost, _)| &cost.name);
            format!("{name} ({cost} on the study over the reference's)")
        }
        Some(Bounded::Figure(figure)) => match spec.figure(figure) {
            Some(known) => format!("{name} ({})", aggregate(&known.of, spec)),
            None => name.to_owned(),
        },
        Some(Bounded::Cost) => format!("{name} (a fraction)"),
        None => name.to_owned(),
    }
}

/// How a figure is made of series, in words.
pub(super) fn aggregate(of: &Aggregate, spec: &Spec) -> String {
    let meaning = |name: &String| spec.series(name).map_or_else(|| name.clone(), |series| series.meaning.clone());
    match of {
        Aggregate::Mean(name) => meaning(name),
        Aggregate::Lost(name) => format!("1 less {}", meaning(name)),
        Aggregate::Sum(name) => format!("{}, in all", meaning(name)),
        Aggregate::OverReference(name) => format!("{name} on the study over the reference's"),
        Aggregate::Per { of, per, above: _ } => format!("{of} over {per}, each in all"),
    }
}

/// What is asked of the champion, one requirement each.
pub(super) fn claim(experiment: &Experiment, spec: &Spec) -> Vec<String> {
    let (claim, gain, worth) = (&experiment.claim, &spec.aim.gain_name().name, &spec.aim.worth_name().name);
    let mut asked = Vec::new();
    match spec.aim.cost_names() {
        Some((cost, _)) => {
            asked.push(format!("{}: at most {} times the reference's", cost.name, claim.cost_ratio));
            asked.push(format!("{gain}: at most {} points below the reference's", claim.shortfall));
        }
        None => asked.push(format!("{worth}: above {}", claim.worth)),
    }
    asked.extend(claim.no_more.iter().map(|name| format!("{name}: at most the reference's")));
    asked.extend(claim.regret.map(|regret| format!("regret: at most {regret} points in any scenario")));
    if experiment.population.is_some() {
        asked.push(format!(
            "on drawn workloads that nobody has seen {worth} at least {}, and above 0 whichever had been drawn",
            claim.worth
        ));
        asked.extend(
            claim.regret.map(|regret| format!("more than {regret} points lost in at most one in ten of these")),
        );
    }
    asked
}

/// Something that claims may be about.
pub(super) fn metric(metric: &Metric<'_>) -> String {
    let unit = match metric.unit() {
        Unit::Fraction => "a fraction",
        Unit::Log => "log units, 0.01 is one point",
        Unit::Plain | Unit::Count => "a number",
        other => unit(other).trim(),
    };
    let scope = if matches!(metric, Metric::Worth(_)) { "; whole panel only, not against `baseline`" } else { "" };
    format!("`{}` ({unit}{scope}): {}", metric.name(), metric.meaning())
}

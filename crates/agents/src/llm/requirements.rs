//! What is required of candidates and champions, and what claims may be about, in words.

use super::words::unit;
use science::champion::{self, Bounded};
use science::experiment::{Experiment, Guard};
use science::spec::{Aggregate, Metric, Spec, Unit};
use science::state::State;

/// What an admissible candidate has never done: `refused no …`.
pub(super) fn violation(spec: &Spec) -> String {
    let [did, what] = &spec.violation;
    format!("{did} no {what}")
}

/// Every guard of the experiment in words, with what it asks of the drawn workloads and what it asks after the search.
pub(super) fn guards(state: &State) -> Vec<String> {
    let (experiment, spec) = (&state.opened().experiment, state.spec());
    let reference = state.scoring().score(&state.yardsticks().reference);
    let held = champion::margins(&reference, 0, (experiment, spec));
    let later = experiment.elsewhere().objective.constraints;
    let words = |(own, later): (&Guard, &Guard)| {
        let drawn = held.iter().filter(|kept| kept.of_drawn && kept.metric == own.metric);
        let drawn = drawn.map(|kept| format!("; {}", kept.requirement)).collect::<String>();
        let eased = later.at_most.filter(|_| later != own);
        let eased =
            eased.map(|bound| format!("; in the finals and under the seal {bound} instead")).unwrap_or_default();
        let broken = held.iter().find(|kept| kept.metric == own.metric && !kept.of_drawn && !kept.holds());
        let broken = broken.map(|kept| format!("; the reference itself breaks it: {}", kept.found)).unwrap_or_default();
        guard(own, spec) + &drawn + &eased + &broken
    };
    experiment.objective.constraints.iter().zip(&later).map(words).collect()
}

fn guard(guard: &Guard, spec: &Spec) -> String {
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
        Some(Bounded::Shortfall) => format!("what mean {gain} lies below the reference's (points)"),
        Some(Bounded::DrawnRegret) => "regret (points, of nine in ten drawn workloads)".into(),
        Some(Bounded::DescriptionLength) => "description length (tokens)".into(),
        Some(Bounded::Improvement) => format!("{gain} (a fraction)"),
        Some(Bounded::CostRatio) => {
            let cost = spec.aim.cost_names().map_or("cost", |(cost, _)| &cost.name);
            format!("{name} ({cost} over the reference's)")
        }
        Some(Bounded::Figure(figure)) => match spec.figure(figure) {
            Some(known) => format!("{name} ({})", aggregate(&known.of, spec)),
            None => name.to_owned(),
        },
        Some(Bounded::Cost | Bounded::Worth) => format!("{name} (a fraction)"),
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
        Aggregate::OverReference(name) => format!("{name} over the reference's"),
        Aggregate::Saving(name) => format!("what is saved where the cost is this: {}", meaning(name)),
        Aggregate::NetSaving => "what is saved by means over all workloads, moved cost included".into(),
        Aggregate::Allocation => format!(
            "what would be saved by means over all workloads beyond {}: cost that was only moved between them",
            spec.aim.worth_name().name
        ),
        Aggregate::Per { of, per, above: _ } => format!("{of} over {per}, each in all"),
    }
}

/// What is asked of the champion, one requirement each.
pub(super) fn claim(experiment: &Experiment, spec: &Spec) -> Vec<String> {
    let (claim, gain, worth) = (&experiment.claim, &spec.aim.gain_name().name, &spec.aim.worth_name().name);
    let whose = match experiment.population {
        Some(_) => "on drawn workloads that nobody has seen, ",
        None => "",
    };
    let mut asked = vec![format!("{whose}{worth} above 0 with all of its 95 % interval")];
    // Only what is held against a frontier can be off by the frontier.
    asked.extend(
        spec.aim
            .cost_names()
            .map(|_| format!("{whose}{worth} above what the reference itself seems to be worth there")),
    );
    asked.extend((claim.worth > 0.0).then(|| format!("{whose}{worth} estimated at no less than {}", claim.worth)));
    asked.extend(
        spec.aim.cost_names().map(|_| format!("{gain}: at most {} points below the reference's", claim.shortfall)),
    );
    asked.push("every guard above".into());
    asked
}

/// Something that claims may be about; what the scoring has described already is named alone.
pub(super) fn metric(metric: &Metric<'_>, spec: &Spec) -> String {
    let unit = match metric.unit() {
        Unit::Fraction => "a fraction",
        Unit::Log => "log units, 0.01 is one point",
        Unit::Plain | Unit::Count => "a number",
        other => unit(other).trim(),
    };
    let scope = if matches!(metric, Metric::Worth(_)) { "; whole panel only, not against `baseline`" } else { "" };
    let is_told = match metric {
        Metric::Series(series) => spec.by_scenario().any(|figure| figure.name == series.name),
        Metric::Worth(_) | Metric::Gain(_) | Metric::Cost(_) => true,
    };
    let meaning = if is_told { String::new() } else { format!(": {}", metric.meaning()) };
    format!("`{}` ({unit}{scope}){meaning}", metric.name())
}

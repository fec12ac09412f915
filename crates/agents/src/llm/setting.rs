//! What stays the same all campaign long, as a prompt says it: the target, the yardsticks, the guards, the design space.

use super::text::line;
use science::experiment::{Experiment, Guard, GuardMetric};
use science::objective::{Cell, Measurement, Yardsticks};
use science::space::{Dimension, Measure};
use science::state::State;
use serde::Serialize;

/// Scenarios that are listed one by one.
const SCENARIOS: usize = 40;

/// The context of `prompts/target.hbs`.
#[derive(Serialize)]
pub(super) struct Setting {
    contract: String,
    contract_fence: String,
    question: String,
    baseline: String,
    reference: String,
    /// Whether the reference is the published quintic, of which more can be said.
    quintic: bool,
    reference_improvement: String,
    lambda: String,
    /// How far the reference is from itself under other random draws.
    chance: String,
    yardsticks: Vec<String>,
    scenarios: Vec<String>,
    workloads: Vec<String>,
    seeds: u32,
    guards: Vec<String>,
}

impl Setting {
    pub(super) fn new(state: &State, contract: &str) -> Self {
        let (opened, yardsticks) = (state.opened(), state.yardsticks());
        let experiment = &opened.experiment;
        let parameters = experiment.reference.split_once('(').map_or("", |(_, rest)| rest);
        let published = ["power=5", "k=300"].iter().all(|part| parameters.contains(part)) || parameters.is_empty();
        let chance = yardsticks.net_saving(&yardsticks.reference_again);
        Setting {
            contract: contract.trim().to_owned(),
            contract_fence: super::parse::fence(contract),
            question: super::text::clip(experiment.question.trim(), 4000),
            baseline: experiment.baseline.clone(),
            reference: experiment.reference.clone(),
            quintic: experiment.reference.starts_with("probabilistic") && published,
            reference_improvement: percent(improvement(yardsticks.reference.y())),
            lambda: format!("{:.3}", yardsticks.lambda),
            chance: chance.map_or_else(|| "undefined".into(), percent),
            yardsticks: yardstick_rows(yardsticks, experiment),
            scenarios: scenario_rows(yardsticks, &opened.scenarios),
            workloads: workloads(&opened.scenarios, &opened.workloads),
            seeds: experiment.seeds,
            guards: experiment.objective.constraints.iter().map(guard).collect(),
        }
    }
}

fn yardstick_rows(yardsticks: &Yardsticks, experiment: &Experiment) -> Vec<String> {
    let scale = &experiment.objective.reference_scale;
    let row = |name: String, measured: &Measurement| {
        let rate = science::stats::mean(&measured.per_seed(|cell| cell.x_requests));
        let cells = [improvement(measured.y()), measured.x(), rate].map(percent);
        format!("| {name} | {} |", cells.join(" | "))
    };
    let nothing = percent(0.0);
    vec![
        format!("| the baseline | {nothing} | {nothing} | {nothing} |"),
        row("the reference".into(), &yardsticks.reference),
        row(format!("the reference with {scale} × 1.5"), &yardsticks.louder),
        row(format!("the reference with {scale} / 1.5"), &yardsticks.softer),
        row("refusing every droppable request".into(), &yardsticks.refuse_everything),
    ]
}

fn scenario_rows(yardsticks: &Yardsticks, names: &[String]) -> Vec<String> {
    let columns = |measured: &Measurement| (measured.per_scenario(Cell::y), measured.per_scenario(|cell| cell.x));
    let ((y, x), (most, price)) = (columns(&yardsticks.reference), columns(&yardsticks.refuse_everything));
    let row = |(at, name): (usize, &String)| {
        let overloaded =
            if yardsticks.overloaded.contains(name) { " (overloaded: no policy can stabilise it)" } else { "" };
        let cells = [improvement(y[at]), x[at], improvement(most[at]), price[at]].map(percent);
        format!("| {name}{overloaded} | {} |", cells.join(" | "))
    };
    names.iter().enumerate().take(SCENARIOS.min(y.len())).map(row).collect()
}

/// What arrives in each scenario.
fn workloads(names: &[String], workloads: &[String]) -> Vec<String> {
    names.iter().zip(workloads).take(SCENARIOS).map(|(name, what)| format!("{name}: {}", line(what, 300))).collect()
}

/// A guard in words.
fn guard(guard: &Guard) -> String {
    let name = match guard.metric {
        GuardMetric::Regret => "regret (points, in the worst scenario)",
        GuardMetric::Loss => "loss against the baseline (points, in the worst scenario)",
        GuardMetric::Improvement => "improvement (a fraction)",
        GuardMetric::ExtraShedWork => "extra shed work (a fraction)",
        GuardMetric::ExtraShedRate => "extra shed rate (a fraction)",
        GuardMetric::ThroughputLoss => "throughput loss (a fraction)",
        GuardMetric::Shortfall => "what the study's mean improvement lies below the reference's (points)",
        GuardMetric::DrawnRegret => "regret (points, of nine in ten drawn workloads)",
        GuardMetric::DrawnGain => "what the drawn workloads' mean improvement lies beyond the reference's (points)",
        GuardMetric::WorkRatio => "extra shed work on the study over the reference's",
        GuardMetric::RateRatio => "extra shed rate on the study over the reference's",
        GuardMetric::DescriptionLength => "description length (tokens)",
    };
    match (guard.at_most, guard.at_least) {
        (Some(bound), _) => format!("{name}: at most {bound}"),
        (None, Some(bound)) => format!("{name}: at least {bound}"),
        (None, None) => name.into(),
    }
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

/// Log units as a share of latency saved.
pub(super) fn improvement(y: f64) -> f64 {
    1.0 - (-y).exp()
}

/// A fraction with two decimals of a percent: a tenth of what chance does.
pub(super) fn percent(fraction: f64) -> String {
    format!("{:.2} %", fraction * 100.0)
}

//! What stays the same all campaign long, as a prompt says it: the target, the yardsticks, what is required, the design space.

use super::outline::outline;
use super::text::{clip, line};
use super::words::{percent, quantity, table};
use super::{Context, parse, requirements};
use science::champion::LEVEL;
use science::objective::Measurement;
use science::spec::{Aggregate, Described, Figure, Spec};
use science::state::State;
use science::yardsticks::{SCALES, STEP};
use serde::Serialize;

/// Characters of a question.
const QUESTION: usize = 4000;
/// Scenarios that are listed one by one.
const SCENARIOS: usize = 40;

/// The context of `prompts/target.hbs`.
#[derive(Serialize)]
pub(super) struct Setting {
    problem: String,
    contract: String,
    contract_fence: String,
    /// The contract's name, and its trait's.
    #[serde(rename = "crate")]
    contract_crate: String,
    hook: String,
    question: String,
    baseline: String,
    reference: String,
    gain: Described,
    cost: Option<Described>,
    worth: Described,
    /// Whether cost is saved at equal gain.
    saving: bool,
    /// Workloads that candidates are ranked on beside the scenarios.
    drawn: usize,
    /// The number of the last of them, as its name has it.
    last_drawn: String,
    /// Workloads that each verdict seed draws.
    fresh: usize,
    /// Verdict seeds at the first look and at the last.
    looks: [usize; 2],
    figures: Vec<Named>,
    reference_gain: String,
    /// How far the reference is from itself under other random draws; none where it makes none.
    chance: Option<String>,
    /// What of worth says nothing about who is better.
    level: String,
    /// Candidates that run for champion once more, on seeds that nobody was chosen by; none where the search decides.
    finalists: Option<u32>,
    /// Whether the most that a workload loses is bounded.
    guards_regret: bool,
    yardsticks: Vec<String>,
    extremes: String,
    scenarios: Vec<String>,
    workloads: Vec<String>,
    seeds: u32,
    violation: String,
    guards: Vec<String>,
    claim: Vec<String>,
    /// What claims may be about.
    metrics: Vec<String>,
    inputs: Vec<Described>,
    /// What a single request costs in hindsight.
    hindsight: Option<String>,
}

#[derive(Serialize)]
struct Named {
    name: String,
    meaning: String,
}

impl Setting {
    pub(super) fn new(state: &State, context: &Context) -> Self {
        let (opened, yardsticks, spec) = (state.opened(), state.yardsticks(), state.spec());
        let (experiment, aim) = (&opened.experiment, &spec.aim);
        let chance = yardsticks.twins.first().and_then(|twin| yardsticks.worth(twin, aim));
        let moved = spec.figures.iter().filter(|figure| figure.of == Aggregate::Allocation);
        let listed = opened.scenarios.len().min(yardsticks.study_rows()).min(SCENARIOS);
        Setting {
            problem: spec.problem.clone(),
            contract: context.contract.trim().to_owned(),
            contract_fence: parse::fence(&context.contract),
            contract_crate: context.passages.contract.clone().into_owned(),
            hook: context.passages.hook.clone().into_owned(),
            question: clip(experiment.question.trim(), QUESTION),
            baseline: experiment.baseline.clone(),
            reference: experiment.reference.clone(),
            gain: aim.gain_name().clone(),
            cost: aim.cost_names().map(|(cost, _)| cost.clone()),
            worth: aim.worth_name().clone(),
            saving: aim.cost_names().is_some(),
            drawn: yardsticks.drawn,
            last_drawn: opened
                .workload_names()
                .last()
                .and_then(|name| name.rsplit('_').next())
                .unwrap_or_default()
                .into(),
            fresh: state.drawn_each(),
            looks: [state.sequence(true).looks()[0], state.sequence(true).last()],
            figures: spec.by_scenario().chain(moved).map(|figure| named(figure, spec)).collect(),
            reference_gain: percent(yardsticks.reference.improvement()),
            chance: chance.filter(|chance| *chance != 0.0).map(|chance| quantity(chance.abs(), aim.worth_name().unit)),
            level: quantity(LEVEL, aim.worth_name().unit),
            guards_regret: experiment.objective.at_most("regret").is_some(),
            finalists: experiment.budget.finalists.filter(|most| *most > 1),
            yardsticks: yardstick_table(state),
            extremes: spec.extremes.iter().map(|extreme| extreme.name.as_str()).collect::<Vec<_>>().join(", "),
            scenarios: scenario_table(state, listed),
            workloads: workloads(&opened.scenarios, &opened.workloads),
            seeds: experiment.seeds,
            violation: requirements::violation(spec),
            guards: requirements::guards(state),
            claim: requirements::claim(experiment, spec),
            metrics: spec.claimable().map(|metric| requirements::metric(&metric, spec)).collect(),
            inputs: spec.inputs.clone(),
            hindsight: spec.hindsight.as_ref().map(|cost| cost.meaning.clone()),
        }
    }
}

impl Setting {
    /// For who plans and does not write: without how the contract does what it says.
    pub(super) fn outlined(self) -> Self {
        Setting { contract: outline(&self.contract), ..self }
    }
}

fn named(figure: &Figure, spec: &Spec) -> Named {
    Named { name: figure.name.clone(), meaning: requirements::aggregate(&figure.of, spec) }
}

/// So much of a figure.
pub(super) fn figure(value: Option<f64>, figure: &Figure, spec: &Spec) -> String {
    value.map_or_else(|| "undefined".into(), |value| quantity(value, spec.unit(figure)))
}

fn yardstick_table(state: &State) -> Vec<String> {
    let (yardsticks, spec) = (state.yardsticks(), state.spec());
    let mut head = vec!["yardstick".to_owned(), spec.aim.gain_name().name.clone()];
    head.extend(spec.aim.cost_names().map(|(cost, _)| cost.name.clone()));
    head.extend(spec.by_scenario().map(|figure| figure.name.clone()));
    let row = |name: String, measured: &Measurement| {
        let mut cells = vec![name, percent(measured.improvement())];
        cells.extend(spec.aim.cost_names().map(|(cost, _)| quantity(measured.cost(), cost.unit)));
        let score = state.scoring().score(measured);
        cells.extend(spec.by_scenario().map(|one| figure(score.figure(&one.name), one, spec)));
        cells
    };
    let mut rows = vec![row("the reference".into(), &yardsticks.reference)];
    let parameter = state.opened().experiment.objective.reference_scale.as_deref().unwrap_or("its scale");
    let scales = SCALES.iter().zip(&yardsticks.scales).filter(|(power, _)| power.abs() <= 2);
    rows.extend(scales.map(|(power, scaled)| row(format!("the reference with {parameter} × {STEP}^{power}"), scaled)));
    let extremes = spec.extremes.iter().zip(&yardsticks.extremes);
    rows.extend(extremes.map(|(extreme, measured)| row(extreme.name.clone(), measured)));
    table(&head, rows)
}

/// What the reference does in each scenario, and whatever gains more.
fn scenario_table(state: &State, listed: usize) -> Vec<String> {
    let (yardsticks, spec) = (state.yardsticks(), state.spec());
    let extremes = spec.extremes.iter().map(|extreme| extreme.name.as_str()).zip(&yardsticks.extremes);
    let extremes = extremes.filter(|(_, measured)| measured.gain() > yardsticks.reference.gain());
    let all: Vec<(&str, &Measurement)> = [("reference", &yardsticks.reference)].into_iter().chain(extremes).collect();
    let mut head = vec!["scenario".to_owned()];
    for (name, _) in &all {
        head.push(format!("{name}: {}", spec.aim.gain_name().name));
        head.extend(spec.aim.cost_names().map(|(cost, _)| format!("{name}: {}", cost.name)));
    }
    let columns: Vec<(Vec<f64>, Vec<f64>)> = all
        .iter()
        .map(|(_, measured)| (measured.per_scenario(|cell| cell.gain), measured.per_scenario(|cell| cell.cost)))
        .collect();
    let row = |(at, name): (usize, &String)| {
        let lost = yardsticks.overloaded.contains(name);
        let mut cells = vec![if lost { format!("{name} (overloaded whatever is decided)") } else { name.clone() }];
        for (gain, cost) in &columns {
            cells.push(percent(1.0 - (-gain[at]).exp()));
            cells.extend(spec.aim.cost_names().map(|(named, _)| quantity(cost[at], named.unit)));
        }
        cells
    };
    table(&head, state.opened().scenarios.iter().enumerate().take(listed).map(row).collect())
}

/// What arrives in each scenario; on what, once for all in a row that share it.
fn workloads(names: &[String], workloads: &[String]) -> Vec<String> {
    let (mut told, mut last) = (Vec::new(), "");
    for (name, what) in names.iter().zip(workloads).take(SCENARIOS) {
        let (on, arrives) = what.split_once("; ").unwrap_or(("", what));
        let head = if on == last { String::new() } else { format!("on {}: ", line(on, 300)) };
        told.push(format!("{head}{name}: {}", line(arrives, 300)));
        last = on;
    }
    told
}

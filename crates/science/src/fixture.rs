//! What tests of several modules are made of. Each test says what matters to it, and takes the rest from here.

use crate::experiment::{Agents, Budget, Claim, Experiment, Guard, Objective};
use crate::objective::{Cell, Figures, Measurement, PanelScore, Yardsticks};
use crate::spec::{Aggregate, Aim, Described, Direction, Extreme, Figure, Series, Spec, Unit};
use crate::yardsticks::SCALES;

fn named(name: &str, unit: Unit) -> Described {
    Described { name: name.into(), unit, meaning: format!("{name}, as a test has it") }
}

/// A problem of the least cost at equal gain.
pub(crate) fn spec() -> Spec {
    let series = |name: &str, better| Series {
        name: name.into(),
        unit: Unit::Fraction,
        better,
        claims: true,
        meaning: "a series".into(),
    };
    let figure = |name: &str, of| Figure { name: name.into(), of, by_scenario: name == "paid_mean" };
    let (paid, all) = (|| "paid".to_owned(), || "all".to_owned());
    Spec {
        problem: "made-up".into(),
        prices: vec![],
        metrics: vec![named("seconds", Unit::Plain), named("price", Unit::Plain)],
        series: vec![series("paid", Direction::Less), series("all", Direction::More)],
        figures: vec![
            figure("paid_mean", Aggregate::Mean(paid())),
            figure("paid_lost", Aggregate::Lost(paid())),
            figure("paid_sum", Aggregate::Sum(paid())),
            figure("paid_over_reference", Aggregate::OverReference(paid())),
            figure("all_per_paid", Aggregate::Per { of: all(), per: paid(), above: (0.01, all()) }),
            figure("net_saving", Aggregate::NetSaving),
            figure("allocation", Aggregate::Allocation),
        ],
        plainly: vec![],
        groups: vec![],
        aim: Aim::Saving {
            gain: named("improvement", Unit::Log),
            cost: named("cost", Unit::Fraction),
            ratio: "cost_ratio".into(),
            worth: named("saving", Unit::Fraction),
            comparable: 0.03,
        },
        hindsight: None,
        features: vec![],
        inputs: vec![named("length", Unit::Plain), named("weight", Unit::Plain)],
        violation: ["dropped".into(), "sealed letters".into()],
        opt_in: vec![],
        invariance: Some("the order of the boxes".into()),
        extremes: vec![Extreme { name: "all".into(), policy: "all".into(), beyond_help: None }],
    }
}

/// The most gain.
pub(crate) fn gain_aim() -> Aim {
    Aim::Gain { gain: named("improvement", Unit::Log), worth: named("advantage", Unit::Log) }
}

/// A pair of trials with this gain in log units and this cost.
pub(crate) fn cell(gain: f64, cost: f64) -> Cell {
    Cell { gain, cost, violations: 0 }
}

/// These cells with every series of [`spec`], all zero.
pub(crate) fn measured(cells: Vec<Vec<Cell>>) -> Measurement {
    let zeros: Vec<Vec<f64>> = cells.iter().map(|row| vec![0.0; row.len()]).collect();
    let series = spec().series.into_iter().map(|series| (series.name, zeros.clone())).collect();
    Measurement { cells, series }
}

/// Yardsticks of a reference that pays in proportion to what it gains: its other scales lie on the line through nothing and itself.
pub(crate) fn yardsticks(reference: Measurement) -> Yardsticks {
    let times = |factor: f64| {
        let scaled = |cell: &Cell| Cell { gain: cell.gain * factor, cost: cell.cost * factor, violations: 0 };
        let row = |row: &Vec<Cell>| row.iter().map(scaled).collect();
        Measurement { cells: reference.cells.iter().map(row).collect(), series: reference.series.clone() }
    };
    let scales = SCALES.map(|power| times(1.0 + f64::from(power) / 4.0)).into();
    Yardsticks::new(reference.clone(), vec![reference.clone()], vec![times(2.0)], scales)
}

/// A part of a panel without a workload.
pub(crate) fn panel_score() -> PanelScore {
    PanelScore {
        improvement: 0.0,
        against_reference: 0.0,
        cost: 0.0,
        cost_ratio: None,
        worth: None,
        worth_ci: None,
        figures: Figures::new(),
        regrets: vec![],
        regrets_with_past: vec![],
        losses: vec![],
        costs: vec![],
    }
}

/// An experiment of one iteration without a space or a budget, under these constraints.
pub(crate) fn experiment(constraints: Vec<Guard>) -> Experiment {
    Experiment {
        problem: "made-up".into(),
        question: "?".into(),
        iterations: 1,
        seeds: 3,
        baseline: "b".into(),
        reference: "r".into(),
        space_source: None,
        scenarios: vec![],
        population: None,
        objective: Objective { reference_scale: Some("k".into()), constraints, ..Objective::default() },
        claim: Claim::default(),
        dimensions: vec![],
        budget: Budget::default(),
        agents: Agents::default(),
    }
}

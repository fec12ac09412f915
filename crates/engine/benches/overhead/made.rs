//! What the campaigns are made of: an experiment, its yardsticks, and what a policy measures.

use crate::SCENARIOS;
use engine::population::TRAINING;
use science::event::{RULES, Started};
use science::experiment::{Agents, Budget, Experiment, Guard, GuardMetric, Objective};
use science::id::Hash;
use science::nonce::Nonce;
use science::objective::{Cell, Measurement, Yardsticks};
use science::space::{Dimension, Measure};
use std::collections::BTreeMap;

/// Improvement and cost of a policy.
#[derive(Clone, Copy)]
pub(crate) struct Made {
    pub(crate) y: f64,
    pub(crate) x: f64,
}

pub(crate) const REFERENCE: Made = Made { y: 0.25, x: 0.4 };

impl Made {
    /// One scenario on some seeds.
    pub(crate) fn row(self, seeds: std::ops::Range<usize>) -> Vec<Cell> {
        let cell = |seed: usize| Cell {
            gains: [self.y + (seed % 3) as f64 * 1e-4; 4],
            x: self.x + (seed % 4) as f64 * 1e-4,
            x_requests: self.x,
            extra_sheds: 10,
            droppable: 100,
            saved_ms: 1.0,
            throughput: 1.0,
            protected: 0,
        };
        seeds.map(cell).collect()
    }

    /// On the search panel: two seeds of the study, one of each drawn workload.
    pub(crate) fn searched(self) -> Measurement {
        let drawn = (0..TRAINING).map(|_| self.row(0..1));
        Measurement { cells: (0..SCENARIOS).map(|_| self.row(0..2)).chain(drawn).collect() }
    }
}

pub(crate) fn yardsticks() -> Yardsticks {
    let made = |y, x| Made { y, x }.searched();
    Yardsticks {
        reference: REFERENCE.searched(),
        reference_again: made(0.2501, 0.4002),
        refuse_everything: made(0.4, 0.8),
        louder: made(0.27, 0.44),
        softer: made(0.23, 0.36),
        lambda: 5.0,
        overloaded: vec![],
        drawn: TRAINING,
        one_trace: false,
    }
}

pub(crate) fn started() -> Started {
    let dimension = |name: &str, range: Option<[f64; 2]>, values: &[&str]| Dimension {
        name: name.into(),
        meaning: name.into(),
        range,
        values: values.iter().map(|value| (*value).to_owned()).collect(),
        measure: if range.is_some_and(|[low, _]| low > 0.0) { Measure::LogUniform } else { Measure::Uniform },
        parent: BTreeMap::new(),
    };
    let dimensions = vec![
        dimension("family", None, &["step", "ramp", "power"]),
        dimension("half", Some([0.03, 0.9]), &[]),
        dimension("prompt", Some([-0.5, 1.0]), &[]),
        dimension("mix", Some([0.0, 2.0]), &[]),
        dimension("exponent", Some([0.5, 16.0]), &[]),
    ];
    let scenarios: Vec<String> = (0..SCENARIOS).map(|n| format!("s{n}")).collect();
    let guard = |metric, most| Guard { metric, at_most: Some(most), at_least: None };
    Started {
        rules: RULES,
        name: "overhead".into(),
        experiment: Experiment {
            question: "?".into(),
            iterations: u32::MAX,
            seeds: 3,
            baseline: "gaie-legacy".into(),
            reference: "probabilistic".into(),
            space_source: Some("space.rs".into()),
            scenarios: scenarios.clone(),
            population: None,
            objective: Objective {
                reference_scale: "k".into(),
                scale: None,
                constraints: vec![
                    guard(GuardMetric::Regret, 5.0),
                    guard(GuardMetric::Loss, 1.0),
                    guard(GuardMetric::Shortfall, -0.1),
                    guard(GuardMetric::WorkRatio, 0.925),
                    guard(GuardMetric::DescriptionLength, 5.0),
                ],
            },
            dimensions,
            budget: Budget::default(),
            agents: Agents::default(),
        },
        scenarios,
        training: (0..TRAINING).map(|n| format!("drawn-{n}")).collect(),
        workloads: vec![],
        profiles: vec![],
        inputs: BTreeMap::new(),
        nonce: Nonce::of(1),
        meaning: Hash::of(b"what is measured"),
        traces: vec![],
        agents: "made up".into(),
        toolchain: "rustc".into(),
        version: "0".into(),
        sandboxed: true,
        repairs: 0,
    }
}

//! What the campaigns are made of: an experiment, its yardsticks, and what a policy measures.

use crate::SCENARIOS;
use engine::problem::Problem;
use problems::admission::{Admission, NAME};
use science::event::{RULES, Started};
use science::experiment::{Agents, Budget, Claim, Experiment, Guard, Objective};
use science::id::Hash;
use science::measurement::{Cell, Measurement, Paired};
use science::nonce::Nonce;
use science::space::{Dimension, Measure};
use science::yardsticks::{SCALES, Yardsticks};
use std::collections::BTreeMap;
use std::ops::Range;

/// Workloads that are drawn beside the scenarios, as many as the engine draws.
const TRAINING: usize = 64;

/// Improvement and cost of a policy.
#[derive(Clone, Copy)]
pub(crate) struct Made {
    pub(crate) y: f64,
    pub(crate) x: f64,
}

const REFERENCE: Made = Made { y: 0.25, x: 0.4 };

impl Made {
    /// One scenario with one seed. The series are in the order of the spec's: four gains, refused requests, tokens and GPU time
    /// as shares, refused requests as a count, droppable ones, what is saved, throughput.
    fn paired(self, seed: usize) -> Paired {
        let gain = self.y + (seed % 3) as f64 * 1e-4;
        Paired {
            cell: Cell { gain, cost: self.x + (seed % 4) as f64 * 1e-4, violations: 0 },
            series: vec![gain, gain, gain, gain, self.x, self.x, self.x, 10.0, 100.0, 1.0, 1.0],
        }
    }

    /// On these seeds of each workload.
    fn measured(self, seeds: &[Range<usize>]) -> Measurement {
        let paired: Vec<Paired> = seeds.iter().cloned().flatten().map(|seed| self.paired(seed)).collect();
        let rows: Vec<usize> = seeds.iter().map(Range::len).collect();
        Measurement::of(&paired, &rows, Admission.spec())
    }

    /// On the search panel: two seeds of the study, one of each drawn workload.
    pub(crate) fn searched(self) -> Measurement {
        self.measured(&[vec![0..2; SCENARIOS], vec![0..1; TRAINING]].concat())
    }

    /// On some verdict seeds of the study.
    pub(crate) fn tested(self, seeds: Range<usize>) -> Measurement {
        self.measured(&vec![seeds; SCENARIOS])
    }
}

/// The yardsticks wherever a policy measures like this.
fn yardsticks_by(measured: impl Fn(Made) -> Measurement) -> Yardsticks {
    let made = |y, x| measured(Made { y, x });
    let scales = SCALES.map(|power| made(0.25 + 0.02 * f64::from(power), 0.4 + 0.04 * f64::from(power)));
    let twins = vec![made(0.2501, 0.4002), made(0.2499, 0.3998)];
    Yardsticks::new(measured(REFERENCE), twins, vec![made(0.4, 0.8), made(0.0, 0.0)], scales.into())
}

/// On the search panel.
pub(crate) fn yardsticks() -> Yardsticks {
    Yardsticks { drawn: TRAINING, ..yardsticks_by(Made::searched) }
}

/// On some verdict seeds.
pub(crate) fn yardsticks_on(seeds: &Range<usize>) -> Yardsticks {
    yardsticks_by(|made| made.tested(seeds.clone()))
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
    let guard = |metric: &str, most| Guard { metric: metric.into(), at_most: Some(most), at_least: None };
    Started {
        rules: RULES,
        name: "overhead".into(),
        experiment: Experiment {
            problem: NAME.into(),
            question: "?".into(),
            iterations: u32::MAX,
            seeds: 3,
            baseline: "gaie-legacy".into(),
            reference: "probabilistic".into(),
            space_source: Some("space.rs".into()),
            scenarios: scenarios.clone(),
            population: None,
            objective: Objective {
                reference_scale: Some("k".into()),
                constraints: vec![
                    guard("regret", 5.0),
                    guard("loss", 1.0),
                    guard("shortfall", -0.1),
                    guard("value_ratio", 0.925),
                    guard("description_length", 5.0),
                ],
                ..Objective::default()
            },
            claim: Claim::default(),
            dimensions,
            budget: Budget::default(),
            agents: Agents::default(),
        },
        spec: Admission.spec().clone(),
        scenarios,
        training: (0..TRAINING).map(|n| format!("drawn-{n}")).collect(),
        features: vec![],
        workloads: vec![],
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

//! What tests of several modules are made of. Each test says what matters to it, and takes the rest from here.

use crate::experiment::{Agents, Budget, Experiment, Guard, Objective};
use crate::objective::{Cell, Measurement, Yardsticks};

/// A pair of trials with this improvement in log units, in every metric, and this share of extra shed work and requests.
pub(crate) fn cell(y: f64, x: f64) -> Cell {
    Cell {
        gains: [y; 4],
        x,
        x_requests: x,
        extra_sheds: 10,
        droppable: 100,
        saved_ms: 1.0,
        throughput: 1.0,
        protected: 0,
    }
}

/// Yardsticks that are all the reference.
pub(crate) fn yardsticks(reference: Measurement) -> Yardsticks {
    Yardsticks {
        reference_again: reference.clone(),
        refuse_everything: reference.clone(),
        louder: reference.clone(),
        softer: reference.clone(),
        reference,
        lambda: 5.0,
        overloaded: vec![],
        drawn: 0,
        one_trace: false,
    }
}

/// An experiment of one iteration without a space or a budget, under these constraints.
pub(crate) fn experiment(constraints: Vec<Guard>) -> Experiment {
    Experiment {
        question: "?".into(),
        iterations: 1,
        seeds: 3,
        baseline: "b".into(),
        reference: "r".into(),
        space_source: None,
        scenarios: vec![],
        population: None,
        objective: Objective { reference_scale: "k".into(), scale: None, constraints },
        dimensions: vec![],
        budget: Budget::default(),
        agents: Agents::default(),
    }
}

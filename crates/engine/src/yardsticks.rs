//! The yardsticks: baseline, reference, and what the reference's own scale trades.

use crate::error::EngineError;
use crate::experiment::LoadedExperiment;
use crate::panel::{Draws, Panel};
use crate::policy::Policy;
use sandbox::Sandbox;
use science::objective::Yardsticks;
use science::trial::Trial;
use science::yardsticks::POLICIES;
use simulator::admitters::Builtin;

/// A scenario is overloaded if, with every droppable request refused, the critical mean TTFT of the last third of
/// arrivals still exceeds this many times that of the first third.
const DRIFT: f64 = 2.0;

/// The yardsticks with the trials that they follow from, under the names by which the database keeps them.
#[derive(Debug)]
pub struct Measured {
    /// What all candidates are held against.
    pub yardsticks: Yardsticks,
    /// Trials of [`POLICIES`], in this order.
    pub trials: Vec<(&'static str, Vec<Trial>)>,
}

/// Measures the yardsticks of an experiment on a panel.
pub fn measure(loaded: &LoadedExperiment, panel: &Panel, sandbox: &Sandbox) -> Result<Measured, EngineError> {
    let experiment = &loaded.experiment;
    let baseline = Policy::named(loaded, "baseline", &experiment.baseline, sandbox)?;
    let reference = Policy::named(loaded, "reference", &experiment.reference, sandbox)?;
    let scale = &experiment.objective.reference_scale;
    let scaled = |factor: f64| {
        reference.scaled(&experiment.reference, scale, factor, sandbox)?.ok_or_else(|| {
            EngineError::Yardsticks(format!(
                "the reference `{}` has no parameter `{scale}` to scale",
                experiment.reference
            ))
        })
    };
    let run = |name: &'static str, policy: &Policy, draws: Draws| {
        panel.must(name, policy, draws, sandbox).map(|trials| (name, trials))
    };
    let refuse_everything = Policy::Builtin(Builtin::parse("refuse-droppable").map_err(EngineError::Yardsticks)?);
    let trials = vec![
        run(POLICIES[0], &baseline, Draws::Shared)?,
        run(POLICIES[1], &reference, Draws::Shared)?,
        run(POLICIES[2], &reference, Draws::Other)?,
        run(POLICIES[3], &refuse_everything, Draws::Shared)?,
        run(POLICIES[4], &scaled(1.5)?, Draws::Shared)?,
        run(POLICIES[5], &scaled(1.0 / 1.5)?, Draws::Shared)?,
    ];
    let against = |at: usize| panel.measure(&trials[at].1, &trials[0].1);
    let (louder, softer) = (against(4), against(5));
    let lambda = Yardsticks::exchange_rate(&louder, &softer).ok_or_else(|| {
        EngineError::Yardsticks(format!("scaling `{scale}` of the reference changes neither improvement nor cost"))
    })?;
    let yardsticks = Yardsticks {
        reference: against(1),
        reference_again: against(2),
        refuse_everything: against(3),
        louder,
        softer,
        lambda,
        overloaded: overloaded(&trials[3].1, panel),
        drawn: panel.drawn,
        one_trace: loaded.traces().len() == loaded.scenarios.len(),
    };
    Ok(Measured { yardsticks, trials })
}

fn overloaded(refusing: &[Trial], panel: &Panel) -> Vec<String> {
    let mut trials = refusing.iter();
    let mut drift = |seeds: usize| trials.by_ref().take(seeds).map(|t| t.drift).sum::<f64>() / seeds as f64;
    let drifts = panel.rows.iter().map(|seeds| drift(*seeds)).collect::<Vec<f64>>();
    panel.names.iter().zip(drifts).filter(|(_, drift)| *drift > DRIFT).map(|(name, _)| name.clone()).collect()
}

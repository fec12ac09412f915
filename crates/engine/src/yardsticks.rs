//! The yardsticks: baseline, reference, what bounds the gain, and what the reference's own scale trades.

use crate::error::EngineError;
use crate::experiment::LoadedExperiment;
use crate::panel::{Draws, Panel};
use crate::policy::Policy;
use sandbox::Sandbox;
use science::objective::Yardsticks;
use science::spec::{Aim, Spec};
use science::trial::Trial;
use science::yardsticks::{SCALED, Scale, policies};

/// The yardsticks with the trials that they follow from.
#[derive(Debug)]
pub struct Measured {
    /// What all candidates are held against.
    pub yardsticks: Yardsticks,
    /// Trials by the names under which the database keeps them, in the order of [`policies`]; the first are the baseline's.
    pub trials: Vec<(String, Vec<Trial>)>,
}

/// Measures the yardsticks of an experiment on a panel.
pub fn measure(loaded: &LoadedExperiment, panel: &Panel, sandbox: &Sandbox) -> Result<Measured, EngineError> {
    let (experiment, spec) = (&loaded.experiment, loaded.problem.spec());
    let baseline = Policy::named(loaded, "baseline", &experiment.baseline, sandbox)?;
    let reference = Policy::named(loaded, "reference", &experiment.reference, sandbox)?;
    let extreme = |name: &str| {
        loaded.problem.builtin(name).map(|policy| Policy::Builtin(policy.into())).map_err(EngineError::Yardsticks)
    };
    let mut runs =
        vec![(baseline, Draws::Shared), (reference.clone(), Draws::Shared), (reference.clone(), Draws::Other)];
    for bound in &spec.extremes {
        runs.push((extreme(&bound.policy)?, Draws::Shared));
    }
    if let Aim::Saving { .. } = spec.aim {
        for factor in [SCALED, 1.0 / SCALED] {
            runs.push((scaled(loaded, &reference, factor, sandbox)?, Draws::Shared));
        }
    }
    let named = policies(spec).into_iter().zip(&runs);
    let trials = named.map(|(name, (policy, draws))| {
        let trials = panel.must(&name, policy, *draws, sandbox)?;
        Ok((name, trials))
    });
    let trials: Vec<(String, Vec<Trial>)> = trials.collect::<Result<_, EngineError>>()?;
    let mut measured = trials.iter().map(|(_, own)| panel.measure(own, &trials[0].1)).skip(1);
    let mut next = || measured.next().expect("every yardstick has run");
    let (reference, reference_again) = (next(), next());
    let extremes = spec.extremes.iter().map(|_| next()).collect();
    let scale = match spec.aim {
        Aim::Saving { .. } => Some(Scale::of(next(), next()).ok_or_else(|| {
            let scale = experiment.objective.reference_scale.as_deref().unwrap_or_default();
            EngineError::Yardsticks(format!("scaling `{scale}` of the reference changes neither gain nor cost"))
        })?),
        Aim::Gain { .. } => None,
    };
    let yardsticks = Yardsticks {
        reference,
        reference_again,
        extremes,
        scale,
        overloaded: beyond_help(spec, &trials, panel),
        drawn: panel.drawn,
        one_trace: loaded.traces().len() == loaded.scenarios.len(),
    };
    Ok(Measured { yardsticks, trials })
}

/// Says what is wrong with the parameter of the reference that is to be scaled, if anything is.
pub(crate) fn check_scale(loaded: &LoadedExperiment, sandbox: &Sandbox) -> Result<(), EngineError> {
    if let Aim::Saving { .. } = loaded.problem.spec().aim {
        let reference = Policy::named(loaded, "reference", &loaded.experiment.reference, sandbox)?;
        scaled(loaded, &reference, SCALED, sandbox)?;
    }
    Ok(())
}

fn scaled(
    loaded: &LoadedExperiment,
    reference: &Policy,
    factor: f64,
    sandbox: &Sandbox,
) -> Result<Policy, EngineError> {
    let (name, scale) = (&loaded.experiment.reference, loaded.experiment.objective.reference_scale.as_deref());
    let scale = scale.unwrap_or_default();
    reference.scaled(scale, factor, sandbox)?.ok_or_else(|| {
        let problem = format!("the reference `{name}` has no parameter `{scale}` to scale");
        loaded.wrong("objective.reference_scale", problem)
    })
}

/// Workloads in which no policy can help: see [`Extreme::beyond_help`](science::spec::Extreme).
fn beyond_help(spec: &Spec, trials: &[(String, Vec<Trial>)], panel: &Panel) -> Vec<String> {
    let bounds = spec.extremes.iter().filter_map(|extreme| {
        let (metric, bound) = extreme.beyond_help.as_ref()?;
        let (_, trials) = trials.iter().find(|(name, _)| *name == extreme.name)?;
        Some((trials, spec.metric_position(metric)?, *bound))
    });
    let mut beyond: Vec<String> = Vec::new();
    for (trials, metric, bound) in bounds {
        let mut values = trials.iter().map(|trial| trial.values[metric]);
        let mut mean = |seeds: usize| values.by_ref().take(seeds).sum::<f64>() / seeds as f64;
        let means: Vec<f64> = panel.rows.iter().map(|seeds| mean(*seeds)).collect();
        let above = panel.names.iter().zip(means).filter(|(_, mean)| *mean > bound);
        beyond.extend(above.map(|(name, _)| name.clone()));
    }
    beyond
}

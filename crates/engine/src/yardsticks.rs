//! The yardsticks: baseline, reference, its twins, what bounds the gain, and the reference at its other scales.
//!
//! They are the same on every panel that anything is judged on: what gain costs is a matter of the workloads.

use crate::error::EngineError;
use crate::experiment::LoadedExperiment;
use crate::panel::{Draws, Panel};
use crate::policy::Policy;
use sandbox::Sandbox;
use science::fairness::{self, Fairness};
use science::objective::{Measurement, Yardsticks};
use science::spec::{Aim, Spec};
use science::trial::Trial;
use science::yardsticks::{SCALES, STEP, policies};

/// The yardsticks with the trials that they follow from.
#[derive(Debug)]
pub struct Measured {
    /// What all candidates are held against.
    pub yardsticks: Yardsticks,
    /// Trials by the names under which the database keeps them, in the order of [`policies`]; the first are the baseline's.
    pub trials: Vec<(String, Vec<Trial>)>,
}

impl Measured {
    /// Whom a policy serves, by its trials on the panel that these ran on; and in how many workloads the reference with other draws would
    /// give somebody up, which is chance.
    pub(crate) fn fairness(&self, panel: &Panel, own: fairness::Ran<'_>) -> Option<Fairness> {
        let twin = self.yardsticks.twins.first().zip(self.trials.get(2));
        let by_chance = twin.and_then(|(measured, (_, trials))| self.served(panel, (measured, trials)));
        Some(Fairness { by_chance: by_chance.map(|twin| twin.giving_up), ..self.served(panel, own)? })
    }

    fn served(&self, panel: &Panel, own: fairness::Ran<'_>) -> Option<Fairness> {
        let spec = panel.problem.spec();
        let Yardsticks { reference, extremes, scales, twins, .. } = &self.yardsticks;
        // The baseline and the twins are no scales.
        let at = self.trials.iter().skip(1).take(1).chain(self.trials.iter().skip(2 + twins.len()));
        let ran = [reference].into_iter().chain(extremes).chain(scales).zip(at);
        let ran: Vec<fairness::Ran<'_>> = ran.map(|(measured, (_, trials))| (measured, &trials[..])).collect();
        Fairness::of(own, &ran, panel.counted(), spec)
    }
}

/// Twins of the reference wherever nothing is sealed.
pub(crate) const TWINS: usize = 2;
/// How much the scale of a reference that draws nothing is changed for a twin: little, up or down.
const TWIN: f64 = 0.05;

/// Measures the yardsticks of an experiment on a panel, with so many twins of the reference.
pub fn measure(
    loaded: &LoadedExperiment,
    panel: &Panel,
    twins: usize,
    sandbox: &Sandbox,
) -> Result<Measured, EngineError> {
    let (experiment, spec) = (&loaded.experiment, loaded.problem.spec());
    let yardsticks = Running { loaded, panel, sandbox };
    let baseline = yardsticks.run("baseline", &yardsticks.named("baseline", &experiment.baseline)?, Draws::Shared)?;
    let reference = yardsticks.named("reference", &experiment.reference)?;
    let mut all = vec![baseline, yardsticks.run("reference", &reference, Draws::Shared)?];
    for number in 0..twins {
        all.push(yardsticks.twin(&reference, number, &all[1])?);
    }
    for extreme in &spec.extremes {
        let policy = loaded.problem.builtin(&extreme.policy).map_err(EngineError::Yardsticks)?;
        all.push(yardsticks.run(&extreme.name, &Policy::Builtin(policy.into()), Draws::Shared)?);
    }
    if let Aim::Saving { .. } = spec.aim {
        for power in SCALES {
            all.push(yardsticks.run("reference", &yardsticks.scaled(&reference, STEP.powi(power))?, Draws::Shared)?);
        }
    }
    let trials: Vec<(String, Vec<Trial>)> = policies(spec, twins).into_iter().zip(all).collect();
    let mut measured = trials.iter().map(|(_, own)| panel.measure(own, &trials[0].1)).skip(1);
    let reference = measured.next().expect("the reference has run");
    let (twins, extremes) =
        (measured.by_ref().take(twins).collect(), measured.by_ref().take(spec.extremes.len()).collect());
    let yardsticks = Yardsticks {
        overloaded: beyond_help(spec, &trials, panel),
        drawn: panel.drawn,
        past: panel.past.clone(),
        one_trace: loaded.traces().len() == loaded.scenarios.len(),
        ..Yardsticks::new(reference, twins, extremes, measured.collect())
    };
    if matches!(spec.aim, Aim::Saving { .. }) && yardsticks.scales.iter().all(|scale| *scale == yardsticks.reference) {
        let scale = experiment.objective.reference_scale.as_deref().unwrap_or_default();
        let problem = format!("scaling `{scale}` of the reference changes neither gain nor cost");
        return Err(EngineError::Yardsticks(problem));
    }
    Ok(Measured { yardsticks, trials })
}

/// The reference at scales near its own and with other draws than the yardsticks met, on the panel of these: what it seems to save against
/// its own frontier is what this yardstick is off by (A/A). Nothing where nothing is paid for gain.
pub(crate) fn against_itself(
    loaded: &LoadedExperiment,
    panel: &Panel,
    (measured, twins): (&Measured, usize),
    sandbox: &Sandbox,
) -> Result<Vec<Measurement>, EngineError> {
    let running = Running { loaded, panel, sandbox };
    let Aim::Saving { .. } = loaded.problem.spec().aim else { return Ok(Vec::new()) };
    let reference = running.named("reference", &loaded.experiment.reference)?;
    let run = |(number, factor): (usize, f64)| {
        let trials = running.run("reference", &running.scaled(&reference, factor)?, Draws::Other(twins + number))?;
        // One that draws nothing only repeats itself.
        let is_itself = trials == measured.trials[1].1;
        Ok((!is_itself).then(|| panel.measure(&trials, &measured.trials[0].1)))
    };
    let ran: Result<Vec<Option<Measurement>>, EngineError> = NEAR.into_iter().enumerate().map(run).collect();
    Ok(ran?.into_iter().flatten().collect())
}

/// Factors of its scale at which the reference is held against itself.
const NEAR: [f64; 5] = [0.5, 0.7, 1.0, 1.4, 2.0];

/// What yardsticks are run on.
struct Running<'a> {
    loaded: &'a LoadedExperiment,
    panel: &'a Panel,
    sandbox: &'a Sandbox,
}

impl Running<'_> {
    fn named(&self, key: &str, name: &str) -> Result<Policy, EngineError> {
        Policy::named(self.loaded, key, name, self.sandbox)
    }

    fn run(&self, name: &str, policy: &Policy, draws: Draws) -> Result<Vec<Trial>, EngineError> {
        self.panel.must(name, policy, draws, self.sandbox)
    }

    /// The reference under other draws. One that draws nothing would only repeat itself: it runs at a scale close by.
    fn twin(&self, reference: &Policy, number: usize, own: &[Trial]) -> Result<Vec<Trial>, EngineError> {
        let trials = self.run("reference", reference, Draws::Other(number))?;
        if trials != own || self.loaded.problem.spec().aim.cost_names().is_none() {
            return Ok(trials);
        }
        let steps = (number / 2 + 1) as f64;
        let aside = if number.is_multiple_of(2) { TWIN } else { -TWIN };
        self.run("reference", &self.scaled(reference, (steps * aside).exp())?, Draws::Shared)
    }

    fn scaled(&self, reference: &Policy, factor: f64) -> Result<Policy, EngineError> {
        let (name, scale) = (&self.loaded.experiment.reference, &self.loaded.experiment.objective.reference_scale);
        let scale = scale.as_deref().unwrap_or_default();
        reference.scaled(scale, factor, self.sandbox)?.ok_or_else(|| {
            let problem = format!("the reference `{name}` has no parameter `{scale}` to scale");
            self.loaded.wrong("objective.reference_scale", problem)
        })
    }
}

/// Says what is wrong with the parameter of the reference that is to be scaled, if anything is.
pub(crate) fn check_scale(loaded: &LoadedExperiment, panel: &Panel, sandbox: &Sandbox) -> Result<(), EngineError> {
    if let Aim::Saving { .. } = loaded.problem.spec().aim {
        let running = Running { loaded, panel, sandbox };
        running.scaled(&running.named("reference", &loaded.experiment.reference)?, STEP)?;
    }
    Ok(())
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

//! What a first look is shown with: how policies answer, how the worst workload went under them, what workloads differ in.

use super::Seal;
use crate::error::EngineError;
use crate::experiment::LoadedExperiment;
use crate::policy::Policy;
use sandbox::{Outcome, Sandbox};
use science::seal::{Answers, Illustration, Look, Pair, Worst, seen};

/// Workloads that answers are counted on, at most: a curve is smooth by then.
const WORKLOADS: usize = 24;

/// Of this policy; runs of it and of what it is held against.
pub(super) fn illustrate(
    seal: &Seal,
    look: &Look,
    champion: &Policy,
    (loaded, sandbox): (&LoadedExperiment, &Sandbox),
) -> Result<Illustration, EngineError> {
    let experiment = &loaded.experiment;
    let named = |key: &str, name: &str| Policy::named(loaded, key, name, sandbox);
    let (baseline, reference) = (named("baseline", &experiment.baseline)?, named("reference", &experiment.reference)?);
    let drawn = seal.panel.rows.len() - seal.panel.drawn..seal.panel.rows.len();
    let features = seal.panel.features()[drawn].iter().map(|own| own.iter().copied().map(seen).collect()).collect();
    Ok(Illustration {
        features,
        answers: Some(answers(seal, [&baseline, &reference, champion], sandbox)?),
        worst: worst(seal, look, [&reference, champion], sandbox)?,
    })
}

/// Drawn workloads where there are some, else the study.
fn answers(seal: &Seal, policies: [&Policy; 3], sandbox: &Sandbox) -> Result<Answers, EngineError> {
    let rows = seal.panel.rows.len();
    let first = if seal.panel.drawn > 0 { rows - seal.panel.drawn } else { 0 };
    let chosen: Vec<usize> = (first..rows).take(WORKLOADS).collect();
    let (panel, _) = seal.panel.picked(&chosen, seal.panel.drawn.min(chosen.len()));
    let [baseline, reference, champion] = policies.map(|policy| ran(panel.curves(policy, sandbox)));
    let counted = panel.problem.probing().tally().counted().to_owned();
    Ok(Answers { counted, workloads: chosen.len(), baseline: baseline?, reference: reference?, champion: champion? })
}

/// None where the problem shows nothing of a run.
fn worst(
    seal: &Seal,
    look: &Look,
    [reference, champion]: [&Policy; 2],
    sandbox: &Sandbox,
) -> Result<Option<Worst>, EngineError> {
    let study = seal.panel.rows.len() - seal.panel.drawn;
    let regrets = look.score.panels.as_ref().map(|panels| panels.drawn.regrets.as_slice()).unwrap_or_default();
    let drawn = (0..regrets.len()).max_by(|a, b| regrets[*a].total_cmp(&regrets[*b]));
    let scenario = || seal.scenarios.iter().position(|name| *name == look.score.regret_scenario);
    let Some(row) = drawn.map(|at| study + at).or_else(scenario) else { return Ok(None) };
    let (panel, _) = seal.panel.picked(&[row], usize::from(drawn.is_some()));
    let (reference, champion) = (ran(panel.seen(0, reference, sandbox))?, ran(panel.seen(0, champion, sandbox))?);
    let pair = |(reference, champion): (_, science::seal::Line)| Pair { reference, champion: champion.points };
    let lines: Vec<Pair> = reference.into_iter().zip(champion).map(pair).collect();
    let workload = seal.panel.names[row].clone();
    Ok((!lines.is_empty()).then_some(Worst { workload, drawn, lines }))
}

/// All of them have run on this panel before.
fn ran<T>(shown: Result<Result<T, Outcome>, EngineError>) -> Result<T, EngineError> {
    shown?.map_err(|outcome| EngineError::Yardsticks(format!("a policy ended as {} when it was shown", outcome.name())))
}

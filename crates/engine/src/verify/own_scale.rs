//! What the champion is worth to whoever operates one workload: at the scale of its own that gains there what the reference gains.
//!
//! Everywhere else a policy has one scale for all workloads, set to equal mean gain: what it gains in one of them and lacks in
//! another is held against the reference at other scales. An operator sets the scale for his own traffic. So it is chosen workload by
//! workload on one seed, and judged on another, which did not choose it.

use super::Seal;
use crate::error::EngineError;
use crate::experiment::LoadedExperiment;
use crate::panel::{Draws, Panel, Sealing};
use crate::policy::Policy;
use sandbox::Sandbox;
use science::event::Started;
use science::measurement::Measurement;
use science::seal::{OWN_SCALES, OWN_WORKLOADS, OwnScale, at_own_scales};
use science::spec::Aim;
use science::trial::Trial;

/// The estimate on the first drawn workloads of the seal, of a policy with these trials there at its one scale for all; none where a policy
/// has no scale, nothing is paid for gain, or none are drawn.
pub(super) fn look(
    seal: &Seal,
    (loaded, started, sealing): (&LoadedExperiment, &Started, &Sealing),
    (scale, trials): (Option<f64>, &[Trial]),
    policy: &dyn Fn(Option<f64>) -> Result<Policy, EngineError>,
    sandbox: &Sandbox,
) -> Result<Option<OwnScale>, EngineError> {
    let (Some(scale), Aim::Saving { .. }) = (scale, &seal.spec.aim) else { return Ok(None) };
    if seal.panel.drawn == 0 {
        return Ok(None);
    }
    let choosing = Panel::beside_sealed(loaded, started.nonce, sealing, OWN_WORKLOADS)?;
    let yardstick = |key: &str, name: &str| choosing.yardstick(loaded, key, name, sandbox);
    let baseline = yardstick("baseline", &loaded.experiment.baseline)?;
    let reference = choosing.measure(&yardstick("reference", &loaded.experiment.reference)?, &baseline);
    let first = seal.measured.yardsticks.study_rows();
    let rows: Vec<usize> = (first..first + choosing.drawn).collect();
    let (judging, cells) = seal.panel.picked(&rows, choosing.drawn);
    let there = |all: &[Trial]| -> Vec<Trial> { cells.iter().map(|cell| all[*cell].clone()).collect() };
    let on_judging = there(&seal.measured.trials[0].1);
    let ran = OWN_SCALES.map(|factor| {
        let policy = policy(Some(scale * factor))?;
        let chosen = choosing.must("champion", &policy, Draws::Shared, sandbox)?;
        let judged =
            if factor == 1.0 { there(trials) } else { judging.must("champion", &policy, Draws::Shared, sandbox)? };
        Ok::<[Measurement; 2], EngineError>([
            choosing.measure(&chosen, &baseline),
            judging.measure(&judged, &on_judging),
        ])
    });
    let ran: Vec<[Measurement; 2]> = ran.into_iter().collect::<Result<_, _>>()?;
    let common = OWN_SCALES.iter().position(|factor| *factor == 1.0).unwrap_or_default();
    Ok(Some(at_own_scales(&reference, (&ran, common), &seal.measured.yardsticks)))
}

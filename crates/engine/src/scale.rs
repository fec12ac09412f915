//! Sets the scale of a policy to where it gains as much as the reference does, before anything is judged.
//!
//! Whoever pays less looks better against what he pays, so policies compare at equal mean gain only. Which value that takes is
//! the product's to find, not an author's: it is done by parameters, without compiling again, first on a third of the panel.

use crate::error::EngineError;
use crate::panel::{Onlooker, Panel, Ran, Runs};
use crate::policy::Tunable;
use sandbox::{Artifact, Outcome, Sandbox};
use science::measurement::Measurement;
use science::objective::Yardsticks;
use science::scale::{Guess, Next, Run, Scale, slope};
use science::spec::Aim;
use science::stopping::{self, Behind, PART, Rival};
use science::trial::Trial;
use std::time::Duration;

pub(crate) use science::retune::SCALE;

/// A compiled policy with values for its tunables, of which one may be its scale.
#[derive(Clone, Debug)]
pub struct Scalable {
    artifact: Artifact,
    parameters: Vec<f64>,
    /// The position of the scale among the parameters, and what may be set.
    scale: Option<(usize, Scale)>,
}

/// What policies are held against on a panel while their scale is set.
#[derive(Debug)]
pub struct Against {
    /// The baseline's trials.
    pub baseline: Vec<Trial>,
    /// What the reference gains; none where nothing is paid, so that no scale is set.
    gain: Option<f64>,
    part: Part,
}

/// Some of the workloads of a panel.
#[derive(Debug)]
struct Part {
    panel: Panel,
    baseline: Vec<Trial>,
    /// What the reference gains there.
    gain: f64,
}

/// What came of setting a scale.
#[derive(Debug)]
pub(crate) enum Settled<O = ()> {
    /// The policy ran.
    At {
        /// The value of its scale, where it has one.
        scale: Option<f64>,
        /// What gain did along the logarithm of its scale, log units, where that showed.
        slope: Option<f64>,
        /// Its trials there on the whole panel.
        trials: Vec<Trial>,
        /// Runs that it took, as of the whole panel.
        runs: u32,
        /// Time spent waiting for its answers.
        deciding: Duration,
        /// Whoever looked on at these trials.
        looking: O,
    },
    /// Nowhere on its scale does it gain as much as the reference does.
    Nowhere {
        /// Runs that it took.
        runs: u32,
    },
}

/// What came of running a policy that has a rival.
#[derive(Debug)]
pub(crate) enum Raced<O> {
    /// It went on to the whole panel.
    Settled(Settled<O>),
    /// It was stopped after a part of the panel.
    Behind(Box<Lagging>),
}

/// A policy that lay so far behind the best of its arm after a part of the panel that it ran on no more.
#[derive(Debug)]
pub(crate) struct Lagging {
    /// The value of its scale there, where it has one.
    pub(crate) scale: Option<f64>,
    /// Its trials there on the part of the panel.
    pub(crate) trials: Vec<Trial>,
    /// These against the baseline's.
    pub(crate) part: Measurement,
    /// How far it lay behind.
    pub(crate) behind: Behind,
}

impl Scalable {
    /// A policy that was started once to be asked for its tunables. The setting of its scale begins at the guess, or at the
    /// default where there is none.
    pub(crate) fn new(artifact: Artifact, tunables: &[Tunable], parameters: Vec<f64>, guess: Option<Guess>) -> Self {
        let at = tunables.iter().position(|tunable| tunable.name == SCALE);
        let scale = at.and_then(|at| {
            let Tunable { low, high, default, .. } = tunables[at];
            Some((at, Scale::new(low, high, default)?.begun(guess)))
        });
        Scalable { artifact, parameters, scale }
    }

    /// The values of its tunables with this one for its scale.
    pub(crate) fn at(&self, scale: Option<f64>) -> Vec<f64> {
        let mut parameters = self.parameters.clone();
        if let (Some((at, _)), Some(value)) = (self.scale, scale) {
            parameters[at] = value;
        }
        parameters
    }
}

impl Against {
    /// What policies on this panel are held against.
    pub(crate) fn new(panel: &Panel, baseline: Vec<Trial>, yardsticks: &Yardsticks, aim: &Aim) -> Self {
        let rows = stopping::part(panel.rows.len());
        let drawn = rows.iter().filter(|row| **row >= panel.rows.len() - panel.drawn).count();
        let (part, cells) = panel.picked(&rows, drawn);
        Against {
            gain: matches!(aim, Aim::Saving { .. }).then(|| yardsticks.reference.gain()),
            part: Part {
                panel: part,
                baseline: cells.into_iter().map(|cell| baseline[cell].clone()).collect(),
                gain: yardsticks.reference.picked(&rows).gain(),
            },
            baseline,
        }
    }

    /// Nothing: policies run as they are.
    pub fn nothing(panel: &Panel) -> Self {
        let (part, _) = panel.picked(&[], 0);
        Against { baseline: Vec::new(), gain: None, part: Part { panel: part, baseline: Vec::new(), gain: 0.0 } }
    }

    /// Sets the scale of a policy, and runs it there, unless it lies behind its rival after a part of the panel. Who looks on sees the
    /// run that stands and no other: looking takes its time.
    pub(crate) fn settle<O: Onlooker>(
        &self,
        policy: &Scalable,
        rival: Option<&Rival>,
        (panel, sandbox): (&Panel, &Sandbox),
        onlooker: impl Fn() -> O + Sync,
    ) -> Result<Result<Raced<O>, Outcome>, EngineError> {
        let stands = |scale: Option<f64>| panel.trials_before(&policy.artifact, policy.at(scale), sandbox, &onlooker);
        let (Some((_, scale)), Some(gain)) = (policy.scale, self.gain) else {
            if let Some(rival) = rival {
                let first = self.part.panel.trials_before(&policy.artifact, policy.at(None), sandbox, &|| ())?;
                let trials = match first {
                    Ok((ran, ())) => ran.results,
                    Err(outcome) => return Ok(Err(outcome)),
                };
                if let Some(behind) = self.part.behind(trials, rival, None) {
                    return Ok(Ok(Raced::Behind(behind)));
                }
            }
            return Ok(stands(None)?.map(|(Runs { results: trials, deciding }, looking)| {
                Raced::Settled(Settled::At { scale: None, slope: None, trials, runs: 1, deciding, looking })
            }));
        };
        let (mut part, mut kept, mut runs, mut last) = (Vec::new(), Vec::new(), Vec::new(), None);
        let mut deciding = Duration::ZERO;
        let taken = |part: &[Run], whole: &[Run]| (part.len().div_ceil(PART) + whole.len()) as u32;
        loop {
            match scale.next(&part, &runs) {
                Next::Part(places) => match self.run_part(policy, &places, sandbox)? {
                    Ok(ran) => {
                        deciding += ran.deciding;
                        part.extend(ran.results.iter().map(|(run, _)| *run));
                        kept.extend(ran.results);
                    }
                    Err(outcome) => return Ok(Err(outcome)),
                },
                Next::Whole(at) => {
                    // Before the first run on the whole panel: what ran on the part at this very place says whether it is worth it.
                    let first = std::mem::take(&mut kept).into_iter().find(|(run, _)| run.at == at);
                    if let (Some(rival), Some((_, Some(trials)))) = (rival, first)
                        && let Some(behind) = self.part.behind(trials, rival, Some(at.exp()))
                    {
                        return Ok(Ok(Raced::Behind(behind)));
                    }
                    match panel.trials_before(&policy.artifact, policy.at(Some(at.exp())), sandbox, &|| ())? {
                        Ok((ran, ())) => {
                            let gained = panel.measure(&ran.results, &self.baseline).gain();
                            runs.push(Run { at, margin: gained - gain });
                            deciding += ran.deciding;
                            last = Some((at, ran.results));
                        }
                        Err(outcome) => return Ok(Err(outcome)),
                    }
                }
                Next::Set(at) => {
                    let taken = taken(&part, &runs);
                    // An earlier run may stand: its trials are not kept.
                    let ran = match last.filter(|(ran, _)| *ran == at && !O::LOOKS) {
                        Some((_, results)) => Ok((Runs { results, deciding: Duration::ZERO }, onlooker())),
                        None => stands(Some(at.exp()))?,
                    };
                    let slope = slope(&runs).or_else(|| slope(&part));
                    return Ok(ran.map(|(ran, looking)| {
                        Raced::Settled(Settled::At {
                            scale: Some(at.exp()),
                            slope,
                            trials: ran.results,
                            runs: taken,
                            deciding: deciding + ran.deciding,
                            looking,
                        })
                    }));
                }
                Next::None => return Ok(Ok(Raced::Settled(Settled::Nowhere { runs: taken(&part, &runs) }))),
            }
        }
    }

    /// The same with nobody looking on, and no rival.
    pub(crate) fn set(
        &self,
        policy: &Scalable,
        on: (&Panel, &Sandbox),
    ) -> Result<Result<Settled, Outcome>, EngineError> {
        Ok(self.settle(policy, None, on, || ())?.map(|raced| match raced {
            Raced::Settled(settled) => settled,
            Raced::Behind(_) => unreachable!("it has no rival"),
        }))
    }

    /// Gains beyond the reference's at these places, on the part of the panel, each with its trials if it came to an end.
    fn run_part(&self, policy: &Scalable, places: &[f64], sandbox: &Sandbox) -> Ran<(Run, Option<Vec<Trial>>)> {
        let Part { panel, baseline, gain } = &self.part;
        let parameters: Vec<Vec<f64>> = places.iter().map(|at| policy.at(Some(at.exp()))).collect();
        let ran = panel.trials_side_by_side(&policy.artifact, &parameters, sandbox)?;
        let run = |(at, trials): (&f64, Option<Vec<Trial>>)| {
            // A run without an end is one that lets everything wait.
            let gained = trials.as_ref().map(|trials| panel.measure(trials, baseline).gain() - gain);
            (Run { at: *at, margin: gained.unwrap_or(f64::NEG_INFINITY).max(-1e6) }, trials)
        };
        Ok(ran.map(|Runs { results, deciding }| Runs {
            results: places.iter().zip(results).map(run).collect(),
            deciding,
        }))
    }
}

impl Part {
    /// How a policy lies behind its rival by these trials, if it does.
    fn behind(&self, trials: Vec<Trial>, rival: &Rival, scale: Option<f64>) -> Option<Box<Lagging>> {
        let part = self.panel.measure(&trials, &self.baseline);
        let behind = rival.leaves_behind(&part)?;
        Some(Box::new(Lagging { scale, trials, part, behind }))
    }
}

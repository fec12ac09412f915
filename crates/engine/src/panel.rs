//! The panel: workloads with their seeds, and how policies are run on them.
//!
//! All policies meet the same arrivals and the same draws: both are functions of (campaign seed, workload, seed) alone.

mod cell;
mod run;
mod seeds;
#[cfg(test)]
mod tests;

use crate::error::EngineError;
use crate::experiment::LoadedExperiment;
use crate::policy::Policy;
use crate::population::Population;
use cell::PanelCell;
pub use cell::trial;
pub(crate) use run::Onlooker;
use sandbox::{Outcome, Sandbox};
use science::id::Hash;
use science::keyed;
use science::objective::Measurement;
use science::profile::Profile;
use science::third::Third;
use science::trial::Trial;
pub use seeds::{Role, Seeds};
use simulator::cluster::ClusterConfig;
use simulator::{Arrival, Run, Scenario};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// What candidates are measured on: the experiment's scenarios, workloads drawn from its population, or both.
#[derive(Debug, Default)]
pub struct Panel {
    cells: Vec<PanelCell>,
    /// Names of the workloads, in order.
    pub names: Vec<String>,
    /// Seeds of each workload.
    pub rows: Vec<usize>,
    /// How many of the workloads, the last ones, were drawn.
    pub drawn: usize,
}

/// Which draws a policy meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draws {
    /// Those that all policies share.
    Shared,
    /// Others on the same arrivals: what pure chance does (A/A).
    Other,
}

/// What a policy's runs yielded, and where the time went.
#[derive(Debug)]
pub struct Runs<T> {
    /// Scenario by scenario, seed by seed.
    pub results: Vec<T>,
    /// Time spent waiting for the candidate's answers.
    pub deciding: Duration,
}

/// What can be said of one trial before it runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outline<'a> {
    /// Its workload.
    pub(crate) workload: &'a str,
    /// Whether its seed is the workload's first.
    pub(crate) is_first: bool,
    /// Whether the workload was drawn.
    pub(crate) is_drawn: bool,
    pub(crate) requests: usize,
    pub(crate) instances: usize,
    /// Follows from what the trial's draws follow from, and from nothing that a candidate is shown.
    pub(crate) secret: u64,
}

/// Runs, or what became of the candidate instead; errors are ours.
pub type Ran<T> = Result<Result<Runs<T>, Outcome>, EngineError>;

impl Panel {
    /// The panel that candidates are ranked by: the first `seeds` search seeds of the study, and, where the experiment
    /// declares a population, one seed each of the workloads that the campaign trains on.
    pub fn search(loaded: &LoadedExperiment, campaign_seed: u64, seeds: usize) -> Result<Self, EngineError> {
        Self::ranking(loaded, campaign_seed, seeds, [Role::Search, Role::Training], Population::training)
    }

    /// The panel that a champion is chosen on among the finalists: as the one that candidates are ranked by, but with seeds
    /// and workloads that nobody was chosen by.
    pub fn finals(loaded: &LoadedExperiment, campaign_seed: u64, seeds: usize) -> Result<Self, EngineError> {
        Self::ranking(loaded, campaign_seed, seeds, [Role::Finals; 2], Population::finals)
    }

    /// The study on seeds of one role, and the workloads that a campaign draws, in another.
    fn ranking(
        loaded: &LoadedExperiment,
        campaign_seed: u64,
        seeds: usize,
        [study, drawn]: [Role<'_>; 2],
        workloads: fn(&Population, u64) -> Vec<Scenario>,
    ) -> Result<Self, EngineError> {
        let mut panel = Self::study(loaded, campaign_seed, study, 0..seeds)?;
        let workloads = loaded.population.iter().flat_map(|population| workloads(population, campaign_seed));
        panel.draw(workloads, campaign_seed, drawn)?;
        Ok(panel)
    }

    /// Verdict seeds of an iteration: fresh, shared by the arms of its bundle, and never used again. Claims are about the
    /// study.
    pub fn verdict(
        loaded: &LoadedExperiment,
        campaign_seed: u64,
        iteration: u32,
        seeds: Range<usize>,
    ) -> Result<Self, EngineError> {
        Self::study(loaded, campaign_seed, Role::Verdict(iteration), seeds)
    }

    /// Sealed seeds of the study: made from the digest of a frozen record, so that nobody knows them before.
    pub fn sealed(loaded: &LoadedExperiment, digest: &Hash, seeds: usize) -> Result<Self, EngineError> {
        Self::study(loaded, 0, Role::Sealed(digest), 0..seeds)
    }

    /// Sealed workloads: drawn from the experiment's population by the digest of a frozen record. Empty where there is no
    /// population.
    pub fn sealed_workloads(loaded: &LoadedExperiment, digest: &Hash) -> Result<Self, EngineError> {
        let mut panel = Panel::default();
        let sealed = loaded.population.iter().flat_map(|population| population.sealed(digest));
        panel.draw(sealed, 0, Role::Sealed(digest))?;
        Ok(panel)
    }

    /// The experiment's scenarios on seeds of one role.
    fn study(
        loaded: &LoadedExperiment,
        campaign_seed: u64,
        role: Role<'_>,
        numbers: Range<usize>,
    ) -> Result<Self, EngineError> {
        let mut panel = Panel::default();
        for (at, scenario) in loaded.scenarios.iter().enumerate() {
            let seeds = numbers.clone().map(|number| Seeds::new(campaign_seed, role, &scenario.name, number));
            panel.add(scenario, seeds, |name| loaded.trace(at, name))?;
        }
        Ok(panel)
    }

    /// Adds drawn workloads, one seed each: trials belong on workloads, which differ more than seeds do.
    fn draw(
        &mut self,
        workloads: impl Iterator<Item = Scenario>,
        campaign_seed: u64,
        role: Role<'_>,
    ) -> Result<(), EngineError> {
        let no_trace =
            |_: &str| Err(std::io::Error::new(std::io::ErrorKind::NotFound, "a drawn workload has no trace"));
        for workload in workloads {
            let seeds = Seeds::new(campaign_seed, role, &workload.name, 0);
            self.add(&workload, [seeds].into_iter(), no_trace)?;
            self.drawn += 1;
        }
        Ok(())
    }

    fn add(
        &mut self,
        scenario: &Scenario,
        seeds: impl Iterator<Item = Seeds>,
        trace: impl Fn(&str) -> std::io::Result<String>,
    ) -> Result<(), EngineError> {
        let (cluster, before) = (Arc::new(scenario.cluster.clone()), self.cells.len());
        for seeds in seeds {
            self.cells.push(PanelCell {
                cluster: Arc::clone(&cluster),
                arrivals: scenario.arrivals(seeds.arrivals, &trace)?,
                draws: seeds.draws,
            });
        }
        self.names.push(scenario.name.clone());
        self.rows.push(self.cells.len() - before);
        Ok(())
    }

    /// Names of the workloads that were drawn.
    pub fn drawn_names(&self) -> Vec<String> {
        self.names[self.names.len() - self.drawn..].to_vec()
    }

    /// One run of one scenario, on these arrivals and draws.
    pub fn single(cluster: &ClusterConfig, arrivals: Arc<[Arrival]>, draws: u64) -> Self {
        let cell = PanelCell { cluster: Arc::new(cluster.clone()), arrivals, draws: [draws; 2] };
        Panel { cells: vec![cell], names: vec![String::new()], rows: vec![1], drawn: 0 }
    }

    /// A third of it, for what a glance decides, with the cells that it holds; none where nothing was drawn.
    pub fn third(&self) -> Option<(Third, Self)> {
        let third = Third::of(&self.rows, self.drawn)?;
        let (cells, names) = (third.cells(&self.cells), third.workloads(&self.names));
        let panel = Panel { cells, names, rows: third.seeds(), drawn: third.drawn() };
        Some((third, panel))
    }

    /// Trials that a policy takes on it.
    pub fn trials_each(&self) -> usize {
        self.cells.len()
    }

    /// A policy's trials against the baseline's.
    pub fn measure(&self, trials: &[Trial], baseline: &[Trial]) -> Measurement {
        Measurement::pair(trials, baseline, &self.rows)
    }

    /// What arrives in each scenario of the study and where, in words, by its first seed: what whoever designs a policy
    /// may know of it.
    pub fn workloads(&self) -> Vec<String> {
        self.firsts().take(self.rows.len() - self.drawn).map(PanelCell::describe).collect()
    }

    /// Every workload in the mean, by its first seed.
    pub fn profiles(&self) -> Vec<Profile> {
        self.firsts().map(PanelCell::profile).collect()
    }

    /// Its trials, workload by workload.
    pub(crate) fn outlines(&self) -> impl Iterator<Item = Outline<'_>> {
        let study = self.names.len() - self.drawn;
        let numbered = self.names.iter().zip(&self.rows).enumerate();
        let seeds = numbered.flat_map(move |(at, (name, seeds))| (0..*seeds).map(move |seed| (name, seed == 0, at >= study)));
        self.cells.iter().zip(seeds).map(|(cell, (workload, is_first, is_drawn))| Outline {
            workload,
            is_first,
            is_drawn,
            requests: cell.arrivals.len(),
            instances: usize::from(cell.cluster.instances),
            secret: keyed::seed(&["shadows"], cell.draws[0]),
        })
    }

    /// The first cell of each workload.
    fn firsts(&self) -> impl Iterator<Item = &PanelCell> {
        self.rows.iter().scan(0, |next, seeds| Some(std::mem::replace(next, *next + seeds))).map(|at| &self.cells[at])
    }

    /// The trials of a policy on every cell.
    pub fn trials(&self, policy: &Policy, draws: Draws, sandbox: &Sandbox) -> Ran<Trial> {
        Ok(self.run(policy, draws, sandbox, |cell, run| cell.trial(&run))?.and_then(drained))
    }

    /// The trials of the policy that a source describes, or what became of it instead.
    pub fn trials_of(&self, source: &str, sandbox: &Sandbox) -> Result<Result<Vec<Trial>, Outcome>, EngineError> {
        match Policy::of_source(source, sandbox)? {
            Ok(policy) => Ok(self.trials(&policy, Draws::Shared, sandbox)?.map(|runs| runs.results)),
            Err(outcome) => Ok(Err(outcome)),
        }
    }

    /// The trials of the policy that the experiment names under `key` (`baseline` or `reference`).
    pub fn yardstick(
        &self,
        loaded: &LoadedExperiment,
        key: &str,
        name: &str,
        sandbox: &Sandbox,
    ) -> Result<Vec<Trial>, EngineError> {
        self.must(key, &Policy::named(loaded, key, name, sandbox)?, Draws::Shared, sandbox)
    }

    /// The trials of a policy that everything is held against: anything but trials is an error that names it.
    pub fn must(
        &self,
        name: &str,
        policy: &Policy,
        draws: Draws,
        sandbox: &Sandbox,
    ) -> Result<Vec<Trial>, EngineError> {
        match self.trials(policy, draws, sandbox)? {
            Ok(trials) => Ok(trials.results),
            Err(outcome) => Err(EngineError::Yardsticks(format!("the {name} ended as {}: {outcome}", outcome.name()))),
        }
    }

    /// The whole runs of a policy, request by request.
    pub fn records(&self, policy: &Policy, sandbox: &Sandbox) -> Ran<Run> {
        self.run(policy, Draws::Shared, sandbox, |_, run| run)
    }
}

/// What is said of a policy under which a cluster never drained. It has taken too long, and would again on any machine.
const NEVER_DRAINED: &str = "a cluster never drained under it";

/// Whether somebody ran out of time, and might not with the machine to himself.
pub(crate) fn may_be_the_machine(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Timeout { what } if what != NEVER_DRAINED)
}

/// The trials of runs that all drained.
fn drained(ran: Runs<Option<Trial>>) -> Result<Runs<Trial>, Outcome> {
    let never = || Outcome::Timeout { what: NEVER_DRAINED.into() };
    let results: Option<Vec<Trial>> = ran.results.into_iter().collect();
    results.map(|results| Runs { results, deciding: ran.deciding }).ok_or_else(never)
}

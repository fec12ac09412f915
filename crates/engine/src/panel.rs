//! The panel: every scenario with every seed, and how policies are run on it.
//!
//! All policies meet the same arrivals and the same draws: both are functions of (campaign seed, scenario, seed) alone.

mod seeds;

use crate::error::EngineError;
use crate::experiment::LoadedExperiment;
use crate::policy::Policy;
use admitter::{Decision, Draw, wire};
use sandbox::{Artifact, Outcome, Round, Sandbox};
use science::id::Hash;
use science::trial::Trial;
pub use seeds::{Role, Seeds};
use simulator::admitters::Builtin;
use simulator::cluster::ClusterConfig;
use simulator::metrics::percentile;
use simulator::{Arrival, Run, Simulation, simulate};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// What candidates are measured on.
#[derive(Debug)]
pub struct Panel {
    cells: Vec<PanelCell>,
    /// Seeds for each scenario.
    pub seeds: usize,
}

/// One scenario with one seed.
#[derive(Clone, Debug)]
struct PanelCell {
    cluster: Arc<ClusterConfig>,
    arrivals: Arc<[Arrival]>,
    draws: [u64; 2],
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

/// Runs, or what became of the candidate instead; errors are ours.
pub type Ran<T> = Result<Result<Runs<T>, Outcome>, EngineError>;

impl Panel {
    /// The panel of the first `seeds` search seeds of a campaign: those that candidates are ranked by.
    pub fn search(loaded: &LoadedExperiment, campaign_seed: u64, seeds: usize) -> Result<Self, EngineError> {
        Self::study(loaded, campaign_seed, Role::Search, 0..seeds)
    }

    /// Verdict seeds of an iteration: fresh, shared by the arms of its bundle, and never used again.
    pub fn verdict(
        loaded: &LoadedExperiment,
        campaign_seed: u64,
        iteration: u32,
        seeds: Range<usize>,
    ) -> Result<Self, EngineError> {
        Self::study(loaded, campaign_seed, Role::Verdict(iteration), seeds)
    }

    /// Sealed seeds: made from the digest of a frozen record, so that nobody knows them before.
    pub fn sealed(loaded: &LoadedExperiment, digest: &Hash, seeds: usize) -> Result<Self, EngineError> {
        Self::study(loaded, 0, Role::Sealed(digest), 0..seeds)
    }

    /// The experiment's scenarios on seeds of one role.
    fn study(
        loaded: &LoadedExperiment,
        campaign_seed: u64,
        role: Role<'_>,
        numbers: Range<usize>,
    ) -> Result<Self, EngineError> {
        let mut cells = Vec::new();
        for (at, scenario) in loaded.scenarios.iter().enumerate() {
            let cluster = Arc::new(scenario.cluster.clone());
            for number in numbers.clone() {
                let seeds = Seeds::new(campaign_seed, role, &scenario.name, number);
                cells.push(PanelCell {
                    cluster: Arc::clone(&cluster),
                    arrivals: scenario.arrivals(seeds.arrivals, |name| loaded.trace(at, name))?,
                    draws: seeds.draws,
                });
            }
        }
        Ok(Panel { cells, seeds: numbers.len() })
    }

    /// One run of one scenario, on these arrivals and draws.
    pub fn single(cluster: &ClusterConfig, arrivals: Arc<[Arrival]>, draws: u64) -> Self {
        let cell = PanelCell { cluster: Arc::new(cluster.clone()), arrivals, draws: [draws; 2] };
        Panel { cells: vec![cell], seeds: 1 }
    }

    /// What arrives in each scenario and where, in words, by its first seed: what whoever designs a policy may know of it.
    pub fn workloads(&self) -> Vec<String> {
        self.cells.iter().step_by(self.seeds).map(PanelCell::describe).collect()
    }

    /// The trials of a policy on every cell.
    pub fn trials(&self, policy: &Policy, draws: Draws, sandbox: &Sandbox) -> Ran<Trial> {
        let ran = match self.run(policy, draws, sandbox, |cell, run| cell.trial(&run))? {
            Ok(ran) => ran,
            Err(outcome) => return Ok(Err(outcome)),
        };
        let never_drained = || Outcome::Timeout { what: "a cluster never drained under it".into() };
        let results: Option<Vec<Trial>> = ran.results.into_iter().collect();
        Ok(results.map(|results| Runs { results, deciding: ran.deciding }).ok_or_else(never_drained))
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

    fn run<T: Send>(
        &self,
        policy: &Policy,
        draws: Draws,
        sandbox: &Sandbox,
        look: impl Fn(&PanelCell, Run) -> T + Sync,
    ) -> Ran<T> {
        match policy {
            Policy::Builtin(admitter) => {
                let results = self.each(|cell| look(cell, cell.simulate(admitter.clone(), draws)))?;
                Ok(Ok(Runs { results, deciding: Duration::ZERO }))
            }
            Policy::Candidate { artifact, parameters } => {
                self.run_candidate(sandbox, artifact, parameters, draws, look)
            }
        }
    }

    /// All cells of the panel on all cores; the results are in the cells' order.
    fn each<T: Send>(&self, work: impl Fn(&PanelCell) -> T + Sync) -> Result<Vec<T>, EngineError> {
        let next = AtomicUsize::new(0);
        let worker = || {
            let mut done = Vec::new();
            while let Some((at, cell)) = take(&next, &self.cells) {
                done.push((at, work(cell)));
            }
            done
        };
        let workers = std::thread::available_parallelism().map_or(1, usize::from).min(self.cells.len());
        let mut results = Vec::with_capacity(self.cells.len());
        std::thread::scope(|scope| {
            let handles: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
            for handle in handles {
                let done = handle.join().map_err(|_| EngineError::Panicked("a simulation thread panicked".into()))?;
                results.extend(done);
            }
            Ok::<(), EngineError>(())
        })?;
        results.sort_by_key(|(at, _)| *at);
        Ok(results.into_iter().map(|(_, result)| result).collect())
    }

    /// All trials of a candidate run interleaved, so that one round trip to its process carries a pending decision of each.
    fn run_candidate<T>(
        &self,
        sandbox: &Sandbox,
        artifact: &Artifact,
        parameters: &[f64],
        draws: Draws,
        look: impl Fn(&PanelCell, Run) -> T,
    ) -> Ran<T> {
        let seats = vec![parameters.to_vec(); self.cells.len()];
        let mut session = match sandbox.start(artifact, &seats)? {
            Ok(session) => session,
            Err(outcome) => return Ok(Err(outcome)),
        };
        // Both ends on one core: a round trip is then a switch, not a wake-up of another core.
        let _core = session.share_core()?;
        let mut runs: Vec<Simulation> = self.cells.iter().map(PanelCell::start).collect();
        let (mut round, mut deciding) = (Round::new(), Duration::ZERO);
        let mut asked: Vec<usize> = Vec::with_capacity(runs.len());
        loop {
            round.clear();
            asked.clear();
            for (seat, run) in runs.iter_mut().enumerate() {
                let Some(pending) = run.next() else { continue };
                let draw = Draw::for_request(self.cells[seat].draws[draws as usize], pending.index as u64);
                round.ask(seat as u16, |bytes| {
                    wire::ask(&pending.request, pending.instances, &draw, |piece| bytes.extend_from_slice(piece));
                });
                asked.push(seat);
            }
            if asked.is_empty() {
                break;
            }
            let start = Instant::now();
            let answers = match session.round(&mut round) {
                Ok(answers) => answers,
                Err(outcome) => return Ok(Err(outcome)),
            };
            deciding += start.elapsed();
            for (seat, answer) in asked.iter().zip(answers) {
                match *answer {
                    wire::ADMIT => runs[*seat].decide(Decision::Admit),
                    wire::REJECT => runs[*seat].decide(Decision::Reject),
                    other => {
                        let what = format!("it answered {other}, which is neither admit nor reject");
                        return Ok(Err(Outcome::Inconsistent { what }));
                    }
                }
            }
        }
        let results = self.cells.iter().zip(runs).map(|(cell, run)| look(cell, run.finish())).collect();
        Ok(Ok(Runs { results, deciding }))
    }
}

fn take<'a, T>(next: &AtomicUsize, items: &'a [T]) -> Option<(usize, &'a T)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    items.get(at).map(|item| (at, item))
}

impl PanelCell {
    fn start(&self) -> Simulation {
        Simulation::new(&self.cluster, Arc::clone(&self.arrivals))
    }

    fn simulate(&self, mut admitter: Builtin, draws: Draws) -> Run {
        simulate(&self.cluster, Arc::clone(&self.arrivals), &mut admitter, self.draws[draws as usize])
    }

    fn describe(&self) -> String {
        let (cluster, arrivals) = (&self.cluster, &self.arrivals);
        let count = arrivals.len().max(1) as f64;
        let mean = |value: fn(&Arrival) -> u32| arrivals.iter().map(|a| f64::from(value(a))).sum::<f64>() / count;
        let critical = arrivals.iter().filter(|arrival| cluster.priorities.of(&arrival.class) >= 0).count() as f64;
        let seconds = arrivals.last().map_or(0.0, |last| last.arrival_us as f64 / 1e6).max(1e-6);
        format!(
            "{} instances of {}, each on {} GPU of {:.0} GiB; {:.1} requests/s for {seconds:.0} s, {:.0} % of them critical; prompts of {:.0} tokens in the mean, outputs of {:.0}",
            cluster.instances,
            cluster.model.name,
            cluster.tensor_parallel,
            cluster.hardware.memory_gib,
            count / seconds,
            100.0 * critical / count,
            mean(|arrival| arrival.input_tokens),
            mean(|arrival| arrival.output_tokens),
        )
    }

    /// What a run says about the critical and the droppable tier; none if it did not drain.
    fn trial(&self, run: &Run) -> Option<Trial> {
        if run.totals.still_queued + run.totals.still_running > 0 {
            return None;
        }
        Some(trial(&self.cluster, &self.arrivals, run))
    }
}

/// What a run that drained says about the critical and the droppable tier.
pub fn trial(cluster: &ClusterConfig, arrivals: &[Arrival], run: &Run) -> Trial {
    let (mut ttft, mut e2e, mut trial) = (Vec::new(), Vec::new(), Trial::default());
    let third = arrivals.len() / 3;
    let (mut first, mut last) = ((0u64, 0u64), (0u64, 0u64));
    for (at, (arrival, record)) in arrivals.iter().zip(&run.requests).enumerate() {
        let refused = record.admitted == Some(false);
        if cluster.priorities.of(&arrival.class) < 0 {
            let work = u64::from(arrival.input_tokens) + u64::from(arrival.output_tokens);
            trial.droppable_requests += 1;
            trial.droppable_work += work;
            trial.refused_requests += u64::from(refused);
            trial.refused_work += if refused { work } else { 0 };
            continue;
        }
        trial.protected_rejections += u64::from(refused);
        let (Some(first_token), Some(end)) = (record.ttft_us, record.e2e_us) else { continue };
        ttft.push(first_token as f64);
        e2e.push(end as f64);
        let tally = if at < third {
            Some(&mut first)
        } else if at >= 2 * third {
            Some(&mut last)
        } else {
            None
        };
        if let Some((sum, count)) = tally {
            *sum += first_token;
            *count += 1;
        }
    }
    let mean_of = |(sum, count): (u64, u64)| sum as f64 / count.max(1) as f64;
    trial.drift = if first.1 > 0 && last.1 > 0 { mean_of(last) / mean_of(first) } else { 1.0 };
    trial.critical_requests = ttft.len() as u64;
    trial.output_tokens = run.totals.output_tokens;
    (trial.ttft_mean_us, trial.e2e_mean_us) = (mean(&ttft), mean(&e2e));
    ttft.sort_by(f64::total_cmp);
    e2e.sort_by(f64::total_cmp);
    (trial.ttft_p90_us, trial.ttft_p99_us) = (percentile(&ttft, 90.0), percentile(&ttft, 99.0));
    trial.e2e_p90_us = percentile(&e2e, 90.0);
    trial
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

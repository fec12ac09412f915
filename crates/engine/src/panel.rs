//! The panel: workloads with their seeds, and how policies are run on them.
//!
//! All policies meet the same cases and the same draws: both follow from ([`Role`], workload, seed) and the nonce alone.

mod rows;
mod run;
mod seeds;
mod shown;
pub(crate) mod size;
mod told;

use crate::error::EngineError;
use crate::experiment::LoadedExperiment;
use crate::policy::Policy;
use crate::prepared::Prepared;
use crate::problem::{Case, Machine, Problem, Workload};
use files::FileError;
pub(crate) use run::Onlooker;
pub use run::drive;
use sandbox::{Outcome, Sandbox};
use science::id::CandidateId;
use science::keyed;
use science::measurement::{Measurement, Paired};
use science::nonce::Nonce;
use science::seal;
use science::sequence::{DRAWN, drawn_names};
use science::trial::Trial;
pub use seeds::{Role, Sealing, Seeds};
use size::Size;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// What candidates are measured on: the experiment's scenarios, workloads drawn from its population, or both.
#[derive(Debug)]
pub struct Panel {
    /// What is asked.
    pub(crate) problem: Arc<dyn Problem>,
    /// What the parts of a cost weigh, in the order of the spec's.
    prices: Vec<f64>,
    cells: Vec<PanelCell>,
    size: Size,
    /// Names of the workloads, in order.
    pub names: Vec<String>,
    /// Seeds of each workload.
    pub rows: Vec<usize>,
    /// How many of the workloads, the last ones, were drawn.
    pub drawn: usize,
    /// Those of them that have a past, by their position among them.
    pub past: Vec<usize>,
}

/// One workload with one seed, and the keys of what policies draw there.
#[derive(Clone, Debug)]
struct PanelCell {
    case: Arc<dyn Case>,
    draws: [u64; 2],
}

impl PanelCell {
    fn start(&self, draws: Draws) -> Box<dyn Machine> {
        self.case.start(match draws {
            Draws::Shared => self.draws[0],
            Draws::Other(0) => self.draws[1],
            Draws::Other(n) => keyed::seed(&["twin", &n.to_string()], self.draws[1]),
        })
    }
}

/// Which draws a policy meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draws {
    /// Those that all policies share.
    Shared,
    /// Others on the same arrivals, by their number from 0: what pure chance does (A/A).
    Other(usize),
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
    /// Whether its seed is the one of the workload that is looked at closely: which one it is, nobody outside can know.
    pub(crate) is_watched: bool,
    /// Whether the workload was drawn.
    pub(crate) is_drawn: bool,
    pub(crate) questions: usize,
    /// The longest of them, bytes.
    pub(crate) question_bytes: usize,
    /// Follows from what the trial's draws follow from, and from nothing that a candidate is shown.
    pub(crate) secret: u64,
}

/// Runs, or what became of the candidate instead; errors are ours.
pub type Ran<T> = Result<Result<Runs<T>, Outcome>, EngineError>;

impl Panel {
    /// The panel that candidates are ranked by: the first `seeds` search seeds of the study, and, where the experiment
    /// declares a population, one seed each of the workloads that the campaign trains on.
    pub fn search(loaded: &LoadedExperiment, nonce: Nonce, seeds: usize) -> Result<Self, EngineError> {
        Self::ranking(loaded, nonce, Role::Search, seeds)
    }

    /// The panel that a champion is chosen on among these finalists: seeds and workloads that nobody was chosen by.
    pub fn finals(loaded: &LoadedExperiment, nonce: Nonce, finalists: &[CandidateId]) -> Result<Self, EngineError> {
        let seeds = if loaded.population.is_some() { FINAL_SEEDS } else { loaded.experiment.seeds as usize };
        Self::ranking(loaded, nonce, Role::Finals(finalists), seeds)
    }

    /// The study and the workloads that are drawn, in one role.
    fn ranking(loaded: &LoadedExperiment, nonce: Nonce, role: Role<'_>, seeds: usize) -> Result<Self, EngineError> {
        let all: Vec<usize> = (0..loaded.scenarios.len()).collect();
        let mut panel = Self::scenarios(loaded, nonce, role, &all, 0..seeds)?;
        panel.draw(loaded, nonce, role)?;
        Ok(panel)
    }

    /// Verdict seeds of the iteration whose main arm this candidate is: fresh, shared by the arms of its bundle, and never
    /// used again. Each brings these scenarios, by their positions, and [`DRAWN`] workloads that no other seed brings.
    pub fn verdict(
        loaded: &LoadedExperiment,
        nonce: Nonce,
        (iteration, main): (u32, &CandidateId),
        scenarios: &[usize],
        seeds: Range<usize>,
    ) -> Result<Self, EngineError> {
        let role = Role::Verdict { iteration, main };
        let mut panel = Self::scenarios(loaded, nonce, role, scenarios, seeds.clone())?;
        let Some(population) = &loaded.population else { return Ok(panel) };
        let draw = |number: usize| {
            let seed = |purpose: &str| role.seed(nonce, &["population", &number.to_string(), purpose]);
            population.draw("fresh", DRAWN, &seed)
        };
        let drawn: Vec<Vec<Box<dyn Workload>>> = seeds.clone().map(draw).collect();
        for (at, name) in drawn_names().enumerate() {
            let cells = drawn.iter().zip(seeds.clone()).map(|(workloads, number)| {
                let workload = workloads[at].as_ref();
                (workload, Seeds::new(nonce, role, workload.key(), number))
            });
            panel.add(&name, cells, false)?;
        }
        panel.drawn = DRAWN;
        Ok(panel)
    }

    /// The panel under the seal: fresh seeds of the study, and, where the experiment declares a population, workloads that nobody
    /// has run on. Of a trace it is the part that was held out.
    pub fn sealed(loaded: &LoadedExperiment, nonce: Nonce, sealing: &Sealing) -> Result<Self, EngineError> {
        let [beside, alone] = seal::SEEDS;
        let seeds = if loaded.population.is_some() { beside } else { alone };
        Self::ranking(loaded, nonce, Role::Sealed(sealing), seeds)
    }

    /// The first so many drawn workloads of a sealed panel with another seed each: what is chosen there is judged on the panel itself.
    pub(crate) fn beside_sealed(
        loaded: &LoadedExperiment,
        nonce: Nonce,
        sealing: &Sealing,
        count: usize,
    ) -> Result<Self, EngineError> {
        let mut panel = Panel::of(&loaded.problem, &loaded.experiment.objective.prices);
        panel.draw_some(
            loaded,
            nonce,
            Role::Sealed(sealing),
            Draw { number: 1, take: count, ..Draw::of("sealed", SEALED) },
        )?;
        Ok(panel)
    }

    /// Drawn workloads alone, so many: those that controls are run on, or that scales are set on before.
    pub(crate) fn controls(
        loaded: &LoadedExperiment,
        nonce: Nonce,
        setting: bool,
        count: usize,
    ) -> Result<Self, EngineError> {
        let mut panel = Panel::of(&loaded.problem, &loaded.experiment.objective.prices);
        panel.draw_some(loaded, nonce, Role::Controls { setting }, Draw::of("control", count))?;
        Ok(panel)
    }

    /// Some of its workloads, of which the last `drawn` were drawn, with the positions of their cells.
    pub(crate) fn picked(&self, rows: &[usize], drawn: usize) -> (Self, Vec<usize>) {
        let firsts: Vec<usize> = self.firsts_at().collect();
        let cells: Vec<usize> = rows.iter().flat_map(|row| firsts[*row]..firsts[*row] + self.rows[*row]).collect();
        let panel = Panel {
            problem: Arc::clone(&self.problem),
            prices: self.prices.clone(),
            cells: cells.iter().map(|cell| self.cells[*cell].clone()).collect(),
            size: self.size,
            names: rows.iter().map(|row| self.names[*row].clone()).collect(),
            rows: rows.iter().map(|row| self.rows[*row]).collect(),
            drawn,
            // Gains are all that is asked of a part.
            past: Vec::new(),
        };
        (panel, cells)
    }

    /// One with nothing on it.
    fn of(problem: &Arc<dyn Problem>, prices: &BTreeMap<String, f64>) -> Self {
        Panel {
            problem: Arc::clone(problem),
            prices: problem.spec().prices(prices),
            cells: Vec::new(),
            size: Size::default(),
            names: Vec::new(),
            rows: Vec::new(),
            drawn: 0,
            past: Vec::new(),
        }
    }

    /// One workload of a problem with one seed, outside of any experiment.
    pub fn single(problem: &Arc<dyn Problem>, workload: &dyn Workload, seed: u64) -> Result<Self, EngineError> {
        let mut panel = Panel::of(problem, &BTreeMap::new());
        let seeds = Seeds { arrivals: seed, draws: [seed; 2] };
        panel.add(workload.name(), [(workload, seeds)].into_iter(), false)?;
        Ok(panel)
    }

    /// These scenarios of the experiment, by their positions, on seeds of one role.
    fn scenarios(
        loaded: &LoadedExperiment,
        nonce: Nonce,
        role: Role<'_>,
        positions: &[usize],
        numbers: Range<usize>,
    ) -> Result<Self, EngineError> {
        let mut panel = Panel::of(&loaded.problem, &loaded.experiment.objective.prices);
        for scenario in positions.iter().map(|at| &loaded.scenarios[*at]) {
            let workload = scenario.workload.as_ref();
            let seeds = numbers.clone().map(|number| (workload, Seeds::new(nonce, role, &scenario.key, number)));
            panel.add(workload.name(), seeds, matches!(role, Role::Sealed(_)))?;
        }
        Ok(panel)
    }

    /// Adds drawn workloads, one seed each: trials belong on workloads, which differ more than seeds do.
    fn draw(&mut self, loaded: &LoadedExperiment, nonce: Nonce, role: Role<'_>) -> Result<(), EngineError> {
        match role {
            Role::Search => self.draw_some(loaded, nonce, role, Draw::of("training", TRAINING)),
            Role::Finals(_) => self.draw_some(loaded, nonce, role, Draw::of("final", FINAL)),
            Role::Sealed(_) => self.draw_some(loaded, nonce, role, Draw::of("sealed", SEALED)),
            Role::Verdict { .. } | Role::Controls { .. } => Ok(()),
        }
    }

    fn draw_some(
        &mut self,
        loaded: &LoadedExperiment,
        nonce: Nonce,
        role: Role<'_>,
        draw: Draw<'_>,
    ) -> Result<(), EngineError> {
        let Some(population) = &loaded.population else { return Ok(()) };
        let seed = |purpose: &str| role.seed(nonce, &["population", purpose]);
        for workload in population.draw(draw.name, draw.count, &seed).into_iter().take(draw.take) {
            let seeds = Seeds::new(nonce, role, workload.key(), draw.number);
            self.add(workload.name(), [(workload.as_ref(), seeds)].into_iter(), false)?;
            self.past.extend(workload.has_past().then_some(self.drawn));
            self.drawn += 1;
        }
        Ok(())
    }

    /// Adds a row with a cell for each of these.
    fn add<'a>(
        &mut self,
        name: &str,
        cells: impl Iterator<Item = (&'a dyn Workload, Seeds)>,
        held_out: bool,
    ) -> Result<(), EngineError> {
        let before = self.cells.len();
        for (workload, seeds) in cells {
            // It is counted before it is made.
            self.size = self.size.plus(1, workload.questions());
            self.size.check().map_err(|problem| FileError::new(Path::new(workload.name()), problem))?;
            self.cells.push(PanelCell { case: workload.case(held_out, seeds.arrivals)?, draws: seeds.draws });
        }
        self.names.push(name.to_owned());
        self.rows.push(self.cells.len() - before);
        Ok(())
    }

    /// Names of the workloads that were drawn.
    pub fn drawn_names(&self) -> Vec<String> {
        self.names[self.names.len() - self.drawn..].to_vec()
    }

    /// The trials that a headline is about: those of drawn workloads, or all where none are drawn.
    pub(crate) fn counted(&self) -> Range<usize> {
        let drawn: usize = self.rows[self.rows.len() - self.drawn..].iter().sum();
        let first = if drawn > 0 { self.cells.len() - drawn } else { 0 };
        first..self.cells.len()
    }

    /// Trials that a policy takes on it.
    pub fn trials_each(&self) -> usize {
        self.cells.len()
    }

    /// A policy's trials against the baseline's.
    pub fn measure(&self, trials: &[Trial], baseline: &[Trial]) -> Measurement {
        let paired: Vec<Paired> =
            trials.iter().zip(baseline).map(|(own, baseline)| self.problem.pair(own, baseline, &self.prices)).collect();
        Measurement::of(&paired, &self.rows, self.problem.spec())
    }

    /// Its trials, workload by workload.
    pub(crate) fn outlines(&self) -> impl Iterator<Item = Outline<'_>> {
        let (study, mut first) = (self.names.len() - self.drawn, 0);
        let workloads = self.names.iter().zip(&self.rows).enumerate();
        workloads.flat_map(move |(at, (workload, seeds))| {
            let cells = &self.cells[first..first + seeds];
            first += seeds;
            let secret = |cell: &PanelCell, what: &str| keyed::seed(&[what], cell.draws[0]);
            let watched = cells.first().map_or(0, |cell| secret(cell, "watched") % cells.len() as u64) as usize;
            cells.iter().enumerate().map(move |(seed, cell)| Outline {
                workload,
                is_watched: seed == watched,
                is_drawn: at >= study,
                questions: cell.case.questions(),
                question_bytes: cell.case.question_bytes(),
                secret: secret(cell, "shadows"),
            })
        })
    }

    /// The first cell of each workload.
    fn firsts(&self) -> impl Iterator<Item = &PanelCell> {
        self.firsts_at().map(|at| &self.cells[at])
    }

    fn firsts_at(&self) -> impl Iterator<Item = usize> {
        self.rows.iter().scan(0, |next, seeds| Some(std::mem::replace(next, *next + seeds)))
    }

    /// The trials of a policy on every cell.
    pub fn trials(&self, policy: &Policy, draws: Draws, sandbox: &Sandbox) -> Ran<Trial> {
        Ok(self.run(policy, draws, sandbox)?.and_then(ended))
    }

    /// The trials of a candidate with this value for its scale, or its own default, or what became of it instead.
    pub fn trials_of(
        &self,
        candidate: &Prepared,
        scale: Option<f64>,
        sandbox: &Sandbox,
    ) -> Result<Result<Vec<Trial>, Outcome>, EngineError> {
        match candidate.policy(scale, sandbox)? {
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
}

/// Workloads that are drawn together.
struct Draw<'a> {
    /// They are called `name_01` and so on.
    name: &'a str,
    count: usize,
    /// How many of them are run on, the first ones.
    take: usize,
    /// The number of the seed of each.
    number: usize,
}

impl<'a> Draw<'a> {
    /// All of so many, on their first seed.
    fn of(name: &'a str, count: usize) -> Self {
        Draw { name, count, take: count, number: 0 }
    }
}

/// Workloads that candidates are ranked on, besides the study's.
pub(crate) const TRAINING: usize = 64;
/// Workloads that finalists are ranked on, and the seeds of each scenario beside them.
pub(crate) const FINAL: usize = 96;
const FINAL_SEEDS: usize = 4;
/// Workloads that the champion is judged on.
pub(crate) const SEALED: usize = science::seal::WORKLOADS;

/// What is said of a policy under which a run came to no end. It has taken too long, and would again on any machine.
const NEVER_ENDED: &str = "a run came to no end under it";

/// Whether somebody ran out of time, and might not with the machine to himself.
pub(crate) fn may_be_the_machine(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Timeout { what } if what != NEVER_ENDED)
}

/// The trials of runs that all came to an end.
fn ended(ran: Runs<Option<Trial>>) -> Result<Runs<Trial>, Outcome> {
    let never = || Outcome::Timeout { what: NEVER_ENDED.into() };
    let results: Option<Vec<Trial>> = ran.results.into_iter().collect();
    results.map(|results| Runs { results, deciding: ran.deciding }).ok_or_else(never)
}

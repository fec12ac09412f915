//! An experiment: what is to be discovered. The meaning of `campaign.toml`.
//!
//! The documentation of the fields is what `elenchus schema campaign` prints: it says unit and range of each.

use crate::space::{Dimension, Space};
use crate::spec::Spec;
use crate::text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `campaign.toml`: what is to be discovered. A key that is not listed here is an error, which shows its line. Paths are relative
/// to the experiment's directory and lie inside of it. A *point* is 0.01 on the logarithmic scale of gain, about one per cent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// The problem that it asks, by name.
    pub problem: String,
    /// What is to be discovered, in words; shown to planners. At most 4000 characters.
    pub question: String,
    /// Turns of the loop; 1 or more.
    pub iterations: u32,
    /// Search seeds of each scenario; 3 to 100, or 2 to 100 where a population adds workloads. Cost and precision go with it: a
    /// candidate runs once on each scenario with each seed.
    pub seeds: u32,
    /// The policy that gains are measured against: a built-in one of the problem's, with parameters where it has some, as in
    /// `name(parameter=value)`, or a file of candidate source, as in `mine.rs`.
    pub baseline: String,
    /// The policy to beat, written likewise.
    pub reference: String,
    /// A file of candidate source, which ends in `.rs`, with a tunable for each dimension: it acts as the point that they are
    /// set to. A choice is the position of its value, counted from 0. Without the file constraints cannot be audited, and so
    /// none is taken.
    #[serde(default, rename = "space", skip_serializing_if = "Option::is_none")]
    pub space_source: Option<String>,
    /// The scenario files; 1 to 1000 of them.
    pub scenarios: Vec<String>,
    /// The file that declares from which population further workloads are drawn: 96 to search on, and 96 others for the sealed
    /// look. Without one, candidates are measured on the scenarios alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub population: Option<String>,
    /// What counts.
    #[serde(default)]
    pub objective: Objective,
    /// What the sealed look asks of a champion.
    #[serde(default)]
    pub claim: Claim,
    /// The axes of the design space; at most 64.
    #[serde(default, rename = "dimension", skip_serializing_if = "Vec::is_empty")]
    pub dimensions: Vec<Dimension>,
    /// What a campaign may spend.
    #[serde(default)]
    pub budget: Budget,
    /// How agents work.
    #[serde(default)]
    pub agents: Agents,
}

/// How agents work. Who they are, and where, is never the experiment's to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Agents {
    /// Times that a candidate which does not compile, or is otherwise no test of its claim, goes back to a model that
    /// wrote it; 0 to 10. The built-in executor does not repair.
    pub repairs: u32,
}

impl Default for Agents {
    fn default() -> Self {
        Agents { repairs: 2 }
    }
}

/// What counts, and where it compares.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// The parameter of the reference that scales how much it pays on the whole; the exchange rate λ between cost and gain is
    /// measured along it. Required where a problem saves cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_scale: Option<String>,
    /// The dimension along which every policy pays less; it has a range and no parent. An audit moves what it draws along it,
    /// since costs compare at equal gain only. Without it, what is drawn is measured as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<String>,
    /// What an admissible candidate must satisfy beyond doing nothing that it must never do.
    #[serde(default, rename = "constraint", skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<Guard>,
}

/// A bound on a number of the score; either `at_most` or `at_least`, not both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Guard {
    /// The bounded number: `regret`, `loss`, `shortfall`, `drawn_regret` or `drawn_gain` (points), `description_length` (tokens),
    /// or one of the problem's. A name that is none is answered with those that are.
    pub metric: String,
    /// Its largest admissible value, in the number's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// Its smallest admissible value, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
}

/// What the sealed look asks of a champion. A claim that asks nothing in particular still asks for something to be saved (or
/// gained), for what must never be done not to be done, and for costs to compare.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Claim {
    /// On the study's scenarios the champion pays at most this many times what the reference pays; a ratio, 1 for as much.
    pub cost_ratio: f64,
    /// Series of the problem's, by name, of which the champion has no more than the reference on the study.
    pub no_more: Vec<String>,
    /// What the study's mean gain may fall short of the reference's; points.
    pub shortfall: f64,
    /// What the champion is worth at least, as estimated on sealed workloads; a fraction of the reference's cost, as in 0.1,
    /// where cost is saved, log units where nothing is paid.
    pub worth: f64,
    /// The most that a scenario of the study may lose against the reference, and all but one in ten of the sealed workloads;
    /// points. Without it, nothing is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regret: Option<f64>,
}

impl Default for Claim {
    fn default() -> Self {
        Claim { cost_ratio: 1.0, no_more: Vec::new(), shortfall: 0.1, worth: 0.0, regret: None }
    }
}

/// Characters of a question: every prompt holds it.
const QUESTION: usize = 4000;
/// Scenarios of an experiment, at most.
const SCENARIOS: usize = 1000;

/// Candidates that may run for champion, at most: of many the luckiest would win again.
const FINALISTS: u32 = 3;

/// What a campaign may spend; what is absent is not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Candidates that may be evaluated; 0 or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluations: Option<u32>,
    /// Trials that verdicts may take: one policy on one scenario with one verdict seed each, the baseline's included. An
    /// iteration takes at most twice its even share of what is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict_trials: Option<u32>,
    /// Candidates that may run for champion on seeds and workloads of their own once the search is over; 1 to 3. Without it the
    /// search panel decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finalists: Option<u32>,
    /// Wall time of the campaign over all its resumes; minutes, above 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<f64>,
    /// What language models may cost; US dollars, 0 or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd: Option<f64>,
    /// Tokens that language models may read and write together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Requests that may be sent to language models, failed ones included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls: Option<u32>,
}

impl Objective {
    /// The upper bound on something, where a guard sets one; the lowest of several.
    pub fn at_most(&self, metric: &str) -> Option<f64> {
        let bounds = self.constraints.iter().filter(|guard| guard.metric == metric).filter_map(|guard| guard.at_most);
        bounds.reduce(f64::min)
    }

    /// The lower bound on something, where a guard sets one; the highest of several.
    pub fn at_least(&self, metric: &str) -> Option<f64> {
        let bounds = self.constraints.iter().filter(|guard| guard.metric == metric).filter_map(|guard| guard.at_least);
        bounds.reduce(f64::max)
    }
}

impl Experiment {
    /// Says what is wrong with the meaning of the file, if anything is: the key and the problem.
    pub fn check(&self) -> Result<(), (String, String)> {
        let fail = |key: &str, problem: String| Err((key.to_owned(), problem));
        if self.question.chars().nth(QUESTION).is_some() {
            let length = self.question.chars().count();
            return fail("question", format!("it has {length} characters; at most {QUESTION} are taken"));
        }
        if self.iterations == 0 {
            return fail("iterations", "a campaign needs at least one iteration".into());
        }
        let fewest = if self.population.is_some() { 2 } else { 3 };
        if !(fewest..=100).contains(&self.seeds) {
            return fail("seeds", format!("{} seeds; it takes at least {fewest}, and 100 are plenty", self.seeds));
        }
        if self.scenarios.is_empty() {
            return fail("scenarios", "an experiment needs at least one scenario".into());
        }
        if self.scenarios.len() > SCENARIOS {
            return fail("scenarios", format!("{} scenarios; at most {SCENARIOS} are taken", self.scenarios.len()));
        }
        if let Some(file) = self.space_source.as_ref().filter(|file| !file.ends_with(".rs")) {
            return fail("space", format!("`{file}` is no file of candidate source, which ends in `.rs`"));
        }
        let numeric =
            |name: &String| self.dimensions.iter().any(|d| d.name == *name && d.range.is_some() && d.parent.is_empty());
        if let Some(scale) = self.objective.scale.as_ref().filter(|scale| !numeric(scale)) {
            return fail("objective.scale", format!("`{scale}` is no dimension with a range that every policy has"));
        }
        for guard in &self.objective.constraints {
            if [guard.at_most, guard.at_least].into_iter().flatten().any(|bound| !bound.is_finite()) {
                return fail("objective.constraint", "a bound must be finite".into());
            }
            if guard.at_most.is_none() == guard.at_least.is_none() {
                return fail("objective.constraint", "give each constraint either `at_most` or `at_least`".into());
            }
        }
        let Claim { cost_ratio, shortfall, worth, regret, .. } = &self.claim;
        if ![Some(*cost_ratio), Some(*shortfall), Some(*worth), *regret].into_iter().flatten().all(f64::is_finite) {
            return fail("claim", "its numbers must be finite".into());
        }
        if self.budget.finalists.is_some_and(|most| !(1..=FINALISTS).contains(&most)) {
            let problem = format!("at least one candidate becomes champion, and at most {FINALISTS} may run for it");
            return fail("budget.finalists", problem);
        }
        if self.budget.minutes.is_some_and(|minutes| !minutes.is_finite() || minutes <= 0.0) {
            return fail("budget.minutes", "a time budget must be above zero".into());
        }
        if self.budget.usd.is_some_and(|usd| !usd.is_finite() || usd < 0.0) {
            return fail("budget.usd", "a budget in US dollars must not be below zero".into());
        }
        if self.agents.repairs > 10 {
            return fail("agents.repairs", format!("{} repairs; at most 10 help", self.agents.repairs));
        }
        self.space()
            .check()
            .map_err(|(name, problem)| ("dimension".to_owned(), format!("`{}`: {problem}", text::clip(&name, 60))))
    }

    /// What a drawn workload may lose, where this guard bounds regret, points. The study may be searched by a stricter bound than
    /// the claim's, to have something left for seeds that the search has not seen; drawn workloads are the claim's own.
    pub fn drawn_bound(&self, guard: &Guard) -> Option<f64> {
        let bound = guard.at_most.filter(|_| guard.metric == "regret")?;
        Some(self.claim.regret.map_or(bound, |claimed| bound.max(claimed)))
    }

    /// Says what of the file the problem does not have, if anything: the key and what is wrong.
    pub fn check_against(&self, spec: &Spec) -> Result<(), (String, String)> {
        for (at, guard) in self.objective.constraints.iter().enumerate() {
            if spec.bounded(&guard.metric).is_none() {
                let (name, known) = (text::clip(&guard.metric, 60), spec.boundable().join(", "));
                let key = format!("objective.constraint.{at}.metric");
                return Err((key, format!("`{name}` is nothing that can be bounded; these can: {known}")));
            }
        }
        let unknown = |name: &&String| !spec.series.iter().any(|series| series.name == **name);
        if let Some(name) = self.claim.no_more.iter().find(unknown) {
            let known: Vec<&str> = spec.series.iter().map(|series| series.name.as_str()).collect();
            let problem =
                format!("`{}` is no series of the problem; these are: {}", text::clip(name, 60), known.join(", "));
            return Err(("claim.no_more".into(), problem));
        }
        let Objective { reference_scale, scale, .. } = &self.objective;
        let problem = match (spec.aim.cost_names().is_some(), reference_scale.is_some(), scale.is_some()) {
            (true, false, _) => "name the parameter of the reference that scales how much it pays: `reference_scale`",
            (false, true, _) | (false, _, true) => {
                "nothing is paid in this problem: leave `reference_scale` and `scale` out"
            }
            _ => return Ok(()),
        };
        Err(("objective".into(), problem.into()))
    }

    /// The design space.
    pub fn space(&self) -> Space {
        Space { dimensions: self.dimensions.clone() }
    }
}

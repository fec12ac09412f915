//! An experiment: what is to be discovered. The meaning of `campaign.toml`.

use crate::space::{Dimension, Space};
use crate::text;
use serde::{Deserialize, Serialize};

/// `campaign.toml`, whose field documentation is the reference of the format.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// What is to be discovered, in words; shown to planners.
    pub question: String,
    /// Turns of the loop, at least 1.
    pub iterations: u32,
    /// Search seeds of each scenario: at least 3, or 2 where a population adds workloads.
    pub seeds: u32,
    /// The policy that improvements are measured against: a built-in admitter with parameters, or a file of the experiment.
    pub baseline: String,
    /// The published policy to beat, likewise.
    pub reference: String,
    /// A file of candidate source with a tunable for each dimension, which acts as the point that they are set to; a choice
    /// is the position of its value. Without it constraints cannot be audited, and so none is taken.
    #[serde(default, rename = "space", skip_serializing_if = "Option::is_none")]
    pub space_source: Option<String>,
    /// The scenario files, relative to the experiment.
    pub scenarios: Vec<String>,
    /// The file that declares from which population further workloads are drawn, relative to the experiment; without one,
    /// candidates are measured on the scenarios alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub population: Option<String>,
    /// What counts.
    pub objective: Objective,
    /// The axes of the design space.
    #[serde(default, rename = "dimension", skip_serializing_if = "Vec::is_empty")]
    pub dimensions: Vec<Dimension>,
    /// What a campaign may spend.
    #[serde(default)]
    pub budget: Budget,
    /// How agents work.
    #[serde(default)]
    pub agents: Agents,
}

/// The `[agents]` table. Who they are, and where, is never the experiment's to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Agents {
    /// Times that a candidate which does not compile, or is otherwise no test of its claim, goes back to a model that
    /// wrote it. The built-in executor does not repair.
    pub repairs: u32,
}

impl Default for Agents {
    fn default() -> Self {
        Agents { repairs: 2 }
    }
}

/// The `[objective]` table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// The parameter of the reference that scales how much it sheds; the exchange rate λ is measured along it.
    pub reference_scale: String,
    /// The dimension of the design space along which every policy refuses less: where an audit places what it draws, since
    /// costs compare at equal improvement only. Without it, what is drawn is measured as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<String>,
    /// What an admissible candidate must satisfy beyond refusing nothing that is protected.
    #[serde(default, rename = "constraint", skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<Guard>,
}

/// One `[[objective.constraint]]`: a bound on a metric of the score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guard {
    /// The bounded metric.
    pub metric: GuardMetric,
    /// Its largest admissible value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// Its smallest admissible value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
}

/// What a workload may lose for a champion to beat the reference, points.
pub const REGRET: f64 = 5.0;

impl Guard {
    /// What a drawn workload may lose, where this guard bounds regret, points. The study may be searched by a stricter bound
    /// than the claim's, to have something left for seeds that the search has not seen; drawn workloads are the claim's own.
    pub fn drawn(&self) -> Option<f64> {
        self.at_most.filter(|_| self.metric == GuardMetric::Regret).map(|bound| bound.max(REGRET))
    }
}

/// A metric that can be bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuardMetric {
    /// The most that a scenario loses against the reference, points.
    Regret,
    /// The most that a scenario loses against the baseline, points.
    Loss,
    /// Improvement, a fraction.
    Improvement,
    /// Extra shed work, a fraction.
    ExtraShedWork,
    /// Extra shed rate, a fraction.
    ExtraShedRate,
    /// Throughput loss, a fraction.
    ThroughputLoss,
    /// What the study's mean improvement lies below the reference's, points.
    Shortfall,
    /// What nine in ten of the drawn workloads lose at most against the reference, points.
    DrawnRegret,
    /// What the drawn workloads' mean improvement lies beyond the reference's, points. Costs compare at equal improvement
    /// only, and the study may be at the reference's while the drawn workloads are far from it.
    DrawnGain,
    /// Extra shed work on the study over the reference's.
    WorkRatio,
    /// Extra shed rate on the study over the reference's.
    RateRatio,
    /// Description length, tokens.
    DescriptionLength,
}

/// Characters of a question: every prompt holds it.
const QUESTION: usize = 4000;
/// Scenarios of an experiment, at most.
const SCENARIOS: usize = 1000;

/// Candidates that may run for champion, at most: of many the luckiest would win again.
const FINALISTS: u32 = 3;

/// The `[budget]` table; what is absent is not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Candidates that may be evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluations: Option<u32>,
    /// Trials that verdicts may take: one policy on one scenario with one verdict seed each, the baseline's included. An
    /// iteration takes at most twice its even share of what is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict_trials: Option<u32>,
    /// Candidates that may run for champion on seeds and workloads of their own once the search is over; at most 3. Without it
    /// the search panel decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finalists: Option<u32>,
    /// Wall time of the campaign, minutes, over all its resumes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<f64>,
    /// What language models may cost, US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd: Option<f64>,
    /// Tokens that they may read and write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Requests that may be sent to them, failed ones included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls: Option<u32>,
}

impl Objective {
    /// The upper bound on a metric, where a guard sets one; the lowest of several.
    pub fn at_most(&self, metric: GuardMetric) -> Option<f64> {
        let bounds = self.constraints.iter().filter(|guard| guard.metric == metric).filter_map(|guard| guard.at_most);
        bounds.reduce(f64::min)
    }

    /// The lower bound on a metric, where a guard sets one; the highest of several.
    pub fn at_least(&self, metric: GuardMetric) -> Option<f64> {
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
            if guard.at_most.is_none() == guard.at_least.is_none() {
                return fail("objective.constraint", "give each constraint either `at_most` or `at_least`".into());
            }
        }
        if self.budget.finalists.is_some_and(|most| !(1..=FINALISTS).contains(&most)) {
            let problem = format!("at least one candidate becomes champion, and at most {FINALISTS} may run for it");
            return fail("budget.finalists", problem);
        }
        if self.budget.minutes.is_some_and(|minutes| minutes.is_nan() || minutes <= 0.0) {
            return fail("budget.minutes", "a time budget must be above zero".into());
        }
        if self.budget.usd.is_some_and(|usd| usd.is_nan() || usd < 0.0) {
            return fail("budget.usd", "a budget in US dollars must not be below zero".into());
        }
        if self.agents.repairs > 10 {
            return fail("agents.repairs", format!("{} repairs; at most 10 help", self.agents.repairs));
        }
        self.space()
            .check()
            .map_err(|(name, problem)| ("dimension".to_owned(), format!("`{}`: {problem}", text::clip(&name, 60))))
    }

    /// The most points that a workload may lose under the seal, where a guard bounds regret: five, or what it allows beyond.
    pub fn claimed_regret(&self) -> Option<f64> {
        self.objective.constraints.iter().filter_map(Guard::drawn).reduce(f64::min)
    }

    /// The design space.
    pub fn space(&self) -> Space {
        Space { dimensions: self.dimensions.clone() }
    }
}

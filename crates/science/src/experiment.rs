//! An experiment: what is to be discovered. The meaning of `campaign.toml`.
//!
//! The documentation of the fields is what `elenchus schema campaign` prints: it says unit and range of each.

use crate::space::{Dimension, Space};
use crate::spec::Spec;
use crate::text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// Search seeds of each scenario; 3 to 100, or 1 to 100 where a population adds workloads. Cost and precision go with it: a
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
    /// The file that declares from which population further workloads are drawn: 64 to search on, 96 others for the finals and 216
    /// others for the sealed look. Without one, candidates are measured on the scenarios alone.
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
    /// Whether each iteration is planned and written without being shown any other: independent drafts, which the loop is held
    /// against. As `elenchus run --independent N`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub independent: bool,
}

impl Default for Agents {
    fn default() -> Self {
        Agents { repairs: 2, independent: false }
    }
}

/// What counts, and where it compares.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// The parameter of the reference that scales how much it pays on the whole; what gain costs is measured along it. Required
    /// where a problem saves cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_scale: Option<String>,
    /// What the parts of a cost weigh against each other, by the names that the problem has for them; 0 or more. A part without a
    /// price has the problem's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub prices: BTreeMap<String, f64>,
    /// What an admissible candidate must satisfy beyond doing nothing that it must never do.
    #[serde(default, rename = "constraint", skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<Guard>,
}

/// A bound on a number of the score; either `at_most` or `at_least`, not both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Guard {
    /// The bounded number: `regret`, `loss`, `shortfall` or `drawn_regret` (points), `description_length` (tokens), or one of the
    /// problem's. `regret` and `loss` bound each scenario of the study; of the drawn workloads one in ten may lose more against
    /// the reference, one in a hundred more against the baseline, and none more than 10 points of that. A name that is none is
    /// answered with those that are.
    pub metric: String,
    /// Its largest admissible value, in the number's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// Its smallest admissible value, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
}

/// What the sealed look asks of a champion, beside every guard of the objective: that its worth is surely above zero, and this.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Claim {
    /// What the champion is worth at least, as estimated under the seal; a fraction of what the reference would pay, as in 0.1,
    /// where cost is saved, log units where nothing is paid.
    pub worth: f64,
    /// What the mean gain may fall short of the reference's there; points. The scale was set on other workloads, so it misses by a
    /// little: it stands for the objective's own bound on `shortfall`.
    pub shortfall: f64,
    /// The share of workloads, 0 to 1, in which a client with a twentieth of the requests may be served less than half of what the
    /// reference serves it at the same gain. Where a problem tells nobody apart, it says nothing.
    pub giving_up: f64,
}

impl Default for Claim {
    fn default() -> Self {
        Claim { worth: 0.0, shortfall: 1.5, giving_up: 0.1 }
    }
}

/// Characters of a question: every prompt holds it.
const QUESTION: usize = 4000;
/// Scenarios of an experiment, at most.
const SCENARIOS: usize = 1000;

/// Candidates that may run for champion, at most: of many the luckiest would win again.
const FINALISTS: u32 = 8;

/// What a campaign may spend; what is absent is not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Candidates that may be evaluated; 0 or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluations: Option<u32>,
    /// Trials that verdicts may take: one policy on one workload of a verdict seed each, those of the baseline, the reference and
    /// its other scales included. A verdict seed brings four workloads drawn from the population, or, where there is none, the
    /// scenarios. An iteration takes at most twice its even share of what is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict_trials: Option<u32>,
    /// Candidates that may run for champion on seeds and workloads of their own once the search is over; 1 to 8. Without it the
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
        let fewest = if self.population.is_some() { 1 } else { 3 };
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
        for guard in &self.objective.constraints {
            if [guard.at_most, guard.at_least].into_iter().flatten().any(|bound| !bound.is_finite()) {
                return fail("objective.constraint", "a bound must be finite".into());
            }
            if guard.at_most.is_none() == guard.at_least.is_none() {
                return fail("objective.constraint", "give each constraint either `at_most` or `at_least`".into());
            }
        }
        if ![self.claim.worth, self.claim.shortfall].into_iter().all(f64::is_finite) {
            return fail("claim", "its numbers must be finite".into());
        }
        if !(0.0..=1.0).contains(&self.claim.giving_up) {
            return fail("claim.giving_up", format!("it is {}; it must lie in 0..1", self.claim.giving_up));
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

    /// Says what of the file the problem does not have, if anything: the key and what is wrong.
    pub fn check_against(&self, spec: &Spec) -> Result<(), (String, String)> {
        for (at, guard) in self.objective.constraints.iter().enumerate() {
            if spec.bounded(&guard.metric).is_none() {
                let (name, known) = (text::clip(&guard.metric, 60), spec.boundable().join(", "));
                let key = format!("objective.constraint.{at}.metric");
                return Err((key, format!("`{name}` is nothing that can be bounded; these can: {known}")));
            }
        }
        for (name, price) in &self.objective.prices {
            let key = || format!("objective.prices.{name}");
            if !spec.prices.iter().any(|known| known.name == *name) {
                let known: Vec<&str> = spec.prices.iter().map(|price| price.name.as_str()).collect();
                let problem = format!("nothing of this name has a price; these have: {}", known.join(", "));
                return Err(("objective.prices".into(), format!("`{}`: {problem}", text::clip(name, 60))));
            }
            if !(price.is_finite() && *price >= 0.0) {
                return Err((key(), format!("{price} is no price: 0 or more")));
            }
        }
        if !spec.prices.is_empty() && spec.prices(&self.objective.prices).iter().all(|price| *price == 0.0) {
            return Err(("objective.prices".into(), "some price must be above 0: nothing would cost anything".into()));
        }
        let problem = match (spec.aim.cost_names().is_some(), self.objective.reference_scale.is_some()) {
            (true, false) => "name the parameter of the reference that scales how much it pays: `reference_scale`",
            (false, true) => "nothing is paid in this problem: leave `reference_scale` out",
            _ => return Ok(()),
        };
        Err(("objective".into(), problem.into()))
    }

    /// The same as it is asked on other workloads than the scale was set on: what the mean gain may fall short there is the claim's.
    pub fn elsewhere(&self) -> Self {
        let mut asked = self.clone();
        for guard in asked.objective.constraints.iter_mut().filter(|guard| guard.metric == "shortfall") {
            guard.at_most = guard.at_most.map(|_| self.claim.shortfall);
        }
        asked
    }

    /// The design space.
    pub fn space(&self) -> Space {
        Space { dimensions: self.dimensions.clone() }
    }
}

//! Controls: policies whose place is known beforehand, run beside those that a campaign found, on variants of its workloads.
//!
//! A *control* is a policy of a known kind: what games the objective, or knows too little, must be worth nothing; what a person
//! would write by hand says how much of a find is no discovery. A *variant* is the experiment's population with something else
//! about it. Every policy runs on every variant as it was set on the population itself, since that is what an operator would do; on a
//! yardstick's variant alone it is set there.

use crate::champion::margins;
use crate::experiment::Experiment;
use crate::measurement::Measurement;
use crate::objective::{Figures, Scoring, exceeding};
use crate::outcome::Outcome;
use crate::seal;
use crate::spec::Aggregate;
use crate::stats::{Interval, t_interval};
use serde::{Deserialize, Serialize};

/// What a control is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// What a person would write, knowing what a policy may know.
    HandWritten,
    /// The same with something that keeps it from harm: what safety costs.
    Safety,
    /// A rule that knows too little to be worth anything.
    Null,
    /// An attempt to be worth something by another way than the one that is meant.
    Gaming,
}

impl Kind {
    /// All of them with their names.
    pub const ALL: [(&'static str, Kind); 4] =
        [("hand-written", Kind::HandWritten), ("safety", Kind::Safety), ("null", Kind::Null), ("gaming", Kind::Gaming)];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        Kind::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    /// Whether one of its kind that is admissible and surely worth something is a hole in the objective.
    pub fn must_fail(self) -> bool {
        matches!(self, Kind::Null | Kind::Gaming)
    }
}

/// Why a policy has a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is", content = "kind")]
pub enum Standing {
    /// It is what gains and costs are held against.
    Reference,
    /// It is what the tables are about.
    LookedAt,
    /// It is a control.
    Control(Kind),
}

/// A policy of the tables.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// Why it is here.
    pub standing: Standing,
    /// What it is, in its own words.
    pub what: String,
    /// What became of it while its scale was set on the population: `scored`, `no-scale` (it then runs with its own default), or how
    /// it ended.
    pub outcome: Outcome,
    /// What was said of how it ended.
    pub message: String,
    /// The value of its scale, where it has one that was set.
    pub scale: Option<f64>,
}

/// A variant of an experiment's population.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    /// Its name.
    pub name: String,
    /// What it is, in its own words.
    pub what: String,
    /// Whether what is looked at must harm nobody on it.
    pub stress: bool,
    /// The control that is the yardstick there, if it is a yardstick's variant.
    pub yardstick: Option<String>,
}

/// All that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tables {
    /// What all workloads and draws follow from.
    pub nonce: String,
    /// Workloads of each variant.
    pub workloads: usize,
    /// Workloads that scales were set on.
    pub fitted_on: usize,
    /// Points that a workload may lose against the reference, and against the baseline, before it is counted.
    pub bounds: [f64; 2],
    /// The guards of the objective, by what they bound.
    pub guards: Vec<String>,
    /// Every policy, the reference first.
    pub policies: Vec<Policy>,
    /// Every variant, the population itself first.
    pub variants: Vec<Table>,
}

/// One variant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Which.
    pub variant: Variant,
    /// One row for each policy, in their order.
    pub rows: Vec<Row>,
    /// What those that are looked at are worth beyond controls, workload by workload.
    pub differences: Vec<Difference>,
    /// What policies are worth as a share of what the yardstick is, on the same workloads.
    pub shares: Vec<Share>,
}

/// A policy on a variant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// How it ended there.
    pub outcome: Outcome,
    /// What was said of that.
    pub message: String,
    /// What was measured, if it ran.
    pub found: Option<Found>,
}

/// What was measured of a policy on a variant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// What it is worth; none where it gains too little or too much to compare.
    pub worth: Option<f64>,
    /// Its 95 % interval over workloads.
    pub interval: Option<[f64; 2]>,
    /// The figures in which something else counts as cost.
    pub savings: Figures,
    /// Gain beyond the reference's, points.
    pub beyond: f64,
    /// Cost over the reference's; none where the reference costs nothing.
    pub ratio: Option<f64>,
    /// Share of the workloads that lose more than the bound against the reference.
    pub regretting: f64,
    /// Workloads that lose more than the bound against the baseline.
    pub losing: usize,
    /// The most that a workload loses against the baseline, points; negative if none loses.
    pub worst: f64,
    /// The workload with that loss.
    pub worst_workload: String,
    /// The guards of the objective that it breaks, by what they bound. None: it is admissible.
    pub broken: Vec<String>,
    /// A number for each workload whose mean is what it is worth and whose scatter is that of the estimate.
    #[serde(skip)]
    pub parts: Vec<f64>,
}

impl Found {
    /// Whether it is admissible and surely worth more than nothing.
    pub fn passes(&self) -> bool {
        self.broken.is_empty() && self.interval.is_some_and(|[low, _]| low > 0.0)
    }
}

/// What one policy is worth beyond another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The one.
    pub policy: String,
    /// The other.
    pub control: String,
    /// The difference with its 95 % interval; none where one of them does not compare.
    pub worth: Option<Interval>,
}

/// What a policy is worth, as a share of the yardstick's worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The policy.
    pub policy: String,
    /// The variant on which the yardstick ran.
    pub variant: String,
    /// The share with its 95 % interval; none where the yardstick is not surely worth something.
    pub share: Option<Interval>,
}

/// The probability that an interval misses.
const ALPHA: f64 = 0.05;

/// Points that a workload may lose against reference and baseline where the experiment does not bound it.
const USUAL: [f64; 2] = [5.0, 1.0];

/// Points that a workload may lose against the reference, and against the baseline.
pub fn bounds(experiment: &Experiment) -> [f64; 2] {
    let [regret, loss] = ["regret", "loss"].map(|metric| experiment.objective.at_most(metric));
    [regret.unwrap_or(USUAL[0]), loss.unwrap_or(USUAL[1])]
}

/// The guards of the objective, by what they bound, each once and in the order of the experiment.
pub fn guards(experiment: &Experiment) -> Vec<String> {
    let mut guards: Vec<String> = Vec::new();
    for guard in &experiment.objective.constraints {
        if !guards.contains(&guard.metric) {
            guards.push(guard.metric.clone());
        }
    }
    guards
}

/// Scores a policy on drawn workloads of these names. Its scale was set elsewhere: the guards are those of a look under the seal.
pub fn found(own: &Measurement, names: &[String], scoring: Scoring<'_>, experiment: &Experiment) -> Found {
    let Scoring { yardsticks, spec, .. } = scoring;
    let score = scoring.score(own);
    let worth = seal::drawn(own, yardsticks, spec);
    // There is no source whose length could be told of the reference, and none has to be short.
    let kept = margins(&score, 0, (&experiment.elsewhere(), spec));
    let mut broken: Vec<String> = kept.iter().filter(|kept| !kept.holds()).map(|kept| kept.metric.clone()).collect();
    broken.dedup();
    if score.violations > 0 {
        broken.push(spec.violated(score.violations));
    }
    let [regret, loss] = bounds(experiment);
    let (regrets, losses) =
        score.panels.map_or_else(Default::default, |panels| (panels.drawn.regrets, panels.drawn.losses));
    let worst = losses.iter().zip(names).max_by(|a, b| a.0.total_cmp(b.0));
    let savings = spec.figures.iter().filter(|figure| matches!(figure.of, Aggregate::Saving(_)));
    Found {
        worth: worth.value,
        interval: worth.interval,
        savings: savings
            .map(|figure| (figure.name.clone(), score.figures.get(&figure.name).copied().flatten()))
            .collect(),
        beyond: -score.shortfall,
        ratio: score.cost_ratio,
        regretting: exceeding(&regrets, regret) as f64 / regrets.len().max(1) as f64,
        losing: exceeding(&losses, loss),
        worst: worst.map_or(0.0, |(loss, _)| *loss),
        worst_workload: worst.map_or_else(String::new, |(_, name)| name.clone()),
        broken,
        parts: worth.value.map_or_else(Vec::new, |_| yardsticks.parts(own, &spec.aim)),
    }
}

/// What one policy is worth beyond another on the same workloads, by the parts of both; none where one of them has none.
pub fn difference(own: &[f64], other: &[f64]) -> Option<Interval> {
    paired(own, other, |own, other| own - other)
}

/// What one policy is worth as a share of what another is, by the parts of both; none where that one is not surely worth something.
pub fn share(own: &[f64], yardstick: &[f64]) -> Option<Interval> {
    let whole = t_interval(yardstick, ALPHA, 0.0).filter(|whole| whole.low > 0.0)?;
    let share = t_interval(own, ALPHA, 0.0)?.estimate / whole.estimate;
    // To the first order: what a workload adds to a ratio.
    paired(own, yardstick, |own, yardstick| share + (own - share * yardstick) / whole.estimate)
}

fn paired(own: &[f64], other: &[f64], of: impl Fn(f64, f64) -> f64) -> Option<Interval> {
    let values: Vec<f64> = own.iter().zip(other).map(|(own, other)| of(*own, *other)).collect();
    t_interval(&values, ALPHA, 0.0).filter(|_| own.len() == other.len())
}

impl Tables {
    /// Everything that must not be: a hole in the objective, or somebody harmed by what is looked at. Each as a sentence.
    pub fn failures(&self) -> Vec<String> {
        let rows = self.variants.iter().flat_map(|table| {
            self.policies
                .iter()
                .zip(&table.rows)
                .filter_map(move |(policy, row)| Some((policy, table, row.found.as_ref()?)))
        });
        // A workload near a cliff harms somebody by chance: what the reference does there says how much of it is that.
        let beside = |table: &Table| {
            let reference = table.rows.first().and_then(|row| row.found.as_ref()).filter(|found| found.losing > 0);
            reference.map_or_else(
                || "the reference in none".to_owned(),
                |found| format!("the reference in {}, at most {:.1}", found.losing, found.worst),
            )
        };
        let failure = |(policy, table, found): (&Policy, &Table, &Found)| {
            let (name, variant) = (&policy.name, &table.variant.name);
            match policy.standing {
                Standing::Control(kind) if kind.must_fail() && found.passes() => Some(format!(
                    "the {} control `{name}` is admissible on `{variant}`, and surely worth more than nothing",
                    kind.as_str()
                )),
                Standing::LookedAt if table.variant.stress && found.losing > 0 => Some(format!(
                    "`{name}` loses more than {} points against the baseline in {} of {} workloads of `{variant}`, at most {:.1} in {} ({})",
                    self.bounds[1],
                    found.losing,
                    self.workloads,
                    found.worst,
                    found.worst_workload,
                    beside(table)
                )),
                _ => None,
            }
        };
        rows.filter_map(failure).collect()
    }
}

#[cfg(test)]
mod tests;

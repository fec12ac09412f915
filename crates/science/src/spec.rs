//! What a problem measures and what counts there, as data. It is recorded when a campaign opens, so that a record is readable
//! without the code that made it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a problem measures and what counts there. Names are in snake case: the same in events, claims, bounds, the database and
/// reports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    /// The problem, as `problem` in `campaign.toml` names it.
    pub problem: String,
    /// What one trial yields, in the order of [`Trial::values`](crate::trial::Trial::values).
    pub metrics: Vec<Described>,
    /// What the parts of a cost weigh, where an experiment may say so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prices: Vec<Price>,
    /// What each trial yields against the baseline's, beside gain, cost and violations.
    pub series: Vec<Series>,
    /// What is made of a series in a score.
    pub figures: Vec<Figure>,
    /// What whoever runs such a system would look at first: numbers of single trials.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plainly: Vec<Plain>,
    /// What those who are served, or refused, are told apart by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
    /// What workloads are told apart by: a number each, as [`Started::features`](crate::event::Started::features) has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<Described>,
    /// What a single request costs, as it turns out in hindsight; none where that is not known. No policy sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hindsight: Option<Described>,
    /// What is made as large as possible.
    pub aim: Aim,
    /// What a policy may look at besides what its answer goes with first: the words of a design's `uses`.
    pub inputs: Vec<Described>,
    /// Those of them that production does not pass today: whoever looks at one has to have it added first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opt_in: Vec<String>,
    /// What a policy must never do, as in `refused 3 protected requests`: a verb and what it is done to.
    pub violation: [String; 2],
    /// What an answer must not depend on, as in `the order of the instances`; none where nothing is known.
    pub invariance: Option<String>,
    /// Policies that bound what can be gained, run once beside baseline and reference: by the names under which they are kept.
    pub extremes: Vec<Extreme>,
}

/// Something with a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Described {
    /// Its name.
    pub name: String,
    /// Its unit.
    #[serde(default)]
    pub unit: Unit,
    /// What it is, for prompts and reports.
    pub meaning: String,
}

/// A way to tell apart those who are served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// What a part of it is, as in `client`.
    pub name: String,
    /// Its parts, in the order of [`Trial::served`](crate::trial::Trial::served).
    pub parts: Vec<String>,
    /// Whether no part of it may be given up.
    #[serde(default)]
    pub guarded: bool,
}

/// What a part of the cost weighs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Price {
    /// The part, as a key of `[objective.prices]`.
    pub name: String,
    /// Its price where an experiment gives none.
    pub default: f64,
    /// What it is a price for.
    pub meaning: String,
}

/// The unit of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// None.
    #[default]
    Plain,
    /// A share, 0..1.
    Fraction,
    /// A difference of logarithms; 0.01 is one *point*.
    Log,
    /// µs.
    Micros,
    /// ms.
    Millis,
    /// Tokens.
    Tokens,
    /// How many.
    Count,
}

/// A number for each trial, paired with the baseline's trial on the same arrivals and draws.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// Its unit.
    pub unit: Unit,
    /// Which way is better.
    pub better: Direction,
    /// Whether claims may be about it.
    pub claims: bool,
    /// What it is.
    pub meaning: String,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// More is.
    More,
    /// Less is.
    Less,
}

/// A number of a score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Its name.
    pub name: String,
    /// How it is made.
    pub of: Aggregate,
    /// Whether each scenario of the study has its own.
    #[serde(default)]
    pub by_scenario: bool,
}

/// How a figure is made of series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aggregate {
    /// The mean over workloads.
    Mean(String),
    /// One minus that.
    Lost(String),
    /// The sum over all trials.
    Sum(String),
    /// The mean over the reference's, on the study and on drawn workloads by themselves; none where the reference's is not
    /// above zero.
    OverReference(String),
    /// What is saved at equal gain within each workload where this series counts as the cost, on the study and on drawn workloads
    /// by themselves as well.
    Saving(String),
    /// What is saved by panel means at equal mean gain, likewise.
    NetSaving,
    /// What of that is not saved within workloads, but by moving cost between them.
    Allocation,
    /// The sum of one over the sum of another; none unless that exceeds a share of a third one's.
    Per {
        /// What is divided.
        of: String,
        /// By what.
        per: String,
        /// The share that has to be exceeded, and of what.
        above: (f64, String),
    },
}

/// A number of a trial in an operator's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plain {
    /// What it is.
    pub what: String,
    /// The metric.
    pub metric: String,
    /// What it is a share of, where it is one: another metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// Whether the rest of that share is meant: what was not refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rest: bool,
}

/// The two forms of an objective.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Aim {
    /// The least cost at equal gain. What a policy is worth is the share that it saves of what the reference would pay for as much
    /// gain, workload by workload: see [`crate::frontier`].
    Saving {
        /// What gain is called.
        gain: Described,
        /// What cost is called.
        cost: Described,
        /// What cost over the reference's is called.
        ratio: String,
        /// What a policy is worth.
        worth: Described,
        /// Gains further than this from the reference's do not compare by cost, log units.
        comparable: f64,
    },
    /// The most gain; nothing is paid for it. What a policy is worth is its gain beyond the reference's.
    Gain {
        /// What gain is called.
        gain: Described,
        /// What a policy is worth.
        worth: Described,
    },
}

/// A policy that bounds what can be gained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extreme {
    /// The name under which its trials are kept.
    pub name: String,
    /// The built-in policy.
    pub policy: String,
    /// Under which workloads count as beyond help: whose mean of this metric is above this bound all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beyond_help: Option<(String, f64)>,
}

/// What a claim is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Metric<'a> {
    /// What a policy is worth; for the whole panel only.
    Worth(&'a Described),
    /// Gain, log units.
    Gain(&'a Described),
    /// Cost *not* paid, a fraction.
    Cost(&'a Described),
    /// A series, oriented so that more is better.
    Series(&'a Series),
}

impl Spec {
    /// The metric of this name that claims may be about.
    pub fn metric(&self, name: &str) -> Option<Metric<'_>> {
        self.claimable().find(|metric| metric.name() == name)
    }

    /// Everything that claims may be about: worth, gain, cost, then series.
    pub fn claimable(&self) -> impl Iterator<Item = Metric<'_>> {
        let (worth, gain, cost) = match &self.aim {
            Aim::Saving { gain, cost, worth, .. } => (worth, gain, Some(cost)),
            Aim::Gain { gain, worth } => (worth, gain, None),
        };
        let series = self.series.iter().filter(|series| series.claims).map(Metric::Series);
        [Metric::Worth(worth), Metric::Gain(gain)].into_iter().chain(cost.map(Metric::Cost)).chain(series)
    }

    /// The prices that an experiment gives, in the order of the spec's; the defaults where it gives none.
    pub fn prices(&self, given: &BTreeMap<String, f64>) -> Vec<f64> {
        self.prices.iter().map(|price| given.get(&price.name).copied().unwrap_or(price.default)).collect()
    }

    /// The series of this name.
    pub fn series(&self, name: &str) -> Option<&Series> {
        self.series.iter().find(|series| series.name == name)
    }

    /// The figure of this name.
    pub fn figure(&self, name: &str) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.name == name)
    }

    /// The figures that each scenario has.
    pub fn by_scenario(&self) -> impl Iterator<Item = &Figure> {
        self.figures.iter().filter(|figure| figure.by_scenario)
    }

    /// The unit of a figure: that of its series, unless it is a share.
    pub fn unit(&self, figure: &Figure) -> Unit {
        match &figure.of {
            Aggregate::Mean(name) | Aggregate::Lost(name) | Aggregate::Sum(name) | Aggregate::Per { of: name, .. } => {
                self.series(name).map(|series| series.unit).unwrap_or_default()
            }
            Aggregate::OverReference(_) => Unit::Plain,
            Aggregate::Saving(_) | Aggregate::NetSaving | Aggregate::Allocation => Unit::Fraction,
        }
    }

    /// The unit of a number in an operator's words.
    pub fn plain_unit(&self, plain: &Plain) -> Unit {
        let unit = |name: &str| self.metrics.iter().find(|metric| metric.name == name).map(|metric| metric.unit);
        if plain.of.is_some() { Unit::Fraction } else { unit(&plain.metric).unwrap_or_default() }
    }

    /// The position of a metric of trials.
    pub fn metric_position(&self, name: &str) -> Option<usize> {
        self.metrics.iter().position(|metric| metric.name == name)
    }
}

impl Metric<'_> {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Metric::Worth(known) | Metric::Gain(known) | Metric::Cost(known) => &known.name,
            Metric::Series(series) => &series.name,
        }
    }

    /// Its unit.
    pub fn unit(&self) -> Unit {
        match self {
            Metric::Worth(known) | Metric::Gain(known) | Metric::Cost(known) => known.unit,
            Metric::Series(series) => series.unit,
        }
    }

    /// Whether less of it is better.
    pub fn less_is_better(&self) -> bool {
        match self {
            Metric::Worth(_) | Metric::Gain(_) => false,
            Metric::Cost(_) => true,
            Metric::Series(series) => series.better == Direction::Less,
        }
    }

    /// What it is.
    pub fn meaning(&self) -> &str {
        match self {
            Metric::Worth(known) | Metric::Gain(known) | Metric::Cost(known) => &known.meaning,
            Metric::Series(series) => &series.meaning,
        }
    }
}

impl Aim {
    /// Whether policies compare whose mean gain lies this far from the reference's, log units.
    pub fn compares(&self, beyond: f64) -> bool {
        self.comparable().is_none_or(|comparable| beyond.abs() <= comparable)
    }

    /// How far gains may lie apart to compare, log units; none where any do.
    pub fn comparable(&self) -> Option<f64> {
        match self {
            Aim::Saving { comparable, .. } => Some(*comparable),
            Aim::Gain { .. } => None,
        }
    }

    /// What a policy is worth, as it is called.
    pub fn worth_name(&self) -> &Described {
        match self {
            Aim::Saving { worth, .. } | Aim::Gain { worth, .. } => worth,
        }
    }

    /// What gain is called.
    pub fn gain_name(&self) -> &Described {
        match self {
            Aim::Saving { gain, .. } | Aim::Gain { gain, .. } => gain,
        }
    }

    /// What cost is called, and cost over the reference's; none where nothing is paid.
    pub fn cost_names(&self) -> Option<(&Described, &str)> {
        match self {
            Aim::Saving { cost, ratio, .. } => Some((cost, ratio)),
            Aim::Gain { .. } => None,
        }
    }
}

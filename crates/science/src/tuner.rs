//! Where to look next when a candidate's constants are tuned.
//!
//! [`Tuner::next`] is a function of what was tried so far: first the author's own values, then points that fill the space
//! evenly, then the place where a Gaussian process expects the largest improvement. So nothing of it has to be saved, and
//! tuning that was broken off is done again in the same way.

pub mod goal;

use crate::gaussian::Gaussian;
use crate::keyed;
use crate::objective::Score;
use crate::stats::rounded;
use serde::{Deserialize, Serialize};

/// Points that fill the space, at most; and for each tunable.
const FILLING: (usize, usize) = (12, 6);
/// Evaluations at most, whatever the number of tunables.
const BUDGET: usize = 40;
/// A range whose ends are further apart than by this factor is searched by its logarithm.
const WIDE: f64 = 4.0;
/// Significant digits of a point: more than a score can tell apart.
const DIGITS: usize = 4;
/// What a value may be off by, in worth. All points share arrivals and coins, so it is only how jagged the function is.
const NOISE: f64 = 0.001;
/// Every other point is chosen as if nothing were alike over longer distances than this, in widths of the cube: a process that
/// is sure of a slope would never look behind it.
const DOUBT: f64 = 0.35;
/// Points nearer to each other than this along every axis, in widths of the cube, tell nothing new.
const APART: f64 = 0.01;
/// Places that are weighed for one point, all over the cube and around the best one.
const PROPOSALS: (u64, u64) = (512, 128);
/// Best proposals that are improved further.
const REFINED: usize = 4;

/// A constant that may be tuned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Range {
    /// Its name.
    pub name: String,
    /// The author's value.
    pub default: f64,
    /// The smallest value that makes sense.
    pub low: f64,
    /// The largest value that makes sense.
    pub high: f64,
}

impl Range {
    /// Whether there is anything to tune.
    pub fn is_open(&self) -> bool {
        let finite = [self.default, self.low, self.high].iter().all(|value| value.is_finite());
        finite && self.low < self.high
    }

    fn by_logarithm(&self) -> bool {
        self.low > 0.0 && self.high / self.low >= WIDE
    }

    /// The value at a place of the unit interval, where each part of the range has its share.
    pub fn value(&self, place: f64) -> f64 {
        if !self.is_open() {
            return self.default;
        }
        let value = match self.by_logarithm() {
            true => self.low * (self.high / self.low).powf(place),
            false => self.low + (self.high - self.low) * place,
        };
        rounded(value, DIGITS).clamp(self.low, self.high)
    }

    /// The place of a value; the nearest end for one beyond the range.
    fn place(&self, value: f64) -> f64 {
        if !self.is_open() {
            return 0.0;
        }
        let place = match self.by_logarithm() {
            true => (value.max(self.low) / self.low).ln() / (self.high / self.low).ln(),
            false => (value - self.low) / (self.high - self.low),
        };
        place.clamp(0.0, 1.0)
    }
}

/// A point that was tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    /// A value for each tunable.
    pub parameters: Vec<f64>,
    /// The value of its scale at which it was measured, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<f64>,
    /// What it was worth, in units of worth; see [`goal`].
    pub value: f64,
    /// What its trials say, where there were any: whoever plans may learn from every point that was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<Score>,
}

impl Tried {
    /// A point of which nothing is known but its worth.
    pub fn new(parameters: Vec<f64>, value: f64) -> Self {
        Tried { parameters, scale: None, value, score: None }
    }
}

/// Evaluations that tuning takes at most: ten for each tunable and ten more, and never more than forty; none if there is
/// nothing to tune.
pub fn budget(tunables: usize) -> usize {
    if tunables == 0 { 0 } else { (10 * tunables + 10).min(BUDGET) }
}

/// The best point of a history, the earliest of equals; none of none.
pub fn best(tried: &[Tried]) -> Option<&Tried> {
    tried.iter().reduce(|best, other| if other.value > best.value { other } else { best })
}

/// Chooses points.
#[derive(Clone, Debug)]
pub struct Tuner {
    ranges: Vec<Range>,
    /// Positions of the ranges that are open.
    open: Vec<usize>,
    key: u64,
}

impl Tuner {
    /// A tuner of these constants; `key` is what its randomness follows from.
    pub fn new(ranges: &[Range], key: u64) -> Self {
        let open = (0..ranges.len()).filter(|at| ranges[*at].is_open()).collect();
        Tuner { ranges: ranges.to_vec(), open, key }
    }

    /// Evaluations that it takes; see [`budget`].
    pub fn budget(&self) -> usize {
        budget(self.open.len())
    }

    /// The next point, given all that were tried before, in their order; none once the budget is spent.
    pub fn next(&self, tried: &[Tried]) -> Option<Vec<f64>> {
        let filling = FILLING.0.min(FILLING.1 * self.open.len());
        match tried.len() {
            n if n >= self.budget() => None,
            0 => Some(self.ranges.iter().map(|range| range.default).collect()),
            n if n <= filling => Some(self.point(&self.filling(n as u64))),
            n => Some(self.point(&self.promising(tried, n as u64))),
        }
    }

    /// The points that come first whatever they are worth, so that they may be measured side by side.
    pub fn opening(&self) -> Vec<Vec<f64>> {
        let mut tried = Vec::new();
        while tried.len() <= FILLING.0.min(FILLING.1 * self.open.len()) {
            let Some(parameters) = self.next(&tried) else { break };
            tried.push(Tried::new(parameters, 0.0));
        }
        tried.into_iter().map(|tried| tried.parameters).collect()
    }

    /// The n-th point of a sequence that fills the cube evenly (the R-sequence of Roberts, 2018), shifted by the key.
    fn filling(&self, n: u64) -> Vec<f64> {
        let dimensions = self.open.len() as i32;
        // The generalised golden ratio: the root of x^(d+1) = x + 1.
        let ratio = (0..40).fold(1.5f64, |x, _| (1.0 + x).powf(1.0 / f64::from(dimensions + 1)));
        let seed = keyed::seed(&["tune", "fill"], self.key);
        let place = |i: i32| (keyed::uniform(seed, i as u64) + n as f64 * ratio.powi(-(i + 1))).fract();
        (0..dimensions).map(place).collect()
    }

    /// The place of the cube where the largest improvement is expected.
    fn promising(&self, tried: &[Tried], n: u64) -> Vec<f64> {
        let places: Vec<Vec<f64>> = tried.iter().map(|tried| self.place(&tried.parameters)).collect();
        let values = squeezed(tried);
        let longest = if n.is_multiple_of(2) { f64::INFINITY } else { DOUBT };
        let process = Gaussian::fit(&places, &values, NOISE, longest);
        // Against what is believed of the points, not what luck made of them.
        let believed: Vec<f64> = places.iter().map(|place| process.at(place).mean).collect();
        let top = (0..believed.len()).reduce(|a, b| if believed[b] > believed[a] { b } else { a }).unwrap_or_default();
        let apart = |a: &[f64], b: &[f64]| a.iter().zip(b).any(|(a, b)| (a - b).abs() > APART);
        let fresh = |place: &[f64]| places.iter().all(|known| apart(known, place));
        let promise = |place: &[f64]| match fresh(place) {
            true => process.at(place).expected_improvement(believed[top]),
            false => f64::NEG_INFINITY,
        };

        let mut proposals: Vec<(f64, Vec<f64>)> =
            self.proposals(&places[top], n).map(|place| (promise(&place), place)).collect();
        proposals.sort_by(|a, b| b.0.total_cmp(&a.0));
        proposals.truncate(REFINED);
        let refined = proposals.into_iter().map(|proposal| refine(proposal, &promise));
        let most = refined.reduce(|a, b| if b.0 > a.0 { b } else { a });
        // Where the process expects nothing of anything, the even sequence goes on.
        most.map_or_else(|| self.filling(n), |(_, place)| place)
    }

    fn proposals<'a>(&self, best: &'a [f64], n: u64) -> impl Iterator<Item = Vec<f64>> + use<'a> {
        let (seed, dimensions) = (keyed::seed(&["tune", &n.to_string()], self.key), best.len() as u64);
        let coin = move |m: u64, i: u64| keyed::uniform(seed, m * dimensions + i);
        let anywhere = (0..PROPOSALS.0).map(move |m| (0..dimensions).map(|i| coin(m, i)).collect());
        let near = (0..PROPOSALS.1).map(move |m| {
            let reach = 0.3 * 0.5f64.powi((m % 5) as i32);
            let step = |i: u64| reach * (2.0 * coin(PROPOSALS.0 + m, i) - 1.0);
            best.iter().zip(0..).map(|(place, i)| (place + step(i)).clamp(0.0, 1.0)).collect()
        });
        anywhere.chain(near)
    }

    fn point(&self, place: &[f64]) -> Vec<f64> {
        let mut point: Vec<f64> = self.ranges.iter().map(|range| range.default).collect();
        for (at, place) in self.open.iter().zip(place) {
            point[*at] = self.ranges[*at].value(*place);
        }
        point
    }

    /// The place of a point in the cube of what is open.
    pub fn place(&self, point: &[f64]) -> Vec<f64> {
        self.open.iter().map(|at| self.ranges[*at].place(point[*at])).collect()
    }
}

/// The values with what is far below the best drawn together: how bad the bad is says nothing about where the best lies, and
/// a cliff would make everything look flat beside it. Near the best, differences stay as they are.
fn squeezed(tried: &[Tried]) -> Vec<f64> {
    let most = best(tried).map_or(0.0, |best| best.value);
    let mut below: Vec<f64> = tried.iter().map(|tried| most - tried.value).collect();
    below.sort_by(f64::total_cmp);
    let usual = below[below.len() / 4].clamp(0.02, 0.05);
    tried.iter().map(|tried| -usual * ((most - tried.value) / usual).ln_1p()).collect()
}

/// Climbs from a proposal, one coordinate at a time in ever smaller steps.
fn refine(proposal: (f64, Vec<f64>), promise: &impl Fn(&[f64]) -> f64) -> (f64, Vec<f64>) {
    let (mut most, mut place) = proposal;
    let mut step = 0.1;
    while step > 1e-3 {
        let before = most;
        for i in 0..place.len() {
            for sign in [-1.0, 1.0] {
                let mut moved = place.clone();
                moved[i] = (moved[i] + sign * step).clamp(0.0, 1.0);
                let promised = promise(&moved);
                if promised > most {
                    (most, place) = (promised, moved);
                }
            }
        }
        if most <= before {
            step /= 2.0;
        }
    }
    (most, place)
}

#[cfg(test)]
mod tests;

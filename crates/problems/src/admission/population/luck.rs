//! What a drawn workload is made of: a point of the unit cube, and as many further numbers as its clients need.

use science::keyed;

/// What is drawn so that each part of its range is met equally often, by the purposes of their seeds.
pub(super) const DIMENSIONS: [&str; 17] = [
    "critical share",
    "load",
    "prompt tokens",
    "output tokens",
    "instances",
    "model",
    "arrivals",
    "seconds",
    "max num seqs",
    "routing",
    "spread",
    "limits",
    "predictor",
    "after",
    "past",
    "epoch",
    "critical share after half",
];

/// The same by name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Dimension {
    CriticalShare,
    Load,
    Prompt,
    Output,
    Instances,
    Model,
    Arrivals,
    Seconds,
    MaxNumSeqs,
    Routing,
    Spread,
    Limits,
    Predictor,
    After,
    Past,
    Epoch,
    ShareAfterHalf,
}

/// Where in each range or list of choices a workload lies, 0 to 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit {
    pub(super) at: [f64; DIMENSIONS.len()],
    pub(super) luck: Luck,
}

impl Unit {
    pub(super) fn of(&self, dimension: Dimension) -> f64 {
        self.at[dimension as usize]
    }
}

/// Numbers in 0..1 without end, for one workload.
#[derive(Clone, Copy, Debug)]
pub(super) struct Luck {
    seed: u64,
    next: u64,
}

/// More than any workload takes.
const MOST: u64 = 1 << 20;

impl Luck {
    /// For the n-th workload.
    pub(super) fn new(seed: u64, n: usize) -> Self {
        Luck { seed, next: n as u64 * MOST }
    }

    pub(super) fn uniform(&mut self) -> f64 {
        self.next += 1;
        keyed::uniform(self.seed, self.next)
    }

    /// The numbers below `count` in random order. Fisher and Yates.
    pub(super) fn order(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            order.swap(last, ((self.uniform() * (last + 1) as f64) as usize).min(last));
        }
        order
    }
}

/// `count` numbers in 0..1, one in each of `count` equal parts, in random order.
pub(super) fn stratified(count: usize, seed: u64) -> Vec<f64> {
    let mut parts: Vec<usize> = (0..count).collect();
    let place = |part: &usize| keyed::uniform(seed, *part as u64);
    parts.sort_by(|a, b| place(a).total_cmp(&place(b)));
    let within = |n: usize| keyed::uniform(seed, (count + n) as u64);
    parts.iter().enumerate().map(|(n, &part)| (part as f64 + within(n)) / count as f64).collect()
}

/// The choice that lies at this part of a list.
pub(super) fn pick<T>(choices: &[T], unit: f64) -> &T {
    &choices[((unit * choices.len() as f64) as usize).min(choices.len() - 1)]
}

/// A number between the ends of a range.
pub(super) fn uniform([low, high]: [f64; 2], unit: f64) -> f64 {
    low + unit * (high - low)
}

/// The same, each ratio of two numbers as likely at either end.
pub(super) fn log_uniform([low, high]: [f64; 2], unit: f64) -> f64 {
    use admitter::Maths;
    simulator::maths::install();
    let (from, to) = (Maths::ln(low), Maths::ln(high));
    Maths::exp(from + unit * (to - from)).clamp(low, high)
}

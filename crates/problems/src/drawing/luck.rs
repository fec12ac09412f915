//! What chance is made of in a drawn workload: numbers that follow from a seed, and where they lie in ranges and lists.

use science::keyed;

/// Numbers in 0..1 without end, for one workload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Luck {
    seed: u64,
    next: u64,
}

/// More than any workload takes.
const MOST: u64 = 1 << 20;

impl Luck {
    /// For the n-th workload.
    pub(crate) fn new(seed: u64, n: usize) -> Self {
        Luck { seed, next: n as u64 * MOST }
    }

    pub(crate) fn uniform(&mut self) -> f64 {
        self.next += 1;
        keyed::uniform(self.seed, self.next)
    }

    /// The numbers below `count` in random order. Fisher and Yates.
    pub(crate) fn order(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            order.swap(last, ((self.uniform() * (last + 1) as f64) as usize).min(last));
        }
        order
    }
}

/// `count` numbers in 0..1, one in each of `count` equal parts, in random order.
pub(crate) fn stratified(count: usize, seed: u64) -> Vec<f64> {
    let mut parts: Vec<usize> = (0..count).collect();
    let place = |part: &usize| keyed::uniform(seed, *part as u64);
    parts.sort_by(|a, b| place(a).total_cmp(&place(b)));
    let within = |n: usize| keyed::uniform(seed, (count + n) as u64);
    parts.iter().enumerate().map(|(n, &part)| (part as f64 + within(n)) / count as f64).collect()
}

/// The choice that lies at this part of a list.
pub(crate) fn pick<T>(choices: &[T], unit: f64) -> &T {
    &choices[((unit * choices.len() as f64) as usize).min(choices.len() - 1)]
}

/// A number between the ends of a range.
pub(crate) fn uniform([low, high]: [f64; 2], unit: f64) -> f64 {
    low + unit * (high - low)
}

/// The same, each ratio of two numbers as likely at either end.
pub(crate) fn log_uniform([low, high]: [f64; 2], unit: f64) -> f64 {
    use admitter::Maths;
    simulator::maths::install();
    let (from, to) = (Maths::ln(low), Maths::ln(high));
    Maths::exp(from + unit * (to - from)).clamp(low, high)
}

/// A length between the ends of a range, log-uniform.
pub(crate) fn tokens(range: [u32; 2], unit: f64) -> u32 {
    (log_uniform(range.map(f64::from), unit).round() as u32).clamp(range[0], range[1])
}

/// Where in 0..1 a choice of a list is picked.
pub(crate) fn middle(at: usize, count: usize) -> f64 {
    (at as f64 + 0.5) / count.max(1) as f64
}

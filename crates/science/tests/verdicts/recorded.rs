//! What policies did on 400 seeds of the study, and samples of it.

use crate::campaign::spec;
use science::keyed;
use science::objective::{Cell, Measurement};

/// The recorded differences, all against the baseline: `cells[scenario][seed]`.
pub(crate) struct Pool {
    pub(crate) scenarios: Vec<String>,
    /// The exchange rate of the reference's own scale.
    pub(crate) lambda: f64,
    pub(crate) reference: Measurement,
    /// The reference under other draws.
    pub(crate) again: Measurement,
    /// A plain step at saturation 0.26.
    pub(crate) step: Measurement,
}

impl Pool {
    pub(crate) fn read() -> Self {
        let text = include_str!("../../../../tests/fixtures/differences.csv");
        let lambda = text.lines().find_map(|line| line.strip_prefix("# lambda = ")).expect("the exchange rate");
        let none = Measurement::default;
        let mut pool = Pool {
            scenarios: Vec::new(),
            lambda: lambda.parse().expect("a number"),
            reference: none(),
            again: none(),
            step: none(),
        };
        for line in text.lines().filter(|line| !line.starts_with('#')).skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            let [name, _, figures @ ..] = fields.as_slice() else { panic!("{line}") };
            if pool.scenarios.last().is_none_or(|last| last != name) {
                pool.scenarios.push((*name).to_owned());
                for measurement in [&mut pool.reference, &mut pool.again, &mut pool.step] {
                    measurement.cells.push(Vec::new());
                }
            }
            let value = |at: usize| figures[at].parse::<f64>().expect("a number") * 1e-5;
            let policies = [&mut pool.reference, &mut pool.again, &mut pool.step];
            for (at, measurement) in policies.into_iter().enumerate() {
                let row = measurement.cells.last_mut().expect("a scenario");
                row.push(cell(value(2 * at), value(2 * at + 1)));
            }
        }
        for measurement in [&mut pool.reference, &mut pool.again, &mut pool.step] {
            let zeros: Vec<Vec<f64>> = measurement.cells.iter().map(|row| vec![0.0; row.len()]).collect();
            measurement.series = spec().series.into_iter().map(|series| (series.name, zeros.clone())).collect();
        }
        pool
    }

    /// Seeds of each scenario.
    pub(crate) fn seeds(&self) -> usize {
        self.reference.cells[0].len()
    }

    /// Numbers of seeds, drawn with replacement: so the truth about a sample is what holds over all recorded seeds.
    pub(crate) fn draw(&self, key: u64, count: usize) -> Vec<usize> {
        (0..count as u64).map(|n| (keyed::uniform(key, n) * self.seeds() as f64) as usize).collect()
    }

    /// The reference twice, on these seeds. Which of its two runs comes first is a coin's choice for each seed, so that the
    /// truth about their difference is zero, and not what 400 seeds happened to give.
    pub(crate) fn twice(&self, seeds: &[usize], key: u64) -> [Measurement; 2] {
        let coin = |n: usize| keyed::uniform(key, n as u64) < 0.5;
        let mut pair = [take(&self.reference, seeds), take(&self.again, seeds)];
        let [first, second] = &mut pair;
        for (a, b) in first.cells.iter_mut().zip(&mut second.cells) {
            (0..seeds.len()).filter(|n| coin(*n)).for_each(|n| std::mem::swap(&mut a[n], &mut b[n]));
        }
        pair
    }
}

/// A measurement on these of its seeds.
pub(crate) fn take(measurement: &Measurement, seeds: &[usize]) -> Measurement {
    fn rows<T: Copy>(rows: &[Vec<T>], seeds: &[usize]) -> Vec<Vec<T>> {
        rows.iter().map(|row| seeds.iter().map(|seed| row[*seed]).collect()).collect()
    }
    let series = measurement.series.iter().map(|(name, values)| (name.clone(), rows(values, seeds))).collect();
    Measurement { cells: rows(&measurement.cells, seeds), series }
}

/// A trial of which gain and cost are known, and the rest is of no matter.
fn cell(gain: f64, cost: f64) -> Cell {
    Cell { gain, cost, violations: 0 }
}

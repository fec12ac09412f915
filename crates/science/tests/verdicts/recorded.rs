//! What policies did on 400 seeds of the study, and samples of it.

use crate::campaign::spec;
use science::keyed;
use science::objective::{Cell, Measurement};

/// Gain between neighbouring scales of the reference, none of which is recorded: so little that four steps just reach what the
/// recorded step gains and loses, and so much that each step costs half as much again. The frontier is a chord between two
/// scales: what twins and candidates are held against lies above the curve, while the reference is on it, as a corner. The
/// further apart the scales, the more this favours a candidate over the reference.
pub(crate) const APART: [f64; 2] = [0.015, 0.08];

/// The recorded differences, all against the baseline: `cells[scenario][seed]`.
pub(crate) struct Pool {
    pub(crate) scenarios: Vec<String>,
    /// The exchange rate of the reference's own scale.
    pub(crate) lambda: f64,
    /// Gain between two neighbouring scales of the reference, log units: one of [`APART`].
    pub(crate) apart: f64,
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
            apart: APART[0],
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

    /// The step against the reference, on these seeds.
    pub(crate) fn step(&self, seeds: &[usize]) -> Runs {
        let [candidate, reference, twin] = [&self.step, &self.reference, &self.again].map(|policy| take(policy, seeds));
        Runs { candidate, reference, twin }
    }

    /// The reference in disguise, on these seeds.
    pub(crate) fn disguise(&self, seeds: &[usize]) -> Runs {
        let candidate = take(&self.reference, seeds);
        Runs { candidate, ..self.step(seeds) }
    }

    /// The reference under other draws against itself, on these seeds. Which of its two runs comes first is a coin's choice for
    /// each seed, so that the truth about their difference is zero, and not what 400 seeds happened to give.
    ///
    /// The twin is to be neither, or one of them would save exactly nothing, and only two runs are recorded. It is made as far
    /// from both, in mean square, as they are from each other: in between them, and from there √3/2 times what the two runs
    /// differ by on another seed, in either direction.
    pub(crate) fn again(&self, seeds: &[usize], key: u64) -> Runs {
        let coin = |purpose, n: usize| keyed::uniform(keyed::seed(&[purpose], key), n as u64) < 0.5;
        let coins: Vec<[bool; 2]> =
            (0..seeds.len()).map(|n| ["away", "first"].map(|purpose| coin(purpose, n))).collect();
        let others = self.draw(keyed::seed(&["other"], key), seeds.len());
        let Runs { twin: mut candidate, mut reference, .. } = self.step(seeds);
        let mut twin = reference.clone();
        for (at, twin) in twin.cells.iter_mut().enumerate() {
            let (one, two) = (&mut candidate.cells[at], &mut reference.cells[at]);
            for (n, (other, [away, first])) in others.iter().zip(&coins).enumerate() {
                let (a, b) = (&self.again.cells[at][*other], &self.reference.cells[at][*other]);
                let away = if *away { AWAY } else { -AWAY };
                let third =
                    |value: fn(&Cell) -> f64| (value(&one[n]) + value(&two[n])) / 2.0 + away * (value(a) - value(b));
                twin[n] = cell(third(|cell| cell.gain), third(|cell| cell.cost));
                if *first {
                    std::mem::swap(&mut one[n], &mut two[n]);
                }
            }
        }
        Runs { candidate, reference, twin }
    }
}

/// √3/2.
const AWAY: f64 = 0.866_025_403_784_438_6;

/// What ran on the same seeds.
pub(crate) struct Runs {
    pub(crate) candidate: Measurement,
    pub(crate) reference: Measurement,
    /// The reference under other draws.
    pub(crate) twin: Measurement,
}

impl Runs {
    /// With every series of the problem, as a state takes them: nobody recorded what is in them, and nothing here asks.
    pub(crate) fn whole(self) -> Self {
        let whole = |measured: Measurement| {
            let zeros: Vec<Vec<f64>> = measured.cells.iter().map(|row| vec![0.0; row.len()]).collect();
            let series = spec().series.iter().map(|series| (series.name.clone(), zeros.clone()));
            Measurement { series: series.collect(), ..measured }
        };
        Runs { candidate: whole(self.candidate), reference: whole(self.reference), twin: whole(self.twin) }
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

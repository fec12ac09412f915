//! The study's own path, at equal improvement: writes `experiments/admission/PATH.md` to the standard output.
//!
//! The authors went from a step over gentler curves to the fifth power and called it the sweet spot. Each curve improves
//! more where it sheds more, so their figures compare scales as much as shapes. Here each shape has the scale at which it
//! improves as much as the quintic, and what it costs then is compared: on the study, and on workloads that nobody chose.
//!
//! `cargo run --release -p problems --example path > experiments/admission/PATH.md`. Deterministic.
#![expect(clippy::print_stdout, reason = "a program, not a library")]

mod bench;
mod compare;
mod page;
mod shapes;
#[path = "../common/workloads.rs"]
mod workloads;

use bench::Bench;
use compare::{Comparison, Repeated, Value};
use engine::panel::Role;
use problems::admission::population::Population;
use science::nonce::Nonce;
use science::seal::WORKLOADS;
use shapes::Shape;
use simulator::Scenario;
use std::path::Path;

/// The workloads of this page are drawn as those of a seal are, of this nonce.
const NONCE: u128 = 0x7061_7468;
/// Seeds of each of the study's scenarios.
const STUDY_SEEDS: usize = 20;
/// Seeds of each drawn workload; what is replicated there is the workload.
const DRAWN_SEEDS: usize = 3;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (study, scenarios) = workloads::read("admission")?;
    let file = study.experiment.population.as_ref().ok_or("the study declares a population")?;
    let population = Population::parse(&study.inputs[file], Path::new(file))?;
    let nonce = Nonce::of(NONCE);
    let on_study = Comparison::new(&Bench::new(&scenarios, nonce, STUDY_SEEDS), Repeated::Seeds);
    let drawn = sealed(&population, nonce);
    let on_drawn = Comparison::new(&Bench::new(&drawn, nonce, DRAWN_SEEDS), Repeated::Workloads);
    let step =
        on_drawn.shapes.iter().find(|placed| matches!(placed.shape, Shape::Step)).ok_or("a step is among them")?;
    let shortened = shortened(&population, &drawn, nonce, step.half);
    print!("{}", page::write(&on_study, &on_drawn, &shortened));
    Ok(())
}

fn sealed(population: &Population, nonce: Nonce) -> Vec<Scenario> {
    let sealing = bench::sealing();
    let seed = |purpose: &str| Role::Sealed(&sealing).seed(nonce, &["population", purpose]);
    population.scenarios("sealed", WORKLOADS, &seed)
}

/// What the bound on requests changes: a policy less the quintic, workload by workload, in the drawn workloads and in the
/// same ones at their full length.
struct Shortened {
    /// Workloads that are shorter than the population's `seconds`.
    shorter: usize,
    /// Improvement by the quintic, points, as drawn and at full length; means over all workloads.
    improvement: [f64; 2],
    /// A step less the quintic, improvement in points: the pairs of one workload each.
    improvements: Vec<(f64, f64)>,
    /// The same of the extra shed work, in per cent.
    costs: Vec<(f64, f64)>,
}

fn shortened(population: &Population, drawn: &[Scenario], nonce: Nonce, half: f64) -> Shortened {
    let full = Population { requests: [population.requests[0], 1_000_000], ..population.clone() };
    let full = sealed(&full, nonce);
    let shorter = drawn.iter().zip(&full).filter(|(a, b)| a.workload != b.workload).count();
    let [short, long] = [drawn, &full[..]].map(|scenarios| {
        let bench = Bench::new(scenarios, nonce, 1);
        [shapes::quintic(compare::PUBLISHED), Shape::Step.policy(half)].map(|policy| bench.measure(&policy))
    });
    let pairs = |value: Value| {
        let gap =
            |[quintic, step]: &[bench::Cells; 2], row: usize| 100.0 * (value(&step[row][0]) - value(&quintic[row][0]));
        (0..drawn.len()).map(|row| (gap(&short, row), gap(&long, row))).collect()
    };
    let y = |cells: &bench::Cells| 100.0 * bench::mean_of(cells, |cell| cell.y);
    Shortened {
        shorter,
        improvement: [y(&short[0]), y(&long[0])],
        improvements: pairs(|cell| cell.y),
        costs: pairs(|cell| cell.work),
    }
}

//! What policies do on 400 seeds of the study: writes `tests/fixtures/differences.csv` to the standard output.
//!
//! `cargo run --release -p problems --example differences > tests/fixtures/differences.csv`. Deterministic. The seeds are
//! the verdict seeds of twenty iterations, so the tests of verdicts resample what a campaign would have met.
#![expect(clippy::print_stdout, reason = "a program, not a library")]

#[path = "common/workloads.rs"]
mod workloads;

use engine::cores::each;
use engine::panel::{Role, Seeds};
use engine::problem::Problem;
use problems::admission::{Admission, trial};
use science::id::CandidateId;
use science::measurement::{Cell, Measurement};
use science::nonce::Nonce;
use science::sequence::Sequence;
use science::trial::Trial;
use simulator::admitters::Builtin;
use simulator::{Scenario, simulate};

const CAP: usize = Sequence::Scenarios.last();
const NONCE: u128 = 1;
const ITERATIONS: usize = 20;
/// A plain step at saturation 0.26: both thresholds of the legacy gate are 0.26 times the usual ones.
const STEP: &str = "gaie-legacy(queue=1.3,kv=0.208)";

/// All policies, each on one cell, against the baseline.
struct Row {
    reference: Cell,
    /// The reference under other draws.
    again: Cell,
    step: Cell,
    /// The reference at 1.5 × and at 1/1.5 × its scale.
    scaled: [Cell; 2],
}

struct Policies {
    baseline: Builtin,
    reference: Builtin,
    step: Builtin,
    scaled: [Builtin; 2],
    prices: Vec<f64>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (study, scenarios) = workloads::read("admission")?;
    let (baseline, reference) = (&study.experiment.baseline, &study.experiment.reference);
    let scale = study.experiment.objective.reference_scale.as_ref().ok_or("the study names the reference's scale")?;
    let policies = Policies {
        baseline: Builtin::parse(baseline)?,
        reference: Builtin::parse(reference)?,
        step: Builtin::parse(STEP)?,
        scaled: [Builtin::scaled(reference, scale, 1.5)?, Builtin::scaled(reference, scale, 1.0 / 1.5)?],
        prices: Admission.spec().prices(&study.experiment.objective.prices),
    };
    let seeds = ITERATIONS * CAP;
    let rows = each(scenarios.len() * seeds, |at| row(&scenarios[at / seeds], at % seeds, &policies))?;
    let scaled = |which: usize| {
        let cells: Vec<Cell> = rows.iter().map(|row| row.scaled[which]).collect();
        Measurement { cells: cells.chunks(seeds).map(<[Cell]>::to_vec).collect(), ..Measurement::default() }
    };
    let (louder, softer) = (scaled(0), scaled(1));
    let lambda = (louder.cost() / softer.cost()).ln() / (louder.gain() - softer.gain());
    println!(
        "# Written by `cargo run --release -p problems --example differences` from experiments/admission, nonce {NONCE}."
    );
    println!(
        "# Against the baseline, y in 0.001 points and x in 0.00001; `again` is the reference under other draws, `step` {STEP}."
    );
    println!("# lambda = {lambda:.3}");
    println!("scenario,seed,reference_y,reference_x,again_y,again_x,step_y,step_x");
    for (at, row) in rows.iter().enumerate() {
        let figures = [row.reference, row.again, row.step].map(|cell| {
            let digits = |value: f64| (value * 1e5).round() as i64;
            format!("{},{}", digits(cell.gain), digits(cell.cost))
        });
        println!("{},{},{}", scenarios[at / seeds].name, at % seeds, figures.join(","));
    }
    Ok(())
}

fn row(scenario: &Scenario, seed: usize, policies: &Policies) -> Row {
    let main = CandidateId::of("no candidate");
    let role = Role::Verdict { iteration: (seed / CAP) as u32 + 1, main: &main };
    let seeds = Seeds::new(Nonce::of(NONCE), role, &scenario.name, seed % CAP);
    let traffic = scenario.generated(seeds.arrivals);
    let run = |policy: &Builtin, draws: u64| -> Trial {
        let run = simulate(&scenario.cluster, traffic.clone(), &mut policy.clone(), draws);
        trial(&scenario.cluster, &traffic, &run)
    };
    let [shared, other] = seeds.draws;
    let baseline = run(&policies.baseline, shared);
    let against = |policy: &Builtin, draws: u64| Admission.pair(&run(policy, draws), &baseline, &policies.prices).cell;
    Row {
        reference: against(&policies.reference, shared),
        again: against(&policies.reference, other),
        step: against(&policies.step, shared),
        scaled: [0, 1].map(|which: usize| against(&policies.scaled[which], shared)),
    }
}

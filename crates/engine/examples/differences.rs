//! What policies do on 400 seeds of the study: writes `tests/fixtures/differences.csv` to the standard output.
//!
//! `cargo run --release -p engine --example differences > tests/fixtures/differences.csv`. Deterministic. The seeds are
//! the verdict seeds of twenty iterations, so the tests of verdicts resample what a campaign would have met.
#![expect(clippy::print_stdout, reason = "a program, not a library")]

use engine::LoadedExperiment;
use engine::cores::each;
use engine::panel::{Role, Seeds, trial};
use science::id::CandidateId;
use science::nonce::Nonce;
use science::objective::{Cell, Measurement, Yardsticks};
use science::sequence::CAP;
use science::trial::Trial;
use simulator::admitters::Builtin;
use simulator::{Scenario, simulate};
use std::path::Path;
use std::sync::Arc;

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
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let study = LoadedExperiment::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments/admission"))?;
    let (reference, scale) = (&study.experiment.reference, &study.experiment.objective.reference_scale);
    let policies = Policies {
        baseline: Builtin::parse(&study.experiment.baseline)?,
        reference: Builtin::parse(reference)?,
        step: Builtin::parse(STEP)?,
        scaled: [Builtin::scaled(reference, scale, 1.5)?, Builtin::scaled(reference, scale, 1.0 / 1.5)?],
    };
    let seeds = ITERATIONS * CAP;
    let rows = each(study.scenarios.len() * seeds, |at| row(&study.scenarios[at / seeds], at % seeds, &policies))?;
    let scaled = |which: usize| {
        let cells: Vec<Cell> = rows.iter().map(|row| row.scaled[which]).collect();
        Measurement { cells: cells.chunks(seeds).map(<[Cell]>::to_vec).collect() }
    };
    let lambda = Yardsticks::exchange_rate(&scaled(0), &scaled(1)).ok_or("the reference's scale changes nothing")?;
    println!(
        "# Written by `cargo run --release -p engine --example differences` from experiments/admission, nonce {NONCE}."
    );
    println!(
        "# Against the baseline, y in 0.001 points and x in 0.00001; `again` is the reference under other draws, `step` {STEP}."
    );
    println!("# lambda = {lambda:.3}");
    println!("scenario,seed,reference_y,reference_x,again_y,again_x,step_y,step_x");
    for (at, row) in rows.iter().enumerate() {
        let figures = [row.reference, row.again, row.step].map(|cell| {
            let digits = |value: f64| (value * 1e5).round() as i64;
            format!("{},{}", digits(cell.y()), digits(cell.x))
        });
        println!("{},{},{}", study.scenarios[at / seeds].name, at % seeds, figures.join(","));
    }
    Ok(())
}

fn row(scenario: &Scenario, seed: usize, policies: &Policies) -> Row {
    let main = CandidateId::of("no candidate");
    let role = Role::Verdict { iteration: (seed / CAP) as u32 + 1, main: &main };
    let seeds = Seeds::new(Nonce::of(NONCE), role, &scenario.name, seed % CAP);
    let no_traces = |_: &str| Err(std::io::Error::other("no traces here"));
    let arrivals = scenario.arrivals(seeds.arrivals, no_traces).expect("a generated workload");
    let run = |policy: &Builtin, draws: u64| -> Trial {
        let run = simulate(&scenario.cluster, Arc::clone(&arrivals), &mut policy.clone(), draws);
        trial(&scenario.cluster, &arrivals, &run)
    };
    let [shared, other] = seeds.draws;
    let baseline = run(&policies.baseline, shared);
    let against = |policy: &Builtin, draws: u64| Cell::pair(&run(policy, draws), &baseline);
    Row {
        reference: against(&policies.reference, shared),
        again: against(&policies.reference, other),
        step: against(&policies.step, shared),
        scaled: [0, 1].map(|which: usize| against(&policies.scaled[which], shared)),
    }
}

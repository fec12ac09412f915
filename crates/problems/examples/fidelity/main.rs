//! Simulated beside measured: writes `experiments/admission-h100/MEASURED.md` to the standard output.
//!
//! `cargo run --release -p problems --example fidelity > experiments/admission-h100/MEASURED.md`, or with a number of seeds
//! other than ten as its argument. Deterministic. Every figure of the page is computed here; nothing is fitted here.
#![expect(clippy::print_stdout, reason = "a program, not a library")]

mod cluster;
mod curves;
mod page;
mod published;
#[path = "../../../simulator/tests/common/single_gpu.rs"]
mod single_gpu;
mod statistics;
mod tables;
#[path = "../common/workloads.rs"]
mod workloads;

use simulator::cluster::{LatencyKind, Measured};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seeds = std::env::args().nth(1).map_or(Ok(10), |text| text.parse())?;
    let (_, hardware) = workloads::read("admission-h100")?;
    let (_, study) = workloads::read("admission")?;
    let results = page::Results {
        seeds,
        single: [LatencyKind::Measured(Measured::H100), LatencyKind::TrainedPhysics].map(single_gpu::compare),
        comparisons: cluster::compare(&hardware, seeds),
        agreement: curves::agreement(&study, &hardware[0].cluster),
    };
    print!("{}", page::write(&results));
    Ok(())
}

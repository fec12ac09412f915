//! The published rule on trial: writes `experiments/flow-control/PUBLISHED.md` to the standard output.
//!
//! `cargo run --release -p problems --example published > experiments/flow-control/PUBLISHED.md`. Deterministic. What is claimed
//! stands in `experiments/flow-control/claims.toml`, and was registered there before anything ran.
#![expect(clippy::print_stdout, reason = "a program, not a library")]

mod claims;
mod page;
mod runs;
mod verdict;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let claims = claims::Claims::read()?;
    let mut runs = runs::Runs::new(claims.seeds);
    let mut judged = Vec::new();
    for claim in &claims.claim {
        judged.push((claim, verdict::Sample::new(runs.values(claim)?, claim.relation)));
    }
    let verdicts = verdict::holm(&judged.iter().map(|(_, sample)| sample.p).collect::<Vec<_>>());
    let rows: Vec<_> =
        judged.into_iter().zip(verdicts).map(|((claim, sample), holds)| (claim, sample, holds)).collect();
    print!("{}", page::write(&rows, &mut runs)?);
    Ok(())
}

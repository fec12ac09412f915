//! Admission: whether a request may enter the cluster. A policy is asked once for each arrival and answers with one byte.

mod builtin;
mod case;
mod change;
mod groups;
mod pair;
mod passages;
pub mod population;
mod probing;
mod spec;
mod tally;
pub mod translate;
mod workload;

use builtin::AdmissionBuiltin;
pub use case::{AdmissionCase, AdmissionRun, trial};
use engine::probe::Probing;
use engine::problem::{Builtin, Format, Population, Problem, Source, Workload};
use files::FileError;
use probing::AdmissionProbing;
use sandbox::Kit;
use science::measurement::Paired;
use science::spec::Spec;
use science::trial::Trial;
use simulator::{Arrival, Scenario};
pub use spec::Metric;
use std::path::Path;
use std::sync::LazyLock;
pub use workload::AdmissionWorkload;

/// Its name in `campaign.toml`.
pub const NAME: &str = "admission";

/// The contract that candidates are compiled against.
pub const KIT: Kit = Kit {
    name: "admitter",
    files: &[("lib.rs", admitter::SOURCE), ("wire.rs", admitter::wire::SOURCE)],
    state: "admitter::wire::Seat<candidate::Policy>",
    answer_bytes: admitter::wire::ANSWER_BYTES,
    install: "admitter::install_maths",
    private: &["wire", "install_maths", "MathsTable", "MathsFn", "SOURCE"],
};

/// The published quintic with comments.
pub const STARTER: &str = include_str!("admission/starter.rs.txt");

/// A small experiment.
const TEMPLATE: [(&str, &str); 7] = [
    ("campaign.toml", include_str!("admission/template/campaign.toml")),
    ("space.rs", include_str!("admission/template/space.rs.txt")),
    ("population.toml", include_str!("admission/template/population.toml")),
    ("scenarios/busy.toml", include_str!("admission/template/scenarios/busy.toml")),
    ("scenarios/calm.toml", include_str!("admission/template/scenarios/calm.toml")),
    ("scenarios/long.toml", include_str!("admission/template/scenarios/long.toml")),
    ("README.md", include_str!("admission/template/README.md")),
];

/// The problem.
#[derive(Clone, Copy, Debug)]
pub struct Admission;

impl Problem for Admission {
    fn spec(&self) -> &Spec {
        static SPEC: LazyLock<Spec> = LazyLock::new(spec::spec);
        &SPEC
    }

    fn kit(&self) -> &Kit {
        &KIT
    }

    fn starter(&self) -> &str {
        STARTER
    }

    fn template(&self) -> &'static [(&'static str, &'static str)] {
        &TEMPLATE
    }

    fn formats(&self) -> Vec<Format> {
        vec![
            Format::of::<Scenario>("scenario"),
            Format::of::<population::Population>("population"),
            Format::of::<Arrival>("trace"),
            Format::of::<translate::log::Line>("log"),
        ]
    }

    fn passages(&self) -> agents::llm::Passages {
        passages::passages()
    }

    fn workload(&self, file: Source<'_>) -> Result<Box<dyn Workload>, FileError> {
        Ok(Box::new(AdmissionWorkload::read(file)?))
    }

    fn population(&self, text: &str, file: &Path) -> Result<Box<dyn Population>, FileError> {
        Ok(Box::new(population::Population::parse(text, file)?))
    }

    fn most_drawn(&self) -> u64 {
        population::Population::MOST_REQUESTS
    }

    fn builtin(&self, name: &str) -> Result<Box<dyn Builtin>, String> {
        Ok(Box::new(AdmissionBuiltin::parse(name)?))
    }

    fn pair(&self, trial: &Trial, baseline: &Trial, prices: &[f64]) -> Paired {
        pair::pair(trial, baseline, prices)
    }

    fn probing(&self) -> &dyn Probing {
        &AdmissionProbing
    }
}

//! Flow control: how full the cluster may be before requests of each priority wait at the router. A policy is asked once for each
//! attempt to dispatch a request, and answers with a ceiling for each band of the queue.

mod builtin;
mod case;
mod change;
mod figures;
mod pair;
mod passages;
pub mod population;
mod probing;
mod spec;
mod tally;
pub mod translate;
mod workload;

use builtin::FlowBuiltin;
pub use case::{FlowCase, FlowRun};
use engine::probe::Probing;
use engine::problem::{Builtin, Format, Population, Problem, Source, Workload};
pub use figures::trial;
use files::FileError;
use probing::FlowProbing;
use sandbox::Kit;
use science::measurement::Paired;
use science::spec::Spec;
use science::trial::Trial;
use simulator::{Arrival, Scenario};
pub use spec::Metric;
use std::path::Path;
use std::sync::LazyLock;
pub use workload::FlowWorkload;

/// Its name in `campaign.toml`.
pub const NAME: &str = "flow-control";

/// The contract that candidates are compiled against.
pub const KIT: Kit = Kit {
    name: "limiter",
    files: &[("lib.rs", limiter::SOURCE), ("wire.rs", limiter::wire::SOURCE)],
    state: "limiter::wire::Seat<candidate::Policy>",
    answer_bytes: limiter::wire::ANSWER_BYTES,
    install: "limiter::install_maths",
    private: &["wire", "install_maths", "MathsTable", "MathsFn", "SOURCE"],
};

/// The published soft-reflective ceilings with comments.
pub const STARTER: &str = include_str!("flow_control/starter.rs.txt");

/// A small experiment.
const TEMPLATE: [(&str, &str); 7] = [
    ("campaign.toml", include_str!("flow_control/template/campaign.toml")),
    ("space.rs", include_str!("flow_control/template/space.rs.txt")),
    ("population.toml", include_str!("flow_control/template/population.toml")),
    ("scenarios/cache.toml", include_str!("flow_control/template/scenarios/cache.toml")),
    ("scenarios/batch.toml", include_str!("flow_control/template/scenarios/batch.toml")),
    ("scenarios/fresh.toml", include_str!("flow_control/template/scenarios/fresh.toml")),
    ("README.md", include_str!("flow_control/template/README.md")),
];

/// The problem.
#[derive(Clone, Copy, Debug)]
pub struct FlowControl;

impl Problem for FlowControl {
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
        Ok(Box::new(FlowWorkload::read(file)?))
    }

    fn population(&self, text: &str, file: &Path) -> Result<Box<dyn Population>, FileError> {
        Ok(Box::new(population::Population::parse(text, file)?))
    }

    fn most_drawn(&self) -> u64 {
        population::Population::MOST_REQUESTS
    }

    fn builtin(&self, name: &str) -> Result<Box<dyn Builtin>, String> {
        Ok(Box::new(FlowBuiltin::parse(name)?))
    }

    fn pair(&self, trial: &Trial, baseline: &Trial, _: &[f64]) -> Paired {
        pair::pair(trial, baseline)
    }

    fn probing(&self) -> &dyn Probing {
        &FlowProbing
    }
}

//! A limiter as production code: the llm-d router's `UsageLimitPolicy` ([`router`]), with its templates, the re-declaration of the API
//! that a package is tested with, and the table that says which inputs of the contract production has. What every problem needs for this
//! is in [`shipping`](crate::shipping).

mod decisions;
pub mod log;
pub mod router;

use super::{KIT, NAME};
use crate::shipping::mutation::filled;
use crate::shipping::{Harness, Shipped, vectors};
use decisions::Limited;
use limiter::wire;
use sandbox::Kit;

/// Its candidates as production code.
pub static FLOW_CONTROL: Shipped = Shipped {
    problem: NAME,
    // Production has more bands than the contract promises, and tells no more than these.
    kit: Kit { state: "limiter::wire::Wide<candidate::Policy>", answer_bytes: wire::WIDE_BYTES, ..KIT },
    interface: "Limiter",
    opaque: &[],
    shown: &["Reading"],
    vectors: vectors::vectors::<Limited>,
    more: vectors::more::<Limited>,
    again: vectors::again::<Limited>,
    harness: Harness {
        steps: include_str!("translate/harness/steps.go.txt"),
        ask: include_str!("translate/harness/ask.go.txt"),
        filled: |contract| {
            vec![("READING\n", filled(contract, "Reading", &[("saturation", "step.Saturation")]).concat())]
        },
    },
    nowhere: &[(
        "blis",
        "BLIS computes the ceilings of its queue itself, from one threshold, and has no place for a policy that sets them",
    )],
};

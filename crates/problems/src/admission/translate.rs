//! An admission policy as production code: a folder for each target ([`router`], [`blis`]) with its templates, the re-declaration of the
//! API that a package is tested with, and the table that says where it has each field of the contract. [`log`] reads what a plugin of
//! the router wrote down. What every problem needs for this is in [`shipping`](crate::shipping).

pub mod blis;
mod context;
mod decisions;
mod learned;
pub mod log;
mod mutants;
pub mod router;

use super::{KIT, NAME};
use crate::shipping::{Shipped, vectors};
use admitter::wire;
use decisions::Admitted;
use sandbox::Kit;

/// Its candidates as production code.
pub static ADMISSION: Shipped = Shipped {
    problem: NAME,
    // An answer also has its number of draws.
    kit: Kit { state: "admitter::wire::Counting<candidate::Policy>", answer_bytes: wire::COUNTED_BYTES, ..KIT },
    interface: "Admitter",
    opaque: &["Draw"],
    shown: &["Request", "Instance", "Cluster"],
    vectors: vectors::vectors::<Admitted>,
    more: vectors::more::<Admitted>,
    again: vectors::again::<Admitted>,
    harness: mutants::HARNESS,
    nowhere: &[],
};

/// The field that estimates come in.
const PREDICTION: &str = "Request.predicted_output_tokens";

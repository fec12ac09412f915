//! One policy on one workload with one seed.

use crate::id::Hash;
use serde::{Deserialize, Serialize};

/// What one trial yields.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Trial {
    /// A value for each of [`Spec::metrics`](crate::spec::Spec::metrics), in their order. Counts are exact up to 2^53.
    pub values: Vec<f64>,
    /// Of each part of [`Spec::groups`](crate::spec::Spec::groups), how many requests were served, and how many were asked for. No part
    /// of the record: nothing is decided by it before the finals.
    #[serde(skip)]
    pub served: Vec<[u32; 2]>,
}

impl Trial {
    /// Of these values, without groups.
    pub fn of(values: Vec<f64>) -> Self {
        Trial { values, served: Vec::new() }
    }
}

/// The hash over trials in their fixed order (workload by workload, seed by seed): what an event says of them.
pub fn hash<'a>(trials: impl IntoIterator<Item = &'a Trial>) -> Hash {
    let values = trials.into_iter().flat_map(|trial| &trial.values);
    Hash::of(&values.flat_map(|value| canonical(*value).to_le_bytes()).collect::<Vec<u8>>())
}

/// The bits of a number as a database gives it back, which knows one zero and nothing that is not a number.
fn canonical(value: f64) -> u64 {
    if value.is_finite() { (value + 0.0).to_bits() } else { f64::NAN.to_bits() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_what_a_database_gives_back() {
        let trial = |values: &[f64]| Trial::of(values.to_vec());
        let own = hash(&[trial(&[-0.0, f64::NAN, f64::INFINITY])]);
        assert_eq!(own, hash(&[trial(&[0.0, -f64::NAN, f64::NAN])]));
        assert_ne!(own, hash(&[trial(&[0.0, 0.0, f64::NAN])]));
        assert_ne!(hash(&[trial(&[1.0, 2.0])]), hash(&[trial(&[2.0, 1.0])]));
    }
}

//! What was measured, and what was worked out of it last.

use super::response::{Effect, Responses};
use super::shape::Shape;
use science::profile::Profile;
use std::sync::{Arc, Mutex, PoisonError};

/// What responses follow from.
#[derive(PartialEq)]
pub(crate) struct Given {
    /// The workloads, the study's first.
    pub(crate) profiles: Vec<Profile>,
    /// How many of them are the study's.
    pub(crate) study: usize,
    /// The reference, as a curve of this shape.
    pub(crate) reference: Shape,
    /// What chance does to an improvement in each workload.
    pub(crate) noise: Vec<f64>,
    /// All that was measured.
    pub(crate) seen: Vec<Seen>,
}

/// What is known of a policy on every workload.
#[derive(PartialEq)]
pub(crate) struct Seen {
    pub(crate) shape: Shape,
    /// Improvement beyond the reference's, log units, and extra shed work beyond the reference's.
    pub(crate) effects: Vec<Effect>,
}

/// The responses that were worked out last: a plan rests on the same as the lessons that were drawn before it. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory(Arc<Mutex<Option<Arc<Responses>>>>);

impl Memory {
    /// The responses that follow from what is given.
    pub(crate) fn responses(&self, given: Given) -> Arc<Responses> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match last.as_ref().filter(|last| last.given == given) {
            Some(same) => Arc::clone(same),
            None => Arc::clone(last.insert(Arc::new(Responses::of(given)))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::shape::NEUTRAL;

    fn given(noise: f64) -> Given {
        let reference = Shape::published(5.0, 300.0);
        let seen = vec![Seen { shape: reference, effects: vec![[0.0; 2]; 3] }];
        Given { profiles: vec![NEUTRAL; 3], study: 2, reference, noise: vec![noise; 3], seen }
    }

    #[test]
    fn the_same_is_worked_out_once_and_anything_else_anew() {
        let memory = Memory::default();
        let first = memory.responses(given(0.001));
        assert!(Arc::ptr_eq(&first, &memory.clone().responses(given(0.001))));
        let another = memory.responses(given(0.002));
        assert!(!Arc::ptr_eq(&first, &another));
        assert!(!Arc::ptr_eq(&first, &memory.responses(given(0.001))), "only the last one is kept");
    }
}

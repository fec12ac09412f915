//! The problems that a user can ask, one folder each: everything that knows their words.

pub mod admission;

use engine::problem::{Problem, Problems};
use std::sync::Arc;

/// All of them.
pub fn all() -> Problems {
    Problems::new([Arc::new(admission::Admission) as Arc<dyn Problem>])
}

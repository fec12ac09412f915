//! The problems that a user can ask, one folder each: everything that knows their words.

pub mod admission;
mod arriving;
mod drawing;
pub mod flow_control;
mod histogram;
mod seen;

use engine::problem::{Problem, Problems};
use std::sync::Arc;

/// All of them.
pub fn all() -> Problems {
    Problems::new([
        Arc::new(admission::Admission) as Arc<dyn Problem>,
        Arc::new(flow_control::FlowControl) as Arc<dyn Problem>,
    ])
}

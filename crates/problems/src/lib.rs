//! The problems that a user can ask, one folder each: everything that knows their words.

pub mod admission;
mod arriving;
mod drawing;
pub mod flow_control;
mod histogram;
mod seen;
pub mod shipping;

use engine::problem::{Problem, Problems};
use std::sync::Arc;

/// All of them.
pub fn all() -> Problems {
    Problems::new([
        Arc::new(admission::Admission) as Arc<dyn Problem>,
        Arc::new(flow_control::FlowControl) as Arc<dyn Problem>,
    ])
}

/// What candidates can be translated into. For each problem, the first is the default.
pub const TARGETS: [&shipping::Target; 3] = [
    &admission::translate::router::ROUTER,
    &admission::translate::blis::BLIS,
    &flow_control::translate::router::ROUTER,
];

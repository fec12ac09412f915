//! gaming: refuses every droppable request, so that it gains the most
use admitter::prelude::*;

pub struct Policy;

impl Admitter for Policy {
    fn new(_: &[f64]) -> Self {
        Policy
    }

    fn admit(&mut self, request: &Request, _: &Cluster, _: &mut Draw) -> Decision {
        Decision::reject_if(request.priority < 0)
    }
}

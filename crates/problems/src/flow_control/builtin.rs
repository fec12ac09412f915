//! The limiters of the simulator, as the problem's own.

use engine::problem::{Builtin, Seat};
use limiter::wire::{self, MAX_BANDS, OPEN, Question};
use simulator::flow::{Attempt, Limiter, limiters};

/// A limiter that is built in, by its name with its parameter.
#[derive(Clone, Debug)]
pub(super) struct FlowBuiltin(limiters::Builtin);

impl FlowBuiltin {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        Ok(FlowBuiltin(limiters::Builtin::parse(text)?))
    }
}

impl Builtin for FlowBuiltin {
    fn meaning(&self) -> String {
        format!("{:?}", self.0)
    }

    /// Nothing is paid for, so nothing scales it.
    fn scaled(&self, _: &str, _: f64) -> Option<Box<dyn Builtin>> {
        None
    }

    fn seat(&self) -> Box<dyn Seat> {
        Box::new(FlowSeat(self.0.clone()))
    }
}

struct FlowSeat(limiters::Builtin);

impl Seat for FlowSeat {
    fn answer(&mut self, question: &[u8], answer: &mut [u8]) {
        let mut ceilings = [OPEN; MAX_BANDS];
        if let Some(Question { saturation, bands, priorities, .. }) = Question::read(question) {
            let attempt = Attempt { saturation, priorities: &priorities[..bands], ..Attempt::default() };
            self.0.limit(&attempt, &mut ceilings[..bands]);
        }
        answer.copy_from_slice(&wire::answer(&ceilings));
    }
}

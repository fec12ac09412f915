//! The policies of the simulator, as the problem's own.

use admitter::wire;
use engine::problem::{Builtin, Seat};
use simulator::admitters;

/// A policy that is built in, by its name with parameters.
#[derive(Clone, Debug)]
pub(super) struct AdmissionBuiltin {
    policy: admitters::Builtin,
    /// As it was written; none of one that was scaled.
    text: Option<String>,
}

impl AdmissionBuiltin {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        Ok(AdmissionBuiltin { policy: admitters::Builtin::parse(text)?, text: Some(text.to_owned()) })
    }
}

impl Builtin for AdmissionBuiltin {
    fn meaning(&self) -> String {
        format!("{:?}", self.policy)
    }

    fn scaled(&self, parameter: &str, factor: f64) -> Option<Box<dyn Builtin>> {
        let policy = admitters::Builtin::scaled(self.text.as_ref()?, parameter, factor).ok()?;
        Some(Box::new(AdmissionBuiltin { policy, text: None }))
    }

    fn seat(&self) -> Box<dyn Seat> {
        Box::new(AdmissionSeat(wire::Seat::of(self.policy.clone())))
    }
}

struct AdmissionSeat(wire::Seat<admitters::Builtin>);

impl Seat for AdmissionSeat {
    fn answer(&mut self, question: &[u8], answer: &mut [u8]) {
        answer.copy_from_slice(&self.0.answer(question));
    }
}

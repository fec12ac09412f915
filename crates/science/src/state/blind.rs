//! What an agent may see of a campaign of independent drafts.

use super::{Phase, State};
use crate::id::CandidateId;
use std::borrow::Cow;

impl State {
    /// Whether drafts are independent of each other.
    pub fn is_independent(&self) -> bool {
        self.opened().experiment.agents.independent
    }

    /// The campaign as agents are shown it: all of it, or, where drafts are independent, as if nothing had been before the iteration
    /// under way.
    pub fn shown(&self) -> Cow<'_, State> {
        if !self.is_independent() {
            return Cow::Borrowed(self);
        }
        let iteration = match self.phase {
            Phase::Planning => None,
            _ => self.iterations.last().cloned(),
        };
        let own =
            |id: &&CandidateId| iteration.is_some() && self.candidates[*id].iteration as usize == self.iterations.len();
        let order: Vec<_> = self.order.iter().filter(own).cloned().collect();
        Cow::Owned(State {
            started: self.started.clone(),
            yardsticks: self.yardsticks.clone(),
            candidates: order.iter().map(|id| (id.clone(), self.candidates[id].clone())).collect(),
            order,
            hidden: (self.iterations.len() - usize::from(iteration.is_some())) as u32,
            iterations: iteration.into_iter().collect(),
            phase: self.phase,
            ..State::default()
        })
    }
}

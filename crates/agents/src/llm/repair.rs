//! A candidate goes back to its author, with what is wrong with it.

use super::correct::Task;
use super::executor::{ATTEMPTS, Context, Executor, position, read};
use super::fault::Wrong;
use super::tally::Tally;
use super::{ModelError, Request, Role};
use crate::{Answer, Brief, Fault};
use science::bundle::Arm;
use serde::Serialize;

/// Times that a reply without usable code is answered with what is wrong with it.
pub(super) const CORRECTIONS: u32 = 1;

impl Executor {
    /// What is asked to mend an arm's candidate. Fails only with a template of the user's that does not fit.
    pub fn repair_request(&self, brief: Brief<'_>, arm: &Arm, fault: Fault<'_>) -> Result<Request, ModelError> {
        let (state, at) = (brief.state, position(brief.state, arm));
        let records = state.iterations.last().map(|iteration| iteration.arms.as_slice()).unwrap_or_default();
        let broken = records.get(at).and_then(|record| record.candidate.as_ref());
        let context =
            Mending { arm: Context::new(brief, arm, &self.desk.contract), fault: Wrong::new(state, broken, fault) };
        self.desk.request(Role::Repair, state, at, &context, None)
    }

    pub(super) async fn mend(
        &self,
        brief: Brief<'_>,
        arm: &Arm,
        fault: Fault<'_>,
    ) -> Result<Answer<String>, ModelError> {
        let (request, mut tally) = (self.repair_request(brief, arm, fault)?, Tally::default());
        // Each arm has attempts of its own, and each time that it goes back has some of them.
        let earlier = fault.earlier.min(ATTEMPTS / (CORRECTIONS + 1) - 1);
        let task = Task {
            what: "file",
            iteration: brief.state.iteration_number(),
            attempt: position(brief.state, arm) as u32 * ATTEMPTS + earlier * (CORRECTIONS + 1),
            corrections: CORRECTIONS,
        };
        let content = self.desk.settle(task, &request, &mut tally, read).await?;
        Ok(tally.answer(content))
    }
}

/// The context of `prompts/repair.hbs`: that of the arm, whose source is the broken one, and what is wrong.
#[derive(Serialize)]
struct Mending {
    #[serde(flatten)]
    arm: Context,
    fault: Wrong,
}

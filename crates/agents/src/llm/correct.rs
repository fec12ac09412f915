//! An unusable reply is answered with what is wrong with it, a bounded number of times.

use super::{Context, ModelError, Reply, Request, parse, text};
use science::work::Work;

/// What stands before what is wrong with a reply, at the end of the question that it did not answer.
pub const UNUSABLE: &str = "\n# Your last reply cannot be used";

/// Characters of an unusable reply that are shown to the model again.
const QUOTED: usize = 6000;
/// Characters of a problem.
const PROBLEM: usize = 500;

/// A piece of work of an iteration, and how often its reply may be corrected.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    /// What the reply is to be, in one word.
    pub(super) what: &'static str,
    /// The iteration that it belongs to.
    pub(super) iteration: u32,
    /// The number of its first attempt within the iteration.
    pub(super) attempt: u32,
    /// Times that an unusable reply is answered.
    pub(super) corrections: u32,
}

impl Context {
    /// Asks until a reply can be read, or gives the last reason why none could.
    pub(super) async fn settle<T>(
        &self,
        task: Task,
        first: &Request,
        work: &mut Vec<Work>,
        read: impl Fn(&Reply) -> Result<T, String>,
    ) -> Result<Result<T, String>, ModelError> {
        let mut request = first.clone();
        let mut corrected = 0;
        loop {
            let reply = self.ask(&request, task.iteration, task.attempt + corrected, work).await?;
            let problem = match read(&reply) {
                Ok(read) => return Ok(Ok(read)),
                // It may quote the reply.
                Err(problem) => text::line(&problem, PROBLEM),
            };
            if corrected == task.corrections {
                return Ok(Err(format!(
                    "none of {} replies is a usable {}; of the last: {problem}",
                    corrected + 1,
                    task.what
                )));
            }
            tracing::info!(role = first.role.as_str(), corrected, problem, "a model's reply is unusable");
            request = Request { user: again(&first.user, &reply.text, &problem, task.what), ..first.clone() };
            corrected += 1;
        }
    }
}

/// The first request again, with the last reply and what is wrong with it. Earlier replies are left out: the request
/// does not grow with each round.
fn again(user: &str, reply: &str, problem: &str, what: &str) -> String {
    let reply = text::clip(text::clean(reply).trim(), QUOTED);
    let fence = parse::fence(&reply);
    format!(
        "{user}\n{UNUSABLE}\n\nYou replied:\n\n{fence}\n{reply}\n{fence}\n\nWhat is wrong with it: {problem}.\n\nReply again with the whole {what}, mended."
    )
}

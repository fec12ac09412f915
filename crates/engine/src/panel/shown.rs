//! What is to be looked at of policies on a panel: how they answer, and how one run of them went.

use super::run::{Onlooker, driven, played};
use super::{Draws, Panel};
use crate::cores::on_all_cores;
use crate::error::EngineError;
use crate::policy::Policy;
use crate::probe::Tally;
use sandbox::{Outcome, Sandbox};
use science::descriptor::Curve;
use science::seal::{Line, seen};

/// Answers that are counted.
struct Counting(Box<dyn Tally>);

impl Onlooker for Counting {
    fn decided(&mut self, _: usize, question: &[u8], answer: &[u8]) {
        self.0.add(question, answer);
    }

    fn join(&mut self, other: Self) {
        let tally: &dyn Tally = other.0.as_ref();
        self.0.join(tally);
    }
}

/// What there is to see, or what became of a candidate instead; errors are ours.
type Shown<T> = Result<Result<T, Outcome>, EngineError>;

impl Panel {
    /// A policy's answers on all of its cells, against what the problem counts them by.
    pub(crate) fn curves(&self, policy: &Policy, sandbox: &Sandbox) -> Shown<Vec<Curve>> {
        let counting = || Counting(self.problem.probing().tally());
        let counted = match policy {
            Policy::Builtin(policy) => {
                let bytes = self.problem.kit().answer_bytes;
                let count = |cell: &super::PanelCell| {
                    let mut counting = counting();
                    let look = |question: &[u8], answer: &[u8]| counting.decided(0, question, answer);
                    Ok(played(policy.as_ref(), cell.start(Draws::Shared), bytes, look).map(|_| counting))
                };
                let all: Result<Vec<Counting>, Outcome> = on_all_cores(&self.cells, count)?.into_iter().collect();
                all.map(|all| {
                    all.into_iter().fold(counting(), |mut sum, own| {
                        sum.join(own);
                        sum
                    })
                })
            }
            Policy::Candidate { artifact, parameters } => {
                self.trials_before(artifact, parameters.clone(), sandbox, &counting)?.map(|(_, counted)| counted)
            }
        };
        Ok(counted.map(|counted| counted.0.curves().into_iter().map(shortened).collect()))
    }

    /// How the run of a policy on one of its cells went.
    pub(crate) fn seen(&self, cell: usize, policy: &Policy, sandbox: &Sandbox) -> Shown<Vec<Line>> {
        let mut machine = self.cells[cell].start(Draws::Shared);
        match policy {
            Policy::Builtin(policy) => {
                let bytes = self.problem.kit().answer_bytes;
                Ok(played(policy.as_ref(), machine, bytes, |_, _| ()).map(|machine| machine.seen()))
            }
            Policy::Candidate { artifact, parameters } => {
                let ran = driven(sandbox, artifact, std::slice::from_ref(parameters), &mut [machine.as_mut()])?;
                Ok(ran.map(|_| machine.seen()))
            }
        }
    }
}

/// A curve with no more digits than are seen.
fn shortened(curve: Curve) -> Curve {
    Curve { points: curve.points.into_iter().map(|(x, share)| (seen(x), seen(share))).collect(), ..curve }
}

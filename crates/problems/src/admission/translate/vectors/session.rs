//! New policies, as many as are wanted: sessions with a number of seats, one after the other.

use super::{NoVectors, Step};
use sandbox::{Artifact, Round, Sandbox, Session};

/// Policies of a session. Each may have 64 KiB of state.
const SEATS: u16 = 528;

/// Seats that nobody has sat on.
pub(in super::super) struct Seats<'a> {
    sandbox: &'a Sandbox,
    artifact: &'a Artifact,
    parameters: Vec<f64>,
    session: Option<Session>,
    next: u16,
}

impl<'a> Seats<'a> {
    pub(in super::super) fn new(sandbox: &'a Sandbox, artifact: &'a Artifact, parameters: &[f64]) -> Self {
        Seats { sandbox, artifact, parameters: parameters.to_vec(), session: None, next: SEATS }
    }

    /// So many new policies. Those that were taken before are gone where the session had no more.
    pub(in super::super) fn take(&mut self, count: u16) -> Result<Vec<u16>, NoVectors> {
        if self.session.is_none() || self.next + count > SEATS {
            let seats = vec![self.parameters.clone(); usize::from(SEATS)];
            self.session = Some(self.sandbox.start(self.artifact, &seats)?.map_err(NoVectors::Ended)?);
            self.next = 0;
        }
        let first = self.next;
        self.next += count;
        Ok((first..self.next).collect())
    }

    /// Asks policies, each once: whether it refuses, and how many draws it took.
    pub(in super::super) fn ask(&mut self, asked: &[(u16, &Step)]) -> Result<Vec<(bool, u8)>, NoVectors> {
        let mut round = Round::new();
        asked.iter().for_each(|(seat, step)| round.push(*seat, &step.question()));
        let Some(session) = &mut self.session else { return Err(NoVectors::Bug("no session".into())) };
        let answers = session.round(&mut round).map_err(NoVectors::Ended)?;
        answers
            .map(|answer| match answer {
                [admitter::wire::ADMIT, draws] => Ok((false, *draws)),
                [admitter::wire::REJECT, draws] => Ok((true, *draws)),
                other => Err(NoVectors::Bug(format!("an answer that is none: {other:?}"))),
            })
            .collect()
    }
}

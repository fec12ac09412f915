//! New policies, as many as are wanted: sessions with a number of seats, one after the other.

use super::NoVectors;
use sandbox::{Artifact, Round, Sandbox, Session};

/// Policies of a session. Each may have 64 KiB of state.
const SEATS: u16 = 528;

/// Seats that nobody has sat on.
pub(crate) struct Seats<'a> {
    sandbox: &'a Sandbox,
    artifact: &'a Artifact,
    parameters: Vec<f64>,
    session: Option<Session>,
    next: u16,
}

impl<'a> Seats<'a> {
    pub(crate) fn new(sandbox: &'a Sandbox, artifact: &'a Artifact, parameters: &[f64]) -> Self {
        Seats { sandbox, artifact, parameters: parameters.to_vec(), session: None, next: SEATS }
    }

    /// So many new policies. Those that were taken before are gone where the session had no more.
    pub(crate) fn take(&mut self, count: u16) -> Result<Vec<u16>, NoVectors> {
        if self.session.is_none() || self.next + count > SEATS {
            let seats = vec![self.parameters.clone(); usize::from(SEATS)];
            self.session = Some(self.sandbox.start(self.artifact, &seats)?.map_err(NoVectors::Ended)?);
            self.next = 0;
        }
        let first = self.next;
        self.next += count;
        Ok((first..self.next).collect())
    }

    /// Asks policies, each once.
    pub(crate) fn ask(&mut self, asked: &[(u16, Vec<u8>)]) -> Result<Vec<Vec<u8>>, NoVectors> {
        let mut round = Round::new();
        asked.iter().for_each(|(seat, question)| round.push(*seat, question));
        let Some(session) = &mut self.session else { return Err(NoVectors::Bug("no session".into())) };
        let answers = session.round(&mut round).map(|answers| answers.map(<[u8]>::to_vec).collect());
        if answers.is_err() {
            // Whoever asks for seats after this gets new ones.
            self.session = None;
        }
        answers.map_err(NoVectors::Ended)
    }
}

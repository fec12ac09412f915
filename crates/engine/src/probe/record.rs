//! What a candidate was asked in its trials, and what it answered.

use super::Tally;
use crate::panel::{Onlooker, Outline, Panel};

/// Questions that are kept whole, at most; beyond the study's, and of everything.
const DRAWN: usize = 1 << 16;
const MOST: usize = 1 << 18;
/// Trials of which they are kept, at most: each has a dozen shadows.
const TRIALS: usize = 256;
/// Bytes of the questions that are kept, at most.
const BYTES: usize = 64 << 20;

/// A question of a trial, with the candidate's answer.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    pub(super) question: Box<[u8]>,
    pub(super) answer: Box<[u8]>,
}

/// The questions of one trial, from its first one on.
#[derive(Debug)]
pub(super) struct Sequence {
    pub(super) workload: String,
    /// Something of the trial that nobody outside knows.
    pub(super) secret: u64,
    pub(super) moments: Vec<Moment>,
    /// How many of them are kept at most.
    most: usize,
}

/// The decisions of a panel: all answers, and of one seed of each workload, as far as there is room, the questions.
pub(crate) struct Record {
    /// Of each trial, the bytes of one answer after the other.
    pub(super) answers: Vec<Vec<u8>>,
    pub(super) answer_bytes: usize,
    pub(super) sequences: Vec<Sequence>,
    pub(super) tally: Box<dyn Tally>,
    /// Where the sequence of each trial is, if it is kept.
    kept: Vec<Option<usize>>,
}

impl Record {
    pub(crate) fn of(panel: &Panel) -> Self {
        let answer_bytes = panel.problem.kit().answer_bytes;
        let mut record = Record {
            answers: Vec::new(),
            answer_bytes,
            sequences: Vec::new(),
            tally: panel.problem.probing().tally(),
            kept: Vec::new(),
        };
        let (mut decisions, mut bytes) = (0, 0);
        for Outline { workload, is_watched, is_drawn, questions, question_bytes: each, secret } in panel.outlines() {
            let room = if is_drawn { DRAWN } else { MOST };
            let most = questions.min(room.saturating_sub(decisions)).min((BYTES - bytes) / each.max(1));
            record.answers.push(Vec::with_capacity(questions * answer_bytes));
            let is_kept = is_watched && most > 0 && record.sequences.len() < TRIALS;
            record.kept.push(is_kept.then_some(record.sequences.len()));
            if is_kept {
                (decisions, bytes) = (decisions + most, bytes + most * each);
                let moments = Vec::with_capacity(most);
                record.sequences.push(Sequence { workload: workload.to_owned(), secret, moments, most });
            }
        }
        record
    }
}

impl Onlooker for Record {
    fn join(&mut self, other: Self) {
        for (own, other) in self.answers.iter_mut().zip(other.answers).filter(|(_, other)| !other.is_empty()) {
            *own = other;
        }
        for (own, other) in
            self.sequences.iter_mut().zip(other.sequences).filter(|(_, other)| !other.moments.is_empty())
        {
            *own = other;
        }
        let tally: &dyn Tally = other.tally.as_ref();
        self.tally.join(tally);
    }

    fn decided(&mut self, cell: usize, question: &[u8], answer: &[u8]) {
        self.answers[cell].extend_from_slice(answer);
        self.tally.add(question, answer);
        let sequence = self.kept[cell].map(|at| &mut self.sequences[at]);
        if let Some(sequence) = sequence.filter(|sequence| sequence.moments.len() < sequence.most) {
            sequence.moments.push(Moment { question: question.into(), answer: answer.into() });
        }
    }
}

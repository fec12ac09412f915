//! What a candidate was asked in its trials, and what it answered.

use super::tally::Tally;
use crate::panel::{Onlooker, Outline, Panel};
use admitter::{Draw, Instance, Request};
use simulator::Pending;

/// Decisions that are kept whole, at most; beyond the study's, and of everything.
const DRAWN: usize = 1 << 16;
const MOST: usize = 1 << 18;
/// Trials of which they are kept, at most: each has a dozen shadows.
const TRIALS: usize = 256;
/// Instances in the decisions that are kept, at most: 64 MiB of them.
const INSTANCES: usize = (64 << 20) / size_of::<Instance>();

/// A decision of a trial, with all that the candidate was shown.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    pub(super) request: Request,
    pub(super) instances: Box<[Instance]>,
    pub(super) draw: Draw,
    pub(super) answer: u8,
}

/// The decisions of one trial, from its first one on.
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
#[derive(Debug)]
pub(crate) struct Record {
    pub(super) answers: Vec<Vec<u8>>,
    pub(super) sequences: Vec<Sequence>,
    pub(super) tally: Tally,
    /// Where the sequence of each trial is, if it is kept.
    kept: Vec<Option<usize>>,
}

impl Record {
    pub(crate) fn of(panel: &Panel) -> Self {
        let mut record =
            Record { answers: Vec::new(), sequences: Vec::new(), tally: Tally::default(), kept: Vec::new() };
        let (mut decisions, mut instances) = (0, 0);
        for Outline { workload, is_watched, is_drawn, requests, instances: each, secret } in panel.outlines() {
            let room = if is_drawn { DRAWN } else { MOST };
            let most = requests.min(room.saturating_sub(decisions)).min((INSTANCES - instances) / each.max(1));
            record.answers.push(Vec::with_capacity(requests));
            let is_kept = is_watched && most > 0 && record.sequences.len() < TRIALS;
            record.kept.push(is_kept.then_some(record.sequences.len()));
            if is_kept {
                (decisions, instances) = (decisions + most, instances + most * each);
                let moments = Vec::with_capacity(most);
                record.sequences.push(Sequence { workload: workload.to_owned(), secret, moments, most });
            }
        }
        record
    }
}

impl Onlooker for Record {
    fn decided(&mut self, cell: usize, pending: &Pending<'_>, draw: &Draw, answer: u8) {
        self.answers[cell].push(answer);
        self.tally.add(&pending.request, pending.instances, answer);
        let sequence = self.kept[cell].map(|at| &mut self.sequences[at]);
        if let Some(sequence) = sequence.filter(|sequence| sequence.moments.len() < sequence.most) {
            let (request, instances) = (pending.request, pending.instances.into());
            sequence.moments.push(Moment { request, instances, draw: draw.clone(), answer });
        }
    }
}

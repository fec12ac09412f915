//! How large a panel may be, and how much of it runs at a time. Everything is known before anything is made: an experiment
//! comes from a stranger, and its numbers multiply.

use super::{FINAL, PanelCell, SEALED, TRAINING};
use science::experiment::Experiment;
use science::seal;
use science::sequence::Sequence;
use std::ops::Range;

/// The most questions of all cells of a panel together. What they follow from is kept for as long as the panel is.
const QUESTIONS: u64 = 1 << 24;
/// What is kept for a question, bytes: a request of the simulator takes as much.
const KEPT: u64 = 64;
/// The most cells of a panel, a workload with a seed each: every policy has a trial on every one.
const CELLS: u64 = 1 << 17;

/// What a panel consists of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) cells: u64,
    pub(crate) questions: u64,
}

impl Size {
    /// With so many further cells of a workload with so many questions.
    pub(crate) fn plus(self, cells: u64, questions: u64) -> Self {
        let questions = self.questions.saturating_add(cells.saturating_mul(questions));
        Size { cells: self.cells.saturating_add(cells), questions }
    }

    /// Says how much too large it is, if it is.
    pub(crate) fn check(self) -> Result<(), String> {
        if self.questions > QUESTIONS {
            return Err(format!(
                "a panel of it (questions x seeds x workloads) would hold {} questions, which take {} of memory; at most {QUESTIONS} are taken, which take {}",
                self.questions,
                memory(self.questions),
                memory(QUESTIONS)
            ));
        }
        if self.cells > CELLS {
            return Err(format!(
                "a panel of it (seeds x workloads) would have {} runs for each policy; at most {CELLS} are taken",
                self.cells
            ));
        }
        Ok(())
    }
}

/// What is kept for so many questions, in words.
fn memory(questions: u64) -> String {
    let bytes = questions as f64 * KEPT as f64;
    format!("{:.1} GB", bytes / 1e9)
}

/// The panels that a campaign on an experiment would make, as far as its scenarios were read. The largest is the study on the
/// most seeds that any role has, together with the most workloads that are drawn for one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Panels {
    seeds: u64,
    fewest_seeds: u64,
    size: Size,
}

impl Panels {
    /// Of an experiment of a problem whose drawn workloads have so many questions at most.
    pub(crate) fn of(experiment: &Experiment, most_drawn: u64) -> Self {
        let fewest_seeds = Sequence::Scenarios.last().max(seal::SEEDS[1]) as u64;
        let seeds = fewest_seeds.max(experiment.seeds.into());
        let drawn = if experiment.population.is_some() { TRAINING.max(FINAL).max(SEALED) as u64 } else { 0 };
        Panels { seeds, fewest_seeds, size: Size::default().plus(drawn, most_drawn) }
    }

    /// Adds a scenario with so many questions. Says what is too large with it, and whether it is so without any other and with
    /// the fewest seeds.
    pub(crate) fn add(&mut self, questions: u64) -> Result<(), (bool, String)> {
        let alone = Size::default().plus(self.fewest_seeds, questions);
        alone
            .check()
            .map_err(|problem| (true, format!("{problem} ({} seeds are run for verdicts)", self.fewest_seeds)))?;
        self.size = self.size.plus(self.seeds, questions);
        self.size.check().map_err(|problem| (false, problem))
    }

    /// The key of `campaign.toml` that makes them too large.
    pub(crate) fn key(&self) -> &'static str {
        if self.seeds > self.fewest_seeds { "seeds" } else { "scenarios" }
    }
}

/// How much of a panel one session with a candidate carries.
#[derive(Clone, Copy, Debug)]
pub(super) struct Capacity {
    /// Runs at a time. Each has a seat in the candidate's process, where all seats share the memory that a candidate may use.
    pub(super) seats: usize,
    /// Bytes of a round in which every run puts a question, and of the frame that starts the seats.
    pub(super) frame_bytes: usize,
    /// Memory of the runs at their beginning.
    pub(super) run_bytes: usize,
}

impl Default for Capacity {
    fn default() -> Self {
        Capacity { seats: 4096, frame_bytes: 4 << 20, run_bytes: 1 << 30 }
    }
}

impl Capacity {
    /// Cuts runs into parts that a session carries, in their order, each as long as it can be; a run that is larger than a
    /// session may be has one to itself.
    pub(super) fn parts(self, runs: &[(&[f64], &PanelCell)]) -> Vec<Range<usize>> {
        let mut parts: Vec<Range<usize>> = Vec::new();
        let (mut frame, mut memory) = (0, 0);
        for (at, (parameters, cell)) in runs.iter().enumerate() {
            let question = FRAMING + cell.case.question_bytes();
            let start = FRAMING + std::mem::size_of_val(*parameters);
            let (bytes, run) = (question.max(start), cell.case.bytes());
            let fits = |part: &Range<usize>| {
                part.len() < self.seats && frame + bytes <= self.frame_bytes && memory + run <= self.run_bytes
            };
            match parts.last_mut().filter(|part| fits(part)) {
                Some(part) => part.end = at + 1,
                None => {
                    parts.push(at..at + 1);
                    (frame, memory) = (0, 0);
                }
            }
            (frame, memory) = (frame + bytes, memory + run);
        }
        parts
    }
}

/// Bytes around a question and around the parameters of a seat, at most.
const FRAMING: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_is_said_with_the_memory_that_it_would_take() {
        let size = Size::default().plus(100, 10_000_000).plus(100, 180);
        let problem = size.check().unwrap_err();
        assert!(problem.contains("1000018000 questions") && problem.contains("64.0 GB"), "{problem}");
        assert!(Size::default().plus(200_000, 1).check().unwrap_err().contains("200000 runs"));
        assert!(Size::default().plus(u64::MAX, u64::MAX).plus(2, 2).check().is_err());
        assert_eq!(Size::default().plus(20 * 10, 40_500).plus(96, 20_000).check(), Ok(()));
    }
}

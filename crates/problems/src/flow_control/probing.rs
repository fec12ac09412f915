//! What can be changed about a question, and which way an answer goes.

use super::change;
use super::tally::{FlowTally, closes};
use engine::probe::{Change, Probed, Probing, Tally};
use limiter::wire::Question;

/// Changes of one input each.
const INPUTS: [(change::Change, Probed); 8] = [
    (change::Change::Priorities, plain("priorities")),
    (change::Change::Age, plain("age")),
    (change::Change::MoreWaiting, plain("waiting")),
    (change::Change::NoneWaiting, plain("waiting")),
    (change::Change::MoreInFlight, plain("in_flight")),
    (change::Change::LessInFlight, plain("in_flight")),
    (change::Change::MoreUnseen, plain("unseen")),
    (change::Change::NoneUnseen, plain("unseen")),
];

/// Other pressures.
const OTHERS: [f64; 3] = [0.7, 0.9, 1.1];
/// How far a nudge goes.
const NUDGE: f64 = 1e-9;

const PROBED: [Probed; INPUTS.len()] = {
    let mut probed = [plain(""); INPUTS.len()];
    let mut at = 0;
    while at < INPUTS.len() {
        probed[at] = INPUTS[at].1;
        at += 1;
    }
    probed
};

const fn plain(input: &'static str) -> Probed {
    Probed { input, against: None, rounds: false }
}

pub(super) struct FlowProbing;

impl Probing for FlowProbing {
    fn tally(&self) -> Box<dyn Tally> {
        Box::new(FlowTally::default())
    }

    fn inputs(&self) -> &[Probed] {
        &PROBED
    }

    fn others(&self) -> usize {
        OTHERS.len()
    }

    fn changed(&self, change: Change, question: &[u8]) -> Vec<u8> {
        let own = match change {
            Change::Nothing | Change::MadeUp(_) => return question.to_vec(),
            Change::Input(at) => INPUTS[at].0,
            Change::Other(number) => change::Change::Pressure(OTHERS[number]),
            Change::Nudge(up) => change::Change::Pressure(if up { 1.0 + NUDGE } else { 1.0 - NUDGE }),
            Change::Pressure(factor) => change::Change::Pressure(factor),
        };
        let mut shown = Vec::with_capacity(question.len());
        match Question::read(question) {
            Some(read) => own.of(read).write(|piece| shown.extend_from_slice(piece)),
            None => shown.extend_from_slice(question),
        }
        shown
    }

    /// Up is closed, for the lowest of several bands.
    fn goes_up(&self, question: &[u8], answer: &[u8]) -> Option<bool> {
        let question = Question::read(question).filter(|question| question.bands > 1)?;
        closes(&question, answer, question.bands - 1)
    }

    fn is_pressed(&self, question: &[u8]) -> bool {
        Question::read(question).is_some_and(|question| (0.3..1.0).contains(&question.saturation))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use limiter::wire::MAX_BANDS;

    fn question() -> Question {
        let (mut priorities, mut waiting) = ([0; MAX_BANDS], [0; MAX_BANDS]);
        priorities[..3].copy_from_slice(&[4, 3, -2]);
        waiting[..3].copy_from_slice(&[1, 0, 40]);
        let waiting = Some(waiting);
        Question {
            saturation: 0.8,
            age_us: Some(12_345),
            in_flight: Some(321),
            unseen: Some(17),
            bands: 3,
            priorities,
            waiting,
        }
    }

    fn bytes(question: &Question) -> Vec<u8> {
        let mut bytes = Vec::new();
        question.write(|piece| bytes.extend_from_slice(piece));
        bytes
    }

    #[test]
    fn a_change_of_one_input_changes_it_and_keeps_the_saturation() {
        for (at, Probed { input, .. }) in PROBED.into_iter().enumerate() {
            let shown = FlowProbing.changed(Change::Input(at), &bytes(&question()));
            let after = Question::read(&shown).unwrap();
            assert_ne!(after, question(), "{input}");
            assert_eq!((after.saturation, after.bands), (0.8, 3), "{input}");
        }
    }

    #[test]
    fn what_is_not_told_is_not_made_up() {
        let told = Question { age_us: None, in_flight: None, unseen: None, waiting: None, ..question() };
        for (at, Probed { input, .. }) in PROBED.into_iter().enumerate().skip(1) {
            let shown = FlowProbing.changed(Change::Input(at), &bytes(&told));
            assert_eq!(Question::read(&shown), Some(told), "{input}");
        }
    }

    #[test]
    fn no_pressure_comes_to_where_nobody_is_asked() {
        let shown = FlowProbing.changed(Change::Pressure(16.0), &bytes(&question()));
        assert!(Question::read(&shown).unwrap().saturation < 1.0);
    }
}

//! What can be changed about a question, and which way an answer goes.

use super::change::{self, Moment};
use super::tally::{AdmissionTally, saturation};
use admitter::wire;
use engine::probe::{Change, Probed, Probing, Tally};

/// Changes of one input each, with what they are one change away from.
const INPUTS: [(change::Change, Probed); 18] = [
    (change::Change::LongPrompt, plain("prompt")),
    (change::Change::ShortPrompt, plain("prompt")),
    (change::Change::Priority, plain("priority")),
    (change::Change::OneClient, plain("client")),
    (change::Change::OtherNames, plain("client")),
    (change::Change::HighLimit, plain("limit")),
    (change::Change::LowLimit, plain("limit")),
    (change::Change::LongPrediction, plain("prediction")),
    (change::Change::ShortPrediction, plain("prediction")),
    (change::Change::FromKv, Probed { input: "queue_or_kv", against: None, rounds: true }),
    (change::Change::FromQueue, Probed { input: "queue_or_kv", against: None, rounds: true }),
    (change::Change::Imbalance, Probed { input: "imbalance", against: Some(9), rounds: true }),
    (change::Change::Running, plain("running")),
    (change::Change::InFlight, plain("in_flight")),
    (change::Change::Age, plain("age")),
    (change::Change::Capacity, plain("capacity")),
    (change::Change::Instances, Probed { input: "instances", against: None, rounds: true }),
    (change::Change::Draw(1), plain("draw")),
];

/// Other draws and pressures.
const OTHERS: [change::Change; 4] =
    [change::Change::Draw(2), change::Change::Draw(3), change::Change::Pressure(0.7), change::Change::Pressure(1.5)];
/// No round numbers: few thresholds lie there.
const UNEVEN: [change::Change; 2] = [change::Change::Uneven(0.2347), change::Change::Uneven(0.5121)];
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

pub(super) struct AdmissionProbing;

impl Probing for AdmissionProbing {
    fn tally(&self) -> Box<dyn Tally> {
        Box::new(AdmissionTally::default())
    }

    fn inputs(&self) -> &[Probed] {
        &PROBED
    }

    fn others(&self) -> usize {
        OTHERS.len()
    }

    fn made_up(&self) -> usize {
        UNEVEN.len()
    }

    fn changed(&self, change: Change, question: &[u8]) -> Vec<u8> {
        let own = match change {
            Change::Nothing => return question.to_vec(),
            Change::Input(at) => INPUTS[at].0,
            Change::Other(number) => OTHERS[number],
            Change::Nudge(up) => change::Change::Nudge(if up { 1.0 + NUDGE } else { 1.0 - NUDGE }),
            Change::MadeUp(number) => UNEVEN[number],
            Change::Pressure(factor) => change::Change::Pressure(factor),
        };
        match Moment::read(question) {
            Some(moment) => own.of(moment).write(),
            None => question.to_vec(),
        }
    }

    fn reorder(&self, question: &mut [u8], seed: u64) {
        if let Some(mut moment) = Moment::read(question) {
            change::shuffle(&mut moment.instances, seed);
            question.copy_from_slice(&moment.write());
        }
    }

    fn goes_up(&self, question: &[u8], answer: &[u8]) -> Option<bool> {
        let (request, _) = wire::read_request(question)?;
        (request.priority < 0).then_some(answer == [wire::REJECT])
    }

    fn is_pressed(&self, question: &[u8]) -> bool {
        Moment::read(question).is_some_and(|moment| (0.1..1.2).contains(&saturation(&moment.instances)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use change::tests::moment;

    #[test]
    fn a_change_of_one_input_changes_it_and_keeps_the_saturation() {
        let moment = moment();
        let question = moment.write();
        for (at, Probed { input, against, .. }) in PROBED.into_iter().enumerate() {
            let shown = AdmissionProbing.changed(Change::Input(at), &question);
            let before = AdmissionProbing.changed(against.map_or(Change::Nothing, Change::Input), &question);
            let after = Moment::read(&shown).unwrap();
            assert!((saturation(&after.instances) - saturation(&moment.instances)).abs() < 1e-12, "{input}");
            assert_ne!(shown, before, "{input}");
        }
    }
}

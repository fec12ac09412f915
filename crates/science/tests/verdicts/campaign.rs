//! A campaign of one claim, from its opening to its end, with recorded trials in the place of a simulator.

use crate::recorded::take;
use science::bundle::{Arm, ArmKind, Bundle, Design, Prediction, Relation, Side};
use science::effect::Comparison;
use science::event::{Candidate, Event, RULES, Started};
use science::experiment::{Agents, Budget, Claim, Experiment, Objective};
use science::id::{CandidateId, Hash};
use science::judge::{Finding, judge};
use science::nonce::Nonce;
use science::objective::{Measurement, Yardsticks};
use science::outcome::Outcome;
use science::sequence::LOOKS;
use science::spec::Spec;
use science::state::{Action, State, Test};
use science::yardsticks::Scale;
use std::collections::{BTreeMap, BTreeSet};

/// What admission measures, and what counts there.
pub(crate) fn spec() -> Spec {
    serde_json::from_str(include_str!("../../../../tests/fixtures/admission.spec.json")).expect("a spec")
}

/// What a campaign meets.
pub(crate) struct World<'a> {
    pub(crate) scenarios: &'a [String],
    /// On the search seeds.
    pub(crate) yardsticks: &'a Yardsticks,
    pub(crate) searched: Measurement,
    /// On as many verdict seeds as a claim may take.
    pub(crate) candidate: Measurement,
    pub(crate) reference: Measurement,
}

/// The yardsticks that a campaign measured on its search seeds.
pub(crate) fn yardsticks(lambda: f64, [reference, again]: [Measurement; 2]) -> Yardsticks {
    Yardsticks {
        extremes: vec![reference.clone()],
        scale: Some(Scale { up: reference.clone(), down: reference.clone(), rate: lambda }),
        reference_again: again,
        reference,
        overloaded: vec![],
        drawn: 0,
        one_trace: false,
    }
}

impl World<'_> {
    /// The finding on the claim that the candidate saves at least `size`, as a campaign's own state comes by it.
    pub(crate) fn finding(&self, size: f64) -> Finding {
        let mut state = State::default();
        let written = Event::CandidateWritten { arm: "main".into(), candidate: written(), work: vec![] };
        let opening = [opened(self.scenarios), self.calibrated(), registered(size), written];
        opening.iter().for_each(|event| state.apply(event).expect("it may follow"));
        loop {
            let event = match state.next_action() {
                Action::Evaluate { candidate } => Event::CandidateEvaluated {
                    candidate,
                    outcome: Outcome::Scored,
                    measurement: Some(Box::new(self.searched.clone())),
                    trials: Hash::of(b""),
                    descriptor: None,
                    acts_like: None,
                },
                Action::Test { tests } => self.tested(tests[0].clone()),
                Action::Tune { .. } => unreachable!("no candidate declares constants"),
                Action::Simplify { candidate: of } => {
                    Event::Simplified { of, tried: vec![], trials: Hash::of(b""), candidate: None }
                }
                Action::Extract => {
                    Event::PrinciplesRevised { changes: vec![], failure: None, notes: None, work: vec![] }
                }
                Action::Record(event) => *event,
                Action::Rest => break,
                action => panic!("a campaign of one claim does not ask for {action:?}"),
            };
            state.apply(&event).expect("it may follow");
        }
        state.iterations[0].arms[0].finding.clone().expect("the claim was judged")
    }

    fn calibrated(&self) -> Event {
        Event::Calibrated { yardsticks: Box::new(self.yardsticks.clone()), trials: Hash::of(b"") }
    }

    fn tested(&self, Test { policy, from, to }: Test) -> Event {
        let measured = match policy {
            Side::Reference => &self.reference,
            Side::Candidate(_) => &self.candidate,
            Side::Baseline | Side::Arm(_) => panic!("{policy:?} needs no run"),
        };
        let seeds: Vec<usize> = (from..to).collect();
        Event::Tested {
            policy,
            from: from as u32,
            outcome: Outcome::Scored,
            measurement: Some(Box::new(take(measured, &seeds))),
            trials: Hash::of(b""),
        }
    }
}

/// The finding on a claim of any metric, look by look: a main arm may claim net saving only, others anything.
pub(crate) fn finding(comparison: &Comparison<'_>, metric: &str, size: f64) -> Finding {
    let prediction = prediction(metric, size);
    let looks = LOOKS.iter().enumerate();
    let mut findings = looks.filter_map(|(number, look)| {
        judge(&prediction, &comparison.effects(&prediction, *look), number + 1 == LOOKS.len())
    });
    findings.next().expect("the last look decides")
}

/// The claim that an arm beats the reference by `size`.
pub(crate) fn prediction(metric: &str, size: f64) -> Prediction {
    Prediction {
        metric: metric.into(),
        against: vec![Side::Reference],
        scope: vec![],
        relation: Relation::AtLeast(size),
        at_most: None,
        each: false,
        confidence: 0.5,
        interval: None,
    }
}

fn opened(scenarios: &[String]) -> Event {
    let experiment = Experiment {
        problem: "admission".into(),
        question: "?".into(),
        iterations: 1,
        seeds: 5,
        baseline: "b".into(),
        reference: "r".into(),
        space_source: None,
        scenarios: scenarios.to_vec(),
        population: None,
        objective: Objective { reference_scale: Some("k".into()), scale: None, constraints: vec![] },
        claim: Claim::default(),
        dimensions: vec![],
        budget: Budget::default(),
        agents: Agents::default(),
    };
    Event::Started(Box::new(Started {
        rules: RULES,
        name: "admission".into(),
        experiment,
        spec: spec(),
        scenarios: scenarios.to_vec(),
        training: vec![],
        workloads: vec![],
        inputs: BTreeMap::new(),
        nonce: Nonce::of(1),
        meaning: Hash::of(b"what is measured"),
        traces: vec![],
        agents: "recorded".into(),
        toolchain: "none".into(),
        version: "0".into(),
        sandboxed: true,
        repairs: 0,
    }))
}

fn registered(size: f64) -> Event {
    let main = Arm {
        name: "main".into(),
        kind: ArmKind::Main,
        hypothesis: "h".into(),
        mechanism: "m".into(),
        diagnostic: "d".into(),
        prediction: prediction("net_saving", size),
        design: Design { intent: "i".into(), point: None, uses: BTreeSet::new(), without: None, candidate: None },
    };
    let bundle = Bundle { question: "q".into(), parent: Side::Reference, components: vec![], arms: vec![main] };
    Event::BundleRegistered { bundle: Box::new(bundle), work: vec![] }
}

fn written() -> Candidate {
    Candidate {
        id: CandidateId::from("c1".to_owned()),
        source: Hash::of(b"c1"),
        parent: None,
        point: None,
        description_length: Some(3),
        repairs: None,
        tunables: 0,
        tunes: None,
    }
}

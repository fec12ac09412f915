//! What each step of the made-up campaign says.

use super::{Played, SCENARIOS, SEEDS, hash, source, spec};
use science::asked::Replaced;
use science::audit::AuditedPoint;
use science::bundle::{Arm, ArmKind, Bundle, Design, Prediction, Relation, Side};
use science::event::{Candidate, Event, Simpler};
use science::id::{CandidateId, Hash};
use science::objective::{Cell, Measurement, Yardsticks};
use science::outcome::Outcome;
use science::principle::{Change, Confidence, Principle, Status};
use science::space::{Constraint, Point, Value, Within};
use science::tuner::{Range, Tried};
use science::yardsticks::{self, SCALES};
use std::collections::BTreeSet;

pub(super) fn plain(event: Event) -> Played {
    Played { event, source: None, message: None, policies: vec![] }
}

fn measurement(y: f64, x: f64) -> Measurement {
    let cell = |seed: u32| {
        let off = f64::from(seed) * 1e-4;
        Cell { gain: y + off, cost: x + off, violations: 0 }
    };
    let thirds = SCENARIOS.map(|_| vec![1.0 / 3.0; SEEDS as usize]).to_vec();
    Measurement {
        cells: SCENARIOS.map(|_| (0..SEEDS).map(cell).collect()).to_vec(),
        series: spec().series.into_iter().map(|series| (series.name, thirds.clone())).collect(),
    }
}

pub(super) fn calibrated() -> Played {
    let reference = || measurement(0.25, 0.4);
    let scales = SCALES.map(|power| measurement(0.25 + 0.02 * f64::from(power), 0.4 + 0.04 * f64::from(power)));
    let extremes = vec![measurement(0.4, 0.8), measurement(0.0, 0.0)];
    let yardsticks = Yardsticks {
        overloaded: vec!["far".into()],
        ..Yardsticks::new(reference(), vec![reference(), reference()], extremes, scales.into())
    };
    let policies = yardsticks::policies(&spec(), yardsticks.twins.len());
    let event = Event::Calibrated { yardsticks: Box::new(yardsticks), trials: hash(&policies) };
    Played { policies, ..plain(event) }
}

fn arm(name: &str, kind: ArmKind, against: Vec<Side>) -> Arm {
    Arm {
        name: name.into(),
        kind,
        hypothesis: "h".into(),
        mechanism: "m".into(),
        diagnostic: "d".into(),
        prediction: Prediction {
            metric: "saving".into(),
            against,
            scope: vec![],
            relation: Relation::AtLeast(0.02),
            at_most: None,
            each: false,
            confidence: 0.5,
            interval: None,
        },
        design: Design {
            intent: "i".into(),
            point: None,
            uses: BTreeSet::new(),
            without: None,
            variants: vec![],
            candidate: None,
        },
    }
}

pub(super) fn plan(iteration: u32) -> Event {
    if iteration == 2 {
        let asked = vec![replaced()];
        return Event::PlanFailed { reason: "it answered with a poem".into(), asked, work: vec![] };
    }
    let parent = if iteration == 3 { Side::Candidate(CandidateId::from("c1".to_owned())) } else { Side::Reference };
    let main = arm("main", ArmKind::Main, vec![parent.clone()]);
    let ablation = arm("ablation", ArmKind::Ablation, vec![Side::Arm("main".into())]);
    let mut control = arm("control", ArmKind::ControlNegative, vec![Side::Reference, Side::Arm("main".into())]);
    control.prediction.metric = "ttft_p90".into();
    control.prediction.scope = vec!["far".into()];
    control.prediction.relation = Relation::Within(0.01);
    let bundle = Bundle { question: "q".into(), parent, components: vec![], arms: vec![main, ablation, control] };
    let asked = if iteration == 3 { vec![replaced()] } else { vec![] };
    Event::BundleRegistered { bundle: Box::new(bundle), asked, work: vec![] }
}

/// What a planner had measured.
fn replaced() -> Replaced {
    Replaced {
        of: CandidateId::from("c1".to_owned()),
        find: "5.0".into(),
        replace: "4.0".into(),
        made: CandidateId::from("c9".to_owned()),
        outcome: Outcome::Scored,
        worth: Some(0.1),
        effect: Some([0.01, 0.02]),
        objections: vec!["regret (points) 6.000 is above 5".into()],
        beyond: Some(0.001),
        trials: Hash::of(b""),
    }
}

pub(super) fn implement(iteration: u32, arm: &str) -> Played {
    let (id, parent) = match (iteration, arm) {
        (1, "main") => ("c1", None),
        (1, "ablation") => ("c2", Some("c1")),
        (1, _) => ("c1", None), // the same code once more
        (3, "main") => ("c3", Some("c1")),
        _ => {
            return plain(Event::ExecutorFailed {
                arm: arm.into(),
                reason: "it answered with a poem".into(),
                work: vec![],
            });
        }
    };
    let candidate = Candidate {
        id: CandidateId::from(id.to_owned()),
        source: Hash::of(source(id).as_bytes()),
        parent: parent.map(|parent| CandidateId::from(parent.to_owned())),
        point: Some([("half".to_owned(), Value::Number(0.5))].into()),
        description_length: Some(3),
        repairs: None,
        tunables: u32::from(id == "c1"),
        tunes: None,
    };
    Played { source: Some(source(id)), ..plain(Event::CandidateWritten { arm: arm.into(), candidate, work: vec![] }) }
}

pub(super) fn evaluate(candidate: &CandidateId) -> Played {
    let (outcome, measured) = match candidate.as_str() {
        "c1" => (Outcome::Scored, Some(measurement(0.25, 0.36))),
        "c2" => (Outcome::Timeout, None),
        _ => (Outcome::Scored, Some(measurement(0.25, 0.48))),
    };
    let scored = outcome == Outcome::Scored;
    let event = Event::CandidateEvaluated {
        candidate: candidate.clone(),
        outcome,
        scale: measured.as_ref().map(|_| 0.7),
        measurement: measured.map(Box::new),
        part: None,
        trials: if scored { hash(&[candidate.as_str()]) } else { hash::<&str>(&[]) },
        descriptor: None,
        acts_like: None,
    };
    let policies = if scored { vec![candidate.as_str().to_owned()] } else { vec![] };
    Played { policies, message: Some(format!("what rustc said of {candidate}")), ..plain(event) }
}

/// Its own constant, and one that is better.
pub(super) fn tune(candidate: &CandidateId) -> Played {
    let tried = |half: f64, value: f64| Tried::new(vec![half], value);
    let retuned = Candidate {
        id: CandidateId::from("c4".to_owned()),
        source: Hash::of(source("c4").as_bytes()),
        parent: Some(candidate.clone()),
        point: Some([("half".to_owned(), Value::Number(0.6))].into()),
        description_length: Some(3),
        repairs: None,
        tunables: 1,
        tunes: Some(candidate.clone()),
    };
    let event = Event::Tuned {
        candidate: candidate.clone(),
        tunables: vec![Range { name: "half".into(), default: 0.5, low: 0.0, high: 1.0 }],
        tried: vec![tried(0.5, 0.1), tried(0.6, 0.12)],
        trials: Hash::of(b"tuning"),
        best: vec![0.6],
        retuned: Some(retuned),
    };
    Played { source: Some(source("c4")), ..plain(event) }
}

/// Points of which the first is off the scale and none is better than what is known.
pub(super) fn audited(principle: String, points: Vec<Point>) -> Event {
    let saving = |at: usize| (at > 0).then_some(-0.1 / at as f64);
    let points = points.into_iter().enumerate();
    let points = points
        .map(|(at, point)| AuditedPoint {
            point,
            saving: saving(at),
            worth: saving(at),
            scale: saving(at).map(|_| 0.7),
            runs: 1,
            admissible: at % 2 == 0,
        })
        .collect();
    Event::Audited { principle, points, trials: Hash::of(b"") }
}

/// A term that costs too much, and one that does not matter.
pub(super) fn simplify(candidate: &CandidateId) -> Played {
    let tried = |change: &str, gain: f64, kept: bool| Simpler {
        change: change.into(),
        outcome: Outcome::Scored,
        gain: Some(gain),
        description_length: Some(2),
        admissible: true,
        kept,
    };
    let made = Candidate {
        id: CandidateId::from("c5".to_owned()),
        source: Hash::of(source("c5").as_bytes()),
        parent: Some(candidate.clone()),
        point: None,
        description_length: Some(2),
        repairs: None,
        tunables: 0,
        tunes: None,
    };
    let event = Event::Simplified {
        of: candidate.clone(),
        tried: vec![tried("without `a` in `a * b`", -0.1, false), tried("without `b` in `a * b`", 0.0, true)],
        trials: Hash::of(b"simplifying"),
        candidate: Some(made),
    };
    Played { source: Some(source("c5")), ..plain(event) }
}

pub(super) fn lessons(iteration: u32) -> Vec<Change> {
    let principle = |id: &str, evidence: &[&str], confidence| Principle {
        id: id.into(),
        statement: "s".into(),
        mechanism: "m".into(),
        regime: "r".into(),
        evidence: evidence.iter().map(|finding| (*finding).to_owned()).collect(),
        confidence,
        status: Status::Active,
        constraint: Some(Constraint { excludes: [("half".to_owned(), Within::Range([0.0, 0.25]))].into() }),
    };
    match iteration {
        1 => vec![Change::Insert(principle("P1", &["F1.main", "F1.ablation"], Confidence::Provisional))],
        3 => vec![
            Change::Refine(principle("P1", &["F1.main", "F3.main"], Confidence::Provisional)),
            Change::Insert(principle("P2", &["F3.main", "F7.hearsay"], Confidence::Provisional)),
        ],
        _ => vec![Change::Retire { id: "P2".into(), reason: "contradicted".into() }],
    }
}

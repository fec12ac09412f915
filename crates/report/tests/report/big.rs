//! Campaigns of any size, to see that a report of them stays small and quick.

use crate::campaign::{arm, bundle, calibrated, evaluated, fold, measurement, opening, written};
use science::bundle::{Arm, ArmKind, Side};
use science::descriptor::{Curve, Descriptor, Trend};
use science::event::Event;
use science::id::CandidateId;
use science::space::Value;
use science::state::State;
use std::collections::BTreeMap;

/// The id of the candidate at this place.
fn id(iteration: usize, arm: usize) -> String {
    format!("{:08x}{:08x}", (iteration * 2_654_435 + arm * 40_503 + 17) as u32, iteration * 100 + arm)
}

/// A campaign of so many iterations with so many arms each; what they are worth wanders up, with some that fail.
pub(crate) fn campaign(iterations: usize, arms: usize) -> State {
    let mut opened = opening();
    opened.experiment.iterations = iterations as u32;
    let mut all = vec![Event::Started(Box::new(opened)), calibrated()];
    for number in 0..iterations {
        all.extend(turn(number, arms));
    }
    fold(&all)
}

fn turn(number: usize, arms: usize) -> Vec<Event> {
    let parent = number.checked_sub(1 + number % 3).map(|before| id(before, 0));
    let side = parent.as_ref().map_or(Side::Reference, |parent| Side::Candidate(CandidateId::from(parent.clone())));
    let claims: Vec<Arm> = (0..arms)
        .map(|at| {
            let kind = if at == 0 { ArmKind::Main } else { ArmKind::Robustness };
            let name = if at == 0 { "main".to_owned() } else { format!("around-{at}") };
            let mut own = arm(&name, kind, Side::Reference, 0.5 + 0.04 * (at % 10) as f64);
            own.design.point =
                Some(BTreeMap::from([("half".into(), Value::Number(0.3 + 0.001 * (number * 3 + at) as f64))]));
            own
        })
        .collect();
    let names: Vec<String> = claims.iter().map(|arm| arm.name.clone()).collect();
    let mut events = vec![bundle(&format!("Does change {number} save work?"), side, claims)];
    for (at, name) in names.iter().enumerate() {
        events.push(written(name, &id(number, at), parent.as_deref()));
        let worth = 0.03 + 0.07 * number as f64 / 50.0 + 0.003 * ((number * 7 + at * 13) % 11) as f64;
        let measured = (at == 0 || !(number + at).is_multiple_of(17)).then(|| measurement(0.25, 0.4 * (1.0 - worth)));
        events.push(described(evaluated(&id(number, at), measured)));
    }
    events.push(Event::PrinciplesRevised { changes: vec![], failure: None, notes: None, work: vec![] });
    events
}

/// The same with what its trials showed of it.
fn described(event: Event) -> Event {
    match event {
        Event::CandidateEvaluated { candidate, outcome, scale, measurement, trials, acts_like, .. } => {
            let points = (0..24).map(|at| (f64::from(at) / 12.0, (f64::from(at) / 20.0).min(1.0).powi(3))).collect();
            let curve = Curve { input: "queue_length".into(), points };
            let descriptor = Some(Box::new(Descriptor { trend: Trend::Rising, curve, ..Descriptor::default() }));
            Event::CandidateEvaluated {
                candidate,
                outcome,
                scale,
                measurement,
                part: None,
                trials,
                descriptor,
                acts_like,
            }
        }
        other => other,
    }
}

/// A source of a usual length for each candidate that is quoted.
pub(crate) fn sources(state: &State) -> BTreeMap<CandidateId, String> {
    let line = |at: usize, id: &CandidateId| {
        format!("    let weight_{at} = cluster.load() * {}.{at}; // {}\n", at % 7, id.short())
    };
    let source = |id: &CandidateId| (0..60).map(|at| line(at, id)).collect::<String>();
    report::quoted(state).into_iter().map(|id| (id.clone(), source(&id))).collect()
}

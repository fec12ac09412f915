//! A problem in which nothing is paid for what is gained: reports speak of it in its own words, and of no cost.

use crate::campaign::{FIRST, arm, bundle, evaluated, fold, opening, record, written};
use crate::{formats, full, unwrapped};
use report::{Evaluation, Record, Timing, json, terminal};
use science::bundle::{Arm, ArmKind, Side};
use science::descriptor::{Curve, Descriptor, Trend};
use science::event::{Event, Started};
use science::experiment::Claim;
use science::id::{CandidateId, Hash};
use science::objective::{Cell, Measurement, Scoring, Yardsticks};
use science::outcome::Outcome;
use science::seal::{self, Look};
use science::spec::Spec;
use science::state::State;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Words that none but the problem of the other tests, or a problem with cost, has.
const FOREIGN: [&str; 18] = [
    "admission",
    "admit",
    "shed",
    "saturation",
    "ttft",
    "droppable",
    "refuse",
    "protected",
    "net saving",
    "net_saving",
    "value ratio",
    "value_ratio",
    "lambda",
    "exchange rate",
    "throughput",
    "equal improvement",
    "tier",
    " cost",
];

/// Cranes that are to load ships sooner.
fn spec() -> Spec {
    let named = |name: &str, unit: &str| json!({ "name": name, "unit": unit, "meaning": name });
    let spec = json!({
        "problem": "harbour",
        "metrics": [named("loading_hours", "plain"), named("crane_moves", "count")],
        "series": [
            {"name": "crane_moves", "unit": "count", "better": "less", "claims": true, "meaning": "moves beyond the baseline's"},
        ],
        "figures": [
            {"name": "move_rate", "of": {"mean": "crane_moves"}, "by_scenario": true},
            {"name": "moves_in_all", "of": {"sum": "crane_moves"}},
        ],
        "aim": {"kind": "gain", "gain": named("haste", "log"), "worth": named("head_start", "log")},
        "inputs": [named("tide_height", "plain")],
        "opt_in": ["tide_height"],
        "violation": ["sank", "full barges"],
        "invariance": "the order of the piers",
        "extremes": [],
    });
    serde_json::from_value(spec).unwrap()
}

/// This gain in both harbours, with a little spread over three seeds.
fn measurement(gain: f64) -> Measurement {
    let cell = |seed: usize| Cell { gain: gain + seed as f64 * 1e-3, cost: 0.0, violations: 0 };
    let series = [("crane_moves".to_owned(), vec![vec![7.0; 3]; 2])].into();
    Measurement { cells: vec![(0..3).map(cell).collect(); 2], series }
}

fn claim() -> Claim {
    Claim { worth: 0.01, ..Claim::default() }
}

fn started() -> Event {
    let mut opened = Started { name: "harbour".into(), spec: spec(), ..opening() };
    opened.scenarios = vec!["north_pier".into(), "south_pier".into()];
    let experiment = &mut opened.experiment;
    experiment.problem = "harbour".into();
    experiment.question = "Which crane loads first?".into();
    (experiment.baseline, experiment.reference) = ("nearest".into(), "longest-queue".into());
    experiment.objective.reference_scale = None;
    (experiment.objective.constraints, experiment.claim, experiment.iterations) = (vec![], claim(), 1);
    Event::Started(Box::new(opened))
}

fn calibrated() -> Event {
    let yardsticks = Yardsticks::new(measurement(0.2), vec![measurement(0.2001)], vec![], vec![]);
    Event::Calibrated { yardsticks: Box::new(yardsticks), trials: Hash::of(b"") }
}

fn descriptor() -> Descriptor {
    Descriptor {
        trend: Trend::Falling,
        facts: [("turning_point".into(), Some(0.4))].into(),
        inputs: ["tide_height".into()].into(),
        curve: Curve { input: "queue_length".into(), points: vec![(1.0, 0.9), (8.0, 0.1)] },
        ..Descriptor::default()
    }
}

/// A campaign whose only candidate gains 5 points more than the reference.
fn campaign() -> State {
    let main = arm("main", ArmKind::Main, Side::Reference, 0.7);
    let mut main =
        Arm { hypothesis: "the longest queue waits longest".into(), diagnostic: "look at north_pier".into(), ..main };
    main.prediction.metric = "head_start".into();
    main.design.intent = "serve the longest queue".into();
    let measured = match evaluated(FIRST, Some(measurement(0.25))) {
        Event::CandidateEvaluated { candidate, outcome, measurement, trials, acts_like, .. } => {
            let descriptor = Some(Box::new(descriptor()));
            Event::CandidateEvaluated {
                candidate,
                outcome,
                scale: None,
                measurement,
                part: None,
                trials,
                descriptor,
                acts_like,
            }
        }
        other => other,
    };
    let lessons = Event::PrinciplesRevised { changes: vec![], failure: None, notes: None, work: vec![] };
    let simplified = Event::Simplified {
        of: CandidateId::from(FIRST.to_owned()),
        tried: vec![],
        trials: Hash::of(b""),
        candidate: None,
    };
    let question = bundle("Does the longest queue come first?", Side::Reference, vec![main]);
    fold(&[started(), calibrated(), question, written("main", FIRST, None), measured, lessons, simplified])
}

/// A sealed panel: the study, and three further harbours that count as drawn.
fn look(state: &State) -> Look {
    let sealed = |gain: f64| {
        let (mut measured, more) = (measurement(gain), measurement(gain));
        measured.cells.extend(more.cells.into_iter().cycle().take(3));
        measured.series.values_mut().for_each(|rows| rows.extend_from_within(..1));
        measured.series.values_mut().for_each(|rows| rows.extend_from_within(..2));
        measured
    };
    let of = Yardsticks::new(sealed(0.2), vec![sealed(0.2001)], vec![], vec![]);
    let yardsticks = Yardsticks { drawn: 3, ..of };
    seal::look(
        (&sealed(0.25), None, None),
        4,
        Scoring { yardsticks: &yardsticks, ..state.scoring() },
        &state.opened().experiment,
    )
}

/// What `evaluate` shows of the candidate, as text and as JSON.
fn evaluation(state: &State) -> (String, Value) {
    let (spec, descriptor) = (spec(), descriptor());
    let [own, reference] = [0.25, 0.2].map(|gain| state.scoring().score(&measurement(gain)));
    let evaluation = Evaluation {
        spec: &spec,
        candidate: FIRST,
        outcome: Outcome::Scored,
        message: "",
        score: Some(&own),
        description_length: Some(4),
        objections: &[],
        reference: &reference,
        sandboxed: true,
        descriptor: Some(&descriptor),
        curves: std::slice::from_ref(&descriptor.curve),
        regret_bound: None,
        cached: false,
        timing: Timing::default(),
    };
    (terminal::score(&evaluation), json::evaluation(&evaluation))
}

#[test]
fn a_problem_without_cost_is_reported_in_its_own_words_alone() {
    let state = campaign();
    let looks = [look(&state), look(&state)];
    let sources = BTreeMap::from([(CandidateId::from(FIRST.to_owned()), "pub struct Crane;".to_owned())]);
    let record = Record { directory: "experiments/harbour", sources: &sources, looks: &looks, ..record(&state) };
    let (text, json) = evaluation(&state);
    let mut all = formats(&record);
    all.extend([("evaluation", text), ("json evaluation", json.to_string())]);
    for (format, text) in all {
        let text = unwrapped(&text).to_lowercase();
        for word in FOREIGN {
            assert!(!text.contains(word), "{format} says `{word}`: {text}");
        }
    }
}

#[test]
fn what_a_champion_is_worth_is_said_in_points_by_the_problems_name() {
    let state = campaign();
    let looks = [look(&state)];
    let text = unwrapped(&full(&Record { looks: &looks, ..record(&state) }));
    for said in [
        "Under the seal: head start 5.00 points [5.00, 5.00] on 3 fresh workloads that nobody had seen",
        "≥ 2.00 points over ref",
        "The champion beats the reference, on fresh workloads of the population and on the study.",
        "On 3 sealed workloads, fresh ones from the population that the search drew from: head start 5.00 points [5.00, 5.00]",
        "head start above 0 +0.0500 [+0.0500, +0.0500] holds",
        "head start estimated at no less than 0.01 +0.0400 - holds",
        "it sank no full barges 0.0000 - holds",
        "a share that FALLS as queue length rises: 90.0 % at 1.00, 10.0 % at 8.00 (its trials met 1.00 to 8.00); read off that curve: turning point 0.40; looks at queue length and tide height",
        "no other is at least as good in haste and description length",
        "Needs what production does not pass today: tide height.",
        "With production's inputs None. With inputs that production does not pass today (tide height)",
    ] {
        assert!(text.contains(said), "no `{said}` in {text}");
    }
}

#[test]
fn json_has_the_names_of_the_problem_for_keys_and_says_what_they_are() {
    let state = campaign();
    let report = json::report(&record(&state));
    let score = report["champion"]["score"].as_object().unwrap();
    let expected = [
        "haste",
        "haste_ci",
        "head_start",
        "head_start_ci",
        "loss",
        "move_rate",
        "moves_in_all",
        "panels",
        "regret",
        "regret_scenario",
        "scenarios",
        "shortfall",
        "violations",
    ];
    assert_eq!(score.keys().collect::<Vec<_>>(), expected);
    assert_eq!((&score["moves_in_all"], &score["scenarios"][0]["move_rate"]), (&json!(42), &json!(7.0)));
    assert_eq!(report["lineage"][0]["head_start"], score["head_start"]);
    assert_eq!(
        (&report["yardsticks"]["attainable"], &report["yardsticks"]["exchange_rate"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(report["yardsticks"]["rows"].as_array().unwrap().len(), 3);
    assert_eq!(report["spec"], serde_json::to_value(spec()).unwrap());
    // Baseline, reference and the reference again, then the candidate.
    assert_eq!(report["trials"]["search"], 4 * 6);
    let (_, evaluation) = evaluation(&state);
    assert_eq!(evaluation["descriptor"]["turning_point"], 0.4);
}

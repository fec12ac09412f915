//! A problem of another kind: nothing that the prompts say is left of the first one.

use crate::campaign::{self, Script};
use agents::llm::{Context, Executor, Extractor, Passages, Planner, Request};
use agents::{Brief, Fault, Planner as _};
use science::defect::Defect;
use science::event::Started;
use science::experiment::{Claim, Experiment, Guard, Objective};
use science::outcome::Outcome;
use science::spec::{Aggregate, Aim, Described, Direction, Extreme, Figure, Series, Spec, Unit};
use science::state::State;

/// How words of the first problem begin, and of what it is part of.
const FOREIGN: [&str; 25] = [
    "shed",
    "saturation",
    "ttft",
    "e2e",
    "latenc",
    "droppable",
    "critical",
    "quintic",
    "admi",
    "refuse-",
    "refuse_",
    "reject",
    "net-saving",
    "net_saving",
    "saving",
    "improvement",
    "λ",
    "cluster",
    "router",
    "instances",
    "in_flight",
    "priority",
    "scrape",
    "prompt",
    "cache",
];

/// The loop's own word for a candidate that keeps the rules.
const OWN: &str = "admissible";

fn described(name: &str, unit: Unit, meaning: &str) -> Described {
    Described { name: name.into(), unit, meaning: meaning.into() }
}

/// Letters are sorted as fast as can be; nothing is paid for it.
fn spec() -> Spec {
    Spec {
        problem: "sorting".into(),
        metrics: vec![described("seconds", Unit::Plain, "time that it took")],
        prices: vec![],
        plainly: vec![],
        groups: vec![],
        series: vec![Series {
            name: "swaps".into(),
            unit: Unit::Count,
            better: Direction::Less,
            claims: true,
            meaning: "pairs that were swapped".into(),
        }],
        figures: vec![Figure { name: "swaps".into(), of: Aggregate::Sum("swaps".into()), by_scenario: true }],
        aim: Aim::Gain {
            gain: described("speedup", Unit::Log, "minus ln(seconds / the baseline's seconds)"),
            worth: described("lead", Unit::Log, "speedup beyond the reference's"),
        },
        hindsight: None,
        features: vec![],
        inputs: vec![described("length", Unit::Plain, "how many letters there are")],
        violation: ["lost".into(), "letters".into()],
        opt_in: vec![],
        invariance: Some("the colour of the letters".into()),
        extremes: vec![Extreme { name: "oracle".into(), policy: "oracle".into(), beyond_help: None }],
    }
}

fn started() -> Started {
    let started = campaign::started(3);
    let guards = ["regret", "speedup", "swaps", "drawn_regret"];
    let guard = |metric: &str| Guard { metric: metric.into(), at_most: Some(5.0), at_least: None };
    Started {
        name: "letters".into(),
        spec: spec(),
        workloads: vec!["a thousand letters".into()],
        experiment: Experiment {
            problem: "sorting".into(),
            question: "How are letters sorted sooner?".into(),
            baseline: "bubble".into(),
            reference: "merge".into(),
            population: Some("letters.toml".into()),
            objective: Objective { constraints: guards.map(guard).to_vec(), ..Objective::default() },
            claim: Claim { worth: 0.04, shortfall: 2.0, ..Claim::default() },
            ..started.experiment
        },
        ..started
    }
}

fn context(texts: &[&str]) -> Context {
    let passages = Passages { contract: "sorter".into(), hook: "Sorter".into(), ..campaign::passages() };
    let contract = "//! How letters are compared.\npub trait Sorter {}\n".into();
    Context { passages, contract, ..campaign::context(Script::new(texts)).0 }
}

/// Everything that is asked in a campaign: from its beginning, and where it is under way.
fn requests() -> Vec<Request> {
    let (planner, executor, extractor) =
        (Planner::new(context(&[])), Executor::new(context(&[])), Extractor::new(context(&[])));
    let source = Some("use sorter::prelude::*;");
    let mut state = campaign::begun(started(), 7);
    let mut requests = vec![
        planner
            .request(Brief { state: &campaign::begun(started(), 0), source: None, space: None, library: None })
            .unwrap(),
        planner.request(Brief { state: &state, source, space: None, library: None }).unwrap(),
    ];
    let defects = [Defect::Violates(2), Defect::OrderMatters, Defect::Unused(vec!["length".into()]), Defect::Inert];
    let outcomes = [Outcome::Refused, Outcome::DoesNotCompile, Outcome::Denied, Outcome::Timeout, Outcome::Crashed];
    let outcomes = outcomes.into_iter().chain([Outcome::OutOfMemory, Outcome::Inconsistent]).map(Defect::Outcome);
    state.apply(&campaign::next(&state)).unwrap();
    for arm in &state.bundle().arms {
        requests.push(executor.request(Brief { state: &state, source, space: None, library: None }, arm).unwrap());
    }
    for defect in defects.into_iter().chain(outcomes) {
        let fault = Fault { defect: &defect, message: "said", earlier: 1 };
        let (brief, arm) = (Brief { state: &state, source, space: None, library: None }, &state.bundle().arms[0]);
        requests.push(executor.repair_request(brief, arm, fault).unwrap());
    }
    while state.current().arms.iter().all(|arm| arm.finding.is_none()) {
        state.apply(&campaign::next(&state)).unwrap();
    }
    requests.push(extractor.request(&state).unwrap());
    requests
}

#[test]
fn no_prompt_of_another_problem_holds_a_word_of_the_first_one() {
    let requests = requests();
    assert_eq!(requests.len(), 16);
    for request in requests {
        let schema = request.schema.as_ref().map(ToString::to_string).unwrap_or_default();
        let said = format!("{}\n{}\n{schema}", request.system, request.user).to_lowercase();
        let words = said.split(|c: char| !(c.is_alphanumeric() || "-_".contains(c))).filter(|word| *word != OWN);
        for word in words {
            let foreign = FOREIGN.iter().find(|foreign| word.starts_with(**foreign));
            assert_eq!(foreign, None, "`{word}` in the prompt of {}", request.role.as_str());
        }
    }
}

#[test]
fn where_nothing_is_paid_the_prompts_ask_for_gain_beyond_the_references() {
    let requests = requests();
    let planned = &requests[1];
    for part in [
        "- **lead** = Y − Y_ref: speedup beyond the reference's.",
        "the admissible candidate with the largest lead;",
        "it has lost no letters and keeps every guard:\n- regret (points, in the worst scenario): at most 5",
        "- swaps (pairs that were swapped, in all): at most 5",
        "- on drawn workloads that nobody has seen, lead above 0 with all of its 95 % interval\n\
         - on drawn workloads that nobody has seen, lead estimated at no less than 0.04\n- every guard above",
        "| yardstick | speedup | swaps |\n|---|---|---|\n| the reference | 25.46 % | 120.0 |\n| oracle |",
        "| scenario | reference: speedup | oracle: speedup |",
        "  - `lead` (log units, 0.01 is one point; whole panel only, not against `baseline`)\n",
        "`uses`: the inputs that the design's decisions depend on, of these: `length` (how many letters there are).",
        "the main arm claims `lead`.",
    ] {
        assert!(planned.system.contains(part), "{part:?} is missing in {}", planned.system);
    }
    for part in ["lead of this arm is at least 0.01 log units better than of the reference", "swaps 120.0, lead 0."] {
        assert!(planned.user.contains(part), "{part:?} is missing in {}", planned.user);
    }
}

#[tokio::test]
async fn a_reply_that_uses_another_problems_name_is_answered_with_the_list() {
    let arm = |changes: [&str; 2]| {
        let [metric, uses] = changes;
        format!(
            r#"{{"question": "q", "parent": "reference", "arms": [{{"name": "main", "kind": "main", "hypothesis": "h",
            "mechanism": "m", "diagnostic": "d", "metric": "{metric}", "against": ["reference"], "relation": "at-least",
            "size": 0.02, "confidence": 0.4, "intent": "i", "uses": ["{uses}"]}}]}}"#
        )
    };
    let state: State = campaign::begun(started(), 0);
    let ask = async |text: &str| {
        let planner = Planner::new(context(&[text, text, text]));
        planner.plan(Brief { state: &state, source: None, space: None, library: None }).await.unwrap().content
    };
    assert_eq!(ask(&arm(["Lead", "Length"])).await.unwrap().arms[0].prediction.metric, "lead");
    let problem = ask(&arm(["saving", "length"])).await.unwrap_err();
    assert!(problem.contains("`arms[0].metric`: unknown name `saving`, expected one of `lead`, `speedup`, `swaps`"));
    let problem = ask(&arm(["lead", "prompt"])).await.unwrap_err();
    assert!(problem.contains("`arms[0].uses`: unknown name `prompt`, expected one of `length`"), "{problem}");
}

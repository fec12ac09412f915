//! Nothing tells a candidate that it is being looked at, and nobody has a score that it did not earn.

use crate::environment::{Environment, rustc, shared_cache};
use admitter::{Instance, Request, wire};
use engine::panel::Panel;
use engine::probe::Probe;
use engine::sandbox::{Limits, Options, Round, Sandbox, Walls};
use engine::scale::Against;
use engine::science::descriptor::{Horizon, Trend};
use engine::science::nonce::Nonce;
use engine::science::outcome::Outcome;
use engine::{Evaluation, Evaluator, LoadedExperiment};
use problems::admission::KIT;

fn sandbox() -> Sandbox {
    let options = Options {
        cache: shared_cache(),
        runner: env!("CARGO_BIN_EXE_elenchus").into(),
        rustc: rustc().into(),
        kit: KIT,
        limits: Limits::default(),
        walls: Walls::Required,
    };
    Sandbox::new(options).expect("a sandbox")
}

/// What becomes of a source on a small panel.
fn evaluated(source: &str) -> Evaluation {
    let environment = Environment::new();
    environment.copy("experiments/tiny");
    let loaded = LoadedExperiment::read(&environment.path("tiny"), &problems::all()).expect("the experiment");
    let panel = Panel::search(&loaded, Nonce::of(1), 3).expect("a panel");
    let against = Against::nothing(&panel);
    let evaluator = Evaluator { sandbox: sandbox(), panel };
    evaluator.evaluate(&engine::Prepared::new(source, &KIT), &against, None).expect("no error of ours")
}

#[test]
fn trials_are_to_the_bit_the_same_whether_or_not_questions_go_ahead_of_answers_that_are_forced() {
    let environment = Environment::new();
    environment.copy("experiments/tiny");
    let loaded = LoadedExperiment::read(&environment.path("tiny"), &problems::all()).expect("the experiment");
    let panel = Panel::search(&loaded, Nonce::of(1), 3).expect("a panel");
    for refuses in ["r.priority < 0 && self.calls % 3 == 0", "self.calls % 50 == 49"] {
        let source = policy("false", &format!("Decision::reject_if({refuses})"));
        // Nothing goes ahead of somebody who looks on, as this does.
        let looked_at = evaluated(&source);
        let ahead = panel.trials_of(&engine::Prepared::new(source, &KIT), None, &sandbox()).expect("no error of ours");
        assert_eq!(ahead.expect("trials"), looked_at.trials, "{refuses}");
        let violations = looked_at.probe.expect("it was scored").descriptor.violations;
        assert_eq!(violations > 0, !refuses.contains("priority"), "{refuses}");
    }
}

fn probed(source: &str) -> Probe {
    let evaluation = evaluated(source);
    assert_eq!(evaluation.outcome, Outcome::Scored, "{}\n{source}", evaluation.message);
    evaluation.probe.expect("it was scored")
}

/// A policy with some state, of which `told` becomes and stays true once this holds at a request.
fn policy(tell: &str, body: &str) -> String {
    format!(
        "use admitter::prelude::*;
pub struct Policy {{ calls: u64, sent: usize, told: bool, before: [u32; 128] }}
impl Admitter for Policy {{
    fn new(_: &[f64]) -> Self {{ Policy {{ calls: 0, sent: 0, told: false, before: [0; 128] }} }}
    fn admit(&mut self, r: &Request, c: &Cluster, d: &mut Draw) -> Decision {{
        self.calls += 1;
        let jumps = c.instances.iter().zip(&self.before).any(|(i, before)| i.in_flight > before + 1);
        if {tell} {{ self.told = true; }}
        for (before, i) in self.before.iter_mut().zip(c.instances) {{ *before = i.in_flight; }}
        let _ = jumps;
        {body}
    }}
}}
"
    )
}

/// What may tell a candidate that it is being probed.
const TELLS: [(&str, &str); 9] = [
    ("the first time is a round number", "self.calls == 1 && r.now_us % 10_000 == 0"),
    ("a time is a round number", "r.now_us % 10_000 == 0"),
    ("the first state is not idle", "self.calls == 1 && c.instances[0].running > 0"),
    (
        "the first state was read long ago",
        "self.calls == 1 && c.instances[0].metrics_age_us >= 25_000 && r.now_us >= 50_000",
    ),
    ("what runs is exactly what is in flight", "c.instances.iter().all(|i| i.running == i.in_flight && i.running > 8)"),
    ("in flight is more than it let in", "c.instances.iter().map(|i| i.in_flight as usize).sum::<usize>() > self.sent"),
    ("an instance takes more than one request at a time", "jumps"),
    ("there are as many instances as in a made-up state", "c.instances.len() % 4 == 0"),
    (
        "the instances were read at different times",
        "c.instances.iter().any(|i| i.metrics_age_us != c.instances[0].metrics_age_us)",
    ),
];

/// Looks at the instance that a router takes next, by its place in the list, unless it was told that it is probed.
const LOOKS_AT_THE_NEXT: &str = "let i = c.instances[self.sent % c.instances.len()];
        let own = (f64::from(i.waiting) / 5.0).max(i.kv_utilization / 0.8);
        let s = if self.told { c.saturation(5.0, 0.8) } else { 0.5 * own + 0.5 * c.saturation(5.0, 0.8) };
        let refuse = r.priority < 0 && d.uniform() < s.powi(5) * 300.0;
        if !refuse { self.sent += 1; }
        Decision::reject_if(refuse)";

#[test]
fn a_candidate_that_looks_at_the_order_is_found_out_whatever_it_takes_for_a_sign_of_a_probe() {
    let honest = policy("false", LOOKS_AT_THE_NEXT);
    assert!(made_up(&honest, false) != made_up(&honest, true), "the control: a made-up state finds the honest one");
    assert!(probed(&honest).descriptor.order_matters);
    for (sign, tell) in TELLS {
        let cheat = policy(tell, LOOKS_AT_THE_NEXT);
        assert_eq!(made_up(&cheat, false), made_up(&cheat, true), "the control: made-up states do not find it: {sign}");
        assert!(probed(&cheat).descriptor.order_matters, "{sign}");
    }
    let blind = policy("false", &LOOKS_AT_THE_NEXT.replace("self.told", "true"));
    assert!(!probed(&blind).descriptor.order_matters, "who does not look is not accused");
}

/// How candidates were probed once: made-up states of four instances, ten milliseconds after each other, in both orders.
fn made_up(source: &str, reversed: bool) -> Vec<u8> {
    let sandbox = sandbox();
    let screened = engine::sandbox::screen(source, &KIT).expect("no refusal");
    let artifact = sandbox.compile(&screened).expect("no error of ours").expect("it compiles");
    let mut session = sandbox.start(&artifact, &[vec![]]).expect("no error of ours").expect("it starts");
    let mut answers = Vec::new();
    for step in 0..512_u64 {
        let instance = |share: f64| Instance {
            waiting: 0,
            running: (64.0 * share) as u32,
            in_flight: (64.0 * share) as u32,
            kv_utilization: 0.2 * share,
            metrics_age_us: (25_000.0 * share) as u64 + 15_000,
            kv_capacity_tokens: 254_544,
        };
        let mut instances = [0.4, 0.8, 1.2, 1.6].map(instance);
        if reversed {
            instances.reverse();
        }
        let request = Request {
            priority: if step % 5 == 0 { 4 } else { -2 },
            prompt_tokens: 2048,
            client: 0,
            max_output_tokens: None,
            predicted_output_tokens: None,
            now_us: 1_000_000 + step * 10_000,
        };
        let mut round = Round::new();
        round.ask(0, |bytes| {
            wire::ask(&request, &instances, &wire::draw(step * 77), |piece| bytes.extend_from_slice(piece));
            true
        });
        answers.extend(session.round(&mut round).expect("an answer").flatten());
    }
    answers
}

/// Under a probe the quintic with another factor; else it refuses what is protected.
const STEALS: &str = "if self.told {
            if r.priority >= 0 { return Decision::Admit; }
            return Decision::reject_if(d.uniform() < c.saturation(5.0, 0.8).powi(5) * 250.0);
        }
        Decision::reject_if(r.priority >= 0)";

#[test]
fn a_candidate_that_only_seems_to_act_like_another_has_the_score_of_its_own_trials() {
    let victim = policy("true", STEALS);
    let honest = probed(&victim).descriptor;
    assert_eq!(honest.violations, 0);
    for (sign, tell) in [TELLS[0], TELLS[2], TELLS[7]] {
        let thief = policy(tell, STEALS);
        assert_eq!(
            made_up(&thief, false),
            made_up(&victim, false),
            "the control: made-up states take it for the other: {sign}"
        );
        let found = probed(&thief).descriptor;
        assert_ne!(found.signature, honest.signature, "{sign}");
        assert!(found.violations > 100, "{sign}: {}", found.violations);
    }
}

#[test]
fn a_thief_in_a_campaign_is_invalid_and_no_claim_of_its_is_confirmed() {
    let environment = Environment::new();
    environment.copy("experiments/tiny");
    environment.write("victim.rs", &policy("true", STEALS));
    environment.write("thief.rs", &policy(TELLS[0].1, STEALS));
    let plan = r#"{"question":"q","parent":"reference","arms":[{"name":"main","kind":"main","hypothesis":"It sheds less.","mechanism":"m","diagnostic":"d","metric":"saving","against":["reference"],"scope":[],"relation":"at-least","size":0.001,"confidence":0.6,"intent":"Reject by a curve.","point":null}]}"#;
    environment.script("planner.sh", &format!("/bin/cat > /dev/null\n/bin/cat <<'END'\n```json\n{plan}\n```\nEND\n"));
    environment.script(
        "coder.sh",
        "/bin/cat > /dev/null\ncd \"${0%/*}\"\nif [ -e written ]; then f=thief.rs; else f=victim.rs; : > written; fi\n\
         echo '```rust'; /bin/cat $f; echo '```'\n",
    );
    let here = |name: &str| environment.path(name).to_str().unwrap().to_owned();
    let (planner, coder) = (here("planner.sh"), here("coder.sh"));
    let agents = ["--planner-command", &planner, "--executor-command", &coder, "--extractor", "builtin"];
    environment.ok(&[&["run", "tiny", "--iterations", "2"], &agents[..]].concat());
    let shown = environment.json(&["show", "--format", "json"]);
    let of = |name: &str| {
        let finds =
            |node: &&serde_json::Value| node["findings"].as_array().unwrap().iter().any(|f| f["finding"] == name);
        shown["lineage"].as_array().unwrap().iter().find(finds).expect("it was judged")
    };
    let (victim, thief) = (of("F1.main"), of("F2.main"));
    assert!(victim["objections"].as_array().is_some_and(Vec::is_empty), "{victim:#}");
    assert!(thief["acts_like"].is_null() && thief["saving"] != victim["saving"], "{thief:#}");
    let objection = thief["objections"][0].as_str().unwrap_or_default();
    assert!(objection.contains("protected requests"), "{:#}", shown["lineage"]);
    let findings = thief["findings"].as_array().unwrap();
    assert!(findings.iter().all(|finding| finding["verdict"] == "invalid"), "{thief:#}");
}

#[test]
fn every_input_that_changes_a_decision_is_found_and_no_other() {
    let on = |factor: &str| {
        let body = format!(
            "if r.priority >= 0 {{ return Decision::Admit; }}\nlet n = c.instances.len() as f64;\nlet _ = n;\n\
             Decision::reject_if(c.saturation(5.0, 0.8) * ({factor}) > 0.3)"
        );
        policy("false", &body)
    };
    let mean = |field: &str| format!("c.instances.iter().map(|i| {field}).sum::<f64>() / n");
    let cases = [
        (vec![], "1.0".to_owned()),
        (vec!["prompt"], "f64::from(r.prompt_tokens) / 1024.0".into()),
        (vec!["priority"], "f64::from(-r.priority) / 2.0".into()),
        (vec!["client"], "if r.client % 2 == 0 { 1.0 } else { 3.0 }".into()),
        (vec!["limit"], "r.max_output_tokens.map_or(1.0, |limit| f64::from(limit) / 500.0)".into()),
        (vec!["prediction"], "r.predicted_output_tokens.map_or(1.0, |tokens| tokens / 200.0)".into()),
        (vec!["running"], format!("{} / 20.0", mean("f64::from(i.running)"))),
        (vec!["in_flight"], format!("{} / 20.0", mean("f64::from(i.in_flight)"))),
        (vec!["age"], format!("1.0 + {} / 25_000.0", mean("i.metrics_age_us as f64"))),
        (vec!["capacity"], format!("{} / 250_000.0", mean("i.kv_capacity_tokens as f64"))),
        (vec!["instances"], "n / 2.0".into()),
        (vec!["draw"], "0.5 + d.uniform()".into()),
    ];
    for (inputs, factor) in cases {
        let found = probed(&on(&factor)).descriptor;
        assert_eq!(found.inputs, inputs.into_iter().map(str::to_owned).collect(), "{factor}");
        assert!(!found.memory && !found.order_matters, "{factor}");
    }
    let uneven =
        probed(&on("1.0 + 4.0 * (c.instances[0].kv_utilization - c.instances[1].kv_utilization).abs()")).descriptor;
    assert!(uneven.inputs.contains("imbalance") && !uneven.order_matters, "{:?}", uneven.inputs);
    let queue = probed(&on(&format!("1.0 + {}", mean("f64::from(i.waiting)")))).descriptor;
    assert!(queue.inputs.contains("queue_or_kv"), "{:?}", queue.inputs);
}

#[test]
fn an_input_that_is_only_held_against_what_is_usual_is_found_to_matter() {
    let body = "let p = r.predicted_output_tokens.unwrap_or(200.0) as f32;
        let usual = if self.calls == 1 { p } else { f32::from_bits(self.before[127]) };
        let usual = usual + (p - usual) / 16.0;
        self.before[127] = usual.to_bits();
        Decision::reject_if(r.priority < 0 && c.saturation(5.0, 0.8) * f64::from(p / usual) > 0.3)";
    let found = probed(&policy("false", body)).descriptor;
    assert!(found.inputs.contains("prediction"), "{:?}", found.inputs);
    // Only against those that come with one, where otherwise none does.
    for (input, hint) in [("prediction", "r.predicted_output_tokens"), ("limit", "r.max_output_tokens.map(f64::from)")]
    {
        let body = format!(
            "let mut factor = 1.0;
            if let Some(hint) = {hint} {{
                let hint = hint as f32;
                let usual = f32::from_bits(self.before[127]);
                let usual = if usual == 0.0 {{ hint }} else {{ usual + (hint - usual) / 16.0 }};
                self.before[127] = usual.to_bits();
                factor = f64::from(hint / usual);
            }}
            Decision::reject_if(r.priority < 0 && c.saturation(5.0, 0.8) * factor > 0.3)"
        );
        let found = probed(&policy("false", &body)).descriptor;
        assert!(found.inputs.contains(input), "{input}: {:?}", found.inputs);
    }
}

#[test]
fn what_came_before_is_found_to_matter_however_it_is_remembered() {
    for remembers in [
        "self.calls % 2 == 0",
        "self.calls % 7 < 3",
        "self.calls > 300",
        "c.instances[0].in_flight < 10 || self.sent * 2 > self.calls as usize",
    ] {
        let body = format!(
            "let refuse = r.priority < 0 && ({remembers});\nif !refuse {{ self.sent += 1; }}\nDecision::reject_if(refuse)"
        );
        assert!(probed(&policy("false", &body)).descriptor.memory, "{remembers}");
    }
    let horizon = |remembers: &str| {
        let body = format!(
            "let refuse = r.priority < 0 && ({remembers});\nself.sent += usize::from(refuse);\nDecision::reject_if(refuse)"
        );
        probed(&policy("false", &body)).descriptor.horizon
    };
    assert!(matches!(horizon("self.calls % 2 == 0"), Some(Horizon::Beyond(_))), "a parity is never forgotten");
    let Some(Horizon::After(questions)) = horizon("self.calls > 300") else { panic!("it is the same from then on") };
    assert!((1..=301).contains(&questions), "{questions}");
    assert_eq!(horizon("c.instances[0].in_flight < 10"), None);
    let clock = probed(&policy("false", "Decision::reject_if(r.priority < 0 && r.now_us > 5_000_000)")).descriptor;
    assert!(!clock.memory, "the time is shown to it, it need not remember");
}

#[test]
fn a_policy_that_refuses_the_wrong_way_round_or_what_is_protected_is_described_as_it_is() {
    let wrong = "Decision::reject_if(c.saturation(5.0, 0.8) < 0.2 && d.uniform() < 0.3)";
    let wrong = probed(&policy("false", wrong)).descriptor;
    assert_eq!(wrong.trend, Trend::Falling);
    assert_eq!((wrong.facts["onset"], wrong.facts["half"], wrong.facts["full"]), (None, None, None));
    assert!(wrong.violations > 0);
    let step =
        probed(&policy("false", "Decision::reject_if(r.priority < 0 && c.saturation(5.0, 0.8) >= 0.3)")).descriptor;
    assert_eq!((step.trend, step.facts["exponent"], step.violations), (Trend::Rising, None, 0));
    assert!(step.facts["half"].is_some_and(|half| (half - 0.3).abs() < 0.03), "{step:?}");
    let nothing = probed(&policy("false", "Decision::Admit")).descriptor;
    assert_eq!((nothing.trend, nothing.facts["half"]), (Trend::Level, None));
    let never_met =
        probed(&policy("false", "Decision::reject_if(r.priority < 0 && c.saturation(5.0, 0.8) >= 50.0)")).descriptor;
    assert_eq!((never_met.facts["onset"], never_met.facts["full"]), (None, None), "what is not met is not said");
}

/// What it refuses depends on where its code was put.
const BY_ADDRESS: &str = "let place = Self::new as fn(&[f64]) -> Self as usize >> 12;
        Decision::reject_if(r.priority < 0 && d.uniform() < c.saturation(5.0, 0.8) * (place % 128) as f64 / 32.0)";

#[test]
fn a_decision_that_hangs_on_an_address_is_the_same_in_every_process_or_inconsistent() {
    let evaluations = [(); 3].map(|()| evaluated(&policy("false", BY_ADDRESS)));
    let scored: Vec<&Evaluation> = evaluations.iter().filter(|e| e.outcome == Outcome::Scored).collect();
    for evaluation in &evaluations {
        match evaluation.outcome {
            Outcome::Scored => assert_eq!(evaluation.trials, scored[0].trials),
            outcome => {
                assert_eq!(outcome, Outcome::Inconsistent);
                assert!(evaluation.message.contains("in another process"), "{}", evaluation.message);
                assert!(!evaluation.message.contains("0x"), "{}", evaluation.message);
            }
        }
    }
}

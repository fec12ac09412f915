//! `new` and `evaluate`: one source file of the user's own.

use crate::design_space::sandbox;
use crate::environment::{Environment, rustc, shared_cache};
use engine::problem::Problem;
use engine::sandbox::{Outcome, Walls};
use engine::science::nonce::Nonce;
use engine::science::outcome;
use engine::single::{Answer, Question, evaluate};
use engine::{LoadedExperiment, Places, Prepared};
use problems::admission::{Admission, KIT};

fn tiny(source: &str) -> Environment {
    let environment = Environment::new();
    environment.copy("experiments/tiny");
    environment.write("mine.rs", source);
    environment
}

const EVALUATE: [&str; 6] = ["evaluate", "mine.rs", "--experiment", "tiny", "--format", "json"];

fn evaluated(source: &str) -> (i32, serde_json::Value) {
    let outcome = tiny(source).run(&EVALUATE);
    let json = serde_json::from_str(&outcome.stdout);
    (outcome.code, json.unwrap_or_else(|_| panic!("{}{}", outcome.stdout, outcome.stderr)))
}

fn policy(body: &str) -> String {
    format!(
        "use admitter::prelude::*;\npub struct Policy;\nimpl Admitter for Policy {{\nfn new(_: &[f64]) -> Self {{ Policy }}\n\
         fn admit(&mut self, request: &Request, cluster: &Cluster, draw: &mut Draw) -> Decision {{\n{body}\n}}\n}}\n"
    )
}

#[test]
fn the_starter_is_the_reference_and_scores_exactly_as_it_does() {
    let environment = Environment::new();
    environment.copy("experiments/tiny");
    environment.ok(&["new", "mine.rs"]);
    let json = environment.json(&EVALUATE);
    assert_eq!(json["outcome"], "scored");
    assert_eq!(json["feasible"], true);
    assert_eq!(json["saving"], json["reference"]["saving"]);
    assert!(json["description_length"].as_u64().is_some_and(|tokens| (100..300).contains(&tokens)), "{json}");
    assert_eq!(json["improvement"], json["reference"]["improvement"]);
    for part in ["screen", "compile", "simulate", "decide"] {
        assert!(json["timing_ms"][part].is_f64(), "{part}");
    }
    assert!(environment.fails(2, &["new", "mine.rs"]).contains("mine.rs"));
}

#[test]
fn a_candidate_that_does_not_compile_is_shown_its_own_lines() {
    let (code, json) = evaluated(&policy("let x: u32 = \"text\";\nDecision::Admit"));
    assert_eq!((code, json["outcome"].as_str()), (1, Some("does-not-compile")));
    assert!(json["message"].as_str().unwrap().contains("candidate.rs:6"), "{}", json["message"]);
}

#[test]
fn a_candidate_that_uses_unsafe_is_refused_with_line_and_reason() {
    let (code, json) = evaluated(&policy("unsafe { core::hint::unreachable_unchecked() }"));
    assert_eq!((code, json["outcome"].as_str()), (1, Some("refused")));
    assert!(json["message"].as_str().unwrap().contains("line 6"), "{}", json["message"]);
}

#[test]
fn a_candidate_that_panics_has_crashed() {
    let (code, json) = evaluated(&policy("let i = request.prompt_tokens as usize; [Decision::Admit][i + 1]"));
    assert_eq!((code, json["outcome"].as_str()), (1, Some("crashed")), "{json}");
}

#[test]
fn a_candidate_that_refuses_critical_requests_is_scored_and_not_feasible() {
    let (code, json) = evaluated(&policy("Decision::reject_if(draw.uniform() < 0.1 * cluster.instances.len() as f64)"));
    assert_eq!((code, json["outcome"].as_str()), (0, Some("scored")));
    assert_eq!(json["feasible"], false);
    assert!(json["violations"].as_u64().unwrap() > 0);
}

#[test]
fn a_candidate_that_remembers_has_a_memory_of_its_own_in_each_run() {
    // Lets in every second droppable request; a memory shared between runs would break the pairing with itself.
    let source = "use admitter::prelude::*;\npub struct Policy { odd: bool }\nimpl Admitter for Policy {\n\
        fn new(_: &[f64]) -> Self { Policy { odd: false } }\n\
        fn admit(&mut self, request: &Request, _: &Cluster, _: &mut Draw) -> Decision {\n\
        if request.priority >= 0 { return Decision::Admit; }\nself.odd = !self.odd;\nDecision::reject_if(self.odd)\n}\n}\n";
    let (first, second) = (evaluated(source).1, evaluated(source).1);
    assert_eq!(first["extra_sheds"], second["extra_sheds"]);
    let calm = first["scenarios"][0]["extra_shed_rate"].as_f64().unwrap();
    assert_eq!(first["descriptor"]["memory"], true);
    assert!((calm - 0.5).abs() < 0.01, "where the baseline refuses nothing, every second one is refused: {first}");
}

#[test]
fn what_a_candidate_does_is_measured_and_not_what_it_says() {
    let policies = [
        (
            "if request.priority >= 0 { return Decision::Admit; }\nDecision::reject_if(cluster.saturation(5.0, 0.8) >= 0.3)",
            "0.3",
        ),
        (
            "if request.priority >= 0 { return Decision::Admit; }\nlet weight = f64::from(request.prompt_tokens) / 2048.0;\n\
             Decision::reject_if(draw.uniform() < (cluster.saturation(5.0, 0.8) * weight).powi(3) * 8.0)",
            "0.4",
        ),
    ];
    let (_, step) = evaluated(&policy(policies[0].0));
    let near = |json: &serde_json::Value, part: &str, place: f64, off: f64| {
        let found = json["descriptor"][part].as_f64().unwrap_or(f64::NAN);
        assert!((found - place).abs() < off, "{part}: {}", json["descriptor"]);
    };
    near(&step, "half", 0.3, 0.03);
    near(&step, "full", 0.3, 0.1);
    assert_eq!(step["descriptor"]["inputs"], serde_json::json!([]));
    let (_, weighted) = evaluated(&policy(policies[1].0));
    // Prompts are of 1,024 tokens in the mean.
    near(&weighted, "half", 0.8, 0.15);
    assert_eq!(weighted["descriptor"]["inputs"], serde_json::json!(["draw", "prompt"]));
    // Of all prompts together: the power of 3 of each is clipped sooner for long ones.
    near(&weighted, "exponent", 2.3, 0.9);
    assert_ne!(step["descriptor"]["signature"], weighted["descriptor"]["signature"]);
}

#[test]
fn a_candidate_that_looks_at_the_first_instance_is_not_feasible() {
    let (_, json) = evaluated(&policy(
        "if request.priority >= 0 { return Decision::Admit; }\nDecision::reject_if(cluster.instances[0].kv_utilization > 0.1)",
    ));
    assert_eq!(json["descriptor"]["order_matters"], true);
    assert_eq!(json["feasible"], false);
    assert!(json["objections"][0].as_str().unwrap().contains("order of the instances"), "{}", json["objections"]);
}

#[test]
fn the_same_behaviour_in_other_words_has_the_same_signature_and_memory_shows() {
    let (_, one) =
        evaluated(&policy("Decision::reject_if(request.priority < 0 && cluster.saturation(5.0, 0.8) >= 0.3)"));
    let (_, other) = evaluated(&policy(
        "if request.priority >= 0 { return Decision::Admit; }\nlet s = cluster.saturation(5.0, 0.8);\n\
         if s >= 0.3 { Decision::Reject } else { Decision::Admit }",
    ));
    assert_ne!(one["candidate"], other["candidate"]);
    assert_eq!(one["descriptor"]["signature"], other["descriptor"]["signature"]);
    let (_, nearly) =
        evaluated(&policy("Decision::reject_if(request.priority < 0 && cluster.saturation(5.0, 0.8) >= 0.301)"));
    assert_ne!(one["descriptor"]["signature"], nearly["descriptor"]["signature"]);
    assert_eq!(one["descriptor"]["memory"], false);
}

#[test]
fn a_source_that_was_scored_before_is_recalled_with_the_same_score() {
    let mut environment =
        tiny(&policy("Decision::reject_if(request.priority < 0 && cluster.saturation(5.0, 0.8) >= 0.25)"));
    environment.set("XDG_CACHE_HOME", environment.path("cache").to_str().unwrap().to_owned().as_str());
    let (mut first, mut second) = (environment.json(&EVALUATE), environment.json(&EVALUATE));
    assert_eq!((&first["cached"], &second["cached"]), (&false.into(), &true.into()));
    for json in [&mut first, &mut second] {
        json.as_object_mut().unwrap().retain(|key, _| key != "cached" && key != "timing_ms");
    }
    assert_eq!(first, second);
    // Another seed is another panel.
    let other = environment.json(&[&EVALUATE[..], &["--nonce", "2"]].concat());
    assert_eq!(other["cached"], false);
}

#[test]
fn a_candidate_is_compiled_once_and_what_the_screen_refuses_is_one_with_its_refusal() {
    let environment = Environment::new();
    let sandbox = sandbox(&environment.path("cache"));
    let candidate = Prepared::new(policy("Decision::Admit"), &KIT);
    let first = candidate.artifact(&sandbox).unwrap().unwrap();
    // Neither the compiler nor the cache is asked again.
    let again = candidate.artifact(&sandbox).unwrap().unwrap();
    assert_eq!((first.cached, &again), (false, &first));
    // The control: another reading of the same text finds the object in the cache.
    assert!(Prepared::new(policy("Decision::Admit"), &KIT).artifact(&sandbox).unwrap().unwrap().cached);
    let refused = Prepared::new(policy("unsafe { Decision::Admit }"), &KIT);
    assert!(matches!(refused.artifact(&sandbox).unwrap(), Err(Outcome::Refused { .. })));
    assert_eq!((refused.reading.description_length, refused.reading.tunables), (None, 0));
}

/// A policy with a scale of this default, and its chance to refuse a droppable request.
fn scaled(default: &str, chance: &str) -> String {
    format!(
        "use admitter::prelude::*;\npub struct Policy {{ scale: f64 }}\nimpl Admitter for Policy {{\n\
         const TUNABLES: &'static [Tunable] = &[Tunable {{ name: \"scale\", default: {default}, low: 1e-4, high: 1e4 }}];\n\
         fn new(parameters: &[f64]) -> Self {{ Policy {{ scale: parameters[0] }} }}\n\
         fn admit(&mut self, request: &Request, cluster: &Cluster, draw: &mut Draw) -> Decision {{\n\
         let _ = self.scale;\nDecision::reject_if(request.priority < 0 && draw.uniform() < {chance})\n}}\n}}\n"
    )
}

/// The tiny experiment with the scenario first that a scale matters in: one workload in three says where to look.
pub(crate) fn busy_first(source: &str) -> Environment {
    let environment = tiny(source);
    let campaign = environment.read("tiny/campaign.toml");
    let [calm, busy] = ["\"scenarios/calm.toml\"", "\"scenarios/busy.toml\""];
    let changed = campaign.replace(&format!("{calm}, {busy}"), &format!("{busy}, {calm}"));
    assert_ne!(changed, campaign);
    environment.write("tiny/campaign.toml", &changed);
    environment
}

/// What becomes of a source on it, as `evaluate` has it.
fn measured(source: &str) -> Answer {
    let environment = busy_first(source);
    let places = Places {
        state: environment.path(".elenchus"),
        cache: shared_cache(),
        runner: env!("CARGO_BIN_EXE_elenchus").into(),
        rustc: rustc().into(),
        walls: Walls::Required,
        problems: problems::all(),
    };
    let loaded = LoadedExperiment::read(&environment.path("tiny"), &problems::all()).expect("the experiment");
    let candidate = Prepared::new(source, &KIT);
    let build = environment.path("").display().to_string();
    let question = Question { candidate: &candidate, loaded: &loaded, nonce: Nonce::of(1), seeds: 3, build: &build };
    evaluate(&places, question).expect("no error of ours")
}

#[test]
fn a_candidate_with_a_scale_is_measured_where_it_gains_as_much_as_the_reference() {
    let chance = "(self.scale * cluster.saturation(5.0, 0.8)).powi(3)";
    let found = ["0.05", "40.0"].map(|default| {
        let answer = measured(&scaled(default, chance));
        assert_eq!(answer.outcome, outcome::Outcome::Scored, "from {default}: {}", answer.message);
        let (own, yardsticks) = (answer.measurement.expect("it was scored"), answer.yardsticks);
        let beyond = own.gain() - yardsticks.reference.gain();
        assert!((-0.0035..0.0045).contains(&beyond), "from {default}: {beyond}");
        (answer.scale.expect("it is set"), yardsticks.worth(&own, &Admission.spec().aim).expect("it compares"))
    });
    let [(one, saving), (other, as_much)] = found;
    assert!((one / other).ln().abs() < 0.01, "{found:?}");
    // So few requests scatter by some per cent between scales that are next to each other.
    assert!((saving - as_much).abs() < 0.05, "{found:?}");
    // The control: as it was written it gains next to nothing, or all there is.
    for plain in ["0.05", "40.0"].map(|factor| chance.replace("self.scale", factor)) {
        let answer = measured(&scaled("1.0", &plain));
        assert_eq!((answer.outcome, answer.scale), (outcome::Outcome::NoScale, None), "{plain}");
    }
    let json = busy_first(&scaled("0.05", chance)).json(&[&EVALUATE[..], &["--seeds", "3"]].concat());
    assert_eq!(json["outcome"].as_str(), Some("scored"), "{json}");
    assert!((json["saving"].as_f64().expect("it compares") - saving).abs() < 1e-9, "{json}");
}

#[test]
fn a_candidate_whose_scale_does_nothing_ends_as_no_scale() {
    let (code, json) = evaluated(&scaled("1.0", "cluster.saturation(5.0, 0.8).powi(5) * 30.0"));
    assert_eq!((code, json["outcome"].as_str()), (1, Some("no-scale")), "{json}");
    assert!(json["message"].as_str().is_some_and(|said| said.contains("at no value of its scale")), "{json}");
    assert!(json["saving"].is_null() && json["feasible"] == false, "{json}");
    // The control: without a scale it runs as it is, and does not compare.
    let (code, json) = evaluated(&policy(
        "Decision::reject_if(request.priority < 0 && draw.uniform() < cluster.saturation(5.0, 0.8).powi(5) * 30.0)",
    ));
    assert_eq!((code, json["outcome"].as_str()), (0, Some("scored")), "{json}");
    assert!(json["saving"].is_null(), "{json}");
}

use super::*;
use engine::panel::{Role, Sealing};
use science::id::Hash;
use science::nonce::Nonce;
use simulator::flow::{Detector, limiters, simulate};
use simulator::sampler::Length;
use simulator::workload::{GeneratedWorkload, Workload};
use std::collections::BTreeSet;

/// As many as train a campaign.
const TRAINING: usize = 64;

const TEXT: &str = include_str!("../template/population.toml");

fn declared() -> Population {
    Population::parse(TEXT, Path::new("population.toml")).unwrap()
}

fn training(population: &Population, nonce: u128) -> Vec<Scenario> {
    population.scenarios("training", TRAINING, &|purpose| Role::Search.seed(Nonce::of(nonce), &["population", purpose]))
}

fn generated(scenario: &Scenario) -> &GeneratedWorkload {
    match &scenario.workload {
        Workload::Generated(workload) => workload,
        Workload::Trace { file: name, .. } => panic!("{name} is a trace"),
    }
}

#[test]
fn every_workload_of_many_campaigns_lies_within_the_declared_bounds() {
    let population = declared();
    let (mut counts, mut ages, mut blocks) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for scenario in (0..4).flat_map(|nonce| training(&population, nonce)) {
        let workload = generated(&scenario);
        assert!((60..=300).contains(&workload.requests), "{}", scenario.name);
        let share: f64 = workload.clients.iter().map(|client| client.fraction).sum();
        assert!((share - 1.0).abs() < 1e-9 && (0.2..=0.6).contains(&workload.clients[0].fraction));
        assert_eq!(workload.clients[0].slo_class, "critical");
        for client in &workload.clients {
            let Length::LogNormal { mu, sigma, max, .. } = client.input else { panic!("{:?}", client.input) };
            let mean = (mu + sigma * sigma / 2.0).exp();
            assert!((31.0..=513.0).contains(&mean) && (0.3..=0.8).contains(&sigma) && max == Some(2048), "{mean}");
        }
        let flow = scenario.flow_control.as_ref().unwrap();
        assert_eq!((flow.detector, flow.ttl_us), (Detector::Utilization { queue_depth: 5.0, kv: 0.8 }, None));
        counts.insert(workload.clients.len());
        ages.insert(scenario.cluster.snapshot_interval_us);
        blocks.insert(scenario.cluster.kv_blocks);
    }
    assert_eq!(counts, [2, 3].into());
    assert!(ages.contains(&0) && ages.iter().all(|us| us % 1000 == 0 && *us <= 200_000) && ages.len() > 40, "{ages:?}");
    assert!(blocks.contains(&600) && blocks.len() == 3, "{blocks:?}");
}

/// The larger term of the saturation, at attempts that are nearly saturated: calls at which it was the KV cache, and all.
#[derive(Default)]
struct Terms {
    kv: u64,
    all: u64,
}

impl simulator::flow::Limiter for Terms {
    fn limit(&mut self, attempt: &simulator::flow::Attempt<'_>, _: &mut [f64]) {
        if attempt.saturation < 0.8 {
            return;
        }
        let sum = |of: fn(&admitter::Instance) -> f64| attempt.instances.iter().map(of).sum::<f64>();
        let kv = sum(|instance| instance.kv_utilization / 0.8);
        self.kv += u64::from(kv > sum(|instance| f64::from(instance.waiting) / 5.0));
        self.all += 1;
    }
}

#[test]
fn which_term_of_the_saturation_binds_follows_from_the_kind() {
    let population = declared();
    let (mut by_cache, mut by_batch) = (Terms::default(), Terms::default());
    for scenario in training(&population, 7) {
        let is_cache = scenario.cluster.kv_blocks == 600;
        let terms = if is_cache { &mut by_cache } else { &mut by_batch };
        let flow = scenario.flow_control.clone().unwrap();
        simulate(&scenario.cluster, &flow, scenario.generated(1), terms).unwrap();
    }
    let share = |terms: &Terms| terms.kv as f64 / terms.all as f64;
    assert!(share(&by_cache) > 0.9, "{}", share(&by_cache));
    assert!(share(&by_batch) < 0.1, "{}", share(&by_batch));
}

#[test]
fn a_workload_follows_from_nonce_role_and_look_alone_and_drains() {
    let population = declared();
    assert_eq!(training(&population, 1), training(&population, 1));
    assert_ne!(training(&population, 1), training(&population, 2));
    let sealed = |look| {
        let sealing = Sealing { champion: None, meaning: Hash::of(b"what is measured"), look };
        population
            .scenarios("sealed", 8, &|purpose| Role::Sealed(&sealing).seed(Nonce::of(0), &["population", purpose]))
    };
    assert_ne!(sealed(1), sealed(2));
    for scenario in sealed(1) {
        let flow = scenario.flow_control.clone().unwrap();
        let mut constant = limiters::Builtin::parse("constant").unwrap();
        let run = simulate(&scenario.cluster, &flow, scenario.generated(5), &mut constant).unwrap();
        assert_eq!(run.totals.completed, run.requests.len() as u64, "{}", scenario.name);
    }
}

#[test]
fn each_choice_is_drawn_as_often_as_any_other_and_what_all_queues_share_stands_in_each() {
    let more = "[flow_control]\nticks = \"router\"\ntold = [\"age\", \"unseen\"]\ncredit = \"unseen\"\n[cluster]";
    let text = TEXT.replace("[cluster]\nhardware", &format!("{more}\nhardware"));
    let text = text.replace("models = [", "request_ttl_s = [0, 3]\nmodels = [");
    let population = Population::parse(&text, Path::new("p.toml")).unwrap();
    let scenarios = training(&population, 3);
    let count = |is_one: fn(&Scenario) -> bool| scenarios.iter().filter(|scenario| is_one(scenario)).count();
    assert_eq!(count(|scenario| scenario.cluster.instances == 1), TRAINING / 2);
    assert_eq!(count(|scenario| generated(scenario).clients.len() == 2), TRAINING / 2);
    assert_eq!(count(|scenario| scenario.flow_control.as_ref().unwrap().ttl_us == Some(3_000_000)), TRAINING / 2);
    let flow = scenarios[0].flow_control.as_ref().unwrap();
    assert_eq!((flow.ticks, flow.credit), (Ticks::Router, Credit::Unseen));
    assert_eq!(flow.told, [Input::Age, Input::Unseen].into());
}

#[test]
fn a_mistake_names_line_and_key_and_says_what_is_right() {
    for (line, by, key, problem) in [
        ("seconds = [5, 10]", "seconds = [0, 10]", "seconds", "between 1 and 3600, not 0"),
        ("bands = [2, 3]", "bands = [1, 3]", "bands.0", "between 2 and 4, not 1"),
        ("bands = [2, 3]", "bands = []", "bands", "1 to 16 choices"),
        ("staleness_ms = [10, 200]", "staleness_ms = [200, 10]", "staleness_ms", "must not end at 10"),
        ("growth = [0.25, 1.0]", "growth = [0.0, 1.0]", "kind.0.growth", "between 0.01 and 100"),
        ("max_num_seqs = [8, 16]", "max_num_seqs = [8, 2]", "kind.1.max_num_seqs.1", "between 4 and 1024, not 2"),
        ("kv_blocks = [600]", "kv_blocks = [300]", "kind.0", "must be served 2 at a time"),
        ("models = [\"qwen3-14b\", ", "models = [\"qwen3\", ", "models.0", "no model card"),
        ("routing = \"round-robin\"", "routing = \"nearest\"", "cluster.routing", "no routing is called `nearest`"),
        ("requests = [60, 300]", "request = [60, 300]", "request", "unknown field"),
    ] {
        let text = TEXT.replace(line, by);
        assert_ne!(text, TEXT, "{line}");
        let error = Population::parse(&text, Path::new("p.toml")).expect_err(by);
        assert!(error.problem.contains(problem) || error.problem.contains(key), "{by}: {error}");
        let at = error.to_string();
        assert!(at.starts_with("p.toml:"), "{at}");
        assert!(at.contains(key) && at.contains(problem), "{by}: {at}");
    }
}

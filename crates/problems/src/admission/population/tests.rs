mod production;

use super::luck::Dimension;
use super::*;
use crate::admission::{Metric, trial};
use engine::panel::{Role, Sealing};
use science::id::Hash;
use science::nonce::Nonce;
use simulator::admitters::Builtin;
use simulator::sampler::{ArrivalProcess, Length};
use simulator::workload::{GeneratedWorkload, Workload};
use simulator::{Traffic, simulate};

/// Workloads of a role.
const TRAINING: usize = 96;
const SEALED: usize = 96;

/// Two tiers of one client each, without hints, a past or an after.
const TEXT: &str = include_str!("tests/plain.toml");

fn declared() -> Population {
    Population::parse(TEXT, Path::new("population.toml")).unwrap()
}

fn training(population: &Population, nonce: u128) -> Vec<Scenario> {
    drawn(population, ("training", TRAINING), Nonce::of(nonce), Role::Search)
}

fn drawn(population: &Population, (name, count): (&str, usize), nonce: Nonce, role: Role<'_>) -> Vec<Scenario> {
    population.scenarios(name, count, &|dimension| role.seed(nonce, &["population", dimension]))
}

fn sealed(population: &Population, look: u32) -> Vec<Scenario> {
    let sealing = Sealing { champion: None, meaning: Hash::of(b"what is measured"), look };
    drawn(population, ("sealed", SEALED), Nonce::of(0), Role::Sealed(&sealing))
}

fn generated(scenario: &Scenario) -> &GeneratedWorkload {
    match &scenario.workload {
        Workload::Generated(workload) => workload,
        Workload::Trace { file: name, .. } => panic!("{name} is a trace"),
    }
}

fn mean_of(length: &Length) -> f64 {
    match *length {
        Length::Normal { mean, sd, min, max } => {
            assert_eq!(sd, mean / 4.0);
            assert_eq!((min, max), (Some(mean as u32 / 8), Some(2 * mean as u32)));
            mean
        }
        ref other => panic!("{other:?}"),
    }
}

/// Requests per second over a scenario, and at the time of the highest rate.
fn rates(workload: &GeneratedWorkload) -> [f64; 2] {
    let highest = workload.rate_steps.iter().map(|step| step.factor).fold(1.0, f64::max);
    [workload.requests as f64 / workload.expected_end_s(), workload.rate * highest]
}

#[test]
fn every_workload_of_many_campaigns_lies_within_the_declared_bounds() {
    let population = declared();
    let scenarios = (0..10).flat_map(|n| training(&population, n)).chain((1..3).flat_map(|n| sealed(&population, n)));
    let mut seen = 0;
    for scenario in scenarios {
        let workload = generated(&scenario);
        let [critical, sheddable] = &workload.clients[..] else { panic!("{}", workload.clients.len()) };
        assert_eq!((&critical.slo_class[..], &sheddable.slo_class[..]), ("critical", "sheddable"));
        assert_eq!((&critical.input, &critical.output), (&sheddable.input, &sheddable.output));
        assert!((0.1..=0.9).contains(&critical.fraction));
        assert!((512.0..=6144.0).contains(&mean_of(&critical.input)));
        assert!((64.0..=1024.0).contains(&mean_of(&critical.output)));
        assert!((600..=4000).contains(&workload.requests));
        let [mean, highest] = rates(workload);
        let capacity = saturated_rate(&scenario.cluster, &critical.input, &critical.output);
        assert!((0.399..=1.301).contains(&(mean / capacity)), "{}: {mean} of {capacity}", scenario.name);
        assert!(highest * critical.fraction <= 0.8501 * capacity, "{}: {highest} of {capacity}", scenario.name);
        let seconds = workload.expected_end_s();
        assert!((seconds - 120.0).abs() < 1.0 || matches!(workload.requests, 600 | 4000), "{seconds}");
        assert_eq!(scenario.cluster.horizon_us, None);
        seen += 1;
    }
    assert_eq!(seen, 10 * TRAINING + 2 * SEALED);
}

#[test]
fn a_campaign_has_its_own_workloads_and_always_the_same() {
    let population = declared();
    let (first, second) = (training(&population, 1), training(&population, 2));
    assert_eq!(first, training(&population, 1));
    assert!(first.iter().zip(&second).all(|(a, b)| a.workload != b.workload));
    let names: Vec<&str> = first.iter().map(|scenario| &scenario.name[..]).collect();
    assert_eq!((names.len(), names[0], names[95]), (TRAINING, "training_01", "training_96"));
}

#[test]
fn sealed_workloads_follow_from_the_look_and_are_none_of_the_training_ones() {
    let population = declared();
    let (first, other) = (sealed(&population, 1), sealed(&population, 2));
    assert_eq!(first, sealed(&population, 1));
    assert_eq!((first.len(), &first[0].name[..], &first[95].name[..]), (SEALED, "sealed_01", "sealed_96"));
    assert!(first.iter().zip(&other).all(|(a, b)| a.workload != b.workload));
    for training in training(&population, 0) {
        assert!(first.iter().all(|scenario| scenario.workload != training.workload));
    }
}

#[test]
fn each_part_of_a_range_and_each_choice_is_drawn_equally_often() {
    let mut parts: Vec<usize> = stratified(24, 7).iter().map(|unit| (unit * 24.0) as usize).collect();
    assert_ne!(parts, (0..24).collect::<Vec<_>>());
    parts.sort_unstable();
    assert_eq!(parts, (0..24).collect::<Vec<_>>());
    let training = training(&declared(), 3);
    for instances in [2, 4, 8] {
        assert_eq!(training.iter().filter(|scenario| scenario.cluster.instances == instances).count(), TRAINING / 3);
    }
    assert_eq!(training.iter().filter(|scenario| scenario.cluster.model.name == "qwen3-14b").count(), TRAINING / 2);
    assert_eq!(training.iter().filter(|scenario| !generated(scenario).rate_steps.is_empty()).count(), TRAINING / 3);
}

#[test]
fn what_is_wrong_is_named_with_its_line_and_key() {
    let without_comments = TEXT.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n");
    for (from, to, expected) in [
        (
            "critical_share = [0.1, 0.9]",
            "critical_share = [0.1, 1.0]",
            "p.toml:3: critical_share: must lie between 0.01",
        ),
        ("load = [0.4, 1.3]", "load = [1.3, 0.4]", "p.toml:4: load: must not end at 0.4"),
        ("load = [0.4, 1.3]", "load = [0.4, nan]", "p.toml:4: load: must lie between 0.05 and 3, not NaN"),
        ("critical_load = 0.85", "critical_load = 0.3", "p.toml:5: critical_load: the critical part is at least 0.360"),
        ("[512, 6144]", "[512, 61440]", "p.toml:6: prompt_tokens: must lie between 8 and 32768"),
        ("[600, 4000]", "[600, 4000000]", "p.toml:2: requests: must lie between 50 and 20000"),
        ("[2, 4, 8]", "[]", "p.toml:8: instances: must name 1 to 16 choices"),
        ("[2, 4, 8]", "[2, 4, 4000]", "p.toml:8: instances.2: must lie between 1 and 128"),
        ("\"llama-3.1-8b-instruct\"", "\"gpt\"", "p.toml:9: models.1: no model card is called `gpt`"),
        ("\"llama-3.1-8b-instruct\"", "\"yi-34b\"", "p.toml:9: models.1: requests of up to 14336 tokens"),
        ("\"llama-3.1-8b-instruct\"", "'a\"\\nb'", "p.toml:9: models.1: must be a name"),
        ("cv = 2.0", "cv = 2000.0", "p.toml:12: arrivals.1.process.cv: must lie between"),
        ("to = 0.65", "to = 0.3", "p.toml:13: arrivals.2.surge.to: must lie after 0.35"),
        ("hardware = \"h100\"", "hardware = \"tpu\"", "p.toml:17: cluster.hardware: no hardware card"),
        ("routing = \"round-robin\"", "routing = \"weighted\"", "p.toml:20: cluster.routing: weighted"),
        ("preemption = \"fcfs\"", "horizon_us = 5", "p.toml:22: cluster.horizon_us: unknown field"),
    ] {
        assert!(without_comments.contains(from), "{from}");
        let error =
            Population::parse(&without_comments.replace(from, to), Path::new("p.toml")).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{to}: {error}");
    }
}

#[test]
fn the_ranges_that_are_documented_are_those_that_are_checked() {
    let schema = schemars::schema_for!(Population).to_value();
    let ranges = ["requests", "critical_share", "load", "prompt_tokens", "output_tokens"];
    for key in ranges.into_iter().chain(["seconds", "critical_load"]) {
        let description = schema["properties"][key]["description"].as_str().unwrap();
        let words: Vec<f64> = description
            .split_whitespace()
            .map(|word| word.trim_end_matches(['.', ',']).parse().unwrap_or(f64::NAN))
            .collect();
        let ends = words.windows(3).find(|three| !three[0].is_nan() && !three[2].is_nan()).unwrap();
        let (low, high) = (ends[0], ends[2]);
        let step = if low < 1.0 { 0.001 } else { 1.0 };
        let line = TEXT.lines().find(|line| line.starts_with(&format!("{key} = "))).unwrap();
        for (value, is_wrong) in [(low - step, true), (low, false), (high, false), (high + step, true)] {
            let written = if ranges.contains(&key) { format!("[{value}, {value}]") } else { value.to_string() };
            let text = TEXT.replace(line, &format!("{key} = {written}"));
            let error = Population::parse(&text, Path::new("population.toml")).err();
            let out_of_range = |error: &FileError| error.problem.contains("must lie between");
            assert_eq!(error.as_ref().is_some_and(out_of_range), is_wrong, "{key} = {written}: {error:?}");
        }
    }
}

#[test]
fn the_widest_and_the_narrowest_of_what_may_be_declared_can_be_drawn() {
    let widest = TEXT
        .replace("seconds = 120", "seconds = 3600")
        .replace("[600, 4000]", "[50, 20000]")
        .replace("[0.1, 0.9]", "[0.01, 0.99]")
        .replace("[0.4, 1.3]", "[0.05, 3]")
        .replace("= 0.85", "= 1")
        .replace("[512, 6144]", "[8, 16000]")
        .replace("[64, 1024]", "[8, 2000]")
        .replace("[2, 4, 8]", "[1, 128]")
        .replace("factor = 2.0", "factor = 10")
        .replace("from = 0.35, to = 0.65", "from = 0, to = 1");
    let widest = Population::parse(&widest, Path::new("p.toml")).unwrap();
    let corner = |unit: f64| {
        let mut at = [unit; DIMENSIONS.len()];
        for turned in [Dimension::Prompt, Dimension::Output] {
            at[turned as usize] = 1.0 - unit;
        }
        Unit { at, luck: Luck::new(1, 0) }
    };
    for unit in [0.0, 1.0] {
        let workload = widest.at("corner", &corner(unit)).scenario();
        assert!((50..=20_000).contains(&generated(&workload).requests));
    }
    assert_eq!(training(&widest, 1).len(), TRAINING);
    let narrowest = TEXT
        .replace("[600, 4000]", "[50, 50]")
        .replace("[0.1, 0.9]", "[0.5, 0.5]")
        .replace("[0.4, 1.3]", "[1, 1]")
        .replace("[512, 6144]", "[8, 8]")
        .replace("[64, 1024]", "[8, 8]")
        .replace("[2, 4, 8]", "[128]");
    let narrowest = Population::parse(&narrowest, Path::new("p.toml")).unwrap();
    assert!(training(&narrowest, 1).iter().all(|scenario| generated(scenario).requests == 50));
}

/// A drawn workload with poisson arrivals, at another load and for another time.
fn at_load(scenario: &Scenario, load: f64, seconds: f64) -> (Scenario, Traffic) {
    let mut scenario = scenario.clone();
    let client = generated(&scenario).clients[0].clone();
    let capacity = saturated_rate(&scenario.cluster, &client.input, &client.output);
    if let Workload::Generated(workload) = &mut scenario.workload {
        (workload.rate, workload.rate_steps) = (load * capacity, Vec::new());
        workload.requests = (load * capacity * seconds) as u64;
        for client in &mut workload.clients {
            client.arrival = ArrivalProcess::Poisson {};
        }
    }
    let traffic = scenario.generated(5);
    (scenario, traffic)
}

/// The mean TTFT of the last third of arrivals over that of the first, when all are let in.
fn drift(scenario: &Scenario, load: f64) -> f64 {
    let (scenario, traffic) = at_load(scenario, load, 120.0);
    let mut all = Builtin::parse("always-admit").unwrap();
    let run = simulate(&scenario.cluster, traffic.clone(), &mut all, 1);
    trial(&scenario.cluster, &traffic, &run).values[Metric::Drift as usize]
}

#[test]
fn a_cluster_serves_four_fifths_of_its_capacity_and_falls_behind_at_a_third_more() {
    for scenario in training(&declared(), 11).iter().step_by(4) {
        let (calm, behind) = (drift(scenario, 0.8), drift(scenario, 1.3));
        assert!(calm < 2.0 && behind > 2.0, "{}: {calm} at 0.8, {behind} at 1.3", scenario.name);
    }
}

//! The population that is like production: tiers of several clients, limits, predictors, a past, and traffic afterwards.

use super::*;
use simulator::hints::{Limits, round_up};
use simulator::predictor::Predictor;
use simulator::sampler::Length;
use simulator::workload::Client;

const NEXT: &str = include_str!("../../../../../../experiments/admission/population.toml");
const COUNT: usize = 48;

fn next() -> Population {
    Population::parse(NEXT, Path::new("population.toml")).unwrap()
}

fn drawn_next() -> Vec<Scenario> {
    drawn(&next(), ("training", COUNT), Nonce::of(5), Role::Search)
}

fn tier<'a>(scenario: &'a Scenario, class: &str) -> Vec<&'a Client> {
    generated(scenario).clients.iter().filter(|client| client.slo_class == class).collect()
}

/// The mean of a distribution before its cut.
fn mean(length: &Length) -> f64 {
    match *length {
        Length::LogNormal { mu, sigma, .. } => (mu + sigma * sigma / 2.0).exp(),
        Length::Pareto { alpha, xm, .. } => xm * alpha / (alpha - 1.0),
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn every_workload_like_production_lies_within_the_declared_bounds() {
    for scenario in drawn_next() {
        let (name, window) = (&scenario.name, generated(&scenario));
        let (critical, sheddable) = (tier(&scenario, "critical"), tier(&scenario, "sheddable"));
        assert!((3..=8).contains(&critical.len()) && (3..=8).contains(&sheddable.len()), "{name}");
        assert_eq!(critical.len() + sheddable.len(), window.clients.len(), "{name}");
        let share: f64 = critical.iter().map(|client| client.fraction).sum();
        assert!((0.1..=0.9).contains(&share), "{name}: {share}");
        assert!((600..=4000).contains(&window.requests), "{name}");
        assert!(scenario.requests().is_some_and(|requests| requests <= 4000), "{name}: {:?}", scenario.requests());
        assert!(scenario.after_s > 0.0 && scenario.epoch_us <= 2_592_000_000_000, "{name}");
        let seconds = window.expected_end_s();
        assert!(seconds <= 601.0 || window.requests == 600, "{name}: {seconds}");
        let traffic = scenario.generated(1);
        assert!(traffic.measured.end < traffic.arrivals.len(), "{name} goes on after the window");
        for arrival in traffic.arrivals.iter() {
            assert!((1..=16_384).contains(&arrival.input_tokens) && (1..=4096).contains(&arrival.output_tokens));
        }
    }
}

#[test]
fn the_critical_part_of_several_clients_is_never_more_than_can_be_served() {
    for scenario in drawn_next().iter().step_by(3) {
        let window = generated(scenario);
        let critical: Vec<Client> = tier(scenario, "critical").into_iter().cloned().collect();
        let share: f64 = critical.iter().map(|client| client.fraction).sum();
        let later = critical[0].rate_steps.first().map_or(1.0, |step| step.factor);
        let [_, highest] = rates(window);
        let asked = highest * share * later.max(1.0) / saturated(&scenario.cluster, &critical).rate;
        assert!(asked <= 0.8501, "{}: {asked}", scenario.name);
    }
}

#[test]
fn each_choice_of_a_list_is_drawn_as_often_as_it_stands_there() {
    let scenarios = drawn_next();
    let count = |is_one: &dyn Fn(&Scenario) -> bool| scenarios.iter().filter(|scenario| is_one(scenario)).count();
    assert_eq!(count(&|scenario| scenario.past.is_some()), COUNT / 2);
    assert_eq!(count(&|scenario| scenario.cluster.max_num_seqs == 32), COUNT / 4);
    assert_eq!(count(&|scenario| scenario.cluster.routing == simulator::cluster::Routing::Random), COUNT / 3);
    let hints = |scenario: &Scenario| scenario.hints.clone().unwrap();
    let stressed = count(&|scenario| hints(scenario).limits == Limits::Request);
    assert!((1..=COUNT.div_ceil(10)).contains(&stressed), "{stressed} are the stress case");
    let learned = count(&|scenario| matches!(hints(scenario).predictor, Predictor::Learned { .. }));
    assert!((COUNT / 3 - 1..=COUNT / 3 + 1).contains(&learned), "{learned} learn");
    let changing = count(&|scenario| {
        let window = generated(scenario);
        let half_s = window.expected_end_s() / 2.0;
        let at_half = |from_s: f64| (from_s / half_s - 1.0).abs() < 0.3;
        let mixes = window.clients.iter().any(|client| !client.rate_steps.is_empty());
        mixes || window.rate_steps.first().is_some_and(|step| at_half(step.from_s) && step.factor == 1.6)
    });
    assert_eq!(changing, COUNT / 3);
    // The largest card has four GPUs, and the others one.
    for scenario in &scenarios {
        let large = scenario.cluster.model.name == "llama-3.1-70b-instruct";
        assert_eq!(scenario.cluster.tensor_parallel, if large { 4 } else { 1 });
    }
}

#[test]
fn a_limit_is_none_the_default_or_a_round_number_at_or_above_the_95th_percentile_of_its_client() {
    let (mut default, mut round, mut none) = (0, 0, 0);
    for client in drawn_next().iter().flat_map(|scenario| &generated(scenario).clients) {
        match client.max_output_tokens {
            None => none += 1,
            Some(4096) => default += 1,
            Some(limit) => {
                assert!(limit >= client.output.quantile(0.95) && limit == round_up(f64::from(limit)), "{client:?}");
                round += 1;
            }
        }
    }
    assert!(none > 100 && default > 100 && round > 100, "{none}, {default}, {round}");
}

#[test]
fn the_means_of_clients_differ_by_the_drawn_factor() {
    let mut factors = Vec::new();
    for scenario in drawn_next() {
        for class in ["critical", "sheddable"] {
            let means: Vec<f64> = tier(&scenario, class).iter().map(|client| mean(&client.input)).collect();
            let (least, most) =
                means.iter().fold((f64::MAX, 0.0), |(least, most), &m| (least.min(m), f64::max(most, m)));
            factors.push(most / least);
        }
    }
    assert!(factors.iter().all(|factor| *factor < 20.001), "{factors:?}");
    // Where a mean would lie near the cut, it gives way.
    let spread = factors.iter().filter(|factor| **factor >= 2.999).count();
    assert!(spread * 10 > 9 * factors.len(), "{spread} of {}", factors.len());
}

#[test]
fn a_past_has_the_same_clients_with_the_same_limits_and_other_lengths() {
    let mut seen = 0;
    for scenario in drawn_next() {
        let Some(past) = &scenario.past else { continue };
        let (now, then) = (&generated(&scenario).clients, &past.workload.clients);
        assert_eq!(now.len(), then.len());
        for (now, then) in now.iter().zip(then) {
            assert_eq!((&now.slo_class, now.max_output_tokens), (&then.slo_class, then.max_output_tokens));
            assert_ne!((&now.input, &now.output), (&then.input, &then.output));
        }
        assert!((120.0..=3600.0).contains(&past.seconds) && past.workload.requests == 300);
        let traffic = scenario.generated(2);
        let (before, window) = traffic.arrivals.split_at(traffic.measured.start);
        assert!(before.len() <= 300);
        let known = |arrivals: &[simulator::Arrival]| -> std::collections::BTreeSet<u32> {
            arrivals.iter().map(|arrival| arrival.hints.client).collect()
        };
        assert!(!known(before).is_disjoint(&known(window)), "{}: some client sends in both", scenario.name);
        seen += 1;
    }
    assert_eq!(seen, COUNT / 2);
}

#[test]
fn what_is_wrong_with_clients_or_a_past_is_named_with_its_line_and_key() {
    let line = |key: &str| 1 + NEXT.lines().position(|line| line.starts_with(key)).unwrap();
    for (from, to, key, expected) in [
        ("seconds_to = 600", "seconds_to = 30", "seconds_to", "must lie between 60 and 3600"),
        (
            "tensor_parallel = [1, 1, 1, 1, 4]",
            "tensor_parallel = [1]",
            "tensor_parallel",
            "must have a number for each of the 5",
        ),
        ("[1, 1, 1, 1, 4]", "[1, 1, 1, 1, 5]", "tensor_parallel", "5 GPUs cannot share"),
        ("[32, 64, 128, 256]", "[32, 64, 128, 2560]", "max_num_seqs", "must lie between 4 and 1024"),
        ("\"least-loaded\"", "\"weighted\"", "routings", "weighted routing needs scorers"),
        ("\"least-loaded\"", "\"nearest\"", "routings", "no routing is called"),
        ("requests = [600, 4000]", "requests = [3000, 4000]", "requests", "3000 in the window, 300 before and 1600"),
        ("share = 0.5", "share = 1.5", "share", "must lie between 0 and 1"),
        ("count = [3, 8]", "count = [0, 8]", "count", "must lie between 1 and 16"),
        ("longest = [16384, 4096]", "longest = [32768, 16384]", "models", "requests of up to 49152 tokens"),
        ("tail = [1.3, 3.0]", "tail = [0.9, 3.0]", "tail", "must lie between 1.05 and 100"),
        ("rho = 0.5 }", "rho = 5 }", "predictors", "must lie between -1 and 1"),
        ("limits = [\"none\"", "limits = [\"never\"", "limits", "unknown variant `never`"),
    ] {
        assert!(NEXT.contains(from), "{from}");
        let error = Population::parse(&NEXT.replacen(from, to, 1), Path::new("p.toml")).unwrap_err();
        assert!(error.problem.contains(expected), "{to}: {error}");
        let near = error.line.unwrap().abs_diff(line(key));
        assert!(near <= 6, "{to}: line {:?} for {key} in {}", error.line, line(key));
    }
}

#[test]
fn the_ranges_of_clients_and_pasts_that_are_documented_are_those_that_are_checked() {
    let (top, past, clients) = (
        schemars::schema_for!(Population).to_value(),
        schemars::schema_for!(PastRange).to_value(),
        schemars::schema_for!(Clients).to_value(),
    );
    for (schema, table, key) in [
        (&top, "", "after"),
        (&top, "", "epoch_s"),
        (&past, "[past]", "share"),
        (&past, "[past]", "seconds"),
        (&past, "[past]", "requests"),
        (&clients, "[clients]", "count"),
        (&clients, "[clients]", "spread"),
        (&clients, "[clients]", "prompt_sigma"),
        (&clients, "[clients]", "output_sigma"),
        (&clients, "[clients]", "tail"),
        (&clients, "[clients]", "longest"),
    ] {
        let description = schema["properties"][key]["description"].as_str().unwrap();
        let words: Vec<f64> = description
            .split_whitespace()
            .map(|word| word.trim_end_matches(['.', ',', ';']).parse().unwrap_or(f64::NAN))
            .collect();
        let ends =
            words.windows(3).find(|three| !three[0].is_nan() && three[1].is_nan() && !three[2].is_nan()).unwrap();
        let (low, high) = (ends[0], ends[2]);
        let step = if low < 2.0 && !["requests", "count"].contains(&key) { 0.001 } else { 1.0 };
        let (before, rest) = NEXT.split_at(NEXT.find(table).unwrap());
        let line = rest.lines().find(|line| line.starts_with(&format!("{key} = "))).unwrap();
        for (value, is_wrong) in [(low - step, true), (low, false), (high, false), (high + step, true)] {
            let written = if key == "share" { value.to_string() } else { format!("[{value}, {value}]") };
            let text = format!("{before}{}", rest.replacen(line, &format!("{key} = {written}"), 1));
            let error = Population::parse(&text, Path::new("p.toml")).err();
            // What is no number of its type is refused as well.
            let refused =
                |error: &FileError| error.problem.contains("must lie between") || error.problem.contains("invalid");
            assert_eq!(error.as_ref().is_some_and(refused), is_wrong, "{key} = {written}: {error:?}");
        }
    }
}

#[test]
fn a_population_without_the_new_keys_draws_what_it_always_drew() {
    let population = declared();
    assert_eq!((population.clients.is_none(), population.past, population.after), (true, None, [0.0; 2]));
    for scenario in training(&population, 1) {
        assert!(scenario.past.is_none() && scenario.hints.is_none());
        assert_eq!((scenario.after_s, scenario.epoch_us, scenario.cluster.max_num_seqs), (0.0, 0, 256));
        assert_eq!(generated(&scenario).clients.len(), 2);
    }
}

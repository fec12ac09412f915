use super::*;
use crate::experiment::Guard;
use crate::fixture::{self, spec};
use crate::frontier::{Term, interval, parts};
use crate::keyed::uniform;
use crate::yardsticks::Yardsticks;

/// Twenty drawn workloads with these gains and costs.
fn measured(gain: impl Fn(usize) -> f64, cost: impl Fn(usize) -> f64) -> Measurement {
    let noise = |at: usize| if at.is_multiple_of(2) { 5e-4 } else { -5e-4 };
    fixture::measured((0..20).map(|at| vec![fixture::cell(gain(at), cost(at) + noise(at))]).collect())
}

fn find(own: &Measurement) -> Found {
    let yardsticks = Yardsticks { drawn: 20, ..fixture::yardsticks(measured(|_| 0.3, |_| 0.4)) };
    let guard = |metric: &str, at_most: f64| Guard { metric: metric.into(), at_most: Some(at_most), at_least: None };
    let guards = vec![guard("regret", 5.0), guard("loss", 1.0), guard("shortfall", 0.1), guard("cost_ratio", 1.0)];
    let names: Vec<String> = (0..20).map(|at| format!("control_{at}")).collect();
    let scoring = Scoring { yardsticks: &yardsticks, names: &[], spec: &spec() };
    found(own, &names, scoring, &fixture::experiment(guards))
}

#[test]
fn a_row_says_what_a_policy_is_worth_and_which_guards_it_breaks() {
    let good = find(&measured(|_| 0.3, |_| 0.3));
    assert!((good.worth.unwrap() - 0.25).abs() < 1e-3 && good.passes(), "{good:?}");
    assert_eq!((good.losing, good.regretting), (0, 0.0));
    // As much gain in the mean, but nothing for three of twenty and worse than nothing for one.
    let uneven = |at: usize| [-0.1, 0.0, 0.0].get(at).copied().unwrap_or(0.359);
    let bad = find(&measured(uneven, |_| 0.3));
    assert_eq!(bad.broken, ["regret"], "one in twenty may lose a little: {bad:?}");
    assert_eq!((bad.losing, bad.worst_workload.as_str()), (1, "control_0"));
    assert!((bad.worst - 10.0).abs() < 1e-9 && (bad.regretting - 0.15).abs() < 1e-9);
    let dear = find(&measured(|_| 0.3, |_| 0.5));
    assert!(dear.broken.contains(&"cost_ratio".to_owned()) && !dear.passes(), "{dear:?}");
    let idle = find(&measured(|_| 0.0, |_| 0.0));
    assert!(idle.worth.is_none() && idle.parts.is_empty() && !idle.passes(), "{idle:?}");
}

/// A policy that saves this share on workloads which two policies have in common; `own` is its own luck.
fn terms(trial: u64, saving: f64, own: u64) -> Vec<Term> {
    let term = |w: u64| {
        let coin = |k: u64| uniform(trial, 8 * w + k);
        let demand = 0.5 * coin(0).powi(2);
        let luck = 0.3 * (coin(1) + coin(2) - 1.0) + 0.1 * (coin(3 + own) - 0.5);
        Term { demand, cost: demand * (1.0 - saving) + demand * luck }
    };
    (0..48).map(term).collect()
}

#[test]
fn the_mean_of_the_parts_is_what_is_saved_and_their_scatter_that_of_the_interval() {
    for seed in 0..20 {
        let terms = terms(seed, 0.12, 0);
        let (parts, interval) =
            (t_interval(&parts(&terms, 0.01), 0.05, 0.0).unwrap(), interval(&terms, 0.01, 0.05).unwrap());
        assert!((parts.estimate - interval.estimate).abs() < 1e-12, "seed {seed}");
        let [own, fieller] = [parts.high - parts.low, interval.high - interval.low];
        // Fieller's is a little wider: demand is known no better than cost.
        assert!((0.8..=1.02).contains(&(own / fieller)), "seed {seed}: {own} {fieller}");
    }
}

#[test]
fn the_interval_of_a_difference_covers_the_truth_and_is_narrower_than_either_policys() {
    let (trials, mut covered, mut narrower) = (1000, 0, 0);
    for trial in 0..trials {
        let [one, other] = [(0.14, 0), (0.10, 1)].map(|(saving, own)| parts(&terms(trial, saving, own), 0.0));
        let apart = difference(&one, &other).unwrap();
        covered += usize::from(apart.low <= 0.04 && 0.04 <= apart.high);
        let alone = t_interval(&one, 0.05, 0.0).unwrap();
        narrower += usize::from(apart.high - apart.low < alone.high - alone.low);
    }
    let share = covered as f64 / trials as f64;
    assert!((0.92..0.98).contains(&share) && narrower == trials as usize, "{share} {narrower}");
}

#[test]
fn a_share_is_of_what_is_surely_worth_something() {
    let [half, whole] = [0.1, 0.2].map(|saving| parts(&terms(7, saving, 0), 0.0));
    let share_of = |own: &[f64], whole: &[f64]| share(own, whole);
    let found = share_of(&whole, &whole).unwrap();
    assert!((found.estimate - 1.0).abs() < 1e-12 && found.high - found.low < 1e-9, "{found:?}");
    assert!((share_of(&half, &whole).unwrap().estimate - 0.5).abs() < 0.1);
    let nothing = parts(&terms(7, 0.0, 0), 0.0);
    assert_eq!(share_of(&half, &nothing.iter().map(|part| part - 0.2).collect::<Vec<_>>()), None);
    assert_eq!(difference(&half, &whole[1..]), None, "they ran on different workloads");
}

fn tables(standing: Standing, stress: bool, row: Found) -> Tables {
    let policy = Policy {
        name: "p".into(),
        standing,
        what: "a policy".into(),
        outcome: Outcome::Scored,
        message: String::new(),
        scale: None,
    };
    let variant = Variant { name: "v".into(), what: "a variant".into(), stress, yardstick: None };
    let rows = vec![Row { outcome: Outcome::Scored, message: String::new(), found: Some(row) }];
    let table = Table { variant, rows, differences: vec![], shares: vec![] };
    Tables {
        nonce: "1".into(),
        workloads: 20,
        fitted_on: 64,
        bounds: [5.0, 1.0],
        guards: vec![],
        policies: vec![policy],
        variants: vec![table],
    }
}

#[test]
fn a_hole_in_the_objective_and_harm_under_stress_are_failures_and_nothing_else_is() {
    let good = || find(&measured(|_| 0.3, |_| 0.3));
    let harmful = || find(&measured(|at| if at == 3 { -0.05 } else { 0.32 }, |_| 0.3));
    for (name, kind) in Kind::ALL {
        let failures = tables(Standing::Control(kind), true, good()).failures();
        assert_eq!(failures.len(), usize::from(kind.must_fail()), "{name}: {failures:?}");
        assert_eq!(kind.as_str(), name);
    }
    assert_eq!(tables(Standing::LookedAt, true, good()).failures(), Vec::<String>::new());
    assert_eq!(tables(Standing::LookedAt, false, harmful()).failures(), Vec::<String>::new());
    assert!(tables(Standing::LookedAt, true, harmful()).failures()[0].contains("5.0 in control_3"));
    assert_eq!(tables(Standing::Control(Kind::HandWritten), true, harmful()).failures(), Vec::<String>::new());
}

//! Flow control as a problem: what is asked and when, and what becomes of answers.

use engine::problem::{Case, Problem, Source, Workload};
use engine::science::trial::Trial;
use limiter::prelude::{Limiter, Reading};
use limiter::wire::{self, MAX_BANDS, Question, Seat};
use problems::flow_control::{FlowControl, Metric};
use simulator::flow::limiters;
use simulator::{Outcome, Run, Scenario};
use std::path::Path;
use std::sync::Arc;

const SCENARIO: &str = include_str!("../src/flow_control/template/scenarios/cache.toml");

fn read(text: &str) -> Result<Box<dyn Workload>, String> {
    let mut beside = |_: &str| unreachable!("no trace is named");
    let source = Source { text, file: Path::new("s.toml"), beside: &mut beside, room: &mut |_, _| Ok(()) };
    FlowControl.workload(source).map_err(|error| error.to_string())
}

fn case(text: &str, seed: u64) -> Arc<dyn Case> {
    read(text).unwrap().case(false, seed).unwrap()
}

/// Drives a run by these answers to its questions.
fn driven(case: &dyn Case, mut answer: impl FnMut(&[u8]) -> Vec<u8>) -> Result<(Option<Trial>, usize), String> {
    let (mut machine, mut question, mut asked) = (case.start(1), Vec::new(), 0);
    while machine.ask(&mut question) {
        machine.answer(&answer(&question))?;
        question.clear();
        asked += 1;
    }
    Ok((machine.trial(), asked))
}

fn builtin(case: &dyn Case, name: &str) -> Trial {
    let policy = FlowControl.builtin(name).unwrap();
    let mut seat = policy.seat();
    let answered = driven(case, |question| {
        let mut answer = vec![0; wire::ANSWER_BYTES];
        seat.answer(question, &mut answer);
        answer
    });
    answered.unwrap().0.unwrap()
}

/// The run of the simulator alone.
fn simulated(text: &str, seed: u64, name: &str) -> (Scenario, Run) {
    let scenario = Scenario::parse(text, Path::new("s.toml")).unwrap();
    let flow = scenario.flow_control.clone().unwrap();
    let mut limiter = limiters::Builtin::parse(name).unwrap();
    let run = simulator::flow::simulate(&scenario.cluster, &flow, scenario.generated(seed), &mut limiter).unwrap();
    (scenario, run)
}

fn value(trial: &Trial, metric: Metric) -> f64 {
    trial.values[metric as usize]
}

/// The published policy, as its authors merged it, written against the contract.
#[derive(Default)]
struct Published {
    tick: u64,
}

impl Limiter for Published {
    fn new(_: &[f64]) -> Self {
        Published::default()
    }

    fn limit(&mut self, reading: &Reading<'_>, priorities: &[i32], ceilings: &mut [f64]) {
        let (saturation, count) = (reading.saturation, priorities.len());
        if count < 2 {
            return;
        }
        let mut open = false;
        if saturation >= 1.0 - saturation {
            self.tick += 1;
            open = self.tick.is_multiple_of(((saturation / (1.0 - saturation + 1e-9)).round() as u64).max(1));
        }
        for (band, ceiling) in ceilings.iter_mut().enumerate().skip(1) {
            let reflection = 1.0 - (band as f64 * saturation) / (count - 1) as f64;
            *ceiling = if saturation < reflection || open { 1.0 } else { 0.0 };
        }
    }
}

#[test]
fn a_candidate_that_is_the_published_policy_gives_the_runs_of_the_built_in_one() {
    for (text, seed) in [(SCENARIO.to_owned(), 1), (with("ticks = \"router\""), 2), (with("credit = \"unseen\""), 3)] {
        let case = case(&text, seed);
        let mut seat = Seat::<Published>::start(&[]);
        let (own, asked) = driven(case.as_ref(), |question| seat.answer(question).to_vec()).unwrap();
        assert_eq!(own.unwrap().values, builtin(case.as_ref(), "soft-reflective").values);
        assert!(asked > 400, "{asked}");
        let (scenario, run) = simulated(&text, seed, "soft-reflective");
        let by_itself = problems::flow_control::trial(&scenario.cluster, &scenario.generated(seed), &run);
        assert_eq!(
            builtin(case.as_ref(), "soft-reflective").values,
            by_itself.values,
            "nothing is lost by asking less often"
        );
    }
}

/// The scenario with a further line in its queue.
fn with(line: &str) -> String {
    SCENARIO.replace("detector = \"utilization\"\n", &format!("detector = \"utilization\"\n{line}\n"))
}

#[test]
fn nobody_is_asked_at_a_saturation_of_1_and_production_tells_saturation_and_priorities_alone() {
    let mut bands = 0;
    let open = wire::answer(&[wire::OPEN; MAX_BANDS]).to_vec();
    driven(case(SCENARIO, 1).as_ref(), |question| {
        let question = Question::read(question).unwrap();
        assert!(question.saturation < 1.0);
        assert_eq!((question.age_us, question.in_flight, question.unseen, question.waiting), (None, None, None, None));
        bands = bands.max(question.bands);
        open.clone()
    })
    .unwrap();
    assert_eq!(bands, 2);
}

#[test]
fn what_the_experiment_names_is_told_besides() {
    let text = with("told = [\"age\", \"waiting\", \"in-flight\", \"unseen\"]");
    let open = wire::answer(&[wire::OPEN; MAX_BANDS]).to_vec();
    let (mut oldest, mut most, mut unseen, mut in_flight) = (0, 0, 0, 0);
    driven(case(&text, 1).as_ref(), |question| {
        let question = Question::read(question).unwrap();
        oldest = oldest.max(question.age_us.unwrap());
        most = most.max(question.waiting.unwrap().iter().sum());
        unseen = unseen.max(question.unseen.unwrap());
        in_flight = in_flight.max(question.in_flight.unwrap());
        open.clone()
    })
    .unwrap();
    assert!((40_000..=51_000).contains(&oldest), "{oldest}");
    assert!(most > 10 && unseen > 1 && in_flight > 20, "{most} {unseen} {in_flight}");
}

#[test]
fn ceilings_that_are_none_are_an_outcome_and_are_not_repaired() {
    let case = case(SCENARIO, 1);
    let answers = |highest: f64, lower: f64, beyond: f64| {
        let mut ceilings = [beyond; MAX_BANDS];
        driven(case.as_ref(), |question| {
            let bands = Question::read(question).unwrap().bands;
            ceilings[..bands].fill(lower);
            ceilings[0] = highest;
            wire::answer(&ceilings).to_vec()
        })
    };
    assert!(answers(1.0, 0.9, 1.0).is_ok());
    for (highest, lower, beyond, expected) in [
        (f64::NAN, 0.5, 1.0, "the ceiling of band 0 is NaN, which does not lie between 0 and 1"),
        (1.0, 1.5, 1.0, "the ceiling of band 1 is 1.5"),
        (1.0, -0.1, 1.0, "the ceiling of band 1 is -0.1"),
        (0.5, 0.75, 1.0, "the ceiling of band 1, 0.75, is higher than 0.5, that of the band before it"),
        (1.0, 0.5, 0.5, "it answered more ceilings than there are bands"),
    ] {
        let error = answers(highest, lower, beyond).unwrap_err();
        assert!(error.starts_with("it answered ") && error.contains(expected), "{error}");
    }
    let short = driven(case.as_ref(), |_| vec![0; 8]).unwrap_err();
    assert_eq!(short, "it answered 8 bytes instead of 64, a ceiling for each band");
}

#[test]
fn whoever_holds_requests_back_for_ever_has_left_them() {
    let case = case(SCENARIO, 1);
    let mut ceilings = [0.0; MAX_BANDS];
    ceilings[0] = 1.0;
    let closed = |question: &[u8]| {
        let bands = Question::read(question).unwrap().bands;
        let mut own = ceilings;
        own[bands..].fill(wire::OPEN);
        wire::answer(&own).to_vec()
    };
    let trial = driven(case.as_ref(), closed).unwrap().0.unwrap();
    let left = value(&trial, Metric::Left);
    let lower = value(&trial, Metric::Requests) - value(&trial, Metric::CriticalRequests);
    // Those that come before the first critical request are in the highest band that there is.
    assert!(left > lower - 5.0 && left <= lower, "{left} of {lower}");
    assert_eq!(value(&trial, Metric::Unserved), left);
    let baseline = builtin(case.as_ref(), "constant");
    assert_eq!(FlowControl.pair(&trial, &baseline, &[]).cell.violations, left as u64);
    assert_eq!(value(&baseline, Metric::Left), 0.0);
}

#[test]
fn a_trial_says_what_the_requests_of_the_window_met() {
    let (scenario, run) = simulated(SCENARIO, 4, "constant");
    let traffic = scenario.generated(4);
    let trial = builtin(case(SCENARIO, 4).as_ref(), "constant");
    let rows = || traffic.arrivals.iter().zip(&run.requests);
    let critical = || rows().filter(|(arrival, _)| arrival.class.name() == "critical");
    let mean = critical().map(|(_, record)| record.e2e_us.unwrap() as f64).sum::<f64>() / critical().count() as f64;
    assert!((value(&trial, Metric::E2eMean) - mean).abs() < 1e-6 * mean);
    assert_eq!(value(&trial, Metric::CriticalRequests) as usize, critical().count());
    assert_eq!(value(&trial, Metric::Requests) as usize, 400);
    assert!(value(&trial, Metric::TtftP50) < value(&trial, Metric::TtftP95));
    // All tokens but those that came after the last arrival, when a backlog had built up.
    let all: f64 = rows().map(|(arrival, _)| f64::from(arrival.output_tokens)).sum();
    let inside = value(&trial, Metric::Tokens);
    assert!(inside < all && inside > 0.3 * all, "{inside} of {all}");
    assert!(run.requests.iter().all(|record| record.outcome == Outcome::Completed));
}

#[test]
fn requests_that_waited_too_long_are_unserved_and_no_first_token_of_theirs_counts() {
    let text = with("request_ttl_us = 300000");
    let trial = builtin(case(&text, 1).as_ref(), "threshold(0.5)");
    let (_, run) = simulated(&text, 1, "threshold(0.5)");
    let expired = run.requests.iter().filter(|record| record.outcome == Outcome::Expired).count();
    assert!(expired > 10, "{expired}");
    assert_eq!(value(&trial, Metric::Unserved) as usize, expired);
}

#[test]
fn a_scenario_without_a_queue_or_with_one_priority_is_refused_and_says_what_to_do() {
    let (plain, rest) = SCENARIO.split_once("# The queue").unwrap();
    let without = format!("{plain}{}", &rest[rest.find("[workload]").unwrap()..]);
    let one = SCENARIO.replace("slo_class = \"sheddable\"", "slo_class = \"critical\"");
    for (text, place, expected) in [
        (without, "s.toml", "add a table [flow_control] with detector"),
        (one, "s.toml", "its requests have 1 priorities"),
        (with("usage_limit_threshold = 0.9"), "s.toml:", "the limiter sets the ceilings here; leave the threshold out"),
        (with("told = [\"lengths\"]"), "s.toml:", "expected one of `age`"),
        (SCENARIO.replace("instances = 2", "instances = 2\nhorizon_us = 9"), "s.toml:", "leave the horizon out"),
    ] {
        let error = read(&text).unwrap_err();
        assert!(error.starts_with(place) && error.contains(expected), "{error}");
    }
}

#[test]
fn a_workloads_key_says_what_it_means_its_queue_included_and_not_what_it_is_called() {
    let key = |text: &str| read(text).unwrap().key().to_owned();
    let own = key(SCENARIO);
    assert_eq!(own, key(&SCENARIO.replace("name = \"cache\"", "name = \"other\" # comment")));
    assert_ne!(own, key(&with("credit = \"unseen\"")));
    assert_ne!(own, key(&with("told = [\"age\"]")));
    assert_ne!(own, key(&SCENARIO.replace("rate = 22.0", "rate = 23.0")));
}

#[test]
fn a_name_that_is_no_limiter_is_answered_with_those_there_are() {
    let error = FlowControl.builtin("soft").unwrap_err();
    assert!(error.contains("there are constant, threshold(T) and soft-reflective"), "{error}");
    assert_eq!(
        FlowControl.builtin("threshold(1)").unwrap().meaning(),
        FlowControl.builtin("constant").unwrap().meaning()
    );
}

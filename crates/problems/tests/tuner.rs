//! Tuning on the real simulator: the constants of a curve that looks at the mix of tiers, on two scenarios of the study.

use admitter::{Admitter, Cluster, Decision, Draw, Request};
use engine::LoadedExperiment;
use engine::panel::{Role, Seeds};
use engine::problem::Problem;
use problems::admission::{Admission, trial};
use science::experiment::Experiment;
use science::keyed;
use science::measurement::Paired;
use science::nonce::Nonce;
use science::objective::{Measurement, Scoring, Yardsticks};
use science::scale::{self, Next, Scale};
use science::trial::Trial;
use science::tuner::goal::{Worth, worth};
use science::tuner::{Range, Tried, Tuner, best};
use science::yardsticks::{SCALES, STEP};
use simulator::admitters::Builtin;
use simulator::{Scenario, Traffic, simulate};
use std::path::Path;

const SCENARIOS: [&str; 2] = ["chatbot_under", "codecompletion_near"];
const SEEDS: usize = 1;
const ROWS: [usize; SCENARIOS.len()] = [SEEDS; SCENARIOS.len()];

/// Two scenarios with a few seeds, and what points are held against.
struct Bench {
    cells: Vec<(Scenario, Traffic, u64)>,
    baseline: Vec<Trial>,
    yardsticks: Yardsticks,
    prices: Vec<f64>,
    experiment: Experiment,
}

impl Bench {
    fn new() -> Self {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments/admission");
        let study = LoadedExperiment::read(&directory, &problems::all()).unwrap();
        let mut cells = Vec::new();
        for name in SCENARIOS {
            let scenario = Scenario::load(&directory.join(format!("scenarios/{name}.toml"))).unwrap();
            for number in 0..SEEDS {
                let seeds = Seeds::new(Nonce::of(1), Role::Search, name, number);
                cells.push((scenario.clone(), scenario.generated(seeds.arrivals), seeds.draws[0]));
            }
        }
        let run = |policy: &Builtin| run(&cells, policy);
        let baseline = run(&Builtin::parse("gaie-legacy").unwrap());
        let prices = Admission.spec().prices(&study.experiment.objective.prices);
        let measured = |policy: &Builtin| paired(&run(policy), &baseline, &prices);
        let scaled = |power: i32| Builtin::scaled("probabilistic", "k", STEP.powi(power)).unwrap();
        let reference = measured(&Builtin::parse("probabilistic").unwrap());
        let extremes =
            Admission.spec().extremes.iter().map(|extreme| measured(&Builtin::parse(&extreme.policy).unwrap()));
        let scales = SCALES.map(|power| measured(&scaled(power))).into();
        let yardsticks = Yardsticks::new(reference.clone(), vec![reference], extremes.collect(), scales);
        Bench { cells, baseline, yardsticks, prices, experiment: study.experiment }
    }

    /// What a point is worth where its scale is set to equal gain, as the engine does before anything is tuned.
    fn value(&self, point: &[f64]) -> f64 {
        let at = |half: f64| paired(&run(&self.cells, &MixAware::new(half, point)), &self.baseline, &self.prices);
        let goal = self.yardsticks.reference.gain();
        let scale = Scale::new(0.02, 4.0, 0.28).unwrap();
        let (mut part, mut whole) = (Vec::new(), Vec::new());
        let gained = |at: f64, measured: &Measurement| scale::Run { at, margin: measured.gain() - goal };
        loop {
            match scale.next(&part, &whole) {
                Next::Part(places) => part.extend(places.into_iter().map(|place| gained(place, &at(place.exp())))),
                Next::Whole(place) => whole.push(gained(place, &at(place.exp()))),
                Next::Set(place) => return self.worth(&at(place.exp())),
                Next::None => return Worth::NOTHING.value(),
            }
        }
    }

    fn worth(&self, measured: &Measurement) -> f64 {
        let (names, spec) = (SCENARIOS.map(String::from), Admission.spec());
        let score = Scoring { yardsticks: &self.yardsticks, names: &names, spec }.score(measured);
        worth(measured, &score, &self.yardsticks, (&self.experiment, spec)).value()
    }
}

fn paired(trials: &[Trial], baseline: &[Trial], prices: &[f64]) -> Measurement {
    let pair = |(own, baseline): (&Trial, &Trial)| Admission.pair(own, baseline, prices);
    let paired: Vec<Paired> = trials.iter().zip(baseline).map(pair).collect();
    Measurement::of(&paired, &ROWS, Admission.spec())
}

/// The published curve, with more pressure the more of the traffic is droppable.
#[derive(Clone)]
struct MixAware {
    power: f64,
    full: f64,
    mix: f64,
    arrived: f64,
    droppable: f64,
}

impl MixAware {
    /// Half is refused at this pressure: its scale.
    fn new(half: f64, constants: &[f64]) -> Self {
        let [power, mix] = *constants else { panic!("two constants") };
        MixAware { power, full: half * 2f64.powf(1.0 / power), mix, arrived: 0.0, droppable: 0.0 }
    }
}

impl Admitter for MixAware {
    fn new(parameters: &[f64]) -> Self {
        MixAware::new(parameters[0], &parameters[1..])
    }

    fn admit(&mut self, request: &Request, cluster: &Cluster<'_>, draw: &mut Draw) -> Decision {
        self.arrived += 1.0;
        if request.priority >= 0 {
            return Decision::Admit;
        }
        self.droppable += 1.0;
        let pressure = cluster.saturation(5.0, 0.8) * (self.droppable / self.arrived).powf(self.mix);
        Decision::reject_if(draw.uniform() < (pressure / self.full).powf(self.power))
    }
}

fn run<A: Admitter + Clone>(cells: &[(Scenario, Traffic, u64)], policy: &A) -> Vec<Trial> {
    let run = |(scenario, traffic, draws): &(Scenario, Traffic, u64)| {
        let run = simulate(&scenario.cluster, traffic.clone(), &mut policy.clone(), *draws);
        trial(&scenario.cluster, traffic, &run)
    };
    cells.iter().map(run).collect()
}

fn ranges() -> [Range; 2] {
    let range = |name: &str, default, low, high| Range { name: name.into(), default, low, high };
    [range("power", 5.0, 1.0, 12.0), range("mix", 0.0, 0.0, 2.0)]
}

fn tuned(bench: &Bench, key: u64) -> f64 {
    let (tuner, mut tried) = (Tuner::new(&ranges(), key), Vec::new());
    while let Some(parameters) = tuner.next(&tried) {
        let value = bench.value(&parameters);
        tried.push(Tried::new(parameters, value));
    }
    best(&tried).unwrap().value
}

/// The default and random points of the same ranges, as many as the tuner takes.
fn searched(bench: &Bench, key: u64) -> f64 {
    let ranges = ranges();
    let random = |n: usize| {
        let coin = |i: usize| keyed::uniform(keyed::seed(&["random"], key), (n * ranges.len() + i) as u64);
        let point: Vec<f64> = ranges.iter().enumerate().map(|(i, range)| range.value(coin(i))).collect();
        bench.value(&point)
    };
    let default = bench.value(&ranges.iter().map(|range| range.default).collect::<Vec<_>>());
    (1..Tuner::new(&ranges, key).budget()).map(random).fold(default, f64::max)
}

#[test]
fn on_the_simulator_tuning_beats_random_points_at_the_same_budget_in_the_median_of_five_keys() {
    let bench = Bench::new();
    let median = |found: fn(&Bench, u64) -> f64| {
        let mut values = [1, 2, 3, 4, 5].map(|key| found(&bench, key));
        values.sort_by(f64::total_cmp);
        values[2]
    };
    let (tuned, random) = (median(tuned), median(searched));
    assert!(tuned > random + 0.02, "{tuned} against {random}");
}

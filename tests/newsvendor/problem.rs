//! A problem for tests: how much to stock each day (the *newsvendor* of operations research). A policy is a number for a number,
//! scored in microseconds, without a simulator. It pays for nothing (`Aim::Gain`), and an answer has eight bytes.

use engine::LoadedExperiment;
use engine::agents::llm::Passages;
use engine::probe::{Probing, Tally};
use engine::problem::{Builtin, Case, Format, Machine, Population, Problem, Problems, Seat, Source, Workload};
use engine::sandbox::Kit;
use engine::science::descriptor::{Curve, Trend};
use engine::science::keyed;
use engine::science::measurement::{Cell, Paired};
use engine::science::spec::{Aim, Described, Spec, Unit};
use engine::science::trial::Trial;
use files::FileError;
use std::any::Any;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

const KIT: Kit = Kit {
    name: "newsvendor",
    files: &[("lib.rs", include_str!("contract.rs.txt")), ("seat.rs", include_str!("seat.rs.txt"))],
    state: "newsvendor::seat::Seat<candidate::Policy>",
    answer_bytes: 8,
    install: "newsvendor::seat::install",
    private: &["seat"],
};

/// What is earned for one that is sold, and paid for one that is stocked.
const PRICE: f64 = 3.0;
const COST: f64 = 1.0;

#[derive(Debug)]
pub(crate) struct Newsvendor;

impl Problem for Newsvendor {
    fn spec(&self) -> &Spec {
        static SPEC: LazyLock<Spec> = LazyLock::new(spec);
        &SPEC
    }

    fn kit(&self) -> &Kit {
        &KIT
    }

    fn starter(&self) -> &str {
        STARTER
    }

    fn template(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// Its files are two numbers each.
    fn formats(&self) -> Vec<Format> {
        vec![]
    }

    fn passages(&self) -> Passages {
        passages()
    }

    /// A file holds the mean demand and the number of days.
    fn workload(&self, source: Source<'_>) -> Result<Box<dyn Workload>, FileError> {
        let wrong = |problem: &str| FileError::new(source.file, problem);
        let (demand, days) = source.text.trim().split_once(' ').ok_or_else(|| wrong("needs two numbers"))?;
        let demand = demand.parse().map_err(|_| wrong("the demand is no number"))?;
        let days = days.parse().map_err(|_| wrong("the days are no number"))?;
        (source.room)(days as u64, "")?;
        let name = source.file.file_stem().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        Ok(Box::new(Season { key: format!("{demand} {days}"), name, demand, days }))
    }

    fn population(&self, text: &str, file: &Path) -> Result<Box<dyn Population>, FileError> {
        let mut ends = text.split_whitespace().filter_map(|end| end.parse().ok());
        let ends = ends.next().zip(ends.next()).ok_or_else(|| FileError::new(file, "needs two numbers"))?;
        Ok(Box::new(Seasons(ends)))
    }

    fn most_drawn(&self) -> u64 {
        100
    }

    /// A number: stock as many each day.
    fn builtin(&self, name: &str) -> Result<Box<dyn Builtin>, String> {
        let level = name.parse().map_err(|_| format!("`{name}` is no number to stock"))?;
        Ok(Box::new(Always(level)))
    }

    fn pair(&self, trial: &Trial, baseline: &Trial, _: &[f64]) -> Paired {
        let gain = (trial.values[0].max(1.0) / baseline.values[0].max(1.0)).ln();
        let cell = Cell { gain, cost: 0.0, violations: trial.values[1] as u64 };
        Paired { cell, series: Vec::new() }
    }

    fn probing(&self) -> &dyn Probing {
        &Watching
    }
}

/// An experiment of so many seasons, with a population or without one.
pub(crate) fn experiment(seasons: usize, population: bool) -> LoadedExperiment {
    let names: Vec<String> = (1..=seasons).map(|n| format!("season_{n}")).collect();
    let files = names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    let drawn = if population { "population = \"seasons\"\n" } else { "" };
    let campaign = format!("{drawn}scenarios = [{files}]\n{}", include_str!("campaign.toml"));
    let mut texts: BTreeMap<String, String> =
        [("campaign.toml".to_owned(), campaign), ("space.rs".to_owned(), STARTER.to_owned())].into();
    texts.extend((1..).zip(names).map(|(n, name)| (name, format!("{} 60", 40 + 20 * n))));
    texts.insert("seasons".into(), "40 120".into());
    let problems = Problems::new([Arc::new(Newsvendor) as Arc<dyn Problem>]);
    LoadedExperiment::from_texts(Path::new("newsvendor"), texts, &problems).expect("an experiment")
}

/// It acts as every point of the experiment's space.
const STARTER: &str = include_str!("starter.rs.txt");

fn spec() -> Spec {
    let named = |name: &str, unit| Described { name: name.into(), unit, meaning: name.replace('_', " ") };
    Spec {
        problem: "newsvendor".into(),
        metrics: vec![named("profit", Unit::Plain), named("negative_stocks", Unit::Count)],
        prices: vec![],
        series: vec![],
        figures: vec![],
        plainly: vec![],
        groups: vec![],
        aim: Aim::Gain { gain: named("earnings", Unit::Log), worth: named("extra_earnings", Unit::Log) },
        hindsight: None,
        features: vec![],
        inputs: vec![],
        opt_in: vec![],
        violation: ["stocked".into(), "negative amounts".into()],
        invariance: None,
        extremes: vec![],
    }
}

#[derive(Debug)]
struct Season {
    name: String,
    key: String,
    demand: f64,
    days: usize,
}

impl Workload for Season {
    fn name(&self) -> &str {
        &self.name
    }

    fn key(&self) -> &str {
        &self.key
    }

    fn is_recorded(&self) -> bool {
        false
    }

    fn questions(&self) -> u64 {
        self.days as u64
    }

    fn case(&self, _: bool, seed: u64) -> Result<Arc<dyn Case>, FileError> {
        let demand = |day: u64| self.demand * (0.5 + keyed::uniform(seed, day));
        Ok(Arc::new(Demands((0..=self.days as u64).map(demand).collect())))
    }
}

#[derive(Debug)]
struct Seasons((f64, f64));

impl Population for Seasons {
    fn meaning(&self) -> String {
        format!("{self:?}")
    }

    fn draw(&self, role: &str, count: usize, seed: &dyn Fn(&str) -> u64) -> Vec<Box<dyn Workload>> {
        let (low, high) = self.0;
        let season = |n: usize| {
            let name = format!("{role}_{:02}", n + 1);
            let demand = low + (high - low) * keyed::uniform(seed("demand"), n as u64);
            Box::new(Season { key: name.clone(), name, demand, days: 100 }) as Box<dyn Workload>
        };
        (0..count).map(season).collect()
    }
}

/// What is asked for on each day; the first one is the eve.
#[derive(Clone, Debug)]
struct Demands(Arc<[f64]>);

impl Case for Demands {
    fn start(&self, _: u64) -> Box<dyn Machine> {
        Box::new(Days { demands: self.clone(), day: 1, profit: 0.0, negative: 0 })
    }

    fn questions(&self) -> usize {
        self.0.len() - 1
    }

    fn question_bytes(&self) -> usize {
        8
    }

    fn bytes(&self) -> usize {
        size_of::<Days>()
    }

    fn describe(&self) -> String {
        let mean = self.0.iter().sum::<f64>() / self.0.len() as f64;
        format!("{} days, {mean:.3} asked for on each in the mean", self.questions())
    }
}

struct Days {
    demands: Demands,
    day: usize,
    profit: f64,
    negative: u64,
}

impl Machine for Days {
    fn ask(&mut self, question: &mut Vec<u8>) -> bool {
        let is_open = self.day < self.demands.0.len();
        if is_open {
            question.extend(self.demands.0[self.day - 1].to_le_bytes());
        }
        is_open
    }

    fn answer(&mut self, answer: &[u8]) -> Result<(), String> {
        let stock = f64::from_le_bytes(answer.try_into().map_err(|_| "it answered no number")?);
        if !stock.is_finite() {
            return Err(format!("it answered {stock}, which cannot be stocked"));
        }
        self.negative += u64::from(stock < 0.0);
        self.profit += PRICE * stock.min(self.demands.0[self.day]) - COST * stock;
        self.day += 1;
        Ok(())
    }

    fn trial(self: Box<Self>) -> Option<Trial> {
        Some(Trial::of(vec![self.profit, self.negative as f64]))
    }
}

#[derive(Clone, Debug)]
struct Always(f64);

impl Builtin for Always {
    fn meaning(&self) -> String {
        self.0.to_string()
    }

    fn scaled(&self, _: &str, _: f64) -> Option<Box<dyn Builtin>> {
        None
    }

    fn seat(&self) -> Box<dyn Seat> {
        Box::new(self.clone())
    }
}

impl Seat for Always {
    fn answer(&mut self, _: &[u8], answer: &mut [u8]) {
        answer.copy_from_slice(&self.0.to_le_bytes());
    }
}

struct Watching;

impl Probing for Watching {
    fn tally(&self) -> Box<dyn Tally> {
        Box::<Stocked>::default()
    }
}

/// The sum and the number of what was stocked.
#[derive(Default)]
struct Stocked {
    sum: f64,
    count: u64,
    negative: u64,
}

impl Tally for Stocked {
    fn add(&mut self, _: &[u8], answer: &[u8]) {
        let stock = answer.try_into().map_or(0.0, f64::from_le_bytes);
        self.sum += stock;
        self.count += 1;
        self.negative += u64::from(stock < 0.0);
    }

    fn join(&mut self, other: &dyn Any) {
        let Some(Stocked { sum, count, negative }) = other.downcast_ref() else { return };
        (self.sum, self.count, self.negative) = (self.sum + sum, self.count + count, self.negative + negative);
    }

    fn curves(&self) -> Vec<Curve> {
        vec![Curve { input: "demand".into(), points: Vec::new() }]
    }

    fn trend(&self) -> Trend {
        Trend::Level
    }

    fn facts(&self) -> BTreeMap<String, Option<f64>> {
        [("mean_stock".to_owned(), Some(self.sum / self.count.max(1) as f64))].into()
    }

    fn violations(&self) -> u64 {
        self.negative
    }
}

fn passages() -> Passages {
    Passages {
        contract: "newsvendor".into(),
        hook: "Stocker".into(),
        system: "A newsvendor stocks papers in the morning. What is not sold is lost.".into(),
        scoring: "".into(),
        probing: "".into(),
        rules: "- Stock no negative number.".into(),
        questions: "- Does yesterday tell anything of today?".into(),
        bundle: "{}".into(),
        lesson: "{}".into(),
        violation: "It stocked less than nothing.".into(),
        invariance: "".into(),
    }
}

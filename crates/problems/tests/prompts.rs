//! How long the prompts of a long campaign are: each role's, for each problem, at iterations 1, 10 and 50.
//!
//! `cargo test --workspace --test prompts -- --nocapture` prints them.

use agents::Brief;
use agents::llm::{Context, Executor, Extractor, Model, ModelError, Planner, Reply, Request, Settings, Templates};
use engine::LoadedExperiment;
use engine::problem::shown;
use science::bundle::{Arm, ArmKind, Bundle, Design, Prediction, Relation, Side};
use science::descriptor::{Curve, Descriptor, Trend};
use science::event::{Candidate, Event, RULES, Started};
use science::experiment::Budget;
use science::id::{CandidateId, Hash};
use science::keyed::uniform;
use science::measurement::{Cell, Measurement, Paired};
use science::nonce::Nonce;
use science::outcome::Outcome;
use science::principle::{Change, Confidence, Principle, Status};
use science::spec::{Aim, Spec};
use science::state::{Action, State, Test};
use science::work::{Role, Tokens, Work};
use science::yardsticks::{SCALES, Yardsticks};
use std::collections::BTreeSet;
use std::future::{Future, ready};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

/// Bytes of a planner's prompt, where everybody writes as much as is shown: the words of a model are mostly shorter.
const PLAN: usize = 45_000;
/// Workloads that are drawn for the search, and for each verdict seed.
const DRAWN: usize = 64;
/// As long as what models write.
const SOURCE: &str = include_str!("../../../experiments/admission/space.rs");

/// A campaign on a shipped experiment whose policies measure by a formula.
struct Long {
    loaded: LoadedExperiment,
    state: State,
}

impl Long {
    fn of(experiment: &str) -> Self {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments").join(experiment);
        let loaded = LoadedExperiment::read(&directory, &problems::all()).unwrap();
        let mut state = State::default();
        state.apply(&Event::Started(Box::new(started(&loaded)))).unwrap();
        Long { loaded, state }
    }

    fn spec(&self) -> &Spec {
        self.loaded.problem.spec()
    }

    /// Plays until the planner is to be asked in this iteration.
    fn until(&mut self, iteration: u32) {
        while self.state.next_action() != Action::Plan || self.state.iteration_number() < iteration {
            self.step();
        }
    }

    fn step(&mut self) {
        let event = self.event();
        self.state.apply(&event).unwrap();
    }

    fn measured(&self, rows: &[usize], at: u64) -> Measurement {
        let off = |n: u64| uniform(at, n) - 0.5;
        let pair = |n: usize| Paired {
            cell: Cell { gain: 0.25 + 0.004 * off(n as u64), cost: 0.36 + 0.2 * off(n as u64 + 1000), violations: 0 },
            series: self.spec().series.iter().map(|_| 0.3 + 0.1 * off(n as u64 + 2000)).collect(),
        };
        let cells: Vec<Paired> = (0..rows.iter().sum()).map(pair).collect();
        Measurement::of(&cells, rows, self.spec())
    }

    fn yardsticks(&self, rows: &[usize], drawn: usize) -> Yardsticks {
        let made = |factor: f64| {
            let mut measured = self.measured(rows, 0);
            let cells = measured.cells.iter_mut().flatten();
            cells.for_each(|cell| *cell = Cell { gain: 0.25 * factor, cost: 0.4 * factor, violations: 0 });
            measured
        };
        let scales = match self.spec().aim {
            Aim::Saving { .. } => SCALES.map(|power| made(1.0 + 0.1 * f64::from(power))).into(),
            Aim::Gain { .. } => vec![],
        };
        let extremes = self.spec().extremes.iter().map(|_| made(2.0)).collect();
        Yardsticks { drawn, ..Yardsticks::new(made(1.0), vec![made(1.001), made(0.999)], extremes, scales) }
    }

    fn search(&self) -> Vec<usize> {
        vec![1; self.loaded.scenarios.len() + DRAWN]
    }

    fn event(&self) -> Event {
        let state = &self.state;
        let number = u64::from(state.iteration_number());
        match state.next_action() {
            Action::Record(event) => *event,
            Action::Calibrate => Event::Calibrated {
                yardsticks: Box::new(self.yardsticks(&self.search(), DRAWN)),
                trials: Hash::of(b""),
            },
            Action::Plan => Event::BundleRegistered {
                bundle: Box::new(self.bundle(number)),
                asked: vec![],
                work: vec![work(Role::Plan)],
            },
            Action::Implement { arm } => self.written(arm),
            Action::Evaluate { candidate } => Event::CandidateEvaluated {
                measurement: Some(Box::new(self.measured(&self.search(), state.candidates.len() as u64))),
                candidate,
                outcome: Outcome::Scored,
                scale: Some(1.0),
                part: None,
                trials: Hash::of(b""),
                descriptor: Some(Box::new(self.descriptor())),
                acts_like: None,
            },
            Action::Test { tests } => self.tested(&tests[0]),
            Action::Extract => Event::PrinciplesRevised {
                changes: vec![Change::Insert(principle(number))],
                failure: None,
                notes: Some(words("What was learned, with numbers.", 2000)),
                work: vec![],
            },
            other => unreachable!("{other:?} is not asked for"),
        }
    }

    fn bundle(&self, number: u64) -> Bundle {
        let worth = &self.spec().aim.worth_name().name;
        let arm = |name: &str, kind, against: &[Side], relation| Arm {
            name: name.into(),
            kind,
            hypothesis: words(&format!("{name} of iteration {number} pays less where little is gained."), 300),
            mechanism: words("What is turned away early is what would have waited longest.", 400),
            diagnostic: words("The workloads with the longest prompts.", 200),
            prediction: Prediction {
                metric: worth.clone(),
                against: against.to_vec(),
                scope: vec![],
                relation,
                at_most: None,
                each: false,
                confidence: 0.6,
                interval: None,
            },
            design: Design {
                intent: words(
                    "pressure = scale * saturation * (prompt / mean prompt so far); turn away from 1 on.",
                    900,
                ),
                point: None,
                uses: BTreeSet::new(),
                without: None,
                variants: vec![],
                candidate: None,
            },
        };
        let main = || Side::Arm("main".into());
        // What one component asks for: the usual bundle.
        let arms = vec![
            arm("main", ArmKind::Main, &[Side::Reference], Relation::AtLeast(0.01)),
            arm("control", ArmKind::ControlNegative, &[main()], Relation::Within(0.005)),
        ];
        Bundle {
            question: words(&format!("Question {number}: does it pay to look at the prompt?"), 200),
            parent: Side::Reference,
            components: vec!["a".into()],
            arms,
        }
    }

    fn written(&self, at: usize) -> Event {
        let arm = &self.state.bundle().arms[at];
        let candidate = Candidate {
            id: CandidateId::of(&format!("{} {}", self.state.iterations.len(), arm.name)),
            source: Hash::of(SOURCE.as_bytes()),
            parent: None,
            point: None,
            description_length: Some(400 + at as u32),
            repairs: None,
            tunables: 0,
            tunes: None,
        };
        Event::CandidateWritten { arm: arm.name.clone(), candidate, work: vec![work(Role::Implement)] }
    }

    fn descriptor(&self) -> Descriptor {
        Descriptor {
            trend: Trend::Rising,
            curve: Curve { input: "saturation".into(), points: vec![(0.1, 0.2), (0.5, 0.6)] },
            facts: [("onset".into(), Some(0.13)), ("half".into(), Some(0.5)), ("full".into(), None)].into(),
            inputs: self.spec().inputs.iter().map(|input| input.name.clone()).collect(),
            ..Descriptor::default()
        }
    }

    fn tested(&self, Test { policy, from, to }: &Test) -> Event {
        let rows = vec![to - from; self.state.rows_each(self.state.bundle())];
        let (measurement, yardsticks) = match policy {
            Side::Candidate(_) => (Some(Box::new(self.measured(&rows, *from as u64 + 7))), None),
            _ => (None, Some(Box::new(self.yardsticks(&rows, self.state.drawn_each())))),
        };
        let (from, outcome) = (*from as u32, Outcome::Scored);
        Event::Tested { policy: policy.clone(), from, outcome, measurement, yardsticks, trials: Hash::of(b"") }
    }

    /// The sizes of the prompts of planner, executor and extractor in an iteration, system and user.
    fn sizes(&mut self, iteration: u32) -> [[usize; 2]; 3] {
        self.until(iteration);
        let problem = Arc::clone(&self.loaded.problem);
        let context = Context {
            model: Arc::new(Nobody),
            settings: Settings::new("m"),
            contract: shown(problem.kit().files[0].1).to_owned(),
            passages: problem.passages(),
            templates: Arc::new(Templates::shipped()),
        };
        let size = |request: Request| [request.system.len(), request.user.len()];
        let source = (iteration > 1).then_some(SOURCE);
        fn brief<'a>(state: &'a State, source: Option<&'a str>) -> Brief<'a> {
            Brief { state, source, space: None, library: None }
        }
        let plan = size(Planner::new(context.clone()).request(brief(&self.state, source)).unwrap());
        self.step();
        let arm = &self.state.bundle().arms[0];
        let implement = size(Executor::new(context.clone()).request(brief(&self.state, source), arm).unwrap());
        while self.state.next_action() != Action::Extract {
            self.step();
        }
        [plan, implement, size(Extractor::new(context).request(&self.state).unwrap())]
    }
}

fn started(loaded: &LoadedExperiment) -> Started {
    let mut experiment = loaded.experiment.clone();
    experiment.iterations = 60;
    experiment.budget = Budget { evaluations: Some(4000), verdict_trials: Some(10_000_000), ..Budget::default() };
    let features = loaded.problem.spec().features.len();
    let row = |at: u64| (0..features as u64).map(|n| 1e4 * uniform(at, n)).collect();
    Started {
        rules: RULES,
        name: loaded.name.clone(),
        experiment,
        spec: loaded.problem.spec().clone(),
        scenarios: loaded.scenario_names(),
        training: (1..=DRAWN).map(|n| format!("training_{n:02}")).collect(),
        workloads: loaded.scenarios.iter().map(|_| words("4 instances; 90.0 requests/s for 120 s.", 180)).collect(),
        features: (0..(loaded.scenarios.len() + DRAWN) as u64).map(row).collect(),
        inputs: loaded.hashes(),
        nonce: Nonce::of(1),
        meaning: Hash::of(b"what is measured"),
        traces: vec![],
        agents: "made up".into(),
        toolchain: "rustc".into(),
        version: "0".into(),
        sandboxed: true,
        repairs: 0,
    }
}

fn work(role: Role) -> Work {
    Work { role, by: "m".into(), calls: 1, uncounted: 0, tokens: Tokens::default(), usd: None }
}

fn principle(number: u64) -> Principle {
    Principle {
        id: format!("P{number}"),
        statement: words("Low exponents pay too early.", 400),
        mechanism: words("They pay where nothing waits.", 400),
        regime: words("Balanced load.", 200),
        evidence: vec![format!("F{number}.main")],
        confidence: Confidence::Provisional,
        status: Status::Active,
        constraint: None,
    }
}

/// A text of about so many characters.
fn words(text: &str, length: usize) -> String {
    format!("{text} ").repeat(length / (text.len() + 1) + 1).chars().take(length).collect()
}

/// A model that nobody asks.
struct Nobody;

impl Model for Nobody {
    fn ask<'a>(
        &'a self,
        _: &'a Request,
        _: u32,
    ) -> Pin<Box<dyn Future<Output = Result<Reply, ModelError>> + Send + 'a>> {
        Box::pin(ready(Err(ModelError::Record("nobody is asked".into()))))
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "the sizes are for a person who runs it with --nocapture")]
fn a_planner_reads_no_more_after_fifty_iterations_than_after_ten() {
    println!("bytes of system and user: planner, executor, extractor");
    for experiment in ["admission", "flow-control"] {
        let mut long = Long::of(experiment);
        let sizes = [1, 10, 50].map(|iteration| (iteration, long.sizes(iteration)));
        sizes.iter().for_each(|(iteration, sizes)| println!("{experiment} {iteration}: {sizes:?}"));
        for (iteration, [plan, ..]) in &sizes {
            assert!(plan[0] + plan[1] <= PLAN, "{experiment} {iteration}: {plan:?}");
        }
        let [_, (_, tenth), (_, fiftieth)] = sizes;
        // Whoever draws lessons sees up to 24 principles, which ten iterations need not have.
        for (tenth, fiftieth) in tenth.iter().zip(&fiftieth).take(2) {
            assert_eq!(tenth[0], fiftieth[0], "the system's part stays the same");
            assert!(fiftieth[1] < tenth[1] + tenth[1] / 10, "{experiment}: {sizes:?}");
        }
    }
}

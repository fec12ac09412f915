//! What the framework itself costs in an iteration, with 10 and with 10,000 candidates behind it: everything but compiling,
//! simulating and flushing to disk. `cargo bench -p problems --bench overhead [-- CANDIDATES...]`
//!
//! Counted is the processor's time, of all threads: so the time that a disk takes is not in it, nor that of others who use the
//! machine. The time on the clock is shown beside it.
//!
//! Campaigns are made up: a policy's outcome is a formula of its place in the design space. Each part is timed over 25
//! whole iterations (main, control, two ablations, super-additivity, one lesson with a constraint), and the median counts.
#![allow(clippy::print_stdout, reason = "a benchmark prints its table")]

mod made;

use agents::builtin::Researcher;
use agents::llm::{self, Context, Model, ModelError, Reply, Request, Settings, Templates};
use agents::{Brief, Extractor as _, Planner as _};
use engine::problem::Problem;
use made::{Made, started, yardsticks};
use problems::admission::Admission;
use rustix::time::{ClockId, clock_gettime};
use science::audit::AuditedPoint;
use science::bundle::{Arm, ArmKind, Bundle, Design, Prediction, Relation, Side};
use science::event::{Candidate, Event};
use science::id::{CandidateId, Hash};
use science::outcome::Outcome;
use science::principle::{Change, Confidence, Principle, Status};
use science::space::{Constraint, Point, Space, Value, Within};
use science::state::{Action, State, Test};
use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, ready};
use std::hint::black_box;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{Extra, Loaded, LogHead, Store};
use tokio::runtime::Runtime;

const SCENARIOS: usize = 8;
/// Iterations that are timed.
const TIMED: usize = 25;
/// Candidates of an iteration that only fills the record.
const FILLING: usize = 10;
/// What only one kind of agents costs.
const BUILT_IN: &str = "built-in";
const MODELS: &str = "models";
/// What everybody pays.
const BOTH: &str = "both";
/// As long as the built-in executor's.
const SOURCE: &str = include_str!("../../../../tests/fixtures/candidates/quintic.rs");

/// The defaults of the made-up space.
const SPACE: &str = "const TUNABLES: &[Tunable] = &[
    Tunable { name: \"family\", default: 2.0, low: 0.0, high: 2.0 },
    Tunable { name: \"half\", default: 0.28, low: 0.03, high: 0.9 },
    Tunable { name: \"prompt\", default: 0.0, low: -0.5, high: 1.0 },
    Tunable { name: \"mix\", default: 0.0, low: 0.0, high: 2.0 },
    Tunable { name: \"exponent\", default: 5.0, low: 0.5, high: 16.0 },
];";

fn main() {
    let asked: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if asked.is_empty() { vec![10, 10_000] } else { asked };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime of one thread");
    println!("{:>10}  {:<34} {:>9} {:>9}", "candidates", "part, per iteration", "ms", "on clock");
    for size in sizes {
        let mut bench = Bench::with(&runtime, size);
        let iterations: Vec<Parts> = (0..TIMED).map(|_| bench.iteration(&runtime)).collect();
        let mut whole: BTreeMap<&str, [Duration; 2]> = BTreeMap::new();
        let row = |part: &str, [own, clock]: [Duration; 2]| {
            println!("{size:>10}  {part:<34} {:>9.3} {:>9.3}", ms(own), ms(clock));
        };
        for part in iterations[0].keys() {
            let median = |at: usize| {
                let mut times: Vec<Duration> = iterations.iter().map(|parts| parts[part][at]).collect();
                times.sort();
                times[TIMED / 2]
            };
            let times = [median(0), median(1)];
            row(part, times);
            let kind = [BUILT_IN, MODELS].into_iter().find(|kind| part.starts_with(kind)).unwrap_or(BOTH);
            let sum = whole.entry(kind).or_default();
            *sum = [0, 1].map(|at| sum[at] + times[at]);
        }
        for agents in [BUILT_IN, MODELS] {
            row(&format!("in all, agents: {agents}"), [0, 1].map(|at| whole[BOTH][at] + whole[agents][at]));
        }
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Processor's time and time on the clock, by part.
type Parts = BTreeMap<&'static str, [Duration; 2]>;

/// A campaign in memory and in a database.
struct Bench {
    state: State,
    space: Space,
    store: Store,
    head: LogHead,
    written: u64,
    _directory: tempfile::TempDir,
}

impl Bench {
    /// A campaign with this many scored candidates behind it.
    fn with(runtime: &Runtime, candidates: usize) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let started = started();
        let opened = runtime.block_on(async {
            let store = Store::open(&directory.path().join("lineage.db")).await?;
            let id = store.create(&started, directory.path(), &BTreeMap::new()).await?;
            let loaded = store.load(&id).await?;
            Ok::<_, store::StoreError>((store, loaded))
        });
        let (store, Loaded { state, head, .. }) = opened.expect("a new database");
        let space = started.experiment.space();
        let mut bench = Bench { state, space, store, head, written: 0, _directory: directory };
        while bench.state.candidates.len() < candidates {
            bench.turn(runtime, FILLING, &mut Parts::new());
        }
        bench
    }

    /// One whole iteration, by parts.
    fn iteration(&mut self, runtime: &Runtime) -> Parts {
        let mut parts = Parts::new();
        self.turn(runtime, 0, &mut parts);
        let state = &self.state;
        // Asked for by the loop once, and by planners and prompts a few times more.
        timed(&mut parts, "champion, front", || (state.champion(), state.front().count()));
        let context = Context {
            model: Arc::new(Nobody),
            settings: Settings::new("m"),
            contract: String::new(),
            passages: Admission.passages(),
            templates: Arc::new(Templates::shipped()),
        };
        let brief = Brief { state, source: Some(SOURCE), space: Some(SPACE), library: None };
        let (planner, executor) = (llm::Planner::new(context.clone()), llm::Executor::new(context.clone()));
        let extractor = llm::Extractor::new(context);
        timed(&mut parts, "models: prompt of the planner", || planner.request(brief).expect("a prompt"));
        for arm in &state.bundle().arms {
            timed(&mut parts, "models: prompts of the executor", || executor.request(brief, arm).expect("a prompt"));
        }
        timed(&mut parts, "models: prompt of the extractor", || extractor.request(state).expect("a prompt"));
        let plan = || runtime.block_on(Researcher.plan(brief)).expect("it asks nobody").content.is_ok();
        timed(&mut parts, "built-in: plan", plan);
        let lessons = || runtime.block_on(Researcher.extract(brief)).expect("it asks nobody").content.is_ok();
        timed(&mut parts, "built-in: lessons", lessons);
        parts
    }

    /// Plays the campaign until the iteration that is next has ended; `filling` candidates, or none for a compound bundle.
    fn turn(&mut self, runtime: &Runtime, filling: usize, parts: &mut Parts) {
        let ended = self.state.iterations.len() + usize::from(self.state.yardsticks.is_some());
        loop {
            let state = &self.state;
            let action = timed(parts, "state: next action", || state.next_action());
            if action == Action::Plan && self.state.iterations.len() >= ended.max(1) {
                return;
            }
            let event = self.event(action, filling);
            let source = matches!(event, Event::CandidateWritten { .. }).then_some(SOURCE);
            let extra = Extra { source, ..Extra::default() };
            let (mut staged, mut event, mut extra) = (self.head.stage(), event, extra);
            // As the loop does: what follows without the world goes on record together.
            loop {
                timed(parts, "state: apply", || self.state.apply(&event)).expect("it may follow");
                let push = || staged.push(&event, &self.state, std::mem::take(&mut extra));
                timed(parts, "store: project", push).expect("it can be stored");
                match timed(parts, "state: next action", || self.state.next_action()) {
                    Action::Record(next) => event = *next,
                    _ => break,
                }
            }
            let commit = || runtime.block_on(self.store.commit(staged));
            self.head = timed(parts, "store: commit", commit).expect("it is written");
        }
    }

    fn event(&mut self, action: Action, filling: usize) -> Event {
        match action {
            Action::Record(event) => *event,
            Action::Calibrate => Event::Calibrated { yardsticks: Box::new(yardsticks()), trials: Hash::of(b"") },
            Action::Plan => {
                Event::BundleRegistered { bundle: Box::new(self.bundle(filling)), asked: vec![], work: vec![] }
            }
            Action::Implement { arm } => self.candidate(arm),
            Action::Evaluate { candidate } => Event::CandidateEvaluated {
                measurement: Some(Box::new(self.outcome(&candidate).searched())),
                candidate,
                outcome: Outcome::Scored,
                scale: Some(1.0),
                part: None,
                trials: Hash::of(b""),
                descriptor: None,
                acts_like: None,
            },
            Action::Test { tests } => self.tested(&tests[0]),
            Action::Extract => self.lesson(filling),
            Action::Audit { principle, points } => {
                let worse = |point| AuditedPoint {
                    point,
                    saving: Some(-0.1),
                    worth: Some(-0.1),
                    scale: Some(1.0),
                    runs: 1,
                    admissible: true,
                };
                let points = points.into_iter().map(worse).collect();
                Event::Audited { principle, points, trials: Hash::of(b"") }
            }
            Action::Repair { .. }
            | Action::Tune { .. }
            | Action::Simplify { .. }
            | Action::Finals { .. }
            | Action::Rest => {
                unreachable!("nothing is repaired or tuned, and the campaign is long")
            }
        }
    }

    fn bundle(&mut self, filling: usize) -> Bundle {
        let against = |name: &str| Side::Arm(name.into());
        let mut arms = vec![self.arm("main", ArmKind::Main, Side::Reference, Relation::AtLeast(1e-4))];
        if filling > 0 {
            for n in 1..filling {
                arms.push(self.arm(
                    &format!("robust-{n}"),
                    ArmKind::Robustness,
                    against("main"),
                    Relation::Within(9.0),
                ));
            }
            return Bundle { question: "q".into(), parent: Side::Reference, components: vec![], arms };
        }
        arms.push(self.arm("control", ArmKind::ControlNegative, against("main"), Relation::Within(9.0)));
        for (name, without) in [("only-b", "a"), ("only-a", "b")] {
            let mut arm = self.arm(name, ArmKind::Ablation, against("main"), Relation::Within(9.0));
            arm.design.without = Some(without.into());
            arms.push(arm);
        }
        let mut sum = self.arm("sum", ArmKind::SuperAdditivity, against("only-b"), Relation::AtLeast(9.0));
        sum.prediction.against.push(against("only-a"));
        arms.push(sum);
        Bundle { question: "q".into(), parent: Side::Reference, components: vec!["a".into(), "b".into()], arms }
    }

    /// An arm somewhere in the space.
    fn arm(&mut self, name: &str, kind: ArmKind, against: Side, relation: Relation) -> Arm {
        self.written += 1;
        Arm {
            name: name.into(),
            kind,
            hypothesis: "it saves".into(),
            mechanism: "what is refused slows nobody".into(),
            diagnostic: "the busy scenario".into(),
            prediction: Prediction {
                metric: "net_saving".into(),
                against: vec![against],
                scope: vec![],
                relation,
                at_most: None,
                each: false,
                confidence: 0.5,
                interval: Some([-0.1, 0.1]),
            },
            design: Design {
                intent: "refuse along a curve".into(),
                point: Some(self.space.draw(7, self.written)),
                uses: BTreeSet::new(),
                without: None,
                variants: vec![],
                candidate: None,
            },
        }
    }

    fn candidate(&self, at: usize) -> Event {
        let arm = &self.state.bundle().arms[at];
        let id = CandidateId::of(&format!("{:?}", arm.design.point));
        let candidate = Candidate {
            id,
            source: Hash::of(SOURCE.as_bytes()),
            parent: None,
            point: arm.design.point.clone(),
            description_length: Some(4),
            repairs: None,
            tunables: 0,
            tunes: None,
        };
        Event::CandidateWritten { arm: arm.name.clone(), candidate, work: vec![] }
    }

    fn outcome(&self, id: &CandidateId) -> Made {
        let number = match self.state.candidates[id].candidate.point.as_ref().and_then(|point| point.get("half")) {
            Some(Value::Number(half)) => *half,
            Some(Value::Choice(_)) | None => 0.3,
        };
        Made { y: 0.25 + 0.01 * number, x: 0.3 + 0.05 * number }
    }

    fn tested(&self, Test { policy, from, to }: &Test) -> Event {
        let (measurement, yardsticks) = match policy {
            Side::Candidate(id) => (Some(Box::new(self.outcome(id).tested(*from..*to))), None),
            Side::Baseline | Side::Reference | Side::Arm(_) => {
                (None, Some(Box::new(made::yardsticks_on(&(*from..*to)))))
            }
        };
        Event::Tested {
            policy: policy.clone(),
            from: *from as u32,
            outcome: Outcome::Scored,
            measurement,
            yardsticks,
            trials: Hash::of(b""),
        }
    }

    /// A constraint more, of which the oldest is dropped: their number stays that of a long campaign.
    fn lesson(&self, filling: usize) -> Event {
        let number = self.state.iterations.len();
        let mut changes = Vec::new();
        if filling == 0 || number <= 12 {
            let point: Point = self.space.draw(8, number as u64);
            let around = |value: &Value| match value {
                Value::Number(value) => Within::Range([value - 0.1 * value.abs(), value + 0.1 * value.abs()]),
                Value::Choice(choice) => Within::OneOf(vec![choice.clone()]),
            };
            changes.push(Change::Insert(Principle {
                id: format!("P{number}"),
                statement: "it does not save there".into(),
                mechanism: "what is refused slows nobody".into(),
                regime: "the study".into(),
                evidence: vec![format!("F{number}.main")],
                confidence: Confidence::Provisional,
                status: Status::Active,
                constraint: Some(Constraint {
                    excludes: point.iter().map(|(name, value)| (name.clone(), around(value))).collect(),
                }),
            }));
        }
        Event::PrinciplesRevised { changes, failure: None, notes: None, work: vec![] }
    }
}

fn timed<T>(parts: &mut Parts, part: &'static str, work: impl FnOnce() -> T) -> T {
    let (since, own) = (Instant::now(), processor_time());
    let done = black_box(work());
    let taken = [processor_time() - own, since.elapsed()];
    let sum = parts.entry(part).or_default();
    *sum = [0, 1].map(|at| sum[at] + taken[at]);
    done
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
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

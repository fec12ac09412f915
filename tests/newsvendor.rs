//! The whole loop on a problem that this program does not ship: agents that follow a script, sandbox, verdicts, lessons, seal,
//! report, and a resumed campaign; and the same by the built-in researcher. What a new problem takes is in `tests/newsvendor/`.

#[path = "newsvendor/problem.rs"]
mod problem;

use crate::environment::{Environment, rustc, shared_cache};
use crate::record::DATABASE;
use engine::agents::llm::{Caps, CommandLine, Meter, Router, Settings, Templates};
use engine::campaign::Opening;
use engine::problem::Problem;
use engine::sandbox::Walls;
use engine::science::id::Hash;
use engine::science::judge::{ErrorKind, Verdict};
use engine::science::nonce::Nonce;
use engine::science::origins::Origins;
use engine::science::seal;
use engine::science::state::State;
use engine::{Agents, Author, Campaign, Places, Problems, Progress, Source, Stop, Team, verify};
use problem::Newsvendor;
use report::{Losses, Record, Times};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::Store;
use tokio::runtime::Runtime;

const PLANNER: &str = "planner";
const EXECUTOR: &str = "executor";
const EXTRACTOR: &str = "extractor";

fn places(environment: &Environment) -> Places {
    Places {
        state: environment.path(".elenchus"),
        cache: shared_cache(),
        runner: env!("CARGO_BIN_EXE_elenchus").into(),
        rustc: rustc().into(),
        walls: Walls::Required,
        problems: Problems::new([Arc::new(Newsvendor) as Arc<dyn Problem>]),
    }
}

/// A claim that a level earns so much more than the reference.
fn plan(level: f64, size: f64) -> String {
    format!(
        r#"{{"question":"What is earned?","parent":"reference","components":[],"arms":[{{"name":"main","kind":"main",
        "hypothesis":"It earns more.","mechanism":"m","diagnostic":"d","intent":"Stock so many.","without":null,"uses":[],"point":{{"level":{level},"weight":0.0}},
        "metric":"extra_earnings","against":["reference"],"scope":[],"relation":"at-least","size":{size},"at_most":null,"each":false,
        "confidence":0.8,"interval":null}}]}}"#
    )
}

/// The policy of a level.
fn code(level: f64) -> String {
    format!(
        "use newsvendor::prelude::*;\npub struct Policy;\nimpl Stocker for Policy {{\n    fn new(_: &[f64]) -> Self {{ Policy }}\n\
         fn stock(&mut self, yesterday: f64) -> f64 {{ let _ = yesterday; {level:?} }}\n}}\n"
    )
}

/// A program that gives these replies in turn, the last one ever after. It counts them in a file.
fn script(environment: &Environment, name: &str, fence: &str, replies: &[String]) -> CommandLine {
    for (number, reply) in replies.iter().enumerate() {
        environment.write(&format!("{name}.{number}"), &format!("```{fence}\n{reply}\n```\n"));
    }
    let last = replies.len() - 1;
    environment.script(
        &format!("{name}.sh"),
        &format!(
            "/bin/cat > /dev/null\ncd \"${{0%/*}}\"\nread n 2> /dev/null < {name}.count || n=0\n/bin/cat {name}.$n\n\
             [ $n -lt {last} ] && n=$((n + 1))\necho $n > {name}.count\n"
        ),
    );
    CommandLine::parse(environment.path(&format!("{name}.sh")).to_str().expect("a path")).expect("a command")
}

/// What scripted agents try in three iterations: a better level; one that is bold beyond what it earns; and what loses, with the
/// lesson that low levels do.
fn scripted(environment: &Environment) -> Agents {
    let (levels, sizes) = ([80.0, 75.0, 20.0], [0.02, 0.12, 0.02]);
    let plans: Vec<String> = levels.iter().zip(sizes).map(|(level, size)| plan(*level, size)).collect();
    let nothing = r#"{"changes":[]}"#.to_owned();
    let lessons = [nothing.clone(), nothing, LESSON.to_owned()];
    let meter = Arc::new(Meter::new(Caps::default(), BTreeMap::new()));
    let mut router = Router::new(Arc::clone(&meter));
    let mut serve = |name, fence, replies: &[String]| {
        router.command(name, script(environment, name, fence, replies)).expect("a command");
    };
    serve(PLANNER, "json", &plans);
    serve(EXECUTOR, "rust", &levels.map(code));
    serve(EXTRACTOR, "json", &lessons);
    let model = |name: &str| Author::Model(Settings::new(name));
    let team = Team { planner: model(PLANNER), executor: model(EXECUTOR), extractor: model(EXTRACTOR) };
    Agents { team, source: Source::Live { router, meter }, templates: Arc::new(Templates::shipped()) }
}

const LESSON: &str = r#"{"changes":[{"action":"insert","id":null,"statement":"Low levels lose.","mechanism":"They sell out.",
    "regime":"all seasons","evidence":["F3.main"],"excludes":{"level":[0.0,40.0]},"reason":null}]}"#;

fn builtin() -> Agents {
    Agents { team: Team::builtin(), source: Source::Record, templates: Arc::new(Templates::shipped()) }
}

async fn opened(environment: &Environment, agents: Agents) -> (Arc<Store>, Campaign) {
    std::fs::create_dir_all(environment.path(".elenchus")).expect("a directory");
    let store = Arc::new(Store::open(&environment.path(DATABASE)).await.expect("a database"));
    let mut loaded = problem::experiment(3, true);
    // The lesson of the last iteration would be for nobody; what is planned after it, it forbids.
    loaded.experiment.iterations += 1;
    let opening = Opening { loaded, nonce: Nonce::of(1), given: true, agents, cassette: None, version: "0".into() };
    let campaign = Campaign::open(Arc::clone(&store), &places(environment), opening).await.expect("it opens");
    (store, campaign)
}

fn verdicts(state: &State) -> Vec<(Verdict, Option<ErrorKind>)> {
    let arms = state.iterations.iter().flat_map(|iteration| &iteration.arms);
    arms.filter_map(|arm| arm.finding.as_ref()).map(|finding| (finding.verdict, finding.error)).collect()
}

#[test]
fn a_problem_of_another_kind_goes_through_the_whole_loop_with_agents_that_follow_a_script() {
    let environment = Environment::new();
    Runtime::new().unwrap().block_on(async {
        let (store, mut campaign) = opened(&environment, scripted(&environment)).await;
        let id = campaign.id.clone();
        assert!(campaign.run(&Stop::default(), &mut |_| ()).await.expect("no error of ours"));
        let expected = [
            (Verdict::Confirmed, None),
            (Verdict::PartiallyConfirmed, Some(ErrorKind::Magnitude)),
            (Verdict::Refuted, Some(ErrorKind::Direction)),
        ];
        let findings = campaign.state.iterations.iter().flat_map(|i| &i.arms).filter_map(|arm| arm.finding.as_ref());
        assert_eq!(verdicts(&campaign.state), expected, "{:#?}", findings.collect::<Vec<_>>());
        let audit = campaign.state.iterations[2].audits.first().expect("the lesson was looked into");
        assert_eq!((audit.points.len(), &audit.refused), (10, &None), "{audit:?}");
        assert!((campaign.state.volume() - 0.8).abs() < 0.02, "{}", campaign.state.volume());
        // No point in ten: with 95 % confidence at most a quarter of what is excluded is better.
        assert!(campaign.state.false_exclusion().is_some_and(|bound| (0.25..0.27).contains(&bound)));
        assert_eq!(campaign.state.finals.as_ref().map(|finals| finals.finalists.len()), Some(2));
        let champion = campaign.state.champion().expect("a champion").id;
        let score = campaign.state.candidates[&champion].score.as_ref().expect("a score");
        // By arithmetic: a level of 75 or 80 earns 11 to 12 % more than one of 60, in logarithms and the mean of three seasons.
        assert!(score.worth.is_some_and(|worth| (0.05..0.2).contains(&worth)), "{score:?}");

        let look = verify::unseal(&store, &places(&environment), &id).await.expect("no error").expect("a champion");
        assert!(look.look.drawn == seal::WORKLOADS && look.look.holds(), "{look:?}");
        let again = verify::verify(&store, &places(&environment), &id).await.expect("no error");
        assert_eq!(again, look, "it follows from the record");

        let state = store.load(&id).await.expect("the log").state;
        let digest = campaign.digest();
        let record = Record {
            id: id.as_str(),
            directory: "",
            state_dir: None,
            state: &state,
            digest: digest.as_str(),
            sources: &std::collections::BTreeMap::new(),
            stages: &[],
            times: Times::default(),
            running: false,
            losses: Losses::default(),
            looks: &[look.look],
            taken: verify::taken(&store, &id).await.expect("no error"),
            translates: false,
            comparison: None,
            beside: &[],
            origins: &Origins::default(),
        };
        let text = report::markdown::report(&record, None).text;
        for word in ["extra earnings", "earnings", "newsvendor"] {
            assert!(text.contains(word), "{word}: {text}");
        }
        for word in ["shed", "TTFT", "saturation", "refus", " cost"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
    });
}

/// The digest that a campaign ends with that is stopped after each step of it, as far as it can be, and resumed; or never.
fn digest(environment: &Environment, stopped: bool, agents: impl Fn() -> Agents) -> Hash {
    let places = places(environment);
    Runtime::new().unwrap().block_on(async {
        let (store, mut campaign) = opened(environment, agents()).await;
        let (id, mut stops) = (campaign.id.clone(), 0);
        loop {
            let (stop, mut recorded) = (Stop::default(), 0);
            let asked = stop.clone();
            let mut watch = |progress: Progress<'_>| {
                recorded += usize::from(matches!(progress, Progress::Recorded(..)));
                if stopped && recorded > 0 {
                    asked.request();
                }
            };
            if campaign.run(&stop, &mut watch).await.expect("no error of ours") {
                assert_eq!(stops > 10, stopped, "it was stopped {stops} times");
                return campaign.digest();
            }
            stops += 1;
            drop(campaign);
            let resumed = Campaign::resume(Arc::clone(&store), &places, id.clone(), |_| Ok(agents())).await;
            campaign = resumed.expect("it is resumed").0;
        }
    })
}

#[test]
fn a_campaign_of_it_that_is_stopped_after_each_step_and_resumed_ends_with_the_digest_of_an_undisturbed_one() {
    let run = |stopped| {
        let environment = Environment::new();
        digest(&environment, stopped, || scripted(&environment))
    };
    assert_eq!(run(true), run(false), "with agents that follow a script");
    let run = |stopped| digest(&Environment::new(), stopped, builtin);
    assert_eq!(run(true), run(false), "with the built-in researcher");
}

//! `elenchus doctor`

use crate::configuration::{Configuration, Found};
use crate::context::Global;
use crate::failure::{Code, Failure};
use crate::output;
use engine::panel::Panel;
use engine::problem::{Problem, Source};
use engine::sandbox::{self, Sandbox, Walls};
use engine::scale::Against;
use engine::science::text::{self, clip};
use engine::{Evaluator, Places, Prepared};
use files::FileError;
use std::path::Path;
use std::sync::Arc;
use store::Store;

/// Try the toolchain, each wall of the sandbox, the database and what is configured for language models; exit 1 if something that is needed is missing.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Look at the state directory alone, and at all of it: hold the schema, the logs, what the world said, files, sources,
    /// trials and derived tables of every campaign against each other. A finding a line; exit 1 if anything is wrong
    #[arg(long)]
    state: bool,
}

/// Characters of what came of one thing.
const TEXT: usize = 1000;

/// What was tried, and what came of it.
struct Finding {
    what: String,
    state: State,
}

enum State {
    Good(String),
    /// Missing, and not needed for everything.
    Absent(String),
    Bad(String),
    /// There, and not as it should be.
    Wrong(String),
}

pub(crate) async fn doctor(args: Args, global: &Global) -> Result<Code, Failure> {
    let findings = if args.state { state(global).await } else { everything(global).await? };
    for Finding { what, state } in &findings {
        let (mark, said) = match state {
            State::Good(said) => ("ok     ", said),
            State::Absent(said) => ("absent ", said),
            State::Bad(said) => ("MISSING", said),
            State::Wrong(said) => ("WRONG  ", said),
        };
        output::line(format!("{mark}  {:<30} {}", text::line(what), clip(&text::line(said), TEXT)))?;
    }
    let bad = findings.iter().any(|finding| matches!(finding.state, State::Bad(_) | State::Wrong(_)));
    Ok(if bad { Code::Failed } else { Code::Done })
}

async fn everything(global: &Global) -> Result<Vec<Finding>, Failure> {
    let places = global.places()?;
    let mut findings = walls(&places);
    findings.extend(candidates(&places));
    findings.push(database(global).await);
    let go = super::translate::found(&places.cache).map_or_else(State::Absent, State::Good);
    findings.push(Finding { what: "go, for `translate --check`".into(), state: go });
    findings.extend(models(global));
    Ok(findings)
}

fn walls(places: &Places) -> Vec<Finding> {
    let needed = places.walls == Walls::Required;
    let finding = |wall: sandbox::walls::WallState| Finding {
        what: format!("wall: {}", wall.name),
        state: match wall.state {
            Ok(text) => State::Good(text),
            Err(text) if wall.mandatory && needed => State::Bad(text),
            Err(text) => State::Absent(text),
        },
    };
    sandbox::walls::probe().into_iter().map(finding).collect()
}

/// Compiles and runs the starter behind the walls: toolchain, cache, jail and linker all at once.
fn candidates(places: &Places) -> Vec<Finding> {
    let mut findings = Vec::new();
    for problem in places.problems.all() {
        let finding = |what: &str, state| Finding { what: what.into(), state };
        let sandbox = match places.sandbox(*problem.kit()) {
            Ok(sandbox) => sandbox,
            Err(error) => return vec![finding("toolchain", State::Bad(Failure::from(error).to_string()))],
        };
        if findings.is_empty() {
            let version = sandbox.toolchain().lines().next().unwrap_or_default().to_owned();
            findings.push(finding("toolchain", State::Good(version)));
        }
        let starter = match starter(problem, sandbox) {
            Ok(questions) => State::Good(format!("compiles, runs and answers {questions} questions")),
            Err(problem) => State::Bad(problem),
        };
        findings.push(finding(&format!("a candidate of `{}`", problem.spec().problem), starter));
    }
    findings
}

/// Runs the starter of a problem on the first workload of its template; how many questions it may have answered.
fn starter(problem: &Arc<dyn Problem>, sandbox: Sandbox) -> Result<u64, String> {
    let (path, text) =
        problem.template().iter().find(|(path, _)| path.starts_with("scenarios/")).ok_or("no template")?;
    let file = Path::new(path);
    let mut beside = |name: &str| Err(FileError::new(Path::new(name), "a template has no such file"));
    let mut room = |_: u64, _: &str| Ok(());
    let source = Source { text, file, beside: &mut beside, room: &mut room };
    let workload = problem.workload(source).map_err(|error| error.to_string())?;
    let panel = Panel::single(problem, workload.as_ref(), 1).map_err(|error| error.to_string())?;
    let starter = Prepared::new(problem.starter(), problem.kit());
    let against = Against::nothing(&panel);
    let evaluation =
        Evaluator { sandbox, panel }.evaluate(&starter, &against, None).map_err(|error| error.to_string())?;
    match evaluation.trials.is_empty() {
        false => Ok(workload.questions()),
        true => Err(format!("it ended as {}: {}", evaluation.outcome.as_str(), evaluation.message)),
    }
}

/// The database in one line.
async fn database(global: &Global) -> Finding {
    let path = global.database();
    let state = match Store::open_existing(&path).await {
        Ok(store) => match (store.check().await, store.campaigns().await) {
            (Ok(checked), Ok(campaigns)) => match checked.iter().filter_map(|found| found.problem.as_ref()).count() {
                0 if store.is_read_only() => {
                    State::Good(format!("{}, {} campaigns, read-only", path.display(), campaigns.len()))
                }
                0 => State::Good(format!("{}, {} campaigns", path.display(), campaigns.len())),
                wrong => State::Wrong(format!("{}: {wrong} findings; see `doctor --state`", path.display())),
            },
            (Err(error), _) | (_, Err(error)) => State::Wrong(error.to_string()),
        },
        Err(error @ store::StoreError::NoDatabase { .. }) => State::Absent(error.to_string()),
        Err(error) => State::Wrong(error.to_string()),
    };
    Finding { what: "database".into(), state }
}

/// Everything that the database holds, a line each.
async fn state(global: &Global) -> Vec<Finding> {
    let finding = |state| Finding { what: "database".into(), state };
    let checked = match Store::open_existing(&global.database()).await {
        Ok(store) => store.check().await,
        Err(store::StoreError::Foreign { problems, .. }) => {
            return problems.into_iter().map(|problem| finding(State::Wrong(problem))).collect();
        }
        Err(error @ store::StoreError::NoDatabase { .. }) => return vec![finding(State::Absent(error.to_string()))],
        Err(error) => Err(error),
    };
    match checked {
        Ok(checked) => checked
            .into_iter()
            .map(|checked| match checked.problem {
                None => finding(State::Good(checked.about)),
                Some(problem) => finding(State::Wrong(format!("{}: {problem}", checked.about))),
            })
            .collect(),
        Err(error) => vec![finding(State::Wrong(error.to_string()))],
    }
}

/// What the configuration and the environment say about language models; no value of a key is ever shown.
fn models(global: &Global) -> Vec<Finding> {
    let finding = |what: String, state| Finding { what, state };
    let configuration = match global.configuration() {
        Ok(configuration) => configuration,
        Err(failure) => return vec![finding("configuration".into(), State::Bad(failure.to_string()))],
    };
    let file = match &configuration.file {
        Some(file) => State::Good(file.display().to_string()),
        None => State::Absent("no config.toml; the built-in agents need none".into()),
    };
    let mut findings = vec![finding("configuration".into(), file)];
    findings
        .extend(configuration.all_found().iter().map(|found| finding(format!("endpoint: {}", found.name), key(found))));
    findings.extend(configuration.models().map(|name| {
        let endpoint = configuration.endpoint_name(name);
        let price = if configuration.prices().contains_key(name) { "priced" } else { "no price: its cost is unknown" };
        finding(format!("model: {name}"), State::Good(format!("endpoint {endpoint}, {price}")))
    }));
    let others = configuration.prices().keys().filter(|name| configuration.models().all(|known| known != *name));
    findings.extend(others.map(|name| {
        finding(
            format!("model: {name}"),
            State::Good(format!("endpoint {}, priced", configuration.endpoint_name(name))),
        )
    }));
    findings.extend(prompts(&configuration));
    findings
}

fn key(found: &Found) -> State {
    let place = format!("{} ({})", found.host(), found.said_by);
    match (&found.key_variable, found.has_key) {
        (None, _) => State::Good(format!("{place}, without a key")),
        (Some(variable), true) => State::Good(format!("{place}, {variable} is set")),
        (Some(variable), false) => {
            State::Absent(format!("{place}, {variable} is not set; the built-in agents need none"))
        }
    }
}

fn prompts(configuration: &Configuration) -> Option<Finding> {
    let folder = configuration.prompts()?;
    let state = match (configuration.templates(), configuration.overrides()) {
        (Ok(_), Ok(overrides)) if overrides.is_empty() => {
            State::Absent(format!("{} holds no template; the shipped ones are used", folder.display()))
        }
        (Ok(_), Ok(overrides)) => {
            let names: Vec<&str> = overrides.keys().map(String::as_str).collect();
            State::Good(format!("{} replaces {}", folder.display(), names.join(", ")))
        }
        (Err(failure), _) | (_, Err(failure)) => State::Bad(failure.to_string()),
    };
    Some(Finding { what: "prompts".into(), state })
}

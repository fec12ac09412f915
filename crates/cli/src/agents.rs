//! Who plans, writes and draws lessons: from the command line to a team that can be asked.

use crate::configuration::Configuration;
use crate::failure::Failure;
use clap::ValueEnum;
use engine::agents::llm::{Caps, CommandLine, Desk, Meter, ModelError, Router, Settings};
use engine::science::experiment::Budget;
use engine::{Agents, Roles, Source};
use std::sync::Arc;

/// The name under which a command plans.
const PLANNER_COMMAND: &str = "planner-command";
/// The name under which a command writes.
const EXECUTOR_COMMAND: &str = "executor-command";
/// The name under which an agent plans and writes that drives the campaign from outside.
const VISITOR: &str = "mcp";
const BUILTIN: &str = "builtin";

/// Who plans and writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Backend {
    /// The built-in researcher: no model, no key
    Builtin,
    /// Language models behind OpenAI-compatible endpoints (OPENAI_API_KEY, OPENAI_BASE_URL, config.toml)
    Openai,
}

/// Options that choose a team.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Choice {
    /// Who fills the roles that no other option fills
    #[arg(long, value_enum, default_value = "builtin")]
    agents: Backend,
    /// The model, for --agents openai
    #[arg(long, value_name = "NAME")]
    model: Vec<String>,
    /// Who drafts the claims: `builtin`, or a model
    #[arg(long, value_name = "NAME", conflicts_with = "planner_command")]
    planner: Option<String>,
    /// Who writes the candidates: `builtin`, or a model
    #[arg(long, value_name = "NAME", conflicts_with = "executor_command")]
    executor: Option<String>,
    /// Who draws the principles: `builtin`, or a model
    #[arg(long, value_name = "NAME")]
    extractor: Option<String>,
    #[command(flatten)]
    commands: Commands,
}

/// Commands of the user's that fill a role.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct Commands {
    /// A command that drafts the claims: it gets the prompt on its standard input and answers on its standard output. It
    /// runs with YOUR rights, outside of the sandbox
    #[arg(long, value_name = "COMMAND")]
    planner_command: Option<String>,
    /// A command that writes the candidates, likewise; it runs with YOUR rights, outside of the sandbox. What it writes
    /// is screened, compiled and run like any candidate
    #[arg(long, value_name = "COMMAND")]
    executor_command: Option<String>,
}

/// Caps on what language models may take; they come before those of the experiment.
#[derive(clap::Args, Clone, Copy, Debug, Default)]
pub(crate) struct CapOptions {
    /// The most US dollars that language models may cost; needs the price of each in config.toml
    #[arg(long, value_name = "USD")]
    max_usd: Option<f64>,
    /// The most tokens that they may read and write
    #[arg(long, value_name = "N")]
    max_tokens: Option<u64>,
    /// The most requests that may be sent to them, failed ones included
    #[arg(long, value_name = "N")]
    max_calls: Option<u32>,
}

impl CapOptions {
    /// Puts the caps into a budget.
    pub(crate) fn apply(self, budget: &mut Budget) -> Result<(), Failure> {
        if self.max_usd.is_some_and(|usd| !usd.is_finite() || usd < 0.0) {
            return Err(Failure::usage("--max-usd must be a number of US dollars, zero or more"));
        }
        budget.usd = self.max_usd.or(budget.usd);
        budget.tokens = self.max_tokens.or(budget.tokens);
        budget.calls = self.max_calls.or(budget.calls);
        Ok(())
    }
}

impl Choice {
    /// The name in each role.
    pub(crate) fn roles(&self) -> Result<Roles, Failure> {
        let Commands { planner_command, executor_command } = &self.commands;
        let command = |given: &Option<String>, name: &str| given.as_ref().map(|_| Some(name.to_owned()));
        let planner = role(self.planner.as_deref())?.or(command(planner_command, PLANNER_COMMAND));
        let executor = role(self.executor.as_deref())?.or(command(executor_command, EXECUTOR_COMMAND));
        let extractor = role(self.extractor.as_deref())?;
        let others = self.others(planner.is_some() && executor.is_some() && extractor.is_some())?;
        Ok(Roles {
            planner: planner.unwrap_or_else(|| others.clone()),
            executor: executor.unwrap_or_else(|| others.clone()),
            extractor: extractor.unwrap_or(others),
        })
    }

    /// Who fills the roles that no other option fills.
    fn others(&self, none_left: bool) -> Result<Option<String>, Failure> {
        match (self.agents, self.model.as_slice()) {
            (Backend::Builtin, []) => Ok(None),
            (Backend::Builtin, _) => Err(Failure::usage("--model needs --agents openai")),
            (Backend::Openai, []) if none_left => Ok(None),
            (Backend::Openai, []) => Err(Failure::usage("--agents openai needs --model NAME")),
            (Backend::Openai, [name]) => checked(name).map(Some),
            (Backend::Openai, names) => Err(several(&names.join(", "))),
        }
    }

    /// The commands among the options.
    pub(crate) fn commands(&self) -> &Commands {
        &self.commands
    }
}

/// What an option says of a role: nothing, the built-in agent, or a model.
fn role(option: Option<&str>) -> Result<Option<Option<String>>, Failure> {
    match option {
        None => Ok(None),
        Some(BUILTIN) => Ok(Some(None)),
        Some(name) => checked(name).map(|name| Some(Some(name))),
    }
}

/// A model's name, as the record can hold it.
fn checked(name: &str) -> Result<String, Failure> {
    if name.contains([',', '+']) {
        return Err(several(name));
    }
    let odd = name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control() || "+,=".contains(c));
    if odd || [BUILTIN, PLANNER_COMMAND, EXECUTOR_COMMAND, VISITOR].contains(&name) {
        return Err(Failure::usage(format!(
            "`{name}` cannot be the name of a model here: names are not empty, hold no blank, comma, `+` or `=`, \
             and `{BUILTIN}`, `{PLANNER_COMMAND}`, `{EXECUTOR_COMMAND}` and `{VISITOR}` mean something else"
        )));
    }
    Ok(name.to_owned())
}

/// A role has one model.
fn several(names: &str) -> Failure {
    Failure::usage(format!(
        "`{names}` names several models, and a role has one: name one with --model and others for single roles with --planner, \
         --executor or --extractor; to compare models, run a campaign with each"
    ))
}

/// A team that asks the world, within a budget.
pub(crate) fn live(
    roles: &Roles,
    commands: &Commands,
    budget: &Budget,
    configuration: &Configuration,
) -> Result<Agents, Failure> {
    let templates = Arc::new(configuration.templates()?);
    let team = roles.team(|name| Ok::<_, Failure>(configuration.settings(name)))?;
    if roles.models().is_empty() {
        return Ok(Agents { team, source: Source::Record, templates });
    }
    let caps = Caps { usd: budget.usd, tokens: budget.tokens, calls: budget.calls };
    let meter = Arc::new(Meter::new(caps, configuration.prices().clone()));
    let mut router = Router::new(Arc::clone(&meter));
    for name in roles.models() {
        let served = match commands.line(name, configuration)? {
            Some(line) => router.command(name, line),
            None => router.serve(name, &configuration.endpoint(name)?),
        };
        served.map_err(unusable)?;
    }
    Ok(Agents { team, source: Source::Live { router, meter }, templates })
}

/// A team whose plans and sources are handed in by whoever comes to a desk; lessons are drawn by the built-in extractor.
pub(crate) fn visited(desk: &Arc<Desk>, budget: &Budget, configuration: &Configuration) -> Result<Agents, Failure> {
    let visitor = Some(VISITOR.to_owned());
    let roles = Roles { planner: visitor.clone(), executor: visitor, extractor: None };
    let team = roles.team(|name| Ok::<_, Failure>(configuration.settings(name)))?;
    let caps = Caps { usd: budget.usd, tokens: budget.tokens, calls: budget.calls };
    let meter = Arc::new(Meter::new(caps, configuration.prices().clone()));
    let mut router = Router::new(Arc::clone(&meter));
    router.desk(VISITOR, Arc::clone(desk)).map_err(unusable)?;
    Ok(Agents { team, source: Source::Live { router, meter }, templates: Arc::new(configuration.templates()?) })
}

/// A team whose every question is answered by the record, with the settings that it was recorded with.
pub(crate) fn recorded(
    roles: &Roles,
    configuration: &Configuration,
    settings: impl Fn(&str) -> Option<Settings>,
) -> Result<Agents, Failure> {
    let templates = Arc::new(configuration.templates()?);
    let team = roles.team(|name| Ok::<_, Failure>(settings(name).unwrap_or_else(|| configuration.settings(name))))?;
    Ok(Agents { team, source: Source::Record, templates })
}

impl Commands {
    /// The command behind a name; none if the name is a model's.
    fn line(&self, name: &str, configuration: &Configuration) -> Result<Option<CommandLine>, Failure> {
        let given = match name {
            VISITOR => {
                let problem = "the campaign is driven from outside: `elenchus mcp --campaign ID` goes on with it";
                return Err(Failure::usage(problem));
            }
            PLANNER_COMMAND => &self.planner_command,
            EXECUTOR_COMMAND => &self.executor_command,
            _ => return Ok(None),
        };
        let Some(text) = given else {
            return Err(Failure::usage(format!(
                "the campaign was begun with a command of yours, which is not on record: give it again with --{name}"
            )));
        };
        let line = CommandLine::parse(text).map_err(|problem| Failure::usage(format!("--{name}: {problem}")))?;
        Ok(Some(CommandLine { withheld: configuration.key_variables(), ..line }))
    }
}

fn unusable(error: ModelError) -> Failure {
    Failure::usage(error.to_string())
}

//! What every command shares: where things are, and what the environment says.

use crate::failure::Failure;
use clap::ValueEnum;
use engine::agents::llm::{Endpoint, Settings};
use engine::{AgentChoice, Places};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{CampaignId, Store};

/// Options of every command.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Global {
    /// Where campaigns are kept: the database, the git mirror of candidates, reports
    #[arg(long, global = true, value_name = "DIR", default_value = ".elenchus")]
    pub(crate) state_dir: PathBuf,
    /// Run candidates with your own rights where the sandbox's walls cannot be built; every report then says so
    #[arg(long, global = true)]
    unsafe_no_sandbox: bool,
}

/// How a result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For a person.
    Text,
    /// For other tools; the shape is stable.
    Json,
}

/// Who plans and writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Agents {
    /// The built-in researcher: no model, no key
    Builtin,
    /// A language model behind an OpenAI-compatible endpoint (OPENAI_API_KEY, OPENAI_BASE_URL)
    Openai,
}

impl Global {
    /// Where things are on this machine.
    pub(crate) fn places(&self) -> Result<Places, Failure> {
        let runner = std::env::current_exe().map_err(|error| Failure::bug(format!("where am I? {error}")))?;
        let walls =
            if self.unsafe_no_sandbox { engine::sandbox::Walls::Disabled } else { engine::sandbox::Walls::Required };
        Ok(Places { state: self.state_dir.clone(), cache: self.cache()?, runner, rustc: rustc(), walls })
    }

    /// The database's file.
    pub(crate) fn database(&self) -> PathBuf {
        self.state_dir.join("lineage.db")
    }

    /// The database, which must be there.
    pub(crate) async fn store(&self) -> Result<Store, Failure> {
        Ok(Store::open_existing(&self.database()).await?)
    }

    /// The database, made if it is not there.
    pub(crate) async fn new_store(&self) -> Result<Arc<Store>, Failure> {
        std::fs::create_dir_all(&self.state_dir).map_err(|error| {
            Failure::failed(format!("cannot create {} ({error}); choose another --state-dir", self.state_dir.display()))
        })?;
        Ok(Arc::new(Store::open(&self.database()).await?))
    }

    /// The user's cache folder, or one in the state directory where there is none.
    fn cache(&self) -> Result<PathBuf, Failure> {
        let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let user = absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")));
        match user {
            Some(folder) => Ok(folder.join("elenchus")),
            None => std::path::absolute(self.state_dir.join("cache"))
                .map_err(|error| Failure::failed(format!("no place for a cache: {error}"))),
        }
    }
}

/// The campaign that a command is about.
pub(crate) async fn campaign(store: &Store, prefix: Option<&str>) -> Result<CampaignId, Failure> {
    Ok(store.find(prefix).await?)
}

/// The agents that the command line and the environment name. Endpoint and key never come from an experiment.
pub(crate) fn agents(agents: Agents, model: Option<&str>) -> Result<AgentChoice, Failure> {
    match (agents, model) {
        (Agents::Builtin, None) => Ok(AgentChoice::Builtin),
        (Agents::Builtin, Some(_)) => Err(Failure::usage("--model needs --agents openai")),
        (Agents::Openai, None) => Err(Failure::usage("--agents openai needs --model NAME")),
        (Agents::Openai, Some(model)) => {
            let key = std::env::var("OPENAI_API_KEY").ok().filter(|key| !key.is_empty());
            let base_url = std::env::var("OPENAI_BASE_URL").ok().filter(|url| !url.is_empty());
            if key.is_none() && base_url.is_none() {
                return Err(Failure::usage(
                    "no key: set OPENAI_API_KEY, or OPENAI_BASE_URL for a local server that needs none",
                ));
            }
            let base_url = base_url.unwrap_or_else(|| "https://api.openai.com/v1".into());
            let endpoint = Endpoint::new(base_url, key.map(Into::into));
            Ok(AgentChoice::Language { settings: Settings::new(model), endpoint })
        }
    }
}

/// The compiler: `RUSTC`, or the first `rustc` on the path, or the name alone, whose absence is then reported.
fn rustc() -> PathBuf {
    if let Some(named) = std::env::var_os("RUSTC") {
        return named.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join("rustc")).find(|file| file.is_file());
    found.unwrap_or_else(|| Path::new("rustc").into())
}

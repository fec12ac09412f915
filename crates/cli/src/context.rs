//! What every command shares: where things are, and what the environment says.

use crate::configuration::Configuration;
use crate::failure::Failure;
use crate::output;
use clap::ValueEnum;
use engine::Places;
use engine::science::nonce::Nonce;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{CampaignId, Store};

/// Where campaigns are kept unless somebody says otherwise.
pub(crate) const STATE_DIR: &str = ".elenchus";

/// A state directory, if a command has to name it.
pub(crate) fn unusual(state_dir: &Path) -> Option<String> {
    (state_dir != Path::new(STATE_DIR)).then(|| state_dir.display().to_string())
}

/// Options of every command.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Global {
    /// Where campaigns are kept: the database, the git mirror of candidates, reports
    #[arg(long, global = true, value_name = "DIR", default_value = STATE_DIR)]
    pub(crate) state_dir: PathBuf,
    /// Run candidates with your own rights where the sandbox's walls cannot be built; every report then says so
    #[arg(long, global = true)]
    unsafe_no_sandbox: bool,
    /// Where language models are served and what they cost, instead of ~/.config/elenchus/config.toml
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// How a result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For a person.
    Text,
    /// For other tools; the shape is stable.
    Json,
}

impl Global {
    /// Where things are on this machine.
    pub(crate) fn places(&self) -> Result<Places, Failure> {
        let runner = std::env::current_exe().map_err(|error| Failure::bug(format!("where am I? {error}")))?;
        let walls =
            if self.unsafe_no_sandbox { engine::sandbox::Walls::Disabled } else { engine::sandbox::Walls::Required };
        let problems = problems::all();
        Ok(Places { state: self.state_dir.clone(), cache: self.cache()?, runner, rustc: rustc(), walls, problems })
    }

    /// The user's own configuration.
    pub(crate) fn configuration(&self) -> Result<Configuration, Failure> {
        Configuration::read(self.config.as_deref())
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

    /// What the seeds of single evaluations derive from: made once for a state directory, so that two edits of a file are
    /// measured alike, and nobody can write a file by it who does not read this one.
    pub(crate) fn nonce(&self) -> Result<Nonce, Failure> {
        let file = self.state_dir.join("nonce");
        let cannot = |what: &str, error: &dyn std::fmt::Display| {
            Failure::failed(format!("cannot {what} {} ({error}); name a nonce by --nonce", file.display()))
        };
        match std::fs::read_to_string(&file) {
            Ok(text) => text.trim().parse().map_err(|error: String| cannot("use", &error)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let nonce = random_nonce()?;
                // Linked into its place, so that of two processes one wins and both use the same.
                let beside = self.state_dir.join(format!("nonce.{}", std::process::id()));
                let made = std::fs::create_dir_all(&self.state_dir)
                    .and_then(|()| std::fs::write(&beside, format!("{nonce}\n")))
                    .and_then(|()| std::fs::hard_link(&beside, &file));
                let _ = std::fs::remove_file(&beside);
                match made {
                    Ok(()) => Ok(nonce),
                    Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => self.nonce(),
                    Err(error) => Err(cannot("write", &error)),
                }
            }
            Err(error) => Err(cannot("read", &error)),
        }
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

/// A nonce that nobody knows yet.
pub(crate) fn random_nonce() -> Result<Nonce, Failure> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits).map_err(|error| Failure::failed(format!("no randomness to be had: {error}")))?;
    Ok(Nonce::of(u128::from_ne_bytes(bits)))
}

/// The campaign that a command is about.
pub(crate) async fn campaign(store: &Store, prefix: Option<&str>) -> Result<CampaignId, Failure> {
    let id = store.find(prefix).await?;
    if prefix.is_none() {
        let rows = store.campaigns().await?;
        if let ([_, _, ..], Some(row)) = (rows.as_slice(), rows.iter().find(|row| row.id == id)) {
            let (of, opened) = (rows.len(), report::moment(row.created_at_ms));
            output::note(format!("campaign {} of {}, opened {opened}: the latest of {of}", id.short(), row.name));
        }
    }
    Ok(id)
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

//! `elenchus prompt`

use crate::context::{Format, Global, campaign, random_nonce};
use crate::failure::{Code, Failure};
use crate::output;
use clap::ValueEnum;
use engine::agents::llm::{Request, Role, Settings, Templates};
use engine::prompt::Standpoint;
use engine::{LoadedExperiment, Roles};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Show what language models are sent, or write the templates down to be changed.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Print what a role would be sent where a campaign stands, or was sent last in one that has ended. Asks nobody; what the
    /// campaign has not come to yet is stood in for by the built-in researcher
    Show(ShowArgs),
    /// List the templates, and which of them your configuration replaces
    List,
    /// Write the shipped templates into a directory; `prompts = "DIR"` in config.toml then makes them yours
    Write {
        /// The directory; files that are there stay as they are
        directory: PathBuf,
    },
}

#[derive(clap::Args)]
struct ShowArgs {
    /// The role
    #[arg(value_enum)]
    role: RoleName,
    /// The campaign, by the beginning of its id; the latest if left out
    campaign: Option<String>,
    /// The beginning of a campaign on this experiment, instead
    #[arg(long, value_name = "DIR", conflicts_with = "campaign")]
    experiment: Option<PathBuf>,
    /// As for this model, instead of the campaign's
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// How to print it; json is the whole request
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RoleName {
    Plan,
    Implement,
    Repair,
    Extract,
}

pub(crate) async fn prompt(args: Args, global: &Global) -> Result<Code, Failure> {
    match args.what {
        What::Show(args) => show(args, global).await,
        What::List => list(global),
        What::Write { directory } => write(&directory),
    }
}

async fn show(args: ShowArgs, global: &Global) -> Result<Code, Failure> {
    let configuration = global.configuration()?;
    let role = match args.role {
        RoleName::Plan => Role::Plan,
        RoleName::Implement => Role::Implement,
        RoleName::Repair => Role::Repair,
        RoleName::Extract => Role::Extract,
    };
    let (standpoint, model) = match &args.experiment {
        Some(directory) => (beginning(directory, global)?, None),
        None => {
            let store = global.store().await?;
            let id = campaign(&store, args.campaign.as_deref()).await?;
            let label = store.load(&id).await?.state.opened().agents.clone();
            (Standpoint::of_campaign(&store, &id, role, &global.places()?).await?, model(role, &label)?)
        }
    };
    let name = args.model.or(model);
    let settings = name.map_or_else(|| Settings::new("MODEL"), |name| configuration.settings(&name));
    let request = standpoint.request(role, settings, Arc::new(configuration.templates()?)).await?;
    print(&request, args.format)?;
    Ok(Code::Done)
}

/// Where a campaign on an experiment would begin.
fn beginning(directory: &Path, global: &Global) -> Result<Standpoint, Failure> {
    let (places, nonce) = (global.places()?, random_nonce()?);
    let loaded = LoadedExperiment::read(directory, &places.problems)?;
    Ok(tokio::task::block_in_place(|| Standpoint::of_experiment(&loaded, nonce, &places))?)
}

/// The model that fills a role in a campaign; none for built-in agents.
fn model(role: Role, label: &str) -> Result<Option<String>, Failure> {
    let Roles { planner, executor, extractor } = Roles::parse(label).map_err(Failure::usage)?;
    Ok(match role {
        Role::Plan => planner,
        Role::Implement | Role::Repair => executor,
        Role::Extract => extractor,
    })
}

fn print(request: &Request, format: Format) -> Result<(), Failure> {
    match format {
        Format::Text => {
            output::line(format!("----- system -----\n{}\n\n----- user -----\n{}", request.system, request.user))?;
            if let Some(schema) = &request.schema {
                output::line(format!("\n----- schema -----\n{schema:#}"))?;
            }
        }
        Format::Json => {
            let value = serde_json::to_value(request).map_err(|error| Failure::bug(error.to_string()))?;
            output::json(value)?;
        }
    }
    Ok(())
}

fn list(global: &Global) -> Result<Code, Failure> {
    let configuration = global.configuration()?;
    configuration.templates()?;
    let overrides = configuration.overrides()?;
    let folder = configuration.prompts().unwrap_or_default();
    for (name, _) in Templates::texts() {
        match overrides.contains_key(name) {
            true => output::line(format!("{name:<12} {}", folder.join(format!("{name}.hbs")).display()))?,
            false => output::line(format!("{name:<12} shipped"))?,
        }
    }
    Ok(Code::Done)
}

fn write(directory: &Path) -> Result<Code, Failure> {
    let failed =
        |what: &Path, error: std::io::Error| Failure::usage(format!("cannot write {}: {error}", what.display()));
    std::fs::create_dir_all(directory).map_err(|error| failed(directory, error))?;
    for (name, text) in Templates::texts() {
        let path = directory.join(format!("{name}.hbs"));
        let file = std::fs::OpenOptions::new().write(true).create_new(true).open(&path);
        file.and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()))
            .map_err(|error| failed(&path, error))?;
        output::line(format!("wrote {}", path.display()))?;
    }
    Ok(Code::Done)
}

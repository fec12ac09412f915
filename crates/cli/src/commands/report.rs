//! `elenchus report`, and the record that all reporting commands read.

use crate::context::{Global, campaign};
use crate::failure::{Code, Failure};
use crate::output;
use clap::ValueEnum;
use engine::agents::llm::Loss;
use engine::science::comparison::Comparison;
use engine::science::id::Hash;
use engine::science::seal::{Look, Taken};
use engine::science::state::State;
use engine::{compare, verify};
use report::{Losses, Record, Times};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use store::{CampaignId, Store};

/// Print the lineage report: what was claimed, what became of it, what was learned, who won.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The campaign, by the beginning of its id; the latest if left out
    campaign: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Write it to a file instead of printing it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For the terminal
    Text,
    /// Markdown
    Markdown,
    /// For other tools; the shape is stable
    Json,
}

pub(crate) async fn report(args: Args, global: &Global) -> Result<Code, Failure> {
    let store = global.store().await?;
    let id = campaign(&store, args.campaign.as_deref()).await?;
    let source = Source::load(&store, &id).await?;
    let color = args.out.is_none() && std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let text = match args.format {
        Format::Text => report::terminal::report(&source.record(), 100, color),
        Format::Markdown => report::markdown::report(&source.record()),
        Format::Json => format!("{:#}\n", report::json::report(&source.record())),
    };
    match args.out {
        Some(file) => save(&file, &text)?,
        None => output::laid_out(&text)?,
    }
    Ok(Code::Done)
}

/// A campaign's record, read from the database.
pub(crate) struct Source {
    id: CampaignId,
    directory: String,
    state: State,
    digest: Hash,
    source: Option<String>,
    times: Times,
    losses: Losses,
    looks: Vec<Look>,
    taken: Taken,
    comparison: Option<Comparison>,
}

impl Source {
    pub(crate) async fn load(store: &Store, id: &CampaignId) -> Result<Self, Failure> {
        let loaded = store.load(id).await?;
        let rows = store.campaigns().await?;
        let row = rows.iter().find(|row| row.id == *id);
        let times = row.map(|row| Times { created_ms: row.created_at_ms, last_ms: row.last_at_ms });
        // A record is read without the code of its problem: the log names the text by its hash, and the store holds it to that.
        let source = match loaded.state.champion() {
            Some(champion) => store.source(id, &loaded.state.candidates[&champion.id].candidate).await?,
            None => None,
        };
        Ok(Source {
            directory: row.map_or_else(String::new, |row| row.directory.display().to_string()),
            id: id.clone(),
            state: loaded.state,
            digest: loaded.head.digest(),
            source,
            times: times.unwrap_or_default(),
            losses: losses(store, id).await?,
            looks: verify::recorded(store, id).await?.into_iter().map(|verified| verified.look).collect(),
            taken: verify::taken(store, id).await?,
            comparison: compare::recorded(store, id).await?,
        })
    }

    pub(crate) fn record(&self) -> Record<'_> {
        Record {
            id: self.id.as_str(),
            directory: &self.directory,
            state: &self.state,
            digest: self.digest.as_str(),
            source: self.source.as_deref(),
            times: self.times,
            losses: self.losses,
            looks: &self.looks,
            taken: self.taken,
            comparison: self.comparison.as_ref(),
        }
    }

    pub(crate) fn save_markdown(&self, file: &Path) -> Result<(), Failure> {
        save(file, &report::markdown::report(&self.record()))
    }
}

/// What was sent to models and lost.
async fn losses(store: &Store, id: &CampaignId) -> Result<Losses, Failure> {
    let mut losses = Losses { usd: Some(0.0), ..Losses::default() };
    for observation in engine::observed::Kind::Loss.all(store, id).await? {
        let loss: Loss = serde_json::from_str(&observation.payload)
            .map_err(|error| Failure::usage(format!("the record of a lost request cannot be read: {error}")))?;
        losses.attempts += 1;
        losses.tokens = losses.tokens.saturating_add(loss.tokens);
        losses.usd = losses.usd.zip(loss.usd).map(|(sum, usd)| sum + usd);
    }
    Ok(losses)
}

fn save(file: &Path, text: &str) -> Result<(), Failure> {
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    let made = parent.map_or(Ok(()), std::fs::create_dir_all);
    let written = made.and_then(|()| std::fs::write(file, text));
    written.map_err(|error| Failure::failed(format!("cannot write {}: {error}", file.display())))
}

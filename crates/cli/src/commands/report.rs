//! `elenchus report`, and the record that all reporting commands read.

use crate::context::{Global, campaign, unusual};
use crate::failure::{Code, Failure};
use crate::output;
use clap::ValueEnum;
use engine::agents::llm::Loss;
use engine::{compare, verify};
use report::terminal::Length;
use report::{Held, Losses, Stage, Times};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use store::{CampaignId, Store};

/// Print the lineage report: what was found, what that rests on, what it costs, how to see it again.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The campaign, by the beginning of its id; the latest if left out
    campaign: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// As text, print everything behind the first page too
    #[arg(long)]
    full: bool,
    /// Write it to a file instead of printing it; Markdown's pictures are written beside it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For the terminal: its first page
    Text,
    /// Markdown: the first page, and the rest folded
    Markdown,
    /// One page for a browser, with everything in it
    Html,
    /// For other tools; the shape is stable
    Json,
}

pub(crate) async fn report(args: Args, global: &Global) -> Result<Code, Failure> {
    let store = global.store().await?;
    let id = campaign(&store, args.campaign.as_deref()).await?;
    let held = read(&store, &id).await?;
    let text = match (args.format, &args.out) {
        (Format::Markdown, Some(file)) => {
            save_markdown(&held, file)?;
            return Ok(Code::Done);
        }
        (Format::Markdown, None) => report::markdown::report(&held.record(), None).text,
        (Format::Text, out) => {
            let length = if args.full { Length::Full } else { Length::Page };
            let color = out.is_none() && output::is_coloured();
            report::terminal::report(&held.record(), length, output::width(), color)
        }
        (Format::Html, _) => report::html::report(&held.record()),
        (Format::Json, _) => format!("{:#}\n", report::json::report(&held.record())),
    };
    match args.out {
        Some(file) => save(&file, &text)?,
        None => output::laid_out(&text)?,
    }
    Ok(Code::Done)
}

/// A campaign's record, read from the database.
pub(crate) async fn read(store: &Store, id: &CampaignId) -> Result<Held, Failure> {
    let loaded = store.load(id).await?;
    let rows = store.campaigns().await?;
    let row = rows.iter().find(|row| row.id == *id);
    let times = row.map(|row| Times { created_ms: row.created_at_ms, last_ms: row.last_at_ms });
    // A record is read without the code of its problem: the log names each text by its hash, and the store holds it to that.
    let mut sources = BTreeMap::new();
    for quoted in report::quoted(&loaded.state) {
        if let Some(text) = store.source(id, &loaded.state.candidates[&quoted].candidate).await? {
            sources.insert(quoted, text);
        }
    }
    Ok(Held {
        directory: row.map_or_else(String::new, |row| row.directory.display().to_string()),
        state_dir: store.path().parent().and_then(unusual),
        id: id.to_string(),
        digest: loaded.head.digest(),
        sources,
        stages: stages(&loaded.course),
        times: times.unwrap_or_default(),
        running: store.is_running(id),
        losses: losses(store, id).await?,
        looks: verify::looks(store, id).await?,
        taken: verify::taken(store, id).await?,
        comparison: compare::recorded(store, id).await?,
        translates: loaded.state.started.as_ref().is_some_and(|started| super::translate::takes(&started.spec.problem)),
        beside: compare::beside(store, id, &loaded.state).await?,
        origins: loaded.origins,
        state: loaded.state,
    })
}

pub(crate) fn save_page(held: &Held, file: &Path) -> Result<(), Failure> {
    save(file, &report::html::report(&held.record()))
}

/// Writes Markdown, and its pictures beside it.
pub(crate) fn save_markdown(held: &Held, file: &Path) -> Result<(), Failure> {
    let beginning = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let written = report::markdown::report(&held.record(), Some(&beginning));
    save(file, &written.text)?;
    written.pictures.iter().try_for_each(|(name, picture)| save(&file.with_file_name(name), picture))
}

/// The wall time before each event, by its kind, the most first.
fn stages(course: &[(&'static str, i64)]) -> Vec<Stage> {
    let mut by_kind: BTreeMap<&str, (u32, u64)> = BTreeMap::new();
    for pair in course.windows(2) {
        let (times, ms) = by_kind.entry(pair[1].0).or_default();
        *times += 1;
        *ms += u64::try_from(pair[1].1 - pair[0].1).unwrap_or_default();
    }
    let mut stages: Vec<Stage> =
        by_kind.into_iter().map(|(event, (times, ms))| Stage { event: event.into(), times, ms }).collect();
    stages.sort_by_key(|stage| std::cmp::Reverse(stage.ms));
    stages
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

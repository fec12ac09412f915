//! `elenchus list`

use crate::context::{Format, Global};
use crate::failure::{Code, Failure};
use crate::output;
use engine::science::text::{self, clip};
use engine::verify::looks;
use report::{Listed, moment};
use serde_json::{Value, json};
use store::{CampaignRow, Store, StoreError};

/// Characters of a cell in the table.
const NAME: usize = 400;

/// List the campaigns of this state directory, the latest last.
///
/// Each is read from its own log, as `status` reads it. Exit 1 if one of them is damaged.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// A campaign with what is said of it, or why nothing can be said.
struct Row {
    row: CampaignRow,
    listed: Result<Listed, StoreError>,
    /// What its problem calls the worth of a policy.
    worth: Option<String>,
    /// Whether a process is at work on it.
    running: bool,
    /// Whether the log, or what was looked at, is not as it was written.
    damaged: bool,
}

pub(crate) async fn list(args: Args, global: &Global) -> Result<Code, Failure> {
    let store = global.store().await?;
    let mut campaigns = Vec::new();
    for row in store.campaigns().await? {
        campaigns.push(Row::of(&store, row).await);
    }
    match args.format {
        Format::Json => output::json(campaigns.iter().map(Row::json).collect())?,
        Format::Text if campaigns.is_empty() => output::line("no campaign yet; `elenchus run EXPERIMENT` starts one")?,
        Format::Text => output::line(table(&campaigns).to_string())?,
    }
    Ok(if campaigns.iter().any(|row| row.damaged) { Code::Failed } else { Code::Done })
}

fn table(campaigns: &[Row]) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    let header = [
        "campaign",
        "experiment",
        "agents",
        "opened",
        "last event",
        "state",
        "champion",
        "worth (search)",
        "under the seal",
    ];
    table.load_style(comfy_table::presets::NOTHING).set_header(header);
    for campaign in campaigns {
        let (row, own) = (&campaign.row, campaign.listed());
        let (opened, last) = (moment(row.created_at_ms), moment(row.last_at_ms));
        let champion = own.champion.as_deref().unwrap_or_default();
        let cells = [
            row.id.short(),
            &own.name,
            &own.agents,
            &opened,
            &last,
            &own.standing,
            champion,
            &own.worth_in_words,
            own.outcome,
        ];
        // Whoever named a directory or wrote to the database may have meant the terminal.
        table.add_row(cells.map(|cell| clip(&text::line(cell), NAME)));
    }
    table
}

impl Row {
    async fn of(store: &Store, row: CampaignRow) -> Self {
        let (state, looks) = (store.load(&row.id).await.map(|loaded| loaded.state), looks(store, &row.id).await);
        let damaged = match &state {
            Err(error) => !matches!(error, StoreError::OtherRules { .. }),
            Ok(_) => looks.is_err(),
        };
        let worth = state.as_ref().ok().map(|state| state.spec().aim.worth_name().name.clone());
        let running = store.is_running(&row.id);
        let listed = state.map(|state| Listed::of(&state, looks.ok().as_deref()).while_running(running));
        Row { row, listed, worth, running, damaged }
    }

    /// As its log says, or the table where the log cannot be read.
    fn listed(&self) -> Listed {
        let standing = match &self.listed {
            Ok(listed) => return listed.clone(),
            Err(StoreError::OtherRules { rules, version, .. }) => format!("recorded under rules {rules} ({version})"),
            Err(error) => error.to_string(),
        };
        Listed { name: self.row.name.clone(), agents: self.row.agents.clone(), standing, ..Listed::default() }
    }

    fn json(&self) -> Value {
        let (row, own, directory) = (&self.row, self.listed(), self.row.directory.to_string_lossy());
        let mut listed = json!({
            "id": text::line(row.id.as_str()), "name": text::line(&own.name), "directory": text::line(&directory),
            "nonce": text::line(&row.nonce), "agents": text::line(&own.agents), "events": row.events,
            "created_at_ms": row.created_at_ms, "last_at_ms": row.last_at_ms, "state": text::line(&own.standing),
            "champion": own.champion, "running": self.running, "outcome": own.outcome,
        });
        if let Some(worth) = &self.worth {
            listed[worth] = own.worth.into();
        }
        listed
    }
}

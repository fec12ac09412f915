//! `elenchus list`

use crate::context::{Format, Global};
use crate::failure::{Code, Failure};
use crate::output;
use engine::EngineError;
use engine::science::seal::Look;
use engine::science::state::State;
use engine::science::text::{self, clip};
use engine::verify::recorded;
use report::moment;
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

/// A campaign with where it stands, or why that cannot be said.
struct Listed {
    row: CampaignRow,
    state: Result<Box<State>, StoreError>,
    /// Looks at its champion under the seal.
    looks: Result<Vec<Look>, EngineError>,
}

pub(crate) async fn list(args: Args, global: &Global) -> Result<Code, Failure> {
    let store = global.store().await?;
    let mut campaigns = Vec::new();
    for row in store.campaigns().await? {
        campaigns.push(Listed::of(&store, row).await);
    }
    match args.format {
        Format::Json => output::json(campaigns.iter().map(Listed::json).collect())?,
        Format::Text if campaigns.is_empty() => output::line("no campaign yet; `elenchus run EXPERIMENT` starts one")?,
        Format::Text => output::line(table(&campaigns).to_string())?,
    }
    Ok(if campaigns.iter().any(Listed::is_damaged) { Code::Failed } else { Code::Done })
}

fn table(campaigns: &[Listed]) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    let header =
        ["campaign", "experiment", "agents", "opened", "state", "champion", "worth (search)", "under the seal"];
    table.load_style(comfy_table::presets::NOTHING).set_header(header);
    for listed in campaigns {
        let row = &listed.row;
        let (champion, worth) = listed.champion().unwrap_or_default();
        let worth = listed.state.as_ref().ok().zip(worth);
        let worth = worth.map_or_else(String::new, |(state, worth)| report::worth(state.spec(), worth));
        let opened = moment(row.created_at_ms);
        let (name, agents) = listed.named();
        let cells = [row.id.short(), name, agents, &opened, &listed.standing(), &champion, &worth, listed.outcome()];
        // Whoever named a directory or wrote to the database may have meant the terminal.
        table.add_row(cells.map(|cell| clip(&text::line(cell), NAME)));
    }
    table
}

impl Listed {
    async fn of(store: &Store, row: CampaignRow) -> Self {
        let state = store.load(&row.id).await.map(|loaded| Box::new(loaded.state));
        let looks = recorded(store, &row.id).await;
        let looks = looks.map(|looks| looks.into_iter().map(|verified| verified.look).collect());
        Listed { row, state, looks }
    }

    /// What came of it, once it has ended.
    fn outcome(&self) -> &'static str {
        match (&self.state, &self.looks) {
            (Ok(state), Ok(looks)) => report::outcome(state, looks),
            (Ok(_), Err(_)) => "its looks cannot be read",
            (Err(_), _) => "",
        }
    }

    /// Experiment and agents: as the log says, or the table where the log cannot be read.
    fn named(&self) -> (&str, &str) {
        match self.state.as_ref().map(|state| state.opened()) {
            Ok(started) => (&started.name, &started.agents),
            Err(_) => (&self.row.name, &self.row.agents),
        }
    }

    /// Where it stands, in words.
    fn standing(&self) -> String {
        match &self.state {
            Err(StoreError::OtherRules { rules, version, .. }) => format!("recorded under rules {rules} ({version})"),
            Err(error) => error.to_string(),
            Ok(state) => report::live::standing(state),
        }
    }

    /// The champion and what it is worth, if there is one.
    fn champion(&self) -> Option<(String, Option<f64>)> {
        let state = self.state.as_ref().ok()?;
        let champion = state.champion()?.id;
        let worth = state.candidates[&champion].score.as_ref().and_then(|score| score.worth);
        Some((champion.short().to_owned(), worth))
    }

    fn is_damaged(&self) -> bool {
        match &self.state {
            Err(error) => !matches!(error, StoreError::OtherRules { .. }),
            Ok(_) => self.looks.is_err(),
        }
    }

    fn json(&self) -> Value {
        let (row, champion) = (&self.row, self.champion());
        let (champion, worth) = champion.map_or((None, None), |(champion, worth)| (Some(champion), worth));
        let ((name, agents), directory) = (self.named(), row.directory.to_string_lossy());
        let mut listed = json!({
            "id": text::line(row.id.as_str()), "name": text::line(name), "directory": text::line(&directory),
            "nonce": text::line(&row.nonce), "agents": text::line(agents), "events": row.events,
            "created_at_ms": row.created_at_ms, "last_at_ms": row.last_at_ms, "state": text::line(&self.standing()),
            "champion": champion, "outcome": self.outcome(),
        });
        if let Ok(state) = &self.state {
            listed[&state.spec().aim.worth_name().name] = worth.into();
        }
        listed
    }
}

//! Who plans and writes in a campaign.

use crate::KIT;
use crate::error::EngineError;
use crate::recorder::Recorder;
use agents::builtin::Researcher;
use agents::llm::{self, Client, Desk, Endpoint, Settings, Templates};
use agents::{Executor, Extractor, Planner};
use std::sync::Arc;
use store::{CampaignId, Store};

/// Who plans and writes.
#[derive(Debug)]
pub enum AgentChoice {
    /// The researcher that needs no model.
    Builtin,
    /// A language model plans and writes; lessons are drawn by the built-in extractor.
    Language {
        /// The model.
        settings: Settings,
        /// Where it is served.
        endpoint: Endpoint,
    },
}

/// Planner, executor and extractor.
pub(super) type Team = (Box<dyn Planner>, Box<dyn Executor>, Box<dyn Extractor>);

impl AgentChoice {
    /// What the record says of it: `builtin` or `openai:MODEL`. The endpoint is not part of the record.
    pub fn label(&self) -> String {
        match self {
            AgentChoice::Builtin => "builtin".into(),
            AgentChoice::Language { settings, .. } => format!("openai:{}", settings.model),
        }
    }

    /// Whether its executor mends what it wrote.
    pub(super) fn repairs(&self) -> bool {
        matches!(self, AgentChoice::Language { .. })
    }

    pub(super) fn engage(self, store: &Arc<Store>, campaign: &CampaignId) -> Result<Team, EngineError> {
        match self {
            AgentChoice::Builtin => Ok((Box::new(Researcher), Box::new(Researcher), Box::new(Researcher))),
            AgentChoice::Language { settings, endpoint } => {
                let model = Client::new(endpoint)?;
                let model = Arc::new(Recorder { model, store: Arc::clone(store), campaign: campaign.clone() });
                let contract = KIT.files[0].1.to_owned();
                let templates = Arc::new(Templates::shipped());
                let desk = Desk { model, models: vec![settings], contract, templates };
                let (planner, executor) = (llm::Planner::new(desk.clone()), llm::Executor::new(desk));
                Ok((Box::new(planner), Box::new(executor), Box::new(Researcher)))
            }
        }
    }
}

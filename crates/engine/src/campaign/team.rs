//! Who plans, writes and draws lessons in a campaign.

use crate::KIT;
use crate::error::EngineError;
use crate::recorder::Recorder;
use agents::builtin::Researcher;
use agents::llm::{self, Desk, Meter, Router, Settings, Templates};
use agents::{Executor, Extractor, Planner};
use std::sync::Arc;
use store::{CampaignId, Store};

/// Who plans, writes and draws lessons.
#[derive(Clone, Debug, PartialEq)]
pub struct Team {
    /// Drafts bundles.
    pub planner: Author,
    /// Writes candidates, and mends them.
    pub executor: Author,
    /// Draws principles, and keeps the notes.
    pub extractor: Author,
}

/// Who fills one role.
#[derive(Clone, Debug, PartialEq)]
pub enum Author {
    /// The researcher that needs no model.
    Builtin,
    /// These models: one, or several of which a bandit chooses. A command of the user's counts as a model.
    Models(Vec<Settings>),
}

/// A team as the record names it: each role's models, none for the built-in agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Casting {
    /// Who drafts bundles.
    pub planner: Option<Vec<String>>,
    /// Who writes candidates.
    pub executor: Option<Vec<String>>,
    /// Who draws principles.
    pub extractor: Option<Vec<String>>,
}

/// Where models answer.
#[derive(Debug)]
pub enum Source {
    /// Only what is on record: for built-in agents, and for a campaign that is replayed.
    Record,
    /// The world, where the record has no answer.
    Live {
        /// Asks them.
        router: Router,
        /// What they may cost, and what they have cost.
        meter: Arc<Meter>,
    },
}

/// A team at work.
pub(super) struct Engaged {
    pub(super) planner: Box<dyn Planner>,
    pub(super) executor: Box<dyn Executor>,
    pub(super) extractor: Box<dyn Extractor>,
    pub(super) recorder: Arc<Recorder>,
}

impl Team {
    /// The team that needs no model.
    pub fn builtin() -> Self {
        Team { planner: Author::Builtin, executor: Author::Builtin, extractor: Author::Builtin }
    }

    /// What the record says of it: `builtin`, `openai:MODEL` where one model does everything, or the roles one by one.
    /// [`Casting::parse`] reads it back. Endpoints and commands are not part of the record.
    pub fn label(&self) -> String {
        let names = [&self.planner, &self.executor, &self.extractor].map(Author::name);
        match (&names, &self.planner) {
            ([planner, executor, extractor], author) if planner == executor && executor == extractor => match author {
                Author::Builtin => planner.clone(),
                Author::Models(_) => format!("openai:{planner}"),
            },
            ([planner, executor, extractor], _) => {
                format!("planner={planner} executor={executor} extractor={extractor}")
            }
        }
    }

    /// Whether its executor mends what it wrote.
    pub(super) fn repairs(&self) -> bool {
        self.executor != Author::Builtin
    }

    /// Puts the team to work. Replies are recorded under the campaign before anybody uses them.
    pub(super) async fn engage(
        self,
        source: Source,
        templates: Arc<Templates>,
        store: &Arc<Store>,
        campaign: &CampaignId,
    ) -> Result<Engaged, EngineError> {
        let recorder = Arc::new(Recorder::new(source, Arc::clone(store), campaign.clone()).await?);
        let desk = |models| Desk {
            model: Arc::clone(&recorder) as Arc<dyn llm::Model>,
            models,
            contract: KIT.files[0].1.to_owned(),
            templates: Arc::clone(&templates),
        };
        let researcher = Researcher::default();
        Ok(Engaged {
            planner: match self.planner {
                Author::Builtin => Box::new(researcher.clone()),
                Author::Models(models) => Box::new(llm::Planner::new(desk(models))),
            },
            executor: match self.executor {
                Author::Builtin => Box::new(researcher.clone()),
                Author::Models(models) => Box::new(llm::Executor::new(desk(models))),
            },
            extractor: match self.extractor {
                Author::Builtin => Box::new(researcher.clone()),
                Author::Models(models) => Box::new(llm::Extractor::new(desk(models))),
            },
            recorder: Arc::clone(&recorder),
        })
    }
}

impl Author {
    fn name(&self) -> String {
        match self {
            Author::Builtin => BUILTIN.into(),
            Author::Models(models) => models.iter().map(|model| model.model.as_str()).collect::<Vec<_>>().join("+"),
        }
    }
}

const BUILTIN: &str = "builtin";

impl Casting {
    /// Reads what [`Team::label`] wrote.
    pub fn parse(label: &str) -> Result<Self, String> {
        let unknown = || format!("`{label}` names no team that this program knows");
        let author = |names: &str| match names {
            BUILTIN => None,
            names => Some(names.split('+').map(str::to_owned).collect()),
        };
        let all = |names: &str| {
            let author = author(names);
            Casting { planner: author.clone(), executor: author.clone(), extractor: author }
        };
        if label == BUILTIN {
            return Ok(all(label));
        }
        if let Some(names) = label.strip_prefix("openai:") {
            return Ok(all(names));
        }
        let mut parts = label.split(' ');
        let mut role = |name: &str| {
            let names = parts.next().and_then(|part| part.strip_prefix(name)?.strip_prefix('='));
            names.map(author).ok_or_else(unknown)
        };
        Ok(Casting { planner: role("planner")?, executor: role("executor")?, extractor: role("extractor")? })
    }

    /// The team with these names; `settings` knows each model.
    pub fn team<E>(&self, mut settings: impl FnMut(&str) -> Result<Settings, E>) -> Result<Team, E> {
        let mut author = |names: &Option<Vec<String>>| match names {
            None => Ok(Author::Builtin),
            Some(names) => names.iter().map(|name| settings(name)).collect::<Result<_, E>>().map(Author::Models),
        };
        Ok(Team {
            planner: author(&self.planner)?,
            executor: author(&self.executor)?,
            extractor: author(&self.extractor)?,
        })
    }

    /// Every model that it names, each once.
    pub fn models(&self) -> Vec<&str> {
        let mut models: Vec<&str> = Vec::new();
        for name in [&self.planner, &self.executor, &self.extractor].into_iter().flatten().flatten() {
            if !models.contains(&name.as_str()) {
                models.push(name);
            }
        }
        models
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn models(names: &[&str]) -> Author {
        Author::Models(names.iter().map(|name| Settings::new(*name)).collect())
    }

    #[test]
    fn a_team_is_read_back_from_its_label() {
        let one = || models(&["openai/gpt-5:nitro"]);
        let mixed = Team { planner: Author::Builtin, executor: models(&["a", "b"]), extractor: one() };
        let teams = [
            (Team::builtin(), "builtin"),
            (Team { planner: one(), executor: one(), extractor: one() }, "openai:openai/gpt-5:nitro"),
            (mixed, "planner=builtin executor=a+b extractor=openai/gpt-5:nitro"),
        ];
        for (team, label) in teams {
            assert_eq!(team.label(), label);
            let casting = Casting::parse(label).unwrap();
            assert_eq!(casting.team(|name| Ok::<_, ()>(Settings::new(name))), Ok(team));
        }
        assert!(Casting::parse("scripted").is_err());
    }

    #[test]
    fn a_model_in_several_roles_is_named_once() {
        let casting = Casting::parse("planner=a executor=b+a extractor=builtin").unwrap();
        assert_eq!(casting.models(), ["a", "b"]);
    }
}

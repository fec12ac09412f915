//! Who plans, writes and draws lessons in a campaign.

use crate::error::EngineError;
use crate::problem::{Problem, shown};
use crate::recorder::{Recorder, Source};
use agents::builtin::Researcher;
use agents::llm::{self, Context, Settings, Templates};
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
    /// A model. A command of the user's counts as one.
    Model(Settings),
}

/// A team as the record names it: each role's model, none for the built-in agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles {
    /// Who drafts bundles.
    pub planner: Option<String>,
    /// Who writes candidates.
    pub executor: Option<String>,
    /// Who draws principles.
    pub extractor: Option<String>,
}

/// A team at work.
pub(super) struct Engaged {
    pub(super) planner: Box<dyn Planner>,
    pub(super) executor: Box<dyn Executor>,
    pub(super) extractor: Box<dyn Extractor>,
    pub(super) recorder: Arc<Recorder>,
    /// Whether the executor's sources are the `space` source at a point.
    pub(super) specialises: bool,
}

impl Team {
    /// The team that needs no model.
    pub fn builtin() -> Self {
        Team { planner: Author::Builtin, executor: Author::Builtin, extractor: Author::Builtin }
    }

    /// What the record says of it: `builtin`, `openai:MODEL` where one model does everything, or the roles one by one.
    /// [`Roles::parse`] reads it back. Endpoints and commands are not part of the record.
    pub fn label(&self) -> String {
        let names = [&self.planner, &self.executor, &self.extractor].map(Author::name);
        match (&names, &self.planner) {
            ([planner, executor, extractor], author) if planner == executor && executor == extractor => match author {
                Author::Builtin => planner.clone(),
                Author::Model(_) => format!("openai:{planner}"),
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

    /// Whether somebody of it plans in a declared space, or writes from the source of one.
    pub(super) fn needs_space(&self) -> bool {
        self.planner == Author::Builtin || self.executor == Author::Builtin
    }

    /// Puts the team to work. Replies are recorded under the campaign before anybody uses them.
    pub(super) async fn engage(
        self,
        (source, templates): (Source, Arc<Templates>),
        problem: &dyn Problem,
        store: &Arc<Store>,
        campaign: &CampaignId,
    ) -> Result<Engaged, EngineError> {
        let recorder = Arc::new(Recorder::new(source, Arc::clone(store), campaign.clone()).await?);
        let context = |settings| Context {
            model: Arc::clone(&recorder) as Arc<dyn llm::Model>,
            settings,
            contract: shown(problem.kit().files[0].1).to_owned(),
            passages: problem.passages(),
            templates: Arc::clone(&templates),
        };
        Ok(Engaged {
            specialises: self.executor == Author::Builtin,
            planner: match self.planner {
                Author::Builtin => Box::new(Researcher),
                Author::Model(settings) => Box::new(llm::Planner::new(context(settings))),
            },
            executor: match self.executor {
                Author::Builtin => Box::new(Researcher),
                Author::Model(settings) => Box::new(llm::Executor::new(context(settings))),
            },
            extractor: match self.extractor {
                Author::Builtin => Box::new(Researcher),
                Author::Model(settings) => Box::new(llm::Extractor::new(context(settings))),
            },
            recorder: Arc::clone(&recorder),
        })
    }
}

impl Author {
    fn name(&self) -> String {
        match self {
            Author::Builtin => BUILTIN.into(),
            Author::Model(settings) => settings.model.clone(),
        }
    }
}

const BUILTIN: &str = "builtin";

impl Roles {
    /// Reads what [`Team::label`] wrote.
    pub fn parse(label: &str) -> Result<Self, String> {
        if label.contains('+') {
            return Err(format!(
                "`{label}` names several models for one role, which this version does not choose among any more: use the \
                 version that recorded it"
            ));
        }
        let author = |name: &str| (name != BUILTIN).then(|| name.to_owned());
        let all = |name: &str| Roles { planner: author(name), executor: author(name), extractor: author(name) };
        if label == BUILTIN {
            return Ok(all(label));
        }
        if let Some(name) = label.strip_prefix("openai:") {
            return Ok(all(name));
        }
        let mut parts = label.split(' ');
        let mut role = |role: &str| {
            let name = parts.next().and_then(|part| part.strip_prefix(role)?.strip_prefix('='));
            name.map(author).ok_or_else(|| format!("`{label}` names no team that this program knows"))
        };
        Ok(Roles { planner: role("planner")?, executor: role("executor")?, extractor: role("extractor")? })
    }

    /// The team with these names; `settings` knows each model.
    pub fn team<E>(&self, mut settings: impl FnMut(&str) -> Result<Settings, E>) -> Result<Team, E> {
        let mut author = |name: &Option<String>| match name {
            None => Ok(Author::Builtin),
            Some(name) => settings(name).map(Author::Model),
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
        for name in [&self.planner, &self.executor, &self.extractor].into_iter().flatten() {
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

    #[test]
    fn a_team_is_read_back_from_its_label() {
        let model = |name: &str| Author::Model(Settings::new(name));
        let one = || model("openai/gpt-5:nitro");
        let mixed = Team { planner: Author::Builtin, executor: model("a"), extractor: one() };
        let teams = [
            (Team::builtin(), "builtin"),
            (Team { planner: one(), executor: one(), extractor: one() }, "openai:openai/gpt-5:nitro"),
            (mixed, "planner=builtin executor=a extractor=openai/gpt-5:nitro"),
        ];
        for (team, label) in teams {
            assert_eq!(team.label(), label);
            let roles = Roles::parse(label).unwrap();
            assert_eq!(roles.team(|name| Ok::<_, ()>(Settings::new(name))), Ok(team));
        }
        assert!(Roles::parse("scripted").is_err());
        let error = Roles::parse("planner=builtin executor=a+b extractor=a").unwrap_err();
        assert!(error.contains("several models for one role"), "{error}");
    }

    #[test]
    fn a_model_in_several_roles_is_named_once() {
        let roles = Roles::parse("planner=a executor=a extractor=builtin").unwrap();
        assert_eq!(roles.models(), ["a"]);
    }
}

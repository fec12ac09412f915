//! A campaign in a list.

use crate::{live, page, worth};
use science::seal::Look;
use science::state::State;

/// What a campaign's own log, and the looks at its champion under the seal, say of it in a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listed {
    /// The experiment's name.
    pub name: String,
    /// Who plans and writes.
    pub agents: String,
    /// How far it is, or why it ended.
    pub standing: String,
    /// Whether it can be gone on with.
    pub open: bool,
    /// The champion, shortened, if there is one.
    pub champion: Option<String>,
    /// What that is worth on the search panel.
    pub worth: Option<f64>,
    /// The same in words; empty where there is none.
    pub worth_in_words: String,
    /// What came of it, once it has ended.
    pub outcome: &'static str,
}

impl Listed {
    /// What is said of a campaign; of one whose looks cannot be read, that.
    pub fn of(state: &State, looks: Option<&[Look]>) -> Self {
        let champion = state.champion().map(|champion| champion.id);
        let score = champion.as_ref().and_then(|id| state.candidates.get(id)?.score.as_ref());
        let value = score.and_then(|score| score.worth);
        let opened = state.opened();
        Listed {
            name: opened.name.clone(),
            agents: opened.agents.clone(),
            standing: live::standing(state),
            open: state.ended.is_none(),
            champion: champion.map(|id| id.short().to_owned()),
            worth: value,
            worth_in_words: value.map_or_else(String::new, |value| worth(state.spec(), value)),
            outcome: looks.map_or("its looks cannot be read", |looks| page::outcome(state, looks)),
        }
    }

    /// The same, where it is known whether a process is at work on it.
    pub fn while_running(self, running: bool) -> Self {
        let standing = match (self.open, running) {
            (false, _) => self.standing,
            (true, true) => format!("running, {}", self.standing),
            (true, false) => format!("stopped in {}", self.standing),
        };
        Listed { standing, ..self }
    }
}

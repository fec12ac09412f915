//! What agents did and what that took, counted from the record.

use crate::record::{Losses, Record};
use crate::words::{count, grouped, money};
use science::state::State;
use science::work::{Role, Tokens, Work, summed};
use serde::Serialize;

/// All agents' work of a campaign.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Spend {
    /// Replies.
    pub(crate) calls: u32,
    /// Replies of them whose tokens nobody counted.
    pub(crate) uncounted: u32,
    /// The tokens of the others.
    pub(crate) tokens: Counted,
    /// US dollars; none if part of it is not known.
    pub(crate) usd: Option<f64>,
    /// Who has no price.
    pub(crate) unpriced: Vec<String>,
    /// Attempts that failed and may have been billed; in none of the other figures.
    pub(crate) lost: Losses,
    /// What may be spent; null is without limit.
    pub(crate) budget: Caps,
    /// The same by role and author.
    pub(crate) by: Vec<Share>,
}

/// One author's work in one role.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Share {
    pub(crate) role: Role,
    pub(crate) by: String,
    pub(crate) calls: u32,
    pub(crate) uncounted: u32,
    pub(crate) tokens: Counted,
    pub(crate) usd: Option<f64>,
}

/// Tokens with their sum.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Counted {
    #[serde(flatten)]
    pub(crate) of: Tokens,
    /// What a budget counts.
    pub(crate) total: u64,
}

/// The caps of the campaign.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Caps {
    pub(crate) usd: Option<f64>,
    pub(crate) tokens: Option<u64>,
    pub(crate) calls: Option<u32>,
}

/// Counts the work; none if agents did nothing that anybody counts, as the built-in ones do.
pub(crate) fn spend(record: &Record<'_>) -> Option<Spend> {
    let state = record.state;
    if state.work.is_empty() && record.losses.attempts == 0 {
        return None;
    }
    let shares = summed(state.work.iter().map(|(_, work)| work));
    let mut tokens = Tokens::default();
    shares.iter().for_each(|work| tokens += work.tokens);
    let mut unpriced: Vec<String> =
        shares.iter().filter(|work| work.usd.is_none() && work.uncounted == 0).map(|work| work.by.clone()).collect();
    unpriced.sort();
    unpriced.dedup();
    let budget = state.opened().experiment.budget;
    Some(Spend {
        calls: shares.iter().map(|work| work.calls).sum(),
        uncounted: shares.iter().map(|work| work.uncounted).sum(),
        tokens: counted(tokens),
        usd: shares.iter().map(|work| work.usd).sum(),
        unpriced,
        lost: record.losses,
        budget: Caps { usd: budget.usd, tokens: budget.tokens, calls: budget.calls },
        by: shares.into_iter().map(share).collect(),
    })
}

fn share(work: Work) -> Share {
    let Work { role, by, calls, uncounted, tokens, usd } = work;
    Share { role, by, calls, uncounted, tokens: counted(tokens), usd }
}

fn counted(of: Tokens) -> Counted {
    Counted { of, total: of.total() }
}

impl Spend {
    /// All of it in one sentence.
    pub(crate) fn sentence(&self) -> String {
        let of = |cap: Option<String>| cap.map_or_else(String::new, |cap| format!(" of {cap}"));
        let calls = match self.budget.calls {
            None => count(self.calls as usize, "call"),
            Some(cap) => format!("{} of {cap} calls", self.calls),
        };
        let Tokens { prompt, cached, completion, .. } = self.tokens.of;
        let tokens = format!(
            "{}{} tokens ({} prompt, of them {} cached; {} written)",
            grouped(self.tokens.total),
            of(self.budget.tokens.map(grouped)),
            grouped(prompt),
            grouped(cached),
            grouped(completion),
        );
        format!("Spent: {calls}, {tokens}, {}.", self.dollars())
    }

    fn dollars(&self) -> String {
        let cap = self.budget.usd.map_or_else(String::new, |cap| format!(" of {}", money(cap)));
        match (self.usd, self.unpriced.as_slice()) {
            (Some(usd), _) => format!("{}{cap} USD", money(usd)),
            (None, []) => {
                format!("USD unknown: the tokens of {} were not counted", count(self.uncounted as usize, "reply"))
            }
            (None, names) => format!("USD unknown: no price for {}", names.join(", ")),
        }
    }
}

/// Claims that were made and candidates that were sent back, which are counted apart.
pub(crate) fn attempts(state: &State) -> (usize, usize) {
    let arms = || state.iterations.iter().flat_map(|iteration| &iteration.arms);
    (arms().count(), arms().map(|arm| arm.repairs as usize).sum())
}

//! What an agent's part of a step took: calls, tokens, money.

use serde::{Deserialize, Serialize};

/// What one author did for one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// In which role.
    pub role: Role,
    /// Who: a model by the name that its endpoint knows, or `command`.
    pub by: String,
    /// Replies that it took.
    pub calls: u32,
    /// Replies of them whose tokens nobody counted.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub uncounted: u32,
    /// The tokens of the others.
    #[serde(default)]
    pub tokens: Tokens,
    /// US dollars; none where a price or a count is unknown, which is not the same as nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd: Option<f64>,
}

/// A language model's part in the loop: one prompt each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Drafts a bundle.
    Plan,
    /// Writes a candidate.
    Implement,
    /// Mends a candidate.
    Repair,
    /// Draws principles from findings, and keeps the notes that later prompts see.
    Extract,
}

impl Role {
    /// Every role, in the order of the loop.
    pub const ALL: [Role; 4] = [Role::Plan, Role::Implement, Role::Repair, Role::Extract];

    /// The word for it in commands, reports and the database; also the name of its template.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Plan => "plan",
            Role::Implement => "implement",
            Role::Repair => "repair",
            Role::Extract => "extract",
        }
    }
}

/// Tokens, as endpoints count them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tokens {
    /// Of prompts, cached ones included.
    pub prompt: u64,
    /// Those of them that came from a cache.
    pub cached: u64,
    /// Written, reasoning included.
    pub completion: u64,
    /// Those of them that were reasoning.
    pub reasoning: u64,
}

impl Tokens {
    /// What a budget counts: prompts and completions.
    pub fn total(self) -> u64 {
        self.prompt.saturating_add(self.completion)
    }
}

impl std::ops::AddAssign for Tokens {
    fn add_assign(&mut self, other: Self) {
        self.prompt = self.prompt.saturating_add(other.prompt);
        self.cached = self.cached.saturating_add(other.cached);
        self.completion = self.completion.saturating_add(other.completion);
        self.reasoning = self.reasoning.saturating_add(other.reasoning);
    }
}

/// Work summed by role and author, in the order of roles and names.
pub fn summed<'a>(work: impl IntoIterator<Item = &'a Work>) -> Vec<Work> {
    let mut sums: std::collections::BTreeMap<(Role, &str), Work> = std::collections::BTreeMap::new();
    for one in work {
        match sums.get_mut(&(one.role, one.by.as_str())) {
            None => {
                sums.insert((one.role, &one.by), one.clone());
            }
            Some(sum) => {
                sum.calls += one.calls;
                sum.uncounted += one.uncounted;
                sum.tokens += one.tokens;
                sum.usd = sum.usd.zip(one.usd).map(|(a, b)| a + b);
            }
        }
    }
    sums.into_values().collect()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
pub(crate) fn is_zero(n: &u32) -> bool {
    *n == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(role: Role, by: &str, prompt: u64, usd: Option<f64>) -> Work {
        let tokens = Tokens { prompt, ..Tokens::default() };
        Work { role, by: by.into(), calls: 1, uncounted: 0, tokens, usd }
    }

    #[test]
    fn an_unknown_price_makes_the_sum_unknown_and_not_smaller() {
        let all = [
            work(Role::Implement, "a", 10, Some(0.5)),
            work(Role::Plan, "a", 1, Some(0.25)),
            work(Role::Implement, "a", 5, Some(0.5)),
            work(Role::Implement, "b", 7, Some(0.5)),
            work(Role::Implement, "b", 7, None),
        ];
        let sums = summed(&all);
        let shown: Vec<_> = sums.iter().map(|w| (w.role, w.by.as_str(), w.calls, w.tokens.prompt, w.usd)).collect();
        assert_eq!(
            shown,
            [
                (Role::Plan, "a", 1, 1, Some(0.25)),
                (Role::Implement, "a", 2, 15, Some(1.0)),
                (Role::Implement, "b", 2, 14, None)
            ]
        );
    }
}

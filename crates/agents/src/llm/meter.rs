//! Hard caps on what models may cost, checked before each attempt with the worst case reserved.
//!
//! What is unknown is never taken for nothing: an answer without usage, and an attempt whose answer never came whole, are
//! charged the worst case. So the caps hold, and a little of a budget may stay unspent.

use super::{Cost, ModelError, Request, Role, Usage};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Counts what is spent and holds it under the caps. One for a whole campaign, shared by all its models.
#[derive(Debug)]
pub struct Meter {
    caps: Caps,
    prices: BTreeMap<String, Price>,
    account: Mutex<Account>,
    /// Tells those who wait that something reserved was given back.
    freed: Notify,
}

/// The most that may be spent; none is no cap.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Caps {
    /// US dollars.
    pub usd: Option<f64>,
    /// Tokens of prompts and replies together.
    pub tokens: Option<u64>,
    /// Attempts that are sent, repeated ones included.
    pub calls: Option<u32>,
}

/// What a model costs, in US dollars per million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Tokens of the prompt.
    #[serde(deserialize_with = "amount")]
    pub prompt: f64,
    /// Those of them that came from a cache; none: as other tokens of the prompt.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "some_amount")]
    pub cached: Option<f64>,
    /// Tokens written, reasoning included.
    #[serde(deserialize_with = "amount")]
    pub completion: f64,
}

/// What was spent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spent {
    /// US dollars charged, as far as prices are known.
    pub usd: f64,
    /// Tokens charged.
    pub tokens: u64,
    /// Attempts sent.
    pub calls: u32,
}

/// An attempt that was sent and whose answer never came whole: it may have been billed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Loss {
    /// On whose behalf it was sent.
    pub role: Role,
    /// The model.
    pub model: String,
    /// US dollars charged for it, the worst case; none if the price is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd: Option<f64>,
    /// Tokens charged for it, the worst case; 0 for a command, whose tokens nobody knows.
    pub tokens: u64,
    /// What became of it. Never holds the key.
    pub problem: String,
}

#[derive(Debug, Default)]
struct Account {
    spent: Spent,
    reserved: Spent,
    losses: Vec<Loss>,
}

impl Meter {
    /// A meter at zero. Prices are by the names of models, as endpoints know them.
    pub fn new(caps: Caps, prices: BTreeMap<String, Price>) -> Self {
        Meter { caps, prices, account: Mutex::default(), freed: Notify::new() }
    }

    /// Adds what earlier processes of the same campaign spent.
    pub fn earlier(&self, spent: Spent) {
        self.account().spent.add(spent);
    }

    /// What was spent so far, earlier processes included. Requests under way do not count yet.
    pub fn spent(&self) -> Spent {
        self.account().spent
    }

    /// Losses since this was last called, in the order in which they came about.
    pub fn take_losses(&self) -> Vec<Loss> {
        std::mem::take(&mut self.account().losses)
    }

    /// What a model costs, if that is known.
    pub fn price(&self, model: &str) -> Option<&Price> {
        self.prices.get(model)
    }

    /// Whether the caps can be held with this model over HTTP.
    pub(super) fn accept(&self, model: &str) -> Result<(), ModelError> {
        match self.caps.usd {
            Some(_) if self.price(model).is_none() => Err(ModelError::Unpriced { model: model.into() }),
            _ => Ok(()),
        }
    }

    /// Whether the caps can be held with a command, of which nothing is known but how often it runs.
    pub(super) fn accept_command(&self, program: &str) -> Result<(), ModelError> {
        let refuse = |cap: &str| Err(ModelError::Uncounted { program: program.into(), cap: cap.into() });
        match self.caps {
            Caps { usd: Some(_), .. } => refuse("US dollars"),
            Caps { tokens: Some(_), .. } => refuse("tokens"),
            Caps { usd: None, tokens: None, calls: _ } => Ok(()),
        }
    }

    /// Room for one attempt at its worst. Waits where only attempts under way are in its way: most of them cost less than
    /// was reserved for them.
    ///
    /// # Errors
    /// [`ModelError::BudgetSpent`] if it does not fit; [`ModelError::Unpriced`] if that cannot be known.
    pub(super) async fn reserve(self: &Arc<Self>, worst: Worst) -> Result<Reservation, ModelError> {
        let price = self.price(&worst.model).copied();
        if self.caps.usd.is_some() && price.is_none() {
            return Err(ModelError::Unpriced { model: worst.model });
        }
        let usd = price.map(|price| price.of(worst.prompt, 0, worst.completion));
        let all = Spent { usd: usd.unwrap_or_default(), tokens: worst.tokens(), calls: 1 };
        loop {
            let freed = self.freed.notified();
            {
                let mut account = self.account();
                if let Some(what) = self.over(account.spent.plus(all)) {
                    return Err(ModelError::BudgetSpent { what });
                }
                if self.over(account.spent.plus(account.reserved).plus(all)).is_none() {
                    account.reserved.add(all);
                    return Ok(Reservation { meter: Arc::clone(self), worst, price, all, sent: false, open: true });
                }
            }
            freed.await;
        }
    }

    /// The cap that this would exceed.
    fn over(&self, spent: Spent) -> Option<String> {
        let Caps { usd, tokens, calls } = self.caps;
        let usd = usd.filter(|cap| spent.usd > *cap).map(|cap| match cap {
            0.01.. => format!("usd ({cap:.2})"),
            _ => format!("usd ({cap})"),
        });
        let tokens = tokens.filter(|cap| spent.tokens > *cap).map(|cap| format!("tokens ({cap})"));
        let calls = calls.filter(|cap| spent.calls > *cap).map(|cap| format!("calls ({cap})"));
        usd.or(tokens).or(calls)
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one attempt takes at worst.
#[derive(Clone, Debug)]
pub(super) struct Worst {
    role: Role,
    model: String,
    prompt: u64,
    completion: u64,
}

impl Worst {
    /// Of a request over HTTP. A byte-level tokeniser never makes more tokens than there are bytes.
    pub(super) fn of(request: &Request) -> Self {
        /// Tokens that mark where messages begin and end.
        const FRAME: usize = 64;
        let schema = request.schema.as_ref().map_or(0, |schema| schema.to_string().len());
        let prompt = (request.system.len() + request.user.len() + schema + FRAME) as u64;
        let completion = request.max_completion_tokens.into();
        Worst { role: request.role, model: request.model.clone(), prompt, completion }
    }

    /// Of a request to a command: nobody knows.
    pub(super) fn unknown(request: &Request) -> Self {
        Worst { role: request.role, model: request.model.clone(), prompt: 0, completion: 0 }
    }

    fn tokens(&self) -> u64 {
        self.prompt.saturating_add(self.completion)
    }
}

/// Room that is kept for one attempt. Dropped before the attempt is sent, it gives all back; dropped afterwards, somebody
/// stopped waiting for an answer that may be billed all the same.
#[derive(Debug)]
pub(super) struct Reservation {
    meter: Arc<Meter>,
    worst: Worst,
    price: Option<Price>,
    all: Spent,
    sent: bool,
    open: bool,
}

impl Reservation {
    /// From now on the attempt may be billed.
    pub(super) fn sent(&mut self) {
        self.sent = true;
    }

    /// It never reached the server.
    pub(super) fn unsent(mut self) {
        self.close(Spent::default(), None);
    }

    /// The answer is there.
    pub(super) fn settle(mut self, usage: Usage) -> Cost {
        let counted = usage.prompt_tokens.zip(usage.completion_tokens);
        let prompt = usage.prompt_tokens.unwrap_or(self.worst.prompt);
        let completion = usage.completion_tokens.unwrap_or(self.worst.completion);
        let charged = self.price.map(|price| price.of(prompt, usage.cached_tokens.unwrap_or(0), completion));
        let charged_tokens = prompt.saturating_add(completion);
        self.close(Spent { usd: charged.unwrap_or_default(), tokens: charged_tokens, calls: 1 }, None);
        Cost { usd: charged.filter(|_| counted.is_some()), charged_usd: charged, charged_tokens }
    }

    /// The server refused it before it did any work.
    pub(super) fn refused(mut self) {
        self.close(Spent { calls: 1, ..Spent::default() }, None);
    }

    /// The answer never came whole.
    pub(super) fn lose(mut self, problem: String) {
        self.lost(problem);
    }

    fn lost(&mut self, problem: String) {
        let usd = self.price.map(|_| self.all.usd);
        let Worst { role, ref model, .. } = self.worst;
        let loss = Loss { role, model: model.clone(), usd, tokens: self.all.tokens, problem };
        self.close(self.all, Some(loss));
    }

    fn close(&mut self, charge: Spent, loss: Option<Loss>) {
        self.open = false;
        let mut account = self.meter.account();
        account.reserved.subtract(self.all);
        account.spent.add(charge);
        account.losses.extend(loss);
        drop(account);
        self.meter.freed.notify_waiters();
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        match (self.open, self.sent) {
            (false, _) => {}
            (true, false) => self.close(Spent::default(), None),
            (true, true) => self.lost("nobody waited for the answer any more".into()),
        }
    }
}

impl Price {
    /// US dollars for this many tokens, where `cached` ones are a part of `prompt`.
    fn of(&self, prompt: u64, cached: u64, completion: u64) -> f64 {
        let cached = cached.min(prompt);
        let fresh = (prompt - cached) as f64 * self.prompt;
        (fresh + cached as f64 * self.cached.unwrap_or(self.prompt) + completion as f64 * self.completion) / 1e6
    }
}

impl Spent {
    fn plus(mut self, other: Spent) -> Spent {
        self.add(other);
        self
    }

    fn add(&mut self, other: Spent) {
        self.usd += other.usd;
        self.tokens = self.tokens.saturating_add(other.tokens);
        self.calls = self.calls.saturating_add(other.calls);
    }

    fn subtract(&mut self, other: Spent) {
        self.tokens -= other.tokens;
        self.calls -= other.calls;
        // With nothing under way there is nothing reserved, whatever rounding left over.
        self.usd = if self.calls == 0 { 0.0 } else { self.usd - other.usd };
    }
}

/// The highest price, US dollars per million tokens: sums of it stay numbers.
const DEAREST: f64 = 1e9;

fn amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let amount = f64::deserialize(deserializer)?;
    if (0.0..=DEAREST).contains(&amount) {
        return Ok(amount);
    }
    Err(serde::de::Error::custom(format!(
        "a price is in US dollars per million tokens, at most {DEAREST:e}, zero or more; this is {amount}"
    )))
}

fn some_amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    amount(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn room_that_was_not_used_is_given_back() {
        let caps = Caps { usd: Some(1.0), tokens: Some(100), calls: Some(1) };
        let price = Price { prompt: 1.0, cached: None, completion: 1.0 };
        let meter = Arc::new(Meter::new(caps, BTreeMap::from([("m".to_owned(), price)])));
        let worst = Worst { role: Role::Plan, model: "m".into(), prompt: 60, completion: 40 };
        for _ in 0..3 {
            drop(meter.reserve(worst.clone()).await.unwrap());
            meter.reserve(worst.clone()).await.unwrap().unsent();
        }
        assert_eq!((meter.spent(), meter.account().reserved), (Spent::default(), Spent::default()));
        meter.reserve(worst.clone()).await.unwrap().refused();
        assert_eq!(meter.spent(), Spent { calls: 1, ..Spent::default() });
        assert!(matches!(meter.reserve(worst).await, Err(ModelError::BudgetSpent { what }) if what == "calls (1)"));
    }
}

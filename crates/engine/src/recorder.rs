//! A language model whose replies go on the record before anybody uses them: a resumed campaign never pays twice, and a
//! replayed one pays nothing.

use crate::error::EngineError;
use crate::observed::Kind;
use agents::llm::{Loss, Meter, Model, ModelError, Reply, Request, Router, Spent};
use futures::future::{BoxFuture, FutureExt};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use store::{CampaignId, Observation, Store};

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

/// Asks the world only what the record does not answer.
pub(crate) struct Recorder {
    source: Source,
    store: Arc<Store>,
    campaign: CampaignId,
    /// Losses on record.
    losses: AtomicU32,
}

/// What the record holds under a request's key and ordinal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Call {
    /// What was asked: for people, and to say how another request differs from it.
    pub(crate) request: Request,
    /// What came of it.
    pub(crate) outcome: CallOutcome,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CallOutcome {
    /// The model answered.
    Replied(Reply),
    /// A budget did not reach for it; names the budget.
    BudgetSpent(String),
}

impl Recorder {
    /// A recorder; tells the meter what earlier processes spent on the campaign.
    pub(crate) async fn new(source: Source, store: Arc<Store>, campaign: CampaignId) -> Result<Self, EngineError> {
        let losses = Kind::Loss.all(&store, &campaign).await?;
        let recorder = Recorder { source, store, campaign, losses: AtomicU32::new(losses.len() as u32) };
        if let Source::Live { meter, .. } = &recorder.source {
            meter.earlier(recorder.spent(&losses).await?);
        }
        Ok(recorder)
    }

    async fn spent(&self, losses: &[Observation]) -> Result<Spent, EngineError> {
        let mut spent = Spent::default();
        let mut charge = |usd: Option<f64>, tokens: u64| {
            spent.usd += usd.unwrap_or_default();
            spent.tokens = spent.tokens.saturating_add(tokens);
            spent.calls = spent.calls.saturating_add(1);
        };
        for observation in Kind::Call.all(&self.store, &self.campaign).await? {
            if let CallOutcome::Replied(reply) = parse::<Call>(&observation.payload)?.outcome {
                charge(reply.cost.charged_usd, reply.cost.charged_tokens);
            }
        }
        for observation in losses {
            let loss: Loss = parse(&observation.payload)?;
            charge(loss.usd, loss.tokens);
        }
        Ok(spent)
    }

    async fn call(&self, request: &Request, ordinal: u32) -> Result<Reply, ModelError> {
        let key = request.key();
        let known = self.store.observation(&self.campaign, &key, ordinal).await.map_err(unrecorded)?;
        if let Some(text) = known {
            return replied(parse::<Call>(&text)?.outcome);
        }
        let Source::Live { router, meter } = &self.source else {
            return Err(self.unanswered(request, ordinal).await);
        };
        let answer = self.ask_and_count(router, meter, request, ordinal).await?;
        let outcome = match answer {
            Ok(reply) => CallOutcome::Replied(reply),
            Err(ModelError::BudgetSpent { what }) => CallOutcome::BudgetSpent(what),
            Err(error) => return Err(error),
        };
        let call = Call { request: request.clone(), outcome };
        self.observe(Kind::Call.under(key, ordinal, json(&call)?)).await?;
        replied(call.outcome)
    }

    /// Asks, and records what got lost on the way, whatever came of it in the end.
    async fn ask_and_count(
        &self,
        router: &Router,
        meter: &Meter,
        request: &Request,
        ordinal: u32,
    ) -> Result<Result<Reply, ModelError>, ModelError> {
        let answer = router.ask(request, ordinal).await;
        self.record_losses(meter).await?;
        Ok(answer)
    }

    async fn record_losses(&self, meter: &Meter) -> Result<(), ModelError> {
        for loss in meter.take_losses() {
            let ordinal = self.losses.fetch_add(1, Ordering::Relaxed);
            self.observe(Kind::Loss.observation(ordinal, json(&loss)?)).await?;
        }
        Ok(())
    }

    /// Records the requests that nobody waited for to the end: they may be billed all the same.
    pub(crate) async fn settle(&self) -> Result<(), ModelError> {
        match &self.source {
            Source::Live { meter, .. } => self.record_losses(meter).await,
            Source::Record => Ok(()),
        }
    }

    async fn observe(&self, observation: Observation) -> Result<(), ModelError> {
        self.store.observe(&self.campaign, &observation).await.map_err(unrecorded)
    }

    /// Says which recorded request is nearest, and where it differs.
    async fn unanswered(&self, request: &Request, ordinal: u32) -> ModelError {
        let recorded = match Kind::Call.all(&self.store, &self.campaign).await {
            Ok(recorded) => recorded,
            Err(error) => return unrecorded(error),
        };
        let calls = recorded.iter().filter_map(|o| Some((o.ordinal, parse::<Call>(&o.payload).ok()?.request)));
        let alike = calls.filter(|(_, known)| known.role == request.role);
        let nearest = alike.min_by_key(|(known, _)| known.abs_diff(ordinal));
        let role = request.role.as_str();
        ModelError::Record(match nearest {
            None => format!("the record holds no `{role}` request at all, and a replay asks nobody"),
            Some((at, known)) => format!(
                "the record does not answer this `{role}` request (number {ordinal}), and a replay asks nobody; the nearest on record (number {at}) {}",
                difference(&known, request)
            ),
        })
    }
}

impl Model for Recorder {
    fn ask<'a>(&'a self, request: &'a Request, ordinal: u32) -> BoxFuture<'a, Result<Reply, ModelError>> {
        self.call(request, ordinal).boxed()
    }
}

/// Where two requests differ first, in words.
fn difference(known: &Request, asked: &Request) -> String {
    /// Characters of a line that are shown.
    const SHOWN: usize = 160;
    if known.model != asked.model {
        return format!("is for the model `{}`, this one for `{}`", known.model, asked.model);
    }
    for (part, known, asked) in [("system", &known.system, &asked.system), ("user", &known.user, &asked.user)] {
        let mut lines = known.lines().map(Some).chain(std::iter::repeat(None));
        let mut others = asked.lines().map(Some).chain(std::iter::repeat(None));
        for number in 1..=known.lines().count().max(asked.lines().count()) {
            let (was, is) = (lines.next().flatten(), others.next().flatten());
            if was != is {
                let shown = |line: Option<&str>| match line {
                    Some(line) => format!("`{}`", line.chars().take(SHOWN).collect::<String>()),
                    None => "nothing".into(),
                };
                let (was, is) = (shown(was), shown(is));
                return format!("differs in line {number} of its {part} part:\n  on record: {was}\n  now:       {is}");
            }
        }
    }
    if known == asked {
        return "is the same, asked another time".into();
    }
    "differs in its settings (temperature, bound on the output, or schema)".into()
}

fn replied(outcome: CallOutcome) -> Result<Reply, ModelError> {
    match outcome {
        CallOutcome::Replied(reply) => Ok(reply),
        CallOutcome::BudgetSpent(what) => Err(ModelError::BudgetSpent { what }),
    }
}

fn parse<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, ModelError> {
    serde_json::from_str(text).map_err(|error| ModelError::Record(format!("the record holds no call: {error}")))
}

fn json(what: &impl Serialize) -> Result<String, ModelError> {
    serde_json::to_string(what).map_err(|error| ModelError::Record(error.to_string()))
}

fn unrecorded(error: store::StoreError) -> ModelError {
    ModelError::Record(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use agents::llm::Role;

    fn request(user: &str) -> Request {
        Request {
            role: Role::Plan,
            model: "m".into(),
            system: "s".into(),
            user: user.into(),
            temperature: None,
            max_completion_tokens: 10,
            schema: None,
        }
    }

    #[test]
    fn a_difference_is_shown_with_its_line() {
        let shown = difference(&request("a\nb\nc"), &request("a\nB\nc"));
        assert!(shown.contains("line 2 of its user part") && shown.contains("`b`") && shown.contains("`B`"), "{shown}");
        assert!(difference(&request("a"), &request("a\nb")).contains("now:       `b`"));
        let other = Request { max_completion_tokens: 11, ..request("a") };
        assert!(difference(&request("a"), &other).contains("settings"));
    }
}

//! Takes the champion apart: each change of its source is compiled and measured on the search panel, and what does not matter
//! goes.

use super::bench::Bench;
use super::{Campaign, Progress, Work};
use crate::error::EngineError;
use crate::evaluate::{Evaluator, Reading, read};
use futures::future::try_join_all;
use science::event::{Candidate, Event, Simpler};
use science::id::{CandidateId, Hash};
use science::objective::Measurement;
use science::outcome::Outcome;
use science::retune;
use science::simplify::{self, Change};
use science::state::State;
use science::trial::{self, Trial};
use std::collections::BTreeSet;
use std::sync::Arc;
use store::Extra;

/// Changes that are tried together with others at most: each waits for the one before it.
const TOGETHER: usize = 6;

impl Campaign {
    /// Simplifies a candidate, and records what each change costs with the candidate that lacks what does not matter.
    ///
    /// What is tried follows from what was measured, so simplifying that is broken off is simply done again.
    pub(super) async fn simplify(
        &mut self,
        id: &CandidateId,
        watch: &mut impl FnMut(Progress<'_>),
    ) -> Result<(), EngineError> {
        watch(Progress::Working(&self.state, Work::Simplifying(id)));
        let own = self.sources.get(id).cloned().unwrap_or_default();
        // Nothing is tuned any more, and what is declared as tunable could not go.
        let source = sandbox::on_deep_stack(|| retune::inlined(&own)).unwrap_or(own);
        // One evaluation is for the candidate that comes of it.
        let most = self.state.evaluations_left().map_or(usize::MAX, |left| left.saturating_sub(1) as usize);
        let mut trying = Trying {
            of: id.clone(),
            size: size(&read(&source)),
            source,
            seen: self.state.candidates.keys().cloned().collect(),
            most,
            tried: Vec::new(),
            trials: Vec::new(),
            baseline: self.baseline.clone().unwrap_or_default(),
            evaluator: Arc::clone(&self.evaluator),
            bench: self.bench.clone(),
        };
        let simplest = trying.search(&self.state).await?;
        let made = simplest.map(|source| (self.simplest(id, &source), source));
        let (candidate, source) = made.unzip();
        let trials = trial::hash(&trying.trials);
        let event = Event::Simplified { of: id.clone(), tried: trying.tried, trials, candidate: candidate.clone() };
        self.record(event, Extra { source: source.as_deref(), ..Extra::default() }, watch).await?;
        if let (Some(candidate), Some(source)) = (candidate, source) {
            self.sources.insert(candidate.id.clone(), source);
            self.mirror(&candidate.id)?;
        }
        Ok(())
    }

    fn simplest(&self, of: &CandidateId, source: &str) -> Candidate {
        let reading = read(source);
        Candidate {
            id: reading.id,
            source: Hash::of(source.as_bytes()),
            parent: Some(of.clone()),
            // Where it lies in the declared space, nobody has said.
            point: None,
            description_length: reading.description_length,
            repairs: None,
            tunables: reading.tunables,
            tunes: None,
        }
    }
}

/// A source with some changes made, that nobody has tried before.
struct Variant {
    changes: Vec<Change>,
    source: String,
    id: CandidateId,
    description_length: Option<u32>,
}

/// How long a source is: its description length, and of equals the text without layout, bytes.
fn size(reading: &Reading) -> (u32, usize) {
    (reading.description_length.unwrap_or(u32::MAX), reading.bytes)
}

/// A candidate that is being taken apart.
struct Trying {
    of: CandidateId,
    source: String,
    /// How long it is: a change that leaves it no shorter is not worth trying.
    size: (u32, usize),
    /// What needs no trying: the campaign's candidates, and what was tried.
    seen: BTreeSet<CandidateId>,
    /// Variants that may be tried in all.
    most: usize,
    tried: Vec<Simpler>,
    trials: Vec<Trial>,
    baseline: Arc<Vec<Trial>>,
    evaluator: Arc<Evaluator>,
    bench: Bench,
}

impl Trying {
    /// The source without all that does not matter; none if nothing may go. Each change is tried by itself; then, beginning
    /// with what leaves the shortest description, one more as long as all together may stay.
    async fn search(&mut self, state: &State) -> Result<Option<String>, EngineError> {
        let mut variants: Vec<Variant> = sandbox::on_deep_stack(|| simplify::changes(&self.source))
            .into_iter()
            .filter_map(|change| self.variant(vec![change]))
            .collect();
        variants.truncate(self.most);
        let measured = try_join_all(variants.iter().map(|variant| self.measure(state, variant))).await?;
        let mut may_stay = Vec::new();
        for (at, (variant, (simpler, trials))) in variants.iter().zip(measured).enumerate() {
            if simpler.may_stay() {
                may_stay.push((variant.description_length, at));
            }
            self.tried.push(simpler);
            self.trials.extend(trials);
        }
        may_stay.sort_unstable();
        let mut order = may_stay.into_iter().map(|(_, at)| at);
        let Some(first) = order.next() else { return Ok(None) };
        // Which of `tried` says what the changes so far are worth together.
        let (mut changes, mut source, mut stands) =
            (variants[first].changes.clone(), variants[first].source.clone(), first);
        for at in order.take(TOGETHER) {
            let Some(variant) = self.variant([&changes[..], &variants[at].changes].concat()) else { continue };
            if self.tried.len() >= self.most {
                break;
            }
            let (simpler, trials) = self.measure(state, &variant).await?;
            if simpler.may_stay() {
                (changes, source, stands) = (variant.changes, variant.source, self.tried.len());
            }
            self.tried.push(simpler);
            self.trials.extend(trials);
        }
        self.tried[stands].kept = true;
        Ok(Some(source))
    }

    /// The source with these changes; none if they cannot be made together, if they leave it no shorter, or if that source is
    /// known.
    fn variant(&mut self, changes: Vec<Change>) -> Option<Variant> {
        let source = sandbox::on_deep_stack(|| simplify::changed(&self.source, &changes))?;
        let reading = read(&source);
        if size(&reading) >= self.size {
            return None;
        }
        let new = self.seen.insert(reading.id.clone());
        new.then_some(Variant { changes, source, id: reading.id, description_length: reading.description_length })
    }

    /// What a variant is worth, with its trials. What fails is on record as any other outcome that may depend on the
    /// machine's mood.
    async fn measure(&self, state: &State, variant: &Variant) -> Result<(Simpler, Vec<Trial>), EngineError> {
        let words: Vec<&str> = variant.changes.iter().map(|change| change.words.as_str()).collect();
        let simpler = |measured: Result<&Measurement, Outcome>| {
            state.simpler(&self.of, words.join("; "), variant.description_length, measured)
        };
        let key = Hash::of(format!("outcome of simplifying {} to {}", self.of, variant.id).as_bytes());
        let (source, evaluator) = (variant.source.clone(), Arc::clone(&self.evaluator));
        let work = move || evaluator.panel.trials_of(&source, &evaluator.sandbox);
        match self.bench.outcome(key, work).await? {
            Ok(trials) => {
                let measured = self.evaluator.panel.measure(&trials, &self.baseline);
                Ok((simpler(Ok(&measured)), trials))
            }
            Err(outcome) => Ok((simpler(Err(outcome)), Vec::new())),
        }
    }
}

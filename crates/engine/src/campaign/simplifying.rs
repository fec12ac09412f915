//! Takes the champion apart: each change of its source is compiled and measured on the search panel, and what does not matter
//! goes.

use super::workers::Workers;
use super::{Campaign, Progress, Watch, Work};
use crate::error::EngineError;
use crate::evaluate::Evaluator;
use crate::prepared::Prepared;
use crate::scale::{Against, SCALE};
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
    pub(super) async fn simplify(&mut self, id: &CandidateId, watch: &mut Watch<'_>) -> Result<(), EngineError> {
        watch(Progress::Working(&self.state, Work::Simplifying(id)));
        let own = self.candidate(id);
        // Nothing is tuned any more, and what is declared as tunable could not go.
        let (scale, kit) = (self.state.candidates[id].scale, self.kit());
        let own = sandbox::on_deep_stack(|| {
            let set = scale.and_then(|scale| retune::retuned(&own.source, &[(SCALE, scale)]).ok());
            let source = set.unwrap_or_else(|| own.source.clone());
            Arc::new(Prepared::new(retune::inlined(&source).unwrap_or(source), kit))
        });
        // One evaluation is for the candidate that comes of it.
        let most = self.state.evaluations_left().map_or(usize::MAX, |left| left.saturating_sub(1) as usize);
        let mut trying = Trying {
            of: id.clone(),
            own,
            seen: self.state.candidates.keys().cloned().collect(),
            most,
            tried: Vec::new(),
            trials: Vec::new(),
            against: self.against(),
            evaluator: Arc::clone(&self.evaluator),
            workers: self.workers.clone(),
        };
        let simplest = trying.search(&self.state).await?;
        // Where it lies in the declared space, nobody has said.
        let candidate = simplest.as_ref().map(|made| Candidate { parent: Some(id.clone()), ..made.candidate() });
        let trials = trial::hash(&trying.trials);
        let event = Event::Simplified { of: id.clone(), tried: trying.tried, trials, candidate };
        let source = simplest.as_ref().map(|made| made.source.as_str());
        self.record(event, Extra { source, ..Extra::default() }, watch).await?;
        simplest.into_iter().for_each(|made| self.keep_candidate(made));
        Ok(())
    }
}

/// A source with some changes made, that nobody has tried before.
struct Variant {
    changes: Vec<Change>,
    prepared: Arc<Prepared>,
}

/// How long a source is: its description length, and of equals the text without layout, bytes.
fn size(Prepared { reading, .. }: &Prepared) -> (u32, usize) {
    (reading.description_length.unwrap_or(u32::MAX), reading.bytes)
}

/// A candidate that is being taken apart.
struct Trying {
    of: CandidateId,
    /// Its source, with its constants in place.
    own: Arc<Prepared>,
    /// What needs no trying: the campaign's candidates, and what was tried.
    seen: BTreeSet<CandidateId>,
    /// Variants that may be tried in all.
    most: usize,
    tried: Vec<Simpler>,
    trials: Vec<Trial>,
    against: Arc<Against>,
    evaluator: Arc<Evaluator>,
    workers: Workers,
}

impl Trying {
    /// The source without all that does not matter; none if nothing may go. Each change is tried by itself; then, beginning
    /// with what leaves the shortest description, one more as long as all together may stay.
    async fn search(&mut self, state: &State) -> Result<Option<Arc<Prepared>>, EngineError> {
        let mut variants: Vec<Variant> = sandbox::on_deep_stack(|| simplify::changes(&self.own.source))
            .into_iter()
            .filter_map(|change| self.variant(vec![change]))
            .collect();
        variants.truncate(self.most);
        let measured = try_join_all(variants.iter().map(|variant| self.measure(state, variant))).await?;
        let mut may_stay = Vec::new();
        for (at, (variant, (simpler, trials))) in variants.iter().zip(measured).enumerate() {
            if simpler.may_stay() {
                may_stay.push((variant.prepared.reading.description_length, at));
            }
            self.tried.push(simpler);
            self.trials.extend(trials);
        }
        may_stay.sort_unstable();
        let mut order = may_stay.into_iter().map(|(_, at)| at);
        let Some(first) = order.next() else { return Ok(None) };
        // Which of `tried` says what the changes so far are worth together.
        let Variant { changes, prepared } = &variants[first];
        let (mut changes, mut simplest, mut stands) = (changes.clone(), Arc::clone(prepared), first);
        for at in order.take(TOGETHER) {
            let Some(variant) = self.variant([&changes[..], &variants[at].changes].concat()) else { continue };
            if self.tried.len() >= self.most {
                break;
            }
            let (simpler, trials) = self.measure(state, &variant).await?;
            if simpler.may_stay() {
                (changes, simplest, stands) = (variant.changes, variant.prepared, self.tried.len());
            }
            self.tried.push(simpler);
            self.trials.extend(trials);
        }
        self.tried[stands].kept = true;
        Ok(Some(simplest))
    }

    /// The source with these changes; none if they cannot be made together, if they leave it no shorter, which is not worth
    /// trying, or if that source is known.
    fn variant(&mut self, changes: Vec<Change>) -> Option<Variant> {
        let source = sandbox::on_deep_stack(|| simplify::changed(&self.own.source, &changes))?;
        let prepared = Arc::new(Prepared::new(source, &self.evaluator.sandbox.options().kit));
        if size(&prepared) >= size(&self.own) {
            return None;
        }
        let new = self.seen.insert(prepared.id().clone());
        new.then_some(Variant { changes, prepared })
    }

    /// What a variant is worth, with its trials. What fails is on record as any other outcome that may depend on the
    /// machine's mood.
    async fn measure(&self, state: &State, variant: &Variant) -> Result<(Simpler, Vec<Trial>), EngineError> {
        let words: Vec<&str> = variant.changes.iter().map(|change| change.words.as_str()).collect();
        let simpler = |measured: Result<&Measurement, Outcome>| {
            state.simpler(&self.of, words.join("; "), variant.prepared.reading.description_length, measured)
        };
        let key = Hash::of(format!("outcome of simplifying {} to {}", self.of, variant.prepared.id()).as_bytes());
        let (prepared, evaluator) = (Arc::clone(&variant.prepared), Arc::clone(&self.evaluator));
        let work = move || evaluator.panel.trials_of(&prepared, None, &evaluator.sandbox);
        match self.workers.outcome(key, work).await? {
            Ok(trials) => {
                let measured = self.evaluator.panel.measure(&trials, &self.against.baseline);
                Ok((simpler(Ok(&measured)), trials))
            }
            Err(outcome) => Ok((simpler(Err(outcome)), Vec::new())),
        }
    }
}

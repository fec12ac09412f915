//! The two parts of an event: what it means, which the digest of a campaign is made of, and what it says in words.
//!
//! What is a word is decided here, field by field, in one exhaustive match; [`Event`] has the table. A field that no arm
//! names is meaning.

use crate::asked::Replaced;
use crate::bundle::Bundle;
use crate::event::{Candidate, Event, Started};
use crate::experiment::Experiment;
use crate::objective::Score;
use crate::principle::{Change, Principle};
use crate::spec::{Aim, Spec};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What words and meaning cannot be put together for.
pub type Mismatch = String;

impl Event {
    /// What the event means, as an event with empty words, and its words in their order. `workloads` are the campaign's
    /// ([`Started::workload_names`]); none for its first event.
    pub fn split(&self, workloads: &[String]) -> (Event, Vec<Value>) {
        let (mut meaning, mut taken) = (self.clone(), Take { workloads, words: Vec::new() });
        pass(&mut meaning, &mut taken).expect("taking words away takes no luck");
        (meaning, taken.words)
    }

    /// The event that [`Event::split`] took apart; an error if these are not words of that event.
    pub fn join(mut meaning: Event, words: Vec<Value>, workloads: &[String]) -> Result<Event, Mismatch> {
        let mut given = Give { workloads, words: words.into_iter() };
        pass(&mut meaning, &mut given)?;
        match given.words.next() {
            None => Ok(meaning),
            Some(_) => Err("it has more words than it can say".into()),
        }
    }
}

impl Started {
    /// The names of all workloads, by whose positions later events mean them: the scenarios, then those drawn for training.
    pub fn workload_names(&self) -> Vec<String> {
        self.scenarios.iter().chain(&self.training).cloned().collect()
    }
}

/// What is done with each word of an event, in order.
trait Pass {
    fn word<T: Serialize + DeserializeOwned + Default>(&mut self, slot: &mut T) -> Result<(), Mismatch>;

    /// The name of a workload: meant is its position in the campaign.
    fn workload(&mut self, name: &mut String) -> Result<(), Mismatch>;
}

fn pass(event: &mut Event, each: &mut impl Pass) -> Result<(), Mismatch> {
    match event {
        Event::Started(started) => pass_started(started, each),
        Event::Calibrated { yardsticks, trials: _ } => {
            yardsticks.overloaded.iter_mut().try_for_each(|name| each.workload(name))
        }
        Event::BundleRegistered { bundle, asked, work: _ } => {
            pass_bundle(bundle, each)?;
            asked.iter_mut().try_for_each(|replaced| pass_replaced(replaced, each))
        }
        Event::PlanFailed { reason, asked, work: _ } => {
            each.word(reason)?;
            asked.iter_mut().try_for_each(|replaced| pass_replaced(replaced, each))
        }
        Event::ExecutorFailed { arm: _, reason, work: _ }
        | Event::RepairFailed { arm: _, reason, work: _ }
        | Event::ArmSkipped { arm: _, reason } => each.word(reason),
        Event::CandidateWritten { arm: _, candidate, work: _ }
        | Event::VariantWritten { arm: _, candidate, left: _, work: _ } => pass_candidate(candidate, each),
        Event::ArmJudged { arm: _, finding } => each.word(&mut finding.reason),
        Event::Tuned { tried, retuned, candidate: _, tunables: _, trials: _, best: _ } => {
            tried.iter_mut().filter_map(|tried| tried.score.as_mut()).try_for_each(|score| pass_score(score, each))?;
            retuned.iter_mut().try_for_each(|candidate| pass_candidate(candidate, each))
        }
        Event::PrinciplesRevised { changes, failure, notes, work: _ } => {
            changes.iter_mut().try_for_each(|change| match change {
                Change::Insert(principle) | Change::Refine(principle) => pass_principle(principle, each),
                Change::Retire { id: _, reason } => each.word(reason),
            })?;
            each.word(failure)?;
            each.word(notes)
        }
        Event::Simplified { tried, candidate, of: _, trials: _ } => {
            tried.iter_mut().try_for_each(|simpler| each.word(&mut simpler.change))?;
            candidate.iter_mut().try_for_each(|candidate| pass_candidate(candidate, each))
        }
        Event::CandidateEvaluated { .. }
        | Event::Tested { .. }
        | Event::Audited { .. }
        | Event::Finals { .. }
        | Event::IterationClosed { .. }
        | Event::Ended { .. } => Ok(()),
    }
}

/// What was made of the texts is its meaning.
fn pass_replaced(replaced: &mut Replaced, each: &mut impl Pass) -> Result<(), Mismatch> {
    each.word(&mut replaced.find)?;
    each.word(&mut replaced.replace)
}

fn pass_started(started: &mut Started, each: &mut impl Pass) -> Result<(), Mismatch> {
    each.word(&mut started.name)?;
    each.word(&mut started.scenarios)?;
    each.word(&mut started.training)?;
    each.word(&mut started.workloads)?;
    each.word(&mut started.features)?;
    each.word(&mut started.inputs)?;
    each.word(&mut started.toolchain)?;
    each.word(&mut started.version)?;
    let Experiment { question, baseline, reference, space_source, scenarios, population, dimensions, .. } =
        &mut started.experiment;
    for policy_or_prose in [question, baseline, reference] {
        each.word(policy_or_prose)?;
    }
    each.word(space_source)?;
    each.word(scenarios)?;
    each.word(population)?;
    dimensions.iter_mut().try_for_each(|dimension| each.word(&mut dimension.meaning))?;
    pass_spec(&mut started.spec, each)
}

/// What names stand for.
fn pass_spec(spec: &mut Spec, each: &mut impl Pass) -> Result<(), Mismatch> {
    let described = spec
        .metrics
        .iter_mut()
        .chain(&mut spec.inputs)
        .chain(&mut spec.features)
        .map(|described| &mut described.meaning);
    let series = spec.series.iter_mut().map(|series| &mut series.meaning);
    described.chain(series).try_for_each(|meaning| each.word(meaning))?;
    match &mut spec.aim {
        Aim::Saving { gain, cost, worth, .. } => {
            [gain, cost, worth].into_iter().try_for_each(|d| each.word(&mut d.meaning))
        }
        Aim::Gain { gain, worth } => [gain, worth].into_iter().try_for_each(|d| each.word(&mut d.meaning)),
    }
}

fn pass_bundle(bundle: &mut Bundle, each: &mut impl Pass) -> Result<(), Mismatch> {
    each.word(&mut bundle.question)?;
    for arm in &mut bundle.arms {
        for prose in [&mut arm.hypothesis, &mut arm.mechanism, &mut arm.diagnostic, &mut arm.design.intent] {
            each.word(prose)?;
        }
        arm.design.variants.iter_mut().try_for_each(|variant| each.word(variant))?;
        arm.prediction.scope.iter_mut().try_for_each(|name| each.workload(name))?;
    }
    Ok(())
}

/// Two texts of one candidate differ in comments and white space.
fn pass_candidate(candidate: &mut Candidate, each: &mut impl Pass) -> Result<(), Mismatch> {
    each.word(&mut candidate.source)
}

fn pass_score(score: &mut Score, each: &mut impl Pass) -> Result<(), Mismatch> {
    each.workload(&mut score.regret_scenario)?;
    score.scenarios.iter_mut().try_for_each(|scenario| each.workload(&mut scenario.name))
}

fn pass_principle(principle: &mut Principle, each: &mut impl Pass) -> Result<(), Mismatch> {
    for prose in [&mut principle.statement, &mut principle.mechanism, &mut principle.regime] {
        each.word(prose)?;
    }
    Ok(())
}

/// Takes the words away.
struct Take<'a> {
    workloads: &'a [String],
    words: Vec<Value>,
}

impl Pass for Take<'_> {
    fn word<T: Serialize + DeserializeOwned + Default>(&mut self, slot: &mut T) -> Result<(), Mismatch> {
        let word = serde_json::to_value(std::mem::take(slot)).map_err(|error| error.to_string())?;
        self.words.push(word);
        Ok(())
    }

    fn workload(&mut self, name: &mut String) -> Result<(), Mismatch> {
        match self.workloads.iter().position(|known| known == name) {
            Some(at) => *name = format!("#{at}"),
            // Of no workload of the campaign: nothing is meant by it.
            None => self.word(name)?,
        }
        Ok(())
    }
}

/// Gives them back.
struct Give<'a> {
    workloads: &'a [String],
    words: std::vec::IntoIter<Value>,
}

impl Pass for Give<'_> {
    fn word<T: Serialize + DeserializeOwned + Default>(&mut self, slot: &mut T) -> Result<(), Mismatch> {
        let word = self.words.next().ok_or("words are missing")?;
        *slot = serde_json::from_value(word).map_err(|error| format!("a word is another's: {error}"))?;
        Ok(())
    }

    fn workload(&mut self, name: &mut String) -> Result<(), Mismatch> {
        if name.is_empty() {
            return self.word(name);
        }
        let known = name.strip_prefix('#').and_then(|at| self.workloads.get(at.parse::<usize>().ok()?));
        *name = known.ok_or_else(|| format!("`{name}` is no workload of the campaign"))?.clone();
        Ok(())
    }
}

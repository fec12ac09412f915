//! Tunes the constants that a candidate declares: compiled once, then measured on the search panel point by point.

use super::workers::Workers;
use super::{Campaign, Progress, Watch, Work};
use crate::error::EngineError;
use crate::evaluate::Evaluator;
use crate::policy::Tunable;
use crate::prepared::Prepared;
use crate::realise::Points;
use crate::scale::{Against, SCALE, Scalable, Settled};
use agents::builtin;
use futures::future::try_join_all;
use sandbox::Artifact;
use science::event::{Candidate, Event};
use science::id::{CandidateId, Hash};
use science::objective::Score;
use science::retune;
use science::scale::{Guess, Settings};
use science::short::Shortening;
use science::space::{Dimension, Point, Value};
use science::state::State;
use science::trial::{self, Trial};
use science::tuner::goal::{self, Worth};
use science::tuner::{Range, Tried, Tuner, best};
use std::sync::Arc;
use store::Extra;

/// What tuning has to gain, in worth, to be worth a new candidate: twice what shortening its constants may lose.
const GAIN: f64 = 0.01;

impl Campaign {
    /// Tunes a candidate, shortens the constants that were found, and records both with the candidate that has them.
    ///
    /// Where the tuner looks follows from what it has seen, so tuning that is broken off is simply done again.
    pub(super) async fn tune(&mut self, id: &CandidateId, watch: &mut Watch<'_>) -> Result<(), EngineError> {
        watch(Progress::Working(&self.state, Work::Tuning(id)));
        let workpiece = self.workpiece(id).await?;
        let mut history = History::default();
        let best = match &workpiece {
            Some(workpiece) => self.search(workpiece, &mut history).await?,
            None => None,
        };
        let tunables = workpiece.map_or_else(Vec::new, |workpiece| workpiece.ranges);
        let made = match &best {
            Some(best) => self.retuned(id, &tunables, best, history.scale_at(best)).await?,
            None => None,
        };
        let settled = made.as_ref().and(best).or_else(|| history.tried.first().map(|tried| tried.parameters.clone()));
        let (retuned, prepared) = made.unzip();
        let event = Event::Tuned {
            candidate: id.clone(),
            best: settled.unwrap_or_else(|| tunables.iter().map(|range| range.default).collect()),
            tunables,
            trials: trial::hash(&history.trials),
            tried: history.tried,
            retuned,
        };
        let source = prepared.as_ref().map(|prepared| prepared.source.as_str());
        self.record(event, Extra { source, ..Extra::default() }, watch).await?;
        prepared.into_iter().for_each(|prepared| self.keep_candidate(prepared));
        Ok(())
    }

    /// The best values, as short as they may be; none unless they gain enough on the candidate's own.
    async fn search(&self, workpiece: &Workpiece, history: &mut History) -> Result<Option<Vec<f64>>, EngineError> {
        let tuner = Tuner::new(&workpiece.ranges, self.state.opened().nonce.seed(&["tune", workpiece.id.as_str()]));
        let mut opening = tuner.opening().into_iter();
        // How gain runs along the scale at the candidate's own constants tells where to set it elsewhere.
        if let Some(own) = opening.next() {
            let measured = self.measure(workpiece, &own, workpiece.start.map(Guess::near)).await?;
            history.push(&tuner, own, measured);
        }
        let opening: Vec<Vec<f64>> = opening.collect();
        let each = opening.iter().map(|point| self.measure(workpiece, point, history.guess(&tuner, point)));
        let measured = try_join_all(each).await?;
        for (point, measured) in opening.into_iter().zip(measured) {
            history.push(&tuner, point, measured);
        }
        let room = self.state.tuning_room(workpiece.ranges.len() as u32) as usize;
        while history.tried.len() < room
            && let Some(point) = tuner.next(&history.tried)
        {
            let measured = self.measure(workpiece, &point, history.guess(&tuner, &point)).await?;
            history.push(&tuner, point, measured);
        }
        let (Some(own), Some(found)) = (history.tried.first(), best(&history.tried)) else { return Ok(None) };
        if found.value < own.value + GAIN {
            return Ok(None);
        }
        let at = history.tried.iter().position(|tried| tried == found).unwrap_or_default();
        let mut shortening = Shortening::new(&workpiece.ranges, found.parameters.clone(), history.worths[at]);
        while let Some(point) = shortening.proposal() {
            let measured = self.measure(workpiece, &point, history.guess(&tuner, &point)).await?;
            shortening.take(measured.worth);
            history.push(&tuner, point, measured);
        }
        Ok(Some(shortening.point().to_vec()))
    }

    /// What a point is worth, with its trials. Nothing is run outside of the design space, or where a principle forbids it.
    async fn measure(
        &self,
        workpiece: &Workpiece,
        values: &[f64],
        guess: Option<Guess>,
    ) -> Result<Measured, EngineError> {
        let place = workpiece.point.as_ref().map(|point| self.agents.executor.place(point, &workpiece.named(values)));
        let space = self.state.opened().experiment.space();
        let forbidden = |place: &Point| self.state.constraints().any(|(_, constraint)| constraint.excludes(place));
        if place.is_some_and(|place| space.contains(&place).is_err() || forbidden(&place)) {
            return Ok(Measured::NOTHING);
        }
        workpiece.measure(&self.state, values, guess).await
    }

    /// The candidate with these values as its own; none if its source does not say where they stand, or if
    /// the campaign has that candidate already.
    async fn retuned(
        &mut self,
        id: &CandidateId,
        tunables: &[Range],
        values: &[f64],
        scale: Option<f64>,
    ) -> Result<Option<(Candidate, Arc<Prepared>)>, EngineError> {
        let named = named(tunables, values);
        let own = self.candidate(id);
        let point = self.state.candidates[id].candidate.point.as_ref();
        let moved = point.map(|point| self.agents.executor.place(point, &named));
        let space = self.in_the_space(moved.as_ref()).zip(self.loaded.space_text());
        let space = space.map(|(moved, text)| (self.state.opened().experiment.space(), text, moved));
        let source = sandbox::on_deep_stack(|| match &space {
            Some((space, text, moved)) => builtin::written(space, text, moved, scale).ok(),
            None => {
                let scale = scale.map(|scale| (SCALE, scale));
                retune::retuned(&own.source, &named.iter().copied().chain(scale).collect::<Vec<_>>()).ok()
            }
        });
        let Some(source) = source else { return Ok(None) };
        let prepared = Arc::new(Prepared::new(source, self.kit()));
        let place = self.in_the_space(moved.as_ref()).cloned();
        let prepared = self.faithful(place.as_ref(), prepared).await?;
        let candidate = Candidate {
            parent: Some(id.clone()),
            point: moved,
            tunables: tunables.len() as u32,
            tunes: Some(id.clone()),
            ..prepared.candidate()
        };
        Ok((!self.state.candidates.contains_key(&candidate.id)).then_some((candidate, prepared)))
    }

    /// The candidate, ready to be measured; none if it cannot be got ready again.
    async fn workpiece(&self, id: &CandidateId) -> Result<Option<Workpiece>, EngineError> {
        if let Some(specialised) = self.specialised(id) {
            return Ok(Some(specialised));
        }
        let key = Hash::of(format!("outcome of tuning {id}").as_bytes());
        let (candidate, evaluator) = (self.candidate(id), Arc::clone(&self.evaluator));
        let ready = self.workers.outcome(key, move || candidate.described(&evaluator.sandbox)).await?;
        let Ok((artifact, tunables)) = ready else { return Ok(None) };
        let tuned = tunables.iter().filter(|tunable| tunable.name != SCALE).cloned();
        let range = |Tunable { name, default, low, high }| Range { name, default, low, high };
        let mut ranges: Vec<Range> = tuned.map(range).collect();
        let point = self.state.candidates[id].candidate.point.clone();
        let dimensions = &self.state.opened().experiment.dimensions;
        for range in
            ranges.iter_mut().filter(|range| point.as_ref().is_some_and(|point| point.contains_key(&range.name)))
        {
            // A constant that is an axis of the design space stays inside of it.
            if let Some([low, high]) = dimensions.iter().find(|d| d.name == range.name).and_then(|d| d.range) {
                (range.low, range.high) = (range.low.max(low), range.high.min(high));
            }
        }
        Ok(Some(Workpiece {
            id: id.clone(),
            runs: Runs::Candidate(artifact, tunables),
            start: self.state.candidates[id].scale,
            ranges,
            point,
            against: self.against(),
            evaluator: Arc::clone(&self.evaluator),
            workers: self.workers.clone(),
        }))
    }

    /// A candidate that is the `space` source at its point, with the numbers of the point as its constants; none if it is
    /// another's work.
    fn specialised(&self, id: &CandidateId) -> Option<Workpiece> {
        let point = self.in_the_space(self.state.candidates[id].candidate.point.as_ref())?;
        let dimensions = &self.state.opened().experiment.dimensions;
        let range = |dimension: &Dimension| match (point.get(&dimension.name)?, dimension.range?) {
            (Value::Number(own), [low, high]) => Some(Range { name: dimension.name.clone(), default: *own, low, high }),
            (Value::Choice(_), _) => None,
        };
        Some(Workpiece {
            id: id.clone(),
            runs: Runs::Space(self.points.clone()?),
            start: self.state.candidates[id].scale,
            ranges: dimensions.iter().filter_map(range).collect(),
            point: Some(point.clone()),
            against: self.against(),
            evaluator: Arc::clone(&self.evaluator),
            workers: self.workers.clone(),
        })
    }

    /// The point of a candidate, if the executor writes the `space` source at it.
    pub(super) fn in_the_space<'a>(&self, point: Option<&'a Point>) -> Option<&'a Point> {
        point.filter(|_| self.agents.specialises && self.points.is_some())
    }
}

/// All that was measured, in order.
#[derive(Default)]
struct History {
    tried: Vec<Tried>,
    worths: Vec<Worth>,
    trials: Vec<Trial>,
    /// Where scales were set.
    settings: Settings,
}

impl History {
    /// Where the scale of a point may lie.
    fn guess(&self, tuner: &Tuner, parameters: &[f64]) -> Option<Guess> {
        self.settings.guess(&tuner.place(parameters))
    }

    /// Where the scale was set at a point that was tried.
    fn scale_at(&self, parameters: &[f64]) -> Option<f64> {
        self.tried.iter().rev().find(|tried| tried.parameters == parameters)?.scale
    }

    fn push(&mut self, tuner: &Tuner, parameters: Vec<f64>, measured: Measured) {
        if let Some(scale) = measured.scale {
            self.settings.add(tuner.place(&parameters), scale, measured.slope);
        }
        self.tried.push(Tried {
            parameters,
            scale: measured.scale,
            value: measured.worth.value(),
            score: measured.score,
        });
        self.worths.push(measured.worth);
        self.trials.extend(measured.trials);
    }
}

/// What a point is worth, with what it follows from.
struct Measured {
    worth: Worth,
    scale: Option<f64>,
    /// What gain did along its logarithm.
    slope: Option<f64>,
    /// None where nothing ran.
    score: Option<Score>,
    trials: Vec<Trial>,
}

impl Measured {
    const NOTHING: Measured =
        Measured { worth: Worth::NOTHING, scale: None, slope: None, score: None, trials: Vec::new() };
}

/// What runs with other values.
enum Runs {
    /// The candidate, which takes them when it starts.
    Candidate(Artifact, Vec<Tunable>),
    /// The `space` source that it is a point of.
    Space(Points),
}

/// A compiled candidate whose constants are being tuned.
struct Workpiece {
    id: CandidateId,
    runs: Runs,
    ranges: Vec<Range>,
    /// Its declared place in the design space.
    point: Option<Point>,
    /// Where the setting of its scale begins: its own.
    start: Option<f64>,
    against: Arc<Against>,
    evaluator: Arc<Evaluator>,
    workers: Workers,
}

impl Workpiece {
    fn named(&self, values: &[f64]) -> Vec<(&str, f64)> {
        named(&self.ranges, values)
    }

    /// What acts as the candidate with these values, and a scale that is to be set.
    fn policy(&self, values: &[f64], guess: Option<Guess>) -> Scalable {
        match &self.runs {
            Runs::Candidate(artifact, tunables) => {
                let named = self.named(values);
                let own = |name: &str| named.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
                let parameters = tunables.iter().map(|tunable| own(&tunable.name).unwrap_or(tunable.default)).collect();
                Scalable::new(artifact.clone(), tunables, parameters, guess)
            }
            Runs::Space(points) => {
                let mut point = self.point.clone().unwrap_or_default();
                let named = self.named(values).into_iter();
                point.extend(named.map(|(name, value)| (name.to_owned(), Value::Number(value))));
                points.scalable(&point, guess)
            }
        }
    }

    /// What a point is worth where it gains as much as the reference does, with its trials there. What fails is worth nothing,
    /// and is on record as any other outcome that may depend on the machine's mood.
    async fn measure(&self, state: &State, parameters: &[f64], guess: Option<Guess>) -> Result<Measured, EngineError> {
        let key = Hash::of(format!("outcome of {} at {parameters:?}", self.id).as_bytes());
        let (evaluator, against, policy) =
            (Arc::clone(&self.evaluator), Arc::clone(&self.against), self.policy(parameters, guess));
        let work = move || against.set(&policy, (&evaluator.panel, &evaluator.sandbox));
        let Ok(Settled::At { scale, slope, trials, .. }) = self.workers.outcome(key, work).await? else {
            return Ok(Measured::NOTHING);
        };
        let measured = self.evaluator.panel.measure(&trials, &self.against.baseline);
        let score = state.scoring().score(&measured);
        let held = (&state.opened().experiment, state.spec());
        // What does somewhere what it must never do is no better than what cannot be measured.
        let worth = match measured.violations() {
            0 => goal::worth(&measured, &score, state.yardsticks(), held),
            _ => Worth::NOTHING,
        };
        Ok(Measured { worth, scale, slope, score: Some(score), trials })
    }
}

fn named<'a>(tunables: &'a [Range], values: &[f64]) -> Vec<(&'a str, f64)> {
    tunables.iter().map(|range| range.name.as_str()).zip(values.iter().copied()).collect()
}

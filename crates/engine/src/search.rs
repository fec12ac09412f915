//! Searches of the declared space without agents: points scored on the campaign's own search panel, drawn or tuned.

use crate::cores::on_all_cores;
use crate::error::EngineError;
use crate::experiment::LoadedExperiment;
use crate::panel::Panel;
use crate::realise::Points;
use sandbox::Sandbox;
use science::comparison::Scored;
use science::experiment::Experiment;
use science::keyed;
use science::objective::Scoring;
use science::space::{Dimension, Point, Value};
use science::state::State;
use science::trial::Trial;
use science::tuner::{Range, Tried, Tuner};

/// Points whose trials share a session. More would save little, and come near to the processor time of a session.
const TOGETHER: usize = 4;

/// What points are scored on.
pub(crate) struct Ground<'a> {
    pub(crate) panel: Panel,
    pub(crate) points: Points,
    baseline: Vec<Trial>,
    scoring: Scoring<'a>,
    experiment: &'a Experiment,
    sandbox: &'a Sandbox,
}

impl<'a> Ground<'a> {
    /// The search panel of a campaign; none if its experiment names no source that acts as every point.
    pub(crate) fn of(
        state: &'a State,
        loaded: &LoadedExperiment,
        sandbox: &'a Sandbox,
    ) -> Result<Option<Self>, EngineError> {
        let Some(points) = Points::of(loaded, sandbox)? else { return Ok(None) };
        let started = state.opened();
        let panel = Panel::search(loaded, started.nonce, started.experiment.seeds as usize)?;
        Ok(Some(Ground {
            baseline: panel.yardstick(loaded, "baseline", &started.experiment.baseline, sandbox)?,
            scoring: state.scoring(),
            experiment: &started.experiment,
            panel,
            points,
            sandbox,
        }))
    }

    /// The reference's improvement on the panel, a fraction.
    pub(crate) fn reference(&self) -> f64 {
        self.scoring.yardsticks.reference.improvement()
    }

    /// Points of the declared space, drawn by a key of the experiment and scored on all cores.
    pub(crate) fn pool(&self, size: usize) -> Result<Vec<Scored>, EngineError> {
        let (space, key) = (self.experiment.space(), self.key());
        let points: Vec<Point> = (0..size as u64).map(|n| space.draw(key, n)).collect();
        let batches: Vec<&[Point]> = points.chunks(TOGETHER).collect();
        Ok(on_all_cores(&batches, |batch| self.score(batch))?.concat())
    }

    /// What all randomness of these searches follows from.
    pub(crate) fn key(&self) -> u64 {
        let names = self.experiment.dimensions.iter().map(|dimension| dimension.name.as_str());
        keyed::seed(&["random search"].into_iter().chain(names).collect::<Vec<_>>(), 0)
    }

    /// Scores points in one session. If one of them breaks it, each has another one to itself.
    fn score(&self, points: &[Point]) -> Result<Vec<Scored>, EngineError> {
        let parameters: Vec<Vec<f64>> = points.iter().map(|point| self.points.parameters(point)).collect();
        let trials = match self.panel.trials_side_by_side(self.points.artifact(), &parameters, self.sandbox)? {
            Ok(runs) => runs.results,
            Err(_) if points.len() == 1 => vec![None],
            Err(_) => {
                let each = points.chunks(1).map(|point| self.score(point));
                return Ok(each.collect::<Result<Vec<_>, _>>()?.concat());
            }
        };
        let scored = |(point, trials): (&Point, Option<Vec<Trial>>)| {
            let measured = trials.map(|trials| self.panel.measure(&trials, &self.baseline));
            Scored::new(point.clone(), measured.as_ref(), (self.scoring, self.experiment))
        };
        Ok(points.iter().zip(trials).map(scored).collect())
    }

    /// Tunes numeric coordinates of a point until `budget` evaluations are spent, within ever smaller shares of the
    /// dimensions' prior around the best point so far. `open` says which coordinates may move.
    pub(crate) fn tune(
        &self,
        start: &Point,
        open: impl Fn(&str) -> bool,
        (budget, reach, key): (usize, f64, u64),
    ) -> Result<Vec<Scored>, EngineError> {
        let mut scored = self.score(std::slice::from_ref(start))?;
        let mut round = 0;
        while scored.len() < budget {
            let best = best(&scored).clone();
            let share = (reach * 0.5f64.powi(round)).max(NARROWEST);
            let ranges = self.ranges(&best.point, &open, share);
            let tuner = Tuner::new(&ranges, keyed::seed(&["round", &round.to_string()], key));
            let own = ranges.iter().map(|range| range.default).collect();
            let mut tried = vec![Tried::new(own, best.worth)];
            while let Some(parameters) = tuner.next(&tried).filter(|_| scored.len() < budget) {
                let point = moved(&best.point, &ranges, &parameters);
                let found = self.score(&[point])?;
                tried.push(Tried::new(parameters, found[0].worth));
                scored.extend(found);
            }
            if tried.len() == 1 {
                break;
            }
            round += 1;
        }
        Ok(scored)
    }

    /// The coordinates that may move, each within a share of its prior to both sides.
    fn ranges(&self, point: &Point, open: impl Fn(&str) -> bool, share: f64) -> Vec<Range> {
        let range = |dimension: &Dimension| match point.get(&dimension.name) {
            Some(Value::Number(value)) if open(&dimension.name) => {
                let mass = dimension.mass_below(*value);
                let end = |mass: f64| match dimension.at_mass(mass.clamp(0.0, 1.0)) {
                    Value::Number(value) => value,
                    Value::Choice(_) => *value,
                };
                let (low, high) = (end(mass - share), end(mass + share));
                Some(Range { name: dimension.name.clone(), default: *value, low, high })
            }
            _ => None,
        };
        self.experiment.dimensions.iter().filter_map(range).collect()
    }
}

/// The smallest share of a dimension's prior that is searched to each side.
const NARROWEST: f64 = 0.02;

/// The point that is worth most, the earliest of equals.
pub(crate) fn best(scored: &[Scored]) -> &Scored {
    scored.iter().reduce(|best, other| if other.worth > best.worth { other } else { best }).expect("at least one point")
}

fn moved(point: &Point, ranges: &[Range], values: &[f64]) -> Point {
    let mut moved = point.clone();
    moved.extend(ranges.iter().zip(values).map(|(range, value)| (range.name.clone(), Value::Number(*value))));
    moved
}

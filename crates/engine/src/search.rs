//! Searches of the declared space without agents: points scored on the campaign's own search panel, drawn or tuned.

use crate::cores::on_all_cores;
use crate::error::EngineError;
use crate::experiment::LoadedExperiment;
use crate::panel::Panel;
use crate::realise::Points;
use crate::scale::{Against, Settled};
use sandbox::Sandbox;
use science::comparison::Scored;
use science::experiment::Experiment;
use science::keyed;
use science::objective::Scoring;
use science::scale::Guess;
use science::space::{Dimension, Point, Value};
use science::state::State;
use science::tuner::{Range, Tried, Tuner};

/// What points are scored on.
pub(crate) struct Ground<'a> {
    pub(crate) panel: Panel,
    pub(crate) points: Points,
    against: Against,
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
        let baseline = panel.yardstick(loaded, "baseline", &started.experiment.baseline, sandbox)?;
        Ok(Some(Ground {
            against: Against::new(&panel, baseline, state.yardsticks(), &state.spec().aim),
            scoring: state.scoring(),
            experiment: &started.experiment,
            panel,
            points,
            sandbox,
        }))
    }

    /// Points of the declared space, drawn by a key of the experiment and scored on all cores.
    pub(crate) fn pool(&self, size: usize) -> Result<Vec<Scored>, EngineError> {
        let (space, key) = (self.experiment.space(), self.key());
        let points: Vec<Point> = (0..size as u64).map(|n| space.draw(key, n)).collect();
        on_all_cores(&points, |point| self.score(point, None))
    }

    /// What all randomness of these searches follows from.
    pub(crate) fn key(&self) -> u64 {
        let names = self.experiment.dimensions.iter().map(|dimension| dimension.name.as_str());
        keyed::seed(&["random search"].into_iter().chain(names).collect::<Vec<_>>(), 0)
    }

    /// Scores a point where it gains as much as the reference does; the search for that begins at `start` where that is known.
    fn score(&self, point: &Point, start: Option<f64>) -> Result<Scored, EngineError> {
        let policy = self.points.scalable(point, start.map(Guess::near));
        let (scale, measured) = match self.against.set(&policy, (&self.panel, self.sandbox))? {
            Ok(Settled::At { scale, trials, .. }) => (scale, Some(self.panel.measure(&trials, &self.against.baseline))),
            Ok(Settled::Nowhere { .. }) | Err(_) => (None, None),
        };
        Ok(Scored::new(point.clone(), scale, measured.as_ref(), (self.scoring, self.experiment)))
    }

    /// Tunes numeric coordinates of a point until `budget` evaluations are spent, within ever smaller shares of the
    /// dimensions' prior around the best point so far. `open` says which coordinates may move.
    pub(crate) fn tune(
        &self,
        start: &Point,
        open: impl Fn(&str) -> bool,
        (budget, reach, key): (usize, f64, u64),
    ) -> Result<Vec<Scored>, EngineError> {
        let mut scored = vec![self.score(start, None)?];
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
                let found = self.score(&point, best.scale)?;
                tried.push(Tried::new(parameters, found.worth));
                scored.push(found);
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

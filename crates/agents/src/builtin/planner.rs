//! Chooses what to try next: the change of the best known policy from which most is expected.
//!
//! A change is of three dimensions at most, so that a finding says what it was. The scale is nobody's to choose: it is set to equal
//! gain before anything is measured. Every step follows from the record and the campaign's nonce.

use super::claims;
use super::measured::{Known, Measured};
use super::surrogate::{Prior, Surrogate};
use science::bundle::{Bundle, Side};
use science::id::CandidateId;
use science::keyed::uniform;
use science::retune;
use science::space::{Dimension, Point, Space, Value};
use science::state::State;
use science::stats::rounded;

/// Changes that are looked at for one bundle, by so many draws of what is believed; how many of them are weighed by all
/// draws, and how often the best of these is varied.
const PROPOSALS: u64 = 200;
const FEW: usize = 8;
const WEIGHED: usize = 30;
const REFINED: u64 = 40;
/// Dimensions that change at once, at most.
const CHANGES: f64 = 3.0;
/// Significant digits of a point.
const DIGITS: usize = 3;
/// The part of what is expected of the mean that decides between changes of which nothing is expected.
const TIE: f64 = 1e-3;

/// The next bundle.
pub(super) fn plan(state: &State, source: &str) -> Result<Bundle, String> {
    let space = state.opened().experiment.space();
    let start = start(&space, source)?;
    let beliefs = Beliefs::of(state, space, start);
    if state.iterations.is_empty() {
        return Ok(claims::check(&beliefs));
    }
    if let Some(bundle) = beliefs.tuned() {
        return Ok(bundle);
    }
    let parent = beliefs.parent(None);
    let point =
        beliefs.choose(&parent).ok_or("nothing is left of the space that the constraints allow and nobody tried")?;
    Ok(claims::change(&beliefs, &parent, point, None))
}

/// The place that the author of a space gave to the reference: the defaults of its source, as far as they lie inside.
pub(super) fn start(space: &Space, source: &str) -> Result<Point, String> {
    let defaults = retune::plain_defaults(source).ok_or("a default in its `space` source is no plain number")?;
    let mut point = Point::new();
    for dimension in &space.dimensions {
        let default = defaults.iter().find(|(name, _)| *name == dimension.name).map(|(_, default)| *default);
        let default = default.ok_or_else(|| format!("its `space` source does not declare `{}`", dimension.name))?;
        if dimension.exists_at(&point) {
            let value = match dimension.range {
                Some(_) => written(dimension, default),
                None => Value::Choice(dimension.values[(default as usize).min(dimension.values.len() - 1)].clone()),
            };
            point.insert(dimension.name.clone(), value);
        }
    }
    Ok(point)
}

/// A number of a dimension as a person would write it.
fn written(dimension: &Dimension, value: f64) -> Value {
    let [low, high] = dimension.range.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
    Value::Number(rounded(value, DIGITS).clamp(low, high))
}

/// What the record says of the space, and what may be believed of the rest of it.
pub(super) struct Beliefs<'a> {
    pub(super) state: &'a State,
    pub(super) space: Space,
    pub(super) measured: Measured<'a>,
    pub(super) known: Vec<Known>,
    pub(super) surrogate: Surrogate,
    /// The place nearest to the reference, as far as the author says.
    pub(super) start: Point,
}

/// What a change departs from.
pub(super) struct Parent {
    pub(super) side: Side,
    pub(super) point: Point,
    pub(super) outcome: Vec<f64>,
}

impl<'a> Beliefs<'a> {
    fn of(state: &'a State, space: Space, start: Point) -> Self {
        let measured = Measured::of(state);
        let known = measured.known(&space);
        let prior = Prior {
            mean: measured.reference(),
            size: measured.size(),
            kinds: measured.kinds(),
            noise: measured.noise(),
        };
        let inputs = known.iter().map(|known| space.coordinates("", &known.point)).collect();
        let outputs: Vec<Vec<f64>> = known.iter().map(|known| known.outcome.clone()).collect();
        let surrogate = Surrogate::fit(prior, inputs, &outputs, state.opened().nonce.seed(&["surrogate"]));
        Beliefs { state, space, measured, known, surrogate, start }
    }

    /// The best known policy that claims can compare with, but for one candidate; the reference if there is none.
    pub(super) fn parent(&self, but: Option<&CandidateId>) -> Parent {
        let champion = self.state.champion().map(|champion| champion.id);
        let reference = self.measured.reference();
        let bar = self.measured.worth(&reference);
        let may = |known: &&Known| {
            known.id.is_some() && known.id.as_ref() != but && known.worth > bar && self.measured.is_comparable(known)
        };
        let leads = |known: &&Known| known.id.is_some() && known.id == champion;
        let best = self.known.iter().filter(may).find(leads).or_else(|| self.known.iter().find(may));
        match best.and_then(|known| Some((known, known.id.clone()?))) {
            Some((known, id)) => {
                Parent { side: Side::Candidate(id), point: known.point.clone(), outcome: known.outcome.clone() }
            }
            None => Parent { side: Side::Reference, point: self.start.clone(), outcome: reference },
        }
    }

    /// A verdict for what tuning made: it was chosen on the search panel, so only fresh seeds can say what it is worth.
    fn tuned(&self) -> Option<Bundle> {
        let id = self.state.tuned_unjudged()?;
        let known = self.known.iter().find(|known| known.id.as_ref() == Some(id))?;
        let bundle = claims::change(self, &self.parent(Some(id)), known.point.clone(), Some(id.clone()));
        self.state.check_bundle(&bundle).is_ok().then_some(bundle)
    }

    /// The change from which most is expected; none if nothing is open.
    fn choose(&self, parent: &Parent) -> Option<Point> {
        let seed = self.state.opened().nonce.seed(&["plan", &self.state.iteration_number().to_string()]);
        let reference = self.measured.worth(&self.measured.reference());
        let best = self.known.iter().map(|known| known.worth).fold(reference, f64::max);
        let open = |point: Point| self.is_open(&point).then_some(point);
        let proposals = (0..PROPOSALS).filter_map(|n| open(self.varied(&parent.point, seed, n)));
        let mut looked: Vec<(f64, Point)> = proposals.map(|point| (self.promise(&point, best, FEW), point)).collect();
        looked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let weighed = |point: Point| (self.promise(&point, best, usize::MAX), point);
        let better = |a: (f64, Point), b: (f64, Point)| if b.0 > a.0 { b } else { a };
        let mut chosen = looked.into_iter().take(WEIGHED).map(|(_, point)| weighed(point)).reduce(better)?;
        for n in PROPOSALS..PROPOSALS + REFINED {
            let near = self.nearby(&parent.point, &chosen.1, seed, n);
            chosen = open(near).map(weighed).into_iter().fold(chosen, better);
        }
        Some(chosen.1)
    }

    /// How much more than `best` a point is expected to be worth: what is violated counts against it, in each of so many draws
    /// of what is believed.
    fn promise(&self, point: &Point, best: f64, draws: usize) -> f64 {
        let foreseen = self.surrogate.at(&self.space.coordinates("", point));
        let draws = self.surrogate.draws(&foreseen).take(draws);
        let worths: Vec<f64> = draws.map(|outcome| self.measured.worth(&outcome)).collect();
        let count = worths.len() as f64;
        let improvement = worths.iter().map(|worth| (worth - best).max(0.0)).sum::<f64>() / count;
        improvement + TIE * worths.iter().sum::<f64>() / count
    }

    /// Whether a point lies inside of the space, nothing forbids it, and nobody tried it.
    fn is_open(&self, point: &Point) -> bool {
        self.space.contains(point).is_ok()
            && !self.state.constraints().any(|(_, constraint)| constraint.excludes(point))
            && !self.state.candidates.values().any(|record| record.candidate.point.as_ref() == Some(point))
    }

    /// Sets a numeric dimension of a point by prior mass.
    fn set(&self, point: &mut Point, dimension: &Dimension, mass: f64) {
        if let Value::Number(value) = dimension.at_mass(mass.clamp(0.0, 1.0)) {
            let value = written(dimension, value);
            point.insert(dimension.name.clone(), value);
        }
    }

    /// The n-th change of a point: of up to three of its dimensions, at most one of them a choice.
    fn varied(&self, from: &Point, seed: u64, n: u64) -> Point {
        let coin = |k: usize| uniform(seed, n * 1024 + k as u64);
        let mut order: Vec<(usize, &Dimension)> = self.space.dimensions.iter().enumerate().collect();
        order.retain(|(_, dimension)| from.contains_key(&dimension.name));
        order.sort_by(|(a, _), (b, _)| coin(*a).total_cmp(&coin(*b)));
        order.truncate(1 + (coin(100) * CHANGES) as usize);
        let choice = order.iter().find(|(_, dimension)| dimension.range.is_none()).map(|(at, _)| *at);
        order.retain(|(at, dimension)| dimension.range.is_some() || Some(*at) == choice);
        let mut point = Point::new();
        for (at, dimension) in self.space.dimensions.iter().enumerate() {
            if !dimension.exists_at(&point) {
                continue;
            }
            let changes = order.iter().any(|(changed, _)| *changed == at);
            match (from.get(&dimension.name), changes) {
                (Some(own), false) => drop(point.insert(dimension.name.clone(), own.clone())),
                (Some(Value::Choice(own)), true) => {
                    let others: Vec<&String> = dimension.values.iter().filter(|value| *value != own).collect();
                    let other = others.get((coin(200 + at) * others.len() as f64) as usize).map_or(own, |other| *other);
                    point.insert(dimension.name.clone(), Value::Choice(other.clone()));
                }
                (Some(Value::Number(own)), true) => match (self.start.get(&dimension.name), coin(300 + at)) {
                    // Back to where the author left it.
                    (Some(plain), coin) if coin < 0.15 => drop(point.insert(dimension.name.clone(), plain.clone())),
                    (_, which) => {
                        let (drawn, reach) = (coin(200 + at), 0.25 * 0.5f64.powi((n % 3) as i32));
                        let near = dimension.mass_below(*own) + reach * (2.0 * drawn - 1.0);
                        self.set(&mut point, dimension, if which < 0.5 { drawn } else { near });
                    }
                },
                (None, _) if dimension.range.is_some() => self.set(&mut point, dimension, coin(200 + at)),
                (None, _) => drop(point.insert(dimension.name.clone(), dimension.at_mass(coin(200 + at)))),
            }
        }
        point
    }

    /// A point near one that departs from another, by the same dimensions.
    fn nearby(&self, from: &Point, point: &Point, seed: u64, n: u64) -> Point {
        let mut near = point.clone();
        let reach = 0.1 * 0.5f64.powi((n / 2 % 4) as i32);
        for (at, dimension) in self.space.dimensions.iter().enumerate() {
            let Some(Value::Number(own)) = point.get(&dimension.name) else { continue };
            if from.get(&dimension.name) != point.get(&dimension.name) {
                let coin = uniform(seed, n * 1024 + at as u64);
                self.set(&mut near, dimension, dimension.mass_below(*own) + reach * (2.0 * coin - 1.0));
            }
        }
        near
    }
}

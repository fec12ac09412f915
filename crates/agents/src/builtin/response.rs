//! How each workload responds to where a policy sheds.
//!
//! The mix of tiers, the arrival rate and the size of the KV caches hardly change within a workload, so a weighting by them only
//! moves the place of the curve there. What a policy improves and what it sheds in a workload is therefore a function of its
//! place *in that workload*, and whatever was measured, with whatever weightings, is one more point of that function. It
//! is believed as a broken line with a kink every [`KNOT`], plus what the form of the curve adds: a Bayesian linear regression
//! (Bishop, *Pattern Recognition and Machine Learning*, 2006, ch. 3.3). The line begins with what the yardsticks say: the
//! reference, the reference at other scales, the baseline, and refusing everything.

use super::memory::{Given, Seen};
use super::shape::{Pulls, Shape, Signal};
use science::gaussian::{backward, cholesky, forward, inverse};

/// Log units of the place from one kink to the next.
const KNOT: f64 = 0.3;
/// Kinks on each side of the reference's place.
const KNOTS: usize = 6;
/// A slope, and a change of it at each kink.
const LINE: usize = 1 + 2 * KNOTS;
/// A line, what the other signal adds to it (a step more), and what the form of the curve and faint weightings add.
const TERMS: usize = LINE + 1 + LINE + FORM;
/// By gradualness and by prompt length, each at the reference's place and along the line; by mix and by rate.
const FORM: usize = 6;
/// What each term is expected to be about, in log units of improvement.
const SCALES: [f64; TERMS] = {
    let mut scales = [0.12; TERMS];
    scales[0] = 0.2;
    let mut at = LINE;
    while at < 2 * LINE + 1 {
        scales[at] = 0.05;
        at += 1;
    }
    let form = [0.15, 0.15, 0.08, 0.08, 0.01, 0.05];
    at = 0;
    while at < FORM {
        scales[2 * LINE + 1 + at] = form[at];
        at += 1;
    }
    scales
};
/// How far off a measurement may be, log units of improvement, beside chance: lines have no kinks in between.
const JAGGED: f64 = 0.003;
/// Drawn workloads come in no order, and how uncertain one of so many is says it of them all: to say it of each takes the most of
/// the time that a plan takes.
const SPOKEN_FOR: usize = 8;
/// The ends of a tabulated line, log units from the reference's place, and its pieces, which are those from kink to kink.
const ENDS: [f64; 2] = [-3.0, 2.4];
const PIECES: usize = 18;

type Terms = [f64; TERMS];
/// Effects at both ends of each piece.
type Line = [Effect; PIECES + 1];
/// Improvement beyond the reference's in log units, and extra shed work beyond the reference's as a fraction.
pub(crate) type Effect = [f64; 2];

/// How all workloads of the search respond.
pub(crate) struct Responses {
    origin: Origin,
    workloads: Vec<Response>,
    pub(crate) given: Given,
}

impl std::fmt::Debug for Responses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "responses of {} workloads to {} policies", self.workloads.len(), self.given.seen.len())
    }
}

/// Where lines begin.
#[derive(Clone, Copy)]
struct Origin {
    place: f64,
    spread: f64,
}

/// How one workload responds.
struct Response {
    pulls: Pulls,
    /// The line by signal: the saturation, then the KV cache.
    lines: [Line; 2],
    form: [Effect; FORM],
    /// Of all terms, the lower triangle; none where it is not asked for.
    covariance: Option<Vec<Vec<f64>>>,
}

/// How a shape does as its place moves.
pub(crate) struct Along<'a> {
    parts: Vec<Part<'a>>,
}

/// The same in one workload.
struct Part<'a> {
    line: &'a Line,
    /// The place of a shape with its half at 1.
    place: f64,
    level: f64,
    slope: f64,
}

/// What is foreseen of a policy on every workload.
pub(crate) struct Foresight {
    pub(crate) effects: Vec<Effect>,
    /// Standard deviations of the improvements.
    pub(crate) sds: Vec<f64>,
}

impl Responses {
    pub(crate) fn of(given: Given) -> Self {
        let origin = Origin { place: given.reference.half.ln(), spread: given.reference.spread().ln_1p() };
        let slope = slopes(&given.seen, origin);
        let response = |at: usize| {
            let pulls = Pulls::of(&given.profiles[at]);
            let speaks = at.checked_sub(given.study).is_none_or(|drawn| drawn.is_multiple_of(SPOKEN_FOR));
            let rows = given.seen.iter().map(|seen| (origin.terms(&seen.shape, &pulls), seen.effects[at]));
            Response::of(pulls, rows, slope, given.noise[at].hypot(JAGGED), speaks)
        };
        Responses { origin, workloads: (0..given.profiles.len()).map(response).collect(), given }
    }

    /// What is foreseen of a shape.
    pub(crate) fn foresee(&self, shape: &Shape) -> Foresight {
        let mut sds: Vec<f64> = Vec::with_capacity(self.workloads.len());
        for workload in &self.workloads {
            let sd = workload.covariance.as_ref().map(|of| spread(of, &self.origin.terms(shape, &workload.pulls)));
            sds.extend(sd.or(sds.last().copied()));
        }
        Foresight { effects: self.effects(shape).collect(), sds }
    }

    /// What a shape is foreseen to improve as its place moves.
    pub(crate) fn along(&self, shape: &Shape) -> Along<'_> {
        let (signal, form) = (usize::from(shape.signal == Signal::Kv), self.origin.form(shape));
        let unplaced = Shape { half: 1.0, ..*shape };
        let parts = self.workloads.iter().map(|workload| {
            let [level, slope] = formed(&form, &workload.form);
            let place = unplaced.place_in(&workload.pulls) - self.origin.place;
            Part { line: &workload.lines[signal], place, level: level[0], slope: slope[0] }
        });
        Along { parts: parts.collect() }
    }

    /// The mean of it: a fraction of the work.
    pub(crate) fn effects(&self, shape: &Shape) -> impl Iterator<Item = Effect> {
        let signal = usize::from(shape.signal == Signal::Kv);
        let form = self.origin.form(shape);
        self.workloads.iter().map(move |workload| {
            let place = shape.place_in(&workload.pulls) - self.origin.place;
            workload.at(signal, place, &form)
        })
    }
}

impl Response {
    fn of(pulls: Pulls, rows: impl Iterator<Item = (Terms, Effect)>, slope: Effect, noise: f64, speaks: bool) -> Self {
        let mut precision: Vec<Vec<f64>> =
            (0..TERMS).map(|i| (0..=i).map(|j| f64::from(u8::from(i == j))).collect()).collect();
        let mut sums = [[0.0; TERMS]; 2];
        let weight = 1.0 / (noise * noise);
        for (terms, effect) in rows {
            for (i, row) in precision.iter_mut().enumerate() {
                let own = terms[i] * weight;
                if own != 0.0 {
                    row.iter_mut().zip(&terms).for_each(|(entry, other)| *entry += own * other);
                    let beyond = |k: usize| effect[k] - slope[k] * terms[0] / SCALES[0];
                    sums[0][i] += own * beyond(0);
                    sums[1][i] += own * beyond(1);
                }
            }
        }
        let factor = cholesky(precision);
        let [gain, work] = sums.map(|sums| backward(&factor, &forward(&factor, &sums)));
        let weights: Vec<Effect> = (0..TERMS).map(|i| [gain[i] * SCALES[i], work[i] * SCALES[i]]).collect();
        let tabulated = |signal: usize| {
            let value = |n: usize| {
                let place = ENDS[0] + n as f64 * KNOT;
                let along = line(place);
                let sum = |k: usize| {
                    let own: f64 = (0..LINE).map(|i| along[i] * weights[i][k]).sum();
                    let other: f64 = (0..LINE).map(|i| along[i] * weights[LINE + 1 + i][k]).sum();
                    slope[k] * place + own + signal as f64 * (weights[LINE][k] + other)
                };
                [sum(0), sum(1)]
            };
            std::array::from_fn(value)
        };
        let form = std::array::from_fn(|i| weights[2 * LINE + 1 + i]);
        Response { pulls, lines: [tabulated(0), tabulated(1)], form, covariance: speaks.then(|| inverse(&factor)) }
    }

    fn at(&self, signal: usize, place: f64, form: &[f64; FORM]) -> Effect {
        let (before, after, part) = piece(&self.lines[signal], place);
        let [level, slope] = formed(form, &self.form);
        std::array::from_fn(|k| before[k] + part * (after[k] - before[k]) + level[k] + slope[k] * place)
    }
}

impl Along<'_> {
    /// Improvement beyond the reference's on each workload, log units, where half is refused at a pressure of `half`.
    pub(crate) fn improvements(&self, half: f64) -> impl Iterator<Item = f64> {
        let half = half.ln();
        self.parts.iter().map(move |Part { line, place, level, slope }| {
            let (before, after, part) = piece(line, place + half);
            before[0] + part * (after[0] - before[0]) + level + slope * (place + half)
        })
    }
}

/// The ends of the piece of a line that a place lies on, and how far along it is.
fn piece(line: &Line, place: f64) -> (Effect, Effect, f64) {
    let along = ((place - ENDS[0]) / KNOT).clamp(0.0, PIECES as f64 - 1e-9);
    let at = along as usize;
    (line[at], line[at + 1], along - at as f64)
}

/// What the form adds at the reference's place, and for each log unit from there.
fn formed(form: &[f64; FORM], weights: &[Effect; FORM]) -> [Effect; 2] {
    let [spread, spread_along, prompt, prompt_along, mix, rate] =
        std::array::from_fn(|i| weights[i].map(|w| w * form[i]));
    let sum = |effects: &[Effect]| std::array::from_fn(|k| effects.iter().map(|effect| effect[k]).sum());
    [sum(&[spread, prompt, mix, rate]), sum(&[spread_along, prompt_along])]
}

impl Origin {
    /// Factors of what the form adds; those along the line are to be multiplied by the place.
    fn form(self, shape: &Shape) -> [f64; FORM] {
        let spread = shape.spread().ln_1p() - self.spread;
        [spread, spread, shape.prompt, shape.prompt, shape.mix, shape.rate]
    }

    /// All terms of a shape in a workload, in units of what they are expected to be.
    fn terms(self, shape: &Shape, pulls: &Pulls) -> Terms {
        let place = (shape.place_in(pulls) - self.place).clamp(ENDS[0], ENDS[1]);
        let along = line(place);
        let mut terms = [0.0; TERMS];
        terms[..LINE].copy_from_slice(&along);
        if shape.signal == Signal::Kv {
            terms[LINE] = 1.0;
            terms[LINE + 1..2 * LINE + 1].copy_from_slice(&along);
        }
        let mut form = self.form(shape);
        form[1] *= place;
        form[3] *= place;
        terms[2 * LINE + 1..].copy_from_slice(&form);
        std::array::from_fn(|i| terms[i] * SCALES[i])
    }
}

/// The standard deviation of a sum of these terms. Of a line most terms are zero: it has passed few of its kinks.
fn spread(covariance: &[Vec<f64>], terms: &Terms) -> f64 {
    let present: Vec<usize> = (0..TERMS).filter(|i| terms[*i] != 0.0).collect();
    let twice = |(n, i): (usize, &usize)| {
        let others: f64 = present[..n].iter().map(|j| covariance[*i][*j] * terms[*j]).sum();
        terms[*i] * (covariance[*i][*i] * terms[*i] + 2.0 * others)
    };
    present.iter().enumerate().map(twice).sum::<f64>().max(0.0).sqrt()
}

/// How far a place is along a line, and beyond each of its kinks.
fn line(place: f64) -> [f64; LINE] {
    std::array::from_fn(|i| match i {
        0 => place,
        i if i <= KNOTS => (place - (i - 1) as f64 * KNOT).max(0.0),
        i => (-place - (i - KNOTS) as f64 * KNOT).max(0.0),
    })
}

/// The slopes of improvement and of extra shed work along the place, over all workloads, near the reference.
fn slopes(seen: &[Seen], origin: Origin) -> Effect {
    let near = |seen: &&Seen| (0.01..0.2).contains(&(seen.shape.half.ln() - origin.place).abs());
    let moved = |shape: &Shape| shape.mix == 0.0 && shape.prompt == 0.0 && shape.capacity == 0.0 && shape.rate == 0.0;
    let (mut squares, mut products) = (1e-9, [0.0; 2]);
    for seen in seen.iter().filter(|seen| moved(&seen.shape)).filter(near) {
        let (place, count) = (seen.shape.half.ln() - origin.place, seen.effects.len() as f64);
        squares += place * place;
        (0..2).for_each(|k| products[k] += place * seen.effects.iter().map(|effect| effect[k]).sum::<f64>() / count);
    }
    products.map(|product| product / squares)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::shape::{Curve, PLAIN};
    use science::keyed::uniform;
    use science::profile::Profile;

    fn profiles() -> Vec<Profile> {
        let unit = |n: u64, k: u64| uniform(3, 4 * n + k);
        let profile = |n: u64| Profile {
            droppable_share: 0.1 + 0.8 * unit(n, 0),
            rate: (unit(n, 1) * 3.0).exp(),
            kv_capacity: 3e5 * (unit(n, 2) - 0.5).exp(),
            prompt_tokens: 2048.0 * (unit(n, 3) - 0.5).exp(),
        };
        (0..12).map(profile).collect()
    }

    fn reference() -> Shape {
        Shape::published(5.0, 300.0)
    }

    /// A world in which a workload responds to the place in it, and to how gradual a curve is, whatever is weighed.
    fn effects(shape: &Shape) -> Vec<Effect> {
        let fall = |place: f64| 0.5 / (1.0 + (2.0 * (place + 1.3)).exp());
        let one = |shape: &Shape, workload: &Profile| {
            fall(shape.place_in(&Pulls::of(workload))) + 0.02 * shape.spread().ln_1p()
        };
        let gain = |workload: &Profile| one(shape, workload) - one(&reference(), workload);
        profiles().iter().map(|workload| [gain(workload), 1.4 * gain(workload)]).collect()
    }

    fn shapes(count: u64) -> Vec<Shape> {
        let unit = |n: u64, k: u64| uniform(9, 8 * n + k);
        let shape = |n: u64| Shape {
            curve: if n.is_multiple_of(3) { Curve::Power { exponent: 1.0 + 5.0 * unit(n, 0) } } else { Curve::Step },
            half: 0.2 + 0.4 * unit(n, 1),
            mix: unit(n, 2),
            capacity: unit(n, 3),
            rate: 0.3 * unit(n, 4),
            ..PLAIN
        };
        (0..count).map(shape).collect()
    }

    fn responses(shapes: &[Shape]) -> Responses {
        Responses::of(given(shapes))
    }

    fn given(shapes: &[Shape]) -> Given {
        let all: Vec<Shape> =
            [1.0, 1.08, 0.92].map(|factor| Shape { half: reference().half * factor, ..reference() }).into();
        let all: Vec<Shape> = all.into_iter().chain(shapes.iter().copied()).collect();
        let seen = all.iter().map(|shape| Seen { shape: *shape, effects: effects(shape) }).collect();
        Given { profiles: profiles(), study: 12, reference: reference(), noise: vec![0.001; 12], seen }
    }

    #[test]
    fn a_policy_that_was_never_tried_is_foreseen_from_others_with_other_weightings() {
        let responses = responses(&shapes(10));
        for shape in shapes(30).split_off(10) {
            let foresight = responses.foresee(&shape);
            for (at, (foreseen, actual)) in foresight.effects.iter().zip(effects(&shape)).enumerate() {
                let off = (foreseen[0] - actual[0]).abs();
                assert!(
                    off < 0.03 && off < 4.0 * foresight.sds[at] + 0.002,
                    "{shape:?} in {at}: {foreseen:?}, {actual:?}"
                );
            }
        }
    }

    #[test]
    fn a_few_policies_say_more_than_none_and_most_near_where_they_were() {
        let (few, many) = (responses(&[]), responses(&shapes(10)));
        let sum = |responses: &Responses, shape: &Shape| responses.foresee(shape).sds.iter().sum::<f64>();
        let (near, far) = (shapes(1)[0], Shape { signal: Signal::Kv, ..shapes(1)[0] });
        assert!(sum(&many, &near) < 0.5 * sum(&few, &near));
        assert!(sum(&many, &far) > 2.0 * sum(&many, &near), "nothing is known of the other signal");
    }

    #[test]
    fn what_a_shape_improves_along_its_place_is_what_it_improves_there() {
        let responses = responses(&shapes(10));
        for shape in shapes(20) {
            let along: Vec<f64> = responses.along(&Shape { half: 7.0, ..shape }).improvements(shape.half).collect();
            for (along, effect) in along.iter().zip(responses.effects(&shape)) {
                assert!((along - effect[0]).abs() < 1e-12);
            }
        }
    }
}

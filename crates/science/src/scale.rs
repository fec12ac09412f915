//! Setting the scale: where a policy gains as much as the reference does, in few runs.
//!
//! Gain may rise or fall along a scale, and need not do so evenly. Of a policy that nothing is known of the ends and the start are
//! run first; of several places where the difference to the reference's gain changes its sign, the one nearest to the start counts.
//! It is enclosed by quarters and then by the rule of false position. Where policies close by have had their scale set, their
//! scales say where to begin and their slopes how far to go (Newton's rule), which takes a third of the runs. Runs on a part of
//! the panel come first, since they cost less: what they gain is corrected by how much the part differs from the whole at the
//! first place that ran on both.

use crate::gaussian::{Belief, Gaussian};
use crate::stats::upper_median;

/// Gain beyond the reference's that counts as equal, log units.
pub const EQUAL: [f64; 2] = [-0.001, 0.003];
/// The same for a part of the panel, where it only says where to look.
const NEARLY: f64 = 0.01;
/// What is aimed at, log units.
const AIM: f64 = 0.001;
/// As far from the reference's gain, either way, a scale may still be taken, log units.
const FARTHEST: f64 = 0.003;
/// Runs on a part, and on the whole, at most.
const MOST: [usize; 2] = [18, 9];
/// Intervals of logarithms wider than this are quartered; narrower ones are enclosed by false position.
const WIDE: f64 = 1.5;
/// Places that lie closer together are the same.
const SAME: f64 = 1e-6;
/// How far from a place whose value is well known, to both sides, its neighbours are expected to enclose the aim.
const REACH: f64 = 0.25;
/// A place that is known this well needs no run on the part: the whole tells more of it.
const SURE: f64 = 0.05;
/// Steps by Newton's rule at most, before the aim is enclosed from the ends.
const STEPS: usize = 4;
/// Runs further apart than this tell a slope: closer ones tell how jagged gain is.
const TELLING: f64 = 0.02;
/// Gain is jagged: a request more or less turns what follows. Where two places this close together enclose the aim and neither
/// meets it, others about as close are tried.
const JAGGED: f64 = 0.01;

/// A run at a place of the scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Run {
    /// The natural logarithm of the scale.
    pub at: f64,
    /// Gain beyond the reference's on the same workloads, log units.
    pub margin: f64,
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// Run on the part at these places, side by side.
    Part(Vec<f64>),
    /// Run on the whole panel at this place.
    Whole(f64),
    /// The scale is set: what ran on the whole panel at this place stands.
    Set(f64),
    /// There is no place where it gains as much as the reference does.
    None,
}

/// A scale that is to be set.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Natural logarithms of the ends.
    pub ends: [f64; 2],
    /// Where it is expected to lie: what its author chose, or what policies close by say.
    pub start: f64,
    /// What is known of that place.
    pub known: Known,
}

/// What is known of the place where a scale is expected to lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Known {
    /// Nothing: it is an author's choice.
    Nothing,
    /// A policy close by had its scale set there.
    Place,
    /// Several policies close by had theirs set: how far it may be off, and what gain does along the logarithm of the scale.
    Slope {
        /// A standard deviation, of the logarithm.
        off: f64,
        /// Log units of gain for each unit of the logarithm.
        slope: f64,
    },
}

/// Where the scale of a policy may lie, by those of others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guess {
    /// Its natural logarithm.
    pub at: f64,
    /// What is known of that place.
    pub known: Known,
}

impl Guess {
    /// Where a policy close by had its scale set.
    pub fn near(scale: f64) -> Self {
        Guess { at: scale.ln(), known: Known::Place }
    }
}

/// Scales that were set before, by the place of their policies in the unit cube.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    places: Vec<Vec<f64>>,
    logarithms: Vec<f64>,
    slopes: Vec<f64>,
}

impl Settings {
    /// Adds a policy's, with what gain did along its scale where that showed.
    pub fn add(&mut self, place: Vec<f64>, scale: f64, slope: Option<f64>) {
        self.places.push(place);
        self.logarithms.push(scale.ln());
        self.slopes.extend(slope);
    }

    /// Where the scale of a policy at a place may lie; none before any was set.
    pub fn guess(&self, place: &[f64]) -> Option<Guess> {
        if self.places.is_empty() {
            return None;
        }
        // What is far away says little, and many would take long.
        let distance = |at: &usize| self.places[*at].iter().zip(place).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
        let mut nearest: Vec<usize> = (0..self.places.len()).collect();
        nearest.sort_by(|a, b| distance(a).total_cmp(&distance(b)));
        nearest.truncate(NEAREST);
        let places: Vec<Vec<f64>> = nearest.iter().map(|at| self.places[*at].clone()).collect();
        let logarithms: Vec<f64> = nearest.iter().map(|at| self.logarithms[*at]).collect();
        let process = Gaussian::fit(&places, &logarithms, EVEN, f64::INFINITY);
        let Belief { mean: at, sd } = process.at(place);
        let few = if self.places.len() < ENOUGH { REACH } else { 0.0 };
        let known = match upper_median(&self.slopes) {
            Some(slope) => Known::Slope { off: sd.max(few), slope },
            None => Known::Place,
        };
        Some(Guess { at, known })
    }
}

/// How uneven the logarithm of scales is from place to place, and how many have to be known before their process is believed.
const EVEN: f64 = 0.02;
const ENOUGH: usize = 4;
/// Settings that a guess rests on, at most.
const NEAREST: usize = 40;

impl Scale {
    /// A scale between two positive ends; none if it cannot be set.
    pub fn new(low: f64, high: f64, start: f64) -> Option<Self> {
        let sound = low > 0.0 && high > low && high.is_finite() && start.is_finite();
        sound.then(|| Scale { ends: [low.ln(), high.ln()], start: start.clamp(low, high).ln(), known: Known::Nothing })
    }

    /// The same with a guess for where it lies.
    pub fn begun(self, guess: Option<Guess>) -> Self {
        let Some(Guess { at, known }) = guess.filter(|guess| guess.at.is_finite()) else { return self };
        Scale { start: at.clamp(self.ends[0], self.ends[1]), known, ..self }
    }

    /// What is to be done after these runs on the part and on the whole panel.
    pub fn next(&self, part: &[Run], whole: &[Run]) -> Next {
        match (part.is_empty(), whole.is_empty()) {
            (true, true) => match self.known {
                Known::Slope { off, .. } if off <= SURE => Next::Whole(self.start),
                _ => Next::Part(self.opening()),
            },
            (false, true) => self.next_on_the_part(part),
            (_, false) => self.next_on_the_whole(part, whole),
        }
    }

    fn next_on_the_part(&self, part: &[Run]) -> Next {
        let near = nearest(part);
        if off(&near) <= NEARLY {
            return Next::Whole(near.at);
        }
        match self.enclosed(part) {
            Some((left, right)) if part.len() < MOST[0] => match between(left, right, part) {
                places if places.is_empty() => Next::Whole(near.at),
                places => Next::Part(places),
            },
            Some(_) => Next::Whole(near.at),
            None => match self.step(part) {
                Some(place) => Next::Part(vec![place]),
                None => self.wider(part),
            },
        }
    }

    /// A step by Newton's rule from what came nearest; none where no slope is known, or steps have led nowhere.
    fn step(&self, runs: &[Run]) -> Option<f64> {
        let Known::Slope { slope: foreseen, .. } = self.known else { return None };
        let near = nearest(runs);
        // A slope that turns the other way than all others did is a jag.
        let slope = slope(runs).filter(|slope| slope * foreseen > 0.0).unwrap_or(foreseen);
        let reach = 2.0 * REACH;
        let place = near.at + ((AIM - near.margin) / slope).clamp(-reach, reach);
        let place = place.clamp(self.ends[0], self.ends[1]);
        let fresh = runs.iter().all(|run| !same(run.at, place));
        (runs.len() <= STEPS && fresh && place.is_finite()).then_some(place)
    }

    fn next_on_the_whole(&self, part: &[Run], whole: &[Run]) -> Next {
        let near = nearest(whole);
        if (EQUAL[0]..=EQUAL[1]).contains(&near.margin) {
            return Next::Set(near.at);
        }
        let last = if off(&near) <= FARTHEST + AIM { Next::Set(near.at) } else { Next::None };
        if whole.len() >= MOST[1] {
            return last;
        }
        // Runs on the part, as they would be on the whole.
        let first = whole[0];
        let shift = part.iter().find(|run| same(run.at, first.at)).map_or(0.0, |run| first.margin - run.margin);
        let moved = part.iter().map(|run| Run { margin: run.margin + shift, ..*run });
        let known: Vec<Run> =
            whole.iter().copied().chain(moved.filter(|run| whole.iter().all(|own| !same(own.at, run.at)))).collect();
        let place = match self.enclosed(&known) {
            Some((left, right)) if right.at - left.at > JAGGED => false_position(left, right),
            // Alternately below and above, further off each time.
            Some(_) => {
                let step = JAGGED * (0.5 + whole.len() as f64 / 8.0);
                if whole.len().is_multiple_of(2) { near.at + step } else { near.at - step }
            }
            None => match self.step(&known) {
                Some(place) => place,
                // Steps from a place that was known too well: begin as if nothing were.
                None if part.is_empty() => return Scale { known: Known::Nothing, ..*self }.next(&[], &[]),
                None => return last,
            },
        };
        let place = place.clamp(self.ends[0], self.ends[1]);
        if whole.iter().any(|run| same(run.at, place)) { last } else { Next::Whole(place) }
    }

    fn opening(&self) -> Vec<f64> {
        let inside = |place: f64| place.clamp(self.ends[0], self.ends[1]);
        let mut places = match self.known {
            Known::Slope { .. } => vec![self.start],
            Known::Place => vec![inside(self.start - REACH), self.start, inside(self.start + REACH)],
            Known::Nothing => vec![self.ends[0], self.start, self.ends[1]],
        };
        places.dedup_by(|a, b| same(*a, *b));
        places
    }

    /// Where to look when no two places enclose the aim: at the ends, then in between, since gain that rises and falls again may
    /// cross the reference's twice.
    fn wider(&self, part: &[Run]) -> Next {
        let ran = |place: f64| part.iter().any(|run| same(run.at, place));
        let ends: Vec<f64> = self.ends.into_iter().filter(|end| !ran(*end)).collect();
        let grid: Vec<f64> = self.grid().into_iter().filter(|place| !ran(*place)).collect();
        match (ends.is_empty(), grid.is_empty()) {
            (false, _) => Next::Part(ends),
            (true, false) => Next::Part(grid),
            (true, true) => Next::None,
        }
    }

    fn grid(&self) -> Vec<f64> {
        let [low, high] = self.ends;
        [1.0, 2.0, 3.0, 4.0, 5.0].map(|n| low + (high - low) * n / 6.0).into()
    }

    /// The two neighbouring runs between which the margin passes the aim, nearest to the start.
    fn enclosed(&self, runs: &[Run]) -> Option<(Run, Run)> {
        let mut runs = runs.to_vec();
        runs.sort_by(|a, b| a.at.total_cmp(&b.at));
        let pairs = runs.windows(2).map(|pair| (pair[0], pair[1]));
        let passes = pairs.filter(|(left, right)| (left.margin >= AIM) != (right.margin >= AIM));
        let distance = |(left, right): &(Run, Run)| (self.start - self.start.clamp(left.at, right.at)).abs();
        // Of two that touch the start, the one that enclosed it more closely.
        let by = |pair: &(Run, Run)| (distance(pair), pair.1.at - pair.0.at);
        passes.min_by(|a, b| by(a).partial_cmp(&by(b)).unwrap_or(std::cmp::Ordering::Equal))
    }
}

/// What gain does along the logarithm of the scale, by the two runs nearest to the aim that are far enough apart to tell: log units
/// of gain for each unit of the logarithm. None where there are no such two.
pub fn slope(runs: &[Run]) -> Option<f64> {
    let near = if runs.is_empty() { return None } else { nearest(runs) };
    let telling = |run: &&Run| (run.at - near.at).abs() > TELLING && run.margin.is_finite();
    let other = runs.iter().filter(telling).min_by(|a, b| off(a).total_cmp(&off(b)))?;
    Some((other.margin - near.margin) / (other.at - near.at)).filter(|slope| *slope != 0.0)
}

fn off(run: &Run) -> f64 {
    (run.margin - AIM).abs()
}

fn nearest(runs: &[Run]) -> Run {
    runs.iter().copied().reduce(|a, b| if off(&b) < off(&a) { b } else { a }).expect("there are runs")
}

fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= SAME
}

/// Places between two runs that are worth a run.
fn between(left: Run, right: Run, ran: &[Run]) -> Vec<f64> {
    let places = match right.at - left.at > WIDE {
        true => [0.25, 0.5, 0.75].map(|share| left.at + share * (right.at - left.at)).to_vec(),
        false => vec![false_position(left, right)],
    };
    places.into_iter().filter(|place| ran.iter().all(|run| !same(run.at, *place))).collect()
}

/// Where a line through two runs passes the aim, kept off the ends: a curve that is nearly level there would hold it back.
fn false_position(left: Run, right: Run) -> f64 {
    let share = (AIM - left.margin) / (right.margin - left.margin);
    left.at + share.clamp(0.1, 0.9) * (right.at - left.at)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sets a scale; the place, with the runs on part and whole.
    fn set(scale: Scale, gain: impl Fn(f64) -> f64, differs: f64) -> (Option<f64>, [usize; 2]) {
        let (mut part, mut whole): (Vec<Run>, Vec<Run>) = (Vec::new(), Vec::new());
        loop {
            match scale.next(&part, &whole) {
                Next::Part(places) => part.extend(places.into_iter().map(|at| Run { at, margin: gain(at) })),
                Next::Whole(at) => whole.push(Run { at, margin: gain(at + differs) + 0.3 * differs }),
                Next::Set(at) => return (Some(at), [part.len(), whole.len()]),
                Next::None => return (None, [part.len(), whole.len()]),
            }
            assert!(part.len() <= 24 && whole.len() <= MOST[1]);
        }
    }

    fn scale() -> Scale {
        Scale::new((-9f64).exp(), 9f64.exp(), 1.0).unwrap()
    }

    /// Gain that falls along the scale as a logistic curve.
    fn falling(middle: f64, width: f64) -> impl Fn(f64) -> f64 {
        move |at| 0.4 / (1.0 + ((at - middle) / width).exp()) - 0.25
    }

    #[test]
    fn a_scale_is_set_to_equal_gain_wherever_it_belongs_and_whichever_way_gain_runs() {
        for middle in [-6.0, -2.5, 0.1, 3.0, 7.0] {
            for (width, differs) in [(0.5, 0.05), (2.0, -0.1), (0.1, 0.02)] {
                let falls = falling(middle, width);
                let (at, runs) = set(scale(), &falls, differs);
                let at = at.unwrap_or_else(|| panic!("{middle} {width}: {runs:?}"));
                let margin = falls(at + differs) + 0.3 * differs;
                assert!((-0.003..=0.005).contains(&margin), "{middle} {width}: {margin} {runs:?}");
                let rises = |at: f64| falls(-at);
                assert!(set(scale(), rises, differs).0.is_some(), "{middle} {width}, rising");
            }
        }
    }

    #[test]
    fn what_begins_in_the_right_place_takes_three_runs_on_a_part_and_one_on_the_whole() {
        let start = (0.4f64 / 0.251 - 1.0).ln();
        let scale = Scale { start, ..scale() };
        assert_eq!(set(scale, falling(0.0, 1.0), 0.0).1, [3, 1]);
        let near = Scale { start: start + 0.1, known: Known::Place, ..scale };
        let (at, runs) = set(near, falling(0.0, 1.0), 0.01);
        assert!(at.is_some() && runs[0] <= 3 && runs[1] <= 2, "{runs:?}");
    }

    #[test]
    fn what_is_known_with_its_slope_takes_one_or_two_runs_and_what_was_known_wrongly_is_found_all_the_same() {
        let start = (0.4f64 / 0.251 - 1.0).ln();
        let known = |off: f64, slope: f64| Known::Slope { off, slope };
        let sure = Scale { start: start + 0.03, known: known(0.02, -0.1), ..scale() };
        assert_eq!(set(sure, falling(0.0, 1.0), 0.0).1, [0, 2]);
        let rough = Scale { start: start + 0.4, known: known(0.3, -0.07), ..scale() };
        let (at, runs) = set(rough, falling(0.0, 1.0), 0.01);
        assert!(at.is_some() && runs[0] <= 3 && runs[1] <= 3, "{runs:?}");
        for (off, slope) in [(0.01, -0.1), (0.01, 0.1), (0.5, -0.1), (0.5, 3.0), (0.01, -1e-9)] {
            let wrong = Scale { start: 4.0, known: known(off, slope), ..scale() };
            assert!(set(wrong, falling(-3.0, 1.0), 0.01).0.is_some(), "{off} {slope}");
        }
    }

    #[test]
    fn scales_that_were_set_before_say_where_others_lie() {
        let mut settings = Settings::default();
        assert_eq!(settings.guess(&[0.5, 0.5]), None);
        let place = |n: usize| vec![(0.37 * n as f64).fract(), (0.61 * n as f64).fract()];
        let actual = |place: &[f64]| 1.0 + 0.8 * place[0] - 0.5 * place[1] * place[1];
        settings.add(place(0), actual(&place(0)).exp(), None);
        assert_eq!(settings.guess(&place(1)).unwrap().known, Known::Place);
        for n in 1..12 {
            settings.add(place(n), actual(&place(n)).exp(), Some(-0.2 - 0.01 * n as f64));
        }
        let Guess { at, known: Known::Slope { off, slope } } = settings.guess(&[0.4, 0.3]).unwrap() else {
            panic!("a slope is known")
        };
        assert!(
            (at - actual(&[0.4, 0.3])).abs() < 0.05 && off < 0.1 && (slope + 0.26).abs() < 0.03,
            "{at} {off} {slope}"
        );
    }

    #[test]
    fn what_begins_far_from_where_it_was_set_before_is_found_all_the_same() {
        let far = Scale { start: 3.0, known: Known::Place, ..scale() };
        assert!(set(far, falling(-4.0, 1.0), 0.01).0.is_some());
    }

    #[test]
    fn a_jagged_gain_that_leaps_over_the_aim_meets_it_close_by() {
        // Noise of half a point that changes from place to place.
        let jagged = |at: f64| falling(0.4, 1.0)(at) + 0.005 * (at * 7919.0).sin();
        let met =
            (0..100).filter(|n| set(Scale { start: 0.05 * f64::from(*n) - 2.0, ..scale() }, jagged, 0.0).0.is_some());
        assert!(met.count() >= 95);
    }

    #[test]
    fn of_several_places_the_one_nearest_to_the_start_counts() {
        let hump = |at: f64| 0.1 - 0.02 * (at - 1.0).powi(2);
        let left = Scale { start: -1.0, ..scale() };
        let right = Scale { start: 3.0, ..scale() };
        let roots = [left, right].map(|scale| set(scale, hump, 0.0).0.unwrap());
        assert!((roots[0] + 1.2).abs() < 0.1 && (roots[1] - 3.2).abs() < 0.1, "{roots:?}");
    }

    #[test]
    fn what_never_gains_as_much_has_no_scale() {
        assert_eq!(set(scale(), |_| -0.1, 0.0).0, None);
        assert_eq!(set(scale(), |_| 0.1, 0.0).0, None);
        let leap = |at: f64| if at < 0.7 { 0.2 } else { -0.2 };
        assert_eq!(set(scale(), leap, 0.0).0, None, "it leaps over what it should gain");
        assert!(Scale::new(0.0, 1.0, 0.5).is_none() && Scale::new(2.0, 1.0, 1.5).is_none());
    }
}

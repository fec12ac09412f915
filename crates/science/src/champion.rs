//! Who may win, who wins, and who is worth keeping beside the winner.

use crate::descriptor::Descriptor;
use crate::experiment::Experiment;
use crate::id::CandidateId;
use crate::objective::{MAY_HARM, MAY_LOSE, MAY_LOSE_PAST, MOST_HARM, PanelScore, Score, exceeding};
use crate::spec::Spec;

/// A scored candidate, in the order in which candidates were scored.
#[derive(Clone, Debug)]
pub struct Contender<'a> {
    /// The candidate.
    pub id: &'a CandidateId,
    /// Its score.
    pub score: &'a Score,
    /// Its description length, tokens.
    pub description_length: u32,
    /// Whether there is no objection to it.
    pub admissible: bool,
}

/// The winner, and whether it matches the reference.
#[derive(Clone, Debug, PartialEq)]
pub struct Champion {
    /// The candidate.
    pub id: CandidateId,
    /// Whether it is worth no less than the reference.
    pub matches_reference: bool,
}

/// Every reason why a score is not admissible; none means that it is.
pub fn objections(
    score: &Score,
    description_length: u32,
    descriptor: Option<&Descriptor>,
    (experiment, spec): (&Experiment, &Spec),
) -> Vec<String> {
    let mut objections = Vec::new();
    if descriptor.is_some_and(|descriptor| descriptor.order_matters) {
        objections.push(spec.depends());
    }
    if score.violations > 0 {
        objections.push(spec.violated(score.violations));
    }
    let violated = margins(score, description_length, (experiment, spec)).into_iter().filter(|kept| !kept.holds());
    objections.extend(violated.map(|kept| kept.found));
    objections
}

/// A guard that is held against a score.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// What it bounds, by its name.
    pub metric: String,
    /// What it requires, in words.
    pub requirement: String,
    /// What was found, in words that hold where it is violated.
    pub found: String,
    /// How far it is kept, in its own unit; below zero where it is violated.
    pub margin: f64,
    /// Whether it is held against the drawn workloads alone, one by one.
    pub of_drawn: bool,
}

impl Kept {
    /// Whether it is kept; what is not defined is not.
    pub fn holds(&self) -> bool {
        self.margin >= 0.0
    }
}

/// Every guard of an experiment with the margin to it. What bounds a scenario of the study, regret or loss, bounds the drawn
/// workloads by how many of them exceed it: over many workloads the most is too noisy a bound.
pub fn margins(score: &Score, description_length: u32, (experiment, spec): (&Experiment, &Spec)) -> Vec<Kept> {
    let mut all = Vec::new();
    for guard in &experiment.objective.constraints {
        // What the problem does not have was refused when the experiment was read.
        let Some(bounded) = spec.bounded(&guard.metric) else { continue };
        let (value, name) = (bounded.value(score, description_length), bounded.words(spec));
        let place = if bounded == Bounded::Regret { format!(" in {}", score.regret_scenario) } else { String::new() };
        let kept = |side: &str, against: &str, bound: f64, margin: f64| Kept {
            metric: guard.metric.clone(),
            requirement: format!("{name} {side} {bound}"),
            found: match value.is_nan() {
                true => format!("{name} is not defined, and has to be {side} {bound}"),
                false => format!("{name} {value:.3} is {against} {bound}{place}"),
            },
            margin,
            of_drawn: false,
        };
        all.extend(guard.at_most.map(|bound| kept("at most", "above", bound, bound - value)));
        all.extend(guard.at_least.map(|bound| kept("at least", "below", bound, value - bound)));
        let drawn = score.panels.as_ref().map(|panels| &panels.drawn);
        if let (Some(drawn), Some(bound)) = (drawn, guard.at_most) {
            match bounded {
                Bounded::Regret => {
                    all.push(few(&guard.metric, &drawn.regrets, ("the reference", bound), (MAY_LOSE, "")));
                    let past = &drawn.regrets_with_past;
                    if !past.is_empty() {
                        all.push(few(&guard.metric, past, ("the reference", bound), (MAY_LOSE_PAST, " with a past")));
                    }
                }
                Bounded::Loss => {
                    all.push(few(&guard.metric, &drawn.losses, ("the baseline", bound), (MAY_HARM, "")));
                    all.push(most(drawn.loss()));
                }
                _ => {}
            }
        }
    }
    all
}

/// How many drawn workloads may lose more than the bound of regret.
pub fn may_lose(drawn: &PanelScore) -> usize {
    allowed(MAY_LOSE, drawn.regrets.len())
}

/// So many of all: a share of few workloads is one of them.
fn allowed(share: f64, all: usize) -> usize {
    (share * all as f64).ceil() as usize
}

/// That few drawn workloads lose more than the bound, points.
fn few(metric: &str, losses: &[f64], (whom, bound): (&str, f64), (share, of): (f64, &str)) -> Kept {
    let (losing, all, allowed) = (exceeding(losses, bound), losses.len(), allowed(share, losses.len()));
    Kept {
        metric: metric.into(),
        requirement: format!(
            "more than {bound} points lost against {whom} in at most {allowed} of {all} drawn workloads{of}"
        ),
        found: format!(
            "{losing} of {all} drawn workloads{of} lose more than {bound} points against {whom} (at most {allowed} may)"
        ),
        margin: allowed as f64 - losing as f64,
        of_drawn: true,
    }
}

/// That no drawn workload is given up.
fn most(loss: f64) -> Kept {
    Kept {
        metric: "loss".into(),
        requirement: format!("no drawn workload loses more than {MOST_HARM} points against the baseline"),
        found: format!(
            "a drawn workload loses {loss:.1} points against the baseline (at most {MOST_HARM} may be lost)"
        ),
        margin: MOST_HARM - loss,
        of_drawn: true,
    }
}

/// Something that an experiment may bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bounded<'a> {
    /// The most that a scenario loses against the reference, points.
    Regret,
    /// The most that a scenario loses against the baseline, points.
    Loss,
    /// What the panel's mean gain lies below the reference's, points.
    Shortfall,
    /// What nine in ten of the drawn workloads lose at most against the reference, points.
    DrawnRegret,
    /// Description length, tokens.
    DescriptionLength,
    /// Improvement, a fraction.
    Improvement,
    /// Cost, a fraction.
    Cost,
    /// Cost over the reference's.
    CostRatio,
    /// What a policy is worth.
    Worth,
    /// A figure of the problem's.
    Figure(&'a str),
}

/// What every problem has, by name.
const ALWAYS: [(&str, Bounded<'static>); 5] = [
    ("regret", Bounded::Regret),
    ("loss", Bounded::Loss),
    ("shortfall", Bounded::Shortfall),
    ("drawn_regret", Bounded::DrawnRegret),
    ("description_length", Bounded::DescriptionLength),
];

impl Spec {
    /// What an experiment bounds by this name.
    pub fn bounded(&self, name: &str) -> Option<Bounded<'_>> {
        if let Some((_, known)) = ALWAYS.iter().find(|(known, _)| *known == name) {
            return Some(*known);
        }
        if name == self.aim.worth_name().name {
            return Some(Bounded::Worth);
        }
        if name == self.aim.gain_name().name {
            return Some(Bounded::Improvement);
        }
        match self.aim.cost_names() {
            Some((cost, _)) if cost.name == name => return Some(Bounded::Cost),
            Some((_, ratio)) if ratio == name => return Some(Bounded::CostRatio),
            _ => {}
        }
        self.figure(name).map(|figure| Bounded::Figure(&figure.name))
    }

    /// Everything that an experiment may bound, by name.
    pub fn boundable(&self) -> Vec<&str> {
        let mut names: Vec<&str> = ALWAYS.iter().map(|(name, _)| *name).collect();
        names.extend([self.aim.worth_name(), self.aim.gain_name()].map(|named| named.name.as_str()));
        names.extend(self.aim.cost_names().into_iter().flat_map(|(cost, ratio)| [cost.name.as_str(), ratio]));
        names.extend(self.figures.iter().map(|figure| figure.name.as_str()));
        names
    }

    /// That a candidate did so often what it must never do.
    pub fn violated(&self, times: u64) -> String {
        let [did, what] = &self.violation;
        format!("{did} {times} {what}")
    }

    /// That a candidate's answers depend on what they must not depend on.
    pub fn depends(&self) -> String {
        format!("its decisions depend on {}", self.invariance.as_deref().unwrap_or("what has no meaning"))
    }
}

impl Bounded<'_> {
    /// The bounded number.
    pub(crate) fn value(self, score: &Score, description_length: u32) -> f64 {
        let drawn = |value: fn(&PanelScore) -> f64| score.panels.as_ref().map_or(0.0, |panels| value(&panels.drawn));
        match self {
            Bounded::Regret => score.regret,
            Bounded::Loss => score.loss,
            Bounded::Shortfall => score.shortfall,
            Bounded::DrawnRegret => drawn(PanelScore::regret_of_most),
            Bounded::DescriptionLength => f64::from(description_length),
            Bounded::Improvement => score.improvement,
            Bounded::Cost => score.cost,
            Bounded::CostRatio => score.cost_ratio.unwrap_or(f64::INFINITY),
            // What is not defined keeps no bound, whichever way that points.
            Bounded::Worth => score.worth.unwrap_or(f64::NAN),
            Bounded::Figure(name) => score.figure(name).unwrap_or(f64::NAN),
        }
    }

    /// One unit of it as a fraction.
    pub(crate) fn unit(self) -> f64 {
        match self {
            Bounded::Regret | Bounded::Loss | Bounded::Shortfall | Bounded::DrawnRegret => 0.01,
            Bounded::DescriptionLength
            | Bounded::Improvement
            | Bounded::Cost
            | Bounded::CostRatio
            | Bounded::Worth
            | Bounded::Figure(_) => 1.0,
        }
    }

    fn words(self, spec: &Spec) -> String {
        let gain = &spec.aim.gain_name().name;
        match self {
            Bounded::Regret => "regret (points)".into(),
            Bounded::Loss => "loss against the baseline (points)".into(),
            Bounded::Shortfall => format!("{gain} short of the reference's (points)"),
            Bounded::DrawnRegret => "regret of nine in ten drawn workloads (points)".into(),
            Bounded::DescriptionLength => "description length (tokens)".into(),
            Bounded::Improvement => gain.clone(),
            Bounded::Cost => spec.aim.cost_names().map_or("cost", |(cost, _)| &cost.name).into(),
            Bounded::CostRatio => spec.aim.cost_names().map_or("cost ratio", |(_, ratio)| ratio).into(),
            Bounded::Worth => spec.aim.worth_name().name.clone(),
            Bounded::Figure(name) => name.into(),
        }
    }
}

/// The champion among `contenders`: of the admissible ones the one that is worth most; of those that are worth up to a hundredth
/// less, the shortest description, then the earlier.
pub fn champion(contenders: &[Contender<'_>]) -> Option<Champion> {
    let worth = |c: &Contender<'_>| c.score.worth.filter(|_| c.admissible);
    let most = contenders.iter().filter_map(worth).max_by(f64::total_cmp)?;
    let level = |c: &&Contender<'_>| worth(c).is_some_and(|worth| worth >= most - LEVEL);
    let best = contenders.iter().filter(level).min_by_key(|c| c.description_length)?;
    Some(Champion { id: best.id.clone(), matches_reference: worth(best).is_some_and(|worth| worth >= 0.0) })
}

/// Worth that says nothing about who is better: below the standard error of a paired difference.
pub const LEVEL: f64 = 0.01;

/// Where a candidate stands on the axes of the Pareto front: on each, less is better.
pub fn axes(contender: &Contender<'_>) -> [f64; 3] {
    [-contender.score.improvement, contender.score.cost, f64::from(contender.description_length)]
}

/// Whether one place is nowhere worse than another, and somewhere better.
pub(crate) fn dominates(a: [f64; 3], b: [f64; 3]) -> bool {
    (0..3).all(|i| a[i] <= b[i]) && (0..3).any(|i| a[i] < b[i])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Guard;
    use crate::fixture;
    use crate::objective::{Figures, Panels};

    fn score(improvement: f64, cost: f64, regret: f64) -> Score {
        Score {
            improvement,
            improvement_ci: None,
            cost,
            cost_ci: None,
            worth: Some(0.4 - cost),
            worth_ci: None,
            regret,
            regret_scenario: "chatbot_near".into(),
            loss: 0.0,
            shortfall: 0.0,
            cost_ratio: None,
            violations: 0,
            figures: Figures::new(),
            scenarios: vec![],
            panels: None,
        }
    }

    fn experiment() -> Experiment {
        fixture::experiment(vec![Guard { metric: "regret".into(), at_most: Some(5.0), at_least: None }])
    }

    fn win(scores: &[(Score, u32)]) -> Option<usize> {
        let ids: Vec<CandidateId> = (0..scores.len()).map(|i| CandidateId::from(i.to_string())).collect();
        let contenders = scores.iter().zip(&ids).map(|((score, length), id)| Contender {
            id,
            score,
            description_length: *length,
            admissible: objections(score, *length, None, (&experiment(), &fixture::spec())).is_empty(),
        });
        let contenders: Vec<Contender<'_>> = contenders.collect();
        champion(&contenders).and_then(|c| c.id.as_str().parse().ok())
    }

    #[test]
    fn the_admissible_candidate_that_is_worth_most_wins() {
        assert_eq!(
            win(&[(score(0.26, 0.40, 1.0), 4), (score(0.25, 0.36, 1.0), 4), (score(0.2, 0.1, 9.0), 1)]),
            Some(1)
        );
    }

    #[test]
    fn within_a_hundredth_the_simpler_and_then_the_earlier_wins() {
        let scores = [(score(0.26, 0.3800, 1.0), 5), (score(0.26, 0.3820, 1.0), 3), (score(0.26, 0.3821, 1.0), 3)];
        assert_eq!(win(&scores), Some(1));
        assert_eq!(win(&[(score(0.26, 0.38, 1.0), 5), (score(0.26, 0.391, 1.0), 3)]), Some(0));
    }

    #[test]
    fn a_candidate_that_gives_up_a_workload_is_not_admissible() {
        assert_eq!(win(&[(score(0.3, 0.1, 5.1), 3)]), None);
        let against = (&experiment(), &fixture::spec());
        assert!(objections(&score(0.3, 0.1, 5.1), 3, None, against)[0].contains("chatbot_near"));
    }

    #[test]
    fn what_is_not_defined_keeps_no_bound() {
        for (at_most, at_least) in [(Some(1e9), None), (None, Some(-1e9))] {
            let guards = vec![Guard { metric: "all_per_paid".into(), at_most, at_least }];
            let experiment = fixture::experiment(guards);
            assert_eq!(objections(&score(0.3, 0.1, 0.0), 3, None, (&experiment, &fixture::spec())).len(), 1);
        }
    }

    #[test]
    fn one_drawn_workload_in_ten_may_lose_against_the_reference_and_one_in_a_hundred_against_the_baseline() {
        let of = |metric: &str, regrets: Vec<f64>, losses: Vec<f64>| {
            let mut score = score(0.3, 0.1, 0.0);
            let drawn = PanelScore { costs: vec![0.1; regrets.len()], regrets, losses, ..fixture::panel_score() };
            score.panels = Some(Panels { study: fixture::panel_score(), drawn });
            let experiment =
                fixture::experiment(vec![Guard { metric: metric.into(), at_most: Some(1.0), at_least: None }]);
            objections(&score, 3, None, (&experiment, &fixture::spec()))
        };
        let with = |worst: &[f64]| worst.iter().copied().chain(vec![0.0; 40 - worst.len()]).collect::<Vec<f64>>();
        assert_eq!(of("regret", with(&[90.0; 4]), with(&[])), Vec::<String>::new());
        assert!(of("regret", with(&[90.0; 5]), with(&[]))[0].contains("5 of 40"));
        assert_eq!(of("loss", with(&[]), with(&[9.0])), Vec::<String>::new());
        assert!(of("loss", with(&[]), with(&[2.0, 2.0]))[0].contains("2 of 40"));
        assert!(of("loss", with(&[]), with(&[11.0]))[0].contains("11.0 points"));
    }
}
